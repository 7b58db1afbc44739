//! The file that `docker run --env-file` reads (Go: `kvfile.ParseFromReader` of docker/cli).

use alloc::string::String;

use super::text::as_text;
use super::{FormError, FormProblem, check_first, check_for_nul, check_name};
use crate::environment::Environment;
use crate::go::MAX_SCAN_TOKEN_SIZE;
use crate::text::Order;

const LONGEST_LINE: usize = MAX_SCAN_TOKEN_SIZE - 1;

impl Environment<'_> {
    /// Returns the content of a file for `docker run --env-file`: a line `NAME=value` for each
    /// variable, the values of Secrets included.
    ///
    /// The format has no quoting. Docker uses the text after the first `=` verbatim, quotes and
    /// spaces included. Docker Compose and Podman also have env files, but they interpret quotes,
    /// `$` and `#` in a value. Mirrors the reader `kvfile.ParseFromReader` of docker/cli.
    ///
    /// # Errors
    /// Returns an error if:
    ///
    /// - a name is empty, contains `=`, a space, a tab, a line feed or a NUL, or begins with `#`,
    ///   white space or a byte order mark;
    /// - a value contains a line feed or a NUL, ends in a carriage return, or is not UTF-8;
    /// - a line is longer than 65,535 bytes.
    ///
    /// ```
    /// use kubelet_env::{Environment, Order};
    ///
    /// let environment = Environment::default().with_base([("GREETING", "\"hello\" # world")]);
    /// let file = environment.to_docker_env_file(Order::Kubelet)?;
    /// assert_eq!(file, "GREETING=\"hello\" # world\n");
    /// # Ok::<(), kubelet_env::export::FormError>(())
    /// ```
    pub fn to_docker_env_file(&self, order: Order) -> Result<String, FormError> {
        let mut file = String::new();
        self.try_write(order, &mut |name, value| {
            check_docker_name(&name)?;
            let line = [name.as_ref(), "=", check_docker_value(&value)?].concat();
            if line.len() > LONGEST_LINE {
                return Err(FormProblem::LineTooLong { limit: LONGEST_LINE });
            }
            file.push_str(&line);
            file.push('\n');
            Ok(())
        })?;
        Ok(file)
    }
}

fn check_docker_name(name: &str) -> Result<(), FormProblem> {
    // Docker drops a byte order mark at the start of the file.
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
