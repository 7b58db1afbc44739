//! Changes that an upgrade of Kubernetes makes to a container.

use kubelet_env::api::{Pod, PodStatus, Secret};
use kubelet_env::container::EnvFiles;
use kubelet_env::inspect::{Upgrade, UpgradeSubject, upgrade};
use kubelet_env::{Facts, Objects, Release};

use crate::support::{env_var, pod_with_env, yaml};

const POD: &str = "
metadata: {name: web-0, namespace: shop}
spec:
  containers:
  - name: app
    command: [serve, $£]
    envFrom: [{secretRef: {name: login}}]
    env:
    - {name: PRICE, value: $£5}
    - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    - {name: FEATURES, valueFrom: {fileKeyRef: {volumeName: files, path: app.env, key: FEATURES}}}
    - {name: STAYS, value: the same}
";

/// Returns the changes between two releases as lines. `file` is the content of the env file, if
/// any.
fn changes(from: &str, to: &str, file: Option<&str>) -> String {
    let pod: Pod = yaml(POD);
    let login: Secret =
        yaml("{metadata: {name: login, namespace: shop}, stringData: {USER: amy, 1ST: canary-77}}");
    let objects = Objects { secrets: [login].into_iter().collect(), ..Objects::default() };
    let status = PodStatus::with_ips(["010.1.0.7"]);
    let mut env_files = EnvFiles::default();
    if let Some(content) = file {
        env_files.insert("files", "app.env", content);
    }
    let facts = Facts {
        release: from.parse().unwrap(),
        pod_status: Some(&status),
        env_files: &env_files,
        ..Facts::of(&objects)
    };
    upgrade(&pod.with_defaults(), "app", &facts, to.parse().unwrap()).to_string()
}

