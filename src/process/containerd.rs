//! The environment that containerd writes into the OCI configuration (containerd:
//! `criService.buildLinuxSpec` in `internal/cri/server/container_create.go`, `oci.WithEnv` in
//! `pkg/oci/spec_opts.go`).

use alloc::string::String;
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
    let names: Vec<String> = defaults.iter().map(|entry| entry.name().into()).collect();
    let mut results: Vec<Option<EnvEntry<'a>>> = defaults.into_iter().map(Some).collect();
    for entry in overrides {
        let default = names.iter().position(|name| name == entry.name());
        let default = default.and_then(|index| results.get_mut(index));
        match (default, entry.value().is_some()) {
            (Some(default), is_set) => *default = is_set.then_some(entry),
            (None, true) => results.push(Some(entry)),
            (None, false) => {}
        }
    }
    results.into_iter().flatten().collect()
}
