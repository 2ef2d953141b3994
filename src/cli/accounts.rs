//! Organisations, users, keys and sessions of a server, on the machine that has them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::state::ListFormat;
