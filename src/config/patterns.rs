//! Of `[analysis]`: what is taken for an incident, and how often somebody is told that there are more of them than usual.

use jiff::SignedDuration;
use toml::Spanned;
use toml::de::DeValue;

use super::file::Source;
use super::{Config, parse_duration};
use crate::analysis::together::Gaps;

/// The keys it knows.
pub(super) const KEYS: &str = "anomaly_notices and incident_gap";
/// Notices of one environment in a week.
const MOST: u32 = 1000;

/// Takes one key; whether it is one of these.
pub(super) fn take(source: &Source<'_>, key: &str, value: &Spanned<DeValue<'_>>, config: &mut Config) -> bool {
    let taken = match (key, value.get_ref()) {
        ("anomaly_notices", DeValue::Integer(number)) => match number.as_str().parse() {
            Ok(number) if number <= MOST => {
                config.patterns.anomaly_notices = number;
                Ok(())
            }
            _ => Err(format!("anomaly_notices: a number from 0 (never) to {MOST} is needed: so many a week")),
        },
        ("anomaly_notices", other) => Err(format!("anomaly_notices: a number is needed, not {}", other.type_str())),
        ("incident_gap", DeValue::String(text)) => gap(text).map(|gap| config.patterns.gaps = Gaps::of(gap)),
        ("incident_gap", other) => {
            Err(format!("incident_gap: a duration such as \"24h\" is needed, not {}", other.type_str()))
        }
        _ => return false,
    };
    if let Err(message) = taken {
        config.problems.push(source.problem(&value.span(), message));
    }
    true
}

fn gap(text: &str) -> Result<SignedDuration, String> {
    let gap = parse_duration(text).map_err(|why| format!("incident_gap: {why}"))?;
    let gap = SignedDuration::try_from(gap).map_err(|why| format!("incident_gap: {why}"))?;
    let month = SignedDuration::from_hours(24 * 31);
    if gap > month {
        return Err("incident_gap: what was seen more than a month apart is no incident: at most 31d".into());
    }
    Ok(gap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testkit::read;
    use crate::store::Patterns;

    #[test]
    fn the_gap_and_the_notices_are_taken_from_the_file() {
        assert_eq!(read("").patterns, Patterns::default());
        let config = read("[analysis]\nanomaly_notices = 0\nincident_gap = \"30m\"\n");
        assert_eq!(config.problems.len(), 0, "{:?}", config.problems);
        let half = SignedDuration::from_mins(30);
        assert_eq!((config.patterns.anomaly_notices, config.patterns.gaps), (0, Gaps { change: half, rest: half }));
    }

    #[test]
    fn mistakes_are_told_with_their_place_and_what_is_needed() {
        let odd = read("[analysis]\nanomaly_notices = -1\nincident_gap = \"1y\"\ngap = 3\n");
        let said: Vec<String> = odd.problems.iter().map(ToString::to_string).collect();
        assert_eq!((said.len(), odd.patterns), (3, Patterns::default()), "{said:?}");
        let about = |what: &str| said.iter().any(|one| one.contains(what));
        assert!(about("config.toml:2:19: anomaly_notices: a number from 0 (never) to 1000"), "{said:?}");
        assert!(about("incident_gap: '1y' is no duration") && about("unknown key 'gap' in [analysis]"), "{said:?}");
        assert!(read("[analysis]\nincident_gap = \"60d\"\n").problems[0].to_string().contains("at most 31d"));
    }
}
