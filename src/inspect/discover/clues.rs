//! What the variables of an environment say of one Service, put together.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::reading::{NumberClue, Port, TextClue};
use super::{Candidate, Certainty, DiscoverError, DiscoveredPort, DiscoveredService, plain_name};
use crate::api::{PortNumber, Protocol};

/// What the variables say of one Service, in any order in which they are heard.
#[derive(Debug, Default)]
pub(super) struct Clues<'v> {
    /// The variables, by their places in the environment, those that may be of another Service
    /// included.
    pub(super) variables: Vec<usize>,
    /// How many of the variables can be of no other Service.
    own: usize,
    has_service_host: bool,
    has_certain_port: bool,
    host: Told<&'v str>,
    first_number: Told<PortNumber>,
    first_port: Told<Port>,
    ports: BTreeMap<Port, PortClues>,
    names: BTreeMap<PortNumber, Told<&'v str>>,
}

/// What a variable says of a Service.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clue<'v> {
    Text(TextClue<'v>),
    Number(NumberClue<'v>),
    /// Nothing: it may just as well be of another Service.
    Ambiguous,
}

/// Which variables speak of a port.
#[derive(Debug, Default)]
struct PortClues {
    is_first: bool,
    has_url: bool,
    has_proto: bool,
    has_port: bool,
    has_addr: bool,
}

impl PortClues {
    /// Whether a variable says so that can be of no other Service.
    fn is_certain(&self) -> bool {
        self.is_first || self.has_url || self.has_proto || self.has_addr
    }

    fn is_complete(&self) -> bool {
        self.has_url && self.has_proto && self.has_port && self.has_addr
    }
}

/// What several variables say of one thing.
#[derive(Clone, Copy, Debug, Default)]
enum Told<T> {
    #[default]
    Nothing,
    One(T),
    Several,
}

impl<T: PartialEq> Told<T> {
    fn hear(&mut self, told: T) {
        *self = match self {
            Told::Nothing => Told::One(told),
            Told::One(known) if *known == told => return,
            Told::One(_) | Told::Several => Told::Several,
        }
    }
}

/// How well it suits a Service to be the one that a variable with a number is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Other variables tell the Service's ports, and this is none of them.
    No,
    /// Nothing speaks for it or against it.
    Open,
    /// The Service has a port of that number, which may have that name.
    AsName,
    /// The Service is there, so it must have a variable of this name.
    AsPart,
}

impl<'v> Clues<'v> {
    pub(super) fn hear(&mut self, variable: usize, clue: Clue<'v>) {
        self.variables.push(variable);
        match clue {
            Clue::Text(clue) => self.hear_text(clue),
            Clue::Number(clue) => self.hear_number(clue),
            Clue::Ambiguous => return,
        }
        self.own = self.own.saturating_add(1);
    }

    fn hear_text(&mut self, clue: TextClue<'v>) {
        match clue {
            TextClue::ServiceHost { host } => {
                self.has_service_host = true;
                self.host.hear(host);
            }
            TextClue::PortUrl { port, host } => {
                self.certain_port(port).is_first = true;
                self.first_port.hear(port);
                self.host.hear(host);
            }
            TextClue::NumberedPortUrl { port, host } => {
                self.certain_port(port).has_url = true;
                self.host.hear(host);
            }
            TextClue::NumberedPortProto { port } => self.certain_port(port).has_proto = true,
            TextClue::NumberedPortAddr { port, host } => {
                self.certain_port(port).has_addr = true;
                self.host.hear(host);
            }
        }
    }

    fn hear_number(&mut self, clue: NumberClue<'v>) {
        match clue {
            NumberClue::First(number) => self.first_number.hear(number),
            NumberClue::Named { name, number } => self.names.entry(number).or_default().hear(name),
            NumberClue::Numbered(port) => self.ports.entry(port).or_default().has_port = true,
        }
    }

