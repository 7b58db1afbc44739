//! The variables that a container is given: in order, each name once (Go: what
//! `Kubelet.makeEnvironmentVariables` returns).

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Declared, Resolved, Size, Value};
use crate::api::Service;
use crate::services::{
    Collision, Generated, LinkedServices, Position, ServiceVariable, variables_of,
};
use crate::text::{Order, dash_position};

/// An ordered collection of variables in which each name stands once.
///
/// Its order is the kubelet's: what lies [under](Self::with_base) it, what the container declares, in the
/// order declared, and the remaining service variables. Where two variables have one name the later
/// one stands, at its own place, and what the container declares stands over service variables.
///
/// ```
/// use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
/// use kubelet_env::{Environment, Form, Order};
/// use kubelet_env::services::generate;
///
/// let service = Service {
///     metadata: ObjectMeta::new("default", "my-nginx"),
///     spec: ServiceSpec {
///         cluster_ip: "10.1.180.155".into(),
///         ports: vec![ServicePort::new(PortNumber::new(80)?)],
///         ..ServiceSpec::default()
///     },
/// };
/// let environment = Environment::from(generate(&[&service])?);
/// assert_eq!(environment.get("MY_NGINX_PORT_80_TCP_ADDR").unwrap().value().as_bytes(), b"10.1.180.155");
///
/// let lines = String::from_utf8(environment.render(Order::Name, Form::Lines))?;
/// assert!(lines.starts_with("MY_NGINX_PORT=tcp://10.1.180.155:80\nMY_NGINX_PORT_80_TCP=tcp://"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Environment<'a> {
    base: Vec<(String, Vec<u8>)>,
    /// Each name of the base, with its place there.
    base_by_name: BTreeMap<String, usize>,
    declared: Vec<Declared<'a>>,
    /// Each name that is declared, with the place where it is declared last.
    declared_by_name: BTreeMap<Cow<'a, str>, usize>,
    services: LinkedServices<'a>,
    /// The service variables that do not stand; sorted.
    hidden: Vec<Position>,
    collisions: Vec<Collision<'a>>,
}

impl<'a> From<Generated<'_, 'a>> for Environment<'a> {
    fn from(generated: Generated<'_, 'a>) -> Self {
        Environment::of_services(LinkedServices::from(generated))
    }
}

impl<'a> Environment<'a> {
    pub(crate) fn of_services(services: LinkedServices<'a>) -> Self {
        let collisions = services.collisions();
        let earlier = collisions.iter().filter_map(|collision| collision.variables.split_last());
        let earlier = earlier.flat_map(|(_, earlier)| earlier).map(|variable| variable.position());
        let mut hidden: Vec<Position> = earlier.collect();
        hidden.sort_unstable();
        Environment { services, hidden, collisions, ..Environment::default() }
    }

    /// Declares a variable, over what has its name. The service variables of that name are hidden
    /// only by [`hide_shadowed`](Self::hide_shadowed), all at once.
    pub(crate) fn declare(&mut self, declared: Declared<'a>) {
        let place = self.declared.len();
        let former = self.declared_by_name.insert(declared.name.clone(), place);
        if let Some(former) = former.and_then(|former| self.declared.get_mut(former)) {
            former.is_overwritten = true;
        }
        self.declared.push(declared);
    }

    pub(crate) fn hide_shadowed(&mut self) {
        let shadowed = self.declared_by_name.keys().flat_map(|name| self.services.find(name));
        self.hidden.extend(shadowed.map(|variable| variable.position()));
        self.hidden.sort_unstable();
        self.hidden.dedup();
    }

    /// What a reference to this name is resolved to by now.
    pub(crate) fn resolve(&self, name: &str) -> (Resolved<'a>, Option<Value<'a>>) {
        if let Some(&place) = self.declared_by_name.get(name)
            && let Some(declared) = self.declared.get(place)
        {
            return (Resolved::Declared(place), Some(declared.value.clone()));
        }
        match self.services.find_last(name) {
            None => (Resolved::Unresolved, None),
            Some(variable) => (Resolved::Service(variable), Some(Value::of_service(variable))),
        }
    }

