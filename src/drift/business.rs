//! Figures for those who ask whether the watching is worth it. Each has one definition, in words beside it wherever it is shown; where
//! nothing can be told there is no figure, which is not 0.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cause, CauseCount, DailyMetrics, SeverityClass, day_of};

/// So many of so many.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct Ratio {
    pub part: u64,
    pub of: u64,
}

impl Ratio {
    /// Four decimal places; `None` of nothing.
    pub fn share(self) -> Option<f64> {
        super::rate(self.part, self.of)
    }

    /// One more, and whether it is one of the part.
    pub fn count(&mut self, is_part: bool) {
        self.of += 1;
        self.part += u64::from(is_part);
    }
}

/// How long thinking about one drift took, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct AnalysisTimes {
    /// Analyses that were measured.
    pub measured: u64,
    pub p50_micros: u64,
    pub p95_micros: u64,
}

impl AnalysisTimes {
    /// `None` of none. The nearest rank: a time that was measured.
    pub fn of(mut micros: Vec<u64>) -> Option<Self> {
        micros.sort_unstable();
        let rank = |percent: usize| micros.get((micros.len() * percent).div_ceil(100).checked_sub(1)?).copied();
        Some(Self { measured: micros.len() as u64, p50_micros: rank(50)?, p95_micros: rank(95)? })
    }
}

/// What people did.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Activity {
    /// Who decided or noted something, each once.
    pub people: u64,
    /// What they decided and noted, what was taken back later too.
    pub acts: u64,
}

/// The figures of so many days of UTC, today the last of them: see [`figures`](Self::figures) for what each of them is.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct Business {
    pub days: u32,
    /// Drifts first seen; `None`: nothing was ever scanned.
    pub detected: Option<u64>,
    /// Drifts first seen on each of the days, the oldest first.
    pub by_day: Vec<u64>,
    /// Of the drifts first seen; classes without a drift are left out.
    pub severities: BTreeMap<SeverityClass, u64>,
    /// Of the drifts first seen, the most frequent first.
    pub causes: Vec<CauseCount>,
    /// Causes that people judged and the rules had named, and those that the rules had right.
    pub causes_right: Ratio,
    /// Drifts that people settled or had ignored, and those that they had ignored.
    pub noise: Ratio,
    pub analysis: Option<AnalysisTimes>,
    /// Drifts that were given advice to act, and those in which it was followed.
    pub adopted: Ratio,
    /// What was settled as reverted or codified and was gone then, and what stayed away.
    pub remediated: Ratio,
    /// By framework in scope: resources that were compared or are known to drift, and those without an open finding.
    pub compliance: BTreeMap<String, Ratio>,
    /// `None`: nothing was ever scanned, and nobody did anything.
    pub activity: Option<Activity>,
}

/// What a figure is measured in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// In [0,1].
    Share,
    Seconds,
    PerDay,
    Number,
}

/// One figure as it is shown.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    /// As machines call it: snake case, without a unit.
    pub key: &'static str,
    /// As people call it.
    pub name: &'static str,
    pub unit: Unit,
    /// The framework it is about, where there is one of each.
    pub framework: Option<String>,
    /// `None`: nothing can be told.
    pub value: Option<f64>,
    /// `75.0 % (3 of 4)`, `no data`
    pub words: String,
    /// What it is.
    pub definition: &'static str,
}

const NO_DATA: &str = "no data";
/// The newest drifts whose analyses are looked at.
pub const TIMED: usize = 1_000;

impl Business {
    /// Adds what the days tell that are counted as drifts are written; `since` is the first moment of the first of them.
    pub fn add_days(&mut self, counted: &[DailyMetrics], since: Timestamp) {
        let first = day_of(since);
        self.by_day = vec![0; usize::try_from(self.days).unwrap_or(0)];
        let mut causes: BTreeMap<Cause, u64> = BTreeMap::new();
        for day in counted {
            let at = first.until(day.date).ok().and_then(|span| usize::try_from(span.get_days()).ok());
            // What a clock that ran ahead has dated later counts as of today.
            let at = at.map(|at| at.min(self.by_day.len().saturating_sub(1)));
            if let Some(number) = at.and_then(|at| self.by_day.get_mut(at)) {
                *number += day.total_drifts;
            }
            for one in &day.top_cause_categories {
                *causes.entry(one.cause).or_default() += one.drifts;
            }
            for (class, drifts) in &day.severity_distribution {
                *self.severities.entry(*class).or_default() += drifts;
            }
            self.adopted.of += day.advised_drifts;
            self.adopted.part += day.followed_drifts;
        }
        self.causes = causes.into_iter().map(|(cause, drifts)| CauseCount { cause, drifts }).collect();
        self.causes.sort_by_key(|one| (std::cmp::Reverse(one.drifts), one.cause));
    }

