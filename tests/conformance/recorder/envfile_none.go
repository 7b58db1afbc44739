//go:build envfile_none

package main

import "errors"

func parseEnv(string, string) (string, error) { return "", errors.ErrUnsupported }
