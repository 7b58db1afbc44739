//! Findings about values: bytes that a process cannot receive, text that nothing expands, and
//! values that reach a command line.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::findings::{Findings, join};
use super::shell::{Script, has_process_id, is_multi_line, shell_references};
use super::{Code, Expectations, Finding};
use crate::api::{Container, EnvVar, Secret};
use crate::container::Composition;
use crate::environment::{Declared, Entry, Reference, Resolved, Source, Unknown};
use crate::names::{Positions, sorted_names};
use crate::objects::ObjectRef;

/// Ends of the names of variables that programs expand themselves, mostly in start scripts.
const EXPANDED_ENDS: [&str; 8] =
    ["OPTS", "OPTIONS", "ARGS", "FLAGS", "COMMAND", "CMD", "SCRIPT", "TEMPLATE"];

/// Starts of the names of settings whose applications expand `${NAME}`: Spring, Quarkus, Keycloak,
/// Micronaut, Grafana.
const EXPANDED_STARTS: [&str; 5] = ["SPRING_", "QUARKUS_", "KC_", "MICRONAUT_", "GF_"];

/// Programs that expand `${NAME}` in their arguments, or whose applications do.
const EXPANDING_PROGRAMS: [&str; 5] = ["envsubst", "java", "gomplate", "confd", "dockerize"];

