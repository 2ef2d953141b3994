//! Pages, and one drift.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::Limited;
use super::scope::Scope;
use crate::declared::blocks;
use crate::drift::{
    AuditEntry, DriftDetail, DriftEvent, DriftId, Slug, Together, TriageVerb, Untold, UntoldPage, UntoldRequest,
};
use crate::service::{IacResource, Relations, ResourcesRequest, ServiceError};
use crate::store::{Direction, DriftFilter, Matching, Page, PageRequest};

/// Calls of the service that one page may cost.
const CALLS: usize = 16;
/// Pages of [`CHUNK`] that are looked through to count or to group.
const CHUNKS: usize = 40;
const CHUNK: usize = 500;

/// The other drift that a decision is about.
pub(super) fn linked_to(entry: &AuditEntry) -> Option<DriftId> {
    match &entry.verb {
        Some(TriageVerb::Link { to, .. } | TriageVerb::Unlink { to }) => Some(*to),
        _ => None,
    }
}

const NOTHING: Page = Page { data: Vec::new(), next: None, previous: None, is_cut: false };

impl Limited {
    /// The filter in what somebody sees of it; `None` when that is nothing. With it whether everything there is seen.
    pub(super) fn narrowed(scope: &Scope<'_>, mut filter: DriftFilter) -> Option<(DriftFilter, bool)> {
        filter.environments = scope.narrowed(&filter.environments);
        let is_whole = scope.sees_whole(&filter.environments);
        (!filter.environments.is_empty()).then_some((filter, is_whole))
    }

    /// As [`Store::page`](crate::store::Store::page) a page may be shorter than asked for, and go on.
    pub(super) async fn page(&self, mut request: PageRequest) -> Result<Page, ServiceError> {
        let scope = self.scope().await?;
        let Some((filter, is_whole)) = Self::narrowed(&scope, request.filter) else { return Ok(NOTHING) };
        request.filter = filter;
        if is_whole {
            return self.service.drifts(request).await;
        }
        let (limit, direction) = (request.limit, request.direction);
        let mut found: Option<Page> = None;
        for _ in 0..CALLS {
            // No more than there is room for, so that the cursor never passes over one that is shown.
            request.limit = limit.saturating_sub(found.as_ref().map_or(0, |page| page.data.len())).max(1);
            let mut page = self.service.drifts(request.clone()).await?;
            page.data.retain(|event| scope.reads(event));
            let whole = match found.take() {
                None => page,
                Some(before) => joined(before, page, direction),
            };
            let onward = if direction == Direction::Older { whole.next.clone() } else { whole.previous.clone() };
            let is_full = whole.data.len() >= limit;
            found = Some(whole);
            match onward {
                Some(cursor) if !is_full => request.cursor = Some(cursor),
                _ => break,
            }
        }
        Ok(found.unwrap_or(NOTHING))
    }

