//! Process 1 of a container, in the OCI configuration and as runc starts it (OCI runtime
//! specification: `process`).

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::entry::{EntryOrigin, EnvEntry};
use super::error::ProcessError;
use super::hostname::{Hostname, hostname};
use super::image::ImageConfig;
use super::passwd::Passwd;
use super::runc::Environ;
use super::runtime::{Engine, Runtime};
use super::{containerd, crio, user};
use crate::container::Composition;
use crate::environment::{Environment, Value};
use crate::names::Positions;

/// The facts that a process depends on, apart from its [`Composition`]: plain data.
///
/// The default is containerd 2 with runc 1.3 and the cluster domain `cluster.local`. Everything else
/// is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessFacts<'a> {
    /// The container runtime.
    pub runtime: Runtime,
    /// The configuration of the container's image; `None` if it is not known.
    pub image: Option<&'a ImageConfig>,
    /// The image's `/etc/passwd`; `None` if it is not known. An image without one has an empty
    /// [`Passwd`].
    pub passwd: Option<&'a Passwd>,
    /// The hostname of the Node, which a Pod with `hostNetwork` has; `None` if it is not known. It
    /// need not be the name of the Node object.
    pub node_hostname: Option<&'a str>,
    /// The domain of the cluster (`clusterDomain` of the kubelet's configuration).
    pub cluster_domain: &'a str,
}

impl Default for ProcessFacts<'_> {
    fn default() -> Self {
        ProcessFacts {
            runtime: Runtime::default(),
            image: None,
            passwd: None,
            node_hostname: None,
            cluster_domain: "cluster.local",
        }
    }
}

/// Process 1 of a container: its arguments, its directory, and its environment before and after
/// runc.
///
/// See the [module](super) for an example.
#[derive(Clone, Debug)]
pub struct Process<'a> {
    args: Option<Vec<Value<'a>>>,
    cwd: Option<&'a str>,
    uid: Option<i64>,
    oci_env: Vec<EnvEntry<'a>>,
    environ: Vec<EnvEntry<'a>>,
    unknown: Vec<UnknownPart>,
    kubelet: &'a Environment<'a>,
}

/// A part of a process that depends on a fact that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UnknownPart {
    /// The variables of an `envFrom` source. It may set any variable with its prefix.
    EnvFrom,
    /// The image's `ENV`. It may add variables, and replace those that the kubelet does not set.
    ImageEnv,
    /// The value of `HOSTNAME`, which is left out.
    Hostname,
    /// The value of `HOME`, which is left out.
    Home,
    /// The arguments, which are the image's `ENTRYPOINT` and `CMD` or a part of them.
    Args,
    /// The working directory, which is the image's `WORKDIR`.
    Cwd,
}

impl fmt::Display for UnknownPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UnknownPart::EnvFrom => "an envFrom source is not known: it may set more variables",
            UnknownPart::ImageEnv => {
                "the image's ENV is not known: it may add variables and replace those that the \
                 kubelet does not set"
            }
            UnknownPart::Hostname => {
                "HOSTNAME is not known: the Pod's or Node's hostname is missing"
            }
            UnknownPart::Home => "HOME is not known: the image or its /etc/passwd is missing",
            UnknownPart::Args => "the arguments are not known: the image is missing",
            UnknownPart::Cwd => "the working directory is not known: the image is missing",
        })
    }
}

/// The sources of the environment in an OCI configuration.
pub(super) struct EnvSources<'a> {
    pub(super) tty: bool,
    pub(super) hostname: Option<String>,
    pub(super) image: &'a [String],
    pub(super) kubelet: Vec<EnvEntry<'a>>,
}

