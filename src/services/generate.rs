//! The variables of Services (Go: `envvars.FromServices`, `makeLinkVariables`).

use alloc::borrow::Cow;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt::{self, Write};
use core::iter::{Enumerate, FusedIterator};
use core::slice;

use super::grammar::{LOOPS, Loop, PortPart, Row, ServiceVariableKind, ValuePart};
use crate::api::{PortNumber, Service, ServicePort, ServiceSpec};
use crate::names::mangled_chars;
use crate::objects::ObjectRef;
use crate::text::OneLine;

/// Returns the variables of these Services, in the order given. The variables of one Service are in
/// the kubelet's order. Services [without an address](Service::has_cluster_ip) have none.
///
/// Mirrors `envvars.FromServices`.
///
/// # Errors
/// Returns an error if a Service has an address but no ports. The API server rejects such a
/// Service, and the kubelet panics on it.
///
/// ```
/// use kubelet_env::api::Service;
/// use kubelet_env::services::generate;
///
/// let service =
///     Service::new("default", "redis-primary").with_cluster_ip("10.0.0.11").with_port(6379)?;
/// let services = [&service];
/// let lines: Vec<String> = generate(&services)?.iter().map(|v| v.to_string()).collect();
/// assert_eq!(lines[0], "REDIS_PRIMARY_SERVICE_HOST=10.0.0.11");
/// assert_eq!(lines.len(), 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn generate<'s, 'a>(services: &'s [&'a Service]) -> Result<Generated<'s, 'a>, NoPortsError> {
    match services.iter().find(|service| service.has_cluster_ip() && service.spec.ports.is_empty())
    {
        None => Ok(Generated { services }),
        Some(service) => Err(NoPortsError { service: ObjectRef::of(*service) }),
    }
}

/// The error of a Service that has an address but no ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{service}: spec.ports is empty, but spec.clusterIP has an address: declare a port, or make the Service headless with clusterIP: None"
)]
#[non_exhaustive]
pub struct NoPortsError {
    /// The Service.
    pub service: ObjectRef,
}

/// The variables of Services, as returned by [`generate`].
///
/// ```
/// # use kubelet_env::api::Service;
/// use kubelet_env::Environment;
/// use kubelet_env::services::generate;
///
/// # let redis = Service::new("default", "redis").with_cluster_ip("10.0.0.11").with_port(6379)?;
/// // `redis` has an address and one port without a name.
/// let services = [&redis];
/// let generated = generate(&services)?;
/// assert_eq!(generated.into_iter().count(), 7);
/// assert!(Environment::from(generated).get("REDIS_PORT").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Generated<'s, 'a> {
    services: &'s [&'a Service],
}

impl<'s, 'a> Generated<'s, 'a> {
    /// Returns the variables, in the kubelet's order.
    ///
    /// Names may repeat. In an [`Environment`](crate::Environment) the last variable of a name
    /// wins.
    pub fn iter(self) -> ServiceVariables<'s, 'a> {
        ServiceVariables { services: self.services.iter(), index: 0, current: None }
    }

    /// Returns the Services that have variables.
    pub(crate) fn linked(self) -> impl Iterator<Item = &'a Service> + Clone {
        self.services.iter().copied().filter(|service| service.has_cluster_ip())
    }
}

impl<'s, 'a> IntoIterator for Generated<'s, 'a> {
    type Item = ServiceVariable<'a>;
    type IntoIter = ServiceVariables<'s, 'a>;

    fn into_iter(self) -> ServiceVariables<'s, 'a> {
        self.iter()
    }
}

impl<'s, 'a> IntoIterator for &Generated<'s, 'a> {
    type Item = ServiceVariable<'a>;
    type IntoIter = ServiceVariables<'s, 'a>;

    fn into_iter(self) -> ServiceVariables<'s, 'a> {
        self.iter()
    }
}

