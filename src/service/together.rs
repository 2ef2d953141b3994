//! The incident of a drift, found when somebody asks: from the drift outwards, as far as the next one is not too long ago.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::analysis::together::{Gaps, Group, Item, group, sentence};
use crate::drift::query::{Group as By, GroupKey};
use crate::drift::{
    AlsoIn, Closure, ContextRequest, DriftDetail, DriftEvent, DriftId, OperationalContext, Slug, Together,
};
use crate::safety::Tainted;
use crate::store::{Direction, DriftFilter, PageRequest, Store, StoreError};

/// Drifts that are looked at.
const MOST: usize = 2000;
const PAGE: usize = 500;
/// Members of which it is looked up what people linked them to.
const LOOKED_UP: usize = 200;
/// Members that are listed.
const LISTED: usize = 50;

pub(crate) fn of(store: &dyn Store, of: &DriftDetail, gaps: Gaps) -> Result<Together, StoreError> {
    let mut search = Search::new(store, gaps);
    search.take(of.event.clone());
    loop {
        let items = search.items();
        let ids: Vec<DriftId> = search.events.keys().copied().collect();
        let place = |id: &DriftId| ids.binary_search(id).ok();
        let linked: Vec<(usize, usize)> = search.linked.iter().filter_map(|(a, b)| place(a).zip(place(b))).collect();
        let groups = group(&items, &linked, gaps);
        let own = place(&of.event.id);
        let Some(own) = groups.into_iter().find(|group| own.is_some_and(|own| group.members.contains(&own))) else {
            return Err(StoreError::NotFound(format!("there is no drift {}", of.event.id)));
        };
        let members: Vec<DriftId> = own.members.iter().map(|at| ids[*at]).collect();
        if !search.widen(&members)? {
            return search.answer(&of.event, &own, &members);
        }
    }
}

/// What was read so far.
struct Search<'a> {
    store: &'a dyn Store,
    gaps: Gaps,
    events: BTreeMap<DriftId, DriftEvent>,
    contexts: Vec<OperationalContext>,
    /// Pairs that people put together, the smaller id first.
    linked: BTreeSet<(DriftId, DriftId)>,
    /// Members that were looked around already.
    done: BTreeSet<DriftId>,
    /// Spans of an environment that were read.
    read: Vec<(Slug, Timestamp, Timestamp)>,
    is_cut: bool,
}

impl<'a> Search<'a> {
    fn new(store: &'a dyn Store, gaps: Gaps) -> Self {
        let (events, linked, done) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        Self { store, gaps, events, contexts: vec![], linked, done, read: vec![], is_cut: false }
    }

    fn take(&mut self, event: DriftEvent) {
        // It goes on as another drift, which has its place.
        if event.closure != Some(Closure::Continued) || self.events.is_empty() {
            self.events.insert(event.id, event);
        }
    }

    fn items(&self) -> Vec<Item> {
        self.events.values().map(|event| Item::of(event, &self.contexts, self.gaps)).collect()
    }

    /// Reads what may join the members; whether that was anything new.
    fn widen(&mut self, members: &[DriftId]) -> Result<bool, StoreError> {
        let new: Vec<DriftId> = members.iter().filter(|id| !self.done.contains(id)).copied().collect();
        for id in &new {
            if self.events.len() >= MOST || self.done.len() >= LOOKED_UP {
                self.is_cut = true;
                return Ok(false);
            }
            self.done.insert(*id);
            let Some(event) = self.events.get(id) else { continue };
            let (slug, at) = (event.environment.clone(), event.detected_at);
            self.read_around(&slug, at)?;
            for link in self.store.drift(*id)?.links {
                self.linked.insert((link.to.min(*id), link.to.max(*id)));
                if !self.events.contains_key(&link.to) {
                    match self.store.drift(link.to) {
                        Ok(other) => self.take(other.event),
                        // Older than what the store keeps.
                        Err(StoreError::NotFound(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(!new.is_empty())
    }

    /// What was first seen in an environment within the gap of a time.
    fn read_around(&mut self, slug: &Slug, at: Timestamp) -> Result<(), StoreError> {
        let (from, until) = around(at, self.gaps.change);
        let is_read = |(of, low, high): &(Slug, Timestamp, Timestamp)| of == slug && *low <= from && until <= *high;
        if self.read.iter().any(is_read) {
            return Ok(());
        }
        let (found, is_cut) = first_seen(self.store, slug, from, until, MOST)?;
        self.is_cut |= is_cut;
        found.into_iter().for_each(|event| self.take(event));
        let environments = vec![slug.clone()];
        let contexts =
            self.store.contexts(&ContextRequest { from, until, environments, limit: ContextRequest::MOST })?;
        let new = contexts.into_iter().filter(|one| self.contexts.iter().all(|known| known.id != one.id));
        let new: Vec<OperationalContext> = new.collect();
        self.contexts.extend(new);
        self.read.push((slug.clone(), from, until));
        Ok(())
    }

    fn answer(self, of: &DriftEvent, own: &Group, members: &[DriftId]) -> Result<Together, StoreError> {
        let known = members.iter().filter_map(|id| self.events.get(id));
        let environments: BTreeSet<&Slug> = known.clone().map(|event| &event.environment).collect();
        let also_in = also_in(self.store, of, &environments, self.gaps.change)?;
        Ok(Together {
            id: own.id.clone(),
            count: members.len() as u64,
            others: known.filter(|event| event.id != of.id).take(LISTED).cloned().collect(),
            why: own.bonds.iter().map(|bond| Tainted::from(sentence(bond))).take(LISTED).collect(),
            also_in,
            is_cut: self.is_cut,
        })
    }
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
        member: Some(GroupKey::of(By::Change, of)),
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
