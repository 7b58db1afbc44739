//! Quantities, such as `128Mi` and `250m` (Go: `resource.Quantity`).

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// Nano-units in a unit: the finest amount that a quantity keeps.
const UNIT: i128 = 1_000_000_000;
/// Nano-units in a milli-unit.
const MILLI: i128 = 1_000_000;

/// An amount of a resource as Kubernetes writes it, such as `128Mi`, `250m` or `1e3`.
///
/// It has the exact amount, down to nano-units and rounded away from zero below them, and the text
/// it was read from. It prints and serializes as that text, and two quantities are equal only if
/// their texts are: `1` is not `1000m`. The default is `0`, which is also what Kubernetes takes an
/// absent quantity for.
///
/// Mirrors `resource.Quantity` of `k8s.io/apimachinery`.
///
/// ```
/// # use kubelet_env::api::Quantity;
/// let memory: Quantity = "1.5Ki".parse()?;
/// assert_eq!(memory.value()?, 1536);
/// assert_eq!(memory.to_string(), "1.5Ki");
/// # Ok::<(), kubelet_env::api::QuantityError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Quantity {
    text: String,
    /// The amount in nano-units; `i128::MAX` of either sign stands for whatever is beyond.
    nanos: i128,
    format: Format,
    representation: Representation,
}

/// Why a text is not a quantity, or what the kubelet cannot calculate with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// The text is not of a quantity's form.
    #[error(
        "{text:?} is not a quantity: expected digits, which may have a sign, a point and one of \
         n u m k M G T P E Ki Mi Gi Ti Pi Ei or an exponent, such as 128Mi or 250m"
    )]
    Invalid {
        /// The text as it was given.
        text: String,
    },
    /// The exponent, or the value in the unit asked for, is beyond 64 bits (32 for an exponent).
    ///
    /// The kubelet does not reject it: its own arithmetic overflows, and it continues with a wrong
    /// number. This crate does not model the overflow, which Kubernetes 1.38 replaces by
    /// saturation.
    #[error(
        "quantity {text:?} is beyond 64 bits (32 for an exponent): the kubelet's arithmetic overflows, which is not modelled"
    )]
    OutOfRange {
        /// The quantity as it was written.
        text: String,
    },
    /// A quantity divided by its divisor is beyond 64 bits. A divisor that rounds to zero leads
    /// there too. The kubelet's arithmetic overflows, like that of
    /// [`OutOfRange`](Self::OutOfRange).
    #[error(
        "quantity {quantity:?} divided by {divisor:?} is beyond 64 bits: the kubelet's arithmetic overflows, which is not modelled"
    )]
    QuotientOutOfRange {
        /// The quantity as it was written.
        quantity: String,
        /// The divisor as it was written.
        divisor: String,
    },
}

/// The kind of suffix, which the canonical form keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Format {
    DecimalSi,
    BinarySi,
    DecimalExponent,
}

/// What Go keeps the amount in. The two round negative amounts differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Representation {
    Int64Amount,
    InfDec,
}

/// [`QuantityError`] without its text.
enum ComposeErrorKind {
    Invalid,
    OutOfRange,
}

impl Quantity {
    /// The amount in whole units (bytes, cores, …), a fraction rounded away from zero.
    ///
    /// Some amounts below zero Go gets wrong, and so does this: those written with more than 18
    /// digits, finer than nano, or with a binary suffix and either a point or about 15 digits of
    /// value. Their fraction is dropped and 1 added, so that `-0.1Ki` (-102.4) gives -101, and they
    /// are refused below -2^63 nano-units.
    ///
    /// Mirrors `Quantity.Value`.
    ///
    /// # Errors
    ///
    /// [`QuantityError::OutOfRange`] if Go's calculation would leave 64 bits.
    ///
    /// ```
    /// # use kubelet_env::api::Quantity;
    /// assert_eq!("100m".parse::<Quantity>()?.value()?, 1);
    /// assert!("10E".parse::<Quantity>()?.value().is_err());
    /// # Ok::<(), kubelet_env::api::QuantityError>(())
    /// ```
    pub fn value(&self) -> Result<i64, QuantityError> {
        self.scaled_value(UNIT)
    }

