//go:build env_29

package main

import (
	// For go:linkname.
	_ "unsafe"

	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/kubelet"
	"k8s.io/kubernetes/pkg/kubelet/container"
)

//go:linkname makeEnvironmentVariables k8s.io/kubernetes/pkg/kubelet.(*Kubelet).makeEnvironmentVariables
func makeEnvironmentVariables(kl *kubelet.Kubelet, pod *v1.Pod, of *v1.Container, podIP string, podIPs []string) ([]container.EnvVar, error)

func callMakeEnvironmentVariables(kl *kubelet.Kubelet, pod *v1.Pod, of *v1.Container, podIP string, podIPs []string, volumes container.VolumeMap) ([]container.EnvVar, error) {
	return makeEnvironmentVariables(kl, pod, of, podIP, podIPs)
}
