//! Comparison with a recorder: cases without a recorded answer, which the functions of Kubernetes
//! answer while the test runs. `tests/conformance/README.md` describes how to build a recorder.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use kubelet_env::api::Service;
use kubelet_env::services::generate;
use serde::Deserialize;
use serde_json::{Value, json};

use super::generate::{Random, Texts, generated, mutate, with_commands};
use super::{FAMILIES, check};

/// The cases of a family in one exchange.
const BATCH: usize = 2_000;

/// The program that answers, in a process of its own.
struct Recorder {
    child: Child,
    input: Option<BufWriter<ChildStdin>>,
    output: BufReader<ChildStdout>,
}

impl Recorder {
    fn start(program: &Path) -> Self {
        let mut child = Command::new(program)
            .arg("-serve")
            // It holds little memory, and would collect garbage most of the time.
            .env("GOGC", "800")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let input = child.stdin.take().map(BufWriter::new);
        let output = BufReader::new(child.stdout.take().unwrap());
        Recorder { child, input, output }
    }

    /// Asks so many cases and gives `check` each answered line, in order.
    ///
    /// Cases are made, answered and checked at the same time.
    fn answer(
        &mut self,
        count: usize,
        mut case: impl FnMut() -> String + Send,
        mut check: impl FnMut(&str),
    ) {
        let (input, output) = (self.input.as_mut().unwrap(), &mut self.output);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                (0..count).for_each(|_| writeln!(input, "{}", case()).unwrap());
                input.flush().unwrap();
            });
            for _ in 0..count {
                let mut line = Vec::new();
                output.read_until(b'\n', &mut line).unwrap();
                assert_eq!(line.pop(), Some(b'\n'), "the recorder has ended");
                check(std::str::from_utf8(&line).unwrap());
            }
        });
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.input = None;
        self.child.wait().unwrap();
    }
}

/// The recorded cases of a family: the material for changed ones.
struct Corpus {
    family: &'static str,
    recorded: Vec<Value>,
}

impl Corpus {
    fn all() -> Vec<Self> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
        let corpus = |(family, _): &(&'static str, _)| {
            let path = directory.join(format!("{family}.jsonl"));
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let lines = text.split('\n').filter(|line| !line.is_empty());
            let given = |line: &str| serde_json::from_str::<Value>(line).unwrap()["given"].take();
            Corpus { family, recorded: lines.map(given).collect() }
        };
        FAMILIES.iter().map(corpus).collect()
    }

    /// Returns a case, new or changed.
    fn given(&self, random: &mut Random) -> Value {
        if random.below(2) == 0
            && let Some(given) = generated(self.family, random)
        {
            return given;
        }
        let mut given = random.pick(&self.recorded).clone();
        for (name, value) in given.as_object_mut().unwrap() {
            let texts = match name.as_str() {
                "container" | "nodeIPs" => Texts::Fixed,
                name => Texts::Any.of_field(name),
            };
            mutate(value, &random.pick(&self.recorded)[name], texts, random);
        }
        make_consistent(&mut given);
        // The recorder cannot answer `command` for a random pick, and takes long for the others.
        let may_collide = match self.family {
            "command" => false,
            "container_env" | "visible" => random.below(8) == 0,
            _ => true,
        };
        if !may_collide && let Some(services) = given["services"].as_array_mut() {
            drop_colliding(services);
        }
        if self.family == "command" && random.below(2) == 0 {
            given = with_commands(&given, random);
        }
        given
    }
}

