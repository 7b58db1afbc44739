//! References to objects.

use alloc::string::String;
use core::fmt::{self, Write};

use crate::api::Object;
use crate::text::OneLine;

/// A reference to an object by kind, namespace and name.
///
/// `Display` prints `Service default/web`, or `Service web` without a namespace. The output is a
/// single line, and names longer than the API server accepts are shortened.
///
/// ```
/// use kubelet_env::ObjectRef;
/// use kubelet_env::api::Service;
///
/// let object = ObjectRef::of(&Service::new("default", "web"));
/// assert_eq!(object.to_string(), "Service default/web");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
pub struct ObjectRef {
    /// The kind, such as `Service`.
    pub kind: String,
    /// The namespace. It is empty if the object has none.
    pub namespace: String,
    /// The name. It is empty if the object has none.
    pub name: String,
}

impl ObjectRef {
    /// Returns the reference to `object`.
    #[must_use]
    pub fn of<T: Object>(object: &T) -> Self {
        ObjectRef::of_any(object)
    }

    fn of_any(object: &dyn Object) -> Self {
        ObjectRef {
            kind: object.kind().into(),
            namespace: object.namespace().into(),
            name: object.name().into(),
        }
    }

    /// Returns the reference to `object` with the `generateName` of an object without a name.
    pub(super) fn of_unnamed(object: &dyn Object) -> Self {
        ObjectRef { name: object.name_or_prefix().into(), ..ObjectRef::of_any(object) }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ObjectRef { kind, namespace, name } = self;
        write_shortened(if kind.is_empty() { "object" } else { kind }, f)?;
        match (namespace.is_empty(), name.is_empty()) {
            (true, true) => return Ok(()),
            (true, false) => f.write_str(" ")?,
            (false, true) => f.write_str(" in ")?,
            (false, false) => {
                f.write_str(" ")?;
                write_shortened(namespace, f)?;
                f.write_str("/")?;
            }
        }
        write_shortened(if name.is_empty() { namespace } else { name }, f)
    }
}

/// Writes at most 253 characters, the maximum length of a name.
fn write_shortened(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.chars().take(253).try_for_each(|c| OneLine(&mut *f).write_char(c))
}
