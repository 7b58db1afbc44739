//! Findings about what a container declares: its entries, their names, values and references.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::findings::Findings;
use super::{Code, Finding};
use crate::container::{Composition, Expanded, SkipReason};
use crate::environment::{Declared, Entry, Reference, Resolved, Source};
use crate::names::{is_env_var_name, is_relaxed_env_var_name, is_shell_name};

impl Composition<'_> {
    pub(super) fn find_in_declared(&self, findings: &mut Findings) {
        let last: BTreeMap<&str, usize> = self
            .environment()
            .declared()
            .iter()
            .zip(0..)
            .map(|(declared, place)| (declared.name(), place))
            .collect();
        let skipped =
            self.skipped().iter().filter_map(|skipped| skipped.variable.as_deref()).collect();
        let names = Names { last, skipped };
        for (place, declared) in self.environment().declared().iter().enumerate() {
            find_unresolved(Some((place, declared)), declared.references(), &names, findings);
            self.find_overwritten(declared, &names.last, findings);
            if !declared.is_overwritten() {
                find_in_name(declared, findings);
                self.find_in_value(declared, findings);
                self.find_shadowed(declared, findings);
            }
        }
        for (entry, text) in self.texts() {
            find_unresolved(None, &text.references, &names, findings);
            if text.value.bytes_with_placeholders().contains(&0) {
                let message = format!("{entry} holds a NUL byte: the container cannot be created.");
                findings.push(Finding::new(
                    Code::NulByte,
                    message,
                    "Pass what it says in a file instead.",
                ));
            }
        }
        for skipped in self.skipped() {
            let name = skipped.variable.as_deref().unwrap_or("the whole source");
            let message =
                format!("{} is passed over, for {name}: {}.", skipped.entry, skipped.reason);
            let finding = Finding::new(
                Code::EntrySkipped,
                message,
                "Add what is missing if the container needs it.",
            );
            let objects = match &skipped.reason {
                SkipReason::ObjectMissing(object) | SkipReason::KeyMissing(object, _) => {
                    Vec::from([object.clone()])
                }
                _ => Vec::new(),
            };
            findings.push(Finding {
                variables: skipped.variable.clone().into_iter().collect(),
                objects,
                ..finding
            });
        }
    }

    /// The command and the arguments, each with its place.
    pub(super) fn texts(&self) -> impl Iterator<Item = (Entry, &Expanded<'_>)> {
        let command = (0..).map(Entry::Command).zip(self.command());
        command.chain((0..).map(Entry::Args).zip(self.args()))
    }

    fn find_overwritten(
        &self,
        declared: &Declared<'_>,
        last: &BTreeMap<&str, usize>,
        findings: &mut Findings,
    ) {
        let by =
            last.get(declared.name()).and_then(|&last| self.environment().declared().get(last));
        let is_open = |declared: &Declared<'_>| matches!(declared.source(), Source::Open(_));
        let is_certain = |by: &&Declared<'_>| !is_open(declared) && !is_open(by);
        let by = by.filter(is_certain).filter(|_| declared.is_overwritten());
        let Some(by) = by else { return };
        let message = format!(
            "{} of {} is overwritten by {}.",
            declared.name(),
            declared.entry(),
            by.entry()
        );
        let advice = "Remove one of the two, or use a prefix.";
        findings.push(Finding::new(Code::Overwritten, message, advice).about(declared.name()));
    }

    fn find_shadowed(&self, declared: &Declared<'_>, findings: &mut Findings) {
        // A source that is not known may set the variable, or may not.
        if matches!(declared.source(), Source::Open(_)) {
            return;
        }
        let name = declared.name();
        let shadowed = self.environment().service_variables_named(name);
        let Some(service) = shadowed.last().map(|variable| variable.service()) else { return };
        let (code, advice) = match name {
            "KUBERNETES_SERVICE_HOST" | "KUBERNETES_SERVICE_PORT" => (
                Code::ApiServerOverridden,
                "Make sure that the API server is reached there: clients in the container use it.",
            ),
            _ => (Code::ServiceVariableShadowed, "Nothing, if the container's own value is meant."),
        };
        let message = format!(
            "{} sets {name}, which hides the variable of Service {}.",
            declared.entry(),
            service.metadata.name
        );
        findings.push(Finding::new(code, message, advice).about(name).of_service(service));
    }

    fn find_in_value(&self, declared: &Declared<'_>, findings: &mut Findings) {
        let (name, value) = (declared.name(), declared.value());
        if value.bytes_with_placeholders().contains(&0) {
            let message =
                format!("The value of {name} holds a NUL byte: the container cannot be created.");
            findings.push(
                Finding::new(Code::NulByte, message, "Mount the value as a file instead.")
                    .about(name),
            );
        }
        if core::str::from_utf8(value.bytes_with_placeholders()).is_err() {
            let message = if self.facts().release.rejects_non_utf8() {
                format!(
                    "The value of {name} is not UTF-8: Kubernetes {} cannot create the container.",
                    self.facts().release
                )
            } else {
                format!(
                    "The value of {name} is not UTF-8: the container gets the bytes, which many programs cannot read."
                )
            };
            let advice = "Encode the value, or mount it as a file.";
            findings.push(Finding::new(Code::NotUtf8, message, advice).about(name));
        }
    }
}