/// An iterator over the variables of Services, as returned by [`Generated::iter`].
#[derive(Clone, Debug)]
pub struct ServiceVariables<'s, 'a> {
    services: slice::Iter<'s, &'a Service>,
    /// The index of the next Service that has an address.
    index: usize,
    current: Option<VariablesOf<'a>>,
}

impl<'a> Iterator for ServiceVariables<'_, 'a> {
    type Item = ServiceVariable<'a>;

    fn next(&mut self) -> Option<ServiceVariable<'a>> {
        loop {
            if let Some(variable) = self.current.as_mut().and_then(Iterator::next) {
                return Some(variable);
            }
            let service = self.services.find(|service| service.has_cluster_ip())?;
            self.current = Some(variables_of(service, self.index));
            self.index = self.index.saturating_add(1);
        }
    }
}

impl FusedIterator for ServiceVariables<'_, '_> {}

/// Returns the variables of a Service with an address, in the kubelet's order. `index` is the
/// Service's index among those that have an address.
pub(crate) fn variables_of(service: &Service, index: usize) -> VariablesOf<'_> {
    VariablesOf { service, index, ports: each_port(service), port: None, kinds: [].iter() }
}

/// The variables of one Service.
#[derive(Clone, Debug)]
pub(crate) struct VariablesOf<'a> {
    service: &'a Service,
    index: usize,
    ports: EachPort<'a>,
    /// The current port, and the kinds that are left for it.
    port: Option<(usize, &'a ServicePort)>,
    kinds: slice::Iter<'static, ServiceVariableKind>,
}

impl<'a> Iterator for VariablesOf<'a> {
    type Item = ServiceVariable<'a>;

    fn next(&mut self) -> Option<ServiceVariable<'a>> {
        loop {
            if let (Some((port_index, port)), Some(&kind)) = (self.port, self.kinds.next()) {
                let position = Position { service: self.index, port: port_index, kind };
                return Some(ServiceVariable { service: self.service, port, position });
            }
            let (kinds, index, port) = self.ports.next()?;
            (self.port, self.kinds) = (Some((index, port)), kinds.iter());
        }
    }
}

/// Returns each port in each of the kubelet's loops, with its index and the kinds that the loop
/// generates for it.
fn each_port(service: &Service) -> EachPort<'_> {
    let ports = service.spec.ports.as_slice();
    EachPort { loops: LOOPS.iter(), ports, rest: ports.iter().enumerate() }
}

/// The ports of a Service, once for each of the kubelet's loops that visits them.
#[derive(Clone, Debug)]
struct EachPort<'a> {
    loops: slice::Iter<'static, (Loop, &'static [ServiceVariableKind])>,
    ports: &'a [ServicePort],
    rest: Enumerate<slice::Iter<'a, ServicePort>>,
}

impl<'a> Iterator for EachPort<'a> {
    type Item = (&'static [ServiceVariableKind], usize, &'a ServicePort);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let &(of, kinds) = self.loops.as_slice().first()?;
            if let Some((index, port)) = self.rest.find(|&(index, port)| of.visits(index, port)) {
                return Some((kinds, index, port));
            }
            self.loops.next();
            self.rest = self.ports.iter().enumerate();
        }
    }
}

/// The extent of the variables of a Service with an address. Both numbers saturate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// The number of variables.
    pub(crate) count: usize,
    /// The bytes that they take as text: name, `=`, value and a terminator each.
    pub(crate) len: usize,
}

impl Extent {
    pub(crate) fn of(service: &Service) -> Self {
        let name = mangled_len(&service.metadata.name);
        let host = host_of(service).len();
        let host_in_url = if is_bracketed(service) { total([host, "[]".len()]) } else { host };
        let mut extent = Extent { count: 0, len: 0 };
        for (parts, visited) in PARTS.iter().zip(PortLens::in_loops(service)) {
            let own = total([
                parts.constant,
                parts.variables.saturating_mul(name),
                parts.hosts.saturating_mul(host),
                parts.urls.saturating_mul(host_in_url),
            ]);
            extent.count = total([extent.count, visited.ports.saturating_mul(parts.variables)]);
            extent.len = total([
                extent.len,
                visited.ports.saturating_mul(own),
                visited.numbers.saturating_mul(parts.numbers),
                visited.protocols.saturating_mul(parts.protocols),
                visited.names.saturating_mul(parts.names),
            ]);
        }
        extent
    }
}

