//! What a baselines says of today, and the words for it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::model::{Baseline, Predicted};
use super::{ALL, Baselines, Begun, DAY, LEARNING_DAYS, LEAST, UNLIKELY, count, date, hash};
use crate::drift::SeverityClass;
use crate::safety::Tainted;

/// How it stands with one environment.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Verdict {
    pub at: Timestamp,
    /// Incidents that began today.
    pub today: u32,
    /// The same by resource type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<String, u32>,
    /// Days and incidents that were learnt from; `None` once that is enough.
    pub learning: Option<(u32, u32)>,
    /// What is usual, of ten days nine.
    pub usual: Usual,
    /// What is not.
    #[serde(default)]
    pub unusual: Option<Unusual>,
}

/// From and up to so many in a day.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Usual {
    pub from: u32,
    pub to: u32,
    /// On that day of the week (Monday is 0), where it matters.
    pub on: Option<u8>,
}

/// More than is usual.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Unusual {
    /// `*`: all of them together.
    pub service: String,
    /// Incidents that began within a day.
    pub count: u32,
    /// When the first of them began.
    pub since: Timestamp,
    pub usual: Usual,
    /// Days without a scan before it: these may be from then.
    pub missed: u32,
    /// Who is behind most of them, as far as that is known, and behind how many.
    pub by: Option<(Tainted, u32)>,
    /// A kind of hand at an attribute where it was never seen.
    pub novel: Option<String>,
    /// Of their drifts.
    pub worst: SeverityClass,
    /// Somebody is to be told.
    pub is_news: bool,
}

impl Baselines {
    pub(super) fn verdict_of(&self, now: Timestamp, begun: &[Begun]) -> Verdict {
        let today = date(now);
        let since = now.saturating_sub(DAY).unwrap_or(now);
        // What the first day found was there before.
        let is_counted = |one: &&Begun| one.at <= now && Some(date(one.at)) > self.first;
        let recent: Vec<&Begun> = begun.iter().filter(is_counted).filter(|one| one.at > since).collect();
        let mut services: BTreeMap<&str, Vec<&Begun>> = BTreeMap::new();
        for one in &recent {
            services.entry(&one.service).or_default().push(one);
            services.entry(ALL).or_default().push(one);
        }
        // One service where it is as unlikely as all of them together.
        let found = services.iter().filter_map(|(service, of)| self.unusual(now, service, of));
        let unusual = found.min_by(|a, b| a.0.total_cmp(&b.0).then((a.1.service == ALL).cmp(&(b.1.service == ALL))));
        let unknown = Baseline::default();
        let all = self.services.get(ALL).unwrap_or(&unknown);
        let mut types: BTreeMap<String, u32> = BTreeMap::new();
        for one in begun.iter().filter(is_counted).filter(|one| date(one.at) == today) {
            *types.entry(one.kind.clone()).or_default() += 1;
        }
        let is_learning = !self.exposure.is_ready(all);
        Verdict {
            at: now,
            today: types.values().sum(),
            types,
            learning: is_learning.then(|| (self.exposure.days, all.incidents())),
            usual: usual(all.predicted(&self.exposure, today, 1), today),
            unusual: unusual.map(|(_, unusual)| unusual),
        }
    }

    /// What began within a day, if it is more than usual, and how likely so many are.
    fn unusual(&self, now: Timestamp, service: &str, begun: &[&Begun]) -> Option<(f64, Unusual)> {
        let unknown = Baseline::default();
        let baseline = self.services.get(service).unwrap_or(&unknown);
        let (number, since) = (count(begun.len()), begun.iter().map(|one| one.at).min()?);
        if number < LEAST || !self.exposure.is_ready(baseline) {
            return None;
        }
        // A day back from now has two days of the week in it: the busier one counts.
        let days = [date(now), date(since)];
        let on = |day: Date| (day, baseline.predicted(&self.exposure, day, 1 + self.missed));
        let (day, predicted) = days.into_iter().map(on).max_by(|a, b| a.1.mean().total_cmp(&b.1.mean()))?;
        let likely = predicted.at_least(number);
        let unusual = || Unusual {
            service: service.to_owned(),
            count: number,
            since,
            usual: usual(baseline.predicted(&self.exposure, day, 1), day),
            missed: self.missed,
            by: hand_of(begun),
            novel: begun.iter().flat_map(|one| &one.habits).find(|habit| self.is_novel(habit)).cloned(),
            worst: begun.iter().map(|one| one.worst).max().unwrap_or(SeverityClass::Low),
            is_news: false,
        };
        (likely < UNLIKELY).then(|| (likely, unusual()))
    }

    fn is_novel(&self, habit: &str) -> bool {
        !self.habits.contains_key(&hash(habit))
    }
}

fn usual(predicted: Predicted, day: Date) -> Usual {
    let on = u8::try_from(day.weekday().to_monday_zero_offset()).ok().filter(|_| predicted.is_seasonal);
    Usual { from: predicted.quantile(0.05), to: predicted.quantile(0.95), on }
}

/// Who is behind most of them, if behind more than one.
fn hand_of(begun: &[&Begun]) -> Option<(Tainted, u32)> {
    let mut hands: BTreeMap<&Tainted, u32> = BTreeMap::new();
    begun.iter().filter_map(|one| one.hand.as_ref()).for_each(|hand| *hands.entry(hand).or_default() += 1);
    let (hand, number) = hands.into_iter().max_by_key(|(_, number)| *number)?;
    (number > 1).then(|| (hand.clone(), number))
}

impl Usual {
    /// `usual 0–2 on Fridays`
    pub fn words(&self) -> String {
        let Self { from, to, on } = *self;
        let span = if from == to { to.to_string() } else { format!("{from}\u{2013}{to}") };
        let day = on.and_then(|day| Weekday::from_monday_zero_offset(i8::try_from(day).ok()?).ok());
        match day {
            Some(day) => format!("usual {span} on {day:?}s"),
            None => format!("usual {span} a day"),
        }
    }
}

impl Unusual {
    /// As it was seen at `at`: `aws_db: 9 incidents since 14:00 UTC; usual 0–2 on Fridays; 7 by alice`; text from outside is in it.
    pub fn words(&self, at: Timestamp) -> Tainted {
        let service = if self.service == ALL { "all services" } else { &self.service };
        let format = if date(self.since) == date(at) { "%H:%M UTC" } else { "%A %H:%M UTC" };
        let since = self.since.to_zoned(TimeZone::UTC).strftime(format);
        let mut words = format!("{service}: {} incidents since {since}; {}", self.count, self.usual.words());
        if let Some((hand, number)) = &self.by {
            words.push_str(&format!("; {number} by {}", hand.raw()));
        }
        if let Some(novel) = &self.novel {
            words.push_str(&format!("; first time here: {novel}"));
        }
        if self.missed > 0 {
            words.push_str(&format!("; nothing was scanned for {} days before", self.missed));
        }
        Tainted::from(words)
    }
}

impl Verdict {
    /// More than a day old it says nothing of today.
    pub fn is_current(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) < DAY
    }

    /// One line: what is unusual, else what is usual.
    pub fn words(&self) -> Tainted {
        match (&self.unusual, self.learning) {
            (Some(unusual), _) => unusual.words(self.at),
            (None, Some((days, incidents))) => {
                let days = format!("{days} of {LEARNING_DAYS} days");
                Tainted::from(format!("learning what is usual: {days}, {incidents} incidents"))
            }
            (None, None) => Tainted::from(format!("{} today, {}", self.today, self.usual.words())),
        }
    }
}
