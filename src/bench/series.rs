//! How well incidents are made and bursts are noticed: real drift events, one JSON object a line with `date`, `namespace`,
//! `module`, `attribute`, `declared`, `actual`, `sha` and `group_id`.
//!
//! A namespace is taken for an environment, a commit for a hand. The label puts together what is the same change in the same month,
//! wherever it was: within a namespace it says whether an incident is one, across namespaces whether "also in" is right. Bursts
//! are looked for in all namespaces as one, for none of them alone has enough.

use std::fmt::Write;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::analysis::baseline::{Begun, Burst, Verdict, bursts, replay};
use crate::analysis::together::{Gaps, Item, Join, Pairs, Why, group, ids, pairs, transition};
use crate::drift::{SeverityClass, Slug};

/// Days without an event that do not end a burst: a weekend and a day.
const QUIET: i64 = 3;
/// At the beginning nothing is usual yet, and nothing can be told.
const LEARNING: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Bursts that are to be noticed on their first day.
const LARGEST: usize = 5;
const TWO_YEARS: SignedDuration = SignedDuration::from_hours(24 * 731);

#[derive(Deserialize)]
struct Row {
    date: Timestamp,
    namespace: String,
    module: String,
    attribute: String,
    declared: String,
    actual: String,
    sha: String,
    group_id: String,
}

/// What came of it.
pub struct Series {
    pub events: usize,
    pub incidents: usize,
    /// Pairs of events of one namespace.
    pub within: Pairs,
    /// Pairs of events of two namespaces, put together by the same change alone.
    pub across: Pairs,
    /// The largest bursts after the first two weeks, the largest first, and whether each was told of on its first day.
    pub bursts: Vec<(Burst, bool)>,
    pub told: Vec<Verdict>,
    /// Weeks that had as many incidents as the interval of their forecast says, and how many were forecast.
    pub forecast: (usize, usize),
    /// In the two years that had most.
    pub most_in_two_years: usize,
    pub errors: Vec<String>,
}

/// Reads a file of events.
pub fn measure(path: &Path) -> std::io::Result<Series> {
    let text = std::fs::read_to_string(path)?;
    let (mut rows, mut errors) = (vec![], vec![]);
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str::<Row>(line) {
            Ok(row) => rows.push(row),
            Err(why) => errors.push(format!("{}:{}: {why}", path.display(), number + 1)),
        }
    }
    Ok(Series { errors, ..measured(&rows) })
}

fn measured(rows: &[Row]) -> Series {
    let items: Vec<Item> =
        rows.iter().enumerate().map(|(at, row)| item(at, row, Slug::from_text(&row.namespace))).collect();
    let anywhere: Vec<Item> =
        rows.iter().enumerate().map(|(at, row)| one_change(item(at, row, Slug::from_text("all")))).collect();
    let groups = group(&items, &[], Gaps::default());
    let labels: Vec<&str> = rows.iter().map(|row| row.group_id.as_str()).collect();
    let is_within = |a: usize, b: usize| rows[a].namespace == rows[b].namespace;
    let begun: Vec<Begun> = groups.iter().filter_map(|group| Some(begun(&items[*group.members.first()?]))).collect();
    let times: Vec<Timestamp> = items.iter().map(|item| item.at).collect();
    let until = times.iter().max().and_then(|last| last.checked_add(SignedDuration::from_hours(24 * 7)).ok());
    let (_, told) = replay(&begun, until.unwrap_or(Timestamp::UNIX_EPOCH), 1);
    let day = |at: Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let is_told = |burst: &Burst| told.iter().any(|verdict| day(verdict.at) == burst.from);
    let learnt = times.iter().min().and_then(|first| first.checked_add(LEARNING).ok()).map(day);
    let known = bursts(&times, QUIET).into_iter().filter(|burst| Some(burst.from) >= learnt);
    let largest = known.take(LARGEST).map(|burst| (burst, is_told(&burst))).collect();
    let forecast = forecasts(&begun, until.unwrap_or(Timestamp::UNIX_EPOCH));
    let in_two_years = |first: &Verdict| {
        told.iter().filter(|one| one.at >= first.at && one.at.duration_since(first.at) < TWO_YEARS).count()
    };
    Series {
        events: rows.len(),
        incidents: groups.len(),
        within: pairs(&ids(&items, Gaps::default()), &labels, is_within),
        across: pairs(&ids(&anywhere, Gaps::default()), &labels, |a, b| !is_within(a, b)),
        bursts: largest,
        forecast,
        most_in_two_years: told.iter().map(in_two_years).max().unwrap_or(0),
        told,
        errors: vec![],
    }
}

