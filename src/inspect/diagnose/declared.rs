//! Findings about the entries of a container: their form, their names, and which of them are
//! effective.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::findings::{Findings, join};
use super::{Code, Finding};
use crate::api::Container;
use crate::container::{ComposeError, Composition, Expanded, SkipReason, Skipped, validate_env};
use crate::environment::{Declared, Entry, Source};
use crate::names::{
    Positions, is_env_var_name, is_relaxed_env_var_name, is_shell_name, sorted_names,
};
use crate::release::Release;

impl<'a> Composition<'a> {
    pub(super) fn find_in_declared(&self, findings: &mut Findings) {
        let declared = self.environment().declared();
        let positions = Positions::of(declared.iter().map(Declared::name));
        let last = |name: &str| positions.last(name).and_then(|last| declared.get(last));
        let mut overridden = Vec::new();
        let mut overwritten: Vec<&Declared<'_>> = Vec::new();
        let is_open = |declared: &Declared<'_>| matches!(declared.source(), Source::Open(_));
        for declared in declared {
            let name = declared.name();
            match last(name).filter(|_| declared.is_overwritten()) {
                // A source whose keys are unknown need not set the variable.
                Some(by) if is_open(declared) || is_open(by) => {}
                Some(_) if matches!(declared.entry(), Entry::EnvFrom(_)) => {
                    overridden.push(name);
                }
                Some(_) => overwritten.push(declared),
                None => {
                    self.find_in_name(declared, findings);
                    self.find_shadowed(declared, findings);
                }
            }
        }
        for (name, earlier) in Positions::of(overwritten.iter().map(|it| it.name())).groups() {
            let Some(by) = last(name) else { continue };
            let earlier = earlier.iter().filter_map(|&position| overwritten.get(position));
            let entries: Vec<Entry> = earlier.map(|declared| declared.entry()).collect();
            let message = format!("{} overrides {name} of {}.", by.entry(), join(entries.iter()));
            let advice = "Keep one of the entries.";
            findings.push(Finding::new(Code::Overwritten, message, advice).about(name));
        }
        if !overridden.is_empty() {
            let overridden = sorted_names(overridden);
            let least_len = overridden.iter().map(|name| name.len()).sum();
            findings.push_with(least_len, || source_overridden(&overridden));
        }
        find_skipped(self.skipped(), findings);
    }

    /// Returns the command and the arguments: the entry, the text before expansion and after it.
    pub(super) fn words(&self) -> impl Iterator<Item = (Entry, &'a str, &Expanded<'a>)> {
        let words = |words: &'a [String]| words.iter().map(String::as_str);
        let command = words(&self.container().command).zip(self.command());
        let args = words(&self.container().args).zip(self.args());
        let command = (0..).map(Entry::Command).zip(command);
        command
            .chain((0..).map(Entry::Args).zip(args))
            .map(|(entry, (word, text))| (entry, word, text))
    }

    fn find_in_name(&self, declared: &Declared<'_>, findings: &mut Findings) {
        let name = declared.name();
        if self.facts().is_open() && is_placeholder(name) {
            return;
        }
        let entry = declared.entry();
        let (code, problem, advice) = if !is_relaxed_env_var_name(name) {
            (
                Code::NameRefused,
                "every API server rejects",
                "Use printable ASCII characters without =.",
            )
        } else if !is_env_var_name(name) {
            (
                Code::NameNeedsNewApiServer,
                "API servers before 1.32 reject",
                "Use letters, digits, -, . and _, and do not start with a digit.",
            )
        } else if !is_shell_name(name.chars()) {
            (
                Code::NotForShells,
                "no shell can use",
                "Use letters, digits and _, and do not start with a digit.",
            )
        } else {
            return;
        };
        let message = format!("{entry} sets {name:?}, a name that {problem}.");
        findings.push(Finding::new(code, message, advice).about(name));
    }

    fn find_shadowed(&self, declared: &Declared<'_>, findings: &mut Findings) {
        // A source whose keys are unknown need not set the variable.
        if matches!(declared.source(), Source::Open(_)) {
            return;
        }
        let name = declared.name();
        let shadowed = self.environment().service_variables_named(name);
        let Some(service) = shadowed.last().map(|variable| variable.service()) else { return };
        let (code, advice) = match name {
            "KUBERNETES_SERVICE_HOST" | "KUBERNETES_SERVICE_PORT" => (
                Code::ApiServerOverridden,
                "Check that the API server has that address: clients in the container use it.",
            ),
            _ => {
                (Code::ServiceVariableShadowed, "No action is needed if the override is intended.")
            }
        };
        let message = format!(
            "{} sets {name}, which overrides the variable of Service {}.",
            declared.entry(),
            service.metadata.name
        );
        findings.push(Finding::new(code, message, advice).about(name).of_service(service));
    }
}

