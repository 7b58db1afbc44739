//! The families for single texts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kubelet_env::api::{
    Container, EnvVar, EnvVarSource, ObjectFieldSelector, Pod, PodMeta, PodSpec, Quantity,
    QuantityError,
};
use kubelet_env::container::env_file::{EnvFileError, parse_env};
use kubelet_env::container::{ResourceField, resource_value};
use kubelet_env::names::{is_env_var_name, is_relaxed_env_var_name};
use kubelet_env::{Facts, Objects, Release, compose};
use serde::Deserialize;

use super::{Bytes, Verdict, expect_equal, read, release};

#[derive(Deserialize)]
struct Text {
    input: String,
    contexts: Vec<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Output {
    output: Bytes,
}

pub(super) fn expand(line: &str) -> Verdict {
    let (given, expect): (Text, Output) = read(line)?;
    let release: Release = release(line)?;
    let expanded = kubelet_env::container::expand(&given.input, release, |name| {
        given
            .contexts
            .iter()
            .find_map(|context| context.get(name))
            .map(|value| Cow::Borrowed(value.as_bytes()))
    });
    expect_equal(&Bytes::from(expanded.as_ref()), &expect.output)
}

#[derive(Deserialize)]
struct EnvFile {
    content: String,
    key: String,
}

#[derive(Deserialize)]
struct EnvFileValue {
    value: Option<String>,
    error: Option<String>,
}

pub(super) fn env_file(line: &str) -> Verdict {
    let (given, expect): (EnvFile, EnvFileValue) = read(line)?;
    match (parse_env(given.content.as_bytes(), &given.key), expect.error) {
        (Err(EnvFileError::LineTooLong { .. }), Some(kubelet))
            if kubelet.contains("token too long") =>
        {
            Ok(())
        }
        (Err(ours), Some(kubelet)) => expect_equal(&ours.to_string(), &kubelet),
        (Err(ours), None) => Err(ours.to_string()),
        (Ok(_), Some(kubelet)) => Err(format!("the kubelet reports an error: {kubelet}")),
        (Ok(ours), None) => expect_equal(
            &ours.unwrap_or_default().as_ref(),
            &expect.value.unwrap_or_default().as_bytes(),
        ),
    }
}

#[derive(Deserialize)]
struct Names {
    names: Vec<String>,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Legal {
    strict: Vec<bool>,
    /// Absent before the relaxed form.
    relaxed: Option<Vec<bool>>,
}

pub(super) fn env_name(line: &str) -> Verdict {
    let (given, expect): (Names, Legal) = read(line)?;
    let all = |is_legal: fn(&str) -> bool| given.names.iter().map(|name| is_legal(name)).collect();
    let relaxed = expect.relaxed.is_some().then(|| all(is_relaxed_env_var_name));
    expect_equal(&Legal { strict: all(is_env_var_name), relaxed }, &expect)
}

#[derive(Deserialize)]
struct ResourceValue {
    quantity: String,
    divisor: String,
    resource: String,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Value {
    value: Option<String>,
    error: Option<String>,
}

pub(super) fn resource(line: &str) -> Verdict {
    let (given, expect): (ResourceValue, Value) = read(line)?;
    expect_equal(&value_of(&given)?, &expect)
}

fn value_of(given: &ResourceValue) -> Result<Value, String> {
    let parse = |text: &str| text.parse::<Quantity>().ok();
    let error = |which: &str| Ok(Value { value: None, error: Some(which.to_owned()) });
    let Some(quantity) = parse(&given.quantity) else { return error("quantity") };
    let divisor =
        if given.divisor.is_empty() { Some(None) } else { parse(&given.divisor).map(Some) };
    let Some(divisor) = divisor else { return error("divisor") };
    let Ok(field) = given.resource.parse::<ResourceField>() else { return error("resource") };
    let value = resource_value(&field.resource, &quantity, divisor.as_ref());
    let value = value.map_err(|error: QuantityError| error.to_string())?;
    Ok(Value { value: Some(value.to_string()), error: None })
}

#[derive(Deserialize)]
struct Map {
    map: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct MapText {
    output: String,
}

/// Checks a map through the Pod field that prints it.
pub(super) fn format_map(line: &str) -> Verdict {
    let (given, expect): (Map, MapText) = read(line)?;
    let field_ref =
        ObjectFieldSelector { api_version: "v1".into(), field_path: "metadata.annotations".into() };
    let value_from = EnvVarSource { field_ref: Some(field_ref), ..EnvVarSource::default() };
    let variable = EnvVar { name: "MAP".into(), value_from: Some(value_from), ..EnvVar::default() };
    let container = Container { name: "app".into(), env: vec![variable], ..Container::default() };
    let pod = Pod {
        metadata: PodMeta { annotations: given.map, ..PodMeta::default() },
        spec: PodSpec {
            containers: vec![container],
            enable_service_links: Some(true),
            ..PodSpec::default()
        },
        ..Pod::default()
    };
    let objects = Objects::default();
    let composition =
        compose(&pod, "app", &Facts::of(&objects)).map_err(|error| error.to_string())?;
    let value = composition.environment().get("MAP").ok_or("MAP is missing")?.value();
    expect_equal(&value.as_str().ok_or("not UTF-8")?, &expect.output.as_str())
}
