//! What happened: to accounts, and to drift; to look through and to take away.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::parameters::Parameters;
use super::Clerk;
use crate::accounts::{AuditReport, SecurityRecord};
use crate::api::{Listed, PAGE, Problem};
use crate::drift::{AuditEntry, Slug};
use crate::safety::{Tainted, escape};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::auth::Caller;

/// Records that are looked through for one answer, the newest.
const MOST: usize = 50_000;
/// Says of an export that older records of the range are not in it.
const CUT: &str = "x-driftguard-cut";

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(security)).routes(routes!(verify)).routes(routes!(export))
}

/// A range of time; both ends belong to it.
struct Range {
    from: Timestamp,
    until: Timestamp,
}

impl Range {
    fn take(parameters: &mut Parameters) -> Result<Self, Problem> {
        let from = parameters.take("from")?.unwrap_or(Timestamp::MIN);
        Ok(Self { from, until: parameters.take("until")?.unwrap_or(Timestamp::MAX) })
    }

    fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at <= self.until
    }
}

/// What happened to accounts, newest first.
#[utoipa::path(
    get,
    path = "/audit/security",
    params(("from" = Option<Timestamp>, Query), ("until" = Option<Timestamp>, Query), ("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin."), ("limit" = Option<usize>, Query, minimum = 1, maximum = 10_000)),
    responses((status = 200, body = Listed<SecurityRecord>), (status = 404))
)]
async fn security(clerk: Clerk, mut parameters: Parameters) -> Answer<Listed<SecurityRecord>> {
    let range = Range::take(&mut parameters)?;
    let limit = parameters.take::<usize>("limit")?.unwrap_or(PAGE).clamp(1, 10_000);
    let of = clerk.organization(parameters)?;
    let mut records = clerk.ask(move |registry, by| registry.audit(by, &of, MOST)).await?;
    records.retain(|record| range.holds(record.entry.at));
    records.truncate(limit);
    Ok(Json(Listed::whole(records)))
}

/// Whether the trail of accounts is what it was.
#[utoipa::path(
    get,
    path = "/audit/verify",
    responses((status = 200, body = AuditReport), (status = 404))
)]
async fn verify(clerk: Clerk) -> Answer<AuditReport> {
    super::json(clerk.ask(|registry, by| registry.verify(by)).await)
}

/// The trail, to take away.
///
/// Newest first, as `format=json` or `csv`; `kind=drifts` for what was decided, `security` for what happened to accounts.
#[utoipa::path(
    get,
    path = "/audit/export",
    params(("from" = Option<Timestamp>, Query), ("until" = Option<Timestamp>, Query), ("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin."), ("kind" = Option<String>, Query, pattern = "^(drifts|security)$"), ("format" = Option<String>, Query, pattern = "^(json|csv)$")),
    responses((status = 200, content((Vec<serde_json::Value> = "application/json"), (String = "text/csv"))), (status = 404))
)]
async fn export(caller: Caller, clerk: Clerk, mut parameters: Parameters) -> Result<Response, Failure> {
    let range = Range::take(&mut parameters)?;
    let kind = parameters.take::<String>("kind")?.unwrap_or_else(|| "drifts".to_owned());
    let format = parameters.take::<String>("format")?.unwrap_or_else(|| "json".to_owned());
    let is_csv = match format.as_str() {
        "json" => false,
        "csv" => true,
        _ => return Err(Problem::of_field("format", "is json or csv").into()),
    };
    match kind.as_str() {
        "drifts" => {
            parameters.done()?;
            let mut entries = caller.service.audit(MOST).await?;
            let cut = is_cut(&range, entries.len(), entries.last().map(|entry| entry.timestamp));
            entries.retain(|entry| range.holds(entry.timestamp));
            Ok(written(&entries, is_csv.then_some((DRIFTS, of_drift as fn(&AuditEntry) -> _)), cut))
        }
        "security" => {
            let of = clerk.organization(parameters)?;
            let mut records = clerk.ask(move |registry, by| registry.audit(by, &of, MOST)).await?;
            let cut = is_cut(&range, records.len(), records.last().map(|record| record.entry.at));
            records.retain(|record| range.holds(record.entry.at));
            Ok(written(&records, is_csv.then_some((SECURITY, of_security as fn(&SecurityRecord) -> _)), cut))
        }
        _ => Err(Problem::of_field("kind", "is drifts or security").into()),
    }
}

