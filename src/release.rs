//! Releases of Kubernetes, and the rules that differ between them.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// A release of Kubernetes, such as 1.36 or 1.34.3.
///
/// A release without a patch is the latest patch of its minor release: it is newer than every named
/// one. It is read in any of the forms that clusters report. Releases after
/// [`NEWEST`](Self::NEWEST) behave as that one.
///
/// ```
/// use kubelet_env::Release;
/// use kubelet_env::release::Rule;
///
/// let release: Release = "v1.34.3+k3s1".parse()?;
/// assert_eq!(release.to_string(), "1.34.3");
/// assert!(release.has(Rule::PodLimits) && !release.has(Rule::ExpansionKeepsText));
///
/// let latest: Release = "1.34".parse()?;
/// assert!(latest > release && latest.has(Rule::ExpansionKeepsText));
/// # Ok::<(), kubelet_env::release::ReleaseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    major: u32,
    minor: u32,
    patch: Patch,
}

/// The variants are in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Patch {
    Number(u32),
    Latest,
}

impl Release {
    /// The oldest release that the tests cover: 1.29.
    pub const OLDEST: Release = Release::minor(29);

    /// The newest release that the tests cover: 1.37.
    pub const NEWEST: Release = Release::minor(37);

    /// Returns the releases that the tests cover, from the oldest to the newest.
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

    /// Returns the latest patch of a minor release.
    const fn minor(minor: u32) -> Self {
        Release { major: 1, minor, patch: Patch::Latest }
    }

    const fn patch(minor: u32, patch: u32) -> Self {
        Release { major: 1, minor, patch: Patch::Number(patch) }
    }

    /// Returns the latest patch of the minor release that this one belongs to.
    #[must_use]
    pub const fn latest_patch(self) -> Self {
        Release { patch: Patch::Latest, ..self }
    }

    /// Reports whether this release is newer than [`NEWEST`](Self::NEWEST). It then behaves like
    /// that one.
    #[must_use]
    pub fn is_unknown(self) -> bool {
        self > Release::NEWEST
    }

    /// Reports whether the rule is in force.
    #[must_use]
    pub fn has(self, rule: Rule) -> bool {
        let since = rule.since();
        let is_same_minor =
            |first: &Release| (first.major, first.minor) == (self.major, self.minor);
        match since.iter().find(|first| is_same_minor(first)) {
            Some(first) => *first <= self,
            // A rule of the last line holds in all later ones.
            None => since.last().is_some_and(|last| *last < self),
        }
    }

    /// Reports whether creating a container fails if a value, the command or an argument is not
    /// UTF-8 (kubernetes#139132). All other releases pass the bytes.
    ///
    /// ```
    /// use kubelet_env::Release;
    ///
    /// let rejects = |text: &str| text.parse::<Release>().map(Release::rejects_non_utf8);
    /// assert_eq!(rejects("1.33"), Ok(false));
    /// assert_eq!((rejects("1.34.8"), rejects("1.34.9")), (Ok(true), Ok(false)));
    /// ```
    #[must_use]
    pub fn rejects_non_utf8(self) -> bool {
        self.has(Rule::Utf8Only) && !self.has(Rule::AnyBytes)
    }

    /// Returns the rules that are in force in `newer`, but not in `self`.
    pub fn changes_until(self, newer: Release) -> impl Iterator<Item = Rule> {
        Rule::ALL.iter().copied().filter(move |&rule| !self.has(rule) && newer.has(rule))
    }

    /// Returns the releases on the way of an upgrade: the latest patch of every minor release
    /// before that of `newer`, and `newer`. Empty if `newer` is not newer.
    pub(crate) fn path_to(self, newer: Release) -> impl Iterator<Item = Release> {
        // No rule changes after the newest.
        let end = newer.minor.min(Release::NEWEST.minor.saturating_add(1));
        let minors = (self.minor..end).map(move |minor| Release { minor, ..self }.latest_patch());
        minors.chain([newer]).filter(move |release| *release > self && *release <= newer)
    }
}

impl Default for Release {
    /// Returns [`NEWEST`](Self::NEWEST).
    fn default() -> Self {
        Release::NEWEST
    }
}

#[cfg(feature = "serde")]
mod of_serde {
    use alloc::string::String;

    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::{Serialize, Serializer};

    use super::Release;

    /// Serializes the text of `Display`, such as `1.33`.
    impl Serialize for Release {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    /// Deserializes every text that [`FromStr`](core::str::FromStr) accepts.
    impl<'de> Deserialize<'de> for Release {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.patch {
            Patch::Number(patch) => write!(f, ".{patch}"),
            Patch::Latest => Ok(()),
        }
    }
}

/// An error from parsing a [`Release`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The text does not have the form of a release.
    #[error("{found:?} is not a release of Kubernetes: use a form such as 1.33 or v1.33.5")]
    Invalid {
        /// The text.
        found: String,
    },
    /// The release is older than [`Release::OLDEST`].
    #[error("Kubernetes {found} is too old: use 1.29 or later")]
    TooOld {
        /// The release.
        found: Release,
    },
}

