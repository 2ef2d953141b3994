//! clap types only; completions and the man page derive from them. Longer than most: the flags that several commands share stand
//! beside the list of commands.

mod accounts;
mod advice;
mod around;
mod audit;
mod inventory;
mod model;
mod pictures;
mod server;
mod state;
mod store;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

pub use accounts::{
    About, AccessArg, AccountsArgs, AccountsCommand, ActionArg, GrantArgs, KeyCommand, Of, OrgCommand, PasswordSource,
    RoleArg, SessionCommand, SettingsArgs, UserCommand, WhoMay,
};
pub use advice::{Codify, PolicyCommand};
pub use around::{
    CountBy, ImpactArg, Mark, MarkFormat, MarkType, NarrativeArgs, NarrativeFormat, StatsArgs, StatsFormat, WhoArgs,
};
pub use audit::{AuditCommand, AuditExport, AuditFormat, AuditKind};
pub use inventory::{InventoryArgs, InventoryFormat, InventoryKind};
pub use model::{ModelArgs, ModelCommand, ModelFormat, ModelVersion};
pub use pictures::{Colors, Screenshots, Size};
pub use server::{Connect, Login, Logout, Serve, Worker};
pub use state::{StateCommand, Versions};
pub use store::{StoreCommand, WhosePart};

use crate::aws::Access;

/// Infrastructure drift triage in the terminal: what changed behind the back of the code, and settle it with a few keys.
///
/// Without a command the screens open. Exit codes of `scan`, `diff` and `demo --once`: 0 in sync, 1 error, 2 drift,
/// 3 incomplete (something could not be compared).
#[derive(Parser, Debug)]
#[command(name = "driftguard", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub global: Global,
    /// Of the screens, where no command is named.
    #[command(flatten, next_help_heading = "Without a command, as for `triage`")]
    pub triage: Triage,
}

impl Cli {
    /// Reads the command line.
    ///
    /// # Errors
    /// What is wrong with it, or the help that was asked for.
    pub fn read() -> Result<Self, clap::Error> {
        Self::try_parse()?.checked()
    }

    /// Flags of the screens before another command would be taken in silence.
    fn checked(self) -> Result<Self, clap::Error> {
        if self.command.is_none() || self.triage == Triage::default() {
            return Ok(self);
        }
        let why = "flags of the screens stand before a command: name them after `triage` or `demo`, or leave the command out\n";
        Err(Self::command().error(clap::error::ErrorKind::ArgumentConflict, why))
    }

    /// The screens are to open so.
    pub fn screens(&self) -> Option<&Triage> {
        match &self.command {
            None => Some(&self.triage),
            Some(Command::Triage(args)) => Some(args),
            Some(_) => None,
        }
    }
}

