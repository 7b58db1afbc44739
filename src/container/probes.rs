//! The commands of exec probes and lifecycle hooks (Go: `ExpandContainerCommandOnlyStatic` for
//! probes, `handlerRunner.Run` for hooks).

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use super::compose::Composer;
use super::expand::expand_within;
use super::{ComposeError, ComposeErrorKind};
use crate::api::{ExecAction, Lifecycle, LifecycleHandler, Probe};
use crate::environment::Value;
use crate::names::Positions;

/// The command of an exec probe or of a lifecycle hook, as the kubelet runs it.
///
/// A probe sees only the entries of `env`, by their `value`. References in such a value are not
/// expanded, and an entry without a value is the empty string. A hook is not expanded at all. The
/// processes of both do have the container's environment.
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, ExecAction, Pod, PodSpec, Probe};
/// use kubelet_env::container::Replacement;
/// use kubelet_env::{Facts, Objects, compose};
///
/// let env = vec![EnvVar { name: "PORT".into(), value: "80".into(), ..EnvVar::default() }];
/// let command = ["check", "$(PORT)", "$(KUBERNETES_SERVICE_HOST)"].map(Into::into).to_vec();
/// let probe = Probe { exec: Some(ExecAction { command }), ..Probe::default() };
/// let readiness_probe = Some(probe);
/// let app = Container { name: "app".into(), env, readiness_probe, ..Container::default() };
/// let spec = PodSpec { containers: vec![app], ..PodSpec::default() };
/// let pod = Pod { spec, ..Pod::default() }.with_defaults();
/// let objects = Objects::default();
///
/// let composition = compose(&pod, "app", &Facts::of(&objects))?;
/// let probe = &composition.exec_handlers()[0];
/// assert_eq!(probe.kind.to_string(), "readinessProbe");
/// assert_eq!(probe.command[1].as_str(), Some("80"));
/// assert_eq!(probe.command[2].as_str(), Some("$(KUBERNETES_SERVICE_HOST)"));
/// assert_eq!(probe.references[1].replacement, Replacement::None);
/// # Ok::<(), kubelet_env::ComposeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecHandler<'a> {
    /// The probe or hook.
    pub kind: HandlerKind,
    /// The program and its arguments.
    pub command: Vec<Value<'a>>,
    /// The references in the command, in their order. A hook's have no effect.
    pub references: Vec<HandlerReference<'a>>,
}

/// A probe or hook of a container that may run a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HandlerKind {
    /// `startupProbe`
    StartupProbe,
    /// `readinessProbe`
    ReadinessProbe,
    /// `livenessProbe`
    LivenessProbe,
    /// `lifecycle.postStart`
    PostStart,
    /// `lifecycle.preStop`
    PreStop,
}

impl HandlerKind {
    /// Reports whether the kubelet expands references in the command, as it does for probes.
    #[must_use]
    pub fn is_probe(self) -> bool {
        !matches!(self, HandlerKind::PostStart | HandlerKind::PreStop)
    }
}

/// The path of its field in the container.
impl fmt::Display for HandlerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HandlerKind::StartupProbe => "startupProbe",
            HandlerKind::ReadinessProbe => "readinessProbe",
            HandlerKind::LivenessProbe => "livenessProbe",
            HandlerKind::PostStart => "lifecycle.postStart",
            HandlerKind::PreStop => "lifecycle.preStop",
        })
    }
}

/// A `$(NAME)` in the command of a probe or hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerReference<'a> {
    /// The index in the command.
    pub index: usize,
    /// The name.
    pub name: &'a str,
    /// The text that the kubelet replaces it with.
    pub replacement: Replacement<'a>,
}

/// The text that the kubelet replaces a reference with in the command of a probe or hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement<'a> {
    /// The `value` of the last entry of `env` of that name, unexpanded. The container's environment
    /// has the expanded one.
    Text(&'a str),
    /// The empty string, because that entry has a source or nothing. The container's environment
    /// has the value of the source.
    Empty,
    /// No replacement: no entry of `env` has that name, or hooks are not expanded. The container's
    /// environment may have the variable from `envFrom`, a Service or a device plugin.
    None,
}

impl<'a> Composer<'a, '_> {
    pub(super) fn exec_handlers(&mut self) -> Result<Vec<ExecHandler<'a>>, ComposeError> {
        let container = self.container;
        let probe = |probe: &'a Option<Probe>| probe.as_ref()?.exec.as_ref();
        let hook = |hook: fn(&Lifecycle) -> &Option<LifecycleHandler>| {
            hook(container.lifecycle.as_ref()?).as_ref()?.exec.as_ref()
        };
        let candidates = [
            (HandlerKind::StartupProbe, probe(&container.startup_probe)),
            (HandlerKind::ReadinessProbe, probe(&container.readiness_probe)),
            (HandlerKind::LivenessProbe, probe(&container.liveness_probe)),
            (HandlerKind::PostStart, hook(|hooks| &hooks.post_start)),
            (HandlerKind::PreStop, hook(|hooks| &hooks.pre_stop)),
        ];
        let mut names_of_env = None;
        let mut handlers = Vec::new();
        for (kind, exec) in candidates {
            let Some(exec) = exec else { continue };
            let names = || Positions::of(container.env.iter().map(|entry| entry.name.as_str()));
            let handler = self.handler(kind, exec, names_of_env.get_or_insert_with(names));
            handlers.push(handler.map_err(|error| self.error_of_container(error))?);
        }
        Ok(handlers)
    }

    fn handler(
        &mut self,
        kind: HandlerKind,
        exec: &'a ExecAction,
        names_of_env: &Positions<&'a str>,
    ) -> Result<ExecHandler<'a>, ComposeErrorKind> {
        // Unexpanded, and the last entry of a name wins (Go: `v1EnvVarsToMap`).
        let env = &self.container.env;
        let value_of = |name: &str| Some(env.get(names_of_env.last(name)?)?.value.as_str());
        let (mut command, mut references) = (Vec::new(), Vec::new());
        for (index, text) in exec.command.iter().enumerate() {
            let limit = self.remaining;
            let expanded = expand_within(text, self.facts.release, limit, |_, name| {
                let text = value_of(name).filter(|_| kind.is_probe());
                let replacement = match text {
                    None => Replacement::None,
                    Some("") => Replacement::Empty,
                    Some(text) => Replacement::Text(text),
                };
                references.push(HandlerReference { index, name, replacement });
                text.map(|text| Cow::Borrowed(text.as_bytes()))
            });
            let expanded = expanded.ok_or_else(|| self.too_large())?;
            // A hook keeps `$$` too.
            let bytes = if kind.is_probe() { expanded } else { Cow::Borrowed(text.as_bytes()) };
            self.take_up(bytes.len())?;
            command.push(Value::plain(bytes));
        }
        Ok(ExecHandler { kind, command, references })
    }
}
