//! The store in files beside the store in a database: the same past, recorded by the calls of a scan, and the same questions.

use std::hint::black_box;
use std::path::Path;

use driftguard::drift::*;
use driftguard::store::{Direction, DriftFilter, OpenMode, Options, PageRequest, Store, open, open_url};

use super::data;
use super::rest::measured;

pub fn compare(dir: &Path, url: &str, events: usize, rounds: usize) {
    let files = open(&dir.join("store"), OpenMode::ReadWrite).unwrap().store;
    let organization = Slug::from_text("beside");
    let database = open_url(url, &organization, OpenMode::ReadWrite, Options::default()).unwrap().store;
    for (name, store) in [("files", files), ("PostgreSQL", database)] {
        let (recorded, seconds) = data::scanned(store.as_ref(), events);
        println!("{name}: {recorded} drifts recorded in {seconds:.1} s, {:.0} a second", recorded as f64 / seconds);
        ask(name, store.as_ref(), rounds);
    }
}

fn ask(name: &str, store: &dyn Store, rounds: usize) {
    let slugs = data::slugs();
    let page = |filter: DriftFilter| {
        let request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: 100 };
        black_box(store.page(&request).unwrap())
    };
    let open_ones = DriftFilter { states: vec![State::Open, State::Acknowledged], ..DriftFilter::default() };
    measured(&format!("{name}: first page of 100"), 500, rounds, |_| drop(page(DriftFilter::default())));
    measured(&format!("{name}: page by environment, severity, status"), 500, rounds, |n| {
        let severities = vec![SeverityClass::WORST_FIRST[n % 4]];
        drop(page(DriftFilter { environments: vec![slugs[n % 4].clone()], severities, ..open_ones.clone() }));
    });
    let ids: Vec<DriftId> = page(DriftFilter::default()).data.iter().map(|drift| drift.id).collect();
    measured(&format!("{name}: details"), 200, rounds, |n| drop(black_box(store.drift(ids[n % ids.len()]).unwrap())));
    measured(&format!("{name}: search, two words among what is open"), 2000, rounds, |n| {
        drop(page(DriftFilter { text: format!("from_port={} iam_role", 120 * n), ..open_ones.clone() }));
    });
    measured(&format!("{name}: how 7 days went"), 500, rounds.min(20), |_| {
        black_box(store.stats(&[], 7).unwrap());
    });
    measured(&format!("{name}: how 90 days went"), 10_000, rounds.min(5), |_| {
        black_box(store.stats(&[], 90).unwrap());
    });
}
