//! What `src/guide/promises.md` says may grow is what `#[non_exhaustive]` says, and the other way round.

use std::collections::BTreeSet;
use std::path::Path;

use kubelet_env::api::*;
use kubelet_env::{DocumentLimits, Expectations, Facts, Objects};

const PAGE: &str = include_str!("../../src/guide/promises.md");

/// A public type that others can match or build in full: an enum, or a struct with public fields.
struct Open {
    name: String,
    is_enum: bool,
    may_grow: bool,
}

/// The open types of a source file, found by how rustfmt leaves them.
fn open_types(source: &str) -> Vec<Open> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let mut types = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let is_enum = line.starts_with("pub enum ");
        let Some(declared) = line.strip_prefix("pub enum ").or(line.strip_prefix("pub struct "))
        else {
            continue;
        };
        let name: String = declared.chars().take_while(|c| c.is_alphanumeric()).collect();
        let has_body = line.ends_with('{');
        let mut body = lines[place + 1..].iter().take_while(|line| **line != "}");
        if name.is_empty() || !has_body || !is_enum && !body.any(|line| line.starts_with("pub ")) {
            continue;
        }
        let may_grow = lines[place - 1] == "#[non_exhaustive]";
        types.push(Open { name, is_enum, may_grow });
    }
    types
}

fn all_open_types(directory: &Path) -> Vec<Open> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let of_path = |path: std::path::PathBuf| match path.extension() {
        None => all_open_types(&path),
        Some(extension) if extension == "rs" => open_types(&std::fs::read_to_string(path).unwrap()),
        Some(_) => Vec::new(),
    };
    entries.flat_map(of_path).collect()
}

/// The types that a section of the page names.
fn named(title: &str) -> BTreeSet<&str> {
    let (_, section) = PAGE.split_once(title).unwrap();
    let section = section.split("\n# ").next().unwrap();
    section.split("[`").skip(1).map(|link| link.split('`').next().unwrap()).collect()
}

#[test]
fn the_page_says_of_every_type_what_its_attributes_say() {
    let types = all_open_types(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(types.len() > 80, "only {} types were found", types.len());
    let (grow, complete) = (named("# What may grow"), named("# What is complete"));
    let says_what_is_wrong =
        |name: &str| ["Error", "Problem", "Refusal"].iter().any(|end| name.ends_with(end));
    for Open { name, is_enum, may_grow } in &types {
        let name = name.as_str();
        let is_named = match (is_enum, may_grow) {
            (true, true) => grow.contains(name) || says_what_is_wrong(name),
            (true, false) => complete.contains(name),
            (false, true) => !complete.contains(name),
            (false, false) => complete.contains(name) || BASED.contains(&name),
        };
        assert!(
            is_named,
            "{name}: its attributes (non-exhaustive: {may_grow}) and the page disagree"
        );
    }
    for name in complete {
        assert!(
            types.iter().any(|open| open.name == name && !open.may_grow),
            "{name} is no complete type"
        );
    }
}

/// The structs that may grow and that others build, each from a base: what has none does not compile.
macro_rules! based {
    ($($type:ident),+ $(,)?) => {
        const BASED: &[&str] = &["Facts", "ServicePort", $(stringify!($type)),+];

        #[test]
        fn what_others_build_has_a_base() {
            $( let $type { .. } = $type { ..$type::default() }; )+
            let objects = Objects::default();
            let Facts { .. } = Facts { ..Facts::of(&objects) };
            let ServicePort { .. } = ServicePort { ..ServicePort::new(PortNumber::new(80).unwrap()) };
        }
    };
}

based! {
    ConfigMapEnvSource, ConfigMapKeySelector, Container, DocumentLimits, EnvFromSource, EnvVar, EnvVarSource, Expectations,
    FileKeySelector, NodeAddress, NodeStatus, ObjectFieldSelector, ObjectMeta, Objects, PodIp, PodMeta, PodSpec,
    PodStatus, ResourceFieldSelector, ResourceRequirements, SecretEnvSource, SecretKeySelector, ServiceSpec,
}
