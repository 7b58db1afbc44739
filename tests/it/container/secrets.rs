//! Values of Secrets appear in rendered environments and nowhere else.

use std::error::Error;
use std::fmt::Debug;

use kubelet_env::api::{Secret, SecretValue};
use kubelet_env::inspect::discover::{DiscoverError, Discovered};
use kubelet_env::{Document, Form, Objects, Order};

use super::Case;
use crate::support::documents::read_yaml;

const CONTAINER: &str = "
envFrom: [{secretRef: {name: login}}]
env:
- {name: COPY, value: '<$(PASSWORD)>'}
- {name: COPY_OF_COPY, value: '<$(COPY)>'}
- {name: KEY, valueFrom: {secretKeyRef: {name: login, key: PASSWORD}}}
- {name: OPEN, value: $(NOT_THERE)}
command: [$(KEY)]
args: [--password=$(COPY_OF_COPY)]
";

/// The secret text, its base64 and its bytes as numbers.
const TRACES: [&str; 3] = ["hunter2", "aHVudGVyMg", "104, 117, 110, 116, 101, 114"];

#[track_caller]
fn assert_elided(value: &impl Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(TRACES.iter().all(|trace| !flat.contains(trace)), "{text}");
    }
}

#[test]
fn debug_elides_secrets_and_values_made_of_them() {
    let case = Case::new(CONTAINER);
    let composition = case.compose().unwrap();
    assert_elided(&composition);
    assert_elided(composition.environment());
    assert_elided(&composition.environment().in_order(Order::Name));
    assert_elided(&composition.environment().declared());
    assert_elided(&composition.command());
    assert_elided(&composition.args());
    assert_elided(&composition.skipped());
    for variable in composition.environment().iter() {
        assert_elided(&variable);
        assert_elided(&variable.value());
    }
    assert_elided(&case.facts());
    assert_elided(&case.objects);
    let secret = case.objects.secrets.in_namespace("shop").get("login").unwrap();
    assert_elided(secret);
    assert_elided(&SecretValue::from("hunter2"));
    assert!(format!("{secret:?}").contains("PASSWORD"), "keys are not secret");
    assert_eq!(format!("{:?}", SecretValue::from("hunter2")), "[elided]");
    let value = |name: &str| format!("{:?}", composition.environment().get(name).unwrap().value());
    assert_eq!(value("PASSWORD"), "[elided]");
    assert_eq!(value("DB_SERVICE_PORT"), "\"5432\"");
}

#[test]
fn references_propagate_secrecy() {
    let case = Case::new(CONTAINER);
    let composition = case.compose().unwrap();
    let is_secret = |name: &str| composition.environment().get(name).unwrap().value().is_secret();
    for name in ["USER", "PASSWORD", "BLOB", "COPY", "COPY_OF_COPY", "KEY"] {
        assert!(is_secret(name), "{name}");
    }
    assert!(!is_secret("OPEN") && !is_secret("DB_SERVICE_HOST"));
    assert!(composition.command()[0].value.is_secret() && composition.args()[0].value.is_secret());
}

#[test]
fn overriding_a_secret_clears_secrecy() {
    let case = Case::new(
        "envFrom: [{secretRef: {name: login}}]\nenv: [{name: PASSWORD, value: open}, {name: A, value: $(PASSWORD)}]",
    );
    let composition = case.compose().unwrap();
    assert!(!composition.environment().get("A").unwrap().value().is_secret());
}

#[test]
fn rendering_includes_secrets() {
    let case = Case::new(CONTAINER);
    let environment = case.compose().unwrap().into_environment();
    for order in [Order::Kubelet, Order::Name, Order::Dash] {
        let text = environment.render(order, Form::NulSeparated);
        let contains = |expected: &[u8]| text.windows(expected.len()).any(|part| part == expected);
        assert!(
            contains(b"PASSWORD=hunter2\0")
                && contains(b"COPY_OF_COPY=<<hunter2>>\0")
                && contains(b"BLOB=\xff\x00\xfe\0")
        );
    }
}

