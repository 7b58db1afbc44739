//! The API server's validation of the entries of `env` and `envFrom` (Go: `ValidateEnv`,
//! `ValidateEnvFrom`).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::field::split_subscript;
use crate::api::{
    Container, EnvFromSource, EnvVar, EnvVarSource, FileKeySelector, ObjectFieldSelector,
    ResourceFieldSelector,
};
use crate::names::{
    is_dns1123_label, is_dns1123_subdomain, is_env_var_name, is_relaxed_env_var_name,
    validate_qualified_annotation_name, validate_qualified_name,
};
use crate::release::{Release, Rule};
use crate::services::{Violation, ViolationProblem};

/// Returns the fields of `env` and `envFrom` that the API server of a release rejects, in the order
/// of the entries.
///
/// An absent `apiVersion` of a `fieldRef` is valid, because defaulting fills it in.
///
/// Mirrors `ValidateEnv` and `ValidateEnvFrom`, and names the fields as they do, within the
/// container.
///
/// ```
/// use kubelet_env::Release;
/// use kubelet_env::api::{Container, EnvVar, EnvVarSource, SecretKeySelector};
/// use kubelet_env::container::validate_env;
///
/// let secret_key_ref = SecretKeySelector { name: "login".into(), ..SecretKeySelector::default() };
/// let source = EnvVarSource { secret_key_ref: Some(secret_key_ref), ..EnvVarSource::default() };
/// let password =
///     EnvVar { name: "PASSWORD".into(), value_from: Some(source), ..EnvVar::default() };
/// let app = Container { env: vec![password], ..Container::default() };
///
/// let violations = validate_env(&app, Release::NEWEST);
/// assert_eq!(violations[0].to_string(), "env[0].valueFrom.secretKeyRef.key must not be empty");
/// ```
#[must_use]
pub fn validate_env(container: &Container, release: Release) -> Vec<Violation> {
    let mut validator = Validator { release, violations: Vec::new() };
    for (index, variable) in container.env.iter().enumerate() {
        validator.variable(&format!("env[{index}]"), variable);
    }
    for (index, source) in container.env_from.iter().enumerate() {
        validator.env_from(&format!("envFrom[{index}]"), source);
    }
    validator.violations
}

/// Go: `validEnvDownwardAPIFieldPathExpressions`, and `spec.host`, which is converted to
/// `spec.nodeName`.
const FIELD_PATHS: [&str; 10] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.host",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Go: `validContainerResourceDivisorForCPU`
const CPU_DIVISORS: [&str; 2] = ["1m", "1"];

/// Go: `validContainerResourceDivisorForMemory` and the same for other resources in bytes
const BYTE_DIVISORS: [&str; 13] =
    ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

struct Validator {
    release: Release,
    violations: Vec<Violation>,
}

impl Validator {
    fn reject(&mut self, field: String, problem: ViolationProblem) {
        self.violations.push(Violation { field, problem });
    }

    /// Rejects an empty text. Returns whether there is one.
    fn require(&mut self, path: &str, field: &str, text: &str) -> bool {
        if text.is_empty() {
            self.reject(format!("{path}.{field}"), ViolationProblem::Required);
        }
        !text.is_empty()
    }

    fn name(&mut self, field: String, name: &str) {
        if self.release.has(Rule::RelaxedEnvVarNames) {
            if !is_relaxed_env_var_name(name) {
                self.reject(field, ViolationProblem::NotRelaxedEnvVarName);
            }
        } else if !is_env_var_name(name) {
            self.reject(field, ViolationProblem::NotEnvVarName);
        }
    }

    fn variable(&mut self, path: &str, variable: &EnvVar) {
        if self.require(path, "name", &variable.name) {
            self.name(format!("{path}.name"), &variable.name);
        }
        let Some(source) = &variable.value_from else { return };
        let path = format!("{path}.valueFrom");
        let sources = self.sources(&path, source);
        if sources == 0 {
            self.reject(path, ViolationProblem::NoSource);
        } else if !variable.value.is_empty() {
            self.reject(path, ViolationProblem::SourceBesideValue);
        } else if sources > 1 {
            self.reject(path, ViolationProblem::SeveralSources);
        }
    }

    /// Validates each source and returns their number (Go: `validateEnvVarValueFrom`).
    fn sources(&mut self, path: &str, source: &EnvVarSource) -> usize {
        let EnvVarSource {
            field_ref,
            resource_field_ref,
            config_map_key_ref,
            secret_key_ref,
            file_key_ref,
        } = source;
        if let Some(field) = field_ref {
            self.field(&format!("{path}.fieldRef"), field);
        }
        if let Some(resource) = resource_field_ref {
            self.resource(&format!("{path}.resourceFieldRef"), resource);
        }
        if let Some(key) = config_map_key_ref {
            self.key(&format!("{path}.configMapKeyRef"), &key.name, &key.key);
        }
        if let Some(key) = secret_key_ref {
            self.key(&format!("{path}.secretKeyRef"), &key.name, &key.key);
        }
        // Before, the field was disabled, and dropped.
        let file_key_ref = file_key_ref.as_ref().filter(|_| self.release.has(Rule::EnvFiles));
        if let Some(file) = file_key_ref {
            self.file(&format!("{path}.fileKeyRef"), file);
        }
        [
            field_ref.is_some(),
            resource_field_ref.is_some(),
            config_map_key_ref.is_some(),
            secret_key_ref.is_some(),
            file_key_ref.is_some(),
        ]
        .into_iter()
        .filter(|is_there| *is_there)
        .count()
    }

