//! Each call of the service is one path of the API. A little long: one method for each of the interface, in one place.

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::broadcast;
use ulid::Ulid;

use super::RemoteService;
use super::queue::{Asked, EndMark, Made};
use crate::api::{
    AnalyzeBody, AnalyzeContext, BULK, Capability, Done, EvaluateModelBody, Listed, Model, ModelBody, ModelVersion,
    NeverHideBody, OutcomeBody, PAGE, Pagination, Parameter, PresenceBody, ReadBody, RemediateBody, Remediated,
    RemediationBody, Role, RollbackModelBody, RuleBody, ScanBody, TrainModelBody, to_parameters,
};
use crate::drift::query::{Group, Groups};
use crate::drift::{
    AuditEntry, Business, ContextId, ContextRequest, DailyMetrics, DriftDetail, DriftEvent, DriftId, IgnoreRule,
    Incident, IncidentRequest, Lessons, MlModel, ModelStep, NeverHideReach, NeverHideRequest, NeverHideRule,
    Notification, NotificationId, NotificationRequest, OperationalContext, Remediation, RemediationDecision,
    RemediationId, RemediationRequest, RemediationState, RuleReach, RuleRequest, RuleStatus, ScanSummary, Slug, Stats,
    TriageRequest, UntoldPage, UntoldRequest, Who,
};
use crate::safety::Tainted;
use crate::service::{
    Contact, DriftService, EnvironmentSummary, IacResource, Looker, Looking, Missing, Relations, RequireReason,
    ResourcesRequest, ServiceError, ServiceEvent, Settle, Waiting,
};
use crate::store::{
    AuditRequest, Direction, DriftFilter, Matching, Observation, Page, PageRequest, Receipt, RemediationQuery,
};

/// Entries of the trail that say who was there lately.
const LAST: usize = 100;

