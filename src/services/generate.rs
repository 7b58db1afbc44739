//! The variables of Services, in the kubelet's own order (Go: `envvars.FromServices`,
//! `makeLinkVariables`).

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt::{self, Write};

use crate::api::{Service, ServicePort, ServiceSpec};
use crate::names::mangled_chars;
use crate::objects::ObjectRef;
use crate::text::OneLine;

/// The variables of these Services: theirs in the order given, each Service's in the kubelet's
/// order. Services [without an address](Service::has_cluster_ip) have none.
///
/// Nothing is made before it is asked for. Mirrors `envvars.FromServices`.
///
/// # Errors
/// A Service has an address and no ports. The API server lets none in; the kubelet panics over one.
///
/// ```
/// use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
/// use kubelet_env::services::generate;
///
/// let service = Service {
///     metadata: ObjectMeta::new("default", "redis-primary"),
///     spec: ServiceSpec {
///         cluster_ip: "10.0.0.11".into(),
///         ports: vec![ServicePort::new(PortNumber::new(6379)?)],
///         ..ServiceSpec::default()
///     },
/// };
/// let lines: Vec<String> = generate(&[&service])?.iter().map(|variable| variable.to_string()).collect();
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

/// A Service has an address and no ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{service}: spec.ports is empty, but spec.clusterIP has an address: declare a port, or make the Service headless with clusterIP: None"
)]
#[non_exhaustive]
pub struct NoPortsError {
    /// The Service.
    pub service: ObjectRef,
}

/// The variables of Services that all have ports: what [`generate`] gives.
///
/// ```
/// # use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
/// use kubelet_env::Environment;
/// use kubelet_env::services::generate;
///
/// # let ports = vec![ServicePort::new(PortNumber::new(6379)?)];
/// # let spec = ServiceSpec { cluster_ip: "10.0.0.11".into(), ports, ..ServiceSpec::default() };
/// # let redis = Service { metadata: ObjectMeta::new("default", "redis"), spec };
/// // `redis` has an address and one port, which has no name.
/// let services = [&redis];
/// let generated = generate(&services)?;
/// assert_eq!(generated.iter().count(), 7);
/// assert!(Environment::from(generated).get("REDIS_PORT").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Generated<'s, 'a> {
    services: &'s [&'a Service],
}

impl<'s, 'a> Generated<'s, 'a> {
    /// The variables, in the kubelet's order. Where two have one name the later stands in the
    /// container; an [`Environment`](crate::Environment) sees to that.
    pub fn iter(self) -> impl Iterator<Item = ServiceVariable<'a>> + Clone {
        self.linked().enumerate().flat_map(|(index, service)| variables_of(service, index))
    }

    /// The Services that have variables.
    pub(crate) fn linked(self) -> impl Iterator<Item = &'a Service> + Clone {
        self.services.iter().copied().filter(|service| service.has_cluster_ip())
    }
}

/// The variables of one Service that has an address, which is the one of this index among those
/// that have: the kubelet's loop over its ports.
pub(crate) fn variables_of(
    service: &Service,
    index: usize,
) -> impl Iterator<Item = ServiceVariable<'_>> + Clone {
    use ServiceVariableKind as Kind;

    let variable = move |(port_index, port), kind| ServiceVariable {
        service,
        port,
        position: Position { service: index, port: port_index, kind },
    };
    let ports = service.spec.ports.iter().enumerate();
    let first = ports.clone().take(1);
    let named = ports.clone().filter(|(_, port)| !port.name.is_empty());
    let head = first.clone().flat_map(move |port| {
        [Kind::ServiceHost, Kind::ServicePort].map(|kind| variable(port, kind))
    });
    let named = named.map(move |port| variable(port, Kind::NamedServicePort));
    let link = first.map(move |port| variable(port, Kind::PortUrl));
    let links = ports.flat_map(move |port| {
        [
            Kind::NumberedPortUrl,
            Kind::NumberedPortProto,
            Kind::NumberedPortPort,
            Kind::NumberedPortAddr,
        ]
        .map(|kind| variable(port, kind))
    });
    head.chain(named).chain(link).chain(links)
}

/// How many variables a Service has that has an address.
pub(crate) fn count_of(service: &Service) -> usize {
    let ports = service.spec.ports.as_slice();
    let named = ports.iter().filter(|port| !port.name.is_empty()).count();
    let of_first_port = if ports.is_empty() { 0_usize } else { 3 };
    ports.len().saturating_mul(4).saturating_add(named).saturating_add(of_first_port)
}

