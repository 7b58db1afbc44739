//! What differs between releases, each with its neighbours on both sides of the change.

use kubelet_env::api::{Container, EnvVar, Node, Pod, PodIp, PodMeta, PodSpec, PodStatus, Service};
use kubelet_env::container::{EnvFiles, SkipReason, expand};
use kubelet_env::release::{ReleaseError, Rule};
use kubelet_env::services::validate_service;
use kubelet_env::{Facts, Form, Objects, Order, Release, compose};
use proptest::prelude::*;
use serde::Deserialize;

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
        let app = Container { name: "app".into(), ..yaml_serde::from_str(container).unwrap() };
        let metadata = PodMeta { namespace: "shop".into(), ..PodMeta::default() };
        let spec = PodSpec { containers: vec![app], ..PodSpec::default() };
        let settings = "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, \
                        data: {COLOR: blue, 1st: first, two words: second, ..: dots}}";
        let mut objects = Objects::default();
        objects
            .add(
                kubelet_env::Document::deserialize(yaml_serde::Deserializer::from_str(settings))
                    .unwrap(),
            )
            .unwrap();
        let mut env_files = EnvFiles::default();
        env_files.insert("config", "app.env", "GREETING='hello'");
        Case {
            pod: Pod { metadata, spec, ..Pod::default() }.with_defaults(),
            objects,
            node: yaml_serde::from_str("status: {allocatable: {cpu: '4', memory: 8Gi}}").unwrap(),
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

    /// The whole environment, or why there is none.
    fn in_release(&self, release: Release) -> Result<String, String> {
        let composition =
            compose(&self.pod, "app", &self.facts(release)).map_err(|error| error.to_string())?;
        let bytes = composition.environment().render(Order::Kubelet, Form::Lines);
        let args: Vec<String> = composition
            .args()
            .iter()
            .map(|arg| arg.value.as_bytes().escape_ascii().to_string())
            .collect();
        Ok(format!("{}{}", bytes.escape_ascii(), args.join(" ")))
    }
}

/// The last release before the rule gives one answer, and so do all before it; the first release
/// with it gives the other, and so do all after it.
#[track_caller]
fn changes<T: PartialEq + std::fmt::Debug>(
    rule: Rule,
    answer: impl Fn(Release) -> T,
    before: T,
    since: T,
) {
    assert!(Release::OLDEST < rule.since() && rule.since() <= Release::NEWEST);
    for release in Release::known() {
        let expected = if release < rule.since() { &before } else { &since };
        assert_eq!(&answer(release), expected, "{release}");
        assert_eq!(release.has(rule), release >= rule.since());
    }
}

