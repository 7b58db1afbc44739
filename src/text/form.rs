//! The variables as text, one after another, and such text read.

/// How variables are written down one after another.
///
/// ```
/// use kubelet_env::{Environment, Form, Order};
///
/// let environment = Environment::default().with_base([("A", "1"), ("B", "2")]);
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

/// The names and values of [`Form::NulSeparated`] text.
///
/// What has no `=` is no variable. One at the very start belongs to the name, which is never empty:
/// so they are on Windows, which keeps a drive's directory in `=C:`, and so does `std::env` read
/// them everywhere. (On Unix Go's `syscall.Getenv` does not find such a variable, whatever it is
/// asked for.)
pub(crate) fn pairs_of_block(block: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    block.split(|&byte| byte == 0).filter_map(|entry| {
        let after_first = entry.iter().skip(1).position(|&byte| byte == b'=')?;
        let (name, value) = entry.split_at_checked(after_first.saturating_add(1))?;
        Some((name, value.strip_prefix(b"=")?))
    })
}
