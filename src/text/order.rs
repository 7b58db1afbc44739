//! The orders in which a container's variables can be shown (dash: `hashvar`, `listvars`).

/// The order in which variables are shown. Which of two variables of one name stands does not
/// depend on it.
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
    /// The order in which the kubelet makes them. (Between Services, and in what the container is
    /// given in the end, its order is random; ours is by the Services' names.)
    #[default]
    Kubelet,
    /// By name, bytewise.
    Name,
    /// As a program sees them that was started from dash, the `/bin/sh` of Debian and Ubuntu:
    /// `kubectl exec … -- sh`, then `printenv`.
    ///
    /// dash itself drops a variable whose name is not a shell's (`a.b`), resets `IFS` and `OPTIND`,
    /// and adds `PWD`. The orders hold the same variables, so none of this is done here.
    Dash,
}

/// How many hash chains dash keeps its variables in (`VTABSIZE`).
const DASH_CHAINS: u64 = 39;

/// Returns the hash chain, of 39, in which dash keeps a variable of that name (dash: `hashvar`).
///
/// It is (16 × the first byte + the sum of all bytes) mod 39. dash lists one chain after another,
/// and each in the order in which its variables were set.
fn dash_chain(name: &str) -> u8 {
    let first = name.bytes().take(1).map(|byte| u64::from(byte).wrapping_mul(16));
    let sum = first.chain(name.bytes().map(u64::from)).fold(0, u64::wrapping_add);
    u8::try_from(sum.rem_euclid(DASH_CHAINS)).unwrap_or_default()
}

/// The variables that dash sets before it takes in its environment, in its order (`varinit`).
const SET_BY_DASH: [&str; 8] = ["IFS", "MAIL", "MAILPATH", "PATH", "PS1", "PS2", "PS4", "OPTIND"];

/// What dash's order goes by, for variables that were set one after another.
pub(crate) fn dash_position(name: &str) -> (u8, usize) {
    let set_before = SET_BY_DASH.iter().position(|&set| set == name);
    (dash_chain(name), set_before.unwrap_or(SET_BY_DASH.len()))
}
