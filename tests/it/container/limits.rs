//! Limits for untrusted containers.
//!
//! The inputs are so large that quadratic work would not finish.

use kubelet_env::api::{
    ConfigMap, ConfigMapEnvSource, ConfigMapKeySelector, Container, EnvFromSource, EnvVar,
    EnvVarSource, FileKeySelector, Node, NodeAddress, NodeStatus, ObjectFieldSelector, ObjectMeta,
    PodMeta, PodStatus, ResourceFieldSelector,
};
use kubelet_env::container::EnvFiles;
use kubelet_env::{ComposeError, ComposeErrorKind, Composition, Facts, Objects, compose};

use crate::support::{
    app_pod, env_var, env_var_from, names_mangled_alike, numbered_service, objects_with,
    pod_with_env, service,
};

#[track_caller]
fn assert_too_large(composed: Result<Composition<'_>, ComposeError>) {
    assert!(matches!(*composed.unwrap_err().kind(), ComposeErrorKind::TooLarge { .. }));
}

/// Returns the database `db` at 10.0.0.11:5432.
fn database() -> Objects {
    objects_with([service("default", "db", "10.0.0.11", &["5432"])])
}

#[test]
fn doubling_entries_stop_at_the_limit() {
    let doubling = |step: usize| match step {
        0 => env_var("A0", "xx"),
        step => env_var(format!("A{step}"), format!("$(A{0})$(A{0})", step - 1)),
    };
    let pod = pod_with_env((0..60).map(doubling).collect());
    let error = compose(&pod, "app", &Facts::of(&Objects::default())).unwrap_err();
    assert_eq!(*error.kind(), ComposeErrorKind::TooLarge { limit: 64 << 20 });
    assert_eq!(error.variable(), Some("A24"));
}

#[test]
fn self_doubling_entry_stops_at_the_limit() {
    let pod = pod_with_env(
        [env_var("A", "xx")].into_iter().chain((0..60).map(|_| env_var("A", "$(A)$(A)"))).collect(),
    );
    assert_too_large(compose(&pod, "app", &Facts::of(&Objects::default())));
}

#[test]
fn a_million_unclosed_references_are_text() {
    let (open, objects) = ("$(".repeat(1_000_000), Objects::default());
    let pod = pod_with_env(vec![env_var("A", open.as_str())]);
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    assert!(
        composition.environment().get("A").unwrap().value().as_bytes().unwrap() == open.as_bytes()
    );
}

#[test]
fn resolves_a_million_references() {
    let objects = database();
    for (reference, resolved) in
        [("$(B)", ""), ("$(C)", "$(C)"), ("$(DB_SERVICE_PORT)", "5432"), ("$$", "$")]
    {
        let pod = pod_with_env(vec![env_var("B", ""), env_var("A", reference.repeat(1_000_000))]);
        let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
        let expected = resolved.repeat(1_000_000);
        assert!(
            composition.environment().get("A").unwrap().value().as_bytes().unwrap()
                == expected.as_bytes()
        );
    }
}

#[test]
fn earlier_entries_are_not_searched() {
    let mut env: Vec<EnvVar> =
        (0..50_000).map(|number| env_var(format!("A{number}"), "x")).collect();
    env.extend((0..50_000).map(|number| env_var("B", format!("$(A{number})"))));
    let (pod, objects) = (pod_with_env(env), Objects::default());
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    assert_eq!(
        composition.environment().iter().filter(|variable| variable.declared().is_some()).count(),
        50_001
    );
}

#[test]
fn long_unknown_reference_is_looked_up_once() {
    let name = "DB_SERVICE_PORT_".repeat(100_000);
    let (pod, objects) =
        (pod_with_env(vec![env_var("A", format!("$({name})").repeat(4))]), database());
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    assert_eq!(composition.environment().declared()[0].references().len(), 4);
}

#[test]
fn many_services_of_one_mangled_name() {
    let mut objects = Objects::default();
    objects
        .services
        .extend(names_mangled_alike(10_000).map(|name| numbered_service(name, "10.0.0.1", 1)));
    objects.services.extend(
        (0..5_000).map(|number| {
            numbered_service(format!("namenamenamename-port-{number}x"), "10.0.0.1", 1)
        }),
    );
    let unknown: String =
        (2..20_000).map(|number| format!("$(NAMENAMENAMENAME_PORT_{number}_TCP)")).collect();
    let env = vec![env_var("A", unknown), env_var("B", "$(NAMENAMENAMENAME_PORT)".repeat(20_000))];
    let pod = pod_with_env(env);
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    let b = composition.environment().get("B").unwrap();
    assert_eq!(b.value().as_bytes().unwrap().len(), 20_000 * "tcp://10.0.0.1:80".len() - 20_000);
    let absent = composition.explain("NAMENAMENAMENAME_PORT_9_TCP", &objects.services);
    assert_eq!(absent.absences.len(), 10_000);
}

