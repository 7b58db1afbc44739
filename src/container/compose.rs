//! All sources of a container's environment put together (Go: `Kubelet.makeEnvironmentVariables`,
//! `ExpandContainerCommandAndArgs`).

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::env_file::EnvFile;
use super::expand::expand_within;
use super::facts::{FileKey, VolumeFile};
use super::field::PodFields;
use super::prepared::SeenServices;
use super::resource_field::ResourceFields;
use super::{ComposeError, ComposeErrorKind, DeviceVariable, ExecHandler, Facts, Known, SubPath};
use crate::api::{
    ConfigMap, ConfigMapEnvSource, ConfigMapKeySelector, Container, EnvFromSource, EnvVar,
    FileKeySelector, Object, Pod, ResourceFieldSelector, Secret, SecretEnvSource,
    SecretKeySelector,
};
use crate::environment::{
    Declared, Entry, Environment, OpenSource, Reference, Resolved, Size, Source, Unknown, Value,
    ValueBuilder, Variable,
};
use crate::names::is_env_var_name;
use crate::objects::{Namespace, ObjectRef, Store};
use crate::release::Rule;
use crate::services::{LinkedServices, NoPortsError, ServiceLinks, is_master};

/// Composes the environment of a container of a Pod as the kubelet does.
///
/// A Pod that no API server has seen needs [`Pod::with_defaults`] first. The variables of the image,
/// and the `HOSTNAME` and `PATH` of the container runtime, are not included. Add them with
/// [`Environment::with_base`] if they are known.
///
/// [`Facts::world`] selects the treatment of what is missing: an error, or an
/// [unknown](crate::environment::Unknown) value.
///
/// Mirrors `Kubelet.makeEnvironmentVariables` and `ExpandContainerCommandAndArgs`.
///
/// # Errors
/// Returns an error if the kubelet would not start the container, or if a fact is missing that the
/// container needs; see [`ComposeErrorKind`]. It is the first error that the kubelet would find.
/// Missing objects and facts are no errors in the [open world](super::World::Open).
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, Pod};
/// use kubelet_env::{Facts, Objects, compose};
///
/// let objects = Objects::default();
/// let app = Container::new("app")
///     .with_env([EnvVar::new("HOST", "db"), EnvVar::new("URL", "http://$(HOST)/")]);
/// let pod = Pod::default().with_container(app).with_defaults();
///
/// let composition = compose(&pod, "app", &Facts::of(&objects))?;
/// assert_eq!(composition.environment().get("URL").unwrap().value().as_str(), Some("http://db/"));
/// # Ok::<(), kubelet_env::ComposeError>(())
/// ```
pub fn compose<'a>(
    pod: &'a Pod,
    container: &str,
    facts: &Facts<'a>,
) -> Result<Composition<'a>, ComposeError> {
    let mut refusals = Refusals::Stop;
    compose_with(pod, container, facts, &mut refusals)
}

/// Composes as [`compose`] does, and continues after refusals. Their entries get unknown values.
///
/// There is no composition if the Pod does not have the container, or if the environment is too
/// large.
pub(crate) fn compose_all<'a>(
    pod: &'a Pod,
    container: &str,
    facts: &Facts<'a>,
) -> (Option<Composition<'a>>, Vec<ComposeError>) {
    let mut refusals = Refusals::Collect(Vec::new());
    let result = compose_with(pod, container, facts, &mut refusals);
    let Refusals::Collect(mut errors) = refusals else { return (result.ok(), Vec::new()) };
    match result {
        Ok(composition) => (Some(composition), errors),
        Err(error) => {
            errors.push(error);
            (None, errors)
        }
    }
}

/// The treatment of errors after which the composition can continue.
enum Refusals {
    /// The first one ends the composition, as in the kubelet.
    Stop,
    /// They are collected.
    Collect(Vec<ComposeError>),
}

impl Refusals {
    fn add(&mut self, error: ComposeError) -> Result<(), ComposeError> {
        match self {
            Refusals::Collect(errors)
                if !matches!(error.kind(), ComposeErrorKind::TooLarge { .. }) =>
            {
                errors.push(error);
                Ok(())
            }
            _ => Err(error),
        }
    }
}