    /// How well this suits what texts say; what is heard of numbers makes no difference.
    pub(super) fn fit(&self, clue: NumberClue<'_>) -> Fit {
        match clue {
            NumberClue::First(_) if self.has_service_host || self.has_certain_port => Fit::AsPart,
            NumberClue::Numbered(port) if self.is_certain(port) => Fit::AsPart,
            NumberClue::Named { number, .. } if self.has_certain_port => {
                let has_number = Protocol::ALL
                    .iter()
                    .copied()
                    .any(|protocol| self.is_certain((number, protocol)));
                if has_number { Fit::AsName } else { Fit::No }
            }
            _ => Fit::Open,
        }
    }

    fn is_certain(&self, port: Port) -> bool {
        self.ports.get(&port).is_some_and(PortClues::is_certain)
    }

    /// The port, of which a variable speaks that can be of no other Service.
    fn certain_port(&mut self, port: Port) -> &mut PortClues {
        self.has_certain_port = true;
        self.ports.entry(port).or_default()
    }

    pub(super) fn candidate(&self, mangled_name: &str) -> Candidate {
        let service = self.service();
        let certainty = match service {
            Err(DiscoverError::ContradictoryHosts | DiscoverError::ContradictoryPorts) => {
                Certainty::Ambiguous
            }
            Ok(_) if self.is_complete() => Certainty::Certain,
            _ if self.own > 1 => Certainty::Corroborated,
            _ => Certainty::Ambiguous,
        };
        Candidate { mangled_name: mangled_name.into(), certainty, service }
    }

    /// Whether all variables are there that the kubelet makes, but for the names of ports.
    fn is_complete(&self) -> bool {
        let has_first =
            matches!((self.first_number, self.first_port), (Told::One(_), Told::One(_)));
        self.has_service_host && has_first && self.ports.values().all(PortClues::is_complete)
    }

    fn service(&self) -> Result<DiscoveredService, DiscoverError> {
        let host = match self.host {
            Told::Nothing => return Err(DiscoverError::HostMissing),
            Told::One(host) => String::from(host),
            Told::Several => return Err(DiscoverError::ContradictoryHosts),
        };
        let first = self.first()?;
        let first =
            self.ports.keys().position(|&(number, protocol)| first == Some((number, protocol)));
        let mut ports: Vec<DiscoveredPort> =
            self.ports.keys().map(|&port| self.port(port)).collect();
        if let Some(to_first) = first.and_then(|first| ports.get_mut(..=first)) {
            to_first.rotate_right(1);
        }
        Ok(DiscoveredService { host, ports })
    }

    /// The first port, if it is told; there are ports, if this is no error.
    fn first(&self) -> Result<Option<Port>, DiscoverError> {
        match (self.first_number, self.first_port) {
            (Told::Several, _) | (_, Told::Several) => Err(DiscoverError::ContradictoryPorts),
            (Told::One(number), Told::One(port)) if port.0 != number => {
                Err(DiscoverError::ContradictoryPorts)
            }
            (_, Told::One(port)) => Ok(Some(port)),
            (Told::One(number), Told::Nothing) => {
                let mut of_number = self.ports.keys().filter(|port| port.0 == number);
                let first = of_number.next().ok_or(DiscoverError::ProtocolMissing { number })?;
                Ok(of_number.next().is_none().then_some(*first))
            }
            (Told::Nothing, Told::Nothing) if self.ports.is_empty() => {
                Err(DiscoverError::PortsMissing)
            }
            (Told::Nothing, Told::Nothing) => Ok(None),
        }
    }

    fn port(&self, (number, protocol): Port) -> DiscoveredPort {
        let is_shared =
            |other: Protocol| other != protocol && self.ports.contains_key(&(number, other));
        let name = match self.names.get(&number) {
            Some(Told::One(name)) if !Protocol::ALL.iter().copied().any(is_shared) => {
                Some(plain_name(name))
            }
            _ => None,
        };
        DiscoveredPort { number, protocol, name }
    }
}
