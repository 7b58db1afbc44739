//! The mangled name of a Service or port, as part of a variable's name (Go:
//! `makeEnvVariableName`).

use alloc::borrow::Cow;
use alloc::string::String;

use crate::go::unicode::to_upper;

/// Returns the name of a Service or port in the form that variable names use: `-` becomes `_`, and
/// letters become upper case.
///
/// Like Go's `strings.ToUpper`, this uses the simple case mapping of Unicode 15.0. One character
/// becomes one character (`ß` stays `ß`), and letters that got a case in a later version are kept.
/// Dots and leading digits are kept too. A name that is already mangled is borrowed.
///
/// Mirrors `makeEnvVariableName`.
///
/// ```
/// use kubelet_env::names::mangle;
///
/// assert_eq!(mangle("my-svc-nginx"), "MY_SVC_NGINX");
/// assert_eq!(mangle("1password.dev"), "1PASSWORD.DEV");
/// ```
#[must_use]
pub fn mangle(name: &str) -> Cow<'_, str> {
    if mangled_chars(name).eq(name.chars()) {
        return Cow::Borrowed(name);
    }
    // Few letters have an upper case of another length.
    let mut mangled = String::with_capacity(name.len());
    mangled.extend(mangled_chars(name));
    Cow::Owned(mangled)
}

/// Returns the characters of the [mangled](mangle) name.
pub(crate) fn mangled_chars(name: &str) -> impl Iterator<Item = char> {
    name.chars().map(|c| if c == '-' { '_' } else { to_upper(c) })
}

/// Reports whether two names have the same [mangled](mangle) name.
pub(crate) fn mangle_alike(one: &str, other: &str) -> bool {
    // A mangled ASCII name is as long as the name.
    let may_be = one.len() == other.len() || !one.is_ascii() || !other.is_ascii();
    may_be && mangled_chars(one).eq(mangled_chars(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects_equal_mangled_names() {
        // The last ones have upper cases of another length.
        let names = ["a-b", "A_B", "a.b", "ab", "", "é", "É", "aé", "ɐ", "Ɐ", "ı", "I", "ſ"];
        for one in names {
            for other in names {
                assert_eq!(mangle_alike(one, other), mangle(one) == mangle(other), "{one} {other}");
            }
        }
    }
}
