//! Documents from untrusted sources: secrets, control characters, numbers and byte order marks.
//!
//! The gate runs these tests a second time with `serde_json/arbitrary_precision`.

use kubelet_env::api::{Pod, Quantity, Secret};
use kubelet_env::objects::DocumentLimits;
use kubelet_env::{Document, ObjectError, Objects};
use serde::de::{Deserialize, DeserializeSeed};

use crate::support::documents::read_json;

fn read_yaml(yaml: &str) -> Result<Objects, String> {
    let mut objects = Objects::default();
    for document in yaml_serde::Deserializer::from_str(yaml) {
        let document = Document::deserialize(document).map_err(|error| error.to_string())?;
        objects.add(document).map_err(|error| error.to_string())?;
    }
    Ok(objects)
}

fn yaml_error(yaml: &str) -> String {
    let error = read_yaml(yaml).unwrap_err();
    assert!(!error.contains("hunter2"), "{error}");
    error
}

mod secrets {
    use super::*;

    #[test]
    fn parser_message_in_a_secret_is_elided() {
        insta::assert_snapshot!(yaml_error("{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {pw: !!int hunter2}}"), @"stringData: invalid value (not shown, because it may belong to a Secret) at line 1 column 65");
        insta::assert_snapshot!(yaml_error("apiVersion: v1\ndata:\n  pw: !!float hunter2\nkind: Secret\n"), @"data: invalid value (not shown, because it may belong to a Secret) at line 3 column 3");
        insta::assert_snapshot!(yaml_error("apiVersion: v1\nkind: Secret\nmetadata: {annotations: {old: !!bool hunter2}}\n"), @"metadata.annotations: invalid value (not shown, because it may belong to a Secret) at line 3 column 25");
    }

    #[test]
    fn parser_message_in_a_list_of_secrets_is_elided() {
        insta::assert_snapshot!(yaml_error("{apiVersion: v1, items: [{data: {pw: !!int hunter2}}], kind: SecretList}"), @"items[0].data: invalid value (not shown, because it may belong to a Secret) at line 1 column 33");
        insta::assert_snapshot!(yaml_error("{apiVersion: v1, kind: SecretList, items: !!int hunter2}"), @"invalid value (not shown, because it may belong to a Secret)");
        insta::assert_snapshot!(yaml_error("{apiVersion: v1, kind: PodList, items: [{data: {pw: !!int hunter2}, kind: Secret}]}"), @"items[0].data: invalid value (not shown, because it may belong to a Secret) at line 1 column 48");
    }

    #[test]
    fn parser_message_in_another_object_is_kept() {
        let error =
            read_yaml("{apiVersion: v1, kind: ConfigMap, data: {port: !!int many}}").unwrap_err();
        assert!(error.contains("many"), "{error}");
        let data_named_kind = "{kind: Secret, stringData: {kind: ConfigMap, pw: !!int hunter2}}";
        yaml_error(data_named_kind);
    }

    #[test]
    fn field_error_in_a_secret_is_elided() {
        insta::assert_snapshot!(yaml_error("{apiVersion: v1, kind: SecretList, items: hunter2}"), @"SecretList: items is [elided], but should be a list");
        insta::assert_snapshot!(yaml_error("{apiVersion: v1, kind: SecretList, items: [hunter2]}"), @"items[0] is [elided], but should be an object");
        insta::assert_snapshot!(yaml_error("{apiVersion: v1, kind: SecretList, items: [{metadata: {name: a, creationTimestamp: hunter2}}]}"), @"Secret a: items[0].metadata.creationTimestamp is [elided], but should be a time in RFC 3339, such as 2026-11-22T09:30:00Z");
        insta::assert_snapshot!(yaml_error("{apiVersion: hunter2, kind: Secret, metadata: hunter2}\n---\n{apiVersion: v1, kind: Secret, metadata: hunter2}"), @"Secret: metadata is [elided], but should be an object");
    }

    #[test]
    fn typed_secret_elides_parser_messages() {
        for yaml in
            ["stringData: {pw: !!int hunter2}", "data: {pw: !!bool hunter2}", "data: !!int hunter2"]
        {
            let error = yaml_serde::from_str::<Secret>(yaml).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn limits_are_named_inside_a_secret() {
        let yaml = "{kind: Secret, stringData: {pw: hunter2}}";
        let limits = DocumentLimits { size: 150, ..DocumentLimits::default() };
        let error = limits.deserialize(yaml_serde::Deserializer::from_str(yaml)).unwrap_err();
        assert!(error.to_string().contains("DocumentLimits::size"), "{error}");
    }
}

#[test]
fn control_characters_in_a_path_are_escaped() {
    let json = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},
        "data":{"\u001b[31m\nerror: x":1}}"#;
    let error = read_json(json).unwrap_err();
    insta::assert_snapshot!(error, @r"ConfigMap a: data['\u{1b}[31m\nerror: x'] is 1, but should be a string");
    let ObjectError::Field { error, .. } = error else { panic!("{error}") };
    insta::assert_snapshot!(error.path(), @r"data['\u{1b}[31m\nerror: x']");
}

mod numbers {
    use super::*;

