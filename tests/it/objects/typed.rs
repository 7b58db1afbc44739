//! Objects whose type comes first are read without a tree. Both ways must agree.

use kubelet_env::objects::DocumentLimits;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::de::DeserializeSeed;
use serde_json::{Value, json};

use crate::support::documents::read_json;

/// Returns an object of each kind with the most varied fields.
fn samples() -> Vec<Value> {
    let metadata = json!({
        "annotations": {"a": "1"}, "creationTimestamp": "2026-11-22T09:30:00Z", "generateName": "g",
        "labels": {"b": "2"}, "name": "web", "namespace": "shop", "unknown": [{"x": null}],
        "ownerReferences": [{"kind": "Job", "name": "j", "controller": true}],
    });
    let template = json!({
        "metadata": {"labels": {"a": "b"}},
        "spec": {
            "containers": [{
                "command": ["sh", "-c"], "name": "app", "tty": true,
                "env": [
                    {"name": "A", "value": "1"},
                    {"name": "B", "valueFrom": {"resourceFieldRef": {"divisor": 0.5, "resource": "limits.cpu"}}},
                    {"name": "C", "valueFrom": {"secretKeyRef": {"key": "k", "name": "s", "optional": false}}},
                ],
                "resources": {"limits": {"cpu": 2, "memory": "1Gi"}},
                "securityContext": {"runAsUser": 1000},
            }],
            "enableServiceLinks": true, "status": {}, "volumes": [{"name": "v", "secret": {"secretName": "s"}}],
        },
    });
    let object = |version: &str, kind: &str, fields: Value| {
        let mut object = json!({"apiVersion": version, "kind": kind, "metadata": metadata});
        object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        object
    };
    vec![
        object(
            "v1",
            "Service",
            json!({"status": {"loadBalancer": {}}, "spec": {
                "clusterIP": "10.0.0.1", "ipFamilies": ["IPv4"], "selector": {"a": "b"}, "type": "ClusterIP",
                "ports": [{"name": "http", "port": 80, "protocol": "TCP"}, {"port": 443, "targetPort": "x"}],
            }}),
        ),
        object(
            "v1",
            "ConfigMap",
            json!({"binaryData": {"x": "eA=="}, "data": {"a": "b", "c": ""}}),
        ),
        object("v1", "Secret", json!({"data": {"a": "eA=="}, "stringData": {"b": "hunter2"}})),
        object(
            "v1",
            "Pod",
            json!({"spec": template["spec"], "status": {"podIPs": [{"ip": "1.2.3.4"}]}}),
        ),
        object(
            "v1",
            "Node",
            json!({"status": {"addresses": [{"address": "1.2.3.4", "type": "InternalIP"}], "allocatable": {"cpu": "4"}}}),
        ),
        object(
            "v1",
            "LimitRange",
            json!({"spec": {"limits": [{"default": {"cpu": "1"}, "type": "Container"}]}}),
        ),
        object("apps/v1", "Deployment", json!({"spec": {"template": template, "replicas": 3}})),
        object(
            "batch/v1",
            "Job",
            json!({"spec": {"backoffLimitPerIndex": 1, "completionMode": "Indexed", "template": template}}),
        ),
        object(
            "batch/v1",
            "CronJob",
            json!({"spec": {"jobTemplate": {"spec": {"template": template}}}}),
        ),
        object("example.com/v1", "Service", json!({"spec": {"ports": 1}})),
    ]
}

/// Returns a value that replaces another one.
fn damage() -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(""),
        json!("other"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"name": null}),
        json!([[{"a": {}}]]),
    ])
}

