// Without an assembly file the compiler wants a body for the functions of linked*.go.
