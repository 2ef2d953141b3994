//! The store in PostgreSQL at the size of a large organisation: `cargo bench --bench postgres`.
//!
//! Starts a PostgreSQL of its own in the temporary directory; `DRIFTGUARD_BENCH_DATABASE` names another, whose data stay:
//! the second run then only asks. `DRIFTGUARD_BENCH_EVENTS` sets how many drifts there are: 100 000 unless it says otherwise, 4 500 000
//! are 90 days of 50 000 each. They are recorded by the calls that a scan makes, day by day; nine of ten have ended.
//! Printed are p50 and p95 of what the screens ask for, beside the targets.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::hint::black_box;
use std::time::Instant;

use driftguard::drift::query::Group;
use driftguard::drift::*;
use driftguard::safety::Masked;
use driftguard::store::{Direction, DriftFilter, OpenMode, Options, PageRequest, Store, open_url};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

#[allow(dead_code)]
#[path = "../tests/stories/lab/postgres.rs"]
mod postgres;

/// As the program has it: what is measured is what runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ENVIRONMENTS: [&str; 4] = ["prod-eu", "prod-us", "staging", "sandbox"];
const DAYS: usize = 90;
/// Each question is asked so often.
const ROUNDS: usize = 100;

fn finding(environment: &Slug, n: usize) -> Finding {
    // Made as if it had been masked: this measures the store, not the redactor.
    let mask = |value| serde_json::from_value::<Masked>(value).ok();
    let change = Change {
        path: format!("ingress[from_port={}].cidr_blocks", n % 9000).into(),
        change_type: ChangeType::Modified,
        declared: mask(json!(["10.0.0.0/8"])),
        actual: mask(json!(["0.0.0.0/0"])),
        is_security_critical: true,
        remembered_at: None,
    };
    let state = |cidr: &str| mask(json!({"name": format!("web-{n}"), "vpc_id": "vpc-1", "cidr_blocks": [cidr]}));
    let score = Score::percent(if n.is_multiple_of(1000) { 95 } else { (n % 80) as u8 });
    Finding {
        environment: environment.clone(),
        resource: ResourceRef {
            resource_type: ["aws_security_group", "aws_iam_role", "aws_s3_bucket"][n % 3].into(),
            resource_id: format!("module.service[{n}].web").into(),
            previous_address: None,
            provider_id: Some(format!("sg-{n:017x}").into()),
            declared_in: Some("terraform.tfstate".into()),
        },
        drift_type: DriftType::Modified,
        changes: vec![change],
        hidden: Vec::new(),
        unverified: Vec::new(),
        declared_state: state("10.0.0.0/8"),
        actual_state: state("0.0.0.0/0"),
        analysis: Analysis {
            cause: CauseAnalysis {
                cause_category: Cause::ManualTroubleshooting,
                confidence_score: Score::percent(40),
                contributing_factors: vec!["changed outside working hours".into()],
            },
            severity: Severity { security: score, ..Severity::default() },
            reasons: Vec::new(),
            changed_by: Vec::new(),
            analyzed_at: Timestamp::UNIX_EPOCH,
        },
        recommendations: Vec::new(),
        dependants: 0,
        tags: Vec::new(),
    }
}

/// A scan a day of each environment; what the day before found is not found again, but for a tenth.
fn fill(store: &dyn Store, events: usize) {
    let a_day = (events / DAYS / ENVIRONMENTS.len()).max(1);
    let (started, mut recorded) = (Instant::now(), 0);
    for day in 0..DAYS {
        let at = Timestamp::now() - SignedDuration::from_hours(24 * (DAYS - day) as i64);
        for environment in ENVIRONMENTS.map(Slug::from_text) {
            let scan = store.begin_scan(&environment, at).unwrap();
            let stays = (0..day * a_day).filter(|n| n.is_multiple_of(10)).collect::<Vec<_>>();
            let found: Vec<usize> =
                stays.into_iter().rev().take(a_day / 2).chain(day * a_day..(day + 1) * a_day).collect();
            for some in found.chunks(500) {
                store.record(scan, some.iter().map(|n| finding(&environment, *n)).collect()).unwrap();
            }
            let mut summary = ScanSummary::of_nothing(scan, environment.clone(), at);
            summary.completeness = Completeness::Complete;
            store.finish_scan(scan, summary).unwrap();
            recorded += a_day;
        }
        if day % 10 == 9 {
            let seconds = started.elapsed().as_secs_f64();
            println!("day {}: {recorded} drifts, {:.0} a second", day + 1, recorded as f64 / seconds);
        }
    }
}

