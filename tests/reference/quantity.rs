//! Quantities, compared with a second implementation on strings of decimal digits.

use kubelet_env::api::{Quantity, QuantityError};
use kubelet_env::container::{Resource, resource_value};

/// Checks an input of the form `quantity\ndivisor`.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (quantity, divisor) = text.split_once('\n').unwrap_or((text, "1"));
    let Some(quantity) = check_one(quantity) else {
        return;
    };
    let Some(divisor) = check_one(divisor) else {
        return;
    };
    for resource in [Resource::Cpu, Resource::Memory] {
        check_quotient(&resource, &quantity, &divisor);
    }
}

fn check_one(text: &str) -> Option<Quantity> {
    let parsed = text.parse::<Quantity>();
    match (&parsed, Reference::parse(text)) {
        (Err(QuantityError::Invalid { text: kept }), None) => assert_eq!(kept, text),
        (Err(QuantityError::OutOfRange { .. }), Some(reference)) => {
            assert!(reference.exponent_too_large(), "{text:?} refused");
        }
        (Ok(quantity), Some(reference)) => {
            assert!(!reference.exponent_too_large(), "{text:?} accepted");
            assert_eq!(quantity.to_string(), text);
            assert_eq!(quantity.is_zero(), reference.is_zero(), "{text:?} zero");
            assert_eq!(quantity.value().ok(), reference.scaled(0), "{text:?}");
            let milli = reference.scaled(3);
            assert_eq!(quantity.milli_value().ok(), milli, "{text:?} milli");
            check_rounded(quantity, &reference);
        }
        (parsed, reference) => panic!("{text:?}: {parsed:?}, but {}", reference.is_some()),
    }
    parsed.ok()
}

fn check_rounded(quantity: &Quantity, reference: &Reference) {
    let rounded = quantity.rounded_to_milli();
    let text = rounded.to_string();
    assert_eq!(text.parse().as_ref(), Ok(&rounded), "{quantity} reads back");
    assert_eq!(rounded.rounded_to_milli(), rounded, "{quantity} twice");
    assert_eq!(rounded.is_zero(), quantity.is_zero());
    let again = Reference::parse(&text).expect("the rounded text parses");
    if !reference.capped() && reference.magnitude(9).0.len() < 38 {
        assert_eq!(again.away_from_zero(3), reference.away_from_zero(3));
    }
    if !reference.negative {
        assert_eq!(rounded.value().ok(), quantity.value().ok(), "{quantity}");
        let milli = quantity.milli_value().ok();
        assert_eq!(rounded.milli_value().ok(), milli, "{quantity} milli");
    }
    if rounded != *quantity {
        let mantissa = text.trim_start_matches('-');
        let digits = mantissa.trim_start_matches(|c: char| c.is_ascii_digit());
        assert!(!digits.starts_with('.') && !mantissa.starts_with('0'));
        if digits.ends_with('i') {
            let number: i128 = text[..text.len() - digits.len()].parse().unwrap();
            assert!(number % 1024 != 0 || digits == "Ei", "{text} is canonical");
        } else {
            let number = &mantissa[..mantissa.len() - digits.len()];
            assert!(!number.ends_with("000"), "{text} is canonical");
        }
    }
}

fn check_quotient(resource: &Resource, quantity: &Quantity, divisor: &Quantity) {
    let scaled = |quantity: &Quantity| match resource {
        Resource::Cpu => quantity.milli_value(),
        _ => quantity.value(),
    };
    let one = "1".parse().unwrap();
    let used = if divisor.is_zero() { &one } else { divisor };
    let expected = match (scaled(quantity), scaled(used)) {
        (Ok(quantity), Ok(divisor)) => {
            let quotient = (quantity as f64 / divisor as f64).ceil();
            ((-2f64).powi(63) <= quotient && quotient < 2f64.powi(63)).then_some(quotient as i64)
        }
        _ => None,
    };
    let actual = resource_value(resource, quantity, Some(divisor));
    assert_eq!(actual.ok(), expected, "{quantity} by {divisor}");
    if divisor.is_zero() {
        let undivided = resource_value(resource, quantity, None);
        assert_eq!(undivided.ok(), expected, "{quantity} undivided");
    }
}

/// `mantissa` × 2^`twos` × 10^`tens`.
struct Reference {
    negative: bool,
    mantissa: String,
    twos: u32,
    tens: i128,
    exponent: i128,
    /// Reports whether Go keeps the amount as an `int64Amount`.
    short: bool,
}

