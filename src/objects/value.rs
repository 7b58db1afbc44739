//! Values of the JSON data model: the content of a document before its kind is known.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::{self, Vec};

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::FieldError;
use super::field_error::Segment;
use super::read::{Items, ReadObject};
use crate::api::wire::{self, Scalar};

/// A value of the JSON data model.
#[derive(Clone, PartialEq)]
pub(crate) enum Value<'de> {
    Scalar(Scalar<'de>),
    List(Vec<Value<'de>>),
    Map(Entries<'de>),
    /// An object that was read already. Nothing else can be read from it.
    Object(ReadObject),
    /// The items of a list, some of which were read already.
    Items(Box<Items<'de>>),
}

/// The entries of a map, in order.
pub(crate) type Entries<'de> = Vec<(Cow<'de, str>, Value<'de>)>;

/// Returns the value of the first key of that name.
pub(crate) fn get<'e, 'de>(entries: &'e Entries<'de>, key: &str) -> Option<&'e Value<'de>> {
    entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
}

impl<'de> Value<'de> {
    pub(crate) const NULL: Value<'static> = Value::Scalar(Scalar::Null);

    /// Returns the value of the first key of that name, if this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Value<'de>> {
        match self {
            Value::Map(entries) => get(entries, key),
            _ => None,
        }
    }

    /// Returns the text, if this is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Value::Scalar(Scalar::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Copies all borrowed text.
    pub(crate) fn into_owned(self) -> Value<'static> {
        match self {
            Value::Scalar(scalar) => Value::Scalar(scalar.into_owned()),
            Value::List(items) => Value::List(items.into_iter().map(Value::into_owned).collect()),
            Value::Object(read) => Value::Object(read),
            Value::Items(items) => Value::Items(Box::new(items.into_owned())),
            Value::Map(entries) => {
                let owned = |(key, value): (Cow<'_, str>, Value<'_>)| {
                    (Cow::Owned(key.into_owned()), value.into_owned())
                };
                Value::Map(entries.into_iter().map(owned).collect())
            }
        }
    }
}

/// Reads a typed object. An error has the path of its field.
impl<'de> Deserializer<'de> for Value<'de> {
    type Error = FieldError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self {
            Value::Scalar(Scalar::Null) | Value::Object(_) | Value::Items(_) => {
                visitor.visit_unit()
            }
            Value::Scalar(Scalar::Bool(value)) => visitor.visit_bool(value),
            Value::Scalar(Scalar::Signed(number)) => visitor.visit_i64(number),
            Value::Scalar(Scalar::Unsigned(number)) => visitor.visit_u64(number),
            Value::Scalar(Scalar::Float(number)) => visitor.visit_f64(number),
            Value::Scalar(Scalar::Number(digits)) => visitor.visit_map(Fields {
                entries: Vec::from([(
                    Cow::Borrowed(wire::NUMBER_TOKEN),
                    Value::Scalar(Scalar::Text(digits)),
                )])
                .into_iter(),
                current: None,
            }),
            Value::Scalar(Scalar::Text(Cow::Borrowed(text))) => visitor.visit_borrowed_str(text),
            Value::Scalar(Scalar::Text(Cow::Owned(text))) => visitor.visit_string(text),
            Value::List(items) => {
                visitor.visit_seq(Elements { items: items.into_iter(), index: 0 })
            }
            Value::Map(entries) => {
                visitor.visit_map(Fields { entries: entries.into_iter(), current: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self {
            Value::Scalar(Scalar::Null) => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Elements<'de> {
    items: vec::IntoIter<Value<'de>>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
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
    entries: vec::IntoIter<(Cow<'de, str>, Value<'de>)>,
    current: Option<(Cow<'de, str>, Value<'de>)>,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = FieldError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, FieldError> {
        self.current = self.entries.next();
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
        let (key, value) = self.current.take().unwrap_or((Cow::Borrowed(""), Value::NULL));
        seed.deserialize(value).map_err(|error| error.inside(Segment::Key(key.to_string())))
    }
}
