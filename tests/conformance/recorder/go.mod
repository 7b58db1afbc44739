// The module file of a release is written by `prepare`. This one is for `go run ./prepare` and
// editors.
module kubelet-env.invalid/recorder

go 1.21
