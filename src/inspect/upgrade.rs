//! What a container's environment becomes when the cluster is upgraded. The kubelet knows no such
//! question; this composes with each release's [`Rule`]s.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::compare::{Captured, compare};
use crate::api::Pod;
use crate::container::{Composition, Facts, compose};
use crate::environment::Entry;
use crate::environment::ReportedValue;
use crate::pod::{Built, PodError};
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
    /// The rules that this release has and the one before lacks, or the reverse. At least one of
    /// them is the cause.
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

/// Composes a container in one release after another, from that of `facts` to `to`, and returns
/// what changes. Nothing changes if `to` is not newer.
///
/// The Pod stays as it is, like one that runs already. [`upgrade_built`] builds it anew.
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, Pod};
/// use kubelet_env::{Facts, Objects, Release};
/// use kubelet_env::inspect::upgrade;
///
/// let app = Container::new("app").with_env([EnvVar::new("PRICE", "$£5")]);
/// let pod = Pod::default().with_container(app).with_defaults();
/// let objects = Objects::default();
///
/// let facts = Facts { release: "1.34.3".parse()?, ..Facts::of(&objects) };
/// let upgrade = upgrade(&pod, "app", &facts, Release::NEWEST);
/// assert_eq!(upgrade.changes[0].release, "1.34".parse()?);
/// # Ok::<(), kubelet_env::release::ReleaseError>(())
/// ```
#[must_use]
pub fn upgrade(pod: &Pod, container: &str, facts: &Facts<'_>, to: Release) -> Upgrade {
    let is_of_pod = |rule| [Rule::StaticPodReferences, Rule::TopologyLabels].contains(&rule);
    let path = steps(facts.release, to, |rule| !is_of_pod(rule));
    let in_release = |release| outcome(pod, container, &Facts { release, ..*facts });
    let changes = path.into_iter().flat_map(|step| {
        let (before, after) = (in_release(step.from), in_release(step.to));
        step.changes(&before, &after)
    });
    Upgrade { changes: changes.collect() }
}

/// Does the same, with the Pod built anew in each release.
///
/// `build` returns the Pod as the kubelet of a release sees it.
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, EnvVarSource, Node, ObjectFieldSelector};
/// use kubelet_env::api::{Pod, PodMeta, PodSpec};
/// use kubelet_env::inspect::upgrade_built;
/// use kubelet_env::pod::PodContext;
/// use kubelet_env::{Facts, Objects, Release};
///
/// let field_path = "metadata.labels['topology.kubernetes.io/zone']".into();
/// let field_ref = Some(ObjectFieldSelector { field_path, ..ObjectFieldSelector::default() });
/// let value_from = Some(EnvVarSource { field_ref, ..EnvVarSource::default() });
/// let env = vec![EnvVar { name: "ZONE".into(), value_from, ..EnvVar::default() }];
/// let app = Container { name: "app".into(), env, ..Container::default() };
/// let spec = PodSpec { containers: vec![app], ..PodSpec::default() };
/// let pod = Pod { metadata: PodMeta::new("shop", "web"), spec, ..Pod::default() };
/// let mut node = Node { metadata: PodMeta::new("", "node-1"), ..Node::default() };
/// node.metadata.labels.insert("topology.kubernetes.io/zone".into(), "a".into());
///
/// let objects = Objects::default();
/// let context = PodContext { node: Some(&node), ..PodContext::of(&objects) };
/// let facts = Facts { release: "1.34".parse()?, node: Some(&node), ..Facts::of(&objects) };
/// let build = |release| PodContext { release, ..context }.pod(&pod);
/// let upgrade = upgrade_built(build, "app", &facts, Release::NEWEST);
/// assert_eq!(upgrade.changes[0].release, "1.35".parse()?);
/// # Ok::<(), kubelet_env::release::ReleaseError>(())
/// ```
#[must_use]
pub fn upgrade_built(
    build: impl Fn(Release) -> Result<Built, PodError>,
    container: &str,
    facts: &Facts<'_>,
    to: Release,
) -> Upgrade {
    let mut changes = Vec::new();
    for step in steps(facts.release, to, |_| true) {
        let (before, after) = (build(step.from), build(step.to));
        let in_release = |built, release| outcome_of_built(built, container, release, facts);
        changes.extend(step.changes(&in_release(&before, step.from), &in_release(&after, step.to)));
    }
    Upgrade { changes }
}