    fn cpu_limit(number: &str) -> Result<Quantity, String> {
        let pod = format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"web","namespace":"default"}},
                "spec":{{"containers":[{{"name":"app","resources":{{"limits":{{"cpu":{number}}}}}}}]}}}}"#
        );
        let direct = serde_json::from_str::<Pod>(&pod).map_err(|error| error.to_string());
        let pod = match read_json(&pod) {
            Ok(objects) => objects.pods.iter().next().cloned().unwrap(),
            Err(error) => {
                assert!(direct.is_err(), "{number} is read directly");
                return Err(error.to_string());
            }
        };
        assert_eq!(direct.as_ref(), Ok(&pod));
        Ok(pod.spec.containers[0].resources.limits["cpu"].clone())
    }

    #[test]
    fn quantity_may_be_a_number() {
        for number in ["0", "2", "-1", "0.5", "1.25", "18446744073709551615", "1e3"] {
            let quantity: Quantity = number.parse().unwrap();
            assert_eq!(cpu_limit(number).unwrap().value(), quantity.value(), "{number}");
        }
    }

    /// With `arbitrary_precision` the digits are there.
    #[test]
    fn number_that_may_have_lost_digits_is_rejected() {
        for number in ["99999999999999999999999", "0.12345678901234567", "36893488147419103232"] {
            match cpu_limit(number) {
                Ok(quantity) => assert_eq!(quantity.to_string(), number),
                Err(error) => assert!(error.contains("in quotes"), "{error}"),
            }
        }
    }

    #[test]
    fn yaml_number_beyond_64_bits_keeps_its_digits() {
        let yaml = "{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [{max: {memory: 99999999999999999999999}}]}}";
        let objects = read_yaml(yaml).unwrap();
        let range = objects.limit_ranges.iter().next().unwrap();
        assert_eq!(range.spec.limits[0].max["memory"].to_string(), "99999999999999999999999");
    }

    #[test]
    fn number_is_not_a_map() {
        for json in [
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"stringData":5}"#,
            r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":5}"#,
            r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":5e400}"#,
        ] {
            let Ok(document) = serde_json::from_str::<Document>(json) else { continue };
            assert!(Objects::default().add(document).is_err(), "{json}");
        }
        assert!(serde_json::from_str::<Secret>(r#"{"stringData":5}"#).is_err());
    }

    #[test]
    fn number_beyond_64_bits_is_not_a_port() {
        let json = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":99999999999999999999999}]}}"#;
        let error = read_json(json).unwrap_err().to_string();
        assert!(
            error.contains("(expected a port number") || error.contains("a port number"),
            "{error}"
        );
    }
}

#[test]
fn document_is_read_from_a_value() {
    let value = serde_json::json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}});
    let document: Document = serde_json::from_value(value).unwrap();
    let mut objects = Objects::default();
    objects.add(document).unwrap();
    assert_eq!(objects.nodes.len(), 1);
}

mod conversion {
    use k8s_openapi::ByteString;
    use k8s_openapi::api::core::v1;
    use k8s_openapi::apimachinery::pkg::api::resource;
    use kubelet_env::api::{Node, Service};
    use kubelet_env::objects::convert;

    use super::*;

    #[test]
    fn error_names_the_object_and_the_path() {
        let mut theirs = v1::Service::default();
        theirs.metadata.namespace = Some("default".to_owned());
        theirs.metadata.name = Some("web".to_owned());
        let port = |port| v1::ServicePort { port, ..Default::default() };
        theirs.spec.get_or_insert_default().ports = Some(vec![port(80), port(70_000)]);
        insta::assert_snapshot!(convert::<Service>(&theirs).unwrap_err(), @"Service default/web: spec.ports[1].port is 70000, but should be a port number from 1 to 65535");

        theirs.spec.get_or_insert_default().ports = Some(vec![port(80)]);
        let expected = Service::new("default", "web").with_port(80).unwrap();
        assert_eq!(convert(&theirs), Ok(expected));
    }

    #[test]
    fn another_kind_is_rejected() {
        let mut theirs = v1::Service::default();
        theirs.metadata.name = Some("web".to_owned());
        insta::assert_snapshot!(convert::<Pod>(&theirs).unwrap_err(), @r#"Service web: kind is "Service", but should be Pod"#);
    }

    #[test]
    fn secret_is_elided() {
        let mut theirs = v1::Secret::default();
        theirs.metadata.name = Some("login".to_owned());
        theirs.data = Some([("PW".to_owned(), ByteString(b"hunter2".into()))].into());
        let ours: Secret = convert(&theirs).unwrap();
        assert_eq!(ours.data["PW"].as_bytes(), b"hunter2");

        let json = serde_json::json!({"kind": "Secret", "metadata": {"name": "a"}, "data": {"PW": "hunter2"}});
        insta::assert_snapshot!(convert::<Secret>(&json).unwrap_err(), @"Secret a: data.PW is [elided], but should be a string in base64");
    }

    #[test]
    fn values_of_any_type_are_read() {
        let mut theirs = v1::Node::default();
        let cpu = resource::Quantity("2".to_owned());
        theirs.status.get_or_insert_default().allocatable = Some([("cpu".to_owned(), cpu)].into());
        let ours: Node = convert(&theirs).unwrap();
        assert_eq!(ours.status.allocatable["cpu"].value(), Ok(2));

        // Numbers of serde_json keep their digits if it does.
        let json =
            serde_json::json!({"status": {"allocatable": {"cpu": 0.5, "memory": 1_u64 << 40}}});
        let ours: Node = convert(&json).unwrap();
        assert_eq!(ours.status.allocatable["cpu"].milli_value(), Ok(500));
        assert_eq!(ours.status.allocatable["memory"].value(), Ok(1 << 40));
        assert_eq!(ours, serde_json::from_value(json).unwrap());

        assert_eq!(convert(&Node::new("worker")), Ok(Node::new("worker")));
    }
}
