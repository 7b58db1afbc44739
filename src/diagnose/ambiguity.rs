//! What the kubelet picks at random: it walks the Services in random order, and the last one that
//! makes a name has it (Go: `Kubelet.getServiceEnvVarMap`).

use alloc::borrow::{Cow, ToOwned};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Code, Finding};
use crate::ObjectRef;
use crate::api::Service;
use crate::compare::Shown;
use crate::container::{Composition, expand_within};
use crate::declared::{Resolved, Source, Value};
use crate::services::{Collision, ServiceVariable};

/// A variable whose value depends on the random order of the Services.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ambiguity<'a> {
    /// The variable.
    pub name: String,
    /// Every value that it may get: two at least. All of them, unless the container refers to so many
    /// variables that not every outcome of the order is gone through: then those that come out where
    /// each of the Services comes last, up to [`Ambiguity::MOST_ORDERS`] outcomes and about
    /// [`Facts::size_limit`](crate::Facts::size_limit) bytes of values.
    pub values: Vec<PossibleValue<'a>>,
    /// Whether the container declares the variable, and refers to ambiguous ones in it.
    pub is_declared: bool,
}

/// A value that the kubelet may pick.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PossibleValue<'a> {
    /// The value.
    pub value: Value<'a>,
    /// The service variables that give it: each of them if its Service comes last.
    pub from: Vec<ServiceVariable<'a>>,
}

impl Ambiguity<'_> {
    /// How many outcomes of the Services' order are gone through at most. Five Services that collide
    /// with each other have 120.
    pub const MOST_ORDERS: usize = 1024;

    /// What its finding takes at least. The Services' names stand in it once for each value.
    pub(super) fn least_len(&self) -> usize {
        let services = self.values.iter().flat_map(|value| &value.from);
        services.map(|variable| variable.service().metadata.name.len()).fold(0, usize::saturating_add)
    }

    pub(super) fn finding(&self) -> Finding {
        let values: Vec<String> = self
            .values
            .iter()
            .map(|PossibleValue { value, from }| {
                let services: Vec<&str> =
                    from.iter().map(|variable| variable.service().metadata.name.as_str()).collect();
                format!("{} (Service {})", Shown::of(value), services.join(", "))
            })
            .collect();
        let (code, what) = if self.is_declared {
            (Code::AmbiguousReference, "depends on a variable that several Services make")
        } else {
            (Code::AmbiguousVariable, "is made by several Services")
        };
        let name = &self.name;
        let message =
            format!("{name} {what}: the kubelet picks at random, so that its value may be {}.", values.join(" or "));
        let advice = "Rename one of the Services, set the variable in env, or set enableServiceLinks: false.";
        let variables = self.values.iter().flat_map(|value| &value.from);
        let services: BTreeMap<usize, &Service> =
            variables.map(|variable| (variable.position().service, variable.service())).collect();
        let mut objects: Vec<ObjectRef> = services.into_values().map(ObjectRef::to).collect();
        objects.sort();
        Finding { objects, ..Finding::new(code, message, advice).about(name) }
    }
}

/// For each name that is picked at random: the variable that each of the Services would give it.
type Contested<'a> = BTreeMap<String, Vec<ServiceVariable<'a>>>;

/// Of each contested name, the variable that wins.
type Outcome<'c, 'a> = BTreeMap<&'c str, ServiceVariable<'a>>;