/// The parts of the variables that one of the loops generates for a port: how often each occurs,
/// and the bytes of the constant text.
#[derive(Clone, Copy)]
struct Parts {
    variables: usize,
    constant: usize,
    hosts: usize,
    urls: usize,
    numbers: usize,
    protocols: usize,
    names: usize,
}

/// The parts of each loop, counted in the table by the compiler.
#[expect(clippy::indexing_slicing, reason = "the compiler would report an index out of bounds")]
const PARTS: [Parts; LOOPS.len()] = {
    let none =
        Parts { variables: 0, constant: 0, hosts: 0, urls: 0, numbers: 0, protocols: 0, names: 0 };
    let mut all = [none; LOOPS.len()];
    let mut index = 0;
    while index < all.len() {
        let mut kinds = LOOPS[index].1;
        while let [kind, rest @ ..] = kinds {
            all[index] = all[index].with(kind.row());
            kinds = rest;
        }
        index += 1;
    }
    all
};

impl Parts {
    #[expect(clippy::arithmetic_side_effects, reason = "the compiler would report an overflow")]
    const fn with(self, row: &Row) -> Self {
        let Parts {
            mut constant, mut hosts, mut urls, mut numbers, mut protocols, mut names, ..
        } = self;
        constant += row.start.len() + row.end.len() + "=\0".len();
        match row.port {
            PortPart::First => {}
            PortPart::Name => names += 1,
            PortPart::NumberAndProtocol => {
                numbers += 1;
                protocols += 1;
                constant += "_".len();
            }
        }
        match row.value {
            ValuePart::Host => hosts += 1,
            ValuePart::Number => numbers += 1,
            ValuePart::Protocol => protocols += 1,
            ValuePart::Url => {
                urls += 1;
                numbers += 1;
                protocols += 1;
                constant += "://:".len();
            }
        }
        Parts { variables: self.variables + 1, constant, hosts, urls, numbers, protocols, names }
    }
}

/// A number of ports, and the total lengths of their parts of names and values.
#[derive(Clone, Copy, Default)]
struct PortLens {
    ports: usize,
    numbers: usize,
    protocols: usize,
    names: usize,
}

impl PortLens {
    /// Returns the ports of a Service that each of the loops visits.
    fn in_loops(service: &Service) -> [Self; LOOPS.len()] {
        let mut sums = [PortLens::default(); LOOPS.len()];
        for (index, port) in service.spec.ports.iter().enumerate() {
            let (number, protocol) = (digits(port.port), port.effective_protocol().as_str().len());
            let name = mangled_len(&port.name);
            for (sum, (of, _)) in sums.iter_mut().zip(LOOPS) {
                if of.visits(index, port) {
                    *sum = PortLens {
                        ports: sum.ports.saturating_add(1),
                        numbers: sum.numbers.saturating_add(number),
                        protocols: sum.protocols.saturating_add(protocol),
                        names: sum.names.saturating_add(name),
                    };
                }
            }
        }
        sums
    }
}

fn total(lens: impl IntoIterator<Item = usize>) -> usize {
    lens.into_iter().fold(0, usize::saturating_add)
}

fn mangled_len(name: &str) -> usize {
    if name.is_ascii() { name.len() } else { total(mangled_chars(name).map(char::len_utf8)) }
}

fn digits(port: PortNumber) -> usize {
    match port.get() {
        ..10 => 1,
        10..100 => 2,
        100..1_000 => 3,
        1_000..10_000 => 4,
        10_000.. => 5,
    }
}

