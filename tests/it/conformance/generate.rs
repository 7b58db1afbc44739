//! Cases for the comparison with a recorder: new ones, and recorded ones that are changed at
//! random.

use serde_json::{Value, json};

/// A sequence of numbers that a seed determines.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Returns a number below a limit that is not zero.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    /// Returns true once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    fn piece(&mut self, pieces: &[&'static str]) -> &'static str {
        pieces[self.below(pieces.len())]
    }

    /// Concatenates some of the pieces.
    fn concat(&mut self, pieces: &[&str], most: usize) -> String {
        (0..self.below(most + 1)).map(|_| *self.pick(pieces)).collect()
    }
}

/// Returns the `given` of a new case, or none if cases of the family are only changed ones.
pub(super) fn generated(family: &str, random: &mut Random) -> Option<Value> {
    Some(match family {
        "expand" => {
            let context = |random: &mut Random| -> Value {
                let pair = |random: &mut Random| ((*random.pick(&NAMES)).into(), text(random));
                Value::Object((0..random.below(4)).map(|_| pair(random)).collect())
            };
            let contexts = [context(random), context(random)];
            json!({"input": random.concat(&TEXT, 8), "contexts": contexts})
        }
        "env_file" => json!({"key": random.pick(&NAMES), "content": env_file(random)}),
        "env_name" => json!({"names": names(random, &ANY)}),
        "format_map" => {
            let pair = |random: &mut Random| (random.concat(&ANY, 3), text(random));
            let map = (0..random.below(5)).map(|_| pair(random)).collect();
            json!({"map": Value::Object(map)})
        }
        "mangle" => json!({"names": names(random, &ANY)}),
        "resource_value" => {
            let resource = *random.pick(&RESOURCES);
            let quantity = |random: &mut Random| quantity(resource.ends_with("cpu"), random);
            let divisor = if random.once_in(3) { String::new() } else { quantity(random) };
            json!({"quantity": quantity(random), "divisor": divisor, "resource": resource})
        }
        "validate_env" => json!({"container": {
            "name": "main",
            "env": Vec::from_iter((0..random.below(3)).map(|_| env_var(random))),
            "envFrom": Vec::from_iter((0..random.below(3)).map(|_| env_from(random))),
        }}),
        _ => return None,
    })
}

/// Returns the `given` of a `command` case: that of a `container_env` case with more fields.
pub(super) fn with_commands(given: &Value, random: &mut Random) -> Value {
    let mut given = given.clone();
    let name = given["container"].clone();
    let has_container = |kind: &&str| {
        let containers = given["pod"]["spec"][kind].as_array();
        containers.into_iter().flatten().any(|container| container["name"] == name)
    };
    let kinds = ["containers", "initContainers", "ephemeralContainers"];
    let Some(kind) = kinds.into_iter().find(has_container) else { return given };
    let containers = given["pod"]["spec"][kind].as_array_mut().into_iter().flatten();
    let mut containers = containers.filter(|container| container["name"] == name);
    let Some(container) = containers.next() else { return given };
    let entries = container["env"].as_array().into_iter().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry["name"].as_str().map(str::to_owned)).collect();
    names.push("KUBERNETES_SERVICE_HOST".to_owned());
    container["command"] = words(&names, random);
    container["args"] = words(&names, random);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if random.once_in(2) {
            container[probe] = json!({"exec": {"command": words(&names, random)}});
        }
    }
    if kind != "ephemeralContainers" && random.once_in(2) {
        let mount = |index: usize| {
            let expression = sub_path(&names, random);
            json!({"name": "data", "mountPath": format!("/m{index}"), "subPathExpr": expression})
        };
        container["volumeMounts"] = (0..2).map(mount).collect();
    }
    given
}

/// Returns words with references to these names and to others.
fn words(names: &[String], random: &mut Random) -> Value {
    let word = |_| {
        let mut word = random.concat(&TEXT, 2);
        for _ in 0..random.below(3) {
            word.push_str(&format!("$({})", random.pick(names)));
            word.push_str(random.piece(&TEXT));
        }
        Value::from(word)
    };
    let words: Vec<Value> = (0..4).map(word).collect();
    words[..random.below(4)].into()
}

