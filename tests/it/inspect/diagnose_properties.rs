//! Findings and their causes correspond. A second implementation computes the causes entry by
//! entry.

use std::collections::BTreeSet;

use kubelet_env::api::Container;
use kubelet_env::inspect::{Code, Expectations};
use kubelet_env::{Facts, compose};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{app_pod, env_var, objects_with, service};

/// A part of a value.
#[derive(Clone, Debug)]
enum Part {
    Text(&'static str),
    Reference(&'static str),
}

const NAMES: [&str; 6] =
    ["A", "B", "C", "FOO_SERVICE_HOST", "REDIS_PORT", "KUBERNETES_SERVICE_PORT"];

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        select(vec!["x", " ", "é"]).prop_map(Part::Text),
        select(NAMES.to_vec()).prop_map(Part::Reference)
    ]
}

/// Returns the seven names of a Service with one port.
fn names_of(service: &str) -> Vec<String> {
    let suffixes = [
        "_SERVICE_HOST",
        "_SERVICE_PORT",
        "_PORT",
        "_PORT_6379_TCP",
        "_PORT_6379_TCP_PROTO",
        "_PORT_6379_TCP_PORT",
        "_PORT_6379_TCP_ADDR",
    ];
    suffixes.iter().map(|suffix| service.to_uppercase() + suffix).collect()
}

proptest! {
    #[test]
    fn findings_match_their_causes(
        entries in vec((select(NAMES.to_vec()), vec(part(), 0..4)), 0..6),
        services in btree_set(select(vec!["foo", "redis", "web"]), 0..3),
        expected in btree_set(select(vec!["REDIS_PORT", "FOO_PORT", "A"]), 0..3),
    ) {
        let text = |part: &Part| match part {
            Part::Text(text) => (*text).to_owned(),
            Part::Reference(name) => format!("$({name})"),
        };
        let variable = |(name, parts): &(&str, Vec<Part>)| {
            env_var(*name, parts.iter().map(text).collect::<String>())
        };
        let env = entries.iter().map(variable).collect();
        let pod = app_pod("shop", Container { env, ..Container::default() });
        let of_namespace =
            services.iter().map(|name| service("shop", *name, "10.0.0.1", &["6379"]));
        let objects = objects_with(of_namespace.chain([service(
            "default",
            "kubernetes",
            "10.0.0.1",
            &["6379"],
        )]));
        let expectations = Expectations {
            names: expected.iter().map(|name| (*name).to_owned()).collect(),
            ..Expectations::default()
        };

        let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
        let mut found: Vec<(Code, String)> = Vec::new();
        for finding in composition.diagnose(&expectations) {
            prop_assert_eq!(finding.severity, finding.code.severity());
            found.push((finding.code, finding.variables.join(",")));
        }

        let of_services: BTreeSet<String> =
            services.iter().chain(&["kubernetes"]).flat_map(|name| names_of(name)).collect();
        let mut caused: Vec<(Code, String)> = Vec::new();
        for (index, (name, parts)) in entries.iter().enumerate() {
            let (before, after) = (&entries[..index], &entries[index + 1..]);
            let referred = parts.iter().filter_map(|part| match part {
                Part::Reference(referred) => Some(referred),
                _ => None,
            });
            for referred in referred.collect::<BTreeSet<_>>() {
                let is_in = |entries: &[(&str, Vec<Part>)]| {
                    entries.iter().any(|(name, _)| name == referred)
                };
                if is_in(before) || of_services.contains(*referred) {
                    continue;
                }
                let code = if referred == name {
                    Code::ReferenceToItself
                } else if is_in(after) {
                    Code::ReferenceToLater
                } else {
                    Code::ReferenceUndefined
                };
                caused.push((code, (*name).to_owned()));
            }
            if after.iter().any(|(later, _)| later == name) {
                if !before.iter().any(|(earlier, _)| earlier == name) {
                    caused.push((Code::Overwritten, (*name).to_owned()));
                }
            } else if *name == "KUBERNETES_SERVICE_PORT" {
                caused.push((Code::ApiServerOverridden, (*name).to_owned()));
            } else if of_services.contains(*name) {
                caused.push((Code::ServiceVariableShadowed, (*name).to_owned()));
            }
        }
        let declared = |name: &str| entries.iter().any(|(declared, _)| *declared == name);
        let taken = expected.iter().filter(|name| of_services.contains(**name) && !declared(name));
        caused.extend(taken.map(|name| (Code::ExpectedName, (*name).to_owned())));

        found.sort();
        caused.sort();
        prop_assert_eq!(found, caused);
    }
}