/// Flags every command takes.
#[derive(Args, Debug, Default)]
pub struct Global {
    /// Read this file instead of the user's configuration
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory of the local store, or postgres://USER@HOST:PORT/DATABASE of a shared one; what it leaves out comes from PGUSER,
    /// PGHOST, PGPORT and PGDATABASE, the password from PGPASSWORD or ~/.pgpass, TLS from ?sslmode= or PGSSLMODE
    #[arg(long, global = true, value_name = "DIR")]
    pub store: Option<String>,
    /// Who decides, as the audit trail names you
    #[arg(long, global = true, value_name = "NAME")]
    pub actor: Option<String>,
    /// error, warn, info, debug or trace; logs go to a file
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Open the screens (what `driftguard` alone does)
    Triage(Triage),
    /// Scan once and print what drifted
    ///
    /// Configured environments are compared with what the store remembers, and what was seen is written to it: scans and screens
    /// share one memory. While the screens hold the store it is only read. Files named by --state and --live, and what the
    /// current directory holds, are scanned without it.
    ///
    /// Exit code: 0 in sync, 1 error, 2 drift, 3 incomplete. Drift that somebody ignored, snoozed or accepted is reported as
    /// settled and does not count as drift, unless --strict.
    Scan(Scan),
    /// Compare two files
    Diff(Diff),
    /// Measure the comparer on recorded cases
    Bench(Bench),
    /// Judge cases as a scan would: severity, direction, cause; or measure how well, where they are labelled
    Eval(Eval),
    /// Make the tables that are shipped as packs from the rows of others
    #[command(subcommand, hide = true)]
    Knowledge(KnowledgeCommand),
    /// Open the screens on a small world of its own, in which things really change
    Demo(Demo),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write everything in the store as JSON lines
    Export {
        /// The file to make; `-` or nothing is standard output
        file: Option<PathBuf>,
    },
    /// Read what `export` wrote into an empty store
    Import {
        /// The file; `-` is standard input
        file: PathBuf,
        /// The store as it stood then: decisions, drifts, rules, marks; what cannot be known of that time is said
        #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
        until: Option<String>,
    },
    /// What changed in a span of time, across all environments: a review for the post-mortem, secrets taken out
    Incident(Incident),
    /// Who made a drift: asks CloudTrail, shows the evidence and keeps it with the drift; 2 when nobody can be named
    Who(WhoArgs),
    /// What happened to a drift, in three to six sentences, each with what it rests on
    Narrative(NarrativeArgs),
    /// Say what goes on around drift: a deployment, an incident, maintenance; it stands in the incident view and its review
    ///
    /// Prints the id of the mark. While maintenance goes on nobody is woken for what drifts. Also works while the screens have the
    /// store: they take the mark in.
    Mark(Mark),
    /// How the drifts of the last days went, and the newest ones; or how many a query finds
    Stats(StatsArgs),
    /// List the ignore rules in the store with what each hides now, and the comparer's own rules
    Rules {
        #[arg(long, value_enum, default_value_t)]
        format: RulesFormat,
    },
    /// Show the smallest edit of the Terraform code that makes it say what is live, or make it
    ///
    /// For a resource that nobody declares: the import block. Nothing is written without --write, and then only what was shown.
    /// Exit code 0 when nothing would differ afterwards, 2 when something would, 3 when there is no edit.
    Codify(Codify),
    /// Rules of your own about advice: check them, and see what they would do
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Look after the store
    #[command(subcommand)]
    Store(StoreCommand),
    /// What was decided, and what happened to accounts: check that it is what it was, or take it away
    #[command(subcommand)]
    Audit(AuditCommand),
    /// What is learned from operators who confirm or correct causes: list, train, measure, take into use
    Model(ModelArgs),
    /// All there is on one page: environments, drifts, advice, settings; secrets taken out
    Report(ReportArgs),
    /// What AWS has to allow, and what is understood of it
    #[command(subcommand)]
    Aws(AwsCommand),
    /// List what there is: every declared resource and every live one that nobody declares
    Inventory(InventoryArgs),
    /// Where declared state lives: its versions, and the backends of code
    #[command(subcommand)]
    State(StateCommand),
    /// Serve the configured environments to their organisations: the same screens over a REST API
    ///
    /// Whoever comes brings an API key (`driftguard accounts key`). Listens on this machine alone unless it has a certificate. With
    /// `store = "postgres://…"` any number of servers stand on one database; PGPASSWORD or a .pgpass has its password.
    Serve(Serve),
    /// Scan for the servers on the same database: several share the work, and take over what one of them left
    Worker(Worker),
    /// Open the screens on a server
    Connect(Connect),
    /// Log in to a server, for `connect` to come in by itself
    ///
    /// What lets you in is kept in the directory of state, for you alone, and renewed when it is over. `logout` ends it.
    Login(Login),
    /// End a login: the server takes it no more, and nothing of it is kept here
    Logout(Logout),
    /// Who may come in to a server: organisations, users, API keys, sessions; on the machine that has them
    ///
    /// They are beside the store. While a server has them open they are changed through it, not here.
    Accounts(AccountsArgs),
    /// Print the key table
    Keys,
    /// Print every path, limit and capability found: for a bug report, or on somebody else's machine
    Info,
    /// Print the manual page, or write the pages of all commands into a directory
    Man {
        /// Where they go: driftguard.1, driftguard-scan.1, …
        directory: Option<PathBuf>,
    },
    /// Print shell completions
    Completions { shell: clap_complete::Shell },
    /// Render the pictures of the README
    #[command(hide = true)]
    Screenshots(Screenshots),
}

