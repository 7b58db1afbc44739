//! Comparison of two environments, and drift of a running container.

use kubelet_env::inspect::{Captured, DriftedVariable, compare, drift};
use kubelet_env::{Environment, Facts, compose};

use crate::support::cluster::{Cluster, WEB};

#[test]
fn comparison_lists_changes_by_name() {
    let before = Captured::from_block(b"B=1\0A=1\0C=1\0SAME=x\0");
    let after = Captured::from_block(b"SAME=x\0C=2\0A=1\0D=\0E=a=b\0");
    let comparison = compare(&before, &after);
    let names: Vec<&[u8]> = comparison.changes().iter().map(|change| &*change.name).collect();
    assert_eq!(names, [b"B", b"C", b"D", b"E"]);
    assert!(!comparison.is_empty());
    insta::assert_snapshot!(comparison.with_values(), @"
    - B=1
    - C=1
    + C=2
    + D=
    + E=a=b
    ");
}

#[test]
fn captured_values_are_elided_by_default() {
    let before = Captured::from_block(b"PASSWORD=hunter2\0");
    let after = Captured::from_block(b"PASSWORD=hunter3\0");
    let comparison = compare(&before, &after);
    insta::assert_snapshot!(comparison, @"
    - PASSWORD=[elided]
    + PASSWORD=[elided]
    ");
    assert!(!format!("{comparison:?}").contains("hunter"));
    insta::assert_snapshot!(comparison.with_values(), @"
    - PASSWORD=hunter2
    + PASSWORD=hunter3
    ");
}

#[test]
fn composed_values_are_elided_if_secret() {
    let cluster_with = |password: &str| {
        Cluster::with_container(
            "envFrom: [{secretRef: {name: s}}], \
             env: [{name: URL, value: 'db://$(PASSWORD)@db'}, {name: COLOR, value: $(WEB_PORT)}]",
        )
        .with_service(
            "web",
            &format!("clusterIP: 10.0.0.{}, ports: [{{port: 80}}]", password.len()),
        )
        .with_secret("s", &format!("PASSWORD: {password}"))
    };
    let (before, after) = (cluster_with("hunter2"), cluster_with("hunter22"));
    before.compose(|before| {
        after.compose(|after| {
            let (before, after) =
                (Captured::from(before.environment()), Captured::from(after.environment()));
            insta::assert_snapshot!(compare(&before, &after), @"
            - COLOR=tcp://10.0.0.7:80
            + COLOR=tcp://10.0.0.8:80
            - PASSWORD=[elided]
            + PASSWORD=[elided]
            - URL=[elided]
            + URL=[elided]
            - WEB_PORT=tcp://10.0.0.7:80
            + WEB_PORT=tcp://10.0.0.8:80
            - WEB_PORT_80_TCP=tcp://10.0.0.7:80
            + WEB_PORT_80_TCP=tcp://10.0.0.8:80
            - WEB_PORT_80_TCP_ADDR=10.0.0.7
            + WEB_PORT_80_TCP_ADDR=10.0.0.8
            - WEB_SERVICE_HOST=10.0.0.7
            + WEB_SERVICE_HOST=10.0.0.8
            ");
            let with_values = compare(&before, &after).with_values().to_string();
            assert!(
                with_values.contains("- PASSWORD=hunter2\n+ PASSWORD=hunter22\n"),
                "{with_values}"
            );
        });
    });
}

#[test]
fn comparison_escapes_control_characters() {
    let before = Captured::from_block(b"");
    let after = Captured::from_block(b"A=x\ny\x1b\0\xff\n=\xfe\0\xc3\xa9\n=\xc3\xa9\0");
    insta::assert_snapshot!(compare(&before, &after).with_values(), @r"
    + A=x\ny\u{1b}
    + é\n=é
    + \xff\n=\xfe
    ");
}

#[test]
fn block_keeps_first_duplicate_and_skips_garbage() {
    let captured = Captured::from_block(b"A=1\0A=2\0nothing\0\0=x\0=\0=C:=x=y\0");
    assert_eq!(
        captured,
        Captured::from_pairs([(b"A".as_slice(), b"1".as_slice()), (b"=C:", b"x=y")])
    );
    assert!(compare(&captured, &captured).is_empty());
    assert_eq!(compare(&captured, &captured).to_string(), "");
}

/// Returns the drifted variables as lines, after a round trip through JSON.
fn drift_lines(drifted: &[DriftedVariable]) -> String {
    let json = serde_json::to_string(drifted).unwrap();
    assert_eq!(serde_json::from_str::<Vec<DriftedVariable>>(&json).unwrap(), drifted);
    drifted.iter().map(|drifted| format!("{drifted}\n")).collect()
}

/// Returns what differs between a captured block and the cluster as it is now.
fn drift_of(block: &[u8], now: &Cluster) -> Vec<DriftedVariable> {
    now.compose(|composition| drift(&Captured::from_block(block), composition.environment()))
}

#[test]
fn reports_stale_missing_and_foreign_variables() {
    let now = Cluster::with_container(
        "env: [{name: MODE, value: new}, {name: COLOR, value: blue}, {name: ADDED, value: x}]",
    )
    .with_service("web", "clusterIP: 10.0.0.2, ports: [{port: 80}]");
    let then = b"MODE=old\0COLOR=blue\0\
        WEB_SERVICE_HOST=10.0.0.1\0WEB_SERVICE_PORT=81\0WEB_PORT=tcp://10.0.0.1:81\0\
        WEB_PORT_81_TCP=tcp://10.0.0.1:81\0WEB_PORT_81_TCP_PROTO=tcp\0\
        OLD_SERVICE_HOST=10.0.0.3\0OLD_PORT=tcp://10.0.0.3:80\0\
        PATH=/usr/bin\0HOME=/\0MY_PORT=8080\0";
    insta::assert_snapshot!(drift_lines(&drift_of(then, &now)), @"
    ADDED is missing until the container is restarted
    HOME was never the kubelet's
    MODE is stale: its value is another one now
    MY_PORT was never the kubelet's
    OLD_PORT is gone: no Service makes it any more
    OLD_SERVICE_HOST is gone: no Service makes it any more
    PATH was never the kubelet's
    WEB_PORT is stale: its value is another one now
    WEB_PORT_80_TCP is missing until the container is restarted
    WEB_PORT_80_TCP_ADDR is missing until the container is restarted
    WEB_PORT_80_TCP_PORT is missing until the container is restarted
    WEB_PORT_80_TCP_PROTO is missing until the container is restarted
    WEB_PORT_81_TCP is gone: no Service makes it any more
    WEB_PORT_81_TCP_PROTO is gone: no Service makes it any more
    WEB_SERVICE_HOST is stale: its value is another one now
    WEB_SERVICE_PORT is stale: its value is another one now
    ");
    insta::assert_snapshot!(serde_json::to_string(&drift_of(b"HOME=/\0", &Cluster::with_container(""))).unwrap(), @r#"[{"name":"HOME","drift":"foreign"}]"#);
}

#[test]
fn environment_does_not_drift_from_itself() {
    let now =
        Cluster::with_container("env: [{name: A, value: $(WEB_PORT)}]").with_service("web", WEB);
    now.compose(|composition| {
        let environment = composition.environment();
        assert_eq!(drift(&Captured::from(environment), environment), []);
    });
}

#[test]
fn base_variables_are_foreign() {
    let now = Environment::default().with_base([("HOME", "/root"), ("LANG", "C")]);
    let drifted = drift(&Captured::from_block(b"HOME=/\0"), &now);
    assert_eq!(drift_lines(&drifted), "HOME was never the kubelet's\n");
}

#[test]
fn possible_values_of_a_collision_are_not_stale() {
    let now = Cluster::with_container("").with_service("foo", WEB).with_service("foo-service", WEB);
    let drifts = |value: &str| {
        let block = format!("FOO_SERVICE_PORT={value}\0");
        drift_of(block.as_bytes(), &now).iter().any(|drifted| drifted.name == "FOO_SERVICE_PORT")
    };
    assert!(!drifts("80") && !drifts("tcp://10.0.0.1:80") && drifts("81"));
}

#[test]
fn reports_services_created_after_the_start() {
    let cluster = Cluster::with_container("").with_service("old", WEB).with_service("new", WEB);
    let cluster = cluster
        .with_creation_time("old", "2026-11-22T08:00:00Z")
        .with_creation_time("new", "2026-11-22T09:30:00Z");
    let (objects, pod) = (&cluster.objects, cluster.pod());
    let objects_at = |time: &str| objects.clone().as_of(time.parse().unwrap());
    let drift_since = |time: &str| {
        let then = objects_at(time);
        let (then, now) = (Facts::of(&then), Facts::of(objects));
        let [then, now] = [then, now].map(|facts| compose(&pod, "app", &facts).unwrap());
        drift_lines(&drift(&Captured::from(then.environment()), now.environment()))
    };
    insta::assert_snapshot!(drift_since("2026-11-22T09:00:00Z"), @"
    NEW_PORT is missing until the container is restarted
    NEW_PORT_80_TCP is missing until the container is restarted
    NEW_PORT_80_TCP_ADDR is missing until the container is restarted
    NEW_PORT_80_TCP_PORT is missing until the container is restarted
    NEW_PORT_80_TCP_PROTO is missing until the container is restarted
    NEW_SERVICE_HOST is missing until the container is restarted
    NEW_SERVICE_PORT is missing until the container is restarted
    ");
    assert_eq!(drift_since("2026-11-22T09:30:00Z"), "");
}

#[test]
fn only_service_variables_can_be_gone() {
    let now = Cluster::with_container("");
    let then = b"OLD_SERVICE_HOST=10.0.0.3\0OLD_PORT_80_TCP_ADDR=10.0.0.3\0\
        EMPTY_SERVICE_HOST=\0EMPTY_PORT_80_TCP_ADDR=\0_SERVICE_HOST=10.0.0.4\0OWN_SERVICE_HOST=http://x\0";
    insta::assert_snapshot!(drift_lines(&drift_of(then, &now)), @"
    EMPTY_PORT_80_TCP_ADDR was never the kubelet's
    EMPTY_SERVICE_HOST was never the kubelet's
    OLD_PORT_80_TCP_ADDR is gone: no Service makes it any more
    OLD_SERVICE_HOST is gone: no Service makes it any more
    OWN_SERVICE_HOST was never the kubelet's
    _SERVICE_HOST was never the kubelet's
    ");
}
