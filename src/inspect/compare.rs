//! Two environments side by side: what differs, and what a running container lacks until it is
//! started again. The kubelet does neither: it makes an environment once, at the start.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::environment::Environment;
use crate::environment::ReportedValue;
use crate::environment::Value;
use crate::inspect::discover::is_of_a_service;
use crate::services::last_of_each_service;
use crate::text::pairs_of_block;
use crate::text::{OneLine, write_line};

/// Any environment by name: one that was composed, or one that was captured from a running process.
/// Of two variables with one name the first stands, as for `getenv`.
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
    /// The environment of a running process, as `printenv -0` and `/proc/PID/environ` have it. What
    /// has no `=` is no variable; one at the very start belongs to the name.
    ///
    /// Where its values come from is not known, so none of them is shown unless
    /// [asked for](Comparison::with_values).
    #[must_use]
    pub fn from_block(block: &'a [u8]) -> Self {
        Captured::from_pairs(pairs_of_block(block))
    }

    /// The same, from pairs of names and values.
    #[must_use]
    pub fn from_pairs(pairs: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut captured = Captured::default();
        for (name, value) in pairs {
            let value = || Value::secret(Cow::Borrowed(value));
            captured.variables.entry(Cow::Borrowed(name)).or_insert_with(value);
        }
        captured
    }

    fn get(&self, name: &[u8]) -> Option<&Value<'a>> {
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

/// How one environment becomes another.
///
/// Its `Display` has a line a variable, by name: `-` before what is gone, `+` before what is new,
/// both where a value changed. It is empty if nothing differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison<'a> {
    changes: Vec<Change<'a>>,
    shows_values: bool,
}

/// A variable that is not the same in two environments.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change<'a> {
    /// The name.
    pub name: Cow<'a, [u8]>,
    /// The value before, if there was one.
    pub before: Option<Value<'a>>,
    /// The value after, if there is one.
    pub after: Option<Value<'a>>,
}

/// Compares two environments.
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
        if now.is_none_or(|now| now.as_bytes() != value.as_bytes()) {
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
    /// The variables that differ, by name.
    #[must_use]
    pub fn changes(&self) -> &[Change<'a>] {
        &self.changes
    }

    /// Whether the environments are equal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Shows in text the values that a Secret flowed into, or that may have a Secret's because
    /// nobody knows their origin.
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
                let shown = if self.shows_values {
                    ReportedValue::bytes(value.bytes_with_placeholders())
                } else {
                    ReportedValue::of(value)
                };
                write_line(f, format_args!("{sign} {}={shown}", ReportedValue::bytes(name)))?;
            }
        }
        Ok(())
    }
}

/// What a running container lacks, or has too much of, against what it would get if it were started
/// now: see [`drift`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct DriftedVariable {
    /// The variable.
    pub name: String,
    /// How it differs.
    pub drift: DriftKind,
}

/// How a variable of a running container differs from what the kubelet would give it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub enum DriftKind {
    /// The kubelet would give it; the container has it not until it is restarted.
    Missing,
    /// The kubelet would give it another value: a Service got another address or other ports, or
    /// what the container declares has changed.
    Stale,
    /// The kubelet would give it no more: it has the form of a service variable, and no Service
    /// makes it now.
    Gone,
    /// The kubelet never gave it: it is of the image, the runtime or the program itself.
    Foreign,
}

impl fmt::Display for DriftedVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (f, DriftedVariable { name, drift, .. }) = (&mut OneLine(f), self);
        match drift {
            DriftKind::Missing => write!(f, "{name} is missing until the container is restarted"),
            DriftKind::Stale => write!(f, "{name} is stale: its value is another one now"),
            DriftKind::Gone => write!(f, "{name} is gone: no Service makes it any more"),
            DriftKind::Foreign => write!(f, "{name} was never the kubelet's"),
        }
    }
}

/// Whether the kubelet, which picks at random where several Services make the name, may give it this
/// value now.
fn may_be(name: &str, value: &Value<'_>, now: &Environment<'_>) -> bool {
    let named = now.service_variables_named(name);
    last_of_each_service(&named)
        .any(|variable| variable.value().as_bytes() == value.bytes_with_placeholders())
}

/// What differs between what a container was started with and what the kubelet would give it now,
/// by name.
///
/// `then` is captured from the running process, or composed from the objects that were there when it
/// started ([`Objects::as_of`](crate::Objects::as_of)). A variable laid
/// [under](Environment::with_base) `now` is not the kubelet's.
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, Pod};
/// use kubelet_env::{Facts, Objects, compose};
/// use kubelet_env::inspect::{Captured, drift};
///
/// let app = Container::new("app").with_env([EnvVar::new("MODE", "fast")]);
/// let pod = Pod::default().with_container(app).with_defaults();
/// let objects = Objects::default();
/// let now = compose(&pod, "app", &Facts::of(&objects))?;
///
/// let drifted = drift(&Captured::from_block(b"MODE=slow\0"), now.environment());
/// assert_eq!(drifted[0].to_string(), "MODE is stale: its value is another one now");
/// # Ok::<(), kubelet_env::ComposeError>(())
/// ```
#[must_use]
pub fn drift(then: &Captured<'_>, now: &Environment<'_>) -> Vec<DriftedVariable> {
    let mut drifted = Vec::new();
    let mut add = |name: &str, drift| drifted.push(DriftedVariable { name: name.into(), drift });
    for (bytes, value) in &then.variables {
        let name = String::from_utf8_lossy(bytes);
        match now.get(&name).filter(|variable| !variable.is_base()) {
            Some(variable) if variable.value().as_bytes() == value.as_bytes() => {}
            Some(variable)
                if variable.service_variable().is_some() && may_be(&name, value, now) => {}
            Some(_) => add(&name, DriftKind::Stale),
            None if is_of_a_service(bytes, value.bytes_with_placeholders()) => {
                add(&name, DriftKind::Gone)
            }
            None => add(&name, DriftKind::Foreign),
        }
    }
    for variable in now.iter().filter(|variable| !variable.is_base()) {
        let name = variable.name();
        if then.get(name.as_bytes()).is_none() {
            add(&name, DriftKind::Missing);
        }
    }
    drifted.sort_by(|a, b| a.name.cmp(&b.name));
    drifted
}
