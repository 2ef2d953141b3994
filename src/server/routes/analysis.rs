//! Thinking about a drift anew, and following advice or not.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use ulid::Ulid;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::drifts::drift;
use super::parameters::{Parameters, named};
use crate::api::{
    Advice, AdviceBody, AnalyzeBody, AnalyzeContext, Answered, Code, Job, Listed, Pagination, Part, Problem, Which,
    from_parameters,
};
use crate::drift::{DriftId, Once, State as Standing, TriageRequest, TriageVerb};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::auth::Caller;
use crate::server::body::Decision;
use crate::service::ServiceError;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(analyze))
        .routes(routes!(job))
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(implement))
        .routes(routes!(dismiss))
}

/// Analyses a drift anew, in the background.
///
/// Cause, severity and advice are written back to the drift. While an analysis of it is under way the answer is that one.
#[utoipa::path(
    post,
    path = "/drifts/{id}/analyze",
    params(("id" = DriftId, Path)),
    request_body = Option<AnalyzeBody>,
    responses((status = 202, body = Job))
)]
async fn analyze(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    sent: Decision<AnalyzeBody>,
) -> Result<(StatusCode, Json<Job>), Failure> {
    let (id, (body, once)) = (drift(&id)?, sent.of(&caller.principal));
    let begin = async {
        // What cannot be analysed is said now, not by the job.
        caller.service.drift(id).await?;
        let (service, of) = (Arc::clone(&caller.service), &caller.principal.organisation);
        Ok(shared.jobs.begin(of, service, id, body.context.map(AnalyzeContext::text)).await?)
    };
    Ok((StatusCode::ACCEPTED, Json(caller.once(once, begin).await?)))
}

/// How an analysis stands, and what it found.
#[utoipa::path(
    get,
    path = "/drifts/{id}/analyze/{job_id}",
    params(("id" = DriftId, Path), ("job_id" = String, Path)),
    responses((status = 200, body = Job))
)]
async fn job(State(shared): State<Shared>, caller: Caller, Path((id, job)): Path<(String, String)>) -> Answer<Job> {
    let (id, job) = (drift(&id)?, named::<Ulid>(&job, "job")?);
    let organisation = &caller.principal.organisation;
    // Whoever may see the drift may ask; what somebody else began goes on as he began it.
    caller.service.drift(id).await?;
    let whole = Arc::clone(&shared.houses.enter(organisation)?.service);
    let job = shared.jobs.told(organisation, (whole, &caller.service), id, job).await?;
    Ok(Json(job.ok_or_else(|| Problem::new(Code::NotFound, "no such job"))?))
}

/// Advice for drifts, in the order of the drifts.
///
/// A page is one of drifts: `limit` counts those. Without `status` and `query` it is about what is open or acknowledged.
#[utoipa::path(get, path = "/recommendations", params(Which, Part), responses((status = 200, body = Listed<Advice>)))]
async fn list(caller: Caller, Parameters(parameters): Parameters) -> Answer<Listed<Advice>> {
    let mut request = from_parameters(&parameters, caller.principal.name.raw())?;
    if request.filter.states.is_empty() && request.filter.query.to_string().is_empty() {
        request.filter.states = vec![Standing::Open, Standing::Acknowledged];
    }
    let (limit, now) = (request.limit, Timestamp::now());
    let page = caller.service.drifts(request).await?;
    let data = page.data.iter().flat_map(|event| Advice::of(event, now)).collect();
    Ok(Json(Listed {
        data,
        pagination: Pagination { next: page.next, previous: page.previous, limit, is_cut: page.is_cut },
    }))
}

/// A piece of advice.
#[utoipa::path(
    get,
    path = "/recommendations/{id}",
    params(("id" = String, Path)),
    responses((status = 200, body = Advice))
)]
async fn one(caller: Caller, Path(id): Path<String>) -> Answer<Advice> {
    Ok(Json(find(&caller, &id).await?))
}