    /// Go: `validateObjectFieldSelector`, `ConvertDownwardAPIFieldLabel`. An illegal key is
    /// reported at the selector, not at its path.
    fn field(&mut self, path: &str, field: &ObjectFieldSelector) {
        if !self.require(path, "fieldPath", &field.field_path) {
            return;
        }
        let mut unsupported = || {
            self.reject(format!("{path}.fieldPath"), ViolationProblem::FieldPathUnsupported);
        };
        if !["", "v1"].contains(&field.api_version.as_str()) {
            return unsupported();
        }
        let is_legal = match split_subscript(&field.field_path) {
            Some(("metadata.labels", key)) => validate_qualified_name(key).is_ok(),
            Some(("metadata.annotations", key)) => validate_qualified_annotation_name(key).is_ok(),
            Some(_) => return unsupported(),
            None if FIELD_PATHS.contains(&field.field_path.as_str()) => true,
            None => return unsupported(),
        };
        if !is_legal {
            self.reject(path.into(), ViolationProblem::NotQualifiedName);
        }
    }

    /// Go: `validateContainerResourceFieldSelector`, `validateContainerResourceDivisor`
    fn resource(&mut self, path: &str, selector: &ResourceFieldSelector) {
        let name = selector.resource.as_str();
        if !self.require(path, "resource", name) {
            return;
        }
        let resource = name.strip_prefix("limits.").or_else(|| name.strip_prefix("requests."));
        let divisors: &[&str] = match resource {
            Some("cpu") => &CPU_DIVISORS,
            Some("memory" | "ephemeral-storage") => &BYTE_DIVISORS,
            Some(pages) if pages.starts_with("hugepages-") => &BYTE_DIVISORS,
            _ => {
                self.reject(format!("{path}.resource"), ViolationProblem::ResourceUnsupported);
                return;
            }
        };
        let divisor = selector.divisor.as_ref().filter(|divisor| !divisor.is_zero());
        if divisor.is_some_and(|divisor| !divisors.contains(&divisor.canonical_text().as_str())) {
            self.reject(format!("{path}.divisor"), ViolationProblem::DivisorUnsupported);
        }
    }

    /// Go: `validateConfigMapKeySelector`, `validateSecretKeySelector`
    fn key(&mut self, path: &str, name: &str, key: &str) {
        // An absent name is not reported as such.
        if !is_dns1123_subdomain(name) {
            self.reject(format!("{path}.name"), ViolationProblem::NotDns1123Subdomain);
        }
        if self.require(path, "key", key) && !is_config_map_key(key) {
            self.reject(format!("{path}.key"), ViolationProblem::NotConfigMapKey);
        }
    }

    /// Go: `validateFileKeySelector`, `validatePathNoBacksteps`. The key is relaxed in all
    /// releases.
    fn file(&mut self, path: &str, file: &FileKeySelector) {
        if self.require(path, "key", &file.key) && !is_relaxed_env_var_name(&file.key) {
            self.reject(format!("{path}.key"), ViolationProblem::NotRelaxedEnvVarName);
        }
        if self.require(path, "volumeName", &file.volume_name)
            && !is_dns1123_label(&file.volume_name)
        {
            self.reject(format!("{path}.volumeName"), ViolationProblem::NotDns1123);
        }
        let has_backstep = file.path.split('/').any(|part| part == "..");
        if self.require(path, "path", &file.path) && has_backstep {
            self.reject(format!("{path}.path"), ViolationProblem::PathNotLocal);
        }
    }

    /// Go: `ValidateEnvFrom`. A wrong number of sources is reported at the whole list.
    fn env_from(&mut self, path: &str, source: &EnvFromSource) {
        if !source.prefix.is_empty() {
            self.name(format!("{path}.prefix"), &source.prefix);
        }
        let config_map = source.config_map_ref.as_ref().map(|reference| &reference.name);
        let secret = source.secret_ref.as_ref().map(|reference| &reference.name);
        for (kind, name) in [("configMapRef", config_map), ("secretRef", secret)] {
            let (path, Some(name)) = (format!("{path}.{kind}"), name) else { continue };
            if self.require(&path, "name", name) && !is_dns1123_subdomain_prefix(name) {
                self.reject(format!("{path}.name"), ViolationProblem::NotDns1123Subdomain);
            }
        }
        match (config_map, secret) {
            (None, None) => self.reject("envFrom".into(), ViolationProblem::NoSource),
            (Some(_), Some(_)) => {
                self.reject("envFrom".into(), ViolationProblem::SeveralSources);
            }
            _ => {}
        }
    }
}

/// Go: `NameIsDNSSubdomain` of a prefix, `maskTrailingDash`. The references of `envFrom` are
/// validated like the start of a generated name: a `-` at the end hides the character before it.
fn is_dns1123_subdomain_prefix(name: &str) -> bool {
    match name.as_bytes() {
        [start @ .., _, b'-'] => core::str::from_utf8(start)
            .is_ok_and(|start| is_dns1123_subdomain(&format!("{start}a"))),
        _ => is_dns1123_subdomain(name),
    }
}

/// Go: `IsConfigMapKey`
fn is_config_map_key(key: &str) -> bool {
    key.len() <= 253
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        && key != "."
        && !key.starts_with("..")
}
