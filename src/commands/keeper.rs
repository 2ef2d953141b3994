//! Opens what each organisation has, and follows the accounts: one that is made is served, one that is deactivated is closed, while
//! the process runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::Handle;

use super::session::open_store;
use super::{Session, complain};
use crate::accounts::{Accounts, AccountsError};
use crate::config::Origin;
use crate::drift::Slug;
use crate::scan::EnvironmentSpec;
use crate::server::Houses;
use crate::service::{DriftService, Guard, LocalService};
use crate::store;

/// The accounts are looked at so often.
const EVERY: Duration = Duration::from_secs(2);

/// Active organisations, and whether they detect drift.
type Active = BTreeMap<Slug, bool>;

/// The services of this process, by organisation.
pub(super) struct Keeper<'a> {
    session: &'a Session,
    accounts: Arc<dyn Accounts>,
    houses: Houses,
    scans: bool,
    open: BTreeMap<Slug, Arc<LocalService>>,
    /// What could not be opened was said once.
    failed: BTreeSet<Slug>,
    /// The accounts could not be read, and that was said.
    is_blind: bool,
}

impl<'a> Keeper<'a> {
    /// `scans`: whether environments are scanned here.
    pub fn new(session: &'a Session, accounts: Arc<dyn Accounts>, houses: Houses, scans: bool) -> Self {
        let (open, failed) = (BTreeMap::new(), BTreeSet::new());
        Self { session, accounts, houses, scans, open, failed, is_blind: false }
    }

    /// Opens everything there is.
    ///
    /// # Errors
    /// When the accounts cannot be read, or the organisation of this process is not there or cannot be opened.
    pub async fn begin(&mut self) -> anyhow::Result<()> {
        let home = &self.session.settings().organization.value;
        let active = self.active().await?;
        if !active.contains_key(home) && (self.needs_home() || active.is_empty()) {
            let known: Vec<&str> = active.keys().map(Slug::as_str).collect();
            let named = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            anyhow::bail!(
                "there is no active organisation {home}: name one with --organization or DRIFTGUARD_ORGANIZATION (active: {named})"
            );
        }
        if let Some(detects) = active.get(home) {
            self.open(home.clone(), *detects).await?;
        }
        self.settle(active).await;
        Ok(())
    }

    /// Whether anything belongs to the organisation of this process: somebody named it, or an environment that names none is its.
    fn needs_home(&self) -> bool {
        let (home, environments) = (&self.session.settings().organization, &self.session.config.environments);
        let is_home = |spec: &EnvironmentSpec| spec.environment.organization == home.value;
        home.origin != Origin::BuiltIn || environments.is_empty() || environments.iter().any(is_home)
    }

    /// Opens again what had no room to write, and has it now.
    async fn mend(&mut self) {
        let is_full = |service: &LocalService| service.store_gauges().trouble.is_some();
        let has_room = |slug: &Slug| {
            let place = place(self.session, slug);
            store::url_of(&place).is_none() && store::has_room(&place)
        };
        let mended = self.open.iter().filter(|(slug, service)| is_full(service) && has_room(slug));
        let mended: Vec<Slug> = mended.map(|(slug, _)| slug.clone()).collect();
        for slug in mended {
            self.houses.rest(&slug, "there is room on the disk again, and the store is opened anew");
            if let Some(service) = self.open.remove(&slug) {
                service.shutdown().await;
            }
            tracing::info!(organization = %slug, "there is room on the disk again: the store is opened anew");
        }
    }

    /// Until it is dropped.
    pub async fn follow(&mut self) {
        loop {
            tokio::time::sleep(EVERY).await;
            match self.active().await {
                Ok(active) => {
                    self.is_blind = false;
                    self.mend().await;
                    self.settle(active).await;
                }
                // Who is in stays in: whether he may is asked at each request.
                Err(error) if !self.is_blind => {
                    self.is_blind = true;
                    tracing::warn!(%error, "the organisations cannot be read; they stay as they are");
                }
                Err(_) => {}
            }
        }
    }

