//! Documents in every supported form, and the errors of those that cannot be read.

use kubelet_env::api::{Object, Protocol, Secret, Service, ServicePort, Timestamp};
use kubelet_env::objects::FieldProblem;
use kubelet_env::{Document, ObjectError, Objects};
use serde::de::Deserialize;
use serde::de::value::MapDeserializer;

use crate::support::documents::{Binary, read_json, read_yaml};
use crate::support::{port, port_number};

fn add_json(objects: &mut Objects, json: &str) -> Result<(), ObjectError> {
    objects.add(serde_json::from_str::<Document>(json).unwrap())
}

fn service_names(objects: &Objects) -> Vec<String> {
    objects
        .services
        .iter()
        .map(|service| format!("{}/{}", service.namespace(), service.name()))
        .collect()
}

fn ignored_objects(objects: &Objects) -> Vec<String> {
    objects.ignored.keys().cloned().collect()
}

/// Returns a Service `default/web` with this as its second port.
fn service_with_port(port: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"web","namespace":"default"}},
            "spec":{{"clusterIP":"10.0.0.1","ports":[{{"port":1}},{port}]}}}}"#
    )
}

fn error_message(json: &str) -> String {
    read_json(json).unwrap_err().to_string()
}

#[test]
fn ignores_unknown_fields() {
    let objects = read_yaml(include_str!("../../../examples/my-svc-nginx.yaml"));
    let service = objects.services.in_namespace("default").get("my-svc-nginx").unwrap();
    assert_eq!(service.spec.cluster_ip, "10.1.237.190");
    assert_eq!(service.spec.type_, "ClusterIP");
    assert_eq!(service.spec.ports[0].port, port_number(80));
    assert_eq!(service.spec.ports[0].protocol, Some(Protocol::Tcp));
    let created: Timestamp = "2026-11-22T09:30:00Z".parse().unwrap();
    assert_eq!(service.creation_timestamp(), Some(created));
    assert!(objects.ignored.is_empty());
}

#[test]
fn list_items_may_precede_kind() {
    let objects = read_json(
        r#"{"apiVersion":"v1","items":[
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"b"}},
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n"}},
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}}
        ],"kind":"List","metadata":{"resourceVersion":""}}"#,
    );
    let objects = objects.unwrap();
    assert_eq!(service_names(&objects), ["default/a", "default/b"]);
    assert_eq!(objects.services.len(), 2);
}

#[test]
fn items_of_a_service_list_may_omit_kind() {
    let json = r#"{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[
        {"metadata":{"name":"a","namespace":"default"},"spec":{"clusterIP":"10.0.0.1","ports":[{"port":80}]}}
    ]}"#;
    assert_eq!(service_names(&read_json(json).unwrap()), ["default/a"]);
    let of_another_group =
        json.replace(r#""apiVersion":"v1""#, r#""apiVersion":"serving.knative.dev/v1""#);
    let objects = read_json(&of_another_group).unwrap();
    assert!(objects.services.is_empty());
    assert_eq!(ignored_objects(&objects), ["serving.knative.dev/v1 Service"]);
}

#[test]
fn reads_nested_lists() {
    let objects = read_yaml(
        "
        apiVersion: v1
        kind: List
        items:
        - apiVersion: v1
          kind: List
          items:
          - {apiVersion: v1, kind: Service, metadata: {name: a}}
        - apiVersion: v1
          kind: ServiceList
          items:
          - metadata: {name: b}
        - apiVersion: v1
          kind: List
          items: null
        - apiVersion: v1
          kind: List
        ",
    );
    assert_eq!(service_names(&objects), ["default/a", "default/b"]);
}

