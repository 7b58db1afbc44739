//! Where a variable comes from, or why it is not there: what the kubelet's `makeEnvironmentVariables`
//! did, told step by step.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::api::{
    ConfigMapKeySelector, EnvFromSource, PortNumber, Protocol, SecretKeySelector, Service,
    Timestamp,
};
use crate::container::{Composition, SkipReason};
use crate::environment::Environment;
use crate::environment::ReportedValue;
use crate::environment::{Declared, Entry, Reference, Resolved, Source};
use crate::names::mangle;
use crate::objects::{ObjectRef, Store};
use crate::pod::Stage;
use crate::services::generate;
use crate::services::{Position, ServiceVariable, ServiceVariableKind, Suffix};
use crate::text::{OneLine, write_line};

/// Where a variable comes from, or why it is not there: what [`Composition::explain`] gives.
///
/// With the feature `serde` it is written and read as its fields stand here, in camelCase, and
/// without a Secret's value. `Display` is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct Explanation {
    /// The variable.
    pub name: String,
    /// The step whose value stands, if the variable is there.
    pub effective: Option<usize>,
    /// The steps whose value it overrides, in kubelet order.
    pub overrides: Vec<usize>,
    /// Why it is not there, or is not set by something that names it.
    pub absences: Vec<Absence>,
    /// Everything that plays a part, each once: what sets the variable, and what the references in
    /// these resolve to.
    pub steps: Vec<Step>,
}

/// One setting of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct Step {
    /// The variable that is set.
    pub name: String,
    /// The value.
    pub value: ReportedValue,
    /// Where the value comes from.
    pub origin: Origin,
    /// The stage between the manifest and the kubelet that added the entry, if the manifest lacks
    /// it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub entry_added_by: Option<Stage>,
    /// The stage between the manifest and the kubelet that set the field of the Pod that the entry
    /// refers to, if the manifest lacks its value.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub field_set_by: Option<Stage>,
    /// What the references in it resolved to, in their order.
    pub references: Vec<ResolvedReference>,
}

/// A reference, and what it resolved to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct ResolvedReference {
    /// The name that is referred to.
    pub name: String,
    /// The step whose value was put in; none if the reference stayed as it is.
    pub step: Option<usize>,
}

/// Where the value of a variable comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase", rename_all_fields = "camelCase")
)]
#[non_exhaustive]
pub enum Origin {
    /// It was laid [under](crate::Environment::with_base) what the kubelet gives.
    Base,
    /// A device plugin.
    Device,
    /// The text of an entry of `env`.
    Text {
        /// The entry.
        entry: String,
        /// The text, before references were expanded.
        text: String,
    },
    /// A key of a ConfigMap or Secret.
    Key {
        /// The entry that refers to it.
        entry: String,
        /// The ConfigMap or Secret.
        object: ObjectRef,
        /// The key.
        key: String,
    },
    /// A field of the Pod.
    Field {
        /// The entry that refers to it.
        entry: String,
        /// The path of the field.
        path: String,
    },
    /// A limit or request of a container.
    Resource {
        /// The entry that refers to it.
        entry: String,
        /// The container that is named; empty for the one whose environment this is.
        container: String,
        /// The resource: `limits.memory`.
        resource: String,
    },
    /// A key of an env file.
    File {
        /// The entry that refers to it.
        entry: String,
        /// The volume.
        volume: String,
        /// The path in the volume.
        path: String,
        /// The key.
        key: String,
    },
    /// An `envFrom` source that is not among the objects and may set the variable.
    Open {
        /// The entry that refers to it.
        entry: String,
        /// The ConfigMap or Secret.
        object: ObjectRef,
    },
    /// An entry of `env` that has neither a value nor a source: the empty value.
    Nothing {
        /// The entry.
        entry: String,
    },
    /// A Service.
    Service {
        /// The Service.
        object: ObjectRef,
        /// The number of the port that it tells of.
        port: PortNumber,
        /// The protocol of that port.
        protocol: Protocol,
        /// The name of that port; empty if it has none.
        port_name: String,
        /// Which of the eight kinds it is.
        kind: ServiceVariableKind,
    },
}

