//! The `process.env` of an OCI runtime specification.

use alloc::string::String;
use alloc::vec::Vec;

use super::text::as_text;
use super::{FormError, check_for_process};
use crate::environment::Environment;
use crate::text::Order;

impl Environment<'_> {
    /// Returns the `process.env` of an OCI runtime specification (`config.json`): a list of
    /// `NAME=value`, the values of Secrets included.
    ///
    /// # Errors
    /// Returns an error if a name is empty or contains `=` or a NUL, or if a value contains a NUL
    /// or is not UTF-8.
    ///
    /// ```
    /// use kubelet_env::{Environment, Order};
    ///
    /// let base = [("PATH", "/usr/bin:/bin"), ("HOSTNAME", "web-0")];
    /// let environment = Environment::default().with_base(base);
    /// let env = environment.to_oci_env(Order::Kubelet)?;
    /// assert_eq!(env, ["PATH=/usr/bin:/bin", "HOSTNAME=web-0"]);
    /// # Ok::<(), kubelet_env::export::FormError>(())
    /// ```
    pub fn to_oci_env(&self, order: Order) -> Result<Vec<String>, FormError> {
        self.try_map(order, |name, value| {
            check_for_process(&name, &value)?;
            Ok([name.as_ref(), "=", as_text(&value)?].concat())
        })
    }
}
