//! A store that other processes have open as well: what they write and say is told here, and scans that wait are begun here.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::{Notify, broadcast};

use super::bulletin::{self, Bulletin};
use super::lanes::Lanes;
use super::presence::Presence;
use super::{ScanProgress, ServiceEvent};
use crate::drift::{AuditEntry, ScanStage, Slug, TriageVerb};
use crate::store::{Elsewhere, ScanJob, ScanJobs, Store};

/// What waits is looked for so often, were nothing heard.
const LOOK: Duration = Duration::from_secs(2);
/// More entries than that at once: everybody loads again.
const MOST: u64 = 200;

/// The other processes, as this one knows them.
pub(super) struct Sharing {
    pub jobs: Arc<dyn ScanJobs>,
    /// How far scans elsewhere are.
    progress: Mutex<BTreeMap<Slug, ScanProgress>>,
    /// Something may wait.
    look: Arc<Notify>,
    stopped: AtomicBool,
}

/// What hears, besides the sharing itself.
pub(super) struct Ears {
    pub store: Weak<dyn Store>,
    pub events: broadcast::Sender<ServiceEvent>,
    /// Told when what waits for its time may be another.
    pub changed: Arc<Notify>,
    pub lanes: Weak<Lanes>,
    pub presence: Arc<Presence>,
}

impl Sharing {
    pub fn new(jobs: Arc<dyn ScanJobs>) -> Arc<Self> {
        Arc::new(Self { jobs, progress: Mutex::default(), look: Arc::default(), stopped: AtomicBool::new(false) })
    }

