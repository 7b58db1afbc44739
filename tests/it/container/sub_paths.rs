//! The paths that `subPathExpr` leads to, and each reason to reject one.

use insta::assert_snapshot;
use kubelet_env::container::DeviceVariable;
use kubelet_env::environment::Entry;
use kubelet_env::{Composition, Facts, compose};

use super::Case;

const ENV: &str = "env: [{name: POD, value: web-0}, {name: EMPTY}, {name: UP, value: ..}, \
                   {name: ROOT, value: /a}]";

/// A container with a mount of each expression.
fn case(expressions: &[&str]) -> Case {
    let mounts = expressions.iter().enumerate().map(|(index, expression)| {
        format!("{{name: v{index}, mountPath: /mnt/{index}, subPathExpr: '{expression}'}}")
    });
    let mounts: Vec<String> = mounts.collect();
    Case::new(&format!("{{{ENV}, volumeMounts: [{}]}}", mounts.join(", ")))
}

fn paths(composition: &Composition<'_>) -> Vec<String> {
    let paths = composition.sub_paths().iter().map(|sub_path| {
        let path = sub_path.expanded.value.as_str().unwrap();
        format!("{} {} {}: {path}", sub_path.index, sub_path.volume, sub_path.mount_path)
    });
    paths.collect()
}

fn error(expression: &str) -> String {
    case(&[expression]).compose().unwrap_err().to_string()
}

#[test]
fn expand_over_the_whole_environment() {
    let case = case(&["$(POD)/x", "", "$(DB_SERVICE_PORT)", "a/$$(POD)/$(POD", "a..b/./c"]);
    let composition = case.compose().unwrap();
    assert_eq!(
        paths(&composition),
        [
            "0 v0 /mnt/0: web-0/x",
            "2 v2 /mnt/2: 5432",
            "3 v3 /mnt/3: a/$(POD)/$(POD",
            "4 v4 /mnt/4: a..b/./c",
        ]
    );
}

#[test]
fn see_device_variables() {
    let case = case(&["$(SLOT)"]);
    let slot = [DeviceVariable {
        resource: "example.com/slot".into(),
        name: "SLOT".into(),
        value: "7".into(),
    }];
    let composition =
        compose(&case.pod, "app", &Facts { device_env: &slot, ..case.facts() }).unwrap();
    assert_eq!(paths(&composition), ["0 v0 /mnt/0: 7"]);
}

#[test]
fn need_a_value_for_each_reference() {
    assert_snapshot!(error("$(Z)/$(EMPTY)/$(POD)/$(A)$(Z)$()"), @"Pod shop/web-0, container app: volumeMounts[0]: subPathExpr: missing value for , A, EMPTY, Z: define each with a value that is not empty");
}

#[test]
fn stay_inside_the_volume() {
    assert_snapshot!(error("/$(POD)"), @"Pod shop/web-0, container app: volumeMounts[0]: error SubPath must not be an absolute path: remove the `/` at its start");
    assert_snapshot!(error("a/$(UP)/b"), @"Pod shop/web-0, container app: volumeMounts[0]: unable to provision SubPath: must not contain '..'");
    assert!(error("$(ROOT)/b").contains("absolute"));
    assert!(error("..").contains("'..'"));
    // The absolute path is the first reason.
    assert!(error("/../$(POD)").contains("absolute"));
}

#[test]
fn are_checked_for_plain_sub_paths_too() {
    let with = |path| {
        Case::new(&format!("volumeMounts: [{{name: v, mountPath: /mnt, subPath: '{path}'}}]"))
    };
    assert!(with("a/b..c").compose().unwrap().sub_paths().is_empty());
    assert!(with("$(NOT_EXPANDED)").compose().is_ok());
    assert!(with("/a").compose().unwrap_err().to_string().contains("absolute"));
    assert!(with("a/..").compose().unwrap_err().to_string().contains("'..'"));
}

#[test]
fn exclude_plain_sub_paths() {
    let mount = "{name: v, mountPath: /mnt, subPath: a, subPathExpr: b}";
    let case = Case::new(&format!("volumeMounts: [{mount}]"));
    assert_snapshot!(case.compose().unwrap_err(), @"Pod shop/web-0, container app: volumeMounts[0]: subPathExpr and subPath are mutually exclusive: remove one of them");
}

#[test]
fn are_not_for_ephemeral_containers() {
    for field in ["subPath", "subPathExpr"] {
        let mount = format!("{{name: v, mountPath: /mnt, {field}: a}}");
        let mut case = Case::new(&format!("volumeMounts: [{mount}]"));
        assert!(case.compose().is_ok());
        case.pod.spec.ephemeral_containers = std::mem::take(&mut case.pod.spec.containers);
        assert!(case.compose().unwrap_err().to_string().contains("ephemeral container"));
    }
}

#[test]
fn are_checked_between_env_and_command() {
    let missing = "env: [{name: A, valueFrom: {configMapKeyRef: {name: gone, key: a}}}]";
    let mounts = "volumeMounts: [{name: v, mountPath: /a, subPathExpr: $(NONE)}]";
    let entry = |case: Case| case.compose().unwrap_err().entry().unwrap();
    assert_eq!(entry(Case::new(&format!("{{{missing}, {mounts}}}"))), Entry::Env(0));

    let mut case = Case::new(&format!("{{{mounts}, command: [long]}}"));
    case.objects.services = Default::default();
    case.size_limit = 0;
    assert_eq!(entry(case), Entry::VolumeMount(0));
}

#[test]
fn of_a_secret_are_secret() {
    let env = "envFrom: [{secretRef: {name: login}}]";
    let mounts = |expression| {
        format!("{{{env}, volumeMounts: [{{name: v, mountPath: /a, subPathExpr: {expression}}}]}}")
    };
    let case = Case::new(&mounts("x/$(PASSWORD)"));
    let composition = case.compose().unwrap();
    assert!(composition.sub_paths()[0].expanded.value.is_secret());
    assert!(!format!("{composition:?}").contains("hunter2"));
    let error = Case::new(&mounts("/$(PASSWORD)")).compose().unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn count_towards_the_limit() {
    let mut case = case(&["$(POD)$(POD)$(POD)$(POD)$(POD)$(POD)"]);
    case.objects.services = Default::default();
    let declared = 4 * Facts::DECLARATION_SIZE;
    case.size_limit = declared + 80;
    assert!(case.compose().unwrap_err().to_string().contains("1104 bytes"));
    case.size_limit = declared + 200;
    assert!(case.compose().is_ok());
}
