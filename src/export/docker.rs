//! The file that `docker run --env-file` reads (Go: `kvfile.ParseFromReader` of docker/cli).

use alloc::string::String;

use super::text::as_text;
use super::{FormError, FormProblem, check_first, check_for_nul, check_name};
use crate::environment::Environment;
use crate::go::MAX_SCAN_TOKEN_SIZE;
use crate::text::Order;

const LONGEST_LINE: usize = MAX_SCAN_TOKEN_SIZE - 1;

impl Environment<'_> {
    /// The content of a file for `docker run --env-file`: a line `NAME=value` for each variable, the
    /// values of Secrets included.
    ///
    /// Docker takes what stands behind the first `=` as it is, quotes and blanks included; there is
    /// no quoting. Other tools with an `--env-file` (Docker Compose, Podman) read quotes, `$` and `#`
    /// in a value otherwise. What Docker reads it with is `kvfile.ParseFromReader`.
    ///
    /// # Errors
    /// - A name is empty; has `=`, a blank, a line feed or a NUL in it; or begins with `#`, white
    ///   space or a byte order mark.
    /// - A value has a line feed or a NUL in it, ends in a carriage return, or is not UTF-8.
    /// - A line is longer than 65,535 bytes.
    ///
    /// ```
    /// use kubelet_env::{Environment, Order};
    ///
    /// let environment = Environment::default().with_base([("GREETING", "\"hello\" # world"), ("EMPTY", "")]);
    /// assert_eq!(environment.to_docker_env_file(Order::Kubelet)?, "GREETING=\"hello\" # world\nEMPTY=\n");
    /// # Ok::<(), kubelet_env::export::FormError>(())
    /// ```
    pub fn to_docker_env_file(&self, order: Order) -> Result<String, FormError> {
        self.try_write(order, |name, value| {
            check_docker_name(&name)?;
            let line = [name.as_ref(), "=", check_docker_value(&value)?, "\n"].concat();
            match line.len().saturating_sub(1) {
                length if length > LONGEST_LINE => {
                    Err(FormProblem::LineTooLong { length, limit: LONGEST_LINE })
                }
                _ => Ok(line),
            }
        })
    }
}

fn check_docker_name(name: &str) -> Result<(), FormProblem> {
    // A byte order mark is dropped at the start of the file.
    check_first(name, |first| first != '#' && first != '\u{feff}' && !first.is_whitespace())?;
    check_name(name, |c| !matches!(c, '=' | ' ' | '\t' | '\n' | '\0'))
}

fn check_docker_value(value: &[u8]) -> Result<&str, FormProblem> {
    check_for_nul(value)?;
    if value.contains(&b'\n') {
        return Err(FormProblem::LineFeedInValue);
    }
    if value.ends_with(b"\r") {
        return Err(FormProblem::CarriageReturnAtEnd);
    }
    as_text(value)
}
