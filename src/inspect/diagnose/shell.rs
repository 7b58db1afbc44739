//! The words of a command line that shells read, and the references in the syntax of shells.

use alloc::string::String;
use alloc::vec::Vec;

use super::Expectations;
use crate::container::Composition;
use crate::environment::Entry;

/// Programs that read their arguments as a script.
const SHELLS: [&str; 14] = [
    "ash",
    "bash",
    "busybox",
    "cmd",
    "csh",
    "dash",
    "fish",
    "ksh",
    "mksh",
    "powershell",
    "pwsh",
    "sh",
    "tcsh",
    "zsh",
];

/// The words of a command line that a shell reads.
#[derive(Clone, Copy)]
pub(super) struct Script {
    /// The index of the first word after the shell, if there is a shell.
    start: Option<usize>,
    /// The number of words before those of `args`.
    command_len: usize,
}

impl Script {
    /// Returns the words that a shell reads in a container's command line. The entry point of the
    /// image counts if the container has no command.
    pub(super) fn of(composition: &Composition<'_>, expectations: &Expectations) -> Self {
        let (command, args) = (&composition.container().command, &composition.container().args);
        let entrypoint = expectations.image.as_ref().filter(|_| command.is_empty());
        let is_unknown = command.is_empty() && expectations.image.is_none();
        let start = if entrypoint.is_some_and(|it| it.entrypoint.iter().any(|word| is_shell(word)))
            || is_unknown && args.first().is_some_and(|first| is_script_option(first))
        {
            Some(0)
        } else {
            after_shell(command.iter().chain(args).map(String::as_str))
        };
        Script { start, command_len: command.len() }
    }

    /// Returns the words that a shell reads in the command of a probe or hook.
    pub(super) fn of_command<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        Script { start: after_shell(words), command_len: 0 }
    }

    /// Reports whether a shell reads this word. A text of several lines counts as a script, because
    /// the program may be a wrapper of a shell.
    pub(super) fn reads(self, entry: Entry, word: &str) -> bool {
        let index = match entry {
            Entry::Command(index) => index,
            Entry::Args(index) => self.command_len.saturating_add(index),
            _ => return is_multi_line(word),
        };
        self.start.is_some_and(|start| index >= start) || is_multi_line(word)
    }
}

/// Reports whether a text has a line feed before its end.
pub(super) fn is_multi_line(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
}

fn after_shell<'w>(mut words: impl Iterator<Item = &'w str>) -> Option<usize> {
    words.position(is_shell)?.checked_add(1)
}

fn is_shell(program: &str) -> bool {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    SHELLS.contains(&name.strip_suffix(".exe").unwrap_or(name))
}

/// Reports whether the option is `-c`, possibly together with others, as in `-ec`.
fn is_script_option(option: &str) -> bool {
    let letters = option.strip_prefix('-').and_then(|option| option.strip_suffix('c'));
    letters.is_some_and(|letters| letters.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// Returns the names in `$NAME` and `${NAME}`, in their order. The kubelet's own `$(NAME)` and
/// `$$`, and `\$`, are skipped, and so is `${NAME}` with an operator.
pub(super) fn shell_references(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    core::iter::from_fn(move || {
        loop {
            let (before, after) = rest.split_once('$')?;
            rest = after;
            if before.ends_with('\\') {
                continue;
            }
            if let Some(after) = after.strip_prefix('$') {
                // The text after an escaped `$` is not a reference.
                rest = after.trim_start_matches(['{', '(']);
                rest = rest.get(name_len(rest)..).unwrap_or_default();
                continue;
            }
            let (is_braced, text) = match after.strip_prefix('{') {
                Some(braced) => (true, braced),
                None => (false, after),
            };
            let Some((name, end)) = text.split_at_checked(name_len(text)) else { continue };
            rest = end;
            if !name.is_empty() && (!is_braced || end.starts_with('}')) {
                return Some(name);
            }
        }
    })
}

/// Returns the length of the variable name at the start of the text.
fn name_len(text: &str) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let starts_with_digit = text.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    if starts_with_digit { 0 } else { text.bytes().take_while(|byte| is_part(byte)).count() }
}

/// Reports whether a script uses `$$` as the ID of the shell's process. The kubelet replaces it
/// with `$`.
///
/// `$$(`, `$${` and `$$NAME` escape a reference, and `$$` before a quote, a bracket or a slash ends
/// a regular expression, so that these are intended.
pub(super) fn has_process_id(script: &str) -> bool {
    let parts: Vec<&str> = script.split("$$").collect();
    let last = parts.len().saturating_sub(2);
    parts.windows(2).enumerate().any(|(index, around)| {
        let [before, after] = around else { return false };
        let starts_word = index == 0 && before.is_empty()
            || before.ends_with([' ', '\t', '\n', '=', '.', '-', '"']);
        let ends_word = index == last && after.is_empty()
            || after.starts_with([' ', '\t', '\n', ';', '&', '.']);
        starts_word && ends_word
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_references_of_shells() {
        let names = |text| -> Vec<&str> { shell_references(text).collect() };
        assert_eq!(names("$A ${B_1}:$(C) $$D $${E} \\$F ${G:-x} ${H $1 $ ${}"), ["A", "B_1"]);
        assert_eq!(names("a$"), [""; 0]);
        assert_eq!(names("$$$A"), ["A"]);
    }

    #[test]
    fn finds_process_ids() {
        for script in ["echo $$", "kill -9 $$; x", "touch /tmp/x.$$", "P=$$ x", "$$"] {
            assert!(has_process_id(script), "{script}");
        }
        for script in
            ["echo $$(date)", "$${A}", "$$A", "grep 'x$$'", "sed s/x$$//", "a$$ b", "$$$$"]
        {
            assert!(!has_process_id(script), "{script}");
        }
    }

    #[test]
    fn finds_the_words_that_shells_read() {
        let start = |words: &[&'static str]| after_shell(words.iter().copied());
        assert_eq!(start(&["/bin/sh", "-c", "x"]), Some(1));
        assert_eq!(start(&["tini", "--", "bash", "x"]), Some(3));
        assert_eq!(start(&["push", "x"]), None);
        assert!(is_script_option("-c") && is_script_option("-exc") && !is_script_option("--c"));
    }
}