    /// Lays variables under this environment that the kubelet does not give: those of the image's
    /// `ENV`, and the `HOSTNAME` and `PATH` of the container runtime. They come first, but for those
    /// whose name is taken. References never see them.
    #[must_use]
    pub fn with_base<N: Into<String>, V: Into<Vec<u8>>>(
        mut self,
        base: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        for (name, value) in base {
            let (name, value) = (name.into(), value.into());
            match self.base_by_name.get(&name).and_then(|&place| self.base.get_mut(place)) {
                Some(former) => former.1 = value,
                None => {
                    self.base_by_name.insert(name.clone(), self.base.len());
                    self.base.push((name, value));
                }
            }
        }
        self
    }

    /// The same with `[redacted]` in the place of every value that a Secret flowed into, for any of
    /// the forms. Nothing else is changed; such a value still [says so](Value::is_secret).
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// use kubelet_env::api::{Container, EnvFromSource, ObjectMeta, Pod, PodSpec, Secret, SecretEnvSource};
    /// use kubelet_env::{Facts, Form, Objects, Order, compose};
    ///
    /// let mut objects = Objects::default();
    /// let data = BTreeMap::from([("PASSWORD".into(), "hunter2".into())]);
    /// objects.secrets.apply(Secret { metadata: ObjectMeta::new("", "db"), data });
    /// let db = SecretEnvSource { name: "db".into(), ..SecretEnvSource::default() };
    /// let env_from = vec![EnvFromSource { secret_ref: Some(db), ..EnvFromSource::default() }];
    /// let app = Container { name: "app".into(), env_from, ..Container::default() };
    /// let spec = PodSpec { containers: vec![app], ..PodSpec::default() };
    /// let pod = Pod { spec, ..Pod::default() }.with_defaults();
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
        self
    }

    /// The variables, in kubelet order.
    pub fn iter(&self) -> impl Iterator<Item = Variable<'_>> + Clone {
        let base = self.base.iter().filter(|(name, _)| self.given(name).is_none());
        let base = base.map(|(name, value)| Variable(Kind::Base(name, value)));
        let standing = self.declared.iter().filter(|declared| !declared.is_overwritten);
        let standing = standing.map(|declared| Variable(Kind::Declared(declared)));
        base.chain(standing)
            .chain(self.service_variables().map(|variable| Variable(Kind::Service(variable))))
    }

    /// The service variables that stand, in kubelet order.
    pub fn service_variables(&self) -> impl Iterator<Item = ServiceVariable<'a>> + Clone {
        let mut hidden = self.hidden.iter().peekable();
        self.services
            .iter()
            .filter(move |variable| hidden.next_if(|&&next| next == variable.position()).is_none())
    }

    /// All that the container declares, in the order declared, what is overwritten further on
    /// included.
    #[must_use]
    pub fn declared(&self) -> &[Declared<'a>] {
        &self.declared
    }

    /// The names that several service variables have, by name; also those that the container
    /// declares itself.
    #[must_use]
    pub fn collisions(&self) -> &[Collision<'a>] {
        &self.collisions
    }

    /// The variables, in any order.
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

    /// The variable of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Variable<'_>> {
        self.given(name).or_else(|| {
            let (name, value) = self.base.get(*self.base_by_name.get(name)?)?;
            Some(Variable(Kind::Base(name, value)))
        })
    }

    /// What was laid under the name.
    pub(crate) fn base(&self, name: &str) -> Option<Value<'_>> {
        let (_, value) = self.base.get(*self.base_by_name.get(name)?)?;
        Some(Value::plain(Cow::Borrowed(value)))
    }

    /// The Services that the container sees, by name.
    pub(crate) fn services(&self) -> &[&'a Service] {
        self.services.services()
    }

    /// The service variables that stand and whose name is one of these, or begins with one of these.
    pub(crate) fn service_variables_where(
        &self,
        names: &[String],
        prefixes: &[String],
    ) -> Vec<ServiceVariable<'a>> {
        let mut found = self.services.find_where(names, prefixes);
        found.retain(|variable| self.hidden.binary_search(&variable.position()).is_err());
        found
    }

    /// All service variables of that name, in kubelet order, whether they stand or not.
    #[must_use]
    pub fn service_variables_named(&self, name: &str) -> Vec<ServiceVariable<'a>> {
        self.services.find(name)
    }

    /// The variable of that name that the kubelet gives.
    fn given(&self, name: &str) -> Option<Variable<'_>> {
        if let Some(&place) = self.declared_by_name.get(name) {
            return self.declared.get(place).map(|declared| Variable(Kind::Declared(declared)));
        }
        self.services.find_last(name).map(|variable| Variable(Kind::Service(variable)))
    }

    /// How many variables there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let others =
            self.iter().take_while(|variable| !matches!(variable.0, Kind::Service(_))).count();
        others.saturating_add(self.services.count().saturating_sub(self.hidden.len()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// What the service variables that stand take, of those Services that are meant.
    pub(crate) fn size_of_services(&self, is_meant: impl Fn(&Service) -> bool) -> Size {
        let hidden = self.hidden.iter().filter_map(|&position| {
            let service = self.services.services().get(position.service)?;
            let variable = ServiceVariable::at(service, position).filter(|_| is_meant(service))?;
            Some(Size::of_variable(&variable.name(), variable.value().as_bytes()))
        });
        let all = Size::of_services(
            self.services.services().iter().copied().filter(|service| is_meant(service)),
        );
        all.without(hidden.fold(Size::default(), Size::and))
    }

    /// The variables of the Service of that index that stand.
    pub(crate) fn service_variables_of(
        &self,
        index: usize,
    ) -> impl Iterator<Item = ServiceVariable<'a>> {
        let hidden = self.hidden_of(index);
        let service = self.services.services().get(index).copied();
        let variables = service.into_iter().flat_map(move |service| variables_of(service, index));
        variables.filter(|variable| hidden.binary_search(&variable.position()).is_err())
    }

    /// Reports whether all variables of the Service of that index are effective.
    pub(crate) fn hides_none_of(&self, index: usize) -> bool {
        self.hidden_of(index).is_empty()
    }

    /// Those of one Service that do not stand.
    fn hidden_of(&self, index: usize) -> &[Position] {
        let start = self.hidden.partition_point(|position| position.service < index);
        let end = self.hidden.partition_point(|position| position.service <= index);
        self.hidden.get(start..end).unwrap_or_default()
    }
}

