//! Quantities, such as `128Mi` and `250m` (Go: `resource.Quantity`).

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// The number of nano-units in a unit. A nano-unit is the precision of a quantity.
const UNIT: i128 = 1_000_000_000;
/// The number of nano-units in a milli-unit.
const MILLI: i128 = 1_000_000;

/// An amount of a resource, such as `128Mi`, `250m` or `1e3` (Go: `resource.Quantity`).
///
/// It keeps the amount in nano-units, rounded away from zero, and the original text. It prints and
/// serializes as that text. Two quantities are equal if their texts are: `1` is not equal to
/// `1000m`. The default is `0`, as in Kubernetes.
///
/// # Numbers
///
/// Documents may have a number instead of a text, such as `cpu: 0.5`. Parsers usually return one as
/// a 64-bit float. A float of 2^53 or more, or of more than 15 digits, is an error, because digits
/// of the text may be lost; put such a number in quotes. Integers of 64 bits are exact, and so are
/// all numbers from serde_json with the feature `arbitrary_precision`.
///
/// # Example
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
    /// The amount in nano-units, saturating at `i128::MAX` of either sign.
    nanos: i128,
    format: Format,
    representation: Representation,
}

/// An error from parsing a [`Quantity`] or from calculating with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// The text is not a quantity.
    #[error(
        "{text:?} is not a quantity (expected a number with an optional suffix n u m k M G T P E \
         Ki Mi Gi Ti Pi Ei or an exponent, such as 128Mi or 250m)"
    )]
    Invalid {
        /// The text.
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
        /// The text of the quantity.
        text: String,
    },
    /// A quantity divided by its divisor is beyond 64 bits. A divisor that rounds to zero leads
    /// there too. The kubelet's arithmetic overflows, like that of
    /// [`OutOfRange`](Self::OutOfRange).
    #[error(
        "quantity {quantity:?} divided by {divisor:?} is beyond 64 bits: the kubelet's arithmetic overflows, which is not modelled"
    )]
    QuotientOutOfRange {
        /// The text of the quantity.
        quantity: String,
        /// The text of the divisor.
        divisor: String,
    },
}

/// The kind of suffix. The canonical form keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Format {
    DecimalSi,
    BinarySi,
    DecimalExponent,
}

/// The type of the amount in Go. The two types round negative amounts differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Representation {
    Int64Amount,
    InfDec,
}

/// A [`QuantityError`] without its text.
enum Problem {
    Invalid,
    OutOfRange,
}

impl Quantity {
    /// Returns the amount in whole units, such as bytes or cores, rounded away from zero (Go:
    /// `Quantity.Value`).
    ///
    /// Go rounds some negative amounts incorrectly, and so does this function. These have more than
    /// 18 digits, are finer than nano-units, or have a binary suffix together with a point or with
    /// about 15 digits. The fraction is dropped and 1 is added: `-0.1Ki` (-102.4) results in -101.
    /// Below -2^63 nano-units they are an error.
    ///
    /// # Errors
    ///
    /// Returns [`QuantityError::OutOfRange`] if the calculation in Go does not fit 64 bits.
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

    /// Returns the amount in thousandths of a unit, rounded like [`value`](Self::value) (Go:
    /// `Quantity.MilliValue`).
    ///
    /// # Errors
    ///
    /// Returns [`QuantityError::OutOfRange`] if the calculation in Go does not fit 64 bits.
    pub fn milli_value(&self) -> Result<i64, QuantityError> {
        self.scaled_value(MILLI)
    }

    /// Reports whether the amount is zero (Go: `Quantity.IsZero`).
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// Returns the quantity rounded away from zero to whole milli-units (Go:
    /// `SetDefaults_ResourceList`).
    ///
    /// The API server rounds limits and requests so. A rounded amount is written in the canonical
    /// form of Kubernetes. All others keep their text, and so do amounts of 10^29 units and more,
    /// which are beyond every calculation.
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