/// How many bytes the variables of a Service take that has an address, each with `=` and what ends
/// it. Counted without making any of them: its name and address stand in the variables of every port.
pub(crate) fn len_of(service: &Service) -> usize {
    let mangled = |name: &str| {
        if name.is_ascii() {
            name.len()
        } else {
            mangled_chars(name).fold(0_usize, |len, c| len.saturating_add(c.len_utf8()))
        }
    };
    let sum = |parts: &[usize]| parts.iter().fold(0_usize, |sum, &part| sum.saturating_add(part));
    let (name, host) = (mangled(&service.metadata.name), host_of(service).len());
    let bracketed = if is_bracketed(service) { host.saturating_add("[]".len()) } else { host };

    let ports = service.spec.ports.as_slice();
    let of_port = |(index, port): (usize, &ServicePort)| {
        let number =
            usize::try_from(port.port.get().ilog10()).unwrap_or_default().saturating_add(1);
        let protocol = port.effective_protocol().as_str().len();
        let url = sum(&[protocol, "://".len(), bracketed, ":".len(), number]);
        let numbered = sum(&[name, "_PORT_".len(), number, "_".len(), protocol]);
        let first =
            sum(&[name, "_SERVICE_HOST=\n".len(), host, name, "_SERVICE_PORT=\n".len(), number]);
        let named = sum(&[name, "_SERVICE_PORT_=\n".len(), mangled(&port.name), number]);
        sum(&[
            if index == 0 { sum(&[first, name, "_PORT=\n".len(), url]) } else { 0 },
            if port.name.is_empty() { 0 } else { named },
            sum(&[numbered, "=\n".len(), url]),
            sum(&[numbered, "_PROTO=\n".len(), protocol]),
            sum(&[numbered, "_PORT=\n".len(), number]),
            sum(&[numbered, "_ADDR=\n".len(), host]),
        ])
    };
    ports.iter().enumerate().map(of_port).fold(0, usize::saturating_add)
}

/// Where a variable stands among those of all Services; the order is the kubelet's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) service: usize,
    pub(crate) port: usize,
    pub(crate) kind: ServiceVariableKind,
}

impl Position {
    /// The loops of the kubelet: the head, the named ports, the first port's URL, the links.
    fn key(self) -> (usize, u8, usize, ServiceVariableKind) {
        use ServiceVariableKind as Kind;

        let round = match self.kind {
            Kind::ServiceHost | Kind::ServicePort => 0,
            Kind::NamedServicePort => 1,
            Kind::PortUrl => 2,
            Kind::NumberedPortUrl
            | Kind::NumberedPortProto
            | Kind::NumberedPortPort
            | Kind::NumberedPortAddr => 3,
        };
        (self.service, round, self.port, self.kind)
    }
}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Position {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// Which of the eight kinds of variables of a Service one is. `X` stands for the Service's
/// [mangled](crate::names::mangle) name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
pub enum ServiceVariableKind {
    /// `X_SERVICE_HOST`: the `clusterIP`.
    ServiceHost,
    /// `X_SERVICE_PORT`: the number of the first port.
    ServicePort,
    /// `X_SERVICE_PORT_<NAME>`: the number of the port of that name, mangled.
    NamedServicePort,
    /// `X_PORT`: `tcp://host:port` of the first port.
    PortUrl,
    /// `X_PORT_<NUMBER>_<PROTOCOL>`: `tcp://host:port` of that port.
    NumberedPortUrl,
    /// `X_PORT_<NUMBER>_<PROTOCOL>_PROTO`: the protocol, in lower case.
    NumberedPortProto,
    /// `X_PORT_<NUMBER>_<PROTOCOL>_PORT`: the number.
    NumberedPortPort,
    /// `X_PORT_<NUMBER>_<PROTOCOL>_ADDR`: the `clusterIP`.
    NumberedPortAddr,
}

/// One variable of a Service, before it is text: it still knows the Service, the port and its kind.
///
/// Its `Display` is `NAME=value`.
///
/// ```
/// # use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
/// use kubelet_env::services::{ServiceVariableKind, generate};
///
/// # let ports = vec![ServicePort::new(PortNumber::new(6379)?)];
/// # let spec = ServiceSpec { cluster_ip: "10.0.0.11".into(), ports, ..ServiceSpec::default() };
/// # let redis = Service { metadata: ObjectMeta::new("default", "redis"), spec };
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

/// Equal are the same variables of equal Services, wherever in a list these stand.
impl PartialEq for ServiceVariable<'_> {
    fn eq(&self, other: &Self) -> bool {
        let is_same =
            (self.position.port, self.position.kind) == (other.position.port, other.position.kind);
        is_same && (core::ptr::eq(self.service, other.service) || self.service == other.service)
    }
}

impl<'a> ServiceVariable<'a> {
    /// The variable of that position in this Service, if the Service has such a port.
    pub(crate) fn at(service: &'a Service, position: Position) -> Option<Self> {
        let port = service.spec.ports.get(position.port)?;
        Some(ServiceVariable { service, port, position })
    }

