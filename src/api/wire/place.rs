//! Places: the values of wire types, as a reader of any format fills them.
//!
//! Readers see every type as `dyn Place`, so that there is one reader for each format instead of
//! one for each type and format.

use alloc::borrow::{Cow, ToOwned};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::marker::PhantomData;

use serde::de::{Error, Unexpected};

use super::TypeMeta;

/// A value of a wire type that is filled from a document.
pub(crate) trait Place {
    /// Returns the value of an absent field.
    fn blank() -> Self
    where
        Self: Sized;

    /// Reports whether an optional field stays absent if it has this value.
    fn is_absent(scalar: &Scalar<'_>) -> bool
    where
        Self: Sized,
    {
        matches!(scalar, Scalar::Null)
    }

    /// Describes the accepted values in error messages.
    fn expected(&mut self) -> &'static str;

    fn shape(&mut self) -> Shape {
        Shape::Scalar
    }

    /// Sets a [`Shape::Scalar`].
    ///
    /// `Null` is the element of a list or the value of a map. The `null` of an optional field is
    /// skipped.
    fn set(&mut self, _scalar: &Scalar<'_>) -> Result<(), Rejected> {
        Err(Rejected::Type)
    }

    /// Adds an element to a [`Shape::List`]. Other places have none.
    fn push(&mut self) -> Option<&mut dyn Place> {
        None
    }

    /// Ends a [`Shape::List`].
    fn end(&mut self) {}

    /// Returns the place of a key of a [`Shape::Map`] or [`Shape::Object`].
    fn entry(&mut self, _key: &str) -> Entry<'_> {
        Entry::Unknown
    }

    /// Reports whether a [`Shape::Map`] has a key.
    fn contains(&self, _key: &str) -> bool {
        false
    }

    /// Returns a required field that is not among the fields of a [`Shape::Object`] that were
    /// given.
    fn missing(&self, _given: Given) -> Option<&'static str> {
        None
    }
}

/// The kind of value that a place accepts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Scalar,
    List,
    /// Any keys. The last value of a key counts.
    Map,
    /// Fixed keys, each at most once.
    Object,
}

/// A scalar of the JSON data model.
#[derive(Clone, PartialEq)]
pub(crate) enum Scalar<'de> {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    /// A number as it was written, if no other variant holds it exactly.
    Number(Cow<'de, str>),
    Text(Cow<'de, str>),
}

impl<'de> Scalar<'de> {
    /// Parses a number in decimal notation. Returns `None` if `text` is not a number.
    pub(crate) fn number(text: Cow<'de, str>) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Some(Scalar::Unsigned(number));
        }
        if let Ok(number) = text.parse() {
            return Some(Scalar::Signed(number));
        }
        // Rust also parses `inf` and `nan`.
        let is_number = text.ends_with(|c: char| c.is_ascii_digit() || c == '.');
        (is_number && text.parse::<f64>().is_ok()).then_some(Scalar::Number(text))
    }

    /// Copies borrowed text.
    pub(crate) fn into_owned(self) -> Scalar<'static> {
        match self {
            Scalar::Null => Scalar::Null,
            Scalar::Bool(value) => Scalar::Bool(value),
            Scalar::Signed(number) => Scalar::Signed(number),
            Scalar::Unsigned(number) => Scalar::Unsigned(number),
            Scalar::Float(number) => Scalar::Float(number),
            Scalar::Number(digits) => Scalar::Number(Cow::Owned(digits.into_owned())),
            Scalar::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
        }
    }

    pub(crate) fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Scalar::Null => Unexpected::Unit,
            Scalar::Bool(value) => Unexpected::Bool(*value),
            Scalar::Signed(number) => Unexpected::Signed(*number),
            Scalar::Unsigned(number) => Unexpected::Unsigned(*number),
            Scalar::Float(number) => Unexpected::Float(*number),
            Scalar::Number(digits) => Unexpected::Other(digits),
            Scalar::Text(text) => Unexpected::Str(text),
        }
    }
}

/// The reason why a place rejects a scalar.
pub(crate) enum Rejected {
    Type,
    Value,
    /// The value is not one of these, which differ from [`Place::expected`].
    ValueExcept(&'static str),
}

/// The place of a key.
pub(crate) enum Entry<'p> {
    /// The type does not have this key.
    Unknown,
    Value(&'p mut dyn Place),
    Field(Field<'p>),
}

/// A field of a [`Shape::Object`].
pub(crate) struct Field<'p> {
    /// The position among the fields of the type, less than 64.
    pub(crate) index: u8,
    pub(crate) name: &'static str,
    pub(crate) place: &'p mut dyn Place,
    /// True unless the field is required.
    pub(crate) is_optional: bool,
    /// True if no error may quote a value inside the field.
    pub(crate) is_secret: bool,
}

impl<'p> Field<'p> {
    pub(crate) fn new(index: u8, name: &'static str, place: &'p mut dyn Place) -> Self {
        Field { index, name, place, is_optional: true, is_secret: false }
    }
}

/// The fields of an object that were given, as bits by index.
#[derive(Clone, Copy, Default)]
pub(crate) struct Given(u64);

/// The place of a value that follows.
pub(crate) struct Opened<'p> {
    pub(crate) place: &'p mut dyn Place,
    /// True if `null` is the same as an absent field.
    pub(crate) is_optional: bool,
    /// True if no error may quote a part of the value.
    pub(crate) is_secret: bool,
}

