//! All problems of a container at once, and their counts.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::declared::refused_entries;
use super::findings::Findings;
use super::{Code, Expectations, Finding, Severity};
use crate::api::Pod;
use crate::container::{ComposeError, ComposeErrorKind, Facts, compose_all};
use crate::objects::ObjectRef;
use crate::text::{OneLine, write_line};

/// All problems of a container: the entries that the kubelet and the API server reject, and every
/// other finding.
///
/// [`compose`](crate::compose) stops at the first error, as the kubelet does.
/// [`diagnose_container`] does not.
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, Pod};
/// use kubelet_env::inspect::{Code, Expectations, diagnose_container};
/// use kubelet_env::{Facts, Objects};
///
/// let app = Container::new("app").with_env([
///     EnvVar::from_secret_key("USER", "login", "user"),
///     EnvVar::from_secret_key("PASSWORD", "login", "password"),
///     EnvVar::new("URL", "http://$(USER):$(PASSWORD)@$(HOST)/"),
/// ]);
/// let pod = Pod::new("shop", "web").with_container(app).with_defaults();
/// let objects = Objects::default();
///
/// let diagnosis = diagnose_container(&pod, "app", &Facts::of(&objects), &Expectations::default());
/// let codes: Vec<Code> = diagnosis.findings.iter().map(|finding| finding.code).collect();
/// assert_eq!(codes, [Code::Refused, Code::Refused, Code::ReferenceUndefined]);
/// assert_eq!(diagnosis.summary().to_string(), "2 errors, 1 warning");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The Pod.
    pub pod: ObjectRef,
    /// The name of the container.
    pub container: String,
    /// The findings. Those of [`Code::Refused`] come first: the container does not start while
    /// there are any.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Returns the number of findings of each code.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.findings.iter().collect()
    }
}

/// The findings, one a line, after a line with the Pod and the container.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnosis { pod, container, findings } = self;
        let summary = self.summary();
        write_line(f, format_args!("{pod}, container {container}: {summary}"))?;
        findings.iter().try_for_each(|finding| write_line(f, format_args!("  {finding}")))
    }
}

/// Returns all problems of a container of a Pod.
///
/// The values of refused entries are treated as unknown, so that one problem does not cause further
/// findings. In the [open world](crate::container::World::Open) missing objects are not problems.
#[must_use]
pub fn diagnose_container(
    pod: &Pod,
    container: &str,
    facts: &Facts<'_>,
    expectations: &Expectations,
) -> Diagnosis {
    let (composition, refusals) = compose_all(pod, container, facts);
    let mut findings = Findings::within(expectations.size_limit);
    findings.extend(refusals.iter().map(refused));
    match composition {
        Some(composition) => composition.find_all(expectations, &refusals, &mut findings),
        None => {
            if let Some(container) = pod.spec.container(container) {
                refused_entries(container, facts.release, &refusals, &mut findings);
            }
        }
    }
    let findings = findings.into_list();
    Diagnosis { pod: ObjectRef::of(pod), container: container.into(), findings }
}

fn refused(error: &ComposeError) -> Finding {
    let kind = error.kind();
    let place = match (error.entry(), error.variable()) {
        (Some(entry), Some(variable)) => format!("{entry} ({variable}): "),
        (Some(entry), None) => format!("{entry}: "),
        (None, _) => String::new(),
    };
    let message = format!("The kubelet does not start the container: {place}{kind}.");
    let advice = match kind {
        ComposeErrorKind::ObjectMissing { .. } | ComposeErrorKind::KeyMissing { .. } => {
            "Check the name and the namespace."
        }
        ComposeErrorKind::NoSuchContainer => "Check the name of the container.",
        ComposeErrorKind::NoPorts(_) => "Correct the Service.",
        _ => "Correct the entry.",
    };
    let finding = Finding::new(Code::Refused, message, advice);
    let object = match kind {
        ComposeErrorKind::ObjectMissing { object }
        | ComposeErrorKind::KeyMissing { object, .. } => Some(object.clone()),
        ComposeErrorKind::NoPorts(error) => Some(error.service.clone()),
        _ => None,
    };
    Finding {
        variables: error.variable().map(ToString::to_string).into_iter().collect(),
        objects: object.into_iter().collect(),
        ..finding
    }
}

/// The number of findings of each severity and code.
///
/// ```
/// use kubelet_env::inspect::{Code, Finding, Severity, Summary};
///
/// let findings: Vec<Finding> = Vec::new();
/// let summary: Summary = findings.iter().collect();
/// assert_eq!((summary.of(Severity::Error), summary.of_code(Code::NulByte)), (0, 0));
/// assert_eq!(summary.to_string(), "no findings");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct Summary {
    /// The number of findings of each code. Codes without findings are absent.
    pub codes: BTreeMap<Code, usize>,
}

impl Summary {
    /// Returns the number of findings of a severity.
    #[must_use]
    pub fn of(&self, severity: Severity) -> usize {
        let counts = self.codes.iter().filter(|(code, _)| code.severity() == severity);
        counts.map(|(_, count)| *count).fold(0, usize::saturating_add)
    }

    /// Returns the number of findings of a code.
    #[must_use]
    pub fn of_code(&self, code: Code) -> usize {
        self.codes.get(&code).copied().unwrap_or_default()
    }

    /// Returns the highest severity of a finding, or `None` if there are none.
    #[must_use]
    pub fn max_severity(&self) -> Option<Severity> {
        self.codes.keys().map(|code| code.severity()).max()
    }
}

impl<'f> Extend<&'f Finding> for Summary {
    fn extend<T: IntoIterator<Item = &'f Finding>>(&mut self, findings: T) {
        for finding in findings {
            let count = self.codes.entry(finding.code).or_default();
            *count = count.saturating_add(1);
        }
    }
}

impl<'f> FromIterator<&'f Finding> for Summary {
    fn from_iter<T: IntoIterator<Item = &'f Finding>>(findings: T) -> Self {
        let mut summary = Summary::default();
        summary.extend(findings);
        summary
    }
}

/// The numbers of errors, warnings and remarks: `1 error, 2 warnings, 1 info`.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut OneLine(f);
        let mut separator = "";
        for (severity, plural) in
            [(Severity::Error, "s"), (Severity::Warning, "s"), (Severity::Info, "")]
        {
            let count = self.of(severity);
            if count > 0 {
                let plural = if count == 1 { "" } else { plural };
                write!(f, "{separator}{count} {severity}{plural}")?;
                separator = ", ";
            }
        }
        if separator.is_empty() { f.write_str("no findings") } else { Ok(()) }
    }
}
