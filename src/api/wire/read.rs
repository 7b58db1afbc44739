//! The reader of a single value of a wire type, from any format.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use core::cell::Cell;
use core::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess,
    Unexpected, Visitor,
};

use super::place::{Given, Opened, Place, Scalar};
use super::{ELIDED_MESSAGE, NUMBER_TOKEN};

/// Implements the methods of a visitor for scalars with its method `set`.
macro_rules! visit_scalars {
    ($value:ty) => {
        fn visit_unit<E: serde::de::Error>(self) -> Result<$value, E> {
            self.set($crate::api::wire::Scalar::Null)
        }

        fn visit_none<E: serde::de::Error>(self) -> Result<$value, E> {
            self.set($crate::api::wire::Scalar::Null)
        }

        fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<$value, E> {
            self.set($crate::api::wire::Scalar::Bool(value))
        }

        fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<$value, E> {
            self.set($crate::api::wire::Scalar::Signed(number))
        }

        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<$value, E> {
            self.set($crate::api::wire::Scalar::Unsigned(number))
        }

        fn visit_i128<E: serde::de::Error>(self, number: i128) -> Result<$value, E> {
            self.set($crate::api::wire::number(number.to_string().into())?)
        }

        fn visit_u128<E: serde::de::Error>(self, number: u128) -> Result<$value, E> {
            self.set($crate::api::wire::number(number.to_string().into())?)
        }

        fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<$value, E> {
            self.set($crate::api::wire::Scalar::Float(number))
        }

        fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<$value, E> {
            self.set($crate::api::wire::Scalar::Text(text.into()))
        }

        fn visit_string<E: serde::de::Error>(self, text: String) -> Result<$value, E> {
            self.set($crate::api::wire::Scalar::Text(text.into()))
        }

        fn visit_some<D: serde::Deserializer<'de>>(self, some: D) -> Result<$value, D::Error> {
            some.deserialize_any(self)
        }

        fn visit_newtype_struct<D: serde::Deserializer<'de>>(
            self,
            inner: D,
        ) -> Result<$value, D::Error> {
            inner.deserialize_any(self)
        }
    };
}

pub(crate) use visit_scalars;

/// Reads a value of a wire type.
pub(crate) fn read<'de, T: Place, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mut value = T::blank();
    fill(Opened::new(&mut value), deserializer)?;
    Ok(value)
}

/// Reads a value of a wire type that no error may quote.
pub(crate) fn read_secret<'de, T: Place, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let mut value = T::blank();
    fill(Opened { is_secret: true, ..Opened::new(&mut value) }, deserializer)?;
    Ok(value)
}

fn fill<'de, D: Deserializer<'de>>(opened: Opened<'_>, deserializer: D) -> Result<(), D::Error> {
    PlaceReader { opened, is_ours: &Cell::new(false) }.deserialize(deserializer)
}

/// Fills a place. The first error ends the reading.
struct PlaceReader<'p, 's> {
    opened: Opened<'p>,
    /// True if the error being returned is one of this crate, which quotes no secret.
    is_ours: &'s Cell<bool>,
}

impl PlaceReader<'_, '_> {
    fn set<E: Error>(self, scalar: Scalar<'_>) -> Result<(), E> {
        let is_ours = self.is_ours;
        self.opened.set(&scalar).inspect_err(|_| is_ours.set(true))
    }
}

impl<'de> DeserializeSeed<'de> for PlaceReader<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let (is_secret, is_ours) = (self.opened.is_secret, self.is_ours);
        match deserializer.deserialize_any(self) {
            Err(_) if is_secret && !is_ours.replace(true) => Err(D::Error::custom(ELIDED_MESSAGE)),
            read => read,
        }
    }
}

impl<'de> Visitor<'de> for PlaceReader<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the JSON data model")
    }

    visit_scalars!(());

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.set(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let PlaceReader { opened, is_ours } = self;
        let is_secret = opened.is_secret;
        let list = opened.list().inspect_err(|_| is_ours.set(true))?;
        while let Some(()) =
            items.next_element_seed(ItemReader { list: &mut *list, is_secret, is_ours })?
        {}
        list.end();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut next = match map_start(&mut entries)? {
            MapStart::Number(number) => return self.set(number),
            MapStart::Key(next) => next,
        };
        let PlaceReader { opened, is_ours } = self;
        let is_secret = opened.is_secret;
        let ours = |_: &A::Error| is_ours.set(true);
        let map = opened.map().inspect_err(ours)?;
        let mut given = Given::default();
        while let Some(Key(key)) = next {
            match given.open(map, &key).inspect_err(ours)? {
                Some(mut opened) => {
                    opened.is_secret |= is_secret;
                    entries.next_value_seed(PlaceReader { opened, is_ours })?;
                }
                None => {
                    entries.next_value::<IgnoredAny>()?;
                }
            }
            next = entries.next_key()?;
        }
        given.end(map).inspect_err(ours)
    }
}

/// Reads an element into a list. A list has a place for it only if there is one.
struct ItemReader<'p, 's> {
    list: &'p mut dyn Place,
    is_secret: bool,
    is_ours: &'s Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for ItemReader<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let ItemReader { list, is_secret, is_ours } = self;
        let Some(place) = list.push() else { return Ok(()) };
        let opened = Opened { is_secret, ..Opened::new(place) };
        PlaceReader { opened, is_ours }.deserialize(deserializer)
    }
}

/// Parses the digits of a number that has no other form in the format.
pub(crate) fn number<E: Error>(digits: Cow<'_, str>) -> Result<Scalar<'_>, E> {
    Scalar::number(digits).ok_or_else(|| {
        E::invalid_value(Unexpected::Other("another text"), &"the digits of a number")
    })
}

/// The start of a map, or the number that it represents.
pub(crate) enum MapStart<'de> {
    /// The first key, if the map has one.
    Key(Option<Key<'de>>),
    /// The number that serde_json gives as a map, if it is built with `arbitrary_precision`.
    Number(Scalar<'de>),
}

pub(crate) fn map_start<'de, A: MapAccess<'de>>(
    entries: &mut A,
) -> Result<MapStart<'de>, A::Error> {
    let first = entries.next_key()?;
    if !matches!(&first, Some(Key(key)) if key == NUMBER_TOKEN) {
        return Ok(MapStart::Key(first));
    }
    let Key(digits) = entries.next_value()?;
    number(digits).map(MapStart::Number)
}

/// A key of a map. Numbers and booleans of YAML become text, as in `kubectl`.
pub(crate) struct Key<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string as the key of a map")
    }

    fn visit_bool<E>(self, key: bool) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(if key { "true" } else { "false" })))
    }

    fn visit_i64<E>(self, key: i64) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(key.to_string())))
    }

    fn visit_u64<E>(self, key: u64) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(key.to_string())))
    }

    fn visit_f64<E: Error>(self, key: f64) -> Result<Key<'de>, E> {
        Err(E::invalid_type(Unexpected::Float(key), &self))
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(key.into())))
    }
}
