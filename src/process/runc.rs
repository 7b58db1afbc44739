//! The environment that runc gives process 1, from that of the OCI configuration (runc:
//! `prepareEnv` in `libcontainer/env.go` since 1.3, `populateProcessEnvironment` and
//! `finalizeNamespace` in `libcontainer/init_linux.go` before).

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::str::FromStr;

use super::entry::{EntryOrigin, EnvEntry, UniqueEntries};
use super::error::RuncError;
use crate::names::Positions;

/// The rules of a version of runc.
///
/// They parse from the version that `runc --version` prints, such as `1.1.5+ds1` or `1.3.0-rc.2`.
///
/// ```
/// use kubelet_env::process::{EntryOrigin, EnvEntry, Runc};
///
/// let oci = ["A=1", "B=2", "A=3"].map(|text| EnvEntry::parse(text, EntryOrigin::Image));
/// let names = |runc: Runc| -> Vec<String> {
///     let environ = runc.environ(&oci, "/root").unwrap();
///     environ.iter().map(|entry| entry.name().to_owned()).collect()
/// };
/// assert_eq!(names(Runc::Since1_3), ["B", "A", "HOME"]);
/// assert_eq!(names("1.1.5+ds1".parse()?), ["A", "B", "HOME"]);
/// # Ok::<(), kubelet_env::process::RuncVersionError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Runc {
    /// runc 1.2 and earlier: of duplicates the last value wins, at the first position. An empty
    /// `HOME` is replaced in place.
    UpTo1_2,
    /// runc 1.3 and later: of duplicates the last value wins, at the last position. An empty `HOME`
    /// is dropped, and `HOME` is appended.
    #[default]
    Since1_3,
}

/// A text that is not a version of runc.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a version of runc: use a form such as 1.2.6")]
#[non_exhaustive]
pub struct RuncVersionError {
    /// The text.
    pub text: String,
}

impl FromStr for Runc {
    type Err = RuncVersionError;

    /// # Errors
    ///
    /// Returns an error if the text does not begin with two numbers joined by `.`.
    fn from_str(text: &str) -> Result<Self, RuncVersionError> {
        let mut parts = text.split(['.', '+', '-', '~']).map(str::parse::<u32>);
        match (parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor))) if (major, minor) < (1, 3) => Ok(Runc::UpTo1_2),
            (Some(Ok(_)), Some(Ok(_))) => Ok(Runc::Since1_3),
            _ => Err(RuncVersionError { text: text.to_owned() }),
        }
    }
}

impl Runc {
    /// Returns the environment of process 1, in order.
    ///
    /// `home` is the home directory of the user in the container's `/etc/passwd`:
    /// [`Passwd::home`](super::Passwd::home).
    ///
    /// # Errors
    ///
    /// Returns an error if an entry has no `=`, an empty name or a NUL. From 1.3 on a NUL is
    /// ignored in an entry that a later one of its name overrides.
    pub fn environ<'a>(
        self,
        oci: &[EnvEntry<'a>],
        home: &'a str,
    ) -> Result<Vec<EnvEntry<'a>>, RuncError> {
        self.environ_with(oci, Some(home)).map(|environ| environ.entries)
    }

    /// The same without `HOME` if it is needed and not known.
    pub(super) fn environ_with<'a>(
        self,
        oci: &[EnvEntry<'a>],
        home: Option<&'a str>,
    ) -> Result<Environ<'a>, RuncError> {
        let home = home.map(|home| EnvEntry::plain("HOME", home, EntryOrigin::Passwd));
        match self {
            Runc::UpTo1_2 => up_to_1_2(oci, home),
            Runc::Since1_3 => since_1_3(oci, home),
        }
    }
}

/// The environment of process 1.
pub(super) struct Environ<'a> {
    pub(super) entries: Vec<EnvEntry<'a>>,
    /// `HOME` comes from `/etc/passwd`, whose entry may be unknown.
    pub(super) needs_home: bool,
}

fn since_1_3<'a>(
    oci: &[EnvEntry<'a>],
    home: Option<EnvEntry<'a>>,
) -> Result<Environ<'a>, RuncError> {
    let mut entries = Vec::new();
    let positions = Positions::of(oci.iter().map(EnvEntry::name));
    for (position, entry) in oci.iter().enumerate().rev() {
        check_name(entry)?;
        if positions.last(entry.name()) != Some(position) {
            continue;
        }
        check_for_nul(entry)?;
        if !is_empty_home(entry) {
            entries.push(entry.clone());
        }
    }
    entries.reverse();
    let needs_home = !entries.iter().any(|entry| entry.name() == "HOME");
    entries.extend(home.filter(|_| needs_home));
    Ok(Environ { entries, needs_home })
}

fn up_to_1_2<'a>(
    oci: &[EnvEntry<'a>],
    home: Option<EnvEntry<'a>>,
) -> Result<Environ<'a>, RuncError> {
    let mut entries = UniqueEntries::default();
    for entry in oci {
        check_name(entry)?;
        check_for_nul(entry)?;
        entries.add(entry.clone());
    }
    let last_home = oci.iter().rev().find(|entry| entry.name() == "HOME");
    let needs_home = last_home.is_none_or(is_empty_home);
    if let Some(home) = home.filter(|_| needs_home) {
        entries.add(home);
    }
    Ok(Environ { entries: entries.into_list(), needs_home })
}

fn check_name(entry: &EnvEntry<'_>) -> Result<(), RuncError> {
    if entry.value().is_none() {
        return Err(RuncError::MissingEquals { entry: entry.name().to_owned() });
    }
    if entry.name().is_empty() { Err(RuncError::EmptyName) } else { Ok(()) }
}

fn check_for_nul(entry: &EnvEntry<'_>) -> Result<(), RuncError> {
    if entry.name().contains('\0') || entry.bytes_with_placeholders().contains(&0) {
        return Err(RuncError::Nul { name: entry.name().to_owned() });
    }
    Ok(())
}

fn is_empty_home(entry: &EnvEntry<'_>) -> bool {
    entry.name() == "HOME" && entry.bytes_with_placeholders().is_empty()
}
