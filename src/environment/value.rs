//! Values of variables.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::ops::Range;

use super::{ReportedValue, Unknown};
use crate::services::ServiceVariable;
use crate::text::OneLine;

/// The value of a variable: bytes, some of which may not be known.
///
/// Values are bytes because a Secret's value may not be UTF-8. In the closed world of a running
/// cluster every value is known. In the [open world](crate::container::World::Open) a value can
/// consist of known bytes and of [unknown](Unknown) parts. [`as_bytes`](Self::as_bytes) and
/// [`as_str`](Self::as_str) return `None` for such a value, so that no placeholder is used as a
/// value by accident.
///
/// `Debug` and `Display` show placeholders, and no known bytes of a value that has bytes of a Secret.
///
/// ```
/// use kubelet_env::Environment;
/// use kubelet_env::environment::Part;
///
/// let environment = Environment::default().with_base([("PATH", "/usr/bin")]);
/// let value = environment.get("PATH").unwrap().value();
/// assert_eq!(value.as_str(), Some("/usr/bin"));
/// assert!(value.is_known() && value.parts().eq([Part::Known(b"/usr/bin")]));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value<'a> {
    /// The bytes, with a placeholder in the place of each unknown part.
    bytes: Cow<'a, [u8]>,
    /// The placeholders, in their order.
    holes: Holes,
    is_secret: bool,
    /// True if known bytes come from a Secret, not only unknown parts.
    has_secret_bytes: bool,
}

/// The placeholders in a value. Almost all values have none, which is `None` so that copying it is
/// cheap.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Holes(Option<Arc<[Hole]>>);

impl FromIterator<Hole> for Holes {
    fn from_iter<I: IntoIterator<Item = Hole>>(holes: I) -> Self {
        let mut holes = holes.into_iter().peekable();
        Holes(holes.peek().is_some().then(|| holes.collect()))
    }
}

/// A placeholder in the bytes of a value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Hole {
    start: usize,
    end: usize,
    /// Shared, because one unknown part can flow into many values.
    unknown: Arc<Unknown>,
}

impl Hole {
    fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The same hole `offset` bytes further on.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "the placeholder is in memory at that position"
    )]
    fn moved(&self, offset: usize) -> Self {
        Hole {
            start: self.start + offset,
            end: self.end + offset,
            unknown: Arc::clone(&self.unknown),
        }
    }
}

