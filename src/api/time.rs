//! Timestamps (Go: `metav1.Time`).

use core::fmt;
use core::str::FromStr;

use alloc::string::String;

/// A timestamp in RFC 3339, such as `2026-11-22T09:30:00Z` (Go: `metav1.Time`).
///
/// The text may have any offset and fractions of a second. The precision is a nanosecond. `Display`
/// prints UTC.
///
/// ```
/// use kubelet_env::api::Timestamp;
///
/// let created: Timestamp = "2026-11-22T10:30:00+01:00".parse()?;
/// assert_eq!(created.to_string(), "2026-11-22T09:30:00Z");
/// # Ok::<(), kubelet_env::api::TimestampError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    seconds: i64,
    /// Nanoseconds since the second.
    nanoseconds: u32,
}

/// An error from parsing a [`Timestamp`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a time in RFC 3339, such as 2026-11-22T09:30:00Z")]
#[non_exhaustive]
pub struct TimestampError {
    /// The text.
    pub found: String,
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Parses a timestamp.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not in RFC 3339, or if the year in UTC is not from 0 to 9999.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        read(text.as_bytes()).ok_or_else(|| TimestampError { found: text.into() })
    }
}

const SECONDS_OF_A_DAY: i64 = 86_400;

fn read(text: &[u8]) -> Option<Timestamp> {
    let (date_and_time, rest) = text.split_at_checked("2026-11-22T09:30:00".len())?;
    let number = |from: usize, to: usize| digits(date_and_time.get(from..to)?);
    let punctuated = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if punctuated.iter().any(|&(at, byte)| date_and_time.get(at) != Some(&byte)) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=days_of_month(year, month)).contains(&day) {
        return None;
    }
    let of_day = seconds_of_day(hour, minute, second)?;

    let (nanoseconds, zone) = match rest {
        [b'.' | b',', fraction @ ..] => {
            let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (fraction, zone) = fraction.split_at_checked(length)?;
            (nanoseconds(fraction)?, zone)
        }
        zone => (0, zone),
    };
    let offset = match zone {
        [b'Z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let east = seconds_of_day(digits(&[*h1, *h2])?, digits(&[*m1, *m2])?, 0)?;
            if *sign == b'-' { east.checked_neg()? } else { east }
        }
        _ => return None,
    };
    let midnight = days_since_1970(year, month, day)?.checked_mul(SECONDS_OF_A_DAY)?;
    let seconds = midnight.checked_add(of_day)?.checked_sub(offset)?;
    // An offset may lead to a year that cannot be written.
    let (year, ..) = date(seconds.div_euclid(SECONDS_OF_A_DAY));
    (0..=9_999).contains(&year).then_some(Timestamp { seconds, nanoseconds })
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0_i64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))?;
        number.checked_mul(10)?.checked_add(digit.into())
    })
}

/// Parses the first nine digits of a fraction. Further digits are ignored, as in Go.
fn nanoseconds(fraction: &[u8]) -> Option<u32> {
    if fraction.is_empty() {
        return None;
    }
    let digits_then_zeros = fraction.iter().copied().chain(core::iter::repeat(b'0'));
    digits_then_zeros.take(9).try_fold(0_u32, |number, byte| {
        number.checked_mul(10)?.checked_add(byte.wrapping_sub(b'0').into())
    })
}

fn seconds_of_day(hour: i64, minute: i64, second: i64) -> Option<i64> {
    let in_range = hour < 24 && minute < 60 && second < 60;
    let minutes = hour.checked_mul(60)?.checked_add(minute)?;
    in_range.then_some(minutes.checked_mul(60)?.checked_add(second)?)
}

const fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

const fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

const DAYS_OF_400_YEARS: i64 = 146_097;

/// Returns the number of days since 1970-01-01.
///
/// It counts years from March, so that a leap day is the last of its year, and eras of 400 years,
/// after which the calendar repeats.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let march_year = if month <= 2 { year.checked_sub(1)? } else { year };
    let (era, year_of_era) = (march_year.div_euclid(400), march_year.rem_euclid(400));
    let month_from_march = month.checked_add(9)?.rem_euclid(12);
    let day_of_year = month_from_march
        .checked_mul(153)?
        .checked_add(2)?
        .div_euclid(5)
        .checked_add(day)?
        .checked_sub(1)?;
    let leap_days = year_of_era.div_euclid(4).checked_sub(year_of_era.div_euclid(100))?;
    let day_of_era =
        year_of_era.checked_mul(365)?.checked_add(leap_days)?.checked_add(day_of_year)?;
    era.checked_mul(DAYS_OF_400_YEARS)?.checked_add(day_of_era)?.checked_sub(DAYS_UNTIL_1970)
}

