//! Input that means harm: it takes time and memory in proportion to its size, or ends at a limit.
//!
//! The inputs are so large that what is quadratic in them would not end.

use kubelet_env::api::{
    ConfigMap, ConfigMapEnvSource, ConfigMapKeySelector, Container, EnvFromSource, EnvVar,
    EnvVarSource, FileKeySelector, Node, NodeAddress, NodeStatus, ObjectFieldSelector, ObjectMeta,
    Pod, PodMeta, PodSpec, PodStatus, PortNumber, ResourceFieldSelector, Service, ServicePort,
    ServiceSpec,
};
use kubelet_env::container::EnvFiles;
use kubelet_env::environment::Size;
use kubelet_env::inspect::{
    Absence, Captured, Code, DriftKind, Expectations, Finding, diagnose_service, drift,
};
use kubelet_env::objects::DocumentLimits;
use kubelet_env::services::generate;
use kubelet_env::{
    ComposeError, ComposeErrorKind, Composition, Document, Environment, Facts, Form, ObjectError,
    Objects, Order, Release, compose,
};
use serde::de::{Deserialize, DeserializeSeed};

use crate::formats::{Binary, read_json};

fn limits(depth: usize, size: usize) -> DocumentLimits {
    DocumentLimits { depth, size }
}

#[test]
fn nesting_has_a_limit() {
    let read = |depth: usize| {
        Document::deserialize(Binary::Nested(depth)).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(read(128), Ok(()));
    insta::assert_snapshot!(read(129).unwrap_err(), @"the document is nested too deep: 128 levels at most (DocumentLimits::depth)");
    assert!(read(1_000_000).is_err());
    let shallow = limits(1, 1 << 20).deserialize(Binary::Nested(2)).unwrap_err();
    insta::assert_snapshot!(shallow, @"the document is nested too deep: 1 levels at most (DocumentLimits::depth)");
    assert!(limits(1, 1 << 20).deserialize(Binary::Nested(1)).is_ok());
}

#[test]
fn what_is_nested_ten_thousand_deep_is_refused_or_passed_over() {
    let nested = "[".repeat(10_000) + &"]".repeat(10_000);
    assert!(serde_json::from_str::<Document<'_>>(&nested).is_err());
    assert!(yaml_serde::from_str::<Document<'_>>(&nested).is_err());
    // A field that nobody knows.
    let service: Service =
        serde_json::from_str(&format!(r#"{{"metadata":{{"name":"web"}},"x":{nested}}}"#)).unwrap();
    assert_eq!(service.metadata.name, "web");
}

/// As much as the documentation says, in a build without optimisation.
#[test]
fn the_stack_grows_with_the_depth_that_is_allowed() {
    fn within_stack_for(levels: usize, work: impl FnOnce() + Send + 'static) {
        let thread = std::thread::Builder::new().stack_size(levels * (10 << 10) + (64 << 10));
        thread.spawn(work).unwrap().join().unwrap();
    }
    within_stack_for(1_000, || {
        let document = limits(1_000, usize::MAX).deserialize(Binary::Nested(1_000)).unwrap();
        assert!(document.clone() == document);
    });
    within_stack_for(126, || {
        let lists = r#"{"apiVersion":"v1","kind":"List","items":["#.repeat(63) + &"]}".repeat(63);
        read_json(&lists).unwrap();
    });
}

#[test]
fn a_document_has_a_size() {
    // Three values of 32, and the lengths of the texts.
    let size = 3 * 32 + "key".len() + "text".len();
    for json in [r#"{"key":["text"]}"#, r#"{"k\u0065y":["t\u0065xt"]}"#] {
        let read =
            |size| limits(2, size).deserialize(&mut serde_json::Deserializer::from_str(json));
        assert!(read(size).is_ok());
        let message = "the document comes to more than 102 bytes, its aliases expanded (DocumentLimits::size)";
        assert!(read(size - 1).unwrap_err().to_string().starts_with(message));
        assert!(read(0).is_err());
    }
}

#[test]
fn no_document_without_aliases_exceeds_32_times_its_length() {
    let repeated = |text: &str| text.repeat(1_000);
    for text in [
        format!("[{}]", repeated("0,")),
        format!("[{}]", repeated("[],")),
        format!("[{}]", repeated("a: ,")),
        format!("{{{}a}}", repeated("a,")),
        repeated("-\n"),
        repeated("- - - -\n"),
        repeated("a:\n"),
        format!("\"{}\"", repeated("\\L")),
        "~".to_owned(),
    ] {
        let in_proportion = limits(128, 32 * text.len());
        assert!(
            in_proportion.deserialize(yaml_serde::Deserializer::from_str(&text)).is_ok(),
            "{text}"
        );
    }
}

/// A thousand times a thousand times … what is there: yaml_serde follows a hundred aliases for each
/// value of the text.
#[test]
fn aliases_multiply_up_to_the_limit() {
    let times = |item: &str| item.repeat(1_000);
    let (x, a, b) = (times("x,"), times("*a,"), times("*b,"));
    let yaml = format!("{{a: &a [{x}], b: &b [{a}], c: [{b}]}}");
    let text = format!("{{a: &a \"{}\", b: [{a}]}}", "x".repeat(1_000_000));
    for yaml in [yaml, text] {
        let in_proportion = limits(128, 32 * yaml.len());
        let error = in_proportion
            .deserialize(yaml_serde::Deserializer::from_str(&yaml))
            .unwrap_err()
            .to_string();
        assert!(error.contains("(DocumentLimits::size)"), "{error}");
    }
}

#[test]
fn a_list_of_many_items_and_an_object_of_many_keys_are_read_once() {
    let items = r#"{"apiVersion":"v1","kind":"Event"},"#.repeat(20_000);
    let list = format!(r#"{{"apiVersion":"v1","items":[{items}null],"kind":"List"}}"#);
    assert!(read_json(&list).unwrap_err().to_string().starts_with("items[20000] is null"));

    let unknown: String = (0..20_000).map(|number| format!(r#""x{number}":0,"#)).collect();
    let twice: String =
        (0..20_000).map(|number| format!(r#""{0}":"","{0}":"y","#, number / 2)).collect();
    let config_map = format!(
        r#"{{{unknown}"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"c"}},"data":{{{twice}"x":""}}}}"#
    );
    assert_eq!(
        read_json(&config_map).unwrap().config_maps.get("", "c").unwrap().data.len(),
        10_001
    );
}

#[test]
fn no_kind_is_so_long_that_it_multiplies() {
    let list = |version: &str, kind: &str| {
        let items = "{},".repeat(20_000);
        read_json(&format!(r#"{{"apiVersion":"{version}","kind":"{kind}","items":[{items}{{}}]}}"#))
    };
    let problem = |refused: Result<Objects, ObjectError>| match refused.unwrap_err() {
        ObjectError::Field { error, .. } => error.to_string(),
        other => panic!("{other}"),
    };
    let long = "x".repeat(1_000_000) + "List";
    insta::assert_snapshot!(problem(list("v1", &long)), @r#"kind is "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…", but should be a string of at most 317 bytes"#);
    insta::assert_snapshot!(problem(list(&long, "XList")), @r#"apiVersion is "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…", but should be a string of at most 317 bytes"#);
    let longest = "x".repeat(313) + "List";
    assert_eq!(list(&longest, &longest).unwrap().ignored.len(), 20_001);
    assert!(list(&("x".to_owned() + &longest), "XList").is_err());
}

fn service(name: impl Into<String>, cluster_ip: impl Into<String>, ports: usize) -> Service {
    let port =
        |number: usize| ServicePort::new(PortNumber::new((number % 65_535 + 1) as u16).unwrap());
    Service {
        metadata: ObjectMeta::new("default", name),
        spec: ServiceSpec {
            cluster_ip: cluster_ip.into(),
            ports: (0..ports).map(port).collect(),
            ..ServiceSpec::default()
        },
    }
}

/// Names that are all mangled to `NAMENAMENAMENAME`.
fn same_when_mangled(count: usize) -> impl Iterator<Item = String> {
    let letter = |number: usize| {
        move |(bit, c): (usize, char)| {
            if number >> bit & 1 == 1 { c } else { c.to_ascii_lowercase() }
        }
    };
    (0..count)
        .map(move |number| "NAMENAMENAMENAME".chars().enumerate().map(letter(number)).collect())
}

fn text(name: impl Into<String>, value: impl Into<String>) -> EnvVar {
    EnvVar { name: name.into(), value: value.into(), ..EnvVar::default() }
}

fn from(name: impl Into<String>, value_from: EnvVarSource) -> EnvVar {
    EnvVar { name: name.into(), value_from: Some(value_from), ..EnvVar::default() }
}

fn pod(namespace: &str, container: Container) -> Pod {
    Pod {
        metadata: PodMeta { namespace: namespace.to_owned(), ..PodMeta::default() },
        spec: PodSpec {
            containers: vec![Container { name: "app".to_owned(), ..container }],
            ..PodSpec::default()
        },
        ..Pod::default()
    }
    .with_defaults()
}

fn with_env(env: Vec<EnvVar>) -> Pod {
    pod("default", Container { env, ..Container::default() })
}

#[track_caller]
fn assert_too_large(composed: Result<Composition<'_>, ComposeError>) {
    assert!(matches!(*composed.unwrap_err().kind(), ComposeErrorKind::TooLarge { .. }));
}

/// The database `db` at 10.0.0.11:5432.
fn with_database() -> Objects {
    let port = ServicePort::new(PortNumber::new(5432).unwrap());
    let mut db = service("db", "10.0.0.11", 0);
    db.spec.ports.push(port);
    Objects { services: [db].into_iter().collect(), ..Objects::default() }
}

#[test]
fn sixty_entries_that_double_end_at_the_limit() {
    let doubling = |step: usize| match step {
        0 => text("A0", "xx"),
        step => text(format!("A{step}"), format!("$(A{0})$(A{0})", step - 1)),
    };
    let pod = with_env((0..60).map(doubling).collect());
    let error = compose(&pod, "app", &Facts::of(&Objects::default())).unwrap_err();
    assert_eq!(*error.kind(), ComposeErrorKind::TooLarge { limit: 64 << 20 });
    assert_eq!(error.variable(), Some("A24"));
}

#[test]
fn the_same_name_may_double_itself() {
    let pod = with_env(
        [text("A", "xx")].into_iter().chain((0..60).map(|_| text("A", "$(A)$(A)"))).collect(),
    );
    assert_too_large(compose(&pod, "app", &Facts::of(&Objects::default())));
}

#[test]
fn a_million_references_that_are_never_closed_are_text() {
    let (open, objects) = ("$(".repeat(1_000_000), Objects::default());
    let pod = with_env(vec![text("A", open.as_str())]);
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    assert!(composition.environment().get("A").unwrap().value().as_bytes() == open.as_bytes());
}

#[test]
fn a_million_references_are_resolved_one_by_one() {
    let objects = with_database();
    for (reference, resolved) in
        [("$(B)", ""), ("$(C)", "$(C)"), ("$(DB_SERVICE_PORT)", "5432"), ("$$", "$")]
    {
        let pod = with_env(vec![text("B", ""), text("A", reference.repeat(1_000_000))]);
        let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
        let expected = resolved.repeat(1_000_000);
        assert!(
            composition.environment().get("A").unwrap().value().as_bytes() == expected.as_bytes()
        );
    }
}

#[test]
fn what_stands_before_a_hundred_thousandth_entry_is_not_searched() {
    let mut env: Vec<EnvVar> = (0..50_000).map(|number| text(format!("A{number}"), "x")).collect();
    env.extend((0..50_000).map(|number| text("B", format!("$(A{number})"))));
    let (pod, objects) = (with_env(env), Objects::default());
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    assert_eq!(
        composition.environment().iter().filter(|variable| variable.declared().is_some()).count(),
        50_001
    );
}

#[test]
fn a_long_reference_to_nothing_is_looked_up_once() {
    let name = "DB_SERVICE_PORT_".repeat(100_000);
    let (pod, objects) =
        (with_env(vec![text("A", format!("$({name})").repeat(4))]), with_database());
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    assert_eq!(composition.environment().declared()[0].references().len(), 4);
}

#[test]
fn many_services_of_one_mangled_name_cost_no_reference_anything() {
    let mut objects = Objects::default();
    objects.services.extend(same_when_mangled(10_000).map(|name| service(name, "10.0.0.1", 1)));
    objects.services.extend(
        (0..5_000).map(|number| service(format!("namenamenamename-port-{number}x"), "10.0.0.1", 1)),
    );
    let unknown: String =
        (2..20_000).map(|number| format!("$(NAMENAMENAMENAME_PORT_{number}_TCP)")).collect();
    let env = vec![text("A", unknown), text("B", "$(NAMENAMENAMENAME_PORT)".repeat(20_000))];
    let pod = with_env(env);
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    let b = composition.environment().get("B").unwrap();
    assert_eq!(b.value().as_bytes().len(), 20_000 * "tcp://10.0.0.1:80".len() - 20_000);
    let absent = composition.explain("NAMENAMENAMENAME_PORT_9_TCP", &objects.services);
    assert_eq!(absent.absences.len(), 10_000);
}

#[test]
fn however_many_services_make_one_name_each_value_is_told() {
    let mut objects = Objects::default();
    let addressed = same_when_mangled(3_000).enumerate();
    objects
        .services
        .extend(addressed.map(|(number, name)| service(name, format!("10.0.0.{number}"), 1)));
    let env = vec![
        text("A", "$(NAMENAMENAMENAME_SERVICE_HOST)"),
        text("B", "$(A)$(NAMENAMENAMENAME_PORT)"),
    ];
    let pod = with_env(env);
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    let ambiguities = composition.ambiguities();
    let declared: Vec<usize> =
        ambiguities.iter().filter(|it| it.is_declared).map(|it| it.values.len()).collect();
    assert_eq!(declared, [3_000, 3_000]);
    let of_services =
        ambiguities.iter().find(|it| it.name == "NAMENAMENAMENAME_SERVICE_HOST").unwrap();
    assert_eq!(of_services.values.len(), 3_000);

    // A chain in which each entry depends on all before it.
    let mut objects = Objects::default();
    let pair = |number| {
        [("s", 1), ("S", 2)]
            .map(|(s, host)| service(format!("{s}{number}"), format!("10.0.0.{host}"), 1))
    };
    objects.services.extend((0..500).flat_map(pair));
    let link = |number: usize| {
        text(
            format!("A{number}"),
            format!("$(A{})$(S{number}_SERVICE_HOST)", number.wrapping_sub(1)),
        )
    };
    let pod = with_env((0..500).map(link).collect());
    let facts = Facts { size_limit: 4 << 20, ..Facts::of(&objects) };
    let composition = compose(&pod, "app", &facts).unwrap();
    assert_eq!(composition.ambiguities().iter().filter(|it| it.is_declared).count(), 500);
}

/// The winners of every name in each of a thousand outcomes would take gigabytes.
#[test]
fn many_contested_names_are_looked_up_and_not_laid_out() {
    let mut objects = Objects::default();
    let pair = |number| {
        [("s", 1), ("S", 2)]
            .map(|(s, host)| service(format!("{s}{number}"), format!("10.0.0.{host}"), 100))
    };
    objects.services.extend((0..512).flat_map(pair));
    let reference =
        |number| (1..=100).map(move |port| format!("$(S{number}_PORT_{port}_TCP_ADDR)"));
    let pod = with_env(
        (0..512)
            .map(|number| text(format!("A{number}"), reference(number).collect::<String>()))
            .collect(),
    );
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    let ambiguities = composition.ambiguities();
    assert!(ambiguities.iter().filter(|it| it.is_declared).all(|it| it.values.len() == 2));
    assert_eq!(ambiguities.iter().filter(|it| it.is_declared).count(), 512);
}

/// One of each combination up to 96 variables; beyond, those in which each Service comes last.
#[test]
fn a_few_contested_variables_are_combined_in_every_way() {
    for (count, values) in [(94, 94 * 2), (95, 95 + 2)] {
        let mut objects = Objects::default();
        let of_one_name =
            same_when_mangled(count).chain(["s".to_owned(), "S".to_owned()]).enumerate();
        objects
            .services
            .extend(of_one_name.map(|(number, name)| service(name, format!("10.0.0.{number}"), 1)));
        let pod = with_env(vec![text("A", "$(NAMENAMENAMENAME_SERVICE_HOST) $(S_SERVICE_HOST)")]);
        let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
        let ambiguities = composition.ambiguities();
        assert_eq!(ambiguities.iter().find(|it| it.is_declared).unwrap().values.len(), values);
    }
}

#[test]
fn only_what_an_outcome_changes_counts_towards_the_limit() {
    let mut objects = Objects::default();
    let three = |number| {
        [("ab", 1), ("aB", 2), ("Ab", 3)]
            .map(|(s, host)| service(format!("{s}{number}"), format!("10.0.0.{host}"), 1))
    };
    objects.services.extend((0..1_000).flat_map(three));
    let pod = with_env(
        (0..1_000)
            .map(|number| text(format!("A{number}"), format!("$(AB{number}_SERVICE_HOST)")))
            .collect(),
    );
    let facts = Facts { size_limit: 4 << 20, ..Facts::of(&objects) };
    let composition = compose(&pod, "app", &facts).unwrap();
    let ambiguities = composition.ambiguities();
    assert_eq!(
        ambiguities.iter().filter(|it| it.is_declared && it.values.len() == 3).count(),
        1_000
    );
}

/// Each entry depends on all names so far, by a value that does not grow.
#[test]
fn a_chain_that_depends_on_ever_more_names_is_told_without_each_of_them() {
    let mut objects = Objects::default();
    let pair =
        |number| [("s", "1"), ("S", "2")].map(|(s, host)| service(format!("{s}{number}"), host, 1));
    objects.services.extend((0..5_000).flat_map(pair));
    let link = |number: usize| {
        text(
            format!("A{number}"),
            format!("$(A{})$(S{number}_SERVICE_HOST)", number.wrapping_sub(1)),
        )
    };
    let pod = with_env((0..5_000).map(link).collect());
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    let ambiguities = composition.ambiguities();
    assert_eq!(ambiguities.iter().filter(|it| it.is_declared).count(), 5_000);
    let told: usize =
        ambiguities.iter().flat_map(|it| &it.values).map(|possible| possible.from.len()).sum();
    assert!(told < 4_000_000, "{told}");
}

#[test]
fn what_is_passed_over_and_what_is_referred_to_are_many_and_do_not_multiply() {
    let missing =
        ConfigMapKeySelector { name: "none".into(), key: "a".into(), optional: Some(true) };
    let source = EnvVarSource { config_map_key_ref: Some(missing), ..EnvVarSource::default() };
    let mut env: Vec<EnvVar> =
        (0..20_000).map(|number| from(format!("K{number}"), source.clone())).collect();
    env.extend((0..20_000).map(|number| text(format!("A{number}"), "x")));
    let references =
        |letter: &str| (0..20_000).map(|number| format!("$({letter}{number})")).collect::<String>();
    env.extend([text("UNKNOWN", references("U")), text("KNOWN", references("A"))]);
    let pod = with_env(env);
    let objects = Objects::default();
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    let findings = composition.diagnose(&Expectations::default());
    assert_eq!(
        findings.iter().filter(|finding| finding.code == Code::ReferenceUndefined).count(),
        20_000
    );
    let explained = composition.explain("KNOWN", &objects.services).to_string();
    assert_eq!(explained.lines().count(), 20_002);
}

#[test]
fn a_reference_is_told_of_once_in_a_text() {
    let objects = Objects::default();
    let pod = with_env(vec![text("A", "$(B)$(C)".repeat(100_000))]);
    let findings =
        compose(&pod, "app", &Facts::of(&objects)).unwrap().diagnose(&Expectations::default());
    assert_eq!(
        findings.iter().filter(|finding| finding.code == Code::ReferenceUndefined).count(),
        2
    );
}

#[test]
fn an_env_file_is_read_once() {
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
        .map(|number| from(format!("K{number}"), value(format!("K{number}"), path(number))))
        .collect();
    let objects = Objects::default();
    let facts = Facts { env_files: &env_files, ..Facts::of(&objects) };
    let pod_of_all = with_env(env);
    let composition = compose(&pod_of_all, "app", &facts).unwrap();
    assert_eq!(composition.environment().get("K19999").unwrap().value().as_bytes(), b"19999");
    let pod = with_env(vec![from("A", value("NONE".into(), "f"))]);
    assert!(matches!(
        *compose(&pod, "app", &facts).unwrap_err().kind(),
        ComposeErrorKind::EnvFile { .. }
    ));
}

#[test]
fn what_a_short_container_multiplies_ends_at_the_limit() {
    let mut objects = Objects::default();
    let data = (0..20_000).map(|number| (format!("{number}"), String::new())).collect();
    objects.config_maps.apply(ConfigMap { metadata: ObjectMeta::new("default", "many"), data });
    let many = ConfigMapEnvSource { name: "many".into(), optional: None };
    let source = EnvFromSource { config_map_ref: Some(many), ..EnvFromSource::default() };
    let facts = Facts { size_limit: 4 << 20, ..Facts::of(&objects) };

    let sources = pod(
        "default",
        Container { env_from: vec![source.clone(); 20_000], ..Container::default() },
    );
    assert_too_large(compose(&sources, "app", &facts));
    let prefixed = EnvFromSource { prefix: "=".repeat(1_000_000), ..source };
    let prefixed = pod("default", Container { env_from: vec![prefixed], ..Container::default() });
    assert_too_large(compose(&prefixed, "app", &facts));
    assert_too_large(compose(
        &prefixed,
        "app",
        &Facts { release: "1.29".parse().unwrap(), ..facts },
    ));

    let missing =
        ConfigMapKeySelector { name: "none".into(), key: "a".into(), optional: Some(true) };
    let missing = EnvVarSource { config_map_key_ref: Some(missing), ..EnvVarSource::default() };
    let env = (0..20_000).map(|_| from("A", missing.clone())).collect();
    let named = pod(&"n".repeat(1_000_000), Container { env, ..Container::default() });
    assert_too_large(compose(&named, "app", &facts));
}

#[test]
fn a_service_of_a_long_name_and_many_ports_ends_at_the_limit() {
    let mut objects = Objects::default();
    objects.services.apply(service("é".repeat(100_000), "::1", 100_000));
    let pod = with_env(Vec::new());
    let error = compose(&pod, "app", &Facts::of(&objects)).unwrap_err();
    assert_eq!(
        (error.entry(), error.kind().clone()),
        (None, ComposeErrorKind::TooLarge { limit: 64 << 20 })
    );
}

#[test]
fn a_long_name_is_gone_through_once() {
    let name = "A_PORT_".repeat(30_000);
    let service = service(name.as_str(), "10.0.0.1", 1);
    let services = [&service];
    let environment = Environment::from(generate(&services).unwrap());
    assert!(environment.get(&format!("{name}_SERVICE_HOST")).is_some());
    assert!(environment.get(&name).is_none());
    let rendered = environment.render(Order::Kubelet, Form::NulSeparated);
    assert_eq!(Size::of_environment(&environment).strings, rendered.len());
    let captured = Captured::from_block(&rendered);
    assert!(drift(&captured, &environment).is_empty());
}

#[test]
fn no_value_is_read_as_a_number_at_each_place_where_a_name_can_be_cut() {
    let block = ["A_SERVICE_PORT_".repeat(100_000), "=".into(), "1".repeat(10_000_000)].concat();
    assert_eq!(drift(&Captured::from_block(block.as_bytes()), &Environment::default()).len(), 1);
}

#[test]
fn the_ports_of_a_service_are_not_compared_with_one_another() {
    let mut many = service("a", "10.0.0.1", 0);
    many.spec.ports = vec![ServicePort::new(PortNumber::new(1).unwrap()); 100_000];
    let services = [&many];
    let now = Environment::from(generate(&services).unwrap());
    let then: Vec<u8> = b"A_PORT_1_TCP=x\0A_PORT_1_TCP_ADDR=x\0A_PORT_1_TCP_PROTO=x\0".to_vec();
    assert_eq!(
        drift(&Captured::from_block(&then), &now)
            .iter()
            .filter(|drifted| drifted.drift == DriftKind::Stale)
            .count(),
        3
    );
}

#[test]
fn of_a_long_name_no_variable_is_made_to_explain_one() {
    let mut now = Objects::default();
    let name = "é".repeat(100_000);
    now.services.apply(service(name.as_str(), "10.0.0.1", 60_000));
    let (pod, objects) = (with_env(Vec::new()), Objects::default());
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    let asked = format!("{}_PORT_60000_TCP_ADDR", "É".repeat(100_000));
    let absences = composition.explain(&asked, &now.services).absences;
    assert!(matches!(absences[..], [Absence::CreatedLater { .. }]));
}

#[track_caller]
fn assert_cut(findings: &[Finding], expectations: &Expectations) {
    let (last, others) = findings.split_last().unwrap();
    assert_eq!(last.code, Code::FindingsCut);
    let len: usize = others.iter().map(|finding| finding.message.len()).sum();
    assert!(0 < len && len <= expectations.size_limit, "{len}");
}

#[test]
fn a_long_name_in_many_findings_ends_at_the_limit() {
    let expectations = Expectations { size_limit: 4 << 20, ..Expectations::default() };
    let mut bad = service("A_".repeat(50_000), "", 100_000);
    assert_cut(&diagnose_service(&bad, &expectations, Release::NEWEST), &expectations);
    // Nothing to refuse but the name, and every variable expected.
    for (number, port) in (0..).zip(&mut bad.spec.ports) {
        port.name = format!("p{number}");
    }
    bad.spec.ports.truncate(65_535);
    let all = Expectations { prefixes: vec!["A_".to_owned()], ..expectations.clone() };
    assert_cut(&diagnose_service(&bad, &all, Release::NEWEST), &all);

    let mut objects = Objects::default();
    objects.services.apply(bad);
    let references: String = (0..100_000).map(|number| format!("$(U{number})")).collect();
    let pod = with_env(vec![text("A".repeat(100_000), references)]);
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    assert_cut(&composition.diagnose(&all), &all);
    let none = Objects::default();
    let composition = compose(&pod, "app", &Facts::of(&none)).unwrap();
    assert_cut(&composition.diagnose(&expectations), &expectations);
}

/// Each of a thousand outcomes names every one of the Services.
#[test]
fn long_names_in_many_possible_values_end_at_the_limit() {
    let mut objects = Objects::default();
    let long = "s".repeat(2_000);
    let pair = |number| {
        [("s", 1), ("S", 2)]
            .map(|(s, host)| service(format!("{s}{long}{number}"), format!("10.0.0.{host}"), 1))
    };
    objects.services.extend((0..500).flat_map(pair));
    let references: String = (0..500)
        .map(|number| format!("$(S{}{number}_SERVICE_HOST)", long.to_uppercase()))
        .collect();
    let pod = with_env(vec![text("Z", references)]);
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    let expectations = Expectations::default();
    assert_cut(&composition.diagnose(&expectations), &expectations);
}

#[test]
fn addresses_and_containers_are_gone_through_once() {
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
    let env = (0..20_000)
        .flat_map(|_| sources.iter().chain([&resource]).map(|source| from("A", source.clone())));
    let mut pod = with_env(env.collect());
    pod.spec.containers.extend(
        (0..50_000).map(|_| Container { name: "other".to_owned(), ..Container::default() }),
    );
    pod.spec.init_containers.push(Container { name: "last".to_owned(), ..Container::default() });

    // None is of the other family, which is looked for to the end.
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
