//! Pods made by controllers from a template (Go: `pkg/controller`, and the Job registry's
//! strategy).

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::ToString;

use super::draft::{Containers, Draft};
use super::{Stage, UndecidedField};
use crate::api::{
    Container, EnvVar, EnvVarSource, ObjectFieldSelector, Pod, PodMeta, PodStatus, Workload,
    WorkloadKind,
};

const JOB_NAME_LABELS: [&str; 2] = ["batch.kubernetes.io/job-name", "job-name"];
const CONTROLLER_UID_LABELS: [&str; 2] = ["batch.kubernetes.io/controller-uid", "controller-uid"];
const COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";
const INDEX_FAILURE_COUNT: &str = "batch.kubernetes.io/job-index-failure-count";
const COMPLETION_INDEX_VARIABLE: &str = "JOB_COMPLETION_INDEX";
const REVISION_HASH: &str = "controller-revision-hash";
const TEMPLATE_HASH: &str = "pod-template-hash";
const TEMPLATE_GENERATION: &str = "pod-template-generation";
const DEPRECATED_TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Returns a Pod of the workload as its controller creates it.
pub(super) fn create(workload: &Workload, index: Option<u32>) -> Draft {
    let mut draft = Draft::of(from_template(workload));
    match workload.kind {
        WorkloadKind::Deployment => {
            draft.label(Stage::DeploymentController, TEMPLATE_HASH, None);
        }
        WorkloadKind::ReplicaSet => {
            generate_name(&mut draft, Stage::ReplicaSetController, &workload.metadata.name);
        }
        WorkloadKind::StatefulSet => stateful_set(&mut draft, workload, index),
        WorkloadKind::DaemonSet => daemon_set(&mut draft, workload),
        WorkloadKind::Job => job(&mut draft, workload, index),
        WorkloadKind::CronJob => cron_job(&mut draft, workload, index),
    }
    draft
}

/// Go: `GetPodFromTemplate`. Of the template's metadata only labels and annotations are read.
fn from_template(workload: &Workload) -> Pod {
    let metadata = PodMeta {
        namespace: workload.metadata.namespace.clone(),
        labels: workload.template.metadata.labels.clone(),
        annotations: workload.template.metadata.annotations.clone(),
        ..PodMeta::default()
    };
    Pod { metadata, spec: workload.template.spec.clone(), status: PodStatus::default() }
}

fn generate_name(draft: &mut Draft, stage: Stage, owner: &str) {
    if !owner.is_empty() {
        let prefix = format!("{owner}-");
        draft.set(stage, "metadata.generateName", |pod| &mut pod.metadata.generate_name, &prefix);
    }
}

/// Go: `newStatefulSetPod`, `initIdentity`, `updateIdentity`, `setPodRevision`
fn stateful_set(draft: &mut Draft, workload: &Workload, ordinal: Option<u32>) {
    let stage = Stage::StatefulSetController;
    let name = ordinal.map(|ordinal| format!("{}-{ordinal}", workload.metadata.name));
    let name = name.as_deref();
    draft.set(stage, "metadata.name", |pod| &mut pod.metadata.name, name.unwrap_or_default());
    draft.label(stage, "statefulset.kubernetes.io/pod-name", name);
    let ordinal = ordinal.map(|ordinal| ordinal.to_string());
    draft.label(stage, "apps.kubernetes.io/pod-index", ordinal.as_deref());
    draft.label(stage, REVISION_HASH, None);
    draft.hostname(stage, name);
    draft.set(stage, "spec.subdomain", |pod| &mut pod.spec.subdomain, &workload.service_name);
}

/// Go: `CreatePodTemplate` of `pkg/controller/daemon/util`, `GetTemplateGeneration`. A DaemonSet
/// that no API server has stored is of generation 1.
fn daemon_set(draft: &mut Draft, workload: &Workload) {
    let stage = Stage::DaemonSetController;
    generate_name(draft, stage, &workload.metadata.name);
    let annotation = workload.metadata.annotations.get(DEPRECATED_TEMPLATE_GENERATION);
    let is_stored = !workload.metadata.uid.is_empty();
    match annotation.map(|text| text.parse::<i64>()) {
        Some(Ok(generation)) if is_stored || generation >= 1 => {
            draft.label(stage, TEMPLATE_GENERATION, Some(&generation.to_string()));
        }
        _ if !is_stored => draft.label(stage, TEMPLATE_GENERATION, Some("1")),
        _ => {}
    }
    draft.label(stage, REVISION_HASH, None);
}

