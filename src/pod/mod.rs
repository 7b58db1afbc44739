//! From an object to the Pod that the kubelet sees.
//!
//! Between a manifest and the kubelet, controllers, the API server and the kubelet itself change a
//! Pod in ways that its environment shows. [`PodContext`] applies the same stages in the order of a
//! real cluster, and returns what it [`Built`]:
//!
//! | stage | rule | Go |
//! |---|---|---|
//! | controllers | A Deployment's Pod has the label `pod-template-hash`, which is [undecided](UndecidedFields). | `getNewReplicaSet` |
//! | | A StatefulSet's Pod is `NAME-ORDINAL`. The name is its host name and the label `statefulset.kubernetes.io/pod-name`; the ordinal is the label `apps.kubernetes.io/pod-index`; `serviceName` is its subdomain. The label `controller-revision-hash` is undecided. | `newStatefulSetPod`, `initIdentity` |
//! | | A DaemonSet's Pod has the label `pod-template-generation`, and `controller-revision-hash`, which is undecided. | `CreatePodTemplate` |
//! | | A Job's Pod has the labels `job-name` and `controller-uid`, with and without the prefix `batch.kubernetes.io/`, unless the template sets them or the Job has a manual selector. | `generateSelector` |
//! | | An Indexed Job's Pod has the completion index as label, annotation and host name, and `JOB_COMPLETION_INDEX` as the last variable of each init and ordinary container that sets none. | `manageJob` |
//! | | A CronJob's Pod is that of a Job whose name is undecided. | `getJobFromTemplate2` |
//! | API server | Absent fields get their defaults. Limits become absent requests. | `SetObjectDefaults_Pod` |
//! | | The deprecated `serviceAccount` becomes `serviceAccountName`. | `Convert_v1_PodSpec_To_core_PodSpec` |
//! | | LimitRanges fill in absent limits and requests. Limits from a LimitRange do not become requests. | `PodMutateLimitFunc` |
//! | | An absent ServiceAccount becomes `default`. | `serviceaccount.Plugin.Admit` |
//! | binding | The Pod gets the name of its Node. Since 1.35 it gets the labels for zone and region of the Node. | `podtopologylabels.Plugin.Admit` |
//! | static Pods | They get defaults, but no admission. The name ends in that of the Node; the namespace is `default` if there is none; the UID is the annotation `kubernetes.io/config.hash`. Since 1.34 they may not refer to other API objects. | `applyDefaults`, `tryDecodeSinglePod` |
//! | mirror Pods | They become the static Pod that they mirror, without the changes that admission made to the mirror. | `IsMirrorPod` |
//! | kubelet | Every Pod has the annotations `kubernetes.io/config.source` and `kubernetes.io/config.seen`. The latter is undecided. | `podStorage.merge` |
//! | | A Pod on the host network has the addresses of its Node. | `generateAPIPodStatus` |
//!
//! A Pod that was read from a cluster has been through controllers and admission. Its UID shows
//! that, and they are not applied again.

mod addresses;
mod admission;
mod build;
mod change;
mod controllers;
mod defaults;
mod draft;
mod error;
mod kubelet;
mod static_pods;
mod undecided;

pub(crate) use addresses::host_ips;
pub use build::{Built, PodContext, PodSource};
pub use change::{PodChange, Stage};
pub use error::PodError;
pub use undecided::{UndecidedField, UndecidedFields};
