//! The configuration of an image (OCI image specification: `ImageConfig`).

use alloc::string::String;
use alloc::vec::Vec;

/// The configuration of an image: the part that a container's process depends on.
///
/// With the feature `serde` it is read from the JSON that these commands print:
///
/// - `docker inspect IMAGE`, and `podman inspect IMAGE`
/// - `crane config IMAGE`
/// - `skopeo inspect --config docker://IMAGE`
///
/// ```
/// use kubelet_env::process::ImageConfig;
///
/// let json = r#"{"config": {"Env": ["PATH=/usr/bin:/bin"], "User": "1000"}}"#;
/// let image: ImageConfig = serde_json::from_str(json)?;
/// assert_eq!((image.env.len(), image.user.as_str()), (1, "1000"));
///
/// let error = serde_json::from_str::<ImageConfig>(r#"[{"Config": {"Env": ["A=1", 2]}}]"#);
/// assert!(error.unwrap_err().to_string().starts_with("Config.Env[1] is 2"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// `ENV`: entries `NAME=value`.
    pub env: Vec<String>,
    /// `ENTRYPOINT`.
    pub entrypoint: Vec<String>,
    /// `CMD`.
    pub cmd: Vec<String>,
    /// `WORKDIR`; empty means `/`.
    pub working_dir: String,
    /// `USER`: a UID or name, with `:` and a group if it names one; empty means root.
    pub user: String,
}

#[cfg(feature = "serde")]
pub use of_serde::ImageConfigError;

#[cfg(feature = "serde")]
mod of_serde {
    use alloc::string::String;
    use alloc::vec::Vec;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer};

    use super::ImageConfig;
    use crate::api::wire::wire_struct;
    use crate::objects::{Document, DocumentValue as Value, FieldError};

    /// An error from reading an [`ImageConfig`].
    #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
    #[non_exhaustive]
    pub enum ImageConfigError {
        /// The document is not the configuration of an image.
        #[error(
            "this is not the configuration of an image: config is missing (use the output of \
             docker inspect, crane config or skopeo inspect --config)"
        )]
        ConfigMissing,
        /// The document is a list of several images, or of none.
        #[error("this is a list of {count} images: inspect exactly one")]
        NotOne {
            /// The number of images.
            count: usize,
        },
        /// A field has the wrong type.
        #[error(transparent)]
        Field(#[from] FieldError),
    }

    wire_struct! {
        /// The fields of `config`.
        struct Config {
            env as "Env": Vec<String>,
            entrypoint as "Entrypoint": Vec<String>,
            cmd as "Cmd": Vec<String>,
            working_dir as "WorkingDir": String,
            user as "User": String,
        }
    }

    impl ImageConfig {
        /// Reads the configuration of an image from a document.
        ///
        /// # Errors
        ///
        /// Returns an error if the document has no `config`, is a list of other than one image, or
        /// if a field has the wrong type.
        pub fn from_document(document: Document) -> Result<Self, ImageConfigError> {
            let image = match document.0 {
                Value::List(mut images) => match (images.pop(), images.len()) {
                    (Some(image), 0) => image,
                    (image, others) => {
                        let count = others.saturating_add(usize::from(image.is_some()));
                        return Err(ImageConfigError::NotOne { count });
                    }
                },
                image => image,
            };
            let Value::Map(fields) = image else { return Err(ImageConfigError::ConfigMissing) };
            // An image without any setting need not have a configuration.
            let is_image = fields.iter().any(|(key, _)| matches!(&**key, "rootfs" | "RootFS"));
            let config = fields.into_iter().find(|(key, value)| {
                matches!(&**key, "config" | "Config") && *value != Value::NULL
            });
            match config {
                Some((key, value)) => {
                    let config: Config =
                        Config::deserialize(value).map_err(|error| error.at_key(key))?;
                    Ok(ImageConfig {
                        env: config.env,
                        entrypoint: config.entrypoint,
                        cmd: config.cmd,
                        working_dir: config.working_dir,
                        user: config.user,
                    })
                }
                None if is_image => Ok(ImageConfig::default()),
                None => Err(ImageConfigError::ConfigMissing),
            }
        }
    }

    /// The errors are those of [`ImageConfig::from_document`], as text.
    impl<'de> Deserialize<'de> for ImageConfig {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let document = Document::deserialize(deserializer)?;
            ImageConfig::from_document(document).map_err(D::Error::custom)
        }
    }
}
