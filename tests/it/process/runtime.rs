use insta::assert_snapshot;
use kubelet_env::container::{DeviceVariable, Known};
use kubelet_env::inspect::Origin;
use kubelet_env::process::{CriO, Engine, Process, Runc, Runtime, UnknownPart};
use kubelet_env::{Environment, Facts, Form, Order, compose};

use super::{Case, lines};

const ENV: &str = "env: [{name: SHARED, value: pod}, {name: POD, value: '1'}]";
const IMAGE_ENV: [&str; 4] = ["PATH=/image", "SHARED=image", "IMAGE=1", "IMAGE=2"];

fn crio(settings: CriO) -> Runtime {
    Runtime { engine: Engine::CriO(settings), ..Runtime::default() }
}

#[test]
fn containerd_appends_duplicates() {
    let case = Case::new(ENV, "").with_image_env(&IMAGE_ENV);
    assert_snapshot!(case.oci_env(), @"
    PATH=/image
    HOSTNAME=web-0
    SHARED=image
    IMAGE=1
    IMAGE=2
    SHARED=pod
    POD=1
    ");
    assert_snapshot!(case.environ(), @"
    PATH=/image
    HOSTNAME=web-0
    IMAGE=2
    SHARED=pod
    POD=1
    HOME=/root
    ");
}

#[test]
fn containerd_replaces_its_defaults_in_place() {
    let container = "tty: true, env: [{name: HOSTNAME, value: h}, {name: TERM, value: t}]";
    let case = Case::new(container, "").with_image_env(&["TERM=image", "A=1"]);
    assert_snapshot!(case.oci_env(), @"
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    TERM=t
    HOSTNAME=h
    A=1
    ");
}

#[test]
fn containerd_unsets_defaults_without_equals() {
    let case = Case::new("tty: true", "").with_image_env(&["PATH", "TERM", "TERM=again", "A", ""]);
    assert_snapshot!(case.oci_env(), @"
    TERM=again
    HOSTNAME=web-0
    ");
}

#[test]
fn containerd_sets_term_for_terminals_only() {
    assert!(!Case::new("tty: false", "").oci_env().contains("TERM"));
    assert!(Case::new("tty: true", "").oci_env().contains("TERM=xterm"));
}

#[test]
fn crio_has_each_name_once() {
    let mut case = Case::new(ENV, "").with_image_env(&IMAGE_ENV);
    case.runtime = crio(CriO::default());
    assert_snapshot!(case.oci_env(), @"
    PATH=/image
    TERM=xterm
    HOSTNAME=web-0
    SHARED=pod
    POD=1
    IMAGE=2
    ");
}

#[test]
fn crio_replaces_default_env_in_place() {
    let default_env = vec!["POD=default".into(), "ONLY=default".into(), "HOSTNAME=default".into()];
    let mut case = Case::new(ENV, "").with_image_env(&["ONLY=image", "NO_EQUALS", "=x"]);
    case.runtime = crio(CriO { default_env, ..CriO::default() });
    assert_snapshot!(case.oci_env(), @"
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    TERM=xterm
    HOSTNAME=default
    POD=1
    ONLY=image
    SHARED=pod
    ");
}

#[test]
fn crio_marks_systemd_over_everything() {
    let mut case = Case::new("env: [{name: container, value: mine}, {name: A, value: b}]", "");
    case.runtime = crio(CriO { systemd: true, ..CriO::default() });
    assert!(case.oci_env().ends_with("container=crio\nA=b\n"), "{}", case.oci_env());
}

#[test]
fn crio_rejects_home_with_a_line_break() {
    let mut case = Case::new(r#"env: [{name: HOME, value: "/a\nb"}]"#, "");
    assert!(case.environ().contains("HOME=/a\\nb"));
    case.runtime = crio(CriO::default());
    assert_snapshot!(case.error(), @"HOME has a line break, which CRI-O rejects: set it to a directory");
}

#[test]
fn crio_default_env_needs_equals() {
    let mut case = Case::new("", "");
    case.runtime = crio(CriO { default_env: vec!["DEBUG".into()], ..CriO::default() });
    assert!(case.compose().environment().is_empty());
    assert_snapshot!(case.error(), @"invalid environment variable DEBUG: missing '=': write NAME=value");
}

#[test]
fn home_comes_from_passwd_by_uid() {
    let home = |container: &str, spec: &str, user: &str| {
        let mut case = Case::new(container, spec);
        case.image.as_mut().unwrap().user = user.into();
        let environ = case.environ();
        environ.lines().find(|line| line.starts_with("HOME=")).unwrap().to_owned()
    };
    let pod = "securityContext: {runAsUser: 1000}";
    assert_eq!(home("", "", ""), "HOME=/root");
    assert_eq!(home("", "", "app"), "HOME=/home/app");
    assert_eq!(home("", "", "1000:0"), "HOME=/home/app");
    assert_eq!(home("", "", "4242"), "HOME=/");
    assert_eq!(home("", pod, "4242"), "HOME=/home/app");
    assert_eq!(home("securityContext: {runAsUser: 0}", pod, "app"), "HOME=/root");
    assert_eq!(home("env: [{name: HOME, value: /mine}]", pod, ""), "HOME=/mine");
    assert_eq!(home("env: [{name: HOME}]", pod, ""), "HOME=/home/app");
}

#[test]
fn image_user_must_be_in_passwd() {
    let mut case = Case::new("", "");
    case.image.as_mut().unwrap().user = "nobody:staff".into();
    assert_snapshot!(case.error(), @r#"the image's user "nobody" is not in its /etc/passwd: add it, or set runAsUser"#);
}

#[test]
fn host_network_uses_the_nodes_hostname() {
    let case = Case::new("", "hostNetwork: true, hostname: mine");
    assert!(case.environ().contains("HOSTNAME=node\n"));
}

fn args(case: &Case) -> Option<String> {
    let composition = case.compose();
    let facts = case.facts();
    let process = Process::new(&composition, &facts).unwrap();
    let args = process.args()?.iter().map(|arg| arg.as_str().unwrap().to_owned());
    Some(args.collect::<Vec<_>>().join(" "))
}

#[test]
fn command_and_args_replace_entrypoint_and_cmd() {
    let args = |container: &str| {
        let mut case = Case::new(container, "");
        let image = case.image.as_mut().unwrap();
        image.entrypoint = vec!["entry".into(), "point".into()];
        image.cmd = vec!["cmd".into()];
        args(&case).unwrap()
    };
    assert_eq!(args(""), "entry point cmd");
    assert_eq!(args("args: [a]"), "entry point a");
    assert_eq!(args("command: [c]"), "c");
    assert_eq!(args("command: [c], args: [a]"), "c a");
}

#[test]
fn a_blank_entrypoint_is_none_for_containerd() {
    let mut case = Case::new("", "");
    case.image.as_mut().unwrap().entrypoint = vec![String::new()];
    assert_eq!(args(&case).unwrap(), "/run");
    case.runtime = crio(CriO::default());
    assert_eq!(args(&case).unwrap(), " /run");
}

#[test]
fn a_process_needs_a_command() {
    let mut case = Case::new("", "");
    case.image.as_mut().unwrap().cmd.clear();
    assert_snapshot!(case.error(), @"no command specified: set the container's command, or the image's ENTRYPOINT or CMD");
}

#[test]
fn working_dir_replaces_that_of_the_image() {
    let cwd = |container: &str, workdir: &str| {
        let mut case = Case::new(container, "");
        case.image.as_mut().unwrap().working_dir = workdir.into();
        let (composition, facts) = (case.compose(), case.facts());
        Process::new(&composition, &facts).unwrap().cwd().map(str::to_owned)
    };
    assert_eq!(cwd("", "").as_deref(), Some("/"));
    assert_eq!(cwd("", "/srv").as_deref(), Some("/srv"));
    assert_eq!(cwd("workingDir: /mine", "/srv").as_deref(), Some("/mine"));
}

#[test]
fn an_unknown_image_leaves_parts_unknown() {
    let mut case = Case::new(ENV, "");
    case.image = None;
    let all = [UnknownPart::ImageEnv, UnknownPart::Home, UnknownPart::Args, UnknownPart::Cwd];
    assert_eq!(case.unknown(), all);
    assert!(!case.environ().contains("HOME="));
    let (composition, facts) = (case.compose(), case.facts());
    let process = Process::new(&composition, &facts).unwrap();
    assert_eq!((process.args(), process.cwd(), process.uid()), (None, None, None));
    let replaceable: Vec<&str> = process.replaceable().map(|entry| entry.name()).collect();
    assert_eq!(replaceable, ["PATH", "HOSTNAME"]);
}

#[test]
fn a_known_container_needs_no_image() {
    let container = "command: [c], workingDir: /, securityContext: {runAsUser: 1000}, \
                     env: [{name: HOME}, {name: PATH, value: /bin}]";
    let mut case = Case::new(container, "");
    case.image = None;
    assert_eq!(case.unknown(), [UnknownPart::ImageEnv]);
    // The kubelet's empty HOME hides the image's, whatever it is.
    assert!(case.environ().ends_with("HOME=/home/app\n"));
}

#[test]
fn unknown_names_are_left_out() {
    let mut case = Case::new("", "hostNetwork: true");
    (case.node_hostname, case.passwd) = (None, None);
    assert_eq!(case.unknown(), [UnknownPart::Hostname, UnknownPart::Home]);
    assert_snapshot!(case.environ(), @"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");

    let case = Case {
        node_hostname: None,
        ..Case::new("env: [{name: HOSTNAME, value: mine}]", "hostNetwork: true")
    };
    assert_eq!(case.unknown(), []);
    assert!(case.environ().contains("HOSTNAME=mine"));
}

/// If the kubelet may set a variable, its default or the image's value is unknown.
#[test]
fn unknown_values_stay_unknown() {
    let container = "envFrom: [{prefix: P, configMapRef: {name: gone}}], \
                     env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}, \
                     {name: URL, value: 'http://$(A)/'}, {name: B, value: b}]";
    let case = Case::new(container, "").with_image_env(&["A=image", "B=image", "C=image"]);
    let known = Known::default();
    let composition = case.compose_with(&Facts::open(&case.objects, &known));
    let facts = case.facts();
    let process = Process::new(&composition, &facts).unwrap();
    assert_eq!(process.unknown(), [UnknownPart::EnvFrom]);
    let environment = process.environment();
    assert!(!environment.is_known() && environment.to_text_pairs(Order::Kubelet).is_err());
    assert!(environment.is_open_for("PYTHON") && !environment.is_open_for("Q"));
    let of = |name: &str| environment.get(name).unwrap().value().to_string();
    assert_snapshot!(of("A"), @"<A: image unless Secret shop/s k sets it>");
    assert_snapshot!(of("PATH"), @"<PATH: /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin unless ConfigMap shop/gone sets it>");
    assert_snapshot!(of("URL"), @"http://<A: not set unless Secret shop/s k sets it>/");
    assert_eq!((of("B"), of("C"), of("HOME")), ("b".into(), "image".into(), "/root".into()));
    assert!(environment.get("A").unwrap().value().is_secret());
}

fn device(resource: &str, name: &str, value: &str) -> DeviceVariable {
    DeviceVariable { resource: resource.into(), name: name.into(), value: value.into() }
}

#[test]
fn device_variables_come_first_and_lose() {
    let case = Case::new(ENV, "");
    let devices = [
        device("a.com/x", "SHARED", "device"),
        device("a.com/x", "DEVICE", "1"),
        device("b.com/y", "DEVICE", "2"),
    ];
    let facts = Facts { device_env: &devices, ..Facts::of(&case.objects) };
    let composition = case.compose_with(&facts);
    let environment = composition.environment();
    assert_eq!(
        String::from_utf8(environment.render(Order::Kubelet, Form::Lines)).unwrap(),
        "DEVICE=1\nSHARED=pod\nPOD=1\n"
    );
    assert!(environment.get("DEVICE").unwrap().is_device());
    assert!(!environment.get("SHARED").unwrap().is_device());
    let explanation = composition.explain("SHARED", &case.objects.services);
    let origins: Vec<&Origin> = explanation.steps.iter().map(|step| &step.origin).collect();
    assert!(matches!(origins[..], [Origin::Device, Origin::Text { .. }]), "{origins:?}");
    assert_eq!((explanation.effective, explanation.overrides), (Some(1), vec![0]));
    assert_eq!(environment.len(), 3);

    let process_facts = case.facts();
    let process = Process::new(&composition, &process_facts).unwrap();
    let oci_env = lines(process.oci_env());
    assert!(oci_env.ends_with("HOSTNAME=web-0\nSHARED=device\nDEVICE=1\nSHARED=pod\nPOD=1\n"));
    let environ = lines(process.environ());
    assert!(environ.ends_with("HOSTNAME=web-0\nDEVICE=1\nSHARED=pod\nPOD=1\nHOME=/root\n"));
}

#[test]
fn services_hide_device_variables() {
    let mut case = Case::new("", "");
    case.objects = crate::support::documents::read_yaml(
        "{apiVersion: v1, kind: Service, metadata: {namespace: shop, name: db}, \
         spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}",
    );
    let devices = [device("a.com/x", "DB_SERVICE_PORT", "device")];
    let facts = Facts { device_env: &devices, ..Facts::of(&case.objects) };
    let composition = case.compose_with(&facts);
    let environment = composition.environment();
    assert_eq!(environment.get("DB_SERVICE_PORT").unwrap().value().as_str(), Some("80"));
    assert_eq!(environment.iter().count(), 7);
}

#[test]
fn device_variables_count_towards_the_limit() {
    let case = Case::new("", "");
    let devices = [device("a.com/x", "DEVICE", &"x".repeat(100))];
    let facts = Facts { device_env: &devices, size_limit: 100, ..Facts::of(&case.objects) };
    let error = compose(&case.pod, "app", &facts).unwrap_err().to_string();
    assert!(error.contains("100 bytes"), "{error}");
}

#[test]
fn secrets_stay_secret() {
    let container = "env: [{name: KEY, valueFrom: {secretKeyRef: {name: login, key: PASSWORD}}}], \
                     command: [c, $(KEY)]";
    for runtime in [Runtime::default(), crio(CriO::default())] {
        for runc in [Runc::UpTo1_2, Runc::Since1_3] {
            let mut case = Case::new(container, "").with_image_env(&["KEY=image"]);
            case.runtime = Runtime { runc, ..runtime.clone() };
            let (composition, facts) = (case.compose(), case.facts());
            let process = Process::new(&composition, &facts).unwrap();
            assert!(process.args().unwrap()[1].is_secret());
            assert!(!format!("{process:?}").contains("hunter2"), "{process:?}");
            let environment = process.environment();
            assert_eq!(environment.get("KEY").unwrap().value().as_str(), Some("hunter2"));
            assert!(environment.get("KEY").unwrap().value().is_secret());
            let redacted = environment.redacted().render(Order::Kubelet, Form::Lines);
            assert!(String::from_utf8(redacted).unwrap().contains("KEY=[redacted]\n"));
        }
    }
}

#[test]
fn some_releases_reject_values_that_are_not_utf8() {
    let mut case = Case::new("envFrom: [{secretRef: {name: raw}}]", "");
    case.objects = crate::support::documents::read_yaml(
        "{apiVersion: v1, kind: Secret, metadata: {namespace: shop, name: raw}, \
         data: {KEY: /w==}}",
    );
    let start = |release: &str| {
        let release = release.parse().unwrap();
        let composition = case.compose_with(&Facts { release, ..Facts::of(&case.objects) });
        Process::new(&composition, &case.facts()).map(|process| lines(process.environ()))
    };
    assert_snapshot!(start("1.34.0").unwrap_err(), @"KEY is not UTF-8, which this release cannot pass to the container runtime");
    for release in ["1.33", "1.34.9", "1.36.2"] {
        assert!(start(release).unwrap().contains("KEY=\\xff\n"), "{release}");
    }
}

#[test]
fn secrets_with_nul_are_not_quoted() {
    let mut case = Case::new("envFrom: [{secretRef: {name: raw}}]", "");
    case.objects = crate::support::documents::read_yaml(
        "{apiVersion: v1, kind: Secret, metadata: {namespace: shop, name: raw}, \
         data: {KEY: aHVudGVyMgB4}}",
    );
    assert_snapshot!(case.error(), @"invalid environment variable KEY: it contains NUL: remove the byte");
}

#[test]
fn equals_in_a_name_moves_into_the_value() {
    let case = Case::new("env: [{name: A=B, value: c}]", "");
    let environ = case.environ();
    assert!(environ.contains("\nA=B=c\n"), "{environ}");
    let (composition, facts) = (case.compose(), case.facts());
    let process = Process::new(&composition, &facts).unwrap();
    assert_eq!(process.environment().get("A").unwrap().value().as_str(), Some("B=c"));
}

#[test]
fn variables_of_a_base_are_not_the_kubelets() {
    let case = Case::new(ENV, "");
    let plain = case.environ();
    let composition = case.compose().with_base([("BASE", "1")]);
    let facts = case.facts();
    assert_eq!(lines(Process::new(&composition, &facts).unwrap().environ()), plain);
}

#[test]
fn every_kind_of_container_has_a_process() {
    let spec = "initContainers: [{name: init, env: [{name: A, value: init}]}, \
                {name: side, restartPolicy: Always, env: [{name: A, value: side}]}], \
                ephemeralContainers: [{name: debug, tty: true, env: [{name: A, value: debug}]}]";
    let case = Case::new("", spec);
    let facts = case.facts();
    for name in ["init", "side", "debug"] {
        let composition = compose(&case.pod, name, &Facts::of(&case.objects)).unwrap();
        let process = Process::new(&composition, &facts).unwrap();
        let environment: Environment<'_> = process.environment();
        assert_eq!(environment.get("A").unwrap().value().as_str(), Some(name));
        assert_eq!(environment.get("TERM").is_some(), name == "debug");
    }
}
