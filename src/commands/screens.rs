//! What the screens need to open: looks, keys, a service, a log.

use std::future::Future;
use std::sync::Arc;

use anyhow::Context;
use tokio::runtime::Handle;

use super::Session;
use super::reload::Reload;
use crate::cli::Look;
use crate::service::{DriftService, Guard, LocalService};
use crate::tui::app::action;
use crate::tui::term::glyphs;
use crate::tui::theme::ColorDepth;
use crate::tui::{self, Configured, Options, keymap, runtime, theme};

/// The theme that follows the terminal.
const AUTO: &str = "auto";

/// Looks and keys as configured, with everything that was wrong with them as notices.
pub(super) fn options(session: &Session, look: &Look) -> Options {
    let settings = session.settings();
    let themes_dir = session.paths.config_dir.join("themes");
    let depth = ColorDepth::detect(|name| std::env::var(name).ok());
    let mut notices: Vec<String> = session.config.problems.iter().map(ToString::to_string).collect();
    let ascii = only_ascii(settings.ascii.value, &mut notices);
    // Until the terminal has said what it is, the theme that suits any.
    let auto_theme = settings.theme.value == AUTO;
    let first = if auto_theme { theme::NAMES[0] } else { settings.theme.value.as_str() };
    let (theme, warnings) = theme::load(first, Some(&themes_dir), depth);
    notices.extend(warnings);
    let user_keys = session.paths.config_dir.join("keymap.toml");
    let user_keys = user_keys.exists().then_some(user_keys.as_path());
    let known = action::known();
    let (keymap, warnings) = keymap::load(&settings.keymap.value, user_keys, &known);
    notices.extend(warnings);
    let session_file = runtime::session::file(&session.paths.state_dir);
    let (last, warning) = if look.fresh { (None, None) } else { runtime::session::load(&session_file) };
    notices.extend(warning);
    let Guard { read_only, protected, require_reason, approve_own } = session.guard();
    Options {
        theme: theme.with_ascii(ascii),
        themes: theme::NAMES
            .iter()
            .map(|name| theme::load(name, Some(&themes_dir), depth).0.with_ascii(ascii))
            .collect(),
        keymap,
        keymaps: keymap::NAMES
            .iter()
            .map(|name| ((*name).to_owned(), keymap::load(name, user_keys, &known).0))
            .collect(),
        actor: settings.actor.value.line(),
        read_only,
        protected,
        require_reason,
        approve_own,
        people: settings.people.value.iter().map(|one| one.line()).collect(),
        notices,
        gemini: session.config.gemini.clone(),
        gemini_off: session.config.gemini_off(),
        utc: settings.utc.value,
        auto_theme,
        configured: Configured {
            theme: settings.theme.value.clone(),
            keymap: settings.keymap.value.clone(),
            utc: settings.utc.value,
        },
        bell: settings.bell.value,
        title: settings.title.value,
        muted: settings.mute.value.iter().cloned().collect(),
        presence: settings.presence.value,
        mouse: settings.mouse.value,
        tutorial: settings.tutorial.value,
        session: last,
        session_file: Some(session_file),
        views: Some(session.paths.config_dir.join("views.toml")),
        history: Some(session.paths.state_dir.join("queries")),
        ..Options::default()
    }
}

/// As configured, else as the terminal's environment says; then with a word about why.
fn only_ascii(configured: Option<bool>, notices: &mut Vec<String>) -> bool {
    configured.unwrap_or_else(|| {
        let why = glyphs::only_ascii(|name| std::env::var(name).ok());
        notices
            .extend(why.as_ref().map(|why| format!("ASCII only, since {why}; --ascii=false draws lines and blocks")));
        why.is_some()
    })
}

/// Runs the screens on scanners of our own, which `connect` starts behind the first frame; gives the exit code.
pub(super) fn open<F>(
    session: &Session,
    options: Options,
    reload: Option<Reload>,
    connect: impl FnOnce() -> F + Send + 'static,
) -> anyhow::Result<u8>
where
    F: Future<Output = Result<Arc<LocalService>, String>> + Send + 'static,
{
    let (started, service) = tokio::sync::oneshot::channel();
    let connected = async move {
        let service = connect().await?;
        if let Some(reload) = reload {
            reload.follow(Arc::clone(&service), Handle::current());
        }
        let _ = started.send(Arc::clone(&service));
        Ok(service as Arc<dyn DriftService>)
    };
    on(session, options, connected, async {
        // What was acknowledged is finished before the process ends.
        if let Ok(service) = service.await {
            service.shutdown().await;
        }
    })
}

/// Runs the screens on any service, and `after` when they have closed; gives the exit code.
pub(super) fn on(
    session: &Session,
    mut options: Options,
    connected: impl Future<Output = Result<Arc<dyn DriftService>, String>> + Send + 'static,
    after: impl Future<Output = ()>,
) -> anyhow::Result<u8> {
    let log = session.log();
    if let Err(error) = &log {
        options.notices.push(error.to_string());
    }
    let runtime = tokio::runtime::Runtime::new().context("no threads for the background work")?;
    let ended = runtime.block_on(async {
        let ended = tui::run(connected, options).await;
        after.await;
        ended
    });
    runtime.shutdown_background();
    Ok(ended?.code())
}
