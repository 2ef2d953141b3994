//! What a drift belongs together with, for people: who else is in its incident, why, and where else the same was seen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::analysis::together::sentence;
use crate::drift::query::{Group as By, GroupKey};
use crate::drift::{AlsoIn, Closure, DriftEvent, Slug, Together};
use crate::safety::Tainted;
use crate::store::{Direction, DriftFilter, PageRequest, Store, StoreError};

const PAGE: usize = 500;
/// Members, and reasons, that are listed.
const LISTED: usize = 50;

pub(crate) fn of(store: &dyn Store, of: &DriftEvent) -> Result<Together, StoreError> {
    let joined = store.together(of.id)?;
    let mut others = vec![];
    for id in joined.members.iter().filter(|id| **id != of.id).take(LISTED) {
        match store.drift(*id) {
            Ok(detail) => others.push(detail.event),
            // Thrown away meanwhile.
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let environments: BTreeSet<&Slug> = others.iter().chain([of]).map(|event| &event.environment).collect();
    let also_in = also_in(store, of, &environments, store.alerting().patterns.gaps.change)?;
    Ok(Together {
        id: joined.id,
        count: joined.members.len() as u64,
        others,
        why: joined.bonds.iter().map(|bond| Tainted::from(sentence(bond))).take(LISTED).collect(),
        also_in,
        is_cut: joined.is_cut,
    })
}

/// Drifts first seen in a span, the newest first, at most so many; whether there are more.
pub(super) fn first_seen(
    store: &dyn Store,
    slug: &Slug,
    from: Timestamp,
    until: Timestamp,
    most: usize,
) -> Result<(VecDeque<DriftEvent>, bool), StoreError> {
    let filter = DriftFilter {
        environments: vec![slug.clone()],
        detected_from: Some(from),
        detected_until: Some(until),
        ..DriftFilter::default()
    };
    let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: PAGE };
    let mut found = VecDeque::new();
    loop {
        let page = store.page(&request)?;
        found.extend(page.data.into_iter().filter(|event| event.closure != Some(Closure::Continued)));
        match page.next {
            Some(_) if found.len() >= most => return Ok((found, true)),
            Some(next) => request.cursor = Some(next),
            None => return Ok((found, false)),
        }
    }
}

/// The same changes elsewhere, by environment.
fn also_in(
    store: &dyn Store,
    of: &DriftEvent,
    own: &BTreeSet<&Slug>,
    gap: SignedDuration,
) -> Result<Vec<AlsoIn>, StoreError> {
    let (from, until) = around(of.detected_at, gap);
    let elsewhere = store.environments()?.into_iter().map(|one| one.slug).filter(|slug| !own.contains(slug));
    let environments: Vec<Slug> = elsewhere.collect();
    if environments.is_empty() {
        return Ok(vec![]);
    }
    let filter = DriftFilter {
        environments,
        detected_from: Some(from),
        detected_until: Some(until),
        member: GroupKey::of(By::Change, of),
        ..DriftFilter::default()
    };
    let mut counts: BTreeMap<Slug, u64> = BTreeMap::new();
    let page = store.page(&PageRequest { filter, cursor: None, direction: Direction::Older, limit: PAGE })?;
    let same = |event: &DriftEvent| {
        event.resource.resource_type == of.resource.resource_type && event.closure != Some(Closure::Continued)
    };
    for event in page.data.into_iter().filter(same) {
        *counts.entry(event.environment).or_default() += 1;
    }
    Ok(counts.into_iter().map(|(environment, count)| AlsoIn { environment, count }).collect())
}

fn around(at: Timestamp, gap: SignedDuration) -> (Timestamp, Timestamp) {
    (at.checked_sub(gap).unwrap_or(Timestamp::MIN), at.checked_add(gap).unwrap_or(Timestamp::MAX))
}
