//! From variables back to Services: the inverse of the kubelet's `envvars.FromServices`.

mod clues;
mod reading;

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

/// An environment, whoever made it, and the Services that its variables speak of (Go:
/// `envvars.FromServices`, of which this is the inverse).
///
/// A variable counts as a Service's only if its name is a DNS-1123 label, mangled, and a suffix of
/// the kubelet's, and its value has the form that goes with it: `REDIS_PORT=6379`, which somebody
/// set, is none. Where a name can be cut in several places the value and the sibling variables
/// decide, as far as they can: `FOO_SERVICE_PORT` is `foo`'s if it is a number, and `foo-service`'s
/// if it is `tcp://10.0.0.1:80`.
///
/// Of Services that an API server lets in, and whose variables have names of their own (no
/// [`collisions`](Environment::collisions)), all are found again with their hosts and their ports.
/// So are the names of ports, but for two cases in which the name is left out: the number has several
/// protocols; or the same variable can name a port of another of the Services. (`a` and
/// `a-service-port-b` that both have the port 80 get the same variables whether the one calls it
/// `b-service-port-c` or the other calls it `c`.)
///
/// It holds a copy of the environment, is made in time that grows with its size whatever it holds,
/// and its `Debug` shows the candidates and no other value.
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
    /// Whether each pair is a variable of a Service that was found.
    is_service_variable: Vec<bool>,
    /// Sorted by mangled name.
    candidates: Vec<Candidate>,
}

/// A Service that an environment speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Candidate {
    mangled_name: String,
    certainty: Certainty,
    service: Result<DiscoveredService, DiscoverError>,
}

/// How sure it is that there is such a Service. The greater is the surer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Certainty {
    /// A single variable says so; or each of those that do may as well be of another Service; or
    /// they contradict one another.
    Ambiguous,
    /// Several variables that can be of no other Service agree. Others are missing, or are not as
    /// the kubelet writes them.
    Corroborated,
    /// All variables that the kubelet makes of such a Service are there and agree.
    Certain,
}

/// What an environment tells of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DiscoveredService {
    /// Its `clusterIP`, as it stands there.
    pub host: String,
    /// Its ports, at least one: the Service's first one, where it is told which that is, then the
    /// others by number and protocol.
    pub ports: Vec<DiscoveredPort>,
}

/// What an environment tells of a Service's port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DiscoveredPort {
    /// Its number.
    pub number: PortNumber,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its name, if it has one that can be told.
    pub name: Option<String>,
}

/// Why an environment does not tell of a Service. No value that is not of a service variable's form
/// is ever quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// No Service can have the name that was asked for.
    #[error("not the name of a Service: at most 63 letters, digits and '-', no '-' at either end")]
    NotAServiceName,
    /// No variable speaks of the Service.
    #[error(
        "no variable speaks of this Service: it is not in the pod's namespace, has no address, was created after the container, or service links are disabled"
    )]
    NoVariables,
    /// Variables speak of the Service, but none tells its host.
    #[error("no variable tells the Service's host")]
    HostMissing,
    /// The host is told, but no port.
    #[error("the Service's host is told, but no port")]
    PortsMissing,
    /// The number of the first port is told, but no variable tells the protocol.
    #[error("the Service's first port has the number {number}, but no variable tells its protocol")]
    ProtocolMissing {
        /// The number.
        number: PortNumber,
    },
    /// Two variables tell different hosts.
    #[error("the Service's variables tell different hosts")]
    ContradictoryHosts,
    /// Two variables tell different first ports.
    #[error("the Service's variables tell different first ports")]
    ContradictoryPorts,
}

impl Discovered {
    /// Reads an environment that is given as pairs of a name and a value.
    ///
    /// Where a name stands twice both values count.
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

    /// Reads `NAME=value` texts that are ended or separated by NULs, as `/proc/PID/environ` has
    /// them. What has no `=` is no variable, and left out; one at the very start belongs to the name.
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
        let clues = gather(&pairs);
        let mut candidates = Vec::with_capacity(clues.len());
        let mut is_service_variable = alloc::vec![false; pairs.len()];
        for (mangled_name, clues) in clues {
            let candidate = clues.candidate(mangled_name);
            if candidate.service.is_ok() && candidate.certainty > Certainty::Ambiguous {
                for variable in clues.variables {
                    if let Some(is_service_variable) = is_service_variable.get_mut(variable) {
                        *is_service_variable = true;
                    }
                }
            }
            candidates.push(candidate);
        }
        Discovered { pairs, is_service_variable, candidates }
    }

    /// The Service of that name: what a program in the container knows of it.
    ///
    /// # Errors
    /// The name is none of a Service; or the environment does not tell the host or a port; or its
    /// variables contradict one another.
    pub fn find(&self, name: &str) -> Result<&DiscoveredService, DiscoverError> {
        self.candidate(name)?.service()
    }

    /// The candidate of that name, if any variable speaks of it.
    ///
    /// # Errors
    /// The name is none of a Service; or no variable speaks of it.
    pub fn candidate(&self, name: &str) -> Result<&Candidate, DiscoverError> {
        let mangled = mangle(name);
        if !is_mangled_label(&mangled) {
            return Err(DiscoverError::NotAServiceName);
        }
        let place = self
            .candidates
            .binary_search_by(|candidate| candidate.mangled_name.as_str().cmp(&mangled));
        place.ok().and_then(|place| self.candidates.get(place)).ok_or(DiscoverError::NoVariables)
    }

    /// All Services that the environment speaks of, by mangled name.
    ///
    /// A variable that can be of several Services makes a candidate of each, unless its siblings
    /// settle whose it is.
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

    /// The environment without the service variables: its other pairs, in their order and as they
    /// were.
    ///
    /// Taken out are the variables of the candidates that [are found](Self::find) and are more than
    /// [`Ambiguous`](Certainty::Ambiguous). What the container sets over one of them in a form of its
    /// own (`REDIS_PORT=6379`) stays.
    pub fn without_service_variables(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        let pairs = self.pairs.iter().zip(&self.is_service_variable);
        pairs.filter(|&(_, is_service_variable)| !is_service_variable).map(|(pair, _)| pair)
    }
}

