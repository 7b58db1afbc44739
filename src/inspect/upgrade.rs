//! Changes that an upgrade of Kubernetes makes to a container, by composing it with the [`Rule`]s
//! of each release.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt::{self, Write};

use crate::api::Pod;
use crate::container::{Composition, Facts, compose};
use crate::environment::{Entry, Environment, ReportedValue, Value, Variable};
use crate::pod::{Built, PodError};
use crate::release::{Release, Rule};
use crate::text::{OneLine, Order, write_line};

/// The changes that an upgrade makes to a container: the result of [`upgrade`].
///
/// `Display` writes one line for each change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct Upgrade {
    /// The changes, by release.
    pub changes: Vec<UpgradeChange>,
}

/// A change that one release makes to a container.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct UpgradeChange {
    /// The release that changes it.
    pub release: Release,
    /// The rules that only one of this release and the previous one has. At least one of them is
    /// the cause.
    pub rules: Vec<Rule>,
    /// The part of the container that changes.
    pub subject: UpgradeSubject,
    /// The value before the upgrade. `None` if the subject is new.
    pub before: Option<ReportedValue>,
    /// The value after the upgrade. `None` if the subject is gone.
    pub after: Option<ReportedValue>,
}

/// The part of a container that an upgrade changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub enum UpgradeSubject {
    /// A variable, by its name.
    Variable(String),
    /// An entry of the command or the arguments.
    Entry(Entry),
    /// The whole container, which only one of the releases starts. The values are the reasons of
    /// the one that does not. If both reject it for different reasons, each has its own.
    Container,
}

/// Composes a container in each release from that of `facts` to `to`, and returns the changes. The
/// result is empty if `to` is not newer.
///
/// The Pod is the same in all releases. [`upgrade_built`] builds it for each of them. At most two
/// compositions are in memory at any time.
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
    let mut changes = Vec::new();
    let mut previous = None;
    for step in path {
        let before = previous.take().unwrap_or_else(|| in_release(step.from));
        let after = in_release(step.to);
        changes.extend(step.changes(&before, &after));
        previous = Some(after);
    }
    Upgrade { changes }
}

/// Returns the same as [`upgrade`] for a Pod that is built for each release.
///
/// `build` returns the Pod that the kubelet of a release sees.
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

/// A step of an upgrade, and the rules that differ between its ends. Each step starts with the
/// release in which the previous one ends.
struct Step {
    from: Release,
    to: Release,
    rules: Vec<Rule>,
}

/// Returns the steps of an upgrade in which a rule changes that `concerns` the container.
fn steps(from: Release, to: Release, concerns: impl Fn(Rule) -> bool) -> Vec<Step> {
    let mut from = from;
    let mut steps = Vec::new();
    for to in from.path_to(to) {
        let bytes_pass_in_both = from.rejects_non_utf8() == to.rejects_non_utf8();
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

/// Reports whether the rule decides only about objects that the API server accepts, or about the
/// hostname, so that no composition depends on it.
fn is_outside_compositions(rule: Rule) -> bool {
    [
        Rule::RelaxedEnvVarNames,
        Rule::KubeletPortAdmitted,
        Rule::Dns1123ServiceNames,
        Rule::HostnameOverride,
    ]
    .contains(&rule)
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

/// The composition, or the reason of the kubelet or the container runtime for not starting the
/// container.
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

type Difference = (UpgradeSubject, Option<ReportedValue>, Option<ReportedValue>);

fn differences(before: &Outcome<'_>, after: &Outcome<'_>) -> Vec<Difference> {
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(before), Err(after)) if before == after => return Vec::new(),
        (before, after) => {
            let reason =
                |outcome: &Outcome<'_>| outcome.as_ref().err().cloned().map(ReportedValue::Text);
            return Vec::from([(UpgradeSubject::Container, reason(before), reason(after))]);
        }
    };
    let mut differences = Vec::new();
    let mut add = |subject, before: Option<Value<'_>>, after: Option<Value<'_>>| {
        let reported = |value: Option<Value<'_>>| value.as_ref().map(ReportedValue::of);
        let is_same = match (&before, &after) {
            (Some(before), Some(after)) => before.is_same_as(after),
            (before, after) => before.is_none() && after.is_none(),
        };
        if !is_same {
            differences.push((subject, reported(before), reported(after)));
        }
    };
    for (name, before, after) in merged_by_name(before.environment(), after.environment()) {
        let [before, after] = [before, after].map(|it| it.map(|variable| variable.value()));
        add(UpgradeSubject::Variable(name.into_owned()), before, after);
    }
    let command = before.command().iter().zip(after.command()).zip((0..).map(Entry::Command));
    let args = before.args().iter().zip(after.args()).zip((0..).map(Entry::Args));
    for ((before, after), entry) in command.chain(args) {
        let [before, after] = [before, after].map(|text| Some(text.value.clone()));
        add(UpgradeSubject::Entry(entry), before, after);
    }
    differences
}

/// Returns the variables of both environments by name.
///
/// It holds only references to the variables, because an environment can be large.
fn merged_by_name<'e>(
    before: &'e Environment<'_>,
    after: &'e Environment<'_>,
) -> impl Iterator<Item = (Cow<'e, str>, Option<Variable<'e>>, Option<Variable<'e>>)> {
    let mut before = before.in_order(Order::Name).into_iter().peekable();
    let mut after = after.in_order(Order::Name).into_iter().peekable();
    core::iter::from_fn(move || {
        let names = (before.peek().map(Variable::name), after.peek().map(Variable::name));
        let (takes_before, takes_after, name) = match names {
            (Some(before), Some(after)) => match before.cmp(&after) {
                Ordering::Less => (true, false, before),
                Ordering::Equal => (true, true, before),
                Ordering::Greater => (false, true, after),
            },
            (Some(before), None) => (true, false, before),
            (None, Some(after)) => (false, true, after),
            (None, None) => return None,
        };
        let before = if takes_before { before.next() } else { None };
        let after = if takes_after { after.next() } else { None };
        Some((name, before, after))
    })
}

/// One line for each change, ended by a line feed.
impl fmt::Display for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.changes.iter().try_for_each(|change| write_line(f, format_args!("{change}")))
    }
}

/// Always on one line.
impl fmt::Display for UpgradeChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UpgradeChange { release, rules, subject, before, after } = self;
        let f = &mut OneLine(f);
        write!(f, "{release}: {subject} ")?;
        match (subject, before, after) {
            (UpgradeSubject::Container, None, Some(reason)) => {
                write!(f, "is rejected: {reason}")?;
            }
            (UpgradeSubject::Container, Some(reason), None) => {
                write!(f, "is no longer rejected: {reason}")?;
            }
            (UpgradeSubject::Container, ..) => f.write_str("is rejected for another reason")?,
            (_, before, Some(after)) => match before {
                None => write!(f, "is new: {after}")?,
                Some(before) => write!(f, "changes from {before} to {after}")?,
            },
            (_, Some(before), None) => write!(f, "is gone: {before}")?,
            (_, None, None) => f.write_str("does not change")?,
        }
        write!(f, " (new in {release}: ")?;
        for (index, rule) in rules.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            // A backported rule can be missing in the first patches of the next minor release.
            let lacks = if release.has(*rule) { "" } else { "not yet: " };
            write!(f, "{separator}{lacks}{}", rule.now())?;
        }
        f.write_str(")")
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
