//! Timestamps in the service's format.

use std::{
    cmp::Ordering,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A point in time, as the string that the service sent.
///
/// The string is kept unchanged, so an unusual format never fails a response. Timestamps with the
/// same string are equal. They are ordered by time; invalid ones come first.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
/// # use press_api_gen::types::Timestamp;
///
/// let time = Timestamp::from("2020-01-01T18:00:00.000Z");
/// assert_eq!(time, "2020-01-01T18:00:00.000Z");
/// let since_epoch = Duration::from_secs(1_577_901_600);
/// assert_eq!(time.to_system_time(), Some(SystemTime::UNIX_EPOCH + since_epoch));
/// assert!(time < Timestamp::from("2020-01-01T18:00:00-01:00"));
/// assert_eq!(Timestamp::from("yesterday").to_system_time(), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Timestamp(String);

impl Timestamp {
    /// Returns the text that the service sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses the text as RFC 3339. Also accepts an offset without a colon, as in `+0000`, and a
    /// comma before the fraction.
    ///
    /// Returns `None` for any other text, or if the platform's `SystemTime` can't hold the time. A
    /// leap second is the second after it, as in POSIX. Digits beyond nanoseconds are truncated.
    pub fn to_system_time(&self) -> Option<SystemTime> {
        let (seconds, nanoseconds) = self.parse()?;
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let whole =
            if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
        whole?.checked_add(Duration::new(0, nanoseconds))
    }

    /// Parses the text like [`to_system_time`](Self::to_system_time).
    ///
    /// Returns `None` if it isn't a time.
    ///
    /// Requires the `chrono` feature.
    #[cfg(feature = "chrono")]
    #[cfg_attr(docsrs, doc(cfg(feature = "chrono")))]
    pub fn to_utc(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        let (seconds, nanoseconds) = self.parse()?;
        chrono::DateTime::from_timestamp(seconds, nanoseconds)
    }

    /// Returns the seconds since the Unix epoch and the nanoseconds. In a leap second, the
    /// nanoseconds exceed a second.
    fn parse(&self) -> Option<(i64, u32)> {
        let (date_time, rest) = self.0.as_bytes().split_at_checked(19)?;
        let (date, time) = date_time.split_at_checked(10)?;
        let (nanoseconds, zone) = parse_fraction(rest)?;
        let day = parse_date(date)?;
        let second = parse_time(time)?;
        let seconds = day * 86_400 + second - parse_zone(zone)?;
        // A leap second is counted in the nanoseconds.
        match time.ends_with(b":60") {
            true => Some((seconds - 1, nanoseconds + 1_000_000_000)),
            false => Some((seconds, nanoseconds)),
        }
    }
}

/// Parses `2020-01-31` as days since the Unix epoch.
fn parse_date(date: &[u8]) -> Option<i64> {
    let &[_, _, _, _, b'-', _, _, b'-', _, _] = date else { return None };
    let year = number(&date[..4])?;
    let month = number(&date[5..7])?;
    let day = number(&date[8..])?;
    let leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last_day = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap_year => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=last_day).contains(&day) {
        return None;
    }
    // Years start in March here, so the leap day comes last.
    let year = if month > 2 { year } else { year - 1 };
    let month = if month > 2 { month - 3 } else { month + 9 };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(year * 365 + leap_days + (153 * month + 2) / 5 + day - 719_469)
}

/// Parses `T18:00:00` as seconds since midnight.
fn parse_time(time: &[u8]) -> Option<i64> {
    let &[b'T' | b't' | b' ', _, _, b':', _, _, b':', _, _] = time else { return None };
    let hour = number(&time[1..3])?;
    let minute = number(&time[4..6])?;
    let second = number(&time[7..])?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some((hour * 60 + minute) * 60 + second)
}

/// Parses an optional fraction of a second as nanoseconds. Also returns the rest of the text.
fn parse_fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let [b'.' | b',', fraction @ ..] = text else { return Some((0, text)) };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let mut nanoseconds = 0;
    for index in 0..9 {
        let digit = fraction[..digits].get(index).map_or(0, |digit| digit - b'0');
        nanoseconds = nanoseconds * 10 + u32::from(digit);
    }
    Some((nanoseconds, &fraction[digits..]))
}

