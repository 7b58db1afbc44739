//! References to objects.

use alloc::string::String;
use core::fmt::{self, Write};

use crate::api::Object;
use crate::text::OneLine;

/// A reference to an object by kind, namespace and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
pub struct ObjectRef {
    /// Its kind: `Service`.
    pub kind: String,
    /// Its namespace; empty if it has none.
    pub namespace: String,
    /// Its name; empty if it has none.
    pub name: String,
}

impl ObjectRef {
    /// Returns the reference to `object`.
    #[must_use]
    pub fn of<T: Object>(object: &T) -> Self {
        ObjectRef {
            kind: object.kind().into(),
            namespace: object.namespace().into(),
            name: object.name().into(),
        }
    }
}

/// `Service default/web`, or `Service web` where the namespace is not known: always on one line, and
/// without what is longer than any name that an API server lets in.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ObjectRef { kind, namespace, name } = self;
        write_on_a_line(if kind.is_empty() { "object" } else { kind }, f)?;
        match (namespace.is_empty(), name.is_empty()) {
            (true, true) => return Ok(()),
            (true, false) => f.write_str(" ")?,
            (false, true) => f.write_str(" in ")?,
            (false, false) => {
                f.write_str(" ")?;
                write_on_a_line(namespace, f)?;
                f.write_str("/")?;
            }
        }
        write_on_a_line(if name.is_empty() { namespace } else { name }, f)
    }
}

fn write_on_a_line(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.chars().take(253).try_for_each(|c| OneLine(&mut *f).write_char(c))
}