fn ok(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

#[test]
fn every_rule_is_in_the_table_with_its_release() {
    let table: Vec<String> = Rule::ALL
        .iter()
        .map(|rule| format!("{} {rule:?}: {}; before, {}", rule.since(), rule.now(), rule.before()))
        .collect();
    insta::assert_snapshot!(table.join("\n"), @"
    1.30 EnvFromKeepsEveryKey: every key of an envFrom source becomes a variable; before, a key whose full name is not a strict variable name was skipped
    1.32 RelaxedEnvVarNames: the API server admits any printable ASCII but `=` in the name of a variable; before, it admitted only `[-._a-zA-Z][-._a-zA-Z0-9]*`
    1.33 CanonicalPodIps: status.podIP and status.podIPs are printed canonically; before, they stayed as the container runtime gave them
    1.34 PodLimits: a container's missing limits are taken from the Pod's own, if it has any; before, they were taken from the Node's allocatable only
    1.35 ExpansionKeepsText: `$` before a character that is not ASCII stays as it is; before, the first byte of that character was garbled
    1.35 EnvFiles: fileKeyRef gives the value from the env file; before, it gave the empty string
    1.36 Dns1123ServiceNames: the API server admits Service names with a leading digit; before, it admitted only those with a leading letter
    ");
    assert!(Rule::ALL.windows(2).all(|pair| pair[0].since() <= pair[1].since()));
}

#[test]
fn from_1_30_every_key_of_env_from_is_kept() {
    let case = Case::new(
        "envFrom: [{configMapRef: {name: settings}}, {prefix: X_, configMapRef: {name: settings}}]",
    );
    let kept = "..=dots\\n1st=first\\nCOLOR=blue\\ntwo words=second\\nX_..=dots\\nX_1st=first\\nX_COLOR=blue\\nX_two words=second\\n";
    let strict = "COLOR=blue\\nX_..=dots\\nX_1st=first\\nX_COLOR=blue\\n";
    changes(Rule::EnvFromKeepsEveryKey, |release| case.in_release(release), ok(strict), ok(kept));
    let skipped = |release| {
        let composition = compose(&case.pod, "app", &case.facts(release)).unwrap();
        let skipped = composition.skipped().iter().map(|skipped| {
            assert_eq!(skipped.reason, SkipReason::IllegalName);
            skipped.variable.clone().unwrap()
        });
        skipped.collect::<Vec<_>>().join(",")
    };
    changes(
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
fn what_is_skipped_cannot_be_referred_to() {
    let case = Case::new(
        "envFrom: [{configMapRef: {name: settings}}]\nenv: [{name: COLOR, value: $(1st)}]",
    );
    let since = ok("..=dots\\n1st=first\\ntwo words=second\\nCOLOR=first\\n");
    changes(
        Rule::EnvFromKeepsEveryKey,
        |release| case.in_release(release),
        ok("COLOR=$(1st)\\n"),
        since,
    );
}

#[test]
fn from_1_33_the_pod_s_addresses_are_canonical() {
    let mut case = Case::new(
        "env: [{name: A, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: status.podIP}}}, {name: B, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: status.podIPs}}}]",
    );
    case.status = PodStatus::with_ips(["010.001.0.7", "FD00:0::7"]);
    let before = ok("A=010.001.0.7\\nB=010.001.0.7,FD00:0::7\\n");
    changes(
        Rule::CanonicalPodIps,
        |release| case.in_release(release),
        before,
        ok("A=10.1.0.7\\nB=10.1.0.7,fd00::7\\n"),
    );
}

#[test]
fn from_1_34_missing_limits_are_the_pod_s() {
    let mut case = Case::new(
        "env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}]",
    );
    let pod: PodSpec = yaml_serde::from_str("resources: {limits: {cpu: 300m}}").unwrap();
    case.pod.spec.resources = pod.resources;
    changes(Rule::PodLimits, |release| case.in_release(release), ok("A=4000\\n"), ok("A=300\\n"));
}

#[test]
fn from_1_35_a_dollar_before_a_character_that_is_not_ascii_stays() {
    let expanded =
        |release| expand("$£ $x $$£ $(£)£ £$", release, |_| None).escape_ascii().to_string();
    let before = r"$\xc3\x82\xa3 $x $\xc2\xa3 $(\xc2\xa3)\xc2\xa3 \xc2\xa3$".to_owned();
    let since = r"$\xc2\xa3 $x $\xc2\xa3 $(\xc2\xa3)\xc2\xa3 \xc2\xa3$".to_owned();
    changes(Rule::ExpansionKeepsText, expanded, before, since);
    let case = Case::new("env: [{name: A, value: $£}]\nargs: [$é]");
    let answer = |release| case.in_release(release);
    changes(
        Rule::ExpansionKeepsText,
        answer,
        ok(r"A=$\xc3\x82\xa3\n$\xc3\x83\xa9"),
        ok(r"A=$\xc2\xa3\n$\xc3\xa9"),
    );
}

#[test]
fn from_1_35_env_files_are_read() {
    let of_file = |path: &str| {
        Case::new(&format!(
            "env: [{{name: A, valueFrom: {{fileKeyRef: {{volumeName: config, path: {path}, key: GREETING}}}}}}]"
        ))
    };
    let (there, absent) = (of_file("app.env"), of_file("absent.env"));
    changes(Rule::EnvFiles, |release| there.in_release(release), ok("A=\\n"), ok("A=hello\\n"));
    let since =
        Err(r#"Pod in shop, container app: env[0] A: fileKeyRef: the volume "config" has no file "absent.env""#
            .to_owned());
    changes(Rule::EnvFiles, |release| absent.in_release(release), ok("A=\\n"), since);
}

#[test]
fn from_1_36_a_service_s_name_may_begin_with_a_digit() {
    let service: Service = yaml_serde::from_str(
        "{metadata: {name: 1password}, spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}",
    )
    .unwrap();
    changes(Rule::Dns1123ServiceNames, |release| validate_service(&service, release).len(), 1, 0);
}

#[test]
fn a_release_is_read_in_the_forms_that_clusters_report() {
    for text in [
        "1.33",
        "v1.33",
        "1.33.5",
        "v1.33.5",
        "v1.33.5+k3s1",
        "v1.33.5-gke.1080000",
        "1.33+",
        "v1.33.0-rc.1+b",
    ] {
        assert_eq!(
            text.parse::<Release>().map(|release| release.to_string()),
            Ok("1.33".to_owned()),
            "{text}"
        );
    }
    assert_eq!((Release::OLDEST, Release::NEWEST), (release("1.29"), release("1.36")));
    assert_eq!(Release::default(), Release::NEWEST);
    assert!(release("1.29.0") < release("v1.30") && release("1.9999") < release("2.0"));
}

#[test]
fn what_is_no_release_is_refused() {
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
    let refused = |text: &str| text.parse::<Release>().unwrap_err();
    for text in texts {
        assert_eq!(refused(text), ReleaseError::Invalid { found: text.into() }, "{text:?}");
    }
    insta::assert_snapshot!(refused("latest"), @r#""latest" is not a release of Kubernetes: use a form such as 1.33 or v1.33.5"#);
}

#[test]
fn a_release_that_is_too_old_is_refused() {
    for text in ["1.28", "v1.28.15", "1.0", "0.99"] {
        assert!(matches!(text.parse::<Release>(), Err(ReleaseError::TooOld { .. })), "{text}");
    }
    insta::assert_snapshot!("v1.28.15+k3s1".parse::<Release>().unwrap_err(), @"Kubernetes 1.28 is too old: 1.29 and later are known");
}

#[test]
fn a_name_may_be_wrong_in_two_ways() {
    let service: Service = yaml_serde::from_str(
        "{metadata: {name: a}, spec: {ports: [{port: 1, name: A}, {port: 2, name: A}, {port: 3}, {port: 3}]}}",
    )
    .unwrap();
    let violations = validate_service(&service, Release::NEWEST);
    insta::assert_snapshot!(violations.iter().map(|violation| format!("{violation}\n")).collect::<String>(), @"
    spec.ports[0].name must be at most 63 lower-case letters, digits and '-', begin and end with a letter or digit
    spec.ports[1].name must be at most 63 lower-case letters, digits and '-', begin and end with a letter or digit
    spec.ports[1].name is the name of an earlier port too
    spec.ports[2].name must be set, because there are several ports
    spec.ports[3] has the number and protocol of an earlier port
    spec.ports[3].name must be set, because there are several ports
    ");
}

#[test]
fn a_load_balancer_does_not_expose_the_kubelet_s_port() {
    let told = |type_: &str| {
        let service =
            format!("{{metadata: {{name: a}}, spec: {{type: {type_}, ports: [{{port: 10250}}]}}}}");
        let service: Service = yaml_serde::from_str(&service).unwrap();
        validate_service(&service, Release::NEWEST)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    insta::assert_snapshot!(told("LoadBalancer").join("\n"), @"spec.ports[0] may not be 10250 in a Service of type LoadBalancer: it is the kubelet's");
    assert!(told("NodePort").is_empty());
}

#[test]
fn a_newer_release_is_taken_for_the_newest_and_says_so() {
    for text in ["1.37", "v1.40.2", "2.0"] {
        let newer = release(text);
        assert!(newer.is_unknown());
        assert!(Rule::ALL.iter().copied().all(|rule| newer.has(rule)));
    }
    let known: Vec<String> = Release::known().map(|release| release.to_string()).collect();
    assert_eq!(known, ["1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36"]);
    assert!(Release::known().all(|release| !release.is_unknown()));
}

#[test]
fn an_upgrade_brings_the_rules_between_two_releases() {
    let changes =
        |from: &str, to: &str| release(from).changes_until(release(to)).collect::<Vec<_>>();
    assert_eq!(changes("1.29", "1.36"), Rule::ALL);
    assert_eq!(changes("1.33", "1.34"), [Rule::PodLimits]);
    assert_eq!(changes("1.34", "1.35"), [Rule::ExpansionKeepsText, Rule::EnvFiles]);
    assert_eq!(changes("1.35", "1.35"), []);
    assert_eq!(changes("1.36", "1.29"), []);
    assert_eq!(changes("1.36", "1.37"), []);
}

/// Variables of which no rule says anything: strict names, ASCII, no env file.
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
    let entry = ("[A-C]", entry).prop_map(|(name, rest)| {
        yaml_serde::from_str(&format!("{{name: {name}, {rest}}}")).unwrap()
    });
    proptest::collection::vec(entry, 0..8)
}

proptest! {
    #[test]
    fn where_nothing_that_changed_is_used_all_releases_agree(env in unchanged(), v6_first in any::<bool>()) {
        let mut case = Case::new("{}");
        case.pod.spec.containers[0].env = env;
        if v6_first {
            case.status.pod_ips.insert(0, PodIp { ip: "fd00::7".into() });
        }
        let newest = case.in_release(Release::NEWEST);
        for release in Release::known() {
            prop_assert_eq!(&case.in_release(release), &newest);
        }
    }

    #[test]
    fn a_release_is_read_as_it_is_printed(major in 2_u32.., minor: u32) {
        let text = format!("{major}.{minor}");
        prop_assert_eq!(release(&text).to_string(), text);
    }
}
