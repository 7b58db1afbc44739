//! Documents of any format, read before the kinds of their objects are known.
//!
//! `kubectl` prints the items of a List before its kind.

use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor,
};

use super::read::{ReadObject, SkippedFields};
use super::value::Value;
use crate::api::wire;

/// A document of JSON, YAML or another self-describing format, for
/// [`Objects::add`](crate::Objects::add).
///
/// Any deserializer of such a format reads one within the default [`DocumentLimits`]. Use
/// [`DocumentLimits`] as a seed to read one within other limits.
///
/// ```
/// use kubelet_env::{Document, Objects};
/// use serde::Deserialize;
///
/// let yaml = "
/// {apiVersion: v1, kind: Node, metadata: {name: worker-1}}
/// ---
/// {apiVersion: v1, kind: List, items: []}
/// ";
/// let mut objects = Objects::default();
/// for document in yaml_serde::Deserializer::from_str(yaml) {
///     objects.add(Document::deserialize(document)?)?;
/// }
/// assert_eq!(objects.nodes.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # YAML
///
/// `kubectl` reads YAML 1.1. A parser of YAML 1.2 gives other values for some plain scalars, and a
/// document cannot know how a scalar was written:
///
/// - `yes`, `no`, `on`, `off`, `y` and `n` are booleans for `kubectl`, in any of the spellings
///   `no`, `No` and `NO`. It rejects `value: yes`, and reads the key `NO` of a ConfigMap as
///   `false`.
/// - `010` is the number 8, and `1_000` is 1000.
///
/// A program that reads manifests should use a parser of YAML 1.1, or reject these scalars unless
/// they are quoted. The example programs reject them.
///
/// The merge key `<<` is merged, because Kubernetes has no field or key of that name. A merged key
/// is an error if the map has it already before the merge key: YAML and `kubectl` disagree about
/// which one wins. The wire types' own `Deserialize` ignores merge keys like every unknown field,
/// so read YAML through a document.
///
/// ```
/// use kubelet_env::{Document, Objects};
/// use serde::Deserialize;
///
/// let yaml = "
/// apiVersion: v1
/// kind: Service
/// metadata: {name: web}
/// spec:
///   <<: {clusterIP: 10.0.0.1, ports: [{port: 80}]}
///   clusterIP: 10.0.0.2
/// ";
/// let mut objects = Objects::default();
/// objects.add(Document::deserialize(yaml_serde::Deserializer::from_str(yaml))?)?;
/// let service = objects.services.in_namespace("default").get("web").unwrap();
/// assert_eq!((service.spec.cluster_ip.as_str(), service.spec.ports.len()), ("10.0.0.2", 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Parsers
///
/// This crate does not parse text. The limits apply to what a parser returns, and not to the time
/// and memory that it needs before that. For untrusted text:
///
/// - Add each document before the next one is read.
/// - Set [`DocumentLimits::size`] to 32 times the length of the text. This stops YAML aliases that
///   multiply their content.
/// - Reject YAML with hundreds of unclosed `[` and `{` before it is parsed, or limit its length.
///   Common parsers of YAML need time proportional to length × nesting. The `printenv` example
///   does this.
/// - Remove a UTF-8 byte order mark (`'\u{feff}'`) from the start of the text. `kubectl` accepts
///   one, most parsers do not.
///
/// # Secrets
///
/// `Debug` does not show the content. An error of the parser may quote a value of a Secret, so its
/// message is replaced while the object may be one: until its `kind` was read, and if that is
/// `Secret` or `SecretList`. The position in the text remains.
#[derive(Clone, PartialEq)]
pub struct Document(pub(crate) Value<'static>);

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Document([elided])")
    }
}

/// Upper bounds for a [`Document`].
///
/// It is a [`DeserializeSeed`] that reads a document within these bounds. A larger document is an
/// error of the format, with the name of the exceeded limit in its message.
///
/// ```
/// use kubelet_env::Objects;
/// use kubelet_env::objects::DocumentLimits;
/// use serde::de::DeserializeSeed;
///
/// let yaml = "{apiVersion: v1, kind: Service, metadata: &m {name: web}, a: [*m, *m], b: [*m]}";
/// let limits = DocumentLimits { size: 32 * yaml.len(), ..DocumentLimits::default() };
/// let document = limits.deserialize(yaml_serde::Deserializer::from_str(yaml))?;
/// let mut objects = Objects::default();
/// objects.add(document)?;
///
/// let small = DocumentLimits { size: 300, ..DocumentLimits::default() };
/// let error = small.deserialize(yaml_serde::Deserializer::from_str(yaml)).unwrap_err();
/// assert!(error.to_string().contains("DocumentLimits::size"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentLimits {
    /// The maximum depth of nested lists and objects. The default is 128, the limit of serde_json
    /// and of common YAML parsers.
    ///
    /// Each level uses stack to read, clone, compare and drop the document, and in the parser of
    /// the format: about 2 KiB in an optimised build and 10 KiB in a debug build.
    pub depth: usize,
    /// The maximum size in bytes. The default is 1 GiB.
    ///
    /// Each value, `null` included, counts as 32 bytes. Each text and each key adds its length. A
    /// List of a million Services has a size of about 0.8 GiB.
    ///
    /// The document uses one to three times as much memory. The objects that are read from it
    /// usually use less, but a list of empty containers uses up to 30 times as much.
    ///
    /// Without YAML aliases no document is larger than 32 times the length of its text, or than 32
    /// bytes if the text is empty. For untrusted YAML, use 32 times the length.
    pub size: usize,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        DocumentLimits { depth: 128, size: 1 << 30 }
    }
}