impl<'a> Composition<'a> {
    /// The variables whose value the kubelet picks at random, by name: service variables, and what
    /// the container declares that refers to them.
    ///
    /// They are worked out anew at each call.
    #[must_use]
    pub fn ambiguities(&self) -> Vec<Ambiguity<'a>> {
        let contested: Contested<'a> = self.environment().collisions().iter().filter_map(contest).collect();
        if contested.is_empty() {
            return Vec::new();
        }
        let mut ambiguities: Vec<Ambiguity<'a>> = contested
            .iter()
            .filter(|(name, _)| self.environment().get(name).is_some_and(|stands| stands.service_variable().is_some()))
            .map(|(name, variables)| ambiguity_of_services(name, variables))
            .collect();
        ambiguities.extend(self.ambiguous_declared(&contested));
        ambiguities.sort_by(|a, b| a.name.cmp(&b.name));
        ambiguities
    }

    fn ambiguous_declared(&self, contested: &Contested<'a>) -> Vec<Ambiguity<'a>> {
        let dependent = self.dependent_on(contested);
        let mut bytes_left = self.facts().size_limit;
        let mut possible: BTreeMap<usize, Vec<PossibleValue<'a>>> = BTreeMap::new();
        let referred: BTreeSet<&str> = dependent.values().flatten().copied().collect();
        let contested = contested.iter().filter(|(name, _)| referred.contains(name.as_str())).collect();
        for (count, outcome) in outcomes(&contested).iter().enumerate() {
            // It takes two to differ.
            if bytes_left == 0 && count >= 2 {
                break;
            }
            let values = self.values_under(outcome, &dependent);
            for (&place, value) in &values {
                let known = possible.entry(place).or_default();
                let from =
                    dependent.get(&place).map_or(0, BTreeSet::len).saturating_mul(size_of::<ServiceVariable<'_>>());
                bytes_left = bytes_left.saturating_sub(value.as_bytes().len()).saturating_sub(from);
                if !known.iter().any(|known| known.value == *value) {
                    let names = dependent.get(&place).into_iter().flatten();
                    let from = names.filter_map(|name| outcome.get(name).copied()).collect();
                    known.push(PossibleValue { value: value.clone(), from });
                }
            }
        }
        let declared = self.environment().declared();
        let standing = possible.into_iter().filter_map(|(place, values)| Some((declared.get(place)?, values)));
        standing
            .filter(|(declared, values)| !declared.is_overwritten() && values.len() > 1)
            .map(|(declared, values)| Ambiguity { name: declared.name().to_owned(), values, is_declared: true })
            .collect()
    }

    /// The declarations whose value depends on contested names, by their place, with these names.
    fn dependent_on<'c>(&self, contested: &'c Contested<'a>) -> BTreeMap<usize, BTreeSet<&'c str>> {
        let mut dependent: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        for (place, declared) in self.environment().declared().iter().enumerate() {
            let (mut names, mut earlier_places) = (BTreeSet::new(), BTreeSet::new());
            for reference in declared.references() {
                match reference.resolved {
                    Resolved::Service(_) => {
                        names.extend(contested.get_key_value(reference.name).map(|(name, _)| name.as_str()))
                    }
                    Resolved::Declared(earlier) if earlier_places.insert(earlier) => {
                        names.extend(dependent.get(&earlier).into_iter().flatten().copied());
                    }
                    Resolved::Declared(_) | Resolved::Unresolved => {}
                }
            }
            if !names.is_empty() {
                dependent.insert(place, names);
            }
        }
        dependent
    }

    /// The values of the dependent declarations, if the contested names come out like this.
    fn values_under(
        &self,
        outcome: &Outcome<'_, 'a>,
        dependent: &BTreeMap<usize, BTreeSet<&str>>,
    ) -> BTreeMap<usize, Value<'a>> {
        let mut bytes_left = self.facts().size_limit;
        let declared = self.environment().declared();
        let mut values: BTreeMap<usize, Value<'a>> = BTreeMap::new();
        for (place, declaration) in dependent.keys().filter_map(|&place| Some((place, declared.get(place)?))) {
            // Nothing else refers to others.
            let Source::Text(text) = declaration.source() else { continue };
            let mut references = declaration.references().iter();
            let mut is_secret = false;
            let expanded = expand_within(text, self.facts().release, bytes_left, |name| {
                let value = match references.next()?.resolved {
                    Resolved::Declared(earlier) => {
                        values.get(&earlier).or_else(|| Some(declared.get(earlier)?.value())).cloned()?
                    }
                    Resolved::Service(variable) => Value::of_service(outcome.get(name).copied().unwrap_or(variable)),
                    Resolved::Unresolved => return None,
                };
                is_secret |= value.is_secret();
                Some(value.into_bytes())
            });
            let Some(bytes) = expanded else { continue };
            bytes_left = bytes_left.saturating_sub(bytes.len());
            values.insert(place, if is_secret { Value::secret(bytes) } else { Value::plain(bytes) });
        }
        values
    }
}

/// What a collision comes down to: of each Service its last variable of the name. There is no contest
/// if all of them have one value.
fn contest<'a>(collision: &Collision<'a>) -> Option<(String, Vec<ServiceVariable<'a>>)> {
    let mut of_services: Vec<ServiceVariable<'a>> = Vec::new();
    for &variable in &collision.variables {
        match of_services.last_mut() {
            Some(last) if last.position().service == variable.position().service => *last = variable,
            _ => of_services.push(variable),
        }
    }
    let values: BTreeSet<String> = of_services.iter().map(|variable| variable.value()).collect();
    (values.len() > 1).then(|| (collision.name.clone(), of_services))
}

