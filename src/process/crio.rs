//! The environment that CRI-O writes into the OCI configuration (CRI-O:
//! `Server.createSandboxContainer` and `setupContainerEnvironmentAndWorkdir` in
//! `server/container_create.go`, `mergeEnvs` in `server/utils.go`, `setupSystemd` in
//! `server/container_create_linux.go`; runtime-tools: `Generator.AddProcessEnv`).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use super::entry::{EntryOrigin, EnvEntry};
use super::error::ProcessError;
use super::runtime::{CriO, DEFAULT_PATH};
use super::start::EnvSources;

/// `PATH`, `TERM`, `HOSTNAME`, `default_env`, the kubelet's variables, those of the image that the
/// kubelet does not set, `container=crio` for systemd.
pub(super) fn environment<'a>(
    crio: &'a CriO,
    sources: EnvSources<'a>,
) -> Result<Vec<EnvEntry<'a>>, ProcessError> {
    let runtime = |name, value| EnvEntry::plain(name, value, EntryOrigin::Runtime);
    let mut generator = Generator::default();
    generator.add(runtime("PATH", DEFAULT_PATH));
    // With and without a terminal: it is part of runtime-tools' template.
    generator.add(runtime("TERM", "xterm"));
    if let Some(hostname) = &sources.hostname {
        generator.add(runtime("HOSTNAME", hostname));
    }
    for text in &crio.default_env {
        generator.add(EnvEntry::parse(text, EntryOrigin::Runtime));
    }
    let mut set_by_kubelet = BTreeSet::new();
    for entry in sources.kubelet.into_iter().filter(|entry| !entry.name().is_empty()) {
        set_by_kubelet.insert(String::from(entry.name()));
        generator.add(entry);
    }
    let image = sources.image.iter().map(|text| EnvEntry::parse(text, EntryOrigin::Image));
    for entry in image.filter(|entry| entry.value().is_some() && !entry.name().is_empty()) {
        if !set_by_kubelet.contains(entry.name()) {
            generator.add(entry);
        }
    }
    generator.check_home()?;
    if crio.systemd {
        generator.add(runtime("container", "crio"));
    }
    Ok(generator.entries)
}

/// A list of entries in which each name occurs once (runtime-tools: `Generator.addEnv`).
#[derive(Default)]
struct Generator<'a> {
    entries: Vec<EnvEntry<'a>>,
    indexes: BTreeMap<String, usize>,
}

impl<'a> Generator<'a> {
    /// Replaces the entry of that name in place, or appends this one.
    fn add(&mut self, entry: EnvEntry<'a>) {
        let index = self.indexes.get(entry.name());
        match index.and_then(|&index| self.entries.get_mut(index)) {
            Some(former) => *former = entry,
            None => {
                self.indexes.insert(entry.name().into(), self.entries.len());
                self.entries.push(entry);
            }
        }
    }

    /// CRI-O writes `HOME` into the `/etc/passwd` that it generates (CRI-O: `setupContainerUser`).
    fn check_home(&self) -> Result<(), ProcessError> {
        let home = self.indexes.get("HOME").and_then(|&index| self.entries.get(index));
        let home = home.map(EnvEntry::bytes_with_placeholders).unwrap_or_default();
        if home.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            return Err(ProcessError::HomeLineBreak);
        }
        Ok(())
    }
}
