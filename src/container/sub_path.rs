//! The paths in volumes that `subPathExpr` expands to (Go: `ExpandContainerVolumeMounts`,
//! `makeMounts`).

use alloc::string::String;
use alloc::vec::Vec;

use super::compose::Composer;
use super::{ComposeError, ComposeErrorKind, Expanded};
use crate::api::VolumeMount;
use crate::environment::{Entry, Part};
use crate::names::sorted_names;

/// The expanded `subPathExpr` of a volume mount.
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, Pod, PodSpec, VolumeMount};
/// use kubelet_env::{Facts, Objects, compose};
///
/// let env = vec![EnvVar { name: "POD".into(), value: "web-0".into(), ..EnvVar::default() }];
/// let logs = VolumeMount {
///     name: "logs".into(),
///     mount_path: "/var/log".into(),
///     sub_path_expr: "$(POD)/today".into(),
///     ..VolumeMount::default()
/// };
/// let volume_mounts = vec![logs];
/// let app = Container { name: "app".into(), env, volume_mounts, ..Container::default() };
/// let spec = PodSpec { containers: vec![app], ..PodSpec::default() };
/// let pod = Pod { spec, ..Pod::default() }.with_defaults();
/// let objects = Objects::default();
///
/// let composition = compose(&pod, "app", &Facts::of(&objects))?;
/// let sub_path = &composition.sub_paths()[0];
/// assert_eq!(sub_path.mount_path, "/var/log");
/// assert_eq!(sub_path.expanded.value.as_str(), Some("web-0/today"));
/// # Ok::<(), kubelet_env::ComposeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubPath<'a> {
    /// The index in `volumeMounts`.
    pub index: usize,
    /// The path in the container that the volume is mounted at.
    pub mount_path: &'a str,
    /// The name of the volume.
    pub volume: &'a str,
    /// The path in the volume, relative to its root.
    pub expanded: Expanded<'a>,
}

impl<'a> Composer<'a, '_> {
    pub(super) fn sub_paths(&mut self) -> Result<Vec<SubPath<'a>>, ComposeError> {
        let mut sub_paths = Vec::new();
        for (index, mount) in self.container.volume_mounts.iter().enumerate() {
            let expanded = match self.sub_path(mount) {
                Ok(expanded) => expanded,
                Err(kind) => {
                    self.refuse(self.error(Entry::VolumeMount(index), None, kind))?;
                    None
                }
            };
            sub_paths.extend(expanded.map(|expanded| SubPath {
                index,
                mount_path: &mount.mount_path,
                volume: &mount.name,
                expanded,
            }));
        }
        Ok(sub_paths)
    }

    /// The path that the mount's `subPathExpr` leads to, if it has one.
    fn sub_path(
        &mut self,
        mount: &'a VolumeMount,
    ) -> Result<Option<Expanded<'a>>, ComposeErrorKind> {
        let has_expression = !mount.sub_path_expr.is_empty();
        if !has_expression && mount.sub_path.is_empty() {
            return Ok(None);
        }
        let mut ephemeral = self.pod.spec.ephemeral_containers.iter();
        if ephemeral.any(|container| core::ptr::eq(container, self.container)) {
            return Err(ComposeErrorKind::SubPathOfEphemeralContainer);
        }
        if !has_expression {
            check(mount.sub_path.as_bytes())?;
            return Ok(None);
        }
        if !mount.sub_path.is_empty() {
            return Err(ComposeErrorKind::SubPathConflict);
        }
        let expanded = self.expand_at_the_end(&mount.sub_path_expr)?;
        self.take_up(expanded.value.len())?;
        let missing = expanded.references.iter().filter(|reference| {
            let value = self.environment.value_of(reference.resolved, reference.name);
            value.is_none_or(|value| value.len() == 0)
        });
        let names = sorted_names(missing.map(|reference| reference.name).collect());
        if !names.is_empty() {
            let names = names.into_iter().map(String::from).collect();
            return Err(ComposeErrorKind::SubPathValueMissing { names });
        }
        // An unknown part is treated as a part of a name.
        let parts = expanded.value.parts().map(|part| match part {
            Part::Known(bytes) => bytes,
            Part::Unknown(_) => b"unknown",
        });
        check(&parts.collect::<Vec<&[u8]>>().concat())?;
        Ok(Some(expanded))
    }
}

/// Rejects absolute paths and those that contain `..` (Go: `filepath.IsAbs`,
/// `ValidatePathNoBacksteps`).
fn check(path: &[u8]) -> Result<(), ComposeErrorKind> {
    if path.first() == Some(&b'/') {
        return Err(ComposeErrorKind::SubPathAbsolute);
    }
    if path.split(|&byte| byte == b'/').any(|part| part == b"..") {
        return Err(ComposeErrorKind::SubPathBackstep);
    }
    Ok(())
}
