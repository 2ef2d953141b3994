//! When an environment is scanned by the calendar: a cron expression in a time zone.

use cronexpr::{Crontab, FallbackTimezoneOption, MakeTimestamp, ParseOptions};
use jiff::Timestamp;

/// `MINUTE HOUR DAY MONTH WEEKDAY [ZONE]`: `0 2 * * 1-5 Europe/Berlin`. Without a zone it is UTC, the same on every machine that
/// reads one configuration.
#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    crontab: Crontab,
}

impl Schedule {
    /// Reads an expression.
    ///
    /// # Errors
    /// A sentence about what is wrong with it; also for one that never comes, such as the 30th of February.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut options = ParseOptions::default();
        options.fallback_timezone_option = FallbackTimezoneOption::UTC;
        let usage = "write MINUTE HOUR DAY MONTH WEEKDAY and a time zone, such as \"0 2 * * 1-5 Europe/Berlin\"";
        let crontab = match cronexpr::parse_crontab_with(&text, options) {
            Ok(crontab) => crontab,
            // The rest of it draws a picture.
            Err(error) => {
                let error = error.to_string();
                let last =
                    error.lines().rev().map(|line| line.trim_matches([' ', '^', '|'])).find(|line| !line.is_empty());
                return Err(format!("{text:?} is no schedule ({}): {usage}", last.unwrap_or("it does not read")));
            }
        };
        let schedule = Self { text, crontab };
        match schedule.after(Timestamp::now()) {
            Some(_) => Ok(schedule),
            None => Err(format!("{:?} never comes: {usage}", schedule.text)),
        }
    }

    /// The first time after `at`.
    pub fn after(&self, at: Timestamp) -> Option<Timestamp> {
        self.crontab.find_next(MakeTimestamp(at)).ok().map(|next| next.timestamp())
    }

    /// When the next scan is due, if the last one began at `last`: one that was missed is made up for at once, and so are several.
    /// What was never scanned is due now.
    pub fn due(&self, last: Option<Timestamp>) -> Option<Timestamp> {
        last.map_or_else(|| Some(Timestamp::now()), |last| self.after(last))
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(schedule: &str, from: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(schedule).unwrap();
        let first: Timestamp = from.parse().unwrap();
        let all = std::iter::successors(Some(first), |at| schedule.after(*at));
        all.skip(1).take(count).map(|at| at.to_string()).collect()
    }

    #[test]
    fn a_schedule_is_one_of_the_calendar_in_its_zone() {
        let nights = times("0 2 * * 1-5 Europe/Berlin", "2026-11-20T12:00:00Z", 2);
        assert_eq!(nights, ["2026-11-23T01:00:00Z", "2026-11-24T01:00:00Z"], "from Friday to Monday");
        assert_eq!(times("*/20 * * * *", "2026-11-20T12:10:00Z", 2), ["2026-11-20T12:20:00Z", "2026-11-20T12:40:00Z"]);
        assert_eq!(times("0 2  * * *", "2026-11-20T12:00:00Z", 1), ["2026-11-21T02:00:00Z"], "UTC without a zone");
    }

    #[test]
    fn each_day_has_its_scan_when_the_clocks_change() {
        for (from, year) in [("2026-03-27T12:00:00Z", "spring"), ("2026-10-23T12:00:00Z", "autumn")] {
            let days: Vec<String> =
                times("30 3 * * * Europe/Berlin", from, 4).iter().map(|at| at[..10].to_owned()).collect();
            let mut once = days.clone();
            once.dedup();
            assert_eq!((once.len(), &once), (4, &days), "{year}");
        }
        // 02:30 is not there on the day when clocks go forward.
        let spring = times("30 2 * * * Europe/Berlin", "2026-03-28T12:00:00Z", 2);
        assert!(spring[0].as_str() < "2026-03-30T01:00:00Z" && spring[0] < spring[1], "{spring:?}");
    }

    #[test]
    fn a_scan_that_was_missed_is_made_up_for_once() {
        let schedule = Schedule::parse("0 2 * * *").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(
            schedule.due(Some(at("2026-11-18T02:00:01Z"))),
            Some(at("2026-11-19T02:00:00Z")),
            "long ago: at once"
        );
        assert_eq!(schedule.due(Some(at("2026-11-21T09:00:00Z"))), Some(at("2026-11-22T02:00:00Z")), "by hand counts");
        assert!(schedule.due(None).unwrap() <= Timestamp::now());
    }

    #[test]
    fn what_is_no_schedule_is_said_in_one_line() {
        for bad in ["", "daily", "61 * * * *", "* * * *", "0 2 * * * Europe/Atlantis", "0 0 30 2 *", "* * * * * UTC x"]
        {
            let why = Schedule::parse(bad).unwrap_err();
            assert!(why.contains("MINUTE HOUR DAY MONTH WEEKDAY") && !why.contains('\n'), "{bad}: {why}");
        }
    }
}