#[test]
fn reads_an_env_file_once() {
    let mut env_files = EnvFiles::new();
    env_files.insert(
        "v",
        "f",
        (0..20_000).map(|number| format!("K{number}='{number}'\n")).collect::<String>() + "bad",
    );
    let file = |key: String, path: &str| FileKeySelector {
        volume_name: "v".into(),
        path: path.into(),
        key,
        optional: None,
    };
    let value =
        |key, path| EnvVarSource { file_key_ref: Some(file(key, path)), ..EnvVarSource::default() };
    let path = |number: usize| if number.is_multiple_of(2) { "f" } else { "./f" };
    let env = (0..20_000)
        .map(|number| env_var_from(format!("K{number}"), value(format!("K{number}"), path(number))))
        .collect();
    let objects = Objects::default();
    let facts = Facts { env_files: &env_files, ..Facts::of(&objects) };
    let pod_of_all = pod_with_env(env);
    let composition = compose(&pod_of_all, "app", &facts).unwrap();
    assert_eq!(
        composition.environment().get("K19999").unwrap().value().as_bytes().unwrap(),
        b"19999"
    );
    let pod = pod_with_env(vec![env_var_from("A", value("NONE".into(), "f"))]);
    assert!(matches!(
        *compose(&pod, "app", &facts).unwrap_err().kind(),
        ComposeErrorKind::EnvFile { .. }
    ));
}

#[test]
fn multiplied_sources_stop_at_the_limit() {
    let mut objects = Objects::default();
    let data = (0..20_000).map(|number| (format!("{number}"), String::new())).collect();
    objects.config_maps.apply(ConfigMap { metadata: ObjectMeta::new("default", "many"), data });
    let many = ConfigMapEnvSource { name: "many".into(), optional: None };
    let source = EnvFromSource { config_map_ref: Some(many), ..EnvFromSource::default() };
    let facts = Facts { size_limit: 4 << 20, ..Facts::of(&objects) };

    let sources = app_pod(
        "default",
        Container { env_from: vec![source.clone(); 20_000], ..Container::default() },
    );
    assert_too_large(compose(&sources, "app", &facts));
    let prefixed = EnvFromSource { prefix: "=".repeat(1_000_000), ..source };
    let prefixed =
        app_pod("default", Container { env_from: vec![prefixed], ..Container::default() });
    assert_too_large(compose(&prefixed, "app", &facts));
    assert_too_large(compose(
        &prefixed,
        "app",
        &Facts { release: "1.29".parse().unwrap(), ..facts },
    ));

    let missing =
        ConfigMapKeySelector { name: "none".into(), key: "a".into(), optional: Some(true) };
    let missing = EnvVarSource { config_map_key_ref: Some(missing), ..EnvVarSource::default() };
    let env = (0..20_000).map(|_| env_var_from("A", missing.clone())).collect();
    let named = app_pod(&"n".repeat(1_000_000), Container { env, ..Container::default() });
    assert_too_large(compose(&named, "app", &facts));
}

#[test]
fn long_service_name_stops_at_the_limit() {
    let mut objects = Objects::default();
    objects.services.apply(numbered_service("é".repeat(100_000), "::1", 100_000));
    let pod = pod_with_env(Vec::new());
    let error = compose(&pod, "app", &Facts::of(&objects)).unwrap_err();
    assert_eq!(
        (error.entry(), error.kind().clone()),
        (None, ComposeErrorKind::TooLarge { limit: 64 << 20 })
    );
}

#[test]
fn addresses_and_containers_are_scanned_once() {
    let field = |path: &str| {
        let field_ref =
            ObjectFieldSelector { field_path: path.to_owned(), ..ObjectFieldSelector::default() };
        EnvVarSource { field_ref: Some(field_ref), ..EnvVarSource::default() }
    };
    let resource = ResourceFieldSelector {
        container_name: "last".to_owned(),
        resource: "requests.cpu".to_owned(),
        ..ResourceFieldSelector::default()
    };
    let resource = EnvVarSource { resource_field_ref: Some(resource), ..EnvVarSource::default() };
    let sources = ["status.podIP", "status.podIPs", "status.hostIP", "status.hostIPs"].map(field);
    let env = (0..20_000).flat_map(|_| {
        sources.iter().chain([&resource]).map(|source| env_var_from("A", source.clone()))
    });
    let mut pod = pod_with_env(env.collect());
    pod.spec.containers.extend(
        (0..50_000).map(|_| Container { name: "other".to_owned(), ..Container::default() }),
    );
    pod.spec.init_containers.push(Container { name: "last".to_owned(), ..Container::default() });

    // No address is of the other family, so the search for one reaches the end.
    let ips = || (0..50_000).map(|_| "10.0.0.1");
    let status = PodStatus::with_ips(ips());
    let address = |ip: &str| NodeAddress { type_: "InternalIP".to_owned(), address: ip.to_owned() };
    let status_of_node =
        NodeStatus { addresses: ips().map(address).collect(), ..NodeStatus::default() };
    let node = Node { metadata: PodMeta::new("", "n"), status: status_of_node };
    let objects = Objects::default();
    let facts = Facts { node: Some(&node), pod_status: Some(&status), ..Facts::of(&objects) };
    let composition = compose(&pod, "app", &facts).unwrap();
    assert_eq!(composition.environment().declared().len(), 100_000);
}
