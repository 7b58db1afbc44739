//! Objects read from JSON and YAML, and a format with values that neither can express.

use kubelet_env::{Document, ObjectError, Objects};
use serde::Serialize;
use serde::de::value::SeqDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Reads one JSON document.
pub(crate) fn read_json(json: &str) -> Result<Objects, ObjectError> {
    let mut objects = Objects::default();
    objects.add(serde_json::from_str(json).unwrap()).map(|()| objects)
}

/// Reads all YAML documents of a text.
pub(crate) fn read_yaml(yaml: &str) -> Objects {
    let mut objects = Objects::default();
    for document in yaml_serde::Deserializer::from_str(yaml) {
        objects.add(Document::deserialize(document).unwrap()).unwrap();
    }
    objects
}

/// Asserts that an object equals itself after a round trip through JSON and through YAML.
#[track_caller]
pub(crate) fn assert_round_trips<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    object: &T,
) {
    let json = serde_json::to_string(object).unwrap();
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *object, "{json}");
    let yaml = yaml_serde::to_string(object).unwrap();
    assert_eq!(yaml_serde::from_str::<T>(&yaml).unwrap(), *object, "{yaml}");
}

/// A value of a binary format that, like CBOR, has an absent value and no limit to nesting.
pub(crate) enum Binary {
    Absent,
    Number(u64),
    /// This many nested lists.
    Nested(usize),
}

impl<'de> Deserializer<'de> for Binary {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Binary::Absent => visitor.visit_none(),
            Binary::Number(number) => visitor.visit_u64(number),
            Binary::Nested(depth) => match depth.checked_sub(1) {
                None => visitor.visit_unit(),
                Some(rest) => {
                    visitor.visit_seq(SeqDeserializer::new(std::iter::once(Binary::Nested(rest))))
                }
            },
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl IntoDeserializer<'_> for Binary {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
