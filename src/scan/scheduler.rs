//! When an environment is scanned: at intervals, by hand, and when a watched file changes; never twice at once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Schedule;
use super::watch::FileWatch;
use crate::drift::Slug;

/// An editor writes a file in several steps; a scan waits for the last one.
const DEBOUNCE: Duration = Duration::from_millis(200);
/// Sleep is cut in pieces, because the clock of timers stands still while the machine is suspended.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// What a lane runs.
pub trait Job: Send + Sync + 'static {
    /// Scans once, blocking, until done or `cancel` is set. Gives back the files to watch.
    fn run(&self, cancel: &AtomicBool) -> Vec<PathBuf>;
    /// A watched file has changed: the run that follows is because of it.
    fn edited(&self) {}
    /// Something a person should read.
    fn notice(&self, text: String);
}

/// How often an environment is scanned without being asked.
#[derive(Clone, Debug)]
pub struct Plan {
    pub slug: Slug,
    pub interval: Option<Duration>,
    /// By the calendar, in place of the interval.
    pub schedule: Option<Schedule>,
    pub watch: bool,
    /// When it was last scanned, by whatever process.
    pub last: Option<Timestamp>,
}

/// The scans of one environment, one after the other.
pub struct Lane {
    shared: Arc<Shared>,
    task: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    wake: Notify,
    asked: AtomicBool,
    edited: AtomicBool,
    /// The run that is due is for an edited file.
    was_edited: AtomicBool,
    running: Mutex<Option<Arc<AtomicBool>>>,
    next: Mutex<Option<Timestamp>>,
    stop: CancellationToken,
}

impl Lane {
    /// Starts the lane. `limit`: how many environments may be scanned at once.
    pub fn start(handle: &tokio::runtime::Handle, plan: Plan, limit: Arc<Semaphore>, job: Arc<dyn Job>) -> Self {
        let shared = Arc::new(Shared::default());
        // Files may have changed while nobody watched; what was never scanned is scanned at once.
        let first = if plan.watch || plan.last.is_none() { Some(Timestamp::now()) } else { next_due(&plan, plan.last) };
        shared.set_next(first);
        let task = handle.spawn(drive(Arc::clone(&shared), plan, limit, job));
        Self { shared, task: Mutex::new(Some(task)) }
    }

    /// Scans now. During a scan, one more follows it, however often this is called.
    pub fn trigger(&self) {
        self.shared.asked.store(true, Ordering::SeqCst);
        self.shared.wake.notify_one();
    }

    /// Stops the running scan and forgets the one that waits.
    pub fn cancel(&self) {
        self.shared.asked.store(false, Ordering::SeqCst);
        self.shared.edited.store(false, Ordering::SeqCst);
        if let Some(cancel) = &*lock(&self.shared.running) {
            cancel.store(true, Ordering::SeqCst);
        }
    }

    /// When the next scheduled scan is due.
    pub fn next(&self) -> Option<Timestamp> {
        *lock(&self.shared.next)
    }

    /// Cancels what runs, and returns when it has ended.
    pub async fn stop(&self) {
        self.shared.stop.cancel();
        self.cancel();
        let task = lock(&self.task).take();
        if let Some(task) = task {
            // A lane that panicked has stopped too.
            let _ = task.await;
        }
    }
}

impl Shared {
    fn set_next(&self, next: Option<Timestamp>) {
        *lock(&self.next) = next;
    }

    fn until_due(&self) -> Duration {
        let Some(next) = *lock(&self.next) else { return LONGEST_SLEEP };
        let left = next.duration_since(Timestamp::now());
        Duration::try_from(left).unwrap_or(Duration::ZERO).min(LONGEST_SLEEP)
    }