impl<'p> Opened<'p> {
    /// Returns a place outside of any field.
    pub(crate) fn new(place: &'p mut dyn Place) -> Self {
        Opened { place, is_optional: false, is_secret: false }
    }

    /// Sets a scalar.
    ///
    /// # Errors
    ///
    /// Returns an error if the place does not accept the scalar.
    pub(crate) fn set<E: Error>(self, scalar: &Scalar<'_>) -> Result<(), E> {
        if self.is_optional && *scalar == Scalar::Null {
            return Ok(());
        }
        let rejected = match self.place.shape() {
            Shape::Scalar => match self.place.set(scalar) {
                Ok(()) => return Ok(()),
                Err(rejected) => rejected,
            },
            _ => Rejected::Type,
        };
        let found = match scalar {
            Scalar::Null => Unexpected::Unit,
            _ if self.is_secret => Unexpected::Other("[elided]"),
            scalar => scalar.unexpected(),
        };
        Err(match rejected {
            Rejected::Type => E::invalid_type(found, &self.place.expected()),
            Rejected::Value => E::invalid_value(found, &self.place.expected()),
            Rejected::ValueExcept(expected) => E::invalid_value(found, &expected),
        })
    }

    /// Returns the place of a list.
    ///
    /// # Errors
    ///
    /// Returns an error if the place has another shape.
    pub(crate) fn list<E: Error>(self) -> Result<&'p mut dyn Place, E> {
        match self.place.shape() {
            Shape::List => Ok(self.place),
            _ => Err(E::invalid_type(Unexpected::Seq, &self.place.expected())),
        }
    }

    /// Returns the place of a map or object.
    ///
    /// # Errors
    ///
    /// Returns an error if the place has another shape.
    pub(crate) fn map<E: Error>(self) -> Result<&'p mut dyn Place, E> {
        match self.place.shape() {
            Shape::Map | Shape::Object => Ok(self.place),
            _ => Err(E::invalid_type(Unexpected::Map, &self.place.expected())),
        }
    }
}

impl Given {
    pub(crate) fn contains(self, index: u8) -> bool {
        self.0.unbounded_shr(index.into()) & 1 == 1
    }

    /// Returns the place of a key, or `None` if the type does not have it.
    ///
    /// # Errors
    ///
    /// Returns an error if the key is a field that was given before.
    pub(crate) fn open<'p, E: Error>(
        &mut self,
        place: &'p mut dyn Place,
        key: &str,
    ) -> Result<Option<Opened<'p>>, E> {
        Ok(match place.entry(key) {
            Entry::Unknown => None,
            Entry::Value(place) => Some(Opened::new(place)),
            Entry::Field(Field { index, name, .. }) if self.contains(index) => {
                return Err(E::duplicate_field(name));
            }
            Entry::Field(Field { index, place, is_optional, is_secret, .. }) => {
                self.0 |= 1_u64.unbounded_shl(index.into());
                Some(Opened { place, is_optional, is_secret })
            }
        })
    }

    /// Reports whether a key of the map or object was given.
    pub(crate) fn has(self, place: &mut dyn Place, key: &str) -> bool {
        if place.shape() == Shape::Map {
            return place.contains(key);
        }
        matches!(place.entry(key), Entry::Field(field) if self.contains(field.index))
    }

    /// Ends an object.
    ///
    /// # Errors
    ///
    /// Returns an error if a required field was not given.
    pub(crate) fn end<E: Error>(self, place: &dyn Place) -> Result<(), E> {
        place.missing(self).map_or(Ok(()), |name| Err(E::missing_field(name)))
    }
}

impl Place for String {
    fn blank() -> Self {
        String::new()
    }

    fn expected(&mut self) -> &'static str {
        "a string"
    }

    fn set(&mut self, scalar: &Scalar<'_>) -> Result<(), Rejected> {
        match scalar {
            // Without spare capacity.
            Scalar::Text(text) => *self = String::from(&**text),
            Scalar::Null => {}
            _ => return Err(Rejected::Type),
        }
        Ok(())
    }
}