/// Week after week what was forecast from all before it: how often as many came as the interval says, and of how many weeks.
fn forecasts(begun: &[Begun], until: Timestamp) -> (usize, usize) {
    let week = SignedDuration::from_hours(24 * 7);
    let first = begun.iter().map(|one| one.at).min().and_then(|first| first.checked_add(LEARNING).ok());
    let (mut held, mut of) = (0, 0);
    let mut next = first.map(|first| first.to_zoned(jiff::tz::TimeZone::UTC).date());
    while let Some(day) = next {
        // The last moment of the day before.
        let Ok(midnight) = day.to_zoned(jiff::tz::TimeZone::UTC) else { break };
        let now = midnight.timestamp().saturating_sub(SignedDuration::from_micros(1)).unwrap_or(until);
        let Some(end) = now.checked_add(week).ok().filter(|end| *end <= until) else { break };
        let before: Vec<Begun> = begun.iter().filter(|one| one.at <= now).cloned().collect();
        if let Some(forecast) = replay(&before, now, 1).0.forecast(now) {
            let came = begun.iter().filter(|one| now < one.at && one.at <= end).count();
            held += usize::from((forecast.from as usize..=forecast.to as usize).contains(&came));
            of += 1;
        }
        next = day.checked_add(jiff::Span::new().days(7)).ok();
    }
    (held, of)
}

fn item(at: usize, row: &Row, environment: Slug) -> Item {
    let joins = vec![
        transition("", &row.attribute, &row.declared, &row.actual),
        Join::new(Why::Module, &[row.module.as_bytes()], row.module.as_str()),
        Join::new(Why::Hand, &[row.sha.as_bytes()], row.sha.as_str()),
    ];
    Item { key: at.to_string(), environment, at: row.date, joins, is_split: false }
}

fn one_change(mut item: Item) -> Item {
    item.joins.retain(|join| join.why == Why::Change);
    item
}

fn begun(first: &Item) -> Begun {
    Begun {
        at: first.at,
        service: "aws_db".into(),
        kind: "aws_db_instance".into(),
        hand: None,
        habits: vec![],
        worst: SeverityClass::Low,
    }
}

pub fn text_of(series: &Series) -> String {
    let mut out = format!("{} drift events, {} incidents\n\npairs put together\n", series.events, series.incidents);
    let all = [("within one namespace", series.within), ("across (\"also in\")", series.across)];
    for (name, pairs) in all {
        let (n, figure) = (pairs.both + pairs.ours, |of: Option<(f64, f64, f64)>| match of {
            Some((p, low, high)) => format!("{p:.3} [{low:.3}, {high:.3}]"),
            None => "none".to_owned(),
        });
        let (precision, recall) = (figure(pairs.precision()), figure(pairs.recall()));
        let _ =
            writeln!(out, "  {name:<22} precision {precision}  n {n}; recall {recall}  n {}", pairs.both + pairs.label);
    }
    let _ = writeln!(out, "\nthe largest bursts after the first two weeks, at most {QUIET} days between events");
    for (burst, is_told) in &series.bursts {
        let told = if *is_told { "told on its first day" } else { "not told on its first day" };
        let _ = writeln!(out, "  {} to {}  {:>3} events  {told}", burst.from, burst.until, burst.count);
    }
    let (held, of) = series.forecast;
    let _ = writeln!(
        out,
        "\n{held} of {of} weeks had as many incidents as the interval of the forecast says (8 of 10 are meant)"
    );
    let (told, most) = (series.told.len(), series.most_in_two_years);
    let _ = writeln!(out, "\n{told} notices, {most} in the two years with most");
    for verdict in &series.told {
        let words = verdict.words().line();
        let _ = writeln!(out, "  {}  {words}", verdict.at.strftime("%Y-%m-%d %H:%M"));
    }
    out
}

pub fn json_of(series: &Series) -> Value {
    let of = |pairs: Pairs| {
        json!({"together_in_both": pairs.both, "ours_alone": pairs.ours, "label_alone": pairs.label,
            "precision": pairs.precision(), "recall": pairs.recall()})
    };
    let bursts = series.bursts.iter().map(|(burst, told)| {
        json!({"from": burst.from, "until": burst.until, "events": burst.count, "told_on_first_day": told})
    });
    json!({"schema": "driftguard.series/1", "events": series.events, "incidents": series.incidents,
        "within": of(series.within), "across": of(series.across), "bursts": bursts.collect::<Vec<_>>(),
        "forecast": {"weeks": series.forecast.1, "within_interval": series.forecast.0},
        "notices": series.told.iter().map(|one| one.at).collect::<Vec<_>>(), "most_in_two_years": series.most_in_two_years})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::shared;

    #[test]
    fn real_bursts_are_told_of_on_their_first_day_and_little_else_is() {
        let Some(path) = shared("labels/real_drift_events_moj_pre2025.jsonl") else { return };
        let series = measure(&path).unwrap();
        assert_eq!((series.events, series.errors.len()), (150, 0));
        assert!(series.most_in_two_years <= 8, "{}", text_of(&series));
        assert!(series.bursts.len() == 5 && series.bursts.iter().all(|(_, told)| *told), "{}", text_of(&series));
    }

    #[test]
    fn what_is_put_together_belongs_together_as_far_as_the_label_says() {
        let Some(path) = shared("labels/real_drift_events_moj_pre2025.jsonl") else { return };
        let series = measure(&path).unwrap();
        let precision = |pairs: Pairs| pairs.precision().unwrap().0;
        assert!(precision(series.within) >= 0.95 && precision(series.across) >= 0.95, "{}", text_of(&series));
        assert!(series.within.recall().unwrap().0 >= 0.95, "{}", text_of(&series));
    }
}