impl DocumentLimits {
    /// Reads a document without a copy of the text that the format lends.
    pub(super) fn read<'de, D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value<'de>, D::Error> {
        let state =
            State { limits: self, bytes_left: Cell::new(self.size), is_ours: Cell::new(false) };
        let reader = ValueReader {
            state: &state,
            levels_left: self.depth,
            position: Position::Document,
            elides: false,
            is_skipped: false,
        };
        reader.deserialize(deserializer)
    }
}

impl<'de> DeserializeSeed<'de> for DocumentLimits {
    type Value = Document;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Document, D::Error> {
        Ok(Document(self.read(deserializer)?.into_owned()))
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DocumentLimits::default().deserialize(deserializer)
    }
}

/// The size of a value without its text.
const VALUE_SIZE: usize = 32;

/// The state that the readers of one document share.
struct State {
    limits: DocumentLimits,
    bytes_left: Cell<usize>,
    /// True if the error being returned is one of this module, so that it quotes nothing.
    is_ours: Cell<bool>,
}

impl State {
    fn error<E: Error>(&self, message: fmt::Arguments<'_>) -> E {
        self.is_ours.set(true);
        E::custom(message)
    }

    fn count<E: Error>(&self, bytes: usize) -> Result<(), E> {
        match self.bytes_left.get().checked_sub(bytes) {
            Some(bytes_left) => {
                self.bytes_left.set(bytes_left);
                Ok(())
            }
            None => Err(self.error(format_args!(
                "the document with its aliases expanded is larger than {} bytes \
                 (DocumentLimits::size)",
                self.limits.size
            ))),
        }
    }
}

/// The position of a value, as far as it decides about Secrets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// The document itself.
    Document,
    /// The `items` of an object.
    Items,
    /// An item of a list: an object with a `kind`.
    Item,
    /// A field of an item whose kind was read before it.
    FieldOf(SkippedFields),
    /// A value inside an object.
    Other,
}

/// Reads a value within the limits.
#[derive(Clone, Copy)]
struct ValueReader<'s> {
    state: &'s State,
    levels_left: usize,
    position: Position,
    /// True if errors of the format may quote a Secret's value.
    elides: bool,
    /// True if the value is counted and dropped.
    is_skipped: bool,
}

impl ValueReader<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(ValueReader { levels_left, position: Position::Other, ..self }),
            None => Err(self.state.error(format_args!(
                "the document is nested too deeply: the limit is {} levels \
                 (DocumentLimits::depth)",
                self.state.limits.depth
            ))),
        }
    }

    fn text<'de, E: Error>(self, text: Cow<'de, str>) -> Result<Value<'de>, E> {
        self.state.count(text.len())?;
        Ok(if self.is_skipped { Value::Null } else { Value::Text(text) })
    }

    fn number<'de, E: Error>(self, text: Cow<'de, str>) -> Result<Value<'de>, E> {
        let number = Value::number(text).ok_or_else(|| {
            E::invalid_value(Unexpected::Other("another text"), &"the digits of a number")
        })?;
        if let Value::Number(text) = &number {
            self.state.count(text.len())?;
        }
        Ok(number)
    }
}

impl<'de> DeserializeSeed<'de> for ValueReader<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        self.state.count(VALUE_SIZE)?;
        let read = deserializer.deserialize_any(self);
        match read {
            Err(_) if self.elides && !self.state.is_ours.get() => {
                Err(self.state.error(format_args!("{}", wire::ELIDED_MESSAGE)))
            }
            read => read,
        }
    }
}

