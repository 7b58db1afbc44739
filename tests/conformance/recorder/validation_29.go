//go:build validation_29

package main

import (
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/core/validation"
)

// There is no relaxed form yet.
var isRelaxedEnvVarName func(string) []string

func validateEnvFrom(sources []core.EnvFromSource, path *field.Path, _ validation.PodValidationOptions) field.ErrorList {
	return validation.ValidateEnvFrom(sources, path)
}