/// Returns a path that mostly refers to these names.
fn sub_path(names: &[String], random: &mut Random) -> String {
    let pieces = ["", "", "", "a", "/", "/./", "//", "..", "$$", "-", "$(A)", "$(", "é"];
    let mut path = (*random.pick(&["", "logs/", "", "a", "/", "../"])).to_owned();
    for _ in 0..random.below(3) {
        path.push_str(&format!("$({})", random.pick(names)));
        path.push_str(random.piece(&pieces));
    }
    path
}

/// The texts that a field can hold.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Texts {
    Any,
    Quantities,
    Protocols,
    /// The values of Secrets, and those of a ConfigMap's `binaryData`.
    Base64,
    /// A text that another part of the case refers to.
    Fixed,
    /// The objects are Secrets.
    OfSecrets,
}

impl Texts {
    /// Returns the texts of a field of this object.
    pub(super) fn of_field(self, name: &str) -> Self {
        match (self, name) {
            (Texts::Any, "limits" | "requests" | "allocatable" | "capacity" | "divisor") => {
                Texts::Quantities
            }
            (Texts::Any, "protocol") => Texts::Protocols,
            (Texts::Any, "binaryData") | (Texts::OfSecrets, "data") => Texts::Base64,
            (Texts::Any, "secrets") => Texts::OfSecrets,
            (Texts::OfSecrets, "metadata" | "stringData" | "type") => Texts::Any,
            (texts, _) => texts,
        }
    }
}

/// Changes a value at random. Parts come from the same position of another value.
///
/// Both sides can read the result: a text with a grammar of its own is replaced by another one.
pub(super) fn mutate(value: &mut Value, donor: &Value, texts: Texts, random: &mut Random) {
    if texts == Texts::Fixed {
        return;
    }
    if random.once_in(12) && std::mem::discriminant(value) == std::mem::discriminant(donor) {
        *value = donor.clone();
        return;
    }
    match value {
        Value::Object(fields) => {
            if random.once_in(30)
                && let Some(name) = fields.keys().nth(random.below(fields.len().max(1))).cloned()
                // Our types need it. Go's read 0, which the API server rejects.
                && name != "port"
            {
                fields.remove(&name);
            }
            for (name, value) in fields.iter_mut() {
                let donor = donor.get(name).unwrap_or(&Value::Null);
                mutate(value, donor, texts.of_field(name), random);
            }
            if let Value::Object(others) = donor
                && random.once_in(8)
                && !others.is_empty()
                && let Some((name, value)) = others.iter().nth(random.below(others.len()))
            {
                fields.insert(name.clone(), value.clone());
            }
        }
        Value::Array(items) => {
            if items.len() > 1 && random.once_in(10) {
                let (one, other) = (random.below(items.len()), random.below(items.len()));
                items.swap(one, other);
            }
            if !items.is_empty() && random.once_in(20) {
                items.remove(random.below(items.len()));
            }
            if let Value::Array(others) = donor
                && !others.is_empty()
                && random.once_in(8)
            {
                items.push(random.pick(others).clone());
            }
            for (index, item) in items.iter_mut().enumerate() {
                mutate(item, donor.get(index).unwrap_or(&Value::Null), texts, random);
            }
        }
        Value::String(text) if random.once_in(40) => match texts {
            Texts::Quantities => *text = random.piece(&QUANTITIES).to_owned(),
            Texts::Protocols => *text = random.piece(&["TCP", "UDP", "SCTP"]).to_owned(),
            Texts::Base64 => *text = random.piece(&BASE64).to_owned(),
            _ => edit(text, random),
        },
        Value::Bool(flag) if random.once_in(30) => *flag = !*flag,
        Value::Number(number) if random.once_in(20) => {
            *number = (*random.pick(&[1, 80, 443, 10_250, 65_535])).into();
        }
        _ => {}
    }
}

/// Quantities within 64 bits. Those of `resource_value` cases have all forms.
const QUANTITIES: [&str; 24] = [
    "0", "1", "2", "250m", "1500m", "0.1", "1.5", "100n", "1u", "64Mi", "1Gi", "1.5Gi", "128M",
    "1e3", "2E6", "5e-3", "1k", "1Ki", "1T", "7P", "3Pi", "1E", "-1", "+5",
];

