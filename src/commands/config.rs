//! `driftguard config`: what is in force, and what is wrong with it.

use std::io::Write;

use super::Session;
use crate::cli::ConfigCommand;
use crate::config::SETTINGS;

pub(super) fn run(session: &Session, command: &ConfigCommand) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    let config = &session.config;
    if matches!(command, ConfigCommand::Show) {
        for setting in SETTINGS {
            let (value, origin) = setting.show(&config.settings);
            writeln!(out, "{:<10} {value:<40} {origin}", setting.key)?;
        }
        for spec in &config.environments {
            let environment = &spec.environment;
            writeln!(out, "environment {} ({})", environment.slug, environment.cloud_provider.as_str())?;
        }
    }
    for problem in &config.problems {
        writeln!(out, "{problem}")?;
    }
    if matches!(command, ConfigCommand::Check) && config.problems.is_empty() {
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
    Ok(u8::from(!config.problems.is_empty()))
}
