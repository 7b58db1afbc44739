//! Findings about references that the kubelet does not replace.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::OnceCell;

use super::findings::{Findings, join};
use super::near_miss::NearMisses;
use super::shell::{Script, is_multi_line};
use super::{Code, Expectations, Finding};
use crate::container::Composition;
use crate::environment::{Declared, Reference, Resolved, Source};
use crate::names::{Positions, is_env_var_name, sorted_names};
use crate::services::LinkedServices;

impl<'a> Composition<'a> {
    pub(super) fn find_in_references(
        &self,
        awaiting: &LinkedServices<'a>,
        expectations: &Expectations,
        findings: &mut Findings,
    ) {
        let declared = || self.environment().declared().iter().zip(0..);
        let skipped = self.skipped().iter().filter_map(|it| it.variable.as_deref());
        let placeholders = expectations.placeholders.iter().map(String::as_str);
        let mut context = Context {
            composition: self,
            awaiting,
            declared: Positions::of(declared().map(|(declared, _)| declared.name())),
            skipped: sorted_names(skipped.collect()),
            placeholders: sorted_names(placeholders.collect()),
            near_misses: OnceCell::new(),
            substitutions: Vec::new(),
            unknown: Vec::new(),
        };
        for (declared, index) in declared() {
            let Source::Text(text) = declared.source() else { continue };
            let holder = Holder::Declared(index, declared);
            context.find_in(declared.references(), holder, is_multi_line(text), findings);
        }
        let script = Script::of(self, expectations);
        for (entry, word, text) in self.words() {
            let is_script = script.reads(entry, word);
            context.find_in(&text.references, Holder::CommandLine, is_script, findings);
        }
        let Context { unknown, mut substitutions, .. } = context;
        let unknown = sorted_names(unknown);
        if !unknown.is_empty() {
            findings.push_with(unknown.iter().map(|name| name.len()).sum(), || {
                let references = unknown.iter().map(|name| format!("$({name})"));
                let message = format!(
                    "The kubelet does not replace {}: no variables of the manifest have these names.",
                    join(references)
                );
                let advice = "No action is needed if another tool replaces them.";
                let variables = unknown.iter().map(ToString::to_string).collect();
                Finding { variables, ..Finding::new(Code::ReferenceUnknown, message, advice) }
            });
        }
        self.find_in_handlers(&mut substitutions, findings);
        let substitutions = sorted_names(substitutions);
        if !substitutions.is_empty() {
            let least_len = substitutions.iter().map(|text| text.len()).take(10).sum();
            let message = || {
                let texts = substitutions.iter().map(|text| format!("$({})", shorten(text)));
                format!("The kubelet leaves {} to a shell: these are not variables.", join(texts))
            };
            let advice = "No action is needed if a shell runs the text.";
            findings.push_with(least_len, || {
                Finding::new(Code::CommandSubstitution, message(), advice)
            });
        }
    }
}

/// Returns the names in their order, each of them once.
fn distinct_names<'n>(names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let names: Vec<&str> = names.collect();
    let positions = Positions::of(names.iter().copied());
    let is_first = |&(position, name): &(usize, &str)| positions.first(name) == Some(position);
    names.iter().copied().enumerate().filter(is_first).map(|(_, name)| name).collect()
}

/// Returns at most the first 40 characters of a text.
fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(40).and_then(|(end, _)| text.get(..end)) {
        Some(start) => Cow::Owned(format!("{start}…")),
        None => Cow::Borrowed(text),
    }
}

/// The text that a reference is part of.
#[derive(Clone, Copy)]
enum Holder<'c> {
    /// A declaration, with its index.
    Declared(usize, &'c Declared<'c>),
    /// The command or the arguments.
    CommandLine,
}

/// The names that a reference may mean.
struct Context<'c, 'a> {
    composition: &'c Composition<'a>,
    awaiting: &'c LinkedServices<'a>,
    declared: Positions<&'c str>,
    /// The variables of skipped entries, sorted.
    skipped: Vec<&'c str>,
    /// Names that another tool replaces, sorted.
    placeholders: Vec<&'c str>,
    near_misses: OnceCell<NearMisses<'c>>,
    /// The texts in `$(…)` that are for a shell.
    substitutions: Vec<&'c str>,
    /// The names that the manifest does not define.
    unknown: Vec<&'c str>,
}

impl<'c> Context<'c, '_> {
    /// Adds the findings for the unresolved references of one text, each name once.
    fn find_in(
        &mut self,
        references: &'c [Reference<'_>],
        holder: Holder<'_>,
        is_script: bool,
        findings: &mut Findings,
    ) {
        let unresolved = references.iter().filter(|it| it.resolved == Resolved::Unresolved);
        for name in distinct_names(unresolved.map(|reference| reference.name)) {
            if findings.is_full() {
                return;
            }
            let is_placeholder = self.placeholders.binary_search(&name).is_ok();
            if is_placeholder || self.awaiting.find_last(name).is_some() {
                continue;
            }
            let is_foreign = is_script && !self.is_skipped(name);
            if is_foreign || !is_env_var_name(name) {
                self.substitutions.push(name);
            } else if let Some(finding) = self.finding(name, holder) {
                findings.push(finding);
            } else {
                self.unknown.push(name);
            }
        }
    }

    fn is_skipped(&self, name: &str) -> bool {
        self.skipped.binary_search(&name).is_ok()
    }

    /// Returns `None` if another tool may replace the reference.
    fn finding(&self, name: &str, holder: Holder<'_>) -> Option<Finding> {
        let (place, variable) = match holder {
            Holder::Declared(_, declared) => (declared.name(), Some(declared.name())),
            Holder::CommandLine => ("the command line", None),
        };
        let is_later = |index: usize| self.declared.last(name).is_some_and(|last| last > index);
        let (code, reason, advice) = match holder {
            Holder::Declared(_, declared) if declared.name() == name => (
                Code::ReferenceToItself,
                "this variable has no value yet".into(),
                "Use another name for one of the two.".into(),
            ),
            Holder::Declared(index, _) if is_later(index) => (
                Code::ReferenceToLater,
                "the variable is defined later".into(),
                "Move the entry that defines it before this one.".into(),
            ),
            _ if self.is_skipped(name) => (
                Code::ReferenceToSkipped,
                "the source of the variable is optional and missing".into(),
                "Add the source, or set a default in an earlier entry.".into(),
            ),
            _ => match self.near_misses().find(name) {
                Some(near) => (
                    Code::ReferenceMisspelt,
                    format!("there is no such variable, but {near}"),
                    format!("Write $({near}) if you mean that variable."),
                ),
                None if self.composition.facts().is_open() => return None,
                None => (
                    Code::ReferenceUndefined,
                    "there is no such variable".into(),
                    "Define it in an earlier entry, or write $$( if you mean the text.".into(),
                ),
            },
        };
        let message = format!("$({name}) in {place} is not replaced: {reason}.");
        let finding = Finding::new(code, message, &advice);
        let variables = variable.map(ToString::to_string).into_iter().collect();
        Some(Finding { variables, ..finding })
    }

    fn near_misses(&self) -> &NearMisses<'c> {
        self.near_misses.get_or_init(|| {
            let variables = self.composition.environment().iter();
            NearMisses::of(variables.map(|variable| variable.name()).collect())
        })
    }
}
