//! Errors in a field of an object, with the path of the field.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use serde::de::{Error, Expected, Unexpected};

use super::value::Value;
use crate::text::OneLine;

/// An error in a field of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    /// The path, innermost segment first.
    path: Vec<Segment>,
    problem: FieldProblem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Key(String),
    Index(usize),
}

/// The problem with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldProblem {
    /// The field is required, but missing.
    Missing,
    /// The field is given twice.
    Twice,
    /// The field has a value that its type does not accept.
    Unexpected {
        /// The value, shortened. It is `[elided]` inside a Secret.
        found: String,
        /// A description of the values that the type accepts.
        expected: String,
    },
}

impl FieldError {
    /// Returns the path of the field in its object, such as `spec.ports[0].port`.
    ///
    /// The path is a single line. Control characters in keys are escaped.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.0.path.iter().rev() {
            match segment {
                Segment::Index(index) => path.extend(["[", &index.to_string(), "]"]),
                Segment::Key(key) if is_plain(key) => {
                    path.extend([if path.is_empty() { "" } else { "." }, key]);
                }
                Segment::Key(key) => path.extend(["['", &one_line(&shortened(key)), "']"]),
            }
        }
        path
    }

    /// Returns the problem with the field.
    #[must_use]
    pub fn problem(&self) -> &FieldProblem {
        &self.0.problem
    }

    fn new(problem: FieldProblem) -> Self {
        FieldError(Box::new(Inner { path: Vec::new(), problem }))
    }

    fn unexpected(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            // Quotes distinguish a text of digits from a number.
            Unexpected::Str(text) => format!("{:?}", shortened(text)),
            // serde's own `Display` adds the type of the value.
            Unexpected::Bool(value) => value.to_string(),
            Unexpected::Signed(number) => number.to_string(),
            Unexpected::Unsigned(number) => number.to_string(),
            Unexpected::Float(number) => format!("{number:?}"),
            Unexpected::Unit => "null".to_owned(),
            Unexpected::Seq => "a list".to_owned(),
            Unexpected::Map => "an object".to_owned(),
            Unexpected::Other(other) => shortened(other),
            other => other.to_string(),
        };
        FieldError::new(FieldProblem::Unexpected { found, expected: expected.to_string() })
    }

    /// Returns the error for a `value` where `expected` is required.
    pub(crate) fn of_value(value: &Value<'_>, expected: &'static str) -> Self {
        let found = match value {
            Value::Scalar(scalar) => scalar.unexpected(),
            Value::List(_) | Value::Items(_) => Unexpected::Seq,
            Value::Map(_) | Value::Object(_) => Unexpected::Map,
        };
        FieldError::unexpected(found, &expected)
    }

    /// Adds `key` in front of the path.
    pub(crate) fn at_key(self, key: impl Into<String>) -> Self {
        self.inside(Segment::Key(key.into()))
    }

    /// Adds `items[index]` in front of the path.
    pub(crate) fn in_item(self, index: usize) -> Self {
        self.inside(Segment::Index(index)).at_key("items")
    }

    /// Adds `segment` in front of the path.
    pub(crate) fn inside(mut self, segment: Segment) -> Self {
        self.0.path.push(segment);
        self
    }

    /// Replaces the value that the error quotes.
    pub(crate) fn elided(mut self) -> Self {
        if let FieldProblem::Unexpected { found, .. } = &mut self.0.problem
            && !["a list", "an object", "null"].contains(&found.as_str())
        {
            "[elided]".clone_into(found);
        }
        self
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Shortens a text to 64 characters, so that no error is as large as its input.
fn shortened(text: &str) -> String {
    let mut ends = text.char_indices().skip(64);
    match ends.next().and_then(|(end, _)| text.get(..end)) {
        None => text.to_owned(),
        Some(start) => [start, "…"].concat(),
    }
}

fn one_line(text: &str) -> String {
    let mut line = String::new();
    // Writing to a `String` never fails.
    let _ = OneLine(&mut line).write_str(text);
    line
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            path if path.is_empty() => f.write_str("the object")?,
            path => f.write_str(&path)?,
        }
        match self.problem() {
            FieldProblem::Missing => f.write_str(" is missing"),
            FieldProblem::Twice => f.write_str(" is given twice"),
            FieldProblem::Unexpected { found, expected } => {
                write!(OneLine(f), " is {found}, but should be {expected}")
            }
        }
    }
}

impl core::error::Error for FieldError {}

impl Error for FieldError {
    /// The types of this crate do not use it.
    fn custom<T: fmt::Display>(message: T) -> Self {
        FieldError::new(FieldProblem::Unexpected {
            found: "invalid".to_owned(),
            expected: message.to_string(),
        })
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        FieldError::unexpected(found, expected)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        FieldError::unexpected(found, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        FieldError::new(FieldProblem::Missing).at_key(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        FieldError::new(FieldProblem::Twice).at_key(field)
    }
}

impl serde::ser::Error for FieldError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        <FieldError as Error>::custom(message)
    }
}
