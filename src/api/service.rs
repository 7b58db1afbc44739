//! Services and their ports (Go: `corev1.Service`).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU16;
use core::str::FromStr;

use super::ObjectMeta;
use super::wire::{wire_object, wire_struct};

wire_object! {
    /// A Service: a name for an address and ports in the cluster.
    ///
    /// ```
    /// use kubelet_env::api::Service;
    ///
    /// let service = Service::new("default", "web")
    ///     .with_cluster_ip("10.0.0.11")
    ///     .with_named_port("http", 80)?
    ///     .with_named_port("https", 443)?;
    /// assert!(service.has_cluster_ip());
    /// # Ok::<(), kubelet_env::api::PortNumberError>(())
    /// ```
    pub struct Service in "v1" {
        /// The name and namespace.
        pub metadata: ObjectMeta,
        /// The address and ports.
        pub spec: ServiceSpec,
    }
}

wire_struct! {
    /// `ServiceSpec`, with the fields that the kubelet reads, the type and the IP families.
    pub struct ServiceSpec {
        /// The address as it was written. It is empty until the cluster assigns one, and `None` for
        /// a headless Service.
        pub cluster_ip as "clusterIP": String,
        /// The ports in the order of their declaration.
        pub ports: Vec<ServicePort>,
        /// The type: `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`. Empty means
        /// `ClusterIP`. The kubelet does not read it.
        pub type_ as "type": String,
        /// The families of the addresses, `IPv4` or `IPv6`. It is empty until the cluster decides.
        pub ip_families: Vec<String>,
    }
}

impl Service {
    /// Returns a Service without an address and ports.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Service { metadata: ObjectMeta::new(namespace, name), spec: ServiceSpec::default() }
    }

    /// Sets the `clusterIP`.
    #[must_use]
    pub fn with_cluster_ip(mut self, cluster_ip: impl Into<String>) -> Self {
        self.spec.cluster_ip = cluster_ip.into();
        self
    }

    /// Adds a TCP port without a name.
    ///
    /// # Errors
    ///
    /// Returns an error if `port` is 0.
    pub fn with_port(self, port: u16) -> Result<Self, PortNumberError> {
        self.with_named_port("", port)
    }

    /// Adds a TCP port with a name.
    ///
    /// # Errors
    ///
    /// Returns an error if `port` is 0.
    pub fn with_named_port(
        mut self,
        name: impl Into<String>,
        port: u16,
    ) -> Result<Self, PortNumberError> {
        let port = PortNumber::new(port)?;
        self.spec.ports.push(ServicePort { name: name.into(), ..ServicePort::new(port) });
        Ok(self)
    }

    /// Reports whether the kubelet generates variables for this Service.
    ///
    /// It does if `clusterIP` is neither empty nor `None` (Go: `IsServiceIPSet`).
    #[must_use]
    pub fn has_cluster_ip(&self) -> bool {
        !self.spec.cluster_ip.is_empty() && !self.is_headless()
    }

    /// Reports whether `clusterIP` is `None`. DNS then returns the addresses of the Pods.
    #[must_use]
    pub fn is_headless(&self) -> bool {
        self.spec.cluster_ip == "None"
    }

    /// Reports whether the type is `ExternalName`. DNS then returns another name.
    #[must_use]
    pub fn is_external_name(&self) -> bool {
        self.spec.type_ == "ExternalName"
    }

    /// Reports whether a cluster would assign an address, but has not done so yet.
    ///
    /// This is common for manifests that were written by hand.
    #[must_use]
    pub fn awaits_cluster_ip(&self) -> bool {
        self.spec.cluster_ip.is_empty() && !self.is_external_name()
    }
}

/// `ServicePort`: a port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ServicePort {
    /// The name. It may be empty if the Service has a single port.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "String::is_empty"))]
    pub name: String,
    /// The protocol. Absent means TCP.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub protocol: Option<Protocol>,
    /// The port number of the Service.
    pub port: PortNumber,
}

impl ServicePort {
    /// Returns a port without a name and protocol.
    #[must_use]
    pub fn new(port: PortNumber) -> Self {
        ServicePort { name: String::new(), protocol: None, port }
    }

    /// Returns the protocol, which is TCP by default.
    #[must_use]
    pub fn effective_protocol(&self) -> Protocol {
        self.protocol.unwrap_or_default()
    }
}

/// The protocol of a Service's port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// `TCP`, the default.
    #[default]
    Tcp,
    /// `UDP`.
    Udp,
    /// `SCTP`.
    Sctp,
}

impl Protocol {
    /// All protocols in the order of the API server.
    pub const ALL: &[Protocol] = &[Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

    /// Returns the upper-case form for objects and names of variables, such as `TCP`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Sctp => "SCTP",
        }
    }

    /// Returns the lower-case form for values of variables, such as `tcp`.
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

    /// Parses `TCP`, `UDP` or `SCTP`. The case matters.
    ///
    /// # Errors
    ///
    /// Returns an error for any other text.
    fn from_str(text: &str) -> Result<Self, ProtocolError> {
        let known = Protocol::ALL.iter().copied().find(|protocol| protocol.as_str() == text);
        known.ok_or_else(|| ProtocolError { found: text.into() })
    }
}

