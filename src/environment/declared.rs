//! The declarations of a container's variables with their values and sources, which
//! `Kubelet.makeEnvironmentVariables` does not keep.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use super::Value;
use crate::api::{
    ConfigMap, ConfigMapKeySelector, EnvFromSource, FileKeySelector, ObjectFieldSelector,
    ResourceFieldSelector, Secret, SecretKeySelector,
};
use crate::services::ServiceVariable;

/// A declaration of a variable, in `env` or through `envFrom`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: Value<'a>,
    entry: Entry,
    source: Source<'a>,
    references: Vec<Reference<'a>>,
    pub(crate) is_overwritten: bool,
}

impl<'a> Declared<'a> {
    #[inline(always)]
    pub(crate) fn new(
        name: Cow<'a, str>,
        value: Value<'a>,
        entry: Entry,
        source: Source<'a>,
        references: Vec<Reference<'a>>,
    ) -> Self {
        Declared { name, value, entry, source, references, is_overwritten: false }
    }

    /// Returns the variable's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the value that this declaration sets.
    #[must_use]
    pub fn value(&self) -> &Value<'a> {
        &self.value
    }

    /// Returns the entry that declares the variable.
    #[must_use]
    pub fn entry(&self) -> Entry {
        self.entry
    }

    /// Returns the source of the value.
    #[must_use]
    pub fn source(&self) -> Source<'a> {
        self.source
    }

    /// Returns the references in the value, in their order.
    #[must_use]
    pub fn references(&self) -> &[Reference<'a>] {
        &self.references
    }

    /// Reports whether a later declaration of the variable overrides this one.
    #[must_use]
    pub fn is_overwritten(&self) -> bool {
        self.is_overwritten
    }
}

/// An entry of a container, by its index in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Entry {
    /// `envFrom[index]`
    EnvFrom(usize),
    /// `env[index]`
    Env(usize),
    /// `command[index]`
    Command(usize),
    /// `args[index]`
    Args(usize),
    /// `volumeMounts[index]`
    VolumeMount(usize),
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::EnvFrom(index) => write!(f, "envFrom[{index}]"),
            Entry::Env(index) => write!(f, "env[{index}]"),
            Entry::Command(index) => write!(f, "command[{index}]"),
            Entry::Args(index) => write!(f, "args[{index}]"),
            Entry::VolumeMount(index) => write!(f, "volumeMounts[{index}]"),
        }
    }
}

#[cfg(feature = "serde")]
mod of_serde {
    use alloc::string::String;

    use serde::de::{Deserialize, Deserializer, Error, Unexpected};
    use serde::ser::{Serialize, Serializer};

    use super::Entry;

    /// Serializes the text of `Display`, such as `env[0]`.
    impl Serialize for Entry {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for Entry {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            read(&text).ok_or_else(|| {
                D::Error::invalid_value(Unexpected::Str(&text), &"an entry such as `env[0]`")
            })
        }
    }

    fn read(text: &str) -> Option<Entry> {
        let (list, index) = text.strip_suffix(']')?.split_once('[')?;
        // The parser would accept a sign.
        let index = index.bytes().all(|byte| byte.is_ascii_digit()).then_some(index)?;
        let index = index.parse().ok()?;
        Some(match list {
            "envFrom" => Entry::EnvFrom(index),
            "env" => Entry::Env(index),
            "command" => Entry::Command(index),
            "args" => Entry::Args(index),
            "volumeMounts" => Entry::VolumeMount(index),
            _ => return None,
        })
    }
}

/// A `$(NAME)` in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference<'a> {
    /// The name.
    pub name: &'a str,
    /// The variable that replaced it.
    pub resolved: Resolved<'a>,
}

/// The variable that a reference resolves to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolved<'a> {
    /// An earlier declaration of the container, by its index in
    /// [`Environment::declared`](crate::Environment::declared).
    Declared(usize),
    /// A service variable.
    Service(ServiceVariable<'a>),
    /// A variable of a device plugin, by its index in
    /// [`Environment::device_variables`](crate::Environment::device_variables). Only commands,
    /// arguments and `subPathExpr` see these.
    Device(usize),
    /// No known variable, but an [open source](crate::Environment::open_sources) may set it.
    Unknown,
    /// No variable. The reference stays as it is.
    Unresolved,
}

/// The source of a declared variable's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source<'a> {
    /// A text in which references are expanded.
    Text(&'a str),
    /// A key of a ConfigMap.
    ConfigMap(&'a ConfigMap, &'a str),
    /// A key of a Secret.
    Secret(&'a Secret, &'a str),
    /// A field of the Pod.
    Field(&'a ObjectFieldSelector),
    /// A limit or request of a container.
    Resource(&'a ResourceFieldSelector),
    /// A key of an env file.
    File(&'a FileKeySelector),
    /// A key of a ConfigMap that is not among the objects, or has no such key there.
    UnknownConfigMap(&'a ConfigMapKeySelector),
    /// A key of a Secret that is not among the objects, or has no such key there.
    UnknownSecret(&'a SecretKeySelector),
    /// An `envFrom` source that is not among the objects and may set the variable: an
    /// [open source](crate::Environment::open_sources).
    Open(&'a EnvFromSource),
    /// Neither a text nor a source: the empty value.
    Nothing,
}
