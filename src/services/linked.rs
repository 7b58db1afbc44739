//! An index of the Services that a container sees, by the names of their variables.
//!
//! The kubelet puts every variable into a map (`Kubelet.getServiceEnvVarMap`). This index instead
//! tries each split of a name into a Service's name and a suffix, so no names are generated.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;
use core::ops::Range;

use crate::api::{PortNumber, Protocol, Service, ServicePort};
use crate::names::{Positions, mangle, mangle_alike, mangled_chars};
use crate::services::generate::{Position, ServiceVariable, variables_of};
use crate::services::grammar::{PortKey, Suffix, cuts, cuts_to};
use crate::services::numbers::Numbers;
use crate::services::rendered::{Rendered, Texts, VariableText};

/// Services that have variables, in the kubelet's order, with an index of their mangled names.
#[derive(Clone, Debug, Default)]
pub(crate) struct LinkedServices<'a> {
    services: Vec<&'a Service>,
    numbers: Numbers,
    /// The mangled names with the indexes of their Services, sorted.
    by_mangled_name: Vec<Named>,
    /// The [`initial`] bits of the mangled names.
    initials: u64,
    /// The ports of Services of one mangled name that have many, with the index of the first of
    /// these names, sorted.
    ports: Vec<(usize, PortIndex)>,
    text: Rendered,
    has_all_addresses: bool,
    collisions: Vec<Collision<'a>>,
    /// The numbers of the variables that a later one of the same name overrides, sorted.
    overridden: Vec<usize>,
}

/// The mangled name of a Service, and its index.
type Named = (String, usize);

/// The index of a Service, and that of one of its ports.
type Place = (usize, usize);

/// The ports of Services of one mangled name, by number and by name.
#[derive(Clone, Debug)]
struct PortIndex {
    by_number: PortsBy<(PortNumber, Protocol)>,
    by_mangled_name: PortsBy<String>,
}

/// The number of ports up to which a linear search is used instead of an index.
const FEW_PORTS: usize = 8;

impl PortIndex {
    fn of<'a>(places: impl Iterator<Item = (Place, &'a ServicePort)>) -> Self {
        let (mut numbered, mut named) = (Vec::new(), Vec::new());
        for (place, port) in places {
            numbered.push(((port.port, port.effective_protocol()), place));
            if !port.name.is_empty() {
                named.push((mangle(&port.name).into_owned(), place));
            }
        }
        PortIndex { by_number: PortsBy::of(numbered), by_mangled_name: PortsBy::of(named) }
    }

    fn repeats_a_port(&self) -> bool {
        self.by_number.repeats_a_key() || self.by_mangled_name.repeats_a_key()
    }
}

/// Ports of Services, sorted by a key.
#[derive(Clone, Debug)]
struct PortsBy<K> {
    keys: Vec<K>,
    places: Vec<Place>,
}

impl<K: Ord> PortsBy<K> {
    fn of(mut ports: Vec<(K, Place)>) -> Self {
        ports.sort_unstable();
        let (keys, places) = ports.into_iter().unzip();
        PortsBy { keys, places }
    }

    /// Returns the ports with this key, in kubelet order.
    fn get<Q: Ord + ?Sized>(&self, key: &Q) -> &[Place]
    where
        K: Borrow<Q>,
    {
        let start = self.keys.partition_point(|other| other.borrow() < key);
        let end = self.keys.partition_point(|other| other.borrow() <= key);
        self.places.get(start..end).unwrap_or_default()
    }

    fn repeats_a_key(&self) -> bool {
        self.keys.windows(2).any(|pair| pair.first() == pair.last())
    }
}

/// Returns a bit for the first byte of a text. Some bytes share a bit, and the empty text, which
/// every text begins with, has all bits.
#[inline]
fn initial(text: &str) -> u64 {
    text.bytes().next().map_or(u64::MAX, |byte| 1_u64.wrapping_shl(byte.into()))
}

/// Returns the groups of Services with the same mangled name.
fn groups(by_mangled_name: &[Named]) -> impl Iterator<Item = &[Named]> {
    by_mangled_name.chunk_by(|(name, _), (next, _)| name == next)
}

