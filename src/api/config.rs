//! ConfigMaps and Secrets (Go: `corev1.ConfigMap`, `corev1.Secret`).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::ObjectMeta;
use super::wire::{TypeMeta, named_by_metadata, wire_object};

wire_object! {
    /// A ConfigMap. Its `binaryData` never becomes a variable, and is not read.
    pub struct ConfigMap in "v1" {
        /// Its name and namespace.
        pub metadata: ObjectMeta,
        /// The values by key.
        pub data: BTreeMap<String, String>,
    }
}

/// A Secret.
///
/// Its wire form has base64 under `data`. What a manifest has under `stringData` is read over that,
/// as the API server does, and written back under `data`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Secret {
    /// Its name and namespace.
    pub metadata: ObjectMeta,
    /// The values by key.
    pub data: BTreeMap<String, SecretValue>,
}

/// The bytes of one key of a Secret, which no `Debug` shows.
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
    /// The bytes, which need not be UTF-8.
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
    use core::fmt;
    use core::marker::PhantomData;

    use base64::Engine;
    use base64::alphabet::STANDARD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};
    use serde::ser::{Serialize, Serializer};

    use super::{Secret, SecretValue};
    use crate::api::ObjectMeta;
    use crate::api::wire::{ApiVersion, Kind, is_absent_ref, null_is_absent};

    /// Go's `base64.StdEncoding`: padded, and lenient about the bits that no byte takes up.
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
        /// In base64.
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(&BASE64.encode(&self.0))
        }
    }

    impl<'de> Deserialize<'de> for SecretValue {
        /// From base64.
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Base64Value::deserialize(deserializer).map(|Base64Value(value)| value)
        }
    }

    struct Base64Value(SecretValue);

    struct TextValue(SecretValue);

    impl<'de> Deserialize<'de> for Base64Value {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer
                .deserialize_any(ValueVisitor { expected: "a string in base64", read: decode })
                .map(Base64Value)
        }
    }

    impl<'de> Deserialize<'de> for TextValue {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer
                .deserialize_any(ValueVisitor {
                    expected: "a string",
                    read: |text| Some(text.into()),
                })
                .map(TextValue)
        }
    }

    /// As Go's decoder, which passes over line ends.
    fn decode(text: &str) -> Option<Vec<u8>> {
        if text.contains(['\n', '\r']) {
            BASE64.decode(text.replace(['\n', '\r'], "")).ok()
        } else {
            BASE64.decode(text).ok()
        }
    }

    /// Methods of a visitor. serde's own would quote what they refuse.
    macro_rules! refuse {
        ($($type:ty: $visit:ident),+) => {
            $(fn $visit<E: Error>(self, _: $type) -> Result<Self::Value, E> {
                self.refuse()
            })+
        };
    }

    /// Reads a Secret's value.
    #[derive(Clone, Copy)]
    struct ValueVisitor {
        expected: &'static str,
        read: fn(&str) -> Option<Vec<u8>>,
    }

    impl ValueVisitor {
        fn refuse<T, E: Error>(self) -> Result<T, E> {
            Err(E::invalid_value(Unexpected::Other(ELIDED), &self))
        }
    }

    const ELIDED: &str = "[elided]";

    impl Visitor<'_> for ValueVisitor {
        type Value = SecretValue;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.expected)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<SecretValue, E> {
            (self.read)(text).map_or_else(|| self.refuse(), |bytes| Ok(SecretValue(bytes)))
        }

        /// `null` is the zero value.
        fn visit_unit<E: Error>(self) -> Result<SecretValue, E> {
            Ok(SecretValue::default())
        }

        fn visit_none<E: Error>(self) -> Result<SecretValue, E> {
            Ok(SecretValue::default())
        }

        refuse!(bool: visit_bool, i64: visit_i64, u64: visit_u64, i128: visit_i128, u128: visit_u128, f64: visit_f64);
    }

    /// A map of a Secret, of which no part is quoted when it is something else.
    struct Elided<T>(BTreeMap<String, T>);

    impl<T> Default for Elided<T> {
        fn default() -> Self {
            Elided(BTreeMap::new())
        }
    }

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Elided<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(MapVisitor(PhantomData))
        }
    }

    struct MapVisitor<T>(PhantomData<T>);

    impl<T> MapVisitor<T> {
        fn refuse<E: Error>(self) -> Result<Elided<T>, E> {
            Err(E::invalid_type(Unexpected::Other(ELIDED), &"a map of keys and values"))
        }
    }

    impl<'de, T: Deserialize<'de>> Visitor<'de> for MapVisitor<T> {
        type Value = Elided<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of keys and values")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Elided<T>, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = entries.next_entry()? {
                map.insert(key, value);
            }
            Ok(Elided(map))
        }

        fn visit_unit<E: Error>(self) -> Result<Elided<T>, E> {
            Ok(Elided::default())
        }

        fn visit_none<E: Error>(self) -> Result<Elided<T>, E> {
            Ok(Elided::default())
        }

        refuse!(&str: visit_str, bool: visit_bool, i64: visit_i64, u64: visit_u64);
        refuse!(i128: visit_i128, u128: visit_u128, f64: visit_f64);
    }
}
