//! Ignore rules, and what must never be hidden.

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};

use super::parameters::named;
use crate::api::{Listed, NeverHideBody, RuleBody};
use crate::drift::{
    IgnoreRule, NeverHideReach, NeverHideRequest, NeverHideRule, RuleId, RuleReach, RuleRequest, RuleStatus,
};
use crate::server::Shared;
use crate::server::answer::{Answer, answered};
use crate::server::auth::Caller;
use crate::server::body::{Body, Decision};
use crate::store::Receipt;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/ignore-rules", get(ignored))
        .route("/ignore-rules/status", get(statuses))
        .route("/ignore-rules/preview", post(preview))
        .route("/ignore-rules/{id}", post(change))
        .route("/never-hide-rules", get(never_hidden))
        .route("/never-hide-rules/preview", post(preview_never_hide))
        .route("/never-hide-rules/{id}", post(change_never_hide))
}

async fn ignored(caller: Caller) -> Answer<Listed<IgnoreRule>> {
    answered(caller.service.ignore_rules().await.map(Listed::whole))
}

async fn statuses(caller: Caller) -> Answer<Listed<RuleStatus>> {
    answered(caller.service.rules().await.map(Listed::whole))
}

async fn preview(caller: Caller, Body(rule): Body<IgnoreRule>) -> Answer<RuleReach> {
    answered(caller.service.preview_rule(rule).await)
}

async fn change(caller: Caller, Path(id): Path<String>, sent: Decision<RuleBody>) -> Answer<Receipt> {
    let (body, once) = sent.of(&caller.principal);
    let request = RuleRequest { once, ..body.on(named::<RuleId>(&id, "rule")?, &caller.principal.name) };
    answered(caller.service.change_rule(request).await)
}

async fn never_hidden(caller: Caller) -> Answer<Listed<NeverHideRule>> {
    answered(caller.service.never_hidden().await.map(Listed::whole))
}

async fn preview_never_hide(caller: Caller, Body(rule): Body<NeverHideRule>) -> Answer<NeverHideReach> {
    answered(caller.service.preview_never_hide(rule).await)
}

async fn change_never_hide(caller: Caller, Path(id): Path<String>, sent: Decision<NeverHideBody>) -> Answer<Receipt> {
    let (body, once) = sent.of(&caller.principal);
    let request = NeverHideRequest { once, ..body.on(named::<RuleId>(&id, "rule")?, &caller.principal.name) };
    answered(caller.service.change_never_hide(request).await)
}
