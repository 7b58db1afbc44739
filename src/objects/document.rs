//! One document of any format, before it is known which objects are in it: `kubectl` prints a
//! List's items before its kind.

use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor,
};

/// One document of JSON, YAML or another format, to be given to [`Objects::add`](crate::Objects::add).
///
/// Any deserializer of a self-describing format makes one, within the default [`DocumentLimits`];
/// these also make one with others. Text that the format can lend is not copied.
///
/// ```
/// use kubelet_env::{Document, Objects};
/// use serde::Deserialize;
///
/// let yaml = "{apiVersion: v1, kind: Node, metadata: {name: worker-1}}\n---\n{apiVersion: v1, kind: List, items: []}\n";
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
/// let service = objects.services.get("", "web").unwrap();
/// assert_eq!((service.spec.cluster_ip.as_str(), service.spec.ports.len()), ("10.0.0.2", 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `Debug` shows nothing of it: a Secret may be in it.
#[derive(Clone, PartialEq)]
pub struct Document<'de>(pub(crate) Value<'de>);

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Document([elided])")
    }
}

/// A value of the JSON data model.
#[derive(Clone, PartialEq)]
pub(crate) enum Value<'de> {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(Cow<'de, str>),
    List(Vec<Value<'de>>),
    Map(Entries<'de>),
}

impl<'de> Value<'de> {
    /// The value of the first key of that name, if this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Value<'de>> {
        match self {
            Value::Map(fields) => {
                fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The text, if this is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// How large a [`Document`] may become. A document that becomes larger is an error of its format,
/// whose text names the limit.
///
/// It is a [`DeserializeSeed`], to read a document with other limits than the default ones:
///
/// ```
/// use kubelet_env::Objects;
/// use kubelet_env::objects::DocumentLimits;
/// use serde::de::DeserializeSeed;
///
/// let yaml = "{apiVersion: v1, kind: Service, metadata: &m {name: web}, a: [*m, *m], b: [*m, *m]}";
/// let in_proportion = DocumentLimits { size: 32 * yaml.len(), ..DocumentLimits::default() };
/// let document = in_proportion.deserialize(yaml_serde::Deserializer::from_str(yaml))?;
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
    /// How deep lists and objects may stand in one another: 128, which is as deep as serde_json and
    /// the parsers of YAML go by themselves.
    ///
    /// Reading, cloning, comparing and dropping a document take stack for each level, and so does
    /// its format's parser: count with 2 KiB a level in an optimised build and 10 KiB in another.
    pub depth: usize,
    /// How many bytes it may come to, each value (`null` too) counted as 32 and each text and key as
    /// its length besides: 1 GiB. The memory that it takes is one to three times that.
    ///
    /// A List of a million Services comes to some 0.8 GiB. No document comes to more than 32 times
    /// the length of its text, unless aliases of YAML multiply what is in it: who reads YAML of
    /// strangers takes that for the limit, or whatever the text's length is allowed to grow by.
    pub size: usize,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        DocumentLimits { depth: 128, size: 1 << 30 }
    }
}

impl<'de> DeserializeSeed<'de> for DocumentLimits {
    type Value = Document<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Document<'de>, D::Error> {
        let reader = ValueReader {
            limits: &self,
            levels_left: self.depth,
            bytes_left: &Cell::new(self.size),
        };
        reader.deserialize(deserializer).map(Document)
    }
}

impl<'de> Deserialize<'de> for Document<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DocumentLimits::default().deserialize(deserializer)
    }
}

/// What a value counts for, apart from its text.
const BYTES_OF_A_VALUE: usize = 32;

/// Reads a value, as far as the limits go.
#[derive(Clone, Copy)]
struct ValueReader<'l> {
    limits: &'l DocumentLimits,
    /// How much deeper the value may be nested.
    levels_left: usize,
    bytes_left: &'l Cell<usize>,
}

impl ValueReader<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let DocumentLimits { depth, .. } = self.limits;
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(ValueReader { levels_left, ..self }),
            None => Err(E::custom(format_args!(
                "the document is nested too deep: {depth} levels at most (DocumentLimits::depth)"
            ))),
        }
    }

    fn take_up<E: Error>(self, bytes: usize) -> Result<(), E> {
        let DocumentLimits { size, .. } = self.limits;
        match self.bytes_left.get().checked_sub(bytes) {
            Some(bytes_left) => {
                self.bytes_left.set(bytes_left);
                Ok(())
            }
            None => Err(E::custom(format_args!(
                "the document comes to more than {size} bytes, its aliases expanded (DocumentLimits::size)"
            ))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for ValueReader<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        self.take_up(BYTES_OF_A_VALUE)?;
        deserializer.deserialize_any(self)
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
        beyond_64_bits(value)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Value<'de>, E> {
        beyond_64_bits(value)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Value::Float(value))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        self.take_up(text.len())?;
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        self.take_up(text.len())?;
        Ok(Value::Text(Cow::Owned(text.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        let deeper = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(deeper)? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value<'de>, A::Error> {
        let deeper = self.deeper()?;
        let mut fields = Fields::default();
        while let Some(Key(key)) = entries.next_key()? {
            self.take_up(key.len())?;
            fields.add(key, entries.next_value_seed(deeper)?)?;
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

/// As in JSON, which has no other numbers of that size.
fn beyond_64_bits<'de, E: Error>(number: impl ToString) -> Result<Value<'de>, E> {
    number.to_string().parse().map(Value::Float).map_err(E::custom)
}

/// A key of a map. YAML's may be numbers and booleans, which become text as they do in `kubectl`.
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
