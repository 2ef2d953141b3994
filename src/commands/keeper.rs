//! Opens what each organisation has, and follows the accounts: one that is made is served, one that is deactivated is closed, while
//! the process runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::Handle;

use super::policing::Policing;
use super::session::open_store;
use super::{Session, complain};
use crate::accounts::{Accounts, AccountsError};
use crate::config::Origin;
use crate::drift::{SeverityClass, Slug};
use crate::scan::EnvironmentSpec;
use crate::server::Houses;
use crate::service::{DriftService, Guard, LocalService};
use crate::store::{self, Alerting, Options};
use crate::webhooks::{Pace, Postman, Webhook};

/// The accounts are looked at so often.
const EVERY: Duration = Duration::from_secs(2);

/// Active organisations, and what they have chosen.
type Active = BTreeMap<Slug, Chosen>;

#[derive(Clone, Copy)]
struct Chosen {
    detects: bool,
    /// The least severity that is notified.
    notifies: SeverityClass,
}

/// The services of this process, by organisation.
pub(super) struct Keeper<'a> {
    session: &'a Session,
    accounts: Arc<dyn Accounts>,
    houses: Houses,
    scans: bool,
    open: BTreeMap<Slug, Arc<LocalService>>,
    /// What each was opened with.
    scanned: BTreeMap<Slug, (Vec<EnvironmentSpec>, Guard)>,
    policing: Policing,
    /// Where notifications are sent from here, by organisation.
    webhooks: Vec<(Slug, Webhook)>,
    postmen: BTreeMap<Slug, Postman>,
    /// What could not be opened was said once.
    failed: BTreeSet<Slug>,
    /// The accounts could not be read, and that was said.
    is_blind: bool,
}

impl<'a> Keeper<'a> {
    /// `scans`: whether environments are scanned here.
    pub fn new(session: &'a Session, accounts: Arc<dyn Accounts>, houses: Houses, scans: bool) -> Self {
        let (open, failed) = (BTreeMap::new(), BTreeSet::new());
        let (webhooks, postmen, scanned) = (vec![], BTreeMap::new(), BTreeMap::new());
        let policing = Policing::new(session);
        Self { session, accounts, houses, scans, open, scanned, policing, webhooks, postmen, failed, is_blind: false }
    }

    /// Sends notifications from here, too.
    ///
    /// # Errors
    /// When a secret cannot be had.
    pub fn sending(mut self) -> anyhow::Result<Self> {
        let home = &self.session.settings().organization.value;
        for spec in &self.session.config.webhooks {
            let webhook = spec.ready().map_err(anyhow::Error::msg)?;
            self.webhooks.push((spec.organization.clone().unwrap_or_else(|| home.clone()), webhook));
        }
        Ok(self)
    }

    fn alerting(&self, organization: &Slug, from: SeverityClass) -> Alerting {
        Alerting { from, ..self.session.store_options(organization).alerting }
    }

    fn send(&mut self, organization: &Slug, service: &LocalService) {
        let its = self.webhooks.iter().filter(|(of, _)| of == organization);
        let its: Vec<Webhook> = its.map(|(_, webhook)| webhook.clone()).collect();
        if its.is_empty() {
            return;
        }
        match Postman::start(service, organization, its, Pace::default()) {
            Ok(postman) => drop(self.postmen.insert(organization.clone(), postman)),
            Err(error) => complain(&format!("nothing is sent for {organization}: {error}")),
        }
    }

    async fn stop_sending(&mut self, organization: &Slug) {
        if let Some(postman) = self.postmen.remove(organization) {
            postman.end().await;
        }
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
        if let Some(chosen) = active.get(home) {
            self.open(home.clone(), *chosen).await?;
        }
        self.settle(active).await;
        Ok(())
    }

