//! How many incidents a service of an environment usually has, and when there are more than that.
//!
//! Counted are incidents (see [`together`](super::together)), not drifts: thirty drifts of one hand are one. Each day teaches: a
//! gamma-Poisson model with forgetting, so that the count of a day is negative binomial, with a week's season once there is data
//! for one. What the first day finds was there before and teaches nothing, nor does a day on which nothing was scanned; what is
//! above the usual teaches no more than the top of the usual, or a burst would make the next one look ordinary.
//!
//! Days are days of UTC. No I/O: it takes times and names, and gives a verdict.

mod model;
mod replay;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::drift::{Forecast, SeverityClass, Trend};
use crate::safety::Tainted;

use model::{Baseline, Exposure};

pub use replay::{Burst, bursts, replay};
pub use verdict::{Unusual, Verdict};

/// All services of an environment as one: what is spread over many is seen there.
const ALL: &str = "*";
/// So many days, or so many incidents, and no verdict before.
const LEARNING_DAYS: u32 = 14;
const LEARNING_INCIDENTS: u32 = 10;
/// Fewer than these in a day are never unusual.
const LEAST: u32 = 3;
/// How unlikely a count must be. At one in ten thousand a service that goes on as ever is told of about once in ten years.
const UNLIKELY: f64 = 1e-4;
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// That nothing has changed is written down this often.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// Combinations of hand, type and attribute that are remembered; those that were not seen for longest go first.
const HABITS: usize = 1000;
/// Days of the trend that is kept.
const TREND: usize = 28;
/// Days that are forecast, and the part of such spans that the interval leaves out at either end.
const AHEAD: u32 = 7;
const TAIL: f64 = 0.1;
/// Resource types whose trend is kept.
const TYPES: usize = 100;
/// Services that are told apart; further ones count only among all.
const SERVICES: usize = 200;

/// An incident, as far as it matters here.
#[derive(Clone, PartialEq, Debug)]
pub struct Begun {
    pub at: Timestamp,
    pub service: String,
    /// Resource type of its first drift.
    pub kind: String,
    /// Who did it, where that is known.
    pub hand: Option<Tainted>,
    /// Kind of hand, type and attribute, as a person reads them.
    pub habits: Vec<String>,
    pub worst: SeverityClass,
}

/// The part of a resource type that names its service: `aws_db` of `aws_db_instance`, `AWS::RDS` of `AWS::RDS::DBInstance`, `apps`
/// of `apps/v1/Deployment`.
pub fn service_of(resource_type: &str) -> String {
    let first = |separator: &str, parts: usize| {
        let all: Vec<&str> = resource_type.splitn(parts + 1, separator).take(parts).collect();
        all.join(separator)
    };
    match resource_type {
        kind if kind.contains("::") => first("::", 2),
        kind if kind.contains('/') => first("/", 1),
        _ => first("_", 2),
    }
}

/// What is usual in one environment. Small: it is kept with the store, and written when a day is over.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default)]
pub struct Baselines {
    /// The first day that was watched.
    first: Option<Date>,
    /// The day that goes on.
    day: Option<Date>,
    /// Days before it on which nothing was scanned.
    missed: u32,
    exposure: Exposure,
    services: BTreeMap<String, Baseline>,
    /// By the hash of a combination: when it was last seen.
    habits: BTreeMap<u64, Date>,
    /// When an anomaly was told of, and of which service, as far as that matters now.
    told: Vec<(Date, String)>,
    /// Incidents of the last days, the last of them is over.
    trend: Vec<u32>,
    /// The same by resource type, for those of which there were any.
    #[serde(default)]
    types: BTreeMap<String, Vec<u32>>,
    /// As it stood when it was last looked at.
    pub verdict: Option<Verdict>,
}

impl Baselines {
    /// From when on [`look`](Self::look) has to know what began.
    pub fn from(&self, now: Timestamp) -> Timestamp {
        let day = self.day.unwrap_or_else(|| date(now)).to_zoned(TimeZone::UTC).map_or(now, |at| at.timestamp());
        day.min(now.saturating_sub(DAY).unwrap_or(now))
    }

    /// Looks at what began since [`from`](Self::from), after a scan: the same twice changes nothing. The verdict says whether somebody
    /// is to be told, at most `notices` times a week.
    pub fn look(&mut self, now: Timestamp, begun: &[Begun], notices: u32) -> Verdict {
        let today = date(now);
        let Some(day) = self.day else {
            (self.first, self.day) = (Some(today), Some(today));
            self.remember(today, begun);
            return self.judged(self.verdict_of(now, begun));
        };
        if today > day {
            self.close(day, begun);
            self.missed = u32::try_from(days_between(day, today)).unwrap_or(1).saturating_sub(1);
            self.day = Some(today);
        }
        let mut verdict = self.verdict_of(now, begun);
        if let Some(unusual) = &mut verdict.unusual {
            unusual.is_news = self.is_due(today, &unusual.service, notices);
            if unusual.is_news {
                self.told.retain(|(at, _)| days_between(*at, today) <= 14);
                self.told.push((today, unusual.service.clone()));
            }
        }
        self.judged(verdict)
    }

