//! The addresses of a Node (Go: `GetNodeHostIPs`).

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::api::Node;
use crate::go::ip::parse_ip;

/// Returns the addresses of a Node, its InternalIPs before its ExternalIPs: the first, then the
/// first of the other family. Addresses that do not parse are skipped.
pub(crate) fn host_ips(node: &Node) -> Vec<IpAddr> {
    let of_type =
        |type_| node.status.addresses.iter().filter(move |address| address.type_ == type_);
    let mut ips = of_type("InternalIP")
        .chain(of_type("ExternalIP"))
        .filter_map(|address| parse_ip(&address.address));
    let Some(first) = ips.next() else { return Vec::new() };
    let second = ips.find(|ip| ip.is_ipv4() != first.is_ipv4());
    [first].into_iter().chain(second).collect()
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::string::{String, ToString};

    use super::*;
    use crate::api::{NodeAddress, NodeStatus};

    #[test]
    fn host_ips_are_one_of_each_family() {
        let pick = |given: &[(&str, &str)]| -> Vec<String> {
            let address = |&(type_, ip): &(&str, &str)| NodeAddress {
                type_: type_.to_owned(),
                address: ip.to_owned(),
            };
            let status = NodeStatus {
                addresses: given.iter().map(address).collect(),
                ..NodeStatus::default()
            };
            host_ips(&Node { status, ..Node::default() }).iter().map(IpAddr::to_string).collect()
        };
        let (internal, external) = ("InternalIP", "ExternalIP");
        let both = [
            (external, "1.2.3.4"),
            (internal, "fd00::5"),
            (internal, "fd00::6"),
            ("Hostname", "10.0.0.1"),
        ];
        assert_eq!(pick(&both), ["fd00::5", "1.2.3.4"]);
        assert_eq!(
            pick(&[(internal, "192.168.001.005"), (internal, "192.168.1.6")]),
            ["192.168.1.5"]
        );
        assert_eq!(
            pick(&[(internal, "::1%lo"), (internal, "x"), (internal, "FD00:0:0::0005")]),
            ["fd00::5"]
        );
        assert!(pick(&[]).is_empty());
    }
}