/// The position of a variable among those of all Services. The order is the kubelet's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) service: usize,
    pub(crate) port: usize,
    pub(crate) kind: ServiceVariableKind,
}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Position {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |it: &Self| (it.service, it.kind.row().of, it.port, it.kind);
        key(self).cmp(&key(other))
    }
}

/// A variable of a Service, with its Service, port and kind. `Display` writes `NAME=value`.
///
/// Two variables are equal if they have the same kind and port index of equal Services.
///
/// ```
/// # use kubelet_env::api::Service;
/// use kubelet_env::services::{ServiceVariableKind, generate};
///
/// # let redis = Service::new("default", "redis").with_cluster_ip("10.0.0.11").with_port(6379)?;
/// let services = [&redis];
/// let variable = generate(&services)?.iter().last().ok_or("no variable")?;
/// assert_eq!(variable.kind(), ServiceVariableKind::NumberedPortAddr);
/// assert_eq!(variable.service().metadata.name, "redis");
/// assert_eq!(variable.to_string(), "REDIS_PORT_6379_TCP_ADDR=10.0.0.11");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq)]
pub struct ServiceVariable<'a> {
    service: &'a Service,
    port: &'a ServicePort,
    position: Position,
}

impl PartialEq for ServiceVariable<'_> {
    fn eq(&self, other: &Self) -> bool {
        let is_same =
            (self.position.port, self.position.kind) == (other.position.port, other.position.kind);
        is_same && (core::ptr::eq(self.service, other.service) || self.service == other.service)
    }
}

impl<'a> ServiceVariable<'a> {
    /// Returns the variable at `position` of this Service, if the Service has such a port.
    pub(crate) fn at(service: &'a Service, position: Position) -> Option<Self> {
        let port = service.spec.ports.get(position.port)?;
        Some(ServiceVariable { service, port, position })
    }

    /// Returns the Service that the variable describes.
    #[must_use]
    pub fn service(self) -> &'a Service {
        self.service
    }

    /// Returns the port that the variable describes. For kinds without a port of their own, this is
    /// the first port.
    #[must_use]
    pub fn port(self) -> &'a ServicePort {
        self.port
    }

    /// Returns the kind of the variable.
    #[must_use]
    pub fn kind(self) -> ServiceVariableKind {
        self.position.kind
    }

    pub(crate) fn position(self) -> Position {
        self.position
    }

    /// Returns the name of the variable.
    #[must_use]
    pub fn name(self) -> String {
        let mut name = String::new();
        // Writing to a String does not fail.
        let _ = self.write_name(&mut name);
        name
    }

    /// Returns the value of the variable.
    #[must_use]
    pub fn value(self) -> String {
        let mut value = String::new();
        let _ = self.write_value(&mut value);
        value
    }

    /// Writes the name of the variable.
    ///
    /// # Errors
    /// Returns an error if `out` does.
    pub fn write_name(self, out: &mut impl Write) -> fmt::Result {
        let row = self.kind().row();
        write_mangled(&self.service.metadata.name, out)?;
        out.write_str(row.start)?;
        match row.port {
            PortPart::First => {}
            PortPart::Name => write_mangled(&self.port.name, out)?,
            PortPart::NumberAndProtocol => {
                write_number(self.port.port, out)?;
                out.write_char('_')?;
                out.write_str(self.port.effective_protocol().as_str())?;
            }
        }
        out.write_str(row.end)
    }

    /// Writes the value of the variable.
    ///
    /// # Errors
    /// Returns an error if `out` does.
    pub fn write_value(self, out: &mut impl Write) -> fmt::Result {
        match self.kind().row().value {
            ValuePart::Host => out.write_str(&host_of(self.service)),
            ValuePart::Number => write_number(self.port.port, out),
            ValuePart::Protocol => out.write_str(self.port.effective_protocol().as_lower_str()),
            ValuePart::Url => self.write_url(&host_of(self.service), out),
        }
    }

    /// Writes a URL with this host. Like Go's `net.JoinHostPort`, brackets a host with a colon.
    fn write_url(self, host: &str, out: &mut impl Write) -> fmt::Result {
        let (protocol, port) = (self.port.effective_protocol().as_lower_str(), self.port.port);
        let (open, close) = if is_bracketed(self.service) { ("[", "]") } else { ("", "") };
        for part in [protocol, "://", open, host, close, ":"] {
            out.write_str(part)?;
        }
        write_number(port, out)
    }

    /// Returns the value, borrowed if it is part of the Service.
    pub(crate) fn to_value(self) -> Cow<'a, str> {
        match self.kind().row().value {
            ValuePart::Host => host_of(self.service),
            ValuePart::Protocol => Cow::Borrowed(self.port.effective_protocol().as_lower_str()),
            ValuePart::Number | ValuePart::Url => Cow::Owned(self.value()),
        }
    }

    /// Reports whether the address of the Service is known.
    pub(crate) fn has_known_address(self) -> bool {
        !self.service.spec.cluster_ip.is_empty()
    }

    /// Returns the parts of the value before and after the address, if the address is part of the
    /// value and not known.
    pub(crate) fn around_unknown_address(self) -> Option<(String, String)> {
        if self.has_known_address() {
            return None;
        }
        match self.kind().row().value {
            ValuePart::Host => Some((String::new(), String::new())),
            ValuePart::Url => {
                let (mut url, no_host) = (String::new(), "\0");
                // Writing to a String does not fail.
                let _ = self.write_url(no_host, &mut url);
                url.split_once(no_host).map(|(before, after)| (before.into(), after.into()))
            }
            ValuePart::Number | ValuePart::Protocol => None,
        }
    }
}

