//! Text for people that stays on its line, whoever chose the names and values in it.

use core::fmt::{self, Write};

/// A writer that escapes line feeds, control characters, and invisible characters that reorder or
/// break text, so that nothing leaves its line or reaches the terminal as a command.
pub(crate) struct OneLine<W>(pub(crate) W);

impl<W: Write> Write for OneLine<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let OneLine(to) = self;
        let mut rest = text;
        while let Some((start, c)) = rest.char_indices().find(|&(_, c)| is_escaped(c)) {
            let (before, after) = rest.split_at_checked(start).unwrap_or((rest, ""));
            to.write_str(before)?;
            write!(to, "{}", c.escape_default())?;
            rest = after.strip_prefix(c).unwrap_or_default();
        }
        to.write_str(rest)
    }
}

/// Reports whether a character is a control character, a line or paragraph separator, has no width,
/// or changes the direction of text.
fn is_escaped(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}'
                | '\u{feff}'
        )
}

/// A text whose `Display` escapes as [`OneLine`] does.
pub(crate) struct Escaped<'t>(pub(crate) &'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OneLine(f).write_str(self.0)
    }
}

/// Writes one line and ends it.
pub(crate) fn write_line(to: &mut impl Write, line: fmt::Arguments<'_>) -> fmt::Result {
    OneLine(&mut *to).write_fmt(line)?;
    to.write_char('\n')
}
