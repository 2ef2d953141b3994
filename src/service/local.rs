//! [`DriftService`] on a store and scanners in this process. Longer than most: one trait, and every call of it is short.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock as Lock};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::{Notify, RwLock, broadcast};
use ulid::Ulid;

use super::danger::Write;
use super::evidence::Beforehand;
use super::keeping::told;
use super::lanes::{Lanes, Watched, announced_for, guarding, policies_of};
use super::learning::School;
use super::masking::{mask_context, mask_name, mask_rule, mask_who_and_why};
use super::presence::{Looker, Looking, Presence, Spot};
use super::returning::{self, Returning};
use super::round::Round;
use super::sharing::{Ears, Sharing};
use super::{
    Backlog, DriftService, EnvironmentSummary, Guard, IacResource, Relations, RequireReason, ResourcesRequest,
    ServiceError, ServiceEvent, Tally, approving, around, attempts, bulk, bulletin, business, gate, inventory, judging,
    learning, pulse, relations, thinking,
};
use crate::drift::query::{Group, Groups};
use crate::drift::{
    AuditEntry, Business, ContextId, ContextRequest, DailyMetrics, DriftDetail, DriftEvent, DriftId, Environment,
    IgnoreRule, Incident, IncidentRequest, Lessons, Maintenance, MlModel, ModelStep, NeverHideReach, NeverHideRequest,
    NeverHideRule, NeverHideVerb, Notification, NotificationId, NotificationRequest, OperationalContext, Origin, Pulse,
    Remediation, RemediationDecision, RemediationId, RemediationRequest, RuleReach, RuleRequest, RuleStatus, RuleVerb,
    ScanSummary, Slug, SourceState, Stats, TriageRequest, TriageVerb, UntoldPage, UntoldRequest, Who,
};
use crate::recommend::Policies;
use crate::safety::{Redactor, Tainted};
use crate::scan::EnvironmentSpec;
use crate::store::{
    Alerting, AnalysisJob, Answers, AuditRequest, DriftFilter, Gauges, Matching, Observation, Page, PageRequest,
    Receipt, RemediationQuery, ScanJob, Store, StoreError,
};

/// Names a picker shows at most.
const PEOPLE: usize = 200;
/// Events a slow reader may be behind before it has to load again.
const EVENTS: usize = 1024;

/// Store and scanners in this process.
pub struct LocalService {
    store: Arc<dyn Store>,
    lanes: Arc<Lanes>,
    events: broadcast::Sender<ServiceEvent>,
    /// As `events`, and to the other processes.
    outward: broadcast::Sender<ServiceEvent>,
    presence: Arc<Presence>,
    redactor: Arc<Redactor>,
    guard: Lock<Arc<Guard>>,
    /// What is announced, for whichever environment.
    announced: Lock<Arc<Vec<Maintenance>>>,
    /// What advice goes by.
    policies: Lock<Arc<Policies>>,
    returning: Returning,
    /// Told before anybody listened, errors or not; the first subscriber hears them.
    unheard: Mutex<Vec<(bool, Tainted)>>,
    /// Held for reading by every decision under way, so that a shutdown waits for them.
    deciding: Arc<RwLock<()>>,
    tally: Arc<Tally>,
    school: Arc<School>,
}

impl LocalService {
    /// Registers the environments in the store and starts their scans on `handle`'s runtime. What goes wrong here is told as a
    /// notice to whoever subscribes, and again by the calls themselves.
    pub fn start(store: Arc<dyn Store>, specs: Vec<EnvironmentSpec>, handle: Handle) -> Arc<Self> {
        Self::start_guarded(store, specs, Guard::default(), handle)
    }

