//! A variable of an environment, and the iterator over all of them.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;
use core::iter::{Chain, FusedIterator};
use core::slice;

use super::{Declared, Environment, Value};
use crate::services::{LinkedVariable, LinkedVariables, ServiceVariable};

/// A variable of an [`Environment`].
///
/// ```
/// use kubelet_env::Environment;
///
/// let environment = Environment::default().with_base([("PATH", "/usr/bin")]);
/// let path = environment.get("PATH").unwrap();
/// assert_eq!((path.name(), path.value().as_str()), ("PATH".into(), Some("/usr/bin")));
/// assert!(path.is_base() && path.declared().is_none() && path.service_variable().is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable<'e>(pub(super) Kind<'e>);

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind<'e> {
    Base(&'e str, &'e Value<'e>),
    Device(&'e str, &'e Value<'e>),
    Declared(&'e Declared<'e>),
    Service {
        variable: LinkedVariable<'e>,
        /// True if the text of the value has no placeholder for an unknown part.
        is_text: bool,
    },
}

impl PartialEq for Kind<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Kind::Base(name, value), Kind::Base(other, other_value))
            | (Kind::Device(name, value), Kind::Device(other, other_value)) => {
                (name, value) == (other, other_value)
            }
            (Kind::Declared(declared), Kind::Declared(other)) => declared == other,
            (
                Kind::Service { variable, is_text },
                Kind::Service { variable: other, is_text: other_is_text },
            ) => {
                let has_address = ServiceVariable::has_known_address;
                let (variable, other) = (variable.service_variable(), other.service_variable());
                variable == other && (is_text == other_is_text || variable.is_some_and(has_address))
            }
            _ => false,
        }
    }
}

impl Eq for Kind<'_> {}

impl<'e> Variable<'e> {
    /// Returns the name.
    #[must_use]
    #[inline]
    pub fn name(&self) -> Cow<'e, str> {
        match self.0 {
            Kind::Base(name, _) | Kind::Device(name, _) => Cow::Borrowed(name),
            Kind::Declared(declared) => Cow::Borrowed(&declared.name),
            Kind::Service { variable, .. } => variable.name(),
        }
    }

    /// Returns the value.
    #[must_use]
    #[inline]
    pub fn value(&self) -> Value<'e> {
        match self.0 {
            Kind::Base(_, value) | Kind::Device(_, value) => value.borrowed(),
            Kind::Declared(declared) => declared.value.borrowed(),
            Kind::Service { variable, is_text } => match variable.value_bytes() {
                Some(bytes) if is_text => Value::plain(Cow::Borrowed(bytes)),
                bytes => value_of_service(variable, bytes, is_text),
            },
        }
    }

    /// Returns the declaration of the container that set the variable, if one did.
    #[must_use]
    pub fn declared(&self) -> Option<&'e Declared<'e>> {
        match self.0 {
            Kind::Declared(declared) => Some(declared),
            Kind::Base(..) | Kind::Device(..) | Kind::Service { .. } => None,
        }
    }

    /// Returns the service variable, if the variable is one.
    #[must_use]
    pub fn service_variable(&self) -> Option<ServiceVariable<'e>> {
        match self.0 {
            Kind::Service { variable, .. } => variable.service_variable(),
            Kind::Base(..) | Kind::Device(..) | Kind::Declared(_) => None,
        }
    }

    /// Reports whether the variable is a service variable.
    pub(crate) fn is_of_service(&self) -> bool {
        matches!(self.0, Kind::Service { .. })
    }

    /// Reports whether the variable was added by [`Environment::with_base`], not by the kubelet.
    #[must_use]
    pub fn is_base(&self) -> bool {
        matches!(self.0, Kind::Base(..))
    }

    /// Reports whether the variable comes from a device plugin.
    #[must_use]
    pub fn is_device(&self) -> bool {
        matches!(self.0, Kind::Device(..))
    }
}

/// Returns a value that is not kept as text, or whose text may have placeholders for unknown parts.
fn value_of_service<'e>(
    variable: LinkedVariable<'e>,
    bytes: Option<&'e [u8]>,
    is_text: bool,
) -> Value<'e> {
    match (variable.service_variable(), bytes) {
        (Some(variable), Some(bytes)) if variable.has_known_address() => {
            Value::plain(Cow::Borrowed(bytes))
        }
        (Some(variable), _) if is_text => Value::of_service(variable).with_placeholders(),
        (Some(variable), _) => Value::of_service(variable),
        (None, _) => Value::default(),
    }
}

/// The variables of an [`Environment`] in kubelet order, as returned by [`Environment::iter`].
#[derive(Clone)]
pub struct Variables<'e>(Chain<OwnVariables<'e>, EffectiveServices<'e>>);

impl<'e> Variables<'e> {
    pub(super) fn new(own: OwnVariables<'e>, services: EffectiveServices<'e>) -> Self {
        Variables(own.chain(services))
    }
}

impl<'e> Iterator for Variables<'e> {
    type Item = Variable<'e>;

    #[inline]
    fn next(&mut self) -> Option<Variable<'e>> {
        self.0.next()
    }

    // This is faster than one variable after the other, for `collect` and its like.
    #[inline]
    fn fold<B, F: FnMut(B, Variable<'e>) -> B>(self, init: B, f: F) -> B {
        self.0.fold(init, f)
    }
}

impl FusedIterator for Variables<'_> {}

impl fmt::Debug for Variables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// All effective variables but those of Services.
#[derive(Clone)]
pub(super) struct OwnVariables<'e> {
    pub(super) environment: &'e Environment<'e>,
    pub(super) base: slice::Iter<'e, (String, Value<'e>)>,
    pub(super) devices: slice::Iter<'e, (String, Value<'e>)>,
    pub(super) declared: slice::Iter<'e, Declared<'e>>,
}

impl<'e> Iterator for OwnVariables<'e> {
    type Item = Variable<'e>;

    #[inline]
    fn next(&mut self) -> Option<Variable<'e>> {
        let environment = self.environment;
        if let Some((name, value)) = self.base.find(|(name, _)| !environment.overrides_base(name)) {
            return Some(Variable(Kind::Base(name, value)));
        }
        if let Some((name, value)) = self.devices.find(|(name, _)| !environment.gives(name)) {
            return Some(Variable(Kind::Device(name, value)));
        }
        let declared = self.declared.find(|declared| !declared.is_overwritten)?;
        Some(Variable(Kind::Declared(declared)))
    }
}

/// The effective variables of Services.
#[derive(Clone)]
pub(super) struct EffectiveServices<'e> {
    pub(super) variables: LinkedVariables<'e>,
    /// True if the texts have no placeholders for unknown parts.
    pub(super) is_text: bool,
}

impl<'e> Iterator for EffectiveServices<'e> {
    type Item = Variable<'e>;

    #[inline]
    fn next(&mut self) -> Option<Variable<'e>> {
        let variable = self.variables.next()?;
        Some(Variable(Kind::Service { variable, is_text: self.is_text }))
    }
}
