//! Workloads, which create Pods from a template (Go: the types of `appsv1` and `batchv1`).

use alloc::string::String;
use core::fmt;

use super::wire::{named_by_metadata, wire_struct};
use super::{PodMeta, PodSpec};

/// An object that creates Pods from a template.
///
/// The six kinds share this type, because they differ little apart from the position of the
/// template in the wire form. A ReplicaSet or Job may itself be created by another workload.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Workload {
    /// The kind.
    pub kind: WorkloadKind,
    /// The name, namespace, UID and annotations.
    pub metadata: PodMeta,
    /// The template of the Pods.
    pub template: PodTemplateSpec,
    /// The Service that governs the names of a StatefulSet's Pods.
    pub service_name: String,
    /// The completion mode of a Job or of a CronJob's Jobs, `Indexed` or `NonIndexed`. Empty means
    /// `NonIndexed`.
    pub completion_mode: String,
    /// True if the API server does not add labels to the template of a Job.
    pub manual_selector: bool,
    /// The number of retries per index of an Indexed Job. Absent means that retries are counted for
    /// the whole Job.
    pub backoff_limit_per_index: Option<i32>,
}

wire_struct! {
    /// `PodTemplateSpec`
    pub struct PodTemplateSpec {
        /// The labels and annotations.
        pub metadata: PodMeta,
        /// The spec.
        pub spec: PodSpec,
    }
}

impl Workload {
    /// Returns a workload with this template. All other fields are absent.
    #[must_use]
    pub fn new(kind: WorkloadKind, metadata: PodMeta, template: PodTemplateSpec) -> Self {
        Workload {
            kind,
            metadata,
            template,
            service_name: String::new(),
            completion_mode: String::new(),
            manual_selector: false,
            backoff_limit_per_index: None,
        }
    }
}

/// The kinds of [`Workload`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WorkloadKind {
    /// `apps/v1` `Deployment`
    Deployment,
    /// `apps/v1` `StatefulSet`
    StatefulSet,
    /// `apps/v1` `DaemonSet`
    DaemonSet,
    /// `apps/v1` `ReplicaSet`
    ReplicaSet,
    /// `batch/v1` `Job`
    Job,
    /// `batch/v1` `CronJob`
    CronJob,
}

impl WorkloadKind {
    /// All kinds.
    pub const ALL: &[WorkloadKind] = &[
        WorkloadKind::Deployment,
        WorkloadKind::StatefulSet,
        WorkloadKind::DaemonSet,
        WorkloadKind::ReplicaSet,
        WorkloadKind::Job,
        WorkloadKind::CronJob,
    ];

    /// Returns the `kind`, such as `Deployment`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            WorkloadKind::Deployment => "Deployment",
            WorkloadKind::StatefulSet => "StatefulSet",
            WorkloadKind::DaemonSet => "DaemonSet",
            WorkloadKind::ReplicaSet => "ReplicaSet",
            WorkloadKind::Job => "Job",
            WorkloadKind::CronJob => "CronJob",
        }
    }

    /// Returns the `apiVersion`, such as `apps/v1`.
    #[must_use]
    pub const fn api_version(self) -> &'static str {
        match self {
            WorkloadKind::Deployment
            | WorkloadKind::StatefulSet
            | WorkloadKind::DaemonSet
            | WorkloadKind::ReplicaSet => "apps/v1",
            WorkloadKind::Job | WorkloadKind::CronJob => "batch/v1",
        }
    }
}

impl fmt::Display for WorkloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

named_by_metadata!(Workload, |workload| workload.kind.as_str());

#[cfg(feature = "serde")]
pub(crate) use of_serde::ReadWorkload;

#[cfg(feature = "serde")]
mod of_serde {
    use alloc::string::String;

    use serde::de::{Deserialize, Deserializer, Error, Unexpected};
    use serde::ser::{Serialize, SerializeStruct, Serializer};

    use super::{PodTemplateSpec, Workload, WorkloadKind};
    use crate::api::PodMeta;
    use crate::api::wire::{self, Place, Rejected, Scalar, is_absent, wire_struct};