/// Returns the address of a Service, or the placeholder for one that is not known.
fn host_of(service: &Service) -> Cow<'_, str> {
    if !service.spec.cluster_ip.is_empty() {
        return Cow::Borrowed(&service.spec.cluster_ip);
    }
    let mut placeholder = String::from("<");
    let out = &mut OneLine(&mut placeholder);
    // Writing to a String does not fail.
    let _ = write_cluster_ip_of(&service.metadata.namespace, &service.metadata.name, out);
    placeholder.push('>');
    Cow::Owned(placeholder)
}

/// Writes the placeholder for the address of a Service, without its angle brackets.
pub(crate) fn write_cluster_ip_of(
    namespace: &str,
    name: &str,
    out: &mut impl Write,
) -> fmt::Result {
    let slash = if namespace.is_empty() { "" } else { "/" };
    write!(out, "clusterIP of {namespace}{slash}{name}")
}

/// Reports whether a URL has the address of the Service in brackets: it has a colon or, if it is
/// not known, its first family is stated to be IPv6.
fn is_bracketed(service: &Service) -> bool {
    let ServiceSpec { cluster_ip, ip_families, .. } = &service.spec;
    if cluster_ip.is_empty() {
        ip_families.first().is_some_and(|family| family == "IPv6")
    } else {
        cluster_ip.contains(':')
    }
}

/// Writes a port's number without the machinery of `Display`, which takes longer than the rest of
/// a variable.
fn write_number(port: PortNumber, out: &mut impl Write) -> fmt::Result {
    let number = u32::from(port.get());
    let powers = [10_000, 1_000, 100, 10, 1].into_iter();
    let mut digits = powers.skip_while(|&power| power > number);
    digits.try_for_each(|power| {
        let digit = number.checked_div(power).unwrap_or_default().rem_euclid(10);
        out.write_char(char::from_digit(digit, 10).unwrap_or_default())
    })
}

fn write_mangled(name: &str, out: &mut impl Write) -> fmt::Result {
    mangled_chars(name).try_for_each(|c| out.write_char(c))
}

/// `NAME=VALUE`, as a program reads it: nothing is escaped.
impl fmt::Display for ServiceVariable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_name(f)?;
        f.write_char('=')?;
        self.write_value(f)
    }
}
