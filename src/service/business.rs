//! What the figures of [`Business`] are counted from: the days as they were counted, the trail of those days, the newest drifts, and
//! what is open beside what the last scans compared. What each figure is, it says itself.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use crate::analysis::{frameworks_in_scope, named_by_rules};
use crate::drift::{
    Activity, AnalysisTimes, AuditEntry, Business, Cause, Direction, DriftEvent, DriftId, FeatureVector, Ratio,
    ResolutionType, ScanSummary, SeverityClass, Slug, State, TIMED, TriageVerb, first_of_days,
};
use crate::knowledge::{self, Framework};
use crate::store::{AuditRequest, Direction as Way, DriftFilter, PageRequest, Store, StoreError};

/// Drifts, or entries of the trail, per call.
const PAGE: usize = 500;
/// Settled drifts whose history is read, the last settled first.
const SETTLED: usize = 500;
/// Open drifts that are looked through for findings: with more of them no compliance is told.
const OPEN: usize = 20_000;
/// What nobody did is told of as done by it.
const SYSTEM: &str = "system";

/// Of the last `days` days of UTC, in some environments or (empty) all. Reads the trail of those days, and what is open.
pub fn business(store: &dyn Store, environments: &[Slug], days: u32, now: Timestamp) -> Result<Business, StoreError> {
    let since = first_of_days(now, days);
    let trail = Trail::read(store, environments, since)?;
    let scans = last_scans(store, environments)?;
    let counted = store.daily(environments, days)?;
    let mut business = Business {
        days,
        detected: (!scans.is_empty()).then(|| counted.iter().map(|day| day.total_drifts).sum()),
        causes_right: trail.causes_right(),
        noise: trail.noise(),
        analysis: AnalysisTimes::of(times(store, environments, since)?),
        remediated: remediated(store, &trail.set_right, since)?,
        compliance: compliance(store, environments, &scans, now)?,
        activity: (!scans.is_empty() || trail.acts > 0)
            .then_some(Activity { people: trail.people.len() as u64, acts: trail.acts }),
        ..Business::default()
    };
    business.add_days(&counted, since);
    Ok(business)
}

/// What the trail of some days tells.
#[derive(Default)]
struct Trail {
    people: BTreeSet<String>,
    acts: u64,
    /// The last word on the cause of a drift, with the evidence, in which nobody has said anything.
    judged: HashMap<DriftId, (Cause, Option<FeatureVector>)>,
    /// The last word on what becomes of a drift: whether it is noise; `None`: it was opened again.
    ended: HashMap<DriftId, Option<bool>>,
    /// Drifts that were settled as reverted or codified, the last one first.
    set_right: Vec<DriftId>,
}

impl Trail {
    fn read(store: &dyn Store, environments: &[Slug], since: Timestamp) -> Result<Self, StoreError> {
        let mut request = AuditRequest { from: since, ..AuditRequest::newest(PAGE) };
        let (mut trail, mut known) = (Self::default(), HashSet::new());
        loop {
            let entries = store.audit_between(&request)?;
            let Some(last) = entries.last() else { return Ok(trail) };
            (request.cursor, request.direction) = (Some(last.seq), Way::Older);
            let is_here = |entry: &AuditEntry| {
                environments.is_empty() || entry.environment.as_ref().is_some_and(|slug| environments.contains(slug))
            };
            entries.into_iter().filter(is_here).for_each(|entry| trail.add(entry, &mut known));
        }
    }

    /// The newest comes first.
    fn add(&mut self, entry: AuditEntry, known: &mut HashSet<DriftId>) {
        if !entry.success || matches!(entry.actor.raw(), "" | SYSTEM) {
            return;
        }
        self.acts += 1;
        self.people.insert(entry.actor.raw().to_owned());
        let (Some(drift), Some(verb), None) = (entry.drift, entry.verb, entry.undone_by) else { return };
        match verb {
            TriageVerb::JudgeCause { cause, features } => {
                self.judged.entry(drift).or_insert((cause, features));
            }
            TriageVerb::Ignore { .. } => drop(self.ended.entry(drift).or_insert(Some(true))),
            TriageVerb::SettleChanges { .. } => drop(self.ended.entry(drift).or_insert(Some(false))),
            TriageVerb::Reopen => drop(self.ended.entry(drift).or_insert(None)),
            TriageVerb::Resolve { resolution_type, .. } => {
                self.ended.entry(drift).or_insert(Some(false));
                if sets_right(resolution_type) && known.insert(drift) {
                    self.set_right.push(drift);
                }
            }
            _ => {}
        }
    }

    fn causes_right(&self) -> Ratio {
        let mut right = Ratio::default();
        for (cause, evidence) in self.judged.values() {
            if let Some(named) = evidence.as_ref().and_then(named_by_rules) {
                right.count(named == *cause);
            }
        }
        right
    }

    fn noise(&self) -> Ratio {
        let mut noise = Ratio::default();
        self.ended.values().flatten().for_each(|is_noise| noise.count(*is_noise));
        noise
    }
}

fn sets_right(how: ResolutionType) -> bool {
    matches!(how, ResolutionType::AutoRevert | ResolutionType::CodifyIac)
}