impl<'a> LinkedServices<'a> {
    /// Returns the index of Services that all have ports. Those without an address have unknown
    /// ones.
    pub(crate) fn of(services: Vec<&'a Service>) -> Self {
        let mangled = services.iter().map(|service| mangle(&service.metadata.name).into_owned());
        let mut by_mangled_name: Vec<Named> = mangled.zip(0..).collect();
        by_mangled_name.sort_unstable();
        let mut linked = LinkedServices {
            numbers: Numbers::of(&services),
            services,
            initials: by_mangled_name.iter().fold(0, |bits, (name, _)| bits | initial(name)),
            by_mangled_name,
            ..LinkedServices::default()
        };
        let mut start = 0_usize;
        for group in groups(&linked.by_mangled_name) {
            if linked.ports_of(group).nth(FEW_PORTS).is_some() {
                linked.ports.push((start, PortIndex::of(linked.ports_of(group))));
            }
            start = start.saturating_add(group.len());
        }
        linked
    }

    /// Returns the index with everything that an environment needs. The variables take `len`
    /// bytes.
    pub(crate) fn for_environment(services: Vec<&'a Service>, len: usize) -> Self {
        let mut linked = LinkedServices::of(services);
        linked.text = Rendered::of(&linked.services, linked.count(), len);
        linked.has_all_addresses =
            linked.services.iter().all(|service| !service.spec.cluster_ip.is_empty());
        linked.collisions = linked.find_collisions();
        let earlier = linked.collisions.iter().filter_map(|names| names.variables.split_last());
        let earlier = earlier.flat_map(|(_, earlier)| earlier);
        linked.overridden = earlier.filter_map(|&variable| linked.number_of(variable)).collect();
        linked.overridden.sort_unstable();
        linked
    }
}

/// Service variables with the same name.
///
/// ```
/// use kubelet_env::api::Service;
/// use kubelet_env::Environment;
/// use kubelet_env::services::generate;
///
/// let service = |name| Service::new("default", name).with_cluster_ip("10.0.0.1").with_port(80);
/// let (foo, foo_service) = (service("foo")?, service("foo-service")?);
/// let environment = Environment::from(generate(&[&foo, &foo_service])?);
///
/// let [collision, ..] = environment.collisions() else { return Err("no collision".into()) };
/// assert_eq!(collision.name, "FOO_SERVICE_PORT");
/// let values: Vec<String> = collision.variables.iter().map(|variable| variable.value()).collect();
/// assert_eq!(values, ["80", "tcp://10.0.0.1:80"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collision<'a> {
    /// The name.
    pub name: String,
    /// The variables, in kubelet order. The last one wins. The kubelet's order between Services is
    /// random, so in a cluster the last variable of any of these Services can win.
    pub variables: Vec<ServiceVariable<'a>>,
}

/// Returns the last variable of each Service. `variables` have one name and are in kubelet order.
pub(crate) fn last_of_each_service<'a>(
    variables: &[ServiceVariable<'a>],
) -> impl Iterator<Item = ServiceVariable<'a>> {
    let of_services =
        variables.chunk_by(|one, next| one.position().service == next.position().service);
    of_services.filter_map(|of_one| of_one.last().copied())
}

/// A variable of [`LinkedServices`]. Its Service and port are found when they are asked for.
#[derive(Clone, Copy)]
pub(crate) struct LinkedVariable<'l> {
    services: &'l LinkedServices<'l>,
    number: usize,
    /// The name and value, if the text of all variables is kept.
    text: Option<VariableText<'l>>,
}

impl<'l> LinkedVariable<'l> {
    pub(crate) fn service_variable(self) -> Option<ServiceVariable<'l>> {
        self.services.at(self.number)
    }

    #[inline]
    pub(crate) fn name(self) -> Cow<'l, str> {
        match self.text {
            Some(text) => Cow::Borrowed(text.name),
            None => self.service_variable().map(ServiceVariable::name).unwrap_or_default().into(),
        }
    }

    /// Returns the bytes of the value, if they are kept.
    #[inline]
    pub(crate) fn value_bytes(self) -> Option<&'l [u8]> {
        self.text.map(|text| text.value)
    }
}

impl fmt::Debug for LinkedVariable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.service_variable().fmt(f)
    }
}

/// The variables of [`LinkedServices`].
#[derive(Clone)]
pub(crate) struct LinkedVariables<'l> {
    services: &'l LinkedServices<'l>,
    numbers: Range<usize>,
    texts: Texts<'l>,
    /// The numbers of the variables that are left out, sorted.
    hidden: &'l [usize],
}