/// Texts in base64: none, one that is not UTF-8, one with references, and others.
const BASE64: [&str; 8] =
    ["", "/w==", "JChBKSQkKEIp", "JChGT08=", "JMOp", "5pel5pys", "YQ==", "YQpiIGM="];

/// Inserts, removes or repeats a piece of a text.
fn edit(text: &mut String, random: &mut Random) {
    let positions: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let at = *random.pick(&positions);
    match random.below(3) {
        0 => text.insert_str(at, random.piece(&ANY)),
        1 if at < text.len() => {
            text.remove(at);
        }
        _ => text.insert_str(at, random.piece(&TEXT)),
    }
}

const NAMES: [&str; 10] = ["A", "B", "FOO", "_u", "MY_VAR", "x-y", "key.two", "KEY", "1A", ""];

const TEXT: [&str; 24] = [
    "$",
    "$$",
    "$(",
    ")",
    "(",
    "$(A)",
    "$(B)",
    "$(FOO)",
    "$(MY_VAR)",
    "$(KEY)",
    "$$(A)",
    "$()",
    "a",
    "b c",
    "日本",
    "é",
    "/",
    "..",
    "\n",
    "'",
    "=",
    "#",
    "\\",
    "\"",
];

const ANY: [&str; 40] = [
    "a",
    "B",
    "z9",
    "-",
    "_",
    ".",
    "..",
    "/",
    " ",
    "\t",
    "\n",
    "\r",
    "\u{0}",
    "\u{7}",
    "\u{7f}",
    "\u{a0}",
    "\u{ad}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{fffd}",
    "\u{e000}",
    "\u{10ffff}",
    "ß",
    "ŉ",
    "ǆ",
    "ı",
    "ſ",
    "é",
    "日本",
    "😀",
    "\u{301}",
    "=",
    "'",
    "\"",
    "\\",
    "#",
    "$(A)",
    "0",
    "~",
];

const RESOURCES: [&str; 8] = [
    "limits.cpu",
    "requests.cpu",
    "limits.memory",
    "requests.memory",
    "limits.ephemeral-storage",
    "requests.ephemeral-storage",
    "limits.hugepages-2Mi",
    "requests.hugepages-1Gi",
];

fn text(random: &mut Random) -> Value {
    let pieces: &[&str] = if random.once_in(2) { &TEXT } else { &ANY };
    random.concat(pieces, 6).into()
}

fn names(random: &mut Random, pieces: &[&str]) -> Vec<String> {
    (0..1 + random.below(6)).map(|_| random.concat(pieces, 4)).collect()
}

fn env_file(random: &mut Random) -> String {
    let line = |random: &mut Random| {
        let mut line = random.concat(&[" ", "\t", "", "", "#", "\r"], 2);
        line.push_str(random.piece(&NAMES));
        line.push_str(random.piece(&["=", "=", "=", "=", " =", "= ", "", "=="]));
        line.push_str(random.piece(&["'", "'", "'", "'", "", "\"", " '"]));
        line.push_str(&random.concat(&["a", "=", "#", "\"", "\n", "\r\n", " ", "日", "$(A)"], 4));
        line.push_str(random.piece(&["'", "'", "'", "'", "", "''"]));
        line.push_str(random.piece(&["", "", " ", "\t# c", "#c", " x"]));
        line.push_str(random.piece(&["\n", "\n", "\n", "\r\n", "", "\n\n"]));
        line
    };
    (0..random.below(5)).map(|_| line(random)).collect()
}

fn quantity(is_cpu: bool, random: &mut Random) -> String {
    let digits = |random: &mut Random, most: usize| random.concat(&DIGITS, most);
    let suffix = random.piece(&[
        "", "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
        "e0", "e3", "E3", "e-3", "e+2", "E-10", "e", "K", " ", "mi",
    ]);
    // Few are beyond 64 bits, for which we report an error. CPU is counted in thousandths.
    let most = match (suffix, is_cpu) {
        ("E" | "Ei", true) => 0,
        ("E" | "Ei", false) | ("P" | "Pi", true) => 1,
        ("P" | "Pi", false) | ("T" | "Ti", true) => 4,
        _ => 7,
    };
    let mut quantity = (*random.pick(&["", "", "", "", "+", "-"])).to_owned();
    quantity.push_str(&digits(random, most));
    if random.once_in(2) {
        quantity.push('.');
        quantity.push_str(&digits(random, 11));
    }
    quantity.push_str(suffix);
    quantity
}

