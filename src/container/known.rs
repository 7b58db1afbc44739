//! Facts that a caller adds to the objects.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use crate::api::{ConfigMap, PodMeta, Secret, Service};
use crate::names::sorted;
use crate::objects::{ObjectRef, Store};

/// Knowledge about a cluster that the objects do not have, such as addresses of Services that were
/// read from manifests.
///
/// It replaces unknown values without changing the objects, and never overrides a value that the
/// objects have. [`Facts::known`](crate::Facts::known) takes it. Facts about the Pod's Node, its
/// addresses and its env files are fields of [`Facts`](crate::Facts) itself.
///
/// [`Known::default`] holds the Service `default/kubernetes`, which every cluster has: its port is
/// 443 and named `https`, and its address is unknown.
///
/// ```
/// use kubelet_env::container::Known;
/// use kubelet_env::{Facts, Objects, compose};
/// use kubelet_env::api::{Container, Pod};
///
/// let objects = Objects::default();
/// let app = Container::new("app");
/// let pod = Pod::default().with_container(app).with_defaults();
///
/// let mut known = Known::default();
/// let environment = compose(&pod, "app", &Facts::open(&objects, &known))?.into_environment();
/// let host = environment.get("KUBERNETES_SERVICE_HOST").unwrap().value();
/// assert_eq!(host.to_string(), "<clusterIP of default/kubernetes>");
///
/// known.allocate_cluster_ips(&objects.services, "10.96.0.0/16".parse()?)?;
/// let environment = compose(&pod, "app", &Facts::open(&objects, &known))?.into_environment();
/// let host = environment.get("KUBERNETES_SERVICE_HOST").unwrap().value();
/// assert_eq!(host.as_str(), Some("10.96.0.1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Known {
    /// Services with their addresses. Each replaces the Service of the same name among the objects
    /// if that one [awaits an address](Service::awaits_cluster_ip), and is added if there is none.
    pub services: Store<Service>,
    /// Values of keys that the ConfigMaps among the objects do not have. The ConfigMap itself may
    /// be absent too. In that case an `envFrom` source that refers to it has these keys, and in the
    /// [open world](super::World::Open) it may have others.
    pub config_maps: Store<ConfigMap>,
    /// Values of keys that Secrets among the objects do not have, as for `config_maps`.
    pub secrets: Store<Secret>,
    /// The name, UID, labels and annotations of the Pod. Each is used where the Pod itself has none
    /// yet.
    pub pod: PodMeta,
}

impl Default for Known {
    fn default() -> Self {
        let kubernetes = Service::new("default", "kubernetes").with_named_port("https", 443);
        Known {
            services: kubernetes.into_iter().collect(),
            config_maps: Store::default(),
            secrets: Store::default(),
            pod: PodMeta::default(),
        }
    }
}

impl Known {
    /// Sets the address of a Service that awaits one. The Service is copied.
    pub fn set_cluster_ip(&mut self, service: &Service, cluster_ip: impl Into<String>) {
        let mut service = service.clone();
        service.spec.cluster_ip = cluster_ip.into();
        self.services.apply(service);
    }

    /// Sets the address of the Service of that name, which is among `services` or already known.
    ///
    /// # Errors
    /// Returns an error if there is no such Service, or if it does not await an address.
    ///
    /// ```
    /// use kubelet_env::Store;
    /// use kubelet_env::api::Service;
    /// use kubelet_env::container::Known;
    ///
    /// let services = Store::from_iter([Service::new("shop", "db").with_port(5432)?]);
    /// let mut known = Known::default();
    /// known.assign_cluster_ip(&services, "shop", "db", "10.96.14.7")?;
    /// known.assign_cluster_ip(&services, "default", "kubernetes", "10.96.0.1")?;
    /// assert!(known.assign_cluster_ip(&services, "shop", "cache", "10.96.14.8").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn assign_cluster_ip(
        &mut self,
        services: &Store<Service>,
        namespace: &str,
        name: &str,
        cluster_ip: impl Into<String>,
    ) -> Result<(), NoSuchServiceError> {
        let in_store = |store: &Store<Service>| store.in_namespace(namespace).get(name).cloned();
        let service = in_store(services).or_else(|| in_store(&self.services));
        let service = service.filter(Service::awaits_cluster_ip).ok_or_else(|| {
            let (kind, namespace, name) = ("Service".into(), namespace.into(), name.into());
            NoSuchServiceError { service: ObjectRef { kind, namespace, name } }
        })?;
        self.set_cluster_ip(&service, cluster_ip);
        Ok(())
    }

    /// Sets the value of a key of a ConfigMap.
    pub fn set_config_map_key(
        &mut self,
        namespace: &str,
        name: &str,
        key: impl Into<String>,
        value: impl Into<String>,
    ) {
        let mut config_map = ConfigMap::new(namespace, name);
        config_map = self.config_maps.delete(&config_map).unwrap_or(config_map);
        config_map.data.insert(key.into(), value.into());
        self.config_maps.apply(config_map);
    }

    /// Sets the value of a key of a Secret.
    pub fn set_secret_key(
        &mut self,
        namespace: &str,
        name: &str,
        key: impl Into<String>,
        value: impl Into<crate::api::SecretValue>,
    ) {
        let mut secret = Secret::new(namespace, name);
        secret = self.secrets.delete(&secret).unwrap_or(secret);
        secret.data.insert(key.into(), value.into());
        self.secrets.apply(secret);
    }

    /// Assigns an address from `range` to every Service that awaits one, including
    /// `default/kubernetes`.
    ///
    /// The addresses are plausible, not those of a real cluster. They depend only on the range and
    /// on the names of the Services: `default/kubernetes` gets the first address, as in most
    /// clusters, and another Service one that its namespace and name select. If that address is
    /// taken, the next free one is used, in the order of the Services. A Service keeps an address
    /// that is known. A Service whose `ipFamilies` starts with the other family is skipped.
    ///
    /// # Errors
    /// Returns an error if the range has too few addresses. Addresses that were already assigned
    /// are kept.
    pub fn allocate_cluster_ips(
        &mut self,
        services: &Store<Service>,
        range: IpRange,
    ) -> Result<(), RangeTooSmallError> {
        let is_absent = |known: &&Service| {
            services.in_namespace(&known.metadata.namespace).get(&known.metadata.name).is_none()
        };
        let absent: Store<Service> = self.services.iter().filter(is_absent).cloned().collect();
        let addressed = services.iter().chain(self.services.iter());
        let mut taken = BTreeSet::new();
        for service in addressed {
            taken.extend(service.spec.cluster_ip.parse::<IpAddr>());
        }
        let family = if range.is_ipv4() { "IPv4" } else { "IPv6" };
        let is_left_out = |service: &Service| {
            service.spec.ip_families.first().is_some_and(|stated| stated != family)
        };
        // Its address is fixed, so that no other Service may get it.
        let all: alloc::vec::Vec<&Service> = services.iter().chain(absent.iter()).collect();
        let all = sorted(all, |one, other| order(one).cmp(&order(other)));
        for service in all {
            let Service { metadata, .. } = service;
            let has_address = self
                .services
                .in_namespace(&metadata.namespace)
                .get(&metadata.name)
                .is_some_and(Service::has_cluster_ip);
            if !service.awaits_cluster_ip() || has_address || is_left_out(service) {
                continue;
            }
            let start =
                if is_kubernetes(service) { 0 } else { hash(&metadata.namespace, &metadata.name) };
            let address = range.free_address(start, &taken).ok_or(RangeTooSmallError { range })?;
            taken.insert(address);
            self.set_cluster_ip(service, address.to_string());
        }
        Ok(())
    }
}

