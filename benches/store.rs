//! The store with one million drifts of thirty days in it: `cargo bench --bench store`.
//!
//! The store is built once, in the temporary directory, through the same calls a scan makes; that takes a minute or two.
//! `DRIFTGUARD_BENCH_EVENTS` sets another number, words behind `--` choose what is measured (`figures of 30 days`). Printed first: how
//! long it took, and what it takes on disk and in memory.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use driftguard::drift::query::Group;
use driftguard::drift::*;
use driftguard::safety::Masked;
use driftguard::service::business;
use driftguard::store::{Cursor, Direction, DriftFilter, OpenMode, PageRequest, Store, open};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// As the program has it: what is measured is what runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ENVIRONMENTS: [&str; 4] = ["prod-eu", "prod-us", "staging", "sandbox"];
/// Each with a scan of each environment, today the last.
const DAYS: usize = 30;
/// Of the newest 500 somebody settles one in so many.
const SETTLED: usize = 10;

fn finding(environment: &Slug, n: usize) -> Finding {
    // Made as if it had been masked: this measures the store, not the redactor.
    let mask = |value| serde_json::from_value::<Masked>(value).ok();
    let change = |path: String, declared, actual| Change {
        path: path.into(),
        change_type: ChangeType::Modified,
        declared: mask(declared),
        actual: mask(actual),
        is_security_critical: true,
        remembered_at: None,
    };
    let score = Score::percent(if n.is_multiple_of(1000) { 95 } else { (n % 80) as u8 });
    Finding {
        environment: environment.clone(),
        resource: ResourceRef {
            resource_type: "aws_security_group".into(),
            resource_id: format!("module.service[{n}].aws_security_group.web").into(),
            previous_address: None,
            provider_id: Some(format!("sg-{n:017x}").into()),
            declared_in: Some("terraform.tfstate".into()),
        },
        drift_type: DriftType::Modified,
        changes: vec![
            change(format!("ingress[from_port={}].cidr_blocks", n % 9000), json!(["10.0.0.0/8"]), json!(["0.0.0.0/0"])),
            change("tags.Owner".into(), json!("platform"), json!(format!("team-{}", n % 50))),
        ],
        hidden: Vec::new(),
        unverified: Vec::new(),
        declared_state: mask(json!({"name": format!("web-{n}"), "vpc_id": "vpc-1", "cidr_blocks": ["10.0.0.0/8"]})),
        actual_state: mask(json!({"name": format!("web-{n}"), "vpc_id": "vpc-1", "cidr_blocks": ["0.0.0.0/0"]})),
        analysis: Analysis {
            cause: CauseAnalysis {
                cause_category: Cause::ManualTroubleshooting,
                confidence_score: Score::percent(40),
                contributing_factors: vec!["changed outside working hours".into()],
                ..CauseAnalysis::default()
            },
            severity: Severity { security: score, ..Severity::default() },
            reasons: Vec::new(),
            direction: Default::default(),
            disruption: None,
            changed_by: Vec::new(),
            analyzed_at: Timestamp::UNIX_EPOCH,
            took_micros: None,
        },
        recommendations: Vec::new(),
        dependants: 0,
        tags: Vec::new(),
    }
}

/// All of them are open: a scan that could not see everything ends nothing.
fn fill(store: &dyn Store, events: usize) {
    let each = (events / ENVIRONMENTS.len()).div_ceil(DAYS);
    for (day, environment) in (0..DAYS).flat_map(|day| ENVIRONMENTS.map(|slug| (day, Slug::from_text(slug)))) {
        store.put_environment(&place(&environment)).unwrap();
        let at = Timestamp::now() - SignedDuration::from_hours(24 * (DAYS - 1 - day) as i64);
        let scan = store.begin_scan(&environment, at).unwrap();
        let new: Vec<usize> = (day * each..(day + 1) * each).collect();
        for some in new.chunks(1000) {
            store.record(scan, some.iter().map(|n| finding(&environment, *n)).collect()).unwrap();
        }
        let counts = Counts { resources: each as u64, drifted: each as u64, ..Counts::default() };
        let completeness = Completeness::Partial { unverified_types: vec![] };
        let whole = ScanSummary::of_nothing(scan, environment.clone(), at);
        store.finish_scan(scan, ScanSummary { counts, completeness, ..whole }).unwrap();
    }
}

fn place(slug: &Slug) -> Environment {
    Environment {
        organization: Slug::from_text("local"),
        slug: slug.clone(),
        name: slug.as_str().into(),
        cloud_provider: CloudProvider::Aws,
        region: "eu-central-1".into(),
        account_id: "123456789012".into(),
        tags: Default::default(),
        is_active: true,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn settle(store: &dyn Store) {
    let filter = DriftFilter::default();
    let request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: 500 };
    for event in store.page(&request).unwrap().data.iter().step_by(SETTLED) {
        let verb = TriageVerb::Resolve { resolution_type: ResolutionType::CodifyIac, until: None };
        let reason = Some("as it should be".into());
        let request =
            TriageRequest { drift: event.id, verb, reason, actor: "alice".into(), expected_version: None, once: None };
        store.decide(request).unwrap();
    }
}

fn megabytes_below(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).unwrap().flatten();
    let bytes = |e: std::fs::DirEntry| match e.metadata().unwrap() {
        meta if meta.is_dir() => megabytes_below(&e.path()) << 20,
        meta => meta.len(),
    };
    entries.map(bytes).sum::<u64>() >> 20
}

