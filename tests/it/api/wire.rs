//! The wire form of the Kubernetes objects.

use kubelet_env::Objects;
use kubelet_env::api::{
    ConfigMap, Node, Pod, Protocol, Secret, Service, ServiceSpec, Timestamp, Workload, WorkloadKind,
};
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::support::documents::assert_round_trips;
use crate::support::port_number;
use crate::support::strategies::any_service;

#[test]
fn typed_service_rejects_other_kinds() {
    let read = |json| serde_json::from_str::<Service>(json).map_err(|error| error.to_string());
    assert_eq!(read(r#"{"apiVersion":"v1","kind":"Service"}"#), Ok(Service::default()));
    insta::assert_snapshot!(read(r#"{"kind":"Pod"}"#).unwrap_err(), @r#"invalid value: string "Pod", expected Service at line 1 column 13"#);
    insta::assert_snapshot!(read(r#"{"apiVersion":"v2"}"#).unwrap_err(), @r#"invalid value: string "v2", expected v1 at line 1 column 18"#);
    insta::assert_snapshot!(read(r#"{"kind":1}"#).unwrap_err(), @"invalid type: integer `1`, expected Service at line 1 column 9");
    insta::assert_snapshot!(read(r#"{"spec":{"ports":[{"port":0}]}}"#).unwrap_err(), @"invalid value: integer `0`, expected a port number from 1 to 65535 at line 1 column 27");
}

#[test]
fn service_is_written_like_kubectl() {
    let read: Service =
        yaml_serde::from_str(include_str!("../../../examples/my-svc-nginx.yaml")).unwrap();
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

/// RFC 3339 cannot write the year before 0, which an offset to the east would reach.
#[test]
fn timestamps_round_trip() {
    for text in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        let time: Timestamp = text.parse().unwrap();
        assert_eq!(time.to_string().parse(), Ok(time), "{text} is written as {time}");
    }
    for text in ["0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"] {
        assert!(text.parse::<Timestamp>().is_err(), "{text}");
    }
}

#[test]
fn protocol_is_read_from_a_string() {
    for protocol in Protocol::ALL {
        assert_eq!(
            serde_json::from_str::<Protocol>(&format!("\"{protocol}\"")).unwrap(),
            *protocol
        );
    }
    insta::assert_snapshot!(serde_json::from_str::<Protocol>("\"\"").unwrap_err(), @r#"invalid value: string "", expected TCP, UDP or SCTP at line 1 column 2"#);
    assert_eq!(u16::from(port_number(8080)), 8080);
}

#[test]
fn string_data_overrides_data() {
    let secret: Secret = serde_json::from_str(
        r#"{"kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque",
            "stringData": {"A": "from stringData", "C": ""}, "data": {"A": "eA==", "B": "/wD+", "D": "eF\r\nl6\n", "E": "eB=="}}"#,
    )
    .unwrap();
    let value = |key: &str| secret.data[key].as_bytes();
    assert_eq!(
        (value("A"), value("B"), value("C")),
        (&b"from stringData"[..], &b"\xff\x00\xfe"[..], &b""[..])
    );
    // Like Go, the decoder ignores line ends and unused trailing bits.
    assert_eq!((value("D"), value("E")), (&b"xYz"[..], &b"x"[..]));
    assert_round_trips(&secret);
    insta::assert_snapshot!(serde_json::to_string(&secret).unwrap(), @r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"A":"ZnJvbSBzdHJpbmdEYXRh","B":"/wD+","C":"","D":"eFl6","E":"eA=="}}"#);
}

#[test]
fn binary_data_is_ignored() {
    let map: ConfigMap = serde_json::from_str(
        r#"{"metadata": {"name": "c"}, "data": {"A": "x"}, "binaryData": {"B": "eA=="}}"#,
    )
    .unwrap();
    assert_eq!(map.data.keys().collect::<Vec<_>>(), ["A"]);
    assert_round_trips(&map);
}

#[test]
fn null_equals_absent_in_every_field() {
    fn same<T: DeserializeOwned + PartialEq + std::fmt::Debug>(with_null: &str, without: &str) {
        assert_eq!(
            serde_json::from_str::<T>(with_null).unwrap(),
            serde_json::from_str::<T>(without).unwrap()
        );
        assert_eq!(
            yaml_serde::from_str::<T>(with_null).unwrap(),
            yaml_serde::from_str::<T>(without).unwrap()
        );
    }
    same::<Pod>(r#"{"metadata": null, "spec": null, "status": null}"#, "{}");
    same::<Pod>(
        r#"{"metadata": {"name": null, "labels": null, "creationTimestamp": null},
            "spec": {"containers": [{"name": "a", "command": null, "env": null, "envFrom": null, "resources": null}],
                     "initContainers": null, "enableServiceLinks": null, "nodeName": null},
            "status": {"podIP": null, "podIPs": null}}"#,
        r#"{"spec": {"containers": [{"name": "a"}]}}"#,
    );
    same::<Pod>(
        r#"{"spec": {"containers": [{"env": [{"name": "A", "value": null, "valueFrom": null},
            {"name": "B", "valueFrom": {"fieldRef": null, "resourceFieldRef": {"resource": "limits.cpu", "divisor": null}}}],
            "envFrom": [{"prefix": null, "configMapRef": {"name": "c", "optional": null}, "secretRef": null}]}]}}"#,
        r#"{"spec": {"containers": [{"env": [{"name": "A"}, {"name": "B", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}],
            "envFrom": [{"configMapRef": {"name": "c"}}]}]}}"#,
    );
    same::<ConfigMap>(r#"{"data": null, "metadata": null}"#, "{}");
    same::<Secret>(r#"{"data": null, "stringData": null}"#, "{}");
    same::<Secret>(r#"{"data": {"A": null}}"#, r#"{"stringData": {"A": ""}}"#);
    same::<Node>(r#"{"status": {"addresses": null, "allocatable": null}}"#, "{}");
    for &kind in WorkloadKind::ALL {
        same::<Workload>(
            &format!(
                r#"{{"kind": "{kind}", "metadata": null, "spec": {{"template": null, "jobTemplate": null}}}}"#
            ),
            &format!(r#"{{"kind": "{kind}"}}"#),
        );
    }
}

#[test]
fn workload_omits_empty_fields() {
    let bare: Workload =
        serde_json::from_str(r#"{"apiVersion":"apps/v1","kind":"Deployment"}"#).unwrap();
    insta::assert_snapshot!(serde_json::to_string(&bare).unwrap(), @r#"{"apiVersion":"apps/v1","kind":"Deployment","spec":{}}"#);
    insta::assert_snapshot!(serde_json::from_str::<Workload>(r#"{"apiVersion":"v1","kind":7}"#).unwrap_err(), @"invalid type: integer `7`, expected a string at line 1 column 27");
    insta::assert_snapshot!(serde_json::from_str::<Workload>(r#"{"apiVersion":"v1","kind":"Service"}"#).unwrap_err(), @r#"invalid value: string "Service", expected the kind of a workload, such as Deployment"#);
    insta::assert_snapshot!(serde_json::from_str::<Workload>(r#"{"apiVersion":"v1","kind":"Deployment"}"#).unwrap_err(), @r#"invalid value: string "v1", expected apps/v1"#);
    for without in [r#"{"kind":"Deployment"}"#, r#"{"apiVersion":"","kind":"Deployment"}"#] {
        assert_eq!(serde_json::from_str::<Workload>(without).unwrap(), bare);
    }
    for without in ["{}", r#"{"kind":""}"#, r#"{"kind":null}"#] {
        assert!(
            serde_json::from_str::<Workload>(without)
                .unwrap_err()
                .to_string()
                .starts_with("missing field `kind`")
        );
    }
}

#[test]
fn classifies_services_by_cluster_ip() {
    let classify = |cluster_ip: &str, type_: &str| {
        let spec = ServiceSpec {
            cluster_ip: cluster_ip.into(),
            type_: type_.into(),
            ..ServiceSpec::default()
        };
        let service = Service { spec, ..Service::default() };
        [
            service.has_cluster_ip(),
            service.awaits_cluster_ip(),
            service.is_headless(),
            service.is_external_name(),
        ]
    };
    assert_eq!(classify("10.0.0.1", "ClusterIP"), [true, false, false, false]);
    assert_eq!(classify("", ""), [false, true, false, false]);
    assert_eq!(classify("None", "ClusterIP"), [false, false, true, false]);
    assert_eq!(classify("", "ExternalName"), [false, false, false, true]);
}

proptest! {
    #[test]
    fn config_maps_and_secrets_round_trip(
        texts in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..4),
        bytes in proptest::collection::btree_map(any::<String>(), any::<Vec<u8>>(), 0..4),
    ) {
        let map = ConfigMap { data: texts, ..ConfigMap::default() };
        prop_assert_eq!(
            &ConfigMap::deserialize(serde_json::to_value(&map).unwrap()).unwrap(),
            &map
        );
        let data = bytes.into_iter().map(|(key, value)| (key, value.into())).collect();
        let secret = Secret { data, ..Secret::default() };
        prop_assert_eq!(
            &Secret::deserialize(serde_json::to_value(&secret).unwrap()).unwrap(),
            &secret
        );
    }

    #[test]
    fn services_round_trip(service in any_service()) {
        let json = serde_json::to_string(&service).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Service>(&json).unwrap(), &service);
        let yaml = yaml_serde::to_string(&service).unwrap();
        prop_assert_eq!(&yaml_serde::from_str::<Service>(&yaml).unwrap(), &service);

        prop_assume!(!service.metadata.name.is_empty());
        let objects: Objects = serde_json::from_str(&json).unwrap();
        prop_assert!(objects.services.iter().eq([&service]));
        prop_assert_eq!(&yaml_serde::from_str::<Objects>(&yaml).unwrap(), &objects);
        let again = serde_json::to_string(objects.services.iter().next().unwrap()).unwrap();
        prop_assert_eq!(again, json);
    }
}
