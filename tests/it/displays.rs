//! No text for people leaves its line or commands the terminal, whoever chose the names in it.

use std::fmt::Display;

use kubelet_env::api::{Container, EnvFromSource, EnvVar, Pod, PortNumber, Service};
use kubelet_env::container::{
    ComposeErrorKind, FieldPathError, IpRange, Known, ResourceField, SkipReason,
};
use kubelet_env::environment::{Entry, ReportedValue, Unknown};
use kubelet_env::inspect::{
    Absence, Captured, DriftedVariable, Explanation, Finding, Origin, Upgrade, UpgradeSubject,
    compare,
};
use kubelet_env::pod::{PodError, UndecidedField};
use kubelet_env::process::{HostnameError, ProcessError, Runc, RuncError};
use kubelet_env::services::{generate, validate_service};
use kubelet_env::{Document, Environment, Facts, ObjectRef, Objects, Order, Release, compose};
use serde_json::json;

use crate::support::pod_with_env;

/// Every character that a terminal may obey or that a reader may not see.
fn hostile_characters() -> impl Iterator<Item = char> {
    ('\0'..='\u{1f}')
        .chain('\u{7f}'..='\u{9f}')
        .chain('\u{200b}'..='\u{200f}')
        .chain('\u{2028}'..='\u{202e}')
        .chain('\u{2066}'..='\u{2069}')
}

fn hostile() -> String {
    hostile_characters().flat_map(|c| [c, 'x']).collect()
}

#[track_caller]
fn assert_lines(value: &impl Display) {
    let text = value.to_string();
    let hostile: Vec<char> =
        hostile_characters().filter(|&c| c != '\n' && text.contains(c)).collect();
    assert!(hostile.is_empty(), "{hostile:?} in {text:?}");
}

#[track_caller]
fn assert_line(value: &impl Display) {
    assert!(!value.to_string().contains('\n'), "{:?}", value.to_string());
    assert_lines(value);
}

fn object(name: &str) -> ObjectRef {
    ObjectRef { kind: name.into(), namespace: name.into(), name: name.into() }
}

#[test]
fn parse_errors_are_escaped() {
    #[track_caller]
    fn assert_error<T: std::str::FromStr<Err: Display>>(text: &str) {
        assert_line(&text.parse::<T>().err().unwrap());
    }
    let text = &hostile();
    assert_error::<Release>(text);
    assert_error::<Runc>(text);
    assert_error::<IpRange>(text);
    assert_error::<ResourceField>(text);
    assert_error::<PortNumber>(text);
    assert_error::<kubelet_env::api::Protocol>(text);
    assert_error::<kubelet_env::api::Quantity>(text);
    assert_error::<kubelet_env::api::Timestamp>(text);
    assert_error::<kubelet_env::services::ServiceVariableKind>(text);
    assert_line(&format!("limits.hugepages-{text}").parse::<ResourceField>().unwrap());
    assert_line(&kubelet_env::names::validate_qualified_name(text).unwrap_err());
}

#[test]
fn names_of_objects_are_escaped() {
    let text = &hostile();
    assert_line(&object(text));
    let service = Service::new(text, text).with_cluster_ip(text);
    assert_line(&generate(&[&service]).err().unwrap());
    for violation in validate_service(&service, Release::NEWEST) {
        assert_line(&violation);
    }
    let mut objects = Objects::default();
    objects.services.apply(service);
    assert_line(&objects.clone().merge(objects).unwrap_err());
}

#[test]
fn errors_of_documents_are_escaped() {
    let text = &hostile();
    let service = |spec| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": text}, "spec": spec});
    for document in [
        service(json!({"ports": [{"port": text}]})),
        service(json!({"selector": {text: 1}})),
        service(json!({text: 1, "ports": text})),
        json!({"apiVersion": "v1", "kind": "List", "items": [{"kind": text, "apiVersion": 1}]}),
        json!({"apiVersion": text, "kind": "Service"}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {text: [text]}}),
        json!({text: text}),
        json!([text]),
        json!(text),
    ] {
        let document: Document = serde_json::from_value(document).unwrap();
        if let Err(error) = Objects::default().add(document) {
            assert_line(&error);
        }
    }
}

#[test]
fn errors_of_containers_are_escaped() {
    let (text, objects) = (&hostile(), Objects::default());
    let entries = [
        EnvVar::from_config_map_key(text, text, text),
        EnvVar::from_secret_key(text, text, text),
        EnvVar::from_field(text, text.clone()),
        EnvVar::from_field(text, format!("metadata.labels['{text}']")),
        EnvVar::from_resource(text, text.clone()),
    ];
    for entry in entries {
        let pod = pod_with_env(vec![entry]);
        assert_line(&compose(&pod, "app", &Facts::of(&objects)).unwrap_err());
        assert_line(&compose(&pod, text, &Facts::of(&objects)).unwrap_err());
        for violation in
            kubelet_env::container::validate_env(&pod.spec.containers[0], Release::NEWEST)
        {
            assert_line(&violation);
        }
    }
    let name = || text.clone();
    for kind in [
        ComposeErrorKind::ObjectMissing { object: object(text) },
        ComposeErrorKind::KeyMissing { object: object(text), key: name() },
        ComposeErrorKind::FieldPath {
            path: name(),
            error: FieldPathError::Version { version: name() },
        },
        ComposeErrorKind::ContainerMissing { container: name() },
        ComposeErrorKind::VolumeMissing { volume: name() },
        ComposeErrorKind::EnvFileMissing { volume: name(), path: name() },
        ComposeErrorKind::EnvFileKeyMissing { volume: name(), path: name(), key: name() },
    ] {
        assert_line(&kind);
    }
    for reason in [
        SkipReason::ObjectMissing(object(text)),
        SkipReason::KeyMissing(object(text), name()),
        SkipReason::FileKeyMissing(kubelet_env::api::FileKeySelector {
            volume_name: name(),
            path: name(),
            key: name(),
            optional: None,
        }),
    ] {
        assert_line(&reason);
    }
}

