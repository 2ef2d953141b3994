//! Pages are short ranges, whatever lies around them.

use super::super::page::Cost;
use super::*;

fn page(w: &World, filter: DriftFilter, cursor: Option<Cursor>, direction: Direction, limit: usize) -> (Page, Cost) {
    w.store.page_impl(&PageRequest { filter, cursor, direction, limit }).unwrap()
}

fn filter() -> DriftFilter {
    DriftFilter::default()
}

fn open_filter() -> DriftFilter {
    DriftFilter { states: vec![State::Open, State::Acknowledged], ..filter() }
}

/// `environments` with `each` drifts; every tenth is critical, every hundredth of type `deleted`; all but the first ten of
/// those in `healed` are closed again.
fn crowd(environments: &[&str], each: usize, healed: &[&str]) -> World {
    let w = World::new();
    for name in environments {
        let slug = Slug::from_text(name);
        let findings: Vec<Finding> = (0..each)
            .map(|n| {
                let mut f = finding(&format!("r{n}"), &["ingress"]);
                f.environment = slug.clone();
                if n % 10 == 0 {
                    f.analysis.severity.security = Score::percent(95);
                }
                if n % 100 == 0 {
                    f.drift_type = DriftType::Deleted;
                }
                f
            })
            .collect();
        let keep = findings[..10].to_vec();
        let run = |findings: Vec<Finding>| {
            w.pass(1);
            let id = w.store.begin_scan(&slug, w.store.now()).unwrap();
            w.store.record(id, findings).unwrap();
            w.store.finish_scan(id, ScanSummary::of_nothing(id, env(), w.store.now())).unwrap();
        };
        run(findings);
        if healed.contains(name) {
            run(keep);
        }
    }
    w
}