/// An error from parsing a [`Protocol`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a protocol (expected TCP, UDP or SCTP)")]
#[non_exhaustive]
pub struct ProtocolError {
    /// The text.
    pub found: String,
}

/// A port number from 1 to 65535.
///
/// ```
/// use kubelet_env::api::PortNumber;
///
/// assert_eq!("6379".parse::<PortNumber>()?, PortNumber::new(6379)?);
/// # Ok::<(), kubelet_env::api::PortNumberError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortNumber(NonZeroU16);

impl PortNumber {
    /// Returns the port number `number`.
    ///
    /// # Errors
    ///
    /// Returns an error if `number` is 0.
    pub const fn new(number: u16) -> Result<Self, PortNumberError> {
        match NonZeroU16::new(number) {
            Some(number) => Ok(PortNumber(number)),
            None => Err(PortNumberError { found: Some(0) }),
        }
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

impl From<NonZeroU16> for PortNumber {
    fn from(number: NonZeroU16) -> Self {
        PortNumber(number)
    }
}

impl TryFrom<u16> for PortNumber {
    type Error = PortNumberError;

    fn try_from(number: u16) -> Result<Self, PortNumberError> {
        PortNumber::new(number)
    }
}

impl TryFrom<i64> for PortNumber {
    type Error = PortNumberError;

    fn try_from(number: i64) -> Result<Self, PortNumberError> {
        let in_range = u16::try_from(number).ok().and_then(NonZeroU16::new);
        in_range.map(PortNumber).ok_or(PortNumberError { found: Some(number) })
    }
}

impl FromStr for PortNumber {
    type Err = PortNumberError;

    /// Parses decimal digits.
    ///
    /// # Errors
    ///
    /// Returns an error if the text has other characters or the number is not from 1 to 65535.
    fn from_str(text: &str) -> Result<Self, PortNumberError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text);
        let number: Option<i64> = digits.and_then(|digits| digits.parse().ok());
        number.ok_or(PortNumberError { found: None })?.try_into()
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

/// A port number out of range, or a text that is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct PortNumberError {
    /// The number, if it is one.
    found: Option<i64>,
}

impl fmt::Display for PortNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.found {
            Some(number) => write!(f, "{number} is not a port number (expected 1 to 65535)"),
            None => f.write_str("invalid port number (expected digits from 1 to 65535)"),
        }
    }
}

#[cfg(feature = "serde")]
mod of_serde {
    use core::num::NonZeroU16;

    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Serialize, Serializer};

    use super::{PortNumber, Protocol, ServicePort};
    use crate::api::wire::{self, Entry, Field, Given, Place, Rejected, Scalar, Shape};

    impl Place for ServicePort {
        fn blank() -> Self {
            ServicePort::new(PortNumber::blank())
        }

        fn expected(&mut self) -> &'static str {
            "an object"
        }

        fn shape(&mut self) -> Shape {
            Shape::Object
        }

        fn entry(&mut self, key: &str) -> Entry<'_> {
            Entry::Field(match key {
                "name" => Field::new(0, "name", &mut self.name),
                "protocol" => Field::new(1, "protocol", &mut self.protocol),
                "port" => Field { is_optional: false, ..Field::new(PORT, "port", &mut self.port) },
                _ => return Entry::Unknown,
            })
        }

        fn missing(&self, given: Given) -> Option<&'static str> {
            (!given.contains(PORT)).then_some("port")
        }
    }

    /// The index of the required field.
    const PORT: u8 = 2;

    impl<'de> Deserialize<'de> for ServicePort {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            wire::read(deserializer)
        }
    }

    impl Serialize for PortNumber {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u16(self.get())
        }
    }

    impl Place for PortNumber {
        fn blank() -> Self {
            PortNumber(NonZeroU16::MIN)
        }

        fn expected(&mut self) -> &'static str {
            "a port number from 1 to 65535"
        }

        fn set(&mut self, scalar: &Scalar<'_>) -> Result<(), Rejected> {
            let number: Option<i64> = match scalar {
                Scalar::Signed(number) => Some(*number),
                Scalar::Unsigned(number) => (*number).try_into().ok(),
                _ => return Err(Rejected::Type),
            };
            let port = number.and_then(|number| PortNumber::try_from(number).ok());
            *self = port.ok_or(Rejected::Value)?;
            Ok(())
        }
    }

    impl<'de> Deserialize<'de> for PortNumber {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            wire::read(deserializer)
        }
    }

    impl Serialize for Protocol {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(self.as_str())
        }
    }

    impl Place for Protocol {
        fn blank() -> Self {
            Protocol::default()
        }

        /// The empty text means that the field is absent, as in Go.
        fn is_absent(scalar: &Scalar<'_>) -> bool {
            match scalar {
                Scalar::Text(text) => text.is_empty(),
                scalar => *scalar == Scalar::Null,
            }
        }

        fn expected(&mut self) -> &'static str {
            "TCP, UDP or SCTP"
        }

        fn set(&mut self, scalar: &Scalar<'_>) -> Result<(), Rejected> {
            let Scalar::Text(text) = scalar else { return Err(Rejected::Type) };
            *self = text.parse().map_err(|_| Rejected::Value)?;
            Ok(())
        }
    }

    impl<'de> Deserialize<'de> for Protocol {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            wire::read(deserializer)
        }
    }
}
