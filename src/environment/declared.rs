//! What a container declares of its variables: each setting with its value and where that comes from,
//! which `Kubelet.makeEnvironmentVariables` forgets as it goes.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use super::Value;
use crate::api::{ConfigMap, FileKeySelector, ObjectFieldSelector, ResourceFieldSelector, Secret};
use crate::services::ServiceVariable;

/// What a container declares of a variable, in `env` or through `envFrom`.
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
    pub(crate) fn new(
        name: Cow<'a, str>,
        value: Value<'a>,
        entry: Entry,
        source: Source<'a>,
        references: Vec<Reference<'a>>,
    ) -> Self {
        Declared { name, value, entry, source, references, is_overwritten: false }
    }

    /// The variable's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value that it is given here.
    #[must_use]
    pub fn value(&self) -> &Value<'a> {
        &self.value
    }

    /// The entry that declares it.
    #[must_use]
    pub fn entry(&self) -> Entry {
        self.entry
    }

    /// Where the value comes from.
    #[must_use]
    pub fn source(&self) -> Source<'a> {
        self.source
    }

    /// The references that were expanded in it, in their order.
    #[must_use]
    pub fn references(&self) -> &[Reference<'a>] {
        &self.references
    }

    /// Whether the variable is declared again further on, so that this does not stand.
    #[must_use]
    pub fn is_overwritten(&self) -> bool {
        self.is_overwritten
    }
}

/// An entry of a container, by its place in its list.
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
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::EnvFrom(index) => write!(f, "envFrom[{index}]"),
            Entry::Env(index) => write!(f, "env[{index}]"),
            Entry::Command(index) => write!(f, "command[{index}]"),
            Entry::Args(index) => write!(f, "args[{index}]"),
        }
    }
}

/// A `$(NAME)` in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference<'a> {
    /// The name.
    pub name: &'a str,
    /// What was put in.
    pub resolved: Resolved<'a>,
}

/// What was put in for a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved<'a> {
    /// The value of what the container had declared by then, by its place in
    /// [`Environment::declared`](crate::Environment::declared).
    Declared(usize),
    /// The value of a service variable.
    Service(ServiceVariable<'a>),
    /// The reference itself, for there was no such variable.
    Unresolved,
}

/// Where a declared variable has its value from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source<'a> {
    /// A text, in which references were expanded.
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
    /// Neither a text nor a source: the empty value.
    Nothing,
}
