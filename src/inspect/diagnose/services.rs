//! Findings about the Services that a container sees, and about one that is to be created.

use alloc::format;

use super::findings::Findings;
use super::{Code, Expectations, Finding};
use crate::api::Service;
use crate::container::Composition;
use crate::names::{is_shell_name, mangled_chars};
use crate::release::Release;
use crate::services::ServiceLinks;
use crate::services::{LinkedServices, ServiceVariable, Violation, generate, validate_service};

impl Composition<'_> {
    pub(super) fn find_in_services(&self, expectations: &Expectations, findings: &mut Findings) {
        for ambiguity in &self.ambiguities() {
            findings.push_with(ambiguity.least_len(), || ambiguity.finding());
        }

        let expected =
            self.environment().service_variables_where(&expectations.names, &expectations.prefixes);
        findings.extend(expected.into_iter().map(expected_name));

        for service in self.environment().services() {
            if !is_shell_name(mangled_chars(&service.metadata.name)) {
                let message = format!(
                    "The variables of Service {} have names that no shell can use, because of its own.",
                    service.metadata.name
                );
                let advice = "Read them without a shell, or give the Service another name.";
                findings
                    .push(Finding::new(Code::NotForShells, message, advice).of_service(service));
            }
        }
        let release = self.facts().release;
        for service in self.environment().services() {
            find_refused(service, release, findings);
        }
        if self.service_links() == ServiceLinks::Enabled {
            let of_namespace = self.facts().services.in_namespace(&self.pod().metadata.namespace);
            for (service, finding) in
                of_namespace.iter().filter_map(|service| Some((service, skipped(service)?)))
            {
                // A manifest written by hand has no address, and its names have met no API server.
                find_refused(service, release, findings);
                findings.push(finding);
                if service.awaits_cluster_ip() {
                    find_expected_of(service, expectations, |name| !self.declares(name), findings);
                }
            }
        }
    }

    fn declares(&self, name: &str) -> bool {
        self.environment().get(name).is_some_and(|variable| variable.declared().is_some())
    }
}

fn expected_name(variable: ServiceVariable<'_>) -> Finding {
    let (name, service) = (variable.name(), variable.service());
    let message = format!(
        "Service {} gives the container {name}={}, which the application reads as its own setting.",
        service.metadata.name,
        variable.value()
    );
    let advice =
        "Set the variable in env, set enableServiceLinks: false, or give the Service another name.";
    Finding::new(Code::ExpectedName, message, advice).about(&name).of_service(service)
}

pub(super) fn find_expected_of(
    service: &Service,
    expectations: &Expectations,
    is_given: impl Fn(&str) -> bool,
    findings: &mut Findings,
) {
    // One that is about to be created has no address yet, but will.
    let addressed = service.awaits_cluster_ip().then(|| {
        let mut addressed = service.clone();
        addressed.spec.cluster_ip = "CLUSTER-IP".into();
        addressed
    });
    let services = [addressed.as_ref().unwrap_or(service)];
    let Ok(generated) = generate(&services) else { return };
    let expected =
        LinkedServices::from(generated).find_where(&expectations.names, &expectations.prefixes);
    findings.extend(
        expected.into_iter().filter(|variable| is_given(&variable.name())).map(expected_name),
    );
}

pub(super) fn find_refused(service: &Service, release: Release, findings: &mut Findings) {
    let refused = |violation: Violation| {
        let message = format!(
            "The API server of {release} would refuse Service {}: {violation}.",
            service.metadata.name
        );
        let advice = "Change the field; until then no cluster of that release has this Service.";
        Finding::new(Code::ServiceRefused, message, advice).of_service(service)
    };
    findings.extend(validate_service(service, release).into_iter().map(refused));
}

fn skipped(service: &Service) -> Option<Finding> {
    let reason = if service.has_cluster_ip() {
        return None;
    } else if service.is_headless() {
        "is headless"
    } else if service.is_external_name() {
        "is of type ExternalName"
    } else {
        "has no clusterIP yet"
    };
    let message =
        format!("Service {} {reason}, so that it makes no variables.", service.metadata.name);
    let advice = "Find it by DNS, or give it a clusterIP.";
    Some(Finding::new(Code::ServiceSkipped, message, advice).of_service(service))
}
