//! One variable, read as a Service's: by its name alone it may be several Services', and its value
//! must be of the form that the kubelet gives such a variable.

use crate::api::{PortNumber, Protocol};
use crate::services::{PortKey, ServiceVariableKind as Kind, Suffix, cuts, read_number};

/// What tells two ports of a Service apart.
pub(super) type Port = (PortNumber, Protocol);

/// What a variable says whose value is no number. Its name can then be cut in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextClue<'v> {
    ServiceHost { host: &'v str },
    PortUrl { port: Port, host: &'v str },
    NumberedPortUrl { port: Port, host: &'v str },
    NumberedPortProto { port: Port },
    NumberedPortAddr { port: Port, host: &'v str },
}

/// What a variable says whose value is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberClue<'v> {
    /// `X_SERVICE_PORT`
    First(PortNumber),
    /// `X_SERVICE_PORT_<NAME>`
    Named { name: &'v str, number: PortNumber },
    /// `X_PORT_<NUMBER>_<PROTOCOL>_PORT`
    Numbered(Port),
}

/// The mangled name of the Service that the variable is of, and what it says of it.
pub(super) fn text_clue<'v>(name: &'v [u8], value: &'v [u8]) -> Option<(&'v str, TextClue<'v>)> {
    let value = core::str::from_utf8(value).ok()?;
    splits(name).find_map(|(service, suffix)| Some((service, TextClue::read(suffix, value)?)))
}

/// Whether a variable has the form of some Service's: the name, and a value that goes with it.
pub(crate) fn is_of_a_service(name: &[u8], value: &[u8]) -> bool {
    match read_number(value) {
        Some(number) => number_clues(name, number).next().is_some(),
        None => text_clue(name, value).is_some(),
    }
}

/// Each Service, by its mangled name, that a variable of this name and value can be of, and what it
/// says of it.
pub(super) fn number_clues(
    name: &[u8],
    number: PortNumber,
) -> impl Iterator<Item = (&str, NumberClue<'_>)> {
    splits(name)
        .filter_map(move |(service, suffix)| Some((service, NumberClue::read(suffix, number)?)))
}

impl<'v> TextClue<'v> {
    fn read(suffix: Suffix<'_>, value: &'v str) -> Option<Self> {
        match (suffix.kind, suffix.port) {
            (Kind::ServiceHost, _) => Some(TextClue::ServiceHost { host: read_host(value)? }),
            (Kind::PortUrl, _) => {
                read_url(value).map(|(port, host)| TextClue::PortUrl { port, host })
            }
            (Kind::NumberedPortUrl, PortKey::Numbered(number, protocol)) => {
                let (port, host) = read_url(value)?;
                (port == (number, protocol)).then_some(TextClue::NumberedPortUrl { port, host })
            }
            (Kind::NumberedPortProto, PortKey::Numbered(number, protocol)) => {
                let port = (number, protocol);
                (value == protocol.as_lower_str()).then_some(TextClue::NumberedPortProto { port })
            }
            (Kind::NumberedPortAddr, PortKey::Numbered(number, protocol)) => {
                let host = read_host(value)?;
                Some(TextClue::NumberedPortAddr { port: (number, protocol), host })
            }
            _ => None,
        }
    }
}

impl<'v> NumberClue<'v> {
    fn read(suffix: Suffix<'v>, value: PortNumber) -> Option<Self> {
        match (suffix.kind, suffix.port) {
            (Kind::ServicePort, _) => Some(NumberClue::First(value)),
            (Kind::NamedServicePort, PortKey::Named(name)) => {
                is_mangled_label(name).then_some(NumberClue::Named { name, number: value })
            }
            (Kind::NumberedPortPort, PortKey::Numbered(number, protocol)) => {
                (value == number).then_some(NumberClue::Numbered((number, protocol)))
            }
            _ => None,
        }
    }
}

const LONGEST_LABEL: usize = 63;

/// What no name of a service variable is longer than, so that a longer one is not searched: two
/// labels with `_SERVICE_PORT_` between them.
const LONGEST_NAME: usize = 140;

/// Each way in which a name is that of a Service, mangled, and a suffix.
fn splits(name: &[u8]) -> impl Iterator<Item = (&str, Suffix<'_>)> {
    let name = if name.len() > LONGEST_NAME { None } else { core::str::from_utf8(name).ok() };
    name.into_iter().flat_map(|name| {
        cuts(name).filter_map(|cut| {
            let (service, suffix) = name.split_at_checked(cut)?;
            let suffix = Suffix::read(suffix)?;
            is_mangled_label(service).then_some((service, suffix))
        })
    })
}

/// Whether this is what mangling makes of a DNS-1123 label.
pub(super) fn is_mangled_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_inner = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
    let is_end = |byte: Option<&u8>| byte.is_some_and(|&byte| byte != b'_');
    bytes.len() <= LONGEST_LABEL
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(is_inner)
}

/// A text that can be an address, or stand for one where somebody set the variable by hand. Digits
/// alone are none: so every value is either a number or something else.
fn read_host(text: &str) -> Option<&str> {
    let is_of_a_host = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
    let is_host = text.bytes().all(is_of_a_host)
        && !text.bytes().all(|byte| byte.is_ascii_digit())
        && text != "None";
    is_host.then_some(text)
}

/// What `tcp://10.0.0.1:80` says.
fn read_url(text: &str) -> Option<(Port, &str)> {
    let (protocol, rest) = text.split_once("://")?;
    let protocol = Protocol::ALL.iter().copied().find(|known| known.as_lower_str() == protocol)?;
    let (host, number) = rest.rsplit_once(':')?;
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .filter(|host| host.contains(':'));
    let host = match bracketed {
        Some(host) => host,
        None if host.contains(':') => return None,
        None => host,
    };
    Some(((read_number(number.as_bytes())?, protocol), read_host(host)?))
}
