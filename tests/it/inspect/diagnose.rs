//! Every finding: an example that raises it, a near miss that does not, and its text.

use kubelet_env::Release;
use kubelet_env::environment::Size;
use kubelet_env::inspect::{
    Ambiguity, Code, Finding, PossibleValue, Severity, SizeLimits, diagnose_service,
};

use crate::support::cluster::{Cluster, WEB};

fn with_total(cluster: Cluster, total: usize) -> Cluster {
    with_limits(cluster, SizeLimits { total, ..SizeLimits::default() })
}

fn with_limits(mut cluster: Cluster, limits: SizeLimits) -> Cluster {
    cluster.expectations.limits = limits;
    cluster
}

fn with_size_limit(mut cluster: Cluster, size_limit: usize) -> Cluster {
    cluster.expectations.size_limit = size_limit;
    cluster
}

/// Returns the length that counts towards the limit of all findings.
fn text_len(finding: &Finding) -> usize {
    let objects =
        finding.objects.iter().flat_map(|object| [&object.kind, &object.namespace, &object.name]);
    let texts = objects.chain(&finding.variables).chain([&finding.message, &finding.advice]);
    texts.map(String::len).sum()
}

/// Returns a cluster that raises the finding and a near miss that does not.
fn example(code: Code) -> Option<[Cluster; 2]> {
    let with_env = |env: &str| Cluster::with_container(&format!("env: [{env}]"));
    let none = || Cluster::with_container("");
    Some(match code {
        Code::AmbiguousVariable => {
            let one = none().with_service("foo", WEB);
            [one.clone().with_service("foo-service", WEB), one.with_service("foo-services", WEB)]
        }
        Code::AmbiguousReference => {
            let with_value = |value: &str| {
                with_env(&format!("{{name: A, value: {value}}}"))
                    .with_service("foo", WEB)
                    .with_service("foo-service", WEB)
            };
            [with_value("$(FOO_SERVICE_PORT)"), with_value("$(FOO_PORT)")]
        }
        Code::ExpectedName => {
            let redis = none().with_service("redis", WEB);
            [redis.clone().expecting(&["REDIS_PORT"], &[]), redis.expecting(&["REDIS_PORTS"], &[])]
        }
        Code::ReferenceUndefined => [
            with_env("{name: A, value: $(B)}"),
            with_env("{name: B, value: x}, {name: A, value: $(B)}"),
        ],
        Code::ReferenceToLater => [
            with_env("{name: A, value: $(B)}, {name: B, value: x}"),
            with_env("{name: A, value: $$(B)}, {name: B, value: x}"),
        ],
        Code::ReferenceToItself => [
            with_env("{name: A, value: $(A)}"),
            with_env("{name: A, value: x}, {name: A, value: $(A)}"),
        ],
        Code::ReferenceToSkipped => {
            let optional = with_env(
                "{name: A, valueFrom: {configMapKeyRef: {name: m, key: k, optional: true}}}, {name: B, value: $(A)}",
            );
            [optional.clone(), optional.with_config_map("m", "k: v")]
        }
        Code::Overwritten => [
            with_env("{name: A, value: x}, {name: A, value: y}"),
            with_env("{name: A, value: x}, {name: B, value: y}"),
        ],
        Code::ServiceVariableShadowed => {
            let declares = with_env("{name: WEB_PORT, value: '80'}");
            [declares.clone().with_service("web", WEB), declares.with_service("web-1", WEB)]
        }
        Code::ApiServerOverridden => {
            let declares = |name: &str| {
                with_env(&format!("{{name: {name}, value: x}}")).with_service("kubernetes", WEB)
            };
            [declares("KUBERNETES_SERVICE_HOST"), declares("KUBERNETES_PORT")]
        }
        Code::NotForShells => {
            [with_env("{name: A.B, value: x}"), with_env("{name: A_B, value: x}")]
        }
        Code::NameNeedsNewApiServer => {
            [with_env("{name: 1A, value: x}"), with_env("{name: A1, value: x}")]
        }
        Code::NameRefused => {
            [with_env("{name: A=B, value: x}"), with_env("{name: 'A B', value: x}")]
        }
        Code::NulByte => {
            [with_env(r#"{name: A, value: "x\0"}"#), with_env(r#"{name: A, value: "x\u0001"}"#)]
        }
        Code::QuantityOverflow => {
            let with_request = |request: &str| {
                Cluster::with_container(&format!("resources: {{requests: {{memory: {request}}}}}"))
            };
            [with_request("10E"), with_request("1E")]
        }
        Code::NotUtf8 => {
            let with_data = |data: &str| {
                Cluster::with_container("envFrom: [{secretRef: {name: s}}]").with_object(
                    "v1",
                    "Secret",
                    "s",
                    &format!("data: {{A: {data}}}"),
                )
            };
            [with_data("/w=="), with_data("w78=")]
        }
        Code::StringTooLong => {
            let of_length =
                |length: usize| with_env(&format!("{{name: A, value: {}}}", "x".repeat(length)));
            // `A=` and the NUL take three bytes.
            [of_length((128 << 10) - 2), of_length((128 << 10) - 3)]
        }
        Code::EnvironmentTooLarge => {
            // `A=x` and its NUL, the NULs of an unknown path and argument, and two pointers.
            let small = with_env("{name: A, value: x}");
            [with_total(small.clone(), 21), with_total(small, 22)]
        }
        Code::EnvironmentNearlyTooLarge => {
            let small = with_env("{name: A, value: x}");
            [with_total(small.clone(), 28), with_total(small, 30)]
        }
        Code::ServiceSkipped => [
            none().with_service("db", "clusterIP: None"),
            none().with_service("prod/db", "clusterIP: None"),
        ],
        Code::ServiceRefused => {
            let web = none().with_service("1web", WEB);
            [web.clone().in_release("1.35"), web.in_release("1.36")]
        }
        Code::EntrySkipped => {
            let optional =
                Cluster::with_container("envFrom: [{configMapRef: {name: m, optional: true}}]");
            [optional.clone(), optional.with_config_map("m", "")]
        }
        Code::ReleaseUnknown => [none().in_release("1.38"), none().in_release("1.37")],
        Code::FindingsCut => {
            let db = none().with_service("db", "clusterIP: None");
            let len = db.findings().iter().map(text_len).sum();
            [with_size_limit(db.clone(), len - 1), with_size_limit(db, len)]
        }
        _ => return None,
    })
}

fn with_code(findings: Vec<Finding>, code: Code) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.code == code).collect()
}