fn ambiguity_of_services<'a>(name: &str, variables: &[ServiceVariable<'a>]) -> Ambiguity<'a> {
    let mut values: Vec<PossibleValue<'a>> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for &variable in variables {
        let value = variable.value();
        match places.get(&value).and_then(|&place| values.get_mut(place)) {
            Some(known) => known.from.push(variable),
            None => {
                places.insert(value.clone(), values.len());
                let value = Value::plain(Cow::Owned(value.into_bytes()));
                values.push(PossibleValue { value, from: Vec::from([variable]) });
            }
        }
    }
    Ambiguity { name: name.to_owned(), values, is_declared: false }
}

/// So few contested variables are gone through in every way.
const FEW_VARIABLES: usize = 96;

/// How the contested names may come out together.
fn outcomes<'c, 'a>(contested: &BTreeMap<&'c String, &'c Vec<ServiceVariable<'a>>>) -> Vec<Outcome<'c, 'a>> {
    let variables = contested.values().fold(0_usize, |count, variables| count.saturating_add(variables.len()));
    if variables <= FEW_VARIABLES { all_outcomes(contested) } else { simple_outcomes(contested) }
}

/// Those that come out if one of the Services is the last, and the others are in order.
fn simple_outcomes<'c, 'a>(contested: &BTreeMap<&'c String, &'c Vec<ServiceVariable<'a>>>) -> Vec<Outcome<'c, 'a>> {
    let service = |variable: &ServiceVariable<'a>| variable.position().service;
    let services: BTreeSet<usize> = contested.values().copied().flatten().map(service).collect();
    let with_last = |last: usize| {
        let winner = |variables: &[ServiceVariable<'a>]| {
            let place = variables.binary_search_by_key(&last, service);
            place.ok().and_then(|place| variables.get(place)).or(variables.last()).copied()
        };
        contested.iter().filter_map(|(name, variables)| Some((name.as_str(), winner(variables)?))).collect()
    };
    services.into_iter().take(Ambiguity::MOST_ORDERS).map(with_last).collect()
}

/// All of them, up to a number. Whoever wins a name comes after the others that make it, so that not
/// every combination of winners is possible.
fn all_outcomes<'c, 'a>(contested: &BTreeMap<&'c String, &'c Vec<ServiceVariable<'a>>>) -> Vec<Outcome<'c, 'a>> {
    let mut partial: Vec<(Outcome<'c, 'a>, BTreeSet<(usize, usize)>)> = Vec::from([Default::default()]);
    for (name, variables) in contested {
        let mut extended = Vec::new();
        for (outcome, before) in &partial {
            for &winner in *variables {
                if extended.len() == Ambiguity::MOST_ORDERS {
                    break;
                }
                let last = winner.position().service;
                let others = variables.iter().map(|other| other.position().service).filter(|&other| other != last);
                let before: BTreeSet<(usize, usize)> =
                    before.iter().copied().chain(others.map(|other| (other, last))).collect();
                if is_an_order(&before) {
                    let mut outcome = outcome.clone();
                    outcome.insert(name.as_str(), winner);
                    extended.push((outcome, before));
                }
            }
        }
        partial = extended;
    }
    partial.into_iter().map(|(outcome, _)| outcome).collect()
}

/// Whether Services can be put in an order in which each of these pairs stands so.
fn is_an_order(before: &BTreeSet<(usize, usize)>) -> bool {
    let mut rest = before.clone();
    loop {
        let followers: BTreeSet<usize> = rest.iter().map(|&(_, after)| after).collect();
        let count = rest.len();
        // Whoever follows nobody may come first.
        rest.retain(|(first, _)| followers.contains(first));
        if rest.is_empty() {
            return true;
        }
        if rest.len() == count {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
    use crate::services::generate;

    /// It is what a finding is measured by before it is made.
    #[test]
    fn no_finding_is_shorter_than_the_least() {
        let service = |name: &str, host: &str| Service {
            metadata: ObjectMeta::new("default", name),
            spec: ServiceSpec {
                cluster_ip: host.into(),
                ports: [ServicePort::new(PortNumber::new(80).unwrap())].into(),
                ..ServiceSpec::default()
            },
        };
        let services = [service("foo", "10.0.0.1"), service("foo-service", "10.0.0.2")];
        let services: Vec<&Service> = services.iter().collect();
        let variables: Vec<ServiceVariable<'_>> = generate(&services).unwrap().iter().collect();
        let ambiguity = ambiguity_of_services("FOO_SERVICE_PORT", &variables);
        let least = variables.iter().map(|variable| variable.service().metadata.name.len()).sum();
        assert_eq!(ambiguity.least_len(), least);
        let finding = ambiguity.finding();
        assert!(finding.message.len() >= least, "{finding:?}");
    }
}