#[test]
fn changes_name_release_and_reason() {
    insta::assert_snapshot!(changes("1.29", "1.36", Some("FEATURES='gifts'\n")), @r"
    1.30: 1ST is new: [elided] (new in 1.30: every key of an envFrom source becomes a variable)
    1.33: POD_IP changes from 010.1.0.7 to 10.1.0.7 (new in 1.33: status.podIP and status.podIPs are printed canonically)
    1.34: PRICE changes from $\xc3\x82\xa35 to $£5 (new in 1.34: a container's missing limits are taken from the Pod's own, if it has any; `$` before a character that is not ASCII stays as it is)
    1.34: command[1] changes from $\xc3\x82\xa3 to $£ (new in 1.34: a container's missing limits are taken from the Pod's own, if it has any; `$` before a character that is not ASCII stays as it is)
    1.35: FEATURES changes from  to [elided] (new in 1.35: fileKeyRef gives the value from the env file)
    ");
}

#[test]
fn reports_newly_rejected_containers() {
    insta::assert_snapshot!(changes("1.34", "1.35", None), @r#"1.35: the container is rejected: Pod shop/web-0, container app: env[2] FEATURES: fileKeyRef: the volume "files" is not known (new in 1.35: fileKeyRef gives the value from the env file)"#);
}

/// A garbled text is longer, so a limit may lie between the two lengths.
#[test]
fn reports_newly_accepted_containers() {
    let text = "spec: {containers: [{name: app, env: [{name: PRICE, value: $£5}]}]}";
    let pod = yaml::<Pod>(text).with_defaults();
    let objects = Objects::default();
    let upgrade_with = |size_limit| {
        let facts = Facts { release: "1.33".parse().unwrap(), size_limit, ..Facts::of(&objects) };
        upgrade(&pod, "app", &facts, Release::NEWEST)
    };
    let accepts = |upgrade: &Upgrade| {
        upgrade.changes.iter().any(|change| change.before.is_some() && change.after.is_none())
    };
    insta::assert_snapshot!((0..400).map(upgrade_with).find(accepts).unwrap(), @"1.34: the container is no longer rejected: Pod, container app: env[0] PRICE: the environment, command and arguments are larger than 275 bytes (Facts::size_limit) (new in 1.34: a container's missing limits are taken from the Pod's own, if it has any; `$` before a character that is not ASCII stays as it is)");
    assert_eq!(UpgradeSubject::Container.to_string(), "the container");
}

#[test]
fn patches_have_rules_of_their_own() {
    let changes = |from: &str, to: &str| changes(from, to, Some("FEATURES='gifts'\n"));
    insta::assert_snapshot!(changes("1.33", "1.34.0"), @"1.34.0: the container is rejected: container app: PRICE is not UTF-8, which this release cannot hand to the container runtime (new in 1.34.0: a container's missing limits are taken from the Pod's own, if it has any; creating a container fails if a value is not UTF-8)");
    insta::assert_snapshot!(changes("1.34.3", "1.34.4"), @"1.34.4: the container is no longer rejected: container app: PRICE is not UTF-8, which this release cannot hand to the container runtime (new in 1.34.4: `$` before a character that is not ASCII stays as it is)");
    insta::assert_snapshot!(changes("1.34.4", "1.35.0"), @"1.35.0: the container is rejected: container app: PRICE is not UTF-8, which this release cannot hand to the container runtime (new in 1.35.0: not yet: `$` before a character that is not ASCII stays as it is; not yet: the container gets a value that is not UTF-8 as it is; fileKeyRef gives the value from the env file)");
    assert_eq!(changes("1.34.4", "1.34.8"), "");
}

#[test]
fn reports_changed_reasons_of_rejection() {
    assert_eq!(changes("1.35", "1.36", None), "");
    let changes_since = |from: &str, env: &str| {
        let pod: Pod = yaml(&format!("spec: {{containers: [{{name: app, env: [{env}]}}]}}"));
        let objects = Objects::default();
        let facts = Facts { release: from.parse().unwrap(), ..Facts::of(&objects) };
        upgrade(&pod.with_defaults(), "app", &facts, Release::NEWEST).to_string()
    };
    let absent = "{name: A, valueFrom: {configMapKeyRef: {name: absent, key: k}}}";
    assert_eq!(changes_since("1.29", absent), "");
    let in_file = "{name: F, valueFrom: {fileKeyRef: {volumeName: files, path: app.env, key: K}}}";
    insta::assert_snapshot!(changes_since("1.29", &format!("{in_file}, {absent}")), @"1.35: the container is rejected for another reason (new in 1.35: fileKeyRef gives the value from the env file)");
}

#[test]
fn reports_nothing_between_equal_releases() {
    assert_eq!(changes("1.30", "1.32", None), "");
    assert_eq!(changes("1.35", "1.36", Some("FEATURES='gifts'\n")), "");
    assert_eq!(changes("1.36", "1.99", Some("FEATURES='gifts'\n")), "");
    let newest = Release::NEWEST.to_string();
    assert_eq!(changes(&newest, "1.29", Some("FEATURES='gifts'\n")), "");
}

#[test]
fn changes_round_trip_through_json() {
    let pod = pod_with_env(vec![env_var("PRICE", "$£5")]);
    let objects = Objects::default();
    let facts = Facts { release: "1.33".parse().unwrap(), ..Facts::of(&objects) };
    let upgrade = upgrade(&pod, "app", &facts, Release::NEWEST);
    let json = serde_json::to_string(&upgrade).unwrap();
    assert_eq!(serde_json::from_str::<Upgrade>(&json).unwrap(), upgrade);
    insta::assert_snapshot!(json, @r#"{"changes":[{"release":"1.34","rules":["podLimits","expansionKeepsText"],"subject":{"variable":"PRICE"},"before":{"escaped":"$\\xc3\\x82\\xa35"},"after":{"text":"$£5"}}]}"#);
}

#[test]
fn lists_variables_by_name() {
    let env = ["B", "A", "C"].map(|name| env_var(name, "$£"));
    let objects = Objects::default();
    let facts = Facts { release: "1.33".parse().unwrap(), ..Facts::of(&objects) };
    let upgrade = upgrade(&pod_with_env(env.into()), "app", &facts, Release::NEWEST);
    let subjects = upgrade.changes.iter().map(|change| change.subject.to_string());
    assert_eq!(subjects.collect::<String>(), "ABC");
}