impl<'a> Process<'a> {
    /// Computes the process of a composed container.
    ///
    /// Variables that [`Composition::with_base`] added are ignored: they approximate the result.
    ///
    /// # Errors
    ///
    /// Returns an error if the kubelet rejects the Pod's hostname, or the container runtime or runc
    /// does not start the container: see [`ProcessError`].
    pub fn new(
        composition: &'a Composition<'_>,
        facts: &'a ProcessFacts<'_>,
    ) -> Result<Self, ProcessError> {
        let (pod, container) = (composition.pod(), composition.container());
        let environment: &'a Environment<'a> = composition.environment();
        let hostname = match hostname(pod, facts.cluster_domain, composition.facts().release)? {
            Hostname::Pod(hostname) => Some(hostname),
            Hostname::Node => facts.node_hostname.map(ToOwned::to_owned),
            Hostname::Unknown => None,
        };
        if composition.facts().release.rejects_non_utf8()
            && let Some(subject) = composition.first_non_utf8()
        {
            return Err(ProcessError::NotUtf8 { subject });
        }
        let is_hostname_known = hostname.is_some();
        let args = args(composition, facts)?;
        let cwd = cwd(&container.working_dir, facts.image);
        let uid = user::uid(pod, container, facts.image, facts.passwd)?;

        let sources = |kubelet| EnvSources {
            tty: container.tty,
            hostname: hostname.clone(),
            image: facts.image.map(|image| image.env.as_slice()).unwrap_or_default(),
            kubelet,
        };
        let oci_env = facts.oci_env(sources(kubelet_entries(environment)))?;
        // An image that is not known may set HOME, unless the kubelet does.
        let is_home_fixed = facts.image.is_some() || oci_env.iter().any(is_kubelets("HOME"));
        let home = uid.zip(facts.passwd).filter(|_| is_home_fixed);
        let home = home.map(|(uid, passwd)| passwd.home(uid));
        let runc = facts.runtime.runc;
        let Environ { entries: mut environ, needs_home } = runc.environ_with(&oci_env, home)?;
        if !environment.is_known() {
            let base = runc.environ_with(&facts.oci_env(sources(Vec::new()))?, home)?;
            settle(&mut environ, &base.entries, environment);
        }

        let parts = [
            (UnknownPart::EnvFrom, !environment.open_sources().is_empty()),
            (UnknownPart::ImageEnv, facts.image.is_none()),
            (
                UnknownPart::Hostname,
                !is_hostname_known && !environ.iter().any(is_named("HOSTNAME")),
            ),
            (UnknownPart::Home, needs_home && home.is_none()),
            (UnknownPart::Args, args.is_none()),
            (UnknownPart::Cwd, cwd.is_none()),
        ];
        let unknown = parts.into_iter().filter_map(|(part, is_unknown)| is_unknown.then_some(part));
        let unknown = unknown.collect();
        Ok(Process { args, cwd, uid, oci_env, environ, unknown, kubelet: environment })
    }

    /// Returns `process.env` of the OCI configuration, in order, duplicates included.
    ///
    /// The kubelet's variables are in kubelet order; the real order of those is random.
    #[must_use]
    pub fn oci_env(&self) -> &[EnvEntry<'a>] {
        &self.oci_env
    }

    /// Returns the environment of process 1 as runc leaves it, in order. Each name occurs once and
    /// each entry has a value.
    #[must_use]
    pub fn environ(&self) -> &[EnvEntry<'a>] {
        &self.environ
    }

    /// Returns [`environ`](Process::environ) as an [`Environment`], which can be rendered, redacted,
    /// exported and compared.
    #[must_use]
    pub fn environment(&self) -> Environment<'_> {
        let values = self.environ.iter();
        let values =
            values.filter_map(|entry| Some((entry.name().into(), entry.value()?.borrowed())));
        Environment::from_values(values).with_open_sources_of(self.kubelet)
    }

    /// Returns the arguments, the program first; `None` if they depend on an image that is not
    /// known.
    #[must_use]
    pub fn args(&self) -> Option<&[Value<'a>]> {
        self.args.as_deref()
    }

    /// Returns the working directory; `None` if it depends on an image that is not known.
    #[must_use]
    pub fn cwd(&self) -> Option<&str> {
        self.cwd
    }

    /// Returns the UID; `None` if it depends on an image or an `/etc/passwd` that is not known.
    #[must_use]
    pub fn uid(&self) -> Option<i64> {
        self.uid
    }

    /// Returns the parts that depend on facts that are not known. If there are none, and all values
    /// of the [environment](Process::environment) and the arguments are known, the process is
    /// completely determined.
    #[must_use]
    pub fn unknown(&self) -> &[UnknownPart] {
        &self.unknown
    }

    /// Returns the entries of [`environ`](Process::environ) that an image that is not known may
    /// replace: the defaults of the runtime. There are none if the image is known.
    pub fn replaceable(&self) -> impl Iterator<Item = &EnvEntry<'a>> {
        let is_open = self.unknown.contains(&UnknownPart::ImageEnv);
        self.environ.iter().filter(move |entry| is_open && entry.origin() == EntryOrigin::Runtime)
    }
}

