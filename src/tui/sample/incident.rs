//! What happened in the sample world: in a span of time, in the last days, and to one resource.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::now;
use crate::drift::{
    Activity, AlsoIn, AuditEntry, Business, DETECTED, DailyMetrics, DayCounts, DensityCounter, DriftDetail, DriftEvent,
    Happening, Incident, IncidentRequest, Slug, State, Stats, Together, TriageVerb, day_of, first_of_days,
};
use crate::safety::Tainted;
use crate::service::{Place, Relations};
use crate::store::Observation;

/// As a store tells it.
pub fn of<'a>(
    drifts: &[&DriftEvent],
    audit: impl Iterator<Item = &'a AuditEntry>,
    request: &IncidentRequest,
) -> Incident {
    let within = |at: jiff::Timestamp| request.from <= at && at <= request.until;
    let of_these = |slug: Option<&Slug>| {
        request.environments.is_empty() || slug.is_some_and(|slug| request.environments.contains(slug))
    };
    let mut density = DensityCounter::new(request);
    let mut happenings = Vec::new();
    for event in drifts.iter().filter(|event| within(event.detected_at) && of_these(Some(&event.environment))) {
        density.detected(event.detected_at, event.severity_class());
        happenings.push(Happening {
            at: event.detected_at,
            environment: Some(event.environment.clone()),
            drift: Some(event.id),
            action: DETECTED.to_owned(),
            actor: Tainted::from("system"),
            reason: None,
            seq: None,
            undone: false,
            resolution_type: None,
            context: None,
            batch: None,
        });
    }
    for entry in audit.filter(|entry| within(entry.timestamp) && of_these(entry.environment.as_ref())) {
        density.other(entry.timestamp);
        happenings.push(Happening {
            at: entry.timestamp,
            environment: entry.environment.clone(),
            drift: entry.drift,
            action: entry.action.clone(),
            actor: entry.actor.clone(),
            reason: entry.reason.clone(),
            seq: Some(entry.seq),
            undone: entry.undone_by.is_some(),
            resolution_type: entry.verb.as_ref().and_then(TriageVerb::resolution_type),
            context: None,
            batch: entry.batch,
        });
    }
    happenings.sort_by_key(|one| std::cmp::Reverse((one.at, one.seq)));
    let mut named: Vec<DriftEvent> = drifts.iter().map(|event| (*event).clone()).collect();
    named.sort_by_key(|event| event.id);
    let (from, until, density) = (request.from, request.until, density.counts());
    Incident { from, until, happenings, drifts: named, cut: false, density, markers: vec![], together: vec![] }
}

/// How the drifts of the last days went.
pub fn stats<'a>(drifts: impl Iterator<Item = &'a DriftEvent>, days: u32) -> Stats {
    let since = now().checked_sub(jiff::SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or_default();
    let mut stats = Stats { days, ..Stats::default() };
    let mut seconds = 0;
    for event in drifts.filter(|event| event.detected_at >= since) {
        stats.total += 1;
        let Some(ended) = event.resolved_at else { continue };
        stats.resolved += 1;
        seconds += u64::try_from(ended.duration_since(event.detected_at).as_secs()).unwrap_or(0);
    }
    stats.unresolved = stats.total - stats.resolved;
    stats.average_resolution_seconds = seconds.checked_div(stats.resolved);
    stats
}

/// In sync an hour before it drifted, and as it is now since then.
pub fn observations(detail: &DriftDetail, limit: usize) -> Vec<Observation> {
    let event = &detail.event;
    let seen = |observed_at, value: &Option<crate::safety::Masked>, accepted| {
        let value = value.clone()?;
        let (resource_type, resource_id) = (event.resource.resource_type.clone(), event.resource.resource_id.clone());
        Some(Observation { resource_type, resource_id, observed_at, value, accepted, followed: false })
    };
    let before = event.detected_at.checked_sub(jiff::SignedDuration::from_mins(60)).unwrap_or_default();
    let all = [seen(event.detected_at, &detail.actual_state, false), seen(before, &detail.declared_state, true)];
    all.into_iter().flatten().take(limit).collect()
}

fn together() -> Together {
    Together {
        id: "6920b1c09e7b3d246851".into(),
        count: 3,
        others: vec![],
        why: vec!["3 have the same change of ingress of aws_security_group, at most 2m apart".into()],
        also_in: vec![AlsoIn { environment: Slug::from_text("staging"), count: 2 }],
        is_cut: false,
    }
}

/// As if a configuration lay beside the state.
pub fn relations(event: &DriftEvent) -> Relations {
    match event.resource.resource_type.raw() {
        "aws_security_group" => Relations {
            declared_at: vec![Place { file: "/srv/state/modules/net/web.tf".into(), line: 41 }],
            depends_on: vec!["module.net.aws_vpc.main".into()],
            dependants: vec!["aws_instance.web".into(), "aws_lb.front".into()],
            together: Some(together()),
            ..Relations::default()
        },
        _ => Relations {
            unknown: vec!["no .tf files beside the state: the line is not known".into()],
            ..Relations::default()
        },
    }
}

/// What came of it, as far as the world tells: its drifts by the day, and who did something.
pub fn business<'a>(
    drifts: impl Iterator<Item = &'a DriftEvent>,
    audit: impl Iterator<Item = &'a AuditEntry>,
    days: u32,
) -> Business {
    let since = first_of_days(now(), days);
    let mut counted: BTreeMap<(Slug, Date), DayCounts> = BTreeMap::new();
    for event in drifts.filter(|event| event.detected_at >= since) {
        let has_ended = matches!(event.state, State::Resolved | State::Closed);
        let day = (event.environment.clone(), day_of(event.detected_at));
        counted.entry(day).or_default().add(event, has_ended);
    }
    let counted: Vec<DailyMetrics> =
        counted.into_iter().map(|((slug, date), counts)| counts.told(slug, date)).collect();
    let (mut people, mut acts) = (BTreeSet::new(), 0);
    for entry in audit {
        acts += 1;
        people.insert(entry.actor.raw());
    }
    let detected = Some(counted.iter().map(|day| day.total_drifts).sum());
    let activity = Some(Activity { people: people.len() as u64, acts });
    let mut business = Business { days, detected, activity, ..Business::default() };
    business.add_days(&counted, since);
    business
}
