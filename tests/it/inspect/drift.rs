//! Drift of a running container.

use kubelet_env::api::{Container, EnvFromSource, Pod};
use kubelet_env::container::Known;
use kubelet_env::inspect::{Captured, DriftKind, DriftedVariable, drift};
use kubelet_env::{Environment, Facts, Objects, compose};

use crate::support::cluster::{Cluster, WEB};
use crate::support::{
    env_var, names_mangled_alike, numbered_service, objects_with, pod_with_env, yaml,
};

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
    HOME is foreign: the kubelet does not set it
    MODE is stale: the kubelet would set another value now
    MY_PORT is foreign: the kubelet does not set it
    OLD_PORT is gone: no Service produces it any more
    OLD_SERVICE_HOST is gone: no Service produces it any more
    PATH is foreign: the kubelet does not set it
    WEB_PORT is stale: the kubelet would set another value now
    WEB_PORT_80_TCP is missing until the container is restarted
    WEB_PORT_80_TCP_ADDR is missing until the container is restarted
    WEB_PORT_80_TCP_PORT is missing until the container is restarted
    WEB_PORT_80_TCP_PROTO is missing until the container is restarted
    WEB_PORT_81_TCP is gone: no Service produces it any more
    WEB_PORT_81_TCP_PROTO is gone: no Service produces it any more
    WEB_SERVICE_HOST is stale: the kubelet would set another value now
    WEB_SERVICE_PORT is stale: the kubelet would set another value now
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
    assert_eq!(drift_lines(&drifted), "HOME is foreign: the kubelet does not set it\n");
}

#[test]
fn possible_values_of_a_collision_are_not_stale() {
    let now = Cluster::with_container("").with_service("foo", WEB).with_service("foo-service", WEB);
    let drifts = |value: &str| {
        let block = format!("FOO_SERVICE_PORT={value}\0");
        drift_of(block.as_bytes(), &now).iter().any(|drifted| drifted.name == b"FOO_SERVICE_PORT")
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
    EMPTY_PORT_80_TCP_ADDR is foreign: the kubelet does not set it
    EMPTY_SERVICE_HOST is foreign: the kubelet does not set it
    OLD_PORT_80_TCP_ADDR is gone: no Service produces it any more
    OLD_SERVICE_HOST is gone: no Service produces it any more
    OWN_SERVICE_HOST is foreign: the kubelet does not set it
    _SERVICE_HOST is foreign: the kubelet does not set it
    ");
}

/// `A\xff` is not `A\u{FFFD}`, although the latter is the former in lossy UTF-8.
#[test]
fn names_are_bytes() {
    let pod = pod_with_env(vec![env_var("A\u{fffd}", "x")]);
    let objects = Objects::default();
    let now = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    let drifted = drift(&Captured::from_block(b"A\xff=x\0"), now.environment());
    insta::assert_snapshot!(drift_lines(&drifted), @r"
    A� is missing until the container is restarted
    A\xff is foreign: the kubelet does not set it
    ");
    assert_eq!(drifted[1].name, b"A\xff");
    insta::assert_snapshot!(serde_json::to_string(&drifted[1]).unwrap(), @r#"{"name":[65,255],"drift":"foreign"}"#);
}

/// Quadratic work would not finish: all names have the same lossy text, which is that of a variable
/// that all Services produce.
#[test]
fn names_that_are_not_utf_8_take_linear_time() {
    let count = 20_000;
    let alike =
        names_mangled_alike(count).map(|name| numbered_service(name + "\u{fffd}", "10.0.0.1", 1));
    let objects = objects_with(alike);
    let pod = pod_with_env(Vec::new());
    let now = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    let produced = now.environment().service_variables_named("NAMENAMENAMENAME\u{fffd}_PORT");
    assert_eq!(produced.len(), count);
    // Lossy decoding replaces the start of a character of four bytes with one U+FFFD.
    let cut =
        |bits: u8| (0xf1..=0xf3).flat_map(move |a| (0x80..=0xbf).map(move |b| [a, b, 0x80 | bits]));
    let name = |cut: [u8; 3]| [b"NAMENAMENAMENAME".as_slice(), &cut, b"_PORT"].concat();
    let names: Vec<Vec<u8>> = (0..64).flat_map(cut).map(name).collect();
    let pairs = names.iter().map(|name| (name.as_slice(), b"tcp://10.0.0.1:2".as_slice()));
    let drifted = drift(&Captured::from_pairs(pairs), now.environment());
    let foreign = drifted.iter().filter(|drifted| drifted.drift == DriftKind::Foreign);
    assert_eq!((names.len(), foreign.count()), (12_288, 12_288));
}

/// Whatever the unknown values are, they explain the difference.
#[test]
fn unknown_values_do_not_drift() {
    let (objects, known) = (Objects::default(), Known::default());
    let env = [
        "{name: MODE, valueFrom: {configMapKeyRef: {name: c, key: MODE}}}",
        "{name: URL, value: http://$(MODE)/}",
        "{name: EXTRA, valueFrom: {configMapKeyRef: {name: c, key: EXTRA, optional: true}}}",
    ];
    let app =
        Container::new("app").with_env(env.map(yaml)).with_env_from([EnvFromSource::secret("s")]);
    let pod = Pod::new("default", "").with_container(app).with_defaults();
    let now = compose(&pod, "app", &Facts::open(&objects, &known)).unwrap();
    let drift_of = |block| {
        let drifted = drift(&Captured::from_block(block), now.environment());
        let own = drifted.into_iter().filter(|it| !it.name.starts_with(b"KUBERNETES_"));
        drift_lines(&own.collect::<Vec<_>>())
    };
    assert_eq!(drift_of(b"MODE=fast\0URL=http://fast/\0FROM_SECRET=x\0"), "");
    insta::assert_snapshot!(drift_of(b"URL=https://fast/\0"), @"
    MODE is missing until the container is restarted
    URL is stale: the kubelet would set another value now
    ");
}
