//! What deserves a person's attention in an environment: computed from the composition, as data.
//!
//! What the kubelet refuses is an error, and no finding: there is no composition then. Nothing of the
//! kubelet is mirrored here.

mod ambiguity;
mod declared;
mod findings;
mod quantities;
mod services;
mod size;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::str::FromStr;

pub use ambiguity::{Ambiguity, PossibleValue};
pub use size::SizeLimits;

use crate::api::Service;
use crate::container::{Composition, Facts};
use crate::objects::ObjectRef;
use crate::release::Release;
use crate::text::OneLine;
use findings::Findings;

/// Something that deserves attention.
///
/// With the feature `serde` it is written and read as its fields stand here. No text in it holds a
/// Secret's value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct Finding {
    /// What sort of finding it is.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// The variables concerned.
    pub variables: Vec<String>,
    /// The objects concerned.
    pub objects: Vec<ObjectRef>,
    /// What will happen, in a sentence.
    pub message: String,
    /// What to do, in a sentence.
    pub advice: String,
}

/// `severity code: message advice`
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { code, severity, message, advice, .. } = self;
        write!(OneLine(f), "{severity} {code}: {message} {advice}")
    }
}

/// How much a finding matters.
///
/// ```
/// use kubelet_env::inspect::{Code, Severity};
///
/// assert!(Severity::Info < Severity::Warning && Severity::Warning < Severity::Error);
/// assert_eq!(Code::NulByte.severity(), Severity::Error);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "lowercase")
)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Probably not what was meant.
    Warning,
    /// The container will not start, or gets one value or another at random.
    Error,
}

/// An error from parsing a [`Severity`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a severity: expected info, warning or error")]
#[non_exhaustive]
pub struct SeverityError {
    /// The text.
    pub text: String,
}

impl FromStr for Severity {
    type Err = SeverityError;

    /// Parses the name that `Display` and JSON use, such as `warning`.
    ///
    /// # Errors
    /// Returns an error if no severity has that name.
    fn from_str(text: &str) -> Result<Self, SeverityError> {
        match text {
            "info" => Ok(Severity::Info),
            "warning" => Ok(Severity::Warning),
            "error" => Ok(Severity::Error),
            _ => Err(SeverityError { text: text.into() }),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// The table of codes: name, severity, and what each means.
macro_rules! codes {
    ($( $code:ident = $text:literal, $severity:ident, $meaning:literal; )*) => {
        /// The sorts of findings. Their names are stable.
        ///
        /// ```
        /// use kubelet_env::inspect::Code;
        ///
        /// assert_eq!(Code::ReferenceUndefined.to_string(), "reference-undefined");
        /// assert_eq!("reference-undefined".parse(), Ok(Code::ReferenceUndefined));
        /// assert!(Code::ALL.iter().all(|code| !code.meaning().is_empty()));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[non_exhaustive]
        pub enum Code {
            $(
                #[doc = concat!("`", $text, "`: ", $meaning, ".")]
                #[cfg_attr(feature = "serde", serde(rename = $text))]
                $code,
            )*
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Code] = &[$(Code::$code),*];

            /// The name: `ambiguous-variable`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Code::$code => $text, )* }
            }

            /// How much its findings matter.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $( Code::$code => Severity::$severity, )* }
            }

            /// What it means.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $( Code::$code => $meaning, )* }
            }
        }
    };
}

