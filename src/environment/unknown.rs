//! Parts of values that are not known before the cluster decides them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::ReportedValue;
use crate::objects::ObjectRef;
use crate::services::write_cluster_ip_of;
use crate::text::OneLine;

/// A part of a [`Value`](crate::Value) that is not known, by its source.
///
/// `Display` writes the placeholder for the part in texts for people. It is always on one line:
///
/// | variant | placeholder |
/// |---|---|
/// | `ClusterIp` | `<clusterIP of default/web>` |
/// | `Key` | `<Secret shop/db PASSWORD>`, `<ConfigMap shop/settings COLOR>` |
/// | `Keys` | `<Secret shop/db>` |
/// | `Field` | `<status.podIP>`, `<metadata.labels['pod-template-hash']>` |
/// | `Resource` | `<limits.memory of container app>` |
/// | `FileKey` | `<file VOLUME/PATH KEY>` |
/// | `Unless` | `<COLOR: red unless Secret shop/db sets it>` |
///
/// ```
/// use kubelet_env::environment::Unknown;
///
/// let unknown = Unknown::ClusterIp { namespace: "default".into(), name: "web".into() };
/// assert_eq!(unknown.to_string(), "<clusterIP of default/web>");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub enum Unknown {
    /// The `clusterIP` of a Service that has none yet.
    #[cfg_attr(feature = "serde", serde(rename = "clusterIP"))]
    ClusterIp {
        /// The Service's namespace; empty if it is not known.
        namespace: String,
        /// The Service's name.
        name: String,
    },
    /// The value of a key of a ConfigMap or Secret.
    Key {
        /// The ConfigMap or Secret.
        object: ObjectRef,
        /// The key.
        key: String,
    },
    /// The value of a key of a ConfigMap or Secret that is not among the objects. The key is the
    /// name of the variable without the prefix of the `envFrom` source.
    Keys {
        /// The ConfigMap or Secret.
        object: ObjectRef,
    },
    /// A field of the Pod.
    Field {
        /// The `fieldPath`, such as `status.podIP`.
        path: String,
    },
    /// A limit that a container takes from the Node.
    Resource {
        /// The `resource`, such as `limits.memory`.
        resource: String,
        /// The container's name.
        container: String,
    },
    /// The value of a key of an env file.
    FileKey {
        /// The volume.
        volume: String,
        /// The path in the volume.
        path: String,
        /// The key.
        key: String,
    },
    /// The value of a variable that a source may set, override or leave as it is.
    ///
    /// A source is an `envFrom` object that is not among the objects, or an optional reference to an
    /// unknown key.
    Unless {
        /// The variable's name.
        variable: String,
        /// The value if none of the sources sets the variable. `None` if the variable is not set
        /// then.
        otherwise: Option<ReportedValue>,
        /// The sources, in the order in which they set the variable: the last one that does wins.
        sources: Vec<Unknown>,
    },
}

impl Unknown {
    /// Reports whether the value may come from a Secret or an env file.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        match self {
            Unknown::Key { object, .. } | Unknown::Keys { object } => object.kind == "Secret",
            Unknown::Unless { otherwise, sources, .. } => {
                *otherwise == Some(ReportedValue::Elided) || sources.iter().any(Unknown::is_secret)
            }
            Unknown::FileKey { .. } => true,
            Unknown::ClusterIp { .. } | Unknown::Field { .. } | Unknown::Resource { .. } => false,
        }
    }

    fn write_source(&self, out: &mut impl Write) -> fmt::Result {
        match self {
            Unknown::ClusterIp { namespace, name } => write_cluster_ip_of(namespace, name, out),
            Unknown::Key { object, key } => write!(out, "{object} {key}"),
            Unknown::Keys { object } => write!(out, "{object}"),
            Unknown::Field { path } => out.write_str(path),
            Unknown::Resource { resource, container } => {
                write!(out, "{resource} of container {container}")
            }
            Unknown::FileKey { volume, path, key } => write!(out, "file {volume}/{path} {key}"),
            Unknown::Unless { variable, otherwise, sources } => {
                write!(out, "{variable}: ")?;
                match otherwise {
                    Some(value) => write!(out, "{value}")?,
                    None => out.write_str("not set")?,
                }
                for (index, source) in sources.iter().enumerate() {
                    out.write_str(if index == 0 { " unless " } else { " or " })?;
                    source.write_source(out)?;
                }
                out.write_str(" sets it")
            }
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let out = &mut OneLine(f);
        out.write_char('<')?;
        self.write_source(out)?;
        out.write_char('>')
    }
}
