//! Pairs for `std::process::Command`.

use alloc::vec::Vec;
use std::ffi::OsString;

use super::{FormError, FormProblem, check_for_process};
use crate::environment::Environment;
use crate::text::Order;

impl Environment<'_> {
    /// Returns the variables for [`std::process::Command::envs`], the values of Secrets included.
    ///
    /// They are in kubelet order, but a `Command` sorts them by name. On Unix, values are arbitrary
    /// bytes. On other systems they must be UTF-8.
    ///
    /// # Errors
    /// Returns an error if a name is empty or contains `=` or a NUL, or if a value contains a NUL.
    /// On systems other than Unix, also returns an error if a value is not UTF-8.
    ///
    /// ```
    /// use std::process::Command;
    ///
    /// use kubelet_env::Environment;
    ///
    /// let base = [("PATH", "/usr/bin:/bin"), ("HOSTNAME", "web-0")];
    /// let environment = Environment::default().with_base(base);
    /// let mut command = Command::new("printenv");
    /// command.env_clear().envs(environment.to_os_pairs()?);
    /// assert_eq!(command.get_envs().count(), 2);
    /// # Ok::<(), kubelet_env::export::FormError>(())
    /// ```
    pub fn to_os_pairs(&self) -> Result<Vec<(OsString, OsString)>, FormError> {
        self.try_map(Order::Kubelet, |name, value| {
            check_for_process(&name, &value)?;
            Ok((name.into_owned().into(), os_value(value.into_owned())?))
        })
    }
}

#[cfg_attr(unix, expect(clippy::unnecessary_wraps, reason = "it fails elsewhere"))]
fn os_value(value: Vec<u8>) -> Result<OsString, FormProblem> {
    #[cfg(unix)]
    return Ok(std::os::unix::ffi::OsStringExt::from_vec(value));
    #[cfg(not(unix))]
    super::text::into_text(value.into()).map(OsString::from)
}
