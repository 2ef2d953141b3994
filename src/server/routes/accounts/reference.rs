//! The words there are, and who may do what.

use axum::Json;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::listing::Slice;
use super::super::parameters::Parameters;
use super::Clerk;
use crate::accounts::{Action, Place, User};
use crate::api::{Code, Listed, Part, Problem, Role};
use crate::drift::{CloudProvider, ContextType, DriftType, IncidentImpact, ResolutionType, SeverityClass, Slug, State};
use crate::server::Shared;
use crate::server::answer::Answer;
use crate::server::auth::Caller;

/// What decides, beside the words of [`Action`] itself.
const DECIDING: [&str; 20] = [
    "revert",
    "remediate",
    "scan",
    "acknowledge",
    "snooze",
    "assign",
    "resolve_drift",
    "note",
    "judge_cause",
    "link",
    "unlink",
    "split",
    "rejoin",
    "ignore",
    "never_hide",
    "settle_changes",
    "reopen_changes",
    "reopen",
    "undo",
    "act",
];

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(reference)).routes(routes!(access))
}

/// Every list that a client offers to choose from.
#[utoipa::path(
    get,
    path = "/reference",
    responses((status = 200, body = BTreeMap<String, Vec<String>>), (status = 404))
)]
async fn reference(_: Caller) -> Json<Value> {
    Json(json!({
        "roles": Role::ALL,
        "actions": Action::ALL,
        "verbs": DECIDING,
        "states": State::ALL,
        "severities": SeverityClass::WORST_FIRST,
        "drift_types": DriftType::ALL,
        "resolution_types": ResolutionType::ALL,
        "cloud_providers": CloudProvider::ALL,
        "context_types": ContextType::ALL,
        "incident_impacts": IncidentImpact::ALL,
    }))
}

/// Who can do that there: for admins.
#[utoipa::path(
    get,
    path = "/access",
    params(("verb" = String, Query), ("environment" = Slug, Query), ("type" = Option<String>, Query, description = "A type of resources."), Part),
    responses((status = 200, body = Listed<User>), (status = 404))
)]
async fn access(caller: Caller, clerk: Clerk, mut parameters: Parameters) -> Answer<Listed<User>> {
    let verb: String = parameters.need("verb")?;
    let environment: Slug = Slug::new(&parameters.need::<String>("environment")?)
        .map_err(|error| Problem::of_field("environment", error.to_string()))?;
    let resource_type = parameters.take::<String>("type")?;
    let slice = Slice::take(&mut parameters)?;
    parameters.done()?;
    let action = action(&verb)?;
    let all = caller.service.environments().await?;
    let known = all.into_iter().map(|one| one.environment).find(|one| one.slug == environment);
    let known = known.ok_or_else(|| Problem::new(Code::NotFound, format!("no environment {environment}")))?;
    let of = caller.principal.organisation;
    let users = clerk.ask(move |registry, by| {
        let at = endpoint(&verb, action);
        registry.who_may(by, &of, action, Place::from(&known), resource_type.as_deref(), at)
    });
    Ok(Json(slice.of(users.await?, |user| user.username.raw().to_lowercase())))
}

/// Where a verb is said.
fn endpoint(verb: &str, action: Action) -> (&'static str, &'static str) {
    match verb {
        "scan" => ("POST", "/api/v1/scans"),
        "remediate" => ("POST", "/api/v1/drifts/*/remediate"),
        _ => action.endpoint(),
    }
}

fn action(verb: &str) -> Result<Action, Problem> {
    match verb {
        "read" => Ok(Action::Read),
        "delete" => Ok(Action::Delete),
        verb if DECIDING.contains(&verb) => Ok(Action::Act),
        _ => Err(Problem::of_field("verb", format!("no such verb: read, delete, {}", DECIDING.join(", ")))),
    }
}