const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

fn env_var(random: &mut Random) -> Value {
    let mut variable = json!({"name": variable_name(random)});
    if random.once_in(3) {
        variable["value"] = random.concat(&["", "a", "$(A)"], 2).into();
    }
    if !random.once_in(6) {
        let mut source = json!({});
        for _ in 0..*random.pick(&[0, 1, 1, 1, 1, 1, 1, 2]) {
            let (kind, reference) = reference(random);
            source[kind] = reference;
        }
        variable["valueFrom"] = source;
    }
    variable
}

fn variable_name(random: &mut Random) -> String {
    if random.once_in(2) { (*random.pick(&NAMES)).to_owned() } else { random.concat(&ANY, 3) }
}

fn object_name(random: &mut Random) -> String {
    let pieces =
        ["a", "b-c", "d.e", "A", "_", ".", "-", "é", "0", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"];
    if random.once_in(2) { "settings".to_owned() } else { random.concat(&pieces, 9) }
}

fn reference(random: &mut Random) -> (&'static str, Value) {
    match random.below(5) {
        0 => {
            let path = match random.below(4) {
                0 => (*random.pick(&FIELD_PATHS)).to_owned(),
                1 => format!("metadata.labels['{}']", key(random)),
                2 => format!("metadata.annotations['{}']", key(random)),
                _ => random.concat(&["metadata", ".", "labels", "['", "a", "']", "/", "name"], 5),
            };
            let version = random.pick(&["v1", "v1", "v1", "", "v2", "v1beta1"]);
            ("fieldRef", json!({"apiVersion": version, "fieldPath": path}))
        }
        1 => {
            let resource = match random.below(3) {
                0 => random.concat(&["limits", ".", "requests", "cpu", "hugepages-", "pods"], 4),
                _ => (*random.pick(&RESOURCES)).to_owned(),
            };
            let mut reference = json!({"resource": resource});
            if !random.once_in(4) {
                let divisors = [
                    "0", "1", "1m", "1000m", "1k", "1000", "1Ki", "1024", "1M", "1Mi", "1G", "1Gi",
                    "1T", "1Ti", "1P", "1Pi", "1E", "1Ei", "2", "0.001", "1e3", "-1", "10", "1u",
                ];
                reference["divisor"] = (*random.pick(&divisors)).into();
            }
            ("resourceFieldRef", reference)
        }
        2 => ("configMapKeyRef", json!({"name": object_name(random), "key": key(random)})),
        3 => ("secretKeyRef", json!({"name": object_name(random), "key": key(random)})),
        _ => {
            let path = random.concat(&["a", "/", "..", ".", "b.env", " ", "\\"], 5);
            let reference = json!({
                "volumeName": object_name(random), "path": path, "key": variable_name(random),
            });
            ("fileKeyRef", reference)
        }
    }
}

const FIELD_PATHS: [&str; 18] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "metadata.labels",
    "metadata.annotations",
    "spec.nodeName",
    "spec.host",
    "spec.serviceAccountName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
    "status.phase",
    "metadata.creationTimestamp",
    "spec",
    "",
];

fn key(random: &mut Random) -> String {
    let pieces = ["a", "B", "9", "-", "_", ".", "..", "/", "example.com/", " ", "é", "']", "['"];
    match random.below(12) {
        0 => "k".repeat(*random.pick(&[63, 64, 253, 254])),
        1..5 => "key.one".to_owned(),
        _ => random.concat(&pieces, 4),
    }
}

fn env_from(random: &mut Random) -> Value {
    let mut source = json!({});
    if random.once_in(2) {
        source["prefix"] = variable_name(random).into();
    }
    let kinds: &[&str] = match random.below(8) {
        0 => &[],
        1 => &["configMapRef", "secretRef"],
        2..5 => &["configMapRef"],
        _ => &["secretRef"],
    };
    for kind in kinds {
        source[*kind] = json!({"name": object_name(random)});
    }
    source
}