    /// [`start`](Self::start), with more than the environments themselves say about what may be decided.
    pub fn start_guarded(
        store: Arc<dyn Store>,
        specs: Vec<EnvironmentSpec>,
        guard: Guard,
        handle: Handle,
    ) -> Arc<Self> {
        let (events, _) = broadcast::channel(EVENTS);
        let changed = Arc::new(Notify::new());
        // Back while nobody was there.
        let returned = store.returns().map(|returns| returns.returned).unwrap_or_default();
        let sharing = store.jobs().map(Sharing::new);
        // What nobody decided is told to the other processes, too; decisions they hear of by themselves.
        let outward = sharing.as_ref().map_or_else(
            || events.clone(),
            |sharing| bulletin::relay(&handle, Arc::clone(&sharing.jobs), events.clone(), EVENTS),
        );
        let (news, notify, presence) = (outward.clone(), Arc::clone(&changed), Arc::<Presence>::default());
        let lanes = Arc::new(Lanes::new(Arc::clone(&store), news, notify, handle.clone(), sharing.clone()));
        if let (Some(sharing), Some(heard)) = (sharing, store.subscribe()) {
            let (changed, lanes) = (Arc::clone(&changed), Arc::downgrade(&lanes));
            let (store, presence) = (Arc::downgrade(&store), Arc::clone(&presence));
            let ears = Ears { store, events: events.clone(), changed, lanes, presence };
            sharing.start(&handle, heard, ears);
        }
        let (guard, announced) = (Lock::new(Arc::new(guarding(guard, &specs))), Lock::new(announced_for(&specs)));
        let policies = Lock::new(policies_of(&specs));
        specs.into_iter().for_each(|spec| lanes.begin(spec));
        let redactor = Arc::new(Redactor::new(store.redaction_key()));
        let returning = Returning::start(&handle, &store, changed, outward.clone());
        let unheard = Mutex::new(returning::words(&returned).into_iter().map(|text| (false, text)).collect());
        let deciding = Arc::default();
        Arc::new(Self {
            store,
            lanes,
            events,
            outward,
            presence,
            redactor,
            guard,
            announced,
            policies,
            returning,
            unheard,
            deciding,
            tally: Arc::default(),
            school: Arc::default(),
        })
    }

    /// Another configuration is in force: scans its environments and no others, under what it says of decisions. A view scans none.
    pub async fn reconfigure(&self, specs: Vec<EnvironmentSpec>, guard: Guard) {
        let specs = if self.store.read_only().is_some() { vec![] } else { specs };
        *self.guard.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(guarding(guard, &specs));
        if !specs.is_empty() {
            self.advise_by(policies_of(&specs));
        }
        self.lanes.replace(specs).await;
        let _ = self.events.send(ServiceEvent::Environments);
    }

    /// Switches the scans of this service off, or on again; whoever looks is told.
    pub fn detect(&self, on: bool) {
        if self.lanes.switch(!on) {
            let _ = self.events.send(ServiceEvent::Environments);
        }
    }

    /// Maintenance that is announced, for whichever environment, scanned here or not.
    pub fn announce(&self, maintenance: Vec<Maintenance>) {
        *self.announced.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(maintenance);
    }

    /// What advice goes by, for whichever environment, scanned here or not.
    pub fn advise_by(&self, policies: Arc<Policies>) {
        *self.policies.write().unwrap_or_else(PoisonError::into_inner) = policies;
    }

    /// Who is told what, from now on.
    pub fn alert(&self, alerting: Alerting) {
        self.store.alert(alerting);
    }

    /// For who sends on what is told, and counts what comes of it.
    pub(crate) fn outbox(&self) -> (Arc<dyn Store>, Arc<Tally>) {
        (Arc::clone(&self.store), Arc::clone(&self.tally))
    }

