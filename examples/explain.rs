//! Explains variables of a container, or reports the findings for its environment, from the objects
//! in files.
//!
//! The environment is the one that the kubelet passes to the container runtime, without the additions
//! of the runtime, the image and runc.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use kubelet_env::api::Timestamp;
use kubelet_env::inspect::{
    Expectations, Explanation, Finding, Severity, Upgrade, UpgradeChange, upgrade_built,
};
use kubelet_env::{Release, compose};
use serde::Serialize;

mod shared;

/// Explain variables of a container, or report the findings for its environment
#[derive(Parser)]
#[command(
    after_help = "The environment is the one that the kubelet gives the container, without the additions of the container runtime, the image and runc: printenv --process shows those.\n\nThe exit code is 0 without findings, 3 with findings of at least --fail-on, 1 if the input cannot be used."
)]
struct Arguments {
    /// Files of YAML or JSON documents; `-` is standard input. An argument that neither exists nor
    /// ends in .yaml, .yml or .json is the name of a variable
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
    /// Exit with 3 if there are findings of at least this severity
    #[arg(long, value_name = "SEVERITY", value_enum, default_value = "warning")]
    fail_on: FailOn,
    /// Report the changes of an upgrade to this release instead
    #[arg(long, value_name = "RELEASE", conflicts_with_all = ["variable", "variables"])]
    upgrade_to: Option<Release>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum FailOn {
    Info,
    Warning,
    Error,
}

impl From<FailOn> for Severity {
    fn from(severity: FailOn) -> Self {
        match severity {
            FailOn::Info => Severity::Info,
            FailOn::Warning => Severity::Warning,
            FailOn::Error => Severity::Error,
        }
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_file(argument: &str) -> bool {
    let has_extension = [".yaml", ".yml", ".json"].iter().any(|ending| argument.ends_with(ending));
    argument == "-" || has_extension || Path::new(argument).exists()
}

fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let (files, mut names): (Vec<String>, Vec<String>) =
        arguments.files_and_variables.into_iter().partition(|argument| is_file(argument));
    if files.is_empty() {
        return Err(format!("no such file: {}", names.join(", ")).into());
    }
    names.extend(arguments.variable);
    names.extend(arguments.variables);

    let files = arguments.choice.read(&files)?;
    let namespace = &arguments.choice.namespace;
    let no_target = || {
        let elsewhere: Vec<String> = files.targets().map(|target| target.to_string()).collect();
        let others = if elsewhere.is_empty() {
            String::new()
        } else {
            format!(", but {}", elsewhere.join(", "))
        };
        format!("no Pod or workload of the namespace {namespace} is in these files{others}")
    };
    let chosen = arguments.choice.container(&files)?.ok_or_else(no_target)?;
    let objects = match arguments.at {
        Some(time) => files.objects.clone().as_of(time),
        None => files.objects.clone(),
    };
    let facts = chosen.facts(&objects);
    if let Some(release) = arguments.upgrade_to {
        if !names.is_empty() {
            return Err(format!(
                "--upgrade-to is about the whole container, not about {}",
                names.join(", ")
            )
            .into());
        }
        let build = |release| arguments.choice.rebuild(&files, &chosen, release);
        let upgrade = upgrade_built(build, &chosen.container, &facts, release);
        print(&if arguments.json { json(&changes(&upgrade))? } else { upgrade.to_string() })?;
        return Ok(ExitCode::SUCCESS);
    }

    let composition = compose(&chosen.built.pod, &chosen.container, &facts)
        .map_err(|error| chosen.describe(&error, &files))?;
    chosen.check_limits(composition.environment())?;
    if !names.is_empty() {
        let explained = names.iter().map(|name| composition.explain(name, &files.objects.services));
        let explained: Vec<Explanation> = explained.collect();
        print(&if arguments.json {
            json(&explained)?
        } else {
            explained.iter().map(ToString::to_string).collect()
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let expectations = Expectations {
        names: arguments.expect,
        prefixes: arguments.expect_prefix,
        ..Expectations::default()
    };
    let findings = composition.diagnose(&expectations);
    print(&if arguments.json {
        json(&findings)?
    } else {
        findings.iter().map(finding_text).collect()
    })?;
    let fails = findings.iter().any(|finding| finding.severity >= arguments.fail_on.into());
    Ok(if fails { ExitCode::from(3) } else { ExitCode::SUCCESS })
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