impl<'l> Iterator for LinkedVariables<'l> {
    type Item = LinkedVariable<'l>;

    #[inline]
    fn next(&mut self) -> Option<LinkedVariable<'l>> {
        let LinkedVariables { services, .. } = *self;
        loop {
            let number = self.numbers.next()?;
            let text = self.texts.next();
            match self.hidden.split_first() {
                Some((&hidden, rest)) if hidden == number => self.hidden = rest,
                _ => return Some(LinkedVariable { services, number, text }),
            }
        }
    }
}

impl<'a> LinkedServices<'a> {
    /// Returns all variables but those with the numbers `hidden`, which are sorted. Several may
    /// have the same name.
    pub(crate) fn variables_without<'l>(&'l self, hidden: &'l [usize]) -> LinkedVariables<'l> {
        LinkedVariables {
            services: self,
            numbers: 0..self.count(),
            texts: self.text.texts(),
            hidden,
        }
    }

    /// Returns a variable of these Services with its text, if that is kept.
    pub(crate) fn linked(&self, variable: ServiceVariable<'_>) -> Option<LinkedVariable<'_>> {
        let number = self.number_of(variable)?;
        Some(LinkedVariable { services: self, number, text: self.text.text_of(number) })
    }

    /// Returns the number of a variable among those of all Services.
    pub(crate) fn number_of(&self, variable: ServiceVariable<'_>) -> Option<usize> {
        self.numbers.number_at(variable.position())
    }

    /// Returns the numbers of the variables of the Service at that index.
    pub(crate) fn numbers_of(&self, index: usize) -> Range<usize> {
        self.numbers.of_service(index)
    }

    /// Returns the variable with that number.
    pub(crate) fn at(&self, number: usize) -> Option<ServiceVariable<'a>> {
        let position = self.numbers.position_of(number)?;
        ServiceVariable::at(self.services.get(position.service)?, position)
    }

    /// Reports whether the addresses of all Services are known.
    pub(crate) fn has_all_addresses(&self) -> bool {
        self.has_all_addresses
    }

