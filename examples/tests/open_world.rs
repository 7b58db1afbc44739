//! The examples `printenv` and `explain` over manifests as they are in Git.

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;

use super::{Output, run_example};

const DEPLOYMENT: &str = "examples/my-dep-nginx.yaml";

/// Writes files below a new directory and returns its path.
fn directory(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&directory);
    for (file, text) in files {
        let path = directory.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

/// Runs an example over a directory. The path of the directory is left out of its output.
fn run_over(example: &str, directory: &Path, arguments: &[&str]) -> Output {
    let path = directory.to_str().unwrap();
    let output = run_example(example, &[&[path], arguments].concat(), "");
    let without = |text: String| text.replace(&format!("{path}/"), "");
    Output { code: output.code, stdout: without(output.stdout), stderr: without(output.stderr) }
}

fn without_kubernetes(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.starts_with("KUBERNETES_")).collect()
}

#[test]
fn manifest_without_addresses_has_placeholders() {
    let Output { code, stdout, stderr } = run_example("printenv", &[DEPLOYMENT], "");
    assert_eq!(code, Some(0));
    assert_snapshot!(stdout, @"
    KUBERNETES_SERVICE_HOST=<clusterIP of default/kubernetes>
    KUBERNETES_SERVICE_PORT=443
    KUBERNETES_SERVICE_PORT_HTTPS=443
    KUBERNETES_PORT=tcp://<clusterIP of default/kubernetes>:443
    KUBERNETES_PORT_443_TCP=tcp://<clusterIP of default/kubernetes>:443
    KUBERNETES_PORT_443_TCP_PROTO=tcp
    KUBERNETES_PORT_443_TCP_PORT=443
    KUBERNETES_PORT_443_TCP_ADDR=<clusterIP of default/kubernetes>
    MY_SVC_NGINX_SERVICE_HOST=<clusterIP of default/my-svc-nginx>
    MY_SVC_NGINX_SERVICE_PORT=80
    MY_SVC_NGINX_PORT=tcp://<clusterIP of default/my-svc-nginx>:80
    MY_SVC_NGINX_PORT_80_TCP=tcp://<clusterIP of default/my-svc-nginx>:80
    MY_SVC_NGINX_PORT_80_TCP_PROTO=tcp
    MY_SVC_NGINX_PORT_80_TCP_PORT=80
    MY_SVC_NGINX_PORT_80_TCP_ADDR=<clusterIP of default/my-svc-nginx>
    ");
    assert_snapshot!(stderr, @"
    unknown: <clusterIP of default/kubernetes> (--cluster-ip kubernetes=IP)
    unknown: <clusterIP of default/my-svc-nginx> (--cluster-ip my-svc-nginx=IP)
    ");
}

#[test]
fn addresses_may_be_given_or_allocated() {
    let arguments = [
        DEPLOYMENT,
        "--cluster-ip=my-svc-nginx=10.1.237.190",
        "--cluster-ip=default/kubernetes=10.1.0.1",
    ];
    let given = run_example("printenv", &arguments, "");
    assert_eq!((given.code, given.stderr.as_str()), (Some(0), ""));
    assert!(given.stdout.contains("KUBERNETES_PORT=tcp://10.1.0.1:443\n"));
    assert!(given.stdout.contains("MY_SVC_NGINX_SERVICE_HOST=10.1.237.190\n"));

    let allocated = run_example("printenv", &[DEPLOYMENT, "--service-cidr=10.96.0.0/16"], "");
    assert_eq!((allocated.code, allocated.stderr.as_str()), (Some(0), ""));
    assert!(allocated.stdout.contains("KUBERNETES_SERVICE_HOST=10.96.0.1\n"));
    assert!(allocated.stdout.contains("MY_SVC_NGINX_SERVICE_HOST=10.96.108.22\n"));
}

#[test]
fn services_alone_may_have_unknown_addresses() {
    let service =
        "---\n{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 1}]}}";
    let Output { code, stdout, stderr } = run_example("printenv", &["-"], service);
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with("A_SERVICE_HOST=<clusterIP of default/a>\n"), "{stdout}");
    assert_eq!(stdout.lines().count(), 7);
    assert_snapshot!(stderr, @"unknown: <clusterIP of default/a> (--cluster-ip a=IP)");
}

#[cfg(unix)]
#[test]
fn no_command_runs_with_placeholders() {
    let pod = "---\n{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: app, envFrom: [{secretRef: {name: db}, prefix: X_}], env: [{name: A, valueFrom: {secretKeyRef: {name: db, key: pw}}}]}]}}";
    let addressed = ["-", "--cluster-ip=kubernetes=10.0.0.1", "--", "env"];
    let Output { code, stdout, stderr } = run_example("printenv", &addressed, pod);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert_snapshot!(stderr, @r#"
    unknown: <Secret default/db pw>
    unknown: <Secret default/db>
    error: not known: A (<Secret default/db pw>), the variables of envFrom[0] (Secret default/db, prefix "X_"): add the missing objects or facts, or use --placeholders
    "#);
    let asked = [&["--placeholders"], &addressed[..]].concat();
    let Output { code, stdout, stderr } = run_example("printenv", &asked, pod);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.contains("A=<Secret default/db pw>\n"), "{stdout}");
}

const SHOP: &[(&str, &str)] = &[
    (
        "base/web.yaml",
        "\u{feff}apiVersion: apps/v1\r\nkind: Deployment\r\nmetadata: {name: web}\r\nspec:\r\n  template:\r\n    spec:\r\n      hostNetwork: yes\r\n      containers:\r\n      - name: app\r\n        envFrom: [{configMapRef: {name: web}}, {secretRef: {name: extra}}]\r\n        env:\r\n        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}\r\n---\r\n---\r\n# nothing\r\n---\r\napiVersion: v1\r\nkind: ConfigMap\r\nmetadata: {name: web}\r\ndata: {COLOR: blue, NO: 'yes'}\r\n",
    ),
    (
        "overlay/web.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {COLOR: green}}\n",
    ),
    (
        "overlay/patch.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {COLOR: green}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: smoke}\nspec:\n  containers:\n  - {name: app, env: [{name: COLOR, valueFrom: {configMapKeyRef: {name: web, key: COLOR}}}]}\n",
    ),
    (
        "jobs.yml",
        "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: migrate-}\nspec: &spec\n  template:\n    spec:\n      containers:\n      - name: job\n        env: [{name: COLOR, valueFrom: {configMapKeyRef: {name: web, key: COLOR}}}]\n---\napiVersion: batch/v1\nkind: Job\nmetadata: {generateName: migrate-}\nspec: {completionMode: Indexed, template: {spec: {initContainers: [{name: one}], containers: [{name: two, volumeMounts: [{name: v, mountPath: /v}]}], volumes: [{name: v, secret: {secretName: s, defaultMode: 0400}}]}}}\n",
    ),
    ("kustomization.yaml", "resources: [base]\n"),
    ("chart/values.yaml", "enabled: no\n"),
    ("chart/templates/web.yaml", "{{- if .Values.enabled }}\nkind: Service\n{{- end }}\n"),
    (
        "chart/templates/service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec:\n  ports:\n  - port: \"{{ .Values.port }}\"\n",
    ),
    ("broken.yaml", "apiVersion: v1\n  kind: Pod\n"),
    ("bool.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bool}\ndata: {A: yes}\n"),
    ("notes.txt", "no manifest\n"),
    (".hidden/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: hidden}\n"),
];

#[test]
fn all_containers_of_a_directory() {
    let directory = directory("all_containers_of_a_directory", SHOP);
    let Output { code, stdout, stderr } = run_over("printenv", &directory, &["--all"]);
    assert_eq!(code, Some(0));
    assert_snapshot!(without_kubernetes(&stdout), @"
    # Deployment default/web app
    COLOR=<COLOR: blue unless Secret default/extra sets it>
    false=<false: yes unless Secret default/extra sets it>
    POD=<metadata.name>
    # names not known: envFrom[1] (Secret default/extra)
    # Job default/migrate- job
    COLOR=<ConfigMap default/web COLOR>
    # Job default/migrate- one
    JOB_COMPLETION_INDEX=<metadata.labels['batch.kubernetes.io/job-completion-index']>
    # Job default/migrate- two
    JOB_COMPLETION_INDEX=<metadata.labels['batch.kubernetes.io/job-completion-index']>
    # Pod default/smoke app
    COLOR=green
    ");
    assert_snapshot!(stderr, @"
    note: base/web.yaml: document 4: line 20: the key NO is false for kubectl: quote it if it is text
    warning: bool.yaml: ConfigMap bool: data.A is true, but should be a string: skipped
    warning: broken.yaml: not YAML: mapping values are not allowed in this context at line 2 column 7: skipped
    note: chart/templates/service.yaml: a template: skipped
    note: chart/templates/web.yaml: a template: skipped
    note: chart/values.yaml: no Kubernetes object: skipped
    note: kustomization.yaml: no Kubernetes object: skipped
    note: ConfigMap default/web of base/web.yaml: document 4 has 2 other definitions that differ: containers see the nearest one
    unknown: <clusterIP of default/kubernetes> (--cluster-ip kubernetes=IP)
    unknown: <ConfigMap default/web COLOR>
    unknown: <Secret default/extra>
    unknown: <metadata.labels['batch.kubernetes.io/job-completion-index']>
    unknown: <metadata.name>
    ");
    let Output { code, stdout, stderr } = run_over("explain", &directory, &["--all", "COLOR"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_snapshot!(stdout, @"
    # Deployment default/web app
    COLOR=<COLOR: blue unless Secret default/extra sets it>
      from envFrom[1], which may set it from Secret default/extra
      overrides COLOR=blue
        from envFrom[0], key COLOR of ConfigMap default/web
    # Job default/migrate- job
    COLOR=<ConfigMap default/web COLOR>
      from env[0], key COLOR of ConfigMap default/web
    # Job default/migrate- one
    COLOR is not set
      no entry sets it, and no Service produces it
    # Job default/migrate- two
    COLOR is not set
      no entry sets it, and no Service produces it
    # Pod default/smoke app
    COLOR=green
      from env[0], key COLOR of ConfigMap default/web
    ");
    let Output { code, stdout, stderr } = run_over("explain", &directory, &["--all"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_snapshot!(stdout, @"
    # Deployment default/web app
    # Job default/migrate- job
    # Job default/migrate- one
    # Job default/migrate- two
    # Pod default/smoke app
    ");
    let strict = run_over("printenv", &directory, &["--all", "--strict"]);
    assert_eq!((strict.code, strict.stdout.as_str()), (Some(1), ""));
    assert_snapshot!(strict.stderr, @"error: base/web.yaml: line 7: yes is a boolean in YAML 1.1, which kubectl reads: quote it, or write it out");
}

#[test]
fn explain_counts_the_findings_of_all_containers() {
    let pods = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: app, env: [{name: A, value: $(B)}, {name: C, value: $(D)}]}]}}\n- {apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {containers: [{name: app, env: [{name: a.b, value: $(B)}]}]}}\n";
    let strict = run_example("explain", &["-", "--all", "--strict"], pods);
    assert_eq!(strict.code, Some(0));
    assert_snapshot!(strict.stdout, @r#"
    # Pod default/a app
    warning: $(B) in A is not replaced: there is no such variable. [reference-undefined]
      Define it in an earlier entry, or write $$( if you mean the text.
    warning: $(D) in C is not replaced: there is no such variable. [reference-undefined]
      Define it in an earlier entry, or write $$( if you mean the text.
    # Pod default/b app
    warning: $(B) in a.b is not replaced: there is no such variable. [reference-undefined]
      Define it in an earlier entry, or write $$( if you mean the text.
    info: env[0] sets "a.b", a name that no shell can use. [not-for-shells]
      Use letters, digits and _, and do not start with a digit.
    "#);
    assert_snapshot!(strict.stderr, @"
    summary: 3 × warning reference-undefined
    summary: 1 × info not-for-shells
    ");
}

#[test]
fn container_sees_the_nearest_definition() {
    let config_map = |value: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{K: {value}}}\n")
    };
    let pod = |name: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: [{{name: app, env: [{{name: K, valueFrom: {{configMapKeyRef: {{name: c, key: K}}}}}}]}}]}}\n"
        )
    };
    let own = config_map("own") + &pod("own");
    let files: &[(&str, &str)] = &[
        ("a/config.yaml", &config_map("a")),
        ("a/deep/pod.yaml", &pod("below")),
        ("a/own.yaml", &own),
        ("a/pod.yaml", &pod("between")),
        ("b/config.yaml", &config_map("b")),
        ("b/deep/pod.yaml", &pod("b")),
        ("c/pod.yaml", &pod("elsewhere")),
    ];
    let directory = directory("container_sees_the_nearest_definition", files);
    let Output { stdout, .. } = run_over("printenv", &directory, &["--all"]);
    assert_snapshot!(without_kubernetes(&stdout), @"
    # Pod default/below app
    K=<ConfigMap default/c K>
    # Pod default/own app
    K=own
    # Pod default/between app
    K=<ConfigMap default/c K>
    # Pod default/b app
    K=b
    # Pod default/elsewhere app
    K=<ConfigMap default/c K>
    ");
}

#[test]
fn directory_without_manifests_is_an_error() {
    let directory = directory("directory_without_manifests_is_an_error", &[("a.txt", "")]);
    let output = run_over("printenv", &directory, &[]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    assert!(output.stderr.ends_with("no file below it ends in .yaml, .yml or .json\n"));
}

#[test]
fn files_without_objects_are_an_error() {
    let files = [("a.yaml", "a: 1\n"), ("b.yaml", "- b\n")];
    let directory = directory("files_without_objects_are_an_error", &files);
    let output = run_over("printenv", &directory, &["--all"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    assert_snapshot!(output.stderr, @"
    note: a.yaml: no Kubernetes object: skipped
    note: b.yaml: no Kubernetes object: skipped
    error: these files hold no Kubernetes object
    ");
}

#[test]
fn refused_container_does_not_end_the_run() {
    let pods = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: app, env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.x}}}]}]}}\n- {apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {containers: [{name: app, env: [{name: B, value: b}]}]}}\n";
    let Output { code, stdout, stderr } =
        run_example("printenv", &["-", "--all", "--strict"], pods);
    assert_eq!(
        (code, stdout.as_str()),
        (Some(1), "# Pod default/a app\n# error\n# Pod default/b app\nB=b\n")
    );
    assert_snapshot!(stderr, @r#"error: standard input: Pod default/a, container app: env[0] A: fieldRef "spec.x": field label not supported"#);
    let Output { code, stdout, .. } =
        run_example("explain", &["-", "--all", "--strict", "--json"], pods);
    assert_eq!(code, Some(1));
    assert_snapshot!(stdout, @r#"
    [
      {
        "container": "Pod default/a app",
        "findings": [
          {
            "advice": "Correct the entry.",
            "code": "refused",
            "message": "The kubelet does not start the container: env[0] (A): fieldRef \"spec.x\": field label not supported.",
            "objects": [],
            "severity": "error",
            "variables": [
              "A"
            ]
          }
        ]
      },
      {
        "container": "Pod default/b app",
        "findings": []
      }
    ]
    "#);
}

#[test]
fn yaml_1_1_is_read_as_by_kubectl() {
    let pod = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  010: octal key
  text: this is a, no, really
  lines: one
    no
  block: |
    on
  quoted: 'off'
---
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  enableServiceLinks: off
  containers:
  - {name: app, envFrom: [{configMapRef: {name: c}}]}
";
    let output = run_example("printenv", &["-"], pod);
    assert_snapshot!(without_kubernetes(&output.stdout), @"
    8=octal key
    block=on

    lines=one no
    quoted=off
    text=this is a, no, really
    ");
    assert_snapshot!(output.stderr, @"
    note: standard input: document 1: line 5: the key 010 is 8 for kubectl: quote it if it is text
    unknown: <clusterIP of default/kubernetes> (--cluster-ip kubernetes=IP)
    ");
}

#[test]
fn findings_about_services_are_listed_once() {
    let manifests = "
apiVersion: v1
kind: Service
metadata: {name: cache}
spec: {clusterIP: None, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: a}, {name: b, args: ['$(REPLACED)']}]}
";
    let directory = directory("once", &[("web.yaml", manifests)]);
    let output = run_over("explain", &directory, &["--all", "--replaced", "REPLACED"]);
    assert_snapshot!(output.stdout, @"
    # Pod default/web a
    info: Services of the namespace without variables: cache (headless). [service-skipped]
      No action is needed if clients find them by DNS.
    # Pod default/web b
    ");
}
