//! The screens. Pure core in `app`, one loop in `runtime`, rendering in `panes`, `overlays` and `widgets`.

pub mod app;
pub mod keymap;
pub mod overlays;
pub mod panes;
pub mod runtime;
pub mod sample;
pub mod term;
pub mod theme;
pub mod widgets;

pub use app::effect::Exit;
pub use runtime::{RunError, run};

use std::collections::BTreeSet;

use crate::drift::Slug;

/// The names in the configuration, that a choice made on the screen is measured against.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Configured {
    pub theme: String,
    pub keymap: String,
    pub utc: bool,
}

/// Nobody has answered yet.
#[derive(Clone, PartialEq, Debug)]
pub struct Trying {
    /// A sentence of our own.
    pub why: String,
    pub since: jiff::Timestamp,
    pub again_at: jiff::Timestamp,
}

/// How the screens are to be.
#[derive(Clone, Default)]
pub struct Options {
    /// Used first.
    pub theme: theme::Theme,
    /// To choose from live.
    pub themes: Vec<theme::Theme>,
    /// Used first; the user's own keys are merged already.
    pub keymap: keymap::Keymap,
    /// To choose from live, by name.
    pub keymaps: Vec<(String, keymap::Keymap)>,
    /// Login name that stands in the audit trail.
    pub actor: String,
    /// Why nothing may be decided, in words for the screen.
    pub read_only: Option<String>,
    /// Environments in which dangerous actions are off.
    pub protected: BTreeSet<Slug>,
    /// The theme is to follow the terminal's background, where it says so.
    pub auto_theme: bool,
    pub configured: Configured,
    /// Which decisions need a reason.
    pub require_reason: crate::service::RequireReason,
    /// Whoever asked for something to be done may approve it himself, where nobody else is.
    pub approve_own: bool,
    /// Who may be asked: offered where somebody is named.
    pub people: Vec<String>,
    /// Ring the bell for new CRITICAL drift.
    pub bell: bool,
    /// Say it in the title of the terminal's window.
    pub title: bool,
    /// Environments that never ring.
    pub muted: BTreeSet<Slug>,
    /// Tell the others what is looked at, and show what they look at.
    pub presence: bool,
    /// A click chooses, the wheel scrolls.
    pub mouse: bool,
    /// Begin with the tutorial, unless the last session says that it was seen.
    pub tutorial: bool,
    /// How the last session ended.
    pub session: Option<app::session::Session>,
    /// Where this one is kept; `None`: nowhere.
    pub session_file: Option<std::path::PathBuf>,
    /// Names the store; `None`: the place in it is not kept.
    pub world: Option<String>,
    /// Sentences to show at the start (warnings of configuration, theme, keymap); sanitised.
    pub notices: Vec<String>,
    /// Where what is being typed is kept; `None`: nowhere.
    pub drafts: Option<std::path::PathBuf>,
    /// The file of the user's views; `None`: they last as long as the session.
    pub views: Option<std::path::PathBuf>,
    /// The file of the query history.
    pub history: Option<std::path::PathBuf>,
    /// How environments get into the configuration; `None`: it does not say what is scanned.
    pub adding: Option<std::sync::Arc<crate::config::Adding>>,
    pub clock: runtime::Clock,
    /// Tells how the screens are to be when the configuration has changed.
    pub reconfigured: Option<tokio::sync::watch::Receiver<Option<std::sync::Arc<Options>>>>,
    /// Tells why the service is not there yet, as long as it is tried.
    pub trying: Option<tokio::sync::watch::Receiver<Option<Trying>>>,
    /// Who may be asked about a drift; `None`: nobody.
    pub gemini: Option<crate::gemini::GeminiSpec>,
    /// Why not, in a sentence; sanitised.
    pub gemini_off: Option<String>,
    /// Times in UTC, not in the local zone.
    pub utc: bool,
}
