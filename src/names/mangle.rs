//! From the name of a Service or a port to its part of a variable's name (Go:
//! `makeEnvVariableName`).

use alloc::borrow::Cow;
use alloc::string::String;

use crate::go::unicode::to_upper;

/// The name as it stands in a variable's name: `-` becomes `_`, and every letter its upper case.
///
/// As Go's `strings.ToUpper` does it: rune by rune with the simple case mapping of Unicode 15.0,
/// so that nothing grows into two (`ß` stays `ß`) and letters that got a case in a later version
/// stay as they are. Dots and leading digits stay too; a name that is mangled already is borrowed.
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
    // Hardly any letter has an upper case of another length.
    let mut mangled = String::with_capacity(name.len());
    mangled.extend(mangled_chars(name));
    Cow::Owned(mangled)
}

/// The characters of the [mangled](mangle) name.
pub(crate) fn mangled_chars(name: &str) -> impl Iterator<Item = char> {
    name.chars().map(|c| if c == '-' { '_' } else { to_upper(c) })
}