    /// Whether anything belongs to the organisation of this process: somebody named it, or an environment, a webhook or a hook that
    /// names none is its.
    fn needs_home(&self) -> bool {
        let (home, config) = (&self.session.settings().organization, &self.session.config);
        let is_home = |spec: &EnvironmentSpec| spec.environment.organization == home.value;
        let environments = &config.environments;
        home.origin != Origin::BuiltIn
            || environments.is_empty()
            || environments.iter().any(is_home)
            || config.webhooks.iter().any(|spec| spec.organization.is_none())
            || config.hooks.iter().any(|spec| spec.organization.is_none())
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
            self.stop_sending(&slug).await;
            self.houses.rest(&slug, "there is room on the disk again, and the store is opened anew");
            self.scanned.remove(&slug);
            if let Some(service) = self.open.remove(&slug) {
                service.shutdown().await;
            }
            tracing::info!(organization = %slug, "there is room on the disk again: the store is opened anew");
        }
    }

    /// Policies that were changed are in force: what is scanned here is scanned once more under them.
    async fn police(&mut self) {
        let Some(policies) = tokio::task::block_in_place(|| self.policing.look()) else { return };
        for (slug, service) in &self.open {
            service.advise_by(Arc::clone(&policies));
            if let Some((specs, guard)) = self.scanned.get_mut(slug) {
                specs.iter_mut().for_each(|spec| spec.policies = Arc::clone(&policies));
                service.reconfigure(specs.clone(), guard.clone()).await;
            }
        }
    }

    /// Until it is dropped.
    pub async fn follow(&mut self) {
        loop {
            tokio::time::sleep(EVERY).await;
            self.police().await;
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
        for postman in self.postmen.into_values() {
            postman.end().await;
        }
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
            let chosen = |slug: &Slug| {
                let settings = accounts.settings(slug)?.unwrap_or_default();
                Ok(Chosen { detects: settings.drift_detection_enabled, notifies: settings.notification_severity })
            };
            active.map(|one| chosen(&one.slug).map(|chosen| (one.slug, chosen))).collect()
        };
        let active: Result<_, AccountsError> = tokio::task::spawn_blocking(read).await?;
        Ok(active?)
    }

    async fn settle(&mut self, active: Active) {
        let gone: Vec<Slug> = self.open.keys().filter(|slug| !active.contains_key(slug)).cloned().collect();
        for slug in gone {
            self.stop_sending(&slug).await;
            self.houses.close(&slug);
            self.scanned.remove(&slug);
            if let Some(service) = self.open.remove(&slug) {
                service.shutdown().await;
            }
            tracing::info!(organization = %slug, "closed: it is not active any more");
        }
        self.failed.retain(|slug| active.contains_key(slug));
        for (slug, chosen) in active {
            if let Some(service) = self.open.get(&slug) {
                service.detect(chosen.detects);
                service.alert(self.alerting(&slug, chosen.notifies));
                continue;
            }
            match self.open(slug.clone(), chosen).await {
                Ok(()) => drop(self.failed.remove(&slug)),
                Err(error) if self.failed.insert(slug.clone()) => complain(&format!("{slug} is not served: {error:#}")),
                Err(_) => {}
            }
        }
    }

    async fn open(&mut self, organization: Slug, chosen: Chosen) -> anyhow::Result<()> {
        let detects = chosen.detects;
        let session = self.session;
        let is_home = session.settings().organization.value == organization;
        let mut specs = match is_home {
            true => session.environments(&crate::cli::Paths::default())?,
            false => session.environments_of(&organization)?,
        };
        let policies = self.policing.policies();
        specs.iter_mut().for_each(|spec| spec.policies = Arc::clone(&policies));
        let keep =
            Options { alerting: self.alerting(&organization, chosen.notifies), ..session.store_options(&organization) };
        let place = place(session, &organization);
        let opened = tokio::task::spawn_blocking(move || open_store(&place, keep)).await?;
        let opened = opened.context("its store cannot be opened")?;
        opened.notices.iter().for_each(|notice| complain(notice));
        let guard = guard(session.guard(), &specs);
        let scanned = if self.scans { specs } else { vec![] };
        self.scanned.insert(organization.clone(), (scanned.clone(), guard.clone()));
        let maintenance = session.config.maintenance.clone();
        // Switched off before anything is there to be scanned.
        let (first, later) = if detects { (scanned, None) } else { (vec![], Some((scanned, guard.clone()))) };
        let start = move || {
            let service = LocalService::start_guarded(opened.store, first, guard, Handle::current());
            service.announce(maintenance);
            // Where nothing is scanned, drifts are analysed all the same.
            service.advise_by(policies);
            service.detect(detects);
            service
        };
        let service = tokio::task::spawn_blocking(start).await?;
        if let Some((scanned, guard)) = later {
            service.reconfigure(scanned, guard).await;
        }
        self.send(&organization, &service);
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
