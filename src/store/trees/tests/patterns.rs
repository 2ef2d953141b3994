//! What belongs together, and what is more than usual, from what a store has.

use super::*;
use crate::analysis::together::Gaps;
use crate::service::{pulse, pulse_of, together};
use crate::store::Notices;

const DAY: i64 = 86_400;

fn elsewhere() -> Slug {
    Slug::from_text("staging")
}

impl World {
    fn together(&self, id: DriftId) -> Together {
        together::of(&self.store, &self.store.drift(id).unwrap(), Gaps::default()).unwrap()
    }

    fn members(&self, id: DriftId) -> Vec<String> {
        self.together(id).others.iter().map(|one| one.resource.resource_id.raw().to_owned()).collect()
    }

    /// After a scan.
    fn look(&self) -> Option<Notification> {
        self.pass(1);
        pulse::look(&self.store, &env(), self.store.now()).unwrap()
    }
}

fn ids(recorded: Vec<Recorded>) -> Vec<DriftId> {
    recorded.into_iter().map(|one| one.into_event().id).collect()
}

#[test]
fn the_same_change_is_one_incident_and_elsewhere_it_is_only_named() {
    let w = World::new();
    let all = ids(w.scan(&[finding("a", &["ingress"]), finding("b", &["ingress"]), finding("c", &["tags"])]).0);
    w.know(elsewhere());
    let scan = w.store.begin_scan(&elsewhere(), w.store.now()).unwrap();
    let there = Finding { environment: elsewhere(), ..finding("a", &["ingress"]) };
    w.store.record(scan, vec![there]).unwrap();
    let (a, b, c) = (w.together(all[0]), w.together(all[1]), w.together(all[2]));
    assert_eq!((a.count, a.id == b.id, c.count), (2, true, 1));
    assert_eq!(w.members(all[0]), ["b"]);
    assert_eq!(a.why[0].raw(), "2 have the same change of ingress of aws_security_group, seen at once");
    assert_eq!(a.also_words().unwrap(), "also in staging");
    assert!(c.is_alone() && !a.is_cut);
}

#[test]
fn an_incident_goes_on_from_one_to_the_next_and_ends_with_a_gap() {
    let w = World::new();
    let mut all = vec![];
    for (at, pause) in [("a", 0), ("b", 20 * 3600), ("c", 20 * 3600), ("d", 30 * 3600)] {
        w.pass(pause);
        all.push(w.one(&finding(at, &["ingress"])).id);
    }
    // Two days lie between the first and the last of them.
    assert_eq!(w.members(all[0]), ["b", "c"]);
    assert_eq!(w.members(all[2]), ["a", "b"]);
    assert!(w.members(all[3]).is_empty());
    assert_eq!(w.together(all[0]).id, w.together(all[2]).id);
}

#[test]
fn a_person_takes_one_out_and_puts_others_in_and_both_can_be_taken_back() {
    let w = World::new();
    let findings = [finding("a", &["ingress"]), finding("b", &["ingress"]), finding("c", &["tags"])];
    let all = ids(w.scan(&findings).0);
    let split = w.decide(all[0], TriageVerb::Split).unwrap();
    assert!(split.drifts[0].is_split && w.get(all[0]).is_split);
    assert!(w.together(all[0]).is_alone() && w.together(all[1]).is_alone());
    let again = w.decide(all[0], TriageVerb::Split).unwrap_err();
    assert!(matches!(&again, StoreError::Invalid(why) if why.contains("alone already")), "{again}");
    // What a person puts together stays together.
    let link = w.decide(all[0], TriageVerb::Link { to: all[2], note: None }).unwrap();
    assert_eq!(w.members(all[0]), ["c"]);
    assert_eq!(w.together(all[0]).why[0].raw(), "somebody put two of them together");
    // A scan leaves it as it was decided; so does closing the store.
    w.scan(&findings);
    let w = w.reopen();
    assert!(w.get(all[0]).is_split);
    assert_eq!(w.members(all[0]), ["c"]);
    w.decide(all[0], TriageVerb::Undo { seq: link.seq }).unwrap();
    w.decide(all[0], TriageVerb::Undo { seq: split.seq }).unwrap();
    assert_eq!(w.members(all[0]), ["b"]);
    assert!(matches!(w.decide(all[0], TriageVerb::Rejoin), Err(StoreError::Invalid(_))));
    w.decide(all[1], TriageVerb::Split).unwrap();
    w.decide(all[1], TriageVerb::Rejoin).unwrap();
    assert_eq!(w.members(all[0]), ["b"]);
    let trail: Vec<String> = w.store.audit(3).unwrap().into_iter().map(|entry| entry.action).collect();
    assert_eq!(trail, ["rejoin", "split", "undo"]);
    w.assert_sound();
}

