//! The entries of `process.env` in an OCI configuration.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::environment::{Value, ValueBuilder};

/// An entry of `process.env` in an OCI configuration, or of the environment of process 1.
///
/// `Debug` does not show the value of a Secret.
///
/// ```
/// use kubelet_env::process::{EntryOrigin, EnvEntry};
///
/// let entry = EnvEntry::parse("URL=http://db/?a=b", EntryOrigin::Image);
/// assert_eq!(entry.name(), "URL");
/// assert_eq!(entry.value().unwrap().as_str(), Some("http://db/?a=b"));
///
/// assert!(EnvEntry::parse("URL", EntryOrigin::Image).value().is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvEntry<'a> {
    name: Cow<'a, str>,
    value: Option<Value<'a>>,
    origin: EntryOrigin,
}

/// The part of the system that an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EntryOrigin {
    /// A default of the container runtime: `PATH`, `TERM`, `HOSTNAME`, CRI-O's `default_env`.
    Runtime,
    /// The image's `ENV`.
    Image,
    /// The kubelet: the container's environment.
    Kubelet,
    /// The user's home directory in the container's `/etc/passwd`, set by runc.
    Passwd,
}

impl<'a> EnvEntry<'a> {
    /// Splits `NAME=value` at the first `=`. Without one there is no value.
    #[must_use]
    pub fn parse(text: &'a str, origin: EntryOrigin) -> Self {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(Value::plain(Cow::Borrowed(value.as_bytes())))),
            None => (text, None),
        };
        EnvEntry { name: Cow::Borrowed(name), value, origin }
    }

    pub(super) fn plain(name: &'a str, value: impl Into<String>, origin: EntryOrigin) -> Self {
        let value = Value::plain(Cow::Owned(value.into().into_bytes()));
        EnvEntry { name: Cow::Borrowed(name), value: Some(value), origin }
    }

    /// Returns the entry for a variable of the kubelet. The runtime joins name and value to a text and
    /// splits it again, so the part of a name after an `=` becomes part of the value.
    pub(super) fn from_kubelet(name: Cow<'a, str>, value: Value<'a>) -> Self {
        let origin = EntryOrigin::Kubelet;
        match name.split_once('=') {
            None => EnvEntry { name, value: Some(value), origin },
            Some((start, rest)) => {
                let mut bytes = [rest, "="].concat().into_bytes();
                let mut joined = ValueBuilder::default();
                joined.put(bytes.len(), &value);
                bytes.extend_from_slice(value.bytes_with_placeholders());
                let value = Some(joined.finish(Cow::Owned(bytes)));
                EnvEntry { name: Cow::Owned(start.into()), value, origin }
            }
        }
    }

    /// Returns the name: the text before the first `=`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the value, or `None` if the entry has no `=`.
    #[must_use]
    pub fn value(&self) -> Option<&Value<'a>> {
        self.value.as_ref()
    }

    /// Replaces the value with an unknown one, if there is one.
    pub(super) fn replace_value(&mut self, value: Option<Value<'a>>) {
        if value.is_some() {
            self.value = value;
        }
    }

    /// Returns the bytes of the value, with a placeholder in the place of each unknown part.
    pub(super) fn bytes_with_placeholders(&self) -> &[u8] {
        self.value.as_ref().map(Value::bytes_with_placeholders).unwrap_or_default()
    }

    /// Returns the part of the system that the entry comes from.
    #[must_use]
    pub fn origin(&self) -> EntryOrigin {
        self.origin
    }
}

/// Entries of which each has another name.
#[derive(Default)]
pub(super) struct UniqueEntries<'a> {
    entries: Vec<EnvEntry<'a>>,
    positions: BTreeMap<String, usize>,
}

impl<'a> UniqueEntries<'a> {
    /// Replaces the entry of that name in place, or appends this one.
    pub(super) fn add(&mut self, entry: EnvEntry<'a>) {
        let position = self.positions.get(entry.name());
        match position.and_then(|&position| self.entries.get_mut(position)) {
            Some(former) => *former = entry,
            None => {
                self.positions.insert(entry.name().into(), self.entries.len());
                self.entries.push(entry);
            }
        }
    }

    pub(super) fn into_list(self) -> Vec<EnvEntry<'a>> {
        self.entries
    }
}
