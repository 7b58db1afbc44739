//go:build envfile_34

package main

import "k8s.io/kubernetes/pkg/kubelet/util/env"

var parseEnv = env.ParseEnv
