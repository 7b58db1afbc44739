//! Limits for untrusted input in explanations, findings and comparisons.
//!
//! The inputs are so large that quadratic work would not finish.

use kubelet_env::api::{ConfigMapKeySelector, EnvVar, EnvVarSource};
use kubelet_env::environment::Size;
use kubelet_env::inspect::{
    Absence, Ambiguity, Captured, Code, DriftKind, Expectations, Finding, diagnose_service, drift,
};
use kubelet_env::services::generate;
use kubelet_env::{Environment, Facts, Form, Objects, Order, Release, compose};

use crate::support::{
    env_var, env_var_from, names_mangled_alike, numbered_service, pod_with_env, port,
    service_with_ports,
};

/// The values beyond the limit are counted, and every dependent entry is listed.
#[test]
fn thousands_of_possible_values_are_counted() {
    let mut objects = Objects::default();
    let addressed = names_mangled_alike(3_000).enumerate();
    objects.services.extend(
        addressed.map(|(number, name)| numbered_service(name, format!("10.0.0.{number}"), 1)),
    );
    let empty = "$(E)".repeat(80_000);
    let env = vec![
        env_var("E", ""),
        env_var("A", format!("$(NAMENAMENAMENAME_SERVICE_HOST){empty}")),
        env_var("B", "$(A)$(NAMENAMENAMENAME_PORT)"),
    ];
    let pod = pod_with_env(env);
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    let ambiguities = composition.ambiguities();
    let host = ambiguities
        .variables
        .iter()
        .find(|ambiguity| ambiguity.name == "NAMENAMENAMENAME_SERVICE_HOST")
        .unwrap();
    assert_eq!(host.values.len(), Ambiguity::MAX_VALUES);
    assert_eq!(host.values.len() + host.more_values, 3_000);
    let entries: Vec<&str> = ambiguities.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(entries, ["A", "B"]);
}

/// Each entry depends on all earlier names, and is listed once.
#[test]
fn chains_of_ambiguous_entries_are_linear() {
    let mut objects = Objects::default();
    let pair = |number| {
        [("s", "1"), ("S", "2")].map(|(s, host)| numbered_service(format!("{s}{number}"), host, 1))
    };
    objects.services.extend((0..5_000).flat_map(pair));
    let link = |number: usize| {
        env_var(
            format!("A{number}"),
            format!("$(A{})$(S{number}_SERVICE_HOST)", number.wrapping_sub(1)),
        )
    };
    let pod = pod_with_env((0..5_000).map(link).collect());
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    let ambiguities = composition.ambiguities();
    assert_eq!(ambiguities.entries.len(), 5_000);
    assert!(ambiguities.variables.iter().all(|ambiguity| ambiguity.values.len() == 2));
}

