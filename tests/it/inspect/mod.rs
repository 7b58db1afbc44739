//! Explanations, findings, comparisons and upgrades of a container's environment.

mod compare;
mod diagnose;
mod diagnose_corpus;
mod diagnose_properties;
mod drift;
mod explain;
mod limits;
mod secrecy;
mod snapshot;
mod upgrade;
