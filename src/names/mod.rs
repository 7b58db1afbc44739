//! Names of Services, ports and variables: mangling and validation.
//!
//! ```
//! use kubelet_env::names::{is_dns1035_label, is_env_var_name, mangle};
//!
//! assert_eq!(mangle("my-svc-nginx"), "MY_SVC_NGINX");
//! assert!(is_dns1035_label("my-svc-nginx") && !is_dns1035_label("1password"));
//! assert!(is_env_var_name("my.env-name") && !is_env_var_name("1PASSWORD"));
//! ```

mod legal;
mod mangle;
mod positions;

pub(crate) use legal::is_shell_name;
pub use legal::{
    QualifiedNameError, is_dns1035_label, is_dns1123_label, is_dns1123_subdomain, is_env_var_name,
    is_relaxed_env_var_name, validate_qualified_annotation_name, validate_qualified_name,
};
pub use mangle::mangle;
pub(crate) use mangle::{mangle_alike, mangled_chars};
pub(crate) use positions::{Positions, sorted, sorted_names};
