//! The family about containers of a real cluster.

use std::collections::BTreeMap;

use kubelet_env::api::{
    ConfigMap, LimitRange, Node, OwnerReference, Pod, Quantity, Secret, Service, Workload,
    WorkloadKind,
};
use kubelet_env::container::EnvFiles;
use kubelet_env::pod::{Built, PodContext, PodSource, UndecidedField};
use kubelet_env::{Composition, Document, Facts, Objects, compose};
use serde::Deserialize;

use super::process::{Recorded, same_process};
use super::{Verdict, expect_equal};

/// The release that was recorded.
const RELEASE: &str = "1.36.2";

/// The families of every case: one for each set of objects that it is answered from.
pub(super) const FAMILIES: [(&str, super::Check); 2] =
    [("process_env (live)", from_live), ("process_env (manifests)", from_manifests)];

#[derive(Deserialize)]
pub(super) struct Case {
    container: String,
    manifests: Vec<serde_json::Value>,
    live: Live,
    process: Recorded,
}

/// The objects as the cluster held them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Live {
    pod: Pod,
    services: Vec<Service>,
    config_maps: Vec<ConfigMap>,
    secrets: Vec<Secret>,
    limit_ranges: Vec<LimitRange>,
    node: Node,
}

/// The manifest that the Pod was made from.
enum Source<'a> {
    Pod(&'a Pod, PodSource),
    Workload(&'a Workload, Option<u32>),
}

impl Case {
    fn read(line: &str) -> Result<Self, String> {
        serde_json::from_str(line).map_err(|error| format!("cannot be read: {error}"))
    }

    fn objects_of_manifests(&self) -> Result<Objects, String> {
        let mut objects = Objects::default();
        for manifest in &self.manifests {
            let document = Document::deserialize(manifest).map_err(|error| error.to_string())?;
            objects.add(document).map_err(|error| error.to_string())?;
        }
        let services = std::mem::take(&mut objects.services);
        let with_address = |mut service: Service| {
            let of_live = self.live.services.iter().find(|live| {
                live.metadata.name == service.metadata.name
                    && live.metadata.namespace == service.metadata.namespace
            });
            if service.awaits_cluster_ip()
                && let Some(live) = of_live
            {
                service.spec.cluster_ip.clone_from(&live.spec.cluster_ip);
            }
            service
        };
        objects.services = services.into_iter().map(with_address).collect();
        let of_cluster = |service: &&Service| {
            (&*service.metadata.namespace, &*service.metadata.name) == ("default", "kubernetes")
        };
        objects.services.extend(self.live.services.iter().filter(of_cluster).cloned());
        Ok(objects)
    }

    fn source<'a>(&self, objects: &'a Objects) -> Result<Source<'a>, String> {
        let metadata = &self.live.pod.metadata;
        let controller =
            metadata.owner_references.iter().find(|owner| owner.controller == Some(true));
        let workload = |kind, name: &str| {
            objects
                .workloads(kind)
                .in_namespace(&metadata.namespace)
                .get(name)
                .ok_or(format!("no {kind} {name}"))
        };
        let label = |key: &str| metadata.labels.get(key).and_then(|index| index.parse().ok());
        Ok(match controller {
            None => {
                let pod = objects.pods.in_namespace(&metadata.namespace).get(&metadata.name);
                Source::Pod(pod.ok_or("no such Pod")?, PodSource::Api)
            }
            Some(OwnerReference { kind, .. }) if kind == "Node" => {
                let name = metadata.name.strip_suffix("-node-1").ok_or("no mirror Pod")?;
                let pod = objects.pods.in_namespace(&metadata.namespace).get(name);
                Source::Pod(pod.ok_or("no such static Pod")?, PodSource::File)
            }
            Some(OwnerReference { kind, name, .. }) => match kind.as_str() {
                "ReplicaSet" => {
                    let (name, _hash) = name.rsplit_once('-').ok_or("no Deployment")?;
                    Source::Workload(workload(WorkloadKind::Deployment, name)?, None)
                }
                "StatefulSet" => Source::Workload(
                    workload(WorkloadKind::StatefulSet, name)?,
                    label("apps.kubernetes.io/pod-index"),
                ),
                "DaemonSet" => Source::Workload(workload(WorkloadKind::DaemonSet, name)?, None),
                "Job" => Source::Workload(
                    workload(WorkloadKind::Job, name)?,
                    label("batch.kubernetes.io/job-completion-index"),
                ),
                other => return Err(format!("unknown owner {other}")),
            },
        })
    }

    fn context<'a>(&'a self, objects: &'a Objects) -> PodContext<'a> {
        PodContext {
            node: Some(&self.live.node),
            release: RELEASE.parse().unwrap(),
            ..PodContext::of(objects)
        }
    }

    /// Fills in what nobody can know before the cluster decides it.
    fn decide(&self, built: &mut Built) -> Verdict {
        let metadata = &self.live.pod.metadata;
        let hash = metadata.annotations.get("kubernetes.io/config.hash");
        for field in built.undecided.clone().iter() {
            let value = match field {
                UndecidedField::Name => &metadata.name,
                UndecidedField::Uid => hash.unwrap_or(&metadata.uid),
                UndecidedField::Label(key) => match key.as_str() {
                    "pod-template-hash"
                    | "controller-revision-hash"
                    | "controller-uid"
                    | "batch.kubernetes.io/controller-uid" => &metadata.labels[key],
                    _ => return Err(format!("{field} is undecided")),
                },
                UndecidedField::Annotation(key) => match key.as_str() {
                    "kubernetes.io/config.hash" => hash.ok_or("no hash")?,
                    // It never occurs.
                    "kubernetes.io/config.seen" => continue,
                    _ => return Err(format!("{field} is undecided")),
                },
                _ => return Err(format!("{field} is undecided")),
            };
            built.decide(field.clone(), value.as_str());
        }
        Ok(())
    }

    fn live_objects(&self) -> Objects {
        Objects {
            services: self.live.services.iter().cloned().collect(),
            config_maps: self.live.config_maps.iter().cloned().collect(),
            secrets: self.live.secrets.iter().cloned().collect(),
            limit_ranges: self.live.limit_ranges.iter().cloned().collect(),
            ..Objects::default()
        }
    }

    fn built_from_live(&self, objects: &Objects) -> Result<Built, String> {
        self.context(objects).pod(&self.live.pod).map_err(|error| error.to_string())
    }

    fn built_from_manifests(&self, objects: &Objects) -> Result<Built, String> {
        let context = self.context(objects);
        let mut built = match self.source(objects)? {
            Source::Pod(pod, source) => {
                PodContext { source, ..context }.pod(pod).map_err(|error| error.to_string())?
            }
            Source::Workload(workload, index) => PodContext { index, ..context }.workload(workload),
        };
        self.decide(&mut built)?;
        Ok(built)
    }

    /// Composes the container and gives `check` the composition.
    fn composed(
        &self,
        objects: &Objects,
        built: &Built,
        check: impl FnOnce(&Composition<'_>) -> Verdict,
    ) -> Verdict {
        let mut env_files = EnvFiles::default();
        env_files.insert("scratch", "app.env", "KEY='from the file'\nMULTI='one\ntwo'\n");
        let mut facts = Facts {
            release: RELEASE.parse().unwrap(),
            node: Some(&self.live.node),
            env_files: &env_files,
            ..Facts::of(objects)
        }
        .with_pod(built);
        if !built.pod.spec.host_network {
            facts.pod_status = Some(&self.live.pod.status);
        }
        check(&compose(&built.pod, &self.container, &facts).map_err(|error| error.to_string())?)
    }

    fn check(&self, objects: &Objects, built: &Built) -> Verdict {
        self.composed(objects, built, |composition| same_process(composition, &self.process))
    }
}