/// p50 and p95 of a question, in milliseconds.
fn measured(name: &str, target: u64, rounds: usize, mut ask: impl FnMut(usize)) {
    (0..3).for_each(&mut ask);
    let mut took: Vec<f64> = (0..rounds)
        .map(|round| {
            let started = Instant::now();
            ask(round);
            started.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    took.sort_by(f64::total_cmp);
    let (p50, p95) = (took[took.len() / 2], took[took.len() * 95 / 100]);
    let verdict = if p95 <= target as f64 { "" } else { "  MISSED" };
    println!("{name:<44} p50 {p50:>8.1} ms   p95 {p95:>8.1} ms   target {target:>6} ms{verdict}");
}

fn main() {
    // `cargo test` runs benches too, to see that they do.
    let is_test = !std::env::args().any(|word| word == "--bench");
    let events = std::env::var("DRIFTGUARD_BENCH_EVENTS").ok().and_then(|n| n.parse().ok());
    let events = events.unwrap_or(if is_test { 900 } else { 100_000 });
    let dir = tempfile::tempdir().unwrap();
    let given = std::env::var("DRIFTGUARD_BENCH_DATABASE").ok();
    let own = if given.is_none() { postgres::Postgres::new(dir.path(), None) } else { None };
    let Some(url) =
        given.or_else(|| own.as_ref().map(|own| format!("postgres://owner@127.0.0.1:{}/postgres", own.port)))
    else {
        return println!("no PostgreSQL here: install one, or name a database with DRIFTGUARD_BENCH_DATABASE");
    };
    let store = open_url(&url, &Slug::from_text("bench"), OpenMode::ReadWrite, Options::default()).unwrap().store;
    if store.environments().unwrap().is_empty() {
        fill(store.as_ref(), events);
        if let Some(own) = &own {
            assert!(postgres::sql(own.port, "VACUUM ANALYZE"));
        }
    }
    ask(store.as_ref(), if is_test { 3 } else { ROUNDS });
}

fn ask(store: &dyn Store, rounds: usize) {
    let slugs = ENVIRONMENTS.map(Slug::from_text);
    let page = |filter: &DriftFilter| {
        let request = PageRequest { filter: filter.clone(), cursor: None, direction: Direction::Older, limit: 100 };
        black_box(store.page(&request).unwrap())
    };
    let open_ones = DriftFilter { states: vec![State::Open, State::Acknowledged], ..DriftFilter::default() };
    let critical = DriftFilter { severities: vec![SeverityClass::Critical], ..open_ones.clone() };
    measured("first page of 100, everything", 500, rounds, |_| drop(page(&DriftFilter::default())));
    measured("first page of 100, open", 500, rounds, |_| drop(page(&open_ones)));
    measured("first page of 100, open and critical", 500, rounds, |_| drop(page(&critical)));
    let mut filter = DriftFilter { environments: vec![slugs[1].clone()], ..DriftFilter::default() };
    filter.detected_from = Timestamp::now().checked_sub(SignedDuration::from_hours(24 * 40)).ok();
    filter.detected_until = Timestamp::now().checked_sub(SignedDuration::from_hours(24 * 30)).ok();
    measured("first page of 100, one environment, a month ago", 500, rounds, |_| drop(page(&filter)));
    let ids: Vec<DriftId> = page(&DriftFilter::default()).data.iter().map(|drift| drift.id).collect();
    measured("details of a drift", 200, rounds, |n| drop(black_box(store.drift(ids[n % ids.len()]).unwrap())));
    let words = |n: usize| DriftFilter { text: format!("from_port={} iam_role", n * 7), ..open_ones.clone() };
    measured("search: two words among what is open", 2000, rounds, |n| drop(page(&words(n))));
    measured("dashboard: counts of every environment", 500, rounds, |_| {
        for slug in &slugs {
            black_box(store.open_counts(slug).unwrap());
        }
    });
    measured("dashboard: open drifts by change", 500, rounds.min(20), |_| {
        drop(black_box(store.groups(&open_ones, Group::Change, 20).unwrap()));
    });
    measured("analytics: how 90 days went", 10_000, rounds.min(3), |_| {
        black_box(store.stats(&[], 90).unwrap());
    });
}
