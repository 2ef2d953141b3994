//! What may come between two steps of a job is made to come there.

use super::*;
use crate::drift::Score;
use crate::tui::sample::Sample;

/// A drift and its jobs in memory.
#[derive(Clone)]
struct Staged {
    event: Arc<Mutex<DriftEvent>>,
    kept: Arc<Mutex<HashMap<Ulid, AnalysisJob>>>,
    /// What each analysis was told, in order.
    said: Arc<Mutex<Vec<String>>>,
    /// The job that ends, with what it found, right after something was read.
    ends: Arc<Mutex<Option<Ulid>>>,
    /// An analysis takes one, and so does a job that was kept as done before it goes on.
    may_analyse: Arc<Semaphore>,
    may_end: Arc<Semaphore>,
}

impl Default for Staged {
    fn default() -> Self {
        let sample = Sample::default();
        let event = sample.event(sample.ids()[0]).unwrap();
        Self {
            event: Arc::new(Mutex::new(event)),
            kept: Arc::default(),
            said: Arc::default(),
            ends: Arc::default(),
            may_analyse: Arc::new(Semaphore::new(0)),
            may_end: Arc::new(Semaphore::new(0)),
        }
    }
}

impl Staged {
    fn drift(&self) -> DriftId {
        self.event.lock().unwrap().id
    }

    fn read<T>(&self, read: impl FnOnce() -> T) -> T {
        let was = read();
        if let Some(id) = self.ends.lock().unwrap().take() {
            let mut kept = self.kept.lock().unwrap();
            let done = kept[&id].clone().at(AnalysisStage::Done, Timestamp::now());
            kept.insert(id, done);
            self.event.lock().unwrap().analysis.cause.confidence_score = FOUND;
        }
        was
    }

    fn is_done(&self, id: &str) -> bool {
        self.kept.lock().unwrap()[&id.parse().unwrap()].stage == AnalysisStage::Done
    }
}

#[async_trait]
impl Analyst for Staged {
    async fn job(&self, id: Ulid) -> Result<Option<AnalysisJob>, ServiceError> {
        Ok(self.read(|| self.kept.lock().unwrap().get(&id).cloned()))
    }

    async fn keep(&self, job: AnalysisJob) -> Result<(), ServiceError> {
        // A store takes its time.
        tokio::task::yield_now().await;
        let is_done = job.stage == AnalysisStage::Done;
        self.kept.lock().unwrap().insert(job.id, job);
        if is_done {
            self.may_end.acquire().await.unwrap().forget();
        }
        Ok(())
    }

    async fn analyse(&self, _: DriftId, said: Option<Tainted>) -> Result<(), ServiceError> {
        self.may_analyse.acquire().await.unwrap().forget();
        self.said.lock().unwrap().push(said.unwrap().raw().to_owned());
        Ok(())
    }

    async fn drift(&self, _: DriftId) -> Result<DriftEvent, ServiceError> {
        Ok(self.read(|| self.event.lock().unwrap().clone()))
    }
}

const FOUND: Score = Score::percent(93);

fn acme() -> Slug {
    Slug::from_text("acme")
}

/// Lets the other tasks run until it is so.
async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never comes to that");
}

#[tokio::test]
async fn an_analysis_that_does_not_end_is_given_up_and_what_is_known_is_told() {
    let never = std::future::pending::<Result<(), ServiceError>>();
    let why = in_time(SignedDuration::ZERO, never).await.unwrap_err().to_string();
    assert!(why.contains("longer than 0 s") && why.contains("as they were"), "{why}");
    assert!(in_time(TAKES, async { Ok::<_, ServiceError>(7) }).await.is_ok_and(|made| made == 7));
}

