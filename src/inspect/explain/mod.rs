//! Explanations of variables: each step of the kubelet's `makeEnvironmentVariables`.

mod steps;
mod text;

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use self::steps::Steps;
use crate::api::{PortNumber, Protocol, Service, Timestamp};
use crate::container::{Composition, SkipReason};
use crate::environment::{Entry, Environment, ReportedValue};
use crate::names::mangle;
use crate::objects::{ObjectRef, Store};
use crate::pod::Stage;
use crate::services::{ServiceVariableKind, Suffix, generate};

/// The origin of a variable, or the reasons why it is not set: the result of
/// [`Composition::explain`].
///
/// `Display` is for people. With the feature `serde`, the JSON has these fields in camelCase.
/// Neither contains the value of a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct Explanation {
    /// The variable's name.
    pub name: String,
    /// The index of the step whose value is effective. `None` if the variable is not set.
    pub effective: Option<usize>,
    /// The indexes of the steps that the effective one overrides, in kubelet order.
    pub overrides: Vec<usize>,
    /// The reasons why the variable is not set, or why an entry that names it does not set it.
    pub absences: Vec<Absence>,
    /// All steps, each of them once: those that set the variable, and those that their references
    /// resolve to. A step comes after the steps that it refers to.
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
    /// The name of the variable that it sets.
    pub name: String,
    /// The value.
    pub value: ReportedValue,
    /// The source of the value.
    pub origin: Origin,
    /// The stage between the manifest and the kubelet that added the entry, if the manifest lacks
    /// it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub entry_added_by: Option<Stage>,
    /// The stage between the manifest and the kubelet that set the field of the Pod that the entry
    /// refers to, if the manifest lacks its value.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub field_set_by: Option<Stage>,
    /// The references in the value, in their order.
    pub references: Vec<ResolvedReference>,
}

/// A reference in a value, and the step that it resolves to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct ResolvedReference {
    /// The name in the reference.
    pub name: String,
    /// The index of the step whose value replaces the reference. `None` if no step has that name.
    pub step: Option<usize>,
    /// True if no step has that name, but an
    /// [open source](crate::Environment::open_sources) may set it. Without one, the reference stays
    /// as it is.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "core::ops::Not::not"))]
    pub is_unknown: bool,
}

/// The source of a variable's value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase", rename_all_fields = "camelCase")
)]
#[non_exhaustive]
pub enum Origin {
    /// The [base environment](crate::Environment::with_base).
    Base,
    /// A device plugin.
    Device,
    /// The text of an entry of `env`.
    Text {
        /// The entry.
        entry: Entry,
        /// The text before references are expanded.
        text: String,
    },
    /// A key of a ConfigMap or Secret.
    Key {
        /// The entry that refers to it.
        entry: Entry,
        /// The ConfigMap or Secret.
        object: ObjectRef,
        /// The key.
        key: String,
    },
    /// A field of the Pod.
    Field {
        /// The entry that refers to it.
        entry: Entry,
        /// The path of the field.
        path: String,
    },
    /// A limit or request of a container.
    Resource {
        /// The entry that refers to it.
        entry: Entry,
        /// The name of the container. Empty for the container of the environment.
        container: String,
        /// The resource, such as `limits.memory`.
        resource: String,
    },
    /// A key of an env file.
    File {
        /// The entry that refers to it.
        entry: Entry,
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
        entry: Entry,
        /// The ConfigMap or Secret.
        object: ObjectRef,
    },
    /// An entry of `env` that has neither a value nor a source: the empty value.
    Nothing {
        /// The entry.
        entry: Entry,
    },
    /// A Service.
    Service {
        /// The Service.
        object: ObjectRef,
        /// The number of the port.
        port: PortNumber,
        /// The protocol of the port.
        protocol: Protocol,
        /// The name of the port. Empty if it has none.
        port_name: String,
        /// The kind of the variable.
        kind: ServiceVariableKind,
    },
}