/// A part of a [`Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'v> {
    /// Known bytes, at least one.
    Known(&'v [u8]),
    /// A part that is not known.
    Unknown(&'v Unknown),
}

impl<'a> Value<'a> {
    pub(crate) fn plain(bytes: Cow<'a, [u8]>) -> Self {
        Value { bytes, holes: Holes::default(), is_secret: false, has_secret_bytes: false }
    }

    pub(crate) fn text(text: Cow<'a, str>) -> Self {
        Value::plain(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        })
    }

    pub(crate) fn secret(bytes: Cow<'a, [u8]>) -> Self {
        Value { is_secret: true, has_secret_bytes: true, ..Value::plain(bytes) }
    }

    /// Returns the value of which nothing is known.
    pub(crate) fn unknown(unknown: Unknown) -> Self {
        Value::around("", unknown, "")
    }

    /// Returns the value of a variable that each of `more` may set over `otherwise`.
    pub(crate) fn unless(
        variable: &str,
        otherwise: Option<&Value<'_>>,
        more: impl IntoIterator<Item = Unknown>,
    ) -> Self {
        let whole = |value: &Value<'_>| match value.holes() {
            [hole] if hole.range() == (0..value.len()) => Some(Arc::clone(&hole.unknown)),
            _ => None,
        };
        let unknown = match otherwise.and_then(whole).as_deref() {
            Some(Unknown::Unless { variable: earlier, otherwise, sources })
                if earlier == variable =>
            {
                let sources = sources.iter().cloned().chain(more).collect();
                Unknown::Unless { variable: variable.into(), otherwise: otherwise.clone(), sources }
            }
            _ => Unknown::Unless {
                variable: variable.into(),
                otherwise: otherwise.map(ReportedValue::of),
                sources: more.into_iter().collect(),
            },
        };
        let mut value = Value::unknown(unknown);
        value.is_secret |= otherwise.is_some_and(Value::is_secret);
        value
    }

    /// Returns the value of a variable that has the value `base` if nothing else sets it.
    pub(crate) fn over(self, base: &Value<'_>) -> Self {
        match self.holes() {
            [hole] if hole.range() == (0..self.len()) => match &*hole.unknown {
                Unknown::Unless { variable, otherwise: None, sources } => {
                    let mut value = Value::unknown(Unknown::Unless {
                        variable: variable.clone(),
                        otherwise: Some(ReportedValue::of(base)),
                        sources: sources.clone(),
                    });
                    value.is_secret |= self.is_secret || base.is_secret;
                    value
                }
                _ => self,
            },
            _ => self,
        }
    }

    /// Returns the value that has known text before and after an unknown part.
    fn around(before: &str, unknown: Unknown, after: &str) -> Self {
        let mut text = String::from(before);
        // Writing to a String does not fail.
        let _ = write!(text, "{unknown}");
        let is_secret = unknown.is_secret();
        let hole = Hole { start: before.len(), end: text.len(), unknown: Arc::new(unknown) };
        text.push_str(after);
        Value {
            bytes: Cow::Owned(text.into_bytes()),
            holes: Holes::from_iter([hole]),
            is_secret,
            has_secret_bytes: false,
        }
    }

    pub(crate) fn of_service(variable: ServiceVariable<'a>) -> Self {
        match variable.around_unknown_address() {
            None => Value::text(variable.to_value()),
            Some((before, after)) => {
                let service = &variable.service().metadata;
                let unknown = Unknown::ClusterIp {
                    namespace: service.namespace.clone(),
                    name: service.name.clone(),
                };
                Value::around(&before, unknown, &after)
            }
        }
    }

    /// Reports whether all of the value is known.
    #[must_use]
    #[inline]
    pub fn is_known(&self) -> bool {
        self.holes.0.is_none()
    }

    /// Returns the bytes, or `None` if a part of the value is not known.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.is_known().then_some(&self.bytes)
    }

    /// Returns the text, or `None` if a part of the value is not known or the value is not UTF-8.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        core::str::from_utf8(self.as_bytes()?).ok()
    }

    /// Returns the parts of the value in their order. An empty value has none.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> + Clone {
        let mut end = 0;
        let holes = self.holes().iter();
        let before_last = holes.flat_map(move |hole| {
            let known = core::mem::replace(&mut end, hole.end)..hole.start;
            [self.known(known), Some(Part::Unknown(&hole.unknown))]
        });
        let last = self.holes().last().map_or(0, |hole| hole.end)..self.bytes.len();
        before_last.chain([self.known(last)]).flatten()
    }

    /// Returns the unknown parts of the value in their order.
    pub fn unknowns(&self) -> impl Iterator<Item = &Unknown> + Clone {
        self.holes().iter().map(|hole| &*hole.unknown)
    }

    /// Returns the bytes with a placeholder, such as `<clusterIP of default/web>`, in the place of
    /// each unknown part. The bytes of a secret value are included.
    ///
    /// This is for people. [`Unknown`] lists the placeholders. A known value may look like one.
    #[must_use]
    pub fn bytes_with_placeholders(&self) -> &[u8] {
        &self.bytes
    }

    /// Reports whether the value of a Secret or of an env file is part of this one, directly or
    /// through `$(NAME)`.
    ///
    /// Files inserted with [`EnvFiles::insert_public`](crate::container::EnvFiles::insert_public) do
    /// not count. A value that depends on an unknown key of a Secret or file is secret as well. So is
    /// every value of a [`Captured`](crate::inspect::Captured) environment, because its origin is not
    /// known.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.is_secret
    }

    /// Reports whether the known bytes and the unknown parts are the same, secret or not.
    pub(crate) fn is_same_as(&self, other: &Value<'_>) -> bool {
        self.bytes == other.bytes && self.holes == other.holes
    }

    /// Returns the number of bytes, placeholders included.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    fn holes(&self) -> &[Hole] {
        self.holes.0.as_deref().unwrap_or_default()
    }

    fn known(&self, range: Range<usize>) -> Option<Part<'_>> {
        self.bytes.get(range).filter(|known| !known.is_empty()).map(Part::Known)
    }

    /// Returns the bytes, placeholders included.
    pub(crate) fn into_bytes_with_placeholders(self) -> Cow<'a, [u8]> {
        self.bytes
    }

    /// Turns placeholders into known text.
    pub(crate) fn with_placeholders(self) -> Self {
        Value { holes: Holes::default(), ..self }
    }

    /// Replaces the known parts of a value that has bytes of a Secret.
    pub(crate) fn redact(&mut self) {
        if self.has_secret_bytes {
            let (text, holes) = self.with_known_as("[redacted]");
            let bytes = Cow::Owned(text.into_bytes());
            *self = Value { bytes, holes, is_secret: true, has_secret_bytes: true };
        }
    }

    /// Returns the text that has `substitute` in the place of each known part, and its holes.
    fn with_known_as(&self, substitute: &str) -> (String, Holes) {
        let mut text = String::new();
        let mut holes = Vec::new();
        if self.bytes.is_empty() {
            text.push_str(substitute);
        }
        for part in self.parts() {
            match part {
                Part::Known(_) => text.push_str(substitute),
                Part::Unknown(unknown) => {
                    let start = text.len();
                    let _ = write!(text, "{unknown}");
                    holes.push((start, text.len()));
                }
            }
        }
        let moved = self.holes().iter().zip(holes).map(|(hole, (start, end))| Hole {
            start,
            end,
            unknown: Arc::clone(&hole.unknown),
        });
        (text, moved.collect())
    }

    #[inline]
    pub(crate) fn borrowed(&self) -> Value<'_> {
        Value {
            bytes: Cow::Borrowed(&self.bytes),
            holes: self.holes.clone(),
            is_secret: self.is_secret,
            has_secret_bytes: self.has_secret_bytes,
        }
    }
}

