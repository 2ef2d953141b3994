//! Rows of the machine-readable report: environments, and drifts with what the store knows of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::drift::{
    CauseRecord, Change, CloudProvider, Completeness, Counts, Direction, Disruption, DriftId, DriftType, Finding,
    Hidden, Known, Recommendation, ResolutionType, Risk, ScanStage, SettledChange, Severity, SeverityClass, Sighting,
    Slug, State,
};
use crate::report::actor::{ActorRow, actor_row};
use crate::report::import::ImportRow;
use crate::report::usage::UsageRow;
use crate::report::{EnvironmentReport, StoreUse};
use crate::safety::{Masked, Tainted};

#[derive(Serialize)]
pub(super) struct EnvironmentRow<'a> {
    environment: &'a Slug,
    name: &'a Tainted,
    cloud_provider: CloudProvider,
    region: Tainted,
    account_id: Tainted,
    started_at: jiff::Timestamp,
    finished_at: jiff::Timestamp,
    complete: bool,
    /// Microseconds spent in each stage.
    stages: BTreeMap<ScanStage, u64>,
    counts: &'a Counts,
    listed: ListedRow,
    /// Drifts that somebody ignored, snoozed or accepted; among `counts.drifted`.
    settled: u64,
    store: StoreUse,
    #[serde(skip_serializing_if = "Option::is_none")]
    since_last_scan: Option<NewsRow>,
    /// Absent where no cloud was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageRow<'a>>,
}

/// How much of `counts` is named in this document; there is an end to what is.
#[derive(Serialize)]
struct ListedRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden_changes: Option<u64>,
    unverified_properties: u64,
}

/// What changed since the last scan that wrote to the store.
#[derive(Serialize)]
struct NewsRow {
    new: u64,
    regressed: u64,
    closed: u64,
}

#[derive(Serialize)]
pub(super) struct DriftRow<'a> {
    environment: &'a Slug,
    resource_type: &'a Tainted,
    /// The address.
    resource_id: &'a Tainted,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_address: Option<&'a Tainted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<&'a Tainted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    declared_in: Option<&'a Tainted>,
    drift_type: DriftType,
    severity: SeverityClass,
    severity_scores: &'a Severity,
    direction: Direction,
    /// What changing it back does to what runs; `null`: not known.
    disruption: Option<Disruption>,
    cause: &'static str,
    cause_analysis: CauseRecord,
    /// How likely something stops working on account of it.
    risk: Risk,
    changes: Vec<ChangeRow<'a>>,
    hidden: &'a [Hidden],
    recommendations: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<ImportRow>,
    fingerprint: String,
    /// Does not make the exit code 2, unless it is strict.
    settled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<KnownRow<'a>>,
    /// Who made it, where an audit trail was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<ActorRow<'a>>,
}

/// What the store knows of the drift.
#[derive(Serialize)]
struct KnownRow<'a> {
    /// `null`: an ignore rule is about it, and the store could not be written.
    id: Option<DriftId>,
    status: State,
    resolution_type: Option<ResolutionType>,
    /// When a snooze, an exception or an ignore rule ends.
    until: Option<jiff::Timestamp>,
    by: Option<&'a Tainted>,
    reason: Option<&'a Tainted>,
    first_seen: jiff::Timestamp,
    last_seen: jiff::Timestamp,
    seen_count: u64,
    regressions: u32,
}

#[derive(Serialize)]
struct ChangeRow<'a> {
    path: &'a str,
    change_type: crate::drift::ChangeType,
    /// `null` when the property is not declared.
    declared: Option<&'a Masked>,
    /// `null` when the property is not there.
    actual: Option<&'a Masked>,
    is_security_critical: bool,
    /// Found by memory; `declared` may be what was seen then.
    #[serde(skip_serializing_if = "Option::is_none")]
    remembered_at: Option<jiff::Timestamp>,
    /// What somebody decided about this change alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<SettledRow<'a>>,
}

#[derive(Serialize)]
struct SettledRow<'a> {
    resolution_type: Option<ResolutionType>,
    /// When an exception ends.
    until: Option<jiff::Timestamp>,
    by: &'a Tainted,
    at: jiff::Timestamp,
    reason: Option<&'a Tainted>,
}

