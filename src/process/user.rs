//! The user of a process (Go: `DetermineEffectiveSecurityContext`; containerd:
//! `generateUserString`, `oci.WithUser`).

use super::error::ProcessError;
use super::image::ImageConfig;
use super::passwd::Passwd;
use crate::api::{Container, Pod};

/// The UID; `None` if it depends on an image or an `/etc/passwd` that is not known.
///
/// `runAsUser` of the container takes precedence over that of the Pod, and both over the image's
/// user.
pub(super) fn uid(
    pod: &Pod,
    container: &Container,
    image: Option<&ImageConfig>,
    passwd: Option<&Passwd>,
) -> Result<Option<i64>, ProcessError> {
    let run_as_user = container.security_context.run_as_user;
    if let Some(uid) = run_as_user.or(pod.spec.security_context.run_as_user) {
        return Ok(Some(uid));
    }
    let Some(image) = image else { return Ok(None) };
    let user = image.user.split(':').next().unwrap_or_default();
    if user.is_empty() {
        return Ok(Some(0));
    }
    if let Ok(uid) = user.parse() {
        return Ok(Some(uid));
    }
    let Some(passwd) = passwd else { return Ok(None) };
    let missing = || ProcessError::UserMissing { user: user.into() };
    passwd.uid(user).map(Some).ok_or_else(missing)
}
