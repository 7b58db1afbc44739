//! Collection of the steps of an explanation, each of them once.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Origin, ResolvedReference, Step};
use crate::api::{ConfigMapKeySelector, EnvFromSource, SecretKeySelector};
use crate::container::Composition;
use crate::environment::{Declared, Entry, ReportedValue, Resolved, Source};
use crate::objects::ObjectRef;
use crate::pod::Stage;
use crate::services::{Position, ServiceVariable};

pub(super) struct Steps<'c, 'a> {
    composition: &'c Composition<'a>,
    stages: Stages<'c>,
    steps: Vec<Step>,
    /// The step of each declaration added so far.
    of_declared: BTreeMap<usize, usize>,
    /// The step of each service variable added so far.
    of_services: BTreeMap<Position, usize>,
}

impl<'c, 'a> Steps<'c, 'a> {
    pub(super) fn of(composition: &'c Composition<'a>) -> Self {
        Steps {
            composition,
            stages: Stages::of(composition),
            steps: Vec::new(),
            of_declared: BTreeMap::new(),
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
        let mut needed = BTreeMap::new();
        while let Some(index) = pending.pop() {
            let Some(declared) = all.get(index).filter(|_| !self.of_declared.contains_key(&index))
            else {
                continue;
            };
            if needed.insert(index, declared).is_none() {
                pending.extend(declared.references().iter().filter_map(|reference| {
                    match reference.resolved {
                        Resolved::Declared(index) => Some(index),
                        Resolved::Service(_)
                        | Resolved::Device(_)
                        | Resolved::Unknown
                        | Resolved::Unresolved => None,
                    }
                }));
            }
        }
        for (index, declared) in needed {
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
            self.of_declared.insert(index, step);
        }
        self.of_declared.get(&index).copied()
    }

    /// Returns the step that a reference resolves to.
    fn resolved(&mut self, resolved: Resolved<'a>) -> Option<usize> {
        match resolved {
            Resolved::Declared(index) => self.of_declared.get(&index).copied(),
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
    of_fields: BTreeMap<&'c str, Stage>,
    /// The path of each container in the Pod, such as `spec.containers[0]`. Empty if no field
    /// changed.
    paths: BTreeMap<&'c str, String>,
}

impl<'c> Stages<'c> {
    fn of(composition: &'c Composition<'_>) -> Self {
        let changes = composition.facts().pod_changes;
        let mut paths = BTreeMap::new();
        if !changes.is_empty() {
            let spec = &composition.pod().spec;
            let lists = [
                ("spec.containers", &spec.containers),
                ("spec.initContainers", &spec.init_containers),
                ("spec.ephemeralContainers", &spec.ephemeral_containers),
            ];
            for (list, containers) in lists {
                for (index, container) in containers.iter().enumerate() {
                    let path = || alloc::format!("{list}[{index}]");
                    paths.entry(&*container.name).or_insert_with(path);
                }
            }
        }
        Stages {
            container: &composition.container().name,
            of_fields: changes.iter().map(|change| (&*change.field, change.stage)).collect(),
            paths,
        }
    }

    /// Returns the stage that added an entry of the container.
    fn entry_added_by(&self, entry: Entry) -> Option<Stage> {
        let path = self.paths.get(self.container)?;
        self.of_fields.get(&*alloc::format!("{path}.{entry}")).copied()
    }

    /// Returns the stage that set the field of the Pod that this source refers to.
    fn field_set_by(&self, source: Source<'_>) -> Option<Stage> {
        let stage = match source {
            Source::Field(field) => self.of_fields.get(match field.field_path.as_str() {
                "spec.host" => "spec.nodeName",
                "status.podIP" => "status.podIPs",
                path => path,
            }),
            Source::Resource(field) => {
                let name = match field.container_name.as_str() {
                    "" => self.container,
                    name => name,
                };
                let path = self.paths.get(name)?;
                self.of_fields.get(&*alloc::format!("{path}.resources.{}", field.resource))
            }
            _ => None,
        };
        stage.copied()
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
