//! Analyses that were asked for. They stand in the store: after a restart, and at another server on the same database, they are known
//! as they were. One whose server has died is made by the next one that is asked about it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, Semaphore, oneshot};
use ulid::Ulid;

use crate::api::{Analyzed, Job, JobStatus};
use crate::drift::{DriftEvent, DriftId, Slug};
use crate::safety::Tainted;
use crate::service::{DriftService, ServiceError};
use crate::store::{AnalysisJob, AnalysisStage};

/// Made at once.
const AT_ONCE: usize = 2;
/// By then it is done, as a rule long before; after that its server is taken for dead.
const TAKES: SignedDuration = SignedDuration::from_secs(30);
/// One that was begun and never ended so often may be what kills servers.
const TRIES: u32 = 3;

/// What jobs need of whoever has the drifts.
#[async_trait]
pub(super) trait Analyst: Clone + Send + Sync + 'static {
    async fn job(&self, id: Ulid) -> Result<Option<AnalysisJob>, ServiceError>;
    async fn keep(&self, job: AnalysisJob) -> Result<(), ServiceError>;
    async fn analyse(&self, drift: DriftId, said: Option<Tainted>) -> Result<(), ServiceError>;
    async fn drift(&self, drift: DriftId) -> Result<DriftEvent, ServiceError>;
}

#[async_trait]
impl Analyst for Arc<dyn DriftService> {
    async fn job(&self, id: Ulid) -> Result<Option<AnalysisJob>, ServiceError> {
        self.as_ref().analysis(id).await
    }

    async fn keep(&self, job: AnalysisJob) -> Result<(), ServiceError> {
        self.as_ref().keep_analysis(job).await
    }

    async fn analyse(&self, drift: DriftId, said: Option<Tainted>) -> Result<(), ServiceError> {
        self.as_ref().analyse(drift, said).await.map(drop)
    }

    async fn drift(&self, drift: DriftId) -> Result<DriftEvent, ServiceError> {
        self.as_ref().drift(drift).await.map(|detail| detail.event)
    }
}

pub(super) struct Jobs {
    /// What this server makes of a drift: the first now, the others in turn.
    here: Mutex<HashMap<(Slug, DriftId), VecDeque<Turn>>>,
    /// Somebody's turn may have come.
    turns: Notify,
    places: Semaphore,
}

/// A job, and the context it was asked for with.
#[derive(Clone, PartialEq)]
struct Turn {
    id: Ulid,
    said: Option<Tainted>,
}

impl Turn {
    /// What the job of this turn finds is what is asked for. Who says nothing takes nothing back.
    fn answers(&self, said: Option<&Tainted>) -> bool {
        said.is_none() || self.said.as_ref() == said
    }
}

impl Default for Jobs {
    fn default() -> Self {
        Self { here: Mutex::default(), turns: Notify::new(), places: Semaphore::new(AT_ONCE) }
    }
}

impl Jobs {
    /// The one that is under way for the drift with this context, or a new one, which waits for its turn. It is kept when this
    /// returns.
    pub(super) async fn begin(
        self: &Arc<Self>,
        organisation: &Slug,
        service: impl Analyst,
        drift: DriftId,
        said: Option<Tainted>,
    ) -> Result<Job, ServiceError> {
        let key = (organisation.clone(), drift);
        let (now, id) = (Timestamp::now(), Ulid::generate());
        let asked = Turn { id, said: said.clone() };
        while let Some(known) = self.join(&key, &asked) {
            let job = service.job(known).await?.unwrap_or_else(|| AnalysisJob::new(known, drift, None, now));
            if job.is_open() {
                return Ok(shown(&job, None));
            }
            // It is done, and about to say so here: what is asked now may rest on what is known since.
            self.leave(&key, known);
        }
        let job = AnalysisJob::new(id, drift, said, now);
        let begun = shown(&job, None);
        let (tell, told) = oneshot::channel();
        // It goes on when whoever asked has hung up: its place is taken.
        tokio::spawn(Arc::clone(self).start(key, service, job, tell));
        let gone = || ServiceError::Unavailable("the analysis could not be begun".into());
        told.await.unwrap_or_else(|_| Err(gone())).map(|()| begun)
    }

    /// Keeps it, says so, and makes it.
    async fn start(
        self: Arc<Self>,
        key: (Slug, DriftId),
        service: impl Analyst,
        job: AnalysisJob,
        tell: oneshot::Sender<Result<(), ServiceError>>,
    ) {
        let kept = service.keep(job.clone()).await;
        let is_kept = kept.is_ok();
        // Nobody need be there to hear it.
        let _ = tell.send(kept);
        if is_kept {
            self.make(key, service, job).await;
        } else {
            self.leave(&key, job.id);
        }
    }

    /// Makes it, and keeps how it went. Where that cannot be kept, whoever asks next makes it once more.
    async fn make(self: Arc<Self>, key: (Slug, DriftId), service: impl Analyst, job: AnalysisJob) {
        let id = job.id;
        self.turn(&key, id).await;
        let place = self.places.acquire().await;
        let mut job = job.at(AnalysisStage::Running, Timestamp::now());
        job.tries += 1;
        let begun = service.keep(job.clone()).await;
        let made = match begun {
            Ok(()) => in_time(TAKES, service.analyse(job.drift, job.said.clone())).await,
            Err(error) => Err(error),
        };
        let stage = made.map_or_else(|error| AnalysisStage::Failed(error.to_string()), |()| AnalysisStage::Done);
        if let Err(error) = service.keep(job.at(stage, Timestamp::now())).await {
            tracing::warn!(%error, "how an analysis went is not kept");
        }
        drop(place);
        self.leave(&key, id);
    }

