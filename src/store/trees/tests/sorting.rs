//! Orders and groups: every drift is found exactly once, whichever way one goes, and whatever changes meanwhile.

use super::super::page::Cost;
use super::*;
use crate::drift::query::{Group, GroupKey, Sort};

/// 120 drifts in three environments, 30 of them of each class, with 0 to 6 dependants.
fn world() -> World {
    let w = World::new();
    for name in ["a", "b", "c"] {
        let slug = Slug::from_text(name);
        let findings = (0..40).map(|n: u32| {
            let mut f = finding(&format!("r{n}"), &[["ingress", "tags.team"][usize::from(n.is_multiple_of(4))]]);
            f.environment = slug.clone();
            f.analysis.severity.security = Score::percent([95, 70, 40, 10][n as usize % 4]);
            f.dependants = n % 7;
            f
        });
        let findings: Vec<Finding> = findings.collect();
        w.pass(1);
        let id = w.store.begin_scan(&slug, w.store.now()).unwrap();
        w.store.record(id, findings).unwrap();
        w.store.finish_scan(id, ScanSummary::of_nothing(id, env(), w.store.now())).unwrap();
    }
    w
}

fn asked(query: &str) -> DriftFilter {
    DriftFilter { query: query.parse().unwrap(), ..DriftFilter::default() }
}

fn page(w: &World, filter: &DriftFilter, cursor: Option<Cursor>, direction: Direction, limit: usize) -> (Page, Cost) {
    w.store.page_impl(&PageRequest { filter: filter.clone(), cursor, direction, limit }).unwrap()
}

/// All pages from one end to the other; rows in the order of the list.
fn all(w: &World, filter: &DriftFilter, direction: Direction, limit: usize) -> Vec<DriftEvent> {
    let (mut rows, mut cursor): (Vec<DriftEvent>, _) = (vec![], None);
    loop {
        let (page, _) = page(w, filter, cursor, direction, limit);
        cursor = match direction {
            Direction::Older => {
                rows.extend(page.data);
                page.next
            }
            Direction::Newer => {
                rows.splice(0..0, page.data);
                page.previous
            }
        };
        if cursor.is_none() {
            return rows;
        }
    }
}

type Order = fn(&DriftEvent, &DriftEvent) -> bool;

#[test]
fn every_drift_is_on_exactly_one_page_of_every_order_in_both_directions() {
    let w = world();
    let newer = |a: &DriftEvent, b: &DriftEvent| (a.detected_at, a.id) > (b.detected_at, b.id);
    let orders: [(&str, Order); 4] = [
        ("sort:newest", |a, b| (a.detected_at, a.id) > (b.detected_at, b.id)),
        ("sort:oldest", |a, b| (a.detected_at, a.id) < (b.detected_at, b.id)),
        ("sort:severity", |a, b| a.severity_class() >= b.severity_class()),
        ("sort:blast", |a, b| a.dependants >= b.dependants),
    ];
    for (sort, in_order) in orders {
        for (more, expected) in
            [("", 120), (" env:a,c", 80), (" sev:>=high", 60), (" is:open path:tags", 30), (" zzz", 0)]
        {
            let filter = asked(&format!("{sort}{more}"));
            let down = all(&w, &filter, Direction::Older, 17);
            assert_eq!(down.len(), expected, "{sort}{more}");
            assert!(down.windows(2).all(|pair| in_order(&pair[0], &pair[1])), "{sort}{more}");
            let same_rank = |a: &DriftEvent, b: &DriftEvent| in_order(a, b) && in_order(b, a);
            assert!(down.windows(2).all(|pair| !same_rank(&pair[0], &pair[1]) || newer(&pair[0], &pair[1])), "{sort}");
            let ids: std::collections::BTreeSet<_> = down.iter().map(|event| event.id).collect();
            assert_eq!(ids.len(), expected, "{sort}{more}");
            assert_eq!(all(&w, &filter, Direction::Newer, 13), down, "{sort}{more} from below");
        }
    }
}

