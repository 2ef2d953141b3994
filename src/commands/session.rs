//! What every command starts from: flags, configuration, directories.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::complain;
use crate::cli::{AuditCommand, Cli, Command, Look, Paths as PathArgs};
use crate::config::{self, Adding, Config, Origin, Paths, Problem, Settings};
use crate::drift::{DriftIgnore, Slug};
use crate::scan::EnvironmentSpec;
use crate::service::Guard;
use crate::store::{self, Alerting, OpenMode, Opened, Options, StoreError};
use crate::telemetry::{self, TelemetryError};
use crate::webhooks::WebhookSpec;

pub(super) struct Session {
    pub paths: Paths,
    pub config: Config,
    /// Patterns of what this run ignores.
    ignore: Vec<String>,
    explicit: Option<PathBuf>,
    flags: Vec<(&'static str, String)>,
}

impl Session {
    pub fn new(cli: &Cli) -> anyhow::Result<Self> {
        let paths = Paths::of_user()
            .context("no home directory: set HOME, or XDG_CONFIG_HOME, XDG_DATA_HOME and XDG_STATE_HOME")?;
        let (explicit, flags) = (cli.global.config.clone(), flags(cli));
        let mut config = config::load(&paths, explicit.as_deref(), |name| std::env::var(name).ok(), &flags);
        config.problems.extend(secret_in_flags(&flags));
        crate::analysis::set_scope(config.settings.frameworks.value.clone());
        let ignore = match &cli.command {
            Some(Command::Scan(args)) => args.ignore.clone(),
            _ => vec![],
        };
        Ok(Self { paths, config, ignore, explicit, flags })
    }

    /// The same, with everything read anew: the flags and variables of the start still count.
    pub fn again(&self) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let config = config::load(&self.paths, self.explicit.as_deref(), variable, &self.flags);
        let Self { paths, ignore, explicit, flags, .. } = self;
        let (paths, ignore, flags) = (paths.clone(), ignore.clone(), flags.clone());
        Self { paths, config, ignore, explicit: explicit.clone(), flags }
    }

    /// Files and directories whose change may change the configuration, there or not.
    pub fn configured_by(&self) -> Vec<PathBuf> {
        let Paths { system_dir, config_dir, .. } = &self.paths;
        let user = ["config.toml", "keymap.toml", "views.toml"].map(|name| config_dir.join(name));
        let folders = ["packs", "policies"].map(|name| [system_dir.join(name), config_dir.join(name)]);
        let folders = folders.into_iter().flatten().chain([config_dir.join("themes")]);
        let others = [system_dir.join("config.toml"), self.settings().driftignore.value.clone()];
        let named = self.explicit.clone().or_else(|| std::env::var_os("DRIFTGUARD_CONFIG").map(PathBuf::from));
        let policies = self.config.recommend.watched();
        user.into_iter().chain(folders).chain(others).chain(named).chain(policies).collect()
    }

    /// What the code in a directory offers, and how it gets into the configuration.
    pub fn adding(&self, directory: &Path) -> Adding {
        Adding::new(&self.paths, self.explicit.as_deref(), |name| std::env::var(name).ok(), directory)
    }

    /// Starts the log; it ends when what is given is dropped.
    pub fn log(&self) -> Result<telemetry::Guard, TelemetryError> {
        let settings = self.settings();
        telemetry::init(&self.paths.state_dir, &settings.log_level.value, settings.log_spans.value)
    }

    pub fn settings(&self) -> &Settings {
        &self.config.settings
    }

    /// What may be decided, as configured: the same for the screens, line by line, and whatever else decides.
    pub fn guard(&self) -> Guard {
        let settings = self.settings();
        let protected = self.config.environments.iter().filter(|spec| spec.protect);
        Guard {
            read_only: settings.read_only.value.then(|| format!("by {}", settings.read_only.origin)),
            protected: protected.map(|spec| spec.environment.slug.clone()).collect(),
            require_reason: settings.require_reason.value.clone(),
            approve_own: self.config.approve_own,
        }
    }

    /// Names every mistake on standard error; for commands that must not work on half a configuration.
    pub fn refuse_problems(&self) -> anyhow::Result<()> {
        if self.config.problems.is_empty() {
            return Ok(());
        }
        self.config.problems.iter().for_each(|p| complain(&p.to_string()));
        bail!("the configuration has mistakes: mend them, or see `driftguard config show` for what is in force");
    }

    /// As [`Self::refuse_problems`], for whatever stores advice: without a policy that cannot be read it would lack its vetoes.
    pub fn refuse_broken_policies(&self) -> anyhow::Result<()> {
        if self.config.recommend.is_broken { self.refuse_problems() } else { Ok(()) }
    }

    /// The environments to work on: those named by paths, else the configured ones, else what the current directory holds.
    pub fn environments(&self, given: &PathArgs) -> anyhow::Result<Vec<EnvironmentSpec>> {
        if !given.state.is_empty() || !given.live.is_empty() {
            return self.equip(vec![config::ad_hoc(&given.state, &given.live, given.aws.access(), self.settings())]);
        }
        if !self.config.environments.is_empty() {
            return self.environments_of(&self.settings().organization.value);
        }
        let here = std::env::current_dir().context("the current directory is not there any more")?;
        self.equip(config::discover(&here, self.settings()))
    }

    /// The configured ones of an organisation, those that are not active among them: they are known, and not scanned.
    pub fn environments_of(&self, organization: &Slug) -> anyhow::Result<Vec<EnvironmentSpec>> {
        let all = self.config.environments.iter().map(|spec| (&spec.environment, spec));
        let own = all.filter(|(known, _)| known.organization == *organization);
        self.equip(own.map(|(_, spec)| spec.clone()).collect())
    }

