//! The variables in the forms in which environments are passed on. The kubelet passes them to the
//! container runtime as pairs (CRI: `KeyValue`).
//!
//! A [`Form`] writes any environment, as it is. The others are those of other tools: each holds only
//! what its tool reads back to the same bytes, and all else is a [`FormError`].

mod block;
mod docker;
mod env_list;
mod error;
mod oci;
#[cfg(feature = "std")]
mod os;
mod render;
mod shell;
mod text;

use alloc::borrow::Cow;

pub use error::{FormError, FormProblem};

use crate::environment::Environment;

pub use crate::text::{Form, Order};

impl Environment<'_> {
    /// What `write` makes of each name and value, or the first that it cannot make anything of.
    fn try_write<T, C: FromIterator<T>>(
        &self,
        order: Order,
        mut write: impl FnMut(Cow<'_, str>, Cow<'_, [u8]>) -> Result<T, FormProblem>,
    ) -> Result<C, FormError> {
        let variables = self.in_order(order).into_iter();
        let written = variables.map(|variable| {
            let name_it = |problem| FormError { variable: variable.name().into_owned(), problem };
            write(variable.name(), variable.value().into_bytes()).map_err(name_it)
        });
        written.collect()
    }
}

/// Refuses what no process can have in its environment (POSIX: `environ`).
fn check_for_process(name: &str, value: &[u8]) -> Result<(), FormProblem> {
    check_name(name, |c| c != '=' && c != '\0')?;
    check_for_nul(value)
}

fn check_name(name: &str, is_allowed: impl Fn(char) -> bool) -> Result<(), FormProblem> {
    if name.is_empty() {
        return Err(FormProblem::EmptyName);
    }
    match name.chars().find(|&c| !is_allowed(c)) {
        None => Ok(()),
        Some(found) => Err(FormProblem::NameCharacter { found }),
    }
}

fn check_first(name: &str, is_allowed: impl Fn(char) -> bool) -> Result<(), FormProblem> {
    match name.chars().next().filter(|&first| !is_allowed(first)) {
        None => Ok(()),
        Some(found) => Err(FormProblem::FirstCharacter { found }),
    }
}

fn check_for_nul(value: &[u8]) -> Result<(), FormProblem> {
    if value.contains(&0) { Err(FormProblem::NulInValue) } else { Ok(()) }
}
