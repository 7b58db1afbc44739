//! Variables that the kubelet picks at random: it visits the Services in random order, and the last
//! one that sets a name wins (Go: `Kubelet.getServiceEnvVarMap`).

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Code, Finding};
use crate::container::Composition;
use crate::environment::{Reference, ReportedValue, Resolved, Value};
use crate::names::Positions;
use crate::objects::ObjectRef;
use crate::services::{Collision, last_of_each_service};

/// The variables whose values depend on the random order in which the kubelet visits Services.
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, Pod, Service};
/// use kubelet_env::{Facts, Objects, compose};
///
/// let service = |name| Service::new("default", name).with_cluster_ip("10.0.0.1").with_port(80);
/// let mut objects = Objects::default();
/// objects.services.extend([service("foo")?, service("foo-service")?]);
/// let app = Container::new("app").with_env([EnvVar::new("PORT", "$(FOO_SERVICE_PORT)")]);
/// let pod = Pod::new("default", "web").with_container(app).with_defaults();
///
/// let ambiguities = compose(&pod, "app", &Facts::of(&objects))?.ambiguities();
/// let foo = &ambiguities.variables[0];
/// assert_eq!((foo.name.as_str(), foo.values.len()), ("FOO_SERVICE_PORT", 2));
/// assert_eq!(ambiguities.entries[0].name, "PORT");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct Ambiguities {
    /// The service variables that several Services set to different values, sorted by name.
    pub variables: Vec<Ambiguity>,
    /// The effective declarations of the container that depend on one of `variables`, in the order
    /// declared.
    pub entries: Vec<AmbiguousEntry>,
}

/// A service variable that several Services set to different values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct Ambiguity {
    /// The name.
    pub name: String,
    /// True if the container declares the name itself. Then only references before that declaration
    /// see the service variable.
    pub is_shadowed: bool,
    /// The possible values, at most [`Ambiguity::MAX_VALUES`] of them, each once.
    ///
    /// A Service sets a name if the kubelet visits it last among the Services with that name. If
    /// the same Services share several names, one of them therefore sets all of these.
    pub values: Vec<PossibleValue>,
    /// The number of possible values that `values` leaves out.
    pub more_values: usize,
}

impl Ambiguity {
    /// The maximum number of possible values that are listed.
    pub const MAX_VALUES: usize = 16;
}

/// A value that a variable gets if one of these Services is visited last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct PossibleValue {
    /// The value.
    pub value: ReportedValue,
    /// The Services that set it.
    pub services: Vec<ObjectRef>,
}

/// A declaration of the container whose value depends on an ambiguous service variable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct AmbiguousEntry {
    /// The name of the declared variable.
    pub name: String,
    /// The index of the declaration in [`Environment::declared`](crate::Environment::declared).
    pub declared: usize,
    /// The index in [`Ambiguities::variables`] of the first service variable that the value depends
    /// on, directly or through other declarations. It may depend on further ones.
    pub depends_on: usize,
}

impl Composition<'_> {
    /// Returns the service variables that the kubelet picks at random, and the declarations that
    /// depend on them. Each call computes them again.
    #[must_use]
    pub fn ambiguities(&self) -> Ambiguities {
        self.ambiguities_among(self.environment().collisions())
    }

    /// Returns the ambiguities that these collisions cause.
    pub(super) fn ambiguities_among(&self, collisions: &[Collision<'_>]) -> Ambiguities {
        let is_shadowed =
            |name: &str| self.environment().get(name).is_some_and(|it| it.declared().is_some());
        let variables: Vec<Ambiguity> = collisions
            .iter()
            .filter_map(|collision| Ambiguity::of(collision, is_shadowed(&collision.name)))
            .collect();
        if variables.is_empty() {
            return Ambiguities::default();
        }
        let positions = Positions::of(variables.iter().map(|variable| variable.name.as_str()));
        let declared = self.environment().declared();
        let references = declared.iter().map(|declared| declared.references().iter());
        let dependencies = dependencies(references, &positions);
        let mut entries = Vec::new();
        for (index, (declared, depends_on)) in declared.iter().zip(dependencies).enumerate() {
            if let Some(depends_on) = depends_on.filter(|_| !declared.is_overwritten()) {
                let name = declared.name().to_owned();
                entries.push(AmbiguousEntry { name, declared: index, depends_on });
            }
        }
        Ambiguities { variables, entries }
    }
}