impl Place for bool {
    fn blank() -> Self {
        false
    }

    fn expected(&mut self) -> &'static str {
        "a boolean"
    }

    fn set(&mut self, scalar: &Scalar<'_>) -> Result<(), Rejected> {
        let Scalar::Bool(value) = scalar else { return Err(Rejected::Type) };
        *self = *value;
        Ok(())
    }
}

macro_rules! integer_places {
    ($($integer:ident),+) => { $(
        impl Place for $integer {
            fn blank() -> Self {
                0
            }

            fn expected(&mut self) -> &'static str {
                stringify!($integer)
            }

            fn set(&mut self, scalar: &Scalar<'_>) -> Result<(), Rejected> {
                let number = match scalar {
                    Scalar::Signed(number) => (*number).try_into().ok(),
                    Scalar::Unsigned(number) => (*number).try_into().ok(),
                    _ => return Err(Rejected::Type),
                };
                *self = number.ok_or(Rejected::Value)?;
                Ok(())
            }
        }
    )+ };
}

integer_places!(i32, i64);

impl<T: Place> Place for Option<T> {
    fn blank() -> Self {
        None
    }

    fn expected(&mut self) -> &'static str {
        self.get_or_insert_with(T::blank).expected()
    }

    fn shape(&mut self) -> Shape {
        self.get_or_insert_with(T::blank).shape()
    }

    fn set(&mut self, scalar: &Scalar<'_>) -> Result<(), Rejected> {
        if T::is_absent(scalar) {
            *self = None;
            return Ok(());
        }
        self.get_or_insert_with(T::blank).set(scalar)
    }

    fn push(&mut self) -> Option<&mut dyn Place> {
        self.get_or_insert_with(T::blank).push()
    }

    fn end(&mut self) {
        self.get_or_insert_with(T::blank).end();
    }

    fn entry(&mut self, key: &str) -> Entry<'_> {
        self.get_or_insert_with(T::blank).entry(key)
    }

    fn contains(&self, key: &str) -> bool {
        self.as_ref().is_some_and(|place| place.contains(key))
    }

    fn missing(&self, given: Given) -> Option<&'static str> {
        self.as_ref().and_then(|place| place.missing(given))
    }
}

impl<T: Place> Place for Vec<T> {
    fn blank() -> Self {
        Vec::new()
    }

    fn expected(&mut self) -> &'static str {
        "a list"
    }

    fn shape(&mut self) -> Shape {
        Shape::List
    }

    fn push(&mut self) -> Option<&mut dyn Place> {
        self.push(T::blank());
        self.last_mut().map(|last| -> &mut dyn Place { last })
    }

    fn end(&mut self) {
        self.shrink_to_fit();
    }
}

impl<T: Place> Place for BTreeMap<String, T> {
    fn blank() -> Self {
        BTreeMap::new()
    }

    fn expected(&mut self) -> &'static str {
        "a map of keys and values"
    }

    fn shape(&mut self) -> Shape {
        Shape::Map
    }

    fn entry(&mut self, key: &str) -> Entry<'_> {
        let entry = BTreeMap::entry(self, key.to_owned());
        Entry::Value(entry.and_modify(|former| *former = T::blank()).or_insert_with(T::blank))
    }

    fn contains(&self, key: &str) -> bool {
        self.contains_key(key)
    }
}

/// The field `apiVersion` of a `T`. It may be absent or empty, as in Go.
pub(crate) struct ApiVersion<T>(PhantomData<T>);

/// The field `kind` of a `T`. It may be absent or empty, as in Go.
pub(crate) struct Kind<T>(PhantomData<T>);

macro_rules! fixed_text {
    ($($place:ident: $name:literal, $text:ident, $index:literal;)+) => { $(
        impl<T: TypeMeta + 'static> $place<T> {
            /// Returns the field, whose index follows those of all other fields.
            pub(crate) fn field<'p>() -> Field<'p> {
                // A value without a size takes no memory.
                Field::new($index, $name, Box::leak(Box::new($place::<T>::blank())))
            }
        }

        impl<T: TypeMeta> Place for $place<T> {
            fn blank() -> Self {
                $place(PhantomData)
            }

            fn expected(&mut self) -> &'static str {
                T::$text
            }

            fn set(&mut self, scalar: &Scalar<'_>) -> Result<(), Rejected> {
                match scalar {
                    Scalar::Text(text) if text.is_empty() || text == T::$text => Ok(()),
                    Scalar::Text(_) => Err(Rejected::Value),
                    _ => Err(Rejected::Type),
                }
            }
        }
    )+ };
}

fixed_text! {
    ApiVersion: "apiVersion", API_VERSION, 62;
    Kind: "kind", KIND, 63;
}
