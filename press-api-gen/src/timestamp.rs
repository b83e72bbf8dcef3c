//! Times as the service writes them.

use std::{
    cmp::Ordering,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A point in time, in the text that the service sent.
///
/// The text is kept as it came, so that an unusual one never fails the response that holds it.
/// Timestamps are equal if their texts are. They are ordered by time; a text that isn't a time
/// comes before all times.
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

    /// Parses the text as RFC 3339.
    ///
    /// Returns `None` if it is something else, or if the platform's `SystemTime` can't hold the
    /// time. A leap second is the second after it, as in POSIX. Digits beyond nanoseconds are
    /// cut off.
    pub fn to_system_time(&self) -> Option<SystemTime> {
        let (seconds, nanoseconds) = self.parse()?;
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let whole =
            if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
        whole?.checked_add(Duration::new(0, nanoseconds))
    }

    /// Parses the text as RFC 3339.
    ///
    /// Returns `None` if it is something else.
    ///
    /// Requires the feature `chrono`.
    #[cfg(feature = "chrono")]
    #[cfg_attr(docsrs, doc(cfg(feature = "chrono")))]
    pub fn to_utc(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        let (seconds, nanoseconds) = self.parse()?;
        chrono::DateTime::from_timestamp(seconds, nanoseconds)
    }

    /// The seconds since the Unix epoch and the nanoseconds, of which a leap second has a second
    /// more.
    fn parse(&self) -> Option<(i64, u32)> {
        let (head, rest) = self.0.as_bytes().split_at_checked(19)?;
        let &[_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b't' | b' ', _, _, b':', _, _, b':', _, _] =
            head
        else {
            return None;
        };
        let (year, month, day) = (number(&head[..4])?, number(&head[5..7])?, number(&head[8..10])?);
        let (hour, minute, second) =
            (number(&head[11..13])?, number(&head[14..16])?, number(&head[17..])?);
        let leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last_day = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 => 28 + i64::from(leap_year),
            _ => return None,
        };
        if !(1..=last_day).contains(&day) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let after_dot = rest.strip_prefix(b".").unwrap_or_default();
        let digits = after_dot.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let padded = after_dot[..digits].iter().copied().chain(std::iter::repeat(b'0'));
        let nanoseconds =
            padded.take(9).fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
        // A dot without digits is left, and begins no zone.
        let zone = if digits == 0 { rest } else { &after_dot[digits..] };
        let offset = match *zone {
            [b'Z' | b'z'] => 0,
            [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => {
                let (hours, minutes) = (number(&[h0, h1])?, number(&[m0, m1])?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                (hours * 60 + minutes) * if sign == b'+' { 60 } else { -60 }
            }
            _ => return None,
        };
        // Years that begin in March, so that the leap day is the last one.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days = year * 365 + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + (153 * month + 2) / 5
            + day
            - 719_469;
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second.min(59) - offset;
        Some((seconds, nanoseconds + u32::from(second == 60) * 1_000_000_000))
    }
}

/// The number that consists of these digits.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
    })
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
    fn times_are_parsed_as_rfc_3339_has_them() {
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
            ("2020-01-01T00:00:00+0000", None),
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
    fn the_order_is_that_of_time() {
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
