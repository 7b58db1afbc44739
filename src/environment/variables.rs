//! The variables of a container, ordered and with unique names (Go: the result of
//! `Kubelet.makeEnvironmentVariables`).

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Bound;

use super::name_index::NameIndex;
use super::open::OpenSources;
use super::variable::{EffectiveServices, Kind, OwnVariables, Variable, Variables};
use super::{Declared, OpenSource, Resolved, Size, Value};
use crate::api::Service;
use crate::services::{
    Collision, Generated, LinkedServices, LinkedVariable, ServiceVariable, variables_of,
};
use crate::text::{Order, dash_position};

/// An ordered collection of variables with unique names.
///
/// The order is the kubelet's: the variables added by [`with_base`](Self::with_base), those of
/// [device plugins](Self::device_variables), those that the container declares, in the order
/// declared, and the remaining service variables. If two variables
/// have one name, the later one wins, at its own position. A declared variable wins over a service
/// variable.
///
/// In the [open world](crate::container::World::Open) values can be unknown, and so can be the names
/// of variables: see [`open_sources`](Self::open_sources).
///
/// ```
/// use kubelet_env::api::Service;
/// use kubelet_env::{Environment, Form, Order};
/// use kubelet_env::services::generate;
///
/// let service =
///     Service::new("default", "my-nginx").with_cluster_ip("10.1.180.155").with_port(80)?;
/// let environment = Environment::from(generate(&[&service])?);
/// assert_eq!(environment.get("MY_NGINX_PORT_80_TCP_ADDR").unwrap().value().as_str(), Some("10.1.180.155"));
///
/// let lines = String::from_utf8(environment.render(Order::Name, Form::Lines))?;
/// assert!(lines.starts_with("MY_NGINX_PORT=tcp://10.1.180.155:80\nMY_NGINX_PORT_80_TCP=tcp://"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Environment<'a> {
    base: Layer<'a>,
    devices: Layer<'a>,
    declared: Vec<Declared<'a>>,
    /// Each declared name with the index of its last declaration.
    declared_by_name: NameIndex,
    /// The same, sorted by name. Only open sources need it.
    declared_in_order: Option<BTreeMap<String, usize>>,
    /// Shared by the containers of a namespace.
    services: Arc<LinkedServices<'a>>,
    /// The numbers of the service variables that are not effective, sorted.
    hidden: Vec<usize>,
    open: OpenSources<'a>,
    /// True if placeholders count as known text.
    has_placeholders_as_text: bool,
}

impl<'a> From<Generated<'_, 'a>> for Environment<'a> {
    fn from(generated: Generated<'_, 'a>) -> Self {
        let services: Vec<&Service> = generated.linked().collect();
        let size = Size::of_services(services.iter().copied());
        let services = LinkedServices::for_environment(services, size.strings);
        Environment::of_services(Arc::new(services))
    }
}

impl<'a> Environment<'a> {
    pub(crate) fn of_services(services: Arc<LinkedServices<'a>>) -> Self {
        let hidden = services.overridden().to_vec();
        Environment { services, hidden, ..Environment::default() }
    }

