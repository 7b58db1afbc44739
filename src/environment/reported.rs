//! Values as reports show them.

use alloc::string::{String, ToString};
use core::fmt::{self, Write};

use super::Value;
use crate::text::OneLine;

/// A value as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
pub enum ReportedValue {
    /// A known value that is text.
    Text(String),
    /// A known value that is not UTF-8, escaped as in `\xff`.
    Escaped(String),
    /// A value that is not known, or not all of it: the text with
    /// [placeholders](super::Unknown), and with `[elided]` in the place of the bytes of a secret
    /// value.
    Unknown(String),
    /// A known [secret](Value::is_secret) value.
    Elided,
}

impl ReportedValue {
    pub(crate) fn of(value: &Value<'_>) -> Self {
        match value.as_bytes() {
            None => ReportedValue::Unknown(value.to_string()),
            Some(_) if value.is_secret() => ReportedValue::Elided,
            Some(bytes) => ReportedValue::bytes(bytes),
        }
    }

    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        match core::str::from_utf8(bytes) {
            Ok(text) => ReportedValue::Text(text.into()),
            Err(_) => ReportedValue::Escaped(bytes.escape_ascii().to_string()),
        }
    }
}

/// Always on one line: line feeds and other control characters are escaped.
impl fmt::Display for ReportedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReportedValue::Text(text)
            | ReportedValue::Escaped(text)
            | ReportedValue::Unknown(text) => OneLine(f).write_str(text),
            ReportedValue::Elided => f.write_str("[elided]"),
        }
    }
}
