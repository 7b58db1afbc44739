//! The reverse lookup: reconstruction of Services from the variables of an environment.
//!
//! [`Discovered`] is the inverse of the kubelet's `envvars.FromServices`.

mod clues;
mod reading;

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use self::clues::{Clue, Clues, Fit};
pub(crate) use self::reading::is_of_a_service;
use self::reading::{is_mangled_label, number_clues, text_clue};
use crate::api::{PortNumber, Protocol};
use crate::environment::Environment;
use crate::names::mangle;
use crate::services::read_number;
use crate::text::pairs_of_block;

/// The Services that the variables of an environment describe.
///
/// A variable belongs to a Service only if its name is a mangled DNS-1123 label with one of the
/// kubelet's suffixes, and its value has the form that the kubelet gives such a variable. For
/// example, `REDIS_PORT=6379` is not a service variable. If a name can be split in several ways,
/// the value and the other variables decide: `FOO_SERVICE_PORT` belongs to `foo` if it is a number,
/// and to `foo-service` if it is `tcp://10.0.0.1:80`.
///
/// If the Services are valid and their variables do not [collide](Environment::collisions), every
/// Service is found with its host and ports. The name of a port is found too, with two exceptions:
/// the port number has several protocols, or the same variable can name a port of another Service.
/// (If `a` and `a-service-port-b` both have the port 80, the variables are the same whether the
/// first calls it `b-service-port-c` or the second calls it `c`.)
///
/// A `Discovered` holds a copy of the environment. The time to build it is linear in the size of
/// the environment. `Debug` shows the candidates and no other value.
///
/// This is the inverse of `envvars.FromServices`.
///
/// ```
/// use kubelet_env::inspect::discover::Discovered;
/// use kubelet_env::api::Protocol;
///
/// let found = Discovered::from_pairs([
///     ("PATH", "/usr/bin"),
///     ("MY_SVC_NGINX_SERVICE_HOST", "10.1.237.190"),
///     ("MY_SVC_NGINX_SERVICE_PORT", "80"),
///     ("MY_SVC_NGINX_PORT", "tcp://10.1.237.190:80"),
///     ("MY_SVC_NGINX_PORT_80_TCP", "tcp://10.1.237.190:80"),
///     ("MY_SVC_NGINX_PORT_80_TCP_PROTO", "tcp"),
///     ("MY_SVC_NGINX_PORT_80_TCP_PORT", "80"),
///     ("MY_SVC_NGINX_PORT_80_TCP_ADDR", "10.1.237.190"),
/// ]);
/// let service = found.find("my-svc-nginx")?;
/// assert_eq!(service.host, "10.1.237.190");
/// assert_eq!((service.ports[0].number.get(), service.ports[0].protocol), (80, Protocol::Tcp));
///
/// let rest: Vec<_> = found.without_service_variables().collect();
/// assert_eq!(rest, [(b"PATH".as_slice(), b"/usr/bin".as_slice())]);
/// # Ok::<(), kubelet_env::inspect::discover::DiscoverError>(())
/// ```
#[derive(Clone, Default)]
pub struct Discovered {
    pairs: Pairs,
    /// True for each pair that is a variable of a Service that was found.
    is_service_variable: Vec<bool>,
    /// Sorted by mangled name.
    candidates: Vec<Candidate>,
}

/// A Service that variables of an environment describe.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Candidate {
    mangled_name: String,
    certainty: Certainty,
    service: Result<DiscoveredService, DiscoverError>,
}

/// The certainty that a Service exists, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Certainty {
    /// A single variable describes the Service, or each of its variables can also belong to another
    /// one, or they contradict each other.
    Ambiguous,
    /// Several variables that can belong to no other Service agree. Others are missing, or differ
    /// from those that the kubelet generates.
    Corroborated,
    /// All variables that the kubelet generates for such a Service exist and agree.
    Certain,
}

/// The address and ports of a Service, as its variables describe them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DiscoveredService {
    /// The `clusterIP`, verbatim.
    pub host: String,
    /// The ports, at least one: the Service's first port, if known, then the others by number and
    /// protocol.
    pub ports: Vec<DiscoveredPort>,
}

/// A port of a Service, as its variables describe it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DiscoveredPort {
    /// The number.
    pub number: PortNumber,
    /// The protocol.
    pub protocol: Protocol,
    /// The name, if the port has one that is unambiguous.
    pub name: Option<String>,
}

