//! Objects of other crates, converted by way of their wire form.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::de::DeserializeOwned;
use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::field_error::Segment;
use super::read;
use super::value::Value;
use super::{FieldError, ObjectError};
use crate::api::Object;
use crate::api::wire::{self, Scalar};

/// Converts an object of another crate into one of [`api`](crate::api).
///
/// The object may have any type that serializes to the wire form of Kubernetes, such as the types
/// of `k8s-openapi`. Fields that [`api`](crate::api) does not have are ignored.
///
/// ```
/// use k8s_openapi::api::core::v1;
/// use kubelet_env::api::Service;
/// use kubelet_env::objects::convert;
///
/// let mut theirs = v1::Service::default();
/// theirs.metadata.name = Some("web".to_owned());
/// let port = v1::ServicePort { port: 70_000, ..Default::default() };
/// theirs.spec.get_or_insert_default().ports = Some(vec![port]);
///
/// let error = convert::<Service>(&theirs).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "Service web: spec.ports[0].port is 70000, but should be a port number from 1 to 65535",
/// );
/// ```
///
/// # Errors
///
/// Returns [`ObjectError::Field`] if the object is of another kind, or if a field does not have the
/// type that [`api`](crate::api) requires.
pub fn convert<T: Object + DeserializeOwned>(object: &impl Serialize) -> Result<T, ObjectError> {
    let value = object.serialize(ValueSerializer);
    read::read_converted(value)
}

/// Writes a [`Value`].
struct ValueSerializer;

type Written = Result<Value<'static>, FieldError>;

fn text(text: &str) -> Value<'static> {
    Value::Scalar(Scalar::Text(Cow::Owned(text.to_owned())))
}

/// Wraps the content of an enum's variant in a map, as all formats of serde do.
fn variant(name: &'static str, content: Value<'static>) -> Value<'static> {
    Value::Map([(Cow::Borrowed(name), content)].into())
}

impl Serializer for ValueSerializer {
    type Ok = Value<'static>;
    type Error = FieldError;
    type SerializeSeq = ListWriter;
    type SerializeTuple = ListWriter;
    type SerializeTupleStruct = ListWriter;
    type SerializeTupleVariant = ListWriter;
    type SerializeMap = MapWriter;
    type SerializeStruct = MapWriter;
    type SerializeStructVariant = MapWriter;

    fn serialize_bool(self, value: bool) -> Written {
        Ok(Value::Scalar(Scalar::Bool(value)))
    }

    fn serialize_i8(self, number: i8) -> Written {
        self.serialize_i64(number.into())
    }

    fn serialize_i16(self, number: i16) -> Written {
        self.serialize_i64(number.into())
    }

    fn serialize_i32(self, number: i32) -> Written {
        self.serialize_i64(number.into())
    }

    fn serialize_i64(self, number: i64) -> Written {
        Ok(Value::Scalar(Scalar::Signed(number)))
    }

    fn serialize_i128(self, number: i128) -> Written {
        Ok(Value::Scalar(Scalar::Number(number.to_string().into())))
    }

    fn serialize_u8(self, number: u8) -> Written {
        self.serialize_u64(number.into())
    }

    fn serialize_u16(self, number: u16) -> Written {
        self.serialize_u64(number.into())
    }

    fn serialize_u32(self, number: u32) -> Written {
        self.serialize_u64(number.into())
    }

    fn serialize_u64(self, number: u64) -> Written {
        Ok(Value::Scalar(Scalar::Unsigned(number)))
    }

    fn serialize_u128(self, number: u128) -> Written {
        Ok(Value::Scalar(Scalar::Number(number.to_string().into())))
    }

    fn serialize_f32(self, number: f32) -> Written {
        self.serialize_f64(number.into())
    }

    fn serialize_f64(self, number: f64) -> Written {
        Ok(Value::Scalar(Scalar::Float(number)))
    }

    fn serialize_char(self, c: char) -> Written {
        Ok(Value::Scalar(Scalar::Text(Cow::Owned(c.into()))))
    }

