//! What goes on around drift: what the store knows, and what the configuration announces.

use jiff::{SignedDuration, Timestamp};

use crate::drift::{ContextId, ContextRequest, Incident, Maintenance, OperationalContext, Slug};
use crate::safety::Tainted;
use crate::store::{Store, StoreError};

/// Who a journal names for what no person did.
const SYSTEM: &str = "system";

/// What touches a span, oldest first. What was announced is as the store knows it once a scan or a person has touched it.
pub fn contexts(
    store: &dyn Store,
    announced: &[Maintenance],
    request: &ContextRequest,
) -> Result<Vec<OperationalContext>, StoreError> {
    let mut found = store.contexts(request)?;
    found.extend(announcements(store, announced, request)?);
    found.sort_by_key(|one| (one.time_window.from, one.id));
    let limit = request.limit.clamp(1, ContextRequest::MOST);
    found.drain(..found.len().saturating_sub(limit));
    Ok(found)
}

/// What goes on and is not over at once, or begins within a day: a screen says so when it does.
pub(super) fn going_on(
    store: &dyn Store,
    announced: &[Maintenance],
    now: Timestamp,
) -> Result<Vec<OperationalContext>, StoreError> {
    let tomorrow = now.checked_add(SignedDuration::from_hours(24)).unwrap_or(now);
    let mut found = contexts(store, announced, &ContextRequest { until: tomorrow, ..ContextRequest::at(now) })?;
    found.retain(|one| !one.time_window.is_moment());
    Ok(found)
}

/// Puts what is announced for some environments, or (empty) all, into what happened.
pub fn annotate(
    store: &dyn Store,
    announced: &[Maintenance],
    incident: &mut Incident,
    environments: &[Slug],
) -> Result<(), StoreError> {
    let (from, until, environments) = (incident.from, incident.until, environments.to_vec());
    let request = ContextRequest { from, until, environments, limit: ContextRequest::MOST };
    incident.annotate(announcements(store, announced, &request)?);
    Ok(())
}

/// Those that the store does not know.
fn announcements(
    store: &dyn Store,
    announced: &[Maintenance],
    request: &ContextRequest,
) -> Result<Vec<OperationalContext>, StoreError> {
    let mut new = vec![];
    for one in announced.iter().flat_map(|one| one.within(request.from, request.until)) {
        if one.is_about_any(&request.environments) && store.context(one.id)?.is_none() {
            new.push(one);
        }
    }
    Ok(new)
}

/// What is announced for now goes into the store, so that what a scan finds meanwhile is known to belong to it, whatever becomes of
/// the configuration.
pub(super) fn begin_announced(
    store: &dyn Store,
    announced: &[Maintenance],
    environment: &Slug,
    now: Timestamp,
) -> Result<(), StoreError> {
    let now = announced.iter().flat_map(|one| one.within(now, now)).filter(|one| one.is_about(environment));
    now.into_iter().try_for_each(|one| store.put_context(&one, &SYSTEM.into()))
}

/// Ends what goes on; what was announced comes into the store for that.
pub fn end_context(
    store: &dyn Store,
    announced: &[Maintenance],
    id: ContextId,
    at: Timestamp,
    actor: &Tainted,
) -> Result<OperationalContext, StoreError> {
    if let Some(one) = announced.iter().flat_map(|one| one.within(at, at)).find(|one| one.id == id) {
        store.put_context(&one, actor)?;
    }
    store.end_context(id, at, actor)
}