/// An error from looking up a Service in an environment. It quotes only values that have the form
/// of a service variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// No Service can have this name.
    #[error("not the name of a Service: at most 63 letters, digits and '-', no '-' at either end")]
    NotAServiceName,
    /// No variable describes the Service.
    #[error(
        "no variable describes this Service: it is not in the Pod's namespace, has no address, was created after the container, or service links are disabled"
    )]
    NoVariables,
    /// Variables describe the Service, but none contains its host.
    #[error("no variable contains the Service's host")]
    HostMissing,
    /// Variables contain the host, but no port.
    #[error("variables contain the Service's host, but no port")]
    PortsMissing,
    /// A variable contains the number of the first port, but none its protocol.
    #[error(
        "the Service's first port has the number {number}, but no variable contains its protocol"
    )]
    ProtocolMissing {
        /// The number.
        number: PortNumber,
    },
    /// Two variables contain different hosts.
    #[error("the Service's variables contain different hosts")]
    ContradictoryHosts,
    /// Two variables contain different first ports.
    #[error("the Service's variables contain different first ports")]
    ContradictoryPorts,
}

impl Discovered {
    /// Reads an environment from pairs of names and values. If a name occurs twice, both values
    /// count.
    ///
    /// ```
    /// use kubelet_env::inspect::discover::{DiscoverError, Discovered};
    ///
    /// let found = Discovered::from_pairs([("REDIS_PORT", "6379")]);
    /// assert_eq!(found.find("redis"), Err(DiscoverError::NoVariables));
    /// ```
    #[must_use]
    pub fn from_pairs<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut own = Pairs::default();
        for (name, value) in pairs {
            own.push(name.as_ref(), value.as_ref(), false);
        }
        Discovered::new(own)
    }

    /// Reads NUL-separated `NAME=value` entries, as `/proc/PID/environ` holds them. Entries without
    /// `=` are skipped. An `=` at the start belongs to the name.
    ///
    /// ```
    /// use kubelet_env::inspect::discover::{Certainty, Discovered};
    ///
    /// let found = Discovered::from_block(b"HOME=/root\0REDIS_SERVICE_HOST=10.0.0.11\0");
    /// let redis = &found.candidates()[0];
    /// assert_eq!((redis.mangled_name(), redis.certainty()), ("REDIS", Certainty::Ambiguous));
    /// ```
    #[must_use]
    pub fn from_block(block: &[u8]) -> Self {
        Discovered::from_pairs(pairs_of_block(block))
    }

    fn new(pairs: Pairs) -> Self {
        let services = gather(&pairs);
        let mut candidates = Vec::with_capacity(services.clues.len());
        let mut is_service_variable = alloc::vec![false; pairs.len()];
        for (mangled_name, &position) in &services.by_name {
            let Some(clues) = services.clues.get(position) else { continue };
            let candidate = clues.candidate(mangled_name);
            if candidate.service.is_ok() && candidate.certainty > Certainty::Ambiguous {
                for &variable in &clues.variables {
                    if let Some(is_service_variable) = is_service_variable.get_mut(variable) {
                        *is_service_variable = true;
                    }
                }
            }
            candidates.push(candidate);
        }
        Discovered { pairs, is_service_variable, candidates }
    }

    /// Returns the Service with this name, as a program in the container sees it.
    ///
    /// # Errors
    /// Returns an error if no Service can have this name
    /// ([`NotAServiceName`](DiscoverError::NotAServiceName)), if no variable describes it
    /// ([`NoVariables`](DiscoverError::NoVariables)), and in the cases of [`Candidate::service`].
    pub fn find(&self, name: &str) -> Result<&DiscoveredService, DiscoverError> {
        self.candidate(name)?.service()
    }

    /// Returns the candidate with this name.
    ///
    /// # Errors
    /// Returns an error if no Service can have this name
    /// ([`NotAServiceName`](DiscoverError::NotAServiceName)), or if no variable describes it
    /// ([`NoVariables`](DiscoverError::NoVariables)).
    pub fn candidate(&self, name: &str) -> Result<&Candidate, DiscoverError> {
        let mangled = mangle(name);
        if !is_mangled_label(&mangled) {
            return Err(DiscoverError::NotAServiceName);
        }
        let index = self
            .candidates
            .binary_search_by(|candidate| candidate.mangled_name.as_str().cmp(&mangled));
        index.ok().and_then(|index| self.candidates.get(index)).ok_or(DiscoverError::NoVariables)
    }

    /// Returns all Services that variables describe, by mangled name.
    ///
    /// A variable that can belong to several Services produces a candidate for each of them, unless
    /// other variables decide between them.
    ///
    /// ```
    /// use kubelet_env::inspect::discover::{Certainty, Discovered};
    ///
    /// let names = |pairs: &[(&str, &str)]| -> Vec<(String, Certainty)> {
    ///     let found = Discovered::from_pairs(pairs.iter().copied());
    ///     found.candidates().iter().map(|candidate| (candidate.plain_name(), candidate.certainty())).collect()
    /// };
    /// assert_eq!(names(&[("FOO_SERVICE_PORT", "80")]), [("foo".into(), Certainty::Ambiguous)]);
    /// assert_eq!(names(&[("FOO_SERVICE_PORT", "tcp://10.0.0.1:80")]), [("foo-service".into(), Certainty::Ambiguous)]);
    ///
    /// // The port 80-tcp-port of foo, or the port 80 of foo-service.
    /// let either = ("FOO_SERVICE_PORT_80_TCP_PORT", "80");
    /// assert_eq!(names(&[either]).len(), 2);
    /// let siblings = [("FOO_SERVICE_PORT_80_TCP_ADDR", "10.0.0.1"), either];
    /// assert_eq!(names(&siblings), [("foo-service".into(), Certainty::Corroborated)]);
    /// ```
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Returns the environment without the service variables. The other pairs keep their order.
    ///
    /// The variables of each candidate that can be [found](Self::find) and is more than
    /// [`Ambiguous`](Certainty::Ambiguous) are left out. A variable that the container sets to a
    /// value of another form, such as `REDIS_PORT=6379`, is kept.
    pub fn without_service_variables(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        let pairs = self.pairs.iter().zip(&self.is_service_variable);
        pairs.filter(|&(_, is_service_variable)| !is_service_variable).map(|(pair, _)| pair)
    }
}

