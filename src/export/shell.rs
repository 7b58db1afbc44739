//! `export` lines of a POSIX shell.

use alloc::vec::Vec;

use super::{FormError, FormProblem, check_first, check_for_nul, check_name};
use crate::environment::Environment;
use crate::text::Order;

/// The variables that bash gives a value of its own or lets nobody set, and `OPTIND`, of which dash
/// takes nothing but a number. Found by running them.
const RESERVED: [&str; 29] = [
    "BASHOPTS",
    "BASHPID",
    "BASH_ALIASES",
    "BASH_ARGC",
    "BASH_ARGV",
    "BASH_CMDS",
    "BASH_COMMAND",
    "BASH_LINENO",
    "BASH_MONOSECONDS",
    "BASH_SOURCE",
    "BASH_SUBSHELL",
    "BASH_VERSINFO",
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "HISTCMD",
    "LINENO",
    "OPTIND",
    "PIPESTATUS",
    "PPID",
    "RANDOM",
    "SECONDS",
    "SHELLOPTS",
    "SRANDOM",
    "UID",
    "_",
];

impl Environment<'_> {
    /// A line `export NAME='value'` for each variable, the values of Secrets included: read by a
    /// POSIX shell (`. FILE`, `eval "$(…)"`), it exports the same bytes.
    ///
    /// A value with a line feed spans lines. Everything stands in single quotes, so nothing in a
    /// value is ever run.
    ///
    /// # Errors
    /// - A name is empty, or not of the form `[A-Za-z_][A-Za-z0-9_]*`: no shell can hold one with a
    ///   dot or a dash, or a Service's that begins with a digit.
    /// - A name is one that a shell keeps to itself, such as `UID`, which bash does not let be set,
    ///   and stops at.
    /// - A value has a NUL in it.
    ///
    /// ```
    /// use kubelet_env::{Environment, Order};
    ///
    /// let environment = Environment::default().with_base([("GREETING", "it's $(date)")]);
    /// assert_eq!(environment.to_shell_exports(Order::Kubelet)?, b"export GREETING='it'\\''s $(date)'\n");
    /// # Ok::<(), kubelet_env::export::FormError>(())
    /// ```
    pub fn to_shell_exports(&self, order: Order) -> Result<Vec<u8>, FormError> {
        let mut lines = Vec::new();
        let () = self.try_write(order, |name, value| {
            check_shell_name(&name)?;
            check_for_nul(&value)?;
            append_export(&name, &value, &mut lines);
            Ok(())
        })?;
        Ok(lines)
    }
}

fn check_shell_name(name: &str) -> Result<(), FormProblem> {
    check_name(name, |c| c.is_ascii_alphanumeric() || c == '_')?;
    check_first(name, |first| !first.is_ascii_digit())?;
    if RESERVED.contains(&name) { Err(FormProblem::ReservedName) } else { Ok(()) }
}

fn append_export(name: &str, value: &[u8], lines: &mut Vec<u8>) {
    lines.extend_from_slice(b"export ");
    lines.extend_from_slice(name.as_bytes());
    lines.extend_from_slice(b"='");
    for (index, part) in value.split(|&byte| byte == b'\'').enumerate() {
        if index > 0 {
            lines.extend_from_slice(br"'\''");
        }
        lines.extend_from_slice(part);
    }
    lines.extend_from_slice(b"'\n");
}
