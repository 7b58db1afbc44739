//! From an object to the Pod that the kubelet sees (Go: the API server's defaulting and admission).

mod defaults;
