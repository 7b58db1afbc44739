package main

import (
	// For go:linkname.
	_ "unsafe"

	"k8s.io/kubernetes/pkg/kubelet"
	_ "k8s.io/kubernetes/pkg/kubelet/envvars"
)

// Functions that are not exported. `prepare` has compared their signatures with these.

//go:linkname makeEnvVariableName k8s.io/kubernetes/pkg/kubelet/envvars.makeEnvVariableName
func makeEnvVariableName(name string) string

//go:linkname getServiceEnvVarMap k8s.io/kubernetes/pkg/kubelet.(*Kubelet).getServiceEnvVarMap
func getServiceEnvVarMap(kl *kubelet.Kubelet, namespace string, enableServiceLinks bool) (map[string]string, error)
