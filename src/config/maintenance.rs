//! `[[maintenance]]` tables.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{Source, scalar};
use super::{Config, Problem};
use crate::drift::query::moment;
use crate::drift::{IncidentImpact, Maintenance, OperationalContext, Slug, When};
use crate::safety::Tainted;

const KEYS: [&str; 8] = ["title", "environments", "from", "to", "days", "zone", "impact", "link"];
pub(super) const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Reads one table with every mistake in it; adds the announcement when there is none.
pub(super) fn read(source: &Source<'_>, item: &Spanned<DeValue<'_>>, config: &mut Config) {
    let DeValue::Table(table) = item.get_ref() else {
        config.problems.push(source.problem(&item.span(), "a maintenance is a table"));
        return;
    };
    let mut reader = Reader { source, table, item, problems: vec![] };
    let read = reader.maintenance();
    match read.filter(|_| reader.problems.is_empty()) {
        Some(maintenance) => config.maintenance.push(maintenance),
        None => config.problems.append(&mut reader.problems),
    }
}

struct Reader<'a> {
    source: &'a Source<'a>,
    table: &'a DeTable<'a>,
    item: &'a Spanned<DeValue<'a>>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn maintenance(&mut self) -> Option<Maintenance> {
        for key in self.table.keys().filter(|k| !KEYS.contains(&k.get_ref().as_ref())) {
            let message = format!("unknown key '{}'; known are {}", key.get_ref(), KEYS.join(", "));
            self.problems.push(self.source.problem(&key.span(), message));
        }
        let title = self.text("title", |text| match text.trim() {
            "" => Err("say what is done".into()),
            text if text.chars().count() > OperationalContext::TITLE_MAX => Err("at most 500 characters".into()),
            text => Ok(Tainted::from(text)),
        });
        let environments = self.list("environments", |text| Slug::new(text).map_err(|why| why.to_string()));
        let link = self.text("link", |text| Ok(Tainted::from(text)));
        let impact = self.text("impact", impact);
        let zone = self.text("zone", |name| TimeZone::get(name).map_err(|_| "unknown; `Europe/Berlin`, say".into()));
        let zone = zone.unwrap_or_else(TimeZone::system);
        let when = if self.table.contains_key("days") { self.weekly(zone) } else { self.once(&zone) };
        Some(Maintenance {
            title: title.unwrap_or_else(|| "maintenance".into()),
            link,
            incident_impact: impact,
            environments,
            when: when?,
        })
    }

    fn once(&mut self, zone: &TimeZone) -> Option<When> {
        let now = Timestamp::now();
        // A time alone would be of the day on which the file is read.
        let read = |text: &str| match text.contains('-') {
            true => moment(text, now, zone).ok_or_else(|| "a date with a time is needed: 2026-11-21T02:00".to_owned()),
            false => Err("a date with a time is needed: 2026-11-21T02:00; for every week name `days`".into()),
        };
        let (from, to) = (self.required("from", read)?, self.required("to", read)?);
        if to < from {
            self.complain("to", "it ends before it begins");
        }
        Some(When::Once { from, to })
    }

    fn weekly(&mut self, zone: TimeZone) -> Option<When> {
        let days = self.list("days", |text| {
            let found = DAYS.iter().find(|(name, _)| *name == text);
            found.map(|(_, day)| *day).ok_or_else(|| format!("'{text}' is none of mon, tue, wed, thu, fri, sat, sun"))
        });
        let clock = |text: &str| text.parse::<Time>().map_err(|_| "a time of day is needed: 02:00".to_owned());
        let (from, to) = (self.required("from", clock)?, self.required("to", clock)?);
        if days.is_empty() {
            self.complain("days", "name a day");
        }
        Some(When::Weekly { days, from, to, zone })
    }

    fn required<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if !self.table.contains_key(key) {
            self.problems.push(self.source.problem(&self.item.span(), format!("{key} is missing")));
        }
        self.text(key, parse)
    }

    fn text<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let value = self.table.get(key)?;
        let text = match value.get_ref() {
            DeValue::Datetime(at) => Some(at.to_string()),
            other => scalar(other),
        };
        let parsed = text.ok_or_else(|| "text is needed".to_owned()).and_then(|text| parse(&text));
        parsed.map_err(|why| self.complain(key, &why)).ok()
    }

    /// One text or a list of them.
    fn list<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let Some(value) = self.table.get(key) else { return vec![] };
        let items: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let mut read = vec![];
        for item in items {
            let text = item.get_ref().as_str().ok_or_else(|| "text is needed".to_owned());
            match text.and_then(&parse) {
                Ok(one) => read.push(one),
                Err(why) => self.problems.push(self.source.problem(&item.span(), format!("{key}: {why}"))),
            }
        }
        read
    }

    fn complain(&mut self, key: &str, why: &str) {
        let span = self.table.get(key).map_or(self.item.span(), |value| value.span());
        self.problems.push(self.source.problem(&span, format!("{key}: {why}")));
    }
}

fn impact(text: &str) -> Result<IncidentImpact, String> {
    let all = [IncidentImpact::Low, IncidentImpact::Medium, IncidentImpact::High];
    all.into_iter().find(|one| one.as_str() == text).ok_or_else(|| format!("'{text}' is none of low, medium, high"))
}
