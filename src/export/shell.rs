//! `export` lines of a POSIX shell.

use alloc::vec::Vec;

use super::{FormError, FormProblem, ShellEffect, check_first, check_for_nul, check_name};
use crate::environment::Environment;
use crate::text::Order;

/// The variables to which a shell gives a meaning on assignment, worst effect first.
///
/// They were found by assigning every variable that the shells' manuals and `set` list, with values
/// such as `a[$(touch FILE)]`, and by comparing what a started program receives.
#[rustfmt::skip]
const RESERVED: [(&str, ShellEffect, &[&str]); 11] = [
    (
        "mksh",
        ShellEffect::Evaluates,
        &[
            "BASHPID", "COLUMNS", "HISTSIZE", "KSHEGID", "KSHGID", "KSHUID", "LINENO", "LINES",
            "OPTIND", "PGRP", "PIPESTATUS", "PPID", "RANDOM", "SECONDS", "TMOUT", "USER_ID",
        ],
    ),
    ("bash", ShellEffect::Evaluates, &["HISTCMD", "SRANDOM"]),
    // With a terminal, zsh runs `stty VALUE` before each command.
    ("zsh", ShellEffect::Evaluates, &["STTY"]),
    ("bash", ShellEffect::TruncatesHistory, &["HISTFILE", "HISTFILESIZE"]),
    ("bash", ShellEffect::RedirectsTrace, &["BASH_XTRACEFD"]),
    (
        "bash",
        ShellEffect::Overrides,
        &[
            "BASHOPTS", "BASH_ALIASES", "BASH_ARGC", "BASH_ARGV", "BASH_CMDS", "BASH_COMMAND",
            "BASH_COMPAT", "BASH_LINENO", "BASH_MONOSECONDS", "BASH_SOURCE", "BASH_SUBSHELL",
            "BASH_VERSINFO", "DIRSTACK", "EPOCHREALTIME", "EPOCHSECONDS", "EUID", "FUNCNAME",
            "GROUPS", "SHELLOPTS", "SHLVL", "UID",
        ],
    ),
    ("ksh93", ShellEffect::Overrides, &["JOBMAX", "MAILCHECK"]),
    ("mksh", ShellEffect::Overrides, &["KSH_VERSION"]),
    (
        "zsh",
        ShellEffect::Overrides,
        &[
            "ARGC", "ARGV0", "EGID", "ERRNO", "FUNCNEST", "GID", "HISTCHARS", "KEYBOARD_HACK",
            "KEYTIMEOUT", "LISTMAX", "SAVEHIST", "TRY_BLOCK_ERROR", "TRY_BLOCK_INTERRUPT",
            "TTYIDLE", "USERNAME", "WATCH", "ZSH_EVAL_CONTEXT", "ZSH_SUBSHELL",
        ],
    ),
    // zsh ties these to arrays, or to a variable with another name.
    (
        "zsh",
        ShellEffect::Overrides,
        &[
            "PROMPT", "PROMPT2", "PROMPT3", "PROMPT4", "RPROMPT", "RPROMPT2", "aliases", "argv",
            "builtins", "cdpath", "commands", "dirstack", "dis_aliases", "dis_builtins",
            "dis_functions", "dis_functions_source", "dis_galiases", "dis_patchars",
            "dis_reswords", "dis_saliases", "fignore", "fpath", "funcfiletrace",
            "funcsourcetrace", "funcstack", "functions", "functions_source", "functrace",
            "galiases", "histchars", "history", "historywords", "jobdirs", "jobstates",
            "jobtexts", "keymaps", "mailpath", "manpath", "module_path", "modules", "nameddirs",
            "options", "parameters", "patchars", "path", "pipestatus", "prompt", "psvar",
            "reswords", "saliases", "signals", "status", "termcap", "terminfo", "userdirs",
            "usergroups", "watch", "widgets", "zsh_eval_context", "zsh_scheduled_events",
        ],
    ),
    ("the shell", ShellEffect::Overrides, &["_"]),
];

impl Environment<'_> {
    /// Returns a line `export NAME='value'` for each variable, the values of Secrets included.
    ///
    /// A shell that reads the lines (`. FILE`, `eval "$(…)"`) exports the same bytes. Values are in
    /// single quotes, so no part of a value runs. A value with a line feed spans lines.
    ///
    /// The output is safe for dash, bash, BusyBox ash, mksh, ksh93 and zsh; the tests run all of
    /// them. Names to which one of these shells gives a meaning on assignment are rejected for all
    /// of them, because the reader of the lines is not known. Examples are `UID`, which bash does
    /// not assign, and `TMOUT`, whose value mksh evaluates.
    ///
    /// # Errors
    /// Returns an error if:
    ///
    /// - a name is empty or not of the form `[A-Za-z_][A-Za-z0-9_]*`, which includes the variables
    ///   of a Service whose name begins with a digit;
    /// - a shell reserves a name ([`FormProblem::ReservedName`]);
    /// - a value has a NUL in it.
    ///
    /// ```
    /// use kubelet_env::{Environment, Order};
    ///
    /// let environment = Environment::default().with_base([("GREETING", "it's $(date)")]);
    /// let lines = environment.to_shell_exports(Order::Kubelet)?;
    /// assert_eq!(lines, b"export GREETING='it'\\''s $(date)'\n");
    /// # Ok::<(), kubelet_env::export::FormError>(())
    /// ```
    pub fn to_shell_exports(&self, order: Order) -> Result<Vec<u8>, FormError> {
        let mut lines = Vec::new();
        self.try_write(order, &mut |name, value| {
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
    match RESERVED.iter().find(|(_, _, names)| names.contains(&name)) {
        None => Ok(()),
        Some(&(shell, effect, _)) => Err(FormProblem::ReservedName { shell, effect }),
    }
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
