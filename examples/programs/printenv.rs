//! Prints the environment that the kubelet passes to the container runtime, or runs a command with
//! it. The objects come from files. Without a Pod or workload it prints the variables of the Services.
//!
//! `printenv` in the container shows more, because the container runtime, the image and runc add to
//! it. That is the environment of process 1, which `--process` prints.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Command, ExitCode};

use clap::{Parser, ValueEnum};
use kubelet_env::api::{Service, Timestamp};
use kubelet_env::export::{FormProblem, UnknownVariable, UnknownVariables};
use kubelet_env::{Composition, Environment, Form, ObjectRef, Order, Release, Store, compose};
use shared::{Chosen, Files, Listed, UnknownFacts};

#[path = "shared/process.rs"]
mod process;
mod shared;

/// Print the environment that the kubelet gives a container, or run a command with it
#[derive(Parser)]
#[command(
    after_help = "The container runtime, the image and runc add variables such as PATH, HOSTNAME \
                        and HOME to that environment: --process shows the result."
)]
struct Arguments {
    /// Files of YAML or JSON documents, written by hand or printed by `kubectl get`; `-` is
    /// standard input, and a directory means all *.yaml, *.yml and *.json below it
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    #[command(flatten)]
    choice: shared::Choice,
    #[command(flatten)]
    process: process::ProcessArguments,
    /// Order of the variables: that of the kubelet, by name, or that of a program started from dash
    #[arg(long, value_enum, default_value = "kubelet")]
    order: OrderArgument,
    /// Start time of the container, such as 2026-11-22T09:30:00Z. Objects created later are ignored
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// End each variable with NUL instead of a line feed
    #[arg(short = '0', long, conflicts_with = "all")]
    null: bool,
    /// Print [redacted] instead of values that contain a Secret
    #[arg(long, conflicts_with = "command")]
    redact: bool,
    /// Run the command even if values are unknown, with their placeholders
    #[arg(long, requires = "command")]
    placeholders: bool,
    /// Run this command with only that environment. It does not run with an unknown value
    #[arg(last = true, conflicts_with = "all")]
    command: Vec<OsString>,
}

#[derive(Clone, Copy, ValueEnum)]
enum OrderArgument {
    Kubelet,
    Name,
    Dash,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let choice = &arguments.choice;
    let files = choice.read(&arguments.files)?;
    if choice.release.is_unknown() {
        let (unknown, newest) = (choice.release, Release::NEWEST);
        eprintln!("warning: Kubernetes {unknown} is not known yet: using the rules of {newest}");
    }
    if choice.all {
        return print_all(&files, arguments);
    }
    let Some(chosen) = choice.container(&files)? else {
        // Every Pod and workload is in another namespace.
        for (_, elsewhere) in files.owners() {
            eprintln!(
                "warning: {} is in another namespace: use --namespace to select it",
                elsewhere.object()
            );
        }
        if arguments.process.process {
            return Err("--process needs a Pod or workload, and none is in these files".into());
        }
        return with_container(choice.services_alone(&files)?, &files, arguments, |composition| {
            print_or_run(composition.environment(), composition, arguments)
        });
    };
    with_container(chosen, &files, arguments, |composition| {
        if arguments.process.process {
            let runs_command = !arguments.command.is_empty();
            return arguments.process.with_environment(composition, runs_command, |environment| {
                print_or_run(environment, composition, arguments)
            });
        }
        print_or_run(composition.environment(), composition, arguments)
    })
}

/// Composes a container and calls `give` with it.
fn with_container<T>(
    mut chosen: Chosen,
    files: &Files,
    arguments: &Arguments,
    give: impl FnOnce(&Composition<'_>) -> Result<T, Box<dyn Error>>,
) -> Result<T, Box<dyn Error>> {
    if let Some(time) = arguments.at {
        chosen.as_of(time);
    }
    let composition = compose(&chosen.built.pod, &chosen.container, &chosen.facts())
        .map_err(|error| chosen.describe(&error, files))?;
    chosen.check_limits(composition.environment())?;
    give(&composition)
}

/// Prints the environments of all containers, each under its name.
fn print_all(files: &Files, arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let mut unknown = UnknownFacts::default();
    let mut code = ExitCode::SUCCESS;
    for Listed { name, chosen } in arguments.choice.all_containers(files)? {
        let text = |composition: &Composition<'_>| {
            let environment = composition.environment();
            unknown.add(environment);
            let mut text = rendered(environment, arguments);
            for source in environment.open_sources() {
                text.extend(format!("# names not known: {source}\n").into_bytes());
            }
            Ok(text)
        };
        let text = chosen
            .map_err(Box::from)
            .and_then(|chosen| with_container(chosen, files, arguments, text));
        let text = text.unwrap_or_else(|error| {
            eprintln!("error: {error}");
            code = ExitCode::FAILURE;
            b"# error\n".to_vec()
        });
        print(&[format!("# {name}\n").as_bytes(), &text].concat())?;
    }
    unknown.report(&arguments.choice);
    Ok(code)
}