impl Composition<'_> {
    pub(super) fn find_in_values(&self, expectations: &Expectations, findings: &mut Findings) {
        let is_template = self.is_template();
        let placeholders = expectations.placeholders.iter().map(String::as_str);
        let placeholders = sorted_names(placeholders.collect());
        for declared in self.environment().declared() {
            if !declared.is_overwritten() {
                self.find_in_bytes(declared, findings);
                if !is_template {
                    self.find_unexpanded_in_value(declared, &placeholders, findings);
                }
            }
        }
        let script = Script::of(self, expectations);
        for (entry, word, text) in self.words() {
            if text.value.bytes_with_placeholders().contains(&0) {
                let message = format!("{entry} contains a NUL byte: the container cannot start.");
                let advice = "Pass the text in a file instead.";
                findings.push(Finding::new(Code::NulByte, message, advice));
            }
            let is_script = script.reads(entry, word);
            if !is_script && !is_template {
                self.find_unexpanded_in_word(entry, word, expectations, findings);
            } else if is_script && has_process_id(word) {
                let message = format!(
                    "The kubelet replaces $$ in {entry} with $, so that the shell does not see its process ID."
                );
                let advice = "Write $$$$ to pass $$ to the shell.";
                findings.push(Finding::new(Code::EscapedDollar, message, advice));
            }
        }
        self.find_line_feeds(findings);
        self.find_secret_arguments(findings);
    }

    fn find_in_bytes(&self, declared: &Declared<'_>, findings: &mut Findings) {
        let (name, bytes) = (declared.name(), declared.value().bytes_with_placeholders());
        if let Source::Secret(secret, key) = declared.source()
            && is_unencoded(secret, key)
        {
            let object = ObjectRef::of(secret);
            let message = format!(
                "data.{key} of {object} holds plain text instead of base64, so that {name} gets bytes that are not text."
            );
            let advice = "Encode the value as base64, or use stringData for plain text.";
            let finding = Finding::new(Code::SecretNotEncoded, message, advice).about(name);
            findings.push(Finding { objects: Vec::from([object]), ..finding });
            return;
        }
        if bytes.contains(&0) {
            let message =
                format!("The value of {name} contains a NUL byte: the container cannot start.");
            let advice = "Mount the value as a file instead.";
            findings.push(Finding::new(Code::NulByte, message, advice).about(name));
        }
        if core::str::from_utf8(bytes).is_err() {
            let release = self.facts().release;
            let effect = if release.rejects_non_utf8() {
                format!("Kubernetes {release} cannot start the container")
            } else {
                "many programs cannot read it".into()
            };
            let message = format!("The value of {name} is not UTF-8: {effect}.");
            let advice = "Encode the value, or mount it as a file.";
            findings.push(Finding::new(Code::NotUtf8, message, advice).about(name));
        }
    }

    /// Reports whether another tool, such as `envsubst`, replaces `$NAME` before the API server
    /// sees the Pod: the image is a placeholder, or a variable has its own name as its value.
    fn is_template(&self) -> bool {
        let is_own_name = |variable: &EnvVar| {
            let value = variable.value.strip_prefix('$').unwrap_or_default();
            let braced = value.strip_prefix('{').and_then(|value| value.strip_suffix('}'));
            !variable.name.is_empty() && braced.unwrap_or(value) == variable.name
        };
        let Container { image, env, .. } = self.container();
        image.contains(['$', '{']) || env.iter().any(is_own_name)
    }

    fn find_unexpanded_in_value(
        &self,
        declared: &Declared<'_>,
        placeholders: &[&str],
        findings: &mut Findings,
    ) {
        let Source::Text(text) = declared.source() else { return };
        let name = declared.name();
        let is_expanded = EXPANDED_ENDS.iter().any(|end| name.ends_with(end))
            || EXPANDED_STARTS.iter().any(|start| name.starts_with(start));
        if is_expanded || is_multi_line(text) {
            return;
        }
        let sets = |reference: &&str| {
            self.sets(reference) && placeholders.binary_search(reference).is_err()
        };
        let names = sorted_names(shell_references(text).filter(sets).collect());
        if names.binary_search(&name).is_ok() {
            let advice = "Write out the value that the image has: the kubelet cannot refer to it.";
            findings.push(reference_of_shell(&name, &names, advice).about(name));
        } else if !names.is_empty() {
            findings.push(unexpanded(&name, &names).about(name));
        }
    }

    fn find_unexpanded_in_word(
        &self,
        entry: Entry,
        word: &str,
        expectations: &Expectations,
        findings: &mut Findings,
    ) {
        let container = self.container();
        let image = expectations.image.as_ref();
        let entrypoint = image.map(|image| image.entrypoint.as_slice()).unwrap_or_default();
        let program = container.command.first().or(entrypoint.first());
        let expands = |program: &String| {
            let name = program.rsplit('/').next().unwrap_or(program);
            EXPANDING_PROGRAMS.contains(&name)
        };
        // Without a program, several words may be a script for the entry point of the image.
        let may_expand = program.map_or_else(|| word.contains(char::is_whitespace), expands);
        if may_expand {
            return;
        }
        let sets = |name: &&str| {
            let variable = self.environment().get(name);
            self.sets(name) || variable.is_some_and(|it| it.service_variable().is_some())
        };
        let names = sorted_names(shell_references(word).filter(sets).collect());
        if !names.is_empty() {
            findings.push(unexpanded(&entry, &names));
        }
    }

    /// Reports whether an entry of the container certainly declares the variable.
    fn sets(&self, name: &str) -> bool {
        let variable = self.environment().get(name);
        let declared = variable.and_then(|variable| variable.declared());
        declared.is_some_and(|declared| !matches!(declared.source(), Source::Open(_)))
    }

    /// Adds the findings for line feeds at the end of a value that become part of another text.
    fn find_line_feeds(&self, findings: &mut Findings) {
        let (mut indexes, mut holders) = (Vec::new(), Vec::new());
        let mut add = |holder, references: &[Reference<'_>]| {
            for reference in references {
                if let Resolved::Declared(index) = reference.resolved {
                    indexes.push(index);
                    holders.push(holder);
                }
            }
        };
        for declared in self.environment().declared() {
            add(Holder::Variable(declared.name()), declared.references());
        }
        for (entry, _, text) in self.words() {
            add(Holder::Entry(entry), &text.references);
        }
        for path in self.sub_paths() {
            add(Holder::Entry(Entry::VolumeMount(path.index)), &path.expanded.references);
        }
        for (index, positions) in Positions::of(indexes.into_iter()).groups() {
            let Some(declared) = self.environment().declared().get(index) else { continue };
            let object = match declared.source() {
                Source::ConfigMap(config_map, _) => ObjectRef::of(config_map),
                Source::Secret(secret, _) => ObjectRef::of(secret),
                _ => continue,
            };
            let text = declared.value().as_bytes().unwrap_or_default();
            let feeds = text.iter().filter(|&&byte| byte == b'\n').count();
            if feeds != 1 || !text.ends_with(b"\n") {
                continue;
            }
            let name = declared.name();
            let message = || {
                let holders = positions.iter().filter_map(|&position| holders.get(position));
                let mut holders: Vec<&Holder<'_>> = holders.collect();
                holders.dedup();
                format!(
                    "The value of {name} from {object} ends in a line feed, which becomes part of {}.",
                    join(holders.iter())
                )
            };
            findings.push_with(name.len(), || {
                let advice = "Remove the line feed from the value (echo -n).";
                let finding = Finding::new(Code::TrailingLineFeed, message(), advice).about(name);
                Finding { objects: Vec::from([object.clone()]), ..finding }
            });
        }
    }

    /// Adds the finding for secret values in the command or the arguments.
    fn find_secret_arguments(&self, findings: &mut Findings) {
        let mut names = Vec::new();
        for (_, _, text) in self.words().filter(|(_, _, text)| text.value.is_secret()) {
            names.extend(text.references.iter().filter(|it| self.is_secret(it)).map(|it| it.name));
        }
        if names.is_empty() {
            return;
        }
        let names = sorted_names(names);
        let least_len = names.iter().map(|name| name.len()).sum();
        findings.push_with(least_len, || {
            let message = format!(
                "The command line contains the secret value of {}, which everyone who can list processes on the Node can read.",
                join(names.iter())
            );
            let advice = "Let the program read the variable or a file instead.";
            let finding = Finding::new(Code::SecretInArguments, message, advice);
            Finding { variables: names.iter().map(ToString::to_string).collect(), ..finding }
        });
    }

    /// Reports whether the reference certainly has the value of a Secret.
    fn is_secret(&self, reference: &Reference<'_>) -> bool {
        let are_secret = |unknown: &Unknown| match unknown {
            Unknown::Unless { sources, .. } => sources.iter().all(Unknown::is_secret),
            _ => true,
        };
        match reference.resolved {
            Resolved::Declared(index) => {
                let declared = self.environment().declared().get(index);
                declared.is_some_and(|declared| {
                    let value = declared.value();
                    value.is_secret() && value.unknowns().all(are_secret)
                })
            }
            Resolved::Unknown => self
                .environment()
                .unknown_reference(reference.name)
                .is_some_and(|value| value.unknowns().all(are_secret)),
            Resolved::Service(_) | Resolved::Device(_) | Resolved::Unresolved => false,
        }
    }
}

