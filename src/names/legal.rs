//! Validation of names (Go: `k8s.io/apimachinery/pkg/util/validation`). Lengths are in bytes, as in
//! Go.

use alloc::string::String;

/// Reports whether `name` is a strict environment variable name. Before Kubernetes 1.32, the API
/// server required one. Mirrors `IsEnvVarName`.
///
/// The form is `[-._a-zA-Z][-._a-zA-Z0-9]*`, without `.` and names that start with `..`.
///
/// # Examples
///
/// ```
/// use kubelet_env::names::is_env_var_name;
///
/// assert!(is_env_var_name("my.env-name"));
/// assert!(!is_env_var_name("1PASSWORD"));
/// ```
#[must_use]
pub fn is_env_var_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    name.bytes().all(allowed)
        && name.bytes().next().is_some_and(|b| !b.is_ascii_digit())
        && name != "."
        && !name.starts_with("..")
}

/// Reports whether `name` is a relaxed environment variable name. Mirrors `IsRelaxedEnvVarName`.
///
/// The form is one or more printable ASCII characters other than `=`. A space is printable.
///
/// # Examples
///
/// ```
/// use kubelet_env::names::is_relaxed_env_var_name;
///
/// assert!(is_relaxed_env_var_name("1PASSWORD (old)"));
/// assert!(!is_relaxed_env_var_name("A=B"));
/// ```
#[must_use]
pub fn is_relaxed_env_var_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'=')
}

/// Reports whether these characters are a variable name in a POSIX shell: `[A-Za-z_][A-Za-z0-9_]*`.
pub(crate) fn is_shell_name(mut name: impl Iterator<Item = char>) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.next().is_some_and(is_letter) && name.all(|c| is_letter(c) || c.is_ascii_digit())
}

/// Reports whether `name` is a DNS-1035 label: `[a-z]([-a-z0-9]*[a-z0-9])?`, at most 63 characters.
/// Mirrors `IsDNS1035Label`.
///
/// # Examples
///
/// ```
/// use kubelet_env::names::is_dns1035_label;
///
/// assert!(is_dns1035_label("my-svc-nginx") && !is_dns1035_label("1password"));
/// ```
#[must_use]
pub fn is_dns1035_label(name: &str) -> bool {
    is_dns1123_label(name) && name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Reports whether `name` is a DNS-1123 label: `[a-z0-9]([-a-z0-9]*[a-z0-9])?`, at most 63
/// characters. Mirrors `IsDNS1123Label`.
///
/// # Examples
///
/// ```
/// use kubelet_env::names::{is_dns1035_label, is_dns1123_label};
///
/// assert!(is_dns1123_label("1password") && !is_dns1035_label("1password"));
/// assert!(!is_dns1123_label("web-") && !is_dns1123_label("Web"));
/// ```
#[must_use]
pub fn is_dns1123_label(name: &str) -> bool {
    name.len() <= 63 && is_subdomain_part(name)
}

/// Reports whether `name` is a DNS-1123 subdomain: parts like labels joined by `.`, at most 253
/// characters. The length of a part is not limited. Mirrors `IsDNS1123Subdomain`.
///
/// # Examples
///
/// ```
/// use kubelet_env::names::is_dns1123_subdomain;
///
/// assert!(is_dns1123_subdomain("app.kubernetes.io") && !is_dns1123_subdomain("app..io"));
/// ```
#[must_use]
pub fn is_dns1123_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_subdomain_part)
}

fn is_subdomain_part(part: &str) -> bool {
    is_framed(part, |b| matches!(b, b'a'..=b'z' | b'0'..=b'9'), b"-")
}

/// Reports whether `text` is one or more characters that are `ends` or, except at both ends, one of
/// `inner`.
fn is_framed(text: &str, ends: impl Fn(u8) -> bool, inner: &[u8]) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|&b| ends(b))
        && bytes.last().is_some_and(|&b| ends(b))
        && bytes.iter().all(|&b| ends(b) || inner.contains(&b))
}

/// The reason why a key is not a qualified name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QualifiedNameError {
    /// There is more than one `/`.
    #[error("a qualified name must be a name part with an optional prefix and '/' before it")]
    Parts,
    /// The prefix before the `/` is empty.
    #[error("prefix part must be non-empty")]
    EmptyPrefix,
    /// The prefix before the `/` is not a DNS-1123 subdomain of at most 253 characters.
    #[error("prefix part must be a DNS-1123 subdomain of at most 253 characters")]
    Prefix,
    /// The name, without the prefix, is empty.
    #[error("name part must be non-empty")]
    EmptyName,
    /// The name, without the prefix, is longer than 63 characters.
    #[error("name part must be no more than 63 characters")]
    NameTooLong,
    /// The name, without the prefix, has an invalid character or an invalid end.
    #[error(
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and \
         end with an alphanumeric character"
    )]
    Name,
}

/// Validates the key of a label, as in `metadata.labels['key']`. Mirrors `IsQualifiedName`.
///
/// A qualified name is an optional DNS-1123 subdomain and `/`, then 1–63 of `[-A-Za-z0-9_.]`,
/// alphanumeric at both ends.
///
/// # Errors
///
/// Returns an error with the first problem found. The prefix is checked before the name.
///
/// # Examples
///
/// ```
/// use kubelet_env::names::{QualifiedNameError, validate_qualified_name};
///
/// assert_eq!(validate_qualified_name("app.kubernetes.io/name"), Ok(()));
/// assert_eq!(validate_qualified_name("-bad"), Err(QualifiedNameError::Name));
/// ```
pub fn validate_qualified_name(key: &str) -> Result<(), QualifiedNameError> {
    let name = match key.split_once('/') {
        None => key,
        Some((_, name)) if name.contains('/') => return Err(QualifiedNameError::Parts),
        Some(("", _)) => return Err(QualifiedNameError::EmptyPrefix),
        Some((prefix, _)) if !is_dns1123_subdomain(prefix) => {
            return Err(QualifiedNameError::Prefix);
        }
        Some((_, name)) => name,
    };
    if name.is_empty() {
        Err(QualifiedNameError::EmptyName)
    } else if name.len() > 63 {
        Err(QualifiedNameError::NameTooLong)
    } else if !is_framed(name, |b| b.is_ascii_alphanumeric(), b"-_.") {
        Err(QualifiedNameError::Name)
    } else {
        Ok(())
    }
}

/// Validates the key of an annotation, as in `metadata.annotations['key']`. A prefix may have
/// capitals. Mirrors `IsQualifiedName` of `strings.ToLower(key)`.
///
/// # Errors
///
/// Returns an error in the cases of [`validate_qualified_name`].
///
/// # Examples
///
/// ```
/// use kubelet_env::names::{validate_qualified_annotation_name, validate_qualified_name};
///
/// assert!(validate_qualified_annotation_name("Example.com/Key").is_ok());
/// assert!(validate_qualified_name("Example.com/Key").is_err());
/// ```
pub fn validate_qualified_annotation_name(key: &str) -> Result<(), QualifiedNameError> {
    // Beyond ASCII, only these two have an ASCII lower case. All others are rejected either way.
    let lower = |c: char| match c {
        '\u{130}' => 'i',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    validate_qualified_name(&key.chars().map(lower).collect::<String>())
}
