//! Prints the environment that the kubelet gives a container, made from the objects in these files, as
//! `printenv` in the container would, or runs a command with it. Without a Pod or workload among the
//! objects these are the variables of the Services.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Command, ExitCode};

use clap::{Parser, ValueEnum};
use kubelet_env::api::{Service, Timestamp};
use kubelet_env::services::{ServiceLinks, generate};
use kubelet_env::{Environment, Form, ObjectRef, Objects, Order, Release, Store, compose};

mod shared;

/// Print the environment that the kubelet gives a container, or run a command with it
#[derive(Parser)]
struct Arguments {
    /// YAML or JSON, of several documents each, as written by hand or printed by `kubectl get`;
    /// `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    #[command(flatten)]
    choice: shared::Choice,
    /// As the kubelet makes them, by name, or as a program started from dash lists them
    #[arg(long, value_enum, default_value = "kubelet")]
    order: OrderArgument,
    /// When the container starts, such as 2026-11-22T09:30:00Z: later objects are not there
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// End each variable with NUL instead of a line feed
    #[arg(short = '0', long)]
    null: bool,
    /// Print the values that a Secret flowed into as [redacted]
    #[arg(long, conflicts_with = "command")]
    redact: bool,
    /// Run this with the environment, and nothing but it
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
    if let Some(moment) = arguments.at {
        files.objects = files.objects.as_of(moment);
    }
    let Some(chosen) = chosen else {
        // A workload of the namespace would have been chosen.
        for elsewhere in files.targets() {
            eprintln!(
                "warning: {elsewhere} is of another namespace: choose that with --namespace if it is meant"
            );
        }
        let links = ServiceLinks::from(!choice.no_service_links);
        let seen = files.objects.services.select(&choice.namespace, links);
        let generated = generate(&seen).map_err(|error| files.at_origin(&error.service, &error))?;
        return give(&Environment::from(generated), links, arguments, &files.objects);
    };
    let facts = chosen.facts(&files.objects);
    if facts.release.is_unknown() {
        let newest = Release::NEWEST;
        eprintln!(
            "warning: Kubernetes {} is not known yet: this is what {newest} does",
            facts.release
        );
    }
    let composition = compose(&chosen.pod, &chosen.container, &facts)
        .map_err(|error| chosen.refused(&error, &files))?;
    chosen.check_limits(composition.environment())?;
    give(composition.environment(), composition.service_links(), arguments, &files.objects)
}

/// Prints the environment, or runs the command with it.
fn give(
    environment: &Environment<'_>,
    links: ServiceLinks,
    arguments: &Arguments,
    objects: &Objects,
) -> Result<ExitCode, Box<dyn Error>> {
    let namespace = arguments.choice.namespace.as_str();
    for service in awaiting_cluster_ip(&objects.services, namespace, links) {
        let argument = argument_for(&service, namespace);
        eprintln!(
            "warning: {service} has no clusterIP yet, so no variables: give it one with --cluster-ip {argument}=IP"
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
    let shown = if arguments.redact { environment.clone().redacted() } else { environment.clone() };
    let text = shown.render(order, form);
    io::stdout().lock().write_all(&text).map_err(|error| format!("standard output: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

/// Becomes the command: it gets the signals, and its exit code is ours.
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

/// The Services that the container would see if a cluster had given them an address.
fn awaiting_cluster_ip(
    services: &Store<Service>,
    namespace: &str,
    links: ServiceLinks,
) -> Vec<ObjectRef> {
    let awaiting = services.iter().filter(|service| service.awaits_cluster_ip()).cloned();
    let given_one = awaiting.map(|mut service| {
        service.spec.cluster_ip = "given".to_owned();
        service
    });
    let given_one: Store<Service> = given_one.collect();
    given_one.select(namespace, links).into_iter().map(ObjectRef::of).collect()
}

fn argument_for(service: &ObjectRef, namespace: &str) -> String {
    if service.namespace == namespace {
        service.name.clone()
    } else {
        format!("{}/{}", service.namespace, service.name)
    }
}
