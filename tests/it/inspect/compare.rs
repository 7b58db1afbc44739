//! Comparison of two environments.

use kubelet_env::container::Known;
use kubelet_env::inspect::{Captured, compare};
use kubelet_env::{Facts, Objects, compose};

use crate::support::cluster::Cluster;
use crate::support::{pod_with_env, yaml};

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

#[test]
fn unknown_values_equal_themselves_only() {
    let (objects, known) = (Objects::default(), Known::default());
    let facts = Facts::open(&objects, &known);
    let [one, other] = ["A", "B"].map(|key| {
        let reference =
            format!("{{name: X, valueFrom: {{configMapKeyRef: {{name: c, key: {key}}}}}}}");
        pod_with_env(vec![yaml(&reference)])
    });
    let [one, other] = [&one, &other].map(|pod| compose(pod, "app", &facts).unwrap());
    let [one, other] = [&one, &other].map(|it| Captured::from(it.environment()));
    assert!(compare(&one, &one).is_empty());
    insta::assert_snapshot!(compare(&one, &other), @"
    - X=<ConfigMap default/c A>
    + X=<ConfigMap default/c B>
    ");
}
