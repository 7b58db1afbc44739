//! Names: how those of Services and ports become those of variables, and which ones are legal.

mod legal;
mod mangle;

pub(crate) use legal::is_shell_name;
pub use legal::{
    QualifiedNameError, is_dns1035_label, is_dns1123_label, is_dns1123_subdomain, is_env_var_name,
    is_relaxed_env_var_name, validate_qualified_annotation_name, validate_qualified_name,
};
pub use mangle::mangle;
pub(crate) use mangle::mangled_chars;