    /// Returns the NUL-separated text of all variables, unless it is too long to be kept.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_str()
    }

    /// Returns the variables with this name, in kubelet order.
    pub(crate) fn find(&self, name: &str) -> Vec<ServiceVariable<'a>> {
        // Most names of other variables do not even have a suffix. This is cheaper than a search.
        if !self.may_have(name) || cuts(name).next().is_none_or(|cut| cut == name.len()) {
            return Vec::new();
        }
        let splits = self.split(name);
        let mut found: Vec<_> =
            splits.flat_map(|(suffix, group)| self.with_suffix(group, suffix)).collect();
        found.sort_unstable_by_key(|variable| variable.position());
        found
    }

    /// Reports whether a variable may have this name, by its first byte.
    #[inline]
    pub(crate) fn may_have(&self, name: &str) -> bool {
        self.initials & initial(name) != 0
    }

    /// Returns the last variable with this name.
    pub(crate) fn find_last(&self, name: &str) -> Option<ServiceVariable<'a>> {
        if !self.may_have(name) {
            return None;
        }
        let last = self
            .split(name)
            .filter_map(|(suffix, group)| self.with_suffix(group, suffix).next_back());
        last.max_by_key(|variable| variable.position())
    }

    /// Returns the variables whose names begin with `prefix`, grouped by Service.
    fn find_prefixed(&self, prefix: &str) -> Vec<ServiceVariable<'a>> {
        let may_begin = |mangled: &str| mangled.starts_with(prefix) || prefix.starts_with(mangled);
        let services = self.by_mangled_name.iter().filter(|(mangled, _)| may_begin(mangled));
        let of_service = |(mangled, index): &Named| {
            let (mangled, index) = (mangled.as_str(), *index);
            let variables = self
                .services
                .get(index)
                .into_iter()
                .flat_map(move |service| variables_of(service, index));
            // Names are generated only if the Service's name does not decide.
            let all_begin = mangled.starts_with(prefix);
            variables.filter(move |variable| all_begin || variable.name().starts_with(prefix))
        };
        services.flat_map(of_service).collect()
    }

    /// Returns the variables with one of these names or prefixes, in kubelet order.
    pub(crate) fn find_where(
        &self,
        names: &[String],
        prefixes: &[String],
    ) -> Vec<ServiceVariable<'a>> {
        let named = names.iter().flat_map(|name| self.find(name));
        let prefixed = prefixes.iter().flat_map(|prefix| self.find_prefixed(prefix));
        let mut found: Vec<ServiceVariable<'a>> = named.chain(prefixed).collect();
        found.sort_unstable_by_key(|variable| variable.position());
        // Comparing positions is cheaper: comparing variables compares their Services.
        found.dedup_by_key(|variable| variable.position());
        found
    }

    /// Returns the Services, in kubelet order.
    pub(crate) fn services(&self) -> &[&'a Service] {
        &self.services
    }

    /// Returns the number of variables, including those with the same name.
    pub(crate) fn count(&self) -> usize {
        self.numbers.count()
    }

    /// Returns the names that several variables of an environment have, sorted.
    pub(crate) fn collisions(&self) -> &[Collision<'a>] {
        &self.collisions
    }

    /// Returns the numbers of the variables that a later one of the same name overrides, sorted.
    pub(crate) fn overridden(&self) -> &[usize] {
        &self.overridden
    }

    /// Finds the names that several variables have, sorted.
    pub(crate) fn find_collisions(&self) -> Vec<Collision<'a>> {
        let mut suspects: Vec<usize> = Vec::new();
        for group in groups(&self.by_mangled_name) {
            let Some((mangled, _)) = group.first() else { continue };
            let mut is_suspect = group.len() > 1 || self.repeats_a_port(group);
            // If two Services collide, the name of one begins with that of the other and continues
            // like the name of a variable.
            if cuts(mangled).nth(1).is_some() {
                for (_, shorter) in self.split(mangled).filter(|(suffix, _)| !suffix.is_empty()) {
                    is_suspect = true;
                    // The others of the group are suspects already.
                    suspects.extend(shorter.first().map(|(_, index)| index));
                }
            }
            if is_suspect {
                suspects.extend(group.iter().map(|(_, index)| index));
            }
        }
        suspects.sort_unstable();
        suspects.dedup();

        let mut named: Vec<(String, ServiceVariable<'a>)> = Vec::new();
        for index in suspects {
            if let Some(&service) = self.services.get(index) {
                let variables = variables_of(service, index);
                named.extend(variables.map(|variable| (variable.name(), variable)));
            }
        }
        // The variables are in kubelet order, and so are those of each name.
        let by_name = Positions::of(named.iter().map(|(name, _)| name.as_str()));
        let shared = by_name.groups().filter(|(_, positions)| positions.len() > 1);
        let collisions = shared.map(|(name, positions)| {
            let variables = positions.iter().filter_map(|&position| named.get(position));
            let variables = variables.map(|&(_, variable)| variable).collect();
            Collision { name: name.into(), variables }
        });
        collisions.collect()
    }

    /// Reports whether two ports of the first Service of a group produce the same name. Valid
    /// Services have no such ports.
    fn repeats_a_port(&self, group: &[Named]) -> bool {
        if let Some(ports) = self.many_ports(group) {
            return ports.repeats_a_port();
        }
        let number = |port: &ServicePort| (port.port, port.effective_protocol());
        let service = group.first().and_then(|&(_, index)| self.services.get(index));
        let mut rest = service.map(|service| service.spec.ports.as_slice()).unwrap_or_default();
        while let Some((port, others)) = rest.split_first() {
            let same_name = |other: &ServicePort| mangle_alike(&other.name, &port.name);
            if others.iter().any(|other| {
                number(other) == number(port) || !port.name.is_empty() && same_name(other)
            }) {
                return true;
            }
            rest = others;
        }
        false
    }

    /// Returns the variables of a group of Services whose names end in `suffix`, in kubelet order.
    fn with_suffix(
        &self,
        group: &[Named],
        suffix: &str,
    ) -> impl DoubleEndedIterator<Item = ServiceVariable<'a>> {
        let suffix = Suffix::read(suffix);
        let (first_of, ports) = match suffix.map(|suffix| suffix.port) {
            None => (&[][..], Cow::default()),
            Some(PortKey::First) => (group, Cow::default()),
            Some(PortKey::Named(name)) => (&[][..], self.ports_named(group, name)),
            Some(PortKey::Numbered(number, protocol)) => {
                (&[][..], self.ports_numbered(group, number, protocol))
            }
        };
        let first_ports = first_of.iter().map(|&(_, service)| (service, 0));
        let ports = (0..ports.len()).filter_map(move |index| ports.get(index).copied());
        first_ports.chain(ports).filter_map(move |(service, port)| {
            let position = Position { service, port, kind: suffix?.kind };
            ServiceVariable::at(self.services.get(service)?, position)
        })
    }

    fn ports_named(&self, group: &[Named], mangled: &str) -> Cow<'_, [Place]> {
        match self.many_ports(group) {
            Some(ports) => ports.by_mangled_name.get(mangled).into(),
            None => self.ports_where(group, |port| {
                !port.name.is_empty() && mangled_chars(&port.name).eq(mangled.chars())
            }),
        }
    }

    fn ports_numbered(
        &self,
        group: &[Named],
        number: PortNumber,
        protocol: Protocol,
    ) -> Cow<'_, [Place]> {
        match self.many_ports(group) {
            Some(ports) => ports.by_number.get(&(number, protocol)).into(),
            None => self.ports_where(group, |port| {
                port.port == number && port.effective_protocol() == protocol
            }),
        }
    }

    /// Returns the ports of a group of Services, if they are many.
    fn many_ports(&self, group: &[Named]) -> Option<&PortIndex> {
        let (mangled, _) = group.first()?;
        let name_at = |&(start, _): &(usize, PortIndex)| self.by_mangled_name.get(start);
        let found = self.ports.binary_search_by(|ports| {
            name_at(ports).map_or("", |(name, _)| name.as_str()).cmp(mangled)
        });
        self.ports.get(found.ok()?).map(|(_, ports)| ports)
    }

    fn ports_where(
        &self,
        group: &[Named],
        matches: impl Fn(&ServicePort) -> bool,
    ) -> Cow<'_, [Place]> {
        self.ports_of(group).filter(|(_, port)| matches(port)).map(|(place, _)| place).collect()
    }

    /// Returns the ports of a group of Services, in kubelet order.
    fn ports_of(&self, group: &[Named]) -> impl Iterator<Item = (Place, &'a ServicePort)> {
        let services =
            group.iter().filter_map(|&(_, index)| Some((index, *self.services.get(index)?)));
        services.flat_map(|(index, service)| {
            let ports = service.spec.ports.iter().enumerate();
            ports.map(move |(place, port)| ((index, place), port))
        })
    }

    /// Returns each split of `text` into the mangled name of Services and a rest that may be, or
    /// may begin, the suffix of a variable: that rest, and the Services' part of the index.
    ///
    /// The index is narrowed from one cut to the next, so a long text with many cuts is read once.
    fn split<'s>(&'s self, text: &'s str) -> impl Iterator<Item = (&'s str, &'s [Named])> {
        // Such a name is not after `text` in the index, and all names between it and `text` begin
        // with it. So the last name that is not after `text` does.
        let after = self.by_mangled_name.partition_point(|(name, _)| name.as_str() <= text);
        let mut candidates = self.by_mangled_name.get(..after).unwrap_or_default();
        let last = candidates.last().map_or("", |(name, _)| name.as_str());
        let shared = last.bytes().zip(text.bytes()).take_while(|(one, other)| one == other);
        let mut compared = 0;
        let services_at = move |cut| {
            candidates = with_segment(candidates, text.as_bytes(), compared, cut)?;
            compared = cut;
            // The shortest names sort first, and they end at the cut.
            let ending = candidates.partition_point(|(name, _)| name.len() == cut);
            Some((text.get(cut..)?, candidates.get(..ending)?))
        };
        let cuts = cuts_to(text, shared.count());
        cuts.map_while(services_at).filter(|(_, services)| !services.is_empty())
    }
}

/// Returns the names that agree with `text` up to `to`, if any. The names are sorted, none is after
/// `text`, and all agree with it up to `from`.
fn with_segment<'s>(
    names: &'s [Named],
    text: &[u8],
    from: usize,
    to: usize,
) -> Option<&'s [Named]> {
    let segment = text.get(from..to)?;
    let is_before = |(name, _): &Named| name.as_bytes().get(from..).unwrap_or_default() < segment;
    // Few names are between those that agree and `text`, so the search begins at the end.
    let mut width = 1_usize;
    while names.iter().nth_back(width.saturating_sub(1)).is_some_and(|name| !is_before(name)) {
        width = width.saturating_mul(2);
    }
    let near = names.get(names.len().saturating_sub(width)..)?;
    near.get(near.partition_point(is_before)..).filter(|names| !names.is_empty())
}
