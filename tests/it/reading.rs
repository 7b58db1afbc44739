//! Objects are read from all forms in which they come, and what is none is refused with a message
//! that says where.

use kubelet_env::api::{Object, PortNumber, Protocol, Secret, Service, ServicePort, Timestamp};
use kubelet_env::objects::FieldProblem;
use kubelet_env::{Document, ObjectError, Objects};
use serde::de::Deserialize;
use serde::de::value::MapDeserializer;

use crate::formats::{Binary, read_json, read_yaml};

fn add_json(objects: &mut Objects, json: &str) -> Result<(), ObjectError> {
    objects.add(serde_json::from_str::<Document<'_>>(json).unwrap())
}

fn services(objects: &Objects) -> Vec<String> {
    objects
        .services
        .iter()
        .map(|service| format!("{}/{}", service.namespace(), service.name()))
        .collect()
}

fn ignored(objects: &Objects) -> Vec<String> {
    objects.ignored.iter().map(ToString::to_string).collect()
}

/// A Service `default/web`, with this in the place of its port 80.
fn with_port(port: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"web","namespace":"default"}},
            "spec":{{"clusterIP":"10.0.0.1","ports":[{{"port":1}},{port}]}}}}"#
    )
}

fn message(json: &str) -> String {
    read_json(json).unwrap_err().to_string()
}

#[test]
fn a_single_object_is_read_with_unknown_fields_ignored() {
    let objects = read_yaml(include_str!("../../examples/my-svc-nginx.yaml"));
    let service = objects.services.get("default", "my-svc-nginx").unwrap();
    assert_eq!(service.spec.cluster_ip, "10.1.237.190");
    assert_eq!(service.spec.type_, "ClusterIP");
    assert_eq!(service.spec.ports[0].port, PortNumber::new(80).unwrap());
    assert_eq!(service.spec.ports[0].protocol, Some(Protocol::Tcp));
    let created: Timestamp = "2026-11-22T09:30:00Z".parse().unwrap();
    assert_eq!(service.creation_timestamp(), Some(created));
    assert!(objects.ignored.is_empty());
}

#[test]
fn a_list_is_read_whose_items_stand_before_its_kind() {
    let objects = read_json(
        r#"{"apiVersion":"v1","items":[
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"b"}},
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n"}},
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}}
        ],"kind":"List","metadata":{"resourceVersion":""}}"#,
    );
    let objects = objects.unwrap();
    assert_eq!(services(&objects), ["/a", "/b"]);
    assert_eq!(objects.services.len(), 2);
}

#[test]
fn the_items_of_a_service_list_need_no_kind() {
    let json = r#"{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[
        {"metadata":{"name":"a","namespace":"default"},"spec":{"clusterIP":"10.0.0.1","ports":[{"port":80}]}}
    ]}"#;
    assert_eq!(services(&read_json(json).unwrap()), ["default/a"]);
    let of_another_group =
        json.replace(r#""apiVersion":"v1""#, r#""apiVersion":"serving.knative.dev/v1""#);
    let objects = read_json(&of_another_group).unwrap();
    assert!(objects.services.is_empty());
    assert_eq!(ignored(&objects), ["Service default/a"]);
}

#[test]
fn lists_are_read_inside_lists() {
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
    assert_eq!(services(&objects), ["/a", "/b"]);
}

