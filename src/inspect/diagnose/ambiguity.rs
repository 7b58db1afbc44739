//! What the kubelet picks at random: it walks the Services in random order, and the last one that
//! makes a name has it (Go: `Kubelet.getServiceEnvVarMap`).

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet, btree_map};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Code, Finding};
use crate::api::Service;
use crate::container::{Composition, expand_within};
use crate::environment::ReportedValue;
use crate::environment::{Declared, Resolved, Source, Value, ValueBuilder};
use crate::objects::ObjectRef;
use crate::services::{Collision, ServiceVariable, last_of_each_service};

/// A variable whose value depends on the random order of the Services.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ambiguity<'a> {
    /// The variable.
    pub name: String,
    /// Every value that it may get: two at least. All of them, unless the container refers to so many
    /// variables that there are more than [`Ambiguity::MOST_ORDERS`] outcomes: then those that come out
    /// where each of the Services comes last. In either case no more than about
    /// [`Facts::size_limit`](crate::Facts::size_limit) bytes of values are made.
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
    /// The service variables that give it: each of them if its Service comes last. None are told where
    /// there are too many.
    pub from: Vec<ServiceVariable<'a>>,
}

/// The variables that give each value.
type ByValue<'a> = BTreeMap<Value<'a>, Vec<ServiceVariable<'a>>>;

impl<'a> Ambiguity<'a> {
    /// How many outcomes of the Services' order are gone through at most. Five Services that collide
    /// with each other have 120.
    pub const MOST_ORDERS: usize = 1024;

    /// Its values are in the order of the Services that give them.
    fn new(name: &str, by_value: ByValue<'a>, is_declared: bool) -> Self {
        let possible = by_value.into_iter().map(|(value, from)| PossibleValue { value, from });
        let mut values: Vec<PossibleValue<'a>> = possible.collect();
        let services = |possible: &PossibleValue<'_>| -> Vec<usize> {
            possible.from.iter().map(|variable| variable.position().service).collect()
        };
        values.sort_by_cached_key(services);
        Ambiguity { name: name.to_owned(), values, is_declared }
    }

    /// What its finding takes at least. The Services' names stand in it once for each value.
    pub(super) fn least_len(&self) -> usize {
        let services = self.values.iter().flat_map(|value| &value.from);
        services
            .map(|variable| variable.service().metadata.name.len())
            .fold(0, usize::saturating_add)
    }

    pub(super) fn finding(&self) -> Finding {
        let values: Vec<String> = self
            .values
            .iter()
            .map(|PossibleValue { value, from }| {
                let services: Vec<&str> =
                    from.iter().map(|variable| variable.service().metadata.name.as_str()).collect();
                let value = ReportedValue::of(value);
                if services.is_empty() {
                    format!("{value}")
                } else {
                    format!("{value} (Service {})", services.join(", "))
                }
            })
            .collect();
        let (code, what) = if self.is_declared {
            (Code::AmbiguousReference, "depends on a variable that several Services make")
        } else {
            (Code::AmbiguousVariable, "is made by several Services")
        };
        let name = &self.name;
        let message = format!(
            "{name} {what}: the kubelet picks at random, so that its value may be {}.",
            values.join(" or ")
        );
        let advice = "Rename one of the Services, set the variable in env, or set enableServiceLinks: false.";
        let variables = self.values.iter().flat_map(|value| &value.from);
        let services: BTreeMap<usize, &Service> =
            variables.map(|variable| (variable.position().service, variable.service())).collect();
        let mut objects: Vec<ObjectRef> = services.into_values().map(ObjectRef::of).collect();
        objects.sort();
        Finding { objects, ..Finding::new(code, message, advice).about(name) }
    }
}

/// For each name that is picked at random: the variable that each of the Services would give it.
type Contested<'a> = BTreeMap<String, Vec<ServiceVariable<'a>>>;

/// Of each contested name, the variable that wins.
type Winners<'c, 'a> = BTreeMap<&'c str, ServiceVariable<'a>>;

/// How the contested names come out together in an order of the Services.
enum Outcome<'c, 'a> {
    InOrder,
    Reversed,
    /// This one comes last, and the others in order.
    Last(usize),
    Winners(Winners<'c, 'a>),
}

impl<'a> Outcome<'_, 'a> {
    fn winner(&self, name: &str, contested: &Contested<'a>) -> Option<ServiceVariable<'a>> {
        let variables = contested.get(name)?;
        match self {
            Outcome::InOrder => variables.last(),
            Outcome::Reversed => variables.first(),
            Outcome::Last(last) => {
                let place =
                    variables.binary_search_by_key(last, |variable| variable.position().service);
                place.ok().and_then(|place| variables.get(place)).or(variables.last())
            }
            Outcome::Winners(winners) => winners.get(name),
        }
        .copied()
    }
}

/// Which declarations refer to a contested name or to another declaration, by their places.
#[derive(Default)]
struct Referrers<'c> {
    of_name: BTreeMap<&'c str, Vec<usize>>,
    of_declared: BTreeMap<usize, Vec<usize>>,
}

