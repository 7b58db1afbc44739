//! Environments of manifests: values that are not known, and what depends on them.

use std::collections::BTreeMap;
use std::path::Path;

use kubelet_env::api::{ConfigMap, Node, Pod, PodIp, PodStatus, Secret, Service};
use kubelet_env::container::{EnvFiles, Known};
use kubelet_env::environment::{Part, Unknown};
use kubelet_env::pod::PodContext;
use kubelet_env::{Composition, Facts, Form, ObjectRef, Objects, Order, Release, compose};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;

#[path = "../reference/open_world.rs"]
mod reference;
use crate::container::properties::composition;
use composition::Scenario;

proptest! {
    #[test]
    fn known_values_do_not_depend_on_missing_facts(seed in any::<u64>(), data in vec(any::<u8>(), 0..400)) {
        let data: Vec<u8> = seed.to_be_bytes().into_iter().chain(data).collect();
        reference::check(&data);
    }
}

#[derive(Deserialize)]
struct Case {
    case: String,
    given: Given,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    pod: Pod,
    container: String,
    services: Vec<Service>,
    config_maps: Vec<ConfigMap>,
    secrets: Vec<Secret>,
    node: Node,
    #[serde(rename = "podIP")]
    pod_ip: String,
    #[serde(rename = "podIPs")]
    pod_ips: Vec<String>,
    #[serde(default, rename = "nodeIPs")]
    node_ips: Vec<String>,
    #[serde(default)]
    volumes: BTreeMap<String, BTreeMap<String, String>>,
    services_synced: bool,
    apply_defaults: bool,
}

impl Given {
    fn scenario(self) -> Scenario {
        let mut env_files = EnvFiles::default();
        for (volume, files) in &self.volumes {
            env_files.add_volume(volume);
            for (path, content) in files {
                env_files.insert(volume, path, content.as_str());
            }
        }
        Scenario {
            objects: Objects {
                services: self.services.into_iter().collect(),
                config_maps: self.config_maps.into_iter().collect(),
                secrets: self.secrets.into_iter().collect(),
                ..Objects::default()
            },
            pod: if self.apply_defaults { self.pod.with_defaults() } else { self.pod },
            node: Some(self.node),
            node_ips: self.node_ips,
            pod_status: Some(PodStatus {
                pod_ip: self.pod_ip,
                pod_ips: self.pod_ips.into_iter().map(|ip| PodIp { ip }).collect(),
            }),
            env_files,
            release: Release::NEWEST,
            services_listed: self.services_synced,
            size_limit: usize::MAX,
        }
    }
}

/// Every recorded case, with no fact removed, with all of them, and with some.
#[test]
fn recorded_cases_keep_their_known_values() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/container_env.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let mut composed = 0;
    for (index, line) in (1..).zip(text.lines()) {
        let Case { case, given } = serde_json::from_str(line).unwrap();
        let container = given.container.clone();
        let scenario = given.scenario();
        for seed in [0, 1, index << 20, index << 21, index << 22, index << 23] {
            let checked =
                std::panic::catch_unwind(|| reference::check_scenario(&scenario, &container, seed));
            composed += usize::from(checked.unwrap_or_else(|_| panic!("{case}, seed {seed}")));
        }
    }
    assert!(composed > 1_000, "{composed}");
}

/// Composes the container `app` of the Pod or the only Deployment.
fn open<'a>(objects: &'a Objects, pod: &'a Pod, known: &'a Known) -> Composition<'a> {
    compose(pod, "app", &Facts::open(objects, known)).unwrap()
}

fn read(yaml: &str) -> Objects {
    let mut objects = Objects::default();
    for document in yaml_serde::Deserializer::from_str(yaml) {
        objects.add(Deserialize::deserialize(document).unwrap()).unwrap();
    }
    objects
}

fn pod_of(objects: &Objects) -> Pod {
    let context = PodContext::of(objects);
    let of_deployment = || Some(context.workload(objects.deployments.iter().next()?).pod);
    objects.pods.iter().next().cloned().or_else(of_deployment).unwrap().with_defaults()
}

fn lines(composition: &Composition<'_>) -> String {
    String::from_utf8(composition.environment().render(Order::Kubelet, Form::Lines)).unwrap()
}