#[test]
fn every_drift_is_on_exactly_one_page_in_both_directions() {
    let w = crowd(&["a", "b", "c"], 70, &[]);
    let filters = [
        filter(),
        open_filter(),
        DriftFilter { environments: vec![Slug::from_text("a"), Slug::from_text("c")], ..filter() },
        DriftFilter { severities: vec![SeverityClass::Critical], ..filter() },
        DriftFilter { drift_types: vec![DriftType::Deleted], ..filter() },
        DriftFilter { text: "R1 sg-r1 ingress".into(), ..filter() },
    ];
    for (filter, expected) in filters.into_iter().zip([210, 210, 140, 21, 3, 33]) {
        let mut down: Vec<DriftEvent> = Vec::new();
        let (mut cursor, mut backs) = (None, Vec::new());
        loop {
            let (page, _) = page(&w, filter.clone(), cursor, Direction::Older, 17);
            assert_eq!(page.previous.is_some(), !down.is_empty());
            backs.push(page.previous);
            down.extend(page.data);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(down.len(), expected, "{filter:?}");
        assert!(down.windows(2).all(|p| (p[0].detected_at, p[0].id) > (p[1].detected_at, p[1].id)));
        if let Some(back) = backs.pop().unwrap() {
            let (up, _) = page(&w, filter.clone(), Some(back), Direction::Newer, 500);
            let newer = down.len() - (down.len() - 1) % 17 - 1;
            assert_eq!(up.data, down[..newer], "{filter:?}");
            assert!(up.previous.is_none());
        }
        let (last, _) = page(&w, filter, None, Direction::Newer, 2);
        assert_eq!(last.data, down[down.len() - 2..], "the end is reached from below");
    }
}

#[test]
fn a_page_does_not_move_when_newer_drifts_arrive() {
    let w = crowd(&["a"], 40, &[]);
    let (first, _) = page(&w, filter(), None, Direction::Older, 10);
    w.scan(&[finding("new", &["x"])]);
    let (second, _) = page(&w, filter(), first.next.clone(), Direction::Older, 10);
    assert!(second.data[0].detected_at < first.data[9].detected_at);
    let (back, _) = page(&w, filter(), second.previous, Direction::Newer, 10);
    assert_eq!(back.data, first.data);
}

#[test]
fn twenty_thousand_drifts_cost_no_more_than_a_page() {
    let w = crowd(&["a", "b"], 10_000, &["a"]);
    let b = || vec![Slug::from_text("b")];
    for filter in [
        filter(),
        open_filter(),
        DriftFilter { environments: b(), ..filter() },
        DriftFilter { environments: b(), ..open_filter() },
        DriftFilter { severities: vec![SeverityClass::Critical], ..open_filter() },
        DriftFilter { severities: vec![SeverityClass::Critical], states: vec![State::Closed], ..filter() },
    ] {
        let (first, cost) = page(&w, filter.clone(), None, Direction::Older, 50);
        assert!(!first.data.is_empty() && cost.examined <= 51 && cost.read <= 51, "{filter:?}: {cost:?}");
        let (_, cost) = page(&w, filter.clone(), first.next, Direction::Older, 50);
        assert!(cost.examined <= 51, "{filter:?}: {cost:?}");
    }
    let left = DriftFilter { environments: vec![Slug::from_text("a")], ..open_filter() };
    let (left, cost) = page(&w, left, None, Direction::Older, 500);
    assert_eq!((left.data.len(), left.next, cost.examined), (10, None, 10), "ten open among ten thousand closed");
    // The type is known without reading the drift.
    let deleted = DriftFilter { drift_types: vec![DriftType::Deleted], ..filter() };
    let (found, cost) = page(&w, deleted, None, Direction::Older, 10);
    assert_eq!((found.data.len(), cost.read), (10, 11));
}

#[test]
fn a_search_that_finds_nothing_goes_on_where_it_stopped() {
    let w = crowd(&["a", "b"], 6_000, &[]);
    let filter = DriftFilter { text: "r17 ingress".into(), environments: vec![Slug::from_text("a")], ..filter() };
    let filter = DriftFilter { text: format!("{} nowhere", filter.text), environments: vec![], ..filter };
    let (first, cost) = page(&w, filter.clone(), None, Direction::Older, 50);
    assert_eq!((first.data.len(), cost.read), (0, 10_000));
    let (second, cost) = page(&w, filter, first.next, Direction::Older, 50);
    assert_eq!((second.data.len(), cost.read, second.next), (0, 2_000, None));
}

#[test]
fn times_bound_a_page() {
    let w = World::new();
    let events: Vec<DriftEvent> = (0..5).map(|n| w.one(&finding(&format!("r{n}"), &["x"]))).collect();
    let (from, until) = (events[1].detected_at, events[3].detected_at);
    let bounded = DriftFilter { detected_from: Some(from), detected_until: Some(until), ..filter() };
    let ids = |filter| w.page(filter).iter().map(|e| e.id).collect::<Vec<_>>();
    assert_eq!(ids(bounded), [events[3].id, events[2].id, events[1].id]);
    let never = DriftFilter { detected_from: Some(until), detected_until: Some(from), ..filter() };
    assert!(ids(never).is_empty());
}

#[test]
fn a_cursor_from_elsewhere_is_refused() {
    let w = World::new();
    for cursor in ["", "zz", "é", "00112233"] {
        let request = PageRequest {
            filter: filter(),
            cursor: Some(Cursor(cursor.into())),
            direction: Direction::Older,
            limit: 1,
        };
        assert!(matches!(w.store.page(&request), Err(StoreError::Invalid(_))), "{cursor}");
    }
}

#[test]
fn a_query_finds_what_filters_find_and_costs_no_more() {
    let w = crowd(&["a", "b"], 300, &["b"]);
    let asked = |query: &str| {
        let filter = DriftFilter { query: query.parse().unwrap(), ..filter() };
        let (found, cost) = page(&w, filter, None, Direction::Older, 20);
        (found.data.into_iter().map(|e| e.id).collect::<Vec<_>>(), cost)
    };
    let filtered = |filter: DriftFilter| {
        let (found, cost) = page(&w, filter, None, Direction::Older, 20);
        (found.data.into_iter().map(|e| e.id).collect::<Vec<_>>(), cost)
    };
    let critical = DriftFilter { severities: vec![SeverityClass::Critical], ..filter() };
    assert_eq!(asked("sev:critical"), filtered(critical));
    assert_eq!(asked("is:closed"), filtered(DriftFilter { states: vec![State::Closed], ..filter() }));
    let (none, cost) = asked("@1999-01-01T00:00:00Z..1999-01-02T00:00:00Z");
    assert_eq!((none, cost), (vec![], Cost::default()));
    let (some, _) = asked("env:a is:deleted sev:critical is:open -r100");
    assert_eq!(some.len(), 2);
}