/// `VmRSS`, `VmHWM`: memory in use now, and at most.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter(|l| l.starts_with("VmRSS") || l.starts_with("VmHWM"));
    lines.map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(", ")
}

fn page(store: &dyn Store, filter: &DriftFilter, cursor: Option<Cursor>) -> (usize, Option<Cursor>) {
    let request = PageRequest { filter: filter.clone(), cursor, direction: Direction::Older, limit: 100 };
    let page = store.page(&request).unwrap();
    (page.data.len(), page.next)
}

fn stored(c: &mut Criterion) {
    let events = std::env::var("DRIFTGUARD_BENCH_EVENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let started = Instant::now();
    let store = open(&path, OpenMode::ReadWrite).unwrap().store;
    fill(&*store, events);
    settle(&*store);
    let seconds = started.elapsed().as_secs_f64();
    println!("{events} drifts recorded in {seconds:.1} s ({:.0}/s); {}", events as f64 / seconds, memory());
    drop(store);
    for attempt in ["first", "second"] {
        let started = Instant::now();
        let store = open(&path, OpenMode::ReadWrite).unwrap().store;
        println!("{attempt} open: {} ms; {} MB on disk", started.elapsed().as_millis(), megabytes_below(&path));
        drop(store);
    }
    let store: Arc<dyn Store> = open(&path, OpenMode::ReadWrite).unwrap().store;
    measure(c, &*store);
    println!("after all: {}", memory());
}

fn measure(c: &mut Criterion, store: &dyn Store) {
    let open_ones = DriftFilter { states: vec![State::Open, State::Acknowledged], ..DriftFilter::default() };
    let one = DriftFilter { environments: vec![Slug::from_text("staging")], ..open_ones.clone() };
    let critical = DriftFilter { severities: vec![SeverityClass::Critical], ..open_ones.clone() };
    let nowhere = DriftFilter { text: "no such thing".into(), ..open_ones.clone() };
    let mut group = c.benchmark_group("store");
    group.sample_size(20);
    for (name, filter) in
        [("unfiltered", &DriftFilter::default()), ("open", &open_ones), ("environment", &one), ("critical", &critical)]
    {
        let (rows, next) = page(store, filter, None);
        assert!(rows == 100 && next.is_some(), "{name}: {rows}");
        group.bench_function(format!("first page of 100, {name}"), |b| b.iter(|| page(store, black_box(filter), None)));
        group.bench_function(format!("next page of 100, {name}"), |b| {
            b.iter(|| page(store, black_box(filter), next.clone()))
        });
    }
    group.bench_function("text search, one step without a hit", |b| b.iter(|| page(store, black_box(&nowhere), None)));
    let request = PageRequest { filter: open_ones, cursor: None, direction: Direction::Older, limit: 500 };
    let ids: Vec<DriftId> = store.page(&request).unwrap().data.iter().map(|e| e.id).collect();
    let mut next = ids.iter().cycle().copied();
    group.bench_function("drift detail", |b| b.iter(|| store.drift(next.next().unwrap()).unwrap()));
    group.bench_function("counts", |b| b.iter(|| store.open_counts(&Slug::from_text("staging")).unwrap()));
    group.bench_function("decide, durable", |b| {
        b.iter(|| {
            let verb = TriageVerb::Assign { to: Some("bob".into()) };
            let drift = next.next().unwrap();
            let request =
                TriageRequest { drift, verb, reason: None, actor: "alice".into(), expected_version: None, once: None };
            store.decide(request).unwrap()
        })
    });
    group.finish();
    over_days(c, store);
}

/// What is counted over all that was found in the days.
fn over_days(c: &mut Criterion, store: &dyn Store) {
    let counted = |business: &Business| business.detected.unwrap();
    let whole = business(store, &[], DAYS as u32, Timestamp::now()).unwrap();
    let total: u64 = store.daily(&[], DAYS as u32).unwrap().iter().map(|day| day.total_drifts).sum();
    assert!(total > 0 && counted(&whole) == total, "{total}: {whole:?}");
    let mut group = c.benchmark_group("store");
    group.sample_size(10);
    group.bench_function("counts of 30 days", |b| b.iter(|| store.daily(&[], black_box(DAYS as u32)).unwrap()));
    group.bench_function("figures of 30 days", |b| {
        b.iter(|| business(store, &[], black_box(DAYS as u32), Timestamp::now()).unwrap())
    });
    group.bench_function("stats of 30 days", |b| b.iter(|| store.stats(&[], black_box(DAYS as u32)).unwrap()));
    let open_ones = DriftFilter { states: vec![State::Open, State::Acknowledged], ..DriftFilter::default() };
    group.bench_function("groups of what is open, by incident", |b| {
        b.iter(|| store.groups(black_box(&open_ones), Group::Incident, 100).unwrap())
    });
    group.finish();
}

criterion_group!(benches, stored);
criterion_main!(benches);