/// Why a variable is not there, or why something that names it does not set it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase", rename_all_fields = "camelCase")
)]
#[non_exhaustive]
pub enum Absence {
    /// An entry names it and was passed over.
    Skipped {
        /// The entry.
        entry: String,
        /// Why.
        reason: String,
    },
    /// A Service of that name has no address that the kubelet would use: it is headless, or waits
    /// for an address.
    NoClusterIp {
        /// The Service.
        service: ObjectRef,
        /// What its `clusterIP` is: `None`, or empty.
        cluster_ip: String,
    },
    /// A Service of that name is of type `ExternalName`, which has no address.
    ExternalName {
        /// The Service.
        service: ObjectRef,
    },
    /// The Service was created later than the container.
    CreatedLater {
        /// The Service.
        service: ObjectRef,
        /// When it was created, if it says so.
        created: Option<Timestamp>,
    },
    /// The Service was there when the container started, but was changed since.
    ChangedLater {
        /// The Service.
        service: ObjectRef,
    },
    /// The Service is of another namespace than the Pod.
    OtherNamespace {
        /// The Service.
        service: ObjectRef,
    },
    /// The Pod has `enableServiceLinks: false`.
    LinksDisabled {
        /// The Service.
        service: ObjectRef,
    },
    /// The Service is seen, but has no port that such a variable would tell of.
    NoSuchPort {
        /// The Service.
        service: ObjectRef,
    },
    /// Nothing names it: no entry, and no Service.
    Unknown,
}

impl<'a> Composition<'a> {
    /// Where a variable comes from, what it hides, and what flows into it; or why it is not there.
    ///
    /// `now` are the Services that there are now, of all namespaces. They may be more than the
    /// container saw when it started, and tell what a variable is missing for.
    ///
    /// ```
    /// use kubelet_env::api::{Container, Pod, Service};
    /// use kubelet_env::{Facts, Objects, compose};
    /// use kubelet_env::inspect::Absence;
    ///
    /// let mut objects = Objects::default();
    /// objects.services.apply(Service::new("", "db").with_cluster_ip("None"));
    /// let app = Container::new("app");
    /// let pod = Pod::default().with_container(app).with_defaults();
    ///
    /// let composition = compose(&pod, "app", &Facts::of(&objects))?;
    /// let explanation = composition.explain("DB_SERVICE_HOST", &objects.services);
    /// assert_eq!(explanation.effective, None);
    /// assert!(matches!(&explanation.absences[..], [Absence::NoClusterIp { cluster_ip, .. }] if cluster_ip == "None"));
    /// # Ok::<(), kubelet_env::ComposeError>(())
    /// ```
    #[must_use]
    pub fn explain(&self, name: &str, now: &Store<Service>) -> Explanation {
        let mut steps = Steps {
            composition: self,
            steps: Vec::new(),
            of_declared: BTreeMap::new(),
            of_services: BTreeMap::new(),
        };
        let environment = self.environment();
        let mut settings: Vec<usize> = Vec::new();
        if let Some(value) = environment.base(name) {
            settings.push(steps.push(Step {
                name: name.to_owned(),
                value: ReportedValue::of(&value),
                origin: Origin::Base,
                entry_added_by: None,
                field_set_by: None,
                references: Vec::new(),
            }));
        }
        if let Some(value) = environment.device(name) {
            settings.push(steps.push(Step {
                name: name.to_owned(),
                value: ReportedValue::of(&value),
                origin: Origin::Device,
                entry_added_by: None,
                field_set_by: None,
                references: Vec::new(),
            }));
        }
        settings.extend(
            environment
                .service_variables_named(name)
                .into_iter()
                .map(|variable| steps.service(variable)),
        );
        let declared = environment
            .declared()
            .iter()
            .enumerate()
            .filter(|(_, declared)| declared.name() == name);
        settings.extend(declared.map(|(place, _)| steps.declared(place)));
        let effective = settings.pop();

        let mut absences: Vec<Absence> = self.skips_of(name, effective.is_some()).collect();
        if effective.is_none() {
            let (seen_now, seen_then) =
                (self.seen_among(now), self.seen_among(self.facts().services));
            let absence = |service| self.absence_of(name, service, &seen_now, &seen_then);
            absences.extend(now.iter().filter_map(absence));
            if absences.is_empty() {
                absences.push(Absence::Unknown);
            }
        }
        Explanation {
            name: name.to_owned(),
            effective,
            overrides: settings,
            absences,
            steps: steps.steps,
        }
    }