    /// The amount in thousandths of a unit, rounded as [`value`](Self::value) does.
    ///
    /// Mirrors `Quantity.MilliValue`.
    ///
    /// # Errors
    ///
    /// [`QuantityError::OutOfRange`] if Go's calculation would leave 64 bits.
    pub fn milli_value(&self) -> Result<i64, QuantityError> {
        self.scaled_value(MILLI)
    }

    /// Whether the amount is zero, however it is written.
    ///
    /// Mirrors `Quantity.IsZero`.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// The quantity rounded away from zero to whole milli-units, as the API server does it to
    /// limits and requests.
    ///
    /// An amount finer than milli is written anew, in Kubernetes' canonical form. Any other keeps
    /// its text, as do those beyond 10^29 units, with which nothing can be calculated anyway.
    ///
    /// Mirrors `SetDefaults_ResourceList`, `Quantity.RoundUp` and `Quantity.String`.
    ///
    /// ```
    /// # use kubelet_env::api::Quantity;
    /// let cpu: Quantity = "1.0001".parse()?;
    /// assert_eq!(cpu.rounded_to_milli().to_string(), "1001m");
    /// # Ok::<(), kubelet_env::api::QuantityError>(())
    /// ```
    #[must_use]
    pub fn rounded_to_milli(&self) -> Self {
        let rest = self.nanos % MILLI;
        if rest == 0 {
            return self.clone();
        }
        self.nanos
            .saturating_sub(rest)
            .checked_add(rest.signum().saturating_mul(MILLI))
            .and_then(|nanos| canonical(nanos, self.format).parse().ok())
            .unwrap_or_else(|| self.clone())
    }

    /// Returns the canonical form (Go: `Quantity.String`).
    pub(crate) fn canonical_text(&self) -> String {
        canonical(self.nanos, self.format)
    }

    fn scaled_value(&self, nanos_in_unit: i128) -> Result<i64, QuantityError> {
        self.checked_scaled_value(nanos_in_unit)
            .ok_or_else(|| QuantityError::OutOfRange { text: self.text.clone() })
    }

    /// Mirrors `AsScaledInt64` and `scaledValue`.
    fn checked_scaled_value(&self, nanos_in_unit: i128) -> Option<i64> {
        use Representation::{InfDec, Int64Amount};

        // Go wraps these to 64 bits before it scales them, but only negative ones.
        if self.representation == InfDec && self.nanos < i64::MIN.into() {
            return None;
        }
        let truncated = self.nanos.checked_div(nanos_in_unit)?;
        let step = match self.representation {
            _ if self.nanos.checked_rem(nanos_in_unit)? == 0 => 0,
            Int64Amount => self.nanos.signum(),
            // Go's `scaledValue` takes no notice of the sign.
            InfDec => 1,
        };
        truncated.checked_add(step)?.try_into().ok()
    }