/// Adds the findings for the fields that the API server rejects. Names, and entries that the
/// kubelet rejects too, have their own findings.
pub(super) fn refused_entries(
    container: &Container,
    release: Release,
    refusals: &[ComposeError],
    findings: &mut Findings,
) {
    let refused = refusals.iter().filter_map(|refusal| match refusal.entry() {
        Some(Entry::Env(index)) => Some(index),
        _ => None,
    });
    let mut refused: Vec<usize> = refused.collect();
    refused.sort_unstable();
    for violation in validate_env(container, release) {
        let field = &violation.field;
        let index = field.strip_prefix("env[").and_then(|field| field.split_once(']'));
        let index = index.and_then(|(index, _)| index.parse::<usize>().ok());
        let is_name = index.is_some() && field.ends_with("].name");
        if is_name || index.is_some_and(|index| refused.binary_search(&index).is_ok()) {
            continue;
        }
        let variable = index.and_then(|index| container.env.get(index)).map(|it| it.name.as_str());
        let of_variable = variable.map(|name| format!(" ({name})")).unwrap_or_default();
        let message = format!(
            "The API server of Kubernetes {release} rejects the Pod: {violation}{of_variable}."
        );
        let advice = "Correct the field. Check the spelling of the fields in it.";
        let finding = Finding::new(Code::EntryRefused, message, advice);
        let variables = variable.map(ToString::to_string).into_iter().collect();
        findings.push(Finding { variables, ..finding });
    }
}

fn source_overridden(names: &[&str]) -> Finding {
    let message = format!("Later entries override {} of envFrom sources.", join(names.iter()));
    let advice = "No action is needed if the overrides are intended.";
    let finding = Finding::new(Code::SourceOverridden, message, advice);
    Finding { variables: names.iter().map(ToString::to_string).collect(), ..finding }
}

/// Adds the findings for skipped entries: one for each ConfigMap or Secret, and one for each other
/// reason.
fn find_skipped(skipped: &[Skipped], findings: &mut Findings) {
    let (mut objects, mut of_objects) = (Vec::new(), Vec::new());
    for skipped in skipped {
        match &skipped.reason {
            SkipReason::ObjectMissing(object) | SkipReason::KeyMissing(object, _) => {
                objects.push(object);
                of_objects.push(skipped);
            }
            reason => {
                let Skipped { entry, variable, .. } = skipped;
                let variable = variable.iter().map(|name| format!(" ({name})")).collect::<String>();
                let message = format!("The kubelet skips {entry}{variable}: {reason}.");
                findings.push(of_skipped(&[skipped], message));
            }
        }
    }
    for (object, positions) in Positions::of(objects.into_iter()).groups() {
        let skipped = positions.iter().filter_map(|&position| of_objects.get(position).copied());
        let skipped: Vec<&Skipped> = skipped.collect();
        let is_absent = skipped.iter().any(|it| matches!(it.reason, SkipReason::ObjectMissing(_)));
        let reason = if is_absent {
            format!("there is no {object}, which is optional")
        } else {
            format!("{object} does not have the keys, which are optional")
        };
        let mut entries: Vec<Entry> = skipped.iter().map(|skipped| skipped.entry).collect();
        entries.dedup();
        let message = format!("The kubelet skips {}: {reason}.", join(entries.iter()));
        findings.push(Finding {
            objects: Vec::from([object.clone()]),
            ..of_skipped(&skipped, message)
        });
    }
}

fn of_skipped(skipped: &[&Skipped], message: String) -> Finding {
    let advice = "Add what is missing if the container needs it.";
    let variables = skipped.iter().filter_map(|skipped| skipped.variable.clone()).collect();
    Finding { variables, ..Finding::new(Code::EntrySkipped, message, advice) }
}

/// Reports whether a name of a manifest is not a final one: it is empty in an instruction of a
/// patch, such as `$patch: delete`, and has braces in a template.
pub(super) fn is_placeholder(name: &str) -> bool {
    name.is_empty() || name.contains(['{', '}', '$', '<', '>'])
}