impl From<&Environment<'_>> for Discovered {
    /// No value that a Secret flowed into is read: it is nothing that the kubelet made of a Service,
    /// and must not be shown.
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
    /// Its name, as it stands in the names of its variables.
    #[must_use]
    pub fn mangled_name(&self) -> &str {
        &self.mangled_name
    }

    /// Its name: the mangled one in lower case, `-` for `_`. No API server lets in another name that
    /// is mangled so.
    #[must_use]
    pub fn plain_name(&self) -> String {
        plain_name(&self.mangled_name)
    }

    /// How sure it is that there is such a Service.
    #[must_use]
    pub fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// Its host and ports.
    ///
    /// # Errors
    /// The environment does not tell the host or a port; or its variables contradict one another.
    pub fn service(&self) -> Result<&DiscoveredService, DiscoverError> {
        self.service.as_ref().map_err(|&error| error)
    }
}

fn plain_name(mangled: &str) -> String {
    mangled.chars().map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// What the variables say of each Service, by its mangled name.
///
/// Those with a number come last, because it takes their siblings to tell whose they are.
fn gather(pairs: &Pairs) -> BTreeMap<&str, Clues<'_>> {
    let mut texts = Vec::new();
    let mut numbers = Vec::new();
    for (variable, (name, value)) in
        pairs.iter().enumerate().filter(|&(variable, _)| !pairs.is_secret(variable))
    {
        if let Some(number) = read_number(value) {
            numbers.push((variable, name, number));
        } else if let Some((service, clue)) = text_clue(name, value) {
            texts.push(Said { service, variable, clue: Clue::Text(clue) });
        }
    }
    let mut services = BTreeMap::new();
    hear(&mut services, &texts);
    let numbers = said_by_numbers(&numbers, &services);
    hear(&mut services, &numbers);
    services
}

/// A clue, the variable that gives it, and the mangled name of the Service that it is about.
struct Said<'v> {
    service: &'v str,
    variable: usize,
    clue: Clue<'v>,
}

/// The variables of a Service mostly stand together, so that it is looked up once for all of them.
fn hear<'v>(services: &mut BTreeMap<&'v str, Clues<'v>>, said: &[Said<'v>]) {
    let runs = said.chunk_by(|one, next| one.service == next.service);
    for (service, run) in runs.filter_map(|run| Some((run.first()?.service, run))) {
        let clues = services.entry(service).or_default();
        run.iter().for_each(|said| clues.hear(said.variable, said.clue));
    }
}

/// What the variables with a number say, each of the Services that it suits best.
fn said_by_numbers<'v>(
    numbers: &[(usize, &'v [u8], PortNumber)],
    services: &BTreeMap<&'v str, Clues<'v>>,
) -> Vec<Said<'v>> {
    let mut all = Vec::with_capacity(numbers.len());
    let mut owners = Vec::new();
    // The Service looked up last, for the same reason as in `hear`. None has the empty name.
    let mut last = ("", None);
    for &(variable, name, number) in numbers {
        owners.clear();
        owners.extend(number_clues(name, number).map(|(service, clue)| {
            if last.0 != service {
                last = (service, services.get(service));
            }
            let fit = last.1.map_or(Fit::Open, |heard: &Clues<'_>| heard.fit(clue));
            (fit, service, clue)
        }));
        let best = owners.iter().map(|&(fit, ..)| fit).max().unwrap_or(Fit::No);
        owners.retain(|&(fit, ..)| fit == best && fit > Fit::No);
        let is_settled = owners.len() == 1;
        all.extend(owners.iter().map(|&(_, service, clue)| {
            let clue = if is_settled { Clue::Number(clue) } else { Clue::Ambiguous };
            Said { service, variable, clue }
        }));
    }
    all
}

/// Pairs of bytes in one piece of memory.
#[derive(Clone, Default)]
struct Pairs {
    text: Vec<u8>,
    /// The lengths of each name and value.
    lengths: Vec<(usize, usize)>,
    /// The places of the values that a Secret flowed into, in their order.
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

    fn is_secret(&self, place: usize) -> bool {
        self.secret.binary_search(&place).is_ok()
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