    /// Mirrors `ParseQuantity`.
    fn parse(text: &str) -> Result<Self, ComposeErrorKind> {
        if text.is_empty() {
            return Err(ComposeErrorKind::Invalid);
        }
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, rest) = split_digits(unsigned);
        let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), split_digits);
        let (mut format, exponent) = parse_suffix(suffix)?;

        let digits = [whole, fraction].concat();
        let significant = whole.trim_start_matches('0').len().max(1);
        let (point_shift, nanos_in_unit, scale, short) = match format {
            Format::BinarySi => (
                0,
                UNIT.unsigned_abs().saturating_mul(1 << exponent),
                0,
                fraction.is_empty() && significant <= binary_digits(exponent),
            ),
            Format::DecimalSi | Format::DecimalExponent => (
                exponent,
                UNIT.unsigned_abs(),
                i64::from(exponent).saturating_sub_unsigned(length(fraction)),
                significant.saturating_add(fraction.len()) <= 18,
            ),
        };
        // Go counts in 32 bits here, and negates.
        if scale <= i64::from(i32::MIN) {
            return Err(ComposeErrorKind::OutOfRange);
        }
        let representation = if short && scale >= -9 {
            Representation::Int64Amount
        } else if digits.is_empty() {
            // `inf.Dec` wants a digit, `int64Amount` does not.
            return Err(ComposeErrorKind::Invalid);
        } else {
            Representation::InfDec
        };

        let point = i64::from(point_shift).saturating_add_unsigned(length(whole));
        let mut nanos = nanos(&digits, point, nanos_in_unit)
            .and_then(|nanos| i128::try_from(nanos).ok())
            .unwrap_or(i128::MAX);
        if format == Format::BinarySi {
            // The parser caps only these.
            nanos = nanos.min(UNIT.saturating_mul(i64::MAX.into()));
            if (1..UNIT).contains(&nanos) {
                format = Format::DecimalSi;
            }
        }
        if text.starts_with('-') {
            nanos = nanos.saturating_neg();
        }
        Ok(Self { text: text.to_owned(), nanos, format, representation })
    }
}

impl Default for Quantity {
    fn default() -> Self {
        Self {
            text: "0".to_owned(),
            nanos: 0,
            format: Format::DecimalSi,
            representation: Representation::Int64Amount,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    /// Takes linear time, whatever the exponent.
    ///
    /// # Errors
    ///
    /// [`QuantityError::Invalid`] if it is not of a quantity's form, [`QuantityError::OutOfRange`] if its
    /// exponent leaves 32 bits.
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        Self::parse(text).map_err(|refusal| {
            let text = text.to_owned();
            match refusal {
                ComposeErrorKind::Invalid => QuantityError::Invalid { text },
                ComposeErrorKind::OutOfRange => QuantityError::OutOfRange { text },
            }
        })
    }
}

impl TryFrom<&str> for Quantity {
    type Error = QuantityError;