/// Which files stand for an environment given by hand.
#[derive(Args, Debug, Default, Clone, PartialEq)]
pub struct Paths {
    /// Declared state: file, directory or glob of Terraform state, plan JSON or Kubernetes manifests; or where a backend keeps
    /// state: s3://BUCKET/KEY, s3://BUCKET/PREFIX/, https://…, postgres://…
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub state: Vec<String>,
    /// Recorded live state: AWS Config snapshots and history, kubectl get -o json
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub live: Vec<String>,
    #[command(flatten)]
    pub aws: Aws,
}

#[derive(Subcommand, Debug)]
pub enum AwsCommand {
    /// Print the smallest IAM policy that lets driftguard read what the configured environments need; all of it reads
    Policy {
        /// Add what reading these types takes where Cloud Control or CloudFormation reads them in your name: `aws_ecs_*`, `AWS::ECS::Service`
        #[arg(long, value_name = "TYPE")]
        types: Vec<String>,
    },
    /// Print the table of resource types that live AWS state is understood of
    Types {
        #[arg(long, value_enum, default_value_t)]
        format: TableFormat,
    },
}

/// How AWS is read for an environment given by hand.
#[derive(Args, Debug, Default, Clone, PartialEq)]
#[command(next_help_heading = "AWS")]
pub struct Aws {
    /// Read live state from AWS (Config), with the credentials the AWS CLI would use
    #[arg(long, requires = "state")]
    pub aws: bool,
    /// Profile of the AWS configuration files, SSO profiles too
    #[arg(long, value_name = "NAME", requires = "aws")]
    pub aws_profile: Option<String>,
    /// Regions to read; else AWS_REGION or the profile's
    #[arg(long, value_name = "REGION", num_args = 1.., requires = "aws")]
    pub aws_region: Vec<String>,
    /// Role to assume; several are a chain
    #[arg(long, value_name = "ARN", num_args = 1.., requires = "aws")]
    pub aws_role: Vec<String>,
    /// Another endpoint for every service: an emulator, a private link
    #[arg(long, value_name = "URL", requires = "aws")]
    pub aws_endpoint: Option<String>,
    /// Types to list besides the declared ones, to find what nobody declares: `AWS::EC2::*`
    #[arg(long, value_name = "GLOB", num_args = 1.., requires = "aws")]
    pub aws_discover: Vec<String>,
    /// Live state as it was then, from AWS Config's history: 2026-11-21T02:40:00Z
    #[arg(long, value_name = "TIME", requires = "aws")]
    pub aws_as_of: Option<jiff::Timestamp>,
}

impl Aws {
    /// `None` without `--aws`.
    pub fn access(&self) -> Option<Access> {
        self.aws.then(|| Access {
            profile: self.aws_profile.clone(),
            regions: self.aws_region.clone(),
            assume_role: self.aws_role.clone(),
            endpoint_url: self.aws_endpoint.clone(),
            discover: self.aws_discover.clone(),
            as_of: self.aws_as_of,
            ..Access::default()
        })
    }
}

#[derive(Args, Debug, Default, PartialEq)]
pub struct Triage {
    /// Open the screens on a server, as `connect` does; several that have one database: the next is asked when one does not answer
    #[arg(long, value_name = "URL", num_args = 1.., conflicts_with_all = ["state", "live", "plain", "keep", "read_only"])]
    pub server: Vec<String>,
    #[command(flatten)]
    pub paths: Paths,
    #[command(flatten)]
    pub look: Look,
    /// Look, but decide nothing
    #[arg(long)]
    pub read_only: bool,
    /// Line by line, without a screen: for screen readers, dumb terminals, pipes and logs. `help` lists what can be said
    #[arg(long)]
    pub plain: bool,
    /// Keep what --state and --live show, and what is decided about it, in the store; without it, it is forgotten at the end
    #[arg(long)]
    pub keep: bool,
}

