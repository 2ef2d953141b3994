//! What happened: to accounts, and to drift; to look through and to take away.

use std::sync::Arc;

use axum::Json;
use axum::response::Response;
use jiff::Timestamp;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::listing::Slice;
use super::super::parameters::Parameters;
use super::{Clerk, export};
use crate::accounts::{AuditReport, SecurityRecord};
use crate::api::{Listed, Part};
use crate::drift::{AuditEntry, Slug};
use crate::report::trail::{DRIFTS, SECURITY, of_drift, of_security};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::auth::Caller;
use crate::store::AuditRequest;

/// Records that are read at once.
const PIECE: usize = 500;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(security)).routes(routes!(verify)).routes(routes!(export))
}

/// What happened to accounts, newest first.
#[utoipa::path(
    get,
    path = "/audit/security",
    params(("from" = Option<Timestamp>, Query), ("until" = Option<Timestamp>, Query), ("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin."), Part),
    responses((status = 200, body = Listed<SecurityRecord>), (status = 404))
)]
async fn security(clerk: Clerk, mut parameters: Parameters) -> Answer<Listed<SecurityRecord>> {
    let slice = Slice::take(&mut parameters)?;
    let request = slice.of_trail(&mut parameters)?;
    let of = clerk.organization(parameters)?;
    let found = clerk.ask(move |registry, by| registry.audit_between(by, &of, &request)).await?;
    Ok(Json(slice.found(found, |record| record.seq.to_string())))
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
/// All of the span, newest first, as `format=json` or `csv`; `kind=drifts` for what was decided, `security` for what happened to
/// accounts. It is written as it is read, however long it is.
#[utoipa::path(
    get,
    path = "/audit/export",
    params(("from" = Option<Timestamp>, Query), ("until" = Option<Timestamp>, Query), ("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin."), ("kind" = Option<String>, Query, pattern = "^(drifts|security)$"), ("format" = Option<String>, Query, pattern = "^(json|csv)$")),
    responses((status = 200, content((Vec<serde_json::Value> = "application/json"), (String = "text/csv"))), (status = 404))
)]
async fn export(caller: Caller, clerk: Clerk, mut parameters: Parameters) -> Result<Response, Failure> {
    let first = AuditRequest {
        from: parameters.take("from")?.unwrap_or(Timestamp::MIN),
        until: parameters.take("until")?.unwrap_or(Timestamp::MAX),
        ..AuditRequest::newest(PIECE)
    };
    let is_csv = parameters.take::<String>("format")?.is_some_and(|format| format == "csv");
    let is_of_accounts = parameters.take::<String>("kind")?.is_some_and(|kind| kind == "security");
    if is_of_accounts {
        let of = clerk.organization(parameters)?;
        let ask = move |request: AuditRequest| {
            let (clerk, of) = (clerk.clone(), of.clone());
            async move { clerk.ask(move |registry, by| registry.audit_between(by, &of, &request)).await }
        };
        let table = is_csv.then_some((SECURITY, of_security as fn(&SecurityRecord) -> _));
        return export::written(first, ask, |record| record.seq, table).await;
    }
    parameters.done()?;
    let service = caller.service;
    let ask = move |request: AuditRequest| {
        let service = Arc::clone(&service);
        async move { Ok(service.audit_between(request).await?) }
    };
    let table = is_csv.then_some((DRIFTS, of_drift as fn(&AuditEntry) -> _));
    export::written(first, ask, |entry| entry.seq, table).await
}