#[test]
fn null_equals_absent() {
    let service: Service =
        serde_json::from_str(r#"{"apiVersion":null,"kind":null,"metadata":null,"spec":null}"#)
            .unwrap();
    assert_eq!(service, Service::default());
    let service: Service = serde_json::from_str(
        r#"{"metadata":{"name":null,"namespace":null,"creationTimestamp":null},
            "spec":{"clusterIP":null,"ports":null,"type":null}}"#,
    )
    .unwrap();
    assert_eq!(service, Service::default());
    assert_eq!(service, serde_json::from_str("{}").unwrap());

    let with = read_json(&service_with_port(r#"{"name":null,"protocol":null,"port":2}"#)).unwrap();
    let without = read_json(&service_with_port(r#"{"port":2}"#)).unwrap();
    let empty = read_json(&service_with_port(r#"{"name":"","protocol":"","port":2}"#)).unwrap();
    assert_eq!(with, without);
    assert_eq!(empty, without);
}

#[test]
fn services_of_other_groups_are_ignored() {
    let json = r#"{"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"hello","namespace":"default"},
                   "spec":{"ports":"not ours to read"}}"#;
    let objects = read_json(json).unwrap();
    assert!(objects.services.is_empty());
    assert_eq!(ignored_objects(&objects), ["serving.knative.dev/v1 Service"]);
}

#[test]
fn empty_documents_add_nothing() {
    let yaml =
        "---\n# nothing\n---\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n";
    assert_eq!(service_names(&read_yaml(yaml)), ["default/a"]);
    assert_eq!(read_json("null"), Ok(Objects::default()));
    assert_eq!(serde_json::from_str::<Objects>("null").unwrap(), Objects::default());
}

#[test]
fn rejects_values_that_are_not_objects() {
    insta::assert_snapshot!(error_message("[]"), @"the object is a list, but should be an object");
    insta::assert_snapshot!(error_message(r#""Service""#), @r#"the object is "Service", but should be an object"#);
    insta::assert_snapshot!(error_message("{}"), @"kind is missing");
    insta::assert_snapshot!(error_message(r#"{"kind":"Service","metadata":{"name":"web"}}"#), @"Service web: apiVersion is missing");
    insta::assert_snapshot!(error_message(r#"{"apiVersion":"v1","metadata":{"name":"web"}}"#), @"object web: kind is missing");
    insta::assert_snapshot!(error_message(r#"{"apiVersion":"v1","kind":null,"metadata":{"name":"web"}}"#), @"object web: kind is missing");
    insta::assert_snapshot!(error_message(r#"{"apiVersion":"v1","kind":["Service"],"metadata":{"name":"web"}}"#), @"object web: kind is a list, but should be a string");
    insta::assert_snapshot!(error_message(r#"{"apiVersion":1,"kind":"Service","metadata":{"name":"web"}}"#), @"Service web: apiVersion is 1, but should be a string");
    insta::assert_snapshot!(error_message(r#"{"apiVersion":"v1","kind":"Service"}"#), @"Service: metadata.name is missing");
    insta::assert_snapshot!(error_message(r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":""}}"#), @"Service: metadata.name is missing");
}

#[test]
fn kinds_that_end_in_list_are_ignored() {
    let objects = read_json(
        r#"{"apiVersion":"example.com/v1","kind":"AllowList","metadata":{"name":"a"},"spec":{}}"#,
    );
    assert_eq!(ignored_objects(&objects.unwrap()), ["example.com/v1 AllowList"]);
}

#[test]
fn generated_names_are_found_by_prefix() {
    let object = |kind: &str, prefix: &str| {
        let version = if kind == "Pod" { "v1" } else { "batch/v1" };
        format!(
            r#"{{"apiVersion":"{version}","kind":"{kind}","metadata":{{"generateName":"{prefix}"}}}}"#
        )
    };
    let list = |items: &[String]| {
        format!(r#"{{"apiVersion":"v1","kind":"List","items":[{}]}}"#, items.join(","))
    };
    let kinds = ["Pod", "Job"];
    let all: Vec<String> = kinds
        .iter()
        .flat_map(|kind| ["web-", "db-", ""].map(|prefix| object(kind, prefix)))
        .collect();
    let pods = read_json(&list(&all[..3])).unwrap().pods;
    assert_eq!(pods.len(), 3);
    assert_eq!(pods.in_namespace("default").get("db-").unwrap().metadata.generate_name, "db-");
    assert_eq!(read_json(&list(&all[3..5])).unwrap().jobs.len(), 2);
    insta::assert_snapshot!(error_message(&all[5]), @"Job: metadata.name is missing");
    insta::assert_snapshot!(error_message(&list(&[object("Job", "web-"), object("Job", "web-")])), @"Job web- is defined twice: metadata.name must be unique in a namespace, so rename or remove one");
    insta::assert_snapshot!(error_message(&list(&[object("Pod", ""), object("Pod", "")])), @"Pod is defined twice: only one may have neither metadata.name nor metadata.generateName, so name the others");
}

#[test]
fn error_names_the_list_item() {
    let list = |items: &str| {
        error_message(&format!(r#"{{"apiVersion":"v1","kind":"List","items":{items}}}"#))
    };
    insta::assert_snapshot!(list("{}"), @"List: items is an object, but should be a list");
    insta::assert_snapshot!(list(r#"[],"items":[]"#), @"List: items is given twice");
    insta::assert_snapshot!(list(r#"["web"]"#), @r#"items[0] is "web", but should be an object"#);
    insta::assert_snapshot!(list(r#"[{"apiVersion":"v1"}]"#), @"items[0].kind is missing");
    insta::assert_snapshot!(
        list(r#"[{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Service",
             "metadata":{"name":"web"},"spec":{"ports":[{"port":0}]}}]}]"#),
        @"Service web: items[0].items[0].spec.ports[0].port is 0, but should be a port number from 1 to 65535"
    );
}

/// Items without a kind are read after the kind of the list.
#[test]
fn first_invalid_item_is_reported() {
    let (typed, bad) = (
        r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}}"#,
        r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"b"},"spec":{"ports":1}}"#,
    );
    let (untyped, bad_untyped) =
        (r#"{"metadata":{"name":"c"}}"#, r#"{"metadata":{"name":"d"},"spec":[]}"#);
    let error_of = |items: &[&str]| {
        let items = items.join(",");
        error_message(&format!(r#"{{"apiVersion":"v1","items":[{items}],"kind":"ServiceList"}}"#))
    };
    let errors = [
        error_of(&[typed, bad, bad_untyped, typed]),
        error_of(&[typed, untyped, bad, bad_untyped]),
        error_of(&[typed, bad_untyped, bad, typed]),
        error_of(&[typed, untyped, typed, bad]),
        error_of(&[typed, typed, bad]),
        error_of(&[untyped, typed, untyped, bad]),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r"
    Service b: items[1].spec.ports is 1, but should be a list
    Service b: items[2].spec.ports is 1, but should be a list
    Service d: items[1].spec is a list, but should be an object
    Service a is defined twice: metadata.name must be unique in a namespace, so rename or remove one
    Service a is defined twice: metadata.name must be unique in a namespace, so rename or remove one
    Service c is defined twice: metadata.name must be unique in a namespace, so rename or remove one
    ");
}

#[test]
fn rejects_fields_of_the_wrong_type() {
    let with = |metadata: &str, spec: &str| {
        error_message(&format!(
            r#"{{"apiVersion":"v1","kind":"Service","metadata":{metadata},"spec":{spec}}}"#
        ))
    };
    insta::assert_snapshot!(with(r#"{"name":"web"}"#, r#""10.0.0.1""#), @r#"Service web: spec is "10.0.0.1", but should be an object"#);
    insta::assert_snapshot!(with(r#"{"name":"web"}"#, "[]"), @"Service web: spec is a list, but should be an object");
    insta::assert_snapshot!(with(r#"{"name":"web"}"#, r#"{"clusterIP":10}"#), @"Service web: spec.clusterIP is 10, but should be a string");
    insta::assert_snapshot!(with(r#"{"name":"web"}"#, r#"{"clusterIP":["10.0.0.1"]}"#), @"Service web: spec.clusterIP is a list, but should be a string");
    insta::assert_snapshot!(with(r#"{"name":"web"}"#, r#"{"ports":{"port":80}}"#), @"Service web: spec.ports is an object, but should be a list");
    insta::assert_snapshot!(with(r#"{"name":"web"}"#, r#"{"ports":[80]}"#), @"Service web: spec.ports[0] is 80, but should be an object");
    insta::assert_snapshot!(with(r#"{"name":"web"}"#, r#"{"ports":[["http","TCP",80]]}"#), @"Service web: spec.ports[0] is a list, but should be an object");
    insta::assert_snapshot!(with(r#"{"name":"web"}"#, r#"{"type":true}"#), @"Service web: spec.type is true, but should be a string");
    insta::assert_snapshot!(with(r#""web""#, "{}"), @r#"Service: metadata is "web", but should be an object"#);
    insta::assert_snapshot!(with(r#"{"name":123}"#, "{}"), @"Service: metadata.name is 123, but should be a string");
    insta::assert_snapshot!(with(r#"{"name":"web","namespace":{}}"#, "{}"), @"Service web: metadata.namespace is an object, but should be a string");
    insta::assert_snapshot!(with(r#"{"name":"web","creationTimestamp":"yesterday"}"#, "{}"), @r#"Service web: metadata.creationTimestamp is "yesterday", but should be a time in RFC 3339, such as 2026-11-22T09:30:00Z"#);
}

#[test]
fn rejects_invalid_ports() {
    for port in ["1", "80", "65535"] {
        read_json(&service_with_port(&format!(r#"{{"port":{port}}}"#))).unwrap();
    }
    let error = |port: &str| error_message(&service_with_port(&format!(r#"{{"port":{port}}}"#)));
    insta::assert_snapshot!(error("0"), @"Service default/web: spec.ports[1].port is 0, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(error("-1"), @"Service default/web: spec.ports[1].port is -1, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(error("65536"), @"Service default/web: spec.ports[1].port is 65536, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(error("70000"), @"Service default/web: spec.ports[1].port is 70000, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(error("18446744073709551615"), @"Service default/web: spec.ports[1].port is 18446744073709551615, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(error(r#""80""#), @r#"Service default/web: spec.ports[1].port is "80", but should be a port number from 1 to 65535"#);
    insta::assert_snapshot!(error("80.5"), @"Service default/web: spec.ports[1].port is 80.5, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(error("true"), @"Service default/web: spec.ports[1].port is true, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(error("null"), @"Service default/web: spec.ports[1].port is null, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(error_message(&service_with_port(r#"{"name":"http"}"#)), @"Service default/web: spec.ports[1].port is missing");
}

#[test]
fn rejects_invalid_protocols() {
    for (protocol, expected) in
        [("TCP", Protocol::Tcp), ("UDP", Protocol::Udp), ("SCTP", Protocol::Sctp)]
    {
        let objects =
            read_json(&service_with_port(&format!(r#"{{"port":2,"protocol":"{protocol}"}}"#)))
                .unwrap();
        assert_eq!(
            objects.services.in_namespace("default").get("web").unwrap().spec.ports[1]
                .effective_protocol(),
            expected
        );
    }
    let error = |protocol: &str| {
        error_message(&service_with_port(&format!(r#"{{"port":2,"protocol":{protocol}}}"#)))
    };
    insta::assert_snapshot!(error(r#""HTTP""#), @r#"Service default/web: spec.ports[1].protocol is "HTTP", but should be TCP, UDP or SCTP"#);
    insta::assert_snapshot!(error(r#""tcp""#), @r#"Service default/web: spec.ports[1].protocol is "tcp", but should be TCP, UDP or SCTP"#);
    insta::assert_snapshot!(error(r#"" TCP""#), @r#"Service default/web: spec.ports[1].protocol is " TCP", but should be TCP, UDP or SCTP"#);
    insta::assert_snapshot!(error("6"), @"Service default/web: spec.ports[1].protocol is 6, but should be TCP, UDP or SCTP");
}

#[test]
fn rejects_duplicate_fields() {
    insta::assert_snapshot!(error_message(&service_with_port(r#"{"port":2,"port":3}"#)), @"Service default/web: spec.ports[1].port is given twice");
    let twice =
        r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{},"spec":{}}"#;
    insta::assert_snapshot!(error_message(twice), @"Service web: spec is given twice");
}

#[test]
fn error_exposes_object_and_field() {
    let error = read_json(&service_with_port(r#"{"port":70000}"#)).unwrap_err();
    let ObjectError::Field { object, error } = error else { panic!("{error}") };
    assert_eq!((&*object.kind, &*object.namespace, &*object.name), ("Service", "default", "web"));
    assert_eq!(error.path(), "spec.ports[1].port");
    let FieldProblem::Unexpected { found, expected } = error.problem() else { panic!("{error}") };
    assert_eq!((&**found, &**expected), ("70000", "a port number from 1 to 65535"));

    let error = read_json(&service_with_port("{}")).unwrap_err();
    let ObjectError::Field { error, .. } = error else { panic!("{error}") };
    assert_eq!(
        (error.path().as_str(), error.problem()),
        ("spec.ports[1].port", &FieldProblem::Missing)
    );
}

#[test]
fn duplicate_in_a_document_adds_nothing() {
    let service = |name: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"{name}","namespace":"default"}}}}"#
        )
    };
    let list = |names: &[&str]| {
        let items: Vec<String> = names.iter().map(|name| service(name)).collect();
        format!(
            r#"{{"apiVersion":"v1","kind":"List","items":[{{"apiVersion":"v1","kind":"Event"}},{}]}}"#,
            items.join(",")
        )
    };
    insta::assert_snapshot!(error_message(&list(&["a", "b", "a"])), @"Service default/a is defined twice: metadata.name must be unique in a namespace, so rename or remove one");

    let mut objects = read_json(&service("a")).unwrap();
    let before = objects.clone();
    let error = add_json(&mut objects, &list(&["b", "a"])).unwrap_err();
    assert!(matches!(&error, ObjectError::Duplicate(duplicate) if duplicate.object.name == "a"));
    assert_eq!(objects, before);
    let error = add_json(&mut objects, &list(&["b"]).replace("\"Event\"", "1")).unwrap_err();
    assert!(matches!(error, ObjectError::Field { .. }));
    assert_eq!(objects, before);

    let other = read_json(&list(&["b", "a"])).unwrap();
    assert_eq!(objects.merge(other).unwrap_err().object.to_string(), "Service default/a");
    assert_eq!(objects, before);
    add_json(&mut objects, &list(&["b"])).unwrap();
    assert_eq!(service_names(&objects), ["default/a", "default/b"]);
}

#[test]
fn missing_namespace_is_default() {
    let yaml = "
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: Service, metadata: {name: a}}
        - {apiVersion: v1, kind: Service, metadata: {name: b, namespace: prod}}
        ";
    assert_eq!(service_names(&read_yaml(yaml)), ["default/a", "prod/b"]);
    let read_into = |namespace: &str, yaml: &str| {
        let mut objects = Objects::default();
        let document = Document::deserialize(yaml_serde::Deserializer::from_str(yaml)).unwrap();
        objects.add_to_namespace(namespace, document).map(|()| objects)
    };
    assert_eq!(service_names(&read_into("dev", yaml).unwrap()), ["dev/a", "prod/b"]);
    let twice = yaml.replace("name: b", "name: a");
    assert_eq!(service_names(&read_yaml(&twice)), ["default/a", "prod/a"]);
    insta::assert_snapshot!(read_into("prod", &twice).unwrap_err(), @"Service prod/a is defined twice: metadata.name must be unique in a namespace, so rename or remove one");
}

#[test]
fn removes_objects_created_later() {
    let created = |when: &str| {
        let json = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","creationTimestamp":WHEN}}"#;
        read_json(&json.replace("WHEN", when)).unwrap()
    };
    let then: Timestamp = "2026-11-22T09:30:00Z".parse().unwrap();
    let exists = |when: &str| !created(when).as_of(then).services.is_empty();
    assert!(exists(r#""2026-11-22T09:29:59Z""#));
    assert!(exists(r#""2026-11-22T09:30:00Z""#));
    assert!(exists(r#""2026-11-22T11:30:00+02:00""#));
    assert!(!exists(r#""2026-11-22T09:30:00.000000001Z""#));
    assert!(!exists(r#""2026-11-22T09:30:01Z""#));
    assert!(exists("null"));
}

#[test]
fn errors_quote_briefly() {
    let huge = "x".repeat(1_000_000);
    let protocol =
        error_message(&service_with_port(&format!(r#"{{"port":2,"protocol":"{huge}"}}"#)));
    assert!(protocol.len() < 300, "{} bytes", protocol.len());
    assert!(protocol.contains("xxx…"));
    let kind =
        serde_json::from_str::<Objects>(&format!(r#"{{"{huge}":1}}"#)).unwrap_err().to_string();
    assert!(kind.len() < 300);
    let name = error_message(&service_with_port(r#"{"port":0}"#).replace("web", &huge));
    assert!(name.len() < 600, "{} bytes", name.len());
    let object =
        error_message(&format!(r#"{{"apiVersion":"v1","kind":"{huge}List","items":[1]}}"#));
    assert!(object.len() < 600, "{} bytes", object.len());
}

#[test]
fn unknown_fields_may_hold_large_numbers() {
    let objects = read_yaml(
        "
        apiVersion: v1
        kind: Service
        metadata: {name: a}
        x: 99999999999999999999999
        y: -99999999999999999999999
        ",
    );
    assert_eq!(service_names(&objects), ["default/a"]);
}

#[test]
fn yaml_keys_may_be_numbers() {
    let objects = read_yaml(
        "{apiVersion: v1, kind: Service, metadata: {name: a, labels: {1: x, true: y, -1: z}}}",
    );
    assert_eq!(service_names(&objects), ["default/a"]);
}

#[test]
fn absent_in_binary_formats_equals_null() {
    assert_eq!(
        Document::deserialize(Binary::Absent).unwrap(),
        serde_json::from_str("null").unwrap()
    );
    let object = |fields: [(&'static str, Option<u64>); 2]| {
        let value = |given: Option<u64>| given.map_or(Binary::Absent, Binary::Number);
        MapDeserializer::new(fields.into_iter().map(move |(name, given)| (name, value(given))))
    };
    let secret = Secret::deserialize(object([("data", None), ("stringData", None)]));
    assert_eq!(secret.unwrap(), Secret::default());
    let data = |value| {
        MapDeserializer::new([("stringData", object([("A", value), ("B", None)]))].into_iter())
    };
    assert_eq!(Secret::deserialize(data(None)).unwrap().data["A"].as_bytes(), b"");
    assert!(Secret::deserialize(data(Some(7))).is_err());
    let read = ServicePort::deserialize(object([("port", Some(80)), ("protocol", None)]));
    assert_eq!(read.unwrap(), port(80));
}

#[test]
fn rejects_values_outside_the_json_model() {
    let bytes = serde::de::value::BytesDeserializer::<serde::de::value::Error>::new(b"x");
    insta::assert_snapshot!(Document::deserialize(bytes).unwrap_err(), @"invalid type: byte array, expected a value of the JSON data model");
    insta::assert_snapshot!(yaml_serde::from_str::<Document>("1.5: x").unwrap_err(), @"invalid type: floating point `1.5`, expected a string as the key of a map");
    for item in ["null", "-1", "1", "1.5", "true", "x", "[]"] {
        let list = format!("{{apiVersion: v1, kind: List, items: [{item}]}}");
        let document = yaml_serde::from_str(&list).unwrap();
        let error = Objects::default().add(document).unwrap_err().to_string();
        assert!(error.contains("should be an object"), "{error}");
    }
}

#[test]
fn empty_kind_equals_absent() {
    insta::assert_snapshot!(error_message(r#"{"apiVersion":"v1","kind":"","metadata":{"name":"a"}}"#), @"object a: kind is missing");
    let objects = read_json(
        r#"{"apiVersion":"v1","kind":"ServiceList","items":[{"apiVersion":"","kind":"","metadata":{"name":"a"}}]}"#,
    );
    assert_eq!(service_names(&objects.unwrap()), ["default/a"]);
}

#[test]
fn path_quotes_unusual_keys() {
    for key in ["tls.key", "a/b", "", &"k".repeat(65)] {
        let json = format!(
            r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"a"}},"data":{{"{key}":1}}}}"#
        );
        assert!(error_message(&json).contains("data['"), "{}", error_message(&json));
    }
    let plain =
        format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","data":{{"{}":1}}}}"#, "k".repeat(64));
    assert!(error_message(&plain).contains("data.kkk"));
}

/// A merge key before the type makes an object a tree.
#[test]
fn items_are_read_like_single_objects() {
    let extra = r#""status":{"x":[1,{"a":"b"}]},"data":{"a":"b"},"extra":{"<<":{"name":"z"}}"#;
    let metadata = r#""metadata":{"name":"web","namespace":"shop","generateName":"g",
        "labels":{"a":"b"},"annotations":{"c":"d"},"uid":"u","managedFields":[{"x":1}],
        "ownerReferences":[{"kind":"Job","name":"j"}],"creationTimestamp":"2026-11-22T09:30:00Z"}"#;
    let spec = r#""spec":{"clusterIP":"10.0.0.1","ports":[{"port":80,"nodePort":3}],"type":"ClusterIP",
        "ipFamilies":["IPv4"],"selector":{"a":"b"},"containers":[{"name":"c"}],
        "template":{"metadata":{"labels":{"a":"b"}},"spec":{"nodeName":"n"}},"limits":[{"type":"Pod"}]}"#;
    for (version, kind) in [
        ("v1", "Service"),
        ("v1", "ConfigMap"),
        ("v1", "Pod"),
        ("v1", "Node"),
        ("v1", "LimitRange"),
        ("apps/v1", "Deployment"),
        ("batch/v1", "Job"),
        ("example.com/v1", "Service"),
    ] {
        let object = format!(
            r#"{{"apiVersion":"{version}","kind":"{kind}",{metadata},{spec},{}}}"#,
            if kind == "Pod" || kind == "Node" { r#""status":{"podIP":"1.2.3.4"}"# } else { extra },
        );
        let alone = read_json(&object).unwrap();
        let list = format!(r#"{{"apiVersion":"v1","items":[{object}],"kind":"List"}}"#);
        assert_eq!(read_json(&list).unwrap(), alone, "{kind}");
        let merged = format!(r#"{{"apiVersion":"v1","items":[{{"<<":{object}}}],"kind":"List"}}"#);
        assert_eq!(read_json(&merged).unwrap(), alone, "{kind}");
    }
}

#[test]
fn items_of_other_objects_are_ignored() {
    let invalid =
        r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":1}}"#;
    let objects = read_json(&format!(
        r#"{{"apiVersion":"example.com/v1","items":[{invalid}],"kind":"Other"}}"#
    ));
    assert_eq!(ignored_objects(&objects.unwrap()), ["example.com/v1 Other"]);
}
