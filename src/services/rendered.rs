//! The text of all variables of some Services, and the name and value of each of them in it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::slice;

use super::block::{Block, Mark};
use super::generate::count_of;
use crate::api::Service;
use crate::text::Form;

/// The NUL-separated text of all variables of some Services.
///
/// Names and values are slices of it.
#[derive(Clone, Default)]
pub(crate) struct Rendered(Option<Marked>);

#[derive(Clone)]
struct Marked {
    text: String,
    /// The positions of each variable.
    marks: Vec<Mark>,
}

/// The size up to which text is kept: 64 MiB. The text can be much larger than the Services,
/// because a Service's name and address are repeated for each of its ports. Beyond it, each name
/// and value is generated when it is read.
const LONGEST: usize = 64 << 20;

impl Rendered {
    /// Renders Services whose variables take `len` bytes.
    pub(crate) fn of(services: &[&Service], len: usize) -> Self {
        if len > LONGEST {
            return Rendered(None);
        }
        let count = services.iter().map(|service| count_of(service));
        let mut marks = Vec::with_capacity(count.fold(0, usize::saturating_add));
        let mut text = Vec::with_capacity(len);
        let mut block = Block::new(&mut text, Some(&mut marks));
        for service in services {
            block.append(service, Form::NulSeparated);
        }
        block.flush();
        Rendered(String::from_utf8(text).ok().map(|text| Marked { text, marks }))
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        self.0.as_ref().map(|marked| marked.text.as_str())
    }

    /// Returns the text of each variable, or nothing if the text is not kept.
    pub(crate) fn texts(&self) -> Texts<'_> {
        let marks = self.0.as_ref().map(|marked| marked.marks.as_slice()).unwrap_or_default();
        Texts { text: self.as_str().unwrap_or_default(), start: 0, marks: marks.iter() }
    }
}

/// The names and values of all variables, in order.
#[derive(Clone, Debug)]
pub(crate) struct Texts<'t> {
    text: &'t str,
    /// The position of the next name.
    start: usize,
    marks: slice::Iter<'t, Mark>,
}

impl<'t> Iterator for Texts<'t> {
    type Item = VariableText<'t>;

    fn next(&mut self) -> Option<VariableText<'t>> {
        let &Mark { value, end } = self.marks.next()?;
        let name = self.text.get(self.start..value.wrapping_sub("=".len()))?;
        self.start = end.wrapping_add("\0".len());
        Some(VariableText { name, value: self.text.get(value..end)? })
    }
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rendered").field(&self.as_str().map(str::len)).finish()
    }
}

/// The name and value of a variable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VariableText<'t> {
    pub(crate) name: &'t str,
    pub(crate) value: &'t str,
}
