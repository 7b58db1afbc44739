//! What stands behind a Service's mangled name in a variable's name: the grammar that undoes
//! [`ServiceVariable::write_name`](super::ServiceVariable::write_name) (Go: `makeLinkVariables`).

use crate::api::{PortNumber, Protocol};
use crate::services::generate::ServiceVariableKind;

/// The end of a service variable's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suffix<'s> {
    /// `_SERVICE_HOST`
    ServiceHost,
    /// `_SERVICE_PORT`
    ServicePort,
    /// `_SERVICE_PORT_` and this, the mangled name of a port.
    NamedServicePort(&'s str),
    /// `_PORT`
    PortUrl,
    /// `_PORT_80_TCP`, or that and a part's name.
    NumberedPort { number: PortNumber, protocol: Protocol, part: Part },
}

/// Which of the four variables of a port one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Url,
    Proto,
    Port,
    Addr,
}

impl From<Part> for ServiceVariableKind {
    fn from(part: Part) -> Self {
        match part {
            Part::Url => ServiceVariableKind::NumberedPortUrl,
            Part::Proto => ServiceVariableKind::NumberedPortProto,
            Part::Port => ServiceVariableKind::NumberedPortPort,
            Part::Addr => ServiceVariableKind::NumberedPortAddr,
        }
    }
}

impl<'s> Suffix<'s> {
    pub(crate) fn read(text: &'s str) -> Option<Self> {
        if let Some(port_name) = text.strip_prefix("_SERVICE_PORT_") {
            return Some(Suffix::NamedServicePort(port_name));
        }
        if let Some(numbered) = text.strip_prefix("_PORT_") {
            return read_numbered(numbered);
        }
        match text {
            "_SERVICE_HOST" => Some(Suffix::ServiceHost),
            "_SERVICE_PORT" => Some(Suffix::ServicePort),
            "_PORT" => Some(Suffix::PortUrl),
            _ => None,
        }
    }
}

/// What `80_TCP_ADDR` says.
fn read_numbered<'s>(text: &str) -> Option<Suffix<'s>> {
    let (number, rest) = text.split_once('_')?;
    let (protocol, part) = match rest.split_once('_') {
        None => (rest, Part::Url),
        Some((protocol, "PROTO")) => (protocol, Part::Proto),
        Some((protocol, "PORT")) => (protocol, Part::Port),
        Some((protocol, "ADDR")) => (protocol, Part::Addr),
        Some(_) => return None,
    };
    Some(Suffix::NumberedPort {
        number: read_number(number.as_bytes())?,
        protocol: protocol.parse().ok()?,
        part,
    })
}

/// A port's number as the kubelet writes it: no sign, no leading zero. Nothing that is too long is
/// looked at.
pub(crate) fn read_number(text: &[u8]) -> Option<PortNumber> {
    const DIGITS: usize = "65535".len();
    let may_be_one =
        text.len() <= DIGITS && text.first().is_some_and(|first| matches!(first, b'1'..=b'9'));
    if may_be_one {
        PortNumber::new(core::str::from_utf8(text).ok()?.parse().ok()?).ok()
    } else {
        None
    }
}

/// Where a suffix may begin in `text`, and its end.
pub(crate) fn cuts(text: &str) -> impl Iterator<Item = usize> {
    let starts = (0..text.len()).filter(|&cut| {
        let rest = text.as_bytes().get(cut..).unwrap_or_default();
        rest.starts_with(b"_SERVICE") || rest.starts_with(b"_PORT")
    });
    starts.chain([text.len()])
}
