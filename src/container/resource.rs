//! The resources that a `resourceFieldRef` can name, and their values (Go:
//! `ExtractContainerResourceValue`).

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::api::{Quantity, QuantityError};
use crate::text::Escaped;

/// A resource of a container that a `resourceFieldRef` can name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// `cpu`, counted in milli-units.
    Cpu,
    /// `memory`, in bytes.
    Memory,
    /// `ephemeral-storage`, in bytes.
    EphemeralStorage,
    /// Huge pages, in bytes, with the whole name, such as `hugepages-2Mi`.
    HugePages(String),
}

impl Resource {
    /// Returns the key of the resource in limits and requests.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::EphemeralStorage => "ephemeral-storage",
            Self::HugePages(name) => name,
        }
    }
}

/// A list of a container's resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceList {
    /// `resources.limits`.
    Limits,
    /// `resources.requests`.
    Requests,
}

/// The `resource` of a `resourceFieldRef`, such as `limits.cpu`.
///
/// ```
/// # use kubelet_env::container::{Resource, ResourceField, ResourceList};
/// let field: ResourceField = "requests.memory".parse()?;
/// assert_eq!(field.list, ResourceList::Requests);
/// assert_eq!(field.resource, Resource::Memory);
/// # Ok::<(), kubelet_env::container::UnsupportedResourceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResourceField {
    /// The list.
    pub list: ResourceList,
    /// The resource in the list.
    pub resource: Resource,
}

/// An error from parsing a [`ResourceField`]: a resource that the downward API does not support.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unsupported container resource : {}", Escaped(name))]
#[non_exhaustive]
pub struct UnsupportedResourceError {
    /// The name as it was written.
    pub name: String,
}

impl FromStr for ResourceField {
    type Err = UnsupportedResourceError;

    /// Parses the `resource` of a `resourceFieldRef`.
    ///
    /// # Errors
    /// Returns an error if the text does not start with `limits.` or `requests.`, or names another
    /// resource than cpu, memory, ephemeral storage and huge pages.
    fn from_str(name: &str) -> Result<Self, UnsupportedResourceError> {
        let limits = name.strip_prefix("limits.");
        let requests = name.strip_prefix("requests.");
        limits
            .map(|resource| (ResourceList::Limits, resource))
            .or_else(|| requests.map(|resource| (ResourceList::Requests, resource)))
            .and_then(|(list, resource)| {
                let resource = match resource {
                    "cpu" => Resource::Cpu,
                    "memory" => Resource::Memory,
                    "ephemeral-storage" => Resource::EphemeralStorage,
                    _ if resource.starts_with("hugepages-") => {
                        Resource::HugePages(resource.to_owned())
                    }
                    _ => return None,
                };
                Some(Self { list, resource })
            })
            .ok_or_else(|| UnsupportedResourceError { name: name.to_owned() })
    }
}

impl fmt::Display for ResourceField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = match self.list {
            ResourceList::Limits => "limits",
            ResourceList::Requests => "requests",
        };
        write!(f, "{list}.{}", Escaped(self.resource.name()))
    }
}

/// Returns the value of a `resourceFieldRef`: `quantity` divided by `divisor`, rounded up.
///
/// Both are first rounded up to whole units, cpu to milli-units. An absent divisor and a divisor of
/// zero are one unit. As in the kubelet, the division is in floating point, so a quantity beyond
/// 2^53 may lose its last digits.
///
/// Mirrors `ExtractContainerResourceValue`.
///
/// # Errors
/// Returns [`QuantityError::OutOfRange`] or [`QuantityError::QuotientOutOfRange`] if the quantity,
/// the divisor or the result does not fit into 64 bits.
///
/// ```
/// # use kubelet_env::api::Quantity;
/// # use kubelet_env::container::{Resource, resource_value};
/// let (memory, cpu): (Quantity, Quantity) = ("1Gi".parse()?, "1500m".parse()?);
/// let mebibyte = "1Mi".parse()?;
/// assert_eq!(resource_value(&Resource::Memory, &memory, Some(&mebibyte))?, 1024);
/// assert_eq!(resource_value(&Resource::Cpu, &cpu, None)?, 2);
/// # Ok::<(), kubelet_env::api::QuantityError>(())
/// ```
pub fn resource_value(
    resource: &Resource,
    quantity: &Quantity,
    divisor: Option<&Quantity>,
) -> Result<i64, QuantityError> {
    let (scaled, one): (fn(&Quantity) -> _, _) = match resource {
        Resource::Cpu => (Quantity::milli_value, 1000),
        _ => (Quantity::value, 1),
    };
    let dividend = scaled(quantity)?;
    let divisor = divisor.filter(|divisor| !divisor.is_zero());
    let quotient = to_float(dividend) / to_float(divisor.map_or(Ok(one), scaled)?);
    ceil(quotient).ok_or_else(|| QuantityError::QuotientOutOfRange {
        quantity: alloc::format!("{quantity}"),
        divisor: divisor.map_or_else(|| "1".to_owned(), |divisor| alloc::format!("{divisor}")),
    })
}

/// Rounds up (Go: `math.Ceil`), if the result fits into 64 bits.
fn ceil(number: f64) -> Option<i64> {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if !(-BOUND..BOUND).contains(&number) {
        return None;
    }
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "truncation is intended"
    )]
    let truncated = number as i64;
    if to_float(truncated) < number { truncated.checked_add(1) } else { Some(truncated) }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "Go loses precision here as well"
)]
fn to_float(number: i64) -> f64 {
    number as f64
}
