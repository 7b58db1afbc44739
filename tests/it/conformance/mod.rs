//! Replays the recorded answers of the real kubelet.
//!
//! The cases are the lines of every `*.jsonl` file below `tests/conformance`, or below the
//! directory that `KUBELET_ENV_CONFORMANCE_DIR` names. No case may fail.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::path::{Path, PathBuf};

use kubelet_env::Release;
use kubelet_env::api::SecretValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

mod cluster;
mod container;
mod differential;
mod generate;
mod process;
mod services;
mod text;
mod validation;

/// The difference between our answer and the recorded one, if any.
type Verdict = Result<(), String>;

/// A function that checks the case on a line.
type Check = fn(&str) -> Verdict;

/// The known families and their checks.
const FAMILIES: [(&str, Check); 12] = [
    ("command", container::command),
    ("container_env", container::container_env),
    ("env_file", text::env_file),
    ("env_name", text::env_name),
    ("expand", text::expand),
    ("format_map", text::format_map),
    ("mangle", services::mangle),
    ("resource_value", text::resource),
    ("service_env", services::service_env),
    ("validate_env", validation::validate_env),
    ("validate_service", services::validate_service),
    ("visible", services::visible),
];

/// The fields that every family has.
#[derive(Deserialize)]
struct Line {
    case: String,
}

#[derive(Deserialize)]
struct Case<G, E> {
    given: G,
    expect: E,
}

/// Returns the release of a case. The default is the newest.
fn release(line: &str) -> Result<Release, String> {
    #[derive(Deserialize)]
    struct Released {
        release: Option<String>,
    }
    let released: Released =
        serde_json::from_str(line).map_err(|error| format!("cannot be read: {error}"))?;
    // A release without a patch is the first of its minor release here.
    let first_patch = |release: String| {
        let is_minor = release.matches('.').count() == 1;
        let patch = if is_minor { format!("{release}.0") } else { release };
        patch.parse().map_err(|error| format!("{error}"))
    };
    let release = released.release.map(first_patch);
    Ok(release.transpose()?.unwrap_or(Release::NEWEST))
}

/// A value, written as text or as `{"base64": …}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Bytes(Vec<u8>);

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Bytes(bytes.to_vec())
    }
}

impl Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum TextOrBase64 {
            Text(String),
            Base64 { base64: SecretValue },
        }
        Ok(match TextOrBase64::deserialize(deserializer)? {
            TextOrBase64::Text(text) => Bytes(text.into_bytes()),
            TextOrBase64::Base64 { base64 } => Bytes(base64.as_bytes().to_vec()),
        })
    }
}

fn read<G: DeserializeOwned, E: DeserializeOwned>(line: &str) -> Result<(G, E), String> {
    let case: Case<G, E> =
        serde_json::from_str(line).map_err(|error| format!("cannot be read: {error}"))?;
    Ok((case.given, case.expect))
}

fn expect_equal<T: PartialEq + Debug>(ours: &T, kubelet: &T) -> Verdict {
    if ours == kubelet {
        Ok(())
    } else {
        Err(format!("kubelet {kubelet:?}\n         ours    {ours:?}"))
    }
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failures: Vec<String>,
}

#[test]
fn conformance() {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let other = std::env::var_os("KUBELET_ENV_CONFORMANCE_DIR").map(PathBuf::from);
    let directory = other.as_deref().unwrap_or(&default);
    let tallies = run(directory);

    let mut report = String::new();
    for (family, Tally { passed, failures }) in &tallies {
        writeln!(report, "{family}: {passed} passed, {} failed", failures.len()).unwrap();
        for failure in failures.iter().take(5) {
            writeln!(report, "    {failure}").unwrap();
        }
    }
    println!("{report}");
    assert!(!tallies.is_empty(), "no case at all in {}", directory.display());
    assert!(tallies.values().all(|tally| tally.failures.is_empty()), "{report}");
    if other.is_none() {
        assert!(
            FAMILIES
                .iter()
                .chain(&cluster::FAMILIES)
                .all(|(family, _)| tallies.contains_key(*family)),
            "a family without a case: {report}"
        );
        // Cases that have two families count once.
        let [_, (second, _)] = cluster::FAMILIES;
        let counted = tallies.iter().filter(|(family, _)| **family != second);
        let passed: usize = counted.map(|(_, tally)| tally.passed).sum();
        let (thousands, rest) = (passed / 1_000, passed % 1_000);
        let count = format!("{thousands},{rest:03} recorded answers");
        for readme in [include_str!("../../../README.md"), include_str!("../../README.md")] {
            assert!(readme.contains(&count), "a README does not mention {count}");
        }
    }
}

