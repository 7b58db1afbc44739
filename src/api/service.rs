//! Services and their ports (Go: `corev1.Service`). A port that no API server lets in cannot be held.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU16;
use core::str::FromStr;

use super::ObjectMeta;
use super::wire::{wire_object, wire_struct};

wire_object! {
    /// A Service: a name under which the cluster serves an address and ports.
    ///
    /// ```
    /// use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
    ///
    /// let service = Service {
    ///     metadata: ObjectMeta::new("default", "my-svc-nginx"),
    ///     spec: ServiceSpec {
    ///         cluster_ip: "10.1.237.190".into(),
    ///         ports: vec![ServicePort::new(PortNumber::new(80)?)],
    ///         ..ServiceSpec::default()
    ///     },
    /// };
    /// assert!(service.has_cluster_ip());
    /// # Ok::<(), kubelet_env::api::PortNumberError>(())
    /// ```
    pub struct Service in "v1" {
        /// Its name and namespace.
        pub metadata: ObjectMeta,
        /// Its address and ports.
        pub spec: ServiceSpec,
    }
}

wire_struct! {
    /// `ServiceSpec`: the part of a Service that the kubelet reads, and its type.
    pub struct ServiceSpec {
        /// The address, kept verbatim (never canonicalised): empty while no cluster has given one,
        /// `None` for a headless Service.
        #[cfg_attr(feature = "serde", serde(rename = "clusterIP"))]
        pub cluster_ip: String,
        /// The ports, in the order in which they are declared.
        pub ports: Vec<ServicePort>,
        /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`; empty means `ClusterIP`. The
        /// kubelet does not read it.
        #[cfg_attr(feature = "serde", serde(rename = "type"))]
        pub type_: String,
        /// The families of its addresses, `IPv4` or `IPv6`; empty until the cluster decides.
        pub ip_families: Vec<String>,
    }
}

impl Service {
    /// Whether the kubelet makes variables for this Service: its `clusterIP` is neither empty nor
    /// `None` (Go: `IsServiceIPSet`).
    #[must_use]
    pub fn has_cluster_ip(&self) -> bool {
        !self.spec.cluster_ip.is_empty() && !self.is_headless()
    }

    /// Whether its `clusterIP` is `None`: DNS answers with the pods' own addresses.
    #[must_use]
    pub fn is_headless(&self) -> bool {
        self.spec.cluster_ip == "None"
    }

    /// Whether its type is `ExternalName`: DNS answers with another name.
    #[must_use]
    pub fn is_external_name(&self) -> bool {
        self.spec.type_ == "ExternalName"
    }

    /// Whether a cluster would give it an address but has not: it was read from a manifest that was
    /// written by hand.
    #[must_use]
    pub fn awaits_cluster_ip(&self) -> bool {
        self.spec.cluster_ip.is_empty() && !self.is_external_name()
    }
}

/// `ServicePort`: one port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ServicePort {
    /// The name; empty if it has none, which only the single port of a Service may.
    #[cfg_attr(
        feature = "serde",
        serde(
            default,
            deserialize_with = "crate::api::wire::null_is_absent",
            skip_serializing_if = "crate::api::wire::is_absent"
        )
    )]
    pub name: String,
    /// The protocol; absent means TCP.
    #[cfg_attr(
        feature = "serde",
        serde(
            default,
            deserialize_with = "of_serde::protocol",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub protocol: Option<Protocol>,
    /// The number under which the Service is reached.
    pub port: PortNumber,
}

impl ServicePort {
    /// A port without a name or a protocol of its own.
    #[must_use]
    pub fn new(port: PortNumber) -> Self {
        ServicePort { name: String::new(), protocol: None, port }
    }

    /// The protocol that is in force: an absent one is TCP.
    #[must_use]
    pub fn effective_protocol(&self) -> Protocol {
        self.protocol.unwrap_or_default()
    }
}

/// The protocol of a Service's port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// `TCP`, which an absent protocol means.
    #[default]
    Tcp,
    /// `UDP`.
    Udp,
    /// `SCTP`.
    Sctp,
}

impl Protocol {
    /// All of them, as the API server lists them.
    pub const ALL: &[Protocol] = &[Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

    /// As it stands in an object and in a variable's name: `TCP`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Sctp => "SCTP",
        }
    }

    /// As it stands in a variable's value: `tcp`.
    #[must_use]
    pub const fn as_lower_str(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Protocol {
    type Err = ProtocolError;

    /// Reads the exact spelling of the API: `TCP`, `UDP` or `SCTP`.
    ///
    /// # Errors
    /// It is none of these.
    fn from_str(text: &str) -> Result<Self, ProtocolError> {
        let known = Protocol::ALL.iter().copied().find(|protocol| protocol.as_str() == text);
        known.ok_or_else(|| ProtocolError { found: text.into() })
    }
}

/// A text is not a protocol of the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a protocol: use TCP, UDP or SCTP")]
#[non_exhaustive]
pub struct ProtocolError {
    /// The text.
    pub found: String,
}

/// The number of a port: 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortNumber(NonZeroU16);

impl PortNumber {
    /// The port `number`.
    ///
    /// # Errors
    /// `number` is 0.
    pub fn new(number: u16) -> Result<Self, PortNumberError> {
        number.try_into()
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

impl TryFrom<u16> for PortNumber {
    type Error = PortNumberError;

    fn try_from(number: u16) -> Result<Self, PortNumberError> {
        i64::from(number).try_into()
    }
}

impl TryFrom<i64> for PortNumber {
    type Error = PortNumberError;

    fn try_from(number: i64) -> Result<Self, PortNumberError> {
        let in_range = u16::try_from(number).ok().and_then(NonZeroU16::new);
        in_range.map(PortNumber).ok_or(PortNumberError { found: number })
    }
}

impl From<PortNumber> for u16 {
    fn from(port: PortNumber) -> u16 {
        port.get()
    }
}

impl fmt::Display for PortNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number is not a port's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} is not a port number: use 1 to 65535")]
#[non_exhaustive]
pub struct PortNumberError {
    /// The number.
    pub found: i64,
}

#[cfg(feature = "serde")]
mod of_serde {
    use core::fmt;

    use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
    use serde::ser::{Serialize, Serializer};

    use super::{PortNumber, Protocol};

    impl Serialize for PortNumber {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u16(self.get())
        }
    }

    impl<'de> Deserialize<'de> for PortNumber {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_i64(PortNumberVisitor)
        }
    }

    struct PortNumberVisitor;

    impl Visitor<'_> for PortNumberVisitor {
        type Value = PortNumber;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a port number from 1 to 65535")
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<PortNumber, E> {
            number.try_into().map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<PortNumber, E> {
            let signed = i64::try_from(number).ok();
            let port = signed.and_then(|number| number.try_into().ok());
            port.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
        }
    }

    impl Serialize for Protocol {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(self.as_str())
        }
    }

    impl<'de> Deserialize<'de> for Protocol {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_str(ProtocolVisitor)
        }
    }

    struct ProtocolVisitor;

    impl Visitor<'_> for ProtocolVisitor {
        type Value = Protocol;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("TCP, UDP or SCTP")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Protocol, E> {
            text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
        }
    }

    /// The field `protocol`, where the empty string means, as in Go, that there is none.
    pub(super) fn protocol<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Protocol>, D::Error> {
        deserializer.deserialize_option(OptionalProtocolVisitor)
    }

    struct OptionalProtocolVisitor;

    impl<'de> Visitor<'de> for OptionalProtocolVisitor {
        type Value = Option<Protocol>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            ProtocolVisitor.expecting(f)
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_str(self)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            if text.is_empty() { Ok(None) } else { ProtocolVisitor.visit_str(text).map(Some) }
        }
    }
}