#[test]
fn null_is_the_same_as_absent() {
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

    let with = read_json(&with_port(r#"{"name":null,"protocol":null,"port":2}"#)).unwrap();
    let without = read_json(&with_port(r#"{"port":2}"#)).unwrap();
    let empty = read_json(&with_port(r#"{"name":"","protocol":"","port":2}"#)).unwrap();
    assert_eq!(with, without);
    assert_eq!(empty, without);
}

#[test]
fn a_typed_service_may_say_its_kind_and_must_say_no_other() {
    let read = |json| serde_json::from_str::<Service>(json).map_err(|error| error.to_string());
    assert_eq!(read(r#"{"apiVersion":"v1","kind":"Service"}"#), Ok(Service::default()));
    insta::assert_snapshot!(read(r#"{"kind":"Pod"}"#).unwrap_err(), @r#"invalid value: string "Pod", expected Service at line 1 column 13"#);
    insta::assert_snapshot!(read(r#"{"apiVersion":"v2"}"#).unwrap_err(), @r#"invalid value: string "v2", expected v1 at line 1 column 18"#);
    insta::assert_snapshot!(read(r#"{"kind":1}"#).unwrap_err(), @"invalid type: integer `1`, expected Service at line 1 column 9");
    insta::assert_snapshot!(read(r#"{"spec":{"ports":[{"port":0}]}}"#).unwrap_err(), @"invalid value: integer `0`, expected a port number from 1 to 65535 at line 1 column 27");
}

#[test]
fn a_service_of_another_group_is_ignored() {
    let json = r#"{"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"hello","namespace":"default"},
                   "spec":{"ports":"not ours to read"}}"#;
    let objects = read_json(json).unwrap();
    assert!(objects.services.is_empty());
    assert_eq!(ignored(&objects), ["Service default/hello"]);
}

#[test]
fn empty_documents_hold_nothing() {
    let yaml =
        "---\n# nothing\n---\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n";
    assert_eq!(services(&read_yaml(yaml)), ["/a"]);
    assert_eq!(read_json("null"), Ok(Objects::default()));
    assert_eq!(serde_json::from_str::<Objects>("null").unwrap(), Objects::default());
}

#[test]
fn what_is_no_object_is_refused() {
    insta::assert_snapshot!(message("[]"), @"the object is a list, but should be an object");
    insta::assert_snapshot!(message(r#""Service""#), @r#"the object is "Service", but should be an object"#);
    insta::assert_snapshot!(message("{}"), @"kind is missing");
    insta::assert_snapshot!(message(r#"{"kind":"Service","metadata":{"name":"web"}}"#), @"Service web: apiVersion is missing");
    insta::assert_snapshot!(message(r#"{"apiVersion":"v1","metadata":{"name":"web"}}"#), @"object web: kind is missing");
    insta::assert_snapshot!(message(r#"{"apiVersion":"v1","kind":null,"metadata":{"name":"web"}}"#), @"object web: kind is missing");
    insta::assert_snapshot!(message(r#"{"apiVersion":"v1","kind":["Service"],"metadata":{"name":"web"}}"#), @"object web: kind is a list, but should be a string");
    insta::assert_snapshot!(message(r#"{"apiVersion":1,"kind":"Service","metadata":{"name":"web"}}"#), @"Service web: apiVersion is 1, but should be a string");
    insta::assert_snapshot!(message(r#"{"apiVersion":"v1","kind":"Service"}"#), @"Service: metadata.name is missing");
    insta::assert_snapshot!(message(r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":""}}"#), @"Service: metadata.name is missing");
}

#[test]
fn what_is_only_called_like_a_list_is_ignored() {
    let objects = read_json(
        r#"{"apiVersion":"example.com/v1","kind":"AllowList","metadata":{"name":"a"},"spec":{}}"#,
    );
    assert_eq!(ignored(&objects.unwrap()), ["AllowList a"]);
}

#[test]
fn of_the_pods_of_a_namespace_one_may_be_without_a_name() {
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"web-"}}"#;
    let list = |items: &str| format!(r#"{{"apiVersion":"v1","kind":"List","items":[{items}]}}"#);
    assert_eq!(read_json(&list(pod)).unwrap().pods.len(), 1);
    insta::assert_snapshot!(message(&list(&[pod, pod].join(","))), @"Pod is defined twice: only one may be without a metadata.name, so name the others");
}

#[test]
fn an_item_that_is_no_object_is_refused_where_it_stands() {
    let list =
        |items: &str| message(&format!(r#"{{"apiVersion":"v1","kind":"List","items":{items}}}"#));
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

#[test]
fn a_field_of_another_type_is_refused() {
    let with = |metadata: &str, spec: &str| {
        message(&format!(
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
fn only_numbers_from_1_to_65535_are_ports() {
    for port in ["1", "80", "65535"] {
        read_json(&with_port(&format!(r#"{{"port":{port}}}"#))).unwrap();
    }
    let refused = |port: &str| message(&with_port(&format!(r#"{{"port":{port}}}"#)));
    insta::assert_snapshot!(refused("0"), @"Service default/web: spec.ports[1].port is 0, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(refused("-1"), @"Service default/web: spec.ports[1].port is -1, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(refused("65536"), @"Service default/web: spec.ports[1].port is 65536, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(refused("70000"), @"Service default/web: spec.ports[1].port is 70000, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(refused("18446744073709551615"), @"Service default/web: spec.ports[1].port is 18446744073709551615, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(refused(r#""80""#), @r#"Service default/web: spec.ports[1].port is "80", but should be a port number from 1 to 65535"#);
    insta::assert_snapshot!(refused("80.5"), @"Service default/web: spec.ports[1].port is 80.5, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(refused("true"), @"Service default/web: spec.ports[1].port is true, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(refused("null"), @"Service default/web: spec.ports[1].port is null, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(message(&with_port(r#"{"name":"http"}"#)), @"Service default/web: spec.ports[1].port is missing");
}

#[test]
fn only_tcp_udp_and_sctp_are_protocols() {
    for (protocol, expected) in
        [("TCP", Protocol::Tcp), ("UDP", Protocol::Udp), ("SCTP", Protocol::Sctp)]
    {
        let objects =
            read_json(&with_port(&format!(r#"{{"port":2,"protocol":"{protocol}"}}"#))).unwrap();
        assert_eq!(
            objects.services.get("default", "web").unwrap().spec.ports[1].effective_protocol(),
            expected
        );
    }
    let refused =
        |protocol: &str| message(&with_port(&format!(r#"{{"port":2,"protocol":{protocol}}}"#)));
    insta::assert_snapshot!(refused(r#""HTTP""#), @r#"Service default/web: spec.ports[1].protocol is "HTTP", but should be TCP, UDP or SCTP"#);
    insta::assert_snapshot!(refused(r#""tcp""#), @r#"Service default/web: spec.ports[1].protocol is "tcp", but should be TCP, UDP or SCTP"#);
    insta::assert_snapshot!(refused(r#"" TCP""#), @r#"Service default/web: spec.ports[1].protocol is " TCP", but should be TCP, UDP or SCTP"#);
    insta::assert_snapshot!(refused("6"), @"Service default/web: spec.ports[1].protocol is 6, but should be TCP, UDP or SCTP");
}

#[test]
fn a_field_that_stands_there_twice_is_refused() {
    insta::assert_snapshot!(message(&with_port(r#"{"port":2,"port":3}"#)), @"Service default/web: spec.ports[1].port is given twice");
    let twice =
        r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{},"spec":{}}"#;
    insta::assert_snapshot!(message(twice), @"Service web: spec is given twice");
}

#[test]
fn an_error_tells_its_object_and_field_apart() {
    let error = read_json(&with_port(r#"{"port":70000}"#)).unwrap_err();
    let ObjectError::Field { object, error } = error else { panic!("{error}") };
    assert_eq!((&*object.kind, &*object.namespace, &*object.name), ("Service", "default", "web"));
    assert_eq!(error.path(), "spec.ports[1].port");
    let FieldProblem::Unexpected { found, expected } = error.problem() else { panic!("{error}") };
    assert_eq!((&**found, &**expected), ("70000", "a port number from 1 to 65535"));

    let error = read_json(&with_port("{}")).unwrap_err();
    let ObjectError::Field { error, .. } = error else { panic!("{error}") };
    assert_eq!(
        (error.path().as_str(), error.problem()),
        ("spec.ports[1].port", &FieldProblem::Missing)
    );
}

#[test]
fn nothing_is_taken_in_of_a_document_with_a_duplicate() {
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
    insta::assert_snapshot!(message(&list(&["a", "b", "a"])), @"Service default/a is defined twice: metadata.name must be unique in a namespace, so rename or remove one");

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
    assert_eq!(services(&objects), ["default/a", "default/b"]);
}

#[test]
fn objects_without_a_namespace_are_put_into_the_one_that_is_meant() {
    let yaml = "
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: Service, metadata: {name: a}}
        - {apiVersion: v1, kind: Service, metadata: {name: b, namespace: prod}}
        ";
    assert_eq!(
        services(&read_yaml(yaml).with_default_namespace("dev").unwrap()),
        ["dev/a", "prod/b"]
    );
    let twice = read_yaml(&yaml.replace("name: b", "name: a"));
    assert_eq!(services(&twice), ["/a", "prod/a"]);
    insta::assert_snapshot!(twice.with_default_namespace("prod").unwrap_err(), @"Service prod/a is defined twice: metadata.name must be unique in a namespace, so rename or remove one");
}

#[test]
fn only_what_existed_then_is_there() {
    let created = |when: &str| {
        let json = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","creationTimestamp":WHEN}}"#;
        read_json(&json.replace("WHEN", when)).unwrap()
    };
    let then: Timestamp = "2026-11-22T09:30:00Z".parse().unwrap();
    let is_there = |when: &str| !created(when).as_of(then).services.is_empty();
    assert!(is_there(r#""2026-11-22T09:29:59Z""#));
    assert!(is_there(r#""2026-11-22T09:30:00Z""#));
    assert!(is_there(r#""2026-11-22T11:30:00+02:00""#));
    assert!(!is_there(r#""2026-11-22T09:30:00.000000001Z""#));
    assert!(!is_there(r#""2026-11-22T09:30:01Z""#));
    assert!(is_there("null"));
}

#[test]
fn an_error_is_short_whatever_it_quotes() {
    let huge = "x".repeat(1_000_000);
    let protocol = message(&with_port(&format!(r#"{{"port":2,"protocol":"{huge}"}}"#)));
    assert!(protocol.len() < 300, "{} bytes", protocol.len());
    assert!(protocol.contains("xxx…"));
    let kind =
        serde_json::from_str::<Objects>(&format!(r#"{{"{huge}":1}}"#)).unwrap_err().to_string();
    assert!(kind.len() < 300);
    let name = message(&with_port(r#"{"port":0}"#).replace("web", &huge));
    assert!(name.len() < 600, "{} bytes", name.len());
    let object = message(&format!(r#"{{"apiVersion":"v1","kind":"{huge}List","items":[1]}}"#));
    assert!(object.len() < 600, "{} bytes", object.len());
}

#[test]
fn the_wire_form_is_that_of_kubectl() {
    let read: Service =
        yaml_serde::from_str(include_str!("../../examples/my-svc-nginx.yaml")).unwrap();
    insta::assert_snapshot!(yaml_serde::to_string(&read).unwrap(), @"
    apiVersion: v1
    kind: Service
    metadata:
      name: my-svc-nginx
      namespace: default
      creationTimestamp: 2026-11-22T09:30:00Z
    spec:
      clusterIP: 10.1.237.190
      ports:
      - protocol: TCP
        port: 80
      type: ClusterIP
      ipFamilies:
      - IPv4
    ");
    insta::assert_snapshot!(serde_json::to_string(&Service::default()).unwrap(), @r#"{"apiVersion":"v1","kind":"Service"}"#);
}

#[test]
fn numbers_beyond_64_bits_are_ignored_with_the_fields_that_hold_them() {
    let objects = read_yaml(
        "
        apiVersion: v1
        kind: Service
        metadata: {name: a}
        x: 99999999999999999999999
        y: -99999999999999999999999
        ",
    );
    assert_eq!(services(&objects), ["/a"]);
}

#[test]
fn the_keys_of_yaml_may_be_numbers() {
    let objects = read_yaml(
        "{apiVersion: v1, kind: Service, metadata: {name: a, labels: {1: x, true: y, -1: z}}}",
    );
    assert_eq!(services(&objects), ["/a"]);
}

/// Year 0 with an offset to the east would be a year that RFC 3339 cannot write.
#[test]
fn every_timestamp_is_written_as_it_is_read() {
    for text in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        let moment: Timestamp = text.parse().unwrap();
        assert_eq!(moment.to_string().parse(), Ok(moment), "{text} is written as {moment}");
    }
    for text in ["0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"] {
        assert!(text.parse::<Timestamp>().is_err(), "{text}");
    }
}

#[test]
fn what_is_absent_in_a_format_of_its_own_is_null() {
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
    let port = ServicePort::deserialize(object([("port", Some(80)), ("protocol", None)]));
    assert_eq!(port.unwrap(), ServicePort::new(PortNumber::new(80).unwrap()));
}

#[test]
fn what_a_document_cannot_hold_is_told() {
    let bytes = serde::de::value::BytesDeserializer::<serde::de::value::Error>::new(b"x");
    insta::assert_snapshot!(Document::deserialize(bytes).unwrap_err(), @"invalid type: byte array, expected a value of the JSON data model");
    insta::assert_snapshot!(yaml_serde::from_str::<Document<'_>>("1.5: x").unwrap_err(), @"invalid type: floating point `1.5`, expected a string as the key of a map");
    for item in ["null", "-1", "1", "1.5", "true", "x", "[]"] {
        let list = format!("{{apiVersion: v1, kind: List, items: [{item}]}}");
        let document = yaml_serde::from_str(&list).unwrap();
        let error = Objects::default().add(document).unwrap_err().to_string();
        assert!(error.contains("should be an object"), "{error}");
    }
}

#[test]
fn a_protocol_is_read_by_itself() {
    for protocol in Protocol::ALL {
        assert_eq!(
            serde_json::from_str::<Protocol>(&format!("\"{protocol}\"")).unwrap(),
            *protocol
        );
    }
    insta::assert_snapshot!(serde_json::from_str::<Protocol>("\"\"").unwrap_err(), @r#"invalid value: string "", expected TCP, UDP or SCTP at line 1 column 2"#);
    assert_eq!(u16::from(PortNumber::new(8080).unwrap()), 8080);
}

#[test]
fn an_empty_kind_is_none() {
    insta::assert_snapshot!(message(r#"{"apiVersion":"v1","kind":"","metadata":{"name":"a"}}"#), @"object a: kind is missing");
    let objects = read_json(
        r#"{"apiVersion":"v1","kind":"ServiceList","items":[{"apiVersion":"","kind":"","metadata":{"name":"a"}}]}"#,
    );
    assert_eq!(services(&objects.unwrap()), ["/a"]);
}

#[test]
fn keys_that_are_not_plain_are_quoted_in_the_path() {
    for key in ["tls.key", "a/b", "", &"k".repeat(65)] {
        let json = format!(
            r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"a"}},"data":{{"{key}":1}}}}"#
        );
        assert!(message(&json).contains("data['"), "{}", message(&json));
    }
    let plain =
        format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","data":{{"{}":1}}}}"#, "k".repeat(64));
    assert!(message(&plain).contains("data.kkk"));
}
