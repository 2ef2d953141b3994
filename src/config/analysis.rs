//! `[analysis]`: what is known beforehand of why things change.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use toml::Spanned;
use toml::de::DeValue;

use super::file::{Source, list, scalar};
use super::maintenance::DAYS;
use super::{Config, patterns};
use crate::drift::Hours;

pub(super) fn read(source: &Source<'_>, value: &Spanned<DeValue<'_>>, config: &mut Config) {
    let DeValue::Table(table) = value.get_ref() else {
        let message = "what helps to find causes is written as an [analysis] table";
        return config.problems.push(source.problem(&value.span(), message));
    };
    for (key, value) in table.iter() {
        let text = scalar(value.get_ref()).or_else(|| list(value.get_ref()));
        let read = match (key.get_ref().as_ref(), text) {
            ("on_call", Some(text)) => hours(&text).map(|hours| config.on_call.hours = hours),
            ("zone", Some(text)) => zone(&text).map(|zone| config.on_call.zone = zone),
            ("on_call" | "zone", None) => Err("a text is needed".to_owned()),
            (name, _) if patterns::take(source, name, value, config) => continue,
            _ => {
                let known = patterns::KEYS;
                let message =
                    format!("unknown key '{}' in [analysis]; known are on_call, zone, {known}", key.get_ref());
                config.problems.push(source.problem(&key.span(), message));
                continue;
            }
        };
        if let Err(why) = read {
            config.problems.push(source.problem(&value.span(), format!("{}: {why}", key.get_ref())));
        }
    }
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "unknown; `Europe/Berlin`, say".to_owned())
}

/// Several with commas or semicolons between them: `mon-fri 18:00-08:00, sat-sun 00:00-24:00`.
fn hours(text: &str) -> Result<Vec<Hours>, String> {
    text.split([',', ';']).map(str::trim).filter(|one| !one.is_empty()).map(one).collect()
}

fn one(text: &str) -> Result<Hours, String> {
    let wanted = || format!("'{text}' is no span of hours: `mon-fri 18:00-08:00` is one");
    let (days, times) = text.split_once(char::is_whitespace).ok_or_else(wanted)?;
    let (from, to) = times.trim().split_once('-').ok_or_else(wanted)?;
    let day = |name: &str| {
        let known = DAYS.iter().find(|(known, _)| *known == name.trim().to_ascii_lowercase());
        known.map(|(_, day)| *day).ok_or_else(wanted)
    };
    let days = match days.split_once('-') {
        Some((first, last)) => from_to(day(first)?, day(last)?),
        None => vec![day(days)?],
    };
    // The end of a day is the beginning of the next.
    let clock = |text: &str| match text.trim() {
        "24:00" => Ok(Time::midnight()),
        text => text.parse::<Time>().map_err(|_| wanted()),
    };
    Ok(Hours { days, from: clock(from)?, to: clock(to)? })
}

fn from_to(first: Weekday, last: Weekday) -> Vec<Weekday> {
    let mut days = vec![first];
    let mut day = first;
    while day != last {
        day = day.next();
        days.push(day);
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testkit::read;

    #[test]
    fn hours_on_call_are_read_with_their_zone_and_there_are_none_by_default() {
        assert!(read("").on_call.hours.is_empty());
        let text =
            "[analysis]\non_call = [\"mon-fri 18:00-08:00\", \"sat-sun 00:00-24:00\"]\nzone = \"Europe/Berlin\"\n";
        let config = read(text);
        assert!(config.problems.is_empty(), "{:?}", config.problems);
        let [week, weekend] = config.on_call.hours.as_slice() else { panic!("{:?}", config.on_call) };
        assert_eq!((week.days.len(), weekend.days.as_slice()), (5, &[Weekday::Saturday, Weekday::Sunday][..]));
        // A Saturday at noon, and a Wednesday at noon.
        assert_eq!(config.on_call.holds("2026-11-21T11:00:00Z".parse().unwrap()), Some(true));
        assert_eq!(config.on_call.holds("2026-11-18T11:00:00Z".parse().unwrap()), Some(false));
    }

    #[test]
    fn what_is_no_span_of_hours_is_refused_with_an_example() {
        let odd = read("[analysis]\non_call = \"nights\"\nzone = \"Mars\"\nforest = 3\n");
        let said: Vec<String> = odd.problems.iter().map(ToString::to_string).collect();
        assert!(said.len() == 3 && odd.on_call.hours.is_empty(), "{said:?}");
        assert!(
            said[0].contains("2:11: on_call: 'nights' is no span of hours: `mon-fri 18:00-08:00` is one"),
            "{said:?}"
        );
        assert!(said[1].contains("zone: unknown") && said[2].contains("unknown key 'forest'"), "{said:?}");
    }
}