fn remediated(store: &dyn Store, drifts: &[DriftId], since: Timestamp) -> Result<Ratio, StoreError> {
    let mut all = Ratio::default();
    for id in drifts.iter().take(SETTLED) {
        match store.drift(*id) {
            Ok(detail) => fates(&detail.history, since).into_iter().for_each(|held| all.count(held)),
            // Thrown away meanwhile: the trail remembers longer.
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// What became of each time that a drift was settled as reverted or codified: whether it stayed away once it was gone. Of what is
/// still there, and of what somebody decided otherwise about before it was gone, nothing can be told. The newest entry comes first.
fn fates(history: &[AuditEntry], since: Timestamp) -> Vec<bool> {
    let (mut fates, mut waits, mut is_gone) = (vec![], false, false);
    for entry in history.iter().rev().filter(|entry| entry.undone_by.is_none() && entry.success) {
        match (&entry.verb, entry.action.as_str()) {
            (Some(TriageVerb::Resolve { resolution_type, .. }), _) => {
                waits = sets_right(*resolution_type) && entry.timestamp >= since;
                is_gone = false;
            }
            (Some(TriageVerb::Reopen | TriageVerb::Ignore { .. }), _) if !is_gone => waits = false,
            (None, "gone") if waits && !is_gone => {
                is_gone = true;
                fates.push(true);
            }
            (None, "regressed") => {
                if let Some(last) = fates.last_mut().filter(|_| is_gone) {
                    *last = false;
                }
                (waits, is_gone) = (false, false);
            }
            _ => {}
        }
    }
    fates
}

/// How long the newest drifts of the days took to think about, in microseconds.
fn times(store: &dyn Store, environments: &[Slug], since: Timestamp) -> Result<Vec<u64>, StoreError> {
    let (environments, detected_from) = (environments.to_vec(), Some(since));
    let filter = DriftFilter { environments, detected_from, ..DriftFilter::default() };
    let mut times = vec![];
    each(store, filter, TIMED, |event| times.extend(event.analysis.took_micros))?;
    Ok(times)
}

/// The last scan of each environment that was ever scanned.
fn last_scans(store: &dyn Store, environments: &[Slug]) -> Result<HashMap<Slug, ScanSummary>, StoreError> {
    let mut scans = HashMap::new();
    for slug in store.environments()?.into_iter().map(|one| one.slug) {
        if environments.is_empty() || environments.contains(&slug) {
            scans.extend(store.last_scan(&slug)?.map(|scan| (slug, scan)));
        }
    }
    Ok(scans)
}

/// Drifts that wait for somebody, as they are counted.
fn waiting<'a>(store: &dyn Store, environments: impl Iterator<Item = &'a Slug>) -> Result<u64, StoreError> {
    let open = |slug| store.open_counts(slug).map(|of| of.critical + of.high + of.medium + of.low);
    environments.map(open).sum()
}

/// By framework in scope. Nothing, where too much is open to be looked through, or nothing was compared.
fn compliance(
    store: &dyn Store,
    environments: &[Slug],
    scans: &HashMap<Slug, ScanSummary>,
    now: Timestamp,
) -> Result<BTreeMap<String, Ratio>, StoreError> {
    let compared: u64 = scans.values().map(|scan| scan.counts.in_sync + scan.counts.drifted).sum();
    if compared == 0 || waiting(store, scans.keys())? > OPEN as u64 {
        return Ok(BTreeMap::new());
    }
    let states = vec![State::Open, State::Acknowledged, State::Snoozed];
    let filter = DriftFilter { environments: environments.to_vec(), states, ..DriftFilter::default() };
    let mut found: HashMap<Framework, HashSet<(Slug, String, String)>> = HashMap::new();
    // What drifts and the last scan could not see is none of what it compared.
    let mut unseen = HashSet::new();
    let is_whole = each(store, filter, OPEN, |event| {
        let name = |text: &crate::safety::Tainted| text.raw().to_owned();
        let (kind, id) = (name(&event.resource.resource_type), name(&event.resource.resource_id));
        let resource = (event.environment.clone(), kind, id);
        for framework in findings(event, now) {
            found.entry(framework).or_default().insert(resource.clone());
        }
        // A store may keep less than a nanosecond of a time.
        let is_seen = scans
            .get(&event.environment)
            .is_some_and(|scan| event.last_seen.as_second() >= scan.started_at.as_second());
        if !is_seen {
            unseen.insert(resource);
        }
    })?;
    if !is_whole {
        return Ok(BTreeMap::new());
    }
    let of = |framework: Framework| {
        let (of, failing) = (compared + unseen.len() as u64, found.get(&framework).map_or(0, HashSet::len));
        (framework.as_str().to_owned(), Ratio { part: of.saturating_sub(failing as u64), of })
    };
    Ok(frameworks_in_scope().map(of).collect())
}

/// Frameworks with a control that names a change which is still open; a hardening is no finding. What is HIGH for compliance and no
/// control names is one of all of them: the tables know few attributes, and a full score beside it would be false calm.
fn findings(event: &DriftEvent, now: Timestamp) -> BTreeSet<Framework> {
    if event.analysis.direction == Direction::Hardening {
        return BTreeSet::new();
    }
    if SeverityClass::of(event.analysis.severity.compliance) >= SeverityClass::High {
        return frameworks_in_scope().collect();
    }
    let kind = event.resource.resource_type.raw();
    event.open_changes(now).flat_map(|change| knowledge::of(kind, change.path.raw()).controls.into_keys()).collect()
}

/// The newest first; whether these are all there are.
fn each(
    store: &dyn Store,
    filter: DriftFilter,
    most: usize,
    mut look: impl FnMut(&DriftEvent),
) -> Result<bool, StoreError> {
    let mut request = PageRequest { filter, cursor: None, direction: Way::Older, limit: PAGE.min(most) };
    let mut left = most;
    loop {
        let page = store.page(&request)?;
        page.data.iter().take(left).for_each(&mut look);
        left = left.saturating_sub(page.data.len());
        request.cursor = page.next;
        if request.cursor.is_none() || left == 0 {
            return Ok(request.cursor.is_none());
        }
    }
}

#[cfg(test)]
#[path = "business_tests.rs"]
mod tests;
