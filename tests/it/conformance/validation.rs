//! The family for the API server's validation of environments.

use kubelet_env::api::Container;
use kubelet_env::container::validate_env as violations;
use kubelet_env::services::{Violation, ViolationProblem};
use serde::Deserialize;

use super::{Verdict, read, release};

#[derive(Deserialize)]
struct Given {
    container: Container,
}

#[derive(Deserialize)]
struct Expect {
    errors: Vec<Recorded>,
}

/// Field, type and detail of an error.
#[derive(Debug, Deserialize)]
struct Recorded(String, String, String);

/// Checks the fields and the reasons, in order. A reason may have several errors in a row.
pub(super) fn validate_env(line: &str) -> Verdict {
    let (given, expect): (Given, Expect) = read(line)?;
    let mut ours = violations(&given.container, release(line)?);
    ours.dedup();
    let mut errors = expect.errors.iter().peekable();
    let mut explains = |violation: &Violation| {
        let mut count = 0;
        while errors.next_if(|error| error.has_reason(violation)).is_some() {
            count += 1;
        }
        count > 0
    };
    if ours.iter().all(&mut explains) && errors.next().is_none() {
        Ok(())
    } else {
        Err(format!("kubelet {:?}\n         ours    {ours:?}", expect.errors))
    }
}

impl Recorded {
    fn has_reason(&self, violation: &Violation) -> bool {
        let Recorded(field, type_, detail) = self;
        let starts: &[&str] = match violation.problem {
            ViolationProblem::Required => {
                return violation.field == *field && type_ == "FieldValueRequired";
            }
            ViolationProblem::NotEnvVarName => &[
                "a valid environment variable name must consist of",
                "must not be '.'",
                "must not be '..'",
                "must not start with '..'",
            ],
            ViolationProblem::NotRelaxedEnvVarName => {
                &["a valid environment variable name must consist only of printable ASCII"]
            }
            ViolationProblem::NoSource => &["must specify one of: "],
            ViolationProblem::SeveralSources => &["may not have more than one field specified"],
            ViolationProblem::SourceBesideValue => &["may not be specified when `value`"],
            ViolationProblem::FieldPathUnsupported => {
                &["error converting fieldPath: ", "supported values: \"metadata."]
            }
            ViolationProblem::NotQualifiedName => {
                &["name part ", "prefix part ", "a valid label key ", "a qualified name "]
            }
            ViolationProblem::ResourceUnsupported => &["supported values: \"limits."],
            ViolationProblem::DivisorUnsupported => &["only divisor's values "],
            ViolationProblem::NotConfigMapKey => &[
                "a valid config key must consist of",
                "must be no more than 253",
                "must not be '.'",
                "must not be '..'",
                "must not start with '..'",
            ],
            ViolationProblem::NotDns1123Subdomain => {
                &["a lowercase RFC 1123 subdomain must consist of", "must be no more than 253"]
            }
            ViolationProblem::NotDns1123 => &[
                "a lowercase RFC 1123 label must consist of",
                "must be no more than 63",
                "must not contain dots",
            ],
            ViolationProblem::PathNotLocal => &["must not contain '..'"],
            _ => &[],
        };
        violation.field == *field && starts.iter().any(|start| detail.starts_with(start))
    }
}