impl<'de> Visitor<'de> for ValueReader<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the JSON data model")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Signed(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Unsigned(value))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Value<'de>, E> {
        self.number(value.to_string().into())
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Value<'de>, E> {
        self.number(value.to_string().into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Value::Float(value))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        self.text(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        self.state.count(text.len())?;
        Ok(if self.is_skipped { Value::Null } else { Value::Text(Cow::Owned(text.into())) })
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value<'de>, E> {
        self.text(Cow::Owned(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        let are_objects = self.position == Position::Items;
        let position = if are_objects { Position::Item } else { Position::Other };
        let reader = ValueReader { position, ..self.deeper()? };
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(reader)? {
            match are_objects {
                true => list.push(ReadObject::of_item(item)),
                false if self.is_skipped => {}
                false => list.push(item),
            }
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value<'de>, A::Error> {
        let mut next = entries.next_key()?;
        if let Some(Key(key)) = &next
            && key == wire::NUMBER_TOKEN
        {
            let Key(text) = entries.next_value()?;
            return self.number(text);
        }
        let is_object = matches!(self.position, Position::Document | Position::Item);
        // Of two kinds that of a Secret counts.
        let mut is_secret = None;
        let mut skipped = match self.position {
            Position::FieldOf(skipped) => Some(skipped),
            _ => None,
        };
        let deeper = self.deeper()?;
        let mut fields = Fields::default();
        while let Some(Key(key)) = next {
            self.state.count(key.len())?;
            let mut reader = deeper;
            if is_object {
                reader.elides = is_secret.unwrap_or(key != "apiVersion" && key != "kind");
            }
            if is_object && key == "items" {
                reader.position = Position::Items;
            } else if let Some(skipped) = skipped {
                reader.is_skipped |= key != MERGE_KEY && skipped.contains(&key);
                reader.position = skipped.inside(&key).map_or(Position::Other, Position::FieldOf);
            }
            let value = entries.next_value_seed(reader)?;
            if reader.is_skipped {
                next = entries.next_key()?;
                continue;
            }
            if self.position == Position::Item && key == "kind" && skipped.is_none() {
                // Of two kinds the first one counts.
                skipped = Some(value.as_str().map(SkippedFields::of_kind).unwrap_or_default());
            }
            if is_object
                && key == "kind"
                && let Some(kind) = value.as_str().filter(|kind| !kind.is_empty())
            {
                is_secret = Some(is_secret.unwrap_or(false) || wire::is_secret_kind(kind));
            }
            fields.add(key, value)?;
            next = entries.next_key()?;
        }
        fields.finish()
    }
}

/// The fields of a map that is being read. Its methods keep the recursion's own frames small.
#[derive(Default)]
struct Fields<'de> {
    entries: Entries<'de>,
    /// The value of the merge key, and the number of entries before it.
    merged: Option<(usize, Value<'de>)>,
}

impl<'de> Fields<'de> {
    fn add<E: Error>(&mut self, key: Cow<'de, str>, value: Value<'de>) -> Result<(), E> {
        if key != MERGE_KEY {
            self.entries.push((key, value));
        } else if self.merged.replace((self.entries.len(), value)).is_some() {
            return Err(E::custom("a map has the merge key `<<` twice: use one with a list"));
        }
        Ok(())
    }

    fn finish<E: Error>(self) -> Result<Value<'de>, E> {
        match self.merged {
            None => Ok(Value::Map(self.entries)),
            Some((position, value)) => merge(self.entries, position, value).map(Value::Map),
        }
    }
}

/// The entries of a map, in order.
type Entries<'de> = Vec<(Cow<'de, str>, Value<'de>)>;

/// The key of YAML 1.1 whose value is one map or several, the entries of which are merged.
const MERGE_KEY: &str = "<<";

/// Merges the value of a merge key that has `earlier` entries before it. Of several maps the first
/// one wins, and the entries after the merge key win over all of them.
fn merge<'de, E: Error>(
    own: Entries<'de>,
    earlier: usize,
    value: Value<'de>,
) -> Result<Entries<'de>, E> {
    let sources = match value {
        Value::List(items) => items,
        value => Vec::from([value]),
    };
    let positions: BTreeMap<&str, usize> =
        own.iter().enumerate().rev().map(|(position, (key, _))| (&**key, position)).collect();
    let mut names = BTreeSet::new();
    let mut added = Vec::new();
    for source in sources {
        let Value::Map(entries) = source else {
            return Err(E::custom(
                "the value of the merge key `<<` is neither a map nor a list of maps",
            ));
        };
        for (key, value) in entries {
            match positions.get(&*key) {
                Some(&position) if position < earlier => {
                    return Err(E::custom(format_args!(
                        "the merge key `<<` sets {key:?}, which is set before it: put the merge key first"
                    )));
                }
                Some(_) => {}
                None => {
                    if names.insert(key.clone()) {
                        added.push((key, value));
                    }
                }
            }
        }
    }
    added.extend(own);
    Ok(added)
}

/// A key of a map. Numbers and booleans of YAML become text, as in `kubectl`.
struct Key<'de>(Cow<'de, str>);

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
