//! All sources of a container's environment put together (Go: `Kubelet.makeEnvironmentVariables`,
//! `ExpandContainerCommandAndArgs`).

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::env_file::EnvFile;
use super::expand::expand_within;
use super::facts::FileKey;
use super::field::PodFields;
use super::resource_field::ResourceFields;
use super::{ComposeError, ComposeErrorKind, Facts};
use crate::api::{
    ConfigMap, ConfigMapKeySelector, Container, EnvFromSource, EnvVar, FileKeySelector, Pod,
    Secret, SecretKeySelector,
};
use crate::environment::Environment;
use crate::environment::Size;
use crate::environment::{Declared, Entry, Reference, Source, Value};
use crate::names::is_env_var_name;
use crate::objects::Namespace;
use crate::objects::ObjectRef;
use crate::release::Rule;
use crate::services::ServiceLinks;
use crate::services::{LinkedServices, generate, is_master};

/// The environment of a container of a Pod, as the kubelet makes it.
///
/// Nothing is guessed: a Pod that no API server has seen needs [`Pod::with_defaults`] first. The
/// image's own variables, and the `HOSTNAME` and `PATH` that the container runtime adds, are not
/// part of it; a caller who knows them lays them under it with [`Environment::with_base`].
///
/// Mirrors `Kubelet.makeEnvironmentVariables` and `ExpandContainerCommandAndArgs`.
///
/// # Errors
/// All that make the kubelet refuse, in the order in which it finds them, and a lack of facts that
/// this container needs; see [`ComposeErrorKind`].
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, Pod, PodSpec};
/// use kubelet_env::{Facts, Objects, compose};
///
/// let objects = Objects::default();
/// let variable = |name: &str, value: &str| EnvVar { name: name.into(), value: value.into(), ..EnvVar::default() };
/// let app = Container {
///     name: "app".into(),
///     env: vec![variable("HOST", "db"), variable("URL", "http://$(HOST)/")],
///     ..Container::default()
/// };
/// let spec = PodSpec { containers: vec![app], ..PodSpec::default() };
/// let pod = Pod { spec, ..Pod::default() }.with_defaults();
///
/// let composition = compose(&pod, "app", &Facts::of(&objects))?;
/// assert_eq!(composition.environment().get("URL").unwrap().value().as_bytes(), b"http://db/");
/// # Ok::<(), kubelet_env::ComposeError>(())
/// ```
pub fn compose<'a>(
    pod: &'a Pod,
    container: &str,
    facts: &Facts<'a>,
) -> Result<Composition<'a>, ComposeError> {
    let refuse = |kind| ComposeError::new(ObjectRef::of(pod), container, kind);
    let Some(container) = pod.spec.container(container) else {
        return Err(refuse(ComposeErrorKind::NoSuchContainer));
    };
    let (services, remaining) = linked_services(pod, facts).map_err(refuse)?;
    Composer {
        pod,
        container,
        facts,
        config_maps: facts.config_maps.namespace(&pod.metadata.namespace),
        secrets: facts.secrets.namespace(&pod.metadata.namespace),
        pod_fields: PodFields::new(pod, facts),
        resource_fields: ResourceFields::new(pod, container, facts),
        files: BTreeMap::new(),
        remaining,
        environment: Environment::of_services(services),
        skipped: Vec::new(),
    }
    .compose()
}

/// The Services that the container sees, and how many bytes their variables leave of the limit.
fn linked_services<'a>(
    pod: &Pod,
    facts: &Facts<'a>,
) -> Result<(LinkedServices<'a>, usize), ComposeErrorKind> {
    let links = pod.spec.enable_service_links.ok_or(ComposeErrorKind::ServiceLinksAbsent)?;
    if !facts.services_listed && !is_static(pod) {
        return Err(ComposeErrorKind::ServicesNotListed);
    }
    let seen = facts.services.select(&pod.metadata.namespace, ServiceLinks::from(links));
    let generated = generate(&seen)?;
    let limit = facts.size_limit;
    let remaining = limit.checked_sub(Size::of_services(generated.linked()).bytes());
    Ok((LinkedServices::from(generated), remaining.ok_or(ComposeErrorKind::TooLarge { limit })?))
}

