//! Layers of configuration: built in < `/etc` < user < environment variable < flag. Each value knows its origin, each mistake
//! its file and line.

mod adding;
mod analysis;
mod aws;
mod changes;
mod discover;
mod duration;
mod environment;
mod file;
mod gemini;
mod lost;
mod maintenance;
mod origin;
mod packs;
mod paths;
mod patterns;
mod recommend;
mod remediation;
mod server;
mod servers;
mod settings;
#[cfg(test)]
mod testkit;
mod webhooks;

use std::path::{Path, PathBuf};

pub(crate) use adding::replace;
pub use adding::{Adding, Found, Offered, offered};
pub use changes::{Changes, is_same};
pub use discover::{ad_hoc, discover};
pub use duration::parse_duration;
pub use lost::lost;
pub use origin::{Origin, Problem, Valued};
pub use paths::Paths;
pub use recommend::Advising;
pub(crate) use recommend::text_of as policy_text;
pub use server::server_keys;
pub use servers::Servers;
pub use settings::{SETTINGS, Setting, Settings};

use crate::compare::Knowledge;
use crate::drift::{Maintenance, OnCall};
use crate::gemini::GeminiSpec;
use crate::scan::EnvironmentSpec;
use crate::server::{HookSpec, Limits};
use crate::store::Patterns;
use crate::webhooks::WebhookSpec;

/// Everything a run needs to know before it starts.
#[derive(Debug)]
pub struct Config {
    pub settings: Settings,
    pub environments: Vec<EnvironmentSpec>,
    /// What every environment is compared by.
    pub knowledge: Knowledge,
    /// Maintenance that is announced.
    pub maintenance: Vec<Maintenance>,
    /// What is taken for an incident, and for more of them than usual.
    pub patterns: Patterns,
    /// When whoever changes something by hand is on call.
    pub on_call: OnCall,
    /// How much of a server anybody may have.
    pub server: Limits,
    /// Whoever asked for something to be done about a drift may approve it, where nobody else is.
    pub approve_own: bool,
    /// Rules of one's own about advice.
    pub recommend: Advising,
    /// Servers by name, for `connect`.
    pub servers: Servers,
    /// `None`: it is never asked.
    pub gemini: Option<GeminiSpec>,
    /// What is wrong with its table, if that is why there is none.
    pub gemini_mistake: Option<String>,
    /// Where notifications are sent.
    pub webhooks: Vec<WebhookSpec>,
    /// Who may ask for scans, and say what goes on, with a secret alone.
    pub hooks: Vec<HookSpec>,
    /// Files that were read, lowest layer first.
    pub files: Vec<PathBuf>,
    /// Configuration files that say anything at all.
    pub telling: Vec<PathBuf>,
    /// Mistakes found on the way; the values they stand at were left out.
    pub problems: Vec<Problem>,
}

/// Reads all layers. `flags`: setting key and text, as given on the command line.
pub fn load(
    paths: &Paths,
    explicit: Option<&Path>,
    variable: impl Fn(&str) -> Option<String>,
    flags: &[(&'static str, String)],
) -> Config {
    let mut config = Config::built_in(paths, &variable);
    packs::read(paths, &mut config);
    for candidate in layers(paths, explicit, &variable) {
        let required = explicit == Some(candidate.as_path());
        file::read(&candidate, required, &mut config);
    }
    config.settings.apply_all(
        SETTINGS.iter().filter_map(|s| Some((s.key, variable(s.variable)?, Origin::Variable(s.variable)))),
        &mut config.problems,
    );
    config
        .settings
        .apply_all(flags.iter().map(|(key, text)| (*key, text.clone(), Origin::Flag(key))), &mut config.problems);
    environment::finish(&mut config);
    recommend::finish(paths, &mut config);
    config
}

impl Config {
    /// Why Gemini is asked nothing, and what to do; `None`: it may be.
    pub fn gemini_off(&self) -> Option<String> {
        let mistake = |why: &String| format!("Gemini is off: its table in the configuration has a mistake: {why}");
        let off = || GeminiSpec::OFF.to_owned();
        self.gemini.is_none().then(|| self.gemini_mistake.as_ref().map_or_else(off, mistake))
    }

    /// Before any file is read.
    fn built_in(paths: &Paths, variable: &impl Fn(&str) -> Option<String>) -> Self {
        Self {
            settings: Settings::built_in(paths, variable),
            environments: vec![],
            knowledge: Knowledge::default(),
            maintenance: vec![],
            patterns: Patterns::default(),
            on_call: OnCall::default(),
            server: Limits::default(),
            approve_own: false,
            recommend: Advising::default(),
            servers: Servers::default(),
            gemini: None,
            gemini_mistake: None,
            webhooks: vec![],
            hooks: vec![],
            files: vec![],
            telling: vec![],
            problems: vec![],
        }
    }
}

/// The files, the user's own last.
fn layers(paths: &Paths, explicit: Option<&Path>, variable: &impl Fn(&str) -> Option<String>) -> [PathBuf; 2] {
    let user = match explicit {
        Some(path) => path.to_owned(),
        None => variable("DRIFTGUARD_CONFIG").map_or_else(|| paths.config_dir.join("config.toml"), PathBuf::from),
    };
    [paths.system_dir.join("config.toml"), user]
}

#[cfg(test)]
mod tests;
