//! The machine-readable report, `driftguard.scan/1`. Fields are added, never renamed or removed, within one version.
//!
//! Longer than most: one document, whose rows stand together as they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::ser::{Error, SerializeSeq};
use serde::{Serialize, Serializer};

use super::actor::{ActorRow, actor_row};
use super::import::ImportRow;
use super::rules::RuleRow;
use super::usage::UsageRow;
use super::{EnvironmentReport, Report, StoreUse};
use crate::drift::{
    Aside, Change, CloudProvider, Completeness, Counts, Direction, Disruption, DriftId, DriftType, Finding, Hidden,
    Known, Recommendation, ResolutionType, ResourceRef, ScanStage, SettledChange, Severity, SeverityClass, Sighting,
    Slug, SourceError, State, Unverified, UnverifiedReason,
};
use crate::safety::{Masked, Tainted, escape};

const SCHEMA: &str = "driftguard.scan/1";

/// The whole document.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    environments: Vec<EnvironmentRow<'a>>,
    drifts: Drifts<'a>,
    unverified: AllUnverified<'a>,
    errors: Vec<ErrorRow<'a>>,
    /// Who holds a state's lock, and the like; absent when there is nothing to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<NoticeRow<'a>>,
    /// With `--show-hidden`.
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<AllHidden<'a>>,
    /// Absent when no store was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    rules_unused: Option<Vec<RuleRow<'a>>>,
}

#[derive(Serialize)]
struct EnvironmentRow<'a> {
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

#[derive(Serialize)]
struct HiddenRow<'a> {
    environment: &'a Slug,
    resource_type: &'a Tainted,
    resource_id: &'a Tainted,
    /// Other properties of the resource are drift; its row among the drifts has this difference too.
    drifted: bool,
    path: &'a str,
    rule: &'a str,
    declared: Option<&'a Masked>,
    actual: Option<&'a Masked>,
}

/// What changed since the last scan that wrote to the store.
#[derive(Serialize)]
struct NewsRow {
    new: u64,
    regressed: u64,
    closed: u64,
}

#[derive(Serialize)]
struct DriftRow<'a> {
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

#[derive(Serialize)]
struct UnverifiedRow<'a> {
    environment: &'a Slug,
    resource_type: &'a Tainted,
    resource_id: &'a Tainted,
    /// `null`: the whole resource.
    path: Option<&'a str>,
    reason: UnverifiedReason,
    detail: &'a Tainted,
}

#[derive(Serialize)]
struct ErrorRow<'a> {
    environment: &'a Slug,
    source: &'a Tainted,
    message: &'a Tainted,
    help: &'a Tainted,
}

/// As configured, else the one there was to ask.
fn known_or(configured: &Tainted, asked: BTreeSet<&str>) -> Tainted {
    match (configured.is_empty(), asked.len()) {
        (true, 1) => asked.first().map(|one| Tainted::from(*one)).unwrap_or_default(),
        _ => configured.clone(),
    }
}

fn environment_row(e: &EnvironmentReport, show_hidden: bool) -> EnvironmentRow<'_> {
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

fn drift_row<'a>(drift: &'a Sighting, of: &'a EnvironmentReport) -> DriftRow<'a> {
    let f = &drift.finding;
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

/// Advice that nothing forbids.
fn given(finding: &Finding) -> impl Iterator<Item = &Recommendation> {
    finding.recommendations.iter().filter(|one| one.vetoed.is_none())
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

/// Every drift; written one by one, because there may be very many.
struct Drifts<'a>(&'a Report);

impl Serialize for Drifts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for e in &self.0.environments {
            for drift in e.drifts.iter().map_err(S::Error::custom)? {
                list.serialize_element(&drift_row(&drift.map_err(S::Error::custom)?, e))?;
            }
        }
        list.end()
    }
}

struct AllUnverified<'a>(&'a Report);

impl Serialize for AllUnverified<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for e in &self.0.environments {
            each_unverified(e, S::Error::custom, &mut |row| list.serialize_element(row))?;
        }
        list.end()
    }
}

struct AllHidden<'a>(&'a Report);

impl Serialize for AllHidden<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.environments.iter().flat_map(hidden_rows))
    }
}

