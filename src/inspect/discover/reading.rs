//! Single variables as clues for Services.
//!
//! The name alone can belong to several Services, and the value must have the form that the kubelet
//! gives such a variable.

use crate::api::{PortNumber, Protocol};
use crate::services::{PortKey, ServiceVariableKind as Kind, Suffix, cuts, read_number};

/// The key of a port within its Service.
pub(super) type Port = (PortNumber, Protocol);

/// The clue of a variable whose value is not a number. Its name can be split in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextClue<'v> {
    ServiceHost { host: &'v str },
    PortUrl { port: Port, host: &'v str },
    NumberedPortUrl { port: Port, host: &'v str },
    NumberedPortProto { port: Port },
    NumberedPortAddr { port: Port, host: &'v str },
}

/// The clue of a variable whose value is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberClue<'v> {
    /// `X_SERVICE_PORT`
    First(PortNumber),
    /// `X_SERVICE_PORT_<NAME>`
    Named { name: &'v str, number: PortNumber },
    /// `X_PORT_<NUMBER>_<PROTOCOL>_PORT`
    Numbered(Port),
}

/// Returns the mangled name of the Service that the variable belongs to, and the clue.
pub(super) fn text_clue<'v>(name: &'v [u8], value: &'v [u8]) -> Option<(&'v str, TextClue<'v>)> {
    let value = core::str::from_utf8(value).ok()?;
    splits(name).find_map(|(service, suffix)| Some((service, TextClue::read(suffix, value)?)))
}

/// Reports whether the name and the value have the form of a service variable.
pub(crate) fn is_of_a_service(name: &[u8], value: &[u8]) -> bool {
    match read_number(value) {
        Some(number) => number_clues(name, number).next().is_some(),
        None => text_clue(name, value).is_some(),
    }
}

/// Returns the mangled name of each Service that a variable with this name and number can belong
/// to, and the clue.
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

/// The maximum length of a service variable's name: two labels and `_SERVICE_PORT_` between them.
const LONGEST_NAME: usize = 140;

/// Returns each way to split a name into the mangled name of a Service and a suffix.
fn splits(name: &[u8]) -> impl Iterator<Item = (&str, Suffix<'_>)> {
    let name = if name.len() > LONGEST_NAME { &[] } else { name };
    let name = core::str::from_utf8(name).unwrap_or_default();
    cuts(name).filter_map(|cut| {
        let (service, suffix) = name.split_at_checked(cut)?;
        let suffix = Suffix::read(suffix)?;
        is_mangled_label(service).then_some((service, suffix))
    })
}

/// Reports whether a text is a mangled DNS-1123 label.
pub(super) fn is_mangled_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_inner = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
    let is_end = |byte: Option<&u8>| byte.is_some_and(|&byte| byte != b'_');
    bytes.len() <= LONGEST_LABEL
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(is_inner)
}

/// Accepts addresses and other host names, which somebody may have set by hand. Digits alone are a
/// number, not a host.
fn read_host(text: &str) -> Option<&str> {
    let is_of_a_host = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
    let is_host = text.bytes().all(is_of_a_host)
        && !text.bytes().all(|byte| byte.is_ascii_digit())
        && text != "None";
    is_host.then_some(text)
}

/// Reads a URL such as `tcp://10.0.0.1:80`.
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