/// A step of an upgrade, and the rules that differ between its ends.
struct Step {
    from: Release,
    to: Release,
    rules: Vec<Rule>,
}

/// Returns the steps between which a rule differs that `concerns` the container.
fn steps(from: Release, to: Release, concerns: impl Fn(Rule) -> bool) -> Vec<Step> {
    let mut from = from;
    let mut steps = Vec::new();
    for to in from.path_to(to) {
        let bytes_pass_in_both = from.rejects_non_utf8() == to.rejects_non_utf8();
        // A backported rule may be missing from the first patches of the next minor release.
        let differs = |rule: &Rule| {
            let is_cancelled =
                bytes_pass_in_both && [Rule::Utf8Only, Rule::AnyBytes].contains(rule);
            from.has(*rule) != to.has(*rule) && !is_cancelled && !is_outside_compositions(*rule)
        };
        let rules: Vec<Rule> =
            Rule::ALL.iter().copied().filter(differs).filter(|rule| concerns(*rule)).collect();
        if !rules.is_empty() {
            steps.push(Step { from, to, rules });
            from = to;
        }
    }
    steps
}

/// Reports whether the rule decides only about names that the API server accepts, or about the
/// hostname, so that no composition depends on it.
fn is_outside_compositions(rule: Rule) -> bool {
    [Rule::RelaxedEnvVarNames, Rule::Dns1123ServiceNames, Rule::HostnameOverride].contains(&rule)
}

impl Step {
    fn changes(&self, before: &Outcome<'_>, after: &Outcome<'_>) -> Vec<UpgradeChange> {
        let of_step = |(subject, before, after)| UpgradeChange {
            release: self.to,
            rules: self.rules.clone(),
            subject,
            before,
            after,
        };
        differences(before, after).into_iter().map(of_step).collect()
    }
}

/// The composition, or why there is no container: the kubelet's reason, or that of the runtime.
type Outcome<'a> = Result<Composition<'a>, String>;

fn outcome<'a>(pod: &'a Pod, container: &str, facts: &Facts<'a>) -> Outcome<'a> {
    let composition = compose(pod, container, facts).map_err(|error| error.to_string())?;
    match composition.first_non_utf8() {
        Some(subject) if facts.release.rejects_non_utf8() => Err(alloc::format!(
            "container {container}: {subject} is not UTF-8, which this release cannot hand to the container runtime"
        )),
        _ => Ok(composition),
    }
}

fn outcome_of_built<'a>(
    built: &'a Result<Built, PodError>,
    container: &str,
    release: Release,
    facts: &Facts<'a>,
) -> Outcome<'a> {
    let built = built.as_ref().map_err(ToString::to_string)?;
    outcome(&built.pod, container, &Facts { release, ..facts.with_pod(built) })
}

fn differences(
    before: &Outcome<'_>,
    after: &Outcome<'_>,
) -> Vec<(UpgradeSubject, Option<ReportedValue>, Option<ReportedValue>)> {
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(before), Err(after)) if before == after => return Vec::new(),
        (before, after) => {
            let refusal =
                |outcome: &Outcome<'_>| outcome.as_ref().err().cloned().map(ReportedValue::Text);
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
            let rules: Vec<String> = rules
                .iter()
                .map(|rule| match release.has(*rule) {
                    true => rule.now().to_string(),
                    false => alloc::format!("not yet: {}", rule.now()),
                })
                .collect();
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
