//! A cluster with one Pod, built from its documents.

use kubelet_env::api::{Pod, Service};
use kubelet_env::container::World;
use kubelet_env::inspect::{Diagnosis, Expectations, Finding, diagnose_container};
use kubelet_env::{Composition, Document, Facts, Objects, Release, compose};
use serde::Deserialize;

/// The ports and address of a Service that needs no particular ones.
pub(crate) const WEB: &str = "clusterIP: 10.0.0.1, ports: [{port: 80}]";

/// A set of objects with one Pod, whose container `app` is inspected.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) objects: Objects,
    pub(crate) release: Release,
    pub(crate) expectations: Expectations,
    pub(crate) started: Option<&'static str>,
    pub(crate) world: World,
}

impl Cluster {
    /// Creates a cluster in which the container `app` has these fields.
    pub(crate) fn with_container(fields: &str) -> Self {
        Cluster::with_pod_spec(&format!("containers: [{{name: app, {fields}}}]"))
    }

    /// Creates a cluster in which the Pod has this spec.
    pub(crate) fn with_pod_spec(spec: &str) -> Self {
        let cluster = Cluster {
            objects: Objects::default(),
            release: Release::NEWEST,
            expectations: Expectations::default(),
            started: None,
            world: World::Closed,
        };
        cluster.with_object("v1", "Pod", "web-0", &format!("spec: {{{spec}}}"))
    }

    /// Adds an object. Its name is `NAME`, in the namespace `default`, or `NAMESPACE/NAME`.
    pub(crate) fn with_object(
        mut self,
        api_version: &str,
        kind: &str,
        name: &str,
        fields: &str,
    ) -> Self {
        let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
        let text = format!(
            "{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: {name}, namespace: {namespace}}}, {fields}}}"
        );
        let document = Document::deserialize(yaml_serde::Deserializer::from_str(&text)).unwrap();
        self.objects.add(document).unwrap();
        self
    }

    /// Adds a Service with this spec.
    pub(crate) fn with_service(self, name: &str, spec: &str) -> Self {
        self.with_object("v1", "Service", name, &format!("spec: {{{spec}}}"))
    }

    /// Sets the creation time of a Service.
    pub(crate) fn with_creation_time(mut self, name: &str, time: &str) -> Self {
        let mut service = self.objects.services.delete(&Service::new("default", name)).unwrap();
        service.metadata.creation_timestamp = Some(time.parse().unwrap());
        self.objects.services.apply(service);
        self
    }

    /// Adds a ConfigMap with this data.
    pub(crate) fn with_config_map(self, name: &str, data: &str) -> Self {
        self.with_object("v1", "ConfigMap", name, &format!("data: {{{data}}}"))
    }

    /// Adds a Secret with this `stringData`.
    pub(crate) fn with_secret(self, name: &str, string_data: &str) -> Self {
        self.with_object("v1", "Secret", name, &format!("stringData: {{{string_data}}}"))
    }

    /// Sets the release of Kubernetes.
    pub(crate) fn in_release(self, release: &str) -> Self {
        Cluster { release: release.parse().unwrap(), ..self }
    }

    /// Starts the container at this time, with the objects that existed then.
    pub(crate) fn started_at(self, time: &'static str) -> Self {
        Cluster { started: Some(time), ..self }
    }

    /// Treats what is missing as unknown.
    pub(crate) fn in_open_world(self) -> Self {
        Cluster { world: World::Open, ..self }
    }

    /// Sets a variable of the image.
    pub(crate) fn with_image_env(mut self, entry: &str) -> Self {
        let image = self.expectations.image.get_or_insert_default();
        image.env.push(entry.to_owned());
        self
    }

    /// Sets the names and prefixes that the application reads.
    pub(crate) fn expecting(mut self, names: &[&str], prefixes: &[&str]) -> Self {
        self.expectations.names = names.iter().map(|&name| name.to_owned()).collect();
        self.expectations.prefixes = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
        self
    }

    /// Returns the Pod with the defaults of the API server.
    pub(crate) fn pod(&self) -> Pod {
        self.objects.pods.iter().next().unwrap().clone().with_defaults()
    }

    /// Passes the Pod and the facts to `inspect`.
    fn with_facts<T>(&self, inspect: impl FnOnce(&Pod, &Facts<'_>) -> T) -> T {
        let objects = match self.started {
            Some(time) => self.objects.clone().as_of(time.parse().unwrap()),
            None => self.objects.clone(),
        };
        let facts = Facts { release: self.release, world: self.world, ..Facts::of(&objects) };
        inspect(&self.pod(), &facts)
    }

    /// Composes the container and passes the result to `inspect`.
    pub(crate) fn compose<T>(&self, inspect: impl FnOnce(Composition<'_>) -> T) -> T {
        self.with_facts(|pod, facts| inspect(compose(pod, "app", facts).unwrap()))
    }

    /// Returns the diagnosis of the container.
    pub(crate) fn diagnosis(&self) -> Diagnosis {
        self.with_facts(|pod, facts| diagnose_container(pod, "app", facts, &self.expectations))
    }

    /// Returns the findings of the container, refusals included.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.diagnosis().findings
    }
}
