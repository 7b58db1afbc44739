//! Environments in the formats of other tools.
//!
//! A [`Form`] writes any environment, in an [`Order`]. The other formats hold only what their tool
//! reads back as the same bytes, and return a [`FormError`] for anything else.
//!
//! | function of [`Environment`] | for |
//! |---|---|
//! | [`to_text`](Environment::to_text), [`render`](Environment::render), [`append`](Environment::append), [`write_to`](Environment::write_to) | people, `printenv`, `/proc/PID/environ` |
//! | [`to_os_pairs`](Environment::to_os_pairs) | [`std::process::Command`] |
//! | [`to_oci_env`](Environment::to_oci_env) | `process.env` of an OCI runtime specification |
//! | [`to_docker_env_file`](Environment::to_docker_env_file) | `docker run --env-file` |
//! | [`to_shell_exports`](Environment::to_shell_exports) | POSIX shells |
//! | [`to_env_vars`](Environment::to_env_vars), [`to_env_yaml`](Environment::to_env_yaml) | the `env:` list of a container |
//! | [`to_text_pairs`](Environment::to_text_pairs) | JSON and similar formats |
//!
//! ```
//! use kubelet_env::{Environment, Form, Order};
//!
//! let environment = Environment::default().with_base([("LEVEL", "debug"), ("EMPTY", "")]);
//! assert_eq!(environment.to_text(Order::Name, Form::Lines)?, "EMPTY=\nLEVEL=debug\n");
//! assert_eq!(environment.to_oci_env(Order::Kubelet)?, ["LEVEL=debug", "EMPTY="]);
//! assert!(environment.to_shell_exports(Order::Kubelet)?.starts_with(b"export LEVEL='debug'\n"));
//! # Ok::<(), kubelet_env::export::FormError>(())
//! ```
//!
//! [`redacted`](Environment::redacted) hides the values of Secrets in all of them.

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
use alloc::string::String;
use alloc::vec::Vec;

pub use error::{FormError, FormProblem, ShellEffect, UnknownVariable, UnknownVariables};

use crate::environment::{Environment, Variable};

pub use crate::text::{Form, Order};

/// A function that writes a name and a value.
type Write<'w> = dyn FnMut(Cow<'_, str>, Cow<'_, [u8]>) -> Result<(), FormProblem> + 'w;

impl Environment<'_> {
    /// Calls `write` with each name and value, up to the first error.
    fn try_write(&self, order: Order, write: &mut Write<'_>) -> Result<(), FormError> {
        self.check_known()?;
        let mut write = |variable: Variable<'_>| {
            let value = variable.value().into_bytes_with_placeholders();
            write(variable.name(), value)
                .map_err(|problem| FormError { variable: variable.name().into_owned(), problem })
        };
        match order {
            Order::Kubelet => self.iter().try_for_each(write),
            _ => self.in_order(order).into_iter().try_for_each(&mut write),
        }
    }

    /// Returns what `map` makes of each name and value, or the first error.
    fn try_map<T>(
        &self,
        order: Order,
        mut map: impl FnMut(Cow<'_, str>, Cow<'_, [u8]>) -> Result<T, FormProblem>,
    ) -> Result<Vec<T>, FormError> {
        let mut mapped = Vec::new();
        self.try_write(order, &mut |name, value| {
            mapped.push(map(name, value)?);
            Ok(())
        })?;
        Ok(mapped)
    }

    /// Rejects placeholders: no program is started with one by accident.
    fn check_known(&self) -> Result<(), FormError> {
        let unknown = UnknownVariables::of(self);
        let first = unknown.variables.first().map(|variable| variable.name.clone());
        match first.or_else(|| unknown.open.first().map(|_| String::new())) {
            None => Ok(()),
            Some(variable) => Err(FormError { variable, problem: FormProblem::Unknown(unknown) }),
        }
    }
}

/// Rejects variables that no process can have in its environment (POSIX: `environ`).
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
