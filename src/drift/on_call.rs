//! The hours in which somebody is on call rather than at work.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

/// On some days from one time of day to another; past midnight where `to` is not after `from`.
#[derive(Clone, PartialEq, Debug)]
pub struct Hours {
    pub days: Vec<Weekday>,
    pub from: Time,
    pub to: Time,
}

/// None by default: then the time of day says nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct OnCall {
    pub hours: Vec<Hours>,
    pub zone: TimeZone,
}

impl Default for OnCall {
    fn default() -> Self {
        Self { hours: vec![], zone: TimeZone::UTC }
    }
}

impl OnCall {
    /// Whether somebody was on call then; `None` where nobody has said when.
    pub fn holds(&self, at: Timestamp) -> Option<bool> {
        if self.hours.is_empty() {
            return None;
        }
        let local = at.to_zoned(self.zone.clone());
        let (time, today) = (local.time(), local.date().weekday());
        let yesterday = today.previous();
        Some(self.hours.iter().any(|one| {
            let wraps = one.to <= one.from;
            let begun = one.days.contains(&today) && time >= one.from && (wraps || time < one.to);
            begun || (wraps && one.days.contains(&yesterday) && time < one.to)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_past_midnight_belong_to_the_day_they_began_on() {
        let time = |hour| Time::new(hour, 0, 0, 0).unwrap();
        let friday = Hours { days: vec![Weekday::Friday], from: time(18), to: time(8) };
        let sunday = Hours { days: vec![Weekday::Sunday], from: time(0), to: time(0) };
        let on_call = OnCall { hours: vec![friday, sunday], zone: TimeZone::fixed(jiff::tz::offset(1)) };
        let holds = |at: &str| on_call.holds(at.parse().unwrap()).unwrap();
        // 2026-11-20 is a Friday; the clock is an hour ahead of UTC.
        assert!(holds("2026-11-20T17:00:00Z") && holds("2026-11-21T06:59:59Z"));
        assert!(!holds("2026-11-20T16:59:59Z") && !holds("2026-11-21T07:00:00Z") && !holds("2026-11-20T05:00:00Z"));
        assert!(holds("2026-11-22T22:59:00Z") && !holds("2026-11-22T23:00:00Z"));
        assert_eq!(OnCall::default().holds(Timestamp::UNIX_EPOCH), None);
    }
}
