//! Values as reports show them.

use alloc::string::{String, ToString};
use core::fmt::{self, Write};

use super::Value;
use crate::text::OneLine;

/// A value as it may be shown to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
pub enum ReportedValue {
    /// Text.
    Text(String),
    /// Bytes that are not UTF-8, with `\xNN` and the like in their place.
    Escaped(String),
    /// A Secret flowed into it, or its origin is not known.
    Elided,
}

impl ReportedValue {
    pub(crate) fn of(value: &Value<'_>) -> Self {
        if value.is_secret() {
            ReportedValue::Elided
        } else {
            ReportedValue::bytes(value.as_bytes())
        }
    }

    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        match core::str::from_utf8(bytes) {
            Ok(text) => ReportedValue::Text(text.into()),
            Err(_) => ReportedValue::Escaped(bytes.escape_ascii().to_string()),
        }
    }
}

/// On one line: line feeds and other control characters are escaped.
impl fmt::Display for ReportedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReportedValue::Text(text) => OneLine(f).write_str(text),
            ReportedValue::Escaped(text) => f.write_str(text),
            ReportedValue::Elided => f.write_str("[elided]"),
        }
    }
}
