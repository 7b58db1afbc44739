//! The orders of variables in text (dash: `hashvar`, `listvars`).

/// The order of variables in text. It has no influence on which of two variables of one name wins.
///
/// ```
/// use kubelet_env::{Environment, Form, Order};
///
/// let environment = Environment::default().with_base([("B", "2"), ("A", "1")]);
/// assert_eq!(environment.render(Order::Kubelet, Form::Lines), b"B=2\nA=1\n");
/// assert_eq!(environment.render(Order::Name, Form::Lines), b"A=1\nB=2\n");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Order {
    /// The order in which the kubelet generates variables. The kubelet's order between Services is
    /// random; here it is by the Services' names.
    #[default]
    Kubelet,
    /// By name, bytewise.
    Name,
    /// The order for a program started from dash, the `/bin/sh` of Debian and Ubuntu: `kubectl exec
    /// … -- sh`, then `printenv`.
    ///
    /// dash also drops variables whose names are not shell names (`a.b`), resets `IFS` and
    /// `OPTIND`, and adds `PWD`. An order only sorts, so none of this happens here.
    Dash,
}

/// The number of hash chains in which dash keeps variables (`VTABSIZE`).
const DASH_CHAINS: u64 = 39;

/// Returns the hash chain in which dash keeps a variable with this name (dash: `hashvar`).
///
/// The hash is (16 × the first byte + the sum of all bytes) mod 39. dash lists one chain after
/// another. Within a chain, variables are in the order in which they were set.
fn dash_chain(name: &str) -> u8 {
    let first = name.bytes().take(1).map(|byte| u64::from(byte).wrapping_mul(16));
    let sum = first.chain(name.bytes().map(u64::from)).fold(0, u64::wrapping_add);
    u8::try_from(sum.rem_euclid(DASH_CHAINS)).unwrap_or_default()
}

/// The variables that dash sets before it reads its environment, in its order (`varinit`).
const SET_BY_DASH: [&str; 8] = ["IFS", "MAIL", "MAILPATH", "PATH", "PS1", "PS2", "PS4", "OPTIND"];

/// Returns the sort key of dash's order, for a stable sort.
pub(crate) fn dash_position(name: &str) -> (u8, usize) {
    let set_before = SET_BY_DASH.iter().position(|&set| set == name);
    (dash_chain(name), set_before.unwrap_or(SET_BY_DASH.len()))
}
