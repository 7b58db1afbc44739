//! Text that stays on its line, whoever chose the names and values in it.

use core::fmt::{self, Write};

/// Writes on with line feeds and other control characters escaped, so that nothing breaks out of its
/// line, or into the terminal.
pub(crate) struct OneLine<W>(pub(crate) W);

impl<W: Write> Write for OneLine<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let OneLine(to) = self;
        text.chars().try_for_each(|c| {
            if c.is_control() { write!(to, "{}", c.escape_default()) } else { to.write_char(c) }
        })
    }
}

/// Writes one line, and ends it.
pub(crate) fn write_line(to: &mut impl Write, line: fmt::Arguments<'_>) -> fmt::Result {
    OneLine(&mut *to).write_fmt(line)?;
    to.write_char('\n')
}
