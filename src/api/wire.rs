//! The wire form of all objects of [`crate::api`] (Go: `encoding/json` with `omitempty`).
//!
//! Names are in camelCase, unknown fields are ignored, `null` is the same as absent, and absent
//! fields are not written.

/// Declares structs of the Kubernetes API. Every field may be absent.
macro_rules! wire_struct {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $name:ident { $( $(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty, )* }
    )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
        $vis struct $name { $(
            $(#[$field_meta])*
            #[cfg_attr(feature = "serde", serde(
                default,
                deserialize_with = "crate::api::wire::null_is_absent",
                skip_serializing_if = "crate::api::wire::is_absent"
            ))]
            $field_vis $field: $type,
        )* }
    )* };
}

/// Declares objects with metadata, an `apiVersion` and a `kind`.
///
/// Reading an object of another kind is an error. Both fields may be absent, because the items of a
/// typed list such as `ServiceList` do not have them.
macro_rules! wire_object {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident in $api_version:literal {
            $( $(#[$field_meta:meta])* pub $field:ident: $type:ty, )*
        }
    )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name { $( $(#[$field_meta])* pub $field: $type, )* }

        impl crate::api::wire::TypeMeta for $name {
            const API_VERSION: &'static str = $api_version;
            const KIND: &'static str = stringify!($name);
        }

        crate::api::wire::named_by_metadata!($name, |_object| <$name as crate::api::wire::TypeMeta>::KIND);

        #[cfg(feature = "serde")]
        const _: () = {
            #[derive(serde::Serialize)]
            #[serde(rename_all = "camelCase")]
            struct Written<'a> {
                api_version: &'static str,
                kind: &'static str,
                $(
                    #[serde(skip_serializing_if = "crate::api::wire::is_absent_ref")]
                    $field: &'a $type,
                )*
            }

            #[derive(serde::Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct Read {
                #[serde(default, rename = "apiVersion")]
                _api_version: crate::api::wire::ApiVersion<$name>,
                #[serde(default, rename = "kind")]
                _kind: crate::api::wire::Kind<$name>,
                $(
                    #[serde(default, deserialize_with = "crate::api::wire::null_is_absent")]
                    $field: $type,
                )*
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    Written {
                        api_version: <$name as crate::api::wire::TypeMeta>::API_VERSION,
                        kind: <$name as crate::api::wire::TypeMeta>::KIND,
                        $( $field: &self.$field, )*
                    }
                    .serialize(serializer)
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let Read { _api_version, _kind, $( $field, )* } = Read::deserialize(deserializer)?;
                    Ok($name { $( $field, )* })
                }
            }
        };
    )* };
}

/// Implements [`Object`](crate::api::Object) for a struct with `metadata`.
macro_rules! named_by_metadata {
    ($name:ident, |$object:ident| $kind:expr) => {
        impl crate::api::Object for $name {
            fn kind(&self) -> &'static str {
                let $object = self;
                $kind
            }

            fn name(&self) -> &str {
                &self.metadata.name
            }

            fn name_or_prefix(&self) -> &str {
                self.metadata.name_or_prefix()
            }

            fn namespace(&self) -> &str {
                &self.metadata.namespace
            }

            fn set_namespace(&mut self, namespace: &str) {
                self.metadata.namespace = namespace.into();
            }

            fn creation_timestamp(&self) -> Option<crate::api::Timestamp> {
                self.metadata.creation_timestamp
            }
        }
    };
}

pub(crate) use {named_by_metadata, wire_object, wire_struct};

/// The `apiVersion` and `kind` of all objects of a type.
pub(crate) trait TypeMeta {
    /// The group and version.
    #[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "only the wire form names it"))]
    const API_VERSION: &'static str;
    /// The kind.
    const KIND: &'static str;
}

#[cfg(feature = "serde")]
pub(crate) use of_serde::*;

#[cfg(feature = "serde")]
mod of_serde {
    use core::fmt;
    use core::marker::PhantomData;

    use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

    use super::TypeMeta;

    /// The key under which serde_json gives and takes the digits of a number, if it is built with
    /// `arbitrary_precision`.
    pub(crate) const NUMBER_TOKEN: &str = "$serde_json::private::Number";

    /// The message that replaces one of a format that may quote a Secret.
    pub(crate) const ELIDED_MESSAGE: &str =
        "invalid value (not shown, because it may belong to a Secret)";

    /// Reports whether objects of a kind hold the values of Secrets.
    pub(crate) fn is_secret_kind(kind: &str) -> bool {
        kind == "Secret" || kind == "SecretList"
    }

    pub(crate) fn null_is_absent<'de, D, T>(deserializer: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: Default + Deserialize<'de>,
    {
        Ok(Option::deserialize(deserializer)?.unwrap_or_default())
    }

    pub(crate) fn is_absent<T: Default + PartialEq>(field: &T) -> bool {
        *field == T::default()
    }

    pub(crate) fn is_absent_ref<T: Default + PartialEq>(field: &&T) -> bool {
        is_absent(*field)
    }

    /// The `apiVersion` of a `T`. It may be absent.
    pub(crate) struct ApiVersion<T>(PhantomData<T>);

    /// The `kind` of a `T`. It may be absent.
    pub(crate) struct Kind<T>(PhantomData<T>);

    impl<T> Default for ApiVersion<T> {
        fn default() -> Self {
            ApiVersion(PhantomData)
        }
    }

    impl<T> Default for Kind<T> {
        fn default() -> Self {
            Kind(PhantomData)
        }
    }

    impl<'de, T: TypeMeta> Deserialize<'de> for ApiVersion<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_option(Literal(T::API_VERSION))?;
            Ok(ApiVersion::default())
        }
    }

    impl<'de, T: TypeMeta> Deserialize<'de> for Kind<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_option(Literal(T::KIND))?;
            Ok(Kind::default())
        }
    }

    /// Reads this string only. It may be absent or empty, as in Go.
    struct Literal(&'static str);

    impl<'de> Visitor<'de> for Literal {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_none<E>(self) -> Result<(), E> {
            Ok(())
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_str(self)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
            if text.is_empty() || text == self.0 {
                Ok(())
            } else {
                Err(E::invalid_value(Unexpected::Str(text), &self))
            }
        }
    }
}
