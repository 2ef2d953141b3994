//! The machine-readable report, `driftguard.scan/1`. Fields are added, never renamed or removed, within one version.

mod rows;

use std::io::{self, Write};

use serde::ser::{Error, SerializeSeq};
use serde::{Serialize, Serializer};

use self::rows::{EnvironmentRow, drift_row, environment_row};
use super::rules::RuleRow;
use super::{EnvironmentReport, Report};
use crate::drift::{Aside, ResourceRef, Slug, SourceError, Unverified, UnverifiedReason};
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