impl FromStr for Release {
    type Err = ReleaseError;

    /// Parses `1.33`, `v1.33.5`, `v1.33.5+k3s1` and `1.33+`.
    ///
    /// # Errors
    /// Returns an error if the text has another form, or is a release before
    /// [`OLDEST`](Release::OLDEST).
    fn from_str(text: &str) -> Result<Self, ReleaseError> {
        let release = read(text).ok_or_else(|| ReleaseError::Invalid { found: text.into() })?;
        if (release.major, release.minor) < (Release::OLDEST.major, Release::OLDEST.minor) {
            Err(ReleaseError::TooOld { found: release })
        } else {
            Ok(release)
        }
    }
}

fn read(text: &str) -> Option<Release> {
    let version = text.strip_prefix('v').unwrap_or(text);
    let (core, _build) = version.split_once(['+', '-']).unwrap_or((version, ""));
    // The split removes every sign that `parse` would accept.
    let mut numbers = core.split('.').map(|number| number.parse().ok());
    let (major, minor) = (numbers.next()??, numbers.next()??);
    let patch = match numbers.next() {
        Some(patch) => Patch::Number(patch?),
        None => Patch::Latest,
    };
    numbers.next().is_none().then_some(Release { major, minor, patch })
}

/// A release of the table: `35`, or `34 patch 4`.
macro_rules! release {
    ($minor:literal) => {
        Release::patch($minor, 0)
    };
    ($minor:literal $patch:literal) => {
        Release::patch($minor, $patch)
    };
}

/// The table of rules: the releases with which each came into force, and what holds since and
/// before.
macro_rules! rules {
    ($(
        $(#[$meta:meta])*
        $rule:ident since $($minor:literal $(patch $patch:literal)?),+: $now:literal, before: $before:literal;
    )*) => {
        /// A rule that is not the same in all releases, named for what holds now.
        ///
        /// ```
        /// use kubelet_env::Release;
        /// use kubelet_env::release::Rule;
        ///
        /// let release: Release = "1.34".parse()?;
        /// assert!(release.has(Rule::PodLimits) && !release.has(Rule::EnvFiles));
        /// assert_eq!(Rule::EnvFiles.since()[0].to_string(), "1.35.0");
        /// assert_eq!(Rule::EnvFiles.now(), "fileKeyRef gives the value from the env file");
        /// # Ok::<(), kubelet_env::release::ReleaseError>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(rename_all = "camelCase")
        )]
        #[non_exhaustive]
        pub enum Rule {
            $(
                #[doc = concat!(
                    "Since", $(" 1.", $minor, $(".", $patch,)? ";",)+ " ", $now, ".\n\nBefore: ", $before, "."
                )]
                $(#[$meta])*
                $rule,
            )*
        }

        impl Rule {
            /// All rules, the oldest first.
            pub const ALL: &[Rule] = &[$(Rule::$rule),*];

            /// Returns the releases with which the rule came into force, in ascending order: one
            /// for each minor release that got it, the last of which all later ones follow.
            #[must_use]
            pub const fn since(self) -> &'static [Release] {
                match self { $( Rule::$rule => const { &[$(release!($minor $($patch)?)),+] }, )* }
            }

            /// Describes the behaviour since [`since`](Self::since).
            #[must_use]
            pub const fn now(self) -> &'static str {
                match self { $( Rule::$rule => $now, )* }
            }

            /// Describes the behaviour before [`since`](Self::since).
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
    KubeletPortAdmitted since 33:
        "the API server admits the kubelet's port in a Service of type LoadBalancer",
        before: "it rejected port 10250 there";
    PodLimits since 34:
        "a container's missing limits are taken from the Pod's own, if it has any",
        before: "they were taken from the Node's allocatable only";
    StaticPodReferences since 34:
        "the kubelet rejects a static Pod that refers to other API objects",
        before: "it accepted the Pod";
    Utf8Only since 34:
        "creating a container fails if a value is not UTF-8",
        before: "the container got the bytes";
    ExpansionKeepsText since 34 patch 4, 35 patch 1:
        "`$` before a character that is not ASCII stays as it is",
        before: "the first byte of that character was garbled";
    AnyBytes since 34 patch 9, 35 patch 6, 36 patch 2:
        "the container gets a value that is not UTF-8 as it is",
        before: "creating the container failed";
    EnvFiles since 35:
        "fileKeyRef gives the value from the env file",
        before: "it gave the empty string";
    HostnameOverride since 35:
        "spec.hostnameOverride replaces the Pod's hostname",
        before: "it was ignored";
    TopologyLabels since 35:
        "a Pod gets the labels for zone and region of its Node",
        before: "it kept its own";
    Dns1123ServiceNames since 36:
        "the API server admits Service names with a leading digit",
        before: "it admitted only those with a leading letter";
}
