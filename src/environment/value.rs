//! Values of variables.

use alloc::borrow::Cow;
use core::fmt;
use core::str::Utf8Error;

use crate::services::ServiceVariable;

/// The value of a variable: bytes, for what comes from a Secret need not be UTF-8. `Debug` does not
/// show one that a Secret flowed into.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Value<'a> {
    bytes: Cow<'a, [u8]>,
    is_secret: bool,
}

impl<'a> Value<'a> {
    pub(crate) fn plain(bytes: Cow<'a, [u8]>) -> Self {
        Value { bytes, is_secret: false }
    }

    pub(crate) fn secret(bytes: Cow<'a, [u8]>) -> Self {
        Value { bytes, is_secret: true }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn as_str(&self) -> Result<&str, Utf8Error> {
        core::str::from_utf8(&self.bytes)
    }

    /// Whether it comes from a Secret, directly or through `$(NAME)`. Any value of a
    /// [`Captured`](crate::inspect::Captured) environment may: nothing tells where it comes from.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.is_secret
    }

    pub(crate) fn into_bytes(self) -> Cow<'a, [u8]> {
        self.bytes
    }

    pub(crate) fn of_service(variable: ServiceVariable<'_>) -> Self {
        Value::plain(Cow::Owned(variable.value().into_bytes()))
    }

    pub(crate) fn redact(&mut self) {
        if self.is_secret {
            self.bytes = Cow::Borrowed(b"[redacted]");
        }
    }

    pub(crate) fn borrowed(&self) -> Value<'_> {
        Value { bytes: Cow::Borrowed(&self.bytes), is_secret: self.is_secret }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_secret {
            f.write_str("[elided]")
        } else {
            write!(f, "\"{}\"", self.bytes.escape_ascii())
        }
    }
}
