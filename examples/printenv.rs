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
use kubelet_env::services::{ServiceLinks, generate};
use kubelet_env::{Environment, Form, ObjectRef, Objects, Order, Release, Store, compose};

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
    /// standard input
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
    #[arg(short = '0', long)]
    null: bool,
    /// Print [redacted] instead of values that contain a Secret
    #[arg(long, conflicts_with = "command")]
    redact: bool,
    /// Run this command with only that environment
    #[arg(last = true)]
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
    let mut files = choice.read(&arguments.files)?;
    let chosen = choice.container(&files)?;
    if let Some(time) = arguments.at {
        files.objects = files.objects.as_of(time);
    }
    let Some(chosen) = chosen else {
        // Every Pod and workload is in another namespace.
        for elsewhere in files.targets() {
            eprintln!("warning: {elsewhere} is in another namespace: use --namespace to select it");
        }
        let links = ServiceLinks::from(!choice.no_service_links);
        let seen = files.objects.services.select(&choice.namespace, links);
        let generated = generate(&seen).map_err(|error| files.at_origin(&error.service, &error))?;
        if arguments.process.process {
            return Err("--process needs a Pod or workload, and none is in these files".into());
        }
        return print_or_run(&Environment::from(generated), links, arguments, &files.objects);
    };
    let facts = chosen.facts(&files.objects);
    if facts.release.is_unknown() {
        let newest = Release::NEWEST;
        eprintln!(
            "warning: Kubernetes {} is not known yet: using the rules of {newest}",
            facts.release
        );
    }
    let composition = compose(&chosen.built.pod, &chosen.container, &facts)
        .map_err(|error| chosen.describe(&error, &files))?;
    chosen.check_limits(composition.environment())?;
    let links = composition.service_links();
    if arguments.process.process {
        let runs_command = !arguments.command.is_empty();
        return arguments.process.with_environment(&composition, runs_command, |environment| {
            print_or_run(environment, links, arguments, &files.objects)
        });
    }
    print_or_run(composition.environment(), links, arguments, &files.objects)
}

/// Prints the environment, or runs the command with it.
fn print_or_run(
    environment: &Environment<'_>,
    links: ServiceLinks,
    arguments: &Arguments,
    objects: &Objects,
) -> Result<ExitCode, Box<dyn Error>> {
    let namespace = arguments.choice.namespace.as_str();
    for service in awaiting_cluster_ip(&objects.services, namespace, links) {
        let argument = argument_for(&service, namespace);
        eprintln!(
            "warning: {service} has no clusterIP yet and therefore no variables: set one with --cluster-ip {argument}=IP"
        );
    }
    if let [program, rest @ ..] = arguments.command.as_slice() {
        let pairs = environment.to_os_pairs()?;
        return run_command(Command::new(program).args(rest).env_clear().envs(pairs))
            .map_err(|error| format!("{}: {error}", program.display()).into());
    }
    let order = match arguments.order {
        OrderArgument::Kubelet => Order::Kubelet,
        OrderArgument::Name => Order::Name,
        OrderArgument::Dash => Order::Dash,
    };
    let form = if arguments.null { Form::NulSeparated } else { Form::Lines };
    let printed =
        if arguments.redact { environment.clone().redacted() } else { environment.clone() };
    let text = printed.render(order, form);
    io::stdout().lock().write_all(&text).map_err(|error| format!("standard output: {error}"))?;
    Ok(ExitCode::SUCCESS)
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
fn awaiting_cluster_ip(
    services: &Store<Service>,
    namespace: &str,
    links: ServiceLinks,
) -> Vec<ObjectRef> {
    let awaiting = services.iter().filter(|service| service.awaits_cluster_ip()).cloned();
    let with_address = awaiting.map(|mut service| {
        service.spec.cluster_ip = "assigned".to_owned();
        service
    });
    let with_address: Store<Service> = with_address.collect();
    with_address.select(namespace, links).into_iter().map(ObjectRef::of).collect()
}

fn argument_for(service: &ObjectRef, namespace: &str) -> String {
    if service.namespace == namespace {
        service.name.clone()
    } else {
        format!("{}/{}", service.namespace, service.name)
    }
}