    /// Returns when a scan should start; `false` when there will be none any more.
    async fn due(&self) -> bool {
        loop {
            if self.asked.swap(false, Ordering::SeqCst) || self.is_overdue() {
                return true;
            }
            if self.edited.load(Ordering::SeqCst) {
                tokio::time::sleep(DEBOUNCE).await;
                if self.edited.swap(false, Ordering::SeqCst) {
                    self.was_edited.store(true, Ordering::SeqCst);
                    return true;
                }
            }
            tokio::select! {
                () = self.stop.cancelled() => return false,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(self.until_due()) => {}
            }
        }
    }

    fn is_overdue(&self) -> bool {
        lock(&self.next).is_some_and(|next| next <= Timestamp::now())
    }
}

async fn drive(shared: Arc<Shared>, plan: Plan, limit: Arc<Semaphore>, job: Arc<dyn Job>) {
    let watch = plan.watch.then(|| {
        let weak = Arc::downgrade(&shared);
        let (watch, notice) = FileWatch::new(Arc::new(move || {
            if let Some(shared) = weak.upgrade() {
                shared.edited.store(true, Ordering::SeqCst);
                shared.wake.notify_one();
            }
        }));
        notice.into_iter().for_each(|text| job.notice(text));
        watch
    });
    let watch = Arc::new(Mutex::new(watch));
    while shared.due().await {
        let permit = tokio::select! {
            () = shared.stop.cancelled() => return,
            permit = limit.acquire() => permit,
        };
        if permit.is_err() {
            return;
        }
        // What was asked for or edited until now is seen by this run.
        shared.asked.store(false, Ordering::SeqCst);
        if shared.edited.swap(false, Ordering::SeqCst) {
            shared.was_edited.store(true, Ordering::SeqCst);
        }
        let started = Timestamp::now();
        run_once(&shared, &job, &watch).await;
        // A run that was missed, or several, are made up for by one: the next is counted from this one.
        shared.set_next(next_due(&plan, Some(started)));
    }
}

async fn run_once(shared: &Arc<Shared>, job: &Arc<dyn Job>, watch: &Arc<Mutex<Option<FileWatch>>>) {
    let cancel = Arc::new(AtomicBool::new(shared.stop.is_cancelled()));
    *lock(&shared.running) = Some(Arc::clone(&cancel));
    let (job, watch) = (Arc::clone(job), Arc::clone(watch));
    let tell = Arc::clone(&job);
    let was_edited = shared.was_edited.swap(false, Ordering::SeqCst);
    let run = tokio::task::spawn_blocking(move || {
        let began = SystemTime::now();
        if was_edited {
            job.edited();
        }
        let paths = job.run(&cancel);
        if let Some(notice) = lock(&watch).as_mut().and_then(|w| w.follow(&paths, began)) {
            job.notice(notice);
        }
    });
    if run.await.is_err() {
        tell.notice("a scan failed unexpectedly; please report it. The next one runs as planned".to_owned());
    }
    *lock(&shared.running) = None;
}

