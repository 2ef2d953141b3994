//! What lies near a drift in time, as its correlation events: commits of its code, and incidents, tickets and alerts that somebody
//! marked.

use jiff::Timestamp;
use url::Url;

use crate::drift::{ContextType, CorrelationData, CorrelationEvent, CorrelationType, OperationalContext, nearness};

/// Of one drift at most.
const MOST: usize = 50;

/// All of them, the highest score first; of equal ones the earlier.
pub(super) fn sorted(mut events: Vec<CorrelationEvent>) -> Vec<CorrelationEvent> {
    events.sort_by_key(|one| (std::cmp::Reverse(one.correlation_score.hundredths()), one.temporal_offset));
    events.truncate(MOST);
    events
}

/// Incidents, tickets and alerts. `moment`: between which times the drift came to be.
pub(super) fn marked<'a>(
    contexts: impl Iterator<Item = &'a OperationalContext>,
    moment: (Timestamp, Timestamp),
) -> Vec<CorrelationEvent> {
    contexts.filter_map(|one| event(one, moment)).collect()
}

/// Seconds from the moment to a time; 0 within it.
pub(super) fn offset((from, until): (Timestamp, Timestamp), at: Timestamp) -> i64 {
    if at < from {
        at.as_second() - from.as_second()
    } else if at > until {
        at.as_second() - until.as_second()
    } else {
        0
    }
}

fn event(one: &OperationalContext, moment: (Timestamp, Timestamp)) -> Option<CorrelationEvent> {
    let correlation_type = match one.context_type {
        ContextType::Incident | ContextType::Ticket => CorrelationType::IncidentTicket,
        ContextType::Alert => CorrelationType::MonitoringAlert,
        ContextType::Deployment | ContextType::Maintenance | ContextType::SecurityEvent => return None,
    };
    let data = &one.context_data;
    let temporal_offset = offset(moment, one.time_window.from);
    Some(CorrelationEvent {
        correlation_type,
        external_id: one.name(),
        external_system: system(data.link.as_ref().map(|link| link.raw())).into(),
        event_data: CorrelationData {
            title: data.title.clone(),
            place: None,
            at: one.time_window.from,
            link: data.link.clone(),
        },
        correlation_score: nearness(temporal_offset),
        temporal_offset,
    })
}

/// By the host that the link leads to; `marked`: somebody said so here, and there is no link.
fn system(link: Option<&str>) -> &'static str {
    const KNOWN: [&str; 7] = ["github", "gitlab", "jira", "servicenow", "prometheus", "grafana", "pagerduty"];
    let host = link.and_then(|link| Url::parse(link).ok()).and_then(|url| url.host_str().map(str::to_ascii_lowercase));
    match host {
        None => "marked",
        Some(host) if host.ends_with(".atlassian.net") => "jira",
        Some(host) if host.ends_with(".service-now.com") => "servicenow",
        Some(host) => KNOWN.into_iter().find(|one| host.contains(one)).unwrap_or("other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::{ContextData, ContextId, ContextSource, TimeWindow};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn mark(context_type: ContextType, from: i64, id: Option<&str>, link: Option<&str>) -> OperationalContext {
        let context_data = ContextData {
            title: "checkout is down".into(),
            id: id.map(Into::into),
            link: link.map(Into::into),
            ..ContextData::default()
        };
        OperationalContext {
            id: ContextId::of(at(from), &[context_type.as_str()]),
            context_type,
            context_data,
            incident_impact: None,
            time_window: TimeWindow { from: at(from), to: None },
            environments: vec![],
            source: ContextSource::Person,
        }
    }

    #[test]
    fn marks_are_scored_by_how_near_they_are_and_the_nearest_stands_first() {
        let marks = [
            mark(ContextType::Ticket, -7_200, Some("OPS-7"), Some("https://acme.atlassian.net/browse/OPS-7")),
            mark(ContextType::Alert, -720, Some("HighLatency"), Some("https://prometheus.acme.dev/alerts")),
            mark(ContextType::Incident, 5, None, None),
            mark(ContextType::Maintenance, 0, None, None),
        ];
        let found = sorted(marked(marks.iter(), (at(0), at(10))));
        let said: Vec<String> =
            found.iter().map(|one| format!("{} {}", one.offset(), one.external_system.raw())).collect();
        assert_eq!(said, ["±0 marked", "-12m prometheus", "-2h jira"], "maintenance explains, and is none of these");
        assert_eq!(found[1].correlation_type, CorrelationType::MonitoringAlert);
        assert_eq!(found[2].external_id.raw(), "OPS-7");
        let written = serde_json::to_value(&found[1]).unwrap();
        assert_eq!(
            (&written["correlation_type"], &written["temporal_offset"]),
            (&"monitoring_alert".into(), &(-720).into())
        );
        // A host that only sounds like one is another system, and what is no address leads nowhere.
        assert_eq!((system(Some("https://tickets.acme.dev/1")), system(Some("OPS-7"))), ("other", "marked"));
    }
}