/// The empty value.
impl Default for Value<'_> {
    fn default() -> Self {
        Value::plain(Cow::Borrowed(&[]))
    }
}

/// The holes of a text in which values are being put.
#[derive(Default)]
pub(crate) struct ValueBuilder {
    holes: Vec<Hole>,
    is_secret: bool,
    has_secret_bytes: bool,
}

impl ValueBuilder {
    /// Notes that `value` is put at `offset`.
    pub(crate) fn put(&mut self, offset: usize, value: &Value<'_>) {
        self.is_secret |= value.is_secret;
        self.has_secret_bytes |= value.has_secret_bytes;
        self.holes.extend(value.holes().iter().map(|hole| hole.moved(offset)));
    }

    /// Returns the value that has these bytes.
    pub(crate) fn finish(self, bytes: Cow<'_, [u8]>) -> Value<'_> {
        let ValueBuilder { holes, is_secret, has_secret_bytes } = self;
        Value { bytes, holes: holes.into_iter().collect(), is_secret, has_secret_bytes }
    }
}

/// The text for people: placeholders are shown, the known bytes of a value that has bytes of a
/// Secret are not. Always on one line: bytes that are not UTF-8, line feeds and other control
/// characters are escaped.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_secret_bytes {
            return f.write_str(&self.with_known_as("[elided]").0);
        }
        match core::str::from_utf8(&self.bytes) {
            Ok(text) => OneLine(f).write_str(text),
            Err(_) => write!(f, "{}", self.bytes.escape_ascii()),
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_secret_bytes {
            write!(f, "{self}")
        } else {
            write!(f, "\"{}\"", self.bytes.escape_ascii())
        }
    }
}
