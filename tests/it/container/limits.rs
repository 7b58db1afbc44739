use std::fmt::Write;
use std::time::{Duration, Instant};

use kubelet_env::Refusal;
use kubelet_env::api::EnvVar;

use super::Case;

fn with_env(env: Vec<EnvVar>) -> Case {
    let mut case = Case::new("{}");
    case.pod.spec.containers[0].env = env;
    case
}

fn text(name: impl Into<String>, value: impl Into<String>) -> EnvVar {
    EnvVar { name: name.into(), value: value.into(), ..EnvVar::default() }
}

/// Within what no slow machine needs, and what is quadratic does not keep to.
#[track_caller]
fn soon<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    done
}

#[test]
fn sixty_entries_that_double_end_at_the_limit() {
    let doubling = |step: usize| match step {
        0 => text("A0", "xx"),
        step => text(format!("A{step}"), format!("$(A{0})$(A{0})", step - 1)),
    };
    let case = with_env((0..60).map(doubling).collect());
    let error = soon(|| case.compose().unwrap_err());
    assert_eq!(*error.refusal, Refusal::TooLarge { limit: 64 << 20 });
    assert_eq!(error.variable.as_deref(), Some("A24"));
}

#[test]
fn the_same_name_may_double_itself() {
    let case = with_env([text("A", "xx")].into_iter().chain((0..60).map(|_| text("A", "$(A)$(A)"))).collect());
    assert!(matches!(*soon(|| case.compose().unwrap_err()).refusal, Refusal::TooLarge { .. }));
}

#[test]
fn a_million_references_that_are_never_closed_are_text() {
    let open = "$(".repeat(1_000_000);
    let case = with_env(vec![text("A", open.as_str())]);
    let composition = soon(|| case.compose().unwrap());
    assert_eq!(composition.environment().get("A").unwrap().value().as_bytes(), open.as_bytes());
}

#[test]
fn a_million_references_are_resolved_one_by_one() {
    for (reference, resolved) in [("$(B)", ""), ("$(C)", "$(C)"), ("$(DB_SERVICE_PORT)", "5432"), ("$$", "$")] {
        let case = with_env(vec![text("B", ""), text("A", reference.repeat(1_000_000))]);
        let composition = soon(|| case.compose().unwrap());
        let expected = resolved.repeat(1_000_000);
        assert!(composition.environment().get("A").unwrap().value().as_bytes() == expected.as_bytes());
    }
}

#[test]
fn a_hundred_thousand_entries_take_their_time_once() {
    let mut env: Vec<EnvVar> = (0..50_000).map(|number| text(format!("A{number}"), "x")).collect();
    env.extend((0..50_000).map(|number| text("B", format!("$(A{number})"))));
    let case = with_env(env);
    let composition = soon(|| case.compose().unwrap());
    assert_eq!(composition.environment().iter().filter(|variable| variable.declared().is_some()).count(), 50_001);
}

#[test]
fn a_long_reference_to_nothing_costs_its_length() {
    let mut name = String::new();
    for _ in 0..100_000 {
        write!(name, "DB_SERVICE_PORT_").unwrap();
    }
    let case = with_env(vec![text("A", format!("$({name})").repeat(4))]);
    assert_eq!(soon(|| case.compose().unwrap()).environment().declared()[0].references().len(), 4);
}