    /// Returns the amount in a unit (Go: `AsScaledInt64`, `scaledValue`).
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
            // Go's `scaledValue` ignores the sign.
            InfDec => 1,
        };
        truncated.checked_add(step)?.try_into().ok()
    }

    /// Parses a quantity (Go: `ParseQuantity`).
    fn parse(text: &str) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::Invalid);
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
            return Err(Problem::OutOfRange);
        }
        let representation = if short && scale >= -9 {
            Representation::Int64Amount
        } else if digits.is_empty() {
            // `inf.Dec` requires a digit, `int64Amount` does not.
            return Err(Problem::Invalid);
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

    /// Parses a quantity in linear time.
    ///
    /// # Errors
    ///
    /// Returns [`QuantityError::Invalid`] if the text is not a quantity, and
    /// [`QuantityError::OutOfRange`] if the exponent does not fit 32 bits.
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        Self::parse(text).map_err(|problem| {
            let text = text.to_owned();
            match problem {
                Problem::Invalid => QuantityError::Invalid { text },
                Problem::OutOfRange => QuantityError::OutOfRange { text },
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

/// Returns the number of digits that Go multiplies by 2^`exponent` in 64 bits.
fn binary_digits(exponent: i32) -> usize {
    let taken = exponent.saturating_mul(3) / 10;
    14_i32.saturating_sub(taken).try_into().unwrap_or(0)
}

/// Returns the format of a suffix and its power of ten, or of two for [`Format::BinarySi`].
fn parse_suffix(suffix: &str) -> Result<(Format, i32), Problem> {
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
            let exponent = suffix.strip_prefix(['e', 'E']).ok_or(Problem::Invalid)?;
            let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(Problem::Invalid);
            }
            // Go truncates an exponent to 32 bits.
            let exponent = exponent.parse().map_err(|_| Problem::OutOfRange)?;
            (DecimalExponent, exponent)
        }
    })
}

/// Returns `digits`, with `point` of them before the decimal point, in nano-units, rounded up.
///
/// Returns `None` beyond 128 bits. `nanos_in_unit` may be up to 2^60 × 10^9.
fn nanos(digits: &str, point: i64, nanos_in_unit: u128) -> Option<u128> {
    // With so many zeros any number overflows or vanishes.
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

    // From the right: the sum of the digits above the current one, and whether there is a rest.
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

/// Returns the canonical form of an amount that is not zero (Go: `CanonicalizeBytes`).
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

/// Divides `number` by `base` as often as possible. Returns the quotient and the count.
fn without_factors(mut number: i128, base: i128) -> (i128, usize) {
    let mut count = 0_usize;
    while number != 0 && number.checked_rem(base) == Some(0) {
        number = number.checked_div(base).unwrap_or(number);
        count = count.saturating_add(1);
    }
    (number, count)
}

#[cfg(feature = "serde")]
mod of_serde {
    use alloc::string::{String, ToString};

    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Serialize, Serializer};

    use super::Quantity;
    use crate::api::wire::{self, Place, Rejected, Scalar};

    /// Writes the original text.
    impl Serialize for Quantity {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(&self.text)
        }
    }

    /// Reads a string, without blanks around it, a number, or null, which is `0` (Go:
    /// `Quantity.UnmarshalJSON`).
    impl<'de> Deserialize<'de> for Quantity {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            wire::read(deserializer)
        }
    }

    impl Place for Quantity {
        fn blank() -> Self {
            Quantity::default()
        }

        fn expected(&mut self) -> &'static str {
            "a quantity such as 128Mi or 250m"
        }

        fn set(&mut self, scalar: &Scalar<'_>) -> Result<(), Rejected> {
            let number;
            let text = match scalar {
                Scalar::Null => return Ok(()),
                Scalar::Bool(_) => return Err(Rejected::Type),
                Scalar::Text(text) => text.trim(),
                Scalar::Number(digits) => digits,
                Scalar::Signed(signed) => {
                    number = signed.to_string();
                    &number
                }
                Scalar::Unsigned(unsigned) => {
                    number = unsigned.to_string();
                    &number
                }
                Scalar::Float(float) => {
                    number = exact_text(*float).ok_or(Rejected::ValueExcept(
                        "a number of at most 15 digits, or a quantity in quotes",
                    ))?;
                    &number
                }
            };
            *self = text.parse().map_err(|_| Rejected::Value)?;
            Ok(())
        }
    }

    /// Returns the text of a number, unless digits may have been lost on the way to a float.
    fn exact_text(number: f64) -> Option<String> {
        const LARGEST_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

        let text = number.to_string();
        let digits = text.trim_start_matches(['-', '0', '.']).trim_end_matches(['0', '.']);
        let count = digits.bytes().filter(u8::is_ascii_digit).count();
        (number.abs() < LARGEST_EXACT_INTEGER && count <= 15).then_some(text)
    }
}