    /// Stands behind the others of the drift, unless the last of them answers it: that one's id.
    fn join(&self, key: &(Slug, DriftId), asked: &Turn) -> Option<Ulid> {
        let mut here = self.here();
        let line = here.entry(key.clone()).or_default();
        let known = line.back().filter(|last| last.answers(asked.said.as_ref())).map(|last| last.id);
        if known.is_none() {
            line.push_back(asked.clone());
        }
        known
    }

    /// The drift is this job's, if it was no other's.
    fn occupy(&self, key: &(Slug, DriftId), job: &AnalysisJob) -> bool {
        let mut here = self.here();
        let is_free = !here.contains_key(key);
        if is_free {
            here.insert(key.clone(), VecDeque::from([Turn { id: job.id, said: job.said.clone() }]));
        }
        is_free
    }

    /// Waits until those before it have left.
    async fn turn(&self, key: &(Slug, DriftId), id: Ulid) {
        loop {
            let next = self.turns.notified();
            if !self.is_behind(key, id) {
                return;
            }
            next.await;
        }
    }

    fn is_behind(&self, key: &(Slug, DriftId), id: Ulid) -> bool {
        let here = self.here();
        let line = here.get(key).into_iter().flatten();
        line.map(|one| one.id).position(|one| one == id).is_some_and(|at| at > 0)
    }

    /// The drift is no longer this job's.
    fn leave(&self, key: &(Slug, DriftId), id: Ulid) {
        let mut here = self.here();
        if let Some(line) = here.get_mut(key) {
            line.retain(|one| one.id != id);
            if line.is_empty() {
                here.remove(key);
            }
        }
        drop(here);
        self.turns.notify_waiters();
    }

    /// How a job about this drift stands, and what it found, as `caller` sees it. `whole`: that of the organisation, for what
    /// somebody else began.
    pub(super) async fn told<A: Analyst>(
        self: &Arc<Self>,
        organisation: &Slug,
        (whole, caller): (A, &A),
        drift: DriftId,
        id: Ulid,
    ) -> Result<Option<Job>, ServiceError> {
        let Some(job) = self.of(organisation, whole, drift, id).await? else { return Ok(None) };
        // Read behind the job: before it, it may not have been done, and what it found not there.
        let event = caller.drift(drift).await?;
        Ok(Some(shown(&job, Some(&event))))
    }

    /// The job as it stands. One that its server has left is taken up here.
    async fn of(
        self: &Arc<Self>,
        organisation: &Slug,
        service: impl Analyst,
        drift: DriftId,
        id: Ulid,
    ) -> Result<Option<AnalysisJob>, ServiceError> {
        let Some(job) = service.job(id).await?.filter(|job| job.drift == drift) else { return Ok(None) };
        let now = Timestamp::now();
        let is_left = job.is_open() && now.duration_since(job.changed_at) > TAKES;
        if is_left && job.tries >= TRIES {
            let why = format!("it was begun {TRIES} times, and its server ended each time before it was done");
            let job = job.at(AnalysisStage::Failed(why), now);
            service.keep(job.clone()).await?;
            return Ok(Some(job));
        }
        let key = (organisation.clone(), drift);
        if is_left && self.occupy(&key, &job) {
            tokio::spawn(Arc::clone(self).make(key, service, job.clone()));
        }
        Ok(Some(job))
    }

    /// How many wait for a place.
    pub(super) fn waiting(&self) -> usize {
        let made = AT_ONCE - self.places.available_permits().min(AT_ONCE);
        self.here().values().map(VecDeque::len).sum::<usize>().saturating_sub(made)
    }

    fn here(&self) -> MutexGuard<'_, HashMap<(Slug, DriftId), VecDeque<Turn>>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store that does not answer is not waited for: what the scan thought of the drift stands, and is what is told.
async fn in_time<T>(
    most: SignedDuration,
    made: impl Future<Output = Result<T, ServiceError>>,
) -> Result<T, ServiceError> {
    let late =
        || format!("it took longer than {} s: cause, severity and advice are as they were before it", most.as_secs());
    tokio::time::timeout(most.unsigned_abs(), made).await.unwrap_or_else(|_| Err(ServiceError::Unavailable(late())))
}

/// As it is told. `event`: the drift as it is now, with what was found.
fn shown(job: &AnalysisJob, event: Option<&DriftEvent>) -> Job {
    let (status, error) = match &job.stage {
        AnalysisStage::Queued => (JobStatus::Queued, None),
        AnalysisStage::Running => (JobStatus::Running, None),
        AnalysisStage::Done => (JobStatus::Done, None),
        AnalysisStage::Failed(why) => (JobStatus::Failed, Some(why.clone())),
    };
    let asked = i64::try_from(job.id.timestamp_ms()).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    let asked = asked.unwrap_or(job.changed_at);
    Job {
        job_id: job.id.to_string(),
        drift: job.drift,
        status,
        estimated_completion: asked.checked_add(TAKES).unwrap_or(asked),
        result: event.filter(|_| !job.is_open()).map(Analyzed::from),
        error,
    }
}

#[cfg(test)]
#[path = "jobs_tests.rs"]
mod tests;
