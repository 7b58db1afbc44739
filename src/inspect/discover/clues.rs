//! The clues of all variables for one Service.

use alloc::string::String;
use alloc::vec::Vec;

use super::reading::{NumberClue, Port, TextClue};
use super::{Candidate, Certainty, DiscoverError, DiscoveredPort, DiscoveredService, plain_name};
use crate::api::{PortNumber, Protocol};

/// The clues for one Service. Their order has no influence.
#[derive(Debug, Default)]
pub(super) struct Clues<'v> {
    /// The indexes of the variables in the environment, including those that may belong to another
    /// Service.
    pub(super) variables: Vec<usize>,
    /// The number of variables that can belong to no other Service.
    own: usize,
    has_service_host: bool,
    has_certain_port: bool,
    host: Agreed<&'v str>,
    first_number: Agreed<PortNumber>,
    first_port: Agreed<Port>,
    /// The clues about ports by their numbers, sorted after [`Clues::sort`].
    ports: Vec<(PortNumber, PortClue<'v>)>,
}

/// A clue about a port with some number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PortClue<'v> {
    Variable(Protocol, PortVariable),
    Name(&'v str),
}

/// The information in one variable about a Service.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clue<'v> {
    Text(TextClue<'v>),
    Number(NumberClue<'v>),
    /// None, because the variable may belong to another Service.
    Ambiguous,
}

/// A variable that describes a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PortVariable {
    /// `X_PORT`
    First,
    Url,
    Proto,
    Port,
    Addr,
}

impl PortVariable {
    /// The variables that can belong to no other Service.
    const CERTAIN: [PortVariable; 4] =
        [PortVariable::First, PortVariable::Url, PortVariable::Proto, PortVariable::Addr];

    /// The variables that every port has.
    const OF_EACH: [PortVariable; 4] =
        [PortVariable::Url, PortVariable::Proto, PortVariable::Port, PortVariable::Addr];
}

/// A value that several variables should agree on.
#[derive(Clone, Copy, Debug, Default)]
enum Agreed<T> {
    #[default]
    Absent,
    One(T),
    Contradictory,
}

impl<T: PartialEq> Agreed<T> {
    fn add(&mut self, value: T) {
        *self = match self {
            Agreed::Absent => Agreed::One(value),
            Agreed::One(known) if *known == value => return,
            Agreed::One(_) | Agreed::Contradictory => Agreed::Contradictory,
        }
    }
}

/// A score of how well a numeric variable fits a Service, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// The ports of the Service are known, and the number is not one of them.
    No,
    /// No other variable decides.
    Neutral,
    /// The Service has a port with that number, which may have that name.
    AsName,
    /// The Service exists and must have a variable with this name.
    AsPart,
}

impl<'v> Clues<'v> {
    pub(super) fn add(&mut self, variable: usize, clue: Clue<'v>) {
        self.variables.push(variable);
        match clue {
            Clue::Text(clue) => self.add_text(clue),
            Clue::Number(clue) => self.add_number(clue),
            Clue::Ambiguous => return,
        }
        self.own = self.own.saturating_add(1);
    }

    fn add_text(&mut self, clue: TextClue<'v>) {
        match clue {
            TextClue::ServiceHost { host } => {
                self.has_service_host = true;
                self.host.add(host);
            }
            TextClue::PortUrl { port, host } => {
                self.add_certain(port, PortVariable::First);
                self.first_port.add(port);
                self.host.add(host);
            }
            TextClue::NumberedPortUrl { port, host } => {
                self.add_certain(port, PortVariable::Url);
                self.host.add(host);
            }
            TextClue::NumberedPortProto { port } => self.add_certain(port, PortVariable::Proto),
            TextClue::NumberedPortAddr { port, host } => {
                self.add_certain(port, PortVariable::Addr);
                self.host.add(host);
            }
        }
    }

    fn add_number(&mut self, clue: NumberClue<'v>) {
        match clue {
            NumberClue::First(number) => self.first_number.add(number),
            NumberClue::Named { name, number } => self.ports.push((number, PortClue::Name(name))),
            NumberClue::Numbered(port) => self.add_port(port, PortVariable::Port),
        }
    }

