//! `driftguard inventory`: what there is.

use clap::{Args, ValueEnum};

use super::Paths;

#[derive(Args, Debug)]
pub struct InventoryArgs {
    /// Only these configured environments
    #[arg(long, value_name = "SLUG", num_args = 1.., conflicts_with_all = ["state", "live"])]
    pub env: Vec<String>,
    #[command(flatten)]
    pub paths: Paths,
    /// What is wanted to be known of it
    #[arg(long, value_enum, default_value_t)]
    pub kind: InventoryKind,
    #[arg(long, value_enum, default_value_t)]
    pub format: InventoryFormat,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum InventoryKind {
    /// Every resource: type, region, owner, declared or not, what depends on it
    #[default]
    Infrastructure,
    /// Where it is declared and read from: sources, serials, locks
    Configuration,
    /// What hangs on what, those that most depend on first
    Dependency,
    /// What a rule is broken by: without owner, declared nowhere, not verified, open to the world
    Compliance,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum InventoryFormat {
    #[default]
    Text,
    /// One object a line
    Json,
    Csv,
}