/// A reason why a variable is not set, or why an entry that names it does not set it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase", rename_all_fields = "camelCase")
)]
#[non_exhaustive]
pub enum Absence {
    /// The kubelet skips an entry that names the variable.
    Skipped {
        /// The entry.
        entry: Entry,
        /// The [`SkipReason`] in words.
        reason: String,
    },
    /// An `envFrom` source that is not among the objects may set the variable.
    Open {
        /// The entry that refers to it.
        entry: Entry,
        /// The ConfigMap or Secret.
        object: ObjectRef,
    },
    /// A Service of that name has no usable address: it is headless, or waits for an address.
    NoClusterIp {
        /// The Service.
        service: ObjectRef,
        /// Its `clusterIP`: `None` or empty.
        cluster_ip: String,
    },
    /// A Service of that name is of type `ExternalName`, which has no address.
    ExternalName {
        /// The Service.
        service: ObjectRef,
    },
    /// The Service was created after the container started.
    CreatedLater {
        /// The Service.
        service: ObjectRef,
        /// Its creation time, if known.
        created: Option<Timestamp>,
    },
    /// The Service existed when the container started, and was changed since.
    ChangedLater {
        /// The Service.
        service: ObjectRef,
    },
    /// The Service is in another namespace than the Pod.
    OtherNamespace {
        /// The Service.
        service: ObjectRef,
    },
    /// The Pod has `enableServiceLinks: false`.
    LinksDisabled {
        /// The Service.
        service: ObjectRef,
    },
    /// The container sees the Service, but no port of it has such a variable.
    NoSuchPort {
        /// The Service.
        service: ObjectRef,
    },
    /// No entry and no Service names the variable.
    Unknown,
}

impl<'a> Composition<'a> {
    /// Explains a variable: its origin, the values that it overrides and the values that it refers
    /// to, or the reasons why it is not set.
    ///
    /// `now` are the current Services of all namespaces. They may be more than the container saw
    /// when it started, and explain why a variable is missing.
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
        let mut steps = Steps::of(self);
        let environment = self.environment();
        let mut settings: Vec<usize> = Vec::new();
        let base = environment.base(name).map(|value| (value, Origin::Base));
        let device = environment.device(name).map(|value| (value, Origin::Device));
        for (value, origin) in base.into_iter().chain(device) {
            settings.push(steps.add(name, ReportedValue::of(&value), origin));
        }
        for variable in environment.service_variables_named(name) {
            settings.push(steps.add_service(variable));
        }
        for (index, declared) in environment.declared().iter().enumerate() {
            if declared.name() == name {
                settings.extend(steps.add_declared(index));
            }
        }
        let effective = settings.pop();

        let mut absences: Vec<Absence> = self.skips_of(name, effective.is_some()).collect();
        if effective.is_none() {
            let open = environment.open_sources_that_may_set(name);
            let open = open.into_iter().map(|source| (source.entry, source.object.clone()));
            absences.extend(open.map(|(entry, object)| Absence::Open { entry, object }));
            let (seen_now, seen_then) =
                (self.seen_among(now), self.seen_among(self.facts().services));
            let absence = |service| self.absence_of(name, service, &seen_now, &seen_then);
            absences.extend(now.iter().filter_map(absence));
            if absences.is_empty() {
                absences.push(Absence::Unknown);
            }
        }
        let (name, steps) = (name.to_owned(), steps.finish());
        Explanation { name, effective, overrides: settings, absences, steps }
    }

    /// Returns the skipped entries that name the variable.
    ///
    /// A missing source could have set any name with its prefix. It is included only if nothing
    /// sets the variable.
    fn skips_of(&self, name: &str, is_set: bool) -> impl Iterator<Item = Absence> {
        let named =
            self.skipped().iter().filter(move |skipped| match (&skipped.variable, skipped.entry) {
                (Some(variable), _) => variable == name,
                (None, Entry::EnvFrom(index)) => {
                    let source = self.container().env_from.get(index);
                    let could_set = source
                        .and_then(|source| name.strip_prefix(&*source.prefix))
                        .is_some_and(|key| !key.is_empty());
                    !is_set && could_set && matches!(skipped.reason, SkipReason::ObjectMissing(_))
                }
                // Only a source has more than one name to skip.
                (None, _) => false,
            });
        named.map(|skipped| Absence::Skipped {
            entry: skipped.entry,
            reason: alloc::format!("{}", skipped.reason),
        })
    }

    /// Returns the Services among these that the container sees, by name.
    fn seen_among<'s>(&self, services: &'s Store<Service>) -> Vec<&'s Service> {
        services.select(&self.pod().metadata.namespace, self.service_links())
    }

    /// Returns the reason why this Service does not produce the variable, if the name is one of
    /// its.
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
            let index =
                seen.binary_search_by(|seen| seen.metadata.name.cmp(&service.metadata.name));
            index.is_ok_and(|index| {
                seen.get(index).is_some_and(|seen| seen.metadata == service.metadata)
            })
        };
        let produces_it = || {
            generate(&[service])
                .is_ok_and(|generated| Environment::from(generated).get(name).is_some())
        };
        Some(if !service.has_cluster_ip() && service.is_external_name() {
            Absence::ExternalName { service: object }
        } else if !service.has_cluster_ip() {
            Absence::NoClusterIp { service: object, cluster_ip: service.spec.cluster_ip.clone() }
        } else if is_seen_among(seen_now) {
            // Every Pod sees `default/kubernetes`, so this comes before the namespace.
            if !produces_it() {
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
