//! What an environment tells: where a variable comes from, what goes wrong with it, how two
//! environments differ, and which Services are in one.

mod compare;
pub(crate) mod diagnose;
pub mod discover;
mod explain;
mod upgrade;

pub use compare::{Captured, Change, Comparison, DriftKind, DriftedVariable, compare, drift};
pub use diagnose::{
    Ambiguity, Code, CodeError, Expectations, Finding, PossibleValue, Severity, SeverityError,
    SizeLimits, diagnose_service,
};
pub use explain::{Absence, Explanation, Origin, ResolvedReference, Step};
pub use upgrade::{Upgrade, UpgradeChange, UpgradeSubject, upgrade, upgrade_built};
