//! What a dashboard shows.

use axum::Json;
use jiff::{SignedDuration, Timestamp};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::listing::Slice;
use super::parameters::Parameters;
use crate::api::{Day, EnvironmentFigures, Listed, Part, Problem, Repository, ScanFigures, Summary};
use crate::drift::{Business, DailyMetrics, IncidentRequest, ScanSummary, Slug};
use crate::server::Shared;
use crate::server::answer::Answer;
use crate::server::auth::Caller;
use crate::service::{EnvironmentSummary, IacResource, ResourcesRequest};
use crate::store::OpenCounts;

/// Of a summary that does not say.
const DAYS: u32 = 7;
/// Of figures that say nothing over a week.
const MONTH: u32 = 30;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(summary))
        .routes(routes!(daily))
        .routes(routes!(business))
        .routes(routes!(repositories))
        .routes(routes!(resources))
}

/// What is open, how the last scans went, and what happened in the last days.
///
/// Open drifts are counted as they come and go. What happened is counted by days of UTC, today the last of them; how drifts went,
/// over as many times 24 hours.
#[utoipa::path(
    get,
    path = "/analytics/summary",
    params(
        ("environment" = Option<Vec<Slug>>, Query, explode = false),
        ("days" = Option<u32>, Query, minimum = 1, maximum = 90)
    ),
    responses((status = 200, body = Summary))
)]
async fn summary(caller: Caller, mut parameters: Parameters) -> Answer<Summary> {
    let environments = parameters.environments()?;
    let days = parameters.take::<u32>("days")?.unwrap_or(DAYS);
    parameters.done()?;
    let now = Timestamp::now();
    let (from, until) = whole_days(now, days);
    let parts = usize::try_from(days).unwrap_or(1);
    let request = IncidentRequest { from, until, environments: environments.clone(), limit: 1, parts };
    let (all, stats, incident) = tokio::try_join!(
        caller.service.environments(),
        caller.service.stats(environments.clone(), days),
        caller.service.incident(request),
    )?;
    let wanted = |one: &EnvironmentSummary| environments.is_empty() || environments.contains(&one.environment.slug);
    let environments: Vec<EnvironmentFigures> = all.into_iter().filter(wanted).map(figures).collect();
    let day = |(at, happened)| {
        let hours = SignedDuration::from_hours(24 * i64::try_from(at).unwrap_or(0));
        Day { from: from.checked_add(hours).unwrap_or(from), happened }
    };
    Ok(Json(Summary {
        generated_at: now,
        open: environments.iter().fold(OpenCounts::default(), |sum, one| plus(sum, one.open)),
        environments,
        stats,
        days: incident.density.into_iter().enumerate().map(day).collect(),
    }))
}

/// How the drifts first seen on each day went: how many, their causes and severities, how long they took, and whether advice was carried
/// out.
///
/// Days of UTC, today the last of them, without days on which nothing was found.
#[utoipa::path(
    get,
    path = "/analytics/daily",
    params(
        ("environment" = Option<Vec<Slug>>, Query, explode = false),
        ("days" = Option<u32>, Query, minimum = 1, maximum = 90),
        Part
    ),
    responses((status = 200, body = Listed<DailyMetrics>))
)]
async fn daily(caller: Caller, mut parameters: Parameters) -> Answer<Listed<DailyMetrics>> {
    let environments = parameters.environments()?;
    let days = parameters.take::<u32>("days")?.unwrap_or(DAYS);
    let slice = Slice::take(&mut parameters)?;
    parameters.done()?;
    let all = caller.service.daily(environments, days.clamp(1, 90)).await?;
    Ok(Json(slice.of(all, |one| format!("{} {}", one.environment, one.date))))
}