    /// Hears the others, and begins what waits, until everything it belongs to is gone.
    pub fn start(self: &Arc<Self>, handle: &Handle, heard: Receiver<Elsewhere>, ears: Ears) {
        let (sharing, lanes) = (Arc::downgrade(self), ears.lanes.clone());
        let look = Arc::clone(&self.look);
        handle.spawn(async move {
            loop {
                let _ = tokio::time::timeout(LOOK, look.notified()).await;
                let (Some(sharing), Some(lanes)) = (sharing.upgrade(), lanes.upgrade()) else { return };
                if sharing.stopped.load(Ordering::SeqCst) {
                    return;
                }
                // What cannot be asked now is asked again in a moment.
                let jobs = Arc::clone(&sharing.jobs);
                let waiting = tokio::task::spawn_blocking(move || jobs.waiting()).await;
                for slug in waiting.ok().and_then(Result::ok).unwrap_or_default() {
                    lanes.get(&slug).iter().for_each(|watched| watched.lane.trigger());
                }
            }
        });
        let sharing = Arc::downgrade(self);
        let hear = move || {
            // Ends with the store.
            while let Ok(news) = heard.recv() {
                let (Some(sharing), Some(store)) = (sharing.upgrade(), ears.store.upgrade()) else { return };
                sharing.hear(store.as_ref(), &ears, news);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("other processes".into()).spawn(hear) {
            tracing::warn!(%error, "what other processes decide is not told here");
        }
    }

    /// Nothing is begun any more.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    fn hear(&self, store: &dyn Store, ears: &Ears, news: Elsewhere) {
        let tell = |event| {
            // Nobody listening is no fault.
            let _ = ears.events.send(event);
        };
        if let Some(said) = &news.said {
            Bulletin::read(said).into_iter().for_each(|one| self.take(store, ears, one));
            return;
        }
        if news.generation < 0 {
            self.look.notify_one();
            return tell(ServiceEvent::Lost);
        }
        // Without entries it is of a scan, which tells of itself.
        let Some((first, last)) = news.entries else { return };
        ears.changed.notify_one();
        if last - first >= MOST {
            return tell(ServiceEvent::Lost);
        }
        decided(store, first..=last).into_iter().for_each(tell);
    }

    fn take(&self, store: &dyn Store, ears: &Ears, bulletin: Bulletin) {
        match &bulletin {
            Bulletin::Wanted => self.look.notify_one(),
            Bulletin::Cancel(slug) => {
                let watched = ears.lanes.upgrade().and_then(|lanes| lanes.get(slug));
                watched.iter().for_each(|watched| watched.lane.cancel());
            }
            Bulletin::Unplanned(slug) => {
                ears.lanes.upgrade().iter().for_each(|lanes| lanes.plan_again(slug));
            }
            Bulletin::Progress(progress) => {
                self.progress().insert(progress.environment.clone(), progress.clone());
            }
            // Who was elsewhere before is for each process to say: it is told with what was left.
            Bulletin::Looking(looking) => drop(ears.presence.note(looking.as_ref().clone(), std::time::Instant::now())),
            Bulletin::Scanned(slug) => {
                self.progress().remove(slug);
                ears.changed.notify_one();
            }
            _ => {}
        }
        if let Some(event) = bulletin.event(store) {
            let _ = ears.events.send(event);
        }
    }

    fn progress(&self) -> std::sync::MutexGuard<'_, BTreeMap<Slug, ScanProgress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far a scan elsewhere is, of which only is known that it runs.
    pub fn running(&self, job: &ScanJob) -> Option<ScanProgress> {
        let started_at = job.running?;
        let known = self.progress().get(&job.environment).filter(|known| since(known, started_at)).cloned();
        let environment = job.environment.clone();
        let begun = ScanProgress { environment, stage: ScanStage::Live, resources: 0, drifted: 0, started_at };
        Some(known.unwrap_or(begun))
    }

    /// A scan is wanted, of one or all; gives which there are.
    pub fn want(&self, environment: Option<&Slug>) -> Result<Vec<Slug>, crate::store::StoreError> {
        let wanted = self.jobs.want(environment)?;
        self.look.notify_one();
        bulletin::say(self.jobs.as_ref(), &[Bulletin::Wanted]);
        Ok(wanted)
    }

    pub fn cancel(&self, environment: Option<&Slug>) -> Result<Vec<Slug>, crate::store::StoreError> {
        let cancelled = self.jobs.cancel(environment)?;
        let said: Vec<Bulletin> = cancelled.iter().cloned().map(Bulletin::Cancel).collect();
        bulletin::say(self.jobs.as_ref(), &said);
        Ok(cancelled)
    }
}

/// Of this scan, not of one before it. The clocks of two machines are never quite the same.
fn since(known: &ScanProgress, started_at: Timestamp) -> bool {
    started_at.duration_since(known.started_at) < jiff::SignedDuration::from_secs(5)
}

/// What audit entries of another process have changed.
fn decided(store: &dyn Store, entries: std::ops::RangeInclusive<u64>) -> Vec<ServiceEvent> {
    let mut events = Vec::new();
    let mut told = std::collections::BTreeSet::new();
    for seq in entries {
        match store.audit_entry(seq) {
            // Which drifts a rule hides, or hides no more, the entry does not say.
            Ok(Some(entry)) if touches_more(&entry) => return vec![ServiceEvent::Lost],
            Ok(Some(AuditEntry { remediation: Some(change), success: true, .. })) => {
                // As it stands now: what came after it has an entry of its own.
                let now = store.remediation(change.after.id).ok().flatten().unwrap_or(change.after);
                events.push(ServiceEvent::Remediation(Box::new(now)));
            }
            Ok(Some(entry)) => match entry.drift {
                Some(id) if told.insert(id) => {
                    let drift = store.drift(id).ok();
                    events.extend(drift.map(|detail| ServiceEvent::Updated(Box::new(detail.event))));
                }
                Some(_) => {}
                None => events.push(ServiceEvent::Environments),
            },
            _ => return vec![ServiceEvent::Lost],
        }
    }
    events
}

fn touches_more(entry: &AuditEntry) -> bool {
    let by_rule = entry.verb.as_ref().is_some_and(TriageVerb::is_about_rules);
    by_rule || entry.rule.is_some() || entry.never_hide.is_some()
}
