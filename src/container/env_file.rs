//! Env files, from which a `fileKeyRef` reads a variable (Go: `envutil.ParseEnv`).
//!
//! ```text
//! # a comment
//! KEY='literal $content, which may
//! span lines'  # another comment
//! ```

use alloc::{borrow::Cow, vec::Vec};

use crate::go::MAX_SCAN_TOKEN_SIZE;
use crate::names::Positions;

/// An error from parsing an env file. Line numbers start at 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvFileError {
    /// A line is neither blank nor a comment and has no `=`.
    #[error("invalid environment variable format at line {line}: missing '='")]
    MissingEquals {
        /// The line.
        line: usize,
    },
    /// A line starts with `=`.
    #[error("invalid environment variable format at line {line}: empty variable name")]
    EmptyName {
        /// The line.
        line: usize,
    },
    /// There is a blank before the `=`.
    #[error(
        "invalid environment variable format at line {line}: whitespace before '=' is not allowed"
    )]
    BlankBeforeEquals {
        /// The line.
        line: usize,
    },
    /// The `=` is followed by neither a blank nor a single quote.
    #[error(
        "invalid environment variable format at line {line}: value must be enclosed in single quotes"
    )]
    Unquoted {
        /// The line.
        line: usize,
    },
    /// The closing quote is followed by neither blanks nor a comment.
    #[error(
        "invalid environment variable format at line {line}: unexpected content after closing quote"
    )]
    ContentAfterQuote {
        /// The line of the closing quote.
        line: usize,
    },
    /// A value does not end before the end of the file or before a line that is too long.
    #[error("invalid environment variable format starting at line {line}: unclosed single quote")]
    UnclosedQuote {
        /// The line of the opening quote.
        line: usize,
    },
    /// A line outside a value has 65,536 bytes or more.
    #[error("line {line} of the environment variable file is too long (65536 bytes or more)")]
    LineTooLong {
        /// The line.
        line: usize,
    },
}

/// Returns the value of `key` in the content of an env file, or `None` if the key is absent.
///
/// The first match wins, and the rest of the file is not read. Bytes are kept, except for a `\r`
/// before a `\n`, which is dropped inside values too. The kubelet treats an absent key and an empty
/// value alike.
///
/// Mirrors `envutil.ParseEnv`.
///
/// # Errors
/// Returns an error if a line before the end of the match violates the grammar.
///
/// ```
/// use kubelet_env::container::env_file::parse_env;
///
/// let content = b"HOST='db.example'\nPORT='5432' # the default\n";
/// assert_eq!(parse_env(content, "PORT")?.as_deref(), Some(&b"5432"[..]));
/// assert_eq!(parse_env(content, "USER")?, None);
/// assert!(parse_env(b"PORT=5432", "PORT").is_err());
/// # Ok::<(), kubelet_env::container::env_file::EnvFileError>(())
/// ```
pub fn parse_env<'a>(content: &'a [u8], key: &str) -> Result<Option<Cow<'a, [u8]>>, EnvFileError> {
    for entry in Entries::of(content) {
        let (name, value) = entry?;
        if name == key.as_bytes() {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// An env file that is parsed once for many keys.
#[derive(Debug)]
pub(super) struct EnvFile<'a> {
    /// The keys and values before the first error.
    entries: Vec<(&'a [u8], Cow<'a, [u8]>)>,
    by_key: Positions<&'a [u8]>,
    error: Option<EnvFileError>,
}

impl<'a> EnvFile<'a> {
    pub(super) fn read(content: &'a [u8]) -> Self {
        let (mut entries, mut error) = (Vec::new(), None);
        for entry in Entries::of(content) {
            match entry {
                Ok(entry) => entries.push(entry),
                Err(first) => {
                    error = Some(first);
                    break;
                }
            }
        }
        let by_key = Positions::of(entries.iter().map(|&(key, _)| key));
        EnvFile { entries, by_key, error }
    }

    /// Returns the same as [`parse_env`].
    pub(super) fn value(&self, key: &str) -> Result<Option<Cow<'a, [u8]>>, EnvFileError> {
        let index = self.by_key.first(key.as_bytes());
        match (index.and_then(|index| self.entries.get(index)), &self.error) {
            (None, Some(error)) => Err(error.clone()),
            (entry, _) => Ok(entry.map(|(_, value)| value.clone())),
        }
    }
}

/// The names and values of an env file, up to the first error.
struct Entries<'a> {
    lines: Lines<'a>,
}

impl<'a> Entries<'a> {
    fn of(content: &'a [u8]) -> Self {
        Entries { lines: Lines { rest: content, line: 0 } }
    }

