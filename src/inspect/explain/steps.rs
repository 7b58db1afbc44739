//! Collection of the steps of an explanation, each of them once.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::{Origin, ResolvedReference, Step};
use crate::api::{ConfigMapKeySelector, EnvFromSource, SecretKeySelector};
use crate::container::Composition;
use crate::environment::{Declared, Entry, ReportedValue, Resolved, Source};
use crate::names::Positions;
use crate::objects::ObjectRef;
use crate::pod::{PodChange, Stage};
use crate::services::{Position, ServiceVariable};

pub(super) struct Steps<'c, 'a> {
    composition: &'c Composition<'a>,
    stages: Stages<'c>,
    steps: Vec<Step>,
    /// The step of each declaration, if it was added.
    of_declared: Vec<Option<usize>>,
    /// For each declaration, false once it is needed.
    is_new: Vec<bool>,
    /// The step of each service variable added so far.
    of_services: BTreeMap<Position, usize>,
}

impl<'c, 'a> Steps<'c, 'a> {
    pub(super) fn of(composition: &'c Composition<'a>) -> Self {
        let count = composition.environment().declared().len();
        Steps {
            composition,
            stages: Stages::of(composition),
            steps: Vec::new(),
            of_declared: alloc::vec![None; count],
            is_new: alloc::vec![true; count],
            of_services: BTreeMap::new(),
        }
    }

    pub(super) fn finish(self) -> Vec<Step> {
        self.steps
    }

    /// Adds a step without references and returns its index.
    pub(super) fn add(&mut self, name: &str, value: ReportedValue, origin: Origin) -> usize {
        let step = Step {
            name: name.to_owned(),
            value,
            origin,
            entry_added_by: None,
            field_set_by: None,
            references: Vec::new(),
        };
        self.push(step)
    }

    fn push(&mut self, step: Step) -> usize {
        let index = self.steps.len();
        self.steps.push(step);
        index
    }

    /// Adds the step of a service variable and returns its index.
    pub(super) fn add_service(&mut self, variable: ServiceVariable<'a>) -> usize {
        if let Some(&step) = self.of_services.get(&variable.position()) {
            return step;
        }
        let value = ReportedValue::Text(variable.value());
        let step = self.add(&variable.name(), value, Origin::of_service(variable));
        self.of_services.insert(variable.position(), step);
        step
    }

    /// Adds the step of a declaration after those that it refers to, and returns its index. `None`
    /// if there is no such declaration.
    ///
    /// References lead only to earlier declarations, so no recursion is needed.
    pub(super) fn add_declared(&mut self, index: usize) -> Option<usize> {
        let all = self.composition.environment().declared();
        let mut pending = Vec::from([index]);
        let mut needed = Vec::new();
        while let Some(index) = pending.pop() {
            let (Some(declared), Some(is_new)) = (all.get(index), self.is_new.get_mut(index))
            else {
                continue;
            };
            if !core::mem::take(is_new) {
                continue;
            }
            needed.push(index);
            for reference in declared.references() {
                if let Resolved::Declared(index) = reference.resolved {
                    pending.push(index);
                }
            }
        }
        needed.sort_unstable();
        for index in needed {
            let Some(declared) = all.get(index) else { continue };
            let references = declared.references().iter();
            let references = references
                .map(|reference| ResolvedReference {
                    name: reference.name.to_owned(),
                    step: self.resolved(reference.resolved),
                    is_unknown: reference.resolved == Resolved::Unknown,
                })
                .collect();
            let step = self.push(Step {
                name: declared.name().to_owned(),
                value: ReportedValue::of(declared.value()),
                origin: Origin::of_declared(declared, &self.composition.pod().metadata.namespace),
                entry_added_by: self.stages.entry_added_by(declared.entry()),
                field_set_by: self.stages.field_set_by(declared.source()),
                references,
            });
            if let Some(of_declared) = self.of_declared.get_mut(index) {
                *of_declared = Some(step);
            }
        }
        self.of_declared.get(index).copied().flatten()
    }

    /// Returns the step that a reference resolves to.
    fn resolved(&mut self, resolved: Resolved<'a>) -> Option<usize> {
        match resolved {
            Resolved::Declared(index) => self.of_declared.get(index).copied().flatten(),
            Resolved::Service(variable) => Some(self.add_service(variable)),
            // No entry of `env` sees the variables of device plugins.
            Resolved::Device(_) | Resolved::Unknown | Resolved::Unresolved => None,
        }
    }
}

