//! Scalars that YAML 1.1, which `kubectl` reads, takes for something else than YAML 1.2 does.
//!
//! The scanner knows quotes, comments, block scalars and flow collections. It goes line by line, which
//! is enough for manifests.

use std::ops::Range;

/// Returns an error for the first plain scalar whose meaning differs, with its line.
pub(crate) fn check(text: &str) -> Result<(), String> {
    let mut scanner = Scanner::default();
    for (number, line) in (1..).zip(text.lines()) {
        for Scalar { range, .. } in scanner.scalars(line) {
            let scalar = &line[range];
            if let Some(Meaning { name, .. }) = meaning(scalar) {
                return Err(format!(
                    "line {number}: {scalar} is {name} in YAML 1.1, which kubectl reads: quote it, or write it out"
                ));
            }
        }
    }
    Ok(())
}

/// Returns the text with the plain scalars of YAML 1.1 in the form of YAML 1.2, and notes about the
/// keys among them: `mode: 0644` becomes `mode: 420`. The first line has the number `first_line`.
pub(crate) fn to_yaml_1_2(text: &str, first_line: usize) -> (String, Vec<String>) {
    let (mut converted, mut notes) = (String::with_capacity(text.len()), Vec::new());
    let mut scanner = Scanner::default();
    let mut may_continue = false;
    for (number, line) in (first_line..).zip(text.split_inclusive('\n')) {
        let content = line.trim_end_matches(['\n', '\r']);
        let mut copied = 0;
        for Scalar { range, is_key } in scanner.scalars(content) {
            let scalar = &content[range.clone()];
            // A line that holds nothing else may be the rest of a longer text.
            let is_rest = may_continue && scalar == content.trim();
            let Some(meaning) = meaning(scalar).filter(|_| !is_rest) else { continue };
            converted.push_str(&line[copied..range.start]);
            converted.push_str(&meaning.in_1_2);
            copied = range.end;
            if is_key {
                notes.push(format!(
                    "line {number}: the key {scalar} is {} for kubectl: quote it if it is text",
                    meaning.in_1_2
                ));
            }
        }
        converted.push_str(&line[copied..]);
        if !content.trim().is_empty() {
            may_continue = !content.trim_end().ends_with([':', '-', ',', '[', '{']);
        }
    }
    (converted, notes)
}

/// A plain scalar on a line.
struct Scalar {
    range: Range<usize>,
    is_key: bool,
}

#[derive(Default)]
struct Scanner {
    /// The indentation of the line that a block scalar belongs to.
    block: Option<usize>,
    quote: Option<char>,
    /// The number of open flow collections.
    flow: usize,
}

impl Scanner {
    /// Returns the plain scalars of the next line.
    fn scalars(&mut self, line: &str) -> Vec<Scalar> {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some(parent) = self.block {
            if line.trim().is_empty() || indent > parent {
                return Vec::new();
            }
            self.block = None;
        }
        let mut scalars = Vec::new();
        let mut current: Option<Range<usize>> = None;
        let (mut is_tagged, mut is_after_quote) = (false, false);
        let mut before = ' ';
        let mut characters = line.char_indices().peekable();
        while let Some((index, c)) = characters.next() {
            let next = characters.peek().map(|&(_, next)| next);
            let ends_token = next.is_none_or(char::is_whitespace);
            if let Some(open) = self.quote {
                match (open, c) {
                    ('"', '\\') => {
                        characters.next();
                    }
                    ('\'', '\'') if next == Some('\'') => {
                        characters.next();
                    }
                    _ if c == open => {
                        self.quote = None;
                        is_after_quote = true;
                    }
                    _ => {}
                }
                before = c;
                continue;
            }
            let starts = current.is_none();
            let in_flow = self.flow > 0;
            let is_in_flow_end =
                in_flow && (is_after_quote || next.is_some_and(|next| ",[]{}".contains(next)));
            let mut finish = |is_key: bool, is_tagged: &mut bool| {
                let range = current.take().filter(|_| !*is_tagged);
                *is_tagged = false;
                scalars.extend(range.map(|range| Scalar { range, is_key }));
            };
            match c {
                _ if c.is_whitespace() => {}
                '"' | '\'' if starts => self.quote = Some(c),
                '#' if before.is_whitespace() => break,
                '{' | '[' if starts => self.flow += 1,
                '}' | ']' if in_flow => {
                    finish(false, &mut is_tagged);
                    self.flow -= 1;
                }
                ',' if in_flow => finish(false, &mut is_tagged),
                ':' if ends_token || is_in_flow_end => finish(true, &mut is_tagged),
                '-' | '?' if starts && ends_token && !in_flow => {}
                '!' | '&' | '*' if starts => {
                    is_tagged |= c == '!';
                    let ends = |next: char| next.is_whitespace() || ",[]{}".contains(next);
                    while characters.next_if(|&(_, next)| !ends(next)).is_some() {}
                }
                '|' | '>' if starts && !in_flow && is_block_header(&line[index..]) => {
                    self.block = Some(parent_indent(line, indent));
                    break;
                }
                _ => {
                    let end = index + c.len_utf8();
                    current = Some(current.map_or(index, |range| range.start)..end);
                }
            }
            is_after_quote &= c.is_whitespace();
            before = c;
        }
        let last = current.filter(|_| !is_tagged);
        scalars.extend(last.map(|range| Scalar { range, is_key: false }));
        scalars
    }
}

/// Reports whether the rest of a line is the header of a block scalar, such as `|2-`.
fn is_block_header(rest: &str) -> bool {
    let header = rest[1..].split(" #").next().unwrap_or_default().trim_end();
    header.chars().all(|c| c.is_ascii_digit() || "+-".contains(c))
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

/// The meaning of a plain scalar in YAML 1.1.
struct Meaning {
    name: &'static str,
    /// The scalar of YAML 1.2 with that meaning.
    in_1_2: String,
}

/// Returns the meaning of a plain scalar in YAML 1.1, if it differs from that in YAML 1.2.
fn meaning(scalar: &str) -> Option<Meaning> {
    let lower = scalar.to_ascii_lowercase();
    let boolean = match lower.as_str() {
        "y" | "yes" | "on" => Some(true),
        "n" | "no" | "off" => Some(false),
        _ => None,
    };
    let is_one_case = scalar == lower
        || scalar == scalar.to_ascii_uppercase()
        || scalar.get(1..) == lower.get(1..);
    if let Some(boolean) = boolean.filter(|_| is_one_case) {
        return Some(Meaning { name: "a boolean", in_1_2: boolean.to_string() });
    }
    let (sign, digits) = match scalar.strip_prefix(['+', '-']) {
        Some(digits) => (&scalar[..1], digits),
        None => ("", scalar),
    };
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '_');
    if !is_number {
        return None;
    }
    let plain = digits.replace('_', "");
    let sign = sign.trim_start_matches('+');
    if plain.len() > 1 && plain.starts_with('0') {
        let value = u64::from_str_radix(&plain, 8).ok()?;
        return Some(Meaning { name: "an octal number", in_1_2: format!("{sign}{value}") });
    }
    (plain.len() < digits.len())
        .then(|| Meaning { name: "a number", in_1_2: format!("{sign}{plain}") })
}