    fn entry(&mut self, text: &'a [u8]) -> Result<(&'a [u8], Cow<'a, [u8]>), EnvFileError> {
        let line = self.lines.line;
        let (name, Some(value)) = split_once(text, b'=') else {
            return Err(EnvFileError::MissingEquals { line });
        };
        let value = match (name, value) {
            ([], _) => return Err(EnvFileError::EmptyName { line }),
            ([.., b' ' | b'\t'], _) => return Err(EnvFileError::BlankBeforeEquals { line }),
            // As in a shell, where `KEY= word` runs `word` with an empty KEY.
            (_, [b' ' | b'\t', ..]) => Cow::default(),
            (_, [b'\'', quoted @ ..]) => self.lines.quoted(quoted)?,
            _ => return Err(EnvFileError::Unquoted { line }),
        };
        Ok((name, value))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<(&'a [u8], Cow<'a, [u8]>), EnvFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.lines.next()?.map(trim_start) {
                Ok([] | [b'#', ..]) => {}
                text => return Some(text.and_then(|text| self.entry(text))),
            }
        }
    }
}

/// Lines split as by Go's `bufio.ScanLines`.
struct Lines<'a> {
    rest: &'a [u8],
    /// The number of the line returned last.
    line: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<&'a [u8], EnvFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        self.line = self.line.saturating_add(1);
        let (text, rest) = split_once(self.rest, b'\n');
        self.rest = rest.unwrap_or_default();
        // A `\r` before the `\n` counts.
        Some(if text.len() >= MAX_SCAN_TOKEN_SIZE {
            Err(EnvFileError::LineTooLong { line: self.line })
        } else {
            Ok(text.strip_suffix(b"\r").unwrap_or(text))
        })
    }
}

impl<'a> Lines<'a> {
    /// Returns the value that starts with `text`, which follows the opening quote in the last line.
    fn quoted(&mut self, mut text: &'a [u8]) -> Result<Cow<'a, [u8]>, EnvFileError> {
        let first_line = self.line;
        let mut value = Cow::default();
        loop {
            let (part, after) = split_once(text, b'\'');
            append(&mut value, part);
            if let Some(after) = after {
                return match trim_start(after) {
                    [] | [b'#', ..] => Ok(value),
                    _ => Err(EnvFileError::ContentAfterQuote { line: self.line }),
                };
            }
            value.to_mut().push(b'\n');
            text = match self.next() {
                Some(Ok(text)) => text,
                // The kubelet treats a failing scanner like the end of the file here.
                Some(Err(_)) | None => {
                    return Err(EnvFileError::UnclosedQuote { line: first_line });
                }
            };
        }
    }
}

fn append<'a>(value: &mut Cow<'a, [u8]>, part: &'a [u8]) {
    if value.is_empty() {
        *value = Cow::Borrowed(part);
    } else {
        value.to_mut().extend_from_slice(part);
    }
}

fn split_once(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    let mut parts = text.splitn(2, |&byte| byte == separator);
    (parts.next().unwrap_or_default(), parts.next())
}

fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

/// An error from writing a line of an env file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvFileLineError {
    /// The key is empty, contains `=` or a line break, starts with `#`, or starts or ends with a
    /// blank.
    #[error("the key cannot precede '=' in an environment variable file")]
    Key,
    /// The value contains a single quote, which cannot be escaped.
    #[error("the value contains a single quote, which an environment variable file cannot hold")]
    SingleQuote,
    /// The value contains `\r\n`, from which the `\r` would be dropped.
    #[error("the value contains \\r\\n, which an environment variable file cannot hold")]
    CarriageReturn,
    /// A line would have 65,536 bytes or more.
    #[error("a line would be too long for an environment variable file (65536 bytes or more)")]
    LineTooLong,
}

/// Returns `KEY='value'` and a line feed, from which [`parse_env`] reads the value back.
///
/// A value may span lines. Concatenated results are a file.
///
/// # Errors
/// Returns an error if the grammar of an env file cannot represent the key or the value.
///
/// ```
/// use kubelet_env::container::env_file::{EnvFileLineError, env_file_line, parse_env};
///
/// let file = env_file_line("GREETING", b"hello\nworld")?;
/// assert_eq!(file, b"GREETING='hello\nworld'\n");
/// assert_eq!(parse_env(&file, "GREETING").unwrap().unwrap(), &b"hello\nworld"[..]);
/// assert_eq!(env_file_line("GREETING", b"it's"), Err(EnvFileLineError::SingleQuote));
/// # Ok::<(), EnvFileLineError>(())
/// ```
pub fn env_file_line(key: &str, value: &[u8]) -> Result<Vec<u8>, EnvFileLineError> {
    let blanks = [' ', '\t'];
    if key.is_empty()
        || key.contains(['=', '\n'])
        || key.starts_with('#')
        || key.starts_with(blanks)
        || key.ends_with(blanks)
    {
        return Err(EnvFileLineError::Key);
    }
    if value.contains(&b'\'') {
        return Err(EnvFileLineError::SingleQuote);
    }
    if value.windows(2).any(|pair| pair == b"\r\n") {
        return Err(EnvFileLineError::CarriageReturn);
    }
    let line = [key.as_bytes(), b"='", value, b"'\n"].concat();
    if line.split(|&byte| byte == b'\n').any(|text| text.len() >= MAX_SCAN_TOKEN_SIZE) {
        return Err(EnvFileLineError::LineTooLong);
    }
    Ok(line)
}
