//! Explains variables of a container, or reports the findings for its environment, from the objects
//! in files.
//!
//! The environment is the one that the kubelet passes to the container runtime, without the additions
//! of the runtime, the image and runc.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use kubelet_env::api::Timestamp;
use kubelet_env::inspect::{
    Code, Expectations, Explanation, Finding, Severity, Summary, Upgrade, UpgradeChange,
    diagnose_container, upgrade_built,
};
use kubelet_env::{Composition, Release, compose};
use serde::Serialize;
use shared::{Chosen, Files, Listed, UnknownFacts};

mod shared;

/// Explain variables of a container, or report the findings for its environment
#[derive(Parser)]
#[command(
    after_help = "The environment is the one that the kubelet gives the container, without the additions of the container runtime, the image and runc: printenv --process shows those.\n\nThe exit code is 1 with findings of at least --fail-on or of a --deny code, if a container would not start, or if the input cannot be used. Otherwise it is 0."
)]
struct Arguments {
    /// Files of YAML or JSON documents; `-` is standard input, and a directory means all *.yaml,
    /// *.yml and *.json below it. An argument that neither exists nor ends in .yaml, .yml or .json is
    /// the name of a variable
    #[arg(required = true, value_name = "FILE|VARIABLE")]
    files_and_variables: Vec<String>,
    /// Explain this variable, even if its name looks like a file (may be repeated)
    #[arg(short, long, value_name = "NAME")]
    variable: Vec<String>,
    /// Explain these variables, even if their names look like files
    #[arg(last = true, value_name = "VARIABLE")]
    variables: Vec<String>,
    #[command(flatten)]
    choice: shared::Choice,
    /// Start time of the container, such as 2026-11-22T09:30:00Z. Objects created later are
    /// reported as requiring a restart
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// The application reads this variable as its own setting (may be repeated)
    #[arg(long, value_name = "NAME")]
    expect: Vec<String>,
    /// The application reads variables with this prefix as its own settings (may be repeated)
    #[arg(long, value_name = "PREFIX")]
    expect_prefix: Vec<String>,
    /// Another tool replaces $(NAME) before the API server sees the Pod (may be repeated)
    #[arg(long, value_name = "NAME")]
    replaced: Vec<String>,
    /// List only findings of at least this severity (info, warning or error), and those that
    /// --fail-on or --deny ask for
    #[arg(long, value_name = "LEVEL", default_value_t = Severity::Info)]
    severity: Severity,
    /// Exit with 1 if there are findings of at least this severity
    #[arg(long, value_name = "LEVEL", default_value_t = Severity::Error)]
    fail_on: Severity,
    /// Exit with 1 if there are findings of this code, such as reference-undefined (may be repeated)
    #[arg(long, value_name = "CODE")]
    deny: Vec<Code>,
    /// Report the changes of an upgrade to this release instead
    #[arg(long, value_name = "RELEASE", conflicts_with_all = ["variable", "variables", "all"])]
    upgrade_to: Option<Release>,
    /// Form of the output: text, JSON, or workflow commands that annotate the files of a pull request
    /// on GitHub
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Print JSON, as --format json does
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    Text,
    Json,
    Github,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    if arguments.json {
        arguments.format = Format::Json;
    }
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_file(argument: &str) -> bool {
    let path = Path::new(argument);
    argument == "-" || shared::is_manifest(path) || path.exists()
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let (files, mut names): (Vec<String>, Vec<String>) =
        arguments.files_and_variables.iter().cloned().partition(|argument| is_file(argument));
    if files.is_empty() {
        return Err(format!("no such file: {}", names.join(", ")).into());
    }
    names.extend(arguments.variable.iter().chain(&arguments.variables).cloned());

    let files = arguments.choice.read(&files)?;
    if arguments.choice.all {
        return explain_all(&files, &names, arguments);
    }
    let mut chosen =
        arguments.choice.container(&files)?.ok_or_else(|| no_owner(&files, arguments))?;
    if let Some(release) = arguments.upgrade_to {
        if !names.is_empty() {
            return Err(format!(
                "--upgrade-to is about the whole container, not about {}",
                names.join(", ")
            )
            .into());
        }
        if let Some(time) = arguments.at {
            chosen.as_of(time);
        }
        let build = |release| arguments.choice.rebuild(&files, &chosen, release);
        let upgrade = upgrade_built(build, &chosen.container, &chosen.facts(), release);
        print(&if arguments.format == Format::Json {
            json(&changes(&upgrade))?
        } else {
            upgrade.to_string()
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut unknown = UnknownFacts::default();
    let (name, file) = (chosen.name(), chosen.file());
    let report = Report::of(chosen, &files, &names, arguments, &mut unknown)?;
    print(&match arguments.format {
        Format::Text => report.to_string(),
        Format::Json => report.json()?,
        Format::Github => report.annotations(&name, &file),
    })?;
    unknown.report(&arguments.choice);
    Ok(exit_code(report.fails(arguments)))
}

fn exit_code(fails: bool) -> ExitCode {
    if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn no_owner(files: &Files, arguments: &Arguments) -> String {
    let elsewhere: Vec<String> =
        files.owners().map(|(_, owner)| owner.object().to_string()).collect();
    let others = match elsewhere.as_slice() {
        [] => String::new(),
        others => format!(", but {}", others.join(", ")),
    };
    let namespace = &arguments.choice.namespace;
    format!("no Pod or workload of the namespace {namespace} is in these files{others}")
}

/// Reports all containers, each under its name, and the number of findings of each code.
fn explain_all(
    files: &Files,
    names: &[String],
    arguments: &Arguments,
) -> Result<ExitCode, Box<dyn Error>> {
    let mut unknown = UnknownFacts::default();
    let mut fails = false;
    let mut json_of_all = Vec::new();
    let mut summary = Summary::default();
    let mut of_namespaces = BTreeSet::new();
    for Listed { name, chosen } in arguments.choice.all_containers(files)? {
        let file = chosen.as_ref().map(Chosen::file).unwrap_or_default();
        let namespace = chosen.as_ref().map(|chosen| chosen.built.pod.metadata.namespace.clone());
        let namespace = namespace.unwrap_or_default();
        let mut report = chosen
            .map_err(Box::from)
            .and_then(|chosen| Report::of(chosen, files, names, arguments, &mut unknown));
        fails |= report.as_ref().map_or(true, |report| report.fails(arguments));
        if let Ok(Report::Findings(findings)) = &mut report {
            // These concern a namespace, not a container, and are listed once.
            findings.retain(|finding| {
                !matches!(finding.code, Code::ServiceSkipped | Code::ServiceRefused)
                    || of_namespaces.insert(format!("{namespace}: {finding}"))
            });
            summary.extend(&*findings);
        }
        if let Err(error) = &report {
            eprintln!("error: {error}");
        }
        match (arguments.format, report) {
            (Format::Text, Ok(report)) => print(&format!("# {name}\n{report}"))?,
            (Format::Text, Err(_)) => print(&format!("# {name}\n"))?,
            (Format::Github, Ok(report)) => print(&report.annotations(&name, &file))?,
            (Format::Github, Err(error)) => {
                print(&annotation("error", "refused", &file, &format!("{name}: {error}")))?;
            }
            (Format::Json, Ok(report)) => {
                let (key, value) = report.value()?;
                json_of_all.push(serde_json::json!({"container": name, key: value}));
            }
            (Format::Json, Err(error)) => {
                let error = error.to_string();
                json_of_all.push(serde_json::json!({"container": name, "error": error}));
            }
        }
    }
    if arguments.format == Format::Json {
        print(&json(&json_of_all)?)?;
    }
    unknown.report(&arguments.choice);
    let mut counts: Vec<(&Code, &usize)> = summary.codes.iter().collect();
    counts.sort_by_key(|(code, _)| Reverse(code.severity()));
    for (code, count) in counts {
        eprintln!("summary: {count} × {} {code}", code.severity());
    }
    Ok(exit_code(fails))
}

/// The answer about one container.
enum Report {
    Explanations(Vec<Explanation>),
    Findings(Vec<Finding>),
}

impl Report {
    fn of(
        mut chosen: Chosen,
        files: &Files,
        names: &[String],
        arguments: &Arguments,
        unknown: &mut UnknownFacts,
    ) -> Result<Self, Box<dyn Error>> {
        // Services that were created later explain why a variable is absent.
        let objects = chosen.objects();
        if let Some(time) = arguments.at {
            chosen.as_of(time);
        }
        let facts = chosen.facts();
        let (pod, container) = (&chosen.built.pod, &chosen.container);
        let composed = compose(pod, container, &facts);
        if let Ok(composition) = &composed {
            chosen.check_limits(composition.environment())?;
            unknown.add(composition.environment());
        }
        if !names.is_empty() || pod.spec.container(container).is_none() {
            let composition: Composition<'_> =
                composed.map_err(|error| chosen.describe(&error, files))?;
            let explained = names.iter().map(|name| composition.explain(name, &objects.services));
            return Ok(Report::Explanations(explained.collect()));
        }
        let expectations = Expectations {
            names: arguments.expect.clone(),
            prefixes: arguments.expect_prefix.clone(),
            placeholders: arguments.replaced.clone(),
            ..Expectations::default()
        };
        let mut findings = match composed {
            Ok(composition) => composition.diagnose(&expectations),
            Err(error) => {
                // The findings list every refusal. Only this one comes with a hint about the
                // options.
                eprintln!("error: {}", chosen.describe(&error, files));
                diagnose_container(pod, container, &facts, &expectations).findings
            }
        };
        findings.retain(|finding| {
            finding.severity >= arguments.severity || is_denied(finding, arguments)
        });
        Ok(Report::Findings(findings))
    }

    fn fails(&self, arguments: &Arguments) -> bool {
        let Report::Findings(findings) = self else { return false };
        findings.iter().any(|finding| is_denied(finding, arguments))
    }

    /// Returns the findings as workflow commands of GitHub. Explanations are text.
    fn annotations(&self, name: &str, file: &str) -> String {
        let Report::Findings(findings) = self else { return self.to_string() };
        let annotation_of = |finding: &Finding| {
            let Finding { code, severity, message, advice, .. } = finding;
            let level = match severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "notice",
            };
            annotation(level, code.as_str(), file, &format!("{name}: {message} {advice}"))
        };
        findings.iter().map(annotation_of).collect()
    }

    /// Returns the answer and its name.
    fn value(&self) -> Result<(&'static str, serde_json::Value), serde_json::Error> {
        Ok(match self {
            Report::Explanations(explained) => ("explanations", serde_json::to_value(explained)?),
            Report::Findings(findings) => ("findings", serde_json::to_value(findings)?),
        })
    }

    fn json(&self) -> Result<String, serde_json::Error> {
        match self {
            Report::Explanations(explained) => json(explained),
            Report::Findings(findings) => json(findings),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Report::Explanations(explained) => {
                explained.iter().try_for_each(|explanation| write!(f, "{explanation}"))
            }
            Report::Findings(findings) => {
                findings.iter().try_for_each(|finding| f.write_str(&finding_text(finding)))
            }
        }
    }
}

/// Reports whether a finding is as severe as `--fail-on`, or named by `--deny`.
fn is_denied(finding: &Finding, arguments: &Arguments) -> bool {
    finding.severity >= arguments.fail_on || arguments.deny.contains(&finding.code)
}

/// Returns a workflow command of GitHub, which annotates a file.
fn annotation(level: &str, title: &str, file: &str, message: &str) -> String {
    let escaped = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let file = match file {
        "" | "-" => String::new(),
        file => format!("file={},", escaped(file).replace(':', "%3A").replace(',', "%2C")),
    };
    format!("::{level} {file}title={title}::{}\n", escaped(message))
}

fn finding_text(finding: &Finding) -> String {
    let Finding { code, severity, message, advice, .. } = finding;
    format!("{severity}: {message} [{code}]\n  {advice}\n")
}

fn changes(upgrade: &Upgrade) -> Vec<serde_json::Value> {
    let changes = upgrade.changes.iter().map(
        |UpgradeChange { release, rules, subject, before, after, .. }| {
            let rules: Vec<&str> = rules.iter().map(|rule| rule.now()).collect();
            serde_json::json!({
                "release": release.to_string(),
                "subject": subject.to_string(),
                "before": before,
                "after": after,
                "newRules": rules,
            })
        },
    );
    changes.collect()
}

fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

fn print(text: &str) -> Result<(), String> {
    io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .map_err(|error| format!("standard output: {error}"))
}