/// The number of days from 0000-03-01 to 1970-01-01.
const DAYS_UNTIL_1970: i64 = 719_468;

/// The inverse of [`days_since_1970`].
fn date(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(DAYS_UNTIL_1970);
    let (era, day_of_era) =
        (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
    // Removes the leap days before the division by 365.
    let year_of_era = day_of_era
        .saturating_sub(day_of_era.div_euclid(1_460))
        .saturating_add(day_of_era.div_euclid(36_524))
        .saturating_sub(day_of_era.div_euclid(146_096))
        .div_euclid(365);
    let before_year = year_of_era
        .saturating_mul(365)
        .saturating_add(year_of_era.div_euclid(4))
        .saturating_sub(year_of_era.div_euclid(100));
    let day_of_year = day_of_era.saturating_sub(before_year);
    let month_from_march = day_of_year.saturating_mul(5).saturating_add(2).div_euclid(153);
    let before_month = month_from_march.saturating_mul(153).saturating_add(2).div_euclid(5);
    let day = day_of_year.saturating_sub(before_month).saturating_add(1);
    let month = month_from_march.saturating_add(2).rem_euclid(12).saturating_add(1);
    let march_year = era.saturating_mul(400).saturating_add(year_of_era);
    let year = if month <= 2 { march_year.saturating_add(1) } else { march_year };
    (year, month, day)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.seconds.div_euclid(SECONDS_OF_A_DAY));
        let of_day = self.seconds.rem_euclid(SECONDS_OF_A_DAY);
        let (hour, minute, second) =
            (of_day.div_euclid(3_600), of_day.div_euclid(60).rem_euclid(60), of_day.rem_euclid(60));
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nanoseconds != 0 {
            let mut fraction = self.nanoseconds;
            let mut width = 9_usize;
            while fraction.is_multiple_of(10) {
                fraction = fraction.div_euclid(10);
                width = width.saturating_sub(1);
            }
            write!(f, ".{fraction:0width$}")?;
        }
        f.write_str("Z")
    }
}

#[cfg(feature = "serde")]
mod of_serde {
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Serialize, Serializer};

    use super::Timestamp;
    use crate::api::wire::{self, Place, Rejected, Scalar};

    impl Serialize for Timestamp {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl Place for Timestamp {
        fn blank() -> Self {
            Timestamp { seconds: 0, nanoseconds: 0 }
        }

        fn expected(&mut self) -> &'static str {
            "a time in RFC 3339, such as 2026-11-22T09:30:00Z"
        }

        fn set(&mut self, scalar: &Scalar<'_>) -> Result<(), Rejected> {
            let Scalar::Text(text) = scalar else { return Err(Rejected::Type) };
            *self = text.parse().map_err(|_| Rejected::Value)?;
            Ok(())
        }
    }

    impl<'de> Deserialize<'de> for Timestamp {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            wire::read(deserializer)
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn counts_from_1970() {
        assert_eq!(time("1970-01-01T00:00:00Z").seconds, 0);
        assert_eq!(time("2000-02-29T12:34:56Z").seconds, 951_827_696);
        assert_eq!(
            time("1969-12-31T23:59:59.5Z"),
            Timestamp { seconds: -1, nanoseconds: 500_000_000 }
        );
    }

    #[test]
    fn offsets_denote_the_same_time() {
        assert_eq!(time("2026-11-22T09:30:00Z"), time("2026-11-22T15:00:00+05:30"));
        assert_eq!(time("2026-11-22T09:30:00Z"), time("2026-11-21T23:30:00-10:00"));
        assert!(time("2026-11-22T09:30:00Z") < time("2026-11-22T09:30:00.000000001Z"));
    }

    #[test]
    fn every_day_round_trips() {
        for days in (-719_528..2_932_897).step_by(17) {
            let time_of_day =
                Timestamp { seconds: days * SECONDS_OF_A_DAY + 3_661, nanoseconds: 120 };
            assert_eq!(time(&time_of_day.to_string()), time_of_day);
        }
        assert_eq!(
            time("2024-02-29T01:02:03.12345678999Z").to_string(),
            "2024-02-29T01:02:03.123456789Z"
        );
    }

    #[test]
    fn rejects_invalid_timestamps() {
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T09:30:00",
            "2026-11-22 09:30:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-11-00T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T00:60:00Z",
            "2026-11-22T00:00:60Z",
            "2026-11-22T09:30:00.Z",
            "2026-11-22T09:30:00+1:00",
            "2026-11-22T09:30:00+24:00",
            "2026-11-22T09:30:00Zz",
            "+026-11-22T09:30:00Z",
            "0000-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "2026-11-22T09:30:00é",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