/// What the container's lists name.
struct Names<'c> {
    /// What is declared, with the place where it is declared last.
    last: BTreeMap<&'c str, usize>,
    /// What is passed over.
    skipped: BTreeSet<&'c str>,
}

/// References of a declaration, or of the command or arguments, that stay as they are: each name once.
fn find_unresolved(
    declared: Option<(usize, &Declared<'_>)>,
    references: &[Reference<'_>],
    names: &Names<'_>,
    findings: &mut Findings,
) {
    let unresolved =
        references.iter().filter(|reference| reference.resolved == Resolved::Unresolved);
    let mut told = BTreeSet::new();
    for name in unresolved.map(|reference| reference.name).filter(|&name| told.insert(name)) {
        if findings.is_full() {
            return;
        }
        let place = declared.map(|(place, _)| place);
        let defined_later =
            names.last.get(name).is_some_and(|&last| place.is_some_and(|place| last > place));
        let (code, reason, advice) =
            if declared.is_some_and(|(_, declared)| declared.name() == name) {
                (
                    Code::ReferenceToItself,
                    "refers to itself",
                    "Name another variable: there is no value of this one yet.",
                )
            } else if defined_later {
                (
                    Code::ReferenceToLater,
                    "is defined only later",
                    "Put the entry that defines it first.",
                )
            } else if names.skipped.contains(name) {
                (
                    Code::ReferenceToSkipped,
                    "is optional and missing",
                    "Give it a value in an earlier entry.",
                )
            } else {
                (
                    Code::ReferenceUndefined,
                    "is not defined",
                    "Define it in an earlier entry, or write $$( if the text is meant.",
                )
            };
        let holder = declared.map_or("the command line", |(_, declared)| declared.name());
        let message = format!("$({name}) in {holder} stays as it is, because it {reason}.");
        let finding = Finding::new(code, message, advice);
        let variables =
            declared.map(|(_, declared)| declared.name().to_string()).into_iter().collect();
        findings.push(Finding { variables, ..finding });
    }
}

fn find_in_name(declared: &Declared<'_>, findings: &mut Findings) {
    let name = declared.name();
    let entry = declared.entry();
    let (code, problem, advice) = if !is_relaxed_env_var_name(name) {
        (
            Code::NameRefused,
            "is not a name that any API server admits",
            "Use printable ASCII without =.",
        )
    } else if !is_env_var_name(name) {
        (
            Code::NameNeedsNewApiServer,
            "is a name that API servers before 1.32 refuse",
            "Use letters, digits, - . and _, not a digit first.",
        )
    } else if !is_shell_name(name.chars()) {
        (
            Code::NotForShells,
            "is a name that no shell can use",
            "Use letters, digits and _, not a digit first.",
        )
    } else {
        return;
    };
    findings
        .push(Finding::new(code, format!("{name:?} of {entry} {problem}."), advice).about(name));
}
