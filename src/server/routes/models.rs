//! The registry of what drifts are judged by: rules, and the model for causes that is learned from operators. Everybody reads; an
//! admin trains and chooses.

use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::listing::Slice;
use crate::analysis;
use crate::api::{
    Code, EvaluateModelBody, Listed, Model, ModelBody, ModelVersion, Part, Problem, Role, RollbackModelBody,
    TrainModelBody,
};
use crate::compare::Packs;
use crate::drift::{Lessons, MlModel, ModelStep};
use crate::server::Shared;
use crate::server::answer::Answer;
use crate::server::auth::Caller;
use crate::server::body::Decision;
use crate::service::ServiceError;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(models))
        .routes(routes!(lessons))
        .routes(routes!(train))
        .routes(routes!(evaluate))
        .routes(routes!(activate))
        .routes(routes!(rollback))
}

/// What drifts are judged by: packs of rules, and every version of the models that were learned.
#[utoipa::path(get, path = "/models", params(Part), responses((status = 200, body = Listed<Model>)))]
async fn models(caller: Caller, slice: Slice) -> Answer<Listed<Model>> {
    let shipped = |kind: &str, (name, text): (&str, &str)| Model {
        name: name.trim_end_matches(".toml").to_owned(),
        kind: kind.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
        is_active: true,
        learned: None,
    };
    let rules = analysis::packs().chain(Packs::texts()).map(|one| shipped("rules", one));
    let mut all: Vec<Model> = rules.chain(analysis::models().map(|one| shipped("shipped", one))).collect();
    all.extend(caller.service.models().await?.into_iter().map(Model::from));
    Ok(Json(slice.of(all, |model| format!("{} {} {:0>10}", model.name, model.kind, model.version))))
}

/// How many causes operators confirmed or corrected, and what is missing before a model can be learned from them.
#[utoipa::path(get, path = "/models/lessons", responses((status = 200, body = Lessons)))]
async fn lessons(caller: Caller) -> Answer<Lessons> {
    Ok(Json(caller.service.lessons().await?))
}

/// Trains the next version from what operators said, and takes it into use where that is asked for. Takes seconds.
#[utoipa::path(
    post,
    path = "/models/train",
    request_body = TrainModelBody,
    responses((status = 200, body = MlModel))
)]
async fn train(caller: Caller, sent: Decision<TrainModelBody>) -> Answer<MlModel> {
    only_admins(&caller)?;
    let (body, once) = sent.of(&caller.principal);
    let train =
        async { Ok(caller.service.train_model(body.activate, caller.principal.name.clone()).await.map_err(refused)?) };
    caller.once(once, train).await.map(Json)
}

/// Measures a version, or the active one, on what was said after its training, and keeps the figures with it.
#[utoipa::path(
    post,
    path = "/models/evaluate",
    request_body = EvaluateModelBody,
    responses((status = 200, body = MlModel))
)]
async fn evaluate(caller: Caller, sent: Decision<EvaluateModelBody>) -> Answer<MlModel> {
    only_admins(&caller)?;
    let (body, once) = sent.of(&caller.principal);
    let version = body.version.as_ref().map(number).transpose()?;
    let evaluate = async { Ok(caller.service.evaluate_model(version).await.map_err(no_version)?) };
    caller.once(once, evaluate).await.map(Json)
}

/// Takes a version into use, in place of the one that is.
#[utoipa::path(
    post,
    path = "/models/activate",
    request_body = ModelBody,
    responses((status = 200, body = MlModel))
)]
async fn activate(caller: Caller, sent: Decision<ModelBody>) -> Answer<MlModel> {
    only_admins(&caller)?;
    let (body, once) = sent.of(&caller.principal);
    let to = ModelStep::To(number(&body.version)?);
    let activate =
        async { Ok(caller.service.activate_model(to, caller.principal.name.clone()).await.map_err(no_version)?) };
    caller.once(once, activate).await.map(Json)
}

/// Takes the version into use that was before.
#[utoipa::path(
    post,
    path = "/models/rollback",
    request_body = RollbackModelBody,
    responses((status = 200, body = MlModel))
)]
async fn rollback(caller: Caller, sent: Decision<RollbackModelBody>) -> Answer<MlModel> {
    only_admins(&caller)?;
    let (_, once) = sent.of(&caller.principal);
    let back = async {
        Ok(caller.service.activate_model(ModelStep::Back, caller.principal.name.clone()).await.map_err(refused)?)
    };
    caller.once(once, back).await.map(Json)
}

fn number(version: &ModelVersion) -> Result<u32, Problem> {
    version.number().map_err(|why| Problem::of_field("version", why))
}

/// The version that is asked for is not kept.
fn no_version(error: ServiceError) -> Problem {
    match error {
        ServiceError::NotFound(why) => Problem::of_field("version", why),
        other => other.into(),
    }
}

fn only_admins(caller: &Caller) -> Result<(), Problem> {
    if caller.principal.role == Role::Admin {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden, "models are trained, measured and chosen by an admin"))
}

/// What the body names and is not there is a mistake of the body: the route is.
fn refused(error: ServiceError) -> ServiceError {
    match error {
        ServiceError::NotFound(why) => ServiceError::Invalid(why),
        other => other,
    }
}