codes! {
    AmbiguousVariable = "ambiguous-variable", Error,
        "Services make a variable of one name with different values, and the kubelet picks one at random";
    AmbiguousReference = "ambiguous-reference", Error,
        "the value of an entry depends on a variable that the kubelet picks at random";
    ExpectedName = "expected-name", Error,
        "a Service makes a variable that the application reads as its own";
    ReferenceUndefined = "reference-undefined", Warning,
        "a reference stays as it is, because there is no such variable";
    ReferenceToLater = "reference-to-later", Warning,
        "a reference stays as it is, because the variable is defined only later";
    ReferenceToItself = "reference-to-itself", Warning,
        "a reference stays as it is, because it is to the variable that is being defined";
    ReferenceToSkipped = "reference-to-skipped", Warning,
        "a reference stays as it is, because the source of the variable is optional and missing";
    Overwritten = "overwritten", Warning,
        "an entry is overwritten by a later one";
    ServiceVariableShadowed = "service-variable-shadowed", Info,
        "the container declares a variable that a Service makes too";
    ApiServerOverridden = "api-server-overridden", Warning,
        "the container overrides the address of the API server";
    NotForShells = "not-for-shells", Info,
        "no shell can use a variable of that name";
    NameNeedsNewApiServer = "name-needs-new-api-server", Warning,
        "API servers before 1.32 refuse the name of a variable";
    NameRefused = "name-refused", Error,
        "every API server refuses the name of a variable";
    NulByte = "nul-byte", Error,
        "a value holds a NUL byte, which no process can be given";
    NotUtf8 = "not-utf8", Warning,
        "a value is not UTF-8";
    StringTooLong = "string-too-long", Error,
        "a variable or argument is longer than Linux takes";
    EnvironmentTooLarge = "environment-too-large", Error,
        "arguments and environment together are larger than Linux takes";
    EnvironmentNearlyTooLarge = "environment-nearly-too-large", Warning,
        "arguments and environment together take more than three quarters of what Linux takes";
    QuantityOverflow = "quantity-overflow", Warning,
        "a limit or request is beyond 64 bits, with which the kubelet calculates wrongly";
    ServiceSkipped = "service-skipped", Info,
        "a Service of the namespace makes no variables";
    ServiceRefused = "service-refused", Warning,
        "the API server would refuse a Service";
    EntrySkipped = "entry-skipped", Info,
        "an entry is passed over";
    ReleaseUnknown = "release-unknown", Warning,
        "the release is newer than any whose answers are known";
    FindingsCut = "findings-cut", Warning,
        "there are more findings than fit into the limit";
}

/// An error from parsing a [`Code`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the code of a finding: expected a name such as reference-undefined")]
#[non_exhaustive]
pub struct CodeError {
    /// The text.
    pub text: String,
}

impl FromStr for Code {
    type Err = CodeError;

    /// Parses the name that `Display` and JSON use, such as `reference-undefined`.
    ///
    /// # Errors
    /// Returns an error if no code has that name.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let named = Code::ALL.iter().find(|code| code.as_str() == text);
        named.copied().ok_or_else(|| CodeError { text: text.into() })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known of the application and the machine that the environment is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectations {
    /// Names of variables that the application reads as its own settings: `REDIS_PORT`.
    pub names: Vec<String>,
    /// Beginnings of such names: `GRAFANA_`.
    pub prefixes: Vec<String>,
    /// What the machine takes.
    pub limits: SizeLimits,
    /// How many bytes the texts of all findings may come to: 64 MiB
    /// ([`Facts::DEFAULT_SIZE_LIMIT`]). The first that does not fit and those after it are left out,
    /// which a last one says, beyond the limit: [`Code::FindingsCut`].
    ///
    /// A short input can make much here too: a Service's name stands in the finding about each of
    /// its ports, and a variable's in that about each of its references.
    pub size_limit: usize,
}

impl Default for Expectations {
    fn default() -> Self {
        Expectations {
            names: Vec::new(),
            prefixes: Vec::new(),
            limits: SizeLimits::default(),
            size_limit: Facts::DEFAULT_SIZE_LIMIT,
        }
    }
}

impl Composition<'_> {
    /// What deserves attention in this environment, what concerns Services first, up to
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
        self.find_in_services(expectations, &mut findings);
        self.find_in_declared(&mut findings);
        self.find_in_quantities(&mut findings);
        self.find_in_size(&expectations.limits, &mut findings);
        let release = self.facts().release;
        if release.is_unknown() {
            let newest = Release::NEWEST;
            let message = alloc::format!(
                "Kubernetes {release} is newer than {newest}, the newest whose answers are known, and is taken for that one."
            );
            findings.push(Finding::new(
                Code::ReleaseUnknown,
                message,
                "Look for a newer version of this tool.",
            ));
        }
        findings.into_list()
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

/// What deserves attention in a Service, for one that is about to be created: what the API server of
/// the release would refuse, and which of its variables an application reads as its own.
///
/// Which names it shares with other Services is told by [`Composition::diagnose`] once it is among
/// them.
///
/// ```
/// # use kubelet_env::api::Service;
/// use kubelet_env::Release;
/// use kubelet_env::inspect::{Code, Expectations, diagnose_service};
///
/// # let redis = Service::new("default", "redis").with_cluster_ip("10.0.0.11").with_port(6379)?;
/// // A Service `redis` makes REDIS_PORT=tcp://…, and the application wants a number there.
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
    services::find_expected_of(service, expectations, |_| true, &mut findings);
    findings.into_list()
}
