//! The size of arguments and environment as counted by Linux (`execve`, `bprm_stack_limits`).

use super::Environment;
use crate::api::Service;
use crate::services::Extent;

/// The size of arguments and environment, as Linux counts it for the limit of `execve`
/// (`bprm_stack_limits`).
///
/// ```
/// use kubelet_env::Environment;
/// use kubelet_env::environment::Size;
///
/// let environment = Environment::default().with_base([("A", "1"), ("B", "22")]);
/// let size = Size::of_environment(&environment);
/// assert_eq!((size.count, size.strings, size.bytes()), (2, "A=1".len() + 1 + "B=22".len() + 1, 25));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
pub struct Size {
    /// The bytes of all strings, each with its NUL.
    pub strings: usize,
    /// The number of strings. Each has a pointer of eight bytes.
    pub count: usize,
}

impl Size {
    /// Returns the size of a program's path, arguments and environment. The first argument is the
    /// program's name.
    ///
    /// The kernel stores the path without a pointer. A program without arguments gets an empty one
    /// (since Linux 5.18).
    #[must_use]
    pub fn of<'s>(
        path: &[u8],
        arguments: impl IntoIterator<Item = &'s [u8]>,
        environment: &Environment<'_>,
    ) -> Self {
        Size::of_environment(environment).and(Size::of_program(path, arguments))
    }

    /// Returns the size of an environment.
    #[must_use]
    pub fn of_environment(environment: &Environment<'_>) -> Self {
        Size::of_others(environment).and(environment.size_of_services(|_| true))
    }

    fn of_program<'s>(path: &[u8], arguments: impl IntoIterator<Item = &'s [u8]>) -> Self {
        let arguments = arguments.into_iter().map(|argument| Size::of_string(argument.len()));
        let arguments = arguments.reduce(Size::and).unwrap_or(Size::of_string(0));
        Size {
            strings: arguments.strings.saturating_add(path.len()).saturating_add(1),
            ..arguments
        }
    }

    /// Returns the size of all variables of Services that have some.
    pub(crate) fn of_services<'a>(services: impl Iterator<Item = &'a Service>) -> Self {
        services
            .map(Extent::of)
            .map(|Extent { count, len }| Size { strings: len, count })
            .fold(Size::default(), Size::and)
    }

    pub(crate) fn of_variable(name: &str, value_len: usize) -> Self {
        let equals = 1_usize;
        Size::of_string(name.len().saturating_add(equals).saturating_add(value_len))
    }

    pub(crate) fn of_string(len: usize) -> Self {
        Size { strings: len.saturating_add(1), count: 1 }
    }

    /// Returns the size of all variables but the service variables.
    fn of_others(environment: &Environment<'_>) -> Self {
        let others = environment.iter().take_while(|variable| !variable.is_of_service());
        let sizes =
            others.map(|variable| Size::of_variable(&variable.name(), variable.value().len()));
        sizes.fold(Size::default(), Size::and)
    }

    pub(crate) fn without(self, other: Size) -> Self {
        Size {
            strings: self.strings.saturating_sub(other.strings),
            count: self.count.saturating_sub(other.count),
        }
    }

    pub(crate) fn and(self, other: Size) -> Self {
        Size {
            strings: self.strings.saturating_add(other.strings),
            count: self.count.saturating_add(other.count),
        }
    }

    /// Returns the bytes that count against the limit: strings and pointers.
    #[must_use]
    pub fn bytes(self) -> usize {
        self.count.saturating_mul(8).saturating_add(self.strings)
    }
}