/// Prints the environment, or runs the command with it.
fn print_or_run(
    environment: &Environment<'_>,
    composition: &Composition<'_>,
    arguments: &Arguments,
) -> Result<ExitCode, Box<dyn Error>> {
    let namespace = arguments.choice.namespace.as_str();
    let mut unknown = UnknownFacts::default();
    unknown.add(environment);
    if let [program, rest @ ..] = arguments.command.as_slice() {
        let environment = match arguments.placeholders {
            true => environment.clone().with_placeholders(),
            false => environment.clone(),
        };
        let pairs = environment.to_os_pairs().map_err(|error| match error.problem {
            FormProblem::Unknown(variables) => {
                unknown.report(&arguments.choice);
                not_known(&variables)
            }
            _ => error.to_string(),
        })?;
        return run_command(Command::new(program).args(rest).env_clear().envs(pairs))
            .map_err(|error| format!("{}: {error}", program.display()).into());
    }
    if arguments.choice.strict {
        for service in awaiting_cluster_ip(composition, namespace) {
            let argument = argument_for(&service, namespace);
            eprintln!(
                "warning: {service} has no clusterIP yet and therefore no variables: set one with --cluster-ip {argument}=IP"
            );
        }
    }
    print(&rendered(environment, arguments))?;
    unknown.report(&arguments.choice);
    Ok(ExitCode::SUCCESS)
}

/// Returns the text that the arguments ask for.
fn rendered(environment: &Environment<'_>, arguments: &Arguments) -> Vec<u8> {
    let order = match arguments.order {
        OrderArgument::Kubelet => Order::Kubelet,
        OrderArgument::Name => Order::Name,
        OrderArgument::Dash => Order::Dash,
    };
    let form = if arguments.null { Form::NulSeparated } else { Form::Lines };
    if arguments.redact {
        environment.clone().redacted().render(order, form)
    } else {
        environment.render(order, form)
    }
}

fn print(text: &[u8]) -> Result<(), String> {
    io::stdout().lock().write_all(text).map_err(|error| format!("standard output: {error}"))
}

/// Returns the error of a command that would run with unknown variables.
fn not_known(unknown: &UnknownVariables) -> String {
    let variables = unknown.variables.iter().map(|UnknownVariable { name, unknowns, .. }| {
        let unknowns: Vec<String> = unknowns.iter().map(ToString::to_string).collect();
        format!("{name} ({})", unknowns.join(", "))
    });
    let open = unknown.open.iter().map(|source| format!("the variables of {source}"));
    let all: Vec<String> = variables.chain(open).collect();
    format!(
        "not known: {}: add the missing objects or facts, or use --placeholders",
        all.join(", ")
    )
}

/// Replaces this process with the command, which then receives its signals and sets its exit code.
#[cfg(unix)]
fn run_command(command: &mut Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

#[cfg(not(unix))]
fn run_command(command: &mut Command) -> io::Result<ExitCode> {
    let status = command.status()?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Returns the Services that the container would see if they had an address.
fn awaiting_cluster_ip(composition: &Composition<'_>, namespace: &str) -> Vec<ObjectRef> {
    let facts = composition.facts();
    let is_known = |service: &Service| {
        let metadata = &service.metadata;
        let known = facts
            .known
            .and_then(|known| known.services.in_namespace(&metadata.namespace).get(&metadata.name));
        known.is_some_and(Service::has_cluster_ip)
    };
    let awaiting = facts.services.iter().filter(|service| service.awaits_cluster_ip());
    let with_address = awaiting.filter(|service| !is_known(service)).cloned().map(|mut service| {
        service.spec.cluster_ip = "assigned".to_owned();
        service
    });
    let with_address: Store<Service> = with_address.collect();
    let seen = with_address.select(namespace, composition.service_links());
    seen.into_iter().map(ObjectRef::of).collect()
}

fn argument_for(service: &ObjectRef, namespace: &str) -> String {
    if service.namespace == namespace {
        service.name.clone()
    } else {
        format!("{}/{}", service.namespace, service.name)
    }
}
