//! What an answer to a delivery means, and when it is tried again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;

use crate::safety::Tainted;
use crate::store::Attempted;

/// How often, and how far apart.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pace {
    /// Between two looks for what is due.
    pub look: Duration,
    /// After the first failure; twice as long after each that follows, and as much less as chance will have it, down to half.
    pub first: Duration,
    pub longest: Duration,
    /// Then it is given up.
    pub tries: u32,
    /// Until the receiver has answered. Less than a [lease](crate::store::Outgoing::LEASE).
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { look: seconds(1), first: seconds(5), longest: seconds(3_600), tries: 12, patience: seconds(10) }
    }
}

/// Longer than this nobody is waited for, whatever he asks.
const PATIENCE: Duration = Duration::from_secs(24 * 3_600);

/// What was said to a delivery.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Said {
    Status {
        status: StatusCode,
        retry_after: Option<Duration>,
    },
    /// Nothing, and why.
    Nothing(String),
}

impl Said {
    /// `tries`: this one included. `chance`: in [0,1).
    pub(super) fn means(&self, tries: u32, pace: &Pace, chance: f64, now: Timestamp) -> Attempted {
        let (why, wait) = match self {
            Self::Status { status, .. } if status.is_success() => return Attempted::Sent,
            Self::Status { status, retry_after } if may_change(*status) => {
                (format!("the receiver answered {}", status.as_u16()), *retry_after)
            }
            Self::Status { status, .. } => {
                let why = match status.is_redirection() {
                    true => format!("the receiver answered {}: nobody is followed elsewhere", status.as_u16()),
                    false => format!("the receiver answered {}, which it would again", status.as_u16()),
                };
                return Attempted::Dead { why: why.into() };
            }
            Self::Nothing(why) => (why.clone(), None),
        };
        if tries >= pace.tries {
            return Attempted::Dead { why: format!("given up after {tries} tries: {why}").into() };
        }
        let doubled = pace.first.saturating_mul(1 << (tries.saturating_sub(1)).min(20)).min(pace.longest);
        let pause = doubled.mul_f64(0.5 + chance / 2.0).max(wait.unwrap_or_default().min(PATIENCE));
        let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::from_hours(1));
        Attempted::Again { at: now.saturating_add(pause).unwrap_or(now), why: Tainted::from(why) }
    }
}

/// Whether another try may be answered otherwise.
fn may_change(status: StatusCode) -> bool {
    let asked_for = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    status.is_server_error() || asked_for
}

/// Seconds, or a date (RFC 9110, 10.2.3).
pub(super) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Duration::try_from(at.duration_since(now)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn after(said: &Said, tries: u32, chance: f64) -> Option<SignedDuration> {
        match said.means(tries, &Pace::default(), chance, NOW) {
            Attempted::Again { at, .. } => Some(at.duration_since(NOW)),
            _ => None,
        }
    }

    fn status(code: u16) -> Said {
        Said::Status { status: StatusCode::from_u16(code).unwrap(), retry_after: None }
    }

    #[test]
    fn what_another_try_would_not_change_is_given_up_at_once() {
        for code in [301, 302, 400, 401, 403, 404, 410, 422] {
            assert!(matches!(status(code).means(1, &Pace::default(), 0.0, NOW), Attempted::Dead { .. }), "{code}");
        }
        for code in [408, 429, 500, 502, 503] {
            assert!(after(&status(code), 1, 0.0).is_some(), "{code}");
        }
        assert_eq!(status(204).means(1, &Pace::default(), 0.0, NOW), Attempted::Sent);
    }

    #[test]
    fn each_pause_is_longer_by_chance_and_they_end() {
        let said = Said::Nothing("refused".into());
        let (least, most) = (after(&said, 1, 0.0).unwrap(), after(&said, 1, 0.999).unwrap());
        assert!(least >= SignedDuration::from_millis(2_499) && most > least && most <= SignedDuration::from_secs(5));
        let all: Vec<_> = (1..12).map(|tries| after(&said, tries, 0.0).unwrap()).collect();
        assert!(all.is_sorted() && *all.last().unwrap() <= SignedDuration::from_hours(1));
        let dead = said.means(12, &Pace::default(), 0.0, NOW);
        assert!(matches!(&dead, Attempted::Dead { why } if why.raw().contains("12 tries: refused")), "{dead:?}");
    }

    #[test]
    fn whoever_says_when_to_come_again_is_heard_up_to_a_day() {
        let asks = |seconds| Said::Status {
            status: StatusCode::TOO_MANY_REQUESTS,
            retry_after: Some(Duration::from_secs(seconds)),
        };
        assert_eq!(after(&asks(600), 1, 0.0), Some(SignedDuration::from_secs(600)));
        assert_eq!(after(&asks(u64::MAX), 1, 0.0), Some(SignedDuration::from_hours(24)));
        assert!(after(&asks(0), 1, 0.0).unwrap() >= SignedDuration::from_secs(2));
        assert_eq!(retry_after("120", NOW), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Thu, 01 Jan 1970 00:01:00 GMT", NOW), Some(Duration::from_secs(60)));
        assert_eq!(retry_after("soon", NOW), None);
    }
}
