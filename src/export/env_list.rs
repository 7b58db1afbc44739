//! The `env:` list of a container.

use alloc::string::String;
use alloc::vec::Vec;

use super::text::as_text;
use super::{FormError, check_name};
use crate::api::EnvVar;
use crate::environment::Environment;
use crate::go::quote::quote_into;
use crate::text::Order;

impl Environment<'_> {
    /// Returns the variables as the `env` list of a container, the values of Secrets included.
    ///
    /// A container with this list receives the same environment, whatever Services exist. Each `$`
    /// is written as `$$`, because `$(` begins a reference in a `value`.
    ///
    /// For YAML, use [`to_env_yaml`](Self::to_env_yaml): other serializers may leave values such as
    /// `yes` unquoted, which kubectl reads as booleans or numbers.
    ///
    /// # Errors
    /// Returns an error if:
    ///
    /// - a name is empty, or contains `=` or a character that is not printable ASCII, because the
    ///   API server rejects it. Releases before 1.32 also reject names that are not
    ///   [strict](crate::names::is_env_var_name);
    /// - a value is not UTF-8.
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
        self.try_map(order, |name, value| {
            check_name(&name, |c| matches!(c, ' '..='~') && c != '=')?;
            let value = as_text(&value)?.replace('$', "$$");
            Ok(EnvVar { name: name.into_owned(), value, value_from: None })
        })
    }

    /// Returns the variables as YAML text for the `env:` of a container, the values of Secrets
    /// included. The content is that of [`to_env_vars`](Self::to_env_vars).
    ///
    /// Every name and value is in double quotes. kubectl reads YAML 1.1, in which an unquoted
    /// `yes`, `no`, `on`, `off`, `y` or `n` is a boolean, and `1_000` and `0_7` are numbers. The
    /// API server then rejects the Pod. Serializers for YAML 1.2 leave such values unquoted.
    ///
    /// # Errors
    /// Returns an error in the same cases as [`to_env_vars`](Self::to_env_vars).
    ///
    /// ```
    /// use kubelet_env::{Environment, Order};
    ///
    /// let environment = Environment::default().with_base([("DEBUG", "no"), ("LIMIT", "1_000")]);
    /// assert_eq!(
    ///     environment.to_env_yaml(Order::Kubelet)?,
    ///     "- name: \"DEBUG\"\n  value: \"no\"\n- name: \"LIMIT\"\n  value: \"1_000\"\n",
    /// );
    /// # Ok::<(), kubelet_env::export::FormError>(())
    /// ```
    pub fn to_env_yaml(&self, order: Order) -> Result<String, FormError> {
        let env = self.to_env_vars(order)?;
        if env.is_empty() {
            return Ok("[]\n".into());
        }
        let mut yaml = String::new();
        for EnvVar { name, value, .. } in &env {
            // Every escape of Go's strconv.Quote is one of YAML.
            yaml.push_str("- name: ");
            quote_into(&mut yaml, name);
            yaml.push_str("\n  value: ");
            quote_into(&mut yaml, value);
            yaml.push('\n');
        }
        Ok(yaml)
    }
}
