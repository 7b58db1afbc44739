//! The text form of variables, and the reader of NUL-separated text.

/// The form of a text with one variable after another.
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
    /// `NAME=value` and a line feed, as `printenv` prints. Line feeds in values are not escaped, so
    /// the text is for people.
    #[default]
    Lines,
    /// `NAME=value` and a NUL, as `printenv -0` prints and `/proc/PID/environ` holds.
    NulSeparated,
}

impl Form {
    /// Returns the byte that ends each variable.
    #[must_use]
    pub const fn terminator(self) -> u8 {
        match self {
            Form::Lines => b'\n',
            Form::NulSeparated => 0,
        }
    }
}

/// Returns the names and values of [`Form::NulSeparated`] text. Entries without `=` are skipped.
///
/// As in `std::env`, an `=` at the start belongs to the name, so a name is never empty. Windows
/// keeps the directory of a drive in a variable such as `=C:`.
pub(crate) fn pairs_of_block(block: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    block.split(|&byte| byte == 0).filter_map(|entry| {
        let after_first = entry.iter().skip(1).position(|&byte| byte == b'=')?;
        let (name, value) = entry.split_at_checked(after_first.saturating_add(1))?;
        Some((name, value.strip_prefix(b"=")?))
    })
}
