//! The rows of days: whole from the beginning in a new store, grown into in an old one, and not trusted where somebody wrote beside them.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use jiff::civil::Date;

use super::*;

const DAY: i64 = 86_400;

/// Days and numbers, as they are told.
fn told(w: &World) -> Vec<(String, u64, u64)> {
    let days = w.store.daily(&[], 90).unwrap();
    days.into_iter().map(|day| (day.date.to_string(), day.total_drifts, day.resolved_drifts)).collect()
}

/// By reading each drift.
fn counted(w: &World) -> Vec<(String, u64, u64)> {
    let mut days = BTreeMap::new();
    w.store.count_days(&env(), Timestamp::UNIX_EPOCH, None, &mut days).unwrap();
    days.into_iter().map(|((_, date), of)| (date.to_string(), of.severities.iter().sum(), of.resolved)).collect()
}

/// Two new drifts on each of three days, one of which is over the day after.
fn lived(w: &World) {
    let all: Vec<Finding> = (0..6).map(|n| finding(&format!("r{n}"), &["x"])).collect();
    for day in 0..3 {
        w.scan(&all[day..2 * day + 2]);
        w.pass(DAY);
    }
}

/// As a driftguard left it that kept no rows.
fn without_rows(w: World) -> World {
    let meta = w.store.engine.as_sled().tree(Tree::Meta);
    let keys: Vec<_> = meta.iter().keys().map(Result::unwrap).collect();
    for key in keys.iter().filter(|key| key.starts_with(b"days/") || key.starts_with(b"whole-days")) {
        meta.remove(key).unwrap();
    }
    w.reopen()
}

#[test]
fn a_new_store_keeps_a_row_for_every_day_from_the_first_drift_on_and_reads_no_drift_to_tell_them() {
    let w = World::new();
    lived(&w);
    let before = told(&w);
    assert_eq!((before.len(), &before), (3, &counted(&w)));
    assert!(before.iter().any(|(_, _, resolved)| *resolved > 0), "{before:?}");
    w.assert_sound();
    let w = w.reopen();
    assert_eq!(told(&w), before);
    // None of the drifts can be read any more.
    let events = w.store.engine.as_sled().tree(Tree::Events);
    events.clear().unwrap();
    assert_eq!(told(&w), before);
}

#[test]
fn what_was_there_before_rows_were_kept_is_read_until_the_upkeep_has_counted_it() {
    let w = World::new();
    lived(&w);
    let before = told(&w);
    let w = without_rows(w);
    assert!(w.store.days().from.is_some_and(|from| from > Date::MIN) && w.store.days().rows.is_empty());
    assert_eq!(told(&w), before, "today is read too");
    w.pass(DAY);
    let again = w.open_ids()[0];
    w.scan(&[finding("another", &["x"])]);
    assert_eq!(told(&w), counted(&w));
    w.assert_sound();
    w.store.fill_days(&AtomicBool::new(true)).unwrap();
    assert!(w.store.days().from.is_some_and(|from| from > Date::MIN), "cancelled");
    w.store.fill_days(&AtomicBool::new(false)).unwrap();
    assert_eq!((w.store.days().from, w.store.days().rows.len()), (Some(Date::MIN), 4));
    assert_eq!(told(&w), counted(&w));
    w.decide(again, TriageVerb::Note { text: "seen".into() }).unwrap();
    w.assert_sound();
    let w = w.reopen();
    assert_eq!((w.store.days().from, told(&w)), (Some(Date::MIN), counted(&w)));
}

#[test]
fn rows_beside_which_an_older_driftguard_wrote_are_not_trusted() {
    let w = World::new();
    lived(&w);
    // It moves the last entry of the trail, and the counts of environments, and knows of no row.
    let meta = w.store.engine.as_sled().tree(Tree::Meta);
    let whole = meta.get(b"whole-days").unwrap().unwrap();
    let id = w.open_ids()[0];
    w.decide(id, TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: None }).unwrap();
    meta.insert(b"whole-days", whole).unwrap();
    let w = w.reopen();
    assert!(w.store.days().from.is_some_and(|from| from > Date::MIN));
    assert_eq!(told(&w), counted(&w));
    w.store.fill_days(&AtomicBool::new(false)).unwrap();
    assert_eq!((w.store.days().from, told(&w)), (Some(Date::MIN), counted(&w)));
    w.assert_sound();
}

#[test]
fn a_row_that_does_not_add_up_is_named_by_verify() {
    let w = World::new();
    lived(&w);
    let resolved = {
        let mut days = w.store.days.write().unwrap();
        let row = days.rows.values_mut().next().unwrap();
        row.resolved += 1;
        row.resolved
    };
    let faults = w.store.verify().unwrap().faults;
    assert!(faults.len() == 1 && faults[0].starts_with("the row of prod-eu on 2023-11-"), "{faults:?}");
    let is = resolved - 1;
    let told = format!(
        "it says 2 drifts, {resolved} of them resolved, and there are 2 drifts, {is} of them resolved; rows are"
    );
    assert!(faults[0].contains(&told), "{faults:?}");
}