    /// Whether more is known than in `kept`: that it was looked at again is not, for an hour.
    pub fn is_news_to(&self, kept: &Self) -> bool {
        let at = |one: &Self| one.verdict.as_ref().map(|verdict| verdict.at);
        let is_old = at(self).zip(at(kept)).is_none_or(|(now, then)| now.duration_since(then) >= AGAIN);
        let mut timeless = self.clone();
        if let (Some(verdict), Some(then)) = (&mut timeless.verdict, at(kept)) {
            verdict.at = then;
        }
        is_old || timeless != *kept
    }

    fn judged(&mut self, verdict: Verdict) -> Verdict {
        self.verdict = Some(verdict.clone());
        verdict
    }

    /// Incidents of the last days, the oldest first, today's last.
    pub fn trend(&self) -> Vec<u32> {
        let today = self.verdict.as_ref().map_or(0, |verdict| verdict.today);
        self.trend.iter().copied().chain([today]).collect()
    }

    /// The same by resource type, those with most incidents first.
    pub fn trends(&self) -> Vec<Trend> {
        let none = BTreeMap::new();
        let today = self.verdict.as_ref().map_or(&none, |verdict| &verdict.types);
        let kinds: BTreeSet<&String> = self.types.keys().chain(today.keys()).collect();
        let of = |kind: &String| {
            let before = self.types.get(kind).map(Vec::as_slice).unwrap_or_default();
            let unseen = self.trend.len().saturating_sub(before.len());
            let days = std::iter::repeat_n(0, unseen).chain(before.iter().copied());
            Trend { of: kind.as_str().into(), days: days.chain([today.get(kind).copied().unwrap_or(0)]).collect() }
        };
        let mut trends: Vec<Trend> = kinds.into_iter().map(of).collect();
        trends.sort_by_key(|trend| std::cmp::Reverse(trend.days.iter().sum::<u32>()));
        trends
    }

    /// Of the days after today. `None` while it is learnt what is usual.
    pub fn forecast(&self, now: Timestamp) -> Option<Forecast> {
        let all = self.services.get(ALL).filter(|all| self.exposure.is_ready(all))?;
        let first = date(now).tomorrow().ok()?;
        let days = std::iter::successors(Some(first), |day| day.tomorrow().ok()).take(AHEAD as usize);
        let predicted = all.forecast(&self.exposure, days);
        let (from, to) = (predicted.quantile(TAIL), predicted.quantile(1.0 - TAIL));
        Some(Forecast { days: AHEAD, from, to, likely: predicted.quantile(0.5) })
    }

    /// The day is over: it teaches what it counted.
    fn close(&mut self, day: Date, begun: &[Begun]) {
        let of_day: Vec<&Begun> = begun.iter().filter(|one| date(one.at) == day).collect();
        self.trend.push(count(of_day.len()));
        let surplus = self.trend.len().saturating_sub(TREND);
        self.trend.drain(..surplus);
        self.count_types(&of_day);
        self.remember(day, begun);
        if Some(day) == self.first {
            return;
        }
        let is_room = self.services.len() < SERVICES;
        for service in of_day.iter().map(|one| one.service.as_str()).chain([ALL]) {
            if service == ALL || is_room {
                self.services.entry(service.to_owned()).or_default();
            }
        }
        for (service, baseline) in &mut self.services {
            let counted = count(of_day.iter().filter(|one| service == ALL || one.service == *service).count());
            let is_ready = self.exposure.is_ready(baseline);
            let top = baseline.predicted(&self.exposure, day, 1 + self.missed).quantile(0.99).max(LEAST);
            baseline.learn(day, if is_ready { counted.min(top) } else { counted }, counted);
        }
        self.exposure.learn(day);
    }

    /// The day by resource type. Types of which there was nothing for so long are forgotten.
    fn count_types(&mut self, of_day: &[&Begun]) {
        self.types.values_mut().for_each(|days| days.push(0));
        for one in of_day {
            if !self.types.contains_key(&one.kind) && self.types.len() >= TYPES {
                continue;
            }
            let days = self.types.entry(one.kind.clone()).or_insert_with(|| vec![0]);
            if let Some(today) = days.last_mut() {
                *today += 1;
            }
        }
        self.types.values_mut().for_each(|days| drop(days.drain(..days.len().saturating_sub(TREND))));
        self.types.retain(|_, days| days.iter().any(|count| *count > 0));
    }

    fn remember(&mut self, day: Date, begun: &[Begun]) {
        let habits = begun.iter().filter(|one| date(one.at) == day).flat_map(|one| &one.habits);
        self.habits.extend(habits.map(|habit| (hash(habit), day)));
        let too_many = self.habits.len().saturating_sub(HABITS);
        if too_many > 0 {
            let mut by_age: Vec<(Date, u64)> = self.habits.iter().map(|(habit, at)| (*at, *habit)).collect();
            by_age.sort_unstable();
            for (_, habit) in &by_age[..too_many] {
                self.habits.remove(habit);
            }
        }
    }

    /// A burst that goes on is told once.
    fn is_due(&self, today: Date, service: &str, notices: u32) -> bool {
        let week = |day: Date| (day.iso_week_date().year(), day.iso_week_date().week());
        let this_week = self.told.iter().filter(|(at, _)| week(*at) == week(today)).count();
        let goes_on = self.told.iter().any(|(at, of)| of == service && days_between(*at, today) <= 1);
        count(this_week) < notices && !goes_on
    }
}

fn date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn days_between(from: Date, until: Date) -> i64 {
    from.duration_until(until).as_hours() / 24
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn hash(text: &str) -> u64 {
    blake3::hash(text.as_bytes()).as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests;