#[derive(Args, Debug)]
pub struct Scan {
    /// Only these configured environments
    #[arg(long, value_name = "SLUG", num_args = 1.., conflicts_with_all = ["state", "live"])]
    pub env: Vec<String>,
    #[command(flatten)]
    pub paths: Paths,
    /// Ask AWS nothing but how much there is, and say how many calls a scan would make
    #[arg(long)]
    pub estimate: bool,
    /// Read everything of AWS anew, not only what has changed since the last scans
    #[arg(long)]
    pub full: bool,
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Ignore what matches, for this run: `TYPE.ID` or `TYPE.ID.PATH` with `*`, as a line of a .driftignore file
    #[arg(long, value_name = "PATTERN")]
    pub ignore: Vec<String>,
    /// Exit with 2 for drift that is ignored, snoozed or accepted too, and with 3 when any single property could not be
    /// compared
    #[arg(long)]
    pub strict: bool,
    /// List in the JSON formats what was hidden of resources in sync too, with rule, declared and live value
    #[arg(long)]
    pub show_hidden: bool,
    /// Neither read nor write the store
    #[arg(long)]
    pub no_store: bool,
}

#[derive(Args, Debug)]
pub struct Diff {
    /// What the code says. `FILE#a.b` takes a part of a JSON or YAML document
    pub declared: String,
    /// What is there
    pub live: String,
    /// The resource type, where the files do not tell
    #[arg(long = "type", value_name = "TYPE")]
    pub resource_type: Option<String>,
    /// How properties are spelt, where the files do not tell
    #[arg(long, value_enum)]
    pub dialect: Option<DialectArg>,
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Exit with 3 when any single property could not be compared
    #[arg(long)]
    pub strict: bool,
}

#[derive(Args, Debug)]
pub struct Bench {
    /// Case files, one JSON object a line, or directories of *.jsonl files
    #[arg(required_unless_present_any = ["cloudtrail", "series", "learning", "analysis"], value_name = "CASES")]
    pub cases: Vec<PathBuf>,
    /// Measure how well the kind of hand behind labelled CloudTrail events is told, instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cases", "mutate", "no_packs"])]
    pub cloudtrail: Option<PathBuf>,
    /// Measure how well incidents are made and bursts are noticed in a series of labelled drift events, instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cases", "cloudtrail", "mutate", "no_packs"])]
    pub series: Option<PathBuf>,
    /// Measure what is learned from operators in so many invented organisations, instead: how often a named cause is right, how
    /// well its confidence is calibrated, how long the training takes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..), conflicts_with_all = ["cases", "cloudtrail", "series", "mutate", "no_packs"])]
    pub learning: Option<u8>,
    /// Measure how long 1,000 drifts made of the cases of `eval` in this file take to be analysed, instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cases", "cloudtrail", "series", "learning", "mutate", "no_packs"])]
    pub analysis: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t)]
    pub format: BenchFormat,
    /// Name every case that did not come out as expected
    #[arg(long)]
    pub failures: bool,
    /// Switch off what packs know about single resource types
    #[arg(long)]
    pub no_packs: bool,
    /// Also change and re-spell every live property in turn, at random from this seed
    #[arg(long, value_name = "SEED")]
    pub mutate: Option<u64>,
}

#[derive(Args, Debug)]
pub struct Eval {
    /// Case files, one JSON object a line, or directories of *.jsonl files
    #[arg(required = true, value_name = "CASES")]
    pub cases: Vec<PathBuf>,
    /// Write one line of JSON for each case here; `-` is standard output. What stood there stays until all is judged. No label is read
    #[arg(long, value_name = "FILE", conflicts_with = "score")]
    pub predictions: Option<PathBuf>,
    /// Read the labels too, and print how well the judgements do beside baselines
    #[arg(long)]
    pub score: bool,
}