/// As configured, else the one there was to ask.
fn known_or(configured: &Tainted, asked: BTreeSet<&str>) -> Tainted {
    match (configured.is_empty(), asked.len()) {
        (true, 1) => asked.first().map(|one| Tainted::from(*one)).unwrap_or_default(),
        _ => configured.clone(),
    }
}

pub(super) fn environment_row(e: &EnvironmentReport, show_hidden: bool) -> EnvironmentRow<'_> {
    let hidden = e.untold.iter().filter(|row| row.hidden().is_some()).count();
    let in_sync = e.untold.iter().filter(|row| !row.drifted && row.hidden().is_none()).count();
    EnvironmentRow {
        environment: &e.environment.slug,
        name: &e.environment.name,
        cloud_provider: e.environment.cloud_provider,
        region: known_or(&e.environment.region, e.usage.regions()),
        account_id: known_or(&e.environment.account_id, e.usage.accounts()),
        started_at: e.summary.started_at,
        finished_at: e.summary.finished_at,
        complete: e.summary.completeness == Completeness::Complete,
        stages: e.summary.timings.iter().copied().collect(),
        counts: &e.summary.counts,
        listed: ListedRow {
            hidden_changes: show_hidden.then_some(hidden as u64),
            unverified_properties: in_sync as u64 + e.drifts.unverified(),
        },
        settled: e.settled(),
        store: e.store,
        since_last_scan: (e.store == StoreUse::Written).then_some(NewsRow {
            new: e.summary.new,
            regressed: e.summary.regressed,
            closed: e.summary.closed,
        }),
        usage: UsageRow::of(&e.usage),
    }
}

fn change_row<'a>(c: &'a Change, settled: Option<&'a SettledChange>) -> ChangeRow<'a> {
    ChangeRow {
        path: c.path.raw(),
        change_type: c.change_type,
        declared: c.declared.as_ref(),
        actual: c.actual.as_ref(),
        is_security_critical: c.is_security_critical,
        remembered_at: c.remembered_at,
        settled: settled.map(|SettledChange { decision, .. }| SettledRow {
            resolution_type: decision.resolution_type,
            until: decision.until,
            by: &decision.by,
            at: decision.at,
            reason: decision.reason.as_ref(),
        }),
    }
}

pub(super) fn drift_row<'a>(drift: &'a Sighting, of: &'a EnvironmentReport) -> DriftRow<'a> {
    let f = &drift.finding;
    let seen = drift.known.as_ref().map_or(of.summary.finished_at, |known| known.first_seen);
    DriftRow {
        environment: &f.environment,
        resource_type: &f.resource.resource_type,
        resource_id: &f.resource.resource_id,
        previous_address: f.resource.previous_address.as_ref(),
        provider_id: f.resource.provider_id.as_ref(),
        declared_in: f.resource.declared_in.as_ref(),
        drift_type: f.drift_type,
        severity: f.analysis.severity.class(),
        severity_scores: &f.analysis.severity,
        direction: f.analysis.direction,
        disruption: f.analysis.disruption,
        cause: f.analysis.cause.cause_category.as_str(),
        cause_analysis: CauseRecord::made(&f.analysis, of.actor(drift), seen),
        risk: Risk::of_finding(f, of.environment.is_production()),
        changes: f.changes.iter().map(|change| change_row(change, drift.settled_change(change))).collect(),
        hidden: &f.hidden,
        recommendations: given(f).map(|r| r.recommendation_type.as_str()).collect(),
        import: ImportRow::of(f),
        fingerprint: drift.fingerprint().to_hex(),
        settled: drift.is_settled(),
        known: drift.known.as_ref().map(known_row),
        actor: of.actor(drift).map(actor_row),
    }
}

/// Advice that nothing forbids, and nobody put aside.
fn given(finding: &Finding) -> impl Iterator<Item = &Recommendation> {
    finding.recommendations.iter().filter(|one| one.vetoed.is_none() && one.dismissal().is_none())
}

fn known_row(known: &Known) -> KnownRow<'_> {
    let decision = known.decision.as_ref();
    KnownRow {
        id: known.id,
        status: known.state,
        resolution_type: decision.and_then(|d| d.resolution_type),
        until: decision.and_then(|d| d.until),
        by: decision.map(|d| &d.by),
        reason: decision.and_then(|d| d.reason.as_ref()),
        first_seen: known.first_seen,
        last_seen: known.last_seen,
        seen_count: known.seen_count,
        regressions: known.regressions,
    }
}
