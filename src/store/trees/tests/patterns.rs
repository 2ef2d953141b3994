//! What belongs together, and what is more than usual, from what a store has.

use super::*;
use crate::drift::query::{Group as By, GroupKey, GroupRow};
use crate::service::{pulse, pulse_of, together as kin};
use crate::store::Notices;

const DAY: i64 = 86_400;

fn elsewhere() -> Slug {
    Slug::from_text("staging")
}

impl World {
    fn together(&self, id: DriftId) -> Together {
        kin::of(&self.store, &self.store.drift(id).unwrap().event).unwrap()
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

/// As the query line asks.
fn asked(query: &str) -> DriftFilter {
    DriftFilter { query: query.parse().unwrap(), ..DriftFilter::default() }
}

#[test]
fn rows_of_incidents_are_the_same_whether_the_index_finds_their_drifts_or_each_is_read() {
    let w = World::new();
    w.scan(&[finding("a", &["ingress"]), finding("b", &["ingress"]), finding("c", &["tags"])]);
    w.pass(3600);
    let all = ids(w.scan(&[finding("b", &["ingress"]), finding("c", &["tags"]), finding("d", &["name"])]).0);
    w.decide(all[2], TriageVerb::Acknowledge).unwrap();
    let rows = |query: &str, states: &[State]| {
        let filter = DriftFilter { states: states.to_vec(), ..asked(query) };
        let groups = w.store.groups(&filter, By::Incident, 100).unwrap();
        assert!(!groups.is_cut);
        let row = |row: &GroupRow| {
            (row.key, row.count, row.worst, row.oldest, row.newest, row.sample.id, row.environments.clone())
        };
        (groups.rows.iter().map(row).collect::<Vec<_>>(), groups.total, groups.drifts)
    };
    for states in [&[][..], &[State::Open][..], &[State::Open, State::Acknowledged][..], &[State::Closed][..]] {
        for sort in ["", "sort:severity", "sort:oldest"] {
            let read = rows(&format!("-env:nowhere {sort}"), states);
            assert_eq!(rows(sort, states), read, "{states:?} {sort}");
            assert!(read.2 > 0);
        }
    }
    let (key, value) = w.store.engine.as_sled().tree(Tree::Events).last().unwrap().unwrap();
    w.store.engine.as_sled().tree(Tree::Events).insert(&key, &value[..9]).unwrap();
    assert_eq!(rows("", &[]), rows("-env:nowhere", &[]), "one that cannot be read is in no row");
}

#[test]
fn all_of_an_incident_is_found_by_its_id_and_by_any_drift_in_it() {
    let w = World::new();
    let findings = [finding("a", &["ingress"]), finding("b", &["ingress"]), finding("c", &["tags"])];
    let all = ids(w.scan(&findings).0);
    w.pass(3600);
    w.decide(all[1], TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: None }).unwrap();
    let id = w.together(all[0]).id;
    let found = |query: &str| {
        let mut found: Vec<String> =
            w.page(asked(query)).iter().map(|one| one.resource.resource_id.raw().to_owned()).collect();
        found.sort();
        found
    };
    assert_eq!(found(&format!("incident:{id}")), ["a", "b"]);
    assert_eq!(found(&format!("incident:{}", all[1])), ["a", "b"]);
    assert_eq!(found(&format!("-incident:{id}")), ["c"]);
    assert_eq!(found(&format!("incident:{id},{} is:open", all[2])), ["a", "c"]);
    // One that is nowhere has nothing in it.
    assert_eq!(found("incident:00000000000000000000"), [""; 0]);
    assert_eq!(found(&format!("incident:{} sort:severity", DriftId::generate())), [""; 0]);
    assert!("incident:yesterday".parse::<crate::drift::query::Query>().is_err());
}

#[test]
fn a_row_of_an_incident_tells_of_all_of_it_and_its_members_are_what_the_filter_shows() {
    let w = World::new();
    let findings = [finding("a", &["ingress"]), finding("b", &["ingress"]), finding("c", &["tags"])];
    let all = ids(w.scan(&findings).0);
    w.decide(all[0], TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: None }).unwrap();
    let groups = w.store.groups(&asked("is:open"), By::Incident, 10).unwrap();
    assert_eq!((groups.total, groups.drifts, groups.is_cut), (2, 2, false));
    let row = groups.rows.iter().find(|row| row.incident.as_ref().unwrap().members == 2).unwrap();
    let incident = row.incident.as_ref().unwrap();
    assert_eq!((row.count, incident.settled, &incident.id), (1, 1, &w.together(all[1]).id));
    assert_eq!(incident.why[0].raw(), "2 have the same change of ingress of aws_security_group, seen at once");
    assert_eq!(row.key, GroupKey::of_incident(&incident.id).unwrap());
    assert_eq!(row.key.to_string().parse::<GroupKey>().unwrap(), row.key);
    let member = |row: &GroupRow| DriftFilter { member: Some(row.key), ..asked("is:open") };
    let members = w.page(member(row));
    assert_eq!(members.iter().map(|one| one.id).collect::<Vec<_>>(), [all[1]]);
    let touched = w.store.matching(&member(row), 10).unwrap();
    assert_eq!(touched.targets.len(), 1, "a decision about the row is about what was in it");
    // Which of them gave it its name does not matter: every drift is in one row.
    let alone = groups.rows.iter().find(|row| row.incident.as_ref().unwrap().members == 1).unwrap();
    assert_eq!(w.page(member(alone)).iter().map(|one| one.id).collect::<Vec<_>>(), [all[2]]);
}