#[test]
fn json_rejects_values_that_are_not_utf8() {
    let case = Case::new(CONTAINER);
    let error = serde_json::to_string(case.compose().unwrap().environment()).unwrap_err();
    insta::assert_snapshot!(error, @r#"variable "BLOB": this form cannot hold a value that is not UTF-8"#);
    let text = "env: [{name: A, valueFrom: {secretKeyRef: {name: login, key: PASSWORD}}}]";
    let mut case = Case::new(text);
    case.pod.spec.enable_service_links = Some(false);
    assert_eq!(
        serde_json::to_string(case.compose().unwrap().environment()).unwrap(),
        r#"{"A":"hunter2"}"#
    );
}

#[test]
fn compose_errors_elide_secrets() {
    let containers = [
        "env: [{name: A, value: $(PASSWORD)}, {name: B, valueFrom: {secretKeyRef: {name: login, key: absent}}}]",
        "env: [{name: A, value: $(PASSWORD)}, {name: B, valueFrom: {configMapKeyRef: {name: absent, key: k}}}]",
        "env: [{name: A, value: $(PASSWORD)}, {name: B, valueFrom: {fieldRef: {fieldPath: status}}}]",
    ];
    for container in containers {
        let container = format!("envFrom: [{{secretRef: {{name: login}}}}]\n{container}");
        let error = Case::new(&container).compose().unwrap_err();
        assert_elided(&error);
        assert_elided(&error.to_string());
    }
    for limit in 0..60 {
        let mut case = Case::new(CONTAINER);
        case.size_limit = limit;
        let error = case.compose().unwrap_err();
        assert_elided(&error);
        assert_elided(&error.to_string());
    }
}

#[test]
fn read_errors_elide_secrets() {
    let bad = [
        r#"{"data": {"PASSWORD": "hunter2!"}}"#,
        r#"{"data": {"PASSWORD": "aHVudGVyMg"}}"#,
        r#"{"data": {"PASSWORD": ["aHVudGVyMg=="]}}"#,
        r#"{"data": {"PASSWORD": {"hunter2": "hunter2"}}}"#,
        r#"{"data": {"PASSWORD": 271828}}"#,
        r#"{"data": {"PASSWORD": true}}"#,
        r#"{"data": ["hunter2"]}"#,
        r#"{"data": "hunter2"}"#,
        r#"{"data": 271828}"#,
        r#"{"data": -271828}"#,
        r#"{"data": 2.71828}"#,
        r#"{"stringData": {"PASSWORD": 271828}}"#,
        r#"{"stringData": {"PASSWORD": -271828}}"#,
        r#"{"stringData": {"PASSWORD": 2.71828}}"#,
        r#"{"stringData": {"PASSWORD": false}}"#,
        r#"{"stringData": {"PASSWORD": ["hunter2"]}}"#,
        r#"{"stringData": {"PASSWORD": {"hunter2": "hunter2"}}}"#,
        r#"{"stringData": "hunter2"}"#,
        r#"{"stringData": true}"#,
        r#"{"stringData": ["hunter2"]}"#,
    ];
    let mut messages = Vec::new();
    for json in bad {
        let fields = &json[1..json.len() - 1];
        let object = format!(
            r#"{{"apiVersion": "v1", "kind": "Secret", "metadata": {{"name": "login"}}, {fields}}}"#
        );
        let direct = serde_json::from_str::<Secret>(&object).unwrap_err();
        let of_yaml = yaml_serde::from_str::<Secret>(&object).unwrap_err();
        let document: Document = serde_json::from_str(&object).unwrap();
        let of_document = Objects::default().add(document).unwrap_err();
        let list = format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{object}]}}"#);
        let of_list = serde_json::from_str::<Objects>(&list).unwrap_err();
        let source = of_document.source().map(ToString::to_string).unwrap_or_default();
        let texts = [
            direct.to_string(),
            of_yaml.to_string(),
            of_document.to_string(),
            of_list.to_string(),
            source,
        ];
        assert_elided(&direct);
        assert_elided(&of_yaml);
        assert_elided(&of_document);
        assert_elided(&of_list);
        for text in texts {
            assert_elided(&text);
            assert!(!text.contains("71828"), "{text}");
        }
        messages.push(of_document.to_string());
    }
    messages.dedup();
    insta::assert_snapshot!(messages.join("\n"), @"
    Secret login: data.PASSWORD is [elided], but should be a string in base64
    Secret login: data.PASSWORD is a list, but should be a string in base64
    Secret login: data.PASSWORD is an object, but should be a string in base64
    Secret login: data.PASSWORD is [elided], but should be a string in base64
    Secret login: data is a list, but should be a map of keys and values
    Secret login: data is [elided], but should be a map of keys and values
    Secret login: stringData.PASSWORD is [elided], but should be a string
    Secret login: stringData.PASSWORD is a list, but should be a string
    Secret login: stringData.PASSWORD is an object, but should be a string
    Secret login: stringData is [elided], but should be a map of keys and values
    Secret login: stringData is a list, but should be a map of keys and values
    ");
}

