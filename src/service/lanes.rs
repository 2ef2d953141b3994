//! The environments that are scanned here. They come and go with the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, broadcast};

use super::bulletin::{self, Bulletin};
use super::keeping::register;
use super::leased::Leased;
use super::scanning::ScanJob;
use super::sharing::Sharing;
use super::{Guard, ServiceEvent};
use crate::config::is_same;
use crate::drift::{Maintenance, Slug};
use crate::recommend::Policies;
use crate::scan::scheduler::{Job, Lane, Plan};
use crate::scan::{EnvironmentSpec, sources};
use crate::store::{Rhythm, ScanJobs, Store};

/// Environments scanned at the same time; each uses every core already.
const SCANS_AT_ONCE: usize = 2;

/// One environment with its scans.
pub(super) struct Watched {
    pub lane: Lane,
    pub job: Arc<ScanJob>,
    pub spec: EnvironmentSpec,
}

/// All of them, by slug.
pub(super) struct Lanes {
    lanes: RwLock<BTreeMap<Slug, Arc<Watched>>>,
    /// Were scanned here, and are not configured any more.
    removed: RwLock<BTreeSet<Slug>>,
    /// Nothing is scanned for now, whoever asks.
    off: Arc<AtomicBool>,
    store: Arc<dyn Store>,
    events: broadcast::Sender<ServiceEvent>,
    changed: Arc<Notify>,
    limit: Arc<Semaphore>,
    handle: Handle,
    /// With other processes, where there can be some.
    sharing: Option<Arc<Sharing>>,
}

impl Lanes {
    /// `changed` is told after every scan, `events` what is found.
    pub fn new(
        store: Arc<dyn Store>,
        events: broadcast::Sender<ServiceEvent>,
        changed: Arc<Notify>,
        handle: Handle,
        sharing: Option<Arc<Sharing>>,
    ) -> Self {
        let limit = Arc::new(Semaphore::new(SCANS_AT_ONCE));
        let (lanes, removed) = (RwLock::default(), RwLock::default());
        let off = Arc::default();
        Self { lanes, removed, off, store, events, changed, limit, handle, sharing }
    }

    /// Registers the environment in the store, and scans it from now on if it is active.
    pub fn begin(&self, spec: EnvironmentSpec) {
        let slug = spec.environment.slug.clone();
        if let Err(error) = register(self.store.as_ref(), &spec.environment) {
            tracing::warn!(environment = %slug, %error, "the environment could not be registered");
        }
        if !spec.environment.is_active {
            return self.unplan(std::iter::once(slug));
        }
        let last = self.store.last_scan(&slug).ok().flatten().map(|s| s.started_at);
        let mut plan = Plan {
            slug: slug.clone(),
            interval: spec.interval,
            schedule: spec.schedule.clone(),
            watch: spec.watch,
            last,
        };
        let (events, changed) = (self.events.clone(), Arc::clone(&self.changed));
        let job = ScanJob::new(Arc::clone(&self.store), spec.clone(), events, changed);
        let job = Arc::new(job.unless(Arc::clone(&self.off)));
        let mut runs = Arc::clone(&job) as Arc<dyn Job>;
        if let Some(sharing) = &self.sharing {
            if let Err(error) = sharing.jobs.plan(&slug, rhythm(&spec, last), last) {
                tracing::warn!(environment = %slug, %error, "its scans could not be planned");
            }
            // The schedule is everybody's, and stands in the database.
            plan =
                Plan { interval: None, schedule: None, last: plan.last.or(Some(jiff::Timestamp::UNIX_EPOCH)), ..plan };
            runs = leased(Arc::clone(&job), Arc::clone(&sharing.jobs), &spec);
        }
        let lane = Lane::start(&self.handle, plan, Arc::clone(&self.limit), runs);
        self.write().insert(slug, Arc::new(Watched { lane, job, spec }));
    }

    /// A scan is wanted now.
    pub fn ask(&self, watched: &Arc<Watched>) {
        let Some(sharing) = &self.sharing else { return watched.lane.trigger() };
        let (sharing, watched) = (Arc::clone(sharing), Arc::clone(watched));
        self.handle.spawn_blocking(move || {
            if let Err(error) = sharing.want(Some(&watched.spec.environment.slug)) {
                watched.job.notice(format!("a scan could not be asked for: {error}"));
            }
        });
    }