/// Follows a piece of advice: the drift is resolved in its way.
#[utoipa::path(
    post,
    path = "/recommendations/{id}/implement",
    params(("id" = String, Path)),
    request_body = AdviceBody,
    responses((status = 200, body = Answered))
)]
async fn implement(caller: Caller, Path(id): Path<String>, sent: Decision<AdviceBody>) -> Answer<Answered> {
    let (body, once) = sent.of(&caller.principal);
    let follow = async |body: AdviceBody, once: Option<Once>| {
        let advice = find(&caller, &id).await?;
        let kind = advice.recommendation.resolution_type().ok_or_else(|| {
            Problem::new(
                Code::Invalid,
                "this is advice to look, there is nothing to carry out: resolve the drift as you see fit",
            )
        })?;
        if let Some(why) = advice.recommendation.refusal(Timestamp::now()) {
            return Err(Problem::new(Code::Invalid, why).into());
        }
        let until = advice.recommendation.accept_until;
        let verb = TriageVerb::Resolve { resolution_type: kind, until };
        let said = |reason: Option<&str>| reason.unwrap_or("as recommended").to_owned();
        answer(&caller, advice, (body, once), verb, true, said).await
    };
    caller.once(once.clone(), follow(body, part(once))).await.map(Json)
}

/// Puts a piece of advice aside: that, and why, is a note on the drift.
#[utoipa::path(
    post,
    path = "/recommendations/{id}/dismiss",
    params(("id" = String, Path)),
    request_body = AdviceBody,
    responses((status = 200, body = Answered))
)]
async fn dismiss(caller: Caller, Path(id): Path<String>, sent: Decision<AdviceBody>) -> Answer<Answered> {
    let (body, once) = sent.of(&caller.principal);
    let put_aside = async |body: AdviceBody, once: Option<Once>| {
        let advice = find(&caller, &id).await?;
        let kind = advice.recommendation.recommendation_type.as_str();
        let said = move |reason: Option<&str>| match reason {
            Some(reason) => format!("advice {kind} dismissed: {reason}"),
            None => format!("advice {kind} dismissed"),
        };
        let verb = TriageVerb::Note { text: said(None).into() };
        answer(&caller, advice, (body, once), verb, false, said).await
    };
    caller.once(once.clone(), put_aside(body, part(once))).await.map(Json)
}

/// Decides about the drift, then keeps with the advice what became of it.
async fn answer(
    caller: &Caller,
    advice: Advice,
    (AdviceBody { reason, expected_version }, once): (AdviceBody, Option<Once>),
    mut verb: TriageVerb,
    followed: bool,
    said: impl Fn(Option<&str>) -> String,
) -> Result<Answered, Failure> {
    let result = said(reason.as_ref().map(|reason| reason.raw()));
    if let TriageVerb::Note { text } = &mut verb {
        *text = result.as_str().into();
    }
    let (drift, actor) = (advice.drift, caller.principal.name.clone());
    let request = TriageRequest { drift, verb, reason, actor, expected_version, once };
    let receipt = caller.service.triage(request).await?;
    let key = advice.recommendation.key();
    let event = caller.service.answer_advice(drift, key, followed, result.into()).await?;
    let now = Advice::of(&event, Timestamp::now()).find(|one| one.id == advice.id);
    Ok(Answered { advice: now.unwrap_or(advice), receipt })
}

/// The decision's own name, under that of the whole.
fn part(once: Option<Once>) -> Option<Once> {
    once.map(|once| once.part(0))
}

pub(super) async fn find(caller: &Caller, id: &str) -> Result<Advice, Failure> {
    let missing =
        || Problem::new(Code::NotFound, "no such advice, or the drift has moved on and it is not given any more");
    let (drift_id, _) = id.split_once('-').ok_or_else(missing)?;
    let detail = caller.service.drift(named(drift_id, "advice")?).await.map_err(|error| match error {
        ServiceError::NotFound(_) => missing().into(),
        other => Failure::from(other),
    })?;
    let found = Advice::of(&detail.event, Timestamp::now()).find(|one| one.id == id);
    Ok(found.ok_or_else(missing)?)
}
