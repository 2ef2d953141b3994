//! After a scan: what began is put beside what is usual there. Only what was first seen since the last look is read.

use jiff::{SignedDuration, Timestamp};

use super::together::first_seen;
use crate::analysis::baseline::{Baselines, Begun, Verdict, replay, service_of};
use crate::analysis::together::{Gaps, Item, group};
use crate::drift::{ContextRequest, DriftEvent, Notification, Pulse, ScanStage, ScanSummary, Slug};
use crate::store::{Store, StoreError};

/// Drifts that one look reads.
const MOST: usize = 5000;
/// What a store that knows no baselines yet begins with.
const HISTORY: SignedDuration = SignedDuration::from_hours(24 * 60);
const HISTORY_MOST: usize = 10_000;
/// Resource types that are shown.
const TYPES: usize = 10;
/// Habits of one drift: a hand that changes everything has none.
const HABITS: usize = 20;

/// As [`look`], after a scan that is done; that it could not is written to the log.
pub(super) fn after(store: &dyn Store, scan: &ScanSummary) -> Option<Notification> {
    let slug = &scan.environment;
    // What was not looked at whole teaches nothing.
    let looked = (scan.stage == ScanStage::Done).then(|| look(store, slug, Timestamp::now()));
    let failed =
        |error: &StoreError| tracing::warn!(environment = %slug, %error, "what is usual could not be looked at");
    looked.transpose().inspect_err(failed).ok().flatten().flatten()
}

/// Gives what somebody is to be told; that is kept, with what the day taught.
pub(crate) fn look(store: &dyn Store, slug: &Slug, now: Timestamp) -> Result<Option<Notification>, StoreError> {
    let patterns = store.alerting().patterns;
    let kept = store.baselines(slug)?;
    let mut baselines = match &kept {
        Some(baselines) => baselines.clone(),
        None => beginning(store, slug, patterns.gaps, now)?,
    };
    let begun = begun(store, slug, patterns.gaps, (baselines.from(now), now), MOST)?;
    let verdict = baselines.look(now, &begun, patterns.anomaly_notices);
    let news = verdict.unusual.as_ref().filter(|unusual| unusual.is_news);
    let notice = news.map(|unusual| Notification::of_anomaly(slug, &unusual.words(now), unusual.worst, now));
    if kept.is_none_or(|kept| baselines.is_news_to(&kept)) {
        store.keep_baselines(slug, &baselines, notice.as_ref())?;
    }
    Ok(notice)
}

/// As it is shown; `None` before anything is known.
pub fn shown(store: &dyn Store, slug: &Slug, now: Timestamp) -> Result<Option<Pulse>, StoreError> {
    let Some(baselines) = store.baselines(slug)? else { return Ok(None) };
    let verdict = baselines.verdict.as_ref().filter(|verdict| verdict.is_current(now));
    Ok(verdict.map(|verdict: &Verdict| Pulse {
        says: verdict.words(),
        is_unusual: verdict.unusual.is_some(),
        trend: baselines.trend(),
        types: baselines.trends().into_iter().take(TYPES).collect(),
        forecast: baselines.forecast(now),
    }))
}

/// What the store has of the days before today, as if they had been watched.
fn beginning(store: &dyn Store, slug: &Slug, gaps: Gaps, now: Timestamp) -> Result<Baselines, StoreError> {
    let from = now.checked_sub(HISTORY).unwrap_or(Timestamp::UNIX_EPOCH);
    let begun = begun(store, slug, gaps, (from, now), HISTORY_MOST)?;
    // Nobody is told of what is over.
    Ok(replay(&begun, now, 0).0)
}

/// The incidents that began in a span.
fn begun(
    store: &dyn Store,
    slug: &Slug,
    gaps: Gaps,
    (from, until): (Timestamp, Timestamp),
    most: usize,
) -> Result<Vec<Begun>, StoreError> {
    let before = from.checked_sub(gaps.change).unwrap_or(from);
    let (events, is_cut) = first_seen(store, slug, before, until, most)?;
    if is_cut {
        tracing::warn!(environment = %slug, "more drifts than are counted: only the newest are");
    }
    let request = ContextRequest { from: before, until, environments: vec![slug.clone()], limit: ContextRequest::MOST };
    let contexts = store.contexts(&request)?;
    let items: Vec<Item> = events.iter().map(|event| Item::of(event, &contexts, gaps)).collect();
    let groups = group(&items, &[], gaps);
    let of =
        |members: &[usize]| Some(of_members(events.get(*members.first()?)?, members.iter().map(|at| &events[*at])));
    let all = groups.iter().filter_map(|group| of(&group.members));
    Ok(all.filter(|one| one.at >= from).collect())
}

fn of_members<'a>(first: &DriftEvent, all: impl Iterator<Item = &'a DriftEvent> + Clone) -> Begun {
    Begun {
        at: first.detected_at,
        service: service_of(first.resource.resource_type.raw()),
        kind: first.resource.resource_type.raw().to_owned(),
        hand: first.attribution.as_ref().map(|by| by.actor.clone()),
        habits: all.clone().flat_map(habits).take(HABITS).collect(),
        worst: all.map(DriftEvent::severity_class).max().unwrap_or_else(|| first.severity_class()),
    }
}

/// `a person in the console changes ingress of aws_security_group`
fn habits(event: &DriftEvent) -> Vec<String> {
    let Some(class) = event.attribution.as_ref().and_then(|by| by.class) else { return vec![] };
    let kind = event.resource.resource_type.raw();
    let of = |path: &str| format!("{} changes {path} of {kind}", class.words());
    match event.changes.as_slice() {
        [] => vec![format!("{} and {kind} {}", class.words(), event.drift_type.as_str())],
        some => some.iter().map(|change| of(change.path.raw())).collect(),
    }
}
