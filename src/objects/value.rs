//! Values of the JSON data model: the content of a document before its kind is known.

use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::{self, Vec};

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::FieldError;
use super::field_error::Segment;
use super::read::ReadObject;

/// A value of the JSON data model.
#[derive(Clone, PartialEq)]
pub(crate) enum Value<'de> {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    /// A number as it was written, if no other variant holds it exactly.
    Number(Cow<'de, str>),
    Text(Cow<'de, str>),
    List(Vec<Value<'de>>),
    Map(Vec<(Cow<'de, str>, Value<'de>)>),
    /// An item of a list that was read already. Nothing else can be read from it.
    Object(ReadObject),
}

impl<'de> Value<'de> {
    /// Parses a number in decimal notation. Returns `None` if `text` is not a number.
    pub(crate) fn number(text: Cow<'de, str>) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Some(Value::Unsigned(number));
        }
        if let Ok(number) = text.parse() {
            return Some(Value::Signed(number));
        }
        // Rust also parses `inf` and `nan`.
        let is_number = text.ends_with(|c: char| c.is_ascii_digit() || c == '.');
        (is_number && text.parse::<f64>().is_ok()).then_some(Value::Number(text))
    }

    /// Returns the value of the first key of that name, if this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Value<'de>> {
        match self {
            Value::Map(fields) => {
                fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// Returns the text, if this is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Copies all borrowed text.
    pub(crate) fn into_owned(self) -> Value<'static> {
        let owned = |text: Cow<'de, str>| Cow::Owned(text.into_owned());
        match self {
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(value),
            Value::Signed(number) => Value::Signed(number),
            Value::Unsigned(number) => Value::Unsigned(number),
            Value::Float(number) => Value::Float(number),
            Value::Number(text) => Value::Number(owned(text)),
            Value::Text(text) => Value::Text(owned(text)),
            Value::List(items) => Value::List(items.into_iter().map(Value::into_owned).collect()),
            Value::Object(read) => Value::Object(read),
            Value::Map(fields) => Value::Map(
                fields.into_iter().map(|(key, value)| (owned(key), value.into_owned())).collect(),
            ),
        }
    }
}

/// Reads a typed object. An error has the path of its field.
impl<'de> Deserializer<'de> for Value<'de> {
    type Error = FieldError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Signed(value) => visitor.visit_i64(value),
            Value::Unsigned(value) => visitor.visit_u64(value),
            Value::Float(value) => visitor.visit_f64(value),
            // Only `Quantity` reads the digits themselves.
            Value::Number(text) => visitor.visit_f64(text.parse().unwrap_or(f64::NAN)),
            Value::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Value::Text(Cow::Owned(text)) => visitor.visit_string(text),
            Value::List(items) => visitor.visit_seq(Items { items: items.into_iter(), index: 0 }),
            Value::Object(_) => visitor.visit_unit(),
            Value::Map(fields) => {
                visitor.visit_map(Fields { fields: fields.into_iter(), current: None })
            }
        }
    }

    /// Gives `Quantity` the digits of a number.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        match self {
            Value::Number(text) => visitor.visit_str(&text),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    /// Reads a struct from an object only. By default serde also accepts a list of its fields.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        match self {
            Value::Map(_) => self.deserialize_any(visitor),
            other => Err(FieldError::of_value(&other, "an object")),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self {
            Value::List(_) => self.deserialize_any(visitor),
            other => Err(FieldError::of_value(&other, "a list")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self {
            Value::Text(_) => self.deserialize_any(visitor),
            // `null` in a list or a map is the empty string, as in Go.
            Value::Null => visitor.visit_str(""),
            other => Err(FieldError::of_value(&other, "a string")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit
        unit_struct tuple tuple_struct map enum identifier
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
        seed.deserialize(value).map_err(|error| error.inside(Segment::Key(key.to_string())))
    }
}