/// Undoes changes that no cluster allows: two objects of one name, a running Pod of another Node,
/// a container that the Pod lacks, and a `clusterIPs` that does not begin with the `clusterIP`.
fn make_consistent(given: &mut Value) {
    for list in ["services", "configMaps", "secrets"] {
        let Some(objects) = given.get_mut(list).and_then(Value::as_array_mut) else { continue };
        let mut known = BTreeSet::new();
        objects.retain(|object| {
            let field = |name: &str| object["metadata"][name].as_str().unwrap_or("").to_owned();
            known.insert((field("namespace"), field("name")))
        });
    }
    let node = given.pointer("/node/metadata/name").cloned();
    if let (Some(node), Some(spec)) = (node, given.pointer_mut("/pod/spec")) {
        spec["nodeName"] = node;
    }
    let name = given.get("container").cloned();
    if let (Some(name), Some(pod)) = (name, given.get_mut("pod")) {
        let spec = &mut pod["spec"];
        let kinds = ["containers", "initContainers", "ephemeralContainers"];
        let mut containers = kinds.iter().filter_map(|kind| spec[kind].as_array()).flatten();
        if !containers.any(|container| container["name"] == name) {
            match spec["containers"].as_array_mut().and_then(|containers| containers.first_mut()) {
                Some(container) => container["name"] = name,
                None => spec["containers"] = json!([{"name": name}]),
            }
        }
    }
    if let Some(spec) = given.pointer_mut("/service/spec").and_then(Value::as_object_mut) {
        match spec.get("clusterIP").and_then(Value::as_str).unwrap_or("") {
            "" => spec.remove("clusterIPs"),
            address => spec.insert("clusterIPs".to_owned(), json!([address])),
        };
    }
}

/// Drops each Service with a variable that an earlier one has too.
fn drop_colliding(services: &mut Vec<Value>) {
    let mut known = BTreeSet::new();
    services.retain(|service| {
        let Ok(service) = Service::deserialize(service) else { return true };
        let services = [&service];
        let Ok(variables) = generate(&services) else { return true };
        let names: BTreeSet<String> = variables.iter().map(|variable| variable.name()).collect();
        let is_first = known.is_disjoint(&names);
        if is_first {
            known.extend(names);
        }
        is_first
    });
}

/// Reports whether a text is a quantity with an exponent of many digits, which would keep the
/// kubelet busy for minutes.
fn has_long_exponent(value: &Value) -> bool {
    match value {
        Value::String(text) => text.split_once(['e', 'E']).is_some_and(|(digits, exponent)| {
            let is_digit = |byte: u8| byte.is_ascii_digit() || b"+-.".contains(&byte);
            digits.bytes().all(is_digit) && exponent.bytes().all(is_digit) && exponent.len() > 4
        }),
        Value::Array(items) => items.iter().any(has_long_exponent),
        Value::Object(fields) => fields.values().any(has_long_exponent),
        _ => false,
    }
}

/// The reason for `errors.ErrUnsupported`.
const UNSUPPORTED: &str = "recorder: unsupported operation";

#[derive(Default)]
struct Tally {
    same: usize,
    /// The cases that cannot be compared, by reason.
    skipped: BTreeMap<String, usize>,
    differences: Vec<String>,
}

impl Tally {
    fn skips(&self) -> usize {
        self.skipped.values().sum()
    }
}

