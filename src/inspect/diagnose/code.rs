//! The table of codes, and the severities.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// The severity of a finding.
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
    /// A remark. No action is needed if it describes what you intend.
    Info,
    /// A probable mistake.
    Warning,
    /// A failure: the API server or the kubelet rejects the container, the application is likely to
    /// fail, or a value is random.
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

/// The table of codes: name, severity and meaning.
macro_rules! codes {
    ($( $code:ident = $text:literal, $severity:ident, $meaning:literal; )*) => {
        /// The kinds of findings. Their names are stable.
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
            /// All codes.
            pub const ALL: &[Code] = &[$(Code::$code),*];

            /// Returns the name, such as `ambiguous-variable`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Code::$code => $text, )* }
            }

            /// Returns the severity of its findings.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $( Code::$code => Severity::$severity, )* }
            }

            /// Returns a description of its findings.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $( Code::$code => $meaning, )* }
            }
        }
    };
}

codes! {
    Refused = "refused", Error,
        "the kubelet does not start the container";
    AmbiguousVariable = "ambiguous-variable", Error,
        "several Services set one variable to different values, and the kubelet picks one at random";
    AmbiguousReference = "ambiguous-reference", Error,
        "the value of an entry depends on a variable that the kubelet picks at random";
    ExpectedName = "expected-name", Error,
        "a Service sets a variable that the application reads as its own setting";
    KnownClash = "known-clash", Error,
        "a Service sets a variable, and the application of the image is known to fail if it is set";
    ClashLogged = "clash-logged", Info,
        "a Service sets a variable, and the application of the image is known to log warnings about it";
    PrefixShared = "prefix-shared", Info,
        "the container declares settings with the prefix of a Service's variables";
    ReferenceMisspelt = "reference-misspelt", Warning,
        "a reference is not replaced, and a variable has nearly its name";
    ReferenceUndefined = "reference-undefined", Warning,
        "a reference is not replaced, because there is no variable of that name";
    ReferenceToLater = "reference-to-later", Warning,
        "a reference is not replaced, because the variable is defined later";
    ReferenceToItself = "reference-to-itself", Warning,
        "a reference is not replaced, because it names the variable that is being defined";
    ReferenceToSkipped = "reference-to-skipped", Warning,
        "a reference is not replaced, because the source of the variable is optional and missing";
    ReferenceUnknown = "reference-unknown", Info,
        "the manifest has no variables for some references; another tool may replace them";
    ReferenceOfShell = "reference-of-shell", Warning,
        "a text refers to a variable in the syntax of shells, which the kubelet does not replace";
    CommandSubstitution = "command-substitution", Info,
        "a text contains $(…) that is left to a shell";
    EscapedDollar = "escaped-dollar", Warning,
        "a script contains $$, which the kubelet replaces with $";
    HandlerReference = "handler-reference", Warning,
        "a probe or hook refers to a variable that it does not see";
    SubPathMayBeEmpty = "sub-path-may-be-empty", Warning,
        "a subPathExpr refers to a variable that may not be set";
    EntryRefused = "entry-refused", Error,
        "the API server rejects an entry";
    Overwritten = "overwritten", Warning,
        "a later entry of env overrides an entry of env";
    SourceOverridden = "source-overridden", Info,
        "later entries override keys of an envFrom source";
    ImageVariableHidden = "image-variable-hidden", Warning,
        "a variable overrides one that the image depends on";
    ServiceVariableShadowed = "service-variable-shadowed", Info,
        "the container declares a variable that a Service sets too";
    ApiServerOverridden = "api-server-overridden", Info,
        "the container overrides the address of the API server";
    NotForShells = "not-for-shells", Info,
        "no shell can use a variable of that name";
    NameNeedsNewApiServer = "name-needs-new-api-server", Warning,
        "API servers before 1.32 reject the name of a variable";
    NameRefused = "name-refused", Error,
        "every API server rejects the name of a variable";
    NulByte = "nul-byte", Error,
        "a value contains a NUL byte, which no process can receive";
    NotUtf8 = "not-utf8", Warning,
        "a value is not UTF-8";
    SecretNotEncoded = "secret-not-encoded", Warning,
        "the data of a Secret holds plain text that is not base64";
    TrailingLineFeed = "trailing-line-feed", Warning,
        "a value that ends in a line feed is inserted into another text";
    SecretInArguments = "secret-in-arguments", Warning,
        "the command line contains the value of a Secret";
    StringTooLong = "string-too-long", Error,
        "a variable or argument is longer than Linux accepts";
    EnvironmentTooLarge = "environment-too-large", Error,
        "arguments and environment together are larger than Linux accepts";
    EnvironmentNearlyTooLarge = "environment-nearly-too-large", Warning,
        "arguments and environment together take more than three quarters of the size that Linux accepts";
    QuantityOverflow = "quantity-overflow", Warning,
        "a limit or request does not fit 64 bits, so that the kubelet calculates a wrong number";
    ServiceSkipped = "service-skipped", Info,
        "Services of the namespace have no variables";
    ServiceRefused = "service-refused", Warning,
        "the API server rejects a Service";
    EntrySkipped = "entry-skipped", Info,
        "the kubelet skips an entry";
    ReleaseUnknown = "release-unknown", Warning,
        "the release is newer than the newest one that is known";
    FindingsCut = "findings-cut", Warning,
        "there are more findings than the size limit allows";
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
