//go:build validation_30

package main

import (
	apivalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/kubernetes/pkg/apis/core/validation"
)

var isRelaxedEnvVarName = apivalidation.IsRelaxedEnvVarName

var validateEnvFrom = validation.ValidateEnvFrom