impl ProcessFacts<'_> {
    fn oci_env<'a>(&'a self, sources: EnvSources<'a>) -> Result<Vec<EnvEntry<'a>>, ProcessError> {
        match &self.runtime.engine {
            Engine::Containerd => Ok(containerd::environment(sources)),
            Engine::CriO(crio) => crio::environment(crio, sources),
        }
    }
}

/// The variables that the kubelet passes to the runtime: those of device plugins, then the Pod's.
/// Both may have one name.
fn kubelet_entries<'a>(environment: &'a Environment<'_>) -> Vec<EnvEntry<'a>> {
    let pod = environment.iter().filter(|variable| !variable.is_base() && !variable.is_device());
    let variables = environment.device_variables().chain(pod);
    variables.map(|variable| EnvEntry::from_kubelet(variable.name(), variable.value())).collect()
}

/// Marks the values that depend on what the kubelet may or may not set. `base` is the environment
/// without the kubelet.
fn settle<'a>(environ: &mut [EnvEntry<'a>], base: &[EnvEntry<'a>], kubelet: &Environment<'a>) {
    let positions = Positions::of(base.iter().map(EnvEntry::name));
    let base = |name: &str| positions.last(name).and_then(|position| base.get(position)?.value());
    for entry in environ {
        if entry.origin() != EntryOrigin::Kubelet {
            let value = entry.value().cloned();
            entry.replace_value(kubelet.unless_set(entry.name(), || value));
        } else if let Some(base) = base(entry.name())
            && let Some(value) = entry.value().filter(|value| !value.is_known())
        {
            entry.replace_value(Some(value.clone().over(base)));
        }
    }
}

/// `command` and `args` over the image's `ENTRYPOINT` and `CMD` (containerd: `WithProcessArgs` in
/// `internal/cri/opts/spec_opts.go`; CRI-O: `container.SpecSetProcessArgs`).
fn args<'a>(
    composition: &'a Composition<'_>,
    facts: &'a ProcessFacts<'_>,
) -> Result<Option<Vec<Value<'a>>>, ProcessError> {
    let given = composition.command().iter().chain(composition.args());
    let given: Vec<Value<'a>> = given.map(|text| text.value.borrowed()).collect();
    if !composition.command().is_empty() {
        return Ok(Some(given));
    }
    let Some(image) = facts.image else { return Ok(None) };
    // containerd treats an entry point of one empty text as none.
    let is_blank = matches!(image.entrypoint.as_slice(), [only] if only.is_empty());
    let entrypoint = match &facts.runtime.engine {
        Engine::Containerd if is_blank => &[],
        _ => image.entrypoint.as_slice(),
    };
    let of_image = |texts: &'a [String]| -> Vec<Value<'a>> {
        texts.iter().map(|text| Value::plain(Cow::Borrowed(text.as_bytes()))).collect()
    };
    let mut args = of_image(entrypoint);
    args.extend(if given.is_empty() { of_image(&image.cmd) } else { given });
    if args.is_empty() { Err(ProcessError::NoCommand) } else { Ok(Some(args)) }
}

/// `workingDir` over the image's `WORKDIR`, or else `/`.
fn cwd<'a>(working_dir: &'a str, image: Option<&'a ImageConfig>) -> Option<&'a str> {
    if !working_dir.is_empty() {
        return Some(working_dir);
    }
    let working_dir = image?.working_dir.as_str();
    Some(if working_dir.is_empty() { "/" } else { working_dir })
}

fn is_named(name: &str) -> impl Fn(&EnvEntry<'_>) -> bool {
    move |entry| entry.name() == name
}

fn is_kubelets(name: &str) -> impl Fn(&EnvEntry<'_>) -> bool {
    move |entry| entry.name() == name && entry.origin() == EntryOrigin::Kubelet
}
