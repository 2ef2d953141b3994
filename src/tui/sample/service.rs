//! The sample world as a service: decisions change it, versions are checked, undo takes back, events go out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::broadcast;

use super::deciding::{carry_out, link};
use super::{approving, around, changes, drifts, environments, found, hidden, incident, now, rules, who};
use crate::drift::query::{Group, Groups, Incidents, Viewer};
use crate::drift::{
    AuditEntry, Business, ContextId, ContextRequest, DriftDetail, DriftEvent, DriftId, IgnoreRule, Incident,
    IncidentRequest, NeverHideReach, NeverHideRequest, NeverHideRule, OperationalContext, Remediation,
    RemediationDecision, RemediationRequest, RuleReach, RuleRequest, RuleStatus, SeverityClass, Slug, Stats,
    TriageRequest, TriageVerb, UntoldPage, UntoldRequest, Who,
};
use crate::safety::Tainted;
use crate::service::{DriftService, EnvironmentSummary, Relations, ServiceError, ServiceEvent};
use crate::store::{Cursor, Direction, DriftFilter, Observation, OpenCounts, Page, PageRequest, Receipt};

/// The world, in memory.
pub struct Sample {
    state: Mutex<World>,
    pub(super) events: broadcast::Sender<ServiceEvent>,
    read_only: Option<String>,
}

pub(super) struct World {
    pub(super) drifts: Vec<DriftDetail>,
    audit: Vec<(AuditEntry, DriftEvent)>,
    pub(super) scans: Vec<Option<Slug>>,
    contexts: Vec<OperationalContext>,
}

impl World {
    /// In the order that was asked for.
    fn found(&self, filter: &DriftFilter) -> Vec<&DriftEvent> {
        let active = rules::active(&self.audit);
        let of_rule = |event: &DriftEvent| {
            let wanted = filter.rule;
            wanted.is_none() || active.iter().any(|rule| Some(rule.id) == wanted && rules::covers(rule, event))
        };
        let all = self.drifts.iter().map(|d| &d.event);
        let (named, members) = self.incidents().named(filter);
        let is_in = |event: &DriftEvent| members.as_ref().is_none_or(|members| members.contains(&event.id));
        let passes = |event: &&DriftEvent| passes(filter, event, &named) && of_rule(event) && is_in(event);
        let mut rows: Vec<_> = all.filter(passes).collect();
        found::sort(&mut rows, filter.query.sort);
        rows
    }

    fn incidents(&self) -> found::Found<'_> {
        found::Found::new(&self.drifts, &self.contexts)
    }
}

impl Default for Sample {
    fn default() -> Self {
        let state = World { drifts: drifts::all(), audit: vec![], scans: vec![], contexts: vec![around::deployment()] };
        Self { state: Mutex::new(state), events: broadcast::channel(1024).0, read_only: None }
    }
}

impl Sample {
    /// Decisions are refused with this reason.
    pub fn read_only(why: &str) -> Self {
        Self { read_only: Some(why.into()), ..Self::default() }
    }