    fn serialize_str(self, value: &str) -> Written {
        Ok(text(value))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Written {
        let item = |&byte: &u8| Value::Scalar(Scalar::Unsigned(byte.into()));
        Ok(Value::List(bytes.iter().map(item).collect()))
    }

    fn serialize_none(self) -> Written {
        Ok(Value::Scalar(Scalar::Null))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        Ok(Value::Scalar(Scalar::Null))
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Written {
        Ok(Value::Scalar(Scalar::Null))
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Written {
        Ok(Value::Scalar(Scalar::Text(Cow::Borrowed(variant))))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant_name: &'static str,
        value: &T,
    ) -> Written {
        Ok(variant(variant_name, value.serialize(self)?))
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<ListWriter, FieldError> {
        Ok(ListWriter { items: Vec::new(), variant: None })
    }

    fn serialize_tuple(self, len: usize) -> Result<ListWriter, FieldError> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        len: usize,
    ) -> Result<ListWriter, FieldError> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<ListWriter, FieldError> {
        Ok(ListWriter { items: Vec::new(), variant: Some(variant) })
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<MapWriter, FieldError> {
        Ok(MapWriter { fields: Vec::new(), key: String::new(), variant: None })
    }

    fn serialize_struct(self, _name: &'static str, len: usize) -> Result<MapWriter, FieldError> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<MapWriter, FieldError> {
        Ok(MapWriter { fields: Vec::new(), key: String::new(), variant: Some(variant) })
    }
}

struct ListWriter {
    items: Vec<Value<'static>>,
    variant: Option<&'static str>,
}

impl ListWriter {
    fn push<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), FieldError> {
        let index = self.items.len();
        let written = item.serialize(ValueSerializer);
        self.items.push(written.map_err(|error| error.inside(Segment::Index(index)))?);
        Ok(())
    }

    fn finish(self) -> Written {
        let list = Value::List(self.items);
        Ok(match self.variant {
            None => list,
            Some(name) => variant(name, list),
        })
    }
}

macro_rules! write_list {
    ($($trait:ident: $method:ident),+) => { $(
        impl $trait for ListWriter {
            type Ok = Value<'static>;
            type Error = FieldError;

            fn $method<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), FieldError> {
                self.push(item)
            }

            fn end(self) -> Written {
                self.finish()
            }
        }
    )+ };
}

write_list!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

struct MapWriter {
    fields: Vec<(Cow<'static, str>, Value<'static>)>,
    /// The key of the next value.
    key: String,
    variant: Option<&'static str>,
}

impl MapWriter {
    fn push<T: Serialize + ?Sized>(
        &mut self,
        key: Cow<'static, str>,
        value: &T,
    ) -> Result<(), FieldError> {
        match value.serialize(ValueSerializer) {
            Ok(value) => {
                self.fields.push((key, value));
                Ok(())
            }
            Err(error) => Err(error.at_key(key)),
        }
    }

    fn finish(self) -> Written {
        // serde_json writes a number so if it keeps the digits.
        if let [(Cow::Borrowed(wire::NUMBER_TOKEN), Value::Scalar(Scalar::Text(digits)))] =
            self.fields.as_slice()
            && let Some(number) = Scalar::number(digits.clone())
        {
            return Ok(Value::Scalar(number));
        }
        let map = Value::Map(self.fields);
        Ok(match self.variant {
            None => map,
            Some(name) => variant(name, map),
        })
    }
}

impl SerializeMap for MapWriter {
    type Ok = Value<'static>;
    type Error = FieldError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), FieldError> {
        self.key = match key.serialize(ValueSerializer)? {
            Value::Scalar(Scalar::Text(key)) => key.into_owned(),
            Value::Scalar(Scalar::Bool(key)) => key.to_string(),
            Value::Scalar(Scalar::Signed(key)) => key.to_string(),
            Value::Scalar(Scalar::Unsigned(key)) => key.to_string(),
            _ => return Err(FieldError::custom("a map with strings as keys")),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FieldError> {
        let key = core::mem::take(&mut self.key);
        self.push(Cow::Owned(key), value)
    }

    fn end(self) -> Written {
        self.finish()
    }
}

macro_rules! write_struct {
    ($($trait:ident),+) => { $(
        impl $trait for MapWriter {
            type Ok = Value<'static>;
            type Error = FieldError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), FieldError> {
                self.push(Cow::Borrowed(key), value)
            }

            fn end(self) -> Written {
                self.finish()
            }
        }
    )+ };
}

write_struct!(SerializeStruct, SerializeStructVariant);
