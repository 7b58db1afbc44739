//! The container runtime of a Node.

use alloc::string::String;
use alloc::vec::Vec;

use super::Runc;

/// The `PATH` of both engines.
pub(super) const DEFAULT_PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The container runtime of a Node: the engine that the kubelet calls, and the runc that the engine
/// calls.
///
/// ```
/// use kubelet_env::process::{CriO, Engine, Runc, Runtime};
///
/// assert_eq!(Runtime::default().engine, Engine::Containerd);
///
/// let crio = CriO { default_env: vec!["NSS_SDB_USE_CACHE=no".into()], ..CriO::default() };
/// let runtime = Runtime { engine: Engine::CriO(crio), runc: "1.2.6".parse()? };
/// assert_eq!(runtime.runc, Runc::UpTo1_2);
/// # Ok::<(), kubelet_env::process::RuncVersionError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runtime {
    /// The engine.
    pub engine: Engine,
    /// The rules of runc.
    pub runc: Runc,
}

/// The program that the kubelet asks to create a container (CRI: `CreateContainer`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Engine {
    /// containerd 2.
    #[default]
    Containerd,
    /// CRI-O.
    CriO(CriO),
}

/// The settings of CRI-O that the environment depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CriO {
    /// True if process 1 is systemd. CRI-O then sets `container=crio`, whatever else sets
    /// `container`.
    pub systemd: bool,
    /// `default_env` of `crio.conf`: entries `NAME=value`.
    pub default_env: Vec<String>,
}
