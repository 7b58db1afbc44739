//! What a form cannot hold.

use alloc::string::String;

/// A variable that a form cannot hold. It names the variable, never its value.
///
/// ```
/// use kubelet_env::{Environment, Order};
/// use kubelet_env::export::FormProblem;
///
/// let environment = Environment::default().with_base([("log.level", "debug")]);
/// let error = environment.to_shell_exports(Order::Kubelet).unwrap_err();
/// assert_eq!(error.variable, "log.level");
/// assert_eq!(error.problem, FormProblem::NameCharacter { found: '.' });
/// assert_eq!(error.to_string(), "variable \"log.level\": this form cannot hold a name with '.' in it");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("variable {variable:?}: {problem}")]
#[non_exhaustive]
pub struct FormError {
    /// The variable's name.
    pub variable: String,
    /// Why the form cannot hold it.
    pub problem: FormProblem,
}

/// Why a form cannot hold a variable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormProblem {
    /// The name is empty.
    #[error("this form cannot hold an empty name")]
    EmptyName,
    /// The name has a character that would not be read as part of it, or that is not legal there.
    #[error("this form cannot hold a name with {found:?} in it")]
    NameCharacter {
        /// The first such character.
        found: char,
    },
    /// The name begins with a character that may only stand further on.
    #[error("this form cannot hold a name that begins with {found:?}")]
    FirstCharacter {
        /// The character.
        found: char,
    },
    /// A shell gives the variable a value of its own, or lets nobody set it.
    #[error("shells keep this variable to themselves")]
    ReservedName,
    /// The value has a NUL, which ends it where a process takes it in.
    #[error("this form cannot hold a NUL in a value")]
    NulInValue,
    /// The value has a line feed, which ends it.
    #[error("this form cannot hold a line feed in a value")]
    LineFeedInValue,
    /// The value ends in a carriage return, which is read as part of the line's end.
    #[error("this form cannot hold a value that ends in a carriage return")]
    CarriageReturnAtEnd,
    /// Name and value are longer than a line may be.
    #[error("this form cannot hold a line of {length} bytes: {limit} is the most")]
    LineTooLong {
        /// How long the line would be.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// The value is not UTF-8.
    #[error("this form cannot hold a value that is not UTF-8")]
    NotUtf8,
}
