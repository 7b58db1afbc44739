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
mod of_serde {
    use alloc::collections::BTreeMap;
    use alloc::string::String;
    use alloc::vec::Vec;
    use core::cell::Cell;
    use core::fmt;
    use core::marker::PhantomData;

    use base64::Engine;
    use base64::alphabet::STANDARD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
    use serde::ser::{Serialize, Serializer};

    use super::{Secret, SecretValue};
    use crate::api::ObjectMeta;
    use crate::api::wire::{self, ApiVersion, Kind, is_absent_ref, null_is_absent};

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

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Read {
        #[serde(default, rename = "apiVersion")]
        _api_version: ApiVersion<Secret>,
        #[serde(default, rename = "kind")]
        _kind: Kind<Secret>,
        #[serde(default, deserialize_with = "null_is_absent")]
        metadata: ObjectMeta,
        #[serde(default)]
        data: Elided<Base64Value>,
        #[serde(default)]
        string_data: Elided<TextValue>,
    }

    impl<'de> Deserialize<'de> for Secret {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let Read { metadata, data, string_data, .. } = Read::deserialize(deserializer)?;
            let mut data: BTreeMap<String, SecretValue> =
                data.0.into_iter().map(|(key, Base64Value(value))| (key, value)).collect();
            data.extend(string_data.0.into_iter().map(|(key, TextValue(value))| (key, value)));
            Ok(Secret { metadata, data })
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
            Base64Value::deserialize(deserializer).map(|Base64Value(value)| value)
        }
    }

    struct Base64Value(SecretValue);

    struct TextValue(SecretValue);

    impl<'de> Deserialize<'de> for Base64Value {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            ValueVisitor { expected: "a string in base64", read: decode }
                .read_from(deserializer)
                .map(Base64Value)
        }
    }

    impl<'de> Deserialize<'de> for TextValue {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            ValueVisitor { expected: "a string", read: |text| Some(text.into()) }
                .read_from(deserializer)
                .map(TextValue)
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

    const MAP: &str = "a map of keys and values";
    const ELIDED: Unexpected<'static> = Unexpected::Other("[elided]");

    /// Implements methods of a visitor without an error, because serde's errors quote the value.
    macro_rules! reject {
        ($($type:ty: $visit:ident),+) => {
            $(fn $visit<E>(self, _: $type) -> Result<Self::Value, E> {
                Ok(Err(ELIDED))
            })+
        };
    }

    /// Reads a Secret's value, or what was found instead.
    #[derive(Clone, Copy)]
    struct ValueVisitor {
        expected: &'static str,
        read: fn(&str) -> Option<Vec<u8>>,
    }

    impl ValueVisitor {
        /// Reads a value. No error quotes it, not even one of the format.
        fn read_from<'de, D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<SecretValue, D::Error> {
            match deserializer.deserialize_any(self) {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(found)) => Err(D::Error::invalid_type(found, &self.expected)),
                Err(_) => Err(D::Error::custom(wire::ELIDED_MESSAGE)),
            }
        }
    }

    impl<'de> Visitor<'de> for ValueVisitor {
        type Value = Result<SecretValue, Unexpected<'static>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.expected)
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok((self.read)(text).map(SecretValue).ok_or(ELIDED))
        }

        /// `null` is the zero value.
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Ok(SecretValue::default()))
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(Ok(SecretValue::default()))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Ok(Err(Unexpected::Seq))
        }

        fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Ok(Err(Unexpected::Map))
        }

        reject!(bool: visit_bool, i64: visit_i64, u64: visit_u64, f64: visit_f64);
        reject!(i128: visit_i128, u128: visit_u128);
    }

    /// A map of a Secret. No error quotes a part of it.
    struct Elided<T>(BTreeMap<String, T>);

    impl<T> Default for Elided<T> {
        fn default() -> Self {
            Elided(BTreeMap::new())
        }
    }

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Elided<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let is_elided = Cell::new(false);
            let visitor = MapVisitor { is_elided: &is_elided, values: PhantomData };
            match deserializer.deserialize_any(visitor) {
                Ok(Ok(map)) => Ok(Elided(map)),
                Ok(Err(found)) => Err(D::Error::invalid_type(found, &MAP)),
                Err(error) if is_elided.get() => Err(error),
                Err(_) => Err(D::Error::custom(wire::ELIDED_MESSAGE)),
            }
        }
    }

    /// Reads the map of a Secret, or what was found instead.
    struct MapVisitor<'c, T> {
        /// True if the error is that of a value, which quotes nothing.
        is_elided: &'c Cell<bool>,
        values: PhantomData<T>,
    }

    impl<'de, T: Deserialize<'de>> Visitor<'de> for MapVisitor<'_, T> {
        type Value = Result<BTreeMap<String, T>, Unexpected<'static>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(MAP)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some(key) = entries.next_key()? {
                if key == wire::NUMBER_TOKEN {
                    return Ok(Err(ELIDED));
                }
                let value = entries.next_value().inspect_err(|_| self.is_elided.set(true))?;
                map.insert(key, value);
            }
            Ok(Ok(map))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Ok(Err(Unexpected::Seq))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Ok(BTreeMap::new()))
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(Ok(BTreeMap::new()))
        }

        reject!(&str: visit_str, bool: visit_bool, i64: visit_i64, u64: visit_u64);
        reject!(f64: visit_f64, i128: visit_i128, u128: visit_u128);
    }
}