#[test]
fn a_page_of_any_order_goes_back_to_where_it_came_from_whatever_arrives() {
    for sort in Sort::ALL.iter().map(|(_, word, _)| word) {
        let w = world();
        let filter = asked(&format!("sort:{sort}"));
        let (first, _) = page(&w, &filter, None, Direction::Older, 50);
        let (second, _) = page(&w, &filter, first.next.clone(), Direction::Older, 10);
        let (back, _) = page(&w, &filter, second.previous.clone(), Direction::Newer, 50);
        assert_eq!(back.data, first.data, "{sort}");
        assert!(back.previous.is_none(), "{sort}");
        let known: Vec<_> = first.data.iter().chain(&second.data).map(|event| event.id).collect();
        w.scan(&[finding("new", &["x"])]);
        let again = page(&w, &filter, first.next, Direction::Older, 10).0.data;
        assert!(again.iter().all(|event| known[50..].contains(&event.id) || !known.contains(&event.id)), "{sort}");
    }
}

#[test]
fn a_cursor_of_another_order_is_refused() {
    let w = world();
    let (first, _) = page(&w, &asked("sort:severity"), None, Direction::Older, 5);
    for sort in ["", "sort:blast", "sort:oldest"] {
        let request =
            PageRequest { filter: asked(sort), cursor: first.next.clone(), direction: Direction::Older, limit: 5 };
        assert!(matches!(w.store.page(&request), Err(StoreError::Invalid(_))), "{sort}");
    }
}

#[test]
fn worst_first_reads_no_more_than_a_page_and_widest_first_reads_only_what_it_shows() {
    let w = world();
    let (_, cost) = page(&w, &asked("sort:severity"), None, Direction::Older, 20);
    assert!(cost.examined <= 21 && cost.read <= 21, "{cost:?}");
    let (_, cost) = page(&w, &asked("sort:blast"), None, Direction::Older, 20);
    assert_eq!((cost.examined, cost.read), (120, 21));
}

#[test]
fn what_depends_on_a_drift_follows_the_scans() {
    let w = World::new();
    let dependants = |number: u32| Finding { dependants: number, ..finding("web", &["x"]) };
    for number in [0, 300, 70_000, 0] {
        assert_eq!(w.one(&dependants(number)).dependants, number);
        w.scan(&[dependants(number), Finding { dependants: 200, ..finding("other", &["x"]) }]);
        let first = page(&w, &asked("sort:blast"), None, Direction::Older, 1).0.data.remove(0);
        assert_eq!(first.dependants, number.max(200));
        assert_eq!(w.store.verify().unwrap().faults, Vec::<String>::new());
    }
}

#[test]
fn groups_count_every_drift_once_and_their_members_are_found_by_their_key() {
    let w = world();
    for (by, groups) in [(Group::Resource, 120), (Group::Change, 2), (Group::Actor, 1), (Group::Module, 3)] {
        let found = w.store.groups(&asked("sort:severity"), by, 500).unwrap();
        assert_eq!((found.total, found.drifts, found.is_cut), (groups, 120, false), "{by:?}");
        assert_eq!(found.rows.len() as u64, groups);
        assert!(found.rows.windows(2).all(|pair| pair[0].worst >= pair[1].worst), "{by:?}");
        for row in found.rows.iter().take(5) {
            let filter = DriftFilter { member: Some(row.key), ..asked("") };
            let members = all(&w, &filter, Direction::Older, 50);
            assert_eq!(members.len() as u64, row.count, "{by:?}");
            assert_eq!(members[0], row.sample);
            assert_eq!(members.iter().map(DriftEvent::severity_class).max(), Some(row.worst));
            assert_eq!(row.key.to_string().parse::<GroupKey>(), Ok(row.key));
        }
    }
    let few = w.store.groups(&asked("env:a sort:blast"), Group::Resource, 7).unwrap();
    assert_eq!((few.rows.len(), few.total, few.rows[0].dependants), (7, 40, 6));
    assert!(!few.rows[0].is_spread);
    assert!(w.store.groups(&asked("path:tags"), Group::Change, 9).unwrap().rows[0].is_spread);
}