    /// A source that is missing as a whole could have set any name that has its prefix, which
    /// matters only if nothing else sets it.
    fn skips_of(&self, name: &str, is_there: bool) -> impl Iterator<Item = Absence> {
        let named =
            self.skipped().iter().filter(move |skipped| match (&skipped.variable, skipped.entry) {
                (Some(variable), _) => variable == name,
                (None, Entry::EnvFrom(index)) => {
                    let source = self.container().env_from.get(index);
                    let could_set = source
                        .and_then(|source| name.strip_prefix(&*source.prefix))
                        .is_some_and(|key| !key.is_empty());
                    !is_there && could_set && matches!(skipped.reason, SkipReason::ObjectMissing(_))
                }
                // Only a source has more than one name to skip.
                (None, _) => false,
            });
        named.map(|skipped| Absence::Skipped {
            entry: alloc::format!("{}", skipped.entry),
            reason: alloc::format!("{}", skipped.reason),
        })
    }

    /// What the container sees of these, by name.
    fn seen_among<'s>(&self, services: &'s Store<Service>) -> Vec<&'s Service> {
        services.select(&self.pod().metadata.namespace, self.service_links())
    }

    /// Why this Service does not make the variable that its name suggests.
    fn absence_of(
        &self,
        name: &str,
        service: &Service,
        seen_now: &[&Service],
        seen_then: &[&Service],
    ) -> Option<Absence> {
        name.strip_prefix(&*mangle(&service.metadata.name)).and_then(Suffix::read)?;
        let object = ObjectRef::of(service);
        let is_seen_among = |seen: &[&Service]| {
            let place =
                seen.binary_search_by(|seen| seen.metadata.name.cmp(&service.metadata.name));
            place.is_ok_and(|place| {
                seen.get(place).is_some_and(|seen| seen.metadata == service.metadata)
            })
        };
        let makes_it = || {
            generate(&[service])
                .is_ok_and(|generated| Environment::from(generated).get(name).is_some())
        };
        Some(if !service.has_cluster_ip() && service.is_external_name() {
            Absence::ExternalName { service: object }
        } else if !service.has_cluster_ip() {
            Absence::NoClusterIp { service: object, cluster_ip: service.spec.cluster_ip.clone() }
        } else if is_seen_among(seen_now) {
            // `default/kubernetes` is seen from everywhere.
            if !makes_it() {
                Absence::NoSuchPort { service: object }
            } else if is_seen_among(seen_then) {
                Absence::ChangedLater { service: object }
            } else {
                Absence::CreatedLater {
                    service: object,
                    created: service.metadata.creation_timestamp,
                }
            }
        } else if service.metadata.namespace != self.pod().metadata.namespace {
            Absence::OtherNamespace { service: object }
        } else {
            Absence::LinksDisabled { service: object }
        })
    }
}

impl Composition<'_> {
    /// Returns the last stage that changed a field of the Pod.
    fn last_stage(&self, field: &str) -> Option<Stage> {
        let changes = self.facts().pod_changes.iter().rev();
        changes.into_iter().find(|change| change.field == field).map(|change| change.stage)
    }

    /// Returns the path of a container in the Pod, such as `spec.containers[0]`.
    fn container_path(&self, name: &str) -> Option<String> {
        let spec = &self.pod().spec;
        let lists = [
            ("spec.containers", &spec.containers),
            ("spec.initContainers", &spec.init_containers),
            ("spec.ephemeralContainers", &spec.ephemeral_containers),
        ];
        lists.into_iter().find_map(|(list, containers)| {
            let index = containers.iter().position(|container| container.name == name)?;
            Some(alloc::format!("{list}[{index}]"))
        })
    }

    fn entry_added_by(&self, entry: Entry) -> Option<Stage> {
        if self.facts().pod_changes.is_empty() {
            return None;
        }
        let container = self.container_path(&self.container().name)?;
        self.last_stage(&alloc::format!("{container}.{entry}"))
    }

    fn field_set_by(&self, source: Source<'_>) -> Option<Stage> {
        if self.facts().pod_changes.is_empty() {
            return None;
        }
        match source {
            Source::Field(field) => self.last_stage(match field.field_path.as_str() {
                "spec.host" => "spec.nodeName",
                "status.podIP" => "status.podIPs",
                path => path,
            }),
            Source::Resource(field) => {
                let name = match field.container_name.as_str() {
                    "" => &self.container().name,
                    name => name,
                };
                let container = self.container_path(name)?;
                self.last_stage(&alloc::format!("{container}.resources.{}", field.resource))
            }
            _ => None,
        }
    }
}

