//! How the drifts of a day went, in figures that a dashboard shows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Cause, Closure, DriftEvent, Recommendation, SeverityClass, Slug, State};

/// Drifts of one environment that were first seen on one day of UTC.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct DailyMetrics {
    pub environment: Slug,
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// All of them, those that went on as another too.
    pub total_drifts: u64,
    /// Decided, or gone by themselves.
    pub resolved_drifts: u64,
    /// Of the resolved ones, those that went without a decision.
    pub healed_drifts: u64,
    /// Seconds from first sight to the end, over those resolved; `None` when there are none.
    pub avg_resolution_time: Option<u64>,
    /// Causes with how many drifts they have, the most frequent first.
    pub top_cause_categories: Vec<CauseCount>,
    /// By class; classes without a drift are left out.
    pub severity_distribution: BTreeMap<SeverityClass, u64>,
    /// Drifts that were given advice to act.
    #[serde(default)]
    pub advised_drifts: u64,
    /// Those of them in which some was carried out, or that were settled as advised.
    #[serde(default)]
    pub followed_drifts: u64,
    /// Of the drifts that were given advice to act, the share in which some was carried out, or that were settled as advised; four
    /// decimal places. `None`: none was given.
    pub recommendation_adoption_rate: Option<f64>,
}

/// So many drifts have a cause.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct CauseCount {
    pub cause: Cause,
    pub drifts: u64,
}

/// What is added up for a day, in whichever order drifts come.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
pub struct DayCounts {
    /// In the order of [`SeverityClass::WORST_FIRST`].
    pub severities: [u64; 4],
    /// In the order of [`Cause::ALL`].
    pub causes: [u64; 6],
    pub resolved: u64,
    pub healed: u64,
    pub resolution_seconds: u64,
    /// Were given advice to act.
    pub advised: u64,
    /// Some of it was carried out.
    pub followed: u64,
}

/// What became of the advice of a drift.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Advised {
    /// No advice to act.
    None,
    Given,
    Followed,
}

impl Advised {
    pub fn of(event: &DriftEvent) -> Self {
        let acts = || event.recommendations.iter().filter(|one| one.resolution_type().is_some());
        // Settled as was advised, by whichever way; what was forbidden then, or too old, advised nobody.
        let decided = event.decision.as_ref().filter(|_| event.state == State::Resolved);
        let is_as_decided = |one: &Recommendation| decided.is_some_and(|decision| one.is_carried_out_by(decision));
        if acts().any(|one| one.implemented_at.is_some() || is_as_decided(one)) {
            Self::Followed
        } else if acts().any(|one| one.vetoed.is_none()) {
            Self::Given
        } else {
            Self::None
        }
    }
}

impl DayCounts {
    /// `has_ended`: it is resolved or closed.
    pub fn add(&mut self, event: &DriftEvent, has_ended: bool) {
        let class = event.severity_class();
        let place = SeverityClass::WORST_FIRST.iter().position(|one| *one == class);
        place.into_iter().for_each(|at| self.severities[at] += 1);
        self.causes[event.analysis.cause.cause_category.index()] += 1;
        let advised = Advised::of(event);
        self.advised += u64::from(advised != Advised::None);
        self.followed += u64::from(advised == Advised::Followed);
        let goes_on = matches!(event.closure, Some(Closure::Superseded | Closure::Continued));
        if let Some(at) = event.resolved_at.filter(|_| has_ended && !goes_on) {
            self.resolved += 1;
            self.healed += u64::from(event.closure == Some(Closure::Healed));
            let seconds = at.duration_since(event.detected_at).as_secs();
            self.resolution_seconds = self.resolution_seconds.saturating_add(u64::try_from(seconds).unwrap_or(0));
        }
    }

    pub fn plus(&mut self, other: &Self) {
        self.with(other, u64::saturating_add);
    }

    pub fn minus(&mut self, other: &Self) {
        self.with(other, u64::saturating_sub);
    }

    fn with(&mut self, other: &Self, each: fn(u64, u64) -> u64) {
        let Self { severities, causes, resolved, healed, resolution_seconds, advised, followed } = self;
        let ours = severities.iter_mut().chain(causes).chain([resolved, healed, resolution_seconds, advised, followed]);
        let theirs = other.severities.into_iter().chain(other.causes);
        let rest = [other.resolved, other.healed, other.resolution_seconds, other.advised, other.followed];
        ours.zip(theirs.chain(rest)).for_each(|(one, other)| *one = each(*one, other));
    }

    pub fn told(&self, environment: Slug, date: Date) -> DailyMetrics {
        let causes = Cause::ALL.into_iter().zip(self.causes).map(|(cause, drifts)| CauseCount { cause, drifts });
        let mut causes: Vec<CauseCount> = causes.filter(|one| one.drifts > 0).collect();
        causes.sort_by_key(|one| (std::cmp::Reverse(one.drifts), one.cause));
        let severities = SeverityClass::WORST_FIRST.into_iter().zip(self.severities);
        DailyMetrics {
            environment,
            date,
            total_drifts: self.severities.iter().sum(),
            resolved_drifts: self.resolved,
            healed_drifts: self.healed,
            avg_resolution_time: self.resolution_seconds.checked_div(self.resolved),
            top_cause_categories: causes,
            severity_distribution: severities.filter(|(_, drifts)| *drifts > 0).collect(),
            advised_drifts: self.advised,
            followed_drifts: self.followed,
            recommendation_adoption_rate: rate(self.followed, self.advised),
        }
    }
}

/// A share with four decimal places; `None` of nothing. Only all is 1, and only nothing is 0.
pub fn rate(part: u64, whole: u64) -> Option<f64> {
    let rounded = || (part as f64 / whole as f64 * 1e4).round() / 1e4;
    (whole > 0).then(|| if (1..whole).contains(&part) { rounded().clamp(1e-4, 1.0 - 1e-4) } else { rounded() })
}

/// The day of UTC.
pub fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The first moment of so many days of UTC, today the last of them.
pub fn first_of_days(now: Timestamp, days: u32) -> Timestamp {
    const DAY: i64 = 86_400_000_000;
    let tonight = (now.as_microsecond().div_euclid(DAY) + 1) * DAY;
    Timestamp::from_microsecond(tonight - i64::from(days) * DAY).unwrap_or(Timestamp::MIN)
}
