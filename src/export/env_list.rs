//! The `env:` list of a container.

use alloc::vec::Vec;

use super::text::as_text;
use super::{FormError, check_name};
use crate::api::EnvVar;
use crate::environment::Environment;
use crate::text::Order;

impl Environment<'_> {
    /// The variables as a container's `env`, the values of Secrets included, from which the kubelet
    /// gives the same again, whatever Services there are: each `$` is written `$$`, for in a
    /// `value` it would begin a reference. An empty value is given as such.
    ///
    /// With the feature `serde` the list is written as JSON or YAML by what the caller likes.
    ///
    /// # Errors
    /// - A name is empty, or has a character that is not printable ASCII, or `=`: the API server
    ///   refuses it. (Releases before 1.32 refuse more: those that are not
    ///   [strict](crate::names::is_env_var_name).)
    /// - A value is not UTF-8.
    ///
    /// ```
    /// use kubelet_env::{Environment, Order};
    ///
    /// let environment = Environment::default().with_base([("PRICE", "$5"), ("EMPTY", "")]);
    /// let env = environment.to_env_vars(Order::Kubelet)?;
    /// assert_eq!((env[0].name.as_str(), env[0].value.as_str()), ("PRICE", "$$5"));
    /// assert_eq!((env[1].name.as_str(), env[1].value.as_str()), ("EMPTY", ""));
    /// # Ok::<(), kubelet_env::export::FormError>(())
    /// ```
    pub fn to_env_vars(&self, order: Order) -> Result<Vec<EnvVar>, FormError> {
        self.try_write(order, |name, value| {
            check_name(&name, |c| matches!(c, ' '..='~') && c != '=')?;
            let value = as_text(&value)?.replace('$', "$$");
            Ok(EnvVar { name: name.into_owned(), value, value_from: None })
        })
    }
}
