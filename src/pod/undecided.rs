//! Fields of a Pod whose values only the cluster decides.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::string::String;
use core::fmt;

use crate::text::Escaped;

/// The fields of a Pod whose values are not known before the cluster decides them.
///
/// A `fieldRef` to such a field has no value yet. The field itself is empty or absent in the Pod.
///
/// ```
/// use kubelet_env::pod::{UndecidedField, UndecidedFields};
///
/// let hash = UndecidedField::Label("pod-template-hash".into());
/// let undecided: UndecidedFields = [UndecidedField::Uid, hash].into_iter().collect();
/// assert!(undecided.contains("metadata.uid"));
/// assert!(undecided.contains("metadata.labels['pod-template-hash']"));
/// assert!(undecided.contains("metadata.labels"));
/// assert!(!undecided.contains("metadata.labels['app']"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UndecidedFields(BTreeSet<UndecidedField>);

/// A field of a Pod that the cluster may decide.
///
/// `Display` writes its path as in a `fieldRef`, on one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UndecidedField {
    /// `metadata.name`
    Name,
    /// `metadata.uid`
    Uid,
    /// `metadata.labels['KEY']`
    Label(String),
    /// `metadata.annotations['KEY']`
    Annotation(String),
    /// `spec.hostname`
    Hostname,
}

impl UndecidedFields {
    /// Returns the empty set.
    #[must_use]
    pub const fn new() -> Self {
        UndecidedFields(BTreeSet::new())
    }

    /// Reports whether the value of a `fieldPath` is undecided. `metadata.labels` is undecided if any
    /// label is, and `metadata.annotations` if any annotation is.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        if self.is_empty() {
            return false;
        }
        let any = |is: fn(&UndecidedField) -> bool| self.0.iter().any(is);
        match path {
            "metadata.name" => self.0.contains(&UndecidedField::Name),
            "metadata.uid" => self.0.contains(&UndecidedField::Uid),
            "spec.hostname" => self.0.contains(&UndecidedField::Hostname),
            "metadata.labels" => any(|field| matches!(field, UndecidedField::Label(_))),
            "metadata.annotations" => any(|field| matches!(field, UndecidedField::Annotation(_))),
            _ => UndecidedField::of_subscript(path).is_some_and(|field| self.0.contains(&field)),
        }
    }

    /// Returns the fields, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = &UndecidedField> {
        self.0.iter()
    }

    /// Reports whether every field is decided.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a field. Returns whether it is new.
    pub fn insert(&mut self, field: UndecidedField) -> bool {
        self.0.insert(field)
    }

    /// Removes a field. Returns whether it was there.
    pub fn remove(&mut self, field: &UndecidedField) -> bool {
        self.0.remove(field)
    }
}

impl FromIterator<UndecidedField> for UndecidedFields {
    fn from_iter<I: IntoIterator<Item = UndecidedField>>(fields: I) -> Self {
        UndecidedFields(fields.into_iter().collect())
    }
}

impl UndecidedField {
    fn of_subscript(path: &str) -> Option<Self> {
        let (map, key) = path.strip_suffix("']")?.split_once("['")?;
        match map {
            "metadata.labels" => Some(UndecidedField::Label(key.to_owned())),
            "metadata.annotations" => Some(UndecidedField::Annotation(key.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for UndecidedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UndecidedField::Name => f.write_str("metadata.name"),
            UndecidedField::Uid => f.write_str("metadata.uid"),
            UndecidedField::Hostname => f.write_str("spec.hostname"),
            UndecidedField::Label(key) => write!(f, "metadata.labels['{}']", Escaped(key)),
            UndecidedField::Annotation(key) => {
                write!(f, "metadata.annotations['{}']", Escaped(key))
            }
        }
    }
}