#[derive(Subcommand, Debug)]
pub enum KnowledgeCommand {
    /// Read policy_*, axis_* and expected_* rows and write the tables
    Build {
        /// The folder of the rows
        from: PathBuf,
        /// The folder of CloudFormation's resource schemas, one JSON file a type, for the table of disruptions; without it, that one stays
        #[arg(long, value_name = "DIR")]
        schemas: Option<PathBuf>,
        /// The folder of the tables
        #[arg(long, value_name = "DIR", default_value = "packs/knowledge")]
        to: PathBuf,
    },
    /// Learn severity from labelled cases, measure it on rules that were not learned from, and write the model
    Train {
        /// Case files, one JSON object a line, or directories of *.jsonl files
        #[arg(required = true, value_name = "CASES")]
        cases: Vec<PathBuf>,
        /// The folder of policy_*.jsonl rows, which are learned from as well; by default that of the first case file
        #[arg(long, value_name = "DIR")]
        tables: Option<PathBuf>,
        /// The folder of the model; without it, it is only measured
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
    /// Print labelled cases as the numbers that severity is learned from, tab-separated
    Features {
        /// Case files, one JSON object a line, or directories of *.jsonl files
        #[arg(required = true, value_name = "CASES")]
        cases: Vec<PathBuf>,
    },
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BenchFormat {
    #[default]
    Text,
    Json,
}

#[derive(Args, Debug)]
pub struct Incident {
    /// -2h, -2h..-30m, 02:40..04:10, 2026-11-21T02:40..04:10, 2026-11-21, today or yesterday; a leading @ does no harm
    #[arg(default_value = "-2h", allow_hyphen_values = true)]
    pub window: String,
    /// Only these environments
    #[arg(long, value_name = "SLUG", num_args = 1..)]
    pub env: Vec<String>,
    #[arg(long, value_enum, default_value_t)]
    pub format: IncidentFormat,
    /// Into a new file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum IncidentFormat {
    #[default]
    Markdown,
    /// One file that needs nothing else
    Html,
    Json,
}

#[derive(Args, Debug)]
pub struct ReportArgs {
    /// Only these environments
    #[arg(long, value_name = "SLUG", num_args = 1..)]
    pub env: Vec<String>,
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
    /// Into a new file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ReportFormat {
    /// One file that needs nothing else
    #[default]
    Html,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RulesFormat {
    #[default]
    Text,
    Json,
}

#[derive(Args, Debug)]
pub struct Demo {
    /// Scan once, print, and leave
    #[arg(long)]
    pub once: bool,
    /// With --once
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    #[command(flatten)]
    pub look: Look,
}

/// How the screens look.
#[derive(Args, Debug, Default, PartialEq)]
pub struct Look {
    /// Colours: auto (dark or light, as the terminal says), default, dark, light, high-contrast, nord, gruvbox-dark, … (`driftguard info` names all), or one of your own
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// Keys: default, vim, emacs or tmux
    #[arg(long, value_name = "NAME")]
    pub keymap: Option<String>,
    /// Draw with ASCII only: true, false or auto, which goes by the locale and TERM
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub ascii: Option<String>,
    /// Times in UTC
    #[arg(long)]
    pub utc: bool,
    /// Begin with the screens as configured, not as the last session left them
    #[arg(long)]
    pub fresh: bool,
}

#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Name every mistake with file and line; exit code 1 when there is one
    Check,
    /// Every value in force and where it came from
    Show,
}

/// How a report is written.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    #[default]
    Text,
    Json,
    Ndjson,
    Markdown,
}

/// How a table is written.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TableFormat {
    #[default]
    Text,
    /// As it stands in the README
    Markdown,
    Json,
}

/// See [`Dialect`](crate::compare::Dialect).
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
#[value(rename_all = "snake_case")]
pub enum DialectArg {
    Terraform,
    Cloudformation,
    AwsConfig,
    Kubernetes,
    Azure,
    Gcp,
}

impl From<DialectArg> for crate::compare::Dialect {
    fn from(arg: DialectArg) -> Self {
        match arg {
            DialectArg::Terraform => Self::Terraform,
            DialectArg::Cloudformation => Self::Cloudformation,
            DialectArg::AwsConfig => Self::AwsConfig,
            DialectArg::Kubernetes => Self::Kubernetes,
            DialectArg::Azure => Self::Azure,
            DialectArg::Gcp => Self::Gcp,
        }
    }
}