#[test]
fn documented_manifest_has_unknown_addresses() {
    let manifest = include_str!("../../examples/my-dep-nginx.yaml");
    let objects = read(manifest);
    let known = Known::default();
    let pod = Pod::default().with_defaults();
    let mut pod = pod;
    pod.metadata.namespace = "default".into();
    pod.spec
        .containers
        .push(kubelet_env::api::Container { name: "app".into(), ..Default::default() });
    insta::assert_snapshot!(lines(&open(&objects, &pod, &known)), @"
    KUBERNETES_SERVICE_HOST=<clusterIP of default/kubernetes>
    KUBERNETES_SERVICE_PORT=443
    KUBERNETES_SERVICE_PORT_HTTPS=443
    KUBERNETES_PORT=tcp://<clusterIP of default/kubernetes>:443
    KUBERNETES_PORT_443_TCP=tcp://<clusterIP of default/kubernetes>:443
    KUBERNETES_PORT_443_TCP_PROTO=tcp
    KUBERNETES_PORT_443_TCP_PORT=443
    KUBERNETES_PORT_443_TCP_ADDR=<clusterIP of default/kubernetes>
    MY_SVC_NGINX_SERVICE_HOST=<clusterIP of default/my-svc-nginx>
    MY_SVC_NGINX_SERVICE_PORT=80
    MY_SVC_NGINX_PORT=tcp://<clusterIP of default/my-svc-nginx>:80
    MY_SVC_NGINX_PORT_80_TCP=tcp://<clusterIP of default/my-svc-nginx>:80
    MY_SVC_NGINX_PORT_80_TCP_PROTO=tcp
    MY_SVC_NGINX_PORT_80_TCP_PORT=80
    MY_SVC_NGINX_PORT_80_TCP_ADDR=<clusterIP of default/my-svc-nginx>
    ");
}

const DEPLOYMENT: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      containers:
      - name: app
        command: [web, --database=$(DATABASE_URL), --mode=$(MODE)]
        env:
        - {name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: PASSWORD}}}
        - {name: DATABASE_URL, value: 'postgres://web:$(PASSWORD)@$(DB_SERVICE_HOST):$(DB_SERVICE_PORT)/shop'}
        - {name: MODE, value: fast}
        - {name: MODE, valueFrom: {configMapKeyRef: {name: settings, key: MODE, optional: true}}}
        - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: MEMORY, valueFrom: {resourceFieldRef: {resource: limits.memory}}}
        - {name: FEATURE, valueFrom: {fileKeyRef: {volumeName: features, path: shop.env, key: SEARCH}}}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {ipFamilies: [IPv6, IPv4], ports: [{port: 5432}]}
"#;

