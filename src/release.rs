//! Which rule of the kubelet and the API server changed in which release of Kubernetes.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// A minor release of Kubernetes, such as 1.36. Its patch releases answer alike, but for what
/// [`refuses_bytes_at_first`](Self::refuses_bytes_at_first) tells.
///
/// It is read in any of the forms that clusters report, and newer ones than the newest known are
/// taken for that one.
///
/// ```
/// use kubelet_env::Release;
/// use kubelet_env::release::Rule;
///
/// let release: Release = "v1.33.5+k3s1".parse()?;
/// assert_eq!(release.to_string(), "1.33");
/// assert!(release.has(Rule::CanonicalPodIps) && !release.has(Rule::PodLimits));
/// # Ok::<(), kubelet_env::release::ReleaseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    major: u32,
    minor: u32,
}

impl Release {
    /// The oldest one whose answers were recorded: 1.29.
    pub const OLDEST: Release = Release::minor(29);

    /// The newest one whose answers were recorded: 1.36.
    pub const NEWEST: Release = Release::minor(36);

    /// All releases whose answers were recorded, from the oldest to the newest.
    ///
    /// ```
    /// use kubelet_env::Release;
    /// use kubelet_env::release::Rule;
    ///
    /// let since = Release::known().find(|release| release.has(Rule::PodLimits));
    /// assert_eq!(since, Some("1.34".parse()?));
    /// # Ok::<(), kubelet_env::release::ReleaseError>(())
    /// ```
    pub fn known() -> impl Iterator<Item = Release> {
        (Release::OLDEST.minor..=Release::NEWEST.minor).map(Release::minor)
    }

    const fn minor(minor: u32) -> Self {
        Release { major: 1, minor }
    }

    /// Whether it is newer than [`NEWEST`](Self::NEWEST), so that its answers are a guess: the
    /// newest one's.
    #[must_use]
    pub fn is_unknown(self) -> bool {
        self > Release::NEWEST
    }

    /// Whether the rule is in force.
    #[must_use]
    pub fn has(self, rule: Rule) -> bool {
        rule.since() <= self
    }

    /// Whether its first patch releases could not create a container with a value that is not UTF-8
    /// (kubernetes#139132); all others pass the bytes.
    #[must_use]
    pub fn refuses_bytes_at_first(self) -> bool {
        (Release::minor(34)..=Release::minor(36)).contains(&self)
    }

    /// The rules that came in force after `self`, up to and including `newer`.
    pub fn changes_until(self, newer: Release) -> impl Iterator<Item = Rule> {
        Rule::ALL.iter().copied().filter(move |&rule| !self.has(rule) && newer.has(rule))
    }
}

impl Default for Release {
    /// The newest one known.
    fn default() -> Self {
        Release::NEWEST
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A text is no release that is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// It is not of a release's form.
    #[error("{found:?} is not a release of Kubernetes: use a form such as 1.33 or v1.33.5")]
    Invalid {
        /// The text.
        found: String,
    },
    /// It is older than what is known.
    #[error("Kubernetes {found} is too old: 1.29 and later are known")]
    TooOld {
        /// The release.
        found: Release,
    },
}

impl FromStr for Release {
    type Err = ReleaseError;

    /// Reads `1.33`, `v1.33.5`, `v1.33.5+k3s1`, `1.33+`.
    ///
    /// # Errors
    /// The text has another form, or names a release before [`OLDEST`](Release::OLDEST).
    fn from_str(text: &str) -> Result<Self, ReleaseError> {
        let release = read(text).ok_or_else(|| ReleaseError::Invalid { found: text.into() })?;
        if release < Release::OLDEST {
            Err(ReleaseError::TooOld { found: release })
        } else {
            Ok(release)
        }
    }
}

fn read(text: &str) -> Option<Release> {
    let version = text.strip_prefix('v').unwrap_or(text);
    let (core, _build) = version.split_once(['+', '-']).unwrap_or((version, ""));
    // No sign is left that `parse` would take.
    let mut numbers = core.split('.').map(|number| number.parse().ok());
    let release = Release { major: numbers.next()??, minor: numbers.next()?? };
    // A patch number at the most.
    let is_complete =
        numbers.next().is_none_or(|patch| patch.is_some()) && numbers.next().is_none();
    is_complete.then_some(release)
}

/// The table of rules: when each came in force, and what it says now and said before.
macro_rules! rules {
    ($( $(#[$meta:meta])* $rule:ident since $minor:literal: $now:literal, before: $before:literal; )*) => {
        /// A rule that is not the same in all releases, named for what it says now.
        ///
        /// ```
        /// use kubelet_env::Release;
        /// use kubelet_env::release::Rule;
        ///
        /// let release: Release = "1.34".parse()?;
        /// assert!(release.has(Rule::PodLimits) && !release.has(Rule::EnvFiles));
        /// assert_eq!(Rule::EnvFiles.since().to_string(), "1.35");
        /// assert_eq!(Rule::EnvFiles.now(), "fileKeyRef gives the value from the env file");
        /// # Ok::<(), kubelet_env::release::ReleaseError>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(
                #[doc = concat!("Since 1.", $minor, ": ", $now, ".\n\nBefore: ", $before, ".")]
                $(#[$meta])*
                $rule,
            )*
        }

        impl Rule {
            /// All of them, the oldest first.
            pub const ALL: &[Rule] = &[$(Rule::$rule),*];

            /// The first release in which it is in force.
            #[must_use]
            pub const fn since(self) -> Release {
                match self { $( Rule::$rule => Release::minor($minor), )* }
            }

            /// What it says now.
            #[must_use]
            pub const fn now(self) -> &'static str {
                match self { $( Rule::$rule => $now, )* }
            }

            /// What held before.
            #[must_use]
            pub const fn before(self) -> &'static str {
                match self { $( Rule::$rule => $before, )* }
            }
        }
    };
}

rules! {
    EnvFromKeepsEveryKey since 30:
        "every key of an envFrom source becomes a variable",
        before: "a key whose full name is not a strict variable name was skipped";
    RelaxedEnvVarNames since 32:
        "the API server admits any printable ASCII but `=` in the name of a variable",
        before: "it admitted only `[-._a-zA-Z][-._a-zA-Z0-9]*`";
    CanonicalPodIps since 33:
        "status.podIP and status.podIPs are printed canonically",
        before: "they stayed as the container runtime gave them";
    PodLimits since 34:
        "a container's missing limits are taken from the Pod's own, if it has any",
        before: "they were taken from the Node's allocatable only";
    ExpansionKeepsText since 35:
        "`$` before a character that is not ASCII stays as it is",
        before: "the first byte of that character was garbled";
    EnvFiles since 35:
        "fileKeyRef gives the value from the env file",
        before: "it gave the empty string";
    Dns1123ServiceNames since 36:
        "the API server admits Service names with a leading digit",
        before: "it admitted only those with a leading letter";
}
