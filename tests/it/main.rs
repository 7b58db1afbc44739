//! What the crate promises: documented outputs, laws, and the recorded answers of the real kubelet.

mod block;
mod canaries;
mod cluster;
mod compare;
mod conformance;
mod container;
mod container_laws;
mod diagnose;
mod discover;
mod env_file;
mod explain;
mod forms;
mod k8s_openapi;
mod laws;
mod objects_kinds;
mod printenv;
mod printenv_container;
mod quantity;
mod reading;
mod releases;
mod size;
mod snapshots;
mod store;
mod strategies;
mod traits;
mod worked;