    fn try_from(text: &str) -> Result<Self, QuantityError> {
        text.parse()
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn length(digits: &str) -> u64 {
    digits.len().try_into().unwrap_or(u64::MAX)
}

/// How many digits Go multiplies by two to the power of `exponent` in 64 bits.
fn binary_digits(exponent: i32) -> usize {
    let taken = exponent.saturating_mul(3) / 10;
    14_i32.saturating_sub(taken).try_into().unwrap_or(0)
}

/// The power of ten (of two, for [`Format::BinarySi`]) that a suffix stands for.
fn parse_suffix(suffix: &str) -> Result<(Format, i32), ComposeErrorKind> {
    use Format::{BinarySi, DecimalExponent, DecimalSi};
    Ok(match suffix {
        "n" => (DecimalSi, -9),
        "u" => (DecimalSi, -6),
        "m" => (DecimalSi, -3),
        "" => (DecimalSi, 0),
        "k" => (DecimalSi, 3),
        "M" => (DecimalSi, 6),
        "G" => (DecimalSi, 9),
        "T" => (DecimalSi, 12),
        "P" => (DecimalSi, 15),
        "E" => (DecimalSi, 18),
        "Ki" => (BinarySi, 10),
        "Mi" => (BinarySi, 20),
        "Gi" => (BinarySi, 30),
        "Ti" => (BinarySi, 40),
        "Pi" => (BinarySi, 50),
        "Ei" => (BinarySi, 60),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E']).ok_or(ComposeErrorKind::Invalid)?;
            let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(ComposeErrorKind::Invalid);
            }
            // Go cuts an exponent to 32 bits.
            let exponent = exponent.parse().map_err(|_| ComposeErrorKind::OutOfRange)?;
            (DecimalExponent, exponent)
        }
    })
}

/// The number `digits`, of which `point` come before the decimal point, in nano-units, rounded up;
/// `None` beyond 128 bits. A `nanos_in_unit` up to 2^60 × 10^9 cannot overflow inside.
fn nanos(digits: &str, point: i64, nanos_in_unit: u128) -> Option<u128> {
    // As many zeros overflow, or leave nothing, whatever they stand beside.
    const ZEROS: u64 = 40;
    let padding = |zeros: i64| 0..u64::try_from(zeros).unwrap_or(0).min(ZEROS);
    let value = |digit: u8| u128::from(digit.wrapping_sub(b'0'));

    let total = i64::try_from(digits.len()).ok()?;
    let (whole, fraction) = digits.split_at(point.clamp(0, total).try_into().ok()?);

    let mut units = 0_u128;
    for digit in whole.bytes().map(value) {
        units = units.checked_mul(10)?.checked_add(digit)?;
    }
    for _ in padding(point.saturating_sub(total)) {
        units = units.checked_mul(10)?;
    }

    // From the right, what each digit has above its own place, and whether anything is below.
    let mut above = 0_u128;
    let mut below = false;
    let zeros = padding(point.saturating_neg()).map(|_| 0);
    for digit in fraction.bytes().rev().map(value).chain(zeros) {
        above = above.saturating_add(digit.saturating_mul(nanos_in_unit));
        below |= !above.is_multiple_of(10);
        above /= 10;
    }

    units.checked_mul(nanos_in_unit)?.checked_add(above)?.checked_add(below.into())
}

/// The canonical form of an amount that is not zero. Mirrors `CanonicalizeBytes`.
fn canonical(nanos: i128, format: Format) -> String {
    const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

    let units = nanos / UNIT;
    if format == Format::BinarySi && nanos % UNIT == 0 && units.unsigned_abs() >= 1024 {
        let (mantissa, power) = without_factors(units, 1024);
        let suffix = BINARY.get(power).copied().unwrap_or_default();
        return format!("{mantissa}{suffix}");
    }
    let (mantissa, power) = without_factors(nanos, 1000);
    match DECIMAL.get(power) {
        Some(&"") => format!("{mantissa}"),
        Some(suffix) if format != Format::DecimalExponent => format!("{mantissa}{suffix}"),
        _ => {
            let exponent = i64::try_from(power).unwrap_or(i64::MAX);
            let exponent = exponent.saturating_mul(3).saturating_sub(9);
            format!("{mantissa}e{exponent}")
        }
    }
}

/// `number` without its factors of `base`, and how many these are.
fn without_factors(mut number: i128, base: i128) -> (i128, usize) {
    let mut count = 0_usize;
    while number != 0 && number.checked_rem(base) == Some(0) {
        number = number.checked_div(base).unwrap_or(number);
        count = count.saturating_add(1);
    }
    (number, count)
}

#[cfg(feature = "serde")]
mod serde {
    use super::Quantity;
    use alloc::string::ToString;
    use core::fmt;
    use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
    use serde::ser::{Serialize, Serializer};

    /// Writes the text as it was read.
    impl Serialize for Quantity {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(&self.text)
        }
    }

    /// Reads what `Quantity.UnmarshalJSON` does: a string, blanks around it dropped, a number, or
    /// null, which is `0`.
    impl<'de> Deserialize<'de> for Quantity {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(QuantityVisitor)
        }
    }

    struct QuantityVisitor;

    impl Visitor<'_> for QuantityVisitor {
        type Value = Quantity;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a quantity such as 128Mi or 250m")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
            text.trim().parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Quantity, E> {
            number
                .to_string()
                .parse()
                .map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Quantity, E> {
            number
                .to_string()
                .parse()
                .map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<Quantity, E> {
            number
                .to_string()
                .parse()
                .map_err(|_| E::invalid_value(Unexpected::Float(number), &self))
        }

        fn visit_unit<E: Error>(self) -> Result<Quantity, E> {
            Ok(Quantity::default())
        }
    }
}