impl From<&Environment<'_>> for Discovered {
    /// Reads an environment. [Secret](crate::Value::is_secret) values are ignored: no Service
    /// produces them, and they must not be shown.
    fn from(environment: &Environment<'_>) -> Self {
        let mut own = Pairs::default();
        for variable in environment.iter() {
            let value = variable.value();
            own.push(
                variable.name().as_bytes(),
                value.bytes_with_placeholders(),
                value.is_secret(),
            );
        }
        Discovered::new(own)
    }
}

impl fmt::Debug for Discovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovered").field("candidates", &self.candidates).finish_non_exhaustive()
    }
}

impl Candidate {
    /// Returns the name as it occurs in the names of the variables.
    #[must_use]
    pub fn mangled_name(&self) -> &str {
        &self.mangled_name
    }

    /// Returns the Service's name: the mangled name in lower case, with `-` for `_`. API servers
    /// accept no other name that mangles to it.
    #[must_use]
    pub fn plain_name(&self) -> String {
        plain_name(&self.mangled_name)
    }

    /// Returns the certainty that the Service exists.
    #[must_use]
    pub fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// Returns the host and ports.
    ///
    /// # Errors
    /// Returns an error if the variables contain no host, no port or no protocol of the first port
    /// ([`HostMissing`](DiscoverError::HostMissing), [`PortsMissing`](DiscoverError::PortsMissing),
    /// [`ProtocolMissing`](DiscoverError::ProtocolMissing)), or if they contradict each other
    /// ([`ContradictoryHosts`](DiscoverError::ContradictoryHosts),
    /// [`ContradictoryPorts`](DiscoverError::ContradictoryPorts)).
    pub fn service(&self) -> Result<&DiscoveredService, DiscoverError> {
        self.service.as_ref().map_err(|&error| error)
    }
}

fn plain_name(mangled: &str) -> String {
    mangled.chars().map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// The clues for each Service.
#[derive(Default)]
struct Services<'v> {
    clues: Vec<Clues<'v>>,
    /// The position of each Service, by its mangled name.
    by_name: BTreeMap<String, usize>,
}

