//! The hostname of a Pod (Go: `Kubelet.GeneratePodHostNameAndDomain`, `GetNodenameForKernel`,
//! `generatePodSandboxConfig`).

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use crate::api::Pod;
use crate::names::{is_dns1123_label, is_dns1123_subdomain};
use crate::release::{Release, Rule};
use crate::text::Escaped;

/// The longest hostname, in bytes. Longer ones are cut.
const MAX_HOSTNAME: usize = 63;

/// The longest fully qualified domain name, in bytes. Longer ones are rejected.
const MAX_FQDN: usize = 64;

/// The hostname that the kubelet asks the container runtime for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hostname {
    /// A name of the Pod's own.
    Pod(String),
    /// The Node's own hostname, because the Pod uses the host network. It need not be the name of
    /// the Node object.
    Node,
    /// Not known: the Pod has no name yet.
    Unknown,
}

/// An error from [`hostname`](hostname()): the kubelet does not start the Pod.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostnameError {
    /// `spec.hostname` is not a DNS label.
    #[error(
        "pod Hostname {hostname:?} is not a valid DNS label: use at most 63 lower-case letters, \
         digits and '-', with a letter or digit at both ends"
    )]
    Hostname {
        /// The hostname.
        hostname: String,
    },
    /// `spec.subdomain` is not a DNS label.
    #[error(
        "pod Subdomain {subdomain:?} is not a valid DNS label: use at most 63 lower-case letters, \
         digits and '-', with a letter or digit at both ends"
    )]
    Subdomain {
        /// The subdomain.
        subdomain: String,
    },
    /// `spec.hostnameOverride` is not a DNS subdomain.
    #[error(
        "pod HostnameOverride {hostname:?} is not a valid DNS subdomain: use labels of lower-case \
         letters, digits and '-', joined by '.'"
    )]
    HostnameOverride {
        /// The hostname.
        hostname: String,
    },
    /// Nothing is left of a hostname that had to be cut.
    #[error("hostname for pod {pod:?} was invalid: {hostname:?}: use a shorter name")]
    Empty {
        /// The Pod's name.
        pod: String,
        /// The hostname before it was cut.
        hostname: String,
    },
    /// The fully qualified domain name is longer than 64 bytes.
    #[error(
        "failed to construct FQDN from pod hostname and cluster domain, FQDN {} is too long \
         (64 characters is the max, {} characters requested)", Escaped(fqdn), fqdn.len()
    )]
    FqdnTooLong {
        /// The name.
        fqdn: String,
    },
}

/// Returns the hostname of a Pod's containers.
///
/// It is `spec.hostname`, or else the Pod's name, cut to 63 bytes. From 1.35 on
/// `spec.hostnameOverride` takes precedence. With `setHostnameAsFQDN` and a subdomain it is the
/// fully qualified domain name. With `hostNetwork` it is the Node's.
///
/// # Errors
///
/// Returns an error if a name is invalid, which the API server rejects before, or if the fully
/// qualified domain name is too long.
///
/// ```
/// use kubelet_env::Release;
/// use kubelet_env::api::Pod;
/// use kubelet_env::process::{Hostname, hostname};
///
/// let mut pod = Pod::default();
/// pod.metadata.name = "web-0".into();
/// pod.metadata.namespace = "shop".into();
/// pod.spec.subdomain = "web".into();
/// pod.spec.set_hostname_as_fqdn = true;
///
/// let name = hostname(&pod, "cluster.local", Release::NEWEST)?;
/// assert_eq!(name, Hostname::Pod("web-0.web.shop.svc.cluster.local".into()));
/// # Ok::<(), kubelet_env::process::HostnameError>(())
/// ```
pub fn hostname(
    pod: &Pod,
    cluster_domain: &str,
    release: Release,
) -> Result<Hostname, HostnameError> {
    let (hostname, domain) = name_and_domain(pod, cluster_domain, release)?;
    if pod.spec.host_network {
        return Ok(Hostname::Node);
    }
    if hostname.is_empty() {
        return Ok(Hostname::Unknown);
    }
    if domain.is_empty() || !pod.spec.set_hostname_as_fqdn {
        return Ok(Hostname::Pod(hostname));
    }
    let fqdn = format!("{hostname}.{domain}");
    if fqdn.len() > MAX_FQDN {
        return Err(HostnameError::FqdnTooLong { fqdn });
    }
    Ok(Hostname::Pod(fqdn))
}

/// The short hostname and the domain, which may be empty (Go:
/// `Kubelet.GeneratePodHostNameAndDomain`).
fn name_and_domain(
    pod: &Pod,
    cluster_domain: &str,
    release: Release,
) -> Result<(String, String), HostnameError> {
    let spec = &pod.spec;
    let hostname = &spec.hostname_override;
    if !hostname.is_empty() && release.has(Rule::HostnameOverride) {
        if !is_dns1123_subdomain(hostname) {
            return Err(HostnameError::HostnameOverride { hostname: hostname.clone() });
        }
        return Ok((truncated(pod, hostname)?, String::new()));
    }
    let hostname = if spec.hostname.is_empty() { &pod.metadata.name } else { &spec.hostname };
    if !spec.hostname.is_empty() && !is_dns1123_label(hostname) {
        return Err(HostnameError::Hostname { hostname: hostname.clone() });
    }
    let hostname = truncated(pod, hostname)?;
    if spec.subdomain.is_empty() {
        return Ok((hostname, String::new()));
    }
    if !is_dns1123_label(&spec.subdomain) {
        return Err(HostnameError::Subdomain { subdomain: spec.subdomain.clone() });
    }
    let namespace = &pod.metadata.namespace;
    Ok((hostname, format!("{}.{namespace}.svc.{cluster_domain}", spec.subdomain)))
}

/// The hostname, cut if it is too long (Go: `truncatePodHostnameIfNeeded`).
fn truncated(pod: &Pod, hostname: &str) -> Result<String, HostnameError> {
    if hostname.len() <= MAX_HOSTNAME {
        return Ok(hostname.to_owned());
    }
    // Go cuts between bytes. No valid name has a character of several.
    let end = (0..=MAX_HOSTNAME).rev().find(|&end| hostname.is_char_boundary(end));
    let start = end.and_then(|end| hostname.get(..end)).unwrap_or_default();
    let start = start.trim_end_matches(['-', '.']);
    if start.is_empty() {
        let pod = pod.metadata.name.clone();
        return Err(HostnameError::Empty { pod, hostname: hostname.to_owned() });
    }
    Ok(start.to_owned())
}
