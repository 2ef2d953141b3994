//! Analyses that were asked for. They are kept in memory, one server's own: a job takes milliseconds, and what it found is with the
//! drift. Of a job that another server did, or this one before it was started anew, the drift itself tells that it is done.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use ulid::Ulid;

use crate::api::{Analyzed, Job, JobStatus};
use crate::drift::{DriftEvent, DriftId, Slug};
use crate::safety::Tainted;
use crate::service::DriftService;

/// Made at once.
const AT_ONCE: usize = 2;
/// Jobs that are remembered.
const KEPT: usize = 10_000;
/// By then it is done, as a rule long before.
const TAKES: SignedDuration = SignedDuration::from_secs(30);

pub(super) struct Jobs {
    all: Mutex<All>,
    places: Arc<Semaphore>,
}

#[derive(Default)]
struct All {
    jobs: BTreeMap<Ulid, (Slug, Job)>,
    /// One at a time of a drift.
    running: HashMap<(Slug, DriftId), Ulid>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { all: Mutex::default(), places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Jobs {
    /// The one that is under way for the drift, or a new one.
    pub(super) fn begin(
        self: &Arc<Self>,
        organisation: &Slug,
        service: Arc<dyn DriftService>,
        drift: DriftId,
        said: Option<Tainted>,
    ) -> Job {
        let key = (organisation.clone(), drift);
        let mut all = self.all();
        if let Some((_, job)) = all.running.get(&key).and_then(|id| all.jobs.get(id)) {
            return job.clone();
        }
        let (id, now) = (Ulid::generate(), Timestamp::now());
        let job = Job {
            job_id: id.to_string(),
            drift,
            status: JobStatus::Queued,
            estimated_completion: now.checked_add(TAKES).unwrap_or(now),
            result: None,
            error: None,
        };
        all.jobs.insert(id, (organisation.clone(), job.clone()));
        all.running.insert(key.clone(), id);
        if all.jobs.len() > KEPT {
            all.jobs.pop_first();
        }
        drop(all);
        let jobs = Arc::clone(self);
        tokio::spawn(async move {
            let _place = jobs.places.acquire().await;
            jobs.set(id, |job| job.status = JobStatus::Running);
            let answer = service.analyse(drift, said).await;
            jobs.all().running.remove(&key);
            jobs.set(id, |job| match answer {
                Ok(event) => (job.status, job.result) = (JobStatus::Done, Some(Analyzed::from(&event))),
                Err(error) => (job.status, job.error) = (JobStatus::Failed, Some(error.to_string())),
            });
        });
        job
    }

    /// How it stands with a job about this drift.
    pub(super) fn of(&self, organisation: &Slug, event: &DriftEvent, id: Ulid) -> Option<Job> {
        if let Some((of, job)) = self.all().jobs.get(&id) {
            return (of == organisation && job.drift == event.id).then(|| job.clone());
        }
        let asked = Timestamp::from_millisecond(i64::try_from(id.timestamp_ms()).ok()?).ok()?;
        (asked <= event.analysis.analyzed_at).then(|| Job {
            job_id: id.to_string(),
            drift: event.id,
            status: JobStatus::Done,
            estimated_completion: event.analysis.analyzed_at,
            result: Some(Analyzed::from(event)),
            error: None,
        })
    }

    fn set(&self, id: Ulid, change: impl FnOnce(&mut Job)) {
        if let Some((_, job)) = self.all().jobs.get_mut(&id) {
            change(job);
        }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
