//! What advice goes by, and what follows from it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand, Debug)]
pub enum PolicyCommand {
    /// Read policy files and list their rules, or name every mistake with file and line; exit code 1 when there is one
    ///
    /// Without a file: those in force (policies/*.toml beside the configuration, and what [recommend] names).
    Check { file: Vec<PathBuf> },
    /// Show what rules do to the advice for the drifts in the store that wait for somebody; nothing is written
    Test {
        /// In place of the policies in force
        file: Vec<PathBuf>,
        /// Only this drift: its id, address or the cloud's id
        #[arg(long, value_name = "ID|ADDRESS")]
        drift: Option<String>,
    },
}

#[derive(Args, Debug)]
pub struct Codify {
    /// Its id, address or the cloud's id
    #[arg(value_name = "ID|ADDRESS")]
    pub drift: String,
    /// Only in this environment
    #[arg(long, value_name = "SLUG")]
    pub env: Vec<String>,
    /// Make the edit, after asking
    #[arg(long)]
    pub write: bool,
    /// Do not ask
    #[arg(long, requires = "write")]
    pub yes: bool,
}