    /// Every figure in the order it is shown in, those without data too.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures = vec![
            share(
                ("detection_accuracy", "detection accuracy"),
                self.causes_right,
                "of the causes that the rules named and people judged, those that were right",
            ),
            share(
                ("false_alarms", "false alarms"),
                self.noise,
                "of the drifts that people settled or had ignored, those that they had ignored",
            ),
        ];
        let time = |of: fn(&AnalysisTimes) -> u64| self.analysis.as_ref().map(|times| of(times) as f64 / 1e6);
        let measured = self.analysis.map_or(0, |times| times.measured);
        let seconds =
            |value: Option<f64>| worded(value, |value| format!("{:.1} ms ({measured} measured)", value * 1e3));
        for (key, name, value, definition) in [
            (
                "analysis_time_p50",
                "analysis time p50",
                time(|times| times.p50_micros),
                "how long half of the last analyses took at most, of the newest 1,000 drifts",
            ),
            (
                "analysis_time_p95",
                "analysis time p95",
                time(|times| times.p95_micros),
                "how long 95 of 100 of the last analyses took at most, of the newest 1,000 drifts",
            ),
        ] {
            let words = seconds(value);
            figures.push(Figure { key, name, unit: Unit::Seconds, framework: None, value, words, definition });
        }
        figures.push(share(
            ("user_adoption", "user adoption"),
            self.adopted,
            "of the drifts with advice to act, those in which it was followed or that were settled so",
        ));
        let of_days = |drifts: u64| (self.days > 0).then(|| drifts as f64 / f64::from(self.days));
        figures.push(Figure {
            key: "drift_detection_rate",
            name: "drift detection rate",
            unit: Unit::PerDay,
            framework: None,
            value: self.detected.and_then(of_days),
            words: worded(self.detected.and_then(of_days), |rate| format!("{rate:.1} a day")),
            definition: "drifts first seen, those that went on as another too",
        });
        figures.push(share(
            ("remediation_success", "remediation success"),
            self.remediated,
            "of what was settled as reverted or codified and was gone then, what has not come back",
        ));
        let definition = "of the resources that the last scans compared (and others with an open drift), those without an open \
                          drift that a control of it names, or that is HIGH for compliance, and no hardening; what the code \
                          itself gets wrong is not looked at";
        match self.compliance.is_empty() {
            true => figures.push(share(("compliance_score", "compliance score"), Ratio::default(), definition)),
            false => figures.extend(self.compliance.iter().map(|(framework, ratio)| Figure {
                framework: Some(framework.clone()),
                ..share(("compliance_score", "compliance score"), *ratio, definition)
            })),
        }
        let people = self.activity.map(|activity| activity.people as f64);
        let acts = self.activity.map_or(0, |activity| activity.acts);
        figures.push(Figure {
            key: "user_activity",
            name: "user activity",
            unit: Unit::Number,
            framework: None,
            value: people,
            words: worded(people, |people| {
                let (person, act) =
                    (if people == 1.0 { "person" } else { "people" }, if acts == 1 { "act" } else { "acts" });
                format!("{people} {person}, {acts} {act}")
            }),
            definition: "people who decided or noted something, and how often",
        });
        figures
    }
}

impl Figure {
    /// `compliance score cis`
    pub fn title(&self) -> String {
        self.framework.as_ref().map_or_else(|| self.name.to_owned(), |of| format!("{} {of}", self.name))
    }

    /// `compliance_score_cis`
    pub fn column(&self) -> String {
        self.framework.as_ref().map_or_else(|| self.key.to_owned(), |of| format!("{}_{of}", self.key))
    }
}

fn share((key, name): (&'static str, &'static str), ratio: Ratio, definition: &'static str) -> Figure {
    let value = ratio.share();
    let words = worded(value, |_| {
        let percent = ratio.part as f64 / ratio.of as f64 * 100.0;
        // Only all is 100, and only nothing is 0.
        let percent = if (1..ratio.of).contains(&ratio.part) { percent.clamp(0.1, 99.9) } else { percent };
        format!("{percent:.1} % ({} of {})", ratio.part, ratio.of)
    });
    Figure { key, name, unit: Unit::Share, framework: None, value, words, definition }
}

