//! `driftguard config`: what is in force, and what is wrong with it.

use std::io::Write;

use super::Session;
use crate::cli::ConfigCommand;
use crate::config::SETTINGS;
use crate::tui::app::action;
use crate::tui::{keymap, theme};

pub(super) fn run(session: &Session, command: &ConfigCommand) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    let config = &session.config;
    if matches!(command, ConfigCommand::Show) {
        for setting in SETTINGS {
            let (value, origin) = setting.show(&config.settings);
            writeln!(out, "{:<14} {value:<40} {origin}", setting.key)?;
        }
        for rule in &config.knowledge.never_hide {
            writeln!(out, "never_hide {rule}")?;
        }
        for spec in &config.environments {
            let environment = &spec.environment;
            writeln!(out, "environment {} ({})", environment.slug, environment.cloud_provider.as_str())?;
        }
    }
    let looks = looks(session);
    for problem in config.problems.iter().map(ToString::to_string).chain(looks.iter().cloned()) {
        writeln!(out, "{problem}")?;
    }
    let is_right = config.problems.is_empty() && looks.is_empty();
    if matches!(command, ConfigCommand::Check) && is_right {
        let user = session.paths.config_dir.join("config.toml");
        match config.files.as_slice() {
            [] => writeln!(out, "no configuration file; the one to write is {}", user.display())?,
            files => writeln!(
                out,
                "{} file(s) read, {} environment(s), no mistakes",
                files.len(),
                config.environments.len()
            )?,
        }
    }
    Ok(u8::from(!is_right))
}

/// A theme or a keymap that is not there, or has mistakes; with where it was asked for.
pub(super) fn looks(session: &Session) -> Vec<String> {
    let settings = session.settings();
    let themes = session.paths.config_dir.join("themes");
    let keys = session.paths.config_dir.join("keymap.toml");
    let keys = keys.exists().then_some(keys.as_path());
    let (_, theme) = theme::load(&settings.theme.value, Some(&themes), theme::ColorDepth::Ansi16);
    let (_, keymap) = keymap::load(&settings.keymap.value, keys, &action::known());
    let theme = theme.into_iter().map(|warning| format!("{}: {warning}", settings.theme.origin));
    theme.chain(keymap.into_iter().map(|warning| format!("{}: {warning}", settings.keymap.origin))).collect()
}