fn compose_with<'a>(
    pod: &'a Pod,
    container: &str,
    facts: &Facts<'a>,
    refusals: &mut Refusals,
) -> Result<Composition<'a>, ComposeError> {
    let reject = |kind| ComposeError::new(ObjectRef::of(pod), container, kind);
    let Some(container) = pod.spec.container(container) else {
        return Err(reject(ComposeErrorKind::NoSuchContainer));
    };
    let (services, remaining) = linked_services(pod, facts, |kind| refusals.add(reject(kind)))?;
    Composer {
        pod,
        container,
        facts,
        config_maps: facts.config_maps.in_namespace(&pod.metadata.namespace),
        secrets: facts.secrets.in_namespace(&pod.metadata.namespace),
        pod_fields: PodFields::new(pod, facts),
        resource_fields: ResourceFields::new(pod, container, facts),
        files: BTreeMap::new(),
        remaining,
        environment: Environment::of_services(services),
        skipped: Vec::new(),
        refusals,
    }
    .compose()
}

/// Returns the Services that the container sees, and the bytes that their variables leave of the
/// limit.
fn linked_services<'a>(
    pod: &Pod,
    facts: &Facts<'a>,
    mut refuse: impl FnMut(ComposeErrorKind) -> Result<(), ComposeError>,
) -> Result<(Arc<LinkedServices<'a>>, usize), ComposeError> {
    let links = pod.spec.enable_service_links;
    if links.is_none() {
        refuse(ComposeErrorKind::ServiceLinksAbsent)?;
    }
    if !facts.services_listed && !is_static(pod) {
        refuse(ComposeErrorKind::ServicesNotListed)?;
    }
    let links = links.map(ServiceLinks::from).unwrap_or_default();
    let seen = SeenServices::of(&pod.metadata.namespace, links, facts);
    for service in &seen.without_ports {
        refuse(NoPortsError { service: ObjectRef::of(*service) }.into())?;
    }
    let limit = facts.size_limit;
    let remaining = limit.checked_sub(seen.size);
    if remaining.is_none() {
        refuse(ComposeErrorKind::TooLarge { limit })?;
    }
    Ok((seen.services, remaining.unwrap_or_default()))
}

/// Reports whether the kubelet read the Pod from another source than the API server (Go:
/// `IsStaticPod`).
fn is_static(pod: &Pod) -> bool {
    pod.metadata
        .annotations
        .get("kubernetes.io/config.source")
        .is_some_and(|source| source != "api")
}

/// A container's environment with its Pod and facts: the result of [`compose`].
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, Pod};
/// use kubelet_env::{Facts, Objects, compose};
///
/// let mut app = Container::new("app").with_env([EnvVar::new("MODE", "fast")]);
/// app.args = vec!["--mode=$(MODE)".into()];
/// let pod = Pod::default().with_container(app).with_defaults();
/// let objects = Objects::default();
///
/// let composition = compose(&pod, "app", &Facts::of(&objects))?;
/// assert_eq!(composition.args()[0].value.as_str(), Some("--mode=fast"));
/// let explanation = composition.explain("MODE", &objects.services);
/// assert!(explanation.effective.is_some());
/// # Ok::<(), kubelet_env::ComposeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Composition<'a> {
    pod: &'a Pod,
    container: &'a Container,
    facts: Facts<'a>,
    environment: Environment<'a>,
    skipped: Vec<Skipped>,
    sub_paths: Vec<SubPath<'a>>,
    command: Vec<Expanded<'a>>,
    args: Vec<Expanded<'a>>,
    exec_handlers: Vec<ExecHandler<'a>>,
}

