//! Values of wire types, read from a document within its limits.
//!
//! The first error in a value is noted, and the rest is read nevertheless: an object with an error
//! still has a name, and the objects after it are read.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::FieldError;
use super::document::{Context, DocumentLimits, Fields, MERGE_KEY, State, VALUE_SIZE};
use super::field_error::Segment;
use super::value::Value;
use crate::api::wire::{self, Given, Key, MapStart, Opened, Place, Scalar};

/// Reads a value into its place.
struct TypedReader<'c, 'p> {
    context: &'c Context<'c>,
    opened: Opened<'p>,
}

/// Reads a value into a new element of a list.
struct ElementReader<'c, 'p> {
    context: &'c Context<'c>,
    list: &'p mut dyn Place,
}

/// Counts a value and drops it.
#[derive(Clone, Copy)]
struct Skipped<'c>(&'c Context<'c>);

impl Context<'_> {
    fn place<'c, 'p>(&'c self, mut opened: Opened<'p>) -> TypedReader<'c, 'p> {
        opened.is_secret |= self.elides;
        TypedReader { context: self, opened }
    }

    /// Reads the entries of a map or object into its place.
    pub(super) fn fill<'de, A: MapAccess<'de>>(
        mut self,
        given: &mut Given,
        place: &mut dyn Place,
        is_object: bool,
        mut next: Option<Key<'de>>,
        mut entries: A,
    ) -> Result<(), A::Error> {
        while let Some(Key(key)) = next {
            self.state.count(key.len())?;
            if key == MERGE_KEY {
                return self.fill_merged(given, place, entries);
            }
            // A second kind may be that of a Secret.
            self.elides |= is_object && key == "kind";
            match self.state.noted(given.open(place, &key)).flatten() {
                None => entries.next_value_seed(Skipped(&self))?,
                Some(opened) => {
                    let had_error = self.state.has_error();
                    entries.next_value_seed(self.place(opened))?;
                    self.state.locate(had_error, || Segment::Key(key.into_owned()));
                }
            }
            next = entries.next_key()?;
        }
        self.state.noted(given.end(place));
        Ok(())
    }

    /// Reads the merge key's value and the entries after it into the place of their map.
    fn fill_merged<'de, A: MapAccess<'de>>(
        self,
        given: &mut Given,
        place: &mut dyn Place,
        mut entries: A,
    ) -> Result<(), A::Error> {
        let merged = entries.next_value_seed(self.tree())?;
        let mut fields = Fields { merged: Some((0, merged)), ..Fields::default() };
        while let Some(Key(key)) = entries.next_key()? {
            self.state.count(key.len())?;
            let value = entries.next_value_seed(self.tree())?;
            fields.add(key, value)?;
        }
        let merged = fields.finish_after(&mut |key| given.has(place, key))?;
        for (key, value) in merged {
            self.state.noted(fill_value(given, place, key, value, self.elides));
        }
        self.state.noted(given.end(place));
        Ok(())
    }
}

/// Reads a value that was counted before into the place of its key.
///
/// # Errors
///
/// Returns the first error in the value.
pub(super) fn fill_value(
    given: &mut Given,
    place: &mut dyn Place,
    key: Cow<'_, str>,
    value: Value<'_>,
    elides: bool,
) -> Result<(), FieldError> {
    let Some(mut opened) = given.open(place, &key)? else { return Ok(()) };
    if let Value::Scalar(scalar) = value {
        opened.is_secret |= elides;
        return opened.set(&scalar).map_err(|error: FieldError| error.at_key(key));
    }
    let state = State::new(DocumentLimits { depth: usize::MAX, size: usize::MAX });
    let context = Context { state: &state, levels_left: usize::MAX, elides };
    let read = context.place(opened).deserialize(value);
    match read.err().or(state.error.take()) {
        None => Ok(()),
        Some(error) => Err(error.at_key(key)),
    }
}

impl<'c> TypedReader<'c, '_> {
    fn set<E: Error>(self, scalar: Scalar<'_>) -> Result<(), E> {
        self.context.state.count_text(&scalar)?;
        self.context.state.noted(self.opened.set(&scalar));
        Ok(())
    }

    /// Returns the context of the values inside.
    fn inner<E: Error>(&self) -> Result<Context<'c>, E> {
        Ok(Context { elides: self.opened.is_secret, ..self.context.deeper()? })
    }
}

impl<'de> DeserializeSeed<'de> for TypedReader<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let (state, elides) = (self.context.state, self.opened.is_secret);
        state.count(VALUE_SIZE)?;
        deserializer.deserialize_any(self).map_err(|error| state.elided(error, elides))
    }
}

impl<'de> DeserializeSeed<'de> for ElementReader<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // A list has a place for an element only if there is one.
        match self.list.push() {
            Some(place) => self.context.place(Opened::new(place)).deserialize(deserializer),
            None => Ok(()),
        }
    }
}

impl<'de> Visitor<'de> for TypedReader<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the JSON data model")
    }

    wire::visit_scalars!(());

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.set(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let context = self.inner()?;
        let Some(list) = context.state.noted(self.opened.list()) else {
            return Skipped(&context).visit_items(items);
        };
        for index in 0.. {
            let had_error = context.state.has_error();
            let element = ElementReader { context: &context, list: &mut *list };
            if items.next_element_seed(element)?.is_none() {
                break;
            }
            context.state.locate(had_error, || Segment::Index(index));
        }
        list.end();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let next = match wire::map_start(&mut entries)? {
            MapStart::Number(number) => return self.set(number),
            MapStart::Key(next) => next,
        };
        let context = self.inner()?;
        match context.state.noted(self.opened.map()) {
            Some(place) => context.fill(&mut Given::default(), place, false, next, entries),
            None => Skipped(&context).visit_entries(next, entries),
        }
    }
}

impl Skipped<'_> {
    fn set<E: Error>(self, scalar: Scalar<'_>) -> Result<(), E> {
        self.0.state.count_text(&scalar)
    }

    fn visit_items<'de, A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_entries<'de, A: MapAccess<'de>>(
        self,
        mut next: Option<Key<'de>>,
        mut entries: A,
    ) -> Result<(), A::Error> {
        while let Some(Key(key)) = next {
            self.0.state.count(key.len())?;
            entries.next_value_seed(self)?;
            next = entries.next_key()?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Skipped<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.state.count(VALUE_SIZE)?;
        let Context { state, elides, .. } = *self.0;
        deserializer.deserialize_any(self).map_err(|error| state.elided(error, elides))
    }
}

impl<'de> Visitor<'de> for Skipped<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the JSON data model")
    }

    wire::visit_scalars!(());

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.state.count(text.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        Skipped(&self.0.deeper()?).visit_items(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let next = match wire::map_start(&mut entries)? {
            MapStart::Number(number) => return self.set(number),
            MapStart::Key(next) => next,
        };
        Skipped(&self.0.deeper()?).visit_entries(next, entries)
    }
}