/// Returns the reason why a case is outside of what both sides answer, if it is: the kubelet's
/// types or ours cannot read it, a quantity is out of range, or the Pod has no address, which we do
/// not take for the empty one.
fn skip_reason(line: &str, verdict: &Result<(), String>) -> Option<String> {
    #[derive(Deserialize)]
    struct Skipped {
        skip: Option<String>,
    }
    #[derive(Deserialize)]
    struct Answered {
        expect: Skipped,
    }
    if line.contains(r#""skip":"#)
        && let Ok(Answered { expect: Skipped { skip: Some(reason) } }) = serde_json::from_str(line)
    {
        // The rest belongs to the case.
        let ends = |c: char| c.is_ascii_digit() || "\":".contains(c);
        return Some(format!("recorder: {}", reason.split(ends).next().unwrap_or_default()));
    }
    let unread = ["cannot be read", "64 bits", "none was given"];
    let error = verdict.as_ref().err()?;
    unread.iter().find(|reason| error.contains(*reason)).map(|reason| (*reason).to_owned())
}

#[test]
#[ignore = "needs a recorder: see tests/conformance/README.md"]
fn answers_like_a_running_recorder() {
    let setting = |name: &str| std::env::var(format!("KUBELET_ENV_RECORDER{name}"));
    let program = PathBuf::from(setting("").expect("KUBELET_ENV_RECORDER names no program"));
    let release = setting("_RELEASE").ok();
    let seconds = setting("_SECONDS").map_or(60, |seconds| seconds.parse().unwrap());
    let seed = setting("_SEED").map_or(1, |seed| seed.parse().unwrap());
    let only = setting("_FAMILY").ok();

    let mut recorder = Recorder::start(&program);
    let mut corpora = Corpus::all();
    corpora.retain(|corpus| only.as_deref().is_none_or(|only| only == corpus.family));
    let mut random = Random::new(seed);
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        for corpus in &corpora {
            let family = corpus.family;
            let case = || {
                let mut case = json!({"case": format!("{family}/0")});
                case["given"] = corpus.given(&mut random);
                if has_long_exponent(&case) {
                    case["given"] = corpus.recorded[0].clone();
                }
                if let Some(release) = &release {
                    case["release"] = release.as_str().into();
                }
                case.to_string()
            };
            let tally = tallies.entry(family).or_default();
            recorder.answer(BATCH, case, |line| {
                let (_, verdict) = check(line, family);
                if let Some(reason) = skip_reason(line, &verdict) {
                    *tally.skipped.entry(reason).or_default() += 1;
                } else if let Err(difference) = verdict {
                    tally.differences.push(format!("{difference}\n         case    {line}"));
                } else {
                    tally.same += 1;
                }
            });
        }
        if tallies.values().any(|tally| tally.differences.len() >= 100) {
            break;
        }
    }
    let mut report = String::new();
    for (family, tally @ Tally { same, skipped, differences }) in &tallies {
        let (differing, skips) = (differences.len(), tally.skips());
        writeln!(report, "{family}: {same} same, {differing} different, {skips} skipped").unwrap();
        for (reason, count) in skipped {
            writeln!(report, "    {count} skipped: {reason}").unwrap();
        }
        for difference in differences.iter().take(5) {
            writeln!(report, "    {difference}").unwrap();
        }
    }
    println!("{report}");
    assert!(tallies.values().all(|tally| tally.differences.is_empty()), "{report}");
    // A release may lack a function.
    let is_mostly_compared =
        |tally: &Tally| tally.skipped.contains_key(UNSUPPORTED) || tally.skips() * 20 < tally.same;
    assert!(tallies.values().all(is_mostly_compared), "many cases are skipped: {report}");
}

/// Prints new cases of a family without answers, which `record` then answers.
#[test]
#[ignore = "prints cases: see tests/conformance/README.md"]
fn prints_cases() {
    let setting = |name: &str| std::env::var(format!("KUBELET_ENV_CASES{name}"));
    let family = setting("").expect("KUBELET_ENV_CASES names no family");
    let count: usize = setting("_COUNT").map_or(100, |count| count.parse().unwrap());
    let seed = setting("_SEED").map_or(1, |seed| seed.parse().unwrap());
    let first = setting("_FIRST").map_or(0, |first| first.parse().unwrap());
    let corpora = Corpus::all();
    let corpus = |family: &str| corpora.iter().find(|corpus| corpus.family == family).unwrap();
    let mut random = Random::new(seed);
    // Ends the line that the test harness has begun.
    println!();
    for number in first..first + count {
        let given = match generated(&family, &mut random) {
            Some(given) => given,
            None if family == "command" => {
                let containers = &corpus("container_env").recorded;
                with_commands(random.pick(containers), &mut random)
            }
            None => corpus(&family).given(&mut random),
        };
        let case = format!("{family}/{number:04}");
        println!(r#"{{"case":"{case}","given":{given},"expect":{{}}}}"#);
    }
}
