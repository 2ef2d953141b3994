//! What is known around a drift, gathered from the store: who, when, what went on, what it did before, what else appeared.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::commits::Commits;
use super::{around, correlating, learning};
use crate::analysis::{self, Burst, LearnedCause, Past, Surroundings};
use crate::compare::Knowledge;
use crate::drift::{
    AuditEntry, ContextRequest, CorrelationEvent, CorrelationType, DriftDetail, DriftEvent, DriftType, Maintenance,
    OnCall, OperationalContext, Slug, TakenBack,
};
use crate::recommend::{Code, Policies};
use crate::safety::{Masked, Redactor, Tainted};
use crate::scan::EnvironmentSpec;
use crate::store::{Direction, DriftFilter, PageRequest, Store, StoreError};

/// Drifts that are looked at for a burst.
const PEERS: usize = 300;
/// What appears within this span of a scan was found by the same one.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(60);
/// What the same hand does within this span belongs together.
const BY_HAND: SignedDuration = SignedDuration::from_mins(30);
/// Around a moment, what went on may bear upon it.
const MARGIN: SignedDuration = SignedDuration::from_hours(1);

/// What the configuration says beforehand.
#[derive(Clone, Default)]
pub(super) struct Beforehand {
    pub on_call: Arc<OnCall>,
    pub announced: Arc<Vec<Maintenance>>,
    /// Rules about advice.
    pub policies: Arc<Policies>,
    /// What comparisons go by.
    pub knowledge: Knowledge,
}

impl Beforehand {
    pub fn of(spec: &EnvironmentSpec) -> Self {
        Self {
            on_call: Arc::clone(&spec.on_call),
            announced: Arc::clone(&spec.maintenance),
            policies: Arc::clone(&spec.policies),
            knowledge: spec.knowledge.clone(),
        }
    }
}

/// Other drifts of an environment, and what went on in it: read once for all drifts of a scan.
pub(super) struct Scene {
    peers: Vec<DriftEvent>,
    contexts: Vec<OperationalContext>,
    learned: Option<Arc<LearnedCause>>,
    commits: Arc<Commits>,
    redactor: Redactor,
}

impl Scene {
    /// From some time before the oldest of them until now. `commits`: one for all drifts of a pass.
    pub fn of(
        store: &dyn Store,
        before: &Beforehand,
        environment: &Slug,
        from: Timestamp,
        until: Timestamp,
        commits: Arc<Commits>,
    ) -> Result<Self, StoreError> {
        let from = from.checked_sub(MARGIN).unwrap_or(from);
        let environments = vec![environment.clone()];
        let filter = DriftFilter {
            environments: environments.clone(),
            detected_from: Some(from),
            detected_until: Some(until),
            ..DriftFilter::default()
        };
        let request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: PEERS };
        let peers = store.page(&request)?.data;
        let request = ContextRequest { from, until, environments, limit: ContextRequest::MOST };
        let contexts = around::contexts(store, &before.announced, &request)?;
        let redactor = Redactor::new(store.redaction_key());
        Ok(Self { peers, contexts, learned: learning::in_use(store), commits, redactor })
    }
}

impl Scene {
    pub fn has_learned(&self) -> bool {
        self.learned.is_some()
    }

    /// Read once for all drifts of a pass.
    pub fn code(&self) -> &Code {
        self.commits.code()
    }
}

/// Around one drift.
pub(super) struct Evidence {
    writers: Vec<Tainted>,
    span: Option<(Timestamp, Timestamp)>,
    contexts: Vec<OperationalContext>,
    on_call: Arc<OnCall>,
    past: Past,
    burst: Burst,
    correlations: Vec<CorrelationEvent>,
    said: Option<Masked>,
    learned: Option<Arc<LearnedCause>>,
}

impl Evidence {
    /// As the store has it now; `said` is what somebody says of it.
    pub fn gather(
        store: &dyn Store,
        before: &Beforehand,
        scene: &Scene,
        detail: &DriftDetail,
        said: Option<Masked>,
    ) -> Result<Self, StoreError> {
        let event = &detail.event;
        let span = span(store, detail)?;
        let moment = event.attribution.as_ref().map(|to| (to.at, to.at)).or(span);
        let touches = |one: &&OperationalContext| {
            moment.is_some_and(|(from, until)| one.time_window.touches(from.checked_sub(MARGIN).unwrap_or(from), until))
        };
        Ok(Self {
            writers: analysis::changed_by(detail.actual_state.as_ref(), &event.changes),
            span,
            contexts: scene.contexts.iter().filter(touches).cloned().collect(),
            on_call: Arc::clone(&before.on_call),
            past: Past { code_moved: code_moved(store, detail)?, ..past(detail) },
            // What a first scan finds has been there for who knows how long.
            burst: if span.is_some() { burst(event, &scene.peers) } else { Burst::default() },
            correlations: correlations(scene, event, moment),
            said,
            learned: scene.learned.clone(),
        })
    }

