//! The text of all variables of some Services, and the name and value of each of them in it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::slice;

use super::block::{Block, Mark};
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
    /// Renders Services that have `count` variables, which take `len` bytes.
    pub(crate) fn of(services: &[&Service], count: usize, len: usize) -> Self {
        if len > LONGEST {
            return Rendered(None);
        }
        let mut marks = Vec::with_capacity(count);
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

    /// Returns the texts of the variables, in order, or nothing if the text is not kept.
    pub(crate) fn texts(&self) -> Texts<'_> {
        self.texts_from(0).unwrap_or_default()
    }

    /// Returns the text of the variable with that number, if the text is kept.
    pub(crate) fn text_of(&self, number: usize) -> Option<VariableText<'_>> {
        self.texts_from(number)?.next()
    }

    fn texts_from(&self, number: usize) -> Option<Texts<'_>> {
        let Marked { text, marks } = self.0.as_ref()?;
        let (before, marks) = marks.split_at_checked(number)?;
        let start = before.last().map_or(0, |mark| mark.end().saturating_add("\0".len()));
        Some(Texts { text, start, marks: marks.iter() })
    }
}

/// The names and values of variables, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts<'t> {
    text: &'t str,
    /// The position of the next name.
    start: usize,
    marks: slice::Iter<'t, Mark>,
}

impl<'t> Iterator for Texts<'t> {
    type Item = VariableText<'t>;

    #[inline]
    fn next(&mut self) -> Option<VariableText<'t>> {
        let mark = self.marks.next()?;
        let name = self.text.get(self.start..mark.value().wrapping_sub("=".len()))?;
        let value = self.text.as_bytes().get(mark.value()..mark.end())?;
        self.start = mark.end().wrapping_add("\0".len());
        Some(VariableText { name, value })
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
    pub(crate) value: &'t [u8],
}