impl Reference {
    fn parse(text: &str) -> Option<Self> {
        let numeral = |c: char| c == '.' || c.is_ascii_digit();
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let suffix = unsigned.trim_start_matches(numeral);
        let number = unsigned.strip_suffix(suffix)?;
        let point = number.find('.').unwrap_or(number.len());
        let (whole, fraction) = (&number[..point], number.get(point + 1..).unwrap_or(""));
        if text.is_empty() || fraction.contains('.') {
            return None;
        }

        let binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
        let decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
        let position = |suffixes: &[&str]| suffixes.iter().position(|s| *s == suffix);
        let (twos, exponent) = if let Some(index) = position(&binary) {
            (10 * (index as u32 + 1), 0)
        } else if let Some(index) = position(&decimal) {
            (0, 3 * (index as i128 - 3))
        } else {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || digits.contains(|c: char| !c.is_ascii_digit()) {
                return None;
            }
            let digits = digits.trim_start_matches('0');
            let value = format!("0{digits}").parse().unwrap_or(i128::MAX);
            let negative = exponent.starts_with('-');
            (0, if negative { -value } else { value })
        };

        let count = whole.trim_start_matches('0').len().max(1) + fraction.len();
        let tens = exponent.saturating_sub(fraction.len() as i128);
        let short = match twos {
            0 => count <= 18 && tens >= -9,
            10 => fraction.is_empty() && count <= 11,
            20 => fraction.is_empty() && count <= 8,
            30 => fraction.is_empty() && count <= 5,
            40 => fraction.is_empty() && count <= 2,
            _ => false,
        };
        if !short && whole.is_empty() && fraction.is_empty() && exponent.abs() < 1 << 31 {
            return None;
        }
        Some(Self {
            negative: text.starts_with('-'),
            mantissa: format!("{whole}{fraction}"),
            twos,
            tens,
            exponent,
            short,
        })
    }

    fn exponent_too_large(&self) -> bool {
        let fits = |number| i32::try_from(number).is_ok();
        let least = i128::from(i32::MIN);
        !fits(self.exponent) || (self.twos == 0 && self.tens <= least)
    }

    fn is_zero(&self) -> bool {
        self.mantissa.bytes().all(|digit| digit == b'0')
    }

    /// Returns the digits of the magnitude × 10^`scale` without its fraction, and whether that is
    /// exact.
    fn magnitude(&self, scale: i128) -> (String, bool) {
        let mut number = self.mantissa.trim_start_matches('0').to_owned();
        for _ in 0..self.twos {
            number = double(&number);
        }
        // More zeros than these exceed every limit anyway.
        match self.tens + scale {
            _ if number.is_empty() => {}
            shift @ 0.. => number.extend(std::iter::repeat_n('0', shift.min(100) as usize)),
            shift => {
                let kept = number.len().saturating_sub(shift.unsigned_abs() as usize);
                let exact = number[kept..].bytes().all(|digit| digit == b'0');
                number.truncate(kept);
                return (number, exact);
            }
        }
        (number, true)
    }

    fn away_from_zero(&self, scale: i128) -> String {
        match self.magnitude(scale) {
            (number, true) => number,
            (number, false) => increment(&number),
        }
    }

    /// Reports whether the parser caps the amount at the largest 64-bit number.
    fn capped(&self) -> bool {
        let beyond = |nanos| nanos > i128::from(i64::MAX) * 1_000_000_000;
        self.twos > 0 && integer(&self.away_from_zero(9)).is_none_or(beyond)
    }

    fn scaled(&self, scale: i128) -> Option<i64> {
        if self.capped() {
            let fits = !self.negative && scale == 0;
            return fits.then_some(i64::MAX);
        }
        if !self.negative || self.short {
            let magnitude = integer(&self.away_from_zero(scale))?;
            let sign = if self.negative { -1 } else { 1 };
            return (sign * magnitude).try_into().ok();
        }
        let nanos = -integer(&self.away_from_zero(9))?;
        i64::try_from(nanos).ok()?;
        let unit = 10_i128.pow((9 - scale) as u32);
        let step = i128::from(nanos % unit != 0);
        (nanos / unit + step).try_into().ok()
    }
}

fn integer(digits: &str) -> Option<i128> {
    format!("0{digits}").parse().ok()
}

fn double(digits: &str) -> String {
    let mut carry = 0;
    let mut result = Vec::with_capacity(digits.len() + 1);
    for digit in digits.bytes().rev() {
        let value = (digit - b'0') * 2 + carry;
        result.push(b'0' + value % 10);
        carry = value / 10;
    }
    if carry > 0 {
        result.push(b'0' + carry);
    }
    result.reverse();
    String::from_utf8(result).unwrap()
}

fn increment(digits: &str) -> String {
    let kept = digits.trim_end_matches('9');
    let zeros = "0".repeat(digits.len() - kept.len());
    match kept.as_bytes().split_last() {
        None => format!("1{zeros}"),
        Some((last, rest)) => {
            let rest = std::str::from_utf8(rest).unwrap();
            format!("{rest}{}{zeros}", char::from(last + 1))
        }
    }
}