impl<'a> Composition<'a> {
    /// Returns the Pod.
    #[must_use]
    pub fn pod(&self) -> &'a Pod {
        self.pod
    }

    /// Returns the container.
    #[must_use]
    pub fn container(&self) -> &'a Container {
        self.container
    }

    /// Returns the facts that the environment depends on besides the Pod.
    #[must_use]
    pub fn facts(&self) -> &Facts<'a> {
        &self.facts
    }

    /// Returns the Pod's `enableServiceLinks`.
    #[must_use]
    pub fn service_links(&self) -> ServiceLinks {
        // `compose` rejects a Pod without it.
        self.pod.spec.enable_service_links.map(ServiceLinks::from).unwrap_or_default()
    }

    /// Returns the environment.
    #[must_use]
    pub fn environment(&self) -> &Environment<'a> {
        &self.environment
    }

    /// Adds variables with lower precedence than everything the kubelet sets, as
    /// [`Environment::with_base`] does. Explanations and findings take them into account.
    #[must_use]
    pub fn with_base<N: Into<String>, V: Into<Vec<u8>>>(
        mut self,
        base: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.environment = self.environment.with_base(base);
        self
    }

    /// Consumes the composition and returns the environment.
    #[must_use]
    pub fn into_environment(self) -> Environment<'a> {
        self.environment
    }

    /// Returns the entries and keys that the kubelet skips, in their order.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Returns what is not UTF-8 and would reach the container runtime, if anything: a variable, or
    /// an entry of the command or the arguments.
    pub(crate) fn first_non_utf8(&self) -> Option<String> {
        let is_text =
            |value: &Value<'_>| core::str::from_utf8(value.bytes_with_placeholders()).is_ok();
        let variable = |variable: Variable<'_>| {
            (!is_text(&variable.value())).then(|| variable.name().into_owned())
        };
        let command =
            self.command.iter().position(|entry| !is_text(&entry.value)).map(Entry::Command);
        let args = || self.args.iter().position(|entry| !is_text(&entry.value)).map(Entry::Args);
        let entry = || command.or_else(args).map(|entry| alloc::format!("{entry}"));
        self.environment.iter().find_map(variable).or_else(entry)
    }

    /// Returns the container's `command`, expanded.
    #[must_use]
    pub fn command(&self) -> &[Expanded<'a>] {
        &self.command
    }

    /// Returns the container's `args`, expanded.
    #[must_use]
    pub fn args(&self) -> &[Expanded<'a>] {
        &self.args
    }

    /// Returns the expanded `subPathExpr` of the container's volume mounts, in their order.
    #[must_use]
    pub fn sub_paths(&self) -> &[SubPath<'a>] {
        &self.sub_paths
    }

    /// Returns the commands of the container's exec probes and lifecycle hooks.
    #[must_use]
    pub fn exec_handlers(&self) -> &[ExecHandler<'a>] {
        &self.exec_handlers
    }
}

impl Composition<'_> {
    /// Returns the size of the environment and of the declared command and arguments. Those of the
    /// image are not known.
    #[must_use]
    pub fn size(&self) -> Size {
        let texts = self
            .command()
            .iter()
            .chain(self.args())
            .map(|text| text.value.bytes_with_placeholders());
        let path = self.command().first().map(|program| program.value.bytes_with_placeholders());
        Size::of(path.unwrap_or_default(), texts, self.environment())
    }

    /// Returns the size of the variables of the namespace's Services, which
    /// `enableServiceLinks: false` saves.
    #[must_use]
    pub fn size_of_service_links(&self) -> Size {
        self.environment().size_of_services(|service| !is_master(service))
    }
}

/// A text with expanded references.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expanded<'a> {
    /// The expanded value.
    pub value: Value<'a>,
    /// The references in the text, in their order.
    pub references: Vec<Reference<'a>>,
}

/// An entry of a container, or a key of one, that the kubelet skips.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The entry.
    pub entry: Entry,
    /// The variable that it would have set. `None` for a whole `envFrom` source.
    pub variable: Option<String>,
    /// The reason.
    pub reason: SkipReason,
}

/// The reason why the kubelet skips an entry or a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// An optional object does not exist.
    ObjectMissing(ObjectRef),
    /// An object has no such optional key.
    KeyMissing(ObjectRef, String),
    /// An env file has no such optional key, or an empty value.
    FileKeyMissing(FileKeySelector),
    /// An `envFrom` entry refers to nothing.
    NoReference,
    /// The name is not a strict variable name, which `envFrom` requires before Kubernetes 1.30.
    IllegalName,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipReason::ObjectMissing(object) => {
                write!(f, "there is no {object}, which is optional")
            }
            SkipReason::KeyMissing(object, key) => {
                write!(f, "{object} has no key {key:?}, which is optional")
            }
            SkipReason::FileKeyMissing(FileKeySelector { volume_name, path, key, .. }) => {
                write!(
                    f,
                    "{path:?} in the volume {volume_name:?} has no value for the key {key:?}, which is optional"
                )
            }
            SkipReason::NoReference => f.write_str("it refers to neither a ConfigMap nor a Secret"),
            SkipReason::IllegalName => {
                f.write_str("the name is not a variable name in this release")
            }
        }
    }
}

/// An entry of `env`, and the name of its variable.
#[derive(Clone, Copy)]
struct Named<'a> {
    entry: Entry,
    name: &'a str,
}