/// Parses `Z`, `+01:00` or `+0100` as seconds east of UTC.
fn parse_zone(zone: &[u8]) -> Option<i64> {
    let &[sign, h0, h1, ref minutes @ ..] = zone else {
        return matches!(zone, [b'Z' | b'z']).then_some(0);
    };
    let hours = number(&[h0, h1])?;
    let minutes = minutes.strip_prefix(b":").unwrap_or(minutes);
    if minutes.len() != 2 {
        return None;
    }
    let minutes = number(minutes)?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 60 + minutes) * 60;
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

/// Parses decimal digits.
fn number(digits: &[u8]) -> Option<i64> {
    let mut number = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(digit - b'0');
    }
    Some(number)
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parse().cmp(&other.parse()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&str> for Timestamp {
    #[inline]
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

crate::text::text!(
    Timestamp,
    schemars::json_schema!({
        "description": "A point in time as the service wrote it, usually RFC 3339.",
        "type": "string",
    })
);

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn rfc_3339_and_common_variants_are_parsed() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some((0, 0))),
            ("2020-01-01T18:00:00.000Z", Some((1_577_901_600, 0))),
            ("2020-01-01t20:00:00+02:00", Some((1_577_901_600, 0))),
            ("2020-01-01 12:30:00.5-05:30", Some((1_577_901_600, 500_000_000))),
            ("2020-02-29T00:00:00.1234567899z", Some((1_582_934_400, 123_456_789))),
            ("1969-12-31T23:59:59.25Z", Some((-1, 250_000_000))),
            ("2000-02-29T12:00:00-00:00", Some((951_825_600, 0))),
            ("2016-12-31T23:59:60.5Z", Some((1_483_228_799, 1_500_000_000))),
            ("0001-01-01T00:00:00Z", Some((-62_135_596_800, 0))),
            ("0000-01-01T00:00:00+23:59", Some((-62_167_219_200 - 86_340, 0))),
            ("9999-12-31T23:59:59-23:59", Some((253_402_300_799 + 86_340, 0))),
            ("2019-02-29T00:00:00Z", None),
            ("1900-02-29T00:00:00Z", None),
            ("2020-04-31T00:00:00Z", None),
            ("2020-00-01T00:00:00Z", None),
            ("2020-13-01T00:00:00Z", None),
            ("2020-01-00T00:00:00Z", None),
            ("2020-01-01T24:00:00Z", None),
            ("2020-01-01T00:60:00Z", None),
            ("2020-01-01T00:00:61Z", None),
            ("2020-01-01T00:00:00", None),
            ("2020-01-01T00:00:00.Z", None),
            ("2020-01-01T00:00:00.1", None),
            ("2020-01-01T00:00:00+24:00", None),
            ("2020-01-01T00:00:00+00:60", None),
            ("2020-01-01T18:00:00.000+0000", Some((1_577_901_600, 0))),
            ("2020-01-01T20:30:00+0230", Some((1_577_901_600, 0))),
            ("2020-01-01T18:00:00,25Z", Some((1_577_901_600, 250_000_000))),
            ("2020-01-01T00:00:00,Z", None),
            ("2020-01-01T00:00:00+00", None),
            ("2020-01-01T00:00:00+000", None),
            ("2020-01-01T00:00:00+00:0", None),
            ("2020-01-01T00:00:00 0000", None),
            ("2020-01-01T00:00:00Z ", None),
            ("2020-01-01", None),
            ("+020-01-01T00:00:00Z", None),
            ("2020-01-01T00:00:0éZ", None),
            ("2020-01-01T00:00:00Zé", None),
            ("", None),
        ] {
            let time = Timestamp::from(text);
            assert_eq!(time.parse(), expected, "{text}");
            #[cfg(unix)]
            assert_eq!(time.to_system_time().is_some(), expected.is_some(), "{text}");
        }
    }

    #[test]
    fn timestamps_are_ordered_by_time() {
        let mut times = [
            "2020-01-01T00:00:00.5Z",
            "2020-01-01T00:00:00Z",
            "2020-01-01T02:00:00+02:30",
            "odd",
            "",
        ]
        .map(Timestamp::from);
        times.sort();
        assert_eq!(
            times,
            [
                "",
                "odd",
                "2020-01-01T02:00:00+02:30",
                "2020-01-01T00:00:00Z",
                "2020-01-01T00:00:00.5Z"
            ]
        );
    }
}
