//! The process of a recorded container, from its composition: what the container runtime, the image
//! and runc made of it, and the other places that the kubelet uses the environment in.

use std::collections::BTreeMap;

use kubelet_env::container::{ExecHandler, HandlerKind};
use kubelet_env::process::{EntryOrigin, EnvEntry, ImageConfig, Passwd, Process, ProcessFacts};
use kubelet_env::{Composition, Value};
use serde::Deserialize;

use super::{Verdict, expect_equal};

/// The recorded process.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recorded {
    oci_env: Vec<(String, String)>,
    environ: Vec<(String, String)>,
    args: Vec<String>,
    image: String,
    terminal: bool,
    user: User,
    #[serde(default)]
    sub_paths: BTreeMap<String, String>,
    #[serde(default)]
    ran: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct User {
    uid: i64,
}

/// The `/etc/passwd` of all recorded images.
const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n";

/// The hostname of the recorded Node, which its objects do not have.
const NODE_HOSTNAME: &str = "vm";

/// The configuration of a recorded image.
fn image(name: &str) -> Result<ImageConfig, String> {
    let env: &[&str] = if name.starts_with("localhost/app:") {
        &[
            "PATH=/usr/local/bin:/usr/bin:/bin",
            "IMAGE_ONLY=from image",
            "SHARED=from image",
            "MODE=image",
            "EMPTY_IN_IMAGE=",
        ]
    } else if name.starts_with("localhost/bare:") {
        &[]
    } else {
        return Err(format!("the image {name} is not known"));
    };
    Ok(ImageConfig { env: env.iter().map(ToString::to_string).collect(), ..ImageConfig::default() })
}

pub(super) fn same_process(composition: &Composition<'_>, recorded: &Recorded) -> Verdict {
    let container = composition.container();
    expect_equal(&container.image, &recorded.image)?;
    expect_equal(&container.tty, &recorded.terminal)?;

    let (image, passwd) = (image(&recorded.image)?, Passwd::parse(PASSWD));
    let facts = ProcessFacts {
        image: Some(&image),
        passwd: Some(&passwd),
        node_hostname: Some(NODE_HOSTNAME),
        ..ProcessFacts::default()
    };
    let process = Process::new(composition, &facts).map_err(|error| error.to_string())?;
    expect_equal(&process.unknown(), &[].as_slice())?;
    expect_equal(&process.uid(), &Some(recorded.user.uid))?;
    same_oci_env(&process, container.tty, &recorded.oci_env)?;

    let environ: BTreeMap<String, String> = pairs(process.environ())?.into_iter().collect();
    expect_equal(&environ.len(), &process.environ().len())?;
    expect_equal(&environ, &recorded.environ.iter().cloned().collect())?;

    let args = process.args().ok_or("the arguments are not known")?;
    let args: Result<Vec<String>, _> = args.iter().map(|arg| text(arg)).collect();
    expect_equal(&args?, &recorded.args)?;

    let mut sub_paths = BTreeMap::new();
    for sub_path in composition.sub_paths() {
        let path = text(&sub_path.expanded.value)?;
        let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        sub_paths.insert(sub_path.mount_path.to_owned(), format!("/{}", parts.join("/")));
    }
    expect_equal(&sub_paths, &recorded.sub_paths)?;

    let mut ran = BTreeMap::new();
    for ExecHandler { kind, command, .. } in composition.exec_handlers() {
        let name = match kind {
            HandlerKind::ReadinessProbe => "ready",
            HandlerKind::PostStart => "post",
            other => return Err(format!("{other} was not recorded")),
        };
        let command: Result<Vec<String>, String> = command.iter().map(|arg| text(arg)).collect();
        let command = command?;
        let arguments = command.iter().position(|arg| arg == "--").ok_or("there is no --")? + 1;
        ran.insert(name.to_owned(), command[arguments..].to_vec());
    }
    expect_equal(&ran, &recorded.ran)
}

/// The same list, but for the order of what the kubelet's variables append: that is random.
fn same_oci_env(process: &Process<'_>, tty: bool, recorded: &[(String, String)]) -> Verdict {
    let entries = process.oci_env();
    let replaces_default = |name: &str| match name {
        "PATH" | "HOSTNAME" => true,
        "TERM" => tty,
        _ => false,
    };
    let appended = entries
        .iter()
        .filter(|entry| entry.origin() == EntryOrigin::Kubelet && !replaces_default(entry.name()));
    let fixed = entries.len() - appended.count();
    let ours = pairs(entries)?;
    expect_equal(&ours.len(), &recorded.len())?;
    expect_equal(&&ours[..fixed], &&recorded[..fixed])?;
    let sorted = |pairs: &[(String, String)]| {
        let mut pairs = pairs.to_vec();
        pairs.sort();
        pairs
    };
    expect_equal(&sorted(&ours[fixed..]), &sorted(&recorded[fixed..]))
}

fn pairs(entries: &[EnvEntry<'_>]) -> Result<Vec<(String, String)>, String> {
    let pair = |entry: &EnvEntry<'_>| {
        let value = entry.value().ok_or_else(|| format!("{} has no value", entry.name()))?;
        Ok((entry.name().to_owned(), text(value)?))
    };
    entries.iter().map(pair).collect()
}

fn text(value: &Value<'_>) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("{value:?} is no known text"))
}