#[test]
fn errors_of_pods_and_processes_are_escaped() {
    let text = &hostile();
    assert_line(&PodError::NameMissing { pod: object(text) });
    assert_line(&PodError::StaticPodReference { pod: object(text), resource: "secrets" });
    assert_line(&UndecidedField::Label(text.clone()));
    assert_line(&UndecidedField::Annotation(text.clone()));
    let name = || text.clone();
    for error in [
        HostnameError::Hostname { hostname: name() },
        HostnameError::Subdomain { subdomain: name() },
        HostnameError::HostnameOverride { hostname: name() },
        HostnameError::Empty { pod: name(), hostname: name() },
        HostnameError::FqdnTooLong { fqdn: name() },
    ] {
        assert_line(&error);
        assert_line(&ProcessError::from(error));
    }
    assert_line(&ProcessError::UserMissing { user: name() });
    assert_line(&ProcessError::NotUtf8 { subject: name() });
    assert_line(&RuncError::MissingEquals { entry: name() });
    assert_line(&RuncError::Nul { name: name() });
}

#[test]
fn values_and_unknown_parts_are_escaped() {
    let text = &hostile();
    let name = || text.clone();
    for value in [
        ReportedValue::Text(name()),
        ReportedValue::Escaped(name()),
        ReportedValue::Unknown(name()),
    ] {
        assert_line(&value);
    }
    let key = Unknown::Key { object: object(text), key: name() };
    for unknown in [
        Unknown::ClusterIp { namespace: name(), name: name() },
        Unknown::Keys { object: object(text) },
        Unknown::Field { path: name() },
        Unknown::Resource { resource: name(), container: name() },
        Unknown::FileKey { volume: name(), path: name(), key: name() },
        Unknown::Unless {
            variable: name(),
            otherwise: Some(ReportedValue::Escaped(name())),
            sources: vec![key.clone()],
        },
        key,
    ] {
        assert_line(&unknown);
    }
    let environment = Environment::default().with_base([(name(), name())]);
    assert_line(&environment.iter().next().unwrap().value());
    for order in [Order::Kubelet, Order::Name] {
        assert_line(&environment.to_docker_env_file(order).unwrap_err());
        assert_line(&environment.to_shell_exports(order).unwrap_err());
    }
    let (objects, known) = (Objects::default(), Known::default());
    let source = EnvFromSource { prefix: name(), ..EnvFromSource::secret(text) };
    let app = Container::new("app")
        .with_env_from([source])
        .with_env([EnvVar::from_secret_key(text, text, text)]);
    let pod = Pod::new(text, text).with_container(app).with_defaults();
    let composition = compose(&pod, "app", &Facts::open(&objects, &known)).unwrap();
    assert_line(&composition.environment().to_oci_env(Order::Name).unwrap_err());
    assert_line(&composition.environment().open_sources()[0]);
}

#[test]
fn reports_are_escaped() {
    let text = &hostile();
    let name = || text.clone();
    let entry = Entry::Env(0);
    for origin in [
        Origin::Text { entry, text: format!("$(A){text}") },
        Origin::Key { entry, object: object(text), key: name() },
        Origin::Field { entry, path: name() },
        Origin::Resource { entry, container: name(), resource: name() },
        Origin::File { entry, volume: name(), path: name(), key: name() },
        Origin::Open { entry, object: object(text) },
    ] {
        assert_line(&origin);
        let explanation = json!({
            "name": text, "effective": 0, "overrides": [0], "absences": [],
            "steps": [{"name": text, "value": {"escaped": text}, "origin": origin,
                "references": [{"name": text, "step": null}, {"name": text, "step": 0}]}],
        });
        assert_lines(&serde_json::from_value::<Explanation>(explanation).unwrap());
    }
    let service = || object(text);
    for absence in [
        Absence::Skipped { entry, reason: name() },
        Absence::Open { entry, object: object(text) },
        Absence::NoClusterIp { service: service(), cluster_ip: name() },
        Absence::ExternalName { service: service() },
        Absence::CreatedLater { service: service(), created: None },
        Absence::ChangedLater { service: service() },
        Absence::OtherNamespace { service: service() },
        Absence::LinksDisabled { service: service() },
        Absence::NoSuchPort { service: service() },
    ] {
        assert_line(&absence);
    }
    let finding = json!({"code": "service-skipped", "severity": "info", "variables": [text],
        "objects": [], "message": text, "advice": text});
    assert_line(&serde_json::from_value::<Finding>(finding).unwrap());
    let drifted = json!({"name": text, "drift": "stale"});
    assert_line(&serde_json::from_value::<DriftedVariable>(drifted).unwrap());
    assert_line(&UpgradeSubject::Variable(name()));
    let upgrade = json!({"changes": [{"release": "1.34", "rules": [], "subject": {"variable": text},
        "before": {"text": text}, "after": {"unknown": text}}]});
    assert_lines(&serde_json::from_value::<Upgrade>(upgrade).unwrap());
    let pair = [(text.as_bytes(), text.as_bytes())];
    let comparison = compare(&Captured::default(), &Captured::from_pairs(pair)).with_values();
    assert_lines(&comparison);
    assert_eq!(comparison.to_string().lines().count(), 1);
}