    /// When this returns, what was acknowledged is finished.
    pub async fn close(self) {
        for service in self.open.into_values() {
            service.shutdown().await;
        }
    }

    /// What this process has open.
    pub fn organizations(&self) -> impl Iterator<Item = &Slug> {
        self.open.keys()
    }

    async fn active(&self) -> anyhow::Result<Active> {
        let accounts = Arc::clone(&self.accounts);
        let read = move || {
            let active = accounts.organizations()?.into_iter().filter(|one| one.is_active);
            let detects = |slug: &Slug| Ok(accounts.settings(slug)?.unwrap_or_default().drift_detection_enabled);
            active.map(|one| detects(&one.slug).map(|detects| (one.slug, detects))).collect()
        };
        let active: Result<_, AccountsError> = tokio::task::spawn_blocking(read).await?;
        Ok(active?)
    }

    async fn settle(&mut self, active: Active) {
        let gone: Vec<Slug> = self.open.keys().filter(|slug| !active.contains_key(slug)).cloned().collect();
        for slug in gone {
            self.houses.close(&slug);
            if let Some(service) = self.open.remove(&slug) {
                service.shutdown().await;
            }
            tracing::info!(organization = %slug, "closed: it is not active any more");
        }
        self.failed.retain(|slug| active.contains_key(slug));
        for (slug, detects) in active {
            if let Some(service) = self.open.get(&slug) {
                service.detect(detects);
                continue;
            }
            match self.open(slug.clone(), detects).await {
                Ok(()) => drop(self.failed.remove(&slug)),
                Err(error) if self.failed.insert(slug.clone()) => complain(&format!("{slug} is not served: {error:#}")),
                Err(_) => {}
            }
        }
    }

    async fn open(&mut self, organization: Slug, detects: bool) -> anyhow::Result<()> {
        let session = self.session;
        let is_home = session.settings().organization.value == organization;
        let specs = match is_home {
            true => session.environments(&crate::cli::Paths::default())?,
            false => session.environments_of(&organization)?,
        };
        let mut keep = session.settings().store_options();
        keep.organization = organization.clone();
        let place = place(session, &organization);
        let opened = tokio::task::spawn_blocking(move || open_store(&place, keep)).await?;
        let opened = opened.context("its store cannot be opened")?;
        opened.notices.iter().for_each(|notice| complain(notice));
        let guard = guard(session.guard(), &specs);
        let scanned = if self.scans { specs } else { vec![] };
        let maintenance = session.config.maintenance.clone();
        // Switched off before anything is there to be scanned.
        let (first, later) = if detects { (scanned, None) } else { (vec![], Some((scanned, guard.clone()))) };
        let start = move || {
            let service = LocalService::start_guarded(opened.store, first, guard, Handle::current());
            service.announce(maintenance);
            service.detect(detects);
            service
        };
        let service = tokio::task::spawn_blocking(start).await?;
        if let Some((scanned, guard)) = later {
            service.reconfigure(scanned, guard).await;
        }
        self.houses.open(organization.clone(), Arc::clone(&service) as Arc<dyn DriftService>);
        self.open.insert(organization, service);
        Ok(())
    }
}

/// One database is everybody's; directories stand beside each other.
fn place(session: &Session, organization: &Slug) -> PathBuf {
    let place = &session.settings().store.value;
    if store::url_of(place).is_some() || session.settings().organization.value == *organization {
        return place.clone();
    }
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(format!("-{organization}"));
    place.with_file_name(name)
}

/// What is protected is so by its own organisation's environments.
fn guard(mut guard: Guard, specs: &[EnvironmentSpec]) -> Guard {
    // Behind a server there are others.
    guard.approve_own = false;
    guard.protected = specs.iter().filter(|spec| spec.protect).map(|spec| spec.environment.slug.clone()).collect();
    guard
}
