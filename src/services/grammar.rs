//! The table of the eight kinds of service variables, and the reader of their names (Go:
//! `makeLinkVariables`).
//!
//! Generation, lengths, rendering and the reverse lookup all use this table.

use core::fmt;
use core::str::FromStr;

use crate::api::{PortNumber, Protocol, ServicePort};
use crate::text::position;

/// The kind of a service variable. `X` is the Service's [mangled](crate::names::mangle) name.
///
/// ```
/// use kubelet_env::services::ServiceVariableKind;
///
/// let kind: ServiceVariableKind = "numberedPortAddr".parse()?;
/// assert_eq!(kind, ServiceVariableKind::NumberedPortAddr);
/// assert_eq!(kind.to_string(), "numberedPortAddr");
/// # Ok::<(), kubelet_env::services::ServiceVariableKindError>(())
/// ```
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
    /// `X_SERVICE_PORT_<NAME>`: the number of the port with that mangled name.
    NamedServicePort,
    /// `X_PORT`: the URL of the first port, such as `tcp://10.0.0.11:6379`.
    PortUrl,
    /// `X_PORT_<NUMBER>_<PROTOCOL>`: the URL of that port.
    NumberedPortUrl,
    /// `X_PORT_<NUMBER>_<PROTOCOL>_PROTO`: the protocol, in lower case.
    NumberedPortProto,
    /// `X_PORT_<NUMBER>_<PROTOCOL>_PORT`: the number.
    NumberedPortPort,
    /// `X_PORT_<NUMBER>_<PROTOCOL>_ADDR`: the `clusterIP`.
    NumberedPortAddr,
}

/// The error of parsing a [`ServiceVariableKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of service variable: use a name such as serviceHost or numberedPortUrl")]
#[non_exhaustive]
pub struct ServiceVariableKindError;

impl FromStr for ServiceVariableKind {
    type Err = ServiceVariableKindError;

    /// Parses the name that `Display` and JSON use, such as `serviceHost`.
    ///
    /// # Errors
    /// Returns an error if no kind has that name.
    fn from_str(text: &str) -> Result<Self, ServiceVariableKindError> {
        let named = |kind: &Self| kind.row().label == text;
        Self::ALL.iter().copied().find(named).ok_or(ServiceVariableKindError)
    }
}

impl fmt::Display for ServiceVariableKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.row().label)
    }
}

/// The loops over a Service's ports, in the kubelet's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loop {
    /// The first port, for `X_SERVICE_HOST` and `X_SERVICE_PORT`.
    Service,
    /// The ports with a name.
    NamedPorts,
    /// The first port again, for `X_PORT`.
    FirstLink,
    /// Every port.
    Links,
}

impl Loop {
    /// Reports whether the loop visits the port with this index.
    pub(crate) fn visits(self, index: usize, port: &ServicePort) -> bool {
        match self {
            Loop::Service | Loop::FirstLink => index == 0,
            Loop::NamedPorts => !port.name.is_empty(),
            Loop::Links => true,
        }
    }
}

/// The part of a variable's name that identifies a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PortPart {
    /// No part: the variable belongs to the first port.
    First,
    /// The mangled name of the port.
    Name,
    /// The number and the protocol: `80_TCP`.
    NumberAndProtocol,
}

/// The value of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValuePart {
    /// The `clusterIP`.
    Host,
    /// The port's number.
    Number,
    /// The protocol in lower case.
    Protocol,
    /// `protocol://host:number`.
    Url,
}

/// A row of the table: `X`, `start`, `port` and `end` make the variable's name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    label: &'static str,
    pub(crate) of: Loop,
    pub(crate) start: &'static str,
    pub(crate) port: PortPart,
    pub(crate) end: &'static str,
    pub(crate) value: ValuePart,
}

macro_rules! table {
    ($( $of:ident { $( $kind:ident $label:literal: $start:literal $port:ident $end:literal = $value:ident; )* } )*) => {
        /// The kubelet's loops, each with the kinds that it generates for a port.
        pub(crate) const LOOPS: &[(Loop, &[ServiceVariableKind])] =
            &[$( (Loop::$of, &[$( ServiceVariableKind::$kind ),*]) ),*];

        impl ServiceVariableKind {
            /// All kinds, in the order in which the kubelet generates them for one port.
            pub const ALL: &[Self] = &[$( $( Self::$kind ),* ),*];

            pub(crate) const fn row(self) -> &'static Row {
                match self {
                    $( $( Self::$kind => const { &Row {
                        label: $label,
                        of: Loop::$of,
                        start: $start,
                        port: PortPart::$port,
                        end: $end,
                        value: ValuePart::$value,
                    } }, )* )*
                }
            }
        }

        impl<'s> Suffix<'s> {
            /// Parses a suffix. At most one row of the table matches.
            pub(crate) fn read(text: &'s str) -> Option<Self> {
                // Row by row instead of in a loop, so that the compiler knows the texts.
                $( $(
                    let port = text.strip_prefix($start).and_then(|rest| rest.strip_suffix($end));
                    if let Some(port) = port.and_then(|port| PortKey::read(PortPart::$port, port)) {
                        return Some(Suffix { kind: ServiceVariableKind::$kind, port });
                    }
                )* )*
                None
            }
        }
    };
}

