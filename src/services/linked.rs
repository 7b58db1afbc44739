//! The Services that a container sees, found by the names of their variables. Nothing here makes
//! all names: where a Service's name ends and a suffix begins is tried out instead. (The kubelet puts
//! all of them into a map: `Kubelet.getServiceEnvVarMap`.)

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::api::{PortNumber, Protocol, Service, ServicePort};
use crate::name::{mangle, mangled_chars};
use crate::services::generate::{Generated, Position, ServiceVariable, ServiceVariableKind, variables_of};
use crate::services::suffix::{Suffix, cuts};

/// Services that have variables, in the kubelet's order, with an index of their mangled names.
#[derive(Clone, Debug, Default)]
pub(crate) struct LinkedServices<'a> {
    services: Vec<&'a Service>,
    /// Each mangled name with the index of its Service, sorted.
    by_mangled_name: Vec<(String, usize)>,
    /// Of each Service with many ports, by its index.
    ports: BTreeMap<usize, PortIndex>,
}

/// The ports of a Service by what they are found by, each with its index.
#[derive(Clone, Debug, Default)]
struct PortIndex {
    by_number: BTreeMap<(PortNumber, Protocol), Vec<usize>>,
    by_mangled_name: BTreeMap<String, Vec<usize>>,
}

/// So few ports are gone through one by one, which takes no memory.
const FEW_PORTS: usize = 8;

impl PortIndex {
    fn of(service: &Service) -> Self {
        let mut index = PortIndex::default();
        for (place, port) in service.spec.ports.iter().enumerate() {
            index.by_number.entry((port.port, port.effective_protocol())).or_default().push(place);
            if !port.name.is_empty() {
                index.by_mangled_name.entry(mangle(&port.name).into_owned()).or_default().push(place);
            }
        }
        index
    }

    fn repeats_a_port(&self) -> bool {
        let mut places = self.by_number.values().chain(self.by_mangled_name.values());
        places.any(|places| places.len() > 1)
    }
}

impl<'a> From<Generated<'_, 'a>> for LinkedServices<'a> {
    fn from(generated: Generated<'_, 'a>) -> Self {
        let services: Vec<&Service> = generated.linked().collect();
        let mangled = services.iter().map(|service| mangle(&service.metadata.name).into_owned());
        let mut by_mangled_name: Vec<(String, usize)> = mangled.zip(0..).collect();
        by_mangled_name.sort_unstable();
        let with_many = services.iter().enumerate().filter(|(_, service)| service.spec.ports.len() > FEW_PORTS);
        let ports = with_many.map(|(index, service)| (index, PortIndex::of(service))).collect();
        LinkedServices { services, by_mangled_name, ports }
    }
}

/// Variables of Services that have one name.
///
/// ```
/// use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
/// use kubelet_env::{Environment, generate};
///
/// let ports = vec![ServicePort::new(PortNumber::new(80)?)];
/// let spec = ServiceSpec { cluster_ip: "10.0.0.1".into(), ports, ..ServiceSpec::default() };
/// let service = |name| Service { metadata: ObjectMeta::new("default", name), spec: spec.clone() };
/// let (foo, foo_service) = (service("foo"), service("foo-service"));
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
    /// The variables, in kubelet order: the last one stands. Where they are of different Services
    /// the kubelet's own order is random, so that it may pick any of them.
    pub variables: Vec<ServiceVariable<'a>>,
}

