//! The addresses of a Pod in the downward API (Go: `Kubelet.sortPodIPs`).

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use super::Facts;
use crate::api::PodStatus;
use crate::go::ip::parse_ip;
use crate::release::Rule;

/// Sorts the runtime's pod IPs (Go: `Kubelet.sortPodIPs`): the first one of the primary family, then
/// the first one of the other family. Addresses that do not parse are skipped.
pub(super) fn pod_ips<'a>(status: &'a PodStatus, facts: &Facts<'_>) -> Vec<Cow<'a, str>> {
    let is_primary_ipv4 = is_primary_ipv4(facts.node_ips);
    let is_canonical = facts.release.has(Rule::CanonicalPodIps);
    let (mut first, mut second) = (None, None);
    for given in status.pod_ips.iter().map(|ip| ip.ip.as_str()) {
        if let Some(ip) = parse_ip(given) {
            let place = if ip.is_ipv4() == is_primary_ipv4 { &mut first } else { &mut second };
            place.get_or_insert((given, ip));
        }
    }
    let print = |(given, ip): (&'a str, IpAddr)| match ip.to_string() {
        canonical if is_canonical && canonical != given => Cow::Owned(canonical),
        _ => Cow::Borrowed(given),
    };
    first.into_iter().chain(second).map(print).collect()
}

/// Reports whether the primary family is IPv4: that of the first IP of the node, or IPv4 if there is
/// none. IPs that do not parse are skipped, as in `ParseNodeIPArgument`.
fn is_primary_ipv4(node_ips: &[String]) -> bool {
    node_ips.iter().find_map(|ip| parse_ip(ip)).is_none_or(|ip| ip.is_ipv4())
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;

    use super::*;
    use crate::objects::Objects;

    #[test]
    fn pod_ips_begin_with_the_primary_family() {
        let objects = Objects::default();
        let pick = |given: &[&str], node_ip: &str, release: &str| -> Vec<String> {
            let (status, node_ips) =
                (PodStatus::with_ips(given.iter().copied()), [node_ip.to_owned()]);
            let facts = Facts {
                node_ips: &node_ips,
                release: release.parse().unwrap(),
                ..Facts::of(&objects)
            };
            pod_ips(&status, &facts).into_iter().map(Cow::into_owned).collect()
        };
        let given = ["nonsense", "FD00::1", "010.1.1.7", "fd00::2", "10.1.1.8"];
        assert_eq!(pick(&given, "192.168.0.1", "1.36"), ["10.1.1.7", "fd00::1"]);
        assert_eq!(pick(&given, "fd00::", "1.36"), ["fd00::1", "10.1.1.7"]);
        assert_eq!(pick(&given, "fd00::", "1.32"), ["FD00::1", "010.1.1.7"]);
        assert_eq!(pick(&["::ffff:1.2.3.4"], "fd00::", "1.36"), ["1.2.3.4"]);
        assert!(pick(&["", "fe80::1%eth0"], "10.0.0.1", "1.36").is_empty());
    }

    #[test]
    fn first_node_ip_sets_the_primary_family() {
        let is_ipv4 = |ips: &[&str]| {
            is_primary_ipv4(&ips.iter().map(|&ip| ip.to_owned()).collect::<Vec<_>>())
        };
        assert!(is_ipv4(&[]) && is_ipv4(&["::ffff:1.2.3.4"]));
        assert!(!is_ipv4(&["fd00::5", "1.2.3.4"]) && !is_ipv4(&["x", "fd00::5"]));
    }
}
