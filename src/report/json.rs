//! The machine-readable report, `driftguard.scan/1`. Fields are added, never renamed or removed, within one version.

use std::io::{self, Write};

use serde::ser::{Error, SerializeSeq};
use serde::{Serialize, Serializer};

use super::{EnvironmentReport, Report};
use crate::drift::{
    Change, CloudProvider, Completeness, Counts, DriftType, Finding, Hidden, ResourceRef, Severity, SeverityClass,
    Slug, SourceError, Unverified, UnverifiedReason,
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
}

#[derive(Serialize)]
struct EnvironmentRow<'a> {
    environment: &'a Slug,
    name: &'a Tainted,
    cloud_provider: CloudProvider,
    region: &'a Tainted,
    account_id: &'a Tainted,
    started_at: jiff::Timestamp,
    finished_at: jiff::Timestamp,
    complete: bool,
    counts: &'a Counts,
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
    cause: &'static str,
    changes: Vec<ChangeRow<'a>>,
    hidden: &'a [Hidden],
    recommendations: Vec<&'static str>,
    fingerprint: String,
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

fn environment_row(e: &EnvironmentReport) -> EnvironmentRow<'_> {
    EnvironmentRow {
        environment: &e.environment.slug,
        name: &e.environment.name,
        cloud_provider: e.environment.cloud_provider,
        region: &e.environment.region,
        account_id: &e.environment.account_id,
        started_at: e.summary.started_at,
        finished_at: e.summary.finished_at,
        complete: e.summary.completeness == Completeness::Complete,
        counts: &e.summary.counts,
    }
}

fn change_row(c: &Change) -> ChangeRow<'_> {
    ChangeRow {
        path: c.path.raw(),
        change_type: c.change_type,
        declared: c.declared.as_ref(),
        actual: c.actual.as_ref(),
        is_security_critical: c.is_security_critical,
    }
}

fn drift_row(f: &Finding) -> DriftRow<'_> {
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
        cause: f.analysis.cause.cause_category.as_str(),
        changes: f.changes.iter().map(change_row).collect(),
        hidden: &f.hidden,
        recommendations: f.recommendations.iter().map(|r| r.recommendation_type.as_str()).collect(),
        fingerprint: f.fingerprint().to_hex(),
    }
}

/// Every drift; written one by one, because there may be very many.
struct Drifts<'a>(&'a Report);

impl Serialize for Drifts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for e in &self.0.environments {
            for finding in e.findings.iter().map_err(S::Error::custom)? {
                list.serialize_element(&drift_row(&finding.map_err(S::Error::custom)?))?;
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

/// Every unverified property of a drifted resource, then whole resources.
fn each_unverified<E>(
    e: &EnvironmentReport,
    failed: fn(io::Error) -> E,
    write: &mut dyn FnMut(&UnverifiedRow<'_>) -> Result<(), E>,
) -> Result<(), E> {
    if e.findings.has_unverified() {
        for finding in e.findings.iter().map_err(failed)? {
            let finding = finding.map_err(failed)?;
            finding.unverified.iter().try_for_each(|u| write(&unverified_row(e, &finding.resource, u)))?;
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

/// One document.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let all = || report.environments.iter();
    let document = Document {
        schema: SCHEMA,
        environments: all().map(environment_row).collect(),
        drifts: Drifts(report),
        unverified: AllUnverified(report),
        errors: all().flat_map(|e| e.errors.iter().map(move |error| error_row(e, error))).collect(),
    };
    escape::to_json_writer(&mut *out, &document, true)?;
    writeln!(out)
}

/// One object a line: `{"schema":…}` first, then `{"environment":{…}}`, `{"drift":{…}}`, `{"unverified":{…}}`, `{"error":{…}}`.
pub(super) fn write_lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    line(out, "schema", &SCHEMA)?;
    for e in &report.environments {
        line(out, "environment", &environment_row(e))?;
        for finding in e.findings.iter()? {
            line(out, "drift", &drift_row(&finding?))?;
        }
        each_unverified(e, |error| error, &mut |row| line(out, "unverified", row))?;
        e.errors.iter().try_for_each(|error| line(out, "error", &error_row(e, error)))?;
    }
    Ok(())
}

fn line(out: &mut dyn Write, key: &str, row: &impl Serialize) -> io::Result<()> {
    write!(out, "{{\"{key}\":")?;
    escape::to_json_writer(&mut *out, row, false)?;
    writeln!(out, "}}")
}
