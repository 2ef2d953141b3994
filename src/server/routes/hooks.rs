//! What other systems ask for and tell with a hook's secret: a scan after a deployment, an incident that has begun.

use axum::Json;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::{Code, HookBody, HookDone, HookMark, Problem};
use crate::drift::{ContextData, ContextId, ContextSource, ContextType, OperationalContext, Slug, TimeWindow};
use crate::safety::{Tainted, is_seen};
use crate::server::Shared;
use crate::server::answer::Failure;
use crate::server::hooks::{Signed, Wanted};

/// Characters of what GitHub says that are taken into a title.
const WORDS: usize = 200;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(hook))
}

/// Scans, and says what goes on, for whoever holds the secret of the hook.
///
/// `X-Driftguard-Timestamp` is the time in seconds since 1970, at most five minutes off; `X-Driftguard-Signature` is `v1=` and the
/// HMAC-SHA256 of `TIMESTAMP.BODY` in hexadecimal digits. Each signature is taken once. GitHub's form is taken as well: with
/// `X-Hub-Signature-256`, a `push` to the default branch is a deployment and asks for scans, as far as the hook may do either.
#[utoipa::path(
    post,
    path = "/hooks/{name}",
    security(()),
    params(
        ("name" = String, Path),
        ("X-Driftguard-Timestamp" = Option<String>, Header),
        ("X-Driftguard-Signature" = Option<String>, Header),
        ("X-Hub-Signature-256" = Option<String>, Header, description = "In place of both."),
        ("X-GitHub-Event" = Option<String>, Header)
    ),
    request_body = HookBody,
    responses((status = 202, body = HookDone), (status = 401, description = "Nobody is known by this signature."), (status = 403))
)]
async fn hook(signed: Signed) -> Result<(StatusCode, Json<HookDone>), Failure> {
    let done = match &signed.wanted {
        Wanted::Ours(body) => ours(&signed, body).await?,
        Wanted::GitHub(event, payload) => github(&signed, event, payload).await?,
    };
    Ok((StatusCode::ACCEPTED, Json(done)))
}

async fn ours(signed: &Signed, body: &HookBody) -> Result<HookDone, Failure> {
    let spec = &signed.hook.spec;
    let refused = |what: &str| {
        let message =
            format!("this hook may not {what}: `may` of [hooks.{}] in the server's configuration says so", spec.name);
        Err(Failure(Problem::new(Code::Forbidden, message)))
    };
    match (body.scan, &body.mark) {
        (true, _) if !spec.may_scan => return refused("scan"),
        (_, Some(_)) if !spec.may_mark => return refused("mark"),
        (false, None) => return Err(Problem::of_field("body", "neither `scan` nor `mark` is in it").into()),
        _ => {}
    }
    let environments = about(&spec.environments, &body.environments)?;
    let context = body.mark.as_ref().map(|mark| context(mark, &environments, Timestamp::now())).transpose()?;
    carry_out(signed, body.scan.then_some(environments), context).await
}

/// Those that are asked for, which must be among those the hook is for. Empty: all there are.
fn about(own: &[Slug], asked: &[Slug]) -> Result<Vec<Slug>, Problem> {
    match asked.iter().position(|slug| !own.is_empty() && !own.contains(slug)) {
        Some(at) => Err(Problem::of_field(format!("environments[{at}]"), "this hook is not for this environment")),
        None if asked.is_empty() => Ok(own.to_vec()),
        None => Ok(asked.to_vec()),
    }
}

fn context(mark: &HookMark, environments: &[Slug], now: Timestamp) -> Result<OperationalContext, Problem> {
    let HookMark { context_type, title, link, id, from, to } = mark.clone();
    let from = from.unwrap_or(now);
    let to = to.or_else(|| (!context_type.lasts()).then_some(from));
    if to.is_some_and(|to| to < from) {
        return Err(Problem::of_field("mark.to", "it would end before it begins"));
    }
    if !is_seen(title.raw()) {
        return Err(Problem::of_field("mark.title", "a mark needs a text that is seen"));
    }
    Ok(OperationalContext {
        id: ContextId::generate(),
        context_type,
        context_data: ContextData { title, link, id, ..ContextData::default() },
        incident_impact: None,
        time_window: TimeWindow { from, to },
        environments: environments.to_vec(),
        source: ContextSource::Person,
    })
}

/// What says nothing new is taken, and nothing done: GitHub would call it a failure otherwise.
async fn github(signed: &Signed, event: &str, payload: &Value) -> Result<HookDone, Failure> {
    let spec = &signed.hook.spec;
    let nothing = |why: &str| Ok(HookDone { nothing: Some(why.to_owned()), ..HookDone::default() });
    match event {
        "push" => {}
        "ping" => return nothing("the hook is reached"),
        _ => return nothing("only pushes tell anything here"),
    }
    let branch = payload["ref"].as_str().and_then(|name| name.strip_prefix("refs/heads/"));
    if branch.is_none() || branch != payload["repository"]["default_branch"].as_str() {
        return nothing("only the default branch is deployed");
    }
    let commit = payload["head_commit"]["id"].as_str().or(payload["after"].as_str()).unwrap_or_default();
    let is_commit = commit.len() >= 7 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if payload["deleted"] == true || !is_commit {
        return nothing("it names no commit");
    }
    let mark = spec.may_mark.then(|| pushed(signed, payload, commit));
    carry_out(signed, spec.may_scan.then(|| spec.environments.clone()), mark).await
}

/// The same push is the same deployment, however often it is told.
fn pushed(signed: &Signed, payload: &Value, commit: &str) -> OperationalContext {
    let (spec, now) = (&signed.hook.spec, Timestamp::now());
    let text = |value: &Value| value.as_str().map(|text| text.chars().take(WORDS).collect::<String>());
    let said = text(&payload["head_commit"]["message"]).unwrap_or_default();
    let repository = text(&payload["repository"]["full_name"]).unwrap_or_default();
    let first = said.lines().next().unwrap_or_default();
    let title = format!("{repository} {}: {first}", &commit[..7]);
    let committed = payload["head_commit"]["timestamp"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    let link = text(&payload["head_commit"]["url"]).filter(|url| url.starts_with("https://"));
    OperationalContext {
        id: ContextId::of(committed.unwrap_or(Timestamp::UNIX_EPOCH), &["github push", spec.name.as_str(), commit]),
        context_type: ContextType::Deployment,
        context_data: ContextData {
            title: title.trim().into(),
            link: link.map(Tainted::from),
            id: Some(commit.into()),
            who: text(&payload["pusher"]["name"]).map(Tainted::from),
            deployment: None,
        },
        incident_impact: None,
        time_window: TimeWindow { from: now, to: Some(now) },
        environments: spec.environments.clone(),
        source: ContextSource::Person,
    }
}

/// `scan`: these, or all there are when it is empty.
async fn carry_out(
    signed: &Signed,
    scan: Option<Vec<Slug>>,
    context: Option<OperationalContext>,
) -> Result<HookDone, Failure> {
    let service = &signed.service;
    let mut done = HookDone::default();
    if let Some(context) = context {
        done.mark = Some(context.id);
        service.put_context(context, signed.principal().name).await?;
    }
    match scan {
        None => {}
        Some(some) if some.is_empty() => {
            done.scans = service.environments().await?.into_iter().map(|one| one.environment.slug).collect();
            service.scan(None).await?;
        }
        Some(some) => {
            for slug in some {
                service.scan(Some(slug.clone())).await?;
                done.scans.push(slug);
            }
        }
    }
    Ok(done)
}
