//! Explanations, findings, comparisons and the reverse lookup of Services.
//!
//! | question | answer |
//! |---|---|
//! | Why does a variable have its value, or none? | [`Composition::explain`](crate::Composition::explain) |
//! | Which variables deserve attention? | [`Composition::diagnose`](crate::Composition::diagnose), [`diagnose_service`] |
//! | Which values does the kubelet pick at random? | [`Composition::ambiguities`](crate::Composition::ambiguities) |
//! | How do two environments differ? | [`compare()`] |
//! | What changes if a running container is restarted? | [`drift()`] |
//! | What changes if the cluster is upgraded? | [`upgrade()`], [`upgrade_built`] |
//! | Which Services are in an environment? | [`discover`] |

mod compare;
pub(crate) mod diagnose;
pub mod discover;
mod drift;
mod explain;
mod snapshot;
mod upgrade;

pub use compare::{Captured, Change, Comparison, compare};
pub use diagnose::{
    Ambiguities, Ambiguity, AmbiguousEntry, ClashEffect, Code, CodeError, Diagnosis, Expectations,
    Finding, Headroom, KnownClash, PossibleValue, Severity, SeverityError, SizeLimits, Summary,
    diagnose_container, diagnose_service,
};
pub use drift::{DriftKind, DriftedVariable, drift};
pub use explain::{Absence, Explanation, Origin, ResolvedReference, Step};
pub use snapshot::Snapshot;
pub use upgrade::{Upgrade, UpgradeChange, UpgradeSubject, upgrade, upgrade_built};
