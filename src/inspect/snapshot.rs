//! A text for snapshot tests with the environments of many containers.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::{Expectations, Finding, Severity, Summary};
use crate::container::{Composition, Facts, Known, compose};
use crate::environment::ReportedValue;
use crate::names::sorted_names;
use crate::objects::{ContainerRef, Objects};
use crate::pod::PodContext;
use crate::text::{OneLine, write_line};

/// The environments and findings of all containers among objects, as text for a snapshot test.
///
/// `Display` writes for each container:
///
/// - the line `# KIND NAMESPACE/NAME CONTAINER`,
/// - a line `NAME=value` for each variable in kubelet order, with
///   [placeholders](crate::environment::Unknown) for what is not known and `[elided]` for the
///   values of Secrets,
/// - a line `# names not known: SOURCE` for each `envFrom` source that is not among the objects,
/// - a line `# SEVERITY CODE: VARIABLES` for each code of a finding, with the objects if it
///   concerns no variable, and without the colon if it concerns neither.
///
/// If the Pod cannot be built or the kubelet would not start the container, a line `# error: …`
/// replaces all lines after the first one.
///
/// An empty line separates the containers. Control characters in names and values are escaped. The
/// text is the same on every run. Set [`Facts::release`], because the default is the newest known
/// one and moves with the version of this crate.
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, Pod};
/// use kubelet_env::container::Known;
/// use kubelet_env::inspect::Snapshot;
/// use kubelet_env::{Facts, Objects};
///
/// let app = Container::new("app").with_env([EnvVar::new("URL", "$(SCHEME)://db")]);
/// let pod = Pod::new("shop", "web").with_container(app);
/// let mut objects = Objects::default();
/// objects.pods.apply(pod);
///
/// let mut known = Known::default();
/// known.services.replace([]);
/// let snapshot = Snapshot { objects: &objects, facts: Facts::open(&objects, &known) };
/// assert_eq!(
///     snapshot.to_string(),
///     "# Pod shop/web app\nURL=$(SCHEME)://db\n# info reference-unknown: SCHEME\n",
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    /// The objects whose containers are listed.
    pub objects: &'a Objects,
    /// The facts. Leave those about a single Pod absent, such as its addresses: they would apply to
    /// all Pods.
    pub facts: Facts<'a>,
}

impl<'a> Snapshot<'a> {
    /// Returns the snapshot of the [open world](crate::container::World::Open).
    #[must_use]
    pub fn open(objects: &'a Objects, known: &'a Known) -> Self {
        Snapshot { objects, facts: Facts::open(objects, known) }
    }

    fn write_container(
        &self,
        container: &ContainerRef<'_>,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let context = PodContext {
            node: container.owner.node(self.objects),
            release: self.facts.release,
            ..PodContext::of(self.objects)
        };
        let built = match context.build(container.owner) {
            Ok(built) => built,
            Err(error) => return write_line(f, format_args!("# error: {error}")),
        };
        match compose(&built.pod, container.name, &self.facts.with_pod(&built)) {
            Ok(composition) => write_composition(&composition, f),
            Err(error) => write_line(f, format_args!("# error: {error}")),
        }
    }
}

impl fmt::Display for Snapshot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, container) in self.objects.containers().enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            writeln!(f, "# {container}")?;
            self.write_container(&container, f)?;
        }
        Ok(())
    }
}

fn write_composition(composition: &Composition<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let environment = composition.environment();
    for variable in environment.iter() {
        let value = ReportedValue::of(&variable.value());
        write_line(f, format_args!("{}={value}", variable.name()))?;
    }
    for source in environment.open_sources() {
        writeln!(f, "# names not known: {source}")?;
    }
    let findings = composition.diagnose(&Expectations::default());
    let summary: Summary = findings.iter().collect();
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        for &code in summary.codes.keys().filter(|code| code.severity() == severity) {
            let of_code = findings.iter().filter(|finding| finding.code == code);
            let mut subjects: Vec<String> = Vec::new();
            of_code.for_each(|finding| subjects.extend(subjects_of(finding)));
            let subjects = sorted_names(subjects.iter().map(String::as_str).collect());
            write!(f, "# {severity} {code}")?;
            for (index, subject) in subjects.iter().enumerate() {
                write!(OneLine(&mut *f), "{}{subject}", if index == 0 { ": " } else { ", " })?;
            }
            f.write_char('\n')?;
        }
    }
    Ok(())
}

/// Returns the variables of a finding, or its objects if it concerns none.
fn subjects_of(finding: &Finding) -> Vec<String> {
    if finding.variables.is_empty() {
        finding.objects.iter().map(ToString::to_string).collect()
    } else {
        finding.variables.clone()
    }
}
