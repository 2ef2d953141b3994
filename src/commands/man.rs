//! `driftguard man`: the manual, from the same types as the command line.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use clap::{Arg, CommandFactory};

use crate::cli::Cli;

/// The page about driftguard itself on standard output, or one page for each command into a directory.
pub(super) fn run(directory: Option<&Path>) -> anyhow::Result<u8> {
    let mut command = without_help(Cli::command());
    // Subcommands take over global flags only then.
    command.build();
    let command = with_values(command);
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

/// Says in every synopsis what an option wants, which the generator leaves out.
fn with_values(command: clap::Command) -> clap::Command {
    let usage = synopsis(&command);
    command.override_usage(usage).mut_subcommands(with_values)
}

/// `driftguard scan [--env SLUG...] [--format FORMAT] [FILE]`
fn synopsis(command: &clap::Command) -> String {
    let mut words = vec![command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned()];
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let (positional, options): (Vec<&Arg>, Vec<&Arg>) = shown.partition(|arg| arg.is_positional());
    words.extend(options.into_iter().chain(positional).map(argument));
    if command.has_subcommands() {
        let all_required = command.is_subcommand_required_set();
        words.push(if all_required { "<COMMAND>".into() } else { "[COMMAND]".into() });
    }
    words.join(" ")
}

fn argument(arg: &Arg) -> String {
    let flag = match (arg.get_short(), arg.get_long()) {
        (Some(short), Some(long)) => format!("-{short}|--{long}"),
        (Some(short), None) => format!("-{short}"),
        (None, Some(long)) => format!("--{long}"),
        (None, None) => String::new(),
    };
    let takes = arg.get_action().takes_values();
    let names: Vec<&str> = arg.get_value_names().unwrap_or_default().iter().map(|name| name.as_str()).collect();
    let several = arg.get_num_args().is_some_and(|number| number.max_values() > 1);
    let value = if takes { format!("{}{}", names.join(" "), if several { "..." } else { "" }) } else { String::new() };
    let between = match (flag.is_empty() || value.is_empty(), arg.is_require_equals_set()) {
        (true, _) => "",
        (false, true) => "=",
        (false, false) => " ",
    };
    let whole = format!("{flag}{between}{value}");
    if arg.is_required_set() { whole } else { format!("[{whole}]") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_says_what_it_does_and_no_two_beside_each_other_say_the_same() {
        fn look(command: &clap::Command) {
            let mut said = std::collections::BTreeSet::new();
            for sub in command.get_subcommands() {
                let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
                let name = format!("{} {}", command.get_name(), sub.get_name());
                assert!(!about.is_empty() && said.insert(about.clone()), "{name}: {about:?}");
                look(sub);
            }
        }
        look(&Cli::command());
    }

    #[test]
    fn a_synopsis_says_what_every_option_wants() {
        let mut command = Cli::command();
        command.build();
        let said = synopsis(&command);
        assert!(said.starts_with("driftguard ") && said.ends_with("[COMMAND]"), "{said}");
        for part in ["[--config FILE]", "[--store DIR]", "[--state PATH...]", "[--theme NAME]", "[--read-only]"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let scan = command.find_subcommand("scan").map(synopsis).unwrap_or_default();
        assert!(scan.starts_with("driftguard scan ") && scan.contains("[--format FORMAT]"), "{scan}");
        let bench = command.find_subcommand("bench").map(synopsis).unwrap_or_default();
        assert!(bench.ends_with(" [CASES...]"), "{bench}");
        let who = command.find_subcommand("who").map(synopsis).unwrap_or_default();
        assert!(who.ends_with(" DRIFT"), "{who}");
    }
}
