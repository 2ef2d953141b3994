//! Ignore rules, and what must never be hidden.

use axum::Json;
use axum::extract::Path;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::listing::Slice;
use super::parameters::named;
use crate::api::{Listed, NeverHideBody, Part, RuleBody};
use crate::drift::{
    IgnoreRule, NeverHideReach, NeverHideRequest, NeverHideRule, RuleId, RuleReach, RuleRequest, RuleStatus,
};
use crate::server::Shared;
use crate::server::answer::{Answer, answered};
use crate::server::auth::Caller;
use crate::server::body::{Body, Decision};
use crate::store::Receipt;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(ignored))
        .routes(routes!(statuses))
        .routes(routes!(preview))
        .routes(routes!(change))
        .routes(routes!(never_hidden))
        .routes(routes!(preview_never_hide))
        .routes(routes!(change_never_hide))
}

/// What is ignored on purpose.
#[utoipa::path(
    get,
    path = "/ignore-rules",
    params(Part),
    responses((status = 200, body = Listed<IgnoreRule>))
)]
async fn ignored(caller: Caller, slice: Slice) -> Answer<Listed<IgnoreRule>> {
    Ok(Json(slice.of(caller.service.ignore_rules().await?, |rule| rule.id.to_string())))
}

/// Every ignore rule with what it hides now.
#[utoipa::path(
    get,
    path = "/ignore-rules/status",
    params(Part),
    responses((status = 200, body = Listed<RuleStatus>))
)]
async fn statuses(caller: Caller, slice: Slice) -> Answer<Listed<RuleStatus>> {
    Ok(Json(slice.of(caller.service.rules().await?, |status| status.rule.id.to_string())))
}

/// What an ignore rule would hide now, in place of the one with its id if there is one.
#[utoipa::path(
    post,
    path = "/ignore-rules/preview",
    request_body = IgnoreRule,
    responses((status = 200, body = RuleReach))
)]
async fn preview(caller: Caller, Body(rule): Body<IgnoreRule>) -> Answer<RuleReach> {
    answered(caller.service.preview_rule(rule).await)
}

/// Changes or deletes an ignore rule, or takes that back.
#[utoipa::path(
    post,
    path = "/ignore-rules/{id}",
    request_body = RuleBody,
    params(("id" = RuleId, Path)),
    responses((status = 200, body = Receipt))
)]
async fn change(caller: Caller, Path(id): Path<String>, sent: Decision<RuleBody>) -> Answer<Receipt> {
    let (body, once) = sent.of(&caller.principal);
    let request = RuleRequest { once, ..body.on(named::<RuleId>(&id, "rule")?, &caller.principal.name) };
    answered(caller.service.change_rule(request).await)
}

/// What the rules of the comparer must not hide.
#[utoipa::path(
    get,
    path = "/never-hide-rules",
    params(Part),
    responses((status = 200, body = Listed<NeverHideRule>))
)]
async fn never_hidden(caller: Caller, slice: Slice) -> Answer<Listed<NeverHideRule>> {
    Ok(Json(slice.of(caller.service.never_hidden().await?, |rule| rule.id.to_string())))
}

/// What such a rule would bring to light.
#[utoipa::path(
    post,
    path = "/never-hide-rules/preview",
    request_body = NeverHideRule,
    responses((status = 200, body = NeverHideReach))
)]
async fn preview_never_hide(caller: Caller, Body(rule): Body<NeverHideRule>) -> Answer<NeverHideReach> {
    answered(caller.service.preview_never_hide(rule).await)
}

/// Makes, changes or deletes such a rule, or takes that back.
#[utoipa::path(
    post,
    path = "/never-hide-rules/{id}",
    request_body = NeverHideBody,
    params(("id" = RuleId, Path)),
    responses((status = 200, body = Receipt))
)]
async fn change_never_hide(caller: Caller, Path(id): Path<String>, sent: Decision<NeverHideBody>) -> Answer<Receipt> {
    let (body, once) = sent.of(&caller.principal);
    let request = NeverHideRequest { once, ..body.on(named::<RuleId>(&id, "rule")?, &caller.principal.name) };
    answered(caller.service.change_never_hide(request).await)
}