#[tokio::test]
async fn a_job_that_ends_while_it_is_asked_about_is_never_told_as_done_with_what_was_known_before() {
    let (jobs, staged) = (Arc::new(Jobs::default()), Staged::default());
    let drift = staged.drift();
    let job = AnalysisJob::new(Ulid::generate(), drift, None, Timestamp::now());
    staged.kept.lock().unwrap().insert(job.id, job.at(AnalysisStage::Running, Timestamp::now()));
    *staged.ends.lock().unwrap() = Some(job.id);
    let ask = async || jobs.told(&acme(), (staged.clone(), &staged), drift, job.id).await.unwrap().unwrap();
    let between = ask().await;
    let found = |job: &Job| job.result.as_ref().map(|result| result.confidence_score);
    assert!(staged.ends.lock().unwrap().is_none(), "it ended between two reads");
    assert!(
        between.status == JobStatus::Running && found(&between).is_none() || found(&between) == Some(FOUND),
        "{between:?}"
    );
    let after = ask().await;
    assert_eq!((after.status, found(&after)), (JobStatus::Done, Some(FOUND)));
}

#[tokio::test]
async fn one_that_is_asked_for_as_another_ends_is_made_anew_and_keeps_its_place() {
    let (jobs, staged) = (Arc::new(Jobs::default()), Staged::default());
    let ask =
        async |said: &str| jobs.begin(&acme(), staged.clone(), staged.drift(), Some(said.into())).await.unwrap().job_id;
    staged.may_analyse.add_permits(1);
    let first = ask("the same").await;
    // It is known to be done, and has not left its place.
    until(|| staged.is_done(&first)).await;
    let second = ask("the same").await;
    assert_ne!(second, first, "what is asked now may rest on what is known since");
    until(|| jobs.places.available_permits() == AT_ONCE - 2).await;
    staged.may_end.add_permits(1);
    until(|| jobs.places.available_permits() == AT_ONCE - 1).await;
    assert_eq!(ask("the same").await, second, "the one under way still has the place, though the first has left");
    staged.may_analyse.add_permits(1);
    staged.may_end.add_permits(1);
    until(|| jobs.here().is_empty()).await;
    assert_eq!(*staged.said.lock().unwrap(), ["the same", "the same"]);
}

#[tokio::test]
async fn who_brings_another_context_while_a_job_runs_gets_a_job_of_their_own_and_in_turn() {
    let (jobs, staged) = (Arc::new(Jobs::default()), Staged::default());
    let ask = async |said: Option<&str>| {
        let said = said.map(Tainted::from);
        jobs.begin(&acme(), staged.clone(), staged.drift(), said).await.unwrap().job_id
    };
    let first = ask(Some("INC-1")).await;
    let second = ask(Some("INC-2")).await;
    assert_ne!(second, first, "what the second says is not dropped");
    assert_eq!(ask(Some("INC-2")).await, second, "asked again it is the same");
    assert_eq!(ask(None).await, second, "and who says nothing has nothing to be dropped");
    until(|| jobs.places.available_permits() == AT_ONCE - 1).await;
    assert_eq!(jobs.waiting(), 1, "of one drift one is made at a time");
    staged.may_end.add_permits(2);
    staged.may_analyse.add_permits(1);
    until(|| staged.is_done(&first)).await;
    assert!(!staged.is_done(&second));
    staged.may_analyse.add_permits(1);
    until(|| jobs.here().is_empty()).await;
    assert_eq!(*staged.said.lock().unwrap(), ["INC-1", "INC-2"]);
}

#[tokio::test]
async fn who_hangs_up_while_a_job_is_kept_leaves_no_place_taken() {
    let (jobs, staged) = (Arc::new(Jobs::default()), Staged::default());
    staged.may_analyse.add_permits(1);
    staged.may_end.add_permits(1);
    let acme = acme();
    let asked = jobs.begin(&acme, staged.clone(), staged.drift(), Some("INC-1".into()));
    let soon = tokio::time::timeout(std::time::Duration::ZERO, asked);
    drop(soon.await);
    until(|| jobs.here().is_empty()).await;
    assert_eq!(*staged.said.lock().unwrap(), ["INC-1"]);
}
