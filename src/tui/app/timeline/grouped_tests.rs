use jiff::tz::TimeZone;

use super::*;
use crate::drift::State;
use crate::drift::query::Group;
use crate::store::Page;
use crate::tui::sample::{Synthetic, now};

/// A drift that `actor` is behind.
fn by(actor: &str, number: u64) -> DriftEvent {
    let mut event = Synthetic::event(number);
    event.state = State::Open;
    event.analysis.changed_by = vec![actor.into()];
    event
}

fn row(actor: &str, count: u64) -> GroupRow {
    let sample = by(actor, 0);
    GroupRow {
        key: GroupKey::of(Group::Actor, &sample).unwrap(),
        count,
        worst: sample.severity_class(),
        oldest: sample.detected_at,
        newest: sample.detected_at,
        dependants: 0,
        is_spread: false,
        environments: vec![],
        sample,
        incident: None,
    }
}

fn groups(rows: &[GroupRow]) -> Groups {
    let drifts = rows.iter().map(|row| row.count).sum();
    Groups { rows: rows.to_vec(), total: rows.len() as u64, drifts, is_cut: false }
}

fn heard(timeline: &mut Timeline, rows: &[GroupRow]) {
    timeline.ask_groups(Ticket(9), false);
    timeline.take_groups(Ticket(9), Ok(groups(rows))).unwrap();
}

/// Groups of `a`, `b` and `c` in a pane of four rows; `b` is open, with members 1 to 3.
fn open_at_b() -> Timeline {
    let mut timeline = Timeline { height: 4, ..Timeline::default() };
    timeline.filter.ask("group:actor", now(), &TimeZone::UTC).unwrap();
    heard(&mut timeline, &[row("a", 5), row("b", 3), row("c", 2)]);
    timeline.select_row(1);
    assert!(timeline.toggle());
    timeline.ask(Load::Newest, Ticket(1));
    let data = (1..=3).map(|number| by("b", number)).collect();
    timeline.answer(Ticket(1), Ok(Page { data, next: None, previous: None, is_cut: false }));
    assert_eq!(timeline.len(), 6);
    timeline
}

/// Row of the screen the cursor is in.
fn height(timeline: &Timeline) -> usize {
    timeline.row().unwrap() - timeline.top
}

#[test]
fn an_open_group_of_which_nothing_is_left_stays_until_it_is_closed() {
    let mut timeline = open_at_b();
    for number in 1..=3 {
        timeline.absorb(by("c", number), now());
    }
    heard(&mut timeline, &[row("c", 5), row("a", 5)]);
    let keys: Vec<u64> = timeline.grouped.list.rows.iter().map(|group| group.count).collect();
    assert_eq!(keys, [5, 0, 5], "in its place");
    assert_eq!(timeline.group().map(|group| group.key), Some(row("b", 0).key), "and the cursor on it");
    heard(&mut timeline, &[row("c", 5), row("a", 5)]);
    assert_eq!(timeline.grouped.list.rows.len(), 3, "whatever comes in");
    assert!(timeline.close());
    assert_eq!(timeline.grouped.list.rows.len(), 2);
    assert_eq!(timeline.group().map(|group| group.key), Some(row("a", 0).key), "what is in its place");
}

#[test]
fn a_group_that_comes_back_while_it_is_open_is_one_row() {
    let mut timeline = open_at_b();
    heard(&mut timeline, &[row("a", 5)]);
    heard(&mut timeline, &[row("b", 1), row("a", 5)]);
    let keys: Vec<GroupKey> = timeline.grouped.list.rows.iter().map(|group| group.key).collect();
    assert_eq!(keys, [row("b", 0).key, row("a", 0).key]);
    assert_eq!(timeline.len(), 5, "it is open");
}

#[test]
fn another_question_closes_what_has_no_place_in_it() {
    let mut timeline = open_at_b();
    timeline.filter.ask("group:actor sev:critical", now(), &TimeZone::UTC).unwrap();
    heard(&mut timeline, &[row("a", 5)]);
    assert_eq!((timeline.len(), timeline.filter.member), (1, None));
}

#[test]
fn the_cursor_stays_in_its_row_while_members_come_and_go_above_it() {
    let mut timeline = open_at_b();
    timeline.select_row(4);
    let (selected, before) = (timeline.selected_id(), height(&timeline));
    timeline.absorb(by("b", 0), now());
    assert_eq!((timeline.selected_id(), height(&timeline)), (selected, before), "a new one came above it");
    timeline.absorb(by("c", 1), now());
    assert_eq!((timeline.selected_id(), height(&timeline)), (selected, before), "one above it is of another group now");
    timeline.absorb(by("a", 3), now());
    assert_eq!((timeline.selected_id(), height(&timeline)), (selected, before), "it is kept itself");
    timeline.select_row(5);
    let before = height(&timeline);
    assert_eq!(timeline.group().map(|group| group.key), Some(row("c", 0).key));
    timeline.absorb(by("b", 9), now());
    heard(&mut timeline, &[row("d", 9), row("a", 5), row("b", 3), row("c", 2)]);
    assert_eq!((timeline.group().map(|group| group.key), height(&timeline)), (Some(row("c", 0).key), before));
}

#[test]
fn when_the_member_under_the_cursor_goes_the_cursor_stays_in_the_open_group() {
    let mut timeline = open_at_b();
    // Up from the group below.
    timeline.select_row(5);
    timeline.select_row(2);
    for number in [1, 2, 3] {
        let id = by("b", number).id;
        let mut resolved = by("b", number);
        (resolved.state, resolved.version) = (State::Resolved, 99);
        timeline.absorb(resolved, now());
        timeline.advance_from(id, now());
    }
    assert_eq!(timeline.group().map(|group| group.key), Some(row("b", 0).key));
}
