//! Properties of building.

use kubelet_env::Objects;
use kubelet_env::api::{EnvVar, Node, Pod, Workload};
use kubelet_env::pod::{PodContext, PodSource};
use proptest::prelude::*;
use proptest::sample::select;

use super::{node, workload};
use crate::support::documents::read_yaml;
use crate::support::yaml;

fn objects() -> Objects {
    read_yaml(
        "{apiVersion: v1, kind: LimitRange, metadata: {name: a, namespace: shop}, spec: {limits: [
            {type: Container, default: {cpu: 200m}, max: {memory: 1Gi}}]}}",
    )
}

fn any_workload() -> impl Strategy<Value = Workload> {
    let kind =
        select(vec!["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"]);
    let container = select(vec![
        "{name: app}",
        "{name: app, resources: {limits: {cpu: 3m}}}",
        "{name: app, env: [{name: JOB_COMPLETION_INDEX, value: own}]}",
    ]);
    let rest =
        select(vec!["", "hostNetwork: true,", "serviceAccount: robot,", "nodeName: Node-1,"]);
    (kind, container, rest, any::<bool>()).prop_map(|(kind, container, rest, is_indexed)| {
        let mode = if is_indexed { "completionMode: Indexed," } else { "" };
        let template = format!("{mode} template: {{metadata: {{labels: {{job-name: own}}}}, spec: {{{rest} initContainers: [{container}], containers: [{container}]}}}}");
        workload(kind, &match kind {
            "CronJob" => format!("jobTemplate: {{spec: {{{template}}}}}"),
            _ => template,
        })
    })
}

/// Builds a Pod of the workload and gives it the identity that a cluster would.
fn stored(workload: &Workload, index: u32, objects: &Objects, node: &Node) -> Pod {
    let context = PodContext { index: Some(index), node: Some(node), ..PodContext::of(objects) };
    let mut built = context.workload(workload);
    for field in built.undecided.clone().iter() {
        built.decide(field.clone(), "decided");
    }
    assert!(built.undecided.is_empty());
    built.pod
}

proptest! {
    #[test]
    fn stored_pod_stays_as_it_is(workload in any_workload(), index in 0_u32..5) {
        let (objects, node) = (objects(), node());
        let pod = stored(&workload, index, &objects, &node);
        let context = PodContext { node: Some(&node), ..PodContext::of(&objects) };
        let again = context.pod(&pod).unwrap();
        let mut expected = pod.clone();
        expected.metadata.annotations.remove("kubernetes.io/config.seen");
        prop_assert_eq!(&again.pod, &expected);
        prop_assert_eq!(again.pod.clone().with_defaults(), again.pod);
    }

    #[test]
    fn changed_fields_differ_from_the_template(workload in any_workload(), index in 0_u32..5) {
        let (objects, node) = (objects(), node());
        let context = PodContext { index: Some(index), node: Some(&node), ..PodContext::of(&objects) };
        let built = context.workload(&workload);
        let env = |containers: &[kubelet_env::api::Container]| -> Vec<EnvVar> {
            containers.iter().flat_map(|container| container.env.clone()).collect()
        };
        let added = env(&built.pod.spec.containers).len() - env(&workload.template.spec.containers).len();
        let recorded = built.changes.iter().filter(|change| change.field.starts_with("spec.containers") && change.field.contains(".env[")).count();
        prop_assert_eq!(added, recorded);
        for label in built.pod.metadata.labels.keys().filter(|key| !workload.template.metadata.labels.contains_key(*key)) {
            let field = format!("metadata.labels['{label}']");
            prop_assert!(built.changes.iter().any(|change| change.field == field), "{}", field);
        }
    }

    #[test]
    fn building_never_panics(text in "\\PC{0,40}", source in select(vec![PodSource::Api, PodSource::File, PodSource::Http])) {
        let mut pod: Pod = yaml("spec: {containers: [{name: app, resources: {limits: {cpu: 1}}}]}");
        pod.metadata.name.clone_from(&text);
        for key in ["kubernetes.io/config.mirror", "kubernetes.io/limit-ranger", "kubernetes.io/config.hash"] {
            let objects = objects();
            let context = PodContext { source, ..PodContext::of(&objects) };
            let _ = context.pod(&pod);
            pod.metadata.annotations.insert(key.to_owned(), text.clone());
        }
    }
}
