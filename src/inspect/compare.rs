//! Comparison of two environments.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::environment::{Environment, ReportedValue, Value};
use crate::names::sorted;
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
    /// Sorted, each name once.
    variables: Vec<Named<'a>>,
}

/// A name and the value of the variable.
type Named<'a> = (Cow<'a, [u8]>, Value<'a>);

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
        let mut variables = Vec::new();
        for (name, value) in pairs {
            variables.push((Cow::Borrowed(name), Value::secret(Cow::Borrowed(value))));
        }
        Captured::of(variables)
    }

    fn of(variables: Vec<Named<'a>>) -> Self {
        let mut variables = sorted(variables, |(one, _), (other, _)| one.cmp(other));
        variables.dedup_by(|(later, _), (first, _)| later == first);
        Captured { variables }
    }

    /// Returns the variables by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &Value<'a>)> {
        self.variables.iter().map(|(name, value)| (&**name, value))
    }

    pub(super) fn get(&self, name: &[u8]) -> Option<&Value<'a>> {
        let index = self.variables.binary_search_by(|(other, _)| (**other).cmp(name));
        index.ok().and_then(|index| self.variables.get(index)).map(|(_, value)| value)
    }
}

impl<'e> From<&'e Environment<'_>> for Captured<'e> {
    fn from(environment: &'e Environment<'_>) -> Self {
        let name = |name| match name {
            Cow::Borrowed(name) => Cow::Borrowed(str::as_bytes(name)),
            Cow::Owned(name) => Cow::Owned(String::into_bytes(name)),
        };
        let variables = environment.iter();
        Captured::of(variables.map(|variable| (name(variable.name()), variable.value())).collect())
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
    let (mut before, mut after) = (before.variables.as_slice(), after.variables.as_slice());
    let mut changes = Vec::new();
    while let Some((name, _)) =
        before.first().into_iter().chain(after.first()).min_by_key(|it| &it.0)
    {
        let (old, new) = (take(&mut before, name), take(&mut after, name));
        if !old.zip(new).is_some_and(|(old, new)| new.is_same_as(old)) {
            changes.push(Change { name: name.clone(), before: old.cloned(), after: new.cloned() });
        }
    }
    Comparison { changes, shows_values: false }
}

/// Returns the value of the first variable and removes that, if it has this name.
fn take<'v, 'a>(variables: &mut &'v [Named<'a>], name: &[u8]) -> Option<&'v Value<'a>> {
    let ((first, value), rest) = variables.split_first()?;
    (**first == *name).then(|| {
        *variables = rest;
        value
    })
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