table! {
    Service {
        ServiceHost "serviceHost": "_SERVICE_HOST" First "" = Host;
        ServicePort "servicePort": "_SERVICE_PORT" First "" = Number;
    }
    NamedPorts {
        NamedServicePort "namedServicePort": "_SERVICE_PORT_" Name "" = Number;
    }
    FirstLink {
        PortUrl "portUrl": "_PORT" First "" = Url;
    }
    Links {
        NumberedPortUrl "numberedPortUrl": "_PORT_" NumberAndProtocol "" = Url;
        NumberedPortProto "numberedPortProto": "_PORT_" NumberAndProtocol "_PROTO" = Protocol;
        NumberedPortPort "numberedPortPort": "_PORT_" NumberAndProtocol "_PORT" = Number;
        NumberedPortAddr "numberedPortAddr": "_PORT_" NumberAndProtocol "_ADDR" = Host;
    }
}

/// The rest of a service variable's name, after the mangled name of the Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suffix<'s> {
    pub(crate) kind: ServiceVariableKind,
    pub(crate) port: PortKey<'s>,
}

/// The port that a variable's name identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PortKey<'s> {
    First,
    /// The port with this mangled name.
    Named(&'s str),
    Numbered(PortNumber, Protocol),
}

impl<'s> PortKey<'s> {
    fn read(part: PortPart, text: &'s str) -> Option<Self> {
        match part {
            PortPart::First => text.is_empty().then_some(PortKey::First),
            PortPart::Name => Some(PortKey::Named(text)),
            PortPart::NumberAndProtocol => {
                let (number, protocol) = text.split_once('_')?;
                let protocol = Protocol::ALL.iter().find(|known| known.as_str() == protocol)?;
                Some(PortKey::Numbered(read_number(number.as_bytes())?, *protocol))
            }
        }
    }
}

/// Parses a port number in the kubelet's form: no sign and no leading zero.
pub(crate) fn read_number(text: &[u8]) -> Option<PortNumber> {
    const DIGITS: usize = "65535".len();
    if text.len() > DIGITS || !text.first()?.is_ascii_digit() || text.starts_with(b"0") {
        return None;
    }
    PortNumber::new(core::str::from_utf8(text).ok()?.parse().ok()?).ok()
}

/// Returns each index at which a suffix may begin in `text`, and the length of `text`.
pub(crate) fn cuts(text: &str) -> Cuts<'_> {
    cuts_to(text, text.len())
}

/// Returns the [`cuts`] up to `end`.
pub(crate) fn cuts_to(text: &str, end: usize) -> Cuts<'_> {
    Cuts { text: text.as_bytes(), next: 0, end }
}

/// An iterator over the indexes at which a suffix may begin.
#[derive(Clone, Debug)]
pub(crate) struct Cuts<'t> {
    text: &'t [u8],
    next: usize,
    end: usize,
}

impl Iterator for Cuts<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.next <= self.end {
            let rest = self.text.get(self.next..)?;
            let ahead = position(rest, b'_').unwrap_or(rest.len());
            let cut = self.next.saturating_add(ahead);
            self.next = cut.saturating_add(1);
            if let []
            | [b'_', b'P', b'O', b'R', b'T', ..]
            | [b'_', b'S', b'E', b'R', b'V', b'I', b'C', b'E', ..] = rest.get(ahead..)?
            {
                return (cut <= self.end).then_some(cut);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn labels_match_json() {
        for kind in ServiceVariableKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(*kind));
            #[cfg(feature = "serde")]
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.to_string());
        }
        assert_eq!("ServiceHost".parse::<ServiceVariableKind>(), Err(ServiceVariableKindError));
    }

    #[test]
    fn table_is_in_the_order_of_the_enum() {
        assert!(ServiceVariableKind::ALL.is_sorted());
        assert!(ServiceVariableKind::ALL.is_sorted_by_key(|kind| kind.row().of));
    }

    #[test]
    fn suffixes_parse_to_one_row() {
        use ServiceVariableKind as Kind;

        let port = PortKey::Numbered(PortNumber::new(80).unwrap(), Protocol::Tcp);
        for (text, kind, port) in [
            ("_SERVICE_HOST", Kind::ServiceHost, PortKey::First),
            ("_SERVICE_PORT", Kind::ServicePort, PortKey::First),
            ("_SERVICE_PORT_80_TCP", Kind::NamedServicePort, PortKey::Named("80_TCP")),
            ("_PORT", Kind::PortUrl, PortKey::First),
            ("_PORT_80_TCP", Kind::NumberedPortUrl, port),
            ("_PORT_80_TCP_PROTO", Kind::NumberedPortProto, port),
            ("_PORT_80_TCP_PORT", Kind::NumberedPortPort, port),
            ("_PORT_80_TCP_ADDR", Kind::NumberedPortAddr, port),
        ] {
            assert_eq!(Suffix::read(text), Some(Suffix { kind, port }), "{text}");
        }
        for text in [
            "",
            "_",
            "_PORT_",
            "_PORT_080_TCP",
            "_PORT_+80_TCP",
            "_PORT_80_tcp",
            "_PORT_80_TCP_",
            "_PORT_80_TCP_HOST",
            "_PORT_65536_TCP",
            "_PORT_0_TCP",
            "_SERVICE_HOST_",
        ] {
            assert_eq!(Suffix::read(text), None, "{text}");
        }
    }
}
