//! Documents of any format, read before the kinds of their objects are known.
//!
//! `kubectl` prints the items of a List before its kind.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::FieldError;
use super::field_error::Segment;
use super::read::{Draft, Items, ReadObject};
use super::value::{Entries, Value};
use crate::api::wire::{self, Key, MapStart, Scalar};

/// A document of JSON, YAML or another self-describing format, for
/// [`Objects::add`](crate::Objects::add).
///
/// Any deserializer of such a format reads one within the default [`DocumentLimits`]. Use
/// [`DocumentLimits`] as a seed to read one within other limits.
///
/// Two documents are equal if they have the same content. The order of a List's objects does not
/// count.
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
        let state = State::new(self);
        let context = Context { state: &state, levels_left: self.depth, elides: false };
        ValueReader { context, position: Position::Document }.deserialize(deserializer)
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
pub(super) const VALUE_SIZE: usize = 32;

/// The state that the readers of one document share.
pub(super) struct State {
    limits: DocumentLimits,
    bytes_left: Cell<usize>,
    /// True if the error being returned is one of this module, so that it quotes nothing.
    is_ours: Cell<bool>,
    /// The first error in the typed object that is being read.
    pub(super) error: RefCell<Option<FieldError>>,
}

impl State {
    pub(super) fn new(limits: DocumentLimits) -> Self {
        State {
            limits,
            bytes_left: Cell::new(limits.size),
            is_ours: Cell::new(false),
            error: RefCell::new(None),
        }
    }

    fn error<E: Error>(&self, message: fmt::Arguments<'_>) -> E {
        self.is_ours.set(true);
        E::custom(message)
    }

    pub(super) fn count<E: Error>(&self, bytes: usize) -> Result<(), E> {
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

    /// Returns a value, or notes the error instead unless there was one before.
    pub(super) fn noted<T>(&self, result: Result<T, FieldError>) -> Option<T> {
        result.map_err(|error| _ = self.error.borrow_mut().get_or_insert(error)).ok()
    }

    /// Returns the error of a format, or one that quotes nothing if it `elides` a Secret.
    pub(super) fn elided<E: Error>(&self, error: E, elides: bool) -> E {
        if elides && !self.is_ours.get() {
            return self.error(format_args!("{}", wire::ELIDED_MESSAGE));
        }
        error
    }

    /// Counts the text of a scalar.
    pub(super) fn count_text<E: Error>(&self, scalar: &Scalar<'_>) -> Result<(), E> {
        match scalar {
            Scalar::Text(text) | Scalar::Number(text) => self.count(text.len()),
            _ => Ok(()),
        }
    }

    #[inline]
    pub(super) fn has_error(&self) -> bool {
        self.error.borrow().is_some()
    }

    /// Adds a segment in front of the path of the error, if it is that of a value inside.
    pub(super) fn locate(&self, had_error: bool, segment: impl FnOnce() -> Segment) {
        if !had_error && let Some(error) = self.error.take() {
            self.error.replace(Some(error.inside(segment())));
        }
    }
}

/// The position of a value, as far as it decides what is read.
#[derive(Clone, Copy)]
enum Position {
    /// The document itself, which may be an object.
    Document,
    /// The `items` of the document.
    Items,
    /// The `items` of an item, which is a list in a list.
    NestedItems,
    /// An item of a list, which may be an object.
    Item,
    /// A value inside an object.
    Other,
}

/// The surroundings of a value.
#[derive(Clone, Copy)]
pub(super) struct Context<'s> {
    pub(super) state: &'s State,
    pub(super) levels_left: usize,
    /// True if errors may quote a Secret's value.
    pub(super) elides: bool,
}

impl<'s> Context<'s> {
    pub(super) fn deeper<E: Error>(&self) -> Result<Self, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Context { levels_left, ..*self }),
            None => Err(self.state.error(format_args!(
                "the document is nested too deeply: the limit is {} levels \
                 (DocumentLimits::depth)",
                self.state.limits.depth
            ))),
        }
    }

    /// Returns the reader of a tree.
    pub(super) fn tree(self) -> ValueReader<'s> {
        ValueReader { context: self, position: Position::Other }
    }

    /// Reads a map as a tree.
    fn read_map<'de, A: MapAccess<'de>>(
        self,
        mut next: Option<Key<'de>>,
        mut entries: A,
    ) -> Result<Value<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(Key(key)) = next {
            self.state.count(key.len())?;
            let value = entries.next_value_seed(self.tree())?;
            fields.add(key, value)?;
            next = entries.next_key()?;
        }
        fields.finish().map(Value::Map)
    }

    /// Reads an object as a tree until its type is known, and into a value of the type from then
    /// on.
    fn read_object<'de, A: MapAccess<'de>>(
        self,
        items: Position,
        mut next: Option<Key<'de>>,
        mut entries: A,
    ) -> Result<Value<'de>, A::Error> {
        // Of two kinds that of a Secret counts.
        let mut is_secret = None;
        let mut fields = Fields::default();
        while let Some(Key(key)) = next {
            self.state.count(key.len())?;
            let is_type = key == "apiVersion" || key == "kind";
            let elides = is_secret.unwrap_or(!is_type);
            let position = if key == "items" { items } else { Position::Other };
            let context = Context { elides, ..self };
            let value = entries.next_value_seed(ValueReader { context, position })?;
            if key == "kind"
                && let Some(kind) = value.as_str().filter(|kind| !kind.is_empty())
            {
                is_secret = Some(is_secret.unwrap_or(false) || wire::is_secret_kind(kind));
            }
            fields.add(key, value)?;
            next = entries.next_key()?;
            if is_type
                && fields.merged.is_none()
                && let Some(mut draft) = Draft::of_entries(&fields.entries)
            {
                self.state.noted(draft.fill(core::mem::take(&mut fields.entries)));
                let elides = is_secret.unwrap_or(false);
                let typed = Context { elides, ..self };
                typed.fill(&mut draft.given, draft.object.place(), true, next, entries)?;
                return Ok(Value::Object(draft.finish(self.state.error.take())));
            }
        }
        fields.finish().map(Value::Map)
    }
}

