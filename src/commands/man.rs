//! `driftguard man`: the manual, from the same types as the command line.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use clap::CommandFactory;

use crate::cli::Cli;

/// The page about driftguard itself on standard output, or one page for each command into a directory.
pub(super) fn run(directory: Option<&Path>) -> anyhow::Result<u8> {
    let mut command = without_help(Cli::command());
    // Subcommands take over global flags only then.
    command.build();
    match directory {
        Some(directory) => {
            std::fs::create_dir_all(directory).with_context(|| format!("{}: cannot be made", directory.display()))?;
            clap_mangen::generate_to(command, directory)
                .with_context(|| format!("{}: the manual cannot be written there", directory.display()))?;
        }
        None => {
            // Through a buffer: a closed pipe must not leave half an error behind.
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            std::io::stdout().lock().write_all(&page)?;
        }
    }
    Ok(0)
}

/// A page about each `help` would say nothing that the others do not.
fn without_help(command: clap::Command) -> clap::Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}
