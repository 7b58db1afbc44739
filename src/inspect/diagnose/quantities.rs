//! Findings about limits and requests that overflow the kubelet's arithmetic.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use super::findings::Findings;
use super::{Code, Finding};
use crate::api::{Quantity, ResourceRequirements};
use crate::container::Composition;

impl Composition<'_> {
    pub(super) fn find_in_quantities(&self, findings: &mut Findings) {
        let container = &self.container().name;
        find(&self.container().resources, &format!("container {container}"), findings);
        find(&self.pod().spec.resources, "the Pod", findings);
    }
}

fn find(resources: &ResourceRequirements, owner: &str, findings: &mut Findings) {
    let ResourceRequirements { limits, requests } = resources;
    for (list, quantities) in [("limits", limits), ("requests", requests)] {
        for (resource, quantity) in overflowing(quantities) {
            let message = format!(
                "{list}.{resource} of {owner} is {quantity}, which does not fit 64 bits: the kubelet calculates a wrong number."
            );
            let advice = "Set a smaller quantity.";
            findings.push(Finding::new(Code::QuantityOverflow, message, advice));
        }
    }
}

/// Returns the quantities that do not fit, cpu in thousandths.
fn overflowing(
    quantities: &BTreeMap<String, Quantity>,
) -> impl Iterator<Item = (&String, &Quantity)> {
    quantities.iter().filter(|(resource, quantity)| {
        let value = if *resource == "cpu" { quantity.milli_value() } else { quantity.value() };
        value.is_err()
    })
}
