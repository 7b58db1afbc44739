//! The orders of an environment.

use std::collections::BTreeSet;
use std::process::Command;

use kubelet_env::api::Service;
use kubelet_env::services::generate;
use kubelet_env::{Environment, Order, Variable};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::strategies::{any_service_with_ports, valid_service};
use crate::support::{lines, name_value_pairs, yaml};

fn pairs<'a>(variables: impl IntoIterator<Item = Variable<'a>>) -> Vec<(String, Vec<u8>)> {
    variables
        .into_iter()
        .map(|variable| {
            (variable.name().into_owned(), variable.value().as_bytes().unwrap().to_vec())
        })
        .collect()
}

proptest! {
    #[test]
    fn orders_hold_the_same_variables(services in vec(any_service_with_ports(), 0..6)) {
        let services: Vec<&Service> = services.iter().collect();
        let environment = Environment::from(generate(&services).unwrap());
        let kubelet = pairs(environment.in_order(Order::Kubelet));
        prop_assert_eq!(&kubelet, &name_value_pairs(&environment));

        let mut by_name = kubelet.clone();
        by_name.sort();
        prop_assert_eq!(pairs(environment.in_order(Order::Name)), by_name);

        let mut by_chain = kubelet;
        by_chain.sort_by_key(|(name, _)| dash_chain(name));
        prop_assert_eq!(pairs(environment.in_order(Order::Dash)), by_chain);
    }
}

/// Returns the environment of a program started from dash, in its order.
///
/// `env` passes its arguments on in their order. [`Command::envs`] would sort them by name.
fn seen_from_dash(environment: &Environment<'_>) -> Vec<String> {
    let assignments =
        environment.iter().map(|variable| variable.service_variable().unwrap().to_string());
    let mut command = Command::new("env");
    command.arg("-i").args(assignments).args(["dash", "-c", "printenv"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter(|line| !line.starts_with("PWD=")).map(str::to_owned).collect()
}

fn has_dash() -> bool {
    let has_dash =
        Command::new("dash").args(["-c", ":"]).status().is_ok_and(|status| status.success());
    if !has_dash {
        eprintln!("not checked: dash is not installed");
    }
    has_dash
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn dash_order_matches_a_real_dash(services in vec(valid_service(), 1..16)) {
        if !has_dash() {
            return Ok(());
        }
        // dash drops variables whose name is not a shell name.
        let services: Vec<&Service> = services
            .iter()
            .filter(|service| !service.metadata.name.starts_with(|c: char| c.is_ascii_digit()))
            .collect();
        let environment = Environment::from(generate(&services).unwrap());
        let ours: Vec<String> = environment
            .in_order(Order::Dash)
            .into_iter()
            .map(|variable| variable.service_variable().unwrap().to_string())
            .collect();
        prop_assert_eq!(seen_from_dash(&environment), ours);
    }
}

#[test]
fn documented_dash_order_matches_a_real_dash() {
    if !has_dash() {
        return;
    }
    let manifest = include_str!("../../../examples/my-svc-nginx.yaml");
    let service: Service = yaml(manifest);
    let services = [&service];
    let environment = Environment::from(generate(&services).unwrap());
    let seen = seen_from_dash(&environment).join("\n") + "\n";
    assert_eq!(seen, lines(&environment, Order::Dash));
}

#[test]
fn every_dash_chain_is_used() {
    let chains: BTreeSet<u64> =
        (0..1_000).map(|number| dash_chain(&format!("A{number}"))).collect();
    assert!(chains.into_iter().eq(0..39));
    assert_eq!(dash_chain(""), 0);
}

#[test]
fn variables_of_dash_come_first_in_their_chain() {
    let other = (0..)
        .map(|number| format!("X{number}"))
        .find(|name| dash_chain(name) == dash_chain("PATH"))
        .unwrap();
    let environment = Environment::default().with_base([(other.as_str(), "x"), ("PATH", "/bin")]);
    let names: Vec<_> = environment
        .in_order(Order::Dash)
        .iter()
        .map(|variable| variable.name().into_owned())
        .collect();
    assert_eq!(names, ["PATH", &other]);
}

/// Returns the hash chain of a name, by the formula of `hashvar` in dash for a table of 39 chains.
fn dash_chain(name: &str) -> u64 {
    let first = name.bytes().next().map_or(0, |first| 16 * u64::from(first));
    (first + name.bytes().map(u64::from).sum::<u64>()) % 39
}