/// The last stage that changed each field of the Pod.
struct Stages<'c> {
    /// The container of the environment.
    container: &'c str,
    changes: &'c [PodChange],
    by_field: Positions<&'c str>,
    /// The list and the index of each container in the Pod. Empty if no field changed.
    containers: Vec<(&'static str, usize)>,
    by_name: Positions<&'c str>,
}

impl<'c> Stages<'c> {
    fn of(composition: &'c Composition<'_>) -> Self {
        let changes = composition.facts().pod_changes;
        let (mut containers, mut names) = (Vec::new(), Vec::new());
        if !changes.is_empty() {
            let spec = &composition.pod().spec;
            let lists = [
                ("spec.containers", &spec.containers),
                ("spec.initContainers", &spec.init_containers),
                ("spec.ephemeralContainers", &spec.ephemeral_containers),
            ];
            for (list, of_list) in lists {
                for (index, container) in of_list.iter().enumerate() {
                    containers.push((list, index));
                    names.push(container.name.as_str());
                }
            }
        }
        Stages {
            container: &composition.container().name,
            changes,
            by_field: Positions::of(changes.iter().map(|change| change.field.as_str())),
            containers,
            by_name: Positions::of(names.into_iter()),
        }
    }

    fn of_field(&self, field: &str) -> Option<Stage> {
        let change = self.changes.get(self.by_field.last(field)?)?;
        Some(change.stage)
    }

    /// Returns the stage that set a field of the container.
    fn of_container(&self, name: &str, field: &dyn fmt::Display) -> Option<Stage> {
        let (list, index) = self.containers.get(self.by_name.first(name)?)?;
        self.of_field(&alloc::format!("{list}[{index}].{field}"))
    }

    /// Returns the stage that added an entry of the container.
    fn entry_added_by(&self, entry: Entry) -> Option<Stage> {
        self.of_container(self.container, &entry)
    }

    /// Returns the stage that set the field of the Pod that this source refers to.
    fn field_set_by(&self, source: Source<'_>) -> Option<Stage> {
        match source {
            Source::Field(field) => self.of_field(match field.field_path.as_str() {
                "spec.host" => "spec.nodeName",
                "status.podIP" => "status.podIPs",
                path => path,
            }),
            Source::Resource(field) => {
                let name = match field.container_name.as_str() {
                    "" => self.container,
                    name => name,
                };
                self.of_container(name, &format_args!("resources.{}", field.resource))
            }
            _ => None,
        }
    }
}

impl Origin {
    fn of_service(variable: ServiceVariable<'_>) -> Self {
        let port = variable.port();
        Origin::Service {
            object: ObjectRef::of(variable.service()),
            port: port.port,
            protocol: port.effective_protocol(),
            port_name: port.name.clone(),
            kind: variable.kind(),
        }
    }

    fn of_declared(declared: &Declared<'_>, namespace: &str) -> Self {
        let object = |kind: &str, name: &str| ObjectRef {
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
        };
        let entry = declared.entry();
        match declared.source() {
            Source::Text(text) => Origin::Text { entry, text: text.to_owned() },
            Source::ConfigMap(object, key) => {
                Origin::Key { entry, object: ObjectRef::of(object), key: key.to_owned() }
            }
            Source::Secret(object, key) => {
                Origin::Key { entry, object: ObjectRef::of(object), key: key.to_owned() }
            }
            Source::Field(field) => Origin::Field { entry, path: field.field_path.clone() },
            Source::Resource(field) => Origin::Resource {
                entry,
                container: field.container_name.clone(),
                resource: field.resource.clone(),
            },
            Source::File(file) => Origin::File {
                entry,
                volume: file.volume_name.clone(),
                path: file.path.clone(),
                key: file.key.clone(),
            },
            Source::UnknownConfigMap(ConfigMapKeySelector { name, key, .. }) => {
                Origin::Key { entry, object: object("ConfigMap", name), key: key.clone() }
            }
            Source::UnknownSecret(SecretKeySelector { name, key, .. }) => {
                Origin::Key { entry, object: object("Secret", name), key: key.clone() }
            }
            Source::Open(EnvFromSource { config_map_ref, secret_ref, .. }) => {
                let config_map = config_map_ref.as_ref().map(|it| object("ConfigMap", &it.name));
                let secret = || secret_ref.as_ref().map(|it| object("Secret", &it.name));
                match config_map.or_else(secret) {
                    Some(object) => Origin::Open { entry, object },
                    // A source without a reference is not open.
                    None => Origin::Nothing { entry },
                }
            }
            Source::Nothing => Origin::Nothing { entry },
        }
    }
}
