//! The wire form of all objects of [`crate::api`] (Go: `encoding/json` with `omitempty`).
//!
//! Names are in camelCase, unknown fields are ignored, `null` is the same as absent, and absent
//! fields are not written.

#[cfg(feature = "serde")]
mod name;
#[cfg(feature = "serde")]
mod place;
#[cfg(feature = "serde")]
mod read;

#[cfg(feature = "serde")]
pub(crate) use name::{camel_case, camel_length, wire_name};
#[cfg(feature = "serde")]
pub(crate) use place::{
    ApiVersion, Entry, Field, Given, Kind, Opened, Place, Rejected, Scalar, Shape,
};
#[cfg(feature = "serde")]
pub(crate) use read::{Key, MapStart, map_start, number, read, read_secret, visit_scalars};

/// Declares structs of the Kubernetes API. Every field may be absent.
///
/// `as` gives the name of a field in the wire form, if that is not its name in camelCase.
macro_rules! wire_struct {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $( $(#[$field_meta:meta])* $field_vis:vis $field:ident $(as $wire:literal)?: $type:ty, )*
        }
    )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
        $vis struct $name { $(
            $(#[$field_meta])*
            #[cfg_attr(feature = "serde", serde(skip_serializing_if = "crate::api::wire::is_absent"))]
            $(#[cfg_attr(feature = "serde", serde(rename = $wire))])?
            $field_vis $field: $type,
        )* }

        #[cfg(feature = "serde")]
        crate::api::wire::read_fields!($name { $($field $(as $wire)?,)* } {});
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
        crate::api::wire::read_fields!($name { $($field,)* } {
            "apiVersion" => crate::api::wire::ApiVersion::<$name>::field(),
            "kind" => crate::api::wire::Kind::<$name>::field(),
        });

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
        };
    )* };
}

/// Implements [`Place`] and `Deserialize` for a struct with optional fields, and with additional
/// fields that are not kept.
#[cfg(feature = "serde")]
macro_rules! read_fields {
    (
        $name:ident { $($field:ident $(as $wire:literal)?,)* }
        { $($other:literal => $other_field:expr,)* }
    ) => {
        impl crate::api::wire::Place for $name {
            fn blank() -> Self {
                Self::default()
            }

            fn expected(&mut self) -> &'static str {
                "an object"
            }

            fn shape(&mut self) -> crate::api::wire::Shape {
                crate::api::wire::Shape::Object
            }

            fn entry(&mut self, key: &str) -> crate::api::wire::Entry<'_> {
                use crate::api::wire::{Entry, Field, wire_name};

                #[allow(non_camel_case_types, reason = "named like the fields")]
                enum Index { $($field),* }

                $( if key == $other {
                    return Entry::Field($other_field);
                } )*
                $( if key == wire_name!($field $(as $wire)?) {
                    #[allow(clippy::as_conversions, reason = "a type has less than 64 fields")]
                    let index = Index::$field as u8;
                    let name = wire_name!($field $(as $wire)?);
                    return Entry::Field(Field::new(index, name, &mut self.$field));
                } )*
                Entry::Unknown
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                crate::api::wire::read(from)
            }
        }
    };
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

#[cfg(feature = "serde")]
pub(crate) use read_fields;
pub(crate) use {named_by_metadata, wire_object, wire_struct};

/// The `apiVersion` and `kind` of all objects of a type.
pub(crate) trait TypeMeta {
    /// The group and version.
    #[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "only the wire form names it"))]
    const API_VERSION: &'static str;
    /// The kind.
    const KIND: &'static str;
}

/// The key under which serde_json gives and takes the digits of a number, if it is built with
/// `arbitrary_precision`.
#[cfg(feature = "serde")]
pub(crate) const NUMBER_TOKEN: &str = "$serde_json::private::Number";

/// The message that replaces one of a format that may quote a Secret.
#[cfg(feature = "serde")]
pub(crate) const ELIDED_MESSAGE: &str =
    "invalid value (not shown, because it may belong to a Secret)";

/// Reports whether objects of a kind hold the values of Secrets.
#[cfg(feature = "serde")]
pub(crate) fn is_secret_kind(kind: &str) -> bool {
    kind == "Secret" || kind == "SecretList"
}

#[cfg(feature = "serde")]
pub(crate) fn is_absent<T: Default + PartialEq>(field: &T) -> bool {
    *field == T::default()
}

#[cfg(feature = "serde")]
pub(crate) fn is_absent_ref<T: Default + PartialEq>(field: &&T) -> bool {
    is_absent(*field)
}