    /// The Service that it comes from.
    #[must_use]
    pub fn service(self) -> &'a Service {
        self.service
    }

    /// The port that it tells of; the first one for the kinds that name none.
    #[must_use]
    pub fn port(self) -> &'a ServicePort {
        self.port
    }

    /// Which of the eight kinds it is.
    #[must_use]
    pub fn kind(self) -> ServiceVariableKind {
        self.position.kind
    }

    pub(crate) fn position(self) -> Position {
        self.position
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> String {
        let mut name = String::new();
        // Writing to a String does not fail.
        let _ = self.write_name(&mut name);
        name
    }

    /// Its value.
    #[must_use]
    pub fn value(self) -> String {
        let mut value = String::new();
        let _ = self.write_value(&mut value);
        value
    }

    /// Writes its name.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_name(self, out: &mut impl Write) -> fmt::Result {
        use ServiceVariableKind as Kind;

        write_mangled(&self.service.metadata.name, out)?;
        match self.kind() {
            Kind::ServiceHost => out.write_str("_SERVICE_HOST"),
            Kind::ServicePort => out.write_str("_SERVICE_PORT"),
            Kind::NamedServicePort => {
                out.write_str("_SERVICE_PORT_")?;
                write_mangled(&self.port.name, out)
            }
            Kind::PortUrl => out.write_str("_PORT"),
            Kind::NumberedPortUrl => self.write_numbered_port(out),
            Kind::NumberedPortProto => {
                self.write_numbered_port(out)?;
                out.write_str("_PROTO")
            }
            Kind::NumberedPortPort => {
                self.write_numbered_port(out)?;
                out.write_str("_PORT")
            }
            Kind::NumberedPortAddr => {
                self.write_numbered_port(out)?;
                out.write_str("_ADDR")
            }
        }
    }

    /// Writes its value.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_value(self, out: &mut impl Write) -> fmt::Result {
        use ServiceVariableKind as Kind;

        match self.kind() {
            Kind::ServiceHost | Kind::NumberedPortAddr => out.write_str(&host_of(self.service)),
            Kind::ServicePort | Kind::NamedServicePort | Kind::NumberedPortPort => {
                write!(out, "{}", self.port.port)
            }
            Kind::PortUrl | Kind::NumberedPortUrl => self.write_url(out),
            Kind::NumberedPortProto => out.write_str(self.port.effective_protocol().as_lower_str()),
        }
    }

    fn write_numbered_port(self, out: &mut impl Write) -> fmt::Result {
        write!(out, "_PORT_{}_{}", self.port.port, self.port.effective_protocol())
    }

    /// Writes the URL. A host with a colon in it is put in brackets (Go: `net.JoinHostPort`).
    fn write_url(self, out: &mut impl Write) -> fmt::Result {
        let (before, after) = self.around_host();
        write!(out, "{before}{}{after}", host_of(self.service))
    }

    /// Returns the parts of the URL before and after the host.
    fn around_host(self) -> (String, String) {
        let protocol = self.port.effective_protocol().as_lower_str();
        let port = self.port.port;
        if is_bracketed(self.service) {
            (format!("{protocol}://["), format!("]:{port}"))
        } else {
            (format!("{protocol}://"), format!(":{port}"))
        }
    }

    /// Returns the parts of the value before and after the address, if the address is part of the
    /// value and not known.
    pub(crate) fn around_unknown_address(self) -> Option<(String, String)> {
        use ServiceVariableKind as Kind;

        match self.kind() {
            _ if !self.service.spec.cluster_ip.is_empty() => None,
            Kind::ServiceHost | Kind::NumberedPortAddr => Some((String::new(), String::new())),
            Kind::PortUrl | Kind::NumberedPortUrl => Some(self.around_host()),
            Kind::ServicePort
            | Kind::NamedServicePort
            | Kind::NumberedPortProto
            | Kind::NumberedPortPort => None,
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

/// Reports whether a URL has the address of the Service in brackets: it has a colon or, if it is not
/// known, its first family is stated to be IPv6.
fn is_bracketed(service: &Service) -> bool {
    let ServiceSpec { cluster_ip, ip_families, .. } = &service.spec;
    if cluster_ip.is_empty() {
        ip_families.first().is_some_and(|family| family == "IPv6")
    } else {
        cluster_ip.contains(':')
    }
}

fn write_mangled(name: &str, out: &mut impl Write) -> fmt::Result {
    mangled_chars(name).try_for_each(|c| out.write_char(c))
}

impl fmt::Display for ServiceVariable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_name(f)?;
        f.write_char('=')?;
        self.write_value(f)
    }
}