/// One variable of an [`Environment`].
///
/// ```
/// use kubelet_env::Environment;
///
/// let environment = Environment::default().with_base([("PATH", "/usr/bin")]);
/// let path = environment.get("PATH").unwrap();
/// assert_eq!((path.name(), path.value().as_str()), ("PATH".into(), Ok("/usr/bin")));
/// assert!(path.is_base() && path.declared().is_none() && path.service_variable().is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable<'e>(Kind<'e>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind<'e> {
    Base(&'e str, &'e [u8]),
    Declared(&'e Declared<'e>),
    Service(ServiceVariable<'e>),
}

impl<'e> Variable<'e> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> Cow<'e, str> {
        match self.0 {
            Kind::Base(name, _) => Cow::Borrowed(name),
            Kind::Declared(declared) => Cow::Borrowed(&declared.name),
            Kind::Service(variable) => Cow::Owned(variable.name()),
        }
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> Value<'e> {
        match self.0 {
            Kind::Base(_, value) => Value::plain(Cow::Borrowed(value)),
            Kind::Declared(declared) => declared.value.borrowed(),
            Kind::Service(variable) => Value::of_service(variable),
        }
    }

    /// What the container declares, if that is where it comes from.
    #[must_use]
    pub fn declared(&self) -> Option<&'e Declared<'e>> {
        match self.0 {
            Kind::Declared(declared) => Some(declared),
            Kind::Base(..) | Kind::Service(_) => None,
        }
    }

    /// The service variable, if it is one.
    #[must_use]
    pub fn service_variable(&self) -> Option<ServiceVariable<'e>> {
        match self.0 {
            Kind::Service(variable) => Some(variable),
            Kind::Base(..) | Kind::Declared(_) => None,
        }
    }

    /// Whether the kubelet does not give it: it was laid [under](Environment::with_base) the environment.
    #[must_use]
    pub fn is_base(&self) -> bool {
        matches!(self.0, Kind::Base(..))
    }
}