/// Returns the sort key of the order in which Services get addresses.
fn order(service: &Service) -> (bool, &str, &str) {
    (!is_kubernetes(service), &service.metadata.namespace, &service.metadata.name)
}

fn is_kubernetes(service: &Service) -> bool {
    service.metadata.namespace == "default" && service.metadata.name == "kubernetes"
}

/// Returns a number that depends on the name alone (FNV-1a).
fn hash(namespace: &str, name: &str) -> u64 {
    let bytes = namespace.bytes().chain([b'/']).chain(name.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A range of addresses in CIDR notation, such as `10.96.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpRange {
    /// The first address.
    network: IpAddr,
    prefix_len: u8,
}

impl IpRange {
    fn is_ipv4(self) -> bool {
        self.network.is_ipv4()
    }

    fn bits(self) -> u8 {
        if self.is_ipv4() { 32 } else { 128 }
    }

    /// Returns the number of addresses that a Service can have: all but the first and the last.
    fn size(self) -> u64 {
        let host_bits = u32::from(self.bits().saturating_sub(self.prefix_len));
        1_u64.checked_shl(host_bits).unwrap_or(u64::MAX).saturating_sub(2)
    }

    /// Returns the first address that is not taken, from the one that `start` selects.
    fn free_address(self, start: u64, taken: &BTreeSet<IpAddr>) -> Option<IpAddr> {
        let size = self.size();
        let start = start.checked_rem(size)?;
        let mut addresses = (start..size).chain(0..start).map(|index| self.address(index));
        addresses.find(|address| !taken.contains(address))
    }

    /// Returns the address with that index among those that a Service can have.
    fn address(self, index: u64) -> IpAddr {
        let offset = index.saturating_add(1);
        match self.network {
            IpAddr::V4(network) => {
                let offset = u32::try_from(offset).unwrap_or(u32::MAX);
                Ipv4Addr::from_bits(network.to_bits().wrapping_add(offset)).into()
            }
            IpAddr::V6(network) => {
                Ipv6Addr::from_bits(network.to_bits().wrapping_add(offset.into())).into()
            }
        }
    }
}

impl core::fmt::Display for IpRange {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix_len)
    }
}

impl FromStr for IpRange {
    type Err = IpRangeError;

    /// Parses an address, `/` and the length of the prefix. Bits after the prefix are cleared.
    ///
    /// # Errors
    /// Returns an error if the text has another form or the prefix is longer than the address.
    fn from_str(text: &str) -> Result<Self, IpRangeError> {
        let error = || IpRangeError { text: text.to_owned() };
        let (address, prefix_len) = text.split_once('/').ok_or_else(error)?;
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let prefix_len: u8 = prefix_len.parse().map_err(|_| error())?;
        let host_bits = |bits: u8| bits.checked_sub(prefix_len).map(u32::from).ok_or_else(error);
        let network = match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(host_bits(32)?).unwrap_or(0);
                Ipv4Addr::from_bits(address.to_bits() & mask).into()
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(host_bits(128)?).unwrap_or(0);
                Ipv6Addr::from_bits(address.to_bits() & mask).into()
            }
        };
        Ok(IpRange { network, prefix_len })
    }
}

/// An error from parsing an [`IpRange`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a range of addresses: expected ADDRESS/PREFIX, such as 10.96.0.0/16")]
#[non_exhaustive]
pub struct IpRangeError {
    /// The text.
    pub text: String,
}

/// An error because no Service of that name awaits an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {service} that awaits a clusterIP")]
#[non_exhaustive]
pub struct NoSuchServiceError {
    /// The Service.
    pub service: ObjectRef,
}

/// An error because a range has fewer free addresses than Services that await one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{range} has too few addresses for the Services: use a shorter prefix")]
#[non_exhaustive]
pub struct RangeTooSmallError {
    /// The range.
    pub range: IpRange,
}