impl<'c> Referrers<'c> {
    fn find<'a>(declared: &[Declared<'a>], contested: &'c Contested<'a>) -> Self {
        let mut referrers = Referrers::default();
        for (place, declaration) in declared.iter().enumerate() {
            for reference in declaration.references() {
                let places = match reference.resolved {
                    Resolved::Declared(earlier) => {
                        referrers.of_declared.entry(earlier).or_default()
                    }
                    Resolved::Service(_) => match contested.get_key_value(reference.name) {
                        Some((name, _)) => referrers.of_name.entry(name).or_default(),
                        None => continue,
                    },
                    Resolved::Device(_) | Resolved::Unknown | Resolved::Unresolved => continue,
                };
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        referrers
    }

    /// The places of the declarations whose value depends on one of these names.
    fn dependent_on<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> BTreeSet<usize> {
        let mut dependent = BTreeSet::new();
        let of_names = names.into_iter().filter_map(|name| self.of_name.get(name));
        let mut next: Vec<usize> = of_names.flatten().copied().collect();
        while let Some(place) = next.pop() {
            if dependent.insert(place) {
                next.extend(self.of_declared.get(&place).into_iter().flatten());
            }
        }
        dependent
    }
}

impl<'a> Composition<'a> {
    /// The variables whose value the kubelet picks at random, by name: service variables, and what
    /// the container declares that refers to them.
    ///
    /// They are worked out anew at each call.
    #[must_use]
    pub fn ambiguities(&self) -> Vec<Ambiguity<'a>> {
        let contested: Contested<'a> =
            self.environment().collisions().iter().filter_map(contest).collect();
        if contested.is_empty() {
            return Vec::new();
        }
        let mut ambiguities: Vec<Ambiguity<'a>> = contested
            .iter()
            .filter(|(name, _)| {
                self.environment()
                    .get(name)
                    .is_some_and(|stands| stands.service_variable().is_some())
            })
            .map(|(name, variables)| ambiguity_of_services(name, variables))
            .collect();
        ambiguities.extend(self.ambiguous_declared(&contested));
        ambiguities.sort_by(|a, b| a.name.cmp(&b.name));
        ambiguities
    }

    fn ambiguous_declared(&self, contested: &Contested<'a>) -> Vec<Ambiguity<'a>> {
        let declared = self.environment().declared();
        let referrers = Referrers::find(declared, contested);
        let referred: Vec<(&str, &Vec<ServiceVariable<'a>>)> = referrers
            .of_name
            .keys()
            .filter_map(|&name| Some((name, contested.get(name)?)))
            .collect();
        let mut names_of_services: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for &(name, variables) in &referred {
            for variable in variables {
                names_of_services.entry(variable.position().service).or_default().push(name);
            }
        }
        let each_last =
            || names_of_services.keys().map(|&service| Outcome::Last(service)).collect();
        let others: Vec<Outcome<'_, 'a>> = all_outcomes(&referred).unwrap_or_else(each_last);

        let all = referrers.dependent_on(referrers.of_name.keys().copied());
        let mut bytes_left = self.facts().size_limit;
        let mut possible: BTreeMap<usize, ByValue<'a>> = BTreeMap::new();
        // In the first two every name comes out otherwise, so that both are gone through at any cost.
        for (count, outcome) in
            [Outcome::InOrder, Outcome::Reversed].iter().chain(&others).enumerate()
        {
            if bytes_left == 0 && count >= 2 {
                break;
            }
            let values = match outcome {
                Outcome::Last(service) => {
                    let names = names_of_services.get(service).into_iter().flatten().copied();
                    self.values_under(outcome, &referrers.dependent_on(names), contested)
                }
                _ => self.values_under(outcome, &all, contested),
            };
            for (place, value) in values {
                let known = possible.entry(place).or_default();
                bytes_left =
                    bytes_left.saturating_sub(value.len()).saturating_sub(size_of_val(&place));
                if let btree_map::Entry::Vacant(new) = known.entry(value) {
                    let names = if bytes_left > 0 {
                        self.names_within(place, contested)
                    } else {
                        BTreeSet::new()
                    };
                    let from = names.into_iter().filter_map(|name| outcome.winner(name, contested));
                    let from = new.insert(from.collect());
                    bytes_left = bytes_left.saturating_sub(size_of_val(from.as_slice()));
                }
            }
        }
        let standing =
            possible.into_iter().filter_map(|(place, values)| Some((declared.get(place)?, values)));
        standing
            .filter(|(declared, values)| !declared.is_overwritten() && values.len() > 1)
            .map(|(declared, values)| Ambiguity::new(declared.name(), values, true))
            .collect()
    }

    /// The contested names that the value of a declaration depends on.
    fn names_within<'c>(&self, place: usize, contested: &'c Contested<'a>) -> BTreeSet<&'c str> {
        let declared = self.environment().declared();
        let (mut names, mut places) = (BTreeSet::new(), BTreeSet::from([place]));
        let mut next = Vec::from([place]);
        while let Some(declaration) = next.pop().and_then(|place| declared.get(place)) {
            for reference in declaration.references() {
                match reference.resolved {
                    Resolved::Service(_) => {
                        names.extend(
                            contested.get_key_value(reference.name).map(|(name, _)| name.as_str()),
                        );
                    }
                    Resolved::Declared(earlier) if places.insert(earlier) => next.push(earlier),
                    Resolved::Declared(_)
                    | Resolved::Device(_)
                    | Resolved::Unknown
                    | Resolved::Unresolved => {}
                }
            }
        }
        names
    }

    /// The values of the declarations in these places, if the contested names come out like this. All
    /// others have the values that they have.
    fn values_under(
        &self,
        outcome: &Outcome<'_, 'a>,
        places: &BTreeSet<usize>,
        contested: &Contested<'a>,
    ) -> BTreeMap<usize, Value<'a>> {
        let mut bytes_left = self.facts().size_limit;
        let declared = self.environment().declared();
        let mut values: BTreeMap<usize, Value<'a>> = BTreeMap::new();
        for (place, declaration) in
            places.iter().filter_map(|&place| Some((place, declared.get(place)?)))
        {
            // Nothing else refers to others.
            let Source::Text(text) = declaration.source() else { continue };
            let mut references = declaration.references().iter();
            let mut built = ValueBuilder::default();
            let expanded = expand_within(text, self.facts().release, bytes_left, |offset, name| {
                let value = match references.next()?.resolved {
                    Resolved::Declared(earlier) => values
                        .get(&earlier)
                        .or_else(|| Some(declared.get(earlier)?.value()))
                        .cloned()?,
                    Resolved::Service(variable) => {
                        Value::of_service(outcome.winner(name, contested).unwrap_or(variable))
                    }
                    Resolved::Unknown => self.environment().unknown_reference(name)?,
                    Resolved::Device(_) | Resolved::Unresolved => return None,
                };
                Some(built.put(offset, value))
            });
            let Some(bytes) = expanded else { continue };
            bytes_left = bytes_left.saturating_sub(bytes.len());
            values.insert(place, built.finish(bytes));
        }
        values
    }
}

/// What a collision comes down to: of each Service its last variable of the name. There is no contest
/// if all of them have one value.
fn contest<'a>(collision: &Collision<'a>) -> Option<(String, Vec<ServiceVariable<'a>>)> {
    let of_services: Vec<ServiceVariable<'a>> =
        last_of_each_service(&collision.variables).collect();
    let values: BTreeSet<String> = of_services.iter().map(|variable| variable.value()).collect();
    (values.len() > 1).then(|| (collision.name.clone(), of_services))
}