fn from_live(line: &str) -> Verdict {
    let case = Case::read(line)?;
    let objects = case.live_objects();
    let built = case.built_from_live(&objects)?;
    case.check(&objects, &built)
}

fn from_manifests(line: &str) -> Verdict {
    let case = Case::read(line)?;
    let objects = case.objects_of_manifests()?;
    let built = case.built_from_manifests(&objects)?;
    same_pod(&built.pod, &case.built_from_live(&case.live_objects())?.pod)?;
    case.check(&objects, &built)
}

/// The Pod is the one that the cluster made of the manifest, as far as a container can see it.
fn same_pod(ours: &Pod, live: &Pod) -> Verdict {
    let annotations = |pod: &Pod| {
        let mut annotations = pod.metadata.annotations.clone();
        annotations.retain(|key, _| {
            !["kubectl.kubernetes.io/last-applied-configuration", "kubernetes.io/config.seen"]
                .contains(&key.as_str())
        });
        annotations
    };
    // A cluster writes quantities in their canonical form.
    let amounts = |list: &BTreeMap<String, Quantity>| -> BTreeMap<String, i64> {
        list.iter().map(|(name, amount)| (name.clone(), amount.milli_value().unwrap())).collect()
    };
    let containers = |pod: &Pod| {
        let all = pod.spec.init_containers.iter().chain(&pod.spec.containers).cloned();
        let seen = all.map(|container| {
            let resources =
                (amounts(&container.resources.limits), amounts(&container.resources.requests));
            (container.name, container.env_from, container.env.len(), resources, container.tty)
        });
        seen.collect::<Vec<_>>()
    };
    let identity = |pod: &Pod| {
        let (metadata, spec) = (&pod.metadata, &pod.spec);
        let names = [&metadata.name, &metadata.namespace, &metadata.uid, &spec.node_name];
        let others = [&spec.hostname, &spec.subdomain, &spec.service_account_name];
        (names.map(String::clone), others.map(String::clone), spec.service_account.clone())
    };
    expect_equal(&ours.metadata.labels, &live.metadata.labels)?;
    expect_equal(&annotations(ours), &annotations(live))?;
    expect_equal(&identity(ours), &identity(live))?;
    expect_equal(&containers(ours), &containers(live))
}
