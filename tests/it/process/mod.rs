//! From the kubelet to process 1: hostname, image, container runtime, runc.

use kubelet_env::api::Pod;
use kubelet_env::process::{
    EnvEntry, ImageConfig, Passwd, Process, ProcessError, ProcessFacts, Runtime, UnknownPart,
};
use kubelet_env::{Composition, Facts, Objects, compose};

use crate::support::documents::read_yaml;

mod hostname;
mod image;
mod properties;
mod runc;
mod runtime;

const CLUSTER: &str = "
apiVersion: v1
kind: Secret
metadata: {namespace: shop, name: login}
stringData: {PASSWORD: hunter2}
";

/// A container of a Pod, and the facts about its process. The defaults know everything.
struct Case {
    pod: Pod,
    objects: Objects,
    runtime: Runtime,
    image: Option<ImageConfig>,
    passwd: Option<Passwd>,
    node_hostname: Option<&'static str>,
}

impl Case {
    /// The container `app`, with these fields, of the Pod `web-0`, with these.
    fn new(container: &str, spec: &str) -> Self {
        let yaml = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{namespace: shop, name: web-0}}\n\
             spec: {{containers: [{{name: app, {container}}}], {spec}}}\n"
        );
        let pods = read_yaml(&yaml).pods;
        Case {
            pod: pods.in_namespace("shop").get("web-0").unwrap().clone().with_defaults(),
            objects: read_yaml(CLUSTER),
            runtime: Runtime::default(),
            image: Some(ImageConfig { cmd: vec!["/run".into()], ..ImageConfig::default() }),
            passwd: Some(Passwd::parse(
                "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:",
            )),
            node_hostname: Some("node"),
        }
    }

    fn with_image_env(mut self, env: &[&str]) -> Self {
        self.image.as_mut().unwrap().env = env.iter().map(ToString::to_string).collect();
        self
    }

    fn compose(&self) -> Composition<'_> {
        self.compose_with(&Facts::of(&self.objects))
    }

    fn compose_with<'a>(&'a self, facts: &Facts<'a>) -> Composition<'a> {
        compose(&self.pod, "app", facts).unwrap()
    }

    fn facts(&self) -> ProcessFacts<'_> {
        ProcessFacts {
            runtime: self.runtime.clone(),
            image: self.image.as_ref(),
            passwd: self.passwd.as_ref(),
            node_hostname: self.node_hostname,
            ..ProcessFacts::default()
        }
    }

    fn error(&self) -> ProcessError {
        Process::new(&self.compose(), &self.facts()).unwrap_err()
    }

    fn oci_env(&self) -> String {
        lines(Process::new(&self.compose(), &self.facts()).unwrap().oci_env())
    }

    fn environ(&self) -> String {
        lines(Process::new(&self.compose(), &self.facts()).unwrap().environ())
    }

    fn unknown(&self) -> Vec<UnknownPart> {
        Process::new(&self.compose(), &self.facts()).unwrap().unknown().to_vec()
    }
}

/// One entry a line, its control characters escaped.
fn lines(entries: &[EnvEntry<'_>]) -> String {
    let line = |entry: &EnvEntry<'_>| match entry.value() {
        Some(value) => {
            format!("{}={}\n", entry.name(), value.bytes_with_placeholders().escape_ascii())
        }
        None => format!("{}\n", entry.name()),
    };
    entries.iter().map(line).collect()
}
