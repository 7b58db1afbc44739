//! Findings about the Services that a container sees, and about one that is to be created.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::declared::is_placeholder;
use super::expectations::ExpectedNames;
use super::findings::{Findings, join};
use super::{Code, Expectations, Finding};
use crate::api::Service;
use crate::container::Composition;
use crate::environment::Size;
use crate::names::{is_shell_name, mangled_chars};
use crate::objects::ObjectRef;
use crate::release::Release;
use crate::services::{
    LinkedServices, ServiceLinks, ServiceVariable, Violation, sort_by_name, validate_service,
};

impl<'a> Composition<'a> {
    /// Returns the Services that await an address and have none in the environment. Once they are
    /// created, the container sees them, so that findings treat them as present.
    ///
    /// The open world has them in the environment.
    pub(super) fn awaiting_services(&self) -> LinkedServices<'a> {
        if self.service_links() == ServiceLinks::Disabled || self.facts().is_open() {
            return LinkedServices::default();
        }
        let of_namespace = self.facts().services.in_namespace(&self.pod().metadata.namespace);
        let awaiting = of_namespace
            .iter()
            .filter(|&service| will_have_variables(service) && !self.is_present(service));
        let awaiting: Vec<&'a Service> = awaiting.collect();
        // With more, there would be no composition.
        let size = Size::of_services(awaiting.iter().copied());
        if size.bytes() > self.facts().size_limit {
            return LinkedServices::default();
        }
        LinkedServices::of(awaiting)
    }

    /// Reports whether a Service of that name is in the environment.
    fn is_present(&self, service: &Service) -> bool {
        let (present, name) = (self.environment().services(), &service.metadata.name);
        present.binary_search_by(|present| present.metadata.name.cmp(name)).is_ok()
    }

    pub(super) fn find_in_services(
        &self,
        awaiting: &LinkedServices<'a>,
        expectations: &Expectations,
        findings: &mut Findings,
    ) {
        self.find_ambiguous(awaiting, findings);

        let expected = ExpectedNames::of(expectations);
        findings.extend(expected.in_environment(self.environment()).into_iter().map(expected_name));
        let of_awaiting = expected.in_services(awaiting).into_iter();
        let of_awaiting = of_awaiting.filter(|variable| !self.declares(&variable.name()));
        findings.extend(of_awaiting.map(expected_name));

        let services = || self.environment().services().iter().chain(awaiting.services()).copied();
        for service in services() {
            if !is_shell_name(mangled_chars(&service.metadata.name)) {
                let message = format!(
                    "No shell can use the variables of Service {}, because of the Service's name.",
                    service.metadata.name
                );
                let advice = "Read them without a shell, or rename the Service.";
                findings
                    .push(Finding::new(Code::NotForShells, message, advice).of_service(service));
            }
        }
        for service in self.environment().services() {
            self.find_refused_service(service, findings);
        }
        if self.service_links() == ServiceLinks::Enabled {
            self.find_without_variables(findings);
        }
    }

    fn find_refused_service(&self, service: &Service, findings: &mut Findings) {
        if !(self.facts().is_open() && is_placeholder(&service.metadata.name)) {
            find_refused(service, self.facts().release, findings);
        }
    }

    fn find_ambiguous(&self, awaiting: &LinkedServices<'a>, findings: &mut Findings) {
        let ambiguities = if awaiting.services().is_empty() {
            self.ambiguities()
        } else {
            let mut all = [self.environment().services(), awaiting.services()].concat();
            sort_by_name(&mut all);
            self.ambiguities_among(&LinkedServices::of(all).find_collisions())
        };
        for ambiguity in ambiguities.variables.iter().filter(|ambiguity| !ambiguity.is_shadowed) {
            findings.push_with(ambiguity.least_len(), || ambiguity.finding());
        }
        for entry in &ambiguities.entries {
            if let Some(variable) = ambiguities.variables.get(entry.depends_on) {
                findings.push_with(entry.least_len(variable), || entry.finding(variable));
            }
        }
    }

    /// Reports the Services of the namespace that never have variables, in one finding.
    fn find_without_variables(&self, findings: &mut Findings) {
        let of_namespace = self.facts().services.in_namespace(&self.pod().metadata.namespace);
        let (mut headless, mut external) = (Vec::new(), Vec::new());
        let mut objects: Vec<ObjectRef> = Vec::new();
        for service in of_namespace.iter().filter(|service| !service.has_cluster_ip()) {
            // One that was written by hand was never validated.
            if !is_patch(service) && !self.is_present(service) {
                self.find_refused_service(service, findings);
            }
            if service.is_headless() {
                headless.push(service.metadata.name.as_str());
            } else if service.is_external_name() {
                external.push(service.metadata.name.as_str());
            } else {
                continue;
            }
            objects.push(ObjectRef::of(service));
        }
        let mut reasons: Vec<String> = Vec::new();
        for (names, reason) in [(headless, "headless"), (external, "of type ExternalName")] {
            if !names.is_empty() {
                reasons.push(format!("{} ({reason})", join(names.iter())));
            }
        }
        if reasons.is_empty() {
            return;
        }
        let reasons = reasons.join("; ");
        let message = format!("Services of the namespace without variables: {reasons}.");
        let advice = "No action is needed if clients find them by DNS.";
        findings.push(Finding { objects, ..Finding::new(Code::ServiceSkipped, message, advice) });
    }

    pub(super) fn declares(&self, name: &str) -> bool {
        self.environment().get(name).is_some_and(|variable| variable.declared().is_some())
    }
}

/// Reports whether the Service has variables as soon as it has an address.
fn will_have_variables(service: &Service) -> bool {
    service.awaits_cluster_ip() && !service.spec.ports.is_empty()
}

/// Reports whether the Service may be a part of a manifest, such as a patch, which has no ports.
fn is_patch(service: &Service) -> bool {
    service.awaits_cluster_ip() && service.spec.ports.is_empty()
}

fn expected_name(variable: ServiceVariable<'_>) -> Finding {
    let (name, service) = (variable.name(), variable.service());
    let message = format!(
        "Service {} sets {name}={}, and the application reads {name} as its own setting.",
        service.metadata.name,
        variable.value()
    );
    let advice = "Set the variable in env, set enableServiceLinks: false, or rename the Service.";
    Finding::new(Code::ExpectedName, message, advice).about(&name).of_service(service)
}

pub(super) fn find_expected_of(
    service: &Service,
    expectations: &Expectations,
    findings: &mut Findings,
) {
    let has_variables =
        !service.spec.ports.is_empty() && (service.has_cluster_ip() || service.awaits_cluster_ip());
    let linked = LinkedServices::of(has_variables.then_some(service).into_iter().collect());
    let expected = ExpectedNames::of(expectations);
    findings.extend(expected.in_services(&linked).into_iter().map(expected_name));
}

pub(super) fn find_refused(service: &Service, release: Release, findings: &mut Findings) {
    let refused = |violation: Violation| {
        let message = format!(
            "The API server of Kubernetes {release} rejects Service {}: {violation}.",
            service.metadata.name
        );
        let advice = "Change the field.";
        Finding::new(Code::ServiceRefused, message, advice).of_service(service)
    };
    findings.extend(validate_service(service, release).into_iter().map(refused));
}
