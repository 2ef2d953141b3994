//! How long analysis takes as it is used: each drift is read from a store on disk, given its cause, severity and advice with what is
//! known around it, and kept again, through the service.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::analysis::{Facts, analyse};
use crate::drift::{CloudProvider, DriftId, DriftType, Environment, Finding, ResourceRef, ScanSummary, Slug};
use crate::eval::{self, Case};
use crate::service::{DriftService, ServiceError};
use crate::store::{DriftFilter, PageRequest, Store, StoreError};

/// Drifts analysed in one go: what a bad deployment leaves behind.
pub const DRIFTS: usize = 1000;

/// Drifts per page.
const PAGE: usize = 500;

/// What came of it.
pub struct Analysed {
    /// Of each drift, the shortest first.
    times: Vec<Duration>,
    all: Duration,
}

/// Keeps drifts made of the cases, over and over with other addresses, as two scans an hour apart leave them.
pub fn fill(store: &dyn Store, cases: &[Case]) -> Result<(), StoreError> {
    let environment = environment();
    store.put_environment(&environment)?;
    let drifting: Vec<(&Case, Vec<_>)> =
        cases.iter().map(|case| (case, eval::changes(case))).filter(|(_, changes)| !changes.is_empty()).collect();
    let found: Vec<Finding> = drifting
        .iter()
        .cycle()
        .take(if drifting.is_empty() { 0 } else { DRIFTS })
        .enumerate()
        .map(|(at, (case, changes))| finding(&environment, at, case, changes.clone()))
        .collect();
    let now = Timestamp::now();
    let scans = [(2, vec![]), (1, found)];
    for (hours, found) in scans {
        let at = now - SignedDuration::from_hours(hours);
        let scan = store.begin_scan(&environment.slug, at)?;
        store.record(scan, found)?;
        store.finish_scan(scan, ScanSummary::of_nothing(scan, environment.slug.clone(), at))?;
    }
    Ok(())
}

/// Analyses every drift of the store through the service, one after the other.
pub async fn measure(service: &Arc<dyn DriftService>, store: &dyn Store) -> Result<Analysed, ServiceError> {
    let drifts = ids(store).map_err(|e| ServiceError::Unavailable(e.to_string()))?;
    let (mut times, begun) = (vec![], Instant::now());
    for drift in drifts {
        let one = Instant::now();
        service.analyse(drift, None).await?;
        times.push(one.elapsed());
    }
    let all = begun.elapsed();
    times.sort_unstable();
    Ok(Analysed { times, all })
}

fn ids(store: &dyn Store) -> Result<Vec<DriftId>, StoreError> {
    let mut ids = vec![];
    let mut request = PageRequest {
        filter: DriftFilter::default(),
        cursor: None,
        direction: crate::store::Direction::Older,
        limit: PAGE,
    };
    loop {
        let page = store.page(&request)?;
        ids.extend(page.data.iter().map(|event| event.id));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(ids),
        }
    }
}

fn environment() -> Environment {
    let now = Timestamp::now();
    Environment {
        organization: Slug::from_text("local"),
        slug: Slug::from_text("bench"),
        name: "Bench".into(),
        cloud_provider: CloudProvider::Aws,
        region: "".into(),
        account_id: "".into(),
        tags: std::collections::BTreeMap::new(),
        is_active: true,
        created_at: now,
        updated_at: now,
    }
}

fn finding(environment: &Environment, at: usize, case: &Case, changes: Vec<crate::drift::Change>) -> Finding {
    let kind = case.resource_type.as_str();
    let resource = ResourceRef {
        resource_type: kind.into(),
        resource_id: format!("{kind}.case_{at}").as_str().into(),
        previous_address: None,
        provider_id: None,
        declared_in: None,
    };
    let drift_type = DriftType::Modified;
    let facts = Facts { environment, resource: &resource, drift_type, changes: &changes, now: Timestamp::now() };
    Finding {
        environment: environment.slug.clone(),
        analysis: analyse(&facts),
        drift_type,
        changes,
        hidden: vec![],
        unverified: vec![],
        declared_state: None,
        actual_state: None,
        recommendations: vec![],
        tags: vec![],
        dependants: 0,
        resource,
    }
}

impl Analysed {
    pub fn drifts(&self) -> usize {
        self.times.len()
    }

    fn share(&self, percent: usize) -> Duration {
        let at = (self.times.len() * percent / 100).min(self.times.len().saturating_sub(1));
        self.times.get(at).copied().unwrap_or_default()
    }

    pub fn text(&self) -> String {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let mut out = String::new();
        let (seconds, count) = (self.all.as_secs_f64(), self.drifts());
        let _ = writeln!(
            out,
            "{count} drifts analysed one after the other in {seconds:.2} s ({:.0}/s): cause, severity, advice, kept on disk",
            count as f64 / seconds
        );
        let (half, most, worst) = (self.share(50), self.share(95), self.share(100));
        let _ = writeln!(
            out,
            "one drift: median {:.1} ms, 95th percentile {:.1} ms, slowest {:.1} ms",
            milliseconds(half),
            milliseconds(most),
            milliseconds(worst)
        );
        out
    }

    pub fn json(&self) -> Value {
        let milliseconds = |percent| self.share(percent).as_secs_f64() * 1e3;
        json!({
            "schema": "driftguard.bench-analysis/1",
            "drifts": self.drifts(),
            "seconds": self.all.as_secs_f64(),
            "median_ms": milliseconds(50),
            "p95_ms": milliseconds(95),
            "slowest_ms": milliseconds(100),
        })
    }
}
