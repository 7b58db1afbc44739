//! The Kubernetes objects, their quantities, names and wire form, and the traits of all public
//! types.

mod k8s_openapi;
mod names;
mod quantity;
mod traits;
mod wire;