#[test]
fn what_was_taken_out_is_in_an_export() {
    let w = World::new();
    let all = ids(w.scan(&[finding("a", &["ingress"]), finding("b", &["ingress"])]).0);
    w.decide(all[0], TriageVerb::Split).unwrap();
    let mut exported = vec![];
    w.store.export(&mut exported).unwrap();
    let other = World::new();
    other.store.import(&mut exported.as_slice()).unwrap();
    assert!(other.get(all[0]).is_split && !other.get(all[1]).is_split);
    other.assert_sound();
}

#[test]
fn what_is_more_than_usual_is_told_once_and_what_is_usual_outlives_the_process() {
    let mut w = World::new();
    w.scan(&[finding("backlog", &["ingress"])]);
    assert_eq!(w.look(), None);
    for day in 0..20 {
        w.pass(DAY);
        w.scan(&[finding(&format!("day-{day}"), &[&format!("path{day}")])]);
        assert_eq!(w.look(), None, "day {day}");
    }
    w = w.reopen();
    let pulse = pulse_of(&w.store, &env(), w.store.now()).unwrap().unwrap();
    assert!(!pulse.is_unusual && pulse.says.raw().contains("usual"), "{pulse:?}");
    assert_eq!(pulse.trend.len(), 21);
    w.pass(DAY);
    let burst: Vec<Finding> = (0..12).map(|n| finding(&format!("burst-{n}"), &[&format!("burst{n}")])).collect();
    w.scan(&burst);
    let told = w.look().unwrap();
    assert_eq!((told.kind, told.priority), (NotificationKind::Anomaly, SeverityClass::High));
    let subject = told.subject.raw();
    assert!(subject.starts_with("unusual in prod-eu: aws_security: 12 incidents since"), "{subject}");
    assert_eq!(w.store.notification(told.id).unwrap().subject, told.subject);
    assert!(pulse_of(&w.store, &env(), w.store.now()).unwrap().unwrap().is_unusual);
    // It goes on, and was told.
    w.pass(600);
    w.scan(&burst);
    assert_eq!(w.look(), None);
    w.assert_sound();
    // What is forgotten is forgotten whole.
    w.store.forget(&env(), &"alice".into()).unwrap();
    assert_eq!(w.store.baselines(&env()).unwrap(), None);
}

#[test]
fn a_store_from_before_begins_with_what_it_has_and_many_drifts_of_one_change_are_one() {
    let w = World::new();
    for day in 0..20 {
        w.pass(DAY);
        w.scan(&[finding(&format!("day-{day}"), &[&format!("path{day}")])]);
    }
    // Looked at for the first time, after a day on which thirty things changed in the same way.
    w.pass(DAY);
    let one_hand: Vec<Finding> = (0..30).map(|n| finding(&format!("all-{n}"), &["engine_version"])).collect();
    w.scan(&one_hand);
    assert_eq!(w.look(), None);
    let pulse = pulse_of(&w.store, &env(), w.store.now()).unwrap().unwrap();
    assert!(!pulse.is_unusual && pulse.says.raw().starts_with("1 today"), "{pulse:?}");
}
