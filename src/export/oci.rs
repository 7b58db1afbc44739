//! The `process.env` of an OCI runtime specification.

use alloc::string::String;
use alloc::vec::Vec;

use super::text::as_text;
use super::{FormError, check_for_process};
use crate::environment::Environment;
use crate::text::Order;

impl Environment<'_> {
    /// The `process.env` of an OCI runtime specification (`config.json`): a list of `NAME=value`, the
    /// values of Secrets included.
    ///
    /// # Errors
    /// - A name is empty, or has `=` or a NUL in it.
    /// - A value has a NUL in it, or is not UTF-8.
    ///
    /// ```
    /// use kubelet_env::{Environment, Order};
    ///
    /// let environment = Environment::default().with_base([("PATH", "/usr/bin:/bin"), ("HOSTNAME", "web-0")]);
    /// assert_eq!(environment.to_oci_env(Order::Kubelet)?, ["PATH=/usr/bin:/bin", "HOSTNAME=web-0"]);
    /// # Ok::<(), kubelet_env::export::FormError>(())
    /// ```
    pub fn to_oci_env(&self, order: Order) -> Result<Vec<String>, FormError> {
        self.try_write(order, |name, value| {
            check_for_process(&name, &value)?;
            Ok([name.as_ref(), "=", as_text(&value)?].concat())
        })
    }
}