pub(super) struct Composer<'a, 'f> {
    pub(super) pod: &'a Pod,
    pub(super) container: &'a Container,
    pub(super) facts: &'f Facts<'a>,
    config_maps: Namespace<'a, ConfigMap>,
    secrets: Namespace<'a, Secret>,
    pod_fields: PodFields<'a, 'f>,
    resource_fields: ResourceFields<'a, 'f>,
    /// The env files read so far.
    files: BTreeMap<FileKey<'a>, EnvFile<'a>>,
    /// The number of bytes that the rest can take.
    pub(super) remaining: usize,
    pub(super) environment: Environment<'a>,
    skipped: Vec<Skipped>,
    refusals: &'f mut Refusals,
}

impl<'a> Composer<'a, '_> {
    fn compose(mut self) -> Result<Composition<'a>, ComposeError> {
        let container = self.container;
        self.reserve();
        self.device_env()?;
        for (index, source) in container.env_from.iter().enumerate() {
            let entry = Entry::EnvFrom(index);
            if let Err(kind) = self.env_from(entry, source) {
                let missing = match &kind {
                    ComposeErrorKind::ObjectMissing { object } => Some(object.clone()),
                    _ => None,
                };
                self.refuse(self.error(entry, None, kind))?;
                if let Some(object) = missing {
                    self.open_source(entry, source, object, &|_| false)
                        .map_err(|kind| self.error(entry, None, kind))?;
                }
            }
        }
        for (index, variable) in container.env.iter().enumerate() {
            let entry = Entry::Env(index);
            if let Err(kind) = self.env(entry, variable) {
                self.refuse(self.error(entry, Some(variable), kind))?;
                self.declare_refused(entry, variable)
                    .map_err(|kind| self.error(entry, Some(variable), kind))?;
            }
        }
        self.environment.hide_shadowed();
        self.environment.settle_device_variables();
        let sub_paths = self.sub_paths()?;
        let command = self.expand_all(&container.command, Entry::Command)?;
        let args = self.expand_all(&container.args, Entry::Args)?;
        let exec_handlers = self.exec_handlers()?;
        let Composer { pod, environment, skipped, facts: &facts, .. } = self;
        Ok(Composition {
            pod,
            container,
            facts,
            environment,
            skipped,
            sub_paths,
            command,
            args,
            exec_handlers,
        })
    }

    /// Adds a refusal, or returns it as the error that ends the composition.
    pub(super) fn refuse(&mut self, error: ComposeError) -> Result<(), ComposeError> {
        self.refusals.add(error)
    }

    /// Declares the variable of a refused entry, whose value is unknown.
    fn declare_refused(
        &mut self,
        entry: Entry,
        variable: &'a EnvVar,
    ) -> Result<(), ComposeErrorKind> {
        let from = variable.value_from.as_ref();
        let (source, unknown) = if let Some(field) = from.and_then(|from| from.field_ref.as_ref()) {
            (Source::Field(field), Unknown::Field { path: field.field_path.clone() })
        } else if let Some(selector) = from.and_then(|from| from.resource_field_ref.as_ref()) {
            (Source::Resource(selector), self.unknown_resource(selector))
        } else if let Some(selector) = from.and_then(|from| from.config_map_key_ref.as_ref()) {
            let (object, key) = (self.config_map_ref(&selector.name), selector.key.clone());
            (Source::UnknownConfigMap(selector), Unknown::Key { object, key })
        } else if let Some(selector) = from.and_then(|from| from.secret_key_ref.as_ref()) {
            let (object, key) = (self.secret_ref(&selector.name), selector.key.clone());
            (Source::UnknownSecret(selector), Unknown::Key { object, key })
        } else if let Some(selector) = from.and_then(|from| from.file_key_ref.as_ref()) {
            let FileKeySelector { volume_name, path, key, .. } = selector;
            let (volume, path, key) = (volume_name.clone(), path.clone(), key.clone());
            (Source::File(selector), Unknown::FileKey { volume, path, key })
        } else {
            return Ok(());
        };
        let expanded = Expanded { value: Value::unknown(unknown), references: Vec::new() };
        self.declare(entry, Cow::Borrowed(&variable.name), source, expanded)
    }

    pub(super) fn error(
        &self,
        entry: Entry,
        variable: Option<&EnvVar>,
        kind: ComposeErrorKind,
    ) -> ComposeError {
        self.error_of_container(kind).at(entry, variable.map(|variable| &*variable.name))
    }

    pub(super) fn error_of_container(&self, kind: ComposeErrorKind) -> ComposeError {
        ComposeError::new(ObjectRef::of(self.pod), &self.container.name, kind)
    }

    fn device_env(&mut self) -> Result<(), ComposeError> {
        for DeviceVariable { name, value, .. } in self.facts.device_env {
            let size = Size::of_variable(name, value.len());
            self.take_up(size.bytes()).map_err(|kind| self.error_of_container(kind))?;
            self.environment.add_device_variable(name, value);
        }
        Ok(())
    }

    fn env_from(
        &mut self,
        entry: Entry,
        source: &'a EnvFromSource,
    ) -> Result<(), ComposeErrorKind> {
        if let Some(ConfigMapEnvSource { name, optional }) = &source.config_map_ref {
            match self.config_maps.get(name) {
                Some(config_map) => self.env_from_config_map(entry, &source.prefix, config_map),
                None => {
                    let object = self.config_map_ref(name);
                    let known = self.known(|known| &known.config_maps, name);
                    if !self.facts.is_open() && known.is_none() {
                        return self.source_missing(entry, object, *optional);
                    }
                    let is_known = |key: &str| known.is_some_and(|it| it.data.contains_key(key));
                    self.open(entry, source, object, &is_known)?;
                    known.map_or(Ok(()), |known| {
                        self.env_from_config_map(entry, &source.prefix, known)
                    })
                }
            }
        } else if let Some(SecretEnvSource { name, optional }) = &source.secret_ref {
            match self.secrets.get(name) {
                Some(secret) => self.env_from_secret(entry, &source.prefix, secret),
                None => {
                    let object = self.secret_ref(name);
                    let known = self.known(|known| &known.secrets, name);
                    if !self.facts.is_open() && known.is_none() {
                        return self.source_missing(entry, object, *optional);
                    }
                    let is_known = |key: &str| known.is_some_and(|it| it.data.contains_key(key));
                    self.open(entry, source, object, &is_known)?;
                    known.map_or(Ok(()), |known| self.env_from_secret(entry, &source.prefix, known))
                }
            }
        } else {
            self.skip(entry, None, SkipReason::NoReference)
        }
    }

    /// Makes room for the entries and for the keys of their sources.
    fn reserve(&mut self) {
        let keys = self.container.env_from.iter().map(|source| {
            let config_map = source.config_map_ref.as_ref();
            let config_map = config_map.and_then(|source| self.config_maps.get(&source.name));
            let secret = source.secret_ref.as_ref();
            let secret = secret.and_then(|source| self.secrets.get(&source.name));
            config_map
                .map_or(0, |it| it.data.len())
                .saturating_add(secret.map_or(0, |it| it.data.len()))
        });
        let entries = keys.fold(self.container.env.len(), usize::saturating_add);
        // More do not fit.
        let most = self.remaining.div_euclid(Facts::DECLARATION_SIZE);
        self.environment.reserve(entries.min(most));
    }

    fn env_from_config_map(
        &mut self,
        entry: Entry,
        prefix: &'a str,
        config_map: &'a ConfigMap,
    ) -> Result<(), ComposeErrorKind> {
        config_map.data.iter().try_for_each(|(key, value)| {
            let value = Value::plain(Cow::Borrowed(value.as_bytes()));
            self.env_from_key(entry, prefix, key, Source::ConfigMap(config_map, key), value)
        })
    }

    fn env_from_secret(
        &mut self,
        entry: Entry,
        prefix: &'a str,
        secret: &'a Secret,
    ) -> Result<(), ComposeErrorKind> {
        secret.data.iter().try_for_each(|(key, value)| {
            let value = Value::secret(Cow::Borrowed(value.as_bytes()));
            self.env_from_key(entry, prefix, key, Source::Secret(secret, key), value)
        })
    }

    /// Adds a source whose keys are not known, apart from some that `has_key` accepts. It may
    /// override the variables whose names start with its prefix. In the closed world it has no other
    /// keys.
    fn open(
        &mut self,
        entry: Entry,
        source: &'a EnvFromSource,
        object: ObjectRef,
        has_key: &dyn Fn(&str) -> bool,
    ) -> Result<(), ComposeErrorKind> {
        if self.facts.is_open() {
            self.open_source(entry, source, object, has_key)?;
        }
        Ok(())
    }

    fn open_source(
        &mut self,
        entry: Entry,
        source: &'a EnvFromSource,
        object: ObjectRef,
        has_key: &dyn Fn(&str) -> bool,
    ) -> Result<(), ComposeErrorKind> {
        let prefix = source.prefix.as_str();
        for (name, value) in self.environment.given_with_prefix(prefix) {
            if name.strip_prefix(prefix).is_some_and(has_key) || !self.is_kept(&name) {
                continue;
            }
            let keys = Unknown::Keys { object: object.clone() };
            let value = Value::unless(&name, Some(&value), [keys]);
            let expanded = Expanded { value, references: Vec::new() };
            self.declare(entry, name, Source::Open(source), expanded)?;
        }
        let needs_strict_names = !self.facts.release.has(Rule::EnvFromKeepsEveryKey);
        self.environment.add_open_source(OpenSource { entry, prefix, object }, needs_strict_names);
        Ok(())
    }

    /// Reports whether the release keeps a variable of that name in `envFrom`.
    fn is_kept(&self, name: &str) -> bool {
        self.facts.release.has(Rule::EnvFromKeepsEveryKey) || is_env_var_name(name)
    }

    /// Returns what the caller knows of an object in the Pod's namespace.
    fn known<T: Object>(
        &self,
        store: impl Fn(&'a Known) -> &'a Store<T>,
        name: &str,
    ) -> Option<&'a T> {
        store(self.facts.known?).in_namespace(&self.pod.metadata.namespace).get(name)
    }

    fn env_from_key(
        &mut self,
        entry: Entry,
        prefix: &'a str,
        key: &'a str,
        source: Source<'a>,
        value: Value<'a>,
    ) -> Result<(), ComposeErrorKind> {
        let name =
            if prefix.is_empty() { Cow::Borrowed(key) } else { Cow::Owned([prefix, key].concat()) };
        if !self.is_kept(&name) {
            return self.skip(entry, Some(&name), SkipReason::IllegalName);
        }
        self.declare(entry, name, source, Expanded { value, references: Vec::new() })
    }

    fn env(&mut self, entry: Entry, variable: &'a EnvVar) -> Result<(), ComposeErrorKind> {
        let named = Named { entry, name: &variable.name };
        let text = variable.value.as_str();
        if !text.is_empty() {
            let expanded = self.expand(text)?;
            return self.declare(entry, Cow::Borrowed(named.name), Source::Text(text), expanded);
        }
        let Some(from) = &variable.value_from else {
            return self.set_empty(named, Source::Nothing);
        };
        if let Some(field) = &from.field_ref {
            let value = self.pod_fields.value(field);
            let unknown = |_: &Self| Unknown::Field { path: field.field_path.clone() };
            self.set_fact(named, Source::Field(field), value, unknown)
        } else if let Some(resource) = &from.resource_field_ref {
            let value = self.resource_fields.value(resource).map(Cow::Owned);
            let unknown = |composer: &Self| composer.unknown_resource(resource);
            self.set_fact(named, Source::Resource(resource), value, unknown)
        } else if let Some(reference) = &from.config_map_key_ref {
            self.config_map_key(named, reference)
        } else if let Some(reference) = &from.secret_key_ref {
            self.secret_key(named, reference)
        } else if let Some(reference) = &from.file_key_ref {
            self.file_key(named, reference)
        } else {
            self.set_empty(named, Source::Nothing)
        }
    }

    fn unknown_resource(&self, selector: &ResourceFieldSelector) -> Unknown {
        let container = match selector.container_name.as_str() {
            "" => self.container.name.clone(),
            name => name.into(),
        };
        Unknown::Resource { resource: selector.resource.clone(), container }
    }

    #[inline(always)]
    fn set(
        &mut self,
        Named { entry, name }: Named<'a>,
        source: Source<'a>,
        value: Value<'a>,
    ) -> Result<(), ComposeErrorKind> {
        let expanded = Expanded { value, references: Vec::new() };
        self.declare(entry, Cow::Borrowed(name), source, expanded)
    }

    fn set_empty(&mut self, named: Named<'a>, source: Source<'a>) -> Result<(), ComposeErrorKind> {
        self.set(named, source, Value::default())
    }

    /// Sets a value that the cluster decides. A missing fact is an unknown value in the open world.
    fn set_fact(
        &mut self,
        named: Named<'a>,
        source: Source<'a>,
        text: Result<Cow<'a, str>, ComposeErrorKind>,
        unknown: impl FnOnce(&Self) -> Unknown,
    ) -> Result<(), ComposeErrorKind> {
        match text {
            Err(kind) if self.facts.is_open() && kind.is_missing_fact() => {
                let value = Value::unknown(unknown(self));
                self.set(named, source, value)
            }
            text => self.set(named, source, Value::text(text?)),
        }
    }

    /// Sets a value that is not known. An optional reference may set the variable or not.
    fn set_unknown(
        &mut self,
        named: Named<'a>,
        source: Source<'a>,
        unknown: Unknown,
        optional: Option<bool>,
    ) -> Result<(), ComposeErrorKind> {
        let value = if optional == Some(true) {
            let so_far = self.environment.value_so_far(named.name);
            Value::unless(named.name, so_far.as_deref(), [unknown])
        } else {
            Value::unknown(unknown)
        };
        self.set(named, source, value)
    }

    fn config_map_key(
        &mut self,
        named: Named<'a>,
        selector: &'a ConfigMapKeySelector,
    ) -> Result<(), ComposeErrorKind> {
        let ConfigMapKeySelector { name, key, optional } = selector;
        let own = self.config_maps.get(name);
        let known = || self.known(|known| &known.config_maps, name);
        let find =
            |config_map: &'a ConfigMap| Some((config_map, config_map.data.get_key_value(key)?));
        match own.and_then(find).or_else(|| known().and_then(find)) {
            Some((config_map, (key, value))) => {
                let value = Value::plain(Cow::Borrowed(value.as_bytes()));
                self.set(named, Source::ConfigMap(config_map, key), value)
            }
            None if self.facts.is_open() => {
                let unknown = Unknown::Key { object: self.config_map_ref(name), key: key.clone() };
                self.set_unknown(named, Source::UnknownConfigMap(selector), unknown, *optional)
            }
            None => {
                self.key_missing(named, self.config_map_ref(name), own.is_some(), key, *optional)
            }
        }
    }

    fn secret_key(
        &mut self,
        named: Named<'a>,
        selector: &'a SecretKeySelector,
    ) -> Result<(), ComposeErrorKind> {
        let SecretKeySelector { name, key, optional } = selector;
        let own = self.secrets.get(name);
        let known = || self.known(|known| &known.secrets, name);
        let find = |secret: &'a Secret| Some((secret, secret.data.get_key_value(key)?));
        match own.and_then(find).or_else(|| known().and_then(find)) {
            Some((secret, (key, value))) => {
                let value = Value::secret(Cow::Borrowed(value.as_bytes()));
                self.set(named, Source::Secret(secret, key), value)
            }
            None if self.facts.is_open() => {
                let unknown = Unknown::Key { object: self.secret_ref(name), key: key.clone() };
                self.set_unknown(named, Source::UnknownSecret(selector), unknown, *optional)
            }
            None => self.key_missing(named, self.secret_ref(name), own.is_some(), key, *optional),
        }
    }

    fn file_key(
        &mut self,
        named: Named<'a>,
        reference: &'a FileKeySelector,
    ) -> Result<(), ComposeErrorKind> {
        let source = Source::File(reference);
        if !self.facts.release.has(Rule::EnvFiles) {
            return self.set_empty(named, source);
        }
        let FileKeySelector { volume_name, path, key, optional } = reference;
        let volume = || volume_name.clone();
        let files = self.facts.env_files.volume(volume_name);
        if self.facts.is_open() && files.is_none_or(|files| files.file(path).is_none()) {
            let unknown =
                Unknown::FileKey { volume: volume(), path: path.clone(), key: key.clone() };
            return self.set_unknown(named, source, unknown, *optional);
        }
        let Some(files) = files else {
            return Err(ComposeErrorKind::VolumeMissing { volume: volume() });
        };
        let Some(VolumeFile { key: file, content, is_secret }) = files.file(path) else {
            return Err(ComposeErrorKind::EnvFileMissing { volume: volume(), path: path.clone() });
        };
        match self.files.entry(file).or_insert_with(|| EnvFile::read(content)).value(key) {
            Err(error) => {
                Err(ComposeErrorKind::EnvFile { volume: volume(), path: path.clone(), error })
            }
            Ok(Some(bytes)) if !bytes.is_empty() => {
                let value = if is_secret { Value::secret(bytes) } else { Value::plain(bytes) };
                self.set(named, source, value)
            }
            Ok(_) if *optional == Some(true) => {
                let reason = SkipReason::FileKeyMissing(reference.clone());
                self.skip(named.entry, Some(named.name), reason)
            }
            Ok(_) => Err(ComposeErrorKind::EnvFileKeyMissing {
                volume: volume(),
                path: path.clone(),
                key: key.clone(),
            }),
        }
    }

    fn key_missing(
        &mut self,
        named: Named<'a>,
        object: ObjectRef,
        object_exists: bool,
        key: &str,
        optional: Option<bool>,
    ) -> Result<(), ComposeErrorKind> {
        let reason = match (object_exists, optional) {
            (false, Some(true)) => SkipReason::ObjectMissing(object),
            (true, Some(true)) => SkipReason::KeyMissing(object, key.into()),
            (false, _) => return Err(ComposeErrorKind::ObjectMissing { object }),
            (true, _) => return Err(ComposeErrorKind::KeyMissing { object, key: key.into() }),
        };
        self.skip(named.entry, Some(named.name), reason)
    }

    fn source_missing(
        &mut self,
        entry: Entry,
        object: ObjectRef,
        optional: Option<bool>,
    ) -> Result<(), ComposeErrorKind> {
        if optional != Some(true) {
            return Err(ComposeErrorKind::ObjectMissing { object });
        }
        self.skip(entry, None, SkipReason::ObjectMissing(object))
    }

    fn skip(
        &mut self,
        entry: Entry,
        variable: Option<&str>,
        reason: SkipReason,
    ) -> Result<(), ComposeErrorKind> {
        // The reason may name the namespace.
        let repeated =
            variable.map_or(0, str::len).saturating_add(self.pod.metadata.namespace.len());
        self.take_up(repeated)?;
        self.skipped.push(Skipped { entry, variable: variable.map(String::from), reason });
        Ok(())
    }

    fn config_map_ref(&self, name: &str) -> ObjectRef {
        ObjectRef {
            kind: "ConfigMap".into(),
            namespace: self.pod.metadata.namespace.clone(),
            name: name.into(),
        }
    }

    fn secret_ref(&self, name: &str) -> ObjectRef {
        ObjectRef { kind: "Secret".into(), ..self.config_map_ref(name) }
    }

    #[inline(always)]
    fn declare(
        &mut self,
        entry: Entry,
        name: Cow<'a, str>,
        source: Source<'a>,
        expanded: Expanded<'a>,
    ) -> Result<(), ComposeErrorKind> {
        let Expanded { value, references } = expanded;
        let size = Size::of_variable(&name, value.len()).bytes();
        self.take_up(size.saturating_add(Facts::DECLARATION_SIZE))?;
        self.environment.declare(Declared::new(name, value, entry, source, references));
        Ok(())
    }

    #[inline]
    pub(super) fn take_up(&mut self, bytes: usize) -> Result<(), ComposeErrorKind> {
        self.remaining = self.remaining.checked_sub(bytes).ok_or_else(|| self.too_large())?;
        Ok(())
    }

    pub(super) fn too_large(&self) -> ComposeErrorKind {
        ComposeErrorKind::TooLarge { limit: self.facts.size_limit }
    }

    fn expand_all(
        &mut self,
        texts: &'a [String],
        entry: fn(usize) -> Entry,
    ) -> Result<Vec<Expanded<'a>>, ComposeError> {
        let mut all = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let expanded = self.expand_at_the_end(text).and_then(|expanded| {
                self.take_up(Size::of_string(expanded.value.len()).bytes())?;
                Ok(expanded)
            });
            all.push(expanded.map_err(|kind| self.error(entry(index), None, kind))?);
        }
        Ok(all)
    }

    /// Expands the value of an entry of `env`, which sees the variables set before it.
    fn expand(&self, text: &'a str) -> Result<Expanded<'a>, ComposeErrorKind> {
        self.expand_with(text, Environment::resolve)
    }

    /// Expands a text over the finished environment.
    pub(super) fn expand_at_the_end(
        &self,
        text: &'a str,
    ) -> Result<Expanded<'a>, ComposeErrorKind> {
        self.expand_with(text, Environment::resolve_at_the_end)
    }

    fn expand_with(
        &self,
        text: &'a str,
        resolve: fn(&Environment<'a>, &str) -> Resolved<'a>,
    ) -> Result<Expanded<'a>, ComposeErrorKind> {
        let mut references = Vec::new();
        let mut value = ValueBuilder::default();
        let bytes = expand_within(text, self.facts.release, self.remaining, |offset, name| {
            let resolved = resolve(&self.environment, name);
            references.push(Reference { name, resolved });
            let replacement = self.environment.value_of(resolved, name)?;
            value.put(offset, &replacement);
            Some(match replacement {
                Cow::Borrowed(replacement) => Cow::Borrowed(replacement.bytes_with_placeholders()),
                Cow::Owned(replacement) => replacement.into_bytes_with_placeholders(),
            })
        });
        let bytes = bytes.ok_or_else(|| self.too_large())?;
        Ok(Expanded { value: value.finish(bytes), references })
    }
}