#[test]
fn skipped_and_referenced_names_do_not_multiply() {
    let missing =
        ConfigMapKeySelector { name: "none".into(), key: "a".into(), optional: Some(true) };
    let source = EnvVarSource { config_map_key_ref: Some(missing), ..EnvVarSource::default() };
    let mut env: Vec<EnvVar> =
        (0..20_000).map(|number| env_var_from(format!("K{number}"), source.clone())).collect();
    env.extend((0..20_000).map(|number| env_var(format!("A{number}"), "x")));
    let references =
        |letter: &str| (0..20_000).map(|number| format!("$({letter}{number})")).collect::<String>();
    env.extend([env_var("UNKNOWN", references("U")), env_var("KNOWN", references("A"))]);
    let pod = pod_with_env(env);
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
fn repeated_reference_is_reported_once() {
    let objects = Objects::default();
    let pod = pod_with_env(vec![env_var("A", "$(B)$(C)".repeat(100_000))]);
    let findings =
        compose(&pod, "app", &Facts::of(&objects)).unwrap().diagnose(&Expectations::default());
    assert_eq!(
        findings.iter().filter(|finding| finding.code == Code::ReferenceUndefined).count(),
        2
    );
}

#[test]
fn long_name_is_scanned_once() {
    let name = "A_PORT_".repeat(30_000);
    let service = numbered_service(name.as_str(), "10.0.0.1", 1);
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
fn long_value_is_parsed_once() {
    let block = ["A_SERVICE_PORT_".repeat(100_000), "=".into(), "1".repeat(10_000_000)].concat();
    assert_eq!(drift(&Captured::from_block(block.as_bytes()), &Environment::default()).len(), 1);
}

#[test]
fn duplicate_ports_are_not_compared_pairwise() {
    let many = service_with_ports("default", "a", "10.0.0.1", vec![port(1); 100_000]);
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
fn explains_long_names_without_generating() {
    let mut now = Objects::default();
    let name = "é".repeat(100_000);
    now.services.apply(numbered_service(name.as_str(), "10.0.0.1", 60_000));
    let (pod, objects) = (pod_with_env(Vec::new()), Objects::default());
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
fn findings_with_long_names_stop_at_the_limit() {
    let expectations = Expectations { size_limit: 4 << 20, ..Expectations::default() };
    let mut bad = numbered_service("A_".repeat(50_000), "", 100_000);
    assert_cut(&diagnose_service(&bad, &expectations, Release::NEWEST), &expectations);
    // Only the name is invalid, and every variable is expected.
    for (number, port) in (0..).zip(&mut bad.spec.ports) {
        port.name = format!("p{number}");
    }
    bad.spec.ports.truncate(65_535);
    let all = Expectations { prefixes: vec!["A_".to_owned()], ..expectations.clone() };
    assert_cut(&diagnose_service(&bad, &all, Release::NEWEST), &all);

    let mut objects = Objects::default();
    objects.services.apply(bad);
    let references: String = (0..100_000).map(|number| format!("$(U{number})")).collect();
    let pod = pod_with_env(vec![env_var("A".repeat(100_000), references)]);
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    assert_cut(&composition.diagnose(&all), &all);
    let none = Objects::default();
    let composition = compose(&pod, "app", &Facts::of(&none)).unwrap();
    assert_cut(&composition.diagnose(&expectations), &expectations);
}

/// The name of one variable is part of the finding about each entry that depends on it.
#[test]
fn ambiguous_entries_stop_at_the_limit() {
    let mut objects = Objects::default();
    let long = "s".repeat(20_000);
    objects.services.extend(
        [("s", 1), ("S", 2)]
            .map(|(s, host)| numbered_service(format!("{s}{long}"), format!("10.0.0.{host}"), 1)),
    );
    let reference = format!("$(S{}_SERVICE_HOST)", long.to_uppercase());
    let mut env = vec![env_var("A", reference)];
    env.extend((0..20_000).map(|number| env_var(format!("B{number}"), "$(A)")));
    let pod = pod_with_env(env);
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    let expectations = Expectations::default();
    assert_cut(&composition.diagnose(&expectations), &expectations);
}

/// A chain of references, and as many settings of one variable that refer to its end.
#[test]
fn explanations_grow_linearly() {
    let len = |count: usize| {
        let link = |index: usize| match index.checked_sub(1) {
            None => env_var("C0", "x"),
            Some(previous) => env_var(format!("C{index}"), format!("$(C{previous})")),
        };
        let setting = |_| env_var("A", format!("$(C{})", count - 1));
        let pod = pod_with_env((0..count).map(link).chain((0..count).map(setting)).collect());
        let objects = Objects::default();
        let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
        let explanation = composition.explain("A", &objects.services);
        assert_eq!(explanation.steps.len(), 2 * count);
        explanation.to_string().len()
    };
    // The numbers have as many digits in both.
    let (one, two) = (len(20_000), len(40_000));
    assert!(two < 2 * one + one / 10, "{one} {two}");
    assert!(one < 20_000 * 150, "{one}");
}
