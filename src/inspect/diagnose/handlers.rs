//! Findings about probes and lifecycle hooks, which see other variables than the command, and about
//! sub-paths.

use alloc::format;
use alloc::vec::Vec;

use super::findings::Findings;
use super::shell::{Script, shell_references};
use super::values::reference_of_shell;
use super::{Code, Finding};
use crate::container::{
    Composition, ExecHandler, HandlerReference, Piece, Replacement, SubPath, pieces,
};
use crate::environment::{Entry, ReportedValue, Unknown, Value};
use crate::names::{Positions, is_env_var_name, sorted_names};

impl Composition<'_> {
    /// Adds the findings for probes and hooks, and collects the texts in `$(…)` that are for a
    /// shell.
    pub(super) fn find_in_handlers<'c>(
        &'c self,
        substitutions: &mut Vec<&'c str>,
        findings: &mut Findings,
    ) {
        for handler in self.exec_handlers() {
            let words: Vec<&str> =
                handler.command.iter().map(|word| word.as_str().unwrap_or_default()).collect();
            let script = Script::of_command(words.iter().copied());
            let reads = |index: usize| {
                let word = words.get(index).copied().unwrap_or_default();
                script.reads(Entry::Command(index), word)
            };
            let mut problems = Vec::new();
            for reference in &handler.references {
                let is_script = reads(reference.index);
                match self.handler_problem(handler, reference, is_script) {
                    Some(Problem::Substitution) => substitutions.push(reference.name),
                    Some(Problem::Reason(reason)) => problems.push((reference, is_script, reason)),
                    None => {}
                }
            }
            let names = Positions::of(problems.iter().map(|(reference, ..)| reference.name));
            for (position, &(reference, is_script, reason)) in problems.iter().enumerate() {
                if names.first(reference.name) == Some(position) {
                    findings.push_with(reference.name.len(), || {
                        handler_reference(handler, reference, is_script, reason)
                    });
                }
            }
            for (index, word) in words.iter().enumerate().filter(|&(index, _)| !reads(index)) {
                let names = shell_references(word).filter(|name| self.is_set(name));
                let names = sorted_names(names.collect());
                if !names.is_empty() {
                    let holder = format!("{}.exec.command[{index}]", handler.kind);
                    let advice = "Run the command with sh -c.";
                    findings.push(reference_of_shell(&holder, &names, advice));
                }
            }
        }
    }

    fn handler_problem(
        &self,
        handler: &ExecHandler<'_>,
        reference: &HandlerReference<'_>,
        is_script: bool,
    ) -> Option<Problem> {
        let name = reference.name;
        let declared = self.environment().get(name).and_then(|variable| variable.declared());
        match reference.replacement {
            Replacement::Text(text) => {
                let refers = pieces(text).any(|piece| matches!(piece, Piece::Reference(_)));
                refers.then_some(Problem::Reason("probes get its value before expansion"))
            }
            Replacement::Empty => {
                let is_empty = declared.is_none_or(|declared| declared.value().len() == 0);
                (!is_empty)
                    .then_some(Problem::Reason("probes get the empty text instead of its value"))
            }
            Replacement::None if !is_env_var_name(name) => Some(Problem::Substitution),
            Replacement::None if !self.is_set(name) => Some(if is_script {
                Problem::Substitution
            } else {
                Problem::Reason("there is no such variable")
            }),
            Replacement::None if handler.kind.is_probe() => {
                Some(Problem::Reason("probes see only the entries of env"))
            }
            Replacement::None => Some(Problem::Reason("the kubelet replaces nothing in hooks")),
        }
    }

    fn is_set(&self, name: &str) -> bool {
        self.environment().get(name).is_some()
    }

    /// Adds the findings for sub-paths that refer to variables which may not be set.
    pub(super) fn find_in_sub_paths(&self, findings: &mut Findings) {
        for SubPath { index, expanded, .. } in self.sub_paths() {
            let references = expanded.references.as_slice();
            let by_name = Positions::of(references.iter().map(|reference| reference.name));
            for (name, positions) in by_name.groups() {
                let last = positions.last().and_then(|&last| references.get(last));
                let value = last.and_then(|it| self.environment().value_of(it.resolved, name));
                if value.is_some_and(|value| may_be_empty(&value)) {
                    let entry = Entry::VolumeMount(*index);
                    let message = format!(
                        "subPathExpr of {entry} refers to {name}, which may not be set: without it the container does not start."
                    );
                    let advice = "Set a default in an earlier entry, or make the source mandatory.";
                    findings
                        .push(Finding::new(Code::SubPathMayBeEmpty, message, advice).about(name));
                }
            }
        }
    }
}

/// A problem with a reference in the command of a probe or hook.
enum Problem {
    /// The text in `$(…)` is for a shell.
    Substitution,
    /// The reference is not replaced as in the container, for this reason.
    Reason(&'static str),
}

fn handler_reference(
    handler: &ExecHandler<'_>,
    reference: &HandlerReference<'_>,
    is_script: bool,
    reason: &str,
) -> Finding {
    let HandlerReference { index, name, .. } = reference;
    let message = format!(
        "$({name}) in {}.exec.command[{index}] is not replaced as in the container: {reason}.",
        handler.kind
    );
    let advice = if is_script {
        format!("Write ${name} for the shell, which has the variable.")
    } else {
        format!("Run the command with sh -c, and write ${name}.")
    };
    Finding::new(Code::HandlerReference, message, &advice).about(name)
}

/// Reports whether the value consists of a single part that a source may leave unset.
fn may_be_empty(value: &Value<'_>) -> bool {
    let mut unknowns = value.unknowns();
    match (unknowns.next(), unknowns.next(), value.parts().count()) {
        (Some(Unknown::Unless { otherwise, .. }), None, 1) => {
            // A reference that nothing replaces is text.
            let is_unset = |text: &str| text.is_empty() || text.starts_with("$(");
            otherwise.as_ref().is_none_or(
                |otherwise| matches!(otherwise, ReportedValue::Text(text) if is_unset(text)),
            )
        }
        _ => false,
    }
}