/// What came of the watching: how often causes were told right, what was noise, how long analyses took, whether advice was followed and
/// remediation held, compliance, and how many people took part.
///
/// Over days of UTC, today the last of them. A ratio of nothing, and what is null, is no data. For who sees the environments whole.
#[utoipa::path(
    get,
    path = "/analytics/business",
    params(
        ("environment" = Option<Vec<Slug>>, Query, explode = false),
        ("days" = Option<u32>, Query, minimum = 1, maximum = 90)
    ),
    responses((status = 200, body = Business), (status = 403))
)]
async fn business(caller: Caller, mut parameters: Parameters) -> Answer<Business> {
    let environments = parameters.environments()?;
    let days = parameters.take::<u32>("days")?.unwrap_or(MONTH);
    parameters.done()?;
    Ok(Json(caller.service.business(environments, days.clamp(1, 90)).await?))
}

/// The first and the last microsecond of so many days of UTC, today the last of them.
fn whole_days(now: Timestamp, days: u32) -> (Timestamp, Timestamp) {
    const DAY: i64 = 86_400_000_000;
    let tonight = (now.as_microsecond().div_euclid(DAY) + 1) * DAY;
    let at = |micros| Timestamp::from_microsecond(micros).unwrap_or(now);
    (at(tonight - i64::from(days) * DAY), at(tonight - 1))
}

fn figures(one: EnvironmentSummary) -> EnvironmentFigures {
    let EnvironmentSummary { environment, is_production, open, last_scan, pulse, .. } = one;
    let scan = |scan: ScanSummary| ScanFigures {
        finished_at: scan.finished_at,
        stage: scan.stage,
        resources: scan.counts.resources,
        drifted: scan.counts.drifted,
        new: scan.new,
        closed: scan.closed,
    };
    let last_scan = last_scan.map(scan);
    EnvironmentFigures { environment: environment.slug, name: environment.name, is_production, open, last_scan, pulse }
}

fn plus(a: OpenCounts, b: OpenCounts) -> OpenCounts {
    OpenCounts {
        critical: a.critical + b.critical,
        high: a.high + b.high,
        medium: a.medium + b.medium,
        low: a.low + b.low,
        in_any_state: a.in_any_state + b.in_any_state,
    }
}

/// Where environments are declared and what their last scan read there.
#[utoipa::path(
    get,
    path = "/iac/repositories",
    params(("environment" = Option<Vec<Slug>>, Query, explode = false), Part),
    responses((status = 200, body = Listed<Repository>))
)]
async fn repositories(caller: Caller, mut parameters: Parameters) -> Answer<Listed<Repository>> {
    let wanted = parameters.environments()?;
    let slice = Slice::take(&mut parameters)?;
    parameters.done()?;
    let all = caller.service.environments().await?;
    let wanted = all.into_iter().filter(|one| wanted.is_empty() || wanted.contains(&one.environment.slug));
    let sources = wanted.flat_map(|one| {
        let environment = one.environment.slug;
        let sources = one.last_scan.into_iter().flat_map(|scan| scan.sources);
        sources.map(move |source| Repository { environment: environment.clone(), source })
    });
    Ok(Json(slice.of(sources.collect(), |one| format!("{} {}", one.environment, one.source.source.raw()))))
}

/// What the code of an environment declares, by address: where it is written, and which of its drifts wait for somebody.
///
/// Of sources that are files where the server runs; of others only the scans tell.
#[utoipa::path(
    get,
    path = "/iac/resources",
    params(("environment" = Slug, Query), Part),
    responses((status = 200, body = Listed<IacResource>), (status = 404))
)]
async fn resources(caller: Caller, mut parameters: Parameters) -> Answer<Listed<IacResource>> {
    let environment: String = parameters.need("environment")?;
    let environment = Slug::new(&environment).map_err(|e| Problem::of_field("environment", e.to_string()))?;
    let slice = Slice::take(&mut parameters)?;
    parameters.done()?;
    let request = ResourcesRequest { environment, after: None, limit: usize::MAX };
    if let Some(request) = slice.onward(|after| ResourcesRequest { after, limit: slice.limit + 1, ..request.clone() }) {
        let found = caller.service.resources(request).await?;
        return Ok(Json(slice.found(found, |one| one.address.raw().to_owned())));
    }
    // Backward, all that is before is needed to know the last of it.
    let all = caller.service.resources(request).await?;
    Ok(Json(slice.of(all, |one| one.address.raw().to_owned())))
}
