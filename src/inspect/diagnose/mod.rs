//! Findings: problems and remarks about a composed environment, as data.
//!
//! The kubelet has no counterpart of this module. A container that the kubelet rejects has no
//! composition; its problem is a [`ComposeError`](crate::ComposeError).

mod ambiguity;
mod clashes;
mod code;
mod declared;
mod diagnosis;
mod expectations;
mod findings;
mod handlers;
mod image;
mod known_clashes;
mod near_miss;
mod quantities;
mod references;
mod services;
mod shell;
mod size;
mod values;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

pub use ambiguity::{Ambiguities, Ambiguity, AmbiguousEntry, PossibleValue};
pub use clashes::{ClashEffect, KnownClash};
pub use code::{Code, CodeError, Severity, SeverityError};
pub use diagnosis::{Diagnosis, Summary, diagnose_container};
pub use expectations::Expectations;
pub use size::{Headroom, SizeLimits};

use crate::api::Service;
use crate::container::{ComposeError, Composition};
use crate::objects::ObjectRef;
use crate::release::Release;
use crate::text::OneLine;
use findings::Findings;

/// A problem or remark about an environment.
///
/// With the feature `serde` it is serialized and deserialized with the fields below. No text in it
/// contains a Secret's value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct Finding {
    /// The kind of the finding.
    pub code: Code,
    /// The severity, which the code determines.
    pub severity: Severity,
    /// The names of the affected variables.
    pub variables: Vec<String>,
    /// The affected objects.
    pub objects: Vec<ObjectRef>,
    /// A sentence that describes the problem.
    pub message: String,
    /// A sentence that describes the remedy.
    pub advice: String,
}

/// `severity code: message advice`. Always on one line.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { code, severity, message, advice, .. } = self;
        write!(OneLine(f), "{severity} {code}: {message} {advice}")
    }
}

impl Composition<'_> {
    /// Returns the findings for this environment, Services first, up to
    /// [`Expectations::size_limit`].
    ///
    /// ```
    /// use kubelet_env::api::{Container, EnvVar, Pod};
    /// use kubelet_env::{Facts, Objects, compose};
    /// use kubelet_env::inspect::{Code, Expectations};
    ///
    /// let app = Container::new("app").with_env([EnvVar::new("URL", "http://$(HOST)/")]);
    /// let pod = Pod::default().with_container(app).with_defaults();
    /// let objects = Objects::default();
    ///
    /// let findings = compose(&pod, "app", &Facts::of(&objects))?.diagnose(&Expectations::default());
    /// assert_eq!(findings[0].code, Code::ReferenceUndefined);
    /// assert_eq!(findings[0].variables, ["URL"]);
    /// # Ok::<(), kubelet_env::ComposeError>(())
    /// ```
    #[must_use]
    pub fn diagnose(&self, expectations: &Expectations) -> Vec<Finding> {
        let mut findings = Findings::within(expectations.size_limit);
        self.find_all(expectations, &[], &mut findings);
        findings.into_list()
    }

    /// Adds all findings except `refusals`, which have findings already.
    fn find_all(
        &self,
        expectations: &Expectations,
        refusals: &[ComposeError],
        findings: &mut Findings,
    ) {
        let release = self.facts().release;
        let awaiting = self.awaiting_services();
        self.find_in_services(&awaiting, expectations, findings);
        self.find_clashes(&awaiting, findings);
        declared::refused_entries(self.container(), release, refusals, findings);
        self.find_in_references(&awaiting, expectations, findings);
        self.find_in_declared(findings);
        self.find_in_values(expectations, findings);
        self.find_in_sub_paths(findings);
        self.find_in_image(expectations, findings);
        self.find_in_quantities(findings);
        self.find_in_size(&expectations.limits, findings);
        if release.is_unknown() {
            let newest = Release::NEWEST;
            let message = alloc::format!(
                "Kubernetes {release} is newer than {newest}, the newest release that is known, and is treated like it."
            );
            findings.push(Finding::new(Code::ReleaseUnknown, message, "Update this tool."));
        }
    }
}

impl Finding {
    fn new(code: Code, message: String, advice: &str) -> Self {
        Finding {
            code,
            severity: code.severity(),
            variables: Vec::new(),
            objects: Vec::new(),
            message,
            advice: advice.into(),
        }
    }

    fn about(mut self, variable: &str) -> Self {
        self.variables.push(variable.into());
        self
    }

    fn of_service(mut self, service: &Service) -> Self {
        self.objects.push(ObjectRef::of(service));
        self
    }
}

/// Returns the findings for a Service that is about to be created: the fields that the API server
/// of the release rejects, and the variables that an application reads as its own settings.
///
/// [`Composition::diagnose`] reports the names that it shares with other Services, once it is among
/// the objects.
///
/// ```
/// # use kubelet_env::api::Service;
/// use kubelet_env::Release;
/// use kubelet_env::inspect::{Code, Expectations, diagnose_service};
///
/// # let redis = Service::new("default", "redis").with_cluster_ip("10.0.0.11").with_port(6379)?;
/// // A Service `redis` sets REDIS_PORT=tcp://…, and the application expects a number there.
/// let expectations = Expectations { names: vec!["REDIS_PORT".into()], ..Expectations::default() };
/// let findings = diagnose_service(&redis, &expectations, Release::NEWEST);
/// assert_eq!(findings[0].code, Code::ExpectedName);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn diagnose_service(
    service: &Service,
    expectations: &Expectations,
    release: Release,
) -> Vec<Finding> {
    let mut findings = Findings::within(expectations.size_limit);
    services::find_refused(service, release, &mut findings);
    services::find_expected_of(service, expectations, &mut findings);
    findings.into_list()
}