/// By the schedule, to the minute; else the interval after `last`, and up to a tenth of it (at most a minute) later, so that environments with the same interval
/// do not all start at once; the same for one slug every time.
fn next_due(plan: &Plan, last: Option<Timestamp>) -> Option<Timestamp> {
    if let Some(schedule) = &plan.schedule {
        return schedule.due(last);
    }
    let interval = plan.interval?;
    let widest = (interval / 10).min(Duration::from_secs(60)).as_millis() as u64;
    let mut hasher = DefaultHasher::new();
    plan.slug.as_str().hash(&mut hasher);
    let jitter = Duration::from_millis(hasher.finish() % (widest + 1));
    last.unwrap_or_else(Timestamp::now).checked_add(interval + jitter).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Each run waits until the test lets it go.
    struct Gate {
        runs: AtomicUsize,
        at_once: AtomicUsize,
        started: Mutex<Sender<()>>,
        go: Mutex<Receiver<()>>,
        watched: Vec<PathBuf>,
    }

    impl Job for Gate {
        fn run(&self, cancel: &AtomicBool) -> Vec<PathBuf> {
            assert_eq!(self.at_once.fetch_add(1, Ordering::SeqCst), 0, "two runs at once");
            self.runs.fetch_add(1, Ordering::SeqCst);
            let _ = lock(&self.started).send(());
            while !cancel.load(Ordering::SeqCst)
                && lock(&self.go).recv_timeout(Duration::from_millis(5))
                    == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
            {}
            self.at_once.fetch_sub(1, Ordering::SeqCst);
            self.watched.clone()
        }
        fn notice(&self, text: String) {
            panic!("{text}");
        }
    }

    struct Stand {
        lane: Lane,
        gate: Arc<Gate>,
        started: Receiver<()>,
        go: Sender<()>,
        runtime: tokio::runtime::Runtime,
    }

    fn stand(watched: Vec<PathBuf>) -> Stand {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let ((started_in, started), (go, go_out)) = (channel(), channel());
        let gate = Arc::new(Gate {
            runs: AtomicUsize::new(0),
            at_once: AtomicUsize::new(0),
            started: Mutex::new(started_in),
            go: Mutex::new(go_out),
            watched,
        });
        let plan = Plan {
            slug: Slug::from_text("e"),
            interval: None,
            schedule: None,
            watch: !gate.watched.is_empty(),
            last: None,
        };
        let lane = Lane::start(runtime.handle(), plan, Arc::new(Semaphore::new(1)), Arc::clone(&gate) as Arc<dyn Job>);
        Stand { lane, gate, started, go, runtime }
    }

    impl Stand {
        fn wait_for_start(&self) {
            self.started.recv_timeout(Duration::from_secs(20)).expect("a run starts");
        }
        fn nothing_starts(&self) -> bool {
            self.started.recv_timeout(Duration::from_millis(400)).is_err()
        }
    }

    #[test]
    fn many_triggers_during_a_run_queue_exactly_one_more() {
        let stand = stand(vec![]);
        stand.wait_for_start();
        (0..5).for_each(|_| stand.lane.trigger());
        stand.go.send(()).unwrap();
        stand.wait_for_start();
        stand.go.send(()).unwrap();
        assert!(stand.nothing_starts());
        assert_eq!(stand.gate.runs.load(Ordering::SeqCst), 2);
        stand.runtime.block_on(stand.lane.stop());
    }

    #[test]
    fn cancel_stops_the_run_and_drops_the_queued_one() {
        let stand = stand(vec![]);
        stand.wait_for_start();
        stand.lane.trigger();
        stand.lane.cancel();
        assert!(stand.nothing_starts(), "nobody let the run go, cancel did");
        stand.lane.trigger();
        stand.wait_for_start();
        stand.runtime.block_on(stand.lane.stop());
    }

    #[test]
    fn an_edited_file_starts_a_scan() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("motd");
        std::fs::write(&file, "hello").unwrap();
        // Older than the scan, so that only the edit below can be a reason to run.
        let hour_ago = SystemTime::now() - Duration::from_secs(3600);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(hour_ago).unwrap();
        let stand = stand(vec![file.clone()]);
        stand.wait_for_start();
        stand.go.send(()).unwrap();
        assert!(stand.nothing_starts());
        std::fs::write(&file, "hacked").unwrap();
        stand.wait_for_start();
        stand.runtime.block_on(stand.lane.stop());
    }

    #[test]
    fn jitter_is_the_same_every_time_and_at_most_a_tenth() {
        let plan = |slug: &str| Plan {
            slug: Slug::from_text(slug),
            interval: Some(Duration::from_secs(300)),
            schedule: None,
            watch: false,
            last: None,
        };
        let last = Timestamp::UNIX_EPOCH;
        let due = |slug: &str| next_due(&plan(slug), Some(last)).unwrap().as_millisecond();
        assert_eq!(due("prod"), due("prod"));
        assert_ne!(due("prod"), due("staging"));
        for n in 0..50 {
            assert!((300_000..=330_000).contains(&due(&format!("env-{n}"))));
        }
    }
}
