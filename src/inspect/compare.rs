//! Comparison of two environments.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::environment::{Environment, ReportedValue, Value};
use crate::text::{pairs_of_block, write_line};

/// The variables of any environment by name: one that was composed, or one that was captured from a
/// running process.
///
/// If a name occurs twice, the first variable wins, as in `getenv`.
///
/// ```
/// use kubelet_env::Environment;
/// use kubelet_env::inspect::{Captured, compare};
///
/// let environment = Environment::default().with_base([("LANG", "C")]);
/// let running = Captured::from_block(b"LANG=C\0TERM=xterm\0");
/// let comparison = compare(&Captured::from(&environment), &running);
/// assert_eq!(comparison.to_string(), "+ TERM=[elided]\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured<'a> {
    variables: BTreeMap<Cow<'a, [u8]>, Value<'a>>,
}

impl<'a> Captured<'a> {
    /// Reads the environment of a running process, as `printenv -0` prints and `/proc/PID/environ`
    /// holds it. Entries without `=` are skipped. An `=` at the start belongs to the name.
    ///
    /// The origin of the values is not known, so all of them count as
    /// [secret](Value::is_secret). [`Comparison::with_values`] shows them.
    #[must_use]
    pub fn from_block(block: &'a [u8]) -> Self {
        Captured::from_pairs(pairs_of_block(block))
    }

    /// Reads the environment of a running process from pairs of names and values.
    #[must_use]
    pub fn from_pairs(pairs: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut captured = Captured::default();
        for (name, value) in pairs {
            let value = || Value::secret(Cow::Borrowed(value));
            captured.variables.entry(Cow::Borrowed(name)).or_insert_with(value);
        }
        captured
    }

    /// Returns the variables by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &Value<'a>)> {
        self.variables.iter().map(|(name, value)| (&**name, value))
    }

    pub(super) fn get(&self, name: &[u8]) -> Option<&Value<'a>> {
        self.variables.get(name)
    }
}

impl<'e> From<&'e Environment<'_>> for Captured<'e> {
    fn from(environment: &'e Environment<'_>) -> Self {
        let name = |name| match name {
            Cow::Borrowed(name) => Cow::Borrowed(str::as_bytes(name)),
            Cow::Owned(name) => Cow::Owned(String::into_bytes(name)),
        };
        let variables =
            environment.iter().map(|variable| (name(variable.name()), variable.value())).collect();
        Captured { variables }
    }
}

/// The differences between two environments: the result of [`compare`].
///
/// `Display` writes lines sorted by name: `- NAME=VALUE` for a removed variable, `+ NAME=VALUE` for
/// a new one, and both for a changed value. It is empty if the environments are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison<'a> {
    changes: Vec<Change<'a>>,
    shows_values: bool,
}

/// A variable that differs between two environments.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change<'a> {
    /// The name.
    pub name: Cow<'a, [u8]>,
    /// The value before. `None` if the variable is new.
    pub before: Option<Value<'a>>,
    /// The value after. `None` if the variable was removed.
    pub after: Option<Value<'a>>,
}

/// Compares two environments.
///
/// A value with [unknown](crate::environment::Unknown) parts is equal only to one with the same
/// parts.
///
/// ```
/// use kubelet_env::inspect::{Captured, compare};
///
/// let before = Captured::from_block(b"HOME=/\0TERM=xterm\0");
/// let after = Captured::from_block(b"HOME=/\0LANG=C\0");
/// let comparison = compare(&before, &after).with_values();
/// assert_eq!(comparison.to_string(), "+ LANG=C\n- TERM=xterm\n");
/// assert!(compare(&before, &before).is_empty());
/// ```
#[must_use]
pub fn compare<'a>(before: &Captured<'a>, after: &Captured<'a>) -> Comparison<'a> {
    let mut changes = Vec::new();
    for (name, value) in &before.variables {
        let now = after.get(name);
        if now.is_none_or(|now| !now.is_same_as(value)) {
            changes.push(Change {
                name: name.clone(),
                before: Some(value.clone()),
                after: now.cloned(),
            });
        }
    }
    for (name, value) in &after.variables {
        if before.get(name).is_none() {
            changes.push(Change { name: name.clone(), before: None, after: Some(value.clone()) });
        }
    }
    changes.sort_by(|a, b| a.name.cmp(&b.name));
    Comparison { changes, shows_values: false }
}

impl<'a> Comparison<'a> {
    /// Returns the variables that differ, by name.
    #[must_use]
    pub fn changes(&self) -> &[Change<'a>] {
        &self.changes
    }

    /// Reports whether the environments are equal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Makes `Display` show [secret](Value::is_secret) values, which it elides by default.
    #[must_use]
    pub fn with_values(mut self) -> Self {
        self.shows_values = true;
        self
    }
}

impl fmt::Display for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Change { name, before, after } in &self.changes {
            for (sign, value) in [('-', before), ('+', after)] {
                let Some(value) = value else { continue };
                let reported = if self.shows_values {
                    ReportedValue::bytes(value.bytes_with_placeholders())
                } else {
                    ReportedValue::of(value)
                };
                write_line(f, format_args!("{sign} {}={reported}", ReportedValue::bytes(name)))?;
            }
        }
        Ok(())
    }
}
