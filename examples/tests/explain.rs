//! The example `explain`, run as a process.

use super::{Output, run_example};

const SHOP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
      - name: app
        env:
        - {name: URL, value: http://$(REDIS_SERVICE_HOST)/$(NOWHERE)}
        - {name: PASSWORD, valueFrom: {secretKeyRef: {name: login, key: password}}}
      - name: quiet
      - name: pound
        env: [{name: PRICE, value: $£5}]
---
apiVersion: v1
kind: Service
metadata: {name: redis, creationTimestamp: 2026-11-22T09:30:00Z}
spec: {clusterIP: 10.0.0.11, ports: [{port: 6379}]}
---
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {password: hunter2}
";

fn run(arguments: &[&str]) -> Output {
    let strict: &[&str] = &["--strict"];
    run_example("explain", &[strict, arguments].concat(), SHOP)
}

/// Returns the standard output. The example must exit with this code and report no error.
#[track_caller]
fn stdout_with_code(code: i32, arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!((output.code, output.stderr.as_str()), (Some(code), ""), "{}", output.stdout);
    output.stdout
}

#[track_caller]
fn stdout(arguments: &[&str]) -> String {
    stdout_with_code(0, arguments)
}

/// Returns the standard error. The example must fail and print nothing.
#[track_caller]
fn stderr(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{}", output.stderr);
    output.stderr
}

#[test]
fn explains_the_named_variables() {
    insta::assert_snapshot!(stdout(&["-", "URL", "PASSWORD"]), @"
    URL=http://10.0.0.11/$(NOWHERE)
      from env[0], value http://$(REDIS_SERVICE_HOST)/$(NOWHERE)
      $(REDIS_SERVICE_HOST) is 10.0.0.11, from Service default/redis, port 6379/TCP
      $(NOWHERE) stays as it is: no earlier variable has this name
    PASSWORD=[elided]
      from env[1], key password of Secret default/login
    ");
    insta::assert_snapshot!(stdout(&["-", "REDIS_PORT", "--json"]), @r#"
    [
      {
        "name": "REDIS_PORT",
        "effective": 0,
        "overrides": [],
        "absences": [],
        "steps": [
          {
            "name": "REDIS_PORT",
            "value": {
              "text": "tcp://10.0.0.11:6379"
            },
            "origin": {
              "service": {
                "object": {
                  "kind": "Service",
                  "namespace": "default",
                  "name": "redis"
                },
                "port": 6379,
                "protocol": "TCP",
                "portName": "",
                "kind": "portUrl"
              }
            },
            "references": []
          }
        ]
      }
    ]
    "#);
}

#[test]
fn variable_may_be_named_like_a_file() {
    let named = stdout(&["-v", "a.yaml", "-", "--variable=Cargo.toml", "--", "-", "--json"]);
    insta::assert_snapshot!(named, @"
    a.yaml is not set
      no entry sets it, and no Service produces it
    Cargo.toml is not set
      no entry sets it, and no Service produces it
    - is not set
      no entry sets it, and no Service produces it
    --json is not set
      no entry sets it, and no Service produces it
    ");
}

#[test]
fn prints_findings() {
    let findings = stdout(&["-"]);
    insta::assert_snapshot!(findings, @"
    warning: $(NOWHERE) in URL is not replaced: there is no such variable. [reference-undefined]
      Define it in an earlier entry, or write $$( if you mean the text.
    ");
    assert_eq!(stdout(&["-", "--severity=warning"]), findings);
    assert_eq!(stdout(&["-", "--severity=error"]), "");
    insta::assert_snapshot!(stdout(&["-", "--json", "--container=app"]), @r#"
    [
      {
        "code": "reference-undefined",
        "severity": "warning",
        "variables": [
          "URL"
        ],
        "objects": [],
        "message": "$(NOWHERE) in URL is not replaced: there is no such variable.",
        "advice": "Define it in an earlier entry, or write $$( if you mean the text."
      }
    ]
    "#);
    insta::assert_snapshot!(stdout(&["-", "--format=github"]), @"::warning title=reference-undefined::Deployment default/shop app: $(NOWHERE) in URL is not replaced: there is no such variable. Define it in an earlier entry, or write $$( if you mean the text.");
}

#[test]
fn exits_with_one_for_denied_findings() {
    let findings = stdout(&["-"]);
    for denied in ["--fail-on=info", "--fail-on=warning", "--deny=reference-undefined"] {
        assert_eq!(stdout_with_code(1, &["-", denied]), findings);
        assert_eq!(stdout(&["-", "--container=quiet", denied]), "");
    }
    assert_eq!(
        stdout_with_code(1, &["-", "--severity=error", "--deny=reference-undefined"]),
        findings
    );
    assert_eq!(stdout_with_code(1, &["-", "--severity=error", "--fail-on=info"]), findings);
    assert_eq!(stdout(&["-", "--deny=not-utf8"]), findings);
    let output = run(&["-", "--deny=nonsense"]);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
}

#[test]
fn exits_with_zero_without_findings() {
    assert_eq!(stdout(&["-", "--container=quiet", "--fail-on=info"]), "");
    assert_eq!(stdout(&["-", "--container=quiet", "--fail-on=info", "--json"]), "[]\n");
}

#[test]
fn reports_expected_names() {
    let expecting = |argument: &str| stdout_with_code(1, &["-", "--container=quiet", argument]);
    insta::assert_snapshot!(expecting("--expect=REDIS_PORT"), @"
    error: Service redis sets REDIS_PORT=tcp://10.0.0.11:6379, and the application reads REDIS_PORT as its own setting. [expected-name]
      Set the variable in env, set enableServiceLinks: false, or rename the Service.
    ");
    assert_eq!(expecting("--expect-prefix=REDIS_").matches("expected-name").count(), 7);
}

#[test]
fn explains_services_created_after_the_start() {
    insta::assert_snapshot!(stdout(&["-", "REDIS_PORT", "--at", "2026-11-22T09:00:00Z"]), @"
    REDIS_PORT is not set
      Service default/redis was created at 2026-11-22T09:30:00Z, after the container started: restart the container
    ");
    assert_eq!(
        stdout(&["-", "REDIS_PORT", "--at", "2026-11-22T09:30:00Z"]),
        stdout(&["-", "REDIS_PORT"])
    );
}

#[test]
fn prints_upgrade_changes() {
    let upgrade =
        |rest: &[&str]| stdout(&[&["-", "--release=1.33", "--upgrade-to=1.36"], rest].concat());
    assert_eq!(upgrade(&[]), "");
    insta::assert_snapshot!(upgrade(&["--container=pound"]), @r"1.34: PRICE changes from $\xc3\x82\xa35 to $£5 (new in 1.34: a container's missing limits are taken from the Pod's own, if it has any; the kubelet rejects a static Pod that refers to other API objects; `$` before a character that is not ASCII stays as it is)");
    insta::assert_snapshot!(upgrade(&["--container=pound", "--json"]), @r#"
    [
      {
        "after": {
          "text": "$£5"
        },
        "before": {
          "escaped": "$\\xc3\\x82\\xa35"
        },
        "newRules": [
          "a container's missing limits are taken from the Pod's own, if it has any",
          "the kubelet rejects a static Pod that refers to other API objects",
          "`$` before a character that is not ASCII stays as it is"
        ],
        "release": "1.34",
        "subject": "PRICE"
      }
    ]
    "#);
    insta::assert_snapshot!(stderr(&["-", "URL", "--upgrade-to=1.36"]), @"error: --upgrade-to is about the whole container, not about URL");
}

#[test]
fn chooses_the_workload() {
    let both = ["examples/my-dep-nginx.yaml", "-"];
    insta::assert_snapshot!(stderr(&both), @"error: several Pods or workloads: Deployment/my-dep-nginx, Deployment/shop: choose one with --workload, or use --all");
    let shop = stdout(&[both.as_slice(), &["--workload", "deploy/shop"]].concat());
    assert!(shop.contains("reference-undefined"), "{shop}");
}

#[test]
fn rejects_bad_input() {
    insta::assert_snapshot!(stderr(&["URL"]), @"error: no such file: URL");
    insta::assert_snapshot!(stderr(&["no-such-file.yaml"]), @"error: no-such-file.yaml: No such file or directory (os error 2)");
    insta::assert_snapshot!(stderr(&["-", "--namespace=prod", "--workload=deploy/web"]), @"error: there is no Deployment prod/web, but Deployment prod/shop");
    insta::assert_snapshot!(stderr(&["examples/my-svc-nginx.yaml"]), @"error: no Pod or workload of the namespace default is in these files");
    insta::assert_snapshot!(stderr(&["-", "--container=db"]), @"error: standard input: document 1: Deployment default/shop: Pod in default, container db: the Pod has no container of that name");
}

#[test]
fn elides_secrets() {
    for arguments in
        [["-", "PASSWORD"].as_slice(), &["-", "PASSWORD", "--json"], &["-", "--severity=info"]]
    {
        assert!(!stdout(arguments).contains("hunter2"));
    }
}
