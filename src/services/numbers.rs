//! The numbers of variables: their indexes among the variables of several Services.

use alloc::vec::Vec;
use core::ops::Range;

use super::generate::Position;
use super::grammar::{LOOPS, Loop, ServiceVariableKind};
use crate::api::Service;

/// The numbers of the variables of some Services.
///
/// It converts between numbers and positions in logarithmic time, for Services of any size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// The start of each Service, and the end of the last one.
    starts: Vec<Start>,
    /// The index of each port with a name, of all Services.
    named_ports: Vec<usize>,
}

/// The start of a Service.
#[derive(Clone, Copy, Debug, Default)]
struct Start {
    /// The number of its first variable.
    variable: usize,
    /// The index of its first port in `named_ports`.
    named_port: usize,
    ports: usize,
}

impl Numbers {
    pub(crate) fn of(services: &[&Service]) -> Self {
        let mut numbers = Numbers::default();
        numbers.starts.reserve_exact(services.len().saturating_add(1));
        let mut start = Start::default();
        for service in services {
            let ports = service.spec.ports.iter().enumerate();
            let named = ports.filter(|&(index, port)| Loop::NamedPorts.visits(index, port));
            numbers.named_ports.extend(named.map(|(index, _)| index));
            start.ports = service.spec.ports.len();
            numbers.starts.push(start);
            let end = numbers.named_ports.len();
            let named_ports = end.saturating_sub(start.named_port);
            let loops = loops(start.ports, named_ports).map(|of| of.len());
            start = Start {
                variable: loops.fold(start.variable, usize::saturating_add),
                named_port: end,
                ports: 0,
            };
        }
        numbers.starts.push(start);
        numbers
    }

    /// Returns how many variables there are.
    pub(crate) fn count(&self) -> usize {
        self.starts.last().map_or(0, |end| end.variable)
    }

    /// Returns the numbers of the variables of the Service at that index.
    pub(crate) fn of_service(&self, index: usize) -> Range<usize> {
        match self.starts.get(index..).unwrap_or_default() {
            [start, end, ..] => start.variable..end.variable,
            _ => 0..0,
        }
    }

    /// Returns the number of the variable at that position.
    pub(crate) fn number_at(&self, position: Position) -> Option<usize> {
        let (start, named_ports) = self.service(position.service)?;
        let mut number = start.variable;
        for of in loops(start.ports, named_ports.len()) {
            if of.of == position.kind.row().of {
                let visit = match of.of {
                    Loop::NamedPorts => named_ports.binary_search(&position.port).ok()?,
                    Loop::Service | Loop::FirstLink | Loop::Links => position.port,
                };
                let kind = of.kinds.iter().position(|&kind| kind == position.kind)?;
                return number.checked_add(visit.checked_mul(of.kinds.len())?)?.checked_add(kind);
            }
            number = number.checked_add(of.len())?;
        }
        None
    }

    /// Returns the position of the variable with that number.
    pub(crate) fn position_of(&self, number: usize) -> Option<Position> {
        let after = self.starts.partition_point(|start| start.variable <= number);
        let service = after.checked_sub(1)?;
        let (start, named_ports) = self.service(service)?;
        let mut rest = number.checked_sub(start.variable)?;
        for of in loops(start.ports, named_ports.len()) {
            if rest < of.len() {
                let kind = *of.kinds.get(rest.checked_rem(of.kinds.len())?)?;
                let visit = rest.checked_div(of.kinds.len())?;
                let port = match of.of {
                    Loop::NamedPorts => *named_ports.get(visit)?,
                    Loop::Service | Loop::FirstLink | Loop::Links => visit,
                };
                return Some(Position { service, port, kind });
            }
            rest = rest.checked_sub(of.len())?;
        }
        None
    }

    /// Returns the start of a Service and the indexes of its ports with names.
    fn service(&self, index: usize) -> Option<(Start, &[usize])> {
        match self.starts.get(index..)? {
            [start, end, ..] => {
                Some((*start, self.named_ports.get(start.named_port..end.named_port)?))
            }
            _ => None,
        }
    }
}

/// One of the kubelet's loops over the ports of a Service.
struct Visits {
    of: Loop,
    /// The number of ports that it visits.
    ports: usize,
    /// The kinds of variables that it generates for each of them.
    kinds: &'static [ServiceVariableKind],
}

impl Visits {
    /// Returns the number of variables.
    fn len(&self) -> usize {
        self.ports.saturating_mul(self.kinds.len())
    }
}

/// Returns the loops over the ports of a Service that has this many ports, some of them with names.
fn loops(ports: usize, named_ports: usize) -> impl Iterator<Item = Visits> {
    LOOPS.iter().map(move |&(of, kinds)| {
        let ports = match of {
            Loop::Service | Loop::FirstLink => ports.min(1),
            Loop::NamedPorts => named_ports,
            Loop::Links => ports,
        };
        Visits { of, ports, kinds }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{PortNumber, ServicePort};
    use crate::services::variables_of;

    #[test]
    fn numbers_are_indexes_of_variables() {
        let service = |names: &[&str]| {
            let mut service = Service::new("default", "web").with_cluster_ip("10.0.0.1");
            service.spec.ports = (names.iter().zip(80..))
                .map(|(name, number)| ServicePort {
                    name: (*name).into(),
                    ..ServicePort::new(PortNumber::new(number).unwrap())
                })
                .collect();
            service
        };
        let services = [&["", "b"][..], &["a"], &["", "", ""], &["a", "", "c"]].map(service);
        let services: Vec<&Service> = services.iter().collect();
        let numbers = Numbers::of(&services);
        let variables =
            services.iter().enumerate().flat_map(|(index, service)| variables_of(service, index));
        let positions: Vec<Position> = variables.map(|variable| variable.position()).collect();
        assert_eq!(numbers.count(), positions.len());
        for (number, &position) in positions.iter().enumerate() {
            assert_eq!(numbers.number_at(position), Some(number));
            assert_eq!(numbers.position_of(number), Some(position));
            assert!(numbers.of_service(position.service).contains(&number));
        }
        assert_eq!(numbers.position_of(positions.len()), None);
        assert_eq!(numbers.of_service(4), 0..0);
    }
}
