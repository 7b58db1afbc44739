//! Rules that differ between releases, each checked on both sides of the change.

use kubelet_env::api::{Container, EnvVar, Node, Pod, PodIp, PodSpec, PodStatus};
use kubelet_env::container::{EnvFiles, SkipReason, expand, validate_env};
use kubelet_env::process::{Hostname, hostname};
use kubelet_env::release::{ReleaseError, Rule};
use kubelet_env::services::validate_service;
use kubelet_env::{Facts, Form, Objects, Order, Release, compose};
use proptest::prelude::*;

use crate::support::documents::read_yaml;
use crate::support::{app_pod, service, yaml};

fn release(text: &str) -> Release {
    text.parse().unwrap()
}

#[derive(Clone)]
struct Case {
    pod: Pod,
    objects: Objects,
    node: Node,
    status: PodStatus,
    env_files: EnvFiles,
}

impl Case {
    fn new(container: &str) -> Self {
        let settings = "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, \
                        data: {COLOR: blue, 1st: first, two words: second, ..: dots}}";
        let objects = read_yaml(settings);
        let mut env_files = EnvFiles::default();
        env_files.insert("config", "app.env", "GREETING='hello'");
        Case {
            pod: app_pod("shop", yaml(container)),
            objects,
            node: yaml("status: {allocatable: {cpu: '4', memory: 8Gi}}"),
            status: PodStatus::with_ips(["10.244.0.7"]),
            env_files,
        }
    }

    fn facts(&self, release: Release) -> Facts<'_> {
        Facts {
            release,
            node: Some(&self.node),
            pod_status: Some(&self.status),
            env_files: &self.env_files,
            ..Facts::of(&self.objects)
        }
    }

    /// Returns the environment and the arguments in a release, or the error.
    fn environment_in(&self, release: Release) -> Result<String, String> {
        let composition =
            compose(&self.pod, "app", &self.facts(release)).map_err(|error| error.to_string())?;
        let bytes = composition.environment().render(Order::Kubelet, Form::Lines);
        let args: Vec<String> = composition
            .args()
            .iter()
            .map(|arg| arg.value.as_bytes().unwrap().escape_ascii().to_string())
            .collect();
        Ok(format!("{}{}", bytes.escape_ascii(), args.join(" ")))
    }
}

/// Asserts that every release before the rule gives one answer and that all others give another.
#[track_caller]
fn assert_changes<T: PartialEq + std::fmt::Debug>(
    rule: Rule,
    answer: impl Fn(Release) -> T,
    before: T,
    since: T,
) {
    let first = rule.since()[0];
    assert!(Release::OLDEST < first && first <= Release::NEWEST);
    for release in Release::known().chain(first_patches()) {
        let expected = if release.has(rule) { &since } else { &before };
        assert_eq!(&answer(release), expected, "{release}");
    }
    assert!(Release::known().all(|release| release.has(rule) == (release > first)));
}

/// The first patch of every known minor release.
fn first_patches() -> impl Iterator<Item = Release> {
    Release::known().map(|minor| release(&format!("{minor}.0")))
}

