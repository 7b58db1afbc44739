//! The variables that a container is given: in order, each name once.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::generate::{Generated, Position, ServiceVariable};
use crate::linked::{Collision, LinkedServices};
use crate::order::Order;
use crate::render::Form;

/// An ordered collection of variables in which each name stands once.
///
/// ```
/// use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
/// use kubelet_env::{Environment, Form, Order, generate};
///
/// let service = Service {
///     metadata: ObjectMeta::new("default", "my-nginx"),
///     spec: ServiceSpec {
///         cluster_ip: "10.1.180.155".into(),
///         ports: vec![ServicePort::new(PortNumber::new(80)?)],
///         ..ServiceSpec::default()
///     },
/// };
/// let services = [&service];
/// let environment = Environment::from(generate(&services)?);
/// assert_eq!(environment.get("MY_NGINX_PORT_80_TCP_ADDR").unwrap().value(), b"10.1.180.155".as_slice());
///
/// let lines = String::from_utf8(environment.render(Order::Name, Form::Lines))?;
/// assert!(lines.starts_with("MY_NGINX_PORT=tcp://10.1.180.155:80\nMY_NGINX_PORT_80_TCP=tcp://"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Environment<'a> {
    services: LinkedServices<'a>,
    /// The service variables that do not stand, because a later one has their name; sorted.
    hidden: Vec<Position>,
    collisions: Vec<Collision<'a>>,
}

impl<'a> From<Generated<'a>> for Environment<'a> {
    fn from(generated: Generated<'a>) -> Self {
        let services = LinkedServices::from(generated);
        let collisions = services.collisions();
        let earlier = collisions.iter().filter_map(|collision| collision.variables.split_last());
        let mut hidden: Vec<Position> =
            earlier.flat_map(|(_, earlier)| earlier).map(|variable| variable.position()).collect();
        hidden.sort_unstable();
        Environment { services, hidden, collisions }
    }
}

impl<'a> Environment<'a> {
    /// The variables, in kubelet order.
    pub fn iter(&self) -> impl Iterator<Item = Variable<'a>> + Clone {
        let mut hidden = self.hidden.iter().peekable();
        self.services
            .iter()
            .filter(move |variable| hidden.next_if(|&&next| next == variable.position()).is_none())
            .map(Variable)
    }

    /// The variables, in any order.
    #[must_use]
    pub fn in_order(&self, order: Order) -> Vec<Variable<'a>> {
        let mut variables: Vec<Variable<'a>> = self.iter().collect();
        order.sort(&mut variables);
        variables
    }

    /// The variable of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Variable<'a>> {
        self.services.find(name).last().copied().map(Variable)
    }

    /// How many variables there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The names that several service variables have, by name.
    #[must_use]
    pub fn collisions(&self) -> &[Collision<'a>] {
        &self.collisions
    }

    /// Appends the text of the variables to `out`.
    pub fn append(&self, order: Order, form: Form, out: &mut Vec<u8>) {
        for variable in self.in_order(order) {
            variable.0.append(form, out);
        }
    }

    /// The variables as one text.
    #[must_use]
    pub fn render(&self, order: Order, form: Form) -> Vec<u8> {
        let mut text = Vec::new();
        self.append(order, form, &mut text);
        text
    }
}

/// One variable of an [`Environment`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable<'a>(ServiceVariable<'a>);

impl<'a> Variable<'a> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        Cow::Owned(self.0.name())
    }

    /// Its value. The kubelet's values are bytes: what comes from a Secret may not be UTF-8.
    #[must_use]
    pub fn value(&self) -> Cow<'a, [u8]> {
        Cow::Owned(self.0.value().into_bytes())
    }

    /// The service variable that it is.
    #[must_use]
    pub fn service_variable(&self) -> Option<ServiceVariable<'a>> {
        Some(self.0)
    }
}