    /// Returns an environment of these variables. A later one replaces an earlier one of its name in
    /// place.
    pub(crate) fn from_values(variables: impl IntoIterator<Item = (String, Value<'a>)>) -> Self {
        let mut base = Layer::default();
        for (name, value) in variables {
            base.set(name, value);
        }
        Environment { base, ..Environment::default() }
    }

    /// Adds the open sources of another environment.
    pub(crate) fn with_open_sources_of(self, other: &Environment<'a>) -> Self {
        Environment { open: other.open.clone(), ..self }
    }

    /// Adds a variable of a device plugin. The first one of a name wins.
    pub(crate) fn add_device_variable(&mut self, name: &'a str, value: &'a str) {
        if self.devices.get(name).is_none() {
            let value = Value::plain(Cow::Borrowed(value.as_bytes()));
            self.devices.set(name.into(), value);
        }
    }

    /// Makes room for declarations.
    pub(crate) fn reserve(&mut self, declarations: usize) {
        self.declared.reserve(declarations);
        let name_at = name_of(&self.declared);
        self.declared_by_name.reserve(declarations, name_at);
    }

    /// Declares a variable and overrides earlier declarations of its name. The service variables of
    /// that name are hidden by [`hide_shadowed`](Self::hide_shadowed), all at once.
    #[inline(always)]
    pub(crate) fn declare(&mut self, declared: Declared<'a>) {
        let index = self.declared.len();
        let name_at = name_of(&self.declared);
        let former = self.declared_by_name.insert(&declared.name, index, name_at);
        if let Some(former) = former.and_then(|former| self.declared.get_mut(former)) {
            former.is_overwritten = true;
        }
        if let Some(in_order) = &mut self.declared_in_order {
            in_order.insert(declared.name.as_ref().into(), index);
        }
        self.declared.push(declared);
    }

    /// Returns the index of the last declaration of a name.
    fn declared_index(&self, name: &str) -> Option<usize> {
        self.declared_by_name.get(name, name_of(&self.declared))
    }

    /// Hides the service variables that the container declares itself.
    pub(crate) fn hide_shadowed(&mut self) {
        let hidden = self.hidden.len();
        for Declared { name, is_overwritten, .. } in &self.declared {
            if !is_overwritten && self.services.may_have(name) {
                let shadowed = self.services.find(name).into_iter();
                let numbers = shadowed.filter_map(|variable| self.services.number_of(variable));
                self.hidden.extend(numbers);
            }
        }
        if self.hidden.len() > hidden {
            self.hidden.sort_unstable();
            self.hidden.dedup();
        }
    }

    /// Puts the variables of device plugins under those that the container may not set after all. The
    /// values of `env` do not see them, so this comes after these.
    pub(crate) fn settle_device_variables(&mut self) {
        for (name, value) in core::mem::take(&mut self.devices.variables) {
            self.leave_in_effect(&name, &value);
            let value = self.unless_set(&name, || Some(value.borrowed())).unwrap_or(value);
            self.devices.variables.push((name, value));
        }
    }

    /// Adds a source that may set every variable whose name starts with its prefix.
    pub(crate) fn add_open_source(&mut self, source: OpenSource<'a>, needs_strict_names: bool) {
        self.open.push(source, needs_strict_names);
    }

    /// Returns the effective variables whose names start with `prefix`, the base not included.
    pub(crate) fn given_with_prefix(&mut self, prefix: &str) -> Vec<(Cow<'a, str>, Value<'a>)> {
        let services = self.service_variables_where(&[], &[prefix.into()]).into_iter();
        let services =
            services.map(|variable| (Cow::Owned(variable.name()), Value::of_service(variable)));
        let services: Vec<_> =
            services.filter(|(name, _)| self.declared_index(name).is_none()).collect();
        let in_order = self.declared_in_order.get_or_insert_with(|| {
            let named = self.declared.iter().enumerate();
            named.map(|(index, declared)| (declared.name.as_ref().into(), index)).collect()
        });
        let from_prefix = (Bound::Included(prefix), Bound::Unbounded);
        let declared = in_order.range::<str, _>(from_prefix);
        let declared = declared.take_while(|(name, _)| name.starts_with(prefix));
        let declared = declared.filter_map(|(_, &index)| {
            let Declared { name, value, .. } = self.declared.get(index)?;
            Some((name.clone(), value.clone()))
        });
        declared.chain(services).collect()
    }

    /// Resolves a reference to this name among the variables declared so far and those of Services.
    pub(crate) fn resolve(&self, name: &str) -> Resolved<'a> {
        if let Some(index) = self.declared_index(name) {
            return Resolved::Declared(index);
        }
        match self.services.find_last(name) {
            Some(variable) => Resolved::Service(variable),
            None if self.is_open_for(name) => Resolved::Unknown,
            None => Resolved::Unresolved,
        }
    }