    wire_struct! {
        /// The `spec` of any workload.
        struct Spec {
            /// All kinds except CronJob.
            template: PodTemplateSpec,
            /// CronJob.
            job_template: JobTemplateSpec,
            /// StatefulSet.
            service_name: String,
            /// Job.
            completion_mode: String,
            /// Job.
            manual_selector: bool,
            /// Job.
            backoff_limit_per_index: Option<i32>,
        }

        /// `JobTemplateSpec`
        struct JobTemplateSpec {
            /// The spec of the Jobs.
            spec: JobSpec,
        }

        /// `JobSpec`
        struct JobSpec {
            /// The template of the Pods.
            template: PodTemplateSpec,
            /// `Indexed` or `NonIndexed`.
            completion_mode: String,
            /// True without generated labels.
            manual_selector: bool,
            /// The number of retries per index.
            backoff_limit_per_index: Option<i32>,
        }
    }

    impl Serialize for Workload {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let template = self.template.clone();
            let completion_mode = self.completion_mode.clone();
            let (manual_selector, backoff_limit_per_index) =
                (self.manual_selector, self.backoff_limit_per_index);
            let spec = match self.kind {
                WorkloadKind::CronJob => Spec {
                    job_template: JobTemplateSpec {
                        spec: JobSpec {
                            template,
                            completion_mode,
                            manual_selector,
                            backoff_limit_per_index,
                        },
                    },
                    ..Spec::default()
                },
                _ => Spec {
                    template,
                    completion_mode,
                    manual_selector,
                    backoff_limit_per_index,
                    service_name: self.service_name.clone(),
                    ..Spec::default()
                },
            };
            let mut object = serializer.serialize_struct("Workload", 4)?;
            object.serialize_field("apiVersion", self.kind.api_version())?;
            object.serialize_field("kind", self.kind.as_str())?;
            if is_absent(&self.metadata) {
                object.skip_field("metadata")?;
            } else {
                object.serialize_field("metadata", &self.metadata)?;
            }
            object.serialize_field("spec", &spec)?;
            object.end()
        }
    }

    wire_struct! {
        /// A workload in wire form. The kind of an item may be given by its list only.
        pub(crate) struct ReadWorkload {
            api_version: String,
            kind: String,
            pub(crate) metadata: PodMeta,
            spec: Spec,
        }
    }

    impl ReadWorkload {
        pub(crate) fn of_kind(self, kind: WorkloadKind) -> Workload {
            let Spec { job_template, service_name, .. } = self.spec;
            let job = match kind {
                WorkloadKind::CronJob => job_template.spec,
                _ => JobSpec {
                    template: self.spec.template,
                    completion_mode: self.spec.completion_mode,
                    manual_selector: self.spec.manual_selector,
                    backoff_limit_per_index: self.spec.backoff_limit_per_index,
                },
            };
            Workload {
                kind,
                metadata: self.metadata,
                template: job.template,
                service_name,
                completion_mode: job.completion_mode,
                manual_selector: job.manual_selector,
                backoff_limit_per_index: job.backoff_limit_per_index,
            }
        }
    }

    impl<'de> Deserialize<'de> for Workload {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let workload = ReadWorkload::deserialize(deserializer)?;
            if workload.kind.is_empty() {
                return Err(D::Error::missing_field("kind"));
            }
            let Some(kind) = WorkloadKind::parse(&workload.kind) else {
                let found = Unexpected::Str(&workload.kind);
                return Err(D::Error::invalid_value(found, &A_KIND));
            };
            if !["", kind.api_version()].contains(&&*workload.api_version) {
                return Err(D::Error::invalid_value(
                    Unexpected::Str(&workload.api_version),
                    &kind.api_version(),
                ));
            }
            Ok(workload.of_kind(kind))
        }
    }

    impl Serialize for WorkloadKind {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(self.as_str())
        }
    }

    const A_KIND: &str = "the kind of a workload, such as Deployment";

    impl WorkloadKind {
        fn parse(text: &str) -> Option<Self> {
            WorkloadKind::ALL.iter().copied().find(|kind| kind.as_str() == text)
        }
    }

    impl Place for WorkloadKind {
        fn blank() -> Self {
            WorkloadKind::Deployment
        }

        fn expected(&mut self) -> &'static str {
            A_KIND
        }

        fn set(&mut self, scalar: &Scalar<'_>) -> Result<(), Rejected> {
            let Scalar::Text(text) = scalar else { return Err(Rejected::Type) };
            *self = WorkloadKind::parse(text).ok_or(Rejected::Value)?;
            Ok(())
        }
    }

    impl<'de> Deserialize<'de> for WorkloadKind {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            wire::read(deserializer)
        }
    }
}
