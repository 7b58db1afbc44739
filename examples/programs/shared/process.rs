//! Arguments about process 1: what the container runtime, the image and runc add.

use std::error::Error;
use std::fs;

use clap::{Args, ValueEnum};
use kubelet_env::process::{
    CriO, Engine, ImageConfig, Passwd, Process, ProcessFacts, Runc, Runtime, UnknownPart,
};
use kubelet_env::{Composition, Environment};

#[derive(Args)]
pub(crate) struct ProcessArguments {
    /// Use the environment of process 1, with the additions of the container runtime, the image and
    /// runc
    #[arg(long)]
    pub(crate) process: bool,
    /// Configuration of the container's image: the output of `docker inspect`, `crane config` or
    /// `skopeo inspect --config`
    #[arg(long, value_name = "FILE", requires = "process")]
    image_config: Option<String>,
    /// /etc/passwd of the image, for HOME
    #[arg(long, value_name = "FILE", requires = "process")]
    passwd: Option<String>,
    /// Container runtime of the Node
    #[arg(long, value_enum, default_value = "containerd", requires = "process")]
    runtime: RuntimeArgument,
    /// Version of runc, such as 1.2.6
    #[arg(long, value_name = "VERSION", default_value = "1.3", requires = "process")]
    runc: Runc,
    /// Hostname of the Node, for Pods with hostNetwork
    #[arg(long, value_name = "NAME", requires = "process")]
    node_hostname: Option<String>,
    /// Domain of the cluster, for Pods with setHostnameAsFQDN
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local", requires = "process")]
    cluster_domain: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum RuntimeArgument {
    Containerd,
    #[value(name = "cri-o")]
    CriO,
}

impl ProcessArguments {
    /// Calls `give` with the environment of process 1. An unknown part of it is a warning, or an
    /// error if a command is to run with it.
    pub(crate) fn with_environment<T>(
        &self,
        composition: &Composition<'_>,
        runs_command: bool,
        give: impl FnOnce(&Environment<'_>) -> Result<T, Box<dyn Error>>,
    ) -> Result<T, Box<dyn Error>> {
        let image = self.image_config.as_deref().map(read_image).transpose()?;
        let passwd = self.passwd.as_deref().map(read_text).transpose()?;
        let passwd = passwd.as_deref().map(Passwd::parse);
        let engine = match self.runtime {
            RuntimeArgument::Containerd => Engine::Containerd,
            RuntimeArgument::CriO => Engine::CriO(CriO::default()),
        };
        let facts = ProcessFacts {
            runtime: Runtime { engine, runc: self.runc },
            image: image.as_ref(),
            passwd: passwd.as_ref(),
            node_hostname: self.node_hostname.as_deref(),
            cluster_domain: &self.cluster_domain,
        };
        let process = Process::new(composition, &facts)?;
        for part in process.unknown() {
            let Some(argument) = argument_for(*part) else { continue };
            if runs_command {
                return Err(format!("{part} (use {argument})").into());
            }
            eprintln!("warning: {part} (use {argument})");
        }
        give(&process.environment())
    }
}

/// The argument that makes a part of the environment known.
fn argument_for(part: UnknownPart) -> Option<&'static str> {
    match part {
        UnknownPart::ImageEnv => Some("--image-config"),
        UnknownPart::Hostname => Some("--pod-name, or --node-hostname with hostNetwork"),
        UnknownPart::Home => Some("--image-config and --passwd"),
        _ => None,
    }
}

fn read_text(file: &str) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))
}

fn read_image(file: &str) -> Result<ImageConfig, String> {
    serde_json::from_str(&read_text(file)?).map_err(|error| format!("{file}: {error}"))
}
