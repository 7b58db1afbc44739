//! A cluster with one Pod, written as its documents, for the tests of what is told about a container.

use kubelet_env::api::Pod;
use kubelet_env::inspect::{Expectations, Finding};
use kubelet_env::{Composition, Document, Facts, Objects, Release, compose};
use serde::Deserialize;

/// The objects, and the Pod among them whose container `app` is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) objects: Objects,
    pub(crate) release: Release,
    pub(crate) expectations: Expectations,
    pub(crate) started: Option<&'static str>,
}

impl Cluster {
    /// One in which the container has these fields.
    pub(crate) fn with(container: &str) -> Self {
        Cluster::of_pod(&format!("containers: [{{name: app, {container}}}]"))
    }

    /// One in which the Pod has this spec.
    pub(crate) fn of_pod(spec: &str) -> Self {
        let cluster = Cluster {
            objects: Objects::default(),
            release: Release::NEWEST,
            expectations: Expectations::default(),
            started: None,
        };
        cluster.and("v1", "Pod", "web-0", &format!("spec: {{{spec}}}"))
    }

    /// Adds an object, in the namespace `default` unless it says another.
    pub(crate) fn and(mut self, api_version: &str, kind: &str, name: &str, rest: &str) -> Self {
        let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
        let text = format!(
            "{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: {name}, namespace: {namespace}}}, {rest}}}"
        );
        let document = Document::deserialize(yaml_serde::Deserializer::from_str(&text)).unwrap();
        self.objects.add(document).unwrap();
        self
    }

    /// Adds a Service with these fields in its spec.
    pub(crate) fn service(self, name: &str, spec: &str) -> Self {
        self.and("v1", "Service", name, &format!("spec: {{{spec}}}"))
    }

    /// Says since when a Service is there.
    pub(crate) fn created(mut self, name: &str, time: &str) -> Self {
        let mut service = self.objects.services.delete("default", name).unwrap();
        service.metadata.creation_timestamp = Some(time.parse().unwrap());
        self.objects.services.apply(service);
        self
    }

    /// Adds a ConfigMap with this data.
    pub(crate) fn config_map(self, name: &str, data: &str) -> Self {
        self.and("v1", "ConfigMap", name, &format!("data: {{{data}}}"))
    }

    /// Adds a Secret with these texts.
    pub(crate) fn secret(self, name: &str, data: &str) -> Self {
        self.and("v1", "Secret", name, &format!("stringData: {{{data}}}"))
    }

    /// Composes in another release.
    pub(crate) fn in_release(self, release: &str) -> Self {
        Cluster { release: release.parse().unwrap(), ..self }
    }

    /// Composes with the objects of that moment.
    pub(crate) fn started_at(self, moment: &'static str) -> Self {
        Cluster { started: Some(moment), ..self }
    }

    /// An application that reads these names.
    pub(crate) fn expecting(mut self, names: &[&str], prefixes: &[&str]) -> Self {
        self.expectations.names = names.iter().map(|&name| name.to_owned()).collect();
        self.expectations.prefixes = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
        self
    }

    pub(crate) fn pod(&self) -> Pod {
        self.objects.pods.iter().next().unwrap().clone().with_defaults()
    }

    /// Gives `look` the composition.
    pub(crate) fn composed<T>(&self, look: impl FnOnce(Composition<'_>) -> T) -> T {
        let pod = self.pod();
        let then = match self.started {
            Some(moment) => self.objects.clone().as_of(moment.parse().unwrap()),
            None => self.objects.clone(),
        };
        let facts = Facts { release: self.release, ..Facts::of(&then) };
        look(compose(&pod, "app", &facts).unwrap())
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.composed(|composition| composition.diagnose(&self.expectations))
    }
}