fn is_cut(range: &Range, records: usize, oldest: Option<Timestamp>) -> bool {
    records >= MOST && oldest.is_some_and(|at| at >= range.from)
}

const DRIFTS: &str = "seq,timestamp,actor,action,environment,drift,reason,old_state,new_state,user_id,principal,ip_address,user_agent,session_id,success,error_message";
const SECURITY: &str =
    "seq,timestamp,actor,kind,address,action,subject,old,new,user_id,user_agent,session_id,success,error_message";

fn of_drift(entry: &AuditEntry) -> Vec<String> {
    let state = |state: Option<crate::drift::State>| state.map_or("", crate::drift::State::as_str).to_owned();
    vec![
        entry.seq.to_string(),
        entry.timestamp.to_string(),
        entry.actor.line(),
        entry.action.clone(),
        entry.environment.as_ref().map(ToString::to_string).unwrap_or_default(),
        entry.drift.map(|id| id.to_string()).unwrap_or_default(),
        entry.reason.as_ref().map(|reason| reason.line()).unwrap_or_default(),
        state(entry.old_state),
        state(entry.new_state),
        shown(entry.origin.as_ref().and_then(|origin| origin.user_id)),
        entry.origin.as_ref().map(|origin| origin.principal.as_str().to_owned()).unwrap_or_default(),
        shown(entry.origin.as_ref().and_then(|origin| origin.ip_address)),
        line(entry.origin.as_ref().and_then(|origin| origin.user_agent.as_ref())),
        shown(entry.origin.as_ref().and_then(|origin| origin.session_id)),
        entry.success.to_string(),
        line(entry.error_message.as_ref()),
    ]
}

fn of_security(record: &SecurityRecord) -> Vec<String> {
    let entry = &record.entry;
    // Masked already: what is secret is not in it.
    let values = |value: &Option<crate::safety::Masked>| {
        value.as_ref().and_then(|value| serde_json::to_string(value).ok()).unwrap_or_default()
    };
    vec![
        record.seq.to_string(),
        entry.at.to_string(),
        entry.actor.name.line(),
        entry.actor.kind.as_str().to_owned(),
        entry.actor.address.map(|address| address.to_string()).unwrap_or_default(),
        entry.action.as_str().to_owned(),
        entry.subject.line(),
        values(&entry.old),
        values(&entry.new),
        shown(entry.actor.user_id),
        line(entry.actor.user_agent.as_ref()),
        shown(entry.actor.session_id),
        entry.success.to_string(),
        line(entry.error_message.as_ref()),
    ]
}

fn shown(value: Option<impl std::fmt::Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn line(text: Option<&Tainted>) -> String {
    text.map(Tainted::line).unwrap_or_default()
}

/// The line above a table, and a row of it.
type Table<'a, T> = (&'a str, fn(&T) -> Vec<String>);

/// As CSV with this head and these cells, or as JSON.
fn written<T: Serialize>(all: &[T], csv: Option<Table<'_, T>>, cut: bool) -> Response {
    let (kind, name, body) = match csv {
        Some((head, cells)) => {
            let row = |one: &T| cells(one).iter().map(|cell| escape::csv(cell)).collect::<Vec<_>>().join(",");
            let rows = std::iter::once(head.to_owned()).chain(all.iter().map(row));
            let text: String = rows.flat_map(|row| [row, "\r\n".to_owned()]).collect();
            ("text/csv; charset=utf-8", "audit.csv", text)
        }
        None => ("application/json", "audit.json", escape::to_json(&all)),
    };
    let mut response = Body::from(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    if cut {
        headers.insert(CUT, HeaderValue::from_static("true"));
    }
    response
}
