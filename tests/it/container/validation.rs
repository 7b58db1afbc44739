//! Validation of entries as the API server does it.

use kubelet_env::Release;
use kubelet_env::api::Container;
use kubelet_env::container::validate_env;

use crate::support::yaml;

fn violations(container: &str) -> Vec<String> {
    fields(container, Release::NEWEST)
}

fn fields(container: &str, release: Release) -> Vec<String> {
    let container: Container = yaml(&format!("{{{container}}}"));
    let violations = validate_env(&container, release);
    assert!(violations.iter().all(|violation| !violation.problem.to_string().is_empty()));
    violations.into_iter().map(|violation| violation.field).collect()
}

fn of_source(source: &str) -> Vec<String> {
    violations(&format!("env: [{{name: A, valueFrom: {{{source}}}}}]"))
}

fn of_field(path: &str) -> Vec<String> {
    of_source(&format!("fieldRef: {{fieldPath: \"{path}\"}}"))
}

fn of_divisor(resource: &str, divisor: &str) -> Vec<String> {
    of_source(&format!("resourceFieldRef: {{resource: {resource}, divisor: {divisor}}}"))
}

#[test]
fn names_follow_the_release() {
    let env = "env: [{name: ''}, {name: 'A=B'}, {name: 1A}, {name: A.b-c}], envFrom: [{prefix: '1 ', secretRef: {name: s}}]";
    assert_eq!(violations(env), ["env[0].name", "env[1].name"]);
    let strict = fields(env, "1.31".parse().unwrap());
    assert_eq!(strict, ["env[0].name", "env[1].name", "env[2].name", "envFrom[0].prefix"]);
}

#[test]
fn entry_has_one_source() {
    assert_eq!(of_source(""), ["env[0].valueFrom"]);
    let both = "fieldRef: {fieldPath: metadata.name}, secretKeyRef: {name: s, key: k}";
    assert_eq!(of_source(both), ["env[0].valueFrom"]);
    let beside = "env: [{name: A, value: x, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]";
    assert_eq!(violations(beside), ["env[0].valueFrom"]);
    assert!(violations("env: [{name: A}, {name: B, value: x}]").is_empty());
}

#[test]
fn fields_are_those_of_variables() {
    for path in [
        "metadata.name",
        "metadata.uid",
        "spec.nodeName",
        "spec.host",
        "spec.serviceAccountName",
        "status.hostIPs",
        "status.podIP",
        "metadata.labels['a/b']",
        "metadata.annotations['Example.com/A']",
    ] {
        assert!(of_field(path).is_empty(), "{path}");
    }
    for path in
        ["metadata.labels", "metadata.annotations", "status.phase", "spec.x", "metadata.name['a']"]
    {
        assert_eq!(of_field(path), ["env[0].valueFrom.fieldRef.fieldPath"], "{path}");
    }
    assert_eq!(of_field(""), ["env[0].valueFrom.fieldRef.fieldPath"]);
    assert_eq!(of_field("metadata.labels['a b']"), ["env[0].valueFrom.fieldRef"]);
    let version = "fieldRef: {apiVersion: v2, fieldPath: metadata.name}";
    assert_eq!(of_source(version), ["env[0].valueFrom.fieldRef.fieldPath"]);
}

#[test]
fn divisors_are_those_of_the_resource() {
    for (resource, divisor) in [
        ("limits.cpu", "1m"),
        ("requests.cpu", "1000m"),
        ("limits.cpu", "0.001"),
        ("limits.memory", "1Ki"),
        ("requests.memory", "1000"),
        ("limits.ephemeral-storage", "1Ei"),
        ("limits.hugepages-2Mi", "1Mi"),
        ("limits.memory", "0"),
    ] {
        assert!(of_divisor(resource, divisor).is_empty(), "{resource} {divisor}");
    }
    for (resource, divisor) in [
        ("limits.cpu", "2"),
        ("limits.cpu", "1k"),
        ("limits.memory", "1m"),
        ("limits.memory", "1024"),
        ("requests.memory", "2Mi"),
        ("limits.memory", "'1e3'"),
    ] {
        let expected = ["env[0].valueFrom.resourceFieldRef.divisor"];
        assert_eq!(of_divisor(resource, divisor), expected, "{resource} {divisor}");
    }
    let expected = ["env[0].valueFrom.resourceFieldRef.resource"];
    for resource in ["pods", "limits.pods", "cpu", "''"] {
        assert_eq!(of_divisor(resource, "1"), expected, "{resource}");
    }
}

#[test]
fn references_are_complete() {
    let paths = |kind: &str, fields: &[&str]| -> Vec<String> {
        fields.iter().map(|field| format!("env[0].valueFrom.{kind}.{field}")).collect()
    };
    for kind in ["configMapKeyRef", "secretKeyRef"] {
        assert_eq!(of_source(&format!("{kind}: {{}}")), paths(kind, &["name", "key"]));
        for key in ["a b", "..", "..a", "."] {
            let source = format!("{kind}: {{name: n, key: '{key}'}}");
            assert_eq!(of_source(&source), paths(kind, &["key"]));
        }
        let source = format!("{kind}: {{name: 'A b', key: k}}");
        assert_eq!(of_source(&source), paths(kind, &["name"]));
    }
    let file =
        |path: &str| of_source(&format!("fileKeyRef: {{volumeName: v, path: {path}, key: K}}"));
    for path in ["a/..b/c.env", "/a", "..a"] {
        assert!(file(path).is_empty(), "{path}");
    }
    for path in ["a/../b", "../a", "..", "''"] {
        assert_eq!(file(path), paths("fileKeyRef", &["path"]), "{path}");
    }
    let elsewhere = "fileKeyRef: {volumeName: a.b, path: a, key: 'A='}";
    assert_eq!(of_source(elsewhere), paths("fileKeyRef", &["key", "volumeName"]));
    assert_eq!(of_source("fileKeyRef: {}"), paths("fileKeyRef", &["key", "volumeName", "path"]));
}

#[test]
fn env_from_has_one_source() {
    let references = "envFrom: [{configMapRef: {}}, {secretRef: {name: 'A b'}}]";
    assert_eq!(
        violations(references),
        ["envFrom[0].configMapRef.name", "envFrom[1].secretRef.name"]
    );
    for name in ["a-", "_-", "a.-"] {
        assert!(violations(&format!("envFrom: [{{secretRef: {{name: {name}}}}}]")).is_empty());
    }
    for name in ["'-'", "é-", "_a-"] {
        let source = format!("envFrom: [{{secretRef: {{name: {name}}}}}]");
        assert_eq!(violations(&source), ["envFrom[0].secretRef.name"], "{name}");
    }
    assert_eq!(violations("envFrom: [{prefix: P_}]"), ["envFrom"]);
    let both = "envFrom: [{configMapRef: {name: c}, secretRef: {name: s}}]";
    assert_eq!(violations(both), ["envFrom"]);
}