    fn guard(&self) -> Arc<Guard> {
        Arc::clone(&self.guard.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn announced(&self) -> Arc<Vec<Maintenance>> {
        Arc::clone(&self.announced.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn policies(&self) -> Arc<Policies> {
        Arc::clone(&self.policies.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells whoever looks at the screens, or will, what is wrong.
    pub fn notify(&self, text: &str) {
        self.tell(true, text);
    }

    /// As [`notify`](Self::notify), of something that is wrong or is not.
    pub fn tell(&self, error: bool, text: &str) {
        let text = self.redactor.mask_text(text);
        if self.events.receiver_count() > 0 {
            let _ = self.events.send(ServiceEvent::Notice { error, text });
        } else {
            self.unheard.lock().unwrap_or_else(PoisonError::into_inner).push((error, text));
        }
    }

    /// Stops the scans and waits for every decision under way: what was acknowledged is in the store when this returns.
    pub async fn shutdown(&self) {
        self.lanes.stop().await;
        self.returning.stop().await;
        drop(self.deciding.write().await);
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Store) -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, ServiceError> {
        let store = Arc::clone(&self.store);
        let span = tracing::Span::current();
        let question = Origin::carried(move || span.in_scope(|| question(store.as_ref())));
        let answer = tokio::task::spawn_blocking(question).await;
        answer.map_err(|_| ServiceError::Unavailable("the store failed unexpectedly; please report it".into()))?
    }

    /// The task goes on when the caller has gone: what is decided and the announcement of the drifts it changed are one.
    async fn deciding<T: Send + 'static>(
        &self,
        decide: impl FnOnce(&dyn Store) -> Result<(Vec<DriftEvent>, T), ServiceError> + Send + 'static,
    ) -> Result<T, ServiceError> {
        let under_way = Arc::clone(&self.deciding).read_owned().await;
        let (events, changed) = (self.events.clone(), self.returning.changed());
        self.ask(move |store| {
            let _under_way = under_way;
            let (changes, answer) = decide(store)?;
            for drift in changes {
                // Nobody listening is no fault.
                let _ = events.send(ServiceEvent::Updated(Box::new(drift)));
            }
            changed.notify_one();
            Ok(answer)
        })
        .await
    }

    fn chosen(&self, environment: Option<Slug>) -> Result<Vec<Arc<Watched>>, ServiceError> {
        match environment {
            None => Ok(self.lanes.all()),
            Some(slug) => match self.lanes.get(&slug) {
                Some(watched) => Ok(vec![watched]),
                None => Err(nobody_scans(&slug)),
            },
        }
    }

    /// Asks for something to be done to scans, by whichever process.
    async fn shared(
        &self,
        environment: Option<Slug>,
        ask: fn(&Sharing, Option<&Slug>) -> Result<Vec<Slug>, StoreError>,
    ) -> Result<(), ServiceError> {
        let Some(sharing) = self.lanes.sharing() else { return Ok(()) };
        let found = self.ask(move |_| Ok((ask(&sharing, environment.as_ref()).map_err(told)?, environment))).await?;
        match found {
            (found, Some(slug)) if found.is_empty() => Err(nobody_scans(&slug)),
            _ => Ok(()),
        }
    }

    fn summary(&self, store: &Facts) -> EnvironmentSummary {
        let watched = self.lanes.get(&store.environment.slug);
        let failed =
            store.last_scan.iter().flat_map(|s| &s.sources).filter(|s| s.error.is_some() || !s.notices.is_empty());
        let sources: Vec<SourceState> = failed.cloned().collect();
        let next = watched.as_ref().and_then(|w| w.lane.next()).or(store.job.as_ref().and_then(|job| job.next));
        let running = self.lanes.sharing().zip(store.job.as_ref()).and_then(|(sharing, job)| sharing.running(job));
        EnvironmentSummary {
            is_production: store.environment.is_production(),
            environment: store.environment.clone(),
            open: store.open,
            last_scan: store.last_scan.clone(),
            next_scan: next.filter(|_| !self.lanes.is_off()),
            interval: watched.as_ref().and_then(|w| w.spec.interval),
            schedule: watched.as_ref().and_then(|w| Some(w.spec.schedule.as_ref()?.as_str().into())),
            running: watched.and_then(|w| w.job.progress()).or(running),
            sources,
            is_detection_off: self.lanes.is_off(),
            is_removed: self.lanes.is_removed(&store.environment.slug),
            contexts: store.contexts.clone(),
            pulse: store.pulse.clone(),
        }
    }
}

/// What the configuration says of an environment; of one that is not scanned here only what is announced.
fn beforehand(lanes: &Lanes, announced: &Arc<Vec<Maintenance>>, policies: &Arc<Policies>, slug: &Slug) -> Beforehand {
    let known = lanes.get(slug).map(|watched| Beforehand::of(&watched.spec)).unwrap_or_default();
    Beforehand { announced: Arc::clone(announced), policies: Arc::clone(policies), ..known }
}

fn nobody_scans(slug: &Slug) -> ServiceError {
    let why = "it is not in the configuration, or inactive there (`active = false`)";
    ServiceError::NotFound(format!("no environment {slug} is scanned here: {why}"))
}

/// What the store knows about an environment.
struct Facts {
    environment: Environment,
    open: crate::store::OpenCounts,
    last_scan: Option<ScanSummary>,
    contexts: Vec<OperationalContext>,
    pulse: Option<Pulse>,
    /// Its scans, where other processes share them.
    job: Option<ScanJob>,
}

#[async_trait]
impl DriftService for LocalService {
    async fn environments(&self) -> Result<Vec<EnvironmentSummary>, ServiceError> {
        let announced = self.announced();
        let facts = self.ask(move |store| {
            let environments = store.environments().map_err(told)?;
            let going_on = around::going_on(store, &announced, Timestamp::now()).map_err(told)?;
            let jobs = store.jobs().map_or(Ok(vec![]), |jobs| jobs.all()).map_err(told)?;
            let of = |environment: Environment| {
                let open = store.open_counts(&environment.slug).map_err(told)?;
                let last_scan = store.last_scan(&environment.slug).map_err(told)?;
                let here = going_on.iter().filter(|one| one.is_about(&environment.slug));
                let contexts = here.cloned().collect();
                let job = jobs.iter().find(|job| job.environment == environment.slug).cloned();
                let pulse = pulse::shown(store, &environment.slug, Timestamp::now()).map_err(told)?;
                Ok(Facts { environment, open, last_scan, contexts, pulse, job })
            };
            environments.into_iter().map(of).collect::<Result<Vec<_>, ServiceError>>()
        });
        Ok(facts.await?.iter().map(|f| self.summary(f)).collect())
    }

    async fn drifts(&self, request: PageRequest) -> Result<Page, ServiceError> {
        self.ask(move |store| store.page(&request).map_err(told)).await
    }

    async fn groups(&self, filter: DriftFilter, by: Group, limit: usize) -> Result<Groups, ServiceError> {
        self.ask(move |store| store.groups(&filter, by, limit).map_err(told)).await
    }

    async fn drift(&self, id: DriftId) -> Result<DriftDetail, ServiceError> {
        self.ask(move |store| {
            let detail = store.drift(id).map_err(told)?;
            let is_production = approving::is_production(store, &detail.event.environment)?;
            Ok(detail.told(is_production))
        })
        .await
    }

    async fn incident(&self, request: IncidentRequest) -> Result<Incident, ServiceError> {
        let announced = self.announced();
        self.ask(move |store| {
            let mut incident = store.incident(&request).map_err(told)?;
            around::annotate(store, &announced, &mut incident, &request.environments).map_err(told)?;
            Ok(incident)
        })
        .await
    }

    async fn stats(&self, environments: Vec<Slug>, days: u32) -> Result<Stats, ServiceError> {
        self.ask(move |store| store.stats(&environments, days).map_err(told)).await
    }

    async fn daily(&self, environments: Vec<Slug>, days: u32) -> Result<Vec<DailyMetrics>, ServiceError> {
        self.ask(move |store| store.daily(&environments, days).map_err(told)).await
    }

    async fn business(&self, environments: Vec<Slug>, days: u32) -> Result<Business, ServiceError> {
        self.ask(move |store| business::business(store, &environments, days, Timestamp::now()).map_err(told)).await
    }

    async fn relations(&self, id: DriftId) -> Result<Relations, ServiceError> {
        self.ask(move |store| relations::of(store, id).map_err(told)).await
    }

    async fn resources(&self, request: ResourcesRequest) -> Result<Vec<IacResource>, ServiceError> {
        self.ask(move |store| inventory::of(store, &request)).await
    }

    async fn who(&self, id: DriftId) -> Result<Who, ServiceError> {
        let slug = self.ask(move |store| Ok(store.drift(id).map_err(told)?.event.environment)).await?;
        let watched = self.lanes.get(&slug).ok_or_else(|| {
            ServiceError::NotFound(format!("{slug} is not scanned here: nothing says how its account is reached"))
        })?;
        let (witness, redactor, events) = (watched.job.witness(), Arc::clone(&self.redactor), self.events.clone());
        self.ask(move |store| {
            let (who, kept) = witness.who(store, &redactor, id)?;
            kept.map(|event| events.send(ServiceEvent::Updated(Box::new(event))));
            Ok(who)
        })
        .await
    }

    async fn analyse(&self, id: DriftId, said: Option<Tainted>) -> Result<DriftEvent, ServiceError> {
        gate::check(&self.guard(), self.store.as_ref(), Write::Scan)?;
        let (redactor, lanes) = (Arc::clone(&self.redactor), Arc::clone(&self.lanes));
        let (announced, policies) = (self.announced(), self.policies());
        self.deciding(move |store| {
            let slug = store.drift(id).map_err(told)?.event.environment;
            let before = beforehand(&lanes, &announced, &policies, &slug);
            thinking::analyse(store, &before, &redactor, id, said).map(|event| (vec![event.clone()], event))
        })
        .await
    }

    async fn models(&self) -> Result<Vec<MlModel>, ServiceError> {
        self.ask(|store| store.models().map_err(told)).await
    }

    async fn lessons(&self) -> Result<Lessons, ServiceError> {
        self.ask(learning::lessons).await
    }

    async fn train_model(&self, activates: bool, mut actor: Tainted) -> Result<MlModel, ServiceError> {
        gate::check(&self.guard(), self.store.as_ref(), Write::Scan)?;
        mask_name(&self.redactor, &mut actor);
        let train = move |store: &dyn Store| learning::train(store, learning::CAUSE, activates.then_some(&actor));
        self.deciding(move |store| train(store).map(|model| (vec![], model))).await
    }

    async fn evaluate_model(&self, version: Option<u32>) -> Result<MlModel, ServiceError> {
        gate::check(&self.guard(), self.store.as_ref(), Write::Scan)?;
        self.ask(move |store| learning::evaluate(store, learning::CAUSE, version)).await
    }

    async fn activate_model(&self, to: ModelStep, mut actor: Tainted) -> Result<MlModel, ServiceError> {
        gate::check(&self.guard(), self.store.as_ref(), Write::Scan)?;
        mask_name(&self.redactor, &mut actor);
        self.deciding(move |store| learning::activate(store, learning::CAUSE, to, &actor).map(|model| (vec![], model)))
            .await
    }

    async fn notifications(&self, request: NotificationRequest) -> Result<Vec<Notification>, ServiceError> {
        self.ask(move |store| store.notifications(&request).map_err(told)).await
    }

    async fn notification(&self, id: NotificationId) -> Result<Notification, ServiceError> {
        self.ask(move |store| store.notification(id).map_err(told)).await
    }

    async fn read_notification(&self, id: NotificationId, mut who: Tainted) -> Result<Notification, ServiceError> {
        mask_name(&self.redactor, &mut who);
        self.ask(move |store| store.read_notification(id, &who).map_err(told)).await
    }

    async fn read_notifications(&self, until: NotificationId, mut who: Tainted) -> Result<(), ServiceError> {
        mask_name(&self.redactor, &mut who);
        self.ask(move |store| store.read_notifications(until, &who).map_err(told)).await
    }

    async fn resend_notification(&self, id: NotificationId) -> Result<Notification, ServiceError> {
        gate::check(&self.guard(), self.store.as_ref(), Write::Scan)?;
        self.ask(move |store| store.resend_notification(id).map_err(told)).await
    }

    async fn keep_analysis(&self, mut job: AnalysisJob) -> Result<(), ServiceError> {
        job.said.iter_mut().for_each(|said| mask_name(&self.redactor, said));
        self.ask(move |store| store.keep_analysis(&job).map_err(told)).await
    }

    async fn analysis(&self, id: Ulid) -> Result<Option<AnalysisJob>, ServiceError> {
        self.ask(move |store| store.analysis(id).map_err(told)).await
    }

    async fn answer_advice(
        &self,
        id: DriftId,
        advice: String,
        followed: bool,
        mut result: Tainted,
    ) -> Result<DriftEvent, ServiceError> {
        gate::check(&self.guard(), self.store.as_ref(), Write::Scan)?;
        mask_name(&self.redactor, &mut result);
        let answer = move |store: &dyn Store| thinking::answer(store, id, &advice, followed, &result);
        self.deciding(move |store| answer(store).map(|event| (vec![event.clone()], event))).await
    }

    async fn request_remediation(&self, asked: RemediationRequest) -> Result<Remediation, ServiceError> {
        let (guard, redactor, events) = (self.guard(), Arc::clone(&self.redactor), self.events.clone());
        self.deciding(move |store| {
            let answer = approving::request(store, &guard, &redactor, asked);
            approving::tell(&events, &answer);
            answer.map(|made| (vec![], made))
        })
        .await
    }

    async fn decide_remediation(&self, asked: RemediationDecision) -> Result<Remediation, ServiceError> {
        let (guard, redactor, events) = (self.guard(), Arc::clone(&self.redactor), self.events.clone());
        self.deciding(move |store| {
            let answer = approving::decide(store, &guard, &redactor, asked);
            approving::tell(&events, &answer);
            answer.map(|decided| (vec![], decided))
        })
        .await
    }

    async fn remediation(&self, id: RemediationId) -> Result<Remediation, ServiceError> {
        let none = move || ServiceError::NotFound(format!("there is no remediation {id}"));
        self.ask(move |store| store.remediation(id).map_err(told)?.ok_or_else(none)).await
    }

    async fn remediations(&self, query: RemediationQuery) -> Result<Vec<Remediation>, ServiceError> {
        self.ask(move |store| store.remediations(&query).map_err(told)).await
    }

    async fn observations(&self, id: DriftId, limit: usize) -> Result<Vec<Observation>, ServiceError> {
        self.ask(move |store| {
            let detail = store.drift(id).map_err(told)?;
            let (environment, resource) = (&detail.event.environment, &detail.event.resource);
            let (kind, name) = (resource.resource_type.raw(), resource.resource_id.raw());
            store.observations(environment, kind, name, limit).map_err(told)
        })
        .await
    }

    async fn triage(&self, request: TriageRequest) -> Result<Receipt, ServiceError> {
        let only = self.triage_many(vec![request]).await?.pop();
        only.unwrap_or_else(|| Err(ServiceError::Invalid("nothing was asked for".into())))
    }

    async fn triage_many(
        &self,
        requests: Vec<TriageRequest>,
    ) -> Result<Vec<Result<Receipt, ServiceError>>, ServiceError> {
        let (redactor, guard) = (Arc::clone(&self.redactor), self.guard());
        let (lanes, announced, policies) = (Arc::clone(&self.lanes), self.announced(), self.policies());
        let judges = requests.iter().any(|request| matches!(request.verb, TriageVerb::JudgeCause { .. }));
        let about_rules = requests.iter().any(|request| request.verb.is_about_rules());
        let (answers, moved) = self
            .deciding(move |store| {
                let before = store.never_hidden().unwrap_or_default();
                let attempts: Vec<_> = requests.iter().map(|one| attempts::of_triage(&redactor, one)).collect();
                let judged: Vec<bool> =
                    requests.iter().map(|one| judging::is_thought_over(store, &one.verb, &policies)).collect();
                let mut round = Round::new(store, |slug| beforehand(&lanes, &announced, &policies, slug));
                let requests = judging::with_evidence(&mut round, requests);
                let mut answers = bulk::decide_all(store, &guard, &redactor, requests);
                let thought = judging::think_anew(&mut round, &judged, &mut answers);
                tracing::debug!(decisions = answers.len(), thought, scenes = round.read, "decided");
                attempts.into_iter().zip(&answers).for_each(|(attempt, answer)| attempts::note(store, attempt, answer));
                let after = store.never_hidden().unwrap_or_else(|_| before.clone());
                let only_in = |a: &[NeverHideRule], b: &[NeverHideRule]| {
                    a.iter().filter(|rule| !b.contains(rule)).map(|rule| rule.environment.clone()).collect::<Vec<_>>()
                };
                let changed = answers.iter().flatten().flat_map(|receipt| receipt.drifts.clone()).collect();
                Ok((changed, (answers, [only_in(&after, &before), only_in(&before, &after)].concat())))
            })
            .await?;
        let labels = answers.iter().flatten().flat_map(|receipt| &receipt.drifts).filter(|d| d.judged_cause.is_some());
        if judges {
            self.school.judged(&self.store, &self.events, labels.count());
        }
        if about_rules {
            let _ = self.events.send(ServiceEvent::Rules);
        }
        for environment in moved {
            // One that is not scanned here has nothing to bring to light.
            self.chosen(environment).into_iter().flatten().for_each(|watched| self.lanes.ask(&watched));
        }
        Ok(answers)
    }

    async fn matching(&self, filter: DriftFilter, limit: usize) -> Result<Matching, ServiceError> {
        self.ask(move |store| store.matching(&filter, limit).map_err(told)).await
    }

    async fn people(&self) -> Result<Vec<Tainted>, ServiceError> {
        self.ask(|store| store.people(PEOPLE).map_err(told)).await
    }

    async fn ignore_rules(&self) -> Result<Vec<IgnoreRule>, ServiceError> {
        self.ask(|store| store.ignore_rules().map_err(told)).await
    }

    async fn rules(&self) -> Result<Vec<RuleStatus>, ServiceError> {
        self.ask(|store| store.rule_statuses().map_err(told)).await
    }

    async fn preview_rule(&self, rule: IgnoreRule) -> Result<RuleReach, ServiceError> {
        self.ask(move |store| store.preview_rule(&rule).map_err(told)).await
    }

    async fn change_rule(&self, mut request: RuleRequest) -> Result<Receipt, ServiceError> {
        if let RuleVerb::Change { to } = &mut request.verb {
            mask_rule(&self.redactor, to);
        }
        mask_who_and_why(&self.redactor, &mut request.actor, &mut request.reason);
        let (guard, redactor) = (self.guard(), Arc::clone(&self.redactor));
        self.deciding(move |store| {
            let attempt = attempts::of_rule(&redactor, &request);
            let allowed = gate::check(&guard, store, Write::Rule(&request));
            let changed = allowed.and_then(|()| store.change_rule(request).map_err(told));
            attempts::note(store, attempt, &changed);
            let receipt = changed?;
            Ok((receipt.drifts.clone(), receipt))
        })
        .await
        .inspect(|_| drop(self.events.send(ServiceEvent::Rules)))
    }

    async fn never_hidden(&self) -> Result<Vec<NeverHideRule>, ServiceError> {
        self.ask(|store| store.never_hidden().map_err(told)).await
    }

    async fn preview_never_hide(&self, rule: NeverHideRule) -> Result<NeverHideReach, ServiceError> {
        self.ask(move |store| store.preview_never_hide(&rule).map_err(told)).await
    }

    async fn change_never_hide(&self, mut request: NeverHideRequest) -> Result<Receipt, ServiceError> {
        if let NeverHideVerb::Put { rule } = &mut request.verb {
            mask_name(&self.redactor, &mut rule.owner);
        }
        mask_who_and_why(&self.redactor, &mut request.actor, &mut request.reason);
        let (guard, redactor) = (self.guard(), Arc::clone(&self.redactor));
        let decide = move |store: &dyn Store| {
            let of = |id| store.never_hidden().unwrap_or_default().into_iter().find(|rule| rule.id == id);
            let before = of(request.rule);
            let (rule, attempt) = (request.rule, attempts::of_never_hide(&redactor, &request));
            let allowed = gate::check(&guard, store, Write::NeverHide(&request));
            let changed = allowed.and_then(|()| store.change_never_hide(request).map_err(told));
            attempts::note(store, attempt, &changed);
            let receipt = changed?;
            Ok((receipt.drifts.clone(), (receipt, [before, of(rule)])))
        };
        let (receipt, rules) = self.deciding(decide).await?;
        let _ = self.events.send(ServiceEvent::Rules);
        for rule in rules.into_iter().flatten() {
            // One that is not scanned here has nothing to bring to light.
            self.chosen(rule.environment).into_iter().flatten().for_each(|watched| self.lanes.ask(&watched));
        }
        Ok(receipt)
    }

    async fn untold(&self, request: UntoldRequest) -> Result<UntoldPage, ServiceError> {
        self.ask(move |store| {
            let slug = &request.environment;
            if !store.environments().map_err(told)?.iter().any(|known| known.slug == *slug) {
                return Err(ServiceError::NotFound(format!("there is no environment {slug}")));
            }
            store.untold(&request).map_err(told)
        })
        .await
    }

    async fn contexts(&self, request: ContextRequest) -> Result<Vec<OperationalContext>, ServiceError> {
        let announced = self.announced();
        self.ask(move |store| around::contexts(store, &announced, &request).map_err(told)).await
    }

    async fn put_context(&self, context: OperationalContext, mut actor: Tainted) -> Result<(), ServiceError> {
        let attempt = attempts::of_context(&self.redactor, &actor, "marked", Some(&context));
        let (guard, context) = (self.guard(), mask_context(&self.redactor, context));
        mask_name(&self.redactor, &mut actor);
        self.deciding(move |store| {
            let allowed = gate::check(&guard, store, Write::Context);
            let put = allowed.and_then(|()| store.put_context(&context, &actor).map_err(told));
            attempts::note(store, attempt, &put);
            put.map(|()| (vec![], ()))
        })
        .await?;
        let _ = self.events.send(ServiceEvent::Environments);
        Ok(())
    }

    async fn end_context(
        &self,
        id: ContextId,
        at: Timestamp,
        mut actor: Tainted,
    ) -> Result<OperationalContext, ServiceError> {
        let (guard, announced, redactor) = (self.guard(), self.announced(), Arc::clone(&self.redactor));
        mask_name(&self.redactor, &mut actor);
        let end = move |store: &dyn Store| {
            let known = store.context(id).ok().flatten();
            let attempt = attempts::of_context(&redactor, &actor, "mark_ended", known.as_ref());
            let allowed = gate::check(&guard, store, Write::Context);
            let ended = allowed.and_then(|()| around::end_context(store, &announced, id, at, &actor).map_err(told));
            attempts::note(store, attempt, &ended);
            ended.map(|ended| (vec![], ended))
        };
        let ended = self.deciding(end).await?;
        let _ = self.events.send(ServiceEvent::Environments);
        Ok(ended)
    }

    async fn looking(&self) -> Result<Vec<Looking>, ServiceError> {
        Ok(self.presence.all(std::time::Instant::now()))
    }

    async fn look(&self, looker: Looker, drift: Option<DriftId>) -> Result<(), ServiceError> {
        let at = match drift {
            Some(id) => self.ask(move |store| Ok(Spot::of(&store.drift(id).map_err(told)?.event))).await?,
            None => None,
        };
        let Looker { who, screen } = looker;
        let looking = self.presence.note(Looking { who, screen, at, left: None }, std::time::Instant::now());
        let _ = self.outward.send(ServiceEvent::Looking(Box::new(looking)));
        Ok(())
    }

    fn is_shared(&self) -> bool {
        self.lanes.sharing().is_some()
    }

    async fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, ServiceError> {
        self.ask(move |store| store.audit(limit).map_err(told)).await
    }

    async fn audit_between(&self, request: AuditRequest) -> Result<Vec<AuditEntry>, ServiceError> {
        self.ask(move |store| store.audit_between(&request).map_err(told)).await
    }

    async fn scans(&self, environments: Vec<Slug>) -> Result<Vec<ScanSummary>, ServiceError> {
        self.ask(move |store| store.scans(&environments).map_err(told)).await
    }

    async fn scan(&self, environment: Option<Slug>) -> Result<(), ServiceError> {
        // First, for a view has no scanners, whatever is configured.
        gate::check(&self.guard(), self.store.as_ref(), Write::Scan)?;
        if let Some(why) = self.store.read_only() {
            return Err(match self.store.gauges().trouble {
                Some(_) => ServiceError::Unavailable(why),
                None => ServiceError::ReadOnly(why),
            });
        }
        if self.lanes.is_off() {
            let why = "detection is switched off for this organisation: an admin switches it on in its settings";
            return Err(ServiceError::Invalid(why.into()));
        }
        if self.lanes.sharing().is_some() {
            return self.shared(environment, Sharing::want).await;
        }
        self.chosen(environment)?.iter().for_each(|w| w.lane.trigger());
        Ok(())
    }

    async fn cancel_scan(&self, environment: Option<Slug>) -> Result<(), ServiceError> {
        let here = self.chosen(environment.clone());
        here.iter().flatten().for_each(|w| w.lane.cancel());
        match self.lanes.sharing() {
            Some(_) => self.shared(environment, Sharing::cancel).await,
            None => here.map(|_| ()),
        }
    }

    fn subscribe(&self) -> broadcast::Receiver<ServiceEvent> {
        let receiver = self.events.subscribe();
        for (error, text) in self.unheard.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = self.events.send(ServiceEvent::Notice { error, text });
        }
        receiver
    }

    fn answers(&self) -> Option<Arc<dyn Answers>> {
        Some(Arc::clone(&self.store) as _)
    }

    fn backlog(&self) -> Backlog {
        Backlog::of(self.store.as_ref(), &self.tally)
    }

    fn store_gauges(&self) -> Gauges {
        self.store.gauges()
    }

    fn mode(&self) -> String {
        "local".to_owned()
    }

    fn read_only(&self) -> Option<String> {
        self.guard().read_only.clone().or_else(|| self.store.read_only())
    }

    fn protected(&self) -> BTreeSet<Slug> {
        self.guard().protected.clone()
    }

    fn as_of(&self) -> Option<jiff::Timestamp> {
        self.store.as_of()
    }

    fn require_reason(&self) -> RequireReason {
        self.guard().require_reason.clone()
    }
}
