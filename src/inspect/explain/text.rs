//! Explanations as text for people.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::{Absence, Explanation, Origin, ResolvedReference, Step};
use crate::text::{OneLine, write_line};

/// Always on one line.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut OneLine(f);
        match self {
            Origin::Base => f.write_str("the base environment"),
            Origin::Device => f.write_str("a device plugin"),
            Origin::Text { entry, text } if text.contains('$') => {
                write!(f, "{entry}, value {text}")
            }
            Origin::Text { entry, .. } => write!(f, "{entry}, value"),
            Origin::Key { entry, object, key } => write!(f, "{entry}, key {key} of {object}"),
            Origin::Field { entry, path } => write!(f, "{entry}, field {path} of the Pod"),
            Origin::Resource { entry, container, resource } if container.is_empty() => {
                write!(f, "{entry}, {resource}")
            }
            Origin::Resource { entry, container, resource } => {
                write!(f, "{entry}, {resource} of container {container}")
            }
            Origin::File { entry, volume, path, key } => {
                write!(f, "{entry}, key {key} of {path} in volume {volume}")
            }
            Origin::Open { entry, object } => write!(f, "{entry}, which may set it from {object}"),
            Origin::Nothing { entry } => write!(f, "{entry}, without a value"),
            Origin::Service { object, port, protocol, port_name, .. } => {
                write!(f, "{object}, port {port}/{protocol}")?;
                if port_name.is_empty() { Ok(()) } else { write!(f, " ({port_name})") }
            }
        }
    }
}

/// Always on one line.
impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut OneLine(f);
        match self {
            Absence::Skipped { entry, reason } => write!(f, "{entry} is skipped: {reason}"),
            Absence::Open { entry, object } => {
                write!(f, "{entry} may set it from {object}, which is not among the objects")
            }
            Absence::NoClusterIp { service, cluster_ip } if cluster_ip == "None" => {
                write!(f, "{service} is headless (clusterIP: None) and produces no variables")
            }
            Absence::NoClusterIp { service, .. } => {
                write!(f, "{service} has no clusterIP and produces no variables")
            }
            Absence::ExternalName { service } => {
                write!(f, "{service} is of type ExternalName and produces no variables")
            }
            Absence::CreatedLater { service, created: Some(created) } => write!(
                f,
                "{service} was created at {created}, after the container started: restart the container"
            ),
            Absence::CreatedLater { service, created: None } => {
                write!(
                    f,
                    "{service} was created after the container started: restart the container"
                )
            }
            Absence::ChangedLater { service } => {
                write!(
                    f,
                    "{service} was changed after the container started: restart the container"
                )
            }
            Absence::OtherNamespace { service } => {
                write!(f, "{service} is not in the Pod's namespace")
            }
            Absence::LinksDisabled { service } => {
                write!(f, "{service} is ignored, because the Pod has enableServiceLinks: false")
            }
            Absence::NoSuchPort { service } => write!(f, "{service} has no matching port"),
            Absence::Unknown => f.write_str("no entry sets it, and no Service produces it"),
        }
    }
}

/// The origin of a step, and the stages that added to it.
struct StepSource<'s>(&'s Step);

impl fmt::Display for StepSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StepSource(step) = self;
        write!(f, "{}", step.origin)?;
        if let Some(stage) = step.entry_added_by {
            write!(f, ", added by {stage}")?;
        }
        match step.field_set_by {
            Some(stage) => write!(f, ", set by {stage}"),
            None => Ok(()),
        }
    }
}

/// Several lines, each ended by a line feed. Each step and its references are listed once, however
/// many references lead to it, so the length of the text is linear in that of the explanation.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_new = alloc::vec![true; self.steps.len()];
        let mut text = Text { explanation: self, is_new, f };
        match self.effective {
            None => write_line(text.f, format_args!("{} is not set", self.name))?,
            Some(effective) => text.write_setting(effective, "", "  ")?,
        }
        for &overridden in self.overrides.iter().rev() {
            text.write_setting(overridden, "  overrides ", "    ")?;
        }
        for absence in &self.absences {
            write_line(text.f, format_args!("  {absence}"))?;
        }
        Ok(())
    }
}

struct Text<'e, 'f, 'b> {
    explanation: &'e Explanation,
    /// For each step, false once its references are in the text or will be.
    is_new: Vec<bool>,
    f: &'f mut fmt::Formatter<'b>,
}

impl<'e> Text<'e, '_, '_> {
    /// Writes a step that sets the variable, and the steps that it refers to.
    fn write_setting(&mut self, index: usize, lead: &str, indent: &str) -> fmt::Result {
        let explanation = self.explanation;
        let Some(step) = explanation.steps.get(index) else { return Ok(()) };
        write_line(self.f, format_args!("{lead}{}={}", step.name, step.value))?;
        write_line(self.f, format_args!("{indent}from {}", StepSource(step)))?;
        let is_new = self.list(index);
        let mut listed = Vec::from_iter(is_new.then_some(step));
        let mut next = 0_usize;
        while let Some(&step) = listed.get(next) {
            for reference in &step.references {
                listed.extend(self.write_reference(reference, indent)?);
            }
            next = next.saturating_add(1);
        }
        Ok(())
    }

    /// Marks a step as listed. Returns whether it is new.
    fn list(&mut self, index: usize) -> bool {
        self.is_new.get_mut(index).is_some_and(core::mem::take)
    }

    /// Writes a reference unless its step is listed, and returns the step if it is new.
    fn write_reference(
        &mut self,
        ResolvedReference { name, step, is_unknown }: &ResolvedReference,
        indent: &str,
    ) -> Result<Option<&'e Step>, fmt::Error> {
        let explanation = self.explanation;
        let step = step.and_then(|index| Some((index, explanation.steps.get(index)?)));
        let Some((index, step)) = step else {
            let outcome = if *is_unknown {
                "is not known: a source that is not among the objects may set it"
            } else {
                "stays as it is: no earlier variable has this name"
            };
            write_line(self.f, format_args!("{indent}$({name}) {outcome}"))?;
            return Ok(None);
        };
        if !self.list(index) {
            return Ok(None);
        }
        let (value, source) = (&step.value, StepSource(step));
        write_line(self.f, format_args!("{indent}$({name}) is {value}, from {source}"))?;
        Ok(Some(step))
    }
}
