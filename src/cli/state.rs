//! `driftguard state`: where declared state lives.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::RulesFormat;

#[derive(Subcommand, Debug)]
pub enum StateCommand {
    /// List the versions a bucket keeps of a state, newest first: serial, date, size
    ///
    /// Any of them can be scanned (`--state 's3://BUCKET/KEY?serial=7'`) and two can be compared
    /// (`driftguard diff 's3://BUCKET/KEY?serial=7' 's3://BUCKET/KEY?serial=9'`).
    Versions(Versions),
    /// Find the backends of Terraform code and print environments ready to paste into the configuration
    ///
    /// Looks at `backend` blocks in .tf and .tf.json files, at *.tfbackend files, and at what `terraform init` wrote down.
    /// Contacts nothing. Exit code 1 when a file cannot be read.
    Discover {
        /// The code; directories below it are searched too
        #[arg(default_value = ".")]
        directory: PathBuf,
    },
}

#[derive(Args, Debug)]
pub struct Versions {
    /// s3://BUCKET/KEY, with ?region=, ?profile=, ?role= or ?endpoint= where they are needed
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
    #[arg(long, value_enum, default_value_t)]
    pub format: RulesFormat,
}