fn run(directory: &Path) -> BTreeMap<String, Tally> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for file in jsonl_files(directory) {
        let text = std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let family_of_file = file.file_stem().unwrap().to_string_lossy().into_owned();
        // Values may hold other line separators than `\n`.
        for (number, line) in (1..).zip(text.split('\n')).filter(|(_, line)| !line.is_empty()) {
            for (family, verdict) in check_all(line, &family_of_file) {
                let tally = tallies.entry(family).or_default();
                match verdict {
                    Ok(()) => tally.passed += 1,
                    Err(difference) => {
                        tally.failures.push(format!("{}:{number}: {difference}", file.display()))
                    }
                }
            }
        }
    }
    tallies
}

/// Checks the case on a line and returns its families. That of a real cluster has several, and the
/// name `cluster/NAMESPACE/POD/CONTAINER`.
fn check_all(line: &str, family_of_file: &str) -> Vec<(String, Verdict)> {
    match serde_json::from_str::<Line>(line) {
        Ok(Line { case }) if case.starts_with("cluster/") => cluster::FAMILIES
            .iter()
            .map(|(family, check)| {
                let verdict = check(line).map_err(|difference| format!("{case}: {difference}"));
                ((*family).to_owned(), verdict)
            })
            .collect(),
        _ => vec![check(line, family_of_file)],
    }
}

/// Checks the case on a line and returns its family. Its name is `[RELEASE/]FAMILY/NUMBER`.
fn check(line: &str, family_of_file: &str) -> (String, Verdict) {
    let case = match serde_json::from_str::<Line>(line) {
        Ok(Line { case }) => case,
        Err(error) => return (family_of_file.to_owned(), Err(format!("cannot be read: {error}"))),
    };
    let family = case.rsplit('/').nth(1).unwrap_or(family_of_file);
    let verdict = match FAMILIES.iter().find(|(known, _)| *known == family) {
        Some((_, check)) => check(line).map_err(|difference| format!("{case}: {difference}")),
        None => Err(format!("{case}: the family is not known")),
    };
    (family.to_owned(), verdict)
}

fn jsonl_files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let files = paths.into_iter().flat_map(|path| {
        if path.is_dir() {
            jsonl_files(&path)
        } else {
            Vec::from_iter(
                path.extension().is_some_and(|extension| extension == "jsonl").then_some(path),
            )
        }
    });
    files.collect()
}

#[test]
fn rejects_unknown_families_and_wrong_answers() {
    let (family, verdict) =
        check(r#"{"case": "weather/0001", "given": {}, "expect": {}}"#, "weather");
    assert_eq!(family, "weather");
    assert!(verdict.unwrap_err().contains("not known"));
    assert!(check("{", "mangle").1.is_err());
    assert!(check(r#"{"case": "mangle/0001", "given": {}, "expect": {}}"#, "mangle").1.is_err());
    let wrong = r#"{"case": "mangle/0001", "given": {"names": ["a"]}, "expect": {"names": ["a"]}}"#;
    assert!(check(wrong, "mangle").1.is_err());
    let right = r#"{"case": "mangle/0001", "given": {"names": ["a"]}, "expect": {"names": ["A"]}}"#;
    assert_eq!(check(right, "mangle"), ("mangle".to_owned(), Ok(())));
}
