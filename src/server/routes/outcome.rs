//! What became of a piece of advice, where nothing but that is to be kept.

use axum::Json;
use axum::extract::Path;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::analysis::find;
use crate::api::OutcomeBody;
use crate::drift::DriftEvent;
use crate::server::Shared;
use crate::server::answer::Answer;
use crate::server::auth::Caller;
use crate::server::body::Decision;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(outcome))
}

/// Keeps what became of a piece of advice; the drift stays as it is. Sent again it changes nothing.
#[utoipa::path(
    post,
    path = "/recommendations/{id}/outcome",
    params(("id" = String, Path)),
    request_body = OutcomeBody,
    responses((status = 200, body = DriftEvent))
)]
async fn outcome(caller: Caller, Path(id): Path<String>, sent: Decision<OutcomeBody>) -> Answer<DriftEvent> {
    let (OutcomeBody { followed, result }, once) = sent.of(&caller.principal);
    let keep = async {
        let advice = find(&caller, &id).await?;
        let key = advice.recommendation.key();
        Ok(caller.service.answer_advice(advice.drift, key, followed, result).await?)
    };
    caller.once(once, keep).await.map(Json)
}