#[test]
fn a_review_says_what_of_it_belongs_together_and_why() {
    let w = World::new();
    let findings = [finding("a", &["ingress"]), finding("b", &["ingress"]), finding("c", &["tags"])];
    let all = ids(w.scan(&findings).0);
    w.pass(1);
    let (from, until) = (at(START), w.store.now());
    let review =
        w.store.incident(&IncidentRequest { from, until, environments: vec![], limit: 100, parts: 4 }).unwrap();
    assert_eq!(review.drifts.len(), 3, "{:?}", review.happenings);
    let [joint] = review.together.as_slice() else { panic!("{:?}", review.together) };
    assert_eq!((joint.incident.members, joint.incident.id.as_str()), (2, w.together(all[0]).id.as_str()));
    assert_eq!(joint.drifts.iter().collect::<std::collections::BTreeSet<_>>(), all[..2].iter().collect());
    assert!(joint.incident.why[0].raw().starts_with("2 have the same change of ingress"), "{joint:?}");
    assert!(review.joint_of(all[2]).is_none());
}

#[test]
fn a_page_of_one_incident_does_not_read_what_lies_far_from_it() {
    let w = World::new();
    for day in 0..40 {
        w.one(&finding(&format!("old-{day}"), &["tags", &format!("only-{day}")]));
        w.pass(2 * DAY);
    }
    let last = w.one(&finding("last", &["ingress"])).id;
    let filter = asked(&format!("incident:{last}"));
    let request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: 50 };
    let (page, cost) = w.store.page_impl(&request).unwrap();
    assert_eq!((page.data.len(), page.next, cost.read), (1, None, 1), "of 41 drifts");
    let spot = (env(), page.data[0].detected_at);
    assert_eq!(w.store.incidents_of(&[(last, spot)], together::OF_ONE).unwrap().cost.read, 1);
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

/// Fourteen drifts of one hand, a little more than an hour apart; gives what was told of them.
fn busy_hours(w: &World, name: &str) -> Vec<Notification> {
    let mut found: Vec<Finding> = vec![];
    let mut told = vec![];
    for n in 0..14 {
        w.pass(61 * 60);
        found.push(finding(&format!("{name}-{n}"), &[&format!("{name}{n}")]));
        let last = w.scan(&found).0.pop().unwrap().into_event();
        let by = Attribution { at: last.detected_at, ..super::attributing::bob(&[]) };
        w.store.attribute(last.id, &by).unwrap();
        told.extend(w.look());
    }
    told
}

#[test]
fn an_environment_is_told_of_once_a_week_with_who_it_was_and_what_is_new() {
    let w = World::new();
    w.scan(&[finding("backlog", &["ingress"])]);
    assert_eq!(w.look(), None);
    for day in 0..20 {
        w.pass(DAY);
        w.scan(&[finding(&format!("day-{day}"), &[&format!("path{day}")])]);
        assert_eq!(w.look(), None, "day {day}");
    }
    // From Tuesday to Wednesday, and again from Thursday to Friday of the same week.
    w.pass(DAY);
    let first = busy_hours(&w, "tuesday");
    w.pass(DAY);
    let second = busy_hours(&w, "thursday");
    assert_eq!((first.len(), second.len()), (1, 0), "{first:?}{second:?}");
    let says = first[0].subject.raw();
    assert!(says.contains(" by bob; first time here: a person in the console changes tuesday"), "{says}");
    assert!(
        pulse_of(&w.store, &env(), w.store.now()).unwrap().unwrap().is_unusual,
        "said where it is listed all the same"
    );
    for day in 0..7 {
        w.pass(DAY);
        w.scan(&[]);
        assert_eq!(w.look(), None, "quiet day {day}");
    }
    assert_eq!(busy_hours(&w, "next-week").len(), 1);
    let kept = w.store.notifications(&NotificationRequest::newest(100)).unwrap();
    assert_eq!(kept.iter().filter(|one| one.kind == NotificationKind::Anomaly).count(), 2);
}

#[test]
fn an_incident_of_which_not_all_was_looked_at_says_so() {
    let w = World::new();
    let all = ids(w.scan(&[finding("a", &["ingress"]), finding("b", &["ingress"])]).0);
    let name = IncidentName::Member(all[0]);
    let most = |examined, read| super::super::lanes::Cost { examined, read };
    let whole = w.store.members_of(&name, most(1_000, 1_000)).unwrap();
    assert_eq!((whole.drifts.len(), whole.is_cut), (2, false));
    assert!(w.store.members_of(&name, most(1, 1)).unwrap().is_cut);
    let filter = DriftFilter { query: format!("incident:{}", all[0]).parse().unwrap(), ..DriftFilter::default() };
    let request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: 10 };
    let page = w.store.page(&request).unwrap();
    assert_eq!((page.data.len(), page.is_cut), (2, false));
}
