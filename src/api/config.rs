//! ConfigMaps and Secrets (Go: `corev1.ConfigMap`, `corev1.Secret`).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::ObjectMeta;
use super::wire::{TypeMeta, named_by_metadata, wire_object};

wire_object! {
    /// A ConfigMap.
    ///
    /// `binaryData` is not read, because it never becomes a variable.
    ///
    /// ```
    /// use kubelet_env::api::ConfigMap;
    ///
    /// let settings = ConfigMap::new("shop", "settings").with_data([("LOG_LEVEL", "info")]);
    /// assert_eq!(settings.data["LOG_LEVEL"], "info");
    /// ```
    pub struct ConfigMap in "v1" {
        /// The name and namespace.
        pub metadata: ObjectMeta,
        /// The values by key.
        pub data: BTreeMap<String, String>,
    }
}

impl ConfigMap {
    /// Returns a ConfigMap without data.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        ConfigMap { metadata: ObjectMeta::new(namespace, name), data: BTreeMap::new() }
    }

    /// Adds values by key.
    #[must_use]
    pub fn with_data<K: Into<String>, V: Into<String>>(
        mut self,
        data: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.data.extend(data.into_iter().map(|(key, value)| (key.into(), value.into())));
        self
    }
}

/// A Secret.
///
/// In the wire form the values are base64 under `data`. Values under `stringData` take precedence,
/// as in the API server. They are written back under `data`.
///
/// ```
/// use kubelet_env::api::Secret;
///
/// let login = Secret::new("shop", "login").with_data([("PASSWORD", "hunter2")]);
/// assert_eq!(login.data["PASSWORD"].as_bytes(), b"hunter2");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Secret {
    /// The name and namespace.
    pub metadata: ObjectMeta,
    /// The values by key.
    pub data: BTreeMap<String, SecretValue>,
}

impl Secret {
    /// Returns a Secret without data.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Secret { metadata: ObjectMeta::new(namespace, name), data: BTreeMap::new() }
    }

    /// Adds values by key. They are not base64.
    #[must_use]
    pub fn with_data<K: Into<String>, V: Into<SecretValue>>(
        mut self,
        data: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.data.extend(data.into_iter().map(|(key, value)| (key.into(), value.into())));
        self
    }
}

/// A value of a Secret. `Debug` does not show it.
///
/// ```
/// use kubelet_env::api::SecretValue;
///
/// let value = SecretValue::from("hunter2");
/// assert_eq!(format!("{value:?}"), "[elided]");
/// assert_eq!(value.as_bytes(), b"hunter2");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct SecretValue(Vec<u8>);

impl SecretValue {
    /// Returns the bytes. They may not be UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for SecretValue {
    fn from(bytes: Vec<u8>) -> Self {
        SecretValue(bytes)
    }
}

impl From<&str> for SecretValue {
    fn from(text: &str) -> Self {
        SecretValue(text.into())
    }
}

impl From<String> for SecretValue {
    fn from(text: String) -> Self {
        SecretValue(text.into())
    }
}

impl From<&[u8]> for SecretValue {
    fn from(bytes: &[u8]) -> Self {
        SecretValue(bytes.into())
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[elided]")
    }
}

impl TypeMeta for Secret {
    const API_VERSION: &'static str = "v1";
    const KIND: &'static str = "Secret";
}

named_by_metadata!(Secret, |_secret| Secret::KIND);

#[cfg(feature = "serde")]
pub(crate) use of_serde::ReadSecret;

#[cfg(feature = "serde")]
mod of_serde {
    use alloc::collections::BTreeMap;
    use alloc::string::String;
    use alloc::vec::Vec;

    use base64::Engine;
    use base64::alphabet::STANDARD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Serialize, Serializer};

    use super::{Secret, SecretValue};
    use crate::api::ObjectMeta;
    use crate::api::wire::{
        self, ApiVersion, Entry, Field, Kind, Place, Rejected, Scalar, Shape, is_absent_ref,
    };

    /// Go's `base64.StdEncoding`: padding is required, unused trailing bits are ignored.
    const BASE64: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
    );

    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Written<'a> {
        api_version: &'static str,
        kind: &'static str,
        #[serde(skip_serializing_if = "is_absent_ref")]
        metadata: &'a ObjectMeta,
        #[serde(skip_serializing_if = "is_absent_ref")]
        data: &'a BTreeMap<String, SecretValue>,
    }

    impl Serialize for Secret {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            Written {
                api_version: "v1",
                kind: "Secret",
                metadata: &self.metadata,
                data: &self.data,
            }
            .serialize(serializer)
        }
    }

    /// A Secret while it is read.
    #[derive(Default)]
    pub(crate) struct ReadSecret {
        pub(crate) metadata: ObjectMeta,
        data: BTreeMap<String, SecretValue>,
        string_data: BTreeMap<String, String>,
    }

    impl ReadSecret {
        pub(crate) fn finish(self) -> Secret {
            let mut data = self.data;
            for (key, value) in self.string_data {
                data.insert(key, value.into());
            }
            Secret { metadata: self.metadata, data }
        }
    }

    impl Place for ReadSecret {
        fn blank() -> Self {
            ReadSecret::default()
        }

        fn expected(&mut self) -> &'static str {
            "an object"
        }

        fn shape(&mut self) -> Shape {
            Shape::Object
        }

        fn entry(&mut self, key: &str) -> Entry<'_> {
            let secret = |field| Field { is_secret: true, ..field };
            Entry::Field(match key {
                "apiVersion" => ApiVersion::<Secret>::field(),
                "kind" => Kind::<Secret>::field(),
                "metadata" => Field::new(0, "metadata", &mut self.metadata),
                "data" => secret(Field::new(1, "data", &mut self.data)),
                "stringData" => secret(Field::new(2, "stringData", &mut self.string_data)),
                _ => return Entry::Unknown,
            })
        }
    }

    impl<'de> Deserialize<'de> for Secret {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            wire::read(deserializer).map(ReadSecret::finish)
        }
    }

    impl Serialize for SecretValue {
        /// Writes base64.
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(&BASE64.encode(&self.0))
        }
    }

    impl<'de> Deserialize<'de> for SecretValue {
        /// Reads base64.
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            wire::read_secret(deserializer)
        }
    }

    impl Place for SecretValue {
        fn blank() -> Self {
            SecretValue::default()
        }

        fn expected(&mut self) -> &'static str {
            "a string in base64"
        }

        fn set(&mut self, scalar: &Scalar<'_>) -> Result<(), Rejected> {
            match scalar {
                Scalar::Text(text) => *self = SecretValue(decode(text).ok_or(Rejected::Value)?),
                Scalar::Null => {}
                _ => return Err(Rejected::Type),
            }
            Ok(())
        }
    }

    /// Decodes base64. Line breaks are skipped, as in Go.
    fn decode(text: &str) -> Option<Vec<u8>> {
        if text.contains(['\n', '\r']) {
            BASE64.decode(text.replace(['\n', '\r'], "")).ok()
        } else {
            BASE64.decode(text).ok()
        }
    }
}