impl<'a> LinkedServices<'a> {
    /// All variables, those whose name another has included.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ServiceVariable<'a>> + Clone {
        self.services.iter().enumerate().flat_map(|(index, service)| variables_of(service, index))
    }

    /// The variables of that name, in kubelet order.
    pub(crate) fn find(&self, name: &str) -> Vec<ServiceVariable<'a>> {
        let mut found = Vec::new();
        for (suffix, services) in self.split(name) {
            for &(_, index) in services {
                found.extend(self.with_suffix(index, suffix));
            }
        }
        found.sort_unstable_by_key(|variable| variable.position());
        found
    }

    /// The variables whose names begin with `prefix`, Service by Service.
    pub(crate) fn find_prefixed(&self, prefix: &str) -> Vec<ServiceVariable<'a>> {
        let may_begin = |mangled: &str| mangled.starts_with(prefix) || prefix.starts_with(mangled);
        let services = self.by_mangled_name.iter().filter(|(mangled, _)| may_begin(mangled));
        let services = services.filter_map(|&(_, index)| Some((index, self.services.get(index)?)));
        let variables = services.flat_map(|(index, service)| variables_of(service, index));
        variables.filter(|variable| variable.name().starts_with(prefix)).collect()
    }

    /// The Services, in the kubelet's order.
    pub(crate) fn services(&self) -> &[&'a Service] {
        &self.services
    }

    /// The names that several variables have, sorted.
    pub(crate) fn collisions(&self) -> Vec<Collision<'a>> {
        let mut suspects: BTreeSet<usize> = BTreeSet::new();
        for pair in self.by_mangled_name.windows(2) {
            if let [(name, index), (same, other)] = pair
                && name == same
            {
                suspects.extend([*index, *other]);
            }
        }
        for (mangled, index) in &self.by_mangled_name {
            // Of two Services that collide one's name begins with the other's, and goes on as the
            // name of a variable does.
            if cuts(mangled).nth(1).is_some() {
                let shorter = self.split(mangled).filter(|(suffix, _)| !suffix.is_empty());
                let shorter: Vec<usize> = shorter.flat_map(|(_, services)| services).map(|&(_, index)| index).collect();
                if !shorter.is_empty() {
                    suspects.insert(*index);
                    suspects.extend(shorter);
                }
            }
            if self.repeats_a_port(*index) {
                suspects.insert(*index);
            }
        }

        let mut by_name: BTreeMap<String, Vec<ServiceVariable<'a>>> = BTreeMap::new();
        for index in suspects {
            for variable in self.services.get(index).into_iter().flat_map(|service| variables_of(service, index)) {
                by_name.entry(variable.name()).or_default().push(variable);
            }
        }
        let collisions = by_name.into_iter().filter(|(_, variables)| variables.len() > 1);
        collisions.map(|(name, variables)| Collision { name, variables }).collect()
    }

    /// Whether two ports of a Service make variables of one name. A valid Service has no such ports.
    fn repeats_a_port(&self, index: usize) -> bool {
        if let Some(ports) = self.ports.get(&index) {
            return ports.repeats_a_port();
        }
        let number = |port: &ServicePort| (port.port, port.effective_protocol());
        let mut rest = self.services.get(index).map(|service| service.spec.ports.as_slice()).unwrap_or_default();
        while let Some((port, others)) = rest.split_first() {
            let same_name = |other: &ServicePort| mangled_chars(&other.name).eq(mangled_chars(&port.name));
            if others.iter().any(|other| number(other) == number(port) || !port.name.is_empty() && same_name(other)) {
                return true;
            }
            rest = others;
        }
        false
    }

    /// The variables of a Service whose names end in this after the Service's mangled name.
    fn with_suffix(&self, index: usize, suffix: &str) -> Vec<ServiceVariable<'a>> {
        use ServiceVariableKind as Kind;

        let Some(&service) = self.services.get(index) else { return Vec::new() };
        let (ports, kind) = match Suffix::read(suffix) {
            None => return Vec::new(),
            Some(Suffix::NamedServicePort(name)) => (self.ports_named(index, service, name), Kind::NamedServicePort),
            Some(Suffix::NumberedPort { number, protocol, part }) => {
                (self.ports_numbered(index, service, number, protocol), part.into())
            }
            Some(Suffix::ServiceHost) => (Vec::from([0]), Kind::ServiceHost),
            Some(Suffix::ServicePort) => (Vec::from([0]), Kind::ServicePort),
            Some(Suffix::PortUrl) => (Vec::from([0]), Kind::PortUrl),
        };
        let at = |port| ServiceVariable::at(service, Position { service: index, port, kind });
        ports.into_iter().filter_map(at).collect()
    }

    fn ports_named(&self, index: usize, service: &Service, mangled: &str) -> Vec<usize> {
        match self.ports.get(&index) {
            Some(ports) => ports.by_mangled_name.get(mangled).cloned().unwrap_or_default(),
            None => ports_where(service, |port| !port.name.is_empty() && mangled_chars(&port.name).eq(mangled.chars())),
        }
    }

    fn ports_numbered(&self, index: usize, service: &Service, number: PortNumber, protocol: Protocol) -> Vec<usize> {
        match self.ports.get(&index) {
            Some(ports) => ports.by_number.get(&(number, protocol)).cloned().unwrap_or_default(),
            None => ports_where(service, |port| port.port == number && port.effective_protocol() == protocol),
        }
    }

    /// Each way in which `text` is the mangled name of Services and something that could be, or
    /// could begin, the suffix of a variable: that suffix, and the Services' part of the index.
    ///
    /// The index is narrowed from one cut to the next, so that a long text with many cuts is gone
    /// through once.
    fn split<'s>(&'s self, text: &'s str) -> impl Iterator<Item = (&'s str, &'s [(String, usize)])> {
        let mut candidates = self.by_mangled_name.as_slice();
        let mut compared = 0;
        let services_at = move |cut| {
            candidates = with_segment(candidates, text.as_bytes(), compared, cut)?;
            compared = cut;
            // The shortest sort first: those that end at the cut.
            let ending = candidates.partition_point(|(name, _)| name.len() == cut);
            Some((text.get(cut..)?, candidates.get(..ending)?))
        };
        cuts(text).map_while(services_at).filter(|(_, services)| !services.is_empty())
    }
}

/// Of names that agree with `text` up to `from`, and are sorted: those that agree up to `to`, if any.
fn with_segment<'s>(
    names: &'s [(String, usize)],
    text: &[u8],
    from: usize,
    to: usize,
) -> Option<&'s [(String, usize)]> {
    fn rest(name: &str, from: usize) -> &[u8] {
        name.as_bytes().get(from..).unwrap_or_default()
    }
    let segment = text.get(from..to)?;
    let start = names.partition_point(|(name, _)| rest(name, from) < segment);
    let names = names.get(start..)?;
    let end = names.partition_point(|(name, _)| rest(name, from).starts_with(segment));
    names.get(..end).filter(|names| !names.is_empty())
}

fn ports_where(service: &Service, is_meant: impl Fn(&ServicePort) -> bool) -> Vec<usize> {
    let meant = service.spec.ports.iter().enumerate().filter(|(_, port)| is_meant(port));
    meant.map(|(place, _)| place).collect()
}