/// Reads a value as a tree.
pub(super) struct ValueReader<'s> {
    context: Context<'s>,
    position: Position,
}

impl ValueReader<'_> {
    fn set<'de, E: Error>(self, scalar: Scalar<'de>) -> Result<Value<'de>, E> {
        self.context.state.count_text(&scalar)?;
        Ok(Value::Scalar(scalar))
    }
}

impl<'de> DeserializeSeed<'de> for ValueReader<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        let Context { state, elides, .. } = self.context;
        state.count(VALUE_SIZE)?;
        deserializer.deserialize_any(self).map_err(|error| state.elided(error, elides))
    }
}

impl<'de> Visitor<'de> for ValueReader<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the JSON data model")
    }

    wire::visit_scalars!(Value<'de>);

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        self.set(Scalar::Text(Cow::Owned(text.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        let context = self.context.deeper()?;
        let item = || ValueReader { context, position: Position::Item };
        let mut list = Vec::new();
        match self.position {
            Position::Items => {
                let mut read = Box::new(Items::default());
                while let Some(item) = items.next_element_seed(item())? {
                    read.push(item);
                }
                return Ok(Value::Items(read));
            }
            Position::NestedItems => {
                while let Some(item) = items.next_element_seed(item())? {
                    list.push(ReadObject::of_item(item));
                }
            }
            _ => {
                while let Some(item) = items.next_element_seed(context.tree())? {
                    list.push(item);
                }
            }
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value<'de>, A::Error> {
        let next = match wire::map_start(&mut entries)? {
            MapStart::Number(number) => return self.set(number),
            MapStart::Key(next) => next,
        };
        let context = self.context.deeper()?;
        match self.position {
            Position::Document => context.read_object(Position::Items, next, entries),
            Position::Item => context.read_object(Position::NestedItems, next, entries),
            _ => context.read_map(next, entries),
        }
    }
}

/// The fields of a map that is being read. Its methods keep the recursion's own frames small.
#[derive(Default)]
pub(super) struct Fields<'de> {
    pub(super) entries: Entries<'de>,
    /// The value of the merge key, and the number of entries before it.
    pub(super) merged: Option<(usize, Value<'de>)>,
}

impl<'de> Fields<'de> {
    pub(super) fn add<E: Error>(&mut self, key: Cow<'de, str>, value: Value<'de>) -> Result<(), E> {
        if key != MERGE_KEY {
            self.entries.push((key, value));
        } else if self.merged.replace((self.entries.len(), value)).is_some() {
            return Err(E::custom("a map has the merge key `<<` twice: use one with a list"));
        }
        Ok(())
    }

    pub(super) fn finish<E: Error>(self) -> Result<Entries<'de>, E> {
        self.finish_after(&mut |_| false)
    }

    /// Returns the entries of a map that has other keys before these.
    pub(super) fn finish_after<E: Error>(
        self,
        is_earlier: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Entries<'de>, E> {
        match self.merged {
            None => Ok(self.entries),
            Some((position, value)) => {
                merge(self.entries, position, value, is_earlier).map_err(E::custom)
            }
        }
    }
}

/// The key of YAML 1.1 whose value is one map or several, the entries of which are merged.
pub(super) const MERGE_KEY: &str = "<<";

/// Merges the value of a merge key that has `earlier` entries before it, or others. Of several maps
/// the first one wins, and the entries after the merge key win over all of them.
fn merge<'de>(
    own: Entries<'de>,
    earlier: usize,
    value: Value<'de>,
    is_earlier: &mut dyn FnMut(&str) -> bool,
) -> Result<Entries<'de>, Cow<'static, str>> {
    let sources = match value {
        Value::List(items) => items,
        value => Vec::from([value]),
    };
    // Merge keys are rare. A map of this type exists anyway, one of borrowed keys is more code.
    let mut positions: BTreeMap<String, usize> = BTreeMap::new();
    for (position, (key, _)) in own.iter().enumerate() {
        positions.entry(key.to_string()).or_insert(position);
    }
    let mut added = Vec::new();
    for source in sources {
        let Value::Map(entries) = source else {
            return Err(Cow::Borrowed(
                "the value of the merge key `<<` is neither a map nor a list of maps",
            ));
        };
        for (key, value) in entries {
            let position = positions.get(&*key);
            if position.is_some_and(|&position| position < earlier) || is_earlier(&key) {
                return Err(Cow::Owned(format!(
                    "the merge key `<<` sets {key:?}, which is set before it: put the merge key first"
                )));
            }
            if position.is_none() {
                positions.insert(key.to_string(), usize::MAX);
                added.push((key, value));
            }
        }
    }
    added.extend(own);
    Ok(added)
}