fn worded(value: Option<f64>, words: impl Fn(f64) -> String) -> String {
    value.map_or_else(|| NO_DATA.to_owned(), words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::DayCounts;

    fn words(business: &Business) -> Vec<String> {
        business.figures().iter().map(|one| format!("{}: {}", one.title(), one.words)).collect()
    }

    #[test]
    fn of_nothing_there_is_no_figure_and_none_of_them_is_0() {
        let nothing = Business { days: 30, ..Business::default() };
        assert_eq!(nothing.figures().len(), 9);
        assert!(words(&nothing).iter().all(|line| line.ends_with(": no data")), "{:?}", words(&nothing));
        assert!(nothing.figures().iter().all(|one| one.value.is_none()));
    }

    #[test]
    fn a_figure_says_of_how_many_it_is_and_nobody_doing_anything_is_told_as_such() {
        let ratio = |part, of| Ratio { part, of };
        let business = Business {
            days: 10,
            detected: Some(25),
            causes_right: ratio(3, 4),
            noise: ratio(0, 8),
            analysis: AnalysisTimes::of(vec![4_000, 1_500, 90_000]),
            adopted: ratio(2, 16),
            remediated: ratio(2, 3),
            compliance: [("cis", ratio(99, 100)), ("soc2", ratio(0, 0))].map(|(of, r)| (of.to_owned(), r)).into(),
            activity: Some(Activity { people: 0, acts: 0 }),
            ..Business::default()
        };
        assert_eq!(
            words(&business),
            [
                "detection accuracy: 75.0 % (3 of 4)",
                "false alarms: 0.0 % (0 of 8)",
                "analysis time p50: 4.0 ms (3 measured)",
                "analysis time p95: 90.0 ms (3 measured)",
                "user adoption: 12.5 % (2 of 16)",
                "drift detection rate: 2.5 a day",
                "remediation success: 66.7 % (2 of 3)",
                "compliance score cis: 99.0 % (99 of 100)",
                "compliance score soc2: no data",
                "user activity: 0 people, 0 acts",
            ]
        );
        assert_eq!(business.figures()[7].column(), "compliance_score_cis");
    }

    #[test]
    fn one_that_fails_among_thousands_is_no_full_score_and_one_that_holds_is_not_nothing() {
        let of = |part| {
            let adopted = Ratio { part, of: 100_000 };
            let figure = Business { adopted, ..Business::default() }.figures().remove(4);
            (figure.value.unwrap(), figure.words)
        };
        assert_eq!(of(99_999), (0.9999, "99.9 % (99999 of 100000)".to_owned()));
        assert_eq!(of(1), (0.0001, "0.1 % (1 of 100000)".to_owned()));
        assert_eq!((of(0).0, of(100_000)), (0.0, (1.0, "100.0 % (100000 of 100000)".to_owned())));
    }

    #[test]
    fn one_person_is_one_and_what_is_dated_after_today_is_of_today() {
        let activity = Some(Activity { people: 1, acts: 1 });
        let mut business = Business { days: 2, activity, ..Business::default() };
        assert_eq!(words(&business).last().map(String::as_str), Some("user activity: 1 person, 1 act"));
        let counted = |date: &str| {
            let counts = DayCounts { severities: [1, 0, 0, 0], ..DayCounts::default() };
            counts.told(crate::drift::Slug::from_text("prod"), date.parse().unwrap())
        };
        let days = ["2026-11-20", "2026-11-21", "2026-11-23"].map(counted);
        business.add_days(&days, "2026-11-20T00:00:00Z".parse().unwrap());
        assert_eq!(business.by_day, [1, 2]);
    }

    #[test]
    fn half_and_95_of_100_are_times_that_were_measured() {
        let times = AnalysisTimes::of((1..=100).rev().collect()).unwrap();
        assert_eq!((times.measured, times.p50_micros, times.p95_micros), (100, 50, 95));
        assert_eq!(AnalysisTimes::of(vec![7]).map(|one| (one.p50_micros, one.p95_micros)), Some((7, 7)));
        assert_eq!(AnalysisTimes::of(vec![]), None);
    }
}