/// Collects steps, each of them once: an entry may be referred to from many places.
struct Steps<'c, 'a> {
    composition: &'c Composition<'a>,
    steps: Vec<Step>,
    of_declared: BTreeMap<usize, usize>,
    of_services: BTreeMap<Position, usize>,
}

impl<'a> Steps<'_, 'a> {
    fn push(&mut self, step: Step) -> usize {
        self.steps.push(step);
        self.steps.len().saturating_sub(1)
    }

    fn service(&mut self, variable: ServiceVariable<'a>) -> usize {
        if let Some(&step) = self.of_services.get(&variable.position()) {
            return step;
        }
        let step = self.push(Step {
            name: variable.name(),
            value: ReportedValue::Text(variable.value()),
            origin: Origin::of_service(variable),
            entry_added_by: None,
            field_set_by: None,
            references: Vec::new(),
        });
        self.of_services.insert(variable.position(), step);
        step
    }

    /// The step of a declaration, after those of all that it refers to. References lead only to
    /// earlier declarations, so that these can be gone through in order, without recursion.
    fn declared(&mut self, place: usize) -> usize {
        let all = self.composition.environment().declared();
        let mut needed = Vec::from([place]);
        let mut wanted = BTreeMap::new();
        while let Some(place) = needed.pop() {
            let Some(declared) = all.get(place).filter(|_| !self.of_declared.contains_key(&place))
            else {
                continue;
            };
            if wanted.insert(place, declared).is_none() {
                needed.extend(declared.references().iter().filter_map(|reference| {
                    match reference.resolved {
                        Resolved::Declared(place) => Some(place),
                        Resolved::Service(_)
                        | Resolved::Device(_)
                        | Resolved::Unknown
                        | Resolved::Unresolved => None,
                    }
                }));
            }
        }
        for (place, declared) in wanted {
            let references =
                declared.references().iter().map(|reference| self.reference(reference)).collect();
            let step = self.push(Step {
                name: declared.name().to_owned(),
                value: ReportedValue::of(declared.value()),
                origin: Origin::of_declared(declared, &self.composition.pod().metadata.namespace),
                entry_added_by: self.composition.entry_added_by(declared.entry()),
                field_set_by: self.composition.field_set_by(declared.source()),
                references,
            });
            self.of_declared.insert(place, step);
        }
        self.of_declared.get(&place).copied().unwrap_or_default()
    }

    fn reference(&mut self, reference: &Reference<'a>) -> ResolvedReference {
        let step = match reference.resolved {
            Resolved::Declared(place) => self.of_declared.get(&place).copied(),
            Resolved::Service(variable) => Some(self.service(variable)),
            // No entry of `env` sees the variables of device plugins.
            Resolved::Device(_) | Resolved::Unknown | Resolved::Unresolved => None,
        };
        ResolvedReference { name: reference.name.to_owned(), step }
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
        let entry = alloc::format!("{}", declared.entry());
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
                Origin::Open { entry, object: config_map.or_else(secret).unwrap_or_default() }
            }
            Source::Nothing => Origin::Nothing { entry },
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut OneLine(f);
        match self {
            Origin::Base => f.write_str("what lies under the kubelet's variables"),
            Origin::Device => f.write_str("a device plugin"),
            Origin::Text { entry, text } if text.contains('$') => {
                write!(f, "{entry}, value {text}")
            }
            Origin::Text { entry, .. } => write!(f, "{entry}, value"),
            Origin::Key { entry, object, key } => write!(f, "{entry}, key {key} of {object}"),
            Origin::Field { entry, path } => write!(f, "{entry}, field {path} of the Pod"),
            Origin::Resource { entry, container, resource } if container.is_empty() => {
                write!(f, "{entry}, {resource}")
            }
            Origin::Resource { entry, container, resource } => {
                write!(f, "{entry}, {resource} of container {container}")
            }
            Origin::File { entry, volume, path, key } => {
                write!(f, "{entry}, key {key} of {path} in volume {volume}")
            }
            Origin::Open { entry, object } => write!(f, "{entry}, which may set it from {object}"),
            Origin::Nothing { entry } => write!(f, "{entry}, without a value"),
            Origin::Service { object, port, protocol, port_name, .. } => {
                write!(f, "{object}, port {port}/{protocol}")?;
                if port_name.is_empty() { Ok(()) } else { write!(f, " ({port_name})") }
            }
        }
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Absence::Skipped { entry, reason } => write!(f, "{entry} was passed over: {reason}"),
            Absence::NoClusterIp { service, cluster_ip } if cluster_ip == "None" => {
                write!(f, "{service} is headless (clusterIP: None): it makes no variables")
            }
            Absence::NoClusterIp { service, .. } => {
                write!(f, "{service} has no clusterIP: it makes no variables")
            }
            Absence::ExternalName { service } => {
                write!(
                    f,
                    "{service} is of type ExternalName, which has no address: it makes no variables"
                )
            }
            Absence::CreatedLater { service, created: Some(created) } => {
                write!(
                    f,
                    "{service} was created at {created}, after the container had started: restart the container"
                )
            }
            Absence::CreatedLater { service, created: None } => {
                write!(
                    f,
                    "{service} was created after the container had started: restart the container"
                )
            }
            Absence::ChangedLater { service } => {
                write!(
                    f,
                    "{service} was changed after the container had started: restart the container"
                )
            }
            Absence::OtherNamespace { service } => {
                write!(
                    f,
                    "{service} is of another namespace: only Services of the Pod's own make variables"
                )
            }
            Absence::LinksDisabled { service } => {
                write!(f, "{service} is not seen, because the Pod has enableServiceLinks: false")
            }
            Absence::NoSuchPort { service } => {
                write!(f, "{service} has no port that such a variable would tell of")
            }
            Absence::Unknown => f.write_str("no entry sets it, and no Service makes it"),
        }
    }
}