    /// Scores a number against the clues of texts. Those of numbers have no influence.
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
            _ => Fit::Neutral,
        }
    }

    fn is_certain(&self, port: Port) -> bool {
        PortVariable::CERTAIN.iter().any(|&variable| self.has(port, variable))
    }

    fn has(&self, (number, protocol): Port, variable: PortVariable) -> bool {
        self.ports.binary_search(&(number, PortClue::Variable(protocol, variable))).is_ok()
    }

    /// Adds a port that a variable describes which can belong to no other Service.
    fn add_certain(&mut self, port: Port, variable: PortVariable) {
        self.has_certain_port = true;
        self.add_port(port, variable);
    }

    fn add_port(&mut self, (number, protocol): Port, variable: PortVariable) {
        self.ports.push((number, PortClue::Variable(protocol, variable)));
    }

    /// Sorts the clues. Needed after the last [`add`](Clues::add), before anything is asked.
    pub(super) fn sort(&mut self) {
        self.ports.sort_unstable();
        self.ports.dedup();
    }

    /// Returns the ports in ascending order, each once.
    fn ports(&self) -> Vec<Port> {
        let mut ports = Vec::new();
        for &(number, clue) in &self.ports {
            if let PortClue::Variable(protocol, _) = clue {
                ports.push((number, protocol));
            }
        }
        ports.dedup();
        ports
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

    /// Reports whether all variables that the kubelet generates exist, apart from those with the
    /// names of ports.
    fn is_complete(&self) -> bool {
        let has_first =
            matches!((self.first_number, self.first_port), (Agreed::One(_), Agreed::One(_)));
        let is_complete =
            |port| PortVariable::OF_EACH.iter().all(|&variable| self.has(port, variable));
        self.has_service_host && has_first && self.ports().into_iter().all(is_complete)
    }

    fn service(&self) -> Result<DiscoveredService, DiscoverError> {
        let host = match self.host {
            Agreed::Absent => return Err(DiscoverError::HostMissing),
            Agreed::One(host) => String::from(host),
            Agreed::Contradictory => return Err(DiscoverError::ContradictoryHosts),
        };
        let first = self.first()?;
        let ports = self.ports();
        let first = ports.iter().position(|&port| first == Some(port));
        let mut ports: Vec<DiscoveredPort> =
            ports.into_iter().map(|port| self.port(port)).collect();
        if let Some(to_first) = first.and_then(|first| ports.get_mut(..=first)) {
            to_first.rotate_right(1);
        }
        Ok(DiscoveredService { host, ports })
    }

    /// Returns the first port, if known. Without an error there is at least one port.
    fn first(&self) -> Result<Option<Port>, DiscoverError> {
        match (self.first_number, self.first_port) {
            (Agreed::Contradictory, _) | (_, Agreed::Contradictory) => {
                Err(DiscoverError::ContradictoryPorts)
            }
            (Agreed::One(number), Agreed::One(port)) if port.0 != number => {
                Err(DiscoverError::ContradictoryPorts)
            }
            (_, Agreed::One(port)) => Ok(Some(port)),
            (Agreed::One(number), Agreed::Absent) => {
                let mut of_number = self.ports().into_iter().filter(|port| port.0 == number);
                let first = of_number.next().ok_or(DiscoverError::ProtocolMissing { number })?;
                Ok(of_number.next().is_none().then_some(first))
            }
            (Agreed::Absent, Agreed::Absent) if self.ports().is_empty() => {
                Err(DiscoverError::PortsMissing)
            }
            (Agreed::Absent, Agreed::Absent) => Ok(None),
        }
    }

    fn port(&self, (number, protocol): Port) -> DiscoveredPort {
        let start = self.ports.partition_point(|&(other, _)| other < number);
        let of_number = self.ports.iter().skip(start).take_while(|&&(other, _)| other == number);
        let mut name = Agreed::Absent;
        for &(_, clue) in of_number {
            match clue {
                PortClue::Name(found) => name.add(found),
                // Ports of one number share the names.
                PortClue::Variable(other, _) if other != protocol => name = Agreed::Contradictory,
                PortClue::Variable(..) => {}
            }
        }
        let name = match name {
            Agreed::One(name) => Some(plain_name(name)),
            Agreed::Absent | Agreed::Contradictory => None,
        };
        DiscoveredPort { number, protocol, name }
    }
}