fn ok(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

#[test]
fn rules_name_their_release() {
    let table: Vec<String> = Rule::ALL
        .iter()
        .map(|rule| {
            let since: Vec<String> = rule.since().iter().map(ToString::to_string).collect();
            format!("{} {rule:?}: {}; before, {}", since.join(", "), rule.now(), rule.before())
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"), @"
    1.30.0 EnvFromKeepsEveryKey: every key of an envFrom source becomes a variable; before, a key whose full name is not a strict variable name was skipped
    1.32.0 RelaxedEnvVarNames: the API server admits any printable ASCII but `=` in the name of a variable; before, it admitted only `[-._a-zA-Z][-._a-zA-Z0-9]*`
    1.33.0 CanonicalPodIps: status.podIP and status.podIPs are printed canonically; before, they stayed as the container runtime gave them
    1.33.0 KubeletPortAdmitted: the API server admits the kubelet's port in a Service of type LoadBalancer; before, it rejected port 10250 there
    1.34.0 PodLimits: a container's missing limits are taken from the Pod's own, if it has any; before, they were taken from the Node's allocatable only
    1.34.0 StaticPodReferences: the kubelet rejects a static Pod that refers to other API objects; before, it accepted the Pod
    1.34.0 Utf8Only: creating a container fails if a value is not UTF-8; before, the container got the bytes
    1.34.4, 1.35.1 ExpansionKeepsText: `$` before a character that is not ASCII stays as it is; before, the first byte of that character was garbled
    1.34.9, 1.35.6, 1.36.2 AnyBytes: the container gets a value that is not UTF-8 as it is; before, creating the container failed
    1.35.0 EnvFiles: fileKeyRef gives the value from the env file; before, it gave the empty string
    1.35.0 HostnameOverride: spec.hostnameOverride replaces the Pod's hostname; before, it was ignored
    1.35.0 TopologyLabels: a Pod gets the labels for zone and region of its Node; before, it kept its own
    1.36.0 Dns1123ServiceNames: the API server admits Service names with a leading digit; before, it admitted only those with a leading letter
    ");
    assert!(Rule::ALL.is_sorted_by_key(|rule| rule.since()[0]));
    assert!(Rule::ALL.iter().all(|rule| rule.since().is_sorted()));
}

#[test]
fn env_from_keeps_every_key_since_1_30() {
    let case = Case::new(
        "envFrom: [{configMapRef: {name: settings}}, {prefix: X_, configMapRef: {name: settings}}]",
    );
    let kept = "..=dots\\n1st=first\\nCOLOR=blue\\ntwo words=second\\nX_..=dots\\nX_1st=first\\nX_COLOR=blue\\nX_two words=second\\n";
    let strict = "COLOR=blue\\nX_..=dots\\nX_1st=first\\nX_COLOR=blue\\n";
    assert_changes(
        Rule::EnvFromKeepsEveryKey,
        |release| case.environment_in(release),
        ok(strict),
        ok(kept),
    );
    let skipped = |release| {
        let composition = compose(&case.pod, "app", &case.facts(release)).unwrap();
        let skipped = composition.skipped().iter().map(|skipped| {
            assert_eq!(skipped.reason, SkipReason::IllegalName);
            skipped.variable.clone().unwrap()
        });
        skipped.collect::<Vec<_>>().join(",")
    };
    assert_changes(
        Rule::EnvFromKeepsEveryKey,
        skipped,
        "..,1st,two words,X_two words".to_owned(),
        String::new(),
    );
    assert_eq!(
        SkipReason::IllegalName.to_string(),
        "the name is not a variable name in this release"
    );
}

#[test]
fn skipped_keys_cannot_be_referenced() {
    let case = Case::new(
        "envFrom: [{configMapRef: {name: settings}}]\nenv: [{name: COLOR, value: $(1st)}]",
    );
    let since = ok("..=dots\\n1st=first\\ntwo words=second\\nCOLOR=first\\n");
    assert_changes(
        Rule::EnvFromKeepsEveryKey,
        |release| case.environment_in(release),
        ok("COLOR=$(1st)\\n"),
        since,
    );
}

#[test]
fn pod_ips_are_canonical_since_1_33() {
    let mut case = Case::new(
        "env: [{name: A, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: status.podIP}}}, {name: B, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: status.podIPs}}}]",
    );
    case.status = PodStatus::with_ips(["010.001.0.7", "FD00:0::7"]);
    let before = ok("A=010.001.0.7\\nB=010.001.0.7,FD00:0::7\\n");
    assert_changes(
        Rule::CanonicalPodIps,
        |release| case.environment_in(release),
        before,
        ok("A=10.1.0.7\\nB=10.1.0.7,fd00::7\\n"),
    );
}

#[test]
fn pod_limits_apply_since_1_34() {
    let mut case = Case::new(
        "env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}]",
    );
    let pod: PodSpec = yaml("resources: {limits: {cpu: 300m}}");
    case.pod.spec.resources = pod.resources;
    assert_changes(
        Rule::PodLimits,
        |release| case.environment_in(release),
        ok("A=4000\\n"),
        ok("A=300\\n"),
    );
}

#[test]
fn dollar_before_non_ascii_is_kept_since_1_34_4() {
    let expanded =
        |release| expand("$£ $x $$£ $(£)£ £$", release, |_| None).escape_ascii().to_string();
    let before = r"$\xc3\x82\xa3 $x $\xc2\xa3 $(\xc2\xa3)\xc2\xa3 \xc2\xa3$".to_owned();
    let since = r"$\xc2\xa3 $x $\xc2\xa3 $(\xc2\xa3)\xc2\xa3 \xc2\xa3$".to_owned();
    assert_changes(Rule::ExpansionKeepsText, expanded, before, since);
    let case = Case::new("env: [{name: A, value: $£}]\nargs: [$é]");
    let answer = |release| case.environment_in(release);
    assert_changes(
        Rule::ExpansionKeepsText,
        answer,
        ok(r"A=$\xc3\x82\xa3\n$\xc3\x83\xa9"),
        ok(r"A=$\xc2\xa3\n$\xc3\xa9"),
    );
}

#[test]
fn env_files_are_read_since_1_35() {
    let of_file = |path: &str| {
        Case::new(&format!(
            "env: [{{name: A, valueFrom: {{fileKeyRef: {{volumeName: config, path: {path}, key: GREETING}}}}}}]"
        ))
    };
    let (present, absent) = (of_file("app.env"), of_file("absent.env"));
    assert_changes(
        Rule::EnvFiles,
        |release| present.environment_in(release),
        ok("A=\\n"),
        ok("A=hello\\n"),
    );
    let since =
        Err(r#"Pod in shop, container app: env[0] A: fileKeyRef: the volume "config" has no file "absent.env""#
            .to_owned());
    assert_changes(Rule::EnvFiles, |release| absent.environment_in(release), ok("A=\\n"), since);
}

#[test]
fn file_key_ref_is_a_source_since_1_35() {
    let container: Container =
        yaml("{env: [{name: A, valueFrom: {fileKeyRef: {volumeName: v, path: a.env, key: K}}}]}");
    let answer = |release| {
        let violations = validate_env(&container, release);
        violations.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let before = "env[0].valueFrom must have one source";
    assert_changes(Rule::EnvFiles, answer, vec![before.to_owned()], vec![]);
}

#[test]
fn service_name_may_start_with_digit_since_1_36() {
    let service = service("default", "1password", "10.0.0.1", &["80"]);
    assert_changes(
        Rule::Dns1123ServiceNames,
        |release| validate_service(&service, release).len(),
        1,
        0,
    );
}

#[test]
fn load_balancer_may_use_the_kubelet_port_since_1_33() {
    let mut service = service("default", "kubelet", "10.0.0.1", &["10250"]);
    assert_eq!(validate_service(&service, Release::OLDEST), []);
    service.spec.type_ = "LoadBalancer".into();
    let answer = |release| {
        let violations = validate_service(&service, release);
        violations.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let before =
        "spec.ports[0] must not be 10250, the kubelet's port, in a Service of type LoadBalancer";
    assert_changes(Rule::KubeletPortAdmitted, answer, vec![before.to_owned()], vec![]);
}

#[test]
fn hostname_override_is_effective_since_1_35() {
    let mut pod = Pod::default();
    pod.metadata.name = "web-0".into();
    pod.spec.hostname_override = "db.example.com".into();
    let hostname = |release| hostname(&pod, "cluster.local", release).unwrap();
    let named = |name: &str| Hostname::Pod(name.into());
    assert_changes(Rule::HostnameOverride, hostname, named("web-0"), named("db.example.com"));
}

#[test]
fn parses_releases_as_clusters_report_them() {
    for (text, printed) in [
        ("1.33", "1.33"),
        ("v1.33", "1.33"),
        ("1.33+", "1.33"),
        ("1.33.5", "1.33.5"),
        ("v1.33.5", "1.33.5"),
        ("v1.33.5+k3s1", "1.33.5"),
        ("v1.33.5-gke.1080000", "1.33.5"),
        ("v1.33.0-rc.1+b", "1.33.0"),
    ] {
        assert_eq!(release(text).to_string(), printed);
    }
    let rejects = |text: &str| release(text).rejects_non_utf8();
    let rejecting = ["1.34.0", "1.34.8", "1.35.0", "1.35.5", "1.36.0", "1.36.1"];
    assert!(rejecting.into_iter().all(rejects));
    let passing = ["1.29", "1.33", "1.34.9", "1.34", "1.35.6", "1.35", "1.36.2", "1.36", "1.37.0"];
    assert!(!passing.into_iter().any(rejects));
    assert_eq!((Release::OLDEST, Release::NEWEST), (release("1.29"), release("1.37")));
    assert_eq!(Release::default(), Release::NEWEST);
    assert!(release("1.29.0") < release("v1.30") && release("1.9999") < release("2.0"));
}

#[test]
fn rejects_invalid_releases() {
    let texts = [
        "",
        "v",
        "1",
        "1.",
        "1.x",
        ".33",
        "V1.33",
        "vv1.33",
        "1.33.x",
        "1.33.5.6",
        " 1.33",
        "+1.33",
        "1.-33",
        "1.99999999999",
    ];
    let error = |text: &str| text.parse::<Release>().unwrap_err();
    for text in texts {
        assert_eq!(error(text), ReleaseError::Invalid { found: text.into() }, "{text:?}");
    }
    insta::assert_snapshot!(error("latest"), @r#""latest" is not a release of Kubernetes: use a form such as 1.33 or v1.33.5"#);
}

#[test]
fn rejects_old_releases() {
    for text in ["1.28", "v1.28.15", "1.0", "0.99"] {
        assert!(matches!(text.parse::<Release>(), Err(ReleaseError::TooOld { .. })), "{text}");
    }
    insta::assert_snapshot!("v1.28.15+k3s1".parse::<Release>().unwrap_err(), @"Kubernetes 1.28.15 is too old: use 1.29 or later");
}

#[test]
fn newer_release_behaves_as_the_newest() {
    for text in ["1.38", "v1.40.2", "2.0"] {
        let newer = release(text);
        assert!(newer.is_unknown());
        assert!(Rule::ALL.iter().copied().all(|rule| newer.has(rule)));
    }
    let known: Vec<String> = Release::known().map(|release| release.to_string()).collect();
    assert_eq!(known, ["1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37"]);
    assert!(Release::known().all(|release| !release.is_unknown()));
}

#[test]
fn upgrade_lists_the_rules_in_between() {
    let changes =
        |from: &str, to: &str| release(from).changes_until(release(to)).collect::<Vec<_>>();
    assert_eq!(changes("1.29", "1.37"), Rule::ALL);
    let of_first = [Rule::PodLimits, Rule::StaticPodReferences, Rule::Utf8Only];
    assert_eq!(changes("1.33", "1.34.0"), of_first);
    assert_eq!(changes("1.34.0", "1.34.4"), [Rule::ExpansionKeepsText]);
    assert_eq!(changes("1.34.4", "1.34"), [Rule::AnyBytes]);
    assert_eq!(
        changes("1.34", "1.35"),
        [Rule::EnvFiles, Rule::HostnameOverride, Rule::TopologyLabels]
    );
    assert_eq!(changes("1.34", "1.35.0"), changes("1.34", "1.35"));
    assert_eq!(changes("1.35", "1.35"), []);
    assert_eq!(changes("1.36", "1.29"), []);
    assert_eq!(changes("1.37", "1.38"), []);
}

/// Returns entries that no rule affects: strict names, ASCII values and no env files.
fn unchanged() -> impl Strategy<Value = Vec<EnvVar>> {
    let entry = prop_oneof![
        "[ -~]{0,12}".prop_map(|value| format!("value: {value:?}")),
        "(\\$\\([A-C]\\)|\\$\\$|\\$|x){0,6}".prop_map(|value| format!("value: {value:?}")),
        Just("valueFrom: {configMapKeyRef: {name: settings, key: COLOR}}".to_owned()),
        Just(
            "valueFrom: {configMapKeyRef: {name: settings, key: absent, optional: true}}"
                .to_owned()
        ),
        Just("valueFrom: {configMapKeyRef: {name: settings, key: absent}}".to_owned()),
        Just("valueFrom: {fieldRef: {apiVersion: v1, fieldPath: status.podIPs}}".to_owned()),
        Just("valueFrom: {fieldRef: {apiVersion: v1, fieldPath: metadata.labels}}".to_owned()),
        Just("valueFrom: {fieldRef: {apiVersion: v2, fieldPath: metadata.labels}}".to_owned()),
        Just("valueFrom: {resourceFieldRef: {resource: limits.memory}}".to_owned()),
    ];
    let entry =
        ("[A-C]", entry).prop_map(|(name, rest)| yaml(&format!("{{name: {name}, {rest}}}")));
    proptest::collection::vec(entry, 0..8)
}

proptest! {
    #[test]
    fn releases_agree_on_unchanged_features(env in unchanged(), v6_first in any::<bool>()) {
        let mut case = Case::new("{}");
        case.pod.spec.containers[0].env = env;
        if v6_first {
            case.status.pod_ips.insert(0, PodIp { ip: "fd00::7".into() });
        }
        let newest = case.environment_in(Release::NEWEST);
        for release in Release::known() {
            prop_assert_eq!(&case.environment_in(release), &newest);
        }
    }

    #[test]
    fn releases_round_trip(major in 2_u32.., minor: u32, patch: u32) {
        for text in [format!("{major}.{minor}"), format!("{major}.{minor}.{patch}")] {
            prop_assert_eq!(release(&text).to_string(), text);
        }
    }

    #[test]
    fn latest_patch_has_the_rules_of_all_patches(minor in 29_u32..40, patch in 0_u32..12) {
        let named = release(&format!("1.{minor}.{patch}"));
        let latest = release(&format!("1.{minor}"));
        prop_assert_eq!(named.latest_patch(), latest);
        prop_assert!(named < latest);
        prop_assert!(Rule::ALL.iter().all(|&rule| latest.has(rule) || !named.has(rule)));
    }
}
