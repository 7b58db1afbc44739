//! Scalars that YAML 1.1, which `kubectl` reads, takes for something else than YAML 1.2 does.

/// Returns an error for the first plain scalar whose meaning differs, with its line.
///
/// It scans the text by characters and knows quotes, comments, block scalars and flow collections.
pub(crate) fn check(text: &str) -> Result<(), String> {
    // The indentation of the line that a block scalar belongs to.
    let mut block: Option<usize> = None;
    let mut quote = None;
    for (number, line) in (1..).zip(text.lines()) {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some(parent) = block {
            if line.trim().is_empty() || indent > parent {
                continue;
            }
            block = None;
        }
        let was_quoted = quote.is_some();
        let (scalars, opens_block) = plain_scalars(line, &mut quote);
        for scalar in &scalars {
            if let Some(meaning) = meaning(scalar) {
                return Err(format!(
                    "line {number}: {scalar} is {meaning} in YAML 1.1, which kubectl reads: quote it, or write it out"
                ));
            }
        }
        if opens_block && !was_quoted {
            block = Some(parent_indent(line, indent));
        }
    }
    Ok(())
}

/// The indentation of the key or item that a block scalar on this line belongs to.
fn parent_indent(line: &str, indent: usize) -> usize {
    let mut rest = &line[indent..];
    let mut parent = indent;
    while let Some(after) = rest.strip_prefix("- ") {
        let item = after.trim_start_matches(' ');
        // A key after the dash is the parent, and a scalar after it belongs to the item.
        if !item.contains(':') {
            return parent;
        }
        parent += rest.len() - item.len();
        rest = item;
    }
    parent
}

/// Returns the plain scalars of a line, and whether it ends in the header of a block scalar.
fn plain_scalars(line: &str, quote: &mut Option<char>) -> (Vec<String>, bool) {
    let mut scalars = Vec::new();
    let mut scalar = String::new();
    let mut is_tagged = false;
    let mut finish = |scalar: &mut String| {
        let trimmed = scalar.trim().to_owned();
        scalar.clear();
        if trimmed.starts_with(['!', '&', '*']) {
            // A tag or anchor, and what follows it on the line.
            is_tagged |= trimmed.starts_with('!');
            let rest = trimmed.split_once(' ').map_or("", |(_, rest)| rest.trim());
            if !rest.is_empty() && !is_tagged {
                scalars.push(rest.to_owned());
            }
        } else if !trimmed.is_empty() {
            scalars.push(trimmed);
        }
    };
    let mut characters = line.chars().peekable();
    let mut before = ' ';
    while let Some(c) = characters.next() {
        let next = characters.peek().copied();
        if let Some(open) = *quote {
            match (open, c) {
                ('"', '\\') => {
                    characters.next();
                }
                ('\'', '\'') if next == Some('\'') => {
                    characters.next();
                }
                _ if c == open => *quote = None,
                _ => {}
            }
            before = c;
            continue;
        }
        let starts = scalar.trim().is_empty();
        match c {
            '"' | '\'' if starts => *quote = Some(c),
            '#' if before.is_whitespace() => break,
            '{' | '[' if starts => {}
            '}' | ']' | ',' => finish(&mut scalar),
            ':' if next.is_none_or(|next| next.is_whitespace()) => finish(&mut scalar),
            '-' | '?' if starts && next.is_none_or(|next| next.is_whitespace()) => {}
            _ => scalar.push(c),
        }
        before = c;
    }
    finish(&mut scalar);
    let opens_block = scalars.last().is_some_and(|last| {
        let header = last.trim_start_matches(['|', '>']);
        header.len() + 1 == last.len()
            && header.chars().all(|c| c.is_ascii_digit() || "+-".contains(c))
    });
    (scalars, opens_block)
}

/// The meaning of a plain scalar in YAML 1.1, if it differs from that in YAML 1.2.
fn meaning(scalar: &str) -> Option<&'static str> {
    let lower = scalar.to_ascii_lowercase();
    let is_word = ["y", "n", "yes", "no", "on", "off"].contains(&lower.as_str());
    let is_one_case =
        scalar == lower || scalar == scalar.to_ascii_uppercase() || scalar[1..] == lower[1..];
    if is_word && is_one_case {
        return Some("a boolean");
    }
    let digits = scalar.strip_prefix(['+', '-']).unwrap_or(scalar);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '_');
    let is_octal = digits.len() > 1
        && digits.starts_with('0')
        && digits.chars().all(|c| ('0'..='7').contains(&c) || c == '_');
    match is_number {
        true if is_octal => Some("an octal number"),
        true if digits.contains('_') => Some("a number"),
        _ => None,
    }
}