    /// Resolves a reference in a command, an argument or a `subPathExpr`, which sees the variables of
    /// device plugins too.
    pub(crate) fn resolve_at_the_end(&self, name: &str) -> Resolved<'a> {
        match (self.resolve(name), self.devices.index(name)) {
            (Resolved::Unresolved | Resolved::Unknown, Some(index)) => Resolved::Device(index),
            (resolved, _) => resolved,
        }
    }

    /// Returns the value of a resolved reference to this name.
    pub(crate) fn value_of(
        &self,
        resolved: Resolved<'a>,
        name: &str,
    ) -> Option<Cow<'_, Value<'_>>> {
        match resolved {
            Resolved::Declared(index) => {
                self.declared.get(index).map(|declared| Cow::Borrowed(&declared.value))
            }
            Resolved::Service(variable) => {
                let variable = self.services.linked(variable)?;
                Some(Cow::Owned(self.of_service(variable).value()))
            }
            Resolved::Device(index) => {
                self.devices.variables.get(index).map(|(_, value)| Cow::Borrowed(value))
            }
            Resolved::Unknown => self.unknown_reference(name).map(Cow::Owned),
            Resolved::Unresolved => None,
        }
    }

    /// Returns the value of a reference to a name that only open sources may set.
    pub(crate) fn unknown_reference(&self, name: &str) -> Option<Value<'a>> {
        let reference = || Value::plain(Cow::Owned(["$(", name, ")"].concat().into_bytes()));
        self.unless_set(name, || Some(reference()))
    }

    /// Returns the value of a variable that open sources may set, or `None` if none of them can.
    pub(crate) fn unless_set<'v>(
        &self,
        name: &str,
        otherwise: impl FnOnce() -> Option<Value<'v>>,
    ) -> Option<Value<'a>> {
        let sources = self.open.that_may_set(name);
        if sources.is_empty() {
            return None;
        }
        let sources = sources.into_iter().map(OpenSource::unknown);
        Some(Value::unless(name, otherwise().as_ref(), sources))
    }

    fn of_service<'e>(&'e self, variable: LinkedVariable<'e>) -> Variable<'e> {
        Variable(Kind::Service { variable, is_text: self.is_text() })
    }

    /// Returns the value that a variable has so far, the base not included.
    pub(crate) fn value_so_far(&self, name: &str) -> Option<Cow<'_, Value<'_>>> {
        match self.resolve(name) {
            Resolved::Unknown => self.unless_set(name, || None).map(Cow::Owned),
            resolved => self.value_of(resolved, name),
        }
    }

    /// Adds variables with lower precedence than everything the kubelet sets: those of the image's
    /// `ENV`, and the `HOSTNAME` and `PATH` of the container runtime.
    ///
    /// They come first in the order, and a variable whose name is taken is left out. No reference
    /// resolves to them. Of two with one name the later one wins.
    ///
    /// This is for a base that is known as a whole. [`Process`](crate::process::Process) computes the
    /// base, and also the order and the `HOME` that runc leaves.
    #[must_use]
    pub fn with_base<N: Into<String>, V: Into<Vec<u8>>>(
        mut self,
        base: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        for (name, value) in base {
            let (name, value) = (name.into(), Value::plain(Cow::Owned(value.into())));
            self.leave_in_effect(&name, &value);
            let value = self.unless_set(&name, || Some(value.borrowed())).unwrap_or(value);
            self.base.set(name, value);
        }
        self
    }

    /// Notes that a declared variable which may not be set leaves `base` in effect then.
    fn leave_in_effect(&mut self, name: &str, base: &Value<'_>) {
        let index = self.declared_index(name);
        if let Some(declared) = index.and_then(|index| self.declared.get_mut(index))
            && !declared.value.is_known()
        {
            declared.value = core::mem::take(&mut declared.value).over(base);
        }
    }

    /// Turns the placeholders of unknown values into known text and forgets the open sources, so
    /// that the environment can be written for machines and passed to programs.
    ///
    /// ```
    /// use kubelet_env::api::{Container, EnvVar, Pod};
    /// use kubelet_env::container::Known;
    /// use kubelet_env::{Facts, Objects, Order, compose};
    ///
    /// let password = EnvVar::from_secret_key("PASSWORD", "db", "PASSWORD");
    /// let app = Container::new("app").with_env([password]);
    /// let pod = Pod::default().with_container(app).with_defaults();
    /// let (objects, known) = (Objects::default(), Known::default());
    ///
    /// let mut facts = Facts::open(&objects, &known);
    /// let environment = compose(&pod, "app", &facts)?.into_environment();
    /// assert!(environment.to_text_pairs(Order::Kubelet).is_err());
    /// let pairs = environment.with_placeholders().to_text_pairs(Order::Kubelet)?;
    /// assert_eq!(pairs[0], ("PASSWORD".into(), "<Secret db PASSWORD>".into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_placeholders(mut self) -> Self {
        let declared = self.declared.iter_mut().map(|declared| &mut declared.value);
        let layers = self.base.variables.iter_mut().chain(&mut self.devices.variables);
        for value in declared.chain(layers.map(|(_, value)| value)) {
            *value = core::mem::take(value).with_placeholders();
        }
        self.open = OpenSources::default();
        self.has_placeholders_as_text = true;
        self
    }

    /// Replaces the known bytes of every value that has bytes of a Secret with `[redacted]`.
    ///
    /// Placeholders of unknown parts are kept, because they hold no value. A redacted value is still
    /// secret.
    ///
    /// ```
    /// use kubelet_env::api::{Container, EnvFromSource, Pod, Secret};
    /// use kubelet_env::{Facts, Form, Objects, Order, compose};
    ///
    /// let mut objects = Objects::default();
    /// objects.secrets.apply(Secret::new("", "db").with_data([("PASSWORD", "hunter2")]));
    /// let app = Container::new("app").with_env_from([EnvFromSource::secret("db")]);
    /// let pod = Pod::default().with_container(app).with_defaults();
    ///
    /// let environment = compose(&pod, "app", &Facts::of(&objects))?.into_environment().redacted();
    /// assert_eq!(environment.render(Order::Kubelet, Form::Lines), b"PASSWORD=[redacted]\n");
    /// # Ok::<(), kubelet_env::ComposeError>(())
    /// ```
    #[must_use]
    pub fn redacted(mut self) -> Self {
        for declared in &mut self.declared {
            declared.value.redact();
        }
        for (_, value) in &mut self.base.variables {
            value.redact();
        }
        self
    }

    /// Returns the variables in kubelet order.
    #[must_use]
    pub fn iter(&self) -> Variables<'_> {
        let services = EffectiveServices {
            variables: self.services.variables_without(&self.hidden),
            is_text: self.is_text(),
        };
        Variables::new(self.own_variables(), services)
    }

    /// Returns the variables but those of Services, in kubelet order.
    fn own_variables(&self) -> OwnVariables<'_> {
        OwnVariables {
            environment: self,
            base: self.base.variables.iter(),
            devices: self.devices.variables.iter(),
            declared: self.declared.iter(),
        }
    }

    /// Reports whether the texts of service variables are their values as a whole.
    fn is_text(&self) -> bool {
        self.has_placeholders_as_text || self.services.has_all_addresses()
    }

    /// Reports whether the kubelet or a device plugin sets a variable.
    pub(super) fn overrides_base(&self, name: &str) -> bool {
        self.gives(name) || self.devices.get(name).is_some()
    }

    /// Reports whether the container or a Service sets a variable.
    pub(super) fn gives(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    /// Returns the NUL-separated text of all service variables, if all of them are effective and
    /// the text is kept.
    pub(crate) fn text_of_services(&self) -> Option<&str> {
        self.services.text().filter(|_| self.hidden.is_empty())
    }

    /// Returns the variables of device plugins, including those that the container overrides.
    ///
    /// The kubelet passes both to the container runtime, these first. See
    /// [`Facts::device_env`](crate::Facts::device_env).
    pub fn device_variables(&self) -> impl Iterator<Item = Variable<'_>> + Clone {
        self.devices.iter().map(|(name, value)| Variable(Kind::Device(name, value)))
    }

    /// Returns the `envFrom` sources whose variables are not known, in the order of the entries.
    ///
    /// The environment may have more variables with their prefixes than [`iter`](Self::iter)
    /// returns. A variable that a source may override is marked [`Unknown`](super::Unknown).
    #[must_use]
    pub fn open_sources(&self) -> &[OpenSource<'a>] {
        self.open.all()
    }

    /// Reports whether an open source may set the variable `name`.
    #[must_use]
    pub fn is_open_for(&self, name: &str) -> bool {
        !self.open.that_may_set(name).is_empty()
    }

    /// Returns the open sources that may set the variable `name`, in the order of the entries.
    pub(crate) fn open_sources_that_may_set(&self, name: &str) -> Vec<&OpenSource<'a>> {
        self.open.that_may_set(name)
    }

    /// Reports whether all names and values are known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.open.all().is_empty() && self.iter().all(|variable| variable.value().is_known())
    }

    /// Returns the effective service variables in kubelet order.
    pub fn service_variables(&self) -> impl Iterator<Item = ServiceVariable<'a>> + Clone {
        let services = 0..self.services.services().len();
        services.flat_map(|index| self.service_variables_of(index))
    }

    /// Returns the declarations of the container in their order, including those that are overridden.
    ///
    /// A variable that an [open source](Self::open_sources) may override has a declaration for that
    /// source as well.
    #[must_use]
    pub fn declared(&self) -> &[Declared<'a>] {
        &self.declared
    }

    /// Returns the names that several service variables share, sorted, including those that the
    /// container declares itself.
    #[must_use]
    pub fn collisions(&self) -> &[Collision<'a>] {
        self.services.collisions()
    }

    /// Returns the variables in the given order.
    #[must_use]
    pub fn in_order(&self, order: Order) -> Vec<Variable<'_>> {
        let mut variables: Vec<Variable<'_>> = self.iter().collect();
        match order {
            Order::Kubelet => {}
            Order::Name => variables.sort_by_cached_key(Variable::name),
            Order::Dash => variables.sort_by_cached_key(|variable| dash_position(&variable.name())),
        }
        variables
    }

    /// Returns the variable `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Variable<'_>> {
        let device = || self.devices.get(name).map(|(name, value)| Kind::Device(name, value));
        let base = || self.base.get(name).map(|(name, value)| Kind::Base(name, value));
        self.given(name).or_else(|| device().or_else(base).map(Variable))
    }

    /// Returns the value that [`with_base`](Self::with_base) gave the name.
    pub(crate) fn base(&self, name: &str) -> Option<Value<'_>> {
        self.base.get(name).map(|(_, value)| value.borrowed())
    }

    /// Returns the value that a device plugin gave the name.
    pub(crate) fn device(&self, name: &str) -> Option<Value<'_>> {
        self.devices.get(name).map(|(_, value)| value.borrowed())
    }

    /// Returns the Services that the container sees, by name.
    pub(crate) fn services(&self) -> &[&'a Service] {
        self.services.services()
    }

    /// Returns the effective service variables whose name is one of `names` or starts with one of
    /// `prefixes`.
    pub(crate) fn service_variables_where(
        &self,
        names: &[String],
        prefixes: &[String],
    ) -> Vec<ServiceVariable<'a>> {
        let mut found = self.services.find_where(names, prefixes);
        found.retain(|&variable| {
            let number = self.services.number_of(variable);
            number.is_some_and(|number| self.hidden.binary_search(&number).is_err())
        });
        found
    }

    /// Returns all service variables of that name in kubelet order, effective or not.
    #[must_use]
    pub fn service_variables_named(&self, name: &str) -> Vec<ServiceVariable<'a>> {
        self.services.find(name)
    }

    /// Returns the variable `name` that the kubelet sets.
    fn given(&self, name: &str) -> Option<Variable<'_>> {
        if let Some(index) = self.declared_index(name) {
            return self.declared.get(index).map(|declared| Variable(Kind::Declared(declared)));
        }
        let variable = self.services.linked(self.services.find_last(name)?)?;
        Some(self.of_service(variable))
    }

    /// Returns the number of variables.
    #[must_use]
    pub fn len(&self) -> usize {
        let own = self.own_variables().count();
        own.saturating_add(self.services.count().saturating_sub(self.hidden.len()))
    }

    /// Reports whether there are no variables.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns the size of the effective variables of the matching Services.
    pub(crate) fn size_of_services(&self, matches: impl Fn(&Service) -> bool) -> Size {
        let hidden = self.hidden.iter().filter_map(|&number| {
            let variable = self.services.at(number).filter(|it| matches(it.service()))?;
            Some(Size::of_variable(&variable.name(), variable.value().len()))
        });
        let all = Size::of_services(
            self.services.services().iter().copied().filter(|service| matches(service)),
        );
        all.without(hidden.fold(Size::default(), Size::and))
    }

    /// Returns the effective variables of the Service at that index.
    pub(crate) fn service_variables_of(
        &self,
        index: usize,
    ) -> impl Iterator<Item = ServiceVariable<'a>> + Clone {
        let hidden = self.hidden_of(index);
        let service = self.services.services().get(index).copied();
        let variables = service.into_iter().flat_map(move |service| variables_of(service, index));
        let numbered = self.services.numbers_of(index).zip(variables);
        let effective = numbered.filter(|(number, _)| hidden.binary_search(number).is_err());
        effective.map(|(_, variable)| variable)
    }

    /// Reports whether all variables of the Service at that index are effective.
    pub(crate) fn hides_none_of(&self, index: usize) -> bool {
        self.hidden_of(index).is_empty()
    }

    /// Returns the numbers of the variables of one Service that are not effective.
    fn hidden_of(&self, index: usize) -> &[usize] {
        let numbers = self.services.numbers_of(index);
        let [start, end] = [numbers.start, numbers.end]
            .map(|bound| self.hidden.partition_point(|&number| number < bound));
        self.hidden.get(start..end).unwrap_or_default()
    }
}

/// Returns a function that returns the name at an index.
fn name_of<'d>(declared: &'d [Declared<'_>]) -> impl Fn(usize) -> &'d str {
    |index| declared.get(index).map_or("", |declared| &*declared.name)
}

/// Variables with lower precedence than those that the container declares, each name once.
#[derive(Clone, Debug, Default)]
struct Layer<'a> {
    variables: Vec<(String, Value<'a>)>,
    /// Each name with its index.
    indexes: BTreeMap<String, usize>,
}

impl<'a> Layer<'a> {
    /// Replaces the value of that name in place, or appends it.
    fn set(&mut self, name: String, value: Value<'a>) {
        match self.index(&name).and_then(|index| self.variables.get_mut(index)) {
            Some((_, former)) => *former = value,
            None => {
                self.indexes.insert(name.clone(), self.variables.len());
                self.variables.push((name, value));
            }
        }
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.indexes.get(name).copied()
    }

    fn get(&self, name: &str) -> Option<(&str, &Value<'a>)> {
        let (name, value) = self.variables.get(self.index(name)?)?;
        Some((name, value))
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> + Clone {
        self.variables.iter().map(|(name, value)| (name.as_str(), value))
    }
}