    /// Switches all scans off, or on again; gives whether that is another way than before.
    pub fn switch(&self, off: bool) -> bool {
        self.off.swap(off, Ordering::SeqCst) != off
    }

    pub fn is_off(&self) -> bool {
        self.off.load(Ordering::SeqCst)
    }

    pub fn sharing(&self) -> Option<Arc<Sharing>> {
        self.sharing.clone()
    }

    /// Scans these from now on and no others. What stays as it is is not disturbed; what is different is scanned at once, and its
    /// old lane is there until its last scan has ended and the new one takes its place.
    pub async fn replace(&self, specs: Vec<EnvironmentSpec>) {
        let stays = |watched: &Watched| specs.iter().any(|spec| is_same(&watched.spec, spec));
        let gone: Vec<_> = self.all().into_iter().filter(|watched| !stays(watched)).collect();
        let is_wanted = |slug: &Slug| specs.iter().any(|spec| spec.environment.slug == *slug);
        let is_scanned =
            |spec: &EnvironmentSpec, slug: &Slug| spec.environment.is_active && spec.environment.slug == *slug;
        self.write().retain(|slug, _| specs.iter().any(|spec| is_scanned(spec, slug)));
        {
            let mut removed = self.removed.write().unwrap_or_else(PoisonError::into_inner);
            removed.extend(gone.iter().map(|watched| watched.spec.environment.slug.clone()));
            removed.retain(|slug| !is_wanted(slug));
        }
        end(&gone).await;
        self.unplan(gone.iter().map(|watched| watched.spec.environment.slug.clone()).filter(|slug| !is_wanted(slug)));
        for spec in specs {
            let slug = spec.environment.slug.clone();
            if self.get(&slug).is_none_or(|watched| !is_same(&watched.spec, &spec)) {
                self.begin(spec);
                self.get(&slug).iter().for_each(|watched| self.ask(watched));
            }
        }
    }

    /// What is not configured here any more is scanned by nobody; whoever has it in his configuration all the same hears of it, and
    /// plans it again.
    fn unplan(&self, slugs: impl Iterator<Item = Slug>) {
        let Some(sharing) = self.sharing.clone() else { return };
        let slugs: Vec<Slug> = slugs.collect();
        self.handle.spawn_blocking(move || {
            for slug in slugs {
                match sharing.jobs.forget(&slug) {
                    Ok(()) => bulletin::say(sharing.jobs.as_ref(), &[Bulletin::Unplanned(slug)]),
                    Err(error) => tracing::warn!(environment = %slug, %error, "its scans are still planned"),
                }
            }
        });
    }

    /// Somebody does not scan it any more: here it is.
    pub fn plan_again(&self, slug: &Slug) {
        if let Some((sharing, watched)) = self.sharing.as_ref().zip(self.get(slug))
            && let Err(error) = sharing.jobs.plan(slug, rhythm(&watched.spec, Some(jiff::Timestamp::now())), None)
        {
            tracing::warn!(environment = %slug, %error, "its scans could not be planned");
        }
    }

    pub fn get(&self, slug: &Slug) -> Option<Arc<Watched>> {
        self.lanes.read().unwrap_or_else(PoisonError::into_inner).get(slug).cloned()
    }

    /// Whether it was scanned here until another configuration took it out.
    pub fn is_removed(&self, slug: &Slug) -> bool {
        self.removed.read().unwrap_or_else(PoisonError::into_inner).contains(slug)
    }

