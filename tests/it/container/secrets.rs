use std::error::Error;
use std::fmt::Debug;

use kubelet_env::api::{Secret, SecretValue};
use kubelet_env::inspect::discover::{DiscoverError, Discovered};
use kubelet_env::{Document, Form, Objects, Order};

use super::Case;
use crate::formats::read_yaml;

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

/// The text, its base64, and its bytes as a list would show them.
const TRACES: [&str; 3] = ["hunter2", "aHVudGVyMg", "104, 117, 110, 116, 101, 114"];

#[track_caller]
fn shows_nothing(thing: &impl Debug) {
    for shown in [format!("{thing:?}"), format!("{thing:#?}")] {
        let flat: String = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(TRACES.iter().all(|trace| !flat.contains(trace)), "{shown}");
    }
}

#[test]
fn debug_does_not_show_a_secret_s_value_wherever_it_flowed() {
    let case = Case::new(CONTAINER);
    let composition = case.compose().unwrap();
    shows_nothing(&composition);
    shows_nothing(composition.environment());
    shows_nothing(&composition.environment().in_order(Order::Name));
    shows_nothing(&composition.environment().declared());
    shows_nothing(&composition.command());
    shows_nothing(&composition.args());
    shows_nothing(&composition.skipped());
    for variable in composition.environment().iter() {
        shows_nothing(&variable);
        shows_nothing(&variable.value());
    }
    shows_nothing(&case.facts());
    shows_nothing(&case.objects);
    let secret = case.objects.secrets.get("shop", "login").unwrap();
    shows_nothing(secret);
    shows_nothing(&SecretValue::from("hunter2"));
    assert!(format!("{secret:?}").contains("PASSWORD"), "the keys are no secret");
    assert_eq!(format!("{:?}", SecretValue::from("hunter2")), "[elided]");
    let value = |name: &str| format!("{:?}", composition.environment().get(name).unwrap().value());
    assert_eq!(value("PASSWORD"), "[elided]");
    assert_eq!(value("DB_SERVICE_PORT"), "\"5432\"");
}

#[test]
fn each_value_tells_whether_a_secret_flowed_into_it() {
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
fn what_overwrites_a_secret_is_none() {
    let case = Case::new(
        "envFrom: [{secretRef: {name: login}}]\nenv: [{name: PASSWORD, value: open}, {name: A, value: $(PASSWORD)}]",
    );
    let composition = case.compose().unwrap();
    assert!(!composition.environment().get("A").unwrap().value().is_secret());
}

#[test]
fn rendering_shows_secrets() {
    let case = Case::new(CONTAINER);
    let environment = case.compose().unwrap().into_environment();
    for order in [Order::Kubelet, Order::Name, Order::Dash] {
        let text = environment.render(order, Form::NulSeparated);
        let shown = |expected: &[u8]| text.windows(expected.len()).any(|part| part == expected);
        assert!(
            shown(b"PASSWORD=hunter2\0")
                && shown(b"COPY_OF_COPY=<<hunter2>>\0")
                && shown(b"BLOB=\xff\x00\xfe\0")
        );
    }
}

#[test]
fn an_environment_that_is_not_utf_8_cannot_be_json_and_the_error_names_the_variable() {
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
fn no_refusal_shows_a_secret_s_value() {
    let refused = [
        "env: [{name: A, value: $(PASSWORD)}, {name: B, valueFrom: {secretKeyRef: {name: login, key: absent}}}]",
        "env: [{name: A, value: $(PASSWORD)}, {name: B, valueFrom: {configMapKeyRef: {name: absent, key: k}}}]",
        "env: [{name: A, value: $(PASSWORD)}, {name: B, valueFrom: {fieldRef: {fieldPath: status}}}]",
    ];
    for container in refused {
        let container = format!("envFrom: [{{secretRef: {{name: login}}}}]\n{container}");
        let error = Case::new(&container).compose().unwrap_err();
        shows_nothing(&error);
        shows_nothing(&error.to_string());
    }
    for limit in 0..60 {
        let mut case = Case::new(CONTAINER);
        case.size_limit = limit;
        let error = case.compose().unwrap_err();
        shows_nothing(&error);
        shows_nothing(&error.to_string());
    }
}

/// Secrets that cannot be read, each with what is said of it.
#[test]
fn no_reading_error_shows_a_secret_s_value() {
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
    let mut told = Vec::new();
    for json in bad {
        let fields = &json[1..json.len() - 1];
        let object = format!(
            r#"{{"apiVersion": "v1", "kind": "Secret", "metadata": {{"name": "login"}}, {fields}}}"#
        );
        let direct = serde_json::from_str::<Secret>(&object).unwrap_err();
        let of_yaml = yaml_serde::from_str::<Secret>(&object).unwrap_err();
        let document: Document<'_> = serde_json::from_str(&object).unwrap();
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
        shows_nothing(&direct);
        shows_nothing(&of_yaml);
        shows_nothing(&of_document);
        shows_nothing(&of_list);
        for text in texts {
            shows_nothing(&text);
            assert!(!text.contains("71828"), "{text}");
        }
        told.push(of_document.to_string());
    }
    told.dedup();
    insta::assert_snapshot!(told.join("\n"), @"
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

/// They are no numbers of JSON, as which a document holds them.
#[test]
fn no_number_of_more_than_64_bits_is_shown() {
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
fn a_duplicate_secret_is_named_and_not_shown() {
    let secret = "{apiVersion: v1, kind: Secret, metadata: {name: login, namespace: shop}, stringData: {P: hunter2}}";
    let mut twice = read_yaml(secret);
    let error = twice.merge(read_yaml(secret)).unwrap_err();
    shows_nothing(&error);
    assert_eq!(error.object.to_string(), "Secret shop/login");
}

#[test]
fn facts_are_shown_by_how_many_there_are() {
    let mut case = Case::new("{}");
    case.env_files.insert("v", "app.env", "PASSWORD='hunter2'\n");
    let shown = format!("{:?}", case.facts());
    shows_nothing(&case.facts());
    assert!(
        shown.contains(r#"services: 1, services_listed: true, config_maps: 2, secrets: 1, node: Some("node-1")"#),
        "{shown}"
    );
    assert!(
        shown.contains(r#"env_files: {("config", "app.env"): 49, ("v", "app.env"): 19}"#),
        "{shown}"
    );
}

#[test]
fn no_service_is_found_in_values_of_a_secret() {
    let mut case = Case::new("envFrom: [{secretRef: {name: hosts}}]");
    let hosts = "{apiVersion: v1, kind: Secret, metadata: {name: hosts, namespace: shop}, \
        stringData: {DB_SERVICE_HOST: hunter2, DB_PORT_5432_TCP_ADDR: hunter2, WEB_SERVICE_HOST: hunter2}}";
    case.objects.merge(read_yaml(hosts)).unwrap();
    let composition = case.compose().unwrap();
    let found = Discovered::from(composition.environment());
    shows_nothing(&found);
    assert_eq!(found.find("db").unwrap().host, "10.0.0.11");
    assert_eq!(found.find("web"), Err(DiscoverError::NoVariables));
    assert!(found.without_service_variables().any(|(name, _)| name == b"WEB_SERVICE_HOST"));
}

#[test]
fn a_document_does_not_show_what_is_in_it() {
    let object = r#"{"apiVersion": "v1", "kind": "Secret", "stringData": {"KEY": "canary-5e3b"}}"#;
    let document: Document<'_> = serde_json::from_str(object).unwrap();
    assert_eq!(format!("{document:?}"), "Document([elided])");
}
