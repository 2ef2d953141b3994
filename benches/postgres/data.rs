//! Ninety days of a large organisation, the same each time: scanned, or as scans would have left it.

use std::time::Instant;

use driftguard::drift::*;
use driftguard::safety::Masked;
use driftguard::store::Store;
use driftguard::store::loading::{Past, PastScan};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

pub const ENVIRONMENTS: [&str; 4] = ["prod-eu", "prod-us", "staging", "sandbox"];
pub const TYPES: [&str; 3] = ["aws_security_group", "aws_iam_role", "aws_s3_bucket"];
const DAYS: usize = 90;

pub fn slugs() -> [Slug; 4] {
    ENVIRONMENTS.map(Slug::from_text)
}

pub fn environments() -> Vec<Environment> {
    let made = Timestamp::now();
    let one = |slug: Slug| Environment {
        organization: Slug::from_text("acme"),
        name: slug.as_str().into(),
        slug,
        cloud_provider: CloudProvider::Aws,
        region: "eu-central-1".into(),
        account_id: "123456789012".into(),
        tags: [].into(),
        is_active: true,
        created_at: made,
        updated_at: made,
    };
    slugs().map(one).into()
}

/// Drift `n` of an environment.
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
            resource_type: TYPES[n % 3].into(),
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

/// The scan that does not see drift `n` any more, which `day` saw first: nine of ten the next, one of twenty none.
fn end_of(day: usize, n: usize) -> usize {
    match n {
        n if n.is_multiple_of(20) => DAYS,
        n if n.is_multiple_of(10) => day + 2 + n / 10 % 9,
        _ => day + 1,
    }
}

/// Found anew by each scan.
fn a_day(events: usize) -> usize {
    (events / DAYS / ENVIRONMENTS.len()).max(1)
}

/// When the scans were, a day apart; whole seconds.
fn times() -> Vec<Timestamp> {
    let last = Timestamp::from_second(Timestamp::now().as_second() - 3600).unwrap();
    (0..DAYS).map(|day| last - SignedDuration::from_hours(24 * (DAYS - 1 - day) as i64)).collect()
}

/// What the scans of these days would have left.
pub fn past(events: usize) -> impl Iterator<Item = PastScan> {
    let (times, each, started) = (times(), a_day(events), Instant::now());
    let all = (0..DAYS).flat_map(|day| slugs().map(|environment| (day, environment)));
    all.enumerate().map(move |(done, (day, environment))| {
        if done > 0 && done.is_multiple_of(40) {
            let rate = (done * each) as f64 / started.elapsed().as_secs_f64();
            println!("day {day}: {} drifts loaded, {rate:.0} a second", done * each);
        }
        let one = |n: usize| {
            let end = end_of(day, n);
            // Of many sightings only the last is told from the others.
            let again = times[day + 1..end.min(DAYS)].to_vec();
            Past { finding: finding(&environment, n), again, healed: times.get(end).copied() }
        };
        let found = (day * each..(day + 1) * each).map(one).collect();
        PastScan { at: times[day], found, environment: environment.clone() }
    })
}

/// The same by the calls that a scan makes; so many drifts were recorded, and how long it took.
pub fn scanned(store: &dyn Store, events: usize) -> (usize, f64) {
    let (times, each, started) = (times(), a_day(events), Instant::now());
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (day, at) in times.iter().enumerate() {
        open.extend((day * each..(day + 1) * each).map(|n| (n, end_of(day, n))));
        open.retain(|(_, end)| day < *end);
        for environment in slugs() {
            let scan = store.begin_scan(&environment, *at).unwrap();
            for some in open.chunks(1000) {
                store.record(scan, some.iter().map(|(n, _)| finding(&environment, *n)).collect()).unwrap();
            }
            let mut summary = ScanSummary::of_nothing(scan, environment, *at);
            summary.completeness = Completeness::Complete;
            store.finish_scan(scan, summary).unwrap();
        }
    }
    (DAYS * each * ENVIRONMENTS.len(), started.elapsed().as_secs_f64())
}
