//! Names and values as text, for JSON and similar formats.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::{FormError, FormProblem};
use crate::environment::Environment;
use crate::text::Order;

impl Environment<'_> {
    /// Returns names and values as text, the values of Secrets included.
    ///
    /// With the feature `serde`, an `Environment` also serializes as a map from names to values, in
    /// kubelet order. Use this function for a typed error or another shape.
    ///
    /// # Errors
    /// Returns an error if a value is not UTF-8.
    ///
    /// ```
    /// use kubelet_env::{Environment, Order};
    ///
    /// let base = [("PATH", "/usr/bin"), ("HOSTNAME", "web-0")];
    /// let environment = Environment::default().with_base(base);
    /// let pairs = environment.to_text_pairs(Order::Name)?;
    /// assert_eq!(pairs, [("HOSTNAME".into(), "web-0".into()), ("PATH".into(),
    /// "/usr/bin".into())]);
    /// # Ok::<(), kubelet_env::export::FormError>(())
    /// ```
    pub fn to_text_pairs(&self, order: Order) -> Result<Vec<(String, String)>, FormError> {
        self.try_map(order, |name, value| Ok((name.into_owned(), into_text(value)?)))
    }
}

pub(crate) fn as_text(value: &[u8]) -> Result<&str, FormProblem> {
    core::str::from_utf8(value).map_err(|_| FormProblem::NotUtf8)
}

pub(super) fn into_text(value: Cow<'_, [u8]>) -> Result<String, FormProblem> {
    String::from_utf8(value.into_owned()).map_err(|_| FormProblem::NotUtf8)
}

#[cfg(feature = "serde")]
mod serialize {
    use serde::ser::{Error, Serialize, SerializeMap, Serializer};

    use super::as_text;
    use crate::environment::Environment;
    use crate::export::FormError;

    /// Serializes a map from names to values, in kubelet order, the values of Secrets included.
    ///
    /// Serialization fails if a value is not UTF-8. The message is that of the [`FormError`] which
    /// [`to_text_pairs`](Environment::to_text_pairs) returns.
    impl Serialize for Environment<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(self.len()))?;
            for variable in self.iter() {
                let (name, value) = (variable.name(), variable.value());
                let name_it = |problem| FormError { variable: name.clone().into_owned(), problem };
                let text = as_text(value.bytes_with_placeholders())
                    .map_err(name_it)
                    .map_err(S::Error::custom)?;
                map.serialize_entry(&name, text)?;
            }
            map.end()
        }
    }
}
