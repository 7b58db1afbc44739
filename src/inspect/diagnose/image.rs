//! Findings about variables that override those of the image.

use alloc::format;

use super::findings::Findings;
use super::{Code, Expectations, Finding};
use crate::container::Composition;

/// Variables of search paths, which programs of the image depend on.
const SEARCH_PATHS: [&str; 6] =
    ["PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "NODE_PATH", "CLASSPATH", "GEM_PATH"];

impl Composition<'_> {
    pub(super) fn find_in_image(&self, expectations: &Expectations, findings: &mut Findings) {
        let Some(image) = &expectations.image else { return };
        for (name, value) in image.env.iter().filter_map(|entry| entry.split_once('=')) {
            let Some(variable) = self.environment().get(name) else { continue };
            let finding = if let Some(variable) = variable.service_variable() {
                let service = variable.service();
                let by = format!("Service {}", service.metadata.name);
                let advice = "Set the variable in env, set enableServiceLinks: false, or rename the Service.";
                overridden(name, &by, advice).of_service(service)
            } else if let Some(declared) = variable.declared() {
                let is_home = name == "HOME" && declared.value().len() == 0;
                let loses = SEARCH_PATHS.contains(&name)
                    && !value.is_empty()
                    && declared.value().as_str().is_some_and(|new| !new.contains(value));
                if !is_home && !loses {
                    continue;
                }
                let advice = "Repeat the value of the image: the kubelet cannot refer to it.";
                overridden(name, &format!("{}", declared.entry()), advice)
            } else {
                continue;
            };
            findings.push(finding);
        }
    }
}

fn overridden(name: &str, by: &str, advice: &str) -> Finding {
    let message = format!("{by} overrides {name} of the image.");
    Finding::new(Code::ImageVariableHidden, message, advice).about(name)
}
