//! Reasons for which a container is created and does not start.

use alloc::string::String;
use core::fmt::{self, Write};

use super::HostnameError;
use crate::text::{Escaped, OneLine};

/// An error from [`Process::new`](super::Process::new): the kubelet or the container runtime does
/// not start the container. No variant holds a value of a variable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The Pod's hostname is invalid.
    #[error(transparent)]
    Hostname(#[from] HostnameError),
    /// The user that the image names is not in the image's `/etc/passwd`.
    #[error("the image's user {user:?} is not in its /etc/passwd: add it, or set runAsUser")]
    UserMissing {
        /// The user, without the group.
        user: String,
    },
    /// A variable or an argument is not UTF-8, which this release of the kubelet cannot pass to the
    /// container runtime.
    #[error(
        "{} is not UTF-8, which this release cannot pass to the container runtime",
        Escaped(subject)
    )]
    NotUtf8 {
        /// The name of the variable, or the entry of the command or the arguments.
        subject: String,
    },
    /// Neither the container nor the image has a command.
    #[error("no command specified: set the container's command, or the image's ENTRYPOINT or CMD")]
    NoCommand,
    /// CRI-O rejects a `HOME` with a line break.
    #[error("HOME has a line break, which CRI-O rejects: set it to a directory")]
    HomeLineBreak,
    /// runc rejects the environment.
    #[error(transparent)]
    Runc(#[from] RuncError),
}

/// An error from runc while it reads an environment. It never holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuncError {
    /// An entry has no `=`.
    MissingEquals {
        /// The text of the entry.
        entry: String,
    },
    /// The name of a variable is empty.
    EmptyName,
    /// A name or value contains NUL.
    Nul {
        /// The name of the variable.
        name: String,
    },
}

impl fmt::Display for RuncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut OneLine(f);
        match self {
            RuncError::MissingEquals { entry } => {
                write!(f, "invalid environment variable {entry}: missing '=': write NAME=value")
            }
            RuncError::EmptyName => {
                f.write_str("invalid environment variable: the name is empty: remove the entry")
            }
            RuncError::Nul { name } => {
                write!(f, "invalid environment variable {name}: it contains NUL: remove the byte")
            }
        }
    }
}

impl core::error::Error for RuncError {}
