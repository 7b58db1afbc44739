//! Reads a typed object out of a [`Value`], and says of a field that it cannot be read where in the
//! object it stands.

use alloc::borrow::{Cow, ToOwned};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::{self, Vec};
use core::fmt;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use super::document::Value;

/// A field of an object is not what its type wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    /// From the inside out.
    path: Vec<Segment>,
    problem: FieldProblem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Key(String),
    Index(usize),
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldProblem {
    /// It must be there, and is not.
    Missing,
    /// It is given twice.
    Twice,
    /// It holds something else than is expected there.
    Unexpected {
        /// What it holds. A Secret's value is never quoted.
        found: String,
        /// What belongs there.
        expected: String,
    },
}

impl FieldError {
    /// Where the field stands in its object: `spec.ports[0].port`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.0.path.iter().rev() {
            match segment {
                Segment::Index(index) => path.extend(["[", &index.to_string(), "]"]),
                Segment::Key(key) if is_plain(key) => {
                    path.extend([if path.is_empty() { "" } else { "." }, key]);
                }
                Segment::Key(key) => path.extend(["['", &shortened(key), "']"]),
            }
        }
        path
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problem(&self) -> &FieldProblem {
        &self.0.problem
    }

    fn new(problem: FieldProblem) -> Self {
        FieldError(Box::new(Inner { path: Vec::new(), problem }))
    }

    fn unexpected(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            // Quoted, so that a text of digits is no number.
            Unexpected::Str(text) => format!("{:?}", shortened(text)),
            // serde writes a value together with what sort of value it is.
            Unexpected::Bool(value) => value.to_string(),
            Unexpected::Signed(number) => number.to_string(),
            Unexpected::Unsigned(number) => number.to_string(),
            Unexpected::Float(number) => format!("{number:?}"),
            Unexpected::Unit => "null".to_owned(),
            Unexpected::Seq => "a list".to_owned(),
            Unexpected::Map => "an object".to_owned(),
            other => other.to_string(),
        };
        FieldError::new(FieldProblem::Unexpected { found, expected: expected.to_string() })
    }

    /// `value` stands where `expected` belongs.
    pub(crate) fn of_kind(value: &Value<'_>, expected: &'static str) -> Self {
        let found = match value {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Signed(value) => Unexpected::Signed(*value),
            Value::Unsigned(value) => Unexpected::Unsigned(*value),
            Value::Float(value) => Unexpected::Float(*value),
            Value::Text(text) => Unexpected::Str(text),
            Value::List(_) => Unexpected::Seq,
            Value::Map(_) => Unexpected::Map,
        };
        FieldError::unexpected(found, &expected)
    }

    /// The same, where the object is the value of `key`.
    pub(crate) fn at_key(self, key: impl Into<String>) -> Self {
        self.inside(Segment::Key(key.into()))
    }

    /// The same, where the object is the item of a list.
    pub(crate) fn in_item(self, index: usize) -> Self {
        self.inside(Segment::Index(index)).at_key("items")
    }

    fn inside(mut self, segment: Segment) -> Self {
        self.0.path.push(segment);
        self
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A text that is no longer than a line, so that no error is as large as its input.
fn shortened(text: &str) -> String {
    let mut ends = text.char_indices().skip(64);
    match ends.next().and_then(|(end, _)| text.get(..end)) {
        None => text.to_owned(),
        Some(start) => [start, "…"].concat(),
    }
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
                write!(f, " is {found}, but should be {expected}")
            }
        }
    }
}

impl core::error::Error for FieldError {}

impl Error for FieldError {
    /// None of the types here says what is wrong in words of its own.
    fn custom<T: fmt::Display>(message: T) -> Self {
        FieldError::new(FieldProblem::Unexpected {
            found: "not usable".to_owned(),
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
        FieldError::new(FieldProblem::Missing).inside(Segment::Key(field.to_owned()))
    }

    fn duplicate_field(field: &'static str) -> Self {
        FieldError::new(FieldProblem::Twice).inside(Segment::Key(field.to_owned()))
    }
}

/// Reads a `T` out of a value.
pub(crate) fn read<'de, T: Deserialize<'de>>(value: Value<'de>) -> Result<T, FieldError> {
    T::deserialize(value)
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = FieldError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Signed(value) => visitor.visit_i64(value),
            Value::Unsigned(value) => visitor.visit_u64(value),
            Value::Float(value) => visitor.visit_f64(value),
            Value::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Value::Text(Cow::Owned(text)) => visitor.visit_string(text),
            Value::List(items) => visitor.visit_seq(Items { items: items.into_iter(), index: 0 }),
            Value::Map(fields) => {
                visitor.visit_map(Fields { fields: fields.into_iter(), current: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    /// A struct is read from an object alone: serde would take a list of its fields too.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        match self {
            Value::Map(_) => self.deserialize_any(visitor),
            other => Err(FieldError::of_kind(&other, "an object")),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self {
            Value::List(_) => self.deserialize_any(visitor),
            other => Err(FieldError::of_kind(&other, "a list")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self {
            Value::Text(_) => self.deserialize_any(visitor),
            // In a list or a map, as Go reads it; a field is absent then.
            Value::Null => visitor.visit_str(""),
            other => Err(FieldError::of_kind(&other, "a string")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit
        unit_struct newtype_struct tuple tuple_struct map enum identifier
    }
}

struct Items<'de> {
    items: vec::IntoIter<Value<'de>>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = FieldError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, FieldError> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index = index.saturating_add(1);
        seed.deserialize(item).map(Some).map_err(|error| error.inside(Segment::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Fields<'de> {
    fields: vec::IntoIter<(Cow<'de, str>, Value<'de>)>,
    current: Option<(Cow<'de, str>, Value<'de>)>,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = FieldError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, FieldError> {
        self.current = self.fields.next();
        match &self.current {
            None => Ok(None),
            Some((Cow::Borrowed(key), _)) => {
                seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
            }
            Some((Cow::Owned(key), _)) => seed.deserialize(StrDeserializer::new(key)).map(Some),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, FieldError> {
        let (key, value) = self.current.take().unwrap_or((Cow::Borrowed(""), Value::Null));
        seed.deserialize(value).map_err(|error| error.inside(Segment::Key(key.into_owned())))
    }
}