/// A text into which a value is inserted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder<'c> {
    Variable(&'c str),
    Entry(Entry),
}

impl fmt::Display for Holder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::Variable(name) => f.write_str(name),
            Holder::Entry(entry) => write!(f, "{entry}"),
        }
    }
}

/// Returns the finding for a value or an argument, in which `$(NAME)` would be expanded.
fn unexpanded(holder: &dyn fmt::Display, names: &[&str]) -> Finding {
    let first = names.first().copied().unwrap_or_default();
    let advice = format!("Write $({first}) if you mean the value of the variable.");
    reference_of_shell(holder, names, &advice)
}

pub(super) fn reference_of_shell(
    holder: &dyn fmt::Display,
    names: &[&str],
    advice: &str,
) -> Finding {
    let message = format!(
        "{holder} contains {} in the syntax of shells, which the kubelet does not replace.",
        join(names.iter().map(|name| format!("${name}")))
    );
    Finding::new(Code::ReferenceOfShell, message, advice)
}

/// Reports whether the value of a Secret is plain text that was not encoded: it decodes to bytes
/// that are not text, and encoded again it reads like a word.
fn is_unencoded(secret: &Secret, key: &str) -> bool {
    let Some(value) = secret.data.get(key) else { return false };
    let bytes = value.as_bytes();
    let is_text = core::str::from_utf8(bytes)
        .is_ok_and(|text| !text.chars().any(|c| c.is_control() && !c.is_whitespace()));
    // Words are short.
    if is_text || bytes.len() > 24 || !bytes.len().is_multiple_of(3) {
        return false;
    }
    let encoded = encode(bytes);
    let letters = encoded.trim_end_matches(|c: char| c.is_ascii_digit());
    let rest = letters.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or(letters);
    rest.len() >= 3 && rest.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Encodes whole groups of three bytes as base64.
fn encode(bytes: &[u8]) -> String {
    let mut encoded = String::new();
    for group in bytes.chunks_exact(3) {
        let bits = group.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte));
        encoded.extend([18, 12, 6, 0].map(|shift| digit(bits >> shift & 63)));
    }
    encoded
}

fn digit(bits: u32) -> char {
    let of = |start: u8, offset: u32| {
        char::from(start.saturating_add(u8::try_from(bits.saturating_sub(offset)).unwrap_or(0)))
    };
    match bits {
        0..26 => of(b'A', 0),
        26..52 => of(b'a', 26),
        52..62 => of(b'0', 52),
        62 => '+',
        _ => '/',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::SecretValue;

    #[test]
    fn finds_values_that_were_not_encoded() {
        let secret = |bytes: &[u8]| {
            Secret::new("", "s").with_data([("k", SecretValue::from(bytes.to_vec()))])
        };
        let unencoded = |bytes: &[u8]| is_unencoded(&secret(bytes), "k");
        // `password`, `admin123` and `changeme` as base64.
        assert!(unencoded(b"\xa5\xab\x2c\xc2\x8a\xdd"));
        assert!(unencoded(b"\x69\xd9\xa2\x9f\x5d\xb7"));
        assert!(unencoded(b"\x71\xa8\x27\x81\xe9\x9e"));
        assert_eq!(encode(b"\xa5\xab\x2c\xc2\x8a\xdd\xfb\xff\xff"), "password+///");
        assert!(!unencoded(b"password"));
        assert!(!unencoded(b"\xa5\xab\x2c\xc2\x8a\x00"));
        assert!(!unencoded(b"\xff\xfe\xfd"));
    }
}
