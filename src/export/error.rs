//! The errors of forms that cannot hold a variable.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::environment::{Environment, Unknown};
use crate::text::OneLine;

/// The error of a form that cannot hold a variable. It names the variable and never shows its
/// value.
///
/// ```
/// use kubelet_env::{Environment, Order};
/// use kubelet_env::export::FormProblem;
///
/// let environment = Environment::default().with_base([("log.level", "debug")]);
/// let error = environment.to_shell_exports(Order::Kubelet).unwrap_err();
/// assert_eq!(error.variable, "log.level");
/// assert_eq!(error.problem, FormProblem::NameCharacter { found: '.' });
/// assert_eq!(
///     error.to_string(),
///     "variable \"log.level\": this form cannot hold a name with '.' in it",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormError {
    /// The variable's name. For [`FormProblem::Unknown`] it is the first of the unknown variables,
    /// or empty if only names are unknown.
    pub variable: String,
    /// The reason.
    pub problem: FormProblem,
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            FormProblem::Unknown(unknown) => write!(f, "{unknown}"),
            problem => write!(f, "variable {:?}: {problem}", self.variable),
        }
    }
}

impl core::error::Error for FormError {}

/// The reason why a form cannot hold a variable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormProblem {
    /// The name is empty.
    #[error("this form cannot hold an empty name")]
    EmptyName,
    /// The name has a character that the form's reader does not accept in a name.
    #[error("this form cannot hold a name with {found:?} in it")]
    NameCharacter {
        /// The first such character.
        found: char,
    },
    /// The name begins with a character that is only accepted after the first.
    #[error("this form cannot hold a name that begins with {found:?}")]
    FirstCharacter {
        /// The character.
        found: char,
    },
    /// A shell gives the variable a meaning of its own, so that assigning it has another effect.
    #[error("{shell} {effect}: rename the variable, or pass it without a shell")]
    ReservedName {
        /// The shell, such as `bash`.
        shell: &'static str,
        /// The effect of an assignment.
        effect: ShellEffect,
    },
    /// The value has a NUL, which ends a string in the environment of a process.
    #[error("this form cannot hold a NUL in a value")]
    NulInValue,
    /// The value has a line feed, which ends a value in this form.
    #[error("this form cannot hold a line feed in a value")]
    LineFeedInValue,
    /// The value ends in a carriage return, which is read as part of the line ending.
    #[error("this form cannot hold a value that ends in a carriage return")]
    CarriageReturnAtEnd,
    /// Name and value are longer than the limit for a line. Their length is not part of the error,
    /// because the value may be a Secret's.
    #[error("this form cannot hold a line of more than {limit} bytes")]
    LineTooLong {
        /// The maximum length of a line in bytes, without its line feed.
        limit: usize,
    },
    /// The value is not UTF-8.
    #[error("this form cannot hold a value that is not UTF-8")]
    NotUtf8,
    /// Values or names of variables are not known. Only forms for people hold placeholders.
    #[error(transparent)]
    Unknown(UnknownVariables),
}

/// The variables of an environment that are not known.
///
/// Its `Display` lists them with their sources. It never shows a Secret's value.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{}", DisplayUnknown(self))]
#[non_exhaustive]
pub struct UnknownVariables {
    /// The variables whose values are not known, in kubelet order.
    pub variables: Vec<UnknownVariable>,
    /// The `envFrom` entries, with the kinds and names of the objects, whose variables are not
    /// known.
    pub open: Vec<String>,
}

/// A variable whose value is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownVariable {
    /// The name.
    pub name: String,
    /// The unknown parts of the value, in their order.
    pub unknowns: Vec<Unknown>,
}

impl UnknownVariables {
    /// Returns the unknown variables of an environment.
    #[must_use]
    pub fn of(environment: &Environment<'_>) -> Self {
        let unknown = environment.iter().filter_map(|variable| {
            let value = variable.value();
            let unknowns: Vec<Unknown> = value.unknowns().cloned().collect();
            (!unknowns.is_empty())
                .then(|| UnknownVariable { name: variable.name().into_owned(), unknowns })
        });
        let open = environment.open_sources().iter().map(ToString::to_string);
        UnknownVariables { variables: unknown.collect(), open: open.collect() }
    }

    /// Reports whether all variables are known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.variables.is_empty() && self.open.is_empty()
    }
}

struct DisplayUnknown<'u>(&'u UnknownVariables);

impl fmt::Display for DisplayUnknown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let out = &mut OneLine(f);
        let UnknownVariables { variables, open } = self.0;
        out.write_str("not known: ")?;
        for (index, UnknownVariable { name, unknowns }) in variables.iter().enumerate() {
            out.write_str(if index == 0 { "" } else { ", " })?;
            write!(out, "{name} (")?;
            for (index, unknown) in unknowns.iter().enumerate() {
                write!(out, "{}{unknown}", if index == 0 { "" } else { ", " })?;
            }
            out.write_char(')')?;
        }
        for (index, source) in open.iter().enumerate() {
            let comma = if index == 0 && variables.is_empty() { "" } else { ", " };
            write!(out, "{comma}the variables of {source}")?;
        }
        out.write_str(
            ": add the missing objects or facts, or write placeholders with Environment::with_placeholders",
        )
    }
}

/// The effect of assigning a variable that a shell reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ShellEffect {
    /// The shell evaluates the value, for example as an arithmetic expression, which can run a
    /// command.
    Evaluates,
    /// The shell truncates the history file.
    TruncatesHistory,
    /// The shell sends its trace to the file descriptor in the value.
    RedirectsTrace,
    /// The shell sets the variable itself, changes the value or rejects the assignment.
    Overrides,
}

impl fmt::Display for ShellEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ShellEffect::Evaluates => {
                "evaluates the value of this variable, which can run a command"
            }
            ShellEffect::TruncatesHistory => {
                "truncates its history file when this variable is assigned"
            }
            ShellEffect::RedirectsTrace => {
                "sends its trace to the file descriptor in this variable"
            }
            ShellEffect::Overrides => "sets this variable itself",
        })
    }
}
