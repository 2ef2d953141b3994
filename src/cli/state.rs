//! `driftguard state`: where declared state lives.

use clap::{Args, Subcommand};

use super::RulesFormat;

#[derive(Subcommand, Debug)]
pub enum StateCommand {
    /// List the versions a bucket keeps of a state, newest first: serial, date, size
    ///
    /// Any of them can be scanned (`--state 's3://BUCKET/KEY?serial=7'`) and two can be compared
    /// (`driftguard diff 's3://BUCKET/KEY?serial=7' 's3://BUCKET/KEY?serial=9'`).
    Versions(Versions),
    /// Find states and print environments ready to paste into the configuration
    ///
    /// In a directory: `backend` blocks in .tf and .tf.json files, *.tfbackend files, what `terraform init` wrote down, and state
    /// files themselves; contacts nothing. Beneath s3://BUCKET/PREFIX/: every *.tfstate. What is configured already is said to be.
    /// `--add SLUG` appends one of them to the configuration file itself. Exit code 1 when something cannot be read.
    Discover {
        /// The code, or s3://BUCKET/PREFIX/; what is below it is searched too
        #[arg(default_value = ".", value_name = "DIRECTORY|ADDRESS")]
        place: String,
        /// Write it into the configuration file, behind what stands there; for several, several times
        #[arg(long, value_name = "SLUG")]
        add: Vec<String>,
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
