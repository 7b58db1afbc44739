//! The environment that containerd writes into the OCI configuration (containerd:
//! `criService.buildLinuxSpec` in `internal/cri/server/container_create.go`, `oci.WithEnv` in
//! `pkg/oci/spec_opts.go`).

use alloc::vec::Vec;

use super::entry::{EntryOrigin, EnvEntry};
use super::runtime::DEFAULT_PATH;
use super::start::EnvSources;

/// `PATH`, `TERM` with a terminal, `HOSTNAME`, the image's `ENV`, the kubelet's variables.
pub(super) fn environment<'a>(sources: EnvSources<'a>) -> Vec<EnvEntry<'a>> {
    let runtime = |name, value| EnvEntry::plain(name, value, EntryOrigin::Runtime);
    let mut defaults = alloc::vec![runtime("PATH", DEFAULT_PATH)];
    if sources.tty {
        defaults.push(runtime("TERM", "xterm"));
    }
    if let Some(hostname) = &sources.hostname {
        defaults.push(runtime("HOSTNAME", hostname));
    }
    let image = sources.image.iter().map(|text| EnvEntry::parse(text, EntryOrigin::Image));
    replace_or_append(defaults, image.chain(sources.kubelet).collect())
}

/// Replaces defaults in place and appends everything else, duplicates included. An entry without
/// `=` removes the default of its name (containerd: `replaceOrAppendEnvValues`).
fn replace_or_append<'a>(
    defaults: Vec<EnvEntry<'a>>,
    overrides: Vec<EnvEntry<'a>>,
) -> Vec<EnvEntry<'a>> {
    let (count, mut results) = (defaults.len(), defaults);
    for entry in overrides {
        match results.iter_mut().take(count).find(|default| default.name() == entry.name()) {
            Some(default) => *default = entry,
            None => results.push(entry),
        }
    }
    results.retain(|entry| entry.value().is_some());
    results
}
