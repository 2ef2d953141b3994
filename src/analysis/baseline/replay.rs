//! History looked through as if it came today: to begin with what a store has already, and to measure what would have been told.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Baselines, Begun, Verdict, date};

/// Looks at each incident at the moment it began, and at the end of each day until `until`; every day was scanned. Gives what
/// would have been told.
pub fn replay(begun: &[Begun], until: Timestamp, notices: u32) -> (Baselines, Vec<Verdict>) {
    let mut begun = begun.to_vec();
    begun.sort_by_key(|one| one.at);
    let (mut baselines, mut told) = (Baselines::default(), vec![]);
    let Some(first) = begun.first() else { return (baselines, told) };
    let (mut day, mut next) = (date(first.at), 0);
    while let Some(midnight) = end_of(day).filter(|midnight| *midnight <= until) {
        let ends = begun[next..].partition_point(|one| one.at < midnight) + next;
        let moments = begun[next..ends].iter().map(|one| one.at).chain([midnight.min(until)]);
        for now in moments.collect::<Vec<_>>() {
            let seen = begun.partition_point(|one| one.at <= now);
            let from = baselines.from(now).saturating_sub(SignedDuration::from_hours(24)).unwrap_or(now);
            let low = begun.partition_point(|one| one.at < from);
            let verdict = baselines.look(now, &begun[low..seen], notices);
            told.extend(verdict.unusual.as_ref().is_some_and(|unusual| unusual.is_news).then_some(verdict));
        }
        next = ends;
        let Ok(tomorrow) = day.tomorrow() else { break };
        day = tomorrow;
    }
    (baselines, told)
}

/// Its last moment.
fn end_of(day: Date) -> Option<Timestamp> {
    let midnight = day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    midnight.checked_sub(SignedDuration::from_micros(1)).ok()
}

/// A run of days on which things happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Burst {
    pub from: Date,
    pub until: Date,
    pub count: usize,
}

/// Runs of days with at most `quiet` days from one event to the next, the largest first.
pub fn bursts(events: &[Timestamp], quiet: i64) -> Vec<Burst> {
    let mut days: Vec<Date> = events.iter().map(|at| date(*at)).collect();
    days.sort_unstable();
    let runs = days.chunk_by(|a, b| super::days_between(*a, *b) <= quiet);
    let burst = |run: &[Date]| Some(Burst { from: *run.first()?, until: *run.last()?, count: run.len() });
    let mut bursts: Vec<Burst> = runs.filter_map(burst).collect();
    bursts.sort_by_key(|burst| (std::cmp::Reverse(burst.count), burst.from));
    bursts
}
