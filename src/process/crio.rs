//! The environment that CRI-O writes into the OCI configuration (CRI-O:
//! `Server.createSandboxContainer` and `setupContainerEnvironmentAndWorkdir` in
//! `server/container_create.go`, `mergeEnvs` in `server/utils.go`, `setupSystemd` in
//! `server/container_create_linux.go`; runtime-tools: `Generator.AddProcessEnv`).

use alloc::vec::Vec;

use super::entry::{EntryOrigin, EnvEntry, UniqueEntries};
use super::error::ProcessError;
use super::runtime::{CriO, DEFAULT_PATH};
use super::start::EnvSources;
use crate::names::Positions;

/// `PATH`, `TERM`, `HOSTNAME`, `default_env`, the kubelet's variables, those of the image that the
/// kubelet does not set, `container=crio` for systemd.
pub(super) fn environment<'a>(
    crio: &'a CriO,
    sources: EnvSources<'a>,
) -> Result<Vec<EnvEntry<'a>>, ProcessError> {
    let runtime = |name, value| EnvEntry::plain(name, value, EntryOrigin::Runtime);
    let mut kubelet = sources.kubelet;
    kubelet.retain(|entry| !entry.name().is_empty());
    let set_by_kubelet = Positions::of(kubelet.iter().map(EnvEntry::name));
    let image = sources.image.iter().map(|text| EnvEntry::parse(text, EntryOrigin::Image));
    let is_used = |entry: &EnvEntry<'_>| {
        let name = entry.name();
        entry.value().is_some() && !name.is_empty() && !set_by_kubelet.contains(name)
    };
    let image: Vec<EnvEntry<'a>> = image.filter(is_used).collect();

    // runtime-tools: `Generator.addEnv`.
    let mut entries = UniqueEntries::default();
    entries.add(runtime("PATH", DEFAULT_PATH));
    // With and without a terminal: it is part of runtime-tools' template.
    entries.add(runtime("TERM", "xterm"));
    if let Some(hostname) = &sources.hostname {
        entries.add(runtime("HOSTNAME", hostname));
    }
    for text in &crio.default_env {
        entries.add(EnvEntry::parse(text, EntryOrigin::Runtime));
    }
    for entry in kubelet.into_iter().chain(image) {
        entries.add(entry);
    }
    if crio.systemd {
        entries.add(runtime("container", "crio"));
    }
    let entries = entries.into_list();
    check_home(&entries)?;
    Ok(entries)
}

/// CRI-O writes `HOME` into the `/etc/passwd` that it generates (CRI-O: `setupContainerUser`).
fn check_home(entries: &[EnvEntry<'_>]) -> Result<(), ProcessError> {
    let home = entries.iter().find(|entry| entry.name() == "HOME");
    let home = home.map(EnvEntry::bytes_with_placeholders).unwrap_or_default();
    if home.contains(&b'\n') || home.contains(&b'\r') {
        return Err(ProcessError::HomeLineBreak);
    }
    Ok(())
}