    pub fn around<'a>(&'a self, event: &'a DriftEvent) -> Surroundings<'a> {
        Surroundings {
            attribution: event.attribution.as_deref(),
            writers: &self.writers,
            span: self.span,
            contexts: &self.contexts,
            on_call: Some(&self.on_call),
            past: self.past,
            burst: self.burst,
            correlations: &self.correlations,
            said: self.said.as_ref(),
            judged: event.judged_cause,
            learned: self.learned.as_deref(),
        }
    }
}

/// Of what nobody knows when it came to be nothing lies near.
fn correlations(scene: &Scene, event: &DriftEvent, moment: Option<(Timestamp, Timestamp)>) -> Vec<CorrelationEvent> {
    let Some(moment) = moment else { return vec![] };
    // Where git says nothing now (it took too long, the code is on another machine), what it said before still holds.
    let mut found = scene.commits.of(&event.resource, moment, &scene.redactor).unwrap_or_else(|_| {
        let known = event.analysis.cause.correlations.iter();
        known.filter(|one| one.correlation_type == CorrelationType::GitCommit).cloned().collect()
    });
    let here = scene.contexts.iter().filter(|one| one.is_about(&event.environment));
    found.extend(correlating::marked(here, moment));
    correlating::sorted(found)
}

/// When a scan saw it for the first time since it was last in sync.
pub(super) fn appeared(detail: &DriftDetail) -> Timestamp {
    let back = detail.history.iter().find(|entry| entry.action == "regressed").map(|entry| entry.timestamp);
    back.unwrap_or(detail.event.detected_at).max(detail.event.detected_at)
}

/// From the scan that did not see it to the one that did.
fn span(store: &dyn Store, detail: &DriftDetail) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
    let until = appeared(detail);
    let before = store.scan_before(&detail.event.environment, until)?;
    Ok(before.map(|scan| (scan.started_at.min(until), until)))
}

/// What is live is what was live when it was last in sync.
fn code_moved(store: &dyn Store, detail: &DriftDetail) -> Result<bool, StoreError> {
    let event = &detail.event;
    let (DriftType::Modified, Some(live)) = (event.drift_type, &detail.actual_state) else { return Ok(false) };
    let (kind, id) = (event.resource.resource_type.raw(), event.resource.resource_id.raw());
    let remembered = store.remembered(&event.environment, kind, id)?;
    Ok(remembered.is_some_and(|one| analysis::between(&one.value, live).is_empty()))
}

fn past(detail: &DriftDetail) -> Past {
    let returns = detail.event.regressions;
    let soon = episodes(detail).iter().filter(|(begun, ended)| ended.duration_since(*begun) <= TakenBack::SOON).count();
    // Only what came back is known to have been tried, and what the trail tells is told by the trail.
    let by_itself = u32::try_from(soon).unwrap_or(u32::MAX).min(returns);
    let told = detail.event.attribution.as_ref().map_or(0, |to| to.ended_otherwise);
    Past { code_moved: false, taken_back: by_itself.saturating_sub(told), returns }
}

/// When it was there before and ended without a decision, oldest first: from the scan that saw it first to the one that did not.
pub(super) fn episodes(detail: &DriftDetail) -> Vec<(Timestamp, Timestamp)> {
    let (mut begun, mut episodes) = (detail.event.detected_at, vec![]);
    let is_turn = |entry: &&AuditEntry| matches!(entry.action.as_str(), "closed" | "regressed");
    for entry in detail.history.iter().rev().filter(is_turn) {
        match entry.action.as_str() {
            "closed" => episodes.push((begun, entry.timestamp)),
            _ => begun = entry.timestamp,
        }
    }
    episodes
}

fn burst(event: &DriftEvent, peers: &[DriftEvent]) -> Burst {
    let others = || peers.iter().filter(|other| other.id != event.id);
    let near = |other: &&DriftEvent| other.detected_at.duration_since(event.detected_at).abs() <= AT_ONCE;
    let alike = |other: &&DriftEvent| {
        other.resource.resource_type == event.resource.resource_type
            && other.drift_type == event.drift_type
            && other.changes.len() == event.changes.len()
            && other.changes.iter().zip(&event.changes).all(|(a, b)| a.path == b.path)
    };
    let same_hand = |other: &&DriftEvent| match (&event.attribution, &other.attribution) {
        (Some(a), Some(b)) => a.actor == b.actor && a.at.duration_since(b.at).abs() <= BY_HAND,
        _ => false,
    };
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Burst {
        alike: number(others().filter(near).filter(alike).count()),
        same_hand: number(others().filter(same_hand).count()),
    }
}
