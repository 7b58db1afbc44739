//! The example `printenv --process`, run as a process.

use insta::assert_snapshot;

use super::run_example;

const POD: &str = "---\n{apiVersion: v1, kind: Pod, metadata: {name: web-0, namespace: default}, \
                   spec: {containers: [{name: app, env: [{name: LOG_LEVEL, value: debug}]}]}}";

const IMAGE: [&str; 2] =
    ["--image-config=examples/worked/storefront.json", "--passwd=examples/worked/passwd"];

fn run(arguments: &[&str], pod: &str) -> super::Output {
    run_example("printenv", &[&["--strict", "-", "--process"], arguments].concat(), pod)
}

#[test]
fn prints_the_environment_of_process_1() {
    let output = run(&IMAGE, POD);
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    assert_snapshot!(output.stdout, @"
    PATH=/usr/local/bin:/usr/bin:/bin
    HOSTNAME=web-0
    LANG=C.UTF-8
    LOG_LEVEL=debug
    HOME=/home/app
    ");
}

#[test]
fn knows_the_runtimes() {
    let output = run(&[&IMAGE[..], &["--runtime=cri-o", "--runc=1.2.6"]].concat(), POD);
    assert_snapshot!(output.stdout, @"
    PATH=/usr/local/bin:/usr/bin:/bin
    TERM=xterm
    HOSTNAME=web-0
    LOG_LEVEL=debug
    LANG=C.UTF-8
    HOME=/home/app
    ");
}

#[cfg(unix)]
#[test]
fn runs_a_command_under_exactly_that() {
    let output = run(&[&IMAGE[..], &["--order=name", "--", "env"]].concat(), POD);
    let mut lines: Vec<&str> = output.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "HOME=/home/app",
            "HOSTNAME=web-0",
            "LANG=C.UTF-8",
            "LOG_LEVEL=debug",
            "PATH=/usr/local/bin:/usr/bin:/bin",
        ]
    );
}

#[test]
fn warns_of_what_is_not_known() {
    let output = run(&[], POD);
    assert_eq!(output.code, Some(0));
    assert_snapshot!(output.stderr, @"
    warning: the image's ENV is not known: it may add variables and replace those that the kubelet does not set (use --image-config)
    warning: HOME is not known: the image or its /etc/passwd is missing (use --image-config and --passwd)
    ");
}

#[test]
fn runs_no_command_with_less() {
    let output = run(&["--", "env"], POD);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    assert!(output.stderr.starts_with("error: the image's ENV is not known"));

    let host = POD.replace("containers", "hostNetwork: true, containers");
    let output = run(&[&IMAGE[..], &["--", "env"]].concat(), &host);
    assert_snapshot!(output.stderr, @"error: HOSTNAME is not known: the Pod's or Node's hostname is missing (use --pod-name, or --node-hostname with hostNetwork)");
    let output = run(&[&IMAGE[..], &["--node-hostname=vm"]].concat(), &host);
    assert!(output.stdout.contains("HOSTNAME=vm\n"));
}

#[test]
fn errors_name_the_file() {
    let output = run(&["--image-config=examples/worked/passwd"], POD);
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.starts_with("error: examples/worked/passwd: "), "{}", output.stderr);
}

#[test]
fn needs_a_container() {
    let service = "---\n{apiVersion: v1, kind: Service, metadata: {name: a, namespace: default}}";
    assert_snapshot!(run(&[], service).stderr, @"error: --process needs a Pod or workload, and none is in these files");
    let output = run_example("printenv", &["-", "--passwd=x"], POD);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("--process"));
}