/// Returns the findings of this code as text, each with its variables and objects.
fn findings_text(cluster: &Cluster, code: Code) -> String {
    let lines = with_code(cluster.findings(), code).into_iter().map(|finding| {
        let objects: Vec<String> = finding.objects.iter().map(ToString::to_string).collect();
        format!("{finding}\n{:?} {objects:?}", finding.variables)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn example_text(code: Code) -> String {
    let [raises, _] = example(code).unwrap();
    findings_text(&raises, code)
}

#[test]
fn every_code_has_an_example_and_a_near_miss() {
    for &code in Code::ALL {
        let [raises, neighbour] = example(code).unwrap_or_else(|| panic!("{code} has no example"));
        let raised = with_code(raises.findings(), code);
        assert_eq!(raised.len(), 1, "{code}: {raised:?}");
        assert_eq!(with_code(neighbour.findings(), code), [], "{code}");
    }
}

#[test]
fn examples_raise_no_unrelated_findings() {
    for &code in Code::ALL {
        let [raises, _] = example(code).unwrap();
        let others: Vec<Code> = raises
            .findings()
            .into_iter()
            .map(|finding| finding.code)
            .filter(|&other| other != code)
            .collect();
        let expected: &[Code] = match code {
            Code::AmbiguousReference => &[Code::AmbiguousVariable],
            Code::ReferenceToSkipped => &[Code::EntrySkipped],
            Code::ServiceRefused => &[Code::NotForShells],
            _ => &[],
        };
        assert_eq!(others, expected, "{code}");
    }
}

#[test]
fn severity_follows_the_code() {
    for &code in Code::ALL {
        let [raises, _] = example(code).unwrap();
        for finding in raises.findings() {
            assert_eq!(finding.severity, finding.code.severity(), "{code}");
        }
    }
    let codes: String =
        Code::ALL.iter().map(|code| format!("{} {code}\n", code.severity())).collect();
    insta::assert_snapshot!(codes, @"
    error ambiguous-variable
    error ambiguous-reference
    error expected-name
    warning reference-undefined
    warning reference-to-later
    warning reference-to-itself
    warning reference-to-skipped
    warning overwritten
    info service-variable-shadowed
    warning api-server-overridden
    info not-for-shells
    warning name-needs-new-api-server
    error name-refused
    error nul-byte
    warning not-utf8
    error string-too-long
    error environment-too-large
    warning environment-nearly-too-large
    warning quantity-overflow
    info service-skipped
    warning service-refused
    info entry-skipped
    warning release-unknown
    warning findings-cut
    ");
    assert!(Severity::Info < Severity::Warning && Severity::Warning < Severity::Error);
}

#[test]
fn codes_and_severities_parse_from_text() {
    for &code in Code::ALL {
        assert_eq!(code.to_string().parse(), Ok(code));
        assert_eq!(code.severity().to_string().parse(), Ok(code.severity()));
    }
    insta::assert_snapshot!("Nul-Byte\u{1b}".parse::<Code>().unwrap_err(), @r#""Nul-Byte\u{1b}" is not the code of a finding: expected a name such as reference-undefined"#);
    insta::assert_snapshot!("fatal".parse::<Severity>().unwrap_err(), @r#""fatal" is not a severity: expected info, warning or error"#);
}

#[test]
fn ambiguous_findings_list_every_value() {
    insta::assert_snapshot!(example_text(Code::AmbiguousVariable), @r#"
    error ambiguous-variable: FOO_SERVICE_PORT is made by several Services: the kubelet picks at random, so that its value may be 80 (Service foo) or tcp://10.0.0.1:80 (Service foo-service). Rename one of the Services, set the variable in env, or set enableServiceLinks: false.
    ["FOO_SERVICE_PORT"] ["Service default/foo", "Service default/foo-service"]
    "#);
    insta::assert_snapshot!(example_text(Code::AmbiguousReference), @r#"
    error ambiguous-reference: A depends on a variable that several Services make: the kubelet picks at random, so that its value may be 80 (Service foo) or tcp://10.0.0.1:80 (Service foo-service). Rename one of the Services, set the variable in env, or set enableServiceLinks: false.
    ["A"] ["Service default/foo", "Service default/foo-service"]
    "#);
}

#[test]
fn reports_expected_names() {
    // A Service without an address, as in a manifest written by hand, will produce them too.
    let by_hand = |env: &str| {
        let cluster = Cluster::with_container(&format!("env: [{env}]"))
            .with_service("redis", "ports: [{port: 6379}]");
        findings_text(&cluster.expecting(&["REDIS_PORT"], &[]), Code::ExpectedName)
    };
    insta::assert_snapshot!(by_hand(""), @r#"
    error expected-name: Service redis gives the container REDIS_PORT=tcp://CLUSTER-IP:6379, which the application reads as its own setting. Set the variable in env, set enableServiceLinks: false, or give the Service another name.
    ["REDIS_PORT"] ["Service default/redis"]
    "#);
    assert_eq!(by_hand("{name: REDIS_PORT, value: '6379'}"), "");
    insta::assert_snapshot!(example_text(Code::ExpectedName), @r#"
    error expected-name: Service redis gives the container REDIS_PORT=tcp://10.0.0.1:80, which the application reads as its own setting. Set the variable in env, set enableServiceLinks: false, or give the Service another name.
    ["REDIS_PORT"] ["Service default/redis"]
    "#);
}

#[test]
fn reports_unresolved_references_with_the_reason() {
    insta::assert_snapshot!(example_text(Code::ReferenceUndefined), @r#"
    warning reference-undefined: $(B) in A stays as it is, because it is not defined. Define it in an earlier entry, or write $$( if the text is meant.
    ["A"] []
    "#);
    insta::assert_snapshot!(example_text(Code::ReferenceToLater), @r#"
    warning reference-to-later: $(B) in A stays as it is, because it is defined only later. Put the entry that defines it first.
    ["A"] []
    "#);
    insta::assert_snapshot!(example_text(Code::ReferenceToItself), @r#"
    warning reference-to-itself: $(A) in A stays as it is, because it refers to itself. Name another variable: there is no value of this one yet.
    ["A"] []
    "#);
    insta::assert_snapshot!(example_text(Code::ReferenceToSkipped), @r#"
    warning reference-to-skipped: $(A) in B stays as it is, because it is optional and missing. Give it a value in an earlier entry.
    ["B"] []
    "#);
    let command =
        Cluster::with_container("command: [sh, $(A)], args: ['$(B)'], env: [{name: B, value: x}]");
    insta::assert_snapshot!(findings_text(&command, Code::ReferenceUndefined), @"
    warning reference-undefined: $(A) in the command line stays as it is, because it is not defined. Define it in an earlier entry, or write $$( if the text is meant.
    [] []
    ");
}

#[test]
fn reports_overrides() {
    insta::assert_snapshot!(example_text(Code::Overwritten), @r#"
    warning overwritten: A of env[0] is overwritten by env[1]. Remove one of the two, or use a prefix.
    ["A"] []
    "#);
    insta::assert_snapshot!(example_text(Code::ServiceVariableShadowed), @r#"
    info service-variable-shadowed: env[0] sets WEB_PORT, which hides the variable of Service web. Nothing, if the container's own value is meant.
    ["WEB_PORT"] ["Service default/web"]
    "#);
    insta::assert_snapshot!(example_text(Code::ApiServerOverridden), @r#"
    warning api-server-overridden: env[0] sets KUBERNETES_SERVICE_HOST, which hides the variable of Service kubernetes. Make sure that the API server is reached there: clients in the container use it.
    ["KUBERNETES_SERVICE_HOST"] ["Service default/kubernetes"]
    "#);
}

#[test]
fn reports_unusual_names_and_values() {
    insta::assert_snapshot!(example_text(Code::NotForShells), @r#"
    info not-for-shells: "A.B" of env[0] is a name that no shell can use. Use letters, digits and _, not a digit first.
    ["A.B"] []
    "#);
    insta::assert_snapshot!(example_text(Code::NameNeedsNewApiServer), @r#"
    warning name-needs-new-api-server: "1A" of env[0] is a name that API servers before 1.32 refuse. Use letters, digits, - . and _, not a digit first.
    ["1A"] []
    "#);
    insta::assert_snapshot!(example_text(Code::NameRefused), @r#"
    error name-refused: "A=B" of env[0] is not a name that any API server admits. Use printable ASCII without =.
    ["A=B"] []
    "#);
    insta::assert_snapshot!(example_text(Code::NulByte), @r#"
    error nul-byte: The value of A holds a NUL byte: the container cannot be created. Mount the value as a file instead.
    ["A"] []
    "#);
    insta::assert_snapshot!(example_text(Code::NotUtf8), @r#"
    warning not-utf8: The value of A is not UTF-8: the container gets the bytes, which many programs cannot read. Encode the value, or mount it as a file.
    ["A"] []
    "#);
    let [bytes, _] = example(Code::NotUtf8).unwrap();
    insta::assert_snapshot!(findings_text(&bytes.in_release("1.33"), Code::NotUtf8), @r#"
    warning not-utf8: The value of A is not UTF-8: the container gets the bytes, which many programs cannot read. Encode the value, or mount it as a file.
    ["A"] []
    "#);
    let digit = Cluster::with_container("").with_service("1web", WEB);
    insta::assert_snapshot!(findings_text(&digit, Code::NotForShells), @r#"
    info not-for-shells: The variables of Service 1web have names that no shell can use, because of its own. Read them without a shell, or give the Service another name.
    [] ["Service default/1web"]
    "#);
}

#[test]
fn size_findings_suggest_disabling_links() {
    insta::assert_snapshot!(example_text(Code::StringTooLong), @r#"
    error string-too-long: A takes 131073 bytes, and Linux takes 131072: no program starts in the container. Mount the value as a file instead.
    ["A"] []
    "#);
    let services =
        Cluster::with_container("").with_service("kubernetes", WEB).with_service("web", WEB);
    let size = services.compose(|composition| composition.size());
    assert_eq!(
        findings_text(&with_total(services.clone(), size.bytes()), Code::EnvironmentTooLarge),
        ""
    );
    insta::assert_snapshot!(findings_text(&with_total(services.clone(), size.bytes() - 1), Code::EnvironmentTooLarge), @"
    error environment-too-large: Arguments and environment take 545 bytes of 544 (variables: 14), so that no program starts in the container: argument list too long. Set enableServiceLinks: false, which saves 243 bytes.
    [] []
    ");
    insta::assert_snapshot!(findings_text(&with_total(services.clone(), size.bytes()), Code::EnvironmentNearlyTooLarge), @"
    warning environment-nearly-too-large: Arguments and environment take 545 bytes of 545 (variables: 14), so that little more fits before no program starts in the container. Set enableServiceLinks: false, which saves 243 bytes.
    [] []
    ");
    // Exactly three quarters are not yet nearly too large.
    let total = (0..).find(|total| total - total / 4 == size.bytes()).unwrap();
    assert_eq!(
        findings_text(&with_total(services.clone(), total), Code::EnvironmentNearlyTooLarge),
        ""
    );
    assert_ne!(
        findings_text(&with_total(services.clone(), total - 1), Code::EnvironmentNearlyTooLarge),
        ""
    );
    let saved = services.compose(|composition| composition.size_of_service_links());
    let without = Cluster::with_pod_spec("enableServiceLinks: false, containers: [{name: app}]")
        .with_service("kubernetes", WEB);
    let rest: Size = without.compose(|composition| composition.size());
    assert_eq!(size.bytes() - saved.bytes(), rest.bytes());
}

#[test]
fn size_findings_without_links_suggest_files() {
    insta::assert_snapshot!(example_text(Code::EnvironmentTooLarge), @"
    error environment-too-large: Arguments and environment take 22 bytes of 21 (variables: 1), so that no program starts in the container: argument list too long. Mount large values as files, or declare fewer variables.
    [] []
    ");
    insta::assert_snapshot!(example_text(Code::EnvironmentNearlyTooLarge), @"
    warning environment-nearly-too-large: Arguments and environment take 22 bytes of 28 (variables: 1), so that little more fits before no program starts in the container. Mount large values as files, or declare fewer variables.
    [] []
    ");
}

#[test]
fn checks_arguments_for_length_and_nul() {
    let long = |length: usize| {
        Cluster::with_container(&format!("command: [sh], args: [{}]", "x".repeat(length)))
    };
    insta::assert_snapshot!(findings_text(&long(128 << 10), Code::StringTooLong), @"
    error string-too-long: args[0] takes 131073 bytes, and Linux takes 131072: no program starts in the container. Mount the value as a file instead.
    [] []
    ");
    assert_eq!(findings_text(&long((128 << 10) - 1), Code::StringTooLong), "");
    let nul = Cluster::with_container(r#"command: ["a\0b"], args: [x]"#);
    insta::assert_snapshot!(findings_text(&nul, Code::NulByte), @"
    error nul-byte: command[0] holds a NUL byte: the container cannot be created. Pass what it says in a file instead.
    [] []
    ");
}

#[test]
fn reports_long_service_variables() {
    let web = Cluster::with_container("").with_service("web", WEB);
    // The length of `WEB_PORT_80_TCP=tcp://10.0.0.1:80` with its NUL is 34.
    let limits = |string| SizeLimits { string, ..SizeLimits::default() };
    assert_eq!(findings_text(&with_limits(web.clone(), limits(34)), Code::StringTooLong), "");
    insta::assert_snapshot!(findings_text(&with_limits(web, limits(33)), Code::StringTooLong), @r#"
    error string-too-long: WEB_PORT_80_TCP takes 34 bytes, and Linux takes 33: no program starts in the container. Give the Service or its port a shorter name.
    ["WEB_PORT_80_TCP"] ["Service default/web"]
    "#);
}

#[test]
fn reports_services_without_variables() {
    let cluster = Cluster::with_container("")
        .with_service("db", "clusterIP: None")
        .with_service("elsewhere", "type: ExternalName")
        .with_service("new", "ports: [{port: 80}]");
    insta::assert_snapshot!(findings_text(&cluster, Code::ServiceSkipped), @r#"
    info service-skipped: Service db is headless, so that it makes no variables. Find it by DNS, or give it a clusterIP.
    [] ["Service default/db"]
    info service-skipped: Service elsewhere is of type ExternalName, so that it makes no variables. Find it by DNS, or give it a clusterIP.
    [] ["Service default/elsewhere"]
    info service-skipped: Service new has no clusterIP yet, so that it makes no variables. Find it by DNS, or give it a clusterIP.
    [] ["Service default/new"]
    "#);
    let mut unlinked = cluster;
    let pod =
        unlinked.objects.pods.delete(&kubelet_env::api::Pod::new("default", "web-0")).unwrap();
    let mut without = pod;
    without.spec.enable_service_links = Some(false);
    unlinked.objects.pods.apply(without);
    assert_eq!(findings_text(&unlinked, Code::ServiceSkipped), "");
}

#[test]
fn reports_services_that_fail_validation() {
    insta::assert_snapshot!(example_text(Code::ServiceRefused), @r#"
    warning service-refused: The API server of 1.35 would refuse Service 1web: metadata.name must be at most 63 lower-case letters, digits and '-', begin with a letter and end with a letter or digit. Change the field; until then no cluster of that release has this Service.
    [] ["Service default/1web"]
    "#);
    let ports = Cluster::with_container("")
        .with_service("web", "clusterIP: 10.0.0.1, ports: [{port: 80}, {port: 80, name: a}]");
    insta::assert_snapshot!(findings_text(&ports, Code::ServiceRefused), @r#"
    warning service-refused: The API server of 1.37 would refuse Service web: spec.ports[0].name must be set, because the Service has several ports. Change the field; until then no cluster of that release has this Service.
    [] ["Service default/web"]
    warning service-refused: The API server of 1.37 would refuse Service web: spec.ports[1] must differ from an earlier port in number or protocol. Change the field; until then no cluster of that release has this Service.
    [] ["Service default/web"]
    "#);
}

#[test]
fn validates_services_without_address() {
    let by_hand = Cluster::with_container("").with_service("Web", "ports: [{port: 80}]");
    insta::assert_snapshot!(findings_text(&by_hand, Code::ServiceRefused), @r#"
    warning service-refused: The API server of 1.37 would refuse Service Web: metadata.name must be at most 63 lower-case letters, digits and '-', and begin and end with a letter or digit. Change the field; until then no cluster of that release has this Service.
    [] ["Service default/Web"]
    "#);
    assert_eq!(
        findings_text(
            &Cluster::with_container("").with_service("prod/Web", WEB),
            Code::ServiceRefused
        ),
        ""
    );
}

#[test]
fn reports_skipped_entries() {
    insta::assert_snapshot!(example_text(Code::EntrySkipped), @r#"
    info entry-skipped: envFrom[0] is passed over, for the whole source: there is no ConfigMap default/m, which is optional. Add what is missing if the container needs it.
    [] ["ConfigMap default/m"]
    "#);
    let key = Cluster::with_container(
        "env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}]",
    )
    .with_secret("s", "");
    insta::assert_snapshot!(findings_text(&key, Code::EntrySkipped), @r#"
    info entry-skipped: env[0] is passed over, for A: Secret default/s has no key "k", which is optional. Add what is missing if the container needs it.
    ["A"] ["Secret default/s"]
    "#);
}

#[test]
fn reports_unknown_release() {
    insta::assert_snapshot!(example_text(Code::ReleaseUnknown), @"
    warning release-unknown: Kubernetes 1.38 is newer than 1.37, the newest whose answers are known, and is taken for that one. Look for a newer version of this tool.
    [] []
    ");
}

#[test]
fn findings_stop_at_the_size_limit() {
    insta::assert_snapshot!(example_text(Code::FindingsCut), @"
    warning findings-cut: There are more findings: the texts of all come to more than 108 bytes. See to these first, or set a higher limit (Expectations::size_limit).
    [] []
    ");
    let env = "env: [{name: A, value: $(B)$(C)$(A)$(FOO_SERVICE_PORT)}, {name: A.B, value: $(D)}]";
    let cluster = Cluster::with_container(env)
        .with_service("foo", WEB)
        .with_service("foo-service", WEB)
        .with_service("Bad", "ports: [{port: 80}, {port: 80}]")
        .expecting(&[], &["FOO", "BAD"])
        .in_release("1.38");
    let whole = cluster.findings();
    let lens: Vec<usize> = whole.iter().map(text_len).collect();
    assert!(whole.len() > 20, "{whole:?}");
    for count in 0..whole.len() {
        let fitting = lens[..count].iter().sum::<usize>();
        for size_limit in [fitting, fitting + lens[count] - 1] {
            let cut = with_size_limit(cluster.clone(), size_limit).findings();
            assert_eq!(cut[..count], whole[..count]);
            assert_eq!(
                cut[count..].iter().map(|finding| finding.code).collect::<Vec<_>>(),
                [Code::FindingsCut]
            );
        }
    }
    assert_eq!(with_size_limit(cluster, lens.iter().sum()).findings(), whole);
}

#[test]
fn diagnoses_a_service_before_creation() {
    let [cluster, _] = example(Code::ExpectedName).unwrap();
    let redis = cluster.objects.services.in_namespace("default").get("redis").unwrap();
    let expecting = Cluster::with_container("")
        .expecting(&["REDIS_SERVICE_HOST"], &["REDIS_PORT_80_TCP_P"])
        .expectations;
    let findings = diagnose_service(redis, &expecting, Release::NEWEST);
    let names: Vec<&str> =
        findings.iter().flat_map(|finding| &finding.variables).map(String::as_str).collect();
    assert_eq!(names, ["REDIS_SERVICE_HOST", "REDIS_PORT_80_TCP_PROTO", "REDIS_PORT_80_TCP_PORT"]);
    let without_address = Cluster::with_container("")
        .with_service("redis", "ports: [{port: 80}]")
        .expecting(&["REDIS_PORT"], &[]);
    let redis = without_address.objects.services.in_namespace("default").get("redis").unwrap();
    let findings = diagnose_service(redis, &without_address.expectations, Release::NEWEST);
    insta::assert_snapshot!(findings.iter().map(ToString::to_string).collect::<String>(), @"error expected-name: Service redis gives the container REDIS_PORT=tcp://CLUSTER-IP:80, which the application reads as its own setting. Set the variable in env, set enableServiceLinks: false, or give the Service another name.");
}

/// Two Services that collide on `A_SERVICE_PORT` and on the two names behind `$(12)` and `$(3)`.
fn colliding(container: &str) -> Cluster {
    let first = "ports: [{port: 1, name: 12-tcp-port}, {port: 23, name: 3-tcp-port}]";
    Cluster::with_container(
        &container
            .replace("$(12)", "$(A_SERVICE_PORT_12_TCP_PORT)")
            .replace("$(3)", "$(A_SERVICE_PORT_3_TCP_PORT)"),
    )
    .with_service("a", &format!("clusterIP: 10.0.0.1, {first}"))
    .with_service(
        "a-service",
        "clusterIP: 10.0.0.2, ports: [{port: 12, name: x}, {port: 3, name: y}]",
    )
}

/// Returns each ambiguous entry with its possible values.
fn ambiguous_entries(cluster: &Cluster) -> Vec<String> {
    let entry = |ambiguity: &Ambiguity<'_>| {
        let values = ambiguity
            .values
            .iter()
            .map(|possible| format!("{:?}", possible.value))
            .collect::<Vec<_>>();
        format!("{} {}", ambiguity.name, values.join(" "))
    };
    let is_declared = |ambiguity: &&Ambiguity<'_>| ambiguity.is_declared;
    cluster.compose(|composition| {
        composition.ambiguities().iter().filter(is_declared).map(entry).collect()
    })
}

#[test]
fn the_same_service_wins_every_name() {
    assert_eq!(
        ambiguous_entries(&colliding("env: [{name: X, value: '$(12) $(3)'}]")),
        [r#"X "1 23" "12 3""#]
    );
    assert!(
        ambiguous_entries(&colliding("env: [{name: X, value: $(12)$(3)}]")).is_empty(),
        "it is 123 either way"
    );
}

#[test]
fn unaffected_entries_are_not_ambiguous() {
    assert!(
        ambiguous_entries(&colliding("env: [{name: X, value: $(12)}, {name: X, value: x}]"))
            .is_empty()
    );
    assert!(ambiguous_entries(&colliding("env: [{name: X, value: $(A_SERVICE_HOST)}]")).is_empty());
}

#[test]
fn ambiguity_propagates_through_references() {
    let env = "env: [{name: P, value: p}, {name: X, value: '$(P)$(12)'}, {name: Y, value: <$(X)>}]";
    assert_eq!(
        ambiguous_entries(&colliding(env)),
        [r#"X "p1" "p12""#, r#"Y "<1>" "<12>""#.replace('<', "<p").as_str()]
    );
}

#[test]
fn ambiguous_secret_values_are_elided() {
    let env = "envFrom: [{secretRef: {name: s}}], env: [{name: X, value: '$(PASSWORD)$(12)'}]";
    let cluster = colliding(env).with_secret("s", "PASSWORD: hunter2");
    assert_eq!(ambiguous_entries(&cluster), ["X [elided] [elided]"]);
}

#[test]
fn equal_values_list_all_their_services() {
    let cluster = Cluster::with_container("")
        .with_service("a", "clusterIP: 10.0.0.1, ports: [{port: 80, name: 80-tcp-port}]")
        .with_service("a-service", "clusterIP: 10.0.0.2, ports: [{port: 80}]")
        .with_service("a-service-port-80-tcp", "clusterIP: 10.0.0.3, ports: [{port: 80}]");
    let values = cluster.compose(|composition| {
        let ambiguities = composition.ambiguities();
        let ambiguity = ambiguities
            .iter()
            .find(|ambiguity| ambiguity.name == "A_SERVICE_PORT_80_TCP_PORT")
            .unwrap();
        let services = |possible: &PossibleValue<'_>| {
            let names =
                possible.from.iter().map(|variable| variable.service().metadata.name.clone());
            format!("{:?} {}", possible.value, names.collect::<Vec<_>>().join(" "))
        };
        ambiguity.values.iter().map(services).collect::<Vec<_>>()
    });
    assert_eq!(values, [r#""80" a a-service"#, r#""tcp://10.0.0.3:80" a-service-port-80-tcp"#]);
}

/// Pairs of Services that both produce `N0_SERVICE_PORT`, `N1_SERVICE_PORT` and so on.
fn colliding_pairs(container: &str, count: usize) -> Cluster {
    let mut cluster = Cluster::with_container(container);
    for number in 0..count {
        cluster =
            cluster.with_service(&format!("n{number}"), "clusterIP: 10.0.0.1, ports: [{port: 80}]");
        cluster = cluster.with_service(
            &format!("n{number}-service"),
            "clusterIP: 10.0.0.2, ports: [{port: 80}]",
        );
    }
    cluster
}

/// Ten collisions have 1,024 outcomes, which is the limit. With more, each Service wins once.
#[test]
fn outcomes_are_limited() {
    for (count, values) in [(10, Ambiguity::MOST_ORDERS), (11, 1 + 1 + 11), (50, 1 + 1 + 50)] {
        let text: String = (0..count).map(|number| format!("$(N{number}_SERVICE_PORT)")).collect();
        colliding_pairs(&format!("env: [{{name: X, value: '{text}'}}]"), count).compose(
            |composition| {
                let ambiguities = composition.ambiguities();
                let declared = ambiguities.iter().find(|ambiguity| ambiguity.is_declared).unwrap();
                assert_eq!(declared.values.len(), values);
            },
        );
    }
}

#[test]
fn many_collisions_keep_every_entry() {
    for count in [10, 11, 48, 49, 600] {
        let entry = |number| format!("{{name: X{number}, value: $(N{number}_SERVICE_PORT)}}");
        let env: Vec<String> = (0..count).map(entry).collect();
        colliding_pairs(&format!("env: [{}]", env.join(", ")), count).compose(|composition| {
            let ambiguities = composition.ambiguities();
            let declared: Vec<&Ambiguity<'_>> =
                ambiguities.iter().filter(|ambiguity| ambiguity.is_declared).collect();
            assert_eq!(declared.len(), count);
            for ambiguity in declared {
                let values =
                    ambiguity.values.iter().map(|possible| possible.value.as_str().unwrap());
                assert!(values.eq(["80", "tcp://10.0.0.2:80"]), "{ambiguity:?}");
            }
        });
    }
}

#[test]
fn every_code_has_a_meaning() {
    let codes: String =
        Code::ALL.iter().map(|code| format!("{code}: {}\n", code.meaning())).collect();
    insta::assert_snapshot!(codes, @"
    ambiguous-variable: Services make a variable of one name with different values, and the kubelet picks one at random
    ambiguous-reference: the value of an entry depends on a variable that the kubelet picks at random
    expected-name: a Service makes a variable that the application reads as its own
    reference-undefined: a reference stays as it is, because there is no such variable
    reference-to-later: a reference stays as it is, because the variable is defined only later
    reference-to-itself: a reference stays as it is, because it is to the variable that is being defined
    reference-to-skipped: a reference stays as it is, because the source of the variable is optional and missing
    overwritten: an entry is overwritten by a later one
    service-variable-shadowed: the container declares a variable that a Service makes too
    api-server-overridden: the container overrides the address of the API server
    not-for-shells: no shell can use a variable of that name
    name-needs-new-api-server: API servers before 1.32 refuse the name of a variable
    name-refused: every API server refuses the name of a variable
    nul-byte: a value holds a NUL byte, which no process can be given
    not-utf8: a value is not UTF-8
    string-too-long: a variable or argument is longer than Linux takes
    environment-too-large: arguments and environment together are larger than Linux takes
    environment-nearly-too-large: arguments and environment together take more than three quarters of what Linux takes
    quantity-overflow: a limit or request is beyond 64 bits, with which the kubelet calculates wrongly
    service-skipped: a Service of the namespace makes no variables
    service-refused: the API server would refuse a Service
    entry-skipped: an entry is passed over
    release-unknown: the release is newer than any whose answers are known
    findings-cut: there are more findings than fit into the limit
    ");
}

/// The Service in the middle collides with each of the two others.
#[test]
fn enumerates_every_order_of_three_services() {
    let cluster = Cluster::with_container(
        "env: [{name: X, value: '$(A_SERVICE_PORT) $(A_SERVICE_SERVICE_PORT)'}]",
    )
    .with_service("a", "clusterIP: 10.0.0.1, ports: [{port: 1}]")
    .with_service("a-service", "clusterIP: 10.0.0.2, ports: [{port: 2}]")
    .with_service("a-service-service", "clusterIP: 10.0.0.3, ports: [{port: 3}]");
    assert_eq!(
        ambiguous_entries(&cluster),
        [
            r#"X "1 2" "1 tcp://10.0.0.3:3" "tcp://10.0.0.2:2 2" "tcp://10.0.0.2:2 tcp://10.0.0.3:3""#
        ],
    );
}

#[test]
fn finding_escapes_control_characters() {
    let cluster = Cluster::with_container(r#"env: [{name: A, value: "$(B\e[2J\n)"}]"#);
    let findings = cluster.findings().iter().map(ToString::to_string).collect::<Vec<_>>();
    insta::assert_snapshot!(findings.join("\n"), @r"warning reference-undefined: $(B\u{1b}[2J\n) in A stays as it is, because it is not defined. Define it in an earlier entry, or write $$( if the text is meant.");
}