impl<'v> Services<'v> {
    fn get(&self, name: &str) -> Option<&Clues<'v>> {
        self.clues.get(*self.by_name.get(name)?)
    }

    /// Adds clues to their Services. Clues of one Service are usually adjacent, so each run of them
    /// needs one lookup.
    fn add(&mut self, clues: &[ServiceClue<'v>]) {
        let runs = clues.chunk_by(|one, next| one.service == next.service);
        for (service, run) in runs.filter_map(|run| Some((run.first()?.service, run))) {
            let position = match self.by_name.get(service) {
                Some(&position) => position,
                None => {
                    self.by_name.insert(service.to_owned(), self.clues.len());
                    self.clues.push(Clues::default());
                    self.clues.len().saturating_sub(1)
                }
            };
            if let Some(clues) = self.clues.get_mut(position) {
                run.iter().for_each(|found| clues.add(found.variable, found.clue));
            }
        }
        self.clues.iter_mut().for_each(Clues::sort);
    }
}

/// Collects the clues of all variables for each Service.
///
/// Numbers come last, because other variables decide which Service they belong to.
fn gather(pairs: &Pairs) -> Services<'_> {
    let mut texts = Vec::new();
    let mut numbers = Vec::new();
    for (variable, (name, value)) in
        pairs.iter().enumerate().filter(|&(variable, _)| !pairs.is_secret(variable))
    {
        if let Some(number) = read_number(value) {
            numbers.push((variable, name, number));
        } else if let Some((service, clue)) = text_clue(name, value) {
            texts.push(ServiceClue { service, variable, clue: Clue::Text(clue) });
        }
    }
    let mut services = Services::default();
    services.add(&texts);
    let numbers = clues_of_numbers(&numbers, &services);
    services.add(&numbers);
    services
}

/// A clue, the variable that it comes from, and the mangled name of its Service.
struct ServiceClue<'v> {
    service: &'v str,
    variable: usize,
    clue: Clue<'v>,
}

/// Returns the clues of the variables with a number, for the Services that each fits best.
fn clues_of_numbers<'v>(
    numbers: &[(usize, &'v [u8], PortNumber)],
    services: &Services<'v>,
) -> Vec<ServiceClue<'v>> {
    let mut all = Vec::with_capacity(numbers.len());
    let mut owners = Vec::new();
    // The last lookup, because clues of one Service are usually adjacent. No Service has the empty
    // name.
    let mut last = ("", None);
    for &(variable, name, number) in numbers {
        owners.clear();
        owners.extend(number_clues(name, number).map(|(service, clue)| {
            if last.0 != service {
                last = (service, services.get(service));
            }
            let fit = last.1.map_or(Fit::Neutral, |clues: &Clues<'_>| clues.fit(clue));
            (fit, service, clue)
        }));
        let best = owners.iter().map(|&(fit, ..)| fit).max().unwrap_or(Fit::No);
        owners.retain(|&(fit, ..)| fit == best && fit > Fit::No);
        let is_unique = owners.len() == 1;
        all.extend(owners.iter().map(|&(_, service, clue)| {
            let clue = if is_unique { Clue::Number(clue) } else { Clue::Ambiguous };
            ServiceClue { service, variable, clue }
        }));
    }
    all
}

/// Pairs of bytes in one allocation.
#[derive(Clone, Default)]
struct Pairs {
    text: Vec<u8>,
    /// The lengths of each name and value.
    lengths: Vec<(usize, usize)>,
    /// The indexes of the secret values, in ascending order.
    secret: Vec<usize>,
}

impl Pairs {
    fn push(&mut self, name: &[u8], value: &[u8], is_secret: bool) {
        if is_secret {
            self.secret.push(self.len());
        }
        self.text.extend_from_slice(name);
        self.text.extend_from_slice(value);
        self.lengths.push((name.len(), value.len()));
    }

    fn len(&self) -> usize {
        self.lengths.len()
    }

    fn is_secret(&self, index: usize) -> bool {
        self.secret.binary_search(&index).is_ok()
    }

    fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        let mut rest = self.text.as_slice();
        self.lengths.iter().map_while(move |&(name, value)| {
            let (name, after_name) = rest.split_at_checked(name)?;
            let (value, after_value) = after_name.split_at_checked(value)?;
            rest = after_value;
            Some((name, value))
        })
    }
}
