//! The findings, as far as their texts keep within a limit: a name can stand in many of them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Code, Finding};

/// Findings whose texts come to no more than [`Expectations::size_limit`](super::Expectations::size_limit).
pub(super) struct Findings {
    list: Vec<Finding>,
    size_limit: usize,
    bytes_left: usize,
    is_full: bool,
}

impl Findings {
    pub(super) fn within(size_limit: usize) -> Self {
        Findings { list: Vec::new(), size_limit, bytes_left: size_limit, is_full: false }
    }

    /// Whether one did not fit. Nothing is added from then on, not even what would fit, so that the
    /// list is the beginning of the whole one.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) fn push(&mut self, finding: Finding) {
        if self.has_room_for(finding.text_len()) {
            self.bytes_left = self.bytes_left.saturating_sub(finding.text_len());
            self.list.push(finding);
        }
    }

    /// Adds a finding whose texts take so many bytes at least, and does not make it if they do not fit.
    pub(super) fn push_with(&mut self, least_len: usize, finding: impl FnOnce() -> Finding) {
        if self.has_room_for(least_len) {
            self.push(finding());
        }
    }

    /// Adds findings, and makes no more of them than fit.
    pub(super) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            self.push(finding);
            if self.is_full {
                break;
            }
        }
    }

    /// The list, with a last one if it was cut.
    pub(super) fn into_list(mut self) -> Vec<Finding> {
        if self.is_full {
            let message = format!(
                "There are more findings: the texts of all come to more than {} bytes.",
                self.size_limit
            );
            let advice = "See to these first, or set a higher limit (Expectations::size_limit).";
            self.list.push(Finding::new(Code::FindingsCut, message, advice));
        }
        self.list
    }

    fn has_room_for(&mut self, len: usize) -> bool {
        self.is_full |= len > self.bytes_left;
        !self.is_full
    }
}

impl Finding {
    /// The bytes of all its texts.
    fn text_len(&self) -> usize {
        let Finding { code: _, severity: _, variables, objects, message, advice } = self;
        let objects =
            objects.iter().flat_map(|object| [&object.kind, &object.namespace, &object.name]);
        let texts = variables.iter().chain(objects).chain([message, advice]);
        texts.map(String::len).fold(0, usize::saturating_add)
    }
}