    /// Everything seen that a filter finds, newest first, as far as can be looked at for one answer; whether that was all.
    pub(super) async fn each(
        &self,
        scope: &Scope<'_>,
        filter: DriftFilter,
        mut take: impl FnMut(DriftEvent) -> ControlFlow<()> + Send,
    ) -> Result<bool, ServiceError> {
        let Some((filter, _)) = Self::narrowed(scope, filter) else { return Ok(true) };
        let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: CHUNK };
        for _ in 0..CHUNKS {
            let page = self.service.drifts(request.clone()).await?;
            for event in page.data.into_iter().filter(|event| scope.reads(event)) {
                if take(event).is_break() {
                    return Ok(false);
                }
            }
            match page.next {
                Some(next) => request.cursor = Some(next),
                None => return Ok(true),
            }
        }
        Ok(false)
    }

    pub(super) async fn matching_seen(&self, filter: DriftFilter, limit: usize) -> Result<Matching, ServiceError> {
        let scope = self.scope().await?;
        let Some((narrow, is_whole)) = Self::narrowed(&scope, filter.clone()) else {
            return Ok(Matching { complete: true, ..Matching::default() });
        };
        if is_whole {
            return self.service.matching(narrow, limit).await;
        }
        let (limit, now) = (limit.clamp(1, Matching::MOST), Timestamp::now());
        let mut matching = Matching::default();
        let all = self.each(&scope, filter, |event| {
            let is_room = matching.targets.len() < limit;
            if is_room {
                matching.targets.push(crate::store::Match::of(&event, now));
            }
            if is_room { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        matching.complete = all.await?;
        Ok(matching)
    }

    /// The drift, if it is there for whoever asks.
    pub(super) async fn readable(&self, scope: &Scope<'_>, id: DriftId) -> Result<DriftDetail, ServiceError> {
        let mut detail = self.service.drift(id).await?;
        if !scope.reads(&detail.event) {
            return Err(ServiceError::NotFound(format!("there is no drift {id}")));
        }
        detail.history.retain(|entry| super::trail::rules_are_shown(scope, entry));
        self.cut_links(scope, &mut detail).await;
        Ok(detail)
    }

    /// Of links those whose other end is seen too, and what was decided about them.
    async fn cut_links(&self, scope: &Scope<'_>, detail: &mut DriftDetail) {
        let told = detail.history.iter().filter_map(linked_to);
        let others: BTreeSet<DriftId> = detail.links.iter().map(|link| link.to).chain(told).collect();
        let mut unseen = BTreeSet::new();
        for id in others.into_iter().filter(|id| *id != detail.event.id) {
            let is_seen = self.service.drift(id).await.is_ok_and(|other| scope.reads(&other.event));
            unseen.extend((!is_seen).then_some(id));
        }
        detail.links.retain(|link| !unseen.contains(&link.to));
        detail.history.retain(|entry| linked_to(entry).is_none_or(|to| !unseen.contains(&to)));
    }

    pub(super) async fn resources_seen(&self, request: ResourcesRequest) -> Result<Vec<IacResource>, ServiceError> {
        let scope = self.scope().await?;
        let environment = request.environment.clone();
        if !scope.sees_any(&environment) {
            return Err(ServiceError::NotFound(format!("there is no environment {environment}")));
        }
        let (limit, mut seen) = (request.limit, vec![]);
        let mut request = ResourcesRequest { limit: CHUNK, ..request };
        loop {
            let chunk = self.service.resources(request.clone()).await?;
            let is_last = chunk.len() < CHUNK;
            request.after = chunk.last().map(|one| one.address.raw().to_owned());
            seen.extend(chunk.into_iter().filter(|one| scope.reads_type(&environment, one.resource_type.raw())));
            if is_last || seen.len() >= limit {
                seen.truncate(limit);
                return Ok(seen);
            }
        }
    }

    pub(super) async fn relations_seen(&self, id: DriftId) -> Result<Relations, ServiceError> {
        let scope = self.scope().await?;
        let environment = self.readable(&scope, id).await?.event.environment;
        let mut relations = self.service.relations(id).await?;
        relations.others.retain(|event| scope.reads(event));
        relations.linked.retain(|linked| scope.reads(&linked.drift));
        if let Some(together) = &mut relations.together {
            cut_together(&scope, &environment, together);
        }
        if !scope.sees_whole(std::slice::from_ref(&environment)) {
            let seen = |address: &str| type_of(address).is_some_and(|kind| scope.reads_type(&environment, &kind));
            relations.depends_on.retain(|address| seen(address.raw()));
            relations.dependants.retain(|address| seen(address.raw()));
            relations.more_dependants = 0;
        }
        Ok(relations)
    }

    pub(super) async fn untold_seen(&self, request: UntoldRequest) -> Result<UntoldPage, ServiceError> {
        let scope = self.scope().await?;
        let environment = request.environment.clone();
        if scope.sees_whole(std::slice::from_ref(&environment)) {
            return self.service.untold(request).await;
        }
        if !scope.sees_any(&environment) {
            // As of an environment that there is not.
            return Err(ServiceError::NotFound(format!("there is no environment {environment}")));
        }
        let mut rows: Vec<Untold> = vec![];
        let mut scanned_at = None;
        // Twice, for there are two kinds of them.
        for from in (0..2 * Untold::KEPT).step_by(CHUNK) {
            let chunk = UntoldRequest { environment: environment.clone(), text: String::new(), from, limit: CHUNK };
            let page = self.service.untold(chunk).await?;
            scanned_at = page.scanned_at;
            let is_last = page.rows.len() < CHUNK;
            let seen = |row: &Untold| scope.reads_type(&environment, row.resource.resource_type.raw());
            rows.extend(page.rows.into_iter().filter(seen));
            if is_last {
                break;
            }
        }
        let kept = rows.len();
        let words: Vec<String> = request.text.to_lowercase().split_whitespace().map(str::to_owned).collect();
        rows.retain(|row| row.has_words(&words));
        let matching = rows.len();
        let rows = rows.into_iter().skip(request.from).take(request.limit).collect();
        Ok(UntoldPage { rows, from: request.from, matching, kept, counted: kept as u64, scanned_at })
    }
}

/// Of an incident what is seen of it; reasons count others, so they are told only where all are seen.
fn cut_together(scope: &Scope<'_>, own: &Slug, together: &mut Together) {
    let all = together.others.len();
    together.others.retain(|event| scope.reads(event));
    together.also_in.retain(|one| scope.sees_whole(std::slice::from_ref(&one.environment)));
    let others = together.others.iter().map(|event| event.environment.clone());
    let environments: Vec<Slug> = others.chain([own.clone()]).collect();
    if together.others.len() < all || !scope.sees_whole(&environments) {
        together.count = together.others.len() as u64 + 1;
        together.why = vec![];
    }
}

/// Two pages that follow each other in the direction they were asked for.
fn joined(mut before: Page, mut after: Page, direction: Direction) -> Page {
    let is_cut = before.is_cut || after.is_cut;
    match direction {
        Direction::Older => {
            before.data.append(&mut after.data);
            Page { next: after.next, is_cut, ..before }
        }
        Direction::Newer => {
            after.data.append(&mut before.data);
            Page { next: before.next, is_cut, ..after }
        }
    }
}

/// `module.net.aws_vpc.main` is of `aws_vpc`.
fn type_of(address: &str) -> Option<String> {
    let address = blocks::configured(address);
    let mut parts = address.split('.').peekable();
    while parts.peek() == Some(&"module") {
        parts.next();
        parts.next()?;
    }
    parts.next_if_eq(&"data");
    let kind = parts.next()?.to_owned();
    parts.next().map(|_| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_an_address_is_known_however_deep_it_lies() {
        let of = |address| type_of(address);
        assert_eq!(of("aws_vpc.main").as_deref(), Some("aws_vpc"));
        assert_eq!(of("module.net[0].module.eu.aws_vpc.main[\"a.b\"]").as_deref(), Some("aws_vpc"));
        assert_eq!(of("data.aws_region.here").as_deref(), Some("aws_region"));
        assert_eq!(of("module.net"), None);
        assert_eq!(of("shop/Deployment/web"), None);
    }
}
