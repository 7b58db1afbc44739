//! The Pod between two stages, with the record of what they changed.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{PodChange, Stage, UndecidedField, UndecidedFields};
use crate::api::{Container, Pod};

pub(super) struct Draft {
    pub(super) pod: Pod,
    pub(super) undecided: UndecidedFields,
    pub(super) changes: Vec<PodChange>,
}

/// The lists of containers, by the name of the field.
#[derive(Clone, Copy)]
pub(super) enum Containers {
    Init,
    Ordinary,
    Ephemeral,
}

impl Containers {
    pub(super) const ALL: [Containers; 3] =
        [Containers::Init, Containers::Ordinary, Containers::Ephemeral];

    pub(super) fn of(self, pod: &mut Pod) -> &mut Vec<Container> {
        match self {
            Containers::Init => &mut pod.spec.init_containers,
            Containers::Ordinary => &mut pod.spec.containers,
            Containers::Ephemeral => &mut pod.spec.ephemeral_containers,
        }
    }

    pub(super) const fn field(self) -> &'static str {
        match self {
            Containers::Init => "spec.initContainers",
            Containers::Ordinary => "spec.containers",
            Containers::Ephemeral => "spec.ephemeralContainers",
        }
    }
}

impl Draft {
    pub(super) fn of(pod: Pod) -> Self {
        Draft { pod, undecided: UndecidedFields::new(), changes: Vec::new() }
    }

    pub(super) fn record(&mut self, stage: Stage, field: impl Into<String>) {
        self.changes.push(PodChange { stage, field: field.into() });
    }

    /// Sets a text and records the change, unless it has that value already.
    pub(super) fn set(
        &mut self,
        stage: Stage,
        field: &str,
        of: fn(&mut Pod) -> &mut String,
        value: &str,
    ) {
        let text = of(&mut self.pod);
        if text != value {
            value.clone_into(text);
            self.record(stage, field);
        }
    }

    /// Sets a label, or leaves its value to the cluster.
    pub(super) fn label(&mut self, stage: Stage, key: &str, value: Option<&str>) {
        let field = UndecidedField::Label(key.to_owned());
        match value {
            Some(value) => {
                self.undecided.remove(&field);
                let former = self.pod.metadata.labels.insert(key.to_owned(), value.to_owned());
                if former.as_deref() == Some(value) {
                    return;
                }
            }
            None => {
                self.pod.metadata.labels.remove(key);
                self.undecided.insert(field.clone());
            }
        }
        self.record(stage, format!("{field}"));
    }

    /// Sets an annotation, or leaves its value to the cluster.
    pub(super) fn annotation(&mut self, stage: Stage, key: &str, value: Option<&str>) {
        let field = UndecidedField::Annotation(key.to_owned());
        match value {
            Some(value) => {
                self.undecided.remove(&field);
                let former = self.pod.metadata.annotations.insert(key.to_owned(), value.to_owned());
                if former.as_deref() == Some(value) {
                    return;
                }
            }
            None => {
                self.pod.metadata.annotations.remove(key);
                self.undecided.insert(field.clone());
            }
        }
        self.record(stage, format!("{field}"));
    }

    /// Sets the host name, or leaves it to the cluster.
    pub(super) fn hostname(&mut self, stage: Stage, value: Option<&str>) {
        self.set(stage, "spec.hostname", |pod| &mut pod.spec.hostname, value.unwrap_or_default());
        if value.is_none() {
            self.undecided.insert(UndecidedField::Hostname);
        }
    }
}
