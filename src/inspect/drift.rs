//! Differences between a running container and the one that the kubelet would start now.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::compare::Captured;
use super::discover::is_of_a_service;
use crate::environment::{Environment, Part, ReportedValue, Unknown, Value, Variable};
use crate::names::sorted;
use crate::services::last_of_each_service;
use crate::text::OneLine;

/// A variable of a running container that differs from what the kubelet would set now: a part of
/// the result of [`drift`].
///
/// ```
/// use kubelet_env::Environment;
/// use kubelet_env::inspect::{Captured, DriftKind, drift};
///
/// let drifted = drift(&Captured::from_block(b"HOME=/\0"), &Environment::default());
/// assert_eq!((&*drifted[0].name, drifted[0].drift), (b"HOME".as_slice(), DriftKind::Foreign));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct DriftedVariable {
    /// The variable's name. In JSON it is a string, or a list of bytes if it is not UTF-8.
    #[cfg_attr(feature = "serde", serde(with = "name"))]
    pub name: Vec<u8>,
    /// The difference.
    pub drift: DriftKind,
}

/// The difference between a variable of a running container and what the kubelet would set now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub enum DriftKind {
    /// The kubelet would set it, and the container lacks it until it is restarted.
    Missing,
    /// The kubelet would set another value: a Service has another address or other ports, or the
    /// value of an entry has changed, such as a key of a ConfigMap.
    Stale,
    /// It has the form of a service variable, and no Service produces it any more.
    Gone,
    /// The kubelet would not set it: it comes from the image, the container runtime or the program,
    /// or from an entry or key that was removed since.
    Foreign,
}

impl fmt::Display for DriftedVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = ReportedValue::bytes(&self.name);
        let difference = match self.drift {
            DriftKind::Missing => "is missing until the container is restarted",
            DriftKind::Stale => "is stale: the kubelet would set another value now",
            DriftKind::Gone => "is gone: no Service produces it any more",
            DriftKind::Foreign => "is foreign: the kubelet does not set it",
        };
        write!(OneLine(f), "{name} {difference}")
    }
}

/// Compares the environment of a running container with the one that the kubelet would give it now,
/// and returns the differences by name.
///
/// `then` is captured from the running process, or composed from the objects that existed when it
/// started ([`Objects::as_of`](crate::Objects::as_of)). Variables of the
/// [base](Environment::with_base) of `now` do not count as set by the kubelet.
///
/// If `now` has [unknown](crate::environment::Unknown) values, a variable is reported only if it
/// differs for all of their possible values.
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
/// assert_eq!(drifted[0].to_string(), "MODE is stale: the kubelet would set another value now");
/// # Ok::<(), kubelet_env::ComposeError>(())
/// ```
#[must_use]
pub fn drift(then: &Captured<'_>, now: &Environment<'_>) -> Vec<DriftedVariable> {
    let mut drifted = Vec::new();
    let mut add = |name: &[u8], drift| drifted.push(DriftedVariable { name: name.into(), drift });
    for (bytes, value) in then.iter() {
        // The kubelet's names are UTF-8, because Kubernetes objects are.
        let name = core::str::from_utf8(bytes).ok();
        let current = name.and_then(|name| now.get(name)).filter(|variable| !variable.is_base());
        match (current, name) {
            (Some(variable), _) if may_have(&variable, value, now) => {}
            (Some(_), _) => add(bytes, DriftKind::Stale),
            (None, Some(name)) if now.is_open_for(name) => {}
            _ if is_of_a_service(bytes, value.bytes_with_placeholders()) => {
                add(bytes, DriftKind::Gone);
            }
            _ => add(bytes, DriftKind::Foreign),
        }
    }
    for variable in now.iter().filter(|variable| !variable.is_base() && is_set(variable)) {
        let name = variable.name();
        if then.get(name.as_bytes()).is_none() {
            add(name.as_bytes(), DriftKind::Missing);
        }
    }
    sorted(drifted, |one, other| one.name.cmp(&other.name))
}

/// Reports whether the kubelet may set this value.
///
/// If several Services produce the variable, the kubelet picks one at random.
fn may_have(current: &Variable<'_>, value: &Value<'_>, now: &Environment<'_>) -> bool {
    may_equal(&current.value(), value)
        || current.service_variable().is_some() && {
            let named = now.service_variables_named(&current.name());
            last_of_each_service(&named).any(|it| may_equal(&Value::of_service(it), value))
        }
}

/// Reports whether two values can be the same, for some values of their unknown parts.
fn may_equal(current: &Value<'_>, other: &Value<'_>) -> bool {
    match (current.as_bytes(), other.as_bytes()) {
        (Some(current), Some(other)) => current == other,
        (None, Some(other)) => matches_ends(current, other),
        (Some(current), None) => matches_ends(other, current),
        (None, None) => true,
    }
}

/// Reports whether `bytes` starts and ends with the known ends of a value with unknown parts.
fn matches_ends(value: &Value<'_>, bytes: &[u8]) -> bool {
    let known = |part: Option<Part<'_>>| match part {
        Some(Part::Known(known)) => known.to_vec(),
        Some(Part::Unknown(_)) | None => Vec::new(),
    };
    let (start, end) = (known(value.parts().next()), known(value.parts().last()));
    bytes.strip_prefix(&*start).is_some_and(|rest| rest.ends_with(&end))
}

/// Reports whether the kubelet certainly sets a variable.
fn is_set(variable: &Variable<'_>) -> bool {
    let name = variable.name();
    let is_optional = |unknown: &Unknown| matches!(unknown, Unknown::Unless { variable, otherwise: None, .. } if *variable == name);
    !variable.value().unknowns().any(is_optional)
}

#[cfg(feature = "serde")]
mod name {
    use alloc::string::String;
    use alloc::vec::Vec;

    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Serialize, Serializer};

    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Name {
        Text(String),
        Bytes(Vec<u8>),
    }

    pub(super) fn serialize<S: Serializer>(name: &[u8], to: S) -> Result<S::Ok, S::Error> {
        match core::str::from_utf8(name) {
            Ok(text) => to.serialize_str(text),
            Err(_) => name.serialize(to),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        Ok(match Name::deserialize(from)? {
            Name::Text(text) => text.into_bytes(),
            Name::Bytes(bytes) => bytes,
        })
    }
}
