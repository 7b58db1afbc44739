//! The variables as text, one after another.

/// How variables are written down one after another.
///
/// ```
/// use kubelet_env::{Environment, Form, Order};
///
/// let environment = Environment::default().over([("A", "1"), ("B", "2")]);
/// assert_eq!(environment.render(Order::Kubelet, Form::NulSeparated), b"A=1\0B=2\0");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Form {
    /// `NAME=value` and a line feed, as `printenv` prints them. A line feed in a value is written as
    /// it is, so this is for people.
    #[default]
    Lines,
    /// `NAME=value` and a NUL, as `printenv -0` prints them and `/proc/PID/environ` holds them.
    NulSeparated,
}

impl Form {
    /// The byte that ends each variable.
    #[must_use]
    pub const fn terminator(self) -> u8 {
        match self {
            Form::Lines => b'\n',
            Form::NulSeparated => 0,
        }
    }
}
