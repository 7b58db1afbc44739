//! What a container's environment becomes when the cluster is upgraded. The kubelet knows no such
//! question; this composes with each release's [`Rule`]s.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::compare::{Captured, compare};
use crate::api::Pod;
use crate::container::{ComposeError, Composition, Facts, compose};
use crate::environment::Entry;
use crate::environment::ReportedValue;
use crate::release::{Release, Rule};
use crate::text::OneLine;

/// What an upgrade changes for a container: what [`upgrade`] gives.
///
/// Its `Display` has a line a change, and is empty if there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upgrade {
    /// The changes, by release.
    pub changes: Vec<UpgradeChange>,
}

/// What one release changes for a container.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpgradeChange {
    /// The release that changes it.
    pub release: Release,
    /// The rules that are new in this release; at least one of them is the cause.
    pub rules: Vec<Rule>,
    /// What changes.
    pub subject: UpgradeSubject,
    /// What it is before; nothing if it is not there.
    pub before: Option<ReportedValue>,
    /// What it is from then on; nothing if it is not there.
    pub after: Option<ReportedValue>,
}

/// What an upgrade changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpgradeSubject {
    /// A variable.
    Variable(String),
    /// An entry of the command or the arguments.
    Entry(Entry),
    /// Whether there is an environment at all; before or after are why not.
    Container,
}

/// Composes a container in one release after another, from that of `facts` until `to`, and says what
/// changes; nothing if `to` is not newer.
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, Pod, PodSpec};
/// use kubelet_env::{Facts, Objects, Release};
/// use kubelet_env::inspect::upgrade;
///
/// let price = EnvVar { name: "PRICE".into(), value: "$£5".into(), ..EnvVar::default() };
/// let app = Container { name: "app".into(), env: vec![price], ..Container::default() };
/// let pod = Pod { spec: PodSpec { containers: vec![app], ..PodSpec::default() }, ..Pod::default() }.with_defaults();
/// let objects = Objects::default();
///
/// let facts = Facts { release: "1.34".parse()?, ..Facts::of(&objects) };
/// let upgrade = upgrade(&pod, "app", &facts, Release::NEWEST);
/// assert_eq!(upgrade.changes[0].release, "1.35".parse()?);
/// # Ok::<(), kubelet_env::release::ReleaseError>(())
/// ```
#[must_use]
pub fn upgrade<'a>(pod: &'a Pod, container: &str, facts: &Facts<'a>, to: Release) -> Upgrade {
    let in_release = |release| compose(pod, container, &Facts { release, ..*facts });
    let mut releases: Vec<Release> = facts.release.changes_until(to).map(Rule::since).collect();
    releases.dedup();
    let mut changes = Vec::new();
    let mut before = in_release(facts.release);
    for release in releases {
        let after = in_release(release);
        let rules: Vec<Rule> =
            Rule::ALL.iter().copied().filter(|rule| rule.since() == release).collect();
        let of_release = |(subject, before, after)| UpgradeChange {
            release,
            rules: rules.clone(),
            subject,
            before,
            after,
        };
        changes.extend(differences(&before, &after).into_iter().map(of_release));
        before = after;
    }
    Upgrade { changes }
}

type Outcome<'a> = Result<Composition<'a>, ComposeError>;

fn differences(
    before: &Outcome<'_>,
    after: &Outcome<'_>,
) -> Vec<(UpgradeSubject, Option<ReportedValue>, Option<ReportedValue>)> {
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(before), Err(after)) if before == after => return Vec::new(),
        (before, after) => {
            let refusal = |outcome: &Outcome<'_>| {
                outcome.as_ref().err().map(|error| ReportedValue::Text(error.to_string()))
            };
            return Vec::from([(UpgradeSubject::Container, refusal(before), refusal(after))]);
        }
    };
    let (old, new) = (Captured::from(before.environment()), Captured::from(after.environment()));
    let mut differences: Vec<_> = compare(&old, &new)
        .changes()
        .iter()
        .map(|change| {
            let name = String::from_utf8_lossy(&change.name).into_owned();
            (
                UpgradeSubject::Variable(name),
                change.before.as_ref().map(ReportedValue::of),
                change.after.as_ref().map(ReportedValue::of),
            )
        })
        .collect();
    let command = before.command().iter().zip(after.command()).zip((0..).map(Entry::Command));
    let args = before.args().iter().zip(after.args()).zip((0..).map(Entry::Args));
    let differing = command
        .chain(args)
        .filter(|((before, after), _)| before.value.as_bytes() != after.value.as_bytes());
    differences.extend(differing.map(|((before, after), entry)| {
        (
            UpgradeSubject::Entry(entry),
            Some(ReportedValue::of(&before.value)),
            Some(ReportedValue::of(&after.value)),
        )
    }));
    differences
}

impl fmt::Display for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for UpgradeChange { release, rules, subject, before, after } in &self.changes {
            match (subject, before, after) {
                (UpgradeSubject::Container, None, Some(why)) => {
                    write!(f, "{release}: the container is refused: {why}")?
                }
                (UpgradeSubject::Container, Some(why), None) => {
                    write!(f, "{release}: the container is not refused any more: {why}")?
                }
                (UpgradeSubject::Container, ..) => {
                    write!(f, "{release}: the container is refused for another reason")?
                }
                (_, None, Some(after)) => write!(f, "{release}: {subject} is new: {after}")?,
                // No rule so far takes a variable away.
                (_, Some(before), None) => write!(f, "{release}: {subject} is gone: {before}")?,
                (_, Some(before), Some(after)) => {
                    write!(f, "{release}: {subject} changes from {before} to {after}")?
                }
                // What is nowhere does not change, and `differences` has none of it.
                (_, None, None) => {}
            }
            let rules: Vec<&str> = rules.iter().map(|rule| rule.now()).collect();
            writeln!(f, " (new in {release}: {})", rules.join("; "))?;
        }
        Ok(())
    }
}

impl fmt::Display for UpgradeSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UpgradeSubject::Variable(name) => OneLine(f).write_str(name),
            UpgradeSubject::Entry(entry) => entry.fmt(f),
            UpgradeSubject::Container => f.write_str("the container"),
        }
    }
}
