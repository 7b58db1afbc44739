//! Composition of containers: every source of a value and every error.

use std::fmt::Write;

use kubelet_env::api::{Container, Node, Pod, PodMeta, PodSpec, PodStatus};
use kubelet_env::container::{EnvFiles, Expanded};
use kubelet_env::{ComposeError, Composition, Facts, Objects, Release, Value, Variable, compose};

use crate::support::documents::read_yaml;
use crate::support::yaml;

mod env_file;
mod errors;
mod limits;
mod prepared;
mod probes;
pub(crate) mod properties;
mod releases;
mod secrets;
mod sources;
mod sub_paths;
mod validation;
mod worked_example;

const CLUSTER: &str = "
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: db}
spec: {clusterIP: 10.0.0.11, ports: [{port: 5432}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {namespace: shop, name: settings}
data: {COLOR: blue, 1st.key: first, EMPTY: '', REFERENCE: $(COLOR)}
---
apiVersion: v1
kind: ConfigMap
metadata: {namespace: default, name: elsewhere}
data: {COLOR: red}
---
apiVersion: v1
kind: Secret
metadata: {namespace: shop, name: login}
data: {BLOB: /wD+}
stringData: {USER: clerk, PASSWORD: hunter2}
";

const NODE: &str = "
metadata: {name: node-1}
status:
  addresses:
  - {type: Hostname, address: node-1}
  - {type: ExternalIP, address: 203.0.113.5}
  - {type: InternalIP, address: 192.168.1.5}
  - {type: InternalIP, address: 'fd00::5'}
  allocatable: {cpu: 3920m, memory: 7Gi, ephemeral-storage: 90G}
";

/// A Pod and the facts about it.
struct Case {
    pod: Pod,
    objects: Objects,
    node: Option<Node>,
    node_ips: Vec<String>,
    pod_status: Option<PodStatus>,
    env_files: EnvFiles,
    release: Release,
    services_listed: bool,
    size_limit: usize,
}

impl Case {
    /// Creates a Pod whose container `app` has these fields, in a cluster where every fact is
    /// known.
    fn new(container: &str) -> Self {
        let app = Container { name: "app".into(), ..yaml(container) };
        let metadata = PodMeta {
            name: "web-0".into(),
            namespace: "shop".into(),
            uid: "8f4c".into(),
            labels: [("app".into(), "web".into()), ("tier".into(), "front \"end\"".into())].into(),
            annotations: [("example.com/note".into(), "two\nlines".into())].into(),
            ..PodMeta::default()
        };
        let spec = PodSpec {
            containers: vec![app],
            node_name: "node-1".into(),
            service_account_name: "robot".into(),
            ..PodSpec::default()
        };
        let mut env_files = EnvFiles::default();
        env_files.insert(
            "config",
            "app.env",
            "# of the shop\nGREETING='hello $(COLOR)'\nEMPTY=''\n",
        );
        Case {
            pod: Pod { metadata, spec, ..Pod::default() }.with_defaults(),
            objects: read_yaml(CLUSTER),
            node: Some(yaml(NODE)),
            node_ips: Vec::new(),
            pod_status: Some(PodStatus::with_ips(["10.244.0.7", "fd00:244::7"])),
            env_files,
            release: Release::NEWEST,
            services_listed: true,
            size_limit: Facts::DEFAULT_SIZE_LIMIT,
        }
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            release: self.release,
            services_listed: self.services_listed,
            node: self.node.as_ref(),
            node_ips: &self.node_ips,
            pod_status: self.pod_status.as_ref(),
            env_files: &self.env_files,
            size_limit: self.size_limit,
            ..Facts::of(&self.objects)
        }
    }

    fn compose(&self) -> Result<Composition<'_>, ComposeError> {
        compose(&self.pod, "app", &self.facts())
    }

    /// Returns the declared entries, the skipped entries, the command and the arguments as lines.
    /// The Service variables are left out.
    fn report(&self) -> String {
        let composition = self.compose().unwrap();
        let mut report = String::new();
        for (name, variable) in composition.environment().iter().filter_map(name_if_declared) {
            let value = quoted(&variable.value());
            let entry = variable.declared().unwrap().entry();
            writeln!(report, "{entry}: {name}={value}").unwrap();
        }
        for skipped in composition.skipped() {
            let variable = skipped.variable.as_deref().unwrap_or("the source");
            writeln!(report, "{}: {variable} is skipped: {}", skipped.entry, skipped.reason)
                .unwrap();
        }
        for (list, texts) in [("command", composition.command()), ("args", composition.args())] {
            for Expanded { value, .. } in texts {
                writeln!(report, "{list}: {}", quoted(value)).unwrap();
            }
        }
        report
    }

    fn error(&self) -> String {
        self.compose().unwrap_err().to_string()
    }
}

fn name_if_declared(variable: Variable<'_>) -> Option<(String, Variable<'_>)> {
    variable.declared().map(|_| (variable.name().into_owned(), variable))
}

fn quoted(value: &Value<'_>) -> String {
    format!("\"{}\"", value.as_bytes().unwrap().escape_ascii())
}

/// Returns the report of a container with these fields.
fn report(container: &str) -> String {
    Case::new(container).report()
}

/// Returns the error of a container with these fields.
fn error(container: &str) -> String {
    Case::new(container).error()
}

/// Returns the `env` of a container whose variable `A` refers to a field of the Pod.
fn field_ref(path: &str) -> String {
    format!("env: [{{name: A, valueFrom: {{fieldRef: {{fieldPath: \"{path}\"}}}}}}]")
}
