//! The configuration is followed while the screens and scanners run: a valid change is in force at once, an invalid one is named
//! with file and line and changes nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::{Session, screens};
use crate::cli::{Look, Paths};
use crate::config::{Changes, lost};
use crate::drift::Slug;
use crate::scan::EnvironmentSpec;
use crate::scan::watch::FileWatch;
use crate::service::{Guard, LocalService};
use crate::telemetry;
use crate::tui::Options;

/// An editor writes a file in several steps, and a checkout several files.
const SETTLED: Duration = Duration::from_millis(300);

/// What is in force.
struct Running {
    specs: Vec<EnvironmentSpec>,
    guard: Guard,
    /// What was read last was not taken over, and that was said.
    is_refused: bool,
}

/// What has to be told of another configuration.
pub(super) struct Reload {
    session: Session,
    given: Paths,
    /// Where the screens hear of their looks; line by line nothing looks like anything.
    looks: Option<watch::Sender<Option<Arc<Options>>>>,
}

impl Reload {
    /// As the session was started. The receiver is for the screens' options.
    pub fn new(session: &Session, given: &Paths) -> (Self, watch::Receiver<Option<Arc<Options>>>) {
        let (looks, told) = watch::channel(None);
        (Self { session: session.again(), given: given.clone(), looks: Some(looks) }, told)
    }

    /// For a session without screens.
    pub fn plain(session: &Session, given: &Paths) -> Self {
        Self { session: session.again(), given: given.clone(), looks: None }
    }

    /// Follows the files on a thread of its own, until the process ends.
    pub fn follow(self, service: Arc<LocalService>, handle: Handle) {
        let name = "configuration".to_owned();
        if let Err(error) = std::thread::Builder::new().name(name).spawn(move || self.run(&service, &handle)) {
            tracing::warn!(%error, "the configuration is not followed");
        }
    }

    fn run(mut self, service: &Arc<LocalService>, handle: &Handle) {
        let (tell, changed) = channel();
        let (mut watch, notice) = FileWatch::new(Arc::new(move || {
            // Nobody waits for changes any more.
            let _ = tell.send(());
        }));
        let began = SystemTime::now();
        let polls = |notice: Option<String>| notice.iter().for_each(|text| tracing::info!(text, "configuration"));
        polls(notice);
        polls(watch.follow(&self.files(), began));
        let specs = self.session.environments(&self.given).unwrap_or_default();
        let is_refused = !self.session.config.problems.is_empty();
        let mut running = Running { guard: self.session.guard(), specs, is_refused };
        while settled(&changed) {
            let began = SystemTime::now();
            let new = self.session.again();
            match self.valid(&new, &running.specs) {
                Ok((specs, options)) => running = self.take(new, specs, options, &running, (service, handle)),
                Err(problems) => {
                    running.is_refused = true;
                    let more = match problems.len() - 1 {
                        0 => String::new(),
                        more => format!(" (and {more} more: `driftguard config check`)"),
                    };
                    service.tell(true, &format!("the configuration goes on as it was: {}{more}", problems[0]));
                }
            }
            polls(watch.follow(&self.files(), began));
        }
    }

    /// What was read takes the place of what runs.
    fn take(
        &mut self,
        new: Session,
        specs: Vec<EnvironmentSpec>,
        mut options: Options,
        running: &Running,
        (service, handle): (&LocalService, &Handle),
    ) -> Running {
        let is_configured = |slug: &Slug| new.config.environments.iter().any(|spec| spec.environment.slug == *slug);
        let guard = new.guard().keeping(&running.guard.protected, is_configured);
        options.protected.clone_from(&guard.protected);
        let changes = Changes::between((self.session.settings(), &running.specs), (new.settings(), &specs));
        tracing::info!(?changes, "the configuration was read anew");
        if let Err(error) = telemetry::switch(&new.settings().log_level.value) {
            tracing::warn!(%error, "log level");
        }
        let is_announced = new.config.maintenance == self.session.config.maintenance;
        if changes.environments() || guard != running.guard || !is_announced {
            service.announce(new.config.maintenance.clone());
            handle.block_on(service.reconfigure(specs.clone(), guard.clone()));
        }
        if new.config.patterns != self.session.config.patterns {
            service.alert(new.store_options(&new.settings().organization.value).alerting);
        }
        if let Some(looks) = &self.looks {
            // Nobody looks any more: nothing to tell.
            let _ = looks.send(Some(Arc::new(options)));
        }
        let left: Vec<&Slug> = changes.removed.iter().filter(|slug| guard.protected.contains(*slug)).collect();
        if let Some(text) = words(running.is_refused, &changes.words(), &left) {
            service.tell(false, &text);
        }
        self.session = new;
        Running { specs, guard, is_refused: false }
    }

    fn files(&self) -> Vec<PathBuf> {
        self.session.configured_by()
    }

    /// What the configuration makes, or every mistake in it; at least one.
    fn valid(
        &self,
        new: &Session,
        running: &[EnvironmentSpec],
    ) -> Result<(Vec<EnvironmentSpec>, Options), Vec<String>> {
        // Where the last session ended is of no matter any more.
        let options = screens::options(new, &Look { fresh: true, ..Look::default() });
        let mut problems: Vec<String> = new.config.problems.iter().map(ToString::to_string).collect();
        problems.extend(super::config::looks(new));
        problems.extend(lost(&self.session.config, &new.config).filter(|_| problems.is_empty()));
        match new.environments_again(&self.given, running) {
            Ok(specs) if problems.is_empty() => Ok((specs, options)),
            Ok(_) => Err(problems),
            Err(error) => {
                problems.push(format!("{error:#}"));
                Err(problems)
            }
        }
    }
}

/// What is told of a configuration that is in force. `left`: protected, and no longer configured.
fn words(was_refused: bool, changes: &str, left: &[&Slug]) -> Option<String> {
    let protected = match left.iter().map(|slug| slug.as_str()).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => none,
        names => format!("; still protected in this session: {names}"),
    };
    match (was_refused, changes) {
        (false, "") => None,
        (true, "") => Some("the configuration is valid again".into()),
        (false, changes) => Some(format!("configuration read anew: {changes}{protected}")),
        (true, changes) => Some(format!("the configuration is valid again: {changes}{protected}")),
    }
}

/// Waits for a change and until no more come; `false` when nobody will tell of any.
fn settled(changed: &Receiver<()>) -> bool {
    if changed.recv().is_err() {
        return false;
    }
    while changed.recv_timeout(SETTLED) != Err(RecvTimeoutError::Timeout) {}
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_right_is_said_once_and_protection_that_stays_with_what_goes() {
        let late = Slug::from_text("late");
        assert_eq!(words(false, "", &[]), None);
        assert_eq!(words(true, "", &[]).unwrap(), "the configuration is valid again");
        assert_eq!(
            words(true, "no longer scanned: late", &[&late]).unwrap(),
            "the configuration is valid again: no longer scanned: late; still protected in this session: late"
        );
    }
}