fn asked<const N: usize>(parameters: [(&str, String); N]) -> Vec<Parameter> {
    parameters
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn listed(environments: &[Slug]) -> String {
    environments.iter().map(Slug::as_str).collect::<Vec<_>>().join(",")
}

/// A filter alone, as parameters.
fn filtered(filter: DriftFilter, limit: usize) -> Vec<Parameter> {
    to_parameters(&PageRequest { filter, cursor: None, direction: Direction::Older, limit })
}

fn decision(made: Result<Made, ServiceError>) -> Result<Receipt, ServiceError> {
    match made? {
        Made::Decision(receipt) => Ok(receipt),
        Made::Mark(_) => Err(mixed_up()),
    }
}

fn mixed_up() -> ServiceError {
    ServiceError::Unavailable("the answer to another question came: please report it".into())
}

#[async_trait]
impl DriftService for RemoteService {
    async fn environments(&self) -> Result<Vec<EnvironmentSummary>, ServiceError> {
        self.whole("environments", &[]).await
    }

    async fn drifts(&self, request: PageRequest) -> Result<Page, ServiceError> {
        let Listed { data, pagination } = self.listed("drifts", &to_parameters(&request)).await?;
        self.sights.remember(&data);
        let Pagination { next, previous, is_cut, .. } = pagination;
        Ok(Page { data, next, previous, is_cut })
    }

    async fn groups(&self, filter: DriftFilter, by: Group, limit: usize) -> Result<Groups, ServiceError> {
        let mut parameters = filtered(filter, limit);
        parameters.extend(asked([("by", by.as_str().to_owned())]));
        self.line.get("drifts/groups", &parameters).await
    }

    async fn drift(&self, id: DriftId) -> Result<DriftDetail, ServiceError> {
        self.line.get(&format!("drifts/{id}"), &[]).await
    }

    async fn incident(&self, request: IncidentRequest) -> Result<Incident, ServiceError> {
        let parameters = asked([
            ("from", request.from.to_string()),
            ("until", request.until.to_string()),
            ("environment", listed(&request.environments)),
            ("limit", request.limit.to_string()),
            ("parts", request.parts.to_string()),
        ]);
        let incident: Incident = self.line.get("incident", &parameters).await?;
        self.sights.remember_marks(&incident.markers);
        Ok(incident)
    }

    async fn stats(&self, environments: Vec<Slug>, days: u32) -> Result<Stats, ServiceError> {
        self.line.get("stats", &asked([("environment", listed(&environments)), ("days", days.to_string())])).await
    }

    async fn daily(&self, environments: Vec<Slug>, days: u32) -> Result<Vec<DailyMetrics>, ServiceError> {
        let asked = asked([("environment", listed(&environments)), ("days", days.to_string())]);
        self.whole("analytics/daily", &asked).await
    }

    async fn business(&self, environments: Vec<Slug>, days: u32) -> Result<Business, ServiceError> {
        let asked = asked([("environment", listed(&environments)), ("days", days.to_string())]);
        Ok(self.line.get("analytics/business", &asked).await?)
    }

    async fn relations(&self, id: DriftId) -> Result<Relations, ServiceError> {
        self.line.get(&format!("drifts/{id}/relations"), &[]).await
    }

    async fn resources(&self, request: ResourcesRequest) -> Result<Vec<IacResource>, ServiceError> {
        let asked = asked([("environment", request.environment.to_string())]);
        let mut all: Vec<IacResource> = self.whole("iac/resources", &asked).await?;
        all.retain(|one| request.after.as_ref().is_none_or(|after| one.address.raw() > after.as_str()));
        all.truncate(request.limit);
        Ok(all)
    }

    async fn who(&self, id: DriftId) -> Result<Who, ServiceError> {
        self.reached("who")?;
        self.post(&format!("drifts/{id}/who"), &()).await
    }

    async fn analyse(&self, id: DriftId, said: Option<Tainted>) -> Result<DriftEvent, ServiceError> {
        self.reached("analyse")?;
        self.analysed(id, AnalyzeBody { context: said.map(AnalyzeContext::Text) }).await
    }

    async fn models(&self) -> Result<Vec<MlModel>, ServiceError> {
        let listed = self.listed::<Model>("models", &[("limit".to_owned(), PAGE.to_string())]).await?;
        let mut models: Vec<MlModel> = listed.data.into_iter().filter_map(|one| one.learned).map(|one| *one).collect();
        models.sort_by(|a, b| (&a.name, b.version).cmp(&(&b.name, a.version)));
        Ok(models)
    }

    async fn lessons(&self) -> Result<Lessons, ServiceError> {
        Ok(self.line.get("models/lessons", &[]).await?)
    }

    async fn train_model(&self, activate: bool, _: Tainted) -> Result<MlModel, ServiceError> {
        self.reached("train_model")?;
        self.post("models/train", &TrainModelBody { activate }).await
    }

    async fn evaluate_model(&self, version: Option<u32>) -> Result<MlModel, ServiceError> {
        self.reached("evaluate_model")?;
        self.post("models/evaluate", &EvaluateModelBody { version: version.map(ModelVersion::Number) }).await
    }

    async fn activate_model(&self, to: ModelStep, _: Tainted) -> Result<MlModel, ServiceError> {
        self.reached("activate_model")?;
        match to {
            ModelStep::To(version) => {
                self.post("models/activate", &ModelBody { version: ModelVersion::Number(version) }).await
            }
            ModelStep::Back => self.post("models/rollback", &RollbackModelBody {}).await,
        }
    }

    async fn answer_advice(
        &self,
        id: DriftId,
        advice: String,
        followed: bool,
        result: Tainted,
    ) -> Result<DriftEvent, ServiceError> {
        self.reached("answer_advice")?;
        self.post(&format!("recommendations/{id}-{advice}/outcome"), &OutcomeBody { followed, result }).await
    }

    async fn notifications(&self, request: NotificationRequest) -> Result<Vec<Notification>, ServiceError> {
        self.told_of(request).await
    }

    async fn notification(&self, id: NotificationId) -> Result<Notification, ServiceError> {
        self.line.get(&format!("notifications/{id}"), &[]).await
    }

    async fn read_notification(&self, id: NotificationId, _: Tainted) -> Result<Notification, ServiceError> {
        self.reached("read_notification")?;
        self.post(&format!("notifications/{id}/read"), &()).await
    }

    async fn read_notifications(&self, until: NotificationId, _: Tainted) -> Result<(), ServiceError> {
        self.reached("read_notifications")?;
        self.post::<_, Done>("notifications/read", &ReadBody { until }).await.map(drop)
    }

    async fn resend_notification(&self, id: NotificationId) -> Result<Notification, ServiceError> {
        self.reached("resend_notification")?;
        self.post(&format!("notifications/{id}/resend"), &()).await
    }

    async fn request_remediation(&self, asked: RemediationRequest) -> Result<Remediation, ServiceError> {
        self.reached("request_remediation")?;
        let RemediationRequest { drift, kind, reason, expected_version, .. } = asked;
        let body = RemediateBody { kind, reason, expected_version };
        let made: Remediated = self.post(&format!("drifts/{drift}/remediate"), &body).await?;
        Ok(made.remediation)
    }

    async fn decide_remediation(&self, asked: RemediationDecision) -> Result<Remediation, ServiceError> {
        self.reached("decide_remediation")?;
        let RemediationDecision { id, verb, reason, expected_version, .. } = asked;
        let body = RemediationBody { reason, expected_version };
        let decided: Remediated = self.post(&format!("remediations/{id}/{}", verb.as_str()), &body).await?;
        Ok(decided.remediation)
    }

    async fn remediation(&self, id: RemediationId) -> Result<Remediation, ServiceError> {
        let found: Remediated = self.line.get(&format!("remediations/{id}"), &[]).await?;
        Ok(found.remediation)
    }

    async fn remediations(&self, query: RemediationQuery) -> Result<Vec<Remediation>, ServiceError> {
        let states: Vec<&str> = query.states.iter().copied().map(RemediationState::as_str).collect();
        let parameters = asked([
            ("state", states.join(",")),
            ("drift", query.drift.map(|drift| drift.to_string()).unwrap_or_default()),
            ("environment", listed(&query.environments)),
        ]);
        // Another server's cursors are its own: what is beyond one is picked out of what comes.
        let Some(cursor) = query.cursor else { return self.up_to("remediations", &parameters, query.limit).await };
        let mut all: Vec<Remediation> = self.whole("remediations", &parameters).await?;
        let is_older = query.direction == Direction::Older;
        all.retain(|one| if is_older { one.id < cursor } else { one.id > cursor });
        let cut = all.len().saturating_sub(query.limit);
        if is_older {
            all.truncate(query.limit)
        } else {
            drop(all.drain(..cut))
        }
        Ok(all)
    }

    async fn observations(&self, id: DriftId, limit: usize) -> Result<Vec<Observation>, ServiceError> {
        self.up_to(&format!("drifts/{id}/observations"), &[], limit).await
    }

    async fn triage(&self, request: TriageRequest) -> Result<Receipt, ServiceError> {
        decision(self.made(Asked::Triage(request.into())).await)
    }

    async fn triage_many(
        &self,
        requests: Vec<TriageRequest>,
    ) -> Result<Vec<Result<Receipt, ServiceError>>, ServiceError> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut requests = requests.into_iter().map(|one| Asked::Triage(one.into())).peekable();
        while requests.peek().is_some() {
            let made = self.decide(requests.by_ref().take(BULK).collect()).await;
            answers.extend(made.into_iter().map(decision));
        }
        Ok(answers)
    }

    async fn matching(&self, filter: DriftFilter, limit: usize) -> Result<Matching, ServiceError> {
        self.line.get("drifts/matching", &filtered(filter, limit)).await
    }

    async fn people(&self) -> Result<Vec<Tainted>, ServiceError> {
        let mut people: Vec<Tainted> = self.whole("people", &[]).await?;
        // They come by name; who decided last is offered first.
        let trail: Vec<AuditEntry> = self.up_to("audit", &[], LAST).await.unwrap_or_default();
        let recent: Vec<&Tainted> = trail.iter().flat_map(AuditEntry::people).collect();
        people.sort_by_cached_key(|name| recent.iter().position(|one| *one == name).unwrap_or(usize::MAX));
        Ok(people)
    }

    async fn ignore_rules(&self) -> Result<Vec<IgnoreRule>, ServiceError> {
        self.whole("ignore-rules", &[]).await
    }

    async fn rules(&self) -> Result<Vec<RuleStatus>, ServiceError> {
        self.whole("ignore-rules/status", &[]).await
    }

    async fn preview_rule(&self, rule: IgnoreRule) -> Result<RuleReach, ServiceError> {
        self.post("ignore-rules/preview", &rule).await
    }

    async fn change_rule(&self, request: RuleRequest) -> Result<Receipt, ServiceError> {
        self.reached("change_rule")?;
        let RuleRequest { rule, verb, reason, expected, .. } = request;
        self.post(&format!("ignore-rules/{rule}"), &RuleBody { verb, reason, expected }).await
    }

    async fn never_hidden(&self) -> Result<Vec<NeverHideRule>, ServiceError> {
        self.whole("never-hide-rules", &[]).await
    }

    async fn preview_never_hide(&self, rule: NeverHideRule) -> Result<NeverHideReach, ServiceError> {
        self.post("never-hide-rules/preview", &rule).await
    }

    async fn change_never_hide(&self, request: NeverHideRequest) -> Result<Receipt, ServiceError> {
        self.reached("change_never_hide")?;
        let NeverHideRequest { rule, verb, reason, drift, expected, .. } = request;
        self.post(&format!("never-hide-rules/{rule}"), &NeverHideBody { verb, reason, drift, expected }).await
    }

    async fn untold(&self, request: UntoldRequest) -> Result<UntoldPage, ServiceError> {
        let parameters =
            asked([("text", request.text), ("from", request.from.to_string()), ("limit", request.limit.to_string())]);
        self.line.get(&format!("environments/{}/untold", request.environment), &parameters).await
    }

    async fn contexts(&self, request: ContextRequest) -> Result<Vec<OperationalContext>, ServiceError> {
        let parameters = asked([
            ("from", request.from.to_string()),
            ("until", request.until.to_string()),
            ("environment", listed(&request.environments)),
        ]);
        let mut marks = self.whole("contexts", &parameters).await?;
        let older = marks.len().saturating_sub(request.limit);
        drop(marks.drain(..older));
        self.sights.remember_marks(&marks);
        Ok(marks)
    }

    async fn put_context(&self, context: OperationalContext, _: Tainted) -> Result<(), ServiceError> {
        self.made(Asked::Mark(Box::new(context))).await.map(drop)
    }

    async fn end_context(&self, id: ContextId, at: Timestamp, _: Tainted) -> Result<OperationalContext, ServiceError> {
        let title = self.sights.mark(id);
        match self.made(Asked::EndMark(EndMark { id, at, title })).await? {
            Made::Mark(ended) => Ok(*ended),
            Made::Decision(_) => Err(mixed_up()),
        }
    }

    async fn looking(&self) -> Result<Vec<Looking>, ServiceError> {
        match self.is_shared() {
            true => self.whole("presence", &[]).await,
            false => Ok(vec![]),
        }
    }

    async fn look(&self, looker: Looker, drift: Option<DriftId>) -> Result<(), ServiceError> {
        // Whoever only looks may write nothing, not even this; and an hour later it would be no news.
        if !self.is_shared() || self.greeting.role < Role::Editor || self.contact() != Some(Contact::Live) {
            return Ok(());
        }
        self.post::<_, Done>("presence", &PresenceBody { drift, screen: looker.screen }).await.map(drop)
    }

    fn is_shared(&self) -> bool {
        !self.missing.what.contains(&Capability::Presence)
    }

    fn role(&self) -> Option<Role> {
        Some(self.greeting.role)
    }

    fn signs_as(&self) -> Option<Tainted> {
        Some(self.greeting.name.clone())
    }

    async fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, ServiceError> {
        self.up_to("audit", &[], limit).await
    }

    async fn audit_between(&self, request: AuditRequest) -> Result<Vec<AuditEntry>, ServiceError> {
        let span = asked([("from", request.from.to_string()), ("until", request.until.to_string())]);
        let mut entries: Vec<AuditEntry> = match (request.cursor, request.direction) {
            (None, _) => self.up_to("audit", &span, request.limit).await?,
            // Another server's cursors are its own: numbers are picked out of what comes.
            _ => self.whole("audit", &span).await?,
        };
        entries.retain(|entry| request.holds(entry.seq, entry.timestamp));
        let cut = entries.len().saturating_sub(request.limit);
        match request.direction {
            Direction::Older => entries.truncate(request.limit),
            Direction::Newer => drop(entries.drain(..cut)),
        }
        Ok(entries)
    }

    async fn scans(&self, environments: Vec<Slug>) -> Result<Vec<ScanSummary>, ServiceError> {
        self.whole("scans", &asked([("environment", listed(&environments))])).await
    }

    async fn scan(&self, environment: Option<Slug>) -> Result<(), ServiceError> {
        self.reached("scan")?;
        self.post::<_, ScanBody>("scans", &ScanBody { environment }).await.map(drop)
    }

    async fn cancel_scan(&self, environment: Option<Slug>) -> Result<(), ServiceError> {
        self.reached("cancel_scan")?;
        self.post::<_, ScanBody>("scans/cancel", &ScanBody { environment }).await.map(drop)
    }

    fn subscribe(&self) -> broadcast::Receiver<ServiceEvent> {
        self.events.subscribe()
    }

    fn contact(&self) -> Option<Contact> {
        Some(self.line.link.contact())
    }

    fn waiting(&self) -> Vec<Waiting> {
        self.queue.as_ref().map(|queue| queue.waiting()).unwrap_or_default()
    }

    async fn settle_waiting(&self, ids: Vec<Ulid>, how: Settle) -> Result<(), ServiceError> {
        match &self.queue {
            Some(queue) => queue.settle(ids, how).await,
            None => Err(ServiceError::NotFound("nothing waits here".into())),
        }
    }

    fn missing(&self) -> Missing {
        self.missing.clone()
    }

    fn mode(&self) -> String {
        self.line.link.at()
    }

    fn read_only(&self) -> Option<String> {
        self.greeting.read_only.clone()
    }

    fn as_of(&self) -> Option<Timestamp> {
        self.greeting.as_of
    }

    fn require_reason(&self) -> RequireReason {
        RequireReason::parse(&self.greeting.require_reason).unwrap_or_default()
    }
}