    pub fn all(&self) -> Vec<Arc<Watched>> {
        self.lanes.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Returns when no scan runs any more.
    pub async fn stop(&self) {
        self.sharing.iter().for_each(|sharing| sharing.stop());
        end(&self.all()).await;
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<Slug, Arc<Watched>>> {
        self.lanes.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn leased(job: Arc<ScanJob>, jobs: Arc<dyn ScanJobs>, spec: &EnvironmentSpec) -> Arc<dyn Job> {
    let (slug, spec) = (spec.environment.slug.clone(), spec.clone());
    let schedule = spec.schedule.clone();
    Arc::new(Leased { job, jobs, slug, schedule, roots: Box::new(move || sources::roots(&spec)) })
}

fn rhythm(spec: &EnvironmentSpec, last: Option<jiff::Timestamp>) -> Rhythm {
    match (&spec.schedule, spec.interval) {
        (Some(schedule), _) => schedule.due(last).map_or(Rhythm::Never, Rhythm::At),
        (None, Some(interval)) => Rhythm::Every(interval),
        (None, None) => Rhythm::Never,
    }
}

async fn end(lanes: &[Arc<Watched>]) {
    for watched in lanes {
        watched.lane.cancel();
        watched.job.witness().stop();
    }
    for watched in lanes {
        watched.lane.stop().await;
    }
}

/// Environments that say so themselves are protected too.
pub(super) fn guarding(mut guard: Guard, specs: &[EnvironmentSpec]) -> Guard {
    guard.protected.extend(specs.iter().filter(|s| s.protect).map(|s| s.environment.slug.clone()));
    guard
}

/// What specs say of themselves; all environments are told the same. Where there are none, see `LocalService::announce`.
pub(super) fn announced_for(specs: &[EnvironmentSpec]) -> Arc<Vec<Maintenance>> {
    specs.first().map(|spec| Arc::clone(&spec.maintenance)).unwrap_or_default()
}

/// What specs say of advice: the same for all environments.
pub(super) fn policies_of(specs: &[EnvironmentSpec]) -> Arc<Policies> {
    specs.first().map(|spec| Arc::clone(&spec.policies)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::scan::a_spec as spec;
    use crate::store::{OpenMode, open};

    #[tokio::test]
    async fn a_changed_environment_is_never_unknown_while_its_old_lane_ends() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
        let lanes = Lanes::new(store, broadcast::channel(16).0, Arc::default(), Handle::current(), None);
        let (before, after) = (spec(), EnvironmentSpec { unmanaged: false, ..spec() });
        let slug = before.environment.slug.clone();
        let is_unmanaged = || lanes.get(&slug).map(|watched| watched.spec.unmanaged);
        lanes.begin(before);
        {
            let mut replacing = pin!(lanes.replace(vec![after]));
            // On the one thread of this runtime the old lane cannot have ended yet.
            assert_eq!(replacing.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
            assert_eq!(is_unmanaged(), Some(true));
            replacing.await;
        }
        assert_eq!(is_unmanaged(), Some(false));
        assert!(!lanes.is_removed(&slug));
        lanes.replace(vec![]).await;
        assert_eq!((is_unmanaged(), lanes.is_removed(&slug)), (None, true));
        lanes.replace(vec![spec()]).await;
        assert!(!lanes.is_removed(&slug), "it is back");
    }

    #[tokio::test]
    async fn an_inactive_environment_is_known_and_not_scanned() {
        use crate::service::{DriftService, LocalService};
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
        let (active, mut inactive) = (spec(), spec());
        inactive.environment.is_active = false;
        let slug = active.environment.slug.clone();
        let service = LocalService::start(store, vec![inactive.clone()], Handle::current());
        let seen = async || service.environments().await.unwrap().remove(0);
        assert_eq!((seen().await.environment.is_active, seen().await.next_scan), (false, None));
        let error = service.scan(Some(slug.clone())).await.unwrap_err().to_string();
        assert!(error.contains("active = false"), "{error}");
        service.reconfigure(vec![active], Guard::default()).await;
        assert!(seen().await.environment.is_active);
        service.scan(Some(slug.clone())).await.unwrap();
        service.reconfigure(vec![inactive], Guard::default()).await;
        let now = seen().await;
        assert_eq!((now.environment.is_active, now.is_removed), (false, false), "it is configured, and off");
        assert!(service.scan(Some(slug)).await.is_err());
        service.shutdown().await;
    }

    #[tokio::test]
    async fn announced_maintenance_holds_where_nothing_is_scanned() {
        use crate::drift::{ContextRequest, When};
        use crate::service::{DriftService, LocalService};
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
        let service = LocalService::start(store, vec![], Handle::current());
        let [from, to] = ["2026-11-21T02:00:00Z", "2026-11-21T04:00:00Z"].map(|at| at.parse().unwrap());
        let when = When::Once { from, to };
        let patching =
            Maintenance { title: "patching".into(), link: None, incident_impact: None, environments: vec![], when };
        service.announce(vec![patching]);
        service.reconfigure(vec![], Guard::default()).await;
        let request = ContextRequest { from, until: to, environments: vec![], limit: 10 };
        assert_eq!(service.contexts(request).await.unwrap().len(), 1);
        service.shutdown().await;
    }
}
