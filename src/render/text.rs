//! Names and values as text, for JSON and its like.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::{FormError, FormProblem};
use crate::{Environment, Order};

impl Environment<'_> {
    /// Names and values as text, the values of Secrets included.
    ///
    /// With the feature `serde` an `Environment` serializes as a map of the same, in kubelet order;
    /// this is for a caller who wants a typed error, or another shape.
    ///
    /// # Errors
    /// A value is not UTF-8.
    ///
    /// ```
    /// use kubelet_env::{Environment, Order};
    ///
    /// let environment = Environment::default().over([("PATH", "/usr/bin"), ("HOSTNAME", "web-0")]);
    /// let pairs = environment.text_pairs(Order::Name)?;
    /// assert_eq!(pairs, [("HOSTNAME".into(), "web-0".into()), ("PATH".into(), "/usr/bin".into())]);
    /// # Ok::<(), kubelet_env::FormError>(())
    /// ```
    pub fn text_pairs(&self, order: Order) -> Result<Vec<(String, String)>, FormError> {
        self.try_write(order, |name, value| Ok((name.into_owned(), into_text(value)?)))
    }
}

pub(crate) fn as_text(value: &[u8]) -> Result<&str, FormProblem> {
    core::str::from_utf8(value).map_err(|_| FormProblem::NotUtf8)
}

pub(super) fn into_text(value: Cow<'_, [u8]>) -> Result<String, FormProblem> {
    String::from_utf8(value.into_owned()).map_err(|_| FormProblem::NotUtf8)
}
