//! Process 1 of a container: its environment after the container runtime, the image and runc.
//!
//! `kubectl exec POD -- printenv` shows more than the kubelet sets. The container runtime (containerd
//! or CRI-O) puts `PATH`, `HOSTNAME` and the image's `ENV` before it, and runc drops duplicates and
//! adds `HOME`. [`Process::new`] applies these steps to a [`Composition`](crate::Composition).
//!
//! ```
//! use kubelet_env::api::{Container, EnvVar, Pod};
//! use kubelet_env::process::{ImageConfig, Passwd, Process, ProcessFacts};
//! use kubelet_env::{Facts, Form, Objects, Order, compose};
//!
//! let app = Container::new("app").with_env([EnvVar::new("MODE", "fast")]);
//! let pod = Pod::new("shop", "web-0").with_container(app).with_defaults();
//! let objects = Objects::default();
//! let composition = compose(&pod, "app", &Facts::of(&objects))?;
//!
//! let image = ImageConfig {
//!     env: vec!["PATH=/usr/bin:/bin".into(), "MODE=slow".into()],
//!     entrypoint: vec!["/app".into()],
//!     ..ImageConfig::default()
//! };
//! let passwd = Passwd::parse("root:x:0:0:root:/root:/bin/sh\n");
//! let facts = ProcessFacts {
//!     image: Some(&image),
//!     passwd: Some(&passwd),
//!     ..ProcessFacts::default()
//! };
//!
//! let process = Process::new(&composition, &facts)?;
//! let environment = process.environment();
//! assert_eq!(
//!     environment.render(Order::Kubelet, Form::Lines),
//!     b"PATH=/usr/bin:/bin\nHOSTNAME=web-0\nMODE=fast\nHOME=/root\n"
//! );
//! assert_eq!(process.args().unwrap()[0].as_str(), Some("/app"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! - Linux containers only.
//! - CDI devices, NRI plugins, OCI hooks and a base runtime specification may change the
//!   environment further.
//! - runc is modelled. crun and other OCI runtimes may treat duplicates and `HOME` differently.

mod containerd;
mod crio;
mod entry;
mod error;
mod hostname;
mod image;
mod passwd;
mod runc;
mod runtime;
mod start;
mod user;

pub use entry::{EntryOrigin, EnvEntry};
pub use error::{ProcessError, RuncError};
pub use hostname::{Hostname, HostnameError, hostname};
pub use image::ImageConfig;
#[cfg(feature = "serde")]
pub use image::ImageConfigError;
pub use passwd::{Passwd, PasswdEntry};
pub use runc::{Runc, RuncVersionError};
pub use runtime::{CriO, Engine, Runtime};
pub use start::{Process, ProcessFacts, UnknownPart};
