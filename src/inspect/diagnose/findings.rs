//! A list of findings whose texts are bounded: one long name can be part of many of them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Display;

use super::{Code, Finding};
use crate::objects::ObjectRef;

/// Findings whose texts have at most
/// [`Expectations::size_limit`](super::Expectations::size_limit) bytes.
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

    /// Reports whether a finding did not fit. After that none is added, even if it would fit, so
    /// that the list is the start of the complete one.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) fn push(&mut self, finding: Finding) {
        if self.has_room_for(finding.text_len()) {
            self.bytes_left = self.bytes_left.saturating_sub(finding.text_len());
            self.list.push(finding);
        }
    }

    /// Adds a finding whose texts take at least `least_len` bytes. It is not created if these do
    /// not fit.
    pub(super) fn push_with(&mut self, least_len: usize, finding: impl FnOnce() -> Finding) {
        if self.has_room_for(least_len) {
            self.push(finding());
        }
    }

    /// Adds findings, and creates no more of them than fit.
    pub(super) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            self.push(finding);
            if self.is_full {
                break;
            }
        }
    }

    /// Returns the list. A last finding reports that some did not fit.
    pub(super) fn into_list(mut self) -> Vec<Finding> {
        if self.is_full {
            let message = format!(
                "The texts of all findings are larger than {} bytes; further findings are left out.",
                self.size_limit
            );
            let advice = "Fix these first, or set a higher limit (Expectations::size_limit).";
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
    /// Returns the size of all texts.
    fn text_len(&self) -> usize {
        let Finding { code: _, severity: _, variables, objects, message, advice } = self;
        let mut texts = Vec::from([message, advice]);
        texts.extend(variables);
        for ObjectRef { kind, namespace, name } in objects {
            texts.extend([kind, namespace, name]);
        }
        texts.into_iter().map(String::len).fold(0, usize::saturating_add)
    }
}

/// Joins items for a message: `a, b and c`, or the first ten and `11 more`.
pub(super) fn join(items: impl ExactSizeIterator<Item = impl Display>) -> String {
    join_texts(&mut items.map(|item| item.to_string()))
}

fn join_texts(items: &mut dyn ExactSizeIterator<Item = String>) -> String {
    const SHOWN: usize = 10;
    let mut text = items.next().unwrap_or_default();
    let mut shown = 1_usize;
    while items.len() > 1 && shown < SHOWN {
        text.push_str(", ");
        text.extend(items.next());
        shown = shown.saturating_add(1);
    }
    match items.len() {
        0 => {}
        1 => {
            text.push_str(" and ");
            text.extend(items.next());
        }
        more => text.push_str(&format!(" and {more} more")),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_items() {
        assert_eq!(join(0..0), "");
        assert_eq!(join(1..2), "1");
        assert_eq!(join(1..3), "1 and 2");
        assert_eq!(join(1..4), "1, 2 and 3");
        assert_eq!(join(1..12), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 11");
        assert_eq!(join(1..13), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more");
    }
}
