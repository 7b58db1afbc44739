//go:build env_36

package main

import (
	// For go:linkname.
	_ "unsafe"

	"context"

	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/kubelet"
	"k8s.io/kubernetes/pkg/kubelet/container"
)

//go:linkname makeEnvironmentVariables k8s.io/kubernetes/pkg/kubelet.(*Kubelet).makeEnvironmentVariables
func makeEnvironmentVariables(kl *kubelet.Kubelet, ctx context.Context, pod *v1.Pod, of *v1.Container, podIP string, podIPs []string, volumes container.VolumeMap) ([]container.EnvVar, error)

func callMakeEnvironmentVariables(kl *kubelet.Kubelet, pod *v1.Pod, of *v1.Container, podIP string, podIPs []string, volumes container.VolumeMap) ([]container.EnvVar, error) {
	return makeEnvironmentVariables(kl, background, pod, of, podIP, podIPs, volumes)
}