    /// What the store of an organisation is to keep, and who is told of what is found.
    pub fn store_options(&self, organization: &Slug) -> Options {
        let home = &self.settings().organization.value;
        let is_its = |spec: &&WebhookSpec| spec.organization.as_ref().unwrap_or(home) == organization;
        let channels = self.config.webhooks.iter().filter(is_its).map(|spec| spec.channel.clone()).collect();
        let alerting = Alerting { channels, patterns: self.config.patterns, ..Alerting::default() };
        Options { organization: organization.clone(), alerting, ..self.settings().store_options() }
    }

    /// Where what belongs beside the store is: beside its directory, or where the directory would be.
    pub fn store_directory(&self) -> PathBuf {
        let place = &self.settings().store.value;
        if store::url_of(place).is_some() { self.paths.data_dir.join("store") } else { place.clone() }
    }

    /// For people.
    pub fn store_shown(&self) -> String {
        let place = &self.settings().store.value;
        store::url_of(place).map_or_else(|| place.display().to_string(), store::shown_url)
    }

    /// Those of a session that runs already, and nothing is looked for again: where none is configured, the ones that the start
    /// found stay.
    pub fn environments_again(
        &self,
        given: &PathArgs,
        running: &[EnvironmentSpec],
    ) -> anyhow::Result<Vec<EnvironmentSpec>> {
        let is_given = !given.state.is_empty() || !given.live.is_empty();
        if is_given || !self.config.environments.is_empty() {
            return self.environments(given);
        }
        let (interval, watch) = (self.settings().interval.value, self.settings().watch.value);
        self.equip(running.iter().map(|spec| EnvironmentSpec { interval, watch, ..spec.clone() }).collect())
    }

    /// Gives environments what all of them are compared by: the user's packs and rules, and the patterns of what to ignore.
    pub fn equip(&self, mut specs: Vec<EnvironmentSpec>) -> anyhow::Result<Vec<EnvironmentSpec>> {
        let mut ignore = DriftIgnore::default();
        let file = &self.settings().driftignore;
        match std::fs::read_to_string(&file.value) {
            Ok(text) => ignore.add(&text),
            // The usual one need not be there; one that somebody named must.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && file.origin == Origin::BuiltIn => {}
            Err(e) => bail!("{}: cannot be read: {e} (driftignore, by {})", file.value.display(), file.origin),
        }
        self.ignore.iter().for_each(|pattern| ignore.add(pattern));
        let (ignore, maintenance) = (Arc::new(ignore), Arc::new(self.config.maintenance.clone()));
        let policies = Arc::new(self.config.recommend.policies.clone());
        let on_call = Arc::new(self.config.on_call.clone());
        for spec in &mut specs {
            spec.knowledge = self.config.knowledge.clone();
            spec.ignore = Arc::clone(&ignore);
            spec.maintenance = Arc::clone(&maintenance);
            spec.policies = Arc::clone(&policies);
            spec.on_call = Arc::clone(&on_call);
        }
        Ok(specs)
    }
}

/// How long a scan in the background is waited for, and for how long a holder may have had the store to pass for one.
const PATIENCE: Duration = Duration::from_secs(2);
const SHORT: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// Opens the store for writing. Whoever has it without a terminal, and not for long, is a scan that will soon be done: it is
/// waited for, since a cron job must not turn a whole session into a read-only view.
pub(super) fn open_store(path: &Path, keep: Options) -> Result<Opened, StoreError> {
    let start = Instant::now();
    loop {
        match store::open_with(path, OpenMode::ReadWrite, keep.clone()) {
            Err(StoreError::Held { holder, .. })
                if holder.tty.is_none()
                    && jiff::Timestamp::now().duration_since(holder.since) < SHORT
                    && start.elapsed() < PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(50));
            }
            outcome => return outcome,
        }
    }
}

/// Everybody on the machine sees the words of a command.
fn secret_in_flags(flags: &[(&'static str, String)]) -> Option<Problem> {
    let (_, place) = flags.iter().find(|(key, place)| *key == "store" && store::is_url(place))?;
    (store::shown_url(place) != *place && place.contains(':')).then_some(())?;
    let message = "no passwords in the words of a command, where everybody can read them: set PGPASSWORD, write a \
                   ~/.pgpass, or put the address into the configuration or DRIFTGUARD_STORE";
    Some(Problem { origin: Origin::Flag("store"), column: None, message: message.into() })
}

/// Flags as settings.
fn flags(cli: &Cli) -> Vec<(&'static str, String)> {
    let mut flags = vec![];
    let mut add = |key, value: &Option<String>| flags.extend(value.clone().map(|v| (key, v)));
    add("store", &cli.global.store);
    add("actor", &cli.global.actor);
    add("log_level", &cli.global.log_level);
    match &cli.command {
        Some(Command::Serve(args)) => add("organization", &args.organization),
        Some(Command::Worker(args)) => add("organization", &args.organization),
        Some(Command::Audit(AuditCommand::Export(args))) => add("organization", &args.organization),
        Some(Command::Store(command)) => add("organization", &command.organization().cloned()),
        _ => {}
    }
    let none = Look::default();
    let (look, read_only) = match (cli.screens(), &cli.command) {
        (Some(args), _) => (&args.look, args.read_only),
        (None, Some(Command::Demo(args))) => (&args.look, false),
        (None, Some(Command::Connect(args))) => (&args.look, false),
        _ => (&none, false),
    };
    add("theme", &look.theme);
    add("keymap", &look.keymap);
    add("ascii", &look.ascii);
    let on = |set: bool| set.then(|| "true".to_owned());
    add("utc", &on(look.utc));
    add("read_only", &on(read_only));
    flags
}