/// Go: `getJobFromTemplate2`. The Job's name ends in the time that it was scheduled for.
fn cron_job(draft: &mut Draft, workload: &Workload, index: Option<u32>) {
    pod_of_job(draft, workload, None, None, index);
}

fn job(draft: &mut Draft, workload: &Workload, index: Option<u32>) {
    let PodMeta { name, uid, .. } = &workload.metadata;
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    pod_of_job(draft, workload, known(name).as_deref(), known(uid).as_deref(), index);
}

/// Go: `manageJob` of `pkg/controller/job`, `podGenerateNameWithIndex`
fn pod_of_job(
    draft: &mut Draft,
    workload: &Workload,
    name: Option<&str>,
    uid: Option<&str>,
    index: Option<u32>,
) {
    let stage = Stage::JobController;
    job_labels(draft, workload, name, uid);
    if !is_indexed(workload) {
        generate_name(draft, stage, name.unwrap_or_default());
        return;
    }
    completion_index(draft, workload, index);
    let name_of_index = name.zip(index).map(|(name, index)| format!("{name}-{index}"));
    draft.hostname(stage, name_of_index.as_deref());
    generate_name(draft, stage, name_of_index.as_deref().unwrap_or_default());
}

fn is_indexed(workload: &Workload) -> bool {
    workload.completion_mode == "Indexed"
}

/// Go: `generateSelector` of `pkg/registry/batch/job`
fn job_labels(draft: &mut Draft, workload: &Workload, name: Option<&str>, uid: Option<&str>) {
    if workload.manual_selector {
        return;
    }
    let names = JOB_NAME_LABELS.map(|key| (key, name));
    let uids = CONTROLLER_UID_LABELS.map(|key| (key, uid));
    for (key, value) in names.into_iter().chain(uids) {
        if !draft.pod.metadata.labels.contains_key(key) {
            draft.label(Stage::JobRegistry, key, value);
        }
    }
}

/// Go: `addCompletionIndexEnvVariables`, `addCompletionIndexAnnotation`, `addCompletionIndexLabel`,
/// `addIndexFailureCountAnnotation`
fn completion_index(draft: &mut Draft, workload: &Workload, index: Option<u32>) {
    let stage = Stage::JobController;
    for list in [Containers::Init, Containers::Ordinary] {
        for position in 0..list.of(&mut draft.pod).len() {
            let Some(container) = list.of(&mut draft.pod).get_mut(position) else { continue };
            if let Some(entry) = add_index_variable(container) {
                draft.record(stage, format!("{}[{position}].env[{entry}]", list.field()));
            }
        }
    }
    let index = index.map(|index| index.to_string());
    draft.annotation(stage, COMPLETION_INDEX, index.as_deref());
    draft.label(stage, COMPLETION_INDEX, index.as_deref());
    if workload.backoff_limit_per_index.is_some() {
        draft.annotation(stage, INDEX_FAILURE_COUNT, None);
    }
}

/// Appends the variable, unless the container has one of that name. Returns its index.
fn add_index_variable(container: &mut Container) -> Option<usize> {
    if container.env.iter().any(|variable| variable.name == COMPLETION_INDEX_VARIABLE) {
        return None;
    }
    let field_ref = ObjectFieldSelector {
        field_path: format!("{}", UndecidedField::Label(COMPLETION_INDEX.to_owned())),
        ..ObjectFieldSelector::default()
    };
    let source = EnvVarSource { field_ref: Some(field_ref), ..EnvVarSource::default() };
    let index = container.env.len();
    container.env.push(EnvVar {
        name: COMPLETION_INDEX_VARIABLE.to_owned(),
        value_from: Some(source),
        ..EnvVar::default()
    });
    Some(index)
}
