//! Pods and workloads among objects, their containers, and the names of `kubectl`.

use kubelet_env::objects::{ContainerKind, OwnerError};
use kubelet_env::{Facts, Objects, compose};

use crate::support::yaml;

const OBJECTS: &str = "
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, namespace: shop}
  spec:
    template:
      metadata: {annotations: {kubectl.kubernetes.io/default-container: app}}
      spec:
        initContainers: [{name: migrate}, {name: proxy, restartPolicy: Always}]
        containers: [{name: logs}, {name: app}]
- apiVersion: batch/v1
  kind: Job
  metadata: {generateName: migrate-, namespace: shop}
  spec: {template: {spec: {containers: [{name: job}]}}}
- apiVersion: v1
  kind: Pod
  metadata: {name: web-0}
  spec: {nodeName: node-1, containers: [{name: app}], ephemeralContainers: [{name: debug}]}
- {apiVersion: v1, kind: Node, metadata: {name: node-1}}
- {apiVersion: v1, kind: Service, metadata: {name: web}}
";

#[test]
fn lists_all_containers() {
    let objects: Objects = yaml(OBJECTS);
    let containers: Vec<String> = objects
        .containers()
        .map(|container| format!("{container}: {:?}", container.kind))
        .collect();
    insta::assert_snapshot!(containers.join("\n"), @"
    Pod default/web-0 app: Ordinary
    Pod default/web-0 debug: Ephemeral
    Deployment shop/web migrate: Init
    Deployment shop/web proxy: Sidecar
    Deployment shop/web logs: Ordinary
    Deployment shop/web app: Ordinary
    Job shop/migrate- job: Ordinary
    ");
}

#[test]
fn owners_are_selected_as_by_kubectl() {
    let objects: Objects = yaml(OBJECTS);
    for name in ["deploy/web", "deployment/web", "Deployments.apps/web", "deployments.v1.apps/web"]
    {
        let owner = objects.owner("shop", name).unwrap();
        assert_eq!(owner.object().to_string(), "Deployment shop/web");
        assert_eq!(owner.default_container().unwrap().name, "app");
        assert!(owner.node(&objects).is_none());
    }
    for name in ["web-0", "po/web-0", "pods/web-0"] {
        let owner = objects.owner("default", name).unwrap();
        assert_eq!(owner.default_container().unwrap().kind, ContainerKind::Ordinary);
        assert_eq!(owner.node(&objects).unwrap().metadata.name, "node-1");
    }
    assert!(objects.owner("shop", "job/migrate-").is_ok());
    let error = |name: &str| objects.owner("shop", name).unwrap_err();
    insta::assert_snapshot!(error("svc/web"), @r#""svc" is neither a Pod nor a workload: expected a name such as deploy/web or pod/web-0"#);
    insta::assert_snapshot!(error("web"), @"there is no Pod shop/web, but Pod default/web-0, Deployment shop/web, Job shop/migrate-");
    assert!(
        matches!(error("sts/web"), OwnerError::Missing { object, .. } if object.kind == "StatefulSet")
    );
    let none = Objects::default();
    insta::assert_snapshot!(none.owner("shop", "cj/x").unwrap_err(), @"there is no CronJob shop/x");
}

#[test]
fn long_lists_of_others_are_cut() {
    let pods = (0..25).map(|index| kubelet_env::api::Pod::new("shop", format!("p{index:02}")));
    let objects = Objects { pods: pods.collect(), ..Objects::default() };
    let error = objects.owner("shop", "x").unwrap_err().to_string();
    assert!(error.ends_with("Pod shop/p19 and 5 more"), "{error}");
}

#[test]
fn live_pod_brings_its_own_facts() {
    let objects: Objects = yaml(
        "
        apiVersion: v1
        kind: List
        items:
        - apiVersion: v1
          kind: Pod
          metadata: {name: web-0, uid: 8f4c}
          spec:
            enableServiceLinks: true
            nodeName: node-1
            containers:
            - name: app
              env:
              - {name: POD_IP, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: status.podIP}}}
              - {name: HOST_IP, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: status.hostIP}}}
              - {name: CPUS, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
          status: {podIP: 10.244.0.7, podIPs: [{ip: 10.244.0.7}]}
        - apiVersion: v1
          kind: Node
          metadata: {name: node-1}
          status: {addresses: [{type: InternalIP, address: 192.168.0.1}], allocatable: {cpu: '4'}}
        ",
    );
    let pod = objects.pods.in_namespace("default").get("web-0").unwrap();
    let composition = compose(pod, "app", &Facts::of(&objects)).unwrap();
    insta::assert_snapshot!(crate::support::lines(composition.environment(), kubelet_env::Order::Kubelet), @"
    POD_IP=10.244.0.7
    HOST_IP=192.168.0.1
    CPUS=4
    ");
}

#[test]
fn apply_replaces_objects_of_one_name() {
    let read = |ip: &str| -> Objects {
        yaml(&format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: a}}, spec: {{clusterIP: {ip}}}}}"
        ))
    };
    let mut objects = read("10.0.0.1");
    objects.apply(read("10.0.0.2"));
    assert_eq!(objects, read("10.0.0.2"));
    let ingress: Objects =
        yaml("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}}");
    objects.apply(ingress.clone());
    objects.apply(ingress);
    assert_eq!(objects.ignored["networking.k8s.io/v1 Ingress"], 2);
}