/// Writes the origin of a step, and the stages that added to it.
struct StepSource<'s>(&'s Step);

impl fmt::Display for StepSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StepSource(step) = self;
        write!(f, "{}", step.origin)?;
        if let Some(stage) = step.entry_added_by {
            write!(f, ", added by {stage}")?;
        }
        match step.field_set_by {
            Some(stage) => write!(f, ", set by {stage}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.effective {
            None => write_line(f, format_args!("{} is not there", self.name))?,
            Some(stands) => self.write_step(stands, "", "  ", f)?,
        }
        for &overridden in self.overrides.iter().rev() {
            self.write_step(overridden, "  overrides ", "    ", f)?;
        }
        for absence in &self.absences {
            write_line(f, format_args!("  {absence}"))?;
        }
        Ok(())
    }
}

impl Explanation {
    fn write_step(
        &self,
        step: usize,
        lead: &str,
        indent: &str,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let Some(first) = self.steps.get(step) else { return Ok(()) };
        write_line(f, format_args!("{lead}{}={}", first.name, first.value))?;
        write_line(f, format_args!("{indent}from {}", StepSource(first)))?;
        // Each step is shown once, however many references lead to it.
        let (mut shown, mut is_shown) = (Vec::from([step]), BTreeSet::from([step]));
        let mut next = 0;
        while let Some(Step { references, .. }) =
            shown.get(next).and_then(|&step| self.steps.get(step))
        {
            for ResolvedReference { name, step } in references {
                match step.and_then(|step| Some((step, self.steps.get(step)?))) {
                    None => {
                        let what = "stays as it is: there is no such variable before it";
                        write_line(f, format_args!("{indent}$({name}) {what}"))?;
                    }
                    Some((step, resolved)) => {
                        if is_shown.insert(step) {
                            let (value, source) = (&resolved.value, StepSource(resolved));
                            write_line(
                                f,
                                format_args!("{indent}$({name}) is {value}, from {source}"),
                            )?;
                            shown.push(step);
                        }
                    }
                }
            }
            next = next.saturating_add(1);
        }
        Ok(())
    }
}
