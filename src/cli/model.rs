//! What is learned from operators: the registry of models.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Args, Debug)]
pub struct ModelArgs {
    /// The models of a server, as whoever is logged in there; its address, or its name in the configuration
    // A name of its own: the screens have a flag that is spelt alike.
    #[arg(id = "models_of", long = "server", value_name = "SERVER", global = true)]
    pub server: Option<String>,
    #[command(subcommand)]
    pub command: ModelCommand,
}

#[derive(Subcommand, Debug)]
pub enum ModelCommand {
    /// The models that were learned, with how well they do; and what is missing before one can be
    List {
        #[arg(long, value_enum, default_value_t)]
        format: ModelFormat,
    },
    /// Train the next version from the causes that were confirmed or corrected
    Train {
        /// Take it into use at once
        #[arg(long)]
        activate: bool,
        #[arg(long, value_enum, default_value_t)]
        format: ModelFormat,
    },
    /// Measure a version on what was said after its training, and keep the figures
    Evaluate {
        /// Without it the one in use
        version: Option<u32>,
        #[arg(long, value_enum, default_value_t)]
        format: ModelFormat,
    },
    /// Take a version into use
    Activate(ModelVersion),
    /// Take the version into use that was before
    Rollback,
}

#[derive(Args, Debug)]
pub struct ModelVersion {
    pub version: u32,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ModelFormat {
    #[default]
    Text,
    Json,
}
