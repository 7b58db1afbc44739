//! Explanations, findings, comparisons and upgrades of a container's environment.

mod compare;
mod diagnose;
mod diagnose_properties;
mod explain;
mod limits;
mod secrecy;
mod upgrade;