/// Returns the ambiguous variable that each declaration depends on first, if there is one.
///
/// A declaration refers only to earlier ones, so that one pass over the references is enough.
fn dependencies<'r, 'a: 'r>(
    declarations: impl Iterator<Item = impl Iterator<Item = &'r Reference<'a>>>,
    ambiguous: &Positions<&str>,
) -> Vec<Option<usize>> {
    let mut dependencies: Vec<Option<usize>> = Vec::new();
    for mut references in declarations {
        let first = references.find_map(|reference| match reference.resolved {
            Resolved::Declared(earlier) => dependencies.get(earlier).copied().flatten(),
            // An unresolved one may name a Service that awaits its address.
            Resolved::Service(_) | Resolved::Unresolved => ambiguous.first(reference.name),
            Resolved::Device(_) | Resolved::Unknown => None,
        });
        dependencies.push(first);
    }
    dependencies
}

impl Ambiguity {
    /// Returns the ambiguity of a collision, or `None` if all Services set the same value.
    fn of(collision: &Collision<'_>, is_shadowed: bool) -> Option<Self> {
        let mut values: Vec<PossibleValue> = Vec::new();
        let mut indexes: BTreeMap<String, usize> = BTreeMap::new();
        for variable in last_of_each_service(&collision.variables) {
            let next = indexes.len();
            let index = *indexes.entry(variable.value()).or_insert(next);
            if index == values.len() && index < Ambiguity::MAX_VALUES {
                let value = ReportedValue::of(&Value::of_service(variable));
                values.push(PossibleValue { value, services: Vec::new() });
            }
            if let Some(possible) = values.get_mut(index) {
                possible.services.push(ObjectRef::of(variable.service()));
            }
        }
        let more_values = indexes.len().saturating_sub(values.len());
        let name = collision.name.clone();
        (values.len() > 1).then_some(Ambiguity { name, is_shadowed, values, more_values })
    }

    /// Returns a lower bound on the size of the finding.
    pub(super) fn least_len(&self) -> usize {
        let lens = self.services().into_iter().map(|service| service.name.len());
        lens.fold(self.name.len(), usize::saturating_add)
    }

    fn services(&self) -> Vec<&ObjectRef> {
        let mut services = Vec::new();
        self.values.iter().for_each(|value| services.extend(&value.services));
        services
    }

    pub(super) fn finding(&self) -> Finding {
        let value = |PossibleValue { value, services }: &PossibleValue| {
            let services: Vec<&str> =
                services.iter().map(|service| service.name.as_str()).collect();
            format!("{value} (Service {})", services.join(", "))
        };
        let mut values: Vec<String> = self.values.iter().map(value).collect();
        if self.more_values > 0 {
            values.push(format!("one of {} further values", self.more_values));
        }
        let name = &self.name;
        let message = format!(
            "Several Services set {name}, and the kubelet picks one at random: {}.",
            values.join(" or ")
        );
        let sorted = Positions::of(self.services().into_iter());
        let objects = sorted.groups().map(|(service, _)| service.clone()).collect();
        Finding { objects, ..Finding::new(Code::AmbiguousVariable, message, ADVICE).about(name) }
    }
}

const ADVICE: &str =
    "Rename one of the Services, set the variable in env, or set enableServiceLinks: false.";

impl AmbiguousEntry {
    pub(super) fn finding(&self, variable: &Ambiguity) -> Finding {
        let message = format!(
            "{} depends on {}, which several Services set: the kubelet picks one at random.",
            self.name, variable.name
        );
        Finding::new(Code::AmbiguousReference, message, ADVICE).about(&self.name)
    }

    /// Returns a lower bound on the size of the finding.
    pub(super) fn least_len(&self, variable: &Ambiguity) -> usize {
        self.name.len().saturating_add(variable.name.len())
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    /// Counts the references that are visited. The first chain is deep, the second wide.
    #[test]
    fn dependencies_visit_each_reference_once() {
        const COUNT: usize = 100_000;
        let names: Vec<String> = (0..COUNT).map(|number| format!("A{number}")).collect();
        let to = |name| Reference { name, resolved: Resolved::Unresolved };
        let chain: Vec<Vec<Reference<'_>>> = (0..COUNT)
            .map(|number| match number.checked_sub(1) {
                None => Vec::from([to("FOO_SERVICE_PORT")]),
                Some(earlier) => {
                    let resolved = Resolved::Declared(earlier);
                    Vec::from([Reference { name: &names[earlier], resolved }])
                }
            })
            .collect();
        let wide = Vec::from([(0..COUNT).map(|number| to(&names[number])).collect::<Vec<_>>()]);
        let ambiguous = Positions::of(["FOO_SERVICE_PORT"].into_iter());
        for (declarations, dependents) in [(chain, COUNT), (wide, 0)] {
            let visited = Cell::new(0);
            let total: usize = declarations.iter().map(Vec::len).sum();
            let count = |_: &&Reference<'_>| visited.set(visited.get() + 1);
            let counted = declarations.iter().map(|references| references.iter().inspect(count));
            let dependencies = dependencies(counted, &ambiguous);
            assert_eq!(dependencies.iter().flatten().count(), dependents);
            assert_eq!(visited.get(), total);
        }
    }
}