fn hidden_rows(e: &EnvironmentReport) -> impl Iterator<Item = HiddenRow<'_>> {
    e.untold.iter().filter_map(|row| {
        let hidden = row.hidden()?;
        Some(HiddenRow {
            environment: &e.environment.slug,
            resource_type: &row.resource.resource_type,
            resource_id: &row.resource.resource_id,
            drifted: row.drifted,
            path: hidden.path.raw(),
            rule: &hidden.rule,
            declared: hidden.declared.as_ref(),
            actual: hidden.actual.as_ref(),
        })
    })
}

/// Every unverified property of a drifted resource, those of resources in sync as far as they are listed, then whole resources.
fn each_unverified<E>(
    e: &EnvironmentReport,
    failed: fn(io::Error) -> E,
    write: &mut dyn FnMut(&UnverifiedRow<'_>) -> Result<(), E>,
) -> Result<(), E> {
    if e.drifts.has_unverified() {
        for drift in e.drifts.iter().map_err(failed)? {
            let finding = drift.map_err(failed)?.finding;
            finding.unverified.iter().try_for_each(|u| write(&unverified_row(e, &finding.resource, u)))?;
        }
    }
    for row in e.untold.iter().filter(|row| !row.drifted) {
        if let Aside::Unverified(unverified) = &row.what {
            write(&unverified_row(e, &row.resource, unverified))?;
        }
    }
    e.summary.unverified.iter().try_for_each(|(resource, u)| write(&unverified_row(e, resource, u)))
}

fn unverified_row<'a>(e: &'a EnvironmentReport, resource: &'a ResourceRef, u: &'a Unverified) -> UnverifiedRow<'a> {
    UnverifiedRow {
        environment: &e.environment.slug,
        resource_type: &resource.resource_type,
        resource_id: &resource.resource_id,
        path: u.path.as_ref().map(|p| p.raw()),
        reason: u.reason,
        detail: &u.detail,
    }
}

fn error_row<'a>(e: &'a EnvironmentReport, error: &'a SourceError) -> ErrorRow<'a> {
    ErrorRow { environment: &e.environment.slug, source: &error.source, message: &error.message, help: &error.help }
}

#[derive(Serialize)]
struct NoticeRow<'a> {
    environment: &'a Slug,
    source: &'a Tainted,
    message: &'a Tainted,
}

fn notice_rows(e: &EnvironmentReport) -> impl Iterator<Item = NoticeRow<'_>> {
    e.notices().map(|(source, message)| NoticeRow { environment: &e.environment.slug, source, message })
}

/// One document.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let all = || report.environments.iter();
    let document = Document {
        schema: SCHEMA,
        environments: all().map(|e| environment_row(e, report.show_hidden)).collect(),
        drifts: Drifts(report),
        unverified: AllUnverified(report),
        errors: all().flat_map(|e| e.errors.iter().map(move |error| error_row(e, error))).collect(),
        notices: all().flat_map(notice_rows).collect(),
        hidden: report.show_hidden.then_some(AllHidden(report)),
        rules_unused: report.rules_unused.as_ref().map(|rules| rules.iter().map(RuleRow::from).collect()),
    };
    escape::to_json_writer(&mut *out, &document, true)?;
    writeln!(out)
}

/// One object a line: `{"schema":…}` first, then `{"environment":{…}}`, `{"drift":{…}}`, `{"unverified":{…}}`,
/// with `--show-hidden` `{"hidden":{…}}`, `{"error":{…}}`, `{"notice":{…}}`, and last `{"rule_unused":{…}}`.
pub(super) fn write_lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    line(out, "schema", &SCHEMA)?;
    for e in &report.environments {
        line(out, "environment", &environment_row(e, report.show_hidden))?;
        for drift in e.drifts.iter()? {
            line(out, "drift", &drift_row(&drift?, e))?;
        }
        each_unverified(e, |error| error, &mut |row| line(out, "unverified", row))?;
        if report.show_hidden {
            hidden_rows(e).try_for_each(|row| line(out, "hidden", &row))?;
        }
        e.errors.iter().try_for_each(|error| line(out, "error", &error_row(e, error)))?;
        notice_rows(e).try_for_each(|row| line(out, "notice", &row))?;
    }
    report.rules_unused.iter().flatten().try_for_each(|rule| line(out, "rule_unused", &RuleRow::from(rule)))
}

fn line(out: &mut dyn Write, key: &str, row: &impl Serialize) -> io::Result<()> {
    write!(out, "{{\"{key}\":")?;
    escape::to_json_writer(&mut *out, row, false)?;
    writeln!(out, "}}")
}
