//! Merge keys of YAML 1.1.

use kubelet_env::{Document, Objects};
use serde::Deserialize;

fn data(data: &str) -> Result<Vec<(String, String)>, String> {
    let yaml = format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c}}, x: &m {{A: 1, B: 2}}, data: {data}}}").replace("1", "'1'").replace("v'1'", "v1").replace("2", "'2'");
    let deserializer = yaml_serde::Deserializer::from_str(&yaml);
    let document = Document::deserialize(deserializer).map_err(|error| error.to_string())?;
    let mut objects = Objects::default();
    objects.add(document).map_err(|error| error.to_string())?;
    Ok(objects
        .config_maps
        .in_namespace("default")
        .get("c")
        .unwrap()
        .data
        .clone()
        .into_iter()
        .collect())
}

fn pairs(pairs: &[(&str, &str)]) -> Result<Vec<(String, String)>, String> {
    Ok(pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect())
}

#[test]
fn merges_maps() {
    assert_eq!(data("{<<: *m, C: 2}"), pairs(&[("A", "1"), ("B", "2"), ("C", "2")]));
    assert_eq!(data("{<<: *m, A: 2}"), pairs(&[("A", "2"), ("B", "2")]));
    assert_eq!(data("{C: 2, <<: {D: 1}}"), pairs(&[("C", "2"), ("D", "1")]));
}

#[test]
fn first_of_several_maps_wins() {
    assert_eq!(data("{<<: [{A: 2}, *m]}"), pairs(&[("A", "2"), ("B", "2")]));
}

#[test]
fn rejects_what_cannot_be_merged() {
    let error = |text: &str| data(text).unwrap_err();
    assert!(error("{A: 2, <<: *m}").contains("put the merge key first"));
    assert!(error("{<<: x}").contains("neither a map nor a list of maps"));
    assert!(error("{<<: [x]}").contains("neither a map nor a list of maps"));
    let twice = error("{<<: {A: 1}, <<: {B: 1}}");
    assert!(twice.contains("twice") || twice.contains("duplicate"), "{twice}");
}

#[test]
fn merges_into_objects_of_a_known_type() {
    let read = |service: &str| {
        let yaml = format!("{{apiVersion: v1, kind: Service, {service}}}");
        let document = Document::deserialize(yaml_serde::Deserializer::from_str(&yaml))
            .map_err(|error| error.to_string())?;
        let mut objects = Objects::default();
        objects.add(document).map_err(|error| error.to_string())?;
        let service = objects.services.iter().next().cloned().unwrap();
        Ok((service.metadata.name, service.spec.cluster_ip))
    };
    let expected: Result<_, String> = Ok(("web".to_owned(), "10.0.0.1".to_owned()));
    for service in [
        "<<: {metadata: {name: web}, spec: {clusterIP: 10.0.0.1}}",
        "metadata: {name: web}, <<: {spec: {clusterIP: 10.0.0.1}, status: {}}, status: {}",
        "<<: {metadata: {name: old}}, metadata: {<<: {name: web}}, spec: {<<: [{x: 1}, {clusterIP: 10.0.0.1}], x: 2}",
        "metadata: {<<: {name: old}, name: web}, spec: {<<: {clusterIP: 1}, clusterIP: 10.0.0.1}",
    ] {
        assert_eq!(read(service), expected, "{service}");
    }
    let error = |service: &str| read(service).unwrap_err();
    assert!(error("metadata: {name: a, <<: {name: b}}").contains("put the merge key first"));
    assert!(error("spec: {}, <<: {spec: {}}").contains("put the merge key first"));
    insta::assert_snapshot!(error("metadata: {name: web}, spec: {<<: {ports: [{port: 0}]}}"), @"Service web: spec.ports[0].port is 0, but should be a port number from 1 to 65535");
}