/// Whether the kubelet read the Pod from somewhere else than the API server (Go: `IsStaticPod`).
fn is_static(pod: &Pod) -> bool {
    pod.metadata
        .annotations
        .get("kubernetes.io/config.source")
        .is_some_and(|source| source != "api")
}

/// A container's environment, and how it came about: what [`compose`] gives.
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, Pod, PodSpec};
/// use kubelet_env::{Facts, Objects, compose};
///
/// let env = vec![EnvVar { name: "MODE".into(), value: "fast".into(), ..EnvVar::default() }];
/// let args = vec!["--mode=$(MODE)".into()];
/// let app = Container { name: "app".into(), env, args, ..Container::default() };
/// let spec = PodSpec { containers: vec![app], ..PodSpec::default() };
/// let pod = Pod { spec, ..Pod::default() }.with_defaults();
/// let objects = Objects::default();
///
/// let composition = compose(&pod, "app", &Facts::of(&objects))?;
/// assert_eq!(composition.args()[0].value.as_bytes(), b"--mode=fast");
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
    command: Vec<Expanded<'a>>,
    args: Vec<Expanded<'a>>,
}

impl<'a> Composition<'a> {
    /// The Pod.
    #[must_use]
    pub fn pod(&self) -> &'a Pod {
        self.pod
    }

    /// The container.
    #[must_use]
    pub fn container(&self) -> &'a Container {
        self.container
    }

    /// What it depends on, apart from the Pod.
    #[must_use]
    pub fn facts(&self) -> &Facts<'a> {
        &self.facts
    }

    /// Whether the Pod's containers get the variables of its namespace's Services.
    #[must_use]
    pub fn service_links(&self) -> ServiceLinks {
        // Without it there is no composition.
        self.pod.spec.enable_service_links.map(ServiceLinks::from).unwrap_or_default()
    }

    /// The environment.
    #[must_use]
    pub fn environment(&self) -> &Environment<'a> {
        &self.environment
    }

    /// Lays variables under the environment, as [`Environment::with_base`] does: what is explained and
    /// diagnosed then takes them into account.
    #[must_use]
    pub fn with_base<N: Into<String>, V: Into<Vec<u8>>>(
        mut self,
        base: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.environment = self.environment.with_base(base);
        self
    }

    /// The environment, without how it came about.
    #[must_use]
    pub fn into_environment(self) -> Environment<'a> {
        self.environment
    }

    /// What the container's lists name and the kubelet passes over, in their order.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The container's `command`, expanded.
    #[must_use]
    pub fn command(&self) -> &[Expanded<'a>] {
        &self.command
    }

    /// The container's `args`, expanded.
    #[must_use]
    pub fn args(&self) -> &[Expanded<'a>] {
        &self.args
    }
}

impl Composition<'_> {
    /// What the container's environment takes, and its command and arguments as far as they are
    /// declared; those of the image are not known.
    #[must_use]
    pub fn size(&self) -> Size {
        let texts = self.command().iter().chain(self.args()).map(|text| text.value.as_bytes());
        let path =
            self.command().first().map(|program| program.value.as_bytes()).unwrap_or_default();
        Size::of(path, texts, self.environment())
    }

    /// What the variables of the namespace's Services take, which `enableServiceLinks: false` saves.
    #[must_use]
    pub fn size_of_service_links(&self) -> Size {
        self.environment().size_of_services(|service| !is_master(service))
    }
}

/// A text in which references were expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expanded<'a> {
    /// What came out.
    pub value: Value<'a>,
    /// The references in it, in their order.
    pub references: Vec<Reference<'a>>,
}