    /// With nothing in it.
    pub fn empty() -> Self {
        let sample = Self::default();
        sample.world().drifts.clear();
        sample
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn passes(filter: &DriftFilter, event: &DriftEvent, named: &Incidents) -> bool {
    (filter.environments.is_empty() || filter.environments.contains(&event.environment))
        && (filter.severities.is_empty() || filter.severities.contains(&event.severity_class()))
        && (filter.states.is_empty() || filter.states.contains(&event.state_at(now())))
        && filter.member.is_none_or(|group| group.holds(event))
        && filter.query.matches(event, Viewer { now: now(), me: &filter.me, incidents: Some(named) })
}

fn counts(world: &World, slug: &Slug) -> OpenCounts {
    let of = world.drifts.iter().map(|detail| &detail.event).filter(|event| event.environment == *slug);
    let mut counts = OpenCounts::default();
    for event in of {
        counts.in_any_state += 1;
        let number = match event.severity_class() {
            SeverityClass::Critical => &mut counts.critical,
            SeverityClass::High => &mut counts.high,
            SeverityClass::Medium => &mut counts.medium,
            SeverityClass::Low => &mut counts.low,
        };
        *number += u64::from(event.state_at(now()).needs_attention());
    }
    counts
}

#[async_trait]
impl DriftService for Sample {
    async fn environments(&self) -> Result<Vec<EnvironmentSummary>, ServiceError> {
        let world = self.world();
        let mut list = environments();
        for row in &mut list {
            row.open = counts(&world, &row.environment.slug);
            let here = world.contexts.iter().filter(|one| one.is_open(now()) && one.is_about(&row.environment.slug));
            row.contexts = here.cloned().collect();
        }
        Ok(list)
    }

    async fn drifts(&self, request: PageRequest) -> Result<Page, ServiceError> {
        let world = self.world();
        let rows = world.found(&request.filter);
        let at = request.cursor.as_ref().and_then(|cursor| rows.iter().position(|e| e.id.to_string() == cursor.0));
        let (from, to) = match (request.direction, at) {
            (Direction::Older, at) => {
                let from = at.map_or(0, |at| at + 1);
                (from, (from + request.limit).min(rows.len()))
            }
            (Direction::Newer, at) => {
                let to = at.unwrap_or(rows.len());
                (to.saturating_sub(request.limit), to)
            }
        };
        let data: Vec<DriftEvent> = rows[from..to].iter().map(|event| (*event).clone()).collect();
        let cursor = |event: Option<&DriftEvent>| event.map(|event| Cursor(event.id.to_string()));
        let next = cursor(data.last()).filter(|_| to < rows.len());
        let previous = cursor(data.first()).filter(|_| from > 0);
        Ok(Page { data, next, previous, is_cut: false })
    }

    async fn groups(&self, filter: DriftFilter, by: Group, limit: usize) -> Result<Groups, ServiceError> {
        let world = self.world();
        Ok(found::groups(&world.found(&filter), &world.incidents(), by, limit))
    }

    async fn drift(&self, id: DriftId) -> Result<DriftDetail, ServiceError> {
        let world = self.world();
        let found = world.drifts.iter().find(|detail| detail.event.id == id);
        let mut detail = found.cloned().ok_or_else(|| ServiceError::NotFound("no such drift".into()))?;
        let of = world.audit.iter().rev().map(|(entry, _)| entry).filter(|entry| entry.drift == Some(id));
        detail.history = of.cloned().collect();
        Ok(detail)
    }

    async fn incident(&self, request: IncidentRequest) -> Result<Incident, ServiceError> {
        let world = self.world();
        let drifts: Vec<&DriftEvent> = world.drifts.iter().map(|detail| &detail.event).collect();
        let mut found = incident::of(&drifts, world.audit.iter().map(|(entry, _)| entry), &request);
        found.annotate(around::within(&world.contexts, request.from, request.until, &request.environments));
        Ok(found)
    }

    async fn stats(&self, environments: Vec<Slug>, days: u32) -> Result<Stats, ServiceError> {
        let world = self.world();
        let of_these = |event: &&DriftEvent| environments.is_empty() || environments.contains(&event.environment);
        Ok(incident::stats(world.drifts.iter().map(|detail| &detail.event).filter(of_these), days))
    }

    async fn business(&self, environments: Vec<Slug>, days: u32) -> Result<Business, ServiceError> {
        let world = self.world();
        let is_in = |slug: &Slug| environments.is_empty() || environments.contains(slug);
        let drifts = world.drifts.iter().map(|detail| &detail.event).filter(|event| is_in(&event.environment));
        let audit = world.audit.iter().map(|(entry, _)| entry);
        let audit = audit.filter(|entry| entry.environment.as_ref().is_some_and(is_in));
        Ok(incident::business(drifts, audit, days))
    }

    async fn relations(&self, id: DriftId) -> Result<Relations, ServiceError> {
        let event = self.event(id).ok_or_else(|| ServiceError::NotFound("no such drift".into()))?;
        Ok(incident::relations(&event))
    }

    async fn who(&self, id: DriftId) -> Result<Who, ServiceError> {
        let mut world = self.world();
        let found = world.drifts.iter_mut().find(|detail| detail.event.id == id);
        let event = &mut found.ok_or_else(|| ServiceError::NotFound("no such drift".into()))?.event;
        let who = who::who(event)?;
        if let Some(culprit) = who.culprit() {
            event.attribute(culprit.clone());
            let _ = self.events.send(ServiceEvent::Updated(Box::new(event.clone())));
        }
        Ok(who)
    }

    async fn observations(&self, id: DriftId, limit: usize) -> Result<Vec<Observation>, ServiceError> {
        let world = self.world();
        let found = world.drifts.iter().find(|detail| detail.event.id == id);
        Ok(found.map(|detail| incident::observations(detail, limit)).unwrap_or_default())
    }

    async fn request_remediation(&self, asked: RemediationRequest) -> Result<Remediation, ServiceError> {
        let made = approving::request(&mut self.world().drifts, &asked)?;
        let _ = self.events.send(ServiceEvent::Remediation(Box::new(made.clone())));
        Ok(made)
    }

    async fn decide_remediation(&self, asked: RemediationDecision) -> Result<Remediation, ServiceError> {
        let decided = approving::decide(&mut self.world().drifts, &asked)?;
        let _ = self.events.send(ServiceEvent::Remediation(Box::new(decided.clone())));
        Ok(decided)
    }

    async fn triage(&self, request: TriageRequest) -> Result<Receipt, ServiceError> {
        if let Some(why) = &self.read_only {
            return Err(ServiceError::ReadOnly(why.clone()));
        }
        let mut world = self.world();
        let World { drifts, audit, .. } = &mut *world;
        let found = drifts.iter_mut().find(|detail| detail.event.id == request.drift);
        let event = &mut found.ok_or_else(|| ServiceError::NotFound("no such drift".into()))?.event;
        if request.expected_version.is_some_and(|expected| expected != event.version) {
            return Err(ServiceError::Conflict(Box::new(event.clone())));
        }
        if !changes::are_there(event, &request.verb) {
            return Err(ServiceError::Conflict(Box::new(event.clone())));
        }
        let (seq, before) = (audit.len() as u64 + 1, event.clone());
        if let TriageVerb::Undo { seq: undone } = request.verb {
            let found = audit.iter_mut().find(|(entry, _)| entry.seq == undone);
            let (entry, then) = found.ok_or_else(|| ServiceError::NotFound("no such decision".into()))?;
            entry.undone_by = Some(seq);
            *event = DriftEvent { version: event.version, ..then.clone() };
        } else {
            carry_out(event, &request, seq);
        }
        event.version += 1;
        let entry = AuditEntry {
            seq,
            timestamp: now(),
            actor: request.actor.clone(),
            action: request.verb.as_str().into(),
            environment: Some(event.environment.clone()),
            drift: Some(event.id),
            reason: request.reason.clone(),
            old_state: Some(before.state),
            new_state: Some(event.state),
            verb: Some(request.verb.clone()),
            undone_by: None,
            rule: None,
            never_hide: None,
            remediation: None,
            batch: Some(seq),
            origin: None,
            success: true,
            error_message: None,
        };
        let event = event.clone();
        link(drifts, &request, seq);
        audit.push((entry, before));
        let _ = self.events.send(ServiceEvent::Updated(Box::new(event.clone())));
        Ok(Receipt { seq, drifts: vec![event] })
    }

    async fn triage_many(
        &self,
        requests: Vec<TriageRequest>,
    ) -> Result<Vec<Result<Receipt, ServiceError>>, ServiceError> {
        let first = self.world().audit.len();
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            answers.push(self.triage(request).await);
        }
        let together = Some(first as u64 + 1);
        self.world().audit.iter_mut().skip(first).for_each(|(entry, _)| entry.batch = together);
        Ok(answers)
    }

    async fn ignore_rules(&self) -> Result<Vec<IgnoreRule>, ServiceError> {
        Ok(rules::active(&self.world().audit))
    }

    async fn rules(&self) -> Result<Vec<RuleStatus>, ServiceError> {
        let world = self.world();
        Ok(rules::active(&world.audit).into_iter().map(|rule| rules::status(rule, &world.drifts)).collect())
    }

    async fn preview_rule(&self, rule: IgnoreRule) -> Result<RuleReach, ServiceError> {
        Ok(rules::reach(&rule, &self.world().drifts, false))
    }

    async fn change_rule(&self, request: RuleRequest) -> Result<Receipt, ServiceError> {
        if let Some(why) = &self.read_only {
            return Err(ServiceError::ReadOnly(why.clone()));
        }
        let mut world = self.world();
        let World { drifts, audit, .. } = &mut *world;
        let (entry, changed) = rules::change(&request, audit, drifts)?;
        let receipt = Receipt { seq: entry.seq, drifts: changed };
        let before = drifts[0].event.clone();
        audit.push((entry, before));
        for event in &receipt.drifts {
            let _ = self.events.send(ServiceEvent::Updated(Box::new(event.clone())));
        }
        Ok(receipt)
    }

    async fn never_hidden(&self) -> Result<Vec<NeverHideRule>, ServiceError> {
        Ok(rules::never_hidden(&self.world().audit))
    }

    async fn preview_never_hide(&self, rule: NeverHideRule) -> Result<NeverHideReach, ServiceError> {
        let slugs: Vec<Slug> = environments().into_iter().map(|row| row.environment.slug).collect();
        Ok(hidden::reach(&rule, &slugs, &self.world().drifts))
    }

    async fn change_never_hide(&self, request: NeverHideRequest) -> Result<Receipt, ServiceError> {
        if let Some(why) = &self.read_only {
            return Err(ServiceError::ReadOnly(why.clone()));
        }
        let mut world = self.world();
        let entry = rules::never_hide(&request, &world.audit)?;
        let (seq, before) = (entry.seq, world.drifts[0].event.clone());
        world.audit.push((entry, before));
        Ok(Receipt { seq, drifts: vec![] })
    }

    async fn untold(&self, request: UntoldRequest) -> Result<UntoldPage, ServiceError> {
        Ok(hidden::page(&request, &self.world().drifts))
    }

    async fn contexts(&self, request: ContextRequest) -> Result<Vec<OperationalContext>, ServiceError> {
        let ContextRequest { from, until, environments, .. } = request;
        Ok(around::within(&self.world().contexts, from, until, &environments))
    }

    async fn put_context(&self, context: OperationalContext, _actor: Tainted) -> Result<(), ServiceError> {
        if let Some(why) = &self.read_only {
            return Err(ServiceError::ReadOnly(why.clone()));
        }
        self.world().contexts.push(context);
        let _ = self.events.send(ServiceEvent::Environments);
        Ok(())
    }

    async fn end_context(
        &self,
        id: ContextId,
        at: Timestamp,
        _actor: Tainted,
    ) -> Result<OperationalContext, ServiceError> {
        let ended = around::end(&mut self.world().contexts, id, at)?;
        let _ = self.events.send(ServiceEvent::Environments);
        Ok(ended)
    }

    async fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, ServiceError> {
        Ok(self.world().audit.iter().rev().take(limit).map(|(entry, _)| entry.clone()).collect())
    }

    async fn scan(&self, environment: Option<Slug>) -> Result<(), ServiceError> {
        self.world().scans.push(environment);
        Ok(())
    }

    async fn cancel_scan(&self, _environment: Option<Slug>) -> Result<(), ServiceError> {
        Ok(())
    }

    fn subscribe(&self) -> broadcast::Receiver<ServiceEvent> {
        self.events.subscribe()
    }

    fn mode(&self) -> String {
        "local".into()
    }

    fn read_only(&self) -> Option<String> {
        self.read_only.clone()
    }
}

impl Sample {
    /// For [`crate::tui::app::testkit`] and the loop.
    pub fn shared() -> Arc<Self> {
        Arc::new(Self::default())
    }
}