/// A document holds numbers of at most 64 bits.
#[test]
fn read_errors_elide_large_numbers() {
    for number in ["271828271828271828271828", "-271828271828271828271828"] {
        for fields in ["data: PIN", "stringData: PIN", "data: {PIN: PIN}", "stringData: {PIN: PIN}"]
        {
            let yaml = format!("{{{}}}", fields.replace(": PIN", &format!(": {number}")));
            let error = yaml_serde::from_str::<Secret>(&yaml).unwrap_err().to_string();
            assert!(error.contains("[elided]") && !error.contains("71828"), "{yaml}: {error}");
        }
    }
}

#[test]
fn duplicate_error_names_the_secret() {
    let secret = "{apiVersion: v1, kind: Secret, metadata: {name: login, namespace: shop}, stringData: {P: hunter2}}";
    let mut twice = read_yaml(secret);
    let error = twice.merge(read_yaml(secret)).unwrap_err();
    assert_elided(&error);
    assert_eq!(error.object.to_string(), "Secret shop/login");
}

#[test]
fn debug_of_facts_shows_counts() {
    let mut case = Case::new("{}");
    case.env_files.insert("v", "app.env", "PASSWORD='hunter2'\n");
    let debug = format!("{:?}", case.facts());
    assert_elided(&case.facts());
    assert!(
        debug.contains("services: 1, prepared_services: None, services_listed: true, config_maps: 2, secrets: 1,")
            && debug.contains(r#"node: Some("node-1")"#),
        "{debug}"
    );
    assert!(
        debug.contains(r#"env_files: {("config", "app.env"): 49, ("v", "app.env"): 19}"#),
        "{debug}"
    );
}

#[test]
fn discovery_ignores_secret_values() {
    let mut case = Case::new("envFrom: [{secretRef: {name: hosts}}]");
    let hosts = "{apiVersion: v1, kind: Secret, metadata: {name: hosts, namespace: shop}, \
        stringData: {DB_SERVICE_HOST: hunter2, DB_PORT_5432_TCP_ADDR: hunter2, WEB_SERVICE_HOST: hunter2}}";
    case.objects.merge(read_yaml(hosts)).unwrap();
    let composition = case.compose().unwrap();
    let discovered = Discovered::from(composition.environment());
    assert_elided(&discovered);
    assert_eq!(discovered.find("db").unwrap().host, "10.0.0.11");
    assert_eq!(discovered.find("web"), Err(DiscoverError::NoVariables));
    assert!(discovered.without_service_variables().any(|(name, _)| name == b"WEB_SERVICE_HOST"));
}

#[test]
fn debug_of_document_is_elided() {
    let object = r#"{"apiVersion": "v1", "kind": "Secret", "stringData": {"KEY": "canary-5e3b"}}"#;
    let document: Document = serde_json::from_str(object).unwrap();
    assert_eq!(format!("{document:?}"), "Document([elided])");
}