/// Something that a container's lists name and that sets no variable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The entry that names it.
    pub entry: Entry,
    /// The variable that it would have set; for a whole `envFrom` source none.
    pub variable: Option<String>,
    /// Why it was passed over.
    pub reason: SkipReason,
}

/// Why something was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// An optional object is not there.
    ObjectMissing(ObjectRef),
    /// An object has no such optional key.
    KeyMissing(ObjectRef, String),
    /// An env file has no such optional key, or an empty value.
    FileKeyMissing(FileKeySelector),
    /// An `envFrom` entry refers to nothing.
    NoReference,
    /// The name is no strict variable name, which releases up to 1.29 want in `envFrom`.
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

/// What an entry of `env` gives.
enum Outcome<'a> {
    Set(Source<'a>, Expanded<'a>),
    Skip(SkipReason),
}

impl<'a> Outcome<'a> {
    fn of_text(source: Source<'a>, text: impl Into<Cow<'a, str>>) -> Self {
        let bytes = match text.into() {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        Outcome::of_bytes(source, bytes)
    }

    fn of_bytes(source: Source<'a>, bytes: Cow<'a, [u8]>) -> Self {
        let value = match source {
            Source::Secret(..) => Value::secret(bytes),
            _ => Value::plain(bytes),
        };
        Outcome::Set(source, Expanded { value, references: Vec::new() })
    }
}

struct Composer<'a, 'f> {
    pod: &'a Pod,
    container: &'a Container,
    facts: &'f Facts<'a>,
    config_maps: Namespace<'a, ConfigMap>,
    secrets: Namespace<'a, Secret>,
    pod_fields: PodFields<'a, 'f>,
    resource_fields: ResourceFields<'a, 'f>,
    /// The env files that were read so far.
    files: BTreeMap<FileKey<'a>, EnvFile<'a>>,
    /// How many bytes the rest may come to.
    remaining: usize,
    environment: Environment<'a>,
    skipped: Vec<Skipped>,
}

impl<'a> Composer<'a, '_> {
    fn compose(mut self) -> Result<Composition<'a>, ComposeError> {
        let container = self.container;
        for (index, source) in container.env_from.iter().enumerate() {
            let entry = Entry::EnvFrom(index);
            self.env_from(entry, source).map_err(|kind| self.error(entry, None, kind))?;
        }
        for (index, variable) in container.env.iter().enumerate() {
            let entry = Entry::Env(index);
            self.env(entry, variable).map_err(|kind| self.error(entry, Some(variable), kind))?;
        }
        self.environment.hide_shadowed();
        let command = self.expand_all(&container.command, Entry::Command)?;
        let args = self.expand_all(&container.args, Entry::Args)?;
        let Composer { pod, environment, skipped, facts: &facts, .. } = self;
        Ok(Composition { pod, container, facts, environment, skipped, command, args })
    }

    fn error(
        &self,
        entry: Entry,
        variable: Option<&EnvVar>,
        kind: ComposeErrorKind,
    ) -> ComposeError {
        ComposeError::new(ObjectRef::of(self.pod), &self.container.name, kind)
            .at(entry, variable.map(|variable| &*variable.name))
    }

    fn env_from(
        &mut self,
        entry: Entry,
        source: &'a EnvFromSource,
    ) -> Result<(), ComposeErrorKind> {
        if let Some(reference) = &source.config_map_ref {
            match self.config_maps.get(&reference.name) {
                Some(config_map) => {
                    for (key, value) in &config_map.data {
                        let value = Value::plain(Cow::Borrowed(value.as_bytes()));
                        self.env_from_key(
                            entry,
                            &source.prefix,
                            key,
                            Source::ConfigMap(config_map, key),
                            value,
                        )?;
                    }
                }
                None => self.source_missing(
                    entry,
                    self.config_map_ref(&reference.name),
                    reference.optional,
                )?,
            }
        } else if let Some(reference) = &source.secret_ref {
            match self.secrets.get(&reference.name) {
                Some(secret) => {
                    for (key, value) in &secret.data {
                        let value = Value::secret(Cow::Borrowed(value.as_bytes()));
                        self.env_from_key(
                            entry,
                            &source.prefix,
                            key,
                            Source::Secret(secret, key),
                            value,
                        )?;
                    }
                }
                None => self.source_missing(
                    entry,
                    self.secret_ref(&reference.name),
                    reference.optional,
                )?,
            }
        } else {
            self.skip(entry, None, SkipReason::NoReference)?;
        }
        Ok(())
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
        if !self.facts.release.has(Rule::EnvFromKeepsEveryKey) && !is_env_var_name(&name) {
            return self.skip(entry, Some(&name), SkipReason::IllegalName);
        }
        self.declare(entry, name, source, Expanded { value, references: Vec::new() })
    }

    fn env(&mut self, entry: Entry, variable: &'a EnvVar) -> Result<(), ComposeErrorKind> {
        match self.env_value(variable)? {
            Outcome::Set(source, expanded) => {
                self.declare(entry, Cow::Borrowed(&variable.name), source, expanded)
            }
            Outcome::Skip(reason) => self.skip(entry, Some(&variable.name), reason),
        }
    }

    fn env_value(&mut self, variable: &'a EnvVar) -> Result<Outcome<'a>, ComposeErrorKind> {
        if !variable.value.is_empty() {
            let expanded = self.expand(&variable.value)?;
            return Ok(Outcome::Set(Source::Text(&variable.value), expanded));
        }
        let Some(from) = &variable.value_from else {
            return Ok(Outcome::of_text(Source::Nothing, ""));
        };
        if let Some(field) = &from.field_ref {
            Ok(Outcome::of_text(Source::Field(field), self.pod_fields.value(field)?))
        } else if let Some(resource) = &from.resource_field_ref {
            let value = self.resource_fields.value(resource)?;
            Ok(Outcome::of_text(Source::Resource(resource), value))
        } else if let Some(reference) = &from.config_map_key_ref {
            self.config_map_key(reference)
        } else if let Some(reference) = &from.secret_key_ref {
            self.secret_key(reference)
        } else if let Some(reference) = &from.file_key_ref {
            self.file_key(reference)
        } else {
            Ok(Outcome::of_text(Source::Nothing, ""))
        }
    }

    fn config_map_key(
        &self,
        reference: &'a ConfigMapKeySelector,
    ) -> Result<Outcome<'a>, ComposeErrorKind> {
        let ConfigMapKeySelector { name, key, optional } = reference;
        let object = || self.config_map_ref(name);
        match self.config_maps.get(name) {
            None => skip_missing_object(object(), *optional),
            Some(config_map) => match config_map.data.get_key_value(key) {
                None => skip_missing_key(object(), key, *optional),
                Some((key, value)) => {
                    Ok(Outcome::of_text(Source::ConfigMap(config_map, key), value))
                }
            },
        }
    }

    fn secret_key(
        &self,
        reference: &'a SecretKeySelector,
    ) -> Result<Outcome<'a>, ComposeErrorKind> {
        let SecretKeySelector { name, key, optional } = reference;
        let object = || self.secret_ref(name);
        match self.secrets.get(name) {
            None => skip_missing_object(object(), *optional),
            Some(secret) => match secret.data.get_key_value(key) {
                None => skip_missing_key(object(), key, *optional),
                Some((key, value)) => Ok(Outcome::of_bytes(
                    Source::Secret(secret, key),
                    Cow::Borrowed(value.as_bytes()),
                )),
            },
        }
    }

    fn file_key(
        &mut self,
        reference: &'a FileKeySelector,
    ) -> Result<Outcome<'a>, ComposeErrorKind> {
        let source = Source::File(reference);
        if !self.facts.release.has(Rule::EnvFiles) {
            return Ok(Outcome::of_text(source, ""));
        }
        let FileKeySelector { volume_name, path, key, optional } = reference;
        let volume = || volume_name.clone();
        let Some(files) = self.facts.env_files.volume(volume_name) else {
            return Err(ComposeErrorKind::VolumeMissing { volume: volume() });
        };
        let Some((file, content)) = files.file(path) else {
            return Err(ComposeErrorKind::EnvFileMissing { volume: volume(), path: path.clone() });
        };
        match self.files.entry(file).or_insert_with(|| EnvFile::read(content)).value(key) {
            Err(error) => {
                Err(ComposeErrorKind::EnvFile { volume: volume(), path: path.clone(), error })
            }
            Ok(Some(value)) if !value.is_empty() => Ok(Outcome::of_bytes(source, value)),
            Ok(_) if *optional == Some(true) => {
                Ok(Outcome::Skip(SkipReason::FileKeyMissing(reference.clone())))
            }
            Ok(_) => Err(ComposeErrorKind::EnvFileKeyMissing {
                volume: volume(),
                path: path.clone(),
                key: key.clone(),
            }),
        }
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

    fn declare(
        &mut self,
        entry: Entry,
        name: Cow<'a, str>,
        source: Source<'a>,
        expanded: Expanded<'a>,
    ) -> Result<(), ComposeErrorKind> {
        let Expanded { value, references } = expanded;
        self.take_up(Size::of_variable(&name, value.as_bytes()).bytes())?;
        self.environment.declare(Declared::new(name, value, entry, source, references));
        Ok(())
    }

    fn take_up(&mut self, bytes: usize) -> Result<(), ComposeErrorKind> {
        self.remaining = self.remaining.checked_sub(bytes).ok_or_else(|| self.too_large())?;
        Ok(())
    }

    fn too_large(&self) -> ComposeErrorKind {
        ComposeErrorKind::TooLarge { limit: self.facts.size_limit }
    }

    fn expand_all(
        &mut self,
        texts: &'a [String],
        entry: fn(usize) -> Entry,
    ) -> Result<Vec<Expanded<'a>>, ComposeError> {
        let mut all = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let expanded = self.expand(text).and_then(|expanded| {
                self.take_up(Size::of_string(expanded.value.as_bytes().len()).bytes())?;
                Ok(expanded)
            });
            all.push(expanded.map_err(|kind| self.error(entry(index), None, kind))?);
        }
        Ok(all)
    }

    fn expand(&self, text: &'a str) -> Result<Expanded<'a>, ComposeErrorKind> {
        let mut references = Vec::new();
        let mut is_secret = false;
        let bytes = expand_within(text, self.facts.release, self.remaining, |name| {
            let (resolved, value) = self.environment.resolve(name);
            is_secret |= value.as_ref().is_some_and(Value::is_secret);
            references.push(Reference { name, resolved });
            value.map(Value::into_bytes)
        });
        let bytes = bytes.ok_or_else(|| self.too_large())?;
        let value = if is_secret { Value::secret(bytes) } else { Value::plain(bytes) };
        Ok(Expanded { value, references })
    }
}

fn skip_missing_object<'a>(
    object: ObjectRef,
    optional: Option<bool>,
) -> Result<Outcome<'a>, ComposeErrorKind> {
    match optional {
        Some(true) => Ok(Outcome::Skip(SkipReason::ObjectMissing(object))),
        _ => Err(ComposeErrorKind::ObjectMissing { object }),
    }
}

fn skip_missing_key<'a>(
    object: ObjectRef,
    key: &str,
    optional: Option<bool>,
) -> Result<Outcome<'a>, ComposeErrorKind> {
    match optional {
        Some(true) => Ok(Outcome::Skip(SkipReason::KeyMissing(object, key.into()))),
        _ => Err(ComposeErrorKind::KeyMissing { object, key: key.into() }),
    }
}
