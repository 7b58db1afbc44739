//! The families for Services and their variables.

use std::collections::BTreeMap;

use kubelet_env::api::{Container, Pod, PodMeta, PodSpec, Service};
use kubelet_env::services::{ServiceLinks, generate, select};
use kubelet_env::{Document, Environment, Facts, ObjectError, Objects, compose};
use serde::Deserialize;

use super::container::check_ambiguities;
use super::{Bytes, Verdict, expect_equal, read, release};

#[derive(Deserialize, PartialEq, Debug)]
struct Names {
    names: Vec<String>,
}

pub(super) fn mangle(line: &str) -> Verdict {
    let (given, expect): (Names, Names) = read(line)?;
    let names =
        given.names.iter().map(|name| kubelet_env::names::mangle(name).into_owned()).collect();
    expect_equal(&Names { names }, &expect)
}

#[derive(Deserialize)]
struct Services {
    services: Vec<Service>,
}

#[derive(Deserialize)]
struct OrderedEnv {
    #[serde(default)]
    env: Vec<(String, String)>,
    #[serde(default)]
    panic: bool,
}

pub(super) fn service_env(line: &str) -> Verdict {
    let (given, expect): (Services, OrderedEnv) = read(line)?;
    let services: Vec<&Service> = given.services.iter().collect();
    match generate(&services) {
        Err(no_ports) if expect.panic => {
            check_named_service(&no_ports.service.name, &given.services)
        }
        Err(no_ports) => Err(no_ports.to_string()),
        Ok(_) if expect.panic => Err("the kubelet panics, but we report no error".to_owned()),
        Ok(generated) => {
            let ours =
                generated.iter().map(|variable| (variable.name(), variable.value())).collect();
            expect_equal(&ours, &expect.env)
        }
    }
}

fn check_named_service(name: &str, services: &[Service]) -> Verdict {
    let named = services
        .iter()
        .any(|service| service.metadata.name == name && service.spec.ports.is_empty());
    if named { Ok(()) } else { Err(format!("the error names {name:?}")) }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    services: Vec<Service>,
    namespace: String,
    enable_service_links: bool,
}

#[derive(Deserialize)]
struct Env {
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    ambiguous: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    panic: bool,
}

/// Checks a case with its Services in several orders, all of which must give the same answer.
pub(super) fn visible(line: &str) -> Verdict {
    let (mut given, expect): (Seen, Env) = read(line)?;
    let first = seen(&given, &expect)?;
    for _ in 0..given.services.len() {
        given.services.rotate_left(1);
        expect_equal(&seen(&given, &expect)?, &first)?;
    }
    given.services.reverse();
    expect_equal(&seen(&given, &expect)?, &first)
}

fn seen(given: &Seen, expect: &Env) -> Result<BTreeMap<String, String>, String> {
    let services =
        select(&given.services, &given.namespace, ServiceLinks::from(given.enable_service_links));
    let generated = match generate(&services) {
        Err(no_ports) if expect.panic => {
            return check_named_service(&no_ports.service.name, &given.services)
                .map(|()| BTreeMap::new());
        }
        Err(no_ports) => return Err(no_ports.to_string()),
        Ok(_) if expect.panic => {
            return Err("the kubelet panics, but we report no error".to_owned());
        }
        Ok(generated) => generated,
    };
    let environment = Environment::from(generated);
    let ours: BTreeMap<String, String> = environment
        .iter()
        .map(|variable| {
            (variable.name().into_owned(), variable.value().as_str().unwrap().to_owned())
        })
        .collect();
    expect_equal(&ours.len(), &environment.len())?;

    for (name, values) in &expect.ambiguous {
        let value = ours.get(name).ok_or_else(|| format!("{name} is missing"))?;
        if !values.contains(value) {
            return Err(format!("{name}: {value:?} is none of {values:?}"));
        }
    }
    check_ambiguities_of_container(given, expect)?;
    let certain = |env: &BTreeMap<String, String>| -> BTreeMap<String, String> {
        env.clone().into_iter().filter(|(name, _)| !expect.ambiguous.contains_key(name)).collect()
    };
    expect_equal(&certain(&ours), &certain(&expect.env))?;
    Ok(ours)
}

/// Checks the ambiguities of a container that declares nothing.
fn check_ambiguities_of_container(given: &Seen, expect: &Env) -> Result<(), String> {
    let container = Container { name: "app".into(), ..Container::default() };
    let spec = PodSpec {
        containers: vec![container],
        enable_service_links: Some(given.enable_service_links),
        ..PodSpec::default()
    };
    let metadata = PodMeta { namespace: given.namespace.clone(), ..PodMeta::default() };
    let pod = Pod { metadata, spec, ..Pod::default() };
    let objects =
        Objects { services: given.services.iter().cloned().collect(), ..Objects::default() };
    let composition =
        compose(&pod, "app", &Facts::of(&objects)).map_err(|error| error.to_string())?;
    let bytes =
        |values: &Vec<String>| values.iter().map(|value| Bytes::from(value.as_bytes())).collect();
    let kubelet =
        expect.ambiguous.iter().map(|(name, values)| (name.clone(), bytes(values))).collect();
    check_ambiguities(&composition, &kubelet)
}

#[derive(Deserialize)]
struct OneService {
    service: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InvalidFields {
    invalid_fields: Vec<String>,
}

/// Checks the invalid fields. A Service that cannot be read must fail on one of them.
pub(super) fn validate_service(line: &str) -> Verdict {
    let (mut given, expect): (OneService, InvalidFields) = read(line)?;
    given.service["kind"] = "Service".into();
    given.service["apiVersion"] = "v1".into();
    let mut objects = Objects::default();
    match objects.add(Document::deserialize(given.service).map_err(|error| error.to_string())?) {
        Err(ObjectError::Field { error, .. }) if expect.invalid_fields.contains(&error.path()) => {
            Ok(())
        }
        Err(error) => Err(format!("kubelet {:?}\n         ours    {error}", expect.invalid_fields)),
        Ok(()) => {
            let service = objects.services.into_iter().next().ok_or("no Service was read")?;
            let violations = kubelet_env::services::validate_service(&service, release(line)?);
            let mut fields: Vec<String> =
                violations.into_iter().map(|violation| violation.field).collect();
            fields.sort();
            fields.dedup();
            expect_equal(&fields, &expect.invalid_fields)
        }
    }
}
