//! Records of the changes on the way from an object to the Pod that the kubelet sees.

use alloc::string::String;
use core::fmt::{self, Write};

use crate::text::OneLine;

/// A change to a Pod: the field, and the stage that set it.
///
/// `Display` writes both, such as `metadata.labels['job-name']: set by the Job controller`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PodChange {
    /// The stage that made the change.
    pub stage: Stage,
    /// The path of the field, such as `metadata.labels['job-name']` or `spec.containers[0].env[3]`.
    pub field: String,
}

/// A stage between an object and the Pod that the kubelet sees, in the order of a real cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub enum Stage {
    /// The registry of Jobs in the API server, which labels their templates.
    JobRegistry,
    /// The CronJob controller.
    CronJobController,
    /// The Job controller.
    JobController,
    /// The Deployment controller and its ReplicaSet.
    DeploymentController,
    /// The ReplicaSet controller.
    ReplicaSetController,
    /// The StatefulSet controller.
    StatefulSetController,
    /// The DaemonSet controller.
    DaemonSetController,
    /// The API server's defaulting, which the kubelet applies to static Pods too.
    Defaulting,
    /// The API server's conversion, which fills in deprecated fields.
    Conversion,
    /// The admission plugin LimitRanger.
    LimitRanger,
    /// The admission plugin ServiceAccount.
    ServiceAccount,
    /// The scheduler.
    Scheduler,
    /// The admission plugin PodTopologyLabels.
    PodTopologyLabels,
    /// The kubelet's reader of static Pods.
    StaticPod,
    /// The kubelet, before it runs the Pod.
    Kubelet,
}

impl Stage {
    /// Returns the stage in words, such as `the Job controller`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::JobRegistry => "the registry of Jobs",
            Stage::CronJobController => "the CronJob controller",
            Stage::JobController => "the Job controller",
            Stage::DeploymentController => "the Deployment controller",
            Stage::ReplicaSetController => "the ReplicaSet controller",
            Stage::StatefulSetController => "the StatefulSet controller",
            Stage::DaemonSetController => "the DaemonSet controller",
            Stage::Defaulting => "the API server's defaulting",
            Stage::Conversion => "the API server's conversion",
            Stage::LimitRanger => "the admission plugin LimitRanger",
            Stage::ServiceAccount => "the admission plugin ServiceAccount",
            Stage::Scheduler => "the scheduler",
            Stage::PodTopologyLabels => "the admission plugin PodTopologyLabels",
            Stage::StaticPod => "the kubelet's reader of static Pods",
            Stage::Kubelet => "the kubelet",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for PodChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PodChange { stage, field } = self;
        write!(OneLine(f), "{field}: set by {stage}")
    }
}
