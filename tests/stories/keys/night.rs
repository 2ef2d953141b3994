//! The world of these stories: an AWS account in production and a cluster, in files, and a store that believes it is night.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use driftguard::drift::{CloudProvider, Environment, Finding, ScanId, ScanSummary, Slug, Untold};
use driftguard::scan::{self, EnvironmentSpec, Remembered, ScanContext, Seen, Sink};
use driftguard::service::{DriftService, Guard, LocalService};
use driftguard::store::{self, Observation, Store, StoreError};
use driftguard::tui::app::Effect;
use driftguard::tui::app::testkit::{self, Screens};
use driftguard::tui::{Options, theme};
use jiff::{SignedDuration, Timestamp};

use super::cloud::Cloud;
use super::cluster::Cluster;

/// A Tuesday.
const DAY: &str = "2026-11-24";

pub struct Night {
    home: tempfile::TempDir,
    clock: Arc<AtomicI64>,
    store: Arc<dyn Store>,
    runtime: tokio::runtime::Runtime,
    pub cloud: Cloud,
    pub cluster: Cluster,
    pub protected: Vec<Slug>,
}

impl Night {
    /// So many resources in the account and deployments in the cluster; scanned in the evening, when all was in sync.
    pub fn new(resources: usize, deployments: usize) -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(moment("01:00").as_second()));
        let told = Arc::clone(&clock);
        let store = store::open_at(&home.path().join("store"), move || read(&told)).unwrap().store;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (cloud, cluster) = (Cloud::new(resources), Cluster::new(deployments));
        let night = Self { home, clock, store, runtime, cloud, cluster, protected: vec![] };
        for spec in night.specs() {
            night.store.put_environment(&spec.environment).unwrap();
        }
        night.scan();
        night
    }

    /// Only the files: an account in which SSH was opened to everybody.
    pub fn files(home: &Path) {
        let mut cloud = Cloud::new(20);
        cloud.open_ssh(2);
        cloud.write(home);
    }

    /// It is this late now.
    pub fn at(&self, time: &str) {
        self.clock.store(moment(time).as_second(), Ordering::Relaxed);
    }

    pub fn now(&self) -> Timestamp {
        read(&self.clock)
    }

    /// Compares everything as it is.
    pub fn scan(&self) {
        self.cloud.write(self.home.path());
        self.cluster.write(self.home.path());
        for spec in self.specs() {
            let (seen, cancel) = (Seen::default(), AtomicBool::new(false));
            let slug = &spec.environment.slug;
            let load = |kind: &str, id: &str| self.store.remembered(slug, kind, id).unwrap();
            let context = ScanContext {
                remembered: Some(Remembered { seen: &seen, load: &load, standing: &[], own_id: &|_| None }),
                ..ScanContext::ad_hoc(self.store.redaction_key(), &cancel)
            };
            let mut sink = AtNight { store: self.store.as_ref(), at: self.now(), scan: None };
            let report = scan::run(&spec, &context, &mut sink).unwrap();
            assert!(report.errors.is_empty(), "{:?}", report.errors);
        }
    }

    fn specs(&self) -> [EnvironmentSpec; 2] {
        let path = |name: &str| vec![self.home.path().join(name).display().to_string()];
        [
            spec("prod-eu", CloudProvider::Aws, path("terraform.tfstate"), path("snapshot.json"), self.now()),
            spec("shop-k8s", CloudProvider::Kubernetes, path("shop.json"), path("live.json"), self.now()),
        ]
    }

    /// Somebody sits down at a terminal of this size.
    pub fn desk(&self, columns: u16, rows: u16) -> Desk {
        self.desk_with(columns, rows, Options::default())
    }

    pub fn desk_with(&self, columns: u16, rows: u16, options: Options) -> Desk {
        let protected: std::collections::BTreeSet<Slug> = self.protected.iter().cloned().collect();
        let guard = Guard { protected: protected.clone(), ..Guard::default() };
        let handle = self.runtime.handle().clone();
        let service: Arc<dyn DriftService> =
            LocalService::start_guarded(Arc::clone(&self.store), vec![], guard, handle);
        let options = testkit::options(Options { protected, theme: theme::builtin("mono").unwrap(), ..options });
        let mut screens = Screens::connecting(service, options, (columns, rows)).unwrap();
        screens.at(self.now());
        screens.connect();
        Desk { screens, clock: Arc::clone(&self.clock), pressed: 0 }
    }
}

fn moment(time: &str) -> Timestamp {
    format!("{DAY}T{time}:00Z").parse().unwrap()
}

