//go:build mounts_29

package main

import (
	// For go:linkname.
	_ "unsafe"

	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/kubelet/container"
	"k8s.io/kubernetes/pkg/volume/util/hostutil"
	"k8s.io/kubernetes/pkg/volume/util/subpath"
)

//go:linkname makeMounts k8s.io/kubernetes/pkg/kubelet.makeMounts
func makeMounts(pod *v1.Pod, podDir string, of *v1.Container, hostName, hostDomain string, podIPs []string, volumes container.VolumeMap, hostUtils hostutil.HostUtils, subPaths subpath.Interface, envs []container.EnvVar) ([]container.Mount, func(), error)

func callMakeMounts(pod *v1.Pod, of *v1.Container, volumes container.VolumeMap, envs []container.EnvVar) ([]container.Mount, error) {
	// Without addresses there is no /etc/hosts to mount.
	mounts, _, err := makeMounts(pod, "", of, "", "", nil, volumes, hostUtils{}, subPaths{}, envs)
	return mounts, err
}
