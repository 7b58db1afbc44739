//! LimitRanges (Go: `corev1.LimitRange`), which set resources of containers.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::wire::{wire_object, wire_struct};
use super::{ObjectMeta, Quantity};

wire_object! {
    /// A LimitRange: bounds and defaults for the resources of the containers in its namespace.
    pub struct LimitRange in "v1" {
        /// The name and namespace.
        pub metadata: ObjectMeta,
        /// The bounds and defaults.
        pub spec: LimitRangeSpec,
    }
}

wire_struct! {
    /// `LimitRangeSpec`
    pub struct LimitRangeSpec {
        /// The bounds and defaults, by type of object.
        pub limits: Vec<LimitRangeItem>,
    }

    /// `LimitRangeItem`: bounds and defaults for one type of object.
    pub struct LimitRangeItem {
        /// The type: `Container`, `Pod` or `PersistentVolumeClaim`. Only `Container` has defaults.
        pub type_ as "type": String,
        /// The upper bounds, by resource.
        pub max: BTreeMap<String, Quantity>,
        /// The lower bounds, by resource.
        pub min: BTreeMap<String, Quantity>,
        /// The default limits of a container, by resource.
        pub default: BTreeMap<String, Quantity>,
        /// The default requests of a container, by resource.
        pub default_request: BTreeMap<String, Quantity>,
    }
}
