//! Names and values as text, for JSON and its like.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::{FormError, FormProblem};
use crate::environment::Environment;
use crate::text::Order;

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
    /// let environment = Environment::default().with_base([("PATH", "/usr/bin"), ("HOSTNAME", "web-0")]);
    /// let pairs = environment.to_text_pairs(Order::Name)?;
    /// assert_eq!(pairs, [("HOSTNAME".into(), "web-0".into()), ("PATH".into(), "/usr/bin".into())]);
    /// # Ok::<(), kubelet_env::export::FormError>(())
    /// ```
    pub fn to_text_pairs(&self, order: Order) -> Result<Vec<(String, String)>, FormError> {
        self.try_write(order, |name, value| Ok((name.into_owned(), into_text(value)?)))
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

    /// As a map from names to values, in kubelet order, the values of Secrets included. A value that
    /// is not UTF-8 is an error with the text of a [`FormError`];
    /// [`to_text_pairs`](Environment::to_text_pairs) has it typed.
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