fn ambiguity_of_services<'a>(name: &str, variables: &[ServiceVariable<'a>]) -> Ambiguity<'a> {
    let mut values: ByValue<'a> = BTreeMap::new();
    for &variable in variables {
        values.entry(Value::of_service(variable)).or_default().push(variable);
    }
    Ambiguity::new(name, values, false)
}

/// So few contested variables are gone through in every way.
const FEW_VARIABLES: usize = 96;

/// All outcomes, if there are not too many. Whoever wins a name comes after the others that make it, so
/// that not every combination of winners is possible.
fn all_outcomes<'c, 'a>(
    referred: &[(&'c str, &Vec<ServiceVariable<'a>>)],
) -> Option<Vec<Outcome<'c, 'a>>> {
    let variables = referred
        .iter()
        .fold(0_usize, |count, (_, variables)| count.saturating_add(variables.len()));
    if variables > FEW_VARIABLES {
        return None;
    }
    let mut partial: Vec<(Winners<'c, 'a>, BTreeSet<(usize, usize)>)> =
        Vec::from([Default::default()]);
    for &(name, variables) in referred {
        let mut extended = Vec::new();
        for (winners, before) in &partial {
            for &winner in variables {
                let last = winner.position().service;
                let others = variables
                    .iter()
                    .map(|other| other.position().service)
                    .filter(|&other| other != last);
                let before: BTreeSet<(usize, usize)> =
                    before.iter().copied().chain(others.map(|other| (other, last))).collect();
                if is_an_order(&before) {
                    if extended.len() == Ambiguity::MOST_ORDERS {
                        return None;
                    }
                    let mut winners = winners.clone();
                    winners.insert(name, winner);
                    extended.push((winners, before));
                }
            }
        }
        partial = extended;
    }
    Some(partial.into_iter().map(|(winners, _)| Outcome::Winners(winners)).collect())
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
    use alloc::borrow::Cow;

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

    #[test]
    fn omits_services_when_too_many_take_part() {
        let possible = |text: &'static str| PossibleValue {
            value: Value::plain(Cow::Borrowed(text.as_bytes())),
            from: Vec::new(),
        };
        let values = Vec::from([possible("1"), possible("2")]);
        let finding = Ambiguity { name: "A".into(), values, is_declared: true }.finding();
        assert!(finding.message.ends_with("so that its value may be 1 or 2."), "{finding:?}");
    }
}