/// Returns the value that a path of indices leads to. The type of the object is not reached.
fn descend<'v>(mut value: &'v mut Value, path: &[Index]) -> &'v mut Value {
    for (depth, index) in path.iter().enumerate() {
        let is_leaf = match &*value {
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty() || depth == 0 && fields.len() < 3,
            _ => true,
        };
        if is_leaf {
            break;
        }
        value = match value {
            Value::Array(items) => {
                let index = index.index(items.len());
                &mut items[index]
            }
            Value::Object(fields) => {
                let names = fields.keys().filter(|name| depth > 0 || !is_type(name));
                let names: Vec<String> = names.cloned().collect();
                fields.get_mut(index.get(&names)).unwrap()
            }
            leaf => leaf,
        };
    }
    value
}

fn is_type(name: &str) -> bool {
    name == "apiVersion" || name == "kind"
}

/// Prints an object with its type before or after the other fields.
fn print(object: &Value, type_is_first: bool, repeated: Option<&Index>) -> String {
    let fields = object.as_object().unwrap();
    let print = |(name, value): (&String, &Value)| format!("{}:{value}", json!(name));
    let of_type = fields.iter().filter(|(name, _)| is_type(name)).map(print);
    let mut others: Vec<String> =
        fields.iter().filter(|(name, _)| !is_type(name)).map(print).collect();
    if let Some(index) = repeated {
        others.push(index.get(&others).clone());
    }
    let all: Vec<String> = match type_is_first {
        true => of_type.chain(others).collect(),
        false => others.into_iter().chain(of_type).collect(),
    };
    format!("{{{}}}", all.join(","))
}

proptest! {
    #[test]
    fn reading_does_not_depend_on_order(
        mut object in select(samples()),
        changes in proptest::collection::vec((proptest::collection::vec(any::<Index>(), 1..7), damage()), 0..4),
        repeated in proptest::option::weighted(0.1, any::<Index>()),
    ) {
        for (path, value) in changes {
            *descend(&mut object, &path) = value;
        }
        let typed = print(&object, true, repeated.as_ref());
        let tree = print(&object, false, repeated.as_ref());
        let [read, expected] = [&typed, &tree].map(|json| read_json(json).map_err(|error| error.to_string()));
        prop_assert_eq!(&read, &expected, "{}", typed);

        let list = |item: &str| format!(r#"{{"apiVersion":"v1","items":[{item}],"kind":"List"}}"#);
        let [item, tree_item] = [&typed, &tree].map(|json| read_json(&list(json)).map_err(|error| error.to_string()));
        prop_assert_eq!(&item, &tree_item, "{}", typed);
        prop_assert_eq!(item.is_ok(), read.is_ok());
        if object["kind"] == "Secret" && let Err(error) = read {
            prop_assert!(!error.contains("hunter2"), "{}", error);
        }
    }

    /// Every field counts, also one that the type does not have.
    #[test]
    fn size_does_not_depend_on_order(object in select(samples()), size in 0_usize..5_000) {
        let limits = DocumentLimits { size, ..DocumentLimits::default() };
        let is_within = |json: &str| limits.deserialize(&mut serde_json::Deserializer::from_str(json)).is_ok();
        let is_typed_within = is_within(&print(&object, true, None));
        prop_assert_eq!(is_typed_within, is_within(&print(&object, false, None)));
    }
}

#[test]
fn depth_does_not_depend_on_order() {
    let limits = DocumentLimits { depth: 9, ..DocumentLimits::default() };
    let of_type = r#""apiVersion":"v1","kind":"Service""#;
    for (levels, is_within) in [(7, true), (8, false)] {
        let nested = "[".repeat(levels) + &"]".repeat(levels);
        for spec in [format!(r#"{{"ports":{nested}}}"#), format!(r#"{{"x":{nested}}}"#)] {
            for json in [
                format!(r#"{{{of_type},"spec":{spec}}}"#),
                format!(r#"{{"spec":{spec},{of_type}}}"#),
            ] {
                let read = limits.deserialize(&mut serde_json::Deserializer::from_str(&json));
                assert_eq!(read.is_ok(), is_within, "{json}");
            }
        }
    }
}
