//! A span of time is told whole: what was seen, what came back, what ended, who decided what.

use super::*;
use crate::drift::{Incident, IncidentRequest};

fn span(w: &World, from: Timestamp, until: Timestamp, limit: usize) -> Incident {
    let request = IncidentRequest { from, until, environments: vec![], limit, parts: 10 };
    w.store.incident(&request).unwrap()
}

fn actions(incident: &Incident) -> Vec<(&str, &str)> {
    incident.happenings.iter().rev().map(|one| (&*one.action, one.actor.raw())).collect()
}

#[test]
fn what_happened_in_a_span_is_told_in_order_with_who_did_it() {
    let w = World::new();
    let (a, b) = (finding("a", &["ingress"]), finding("b", &["name"]));
    w.scan(std::slice::from_ref(&a));
    w.pass(3600);
    let from = w.store.now();
    w.pass(1);
    w.scan(&[a.clone(), b.clone()]);
    let id = w.open_ids().into_iter().find(|id| w.get(*id).resource.resource_id.raw() == "a").unwrap();
    w.pass(60);
    w.decide(id, TriageVerb::Acknowledge).unwrap();
    w.pass(60);
    w.scan(std::slice::from_ref(&a));
    w.pass(60);
    let until = w.store.now();
    w.pass(3600);
    w.scan(&[a, b]);
    let incident = span(&w, from, until, 100);
    assert_eq!(
        actions(&incident),
        [("detected", "system"), ("acknowledge", "alice"), ("closed", "system")],
        "{incident:#?}"
    );
    assert_eq!(incident.happenings[1].reason.as_ref().map(|r| r.raw()), Some("because"));
    assert_eq!(incident.drifts.len(), 2, "both drifts are told of");
    assert!(incident.happenings.iter().all(|one| incident.drift(one.drift.unwrap()).is_some()));
    let counted: u32 = incident.density.iter().map(|part| part.total()).sum();
    assert_eq!((counted, incident.density.len(), incident.cut), (3, 10, false));
    let later = span(&w, until, w.store.now(), 100);
    assert_eq!(actions(&later), [("regressed", "system")]);
    assert_eq!(actions(&span(&w, at(0), at(1), 100)), []);
}

#[test]
fn many_endings_in_one_entry_are_one_happening_each_and_the_newest_are_kept() {
    let w = World::new();
    let findings: Vec<Finding> = (0..300).map(|n| finding(&format!("r{n}"), &["name"])).collect();
    w.scan(&findings);
    w.pass(60);
    let from = w.store.now();
    w.scan(&[]);
    let until = at(START + 3_600_000_000);
    let all = span(&w, from, until, 1000);
    assert_eq!(all.happenings.iter().filter(|one| one.action == "closed").count(), 300);
    let some = span(&w, at(START), until, 100);
    assert!(some.cut && some.happenings.len() == 100 && some.happenings.iter().all(|one| one.action == "closed"));
    assert_eq!(some.density.iter().map(|part| part.total()).sum::<u32>(), 600, "what is cut is counted");
}

#[test]
fn a_decision_taken_back_says_so() {
    let w = World::new();
    let event = w.one(&finding("a", &["name"]));
    let seq = w.decide(event.id, TriageVerb::Acknowledge).unwrap().seq;
    w.decide(event.id, TriageVerb::Undo { seq }).unwrap();
    let incident = span(&w, at(START), at(START + 3_600_000_000), 100);
    let undone: Vec<bool> = incident.happenings.iter().rev().map(|one| one.undone).collect();
    assert_eq!(
        actions(&incident).iter().map(|(action, _)| *action).collect::<Vec<_>>(),
        ["detected", "acknowledge", "undo"]
    );
    assert_eq!(undone, [false, true, false]);
}

/// What the store says of the last 30 days, worked out drift by drift.
fn by_hand(w: &World, days: i64) -> Stats {
    let (now, mut seconds) = (w.store.now(), 0);
    let since = now.checked_sub(jiff::SignedDuration::from_hours(24 * days)).unwrap();
    let all = w.page(DriftFilter { states: State::ALL.to_vec(), ..DriftFilter::default() });
    let mut stats = Stats { days: days as u32, ..Stats::default() };
    for event in all.iter().filter(|event| event.detected_at >= since) {
        if matches!(event.closure, Some(Closure::Superseded | Closure::Continued)) {
            continue;
        }
        stats.total += 1;
        match event.state_at(now) {
            State::Resolved | State::Closed => {
                stats.resolved += 1;
                stats.healed += u64::from(event.state == State::Closed);
                seconds += event.resolved_at.unwrap().duration_since(event.detected_at).as_secs() as u64;
            }
            _ => stats.unresolved += 1,
        }
    }
    stats.average_resolution_seconds = seconds.checked_div(stats.resolved);
    stats
}

#[test]
fn the_last_days_are_counted_as_going_through_every_drift_would() {
    let w = World::new();
    let resolve = |until| TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until };
    w.scan(&[finding("long ago", &["name"])]);
    w.pass(40 * 86_400);
    let findings: Vec<Finding> = (0..12).map(|n| finding(&format!("r{n}"), &["name"])).collect();
    w.scan(&findings);
    let ids = w.open_ids();
    w.pass(100);
    w.decide(ids[0], resolve(None)).unwrap();
    w.decide(ids[1], resolve(Some(w.store.now().checked_add(jiff::SignedDuration::from_hours(1)).unwrap()))).unwrap();
    w.decide(ids[2], TriageVerb::Acknowledge).unwrap();
    w.decide(ids[3], TriageVerb::Snooze { until: at(START + 400 * 86_400_000_000) }).unwrap();
    w.pass(500);
    // One heals, one takes another shape, one is new.
    let mut next = findings[1..].to_vec();
    next[5] = finding("r6", &["name", "ingress"]);
    next.push(finding("fresh", &["name"]));
    w.scan(&next);
    w.pass(7200);
    let stats = w.store.stats(&[], 30).unwrap();
    assert_eq!(stats, by_hand(&w, 30));
    assert!(stats.healed > 0 && stats.resolved > stats.healed && stats.unresolved > 0, "{stats:?}");
    assert!(stats.average_resolution_seconds.is_some());
    assert_eq!(w.store.stats(&[], 90).unwrap(), by_hand(&w, 90));
    assert_eq!(w.store.stats(&[Slug::from_text("elsewhere")], 30).unwrap(), Stats { days: 30, ..Stats::default() });
}