#[test]
fn deployment_with_missing_secret() {
    let objects = read(DEPLOYMENT);
    let (pod, known) = (pod_of(&objects), Known::default());
    let composition = open(&objects, &pod, &known);
    insta::assert_snapshot!(lines(&composition), @"
    PASSWORD=<Secret shop/db PASSWORD>
    DATABASE_URL=postgres://web:<Secret shop/db PASSWORD>@<clusterIP of shop/db>:5432/shop
    MODE=<MODE: fast unless ConfigMap shop/settings MODE sets it>
    POD_IP=<status.podIP>
    POD_NAME=<metadata.name>
    MEMORY=<limits.memory of container app>
    FEATURE=<file features/shop.env SEARCH>
    DB_SERVICE_HOST=<clusterIP of shop/db>
    DB_SERVICE_PORT=5432
    DB_PORT=tcp://[<clusterIP of shop/db>]:5432
    DB_PORT_5432_TCP=tcp://[<clusterIP of shop/db>]:5432
    DB_PORT_5432_TCP_PROTO=tcp
    DB_PORT_5432_TCP_PORT=5432
    DB_PORT_5432_TCP_ADDR=<clusterIP of shop/db>
    KUBERNETES_SERVICE_HOST=<clusterIP of default/kubernetes>
    KUBERNETES_SERVICE_PORT=443
    KUBERNETES_SERVICE_PORT_HTTPS=443
    KUBERNETES_PORT=tcp://<clusterIP of default/kubernetes>:443
    KUBERNETES_PORT_443_TCP=tcp://<clusterIP of default/kubernetes>:443
    KUBERNETES_PORT_443_TCP_PROTO=tcp
    KUBERNETES_PORT_443_TCP_PORT=443
    KUBERNETES_PORT_443_TCP_ADDR=<clusterIP of default/kubernetes>
    ");
    let url = composition.environment().get("DATABASE_URL").unwrap().value();
    assert!(url.is_secret() && !url.is_known() && url.as_bytes().is_none());
    let object = ObjectRef { kind: "Secret".into(), namespace: "shop".into(), name: "db".into() };
    let password = Unknown::Key { object, key: "PASSWORD".into() };
    let db = Unknown::ClusterIp { namespace: "shop".into(), name: "db".into() };
    let parts = [
        Part::Known(b"postgres://web:"),
        Part::Unknown(&password),
        Part::Known(b"@"),
        Part::Unknown(&db),
        Part::Known(b":5432/shop"),
    ];
    assert_eq!(url.parts().collect::<Vec<_>>(), parts);
    assert_eq!(
        url.to_string(),
        "postgres://web:<Secret shop/db PASSWORD>@<clusterIP of shop/db>:5432/shop"
    );
    insta::assert_snapshot!(composition.command().iter().map(|text| format!("{}\n", text.value)).collect::<String>(), @"
    web
    --database=postgres://web:<Secret shop/db PASSWORD>@<clusterIP of shop/db>:5432/shop
    --mode=<MODE: fast unless ConfigMap shop/settings MODE sets it>
    ");
}

#[test]
fn knowledge_replaces_unknowns() {
    let objects = read(DEPLOYMENT);
    let mut known = Known::default();
    known.set_secret_key("shop", "db", "PASSWORD", "hunter2");
    known.set_config_map_key("shop", "settings", "MODE", "safe");
    known.pod.name = "web-0".into();
    known.allocate_cluster_ips(&objects.services, "fd00:10::/112".parse().unwrap()).unwrap();
    let (pod, status) = (pod_of(&objects), PodStatus::with_ips(["10.244.0.7"]));
    let node = serde_json::from_str(r#"{"status": {"allocatable": {"memory": "1Gi"}}}"#).unwrap();
    let mut env_files = EnvFiles::new();
    env_files.insert("features", "shop.env", "SEARCH='on'\n");
    let facts = Facts {
        pod_status: Some(&status),
        node: Some(&node),
        env_files: &env_files,
        ..Facts::open(&objects, &known)
    };
    let composition = compose(&pod, "app", &facts).unwrap();
    assert!(composition.environment().is_known());
    insta::assert_snapshot!(lines(&composition), @"
    PASSWORD=hunter2
    DATABASE_URL=postgres://web:hunter2@fd00:10::945:5432/shop
    MODE=safe
    POD_IP=10.244.0.7
    POD_NAME=web-0
    MEMORY=1073741824
    FEATURE=on
    DB_SERVICE_HOST=fd00:10::945
    DB_SERVICE_PORT=5432
    DB_PORT=tcp://[fd00:10::945]:5432
    DB_PORT_5432_TCP=tcp://[fd00:10::945]:5432
    DB_PORT_5432_TCP_PROTO=tcp
    DB_PORT_5432_TCP_PORT=5432
    DB_PORT_5432_TCP_ADDR=fd00:10::945
    KUBERNETES_SERVICE_HOST=fd00:10::1
    KUBERNETES_SERVICE_PORT=443
    KUBERNETES_SERVICE_PORT_HTTPS=443
    KUBERNETES_PORT=tcp://[fd00:10::1]:443
    KUBERNETES_PORT_443_TCP=tcp://[fd00:10::1]:443
    KUBERNETES_PORT_443_TCP_PROTO=tcp
    KUBERNETES_PORT_443_TCP_PORT=443
    KUBERNETES_PORT_443_TCP_ADDR=fd00:10::1
    ");
}

const UNKNOWN_ENV_FROM: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
  - name: app
    args: [$(COLOR), $(SIZE), $(DB_USER), $(DB_HOST), $(WEB_PORT)]
    envFrom:
    - configMapRef: {name: settings}
    - {prefix: DB_, secretRef: {name: db}}
    - configMapRef: {name: overrides, optional: true}
    env:
    - {name: SIZE, value: large}
    - {name: NOTE, value: $(COLOR) and $(UNSET)}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {COLOR: red, SIZE: small, DB_HOST: db}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}
"#;

#[test]
fn unknown_env_from_may_override() {
    let objects = read(UNKNOWN_ENV_FROM);
    let (pod, known) = (pod_of(&objects), Known::default());
    let composition = open(&objects, &pod, &known);
    let environment = composition.environment();
    let open: Vec<String> = environment.open_sources().iter().map(ToString::to_string).collect();
    assert_eq!(
        open,
        [r#"envFrom[1] (Secret shop/db, prefix "DB_")"#, "envFrom[2] (ConfigMap shop/overrides)"]
    );
    assert!(environment.get("SIZE").unwrap().value().is_known());
    assert!(environment.is_open_for("ANY") && environment.get("ANY").is_none());
    insta::assert_snapshot!(lines(&composition), @"
    COLOR=<COLOR: red unless ConfigMap shop/overrides sets it>
    DB_HOST=<DB_HOST: db unless Secret shop/db or ConfigMap shop/overrides sets it>
    KUBERNETES_SERVICE_HOST=<KUBERNETES_SERVICE_HOST: <clusterIP of default/kubernetes> unless ConfigMap shop/overrides sets it>
    KUBERNETES_SERVICE_PORT=<KUBERNETES_SERVICE_PORT: 443 unless ConfigMap shop/overrides sets it>
    KUBERNETES_SERVICE_PORT_HTTPS=<KUBERNETES_SERVICE_PORT_HTTPS: 443 unless ConfigMap shop/overrides sets it>
    KUBERNETES_PORT=<KUBERNETES_PORT: tcp://<clusterIP of default/kubernetes>:443 unless ConfigMap shop/overrides sets it>
    KUBERNETES_PORT_443_TCP=<KUBERNETES_PORT_443_TCP: tcp://<clusterIP of default/kubernetes>:443 unless ConfigMap shop/overrides sets it>
    KUBERNETES_PORT_443_TCP_PROTO=<KUBERNETES_PORT_443_TCP_PROTO: tcp unless ConfigMap shop/overrides sets it>
    KUBERNETES_PORT_443_TCP_PORT=<KUBERNETES_PORT_443_TCP_PORT: 443 unless ConfigMap shop/overrides sets it>
    KUBERNETES_PORT_443_TCP_ADDR=<KUBERNETES_PORT_443_TCP_ADDR: <clusterIP of default/kubernetes> unless ConfigMap shop/overrides sets it>
    WEB_SERVICE_HOST=<WEB_SERVICE_HOST: 10.0.0.1 unless ConfigMap shop/overrides sets it>
    WEB_SERVICE_PORT=<WEB_SERVICE_PORT: 80 unless ConfigMap shop/overrides sets it>
    WEB_PORT=<WEB_PORT: tcp://10.0.0.1:80 unless ConfigMap shop/overrides sets it>
    WEB_PORT_80_TCP=<WEB_PORT_80_TCP: tcp://10.0.0.1:80 unless ConfigMap shop/overrides sets it>
    WEB_PORT_80_TCP_PROTO=<WEB_PORT_80_TCP_PROTO: tcp unless ConfigMap shop/overrides sets it>
    WEB_PORT_80_TCP_PORT=<WEB_PORT_80_TCP_PORT: 80 unless ConfigMap shop/overrides sets it>
    WEB_PORT_80_TCP_ADDR=<WEB_PORT_80_TCP_ADDR: 10.0.0.1 unless ConfigMap shop/overrides sets it>
    SIZE=large
    NOTE=<COLOR: red unless ConfigMap shop/overrides sets it> and <UNSET: $(UNSET) unless ConfigMap shop/overrides sets it>
    ");
    insta::assert_snapshot!(composition.args().iter().map(|text| format!("{}\n", text.value)).collect::<String>(), @"
    <COLOR: red unless ConfigMap shop/overrides sets it>
    large
    <DB_USER: $(DB_USER) unless Secret shop/db or ConfigMap shop/overrides sets it>
    <DB_HOST: db unless Secret shop/db or ConfigMap shop/overrides sets it>
    <WEB_PORT: tcp://10.0.0.1:80 unless ConfigMap shop/overrides sets it>
    ");
    insta::assert_snapshot!(environment.to_text_pairs(Order::Kubelet).unwrap_err(), @r#"not known: COLOR (<COLOR: red unless ConfigMap shop/overrides sets it>), DB_HOST (<DB_HOST: db unless Secret shop/db or ConfigMap shop/overrides sets it>), KUBERNETES_SERVICE_HOST (<KUBERNETES_SERVICE_HOST: <clusterIP of default/kubernetes> unless ConfigMap shop/overrides sets it>), KUBERNETES_SERVICE_PORT (<KUBERNETES_SERVICE_PORT: 443 unless ConfigMap shop/overrides sets it>), KUBERNETES_SERVICE_PORT_HTTPS (<KUBERNETES_SERVICE_PORT_HTTPS: 443 unless ConfigMap shop/overrides sets it>), KUBERNETES_PORT (<KUBERNETES_PORT: tcp://<clusterIP of default/kubernetes>:443 unless ConfigMap shop/overrides sets it>), KUBERNETES_PORT_443_TCP (<KUBERNETES_PORT_443_TCP: tcp://<clusterIP of default/kubernetes>:443 unless ConfigMap shop/overrides sets it>), KUBERNETES_PORT_443_TCP_PROTO (<KUBERNETES_PORT_443_TCP_PROTO: tcp unless ConfigMap shop/overrides sets it>), KUBERNETES_PORT_443_TCP_PORT (<KUBERNETES_PORT_443_TCP_PORT: 443 unless ConfigMap shop/overrides sets it>), KUBERNETES_PORT_443_TCP_ADDR (<KUBERNETES_PORT_443_TCP_ADDR: <clusterIP of default/kubernetes> unless ConfigMap shop/overrides sets it>), WEB_SERVICE_HOST (<WEB_SERVICE_HOST: 10.0.0.1 unless ConfigMap shop/overrides sets it>), WEB_SERVICE_PORT (<WEB_SERVICE_PORT: 80 unless ConfigMap shop/overrides sets it>), WEB_PORT (<WEB_PORT: tcp://10.0.0.1:80 unless ConfigMap shop/overrides sets it>), WEB_PORT_80_TCP (<WEB_PORT_80_TCP: tcp://10.0.0.1:80 unless ConfigMap shop/overrides sets it>), WEB_PORT_80_TCP_PROTO (<WEB_PORT_80_TCP_PROTO: tcp unless ConfigMap shop/overrides sets it>), WEB_PORT_80_TCP_PORT (<WEB_PORT_80_TCP_PORT: 80 unless ConfigMap shop/overrides sets it>), WEB_PORT_80_TCP_ADDR (<WEB_PORT_80_TCP_ADDR: 10.0.0.1 unless ConfigMap shop/overrides sets it>), NOTE (<COLOR: red unless ConfigMap shop/overrides sets it>, <UNSET: $(UNSET) unless ConfigMap shop/overrides sets it>), the variables of envFrom[1] (Secret shop/db, prefix "DB_"), the variables of envFrom[2] (ConfigMap shop/overrides): add the missing objects or facts, or write placeholders with Environment::with_placeholders"#);
}

#[test]
fn unknown_sources_may_override_the_base() {
    let objects = read(UNKNOWN_ENV_FROM);
    let (pod, known) = (pod_of(&objects), Known::default());
    let composition = open(&objects, &pod, &known).with_base([("PATH", "/bin")]);
    let path = composition.environment().get("PATH").unwrap();
    assert_eq!(path.value().to_string(), "<PATH: /bin unless ConfigMap shop/overrides sets it>");
}

#[test]
fn redaction_keeps_placeholders() {
    let objects = read(DEPLOYMENT);
    let (pod, mut known) = (pod_of(&objects), Known::default());
    known.set_secret_key("shop", "db", "PASSWORD", "hunter2");
    let environment = open(&objects, &pod, &known).into_environment().redacted();
    let url = environment.get("DATABASE_URL").unwrap().value();
    assert_eq!(
        url.bytes_with_placeholders(),
        b"[redacted]<clusterIP of shop/db>[redacted]".as_slice()
    );
}

#[test]
fn a_live_pod_has_its_own_facts() {
    let objects = read(
        r#"
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  nodeName: node-1
  containers:
  - name: app
    env:
    - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    - {name: HOST_IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
    - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
status: {podIP: 10.244.0.7, podIPs: [{ip: 10.244.0.7}]}
---
apiVersion: v1
kind: Node
metadata: {name: node-1}
status: {addresses: [{type: InternalIP, address: 10.0.0.5}], allocatable: {cpu: '4'}}
"#,
    );
    let pod = pod_of(&objects);
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    assert_eq!(lines(&composition), "POD_IP=10.244.0.7\nHOST_IP=10.0.0.5\nCPU=4\n");
}