fn read(clock: &AtomicI64) -> Timestamp {
    Timestamp::from_second(clock.load(Ordering::Relaxed)).unwrap()
}

fn spec(
    slug: &str,
    cloud_provider: CloudProvider,
    state: Vec<String>,
    live: Vec<String>,
    now: Timestamp,
) -> EnvironmentSpec {
    EnvironmentSpec {
        environment: Environment {
            organization: Slug::from_text("local"),
            slug: Slug::from_text(slug),
            name: slug.into(),
            cloud_provider,
            region: "".into(),
            account_id: "".into(),
            tags: Default::default(),
            is_active: true,
            created_at: now,
            updated_at: now,
        },
        state,
        live,
        aws: None,
        interval: None,
        schedule: None,
        watch: false,
        protect: false,
        unmanaged: cloud_provider == CloudProvider::Aws,
        knowledge: Default::default(),
        ignore: Default::default(),
        maintenance: Default::default(),
        policies: Default::default(),
        on_call: Default::default(),
    }
}

/// Writes what a scan finds as if it had run at the story's time.
struct AtNight<'a> {
    store: &'a dyn Store,
    at: Timestamp,
    scan: Option<(ScanId, Slug)>,
}

impl AtNight<'_> {
    fn id(&self) -> ScanId {
        self.scan.as_ref().expect("the scan has begun").0
    }
}

impl Sink for AtNight<'_> {
    fn begin(&mut self, environment: &Slug, _: Timestamp) -> Result<ScanId, StoreError> {
        let id = self.store.begin_scan(environment, self.at)?;
        self.scan = Some((id, environment.clone()));
        Ok(id)
    }

    fn findings(&mut self, mut batch: Vec<Finding>) -> Result<(), StoreError> {
        for finding in &mut batch {
            finding.analysis.analyzed_at = self.at;
            for advice in &mut finding.recommendations {
                let life = advice.expires_at.map(|at| at.duration_since(advice.created_at));
                advice.created_at = self.at;
                advice.expires_at = life.map(|life| self.at + life);
            }
        }
        self.store.record(self.id(), batch).map(drop)
    }

    fn observations(&mut self, batch: Vec<Observation>) -> Result<(), StoreError> {
        let (id, environment) = self.scan.clone().expect("the scan has begun");
        let seen = batch.into_iter().map(|one| Observation { observed_at: self.at, ..one }).collect();
        self.store.observe(id, &environment, seen)
    }

    fn untold(&mut self, rows: &[Untold]) -> Result<(), StoreError> {
        self.store.keep_untold(self.id(), rows)
    }

    fn finish(&mut self, summary: ScanSummary) -> Result<ScanSummary, StoreError> {
        let summary = ScanSummary { started_at: self.at, finished_at: self.at, ..summary };
        Ok(self.store.finish_scan(self.id(), summary)?.0)
    }
}

/// Somebody at the keys.
pub struct Desk {
    screens: Screens,
    clock: Arc<AtomicI64>,
    /// Keys pressed so far, letters that were typed among them.
    pub pressed: usize,
}

impl Desk {
    /// Presses keys: `j j enter ctrl-p`. Each word is one press; a chord is two.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        self.pressed += keys.split_whitespace().count();
        self.screens.keys(keys);
        self
    }

    /// Types letters.
    pub fn types(&mut self, text: &str) -> &mut Self {
        self.pressed += text.chars().count();
        self.screens.text(text);
        self
    }

    /// Time passes.
    pub fn wait(&mut self, minutes: i64) -> &mut Self {
        let now = read(&self.clock) + SignedDuration::from_mins(minutes);
        self.clock.store(now.as_second(), Ordering::Relaxed);
        self.screens.at(now);
        self
    }

    pub fn screen(&self) -> String {
        self.screens.screen()
    }

    /// All of these stand on the screen.
    pub fn sees(&mut self, all: &[&str]) -> &mut Self {
        let screen = self.screen();
        for text in all {
            assert!(screen.contains(text), "there is no {text:?}:\n{screen}");
        }
        self
    }

    /// None of these stands on the screen.
    pub fn misses(&mut self, all: &[&str]) -> &mut Self {
        let screen = self.screen();
        for text in all {
            assert!(!screen.contains(text), "there is {text:?}:\n{screen}");
        }
        self
    }

    /// What went to the clipboard last.
    pub fn copied(&self) -> Option<&str> {
        self.screens.effects.iter().rev().find_map(|effect| match effect {
            Effect::Copy(_, text) => Some(text.as_str()),
            _ => None,
        })
    }
}
