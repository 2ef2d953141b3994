//! Organisations, users, keys and sessions of a server, on the machine that has them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::RulesFormat;
use crate::api::Role;
use crate::drift::{CloudProvider, SeverityClass};

#[derive(Args, Debug)]
pub struct AccountsArgs {
    #[command(subcommand)]
    pub command: AccountsCommand,
    #[arg(long, value_enum, default_value_t, global = true)]
    pub format: RulesFormat,
}

#[derive(Subcommand, Debug)]
pub enum AccountsCommand {
    /// Begin: the first organisation and its first admin
    Init {
        /// Short name of the organisation: lower-case letters, digits and -
        #[arg(long, visible_alias = "organization", value_name = "SLUG")]
        org: String,
        /// What people call it; else the slug
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Whom the admin logs in as
        #[arg(long, value_name = "NAME")]
        admin: String,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Make the organisations, settings and users of a JSON file; what is there already stays as it is
    ///
    /// {"organizations": [{"slug", "name", "about"?, "settings"?, "users": [{"username", "service"?, "about"?}]}]}, the parts as in the
    /// API. It holds no passwords.
    Import { file: PathBuf },
    /// Organisations and their settings
    #[command(subcommand)]
    Org(OrgCommand),
    /// Users and service accounts, their roles and grants
    #[command(subcommand)]
    User(UserCommand),
    /// API keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Who is logged in
    #[command(subcommand)]
    Session(SessionCommand),
    /// What happened to accounts, newest first
    Audit {
        #[command(flatten)]
        of: Of,
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Check that nobody has tampered with that record; exit code 1 when somebody has
    Verify,
}

// Comments, not documentation: clap would take it for that of the command it is part of.
// Which organisation.
#[derive(Args, Debug, Default)]
pub struct Of {
    /// Which organisation; not needed where there is one
    #[arg(long, visible_alias = "organization", value_name = "SLUG")]
    pub org: Option<String>,
}

// Where a password comes from. Never from a flag: those are in the process list and in the shell's history.
#[derive(Args, Debug)]
pub struct PasswordSource {
    /// The password is the first line of this file, or with - of standard input; else it is asked for
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

#[derive(Subcommand, Debug)]
pub enum OrgCommand {
    /// List them, each below its parent
    List,
    /// Make one
    Add {
        slug: String,
        /// What people call it; else the slug
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        #[command(flatten)]
        about: About,
    },
    /// Change what is named; the rest stays
    Edit {
        slug: String,
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        #[command(flatten)]
        about: About,
        /// Nobody of an organisation that is not active comes in
        #[arg(long, value_name = "BOOL")]
        active: Option<bool>,
    },
    /// Show the settings, and change those that are named
    Settings(SettingsArgs),
}

#[derive(Args, Debug)]
pub struct About {
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    #[arg(long, value_name = "EMAIL")]
    pub contact_email: Option<String>,
    /// The organisation it is below, whose admins manage it, too; '' for none
    #[arg(long, value_name = "SLUG")]
    pub parent: Option<String>,
}

#[derive(Args, Debug)]
pub struct SettingsArgs {
    #[command(flatten)]
    pub of: Of,
    /// Scan its environments at all
    #[arg(long, value_name = "BOOL")]
    pub drift_detection: Option<bool>,
    /// Analyse drift without being asked
    #[arg(long, value_name = "BOOL")]
    pub auto_analysis: Option<bool>,
    #[arg(long, value_name = "BOOL")]
    pub email_notifications: Option<bool>,
    /// Takes a webhook, too
    #[arg(long, value_name = "BOOL")]
    pub slack: Option<bool>,
    /// The webhook is the first line of this file, or with - of standard input: who knows it can write to the channel
    #[arg(long, value_name = "FILE")]
    pub slack_webhook_file: Option<PathBuf>,
    /// Audit plain reading, too; changes always are
    #[arg(long, value_name = "BOOL")]
    pub audit_logging: Option<bool>,
    /// Seconds without a request after which people have to log in again
    #[arg(long, value_name = "SECONDS")]
    pub session_timeout: Option<u32>,
    /// The least severity of drift that people are notified of
    #[arg(long, value_name = "critical|high|medium|low", value_parser = severity)]
    pub notification_severity: Option<SeverityClass>,
}

fn severity(text: &str) -> Result<SeverityClass, String> {
    let known = SeverityClass::WORST_FIRST.into_iter().find(|class| class.as_str().eq_ignore_ascii_case(text));
    known.ok_or_else(|| "critical, high, medium or low".to_owned())
}

impl SettingsArgs {
    /// Whether they are only to be shown.
    pub fn changes_nothing(&self) -> bool {
        let Self { drift_detection, auto_analysis, email_notifications, slack, audit_logging, .. } = self;
        let switches = [drift_detection, auto_analysis, email_notifications, slack, audit_logging];
        switches.iter().all(|switch| switch.is_none())
            && self.slack_webhook_file.is_none()
            && self.session_timeout.is_none()
            && self.notification_severity.is_none()
    }
}

#[derive(Subcommand, Debug)]
pub enum UserCommand {
    /// List users and service accounts
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Add a user, or with --service an account for a program
    Add {
        username: String,
        #[command(flatten)]
        of: Of,
        #[arg(long, value_enum, default_value = "viewer")]
        role: RoleArg,
        #[arg(long, value_name = "TEXT")]
        display_name: Option<String>,
        /// For a program: no password, it comes in by an API key
        #[arg(long, conflicts_with = "password_file")]
        service: bool,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Change what is named; the rest stays
    Edit {
        username: String,
        #[command(flatten)]
        of: Of,
        #[arg(long, value_enum)]
        role: Option<RoleArg>,
        #[arg(long, value_name = "TEXT")]
        display_name: Option<String>,
        /// Who is not active is out at the next request
        #[arg(long, value_name = "BOOL")]
        active: Option<bool>,
    },
    /// Set a password and end all sessions of the user
    Password {
        username: String,
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Limit a user to part of the organisation: add a grant, or take all away. Who has none is limited by the role alone
    Grant(GrantArgs),
    /// Who may do something somewhere?
    Who(WhoMay),
}

#[derive(Args, Debug)]
pub struct GrantArgs {
    pub username: String,
    #[command(flatten)]
    pub of: Of,
    /// Which environments: 'prod-*'
    #[arg(long, value_name = "PATTERN", default_value = "*")]
    pub environments: String,
    /// Which types of resources: 'aws_iam_*'
    #[arg(long, value_name = "PATTERN", default_value = "*")]
    pub types: String,
    #[arg(long, value_name = "PROVIDER", value_parser = provider)]
    pub provider: Option<CloudProvider>,
    #[arg(long, value_enum, default_value = "act")]
    pub access: AccessArg,
    /// Where it holds, once each: 'GET /drifts*'; everywhere without it
    #[arg(long = "endpoint", value_name = "ENDPOINT")]
    pub endpoints: Vec<String>,
    /// Take all grants away instead
    #[arg(long, conflicts_with_all = ["environments", "types", "provider", "access", "endpoints"])]
    pub clear: bool,
}

#[derive(Args, Debug)]
pub struct WhoMay {
    #[arg(value_enum)]
    pub action: ActionArg,
    /// Slug of the environment
    #[arg(value_name = "ENVIRONMENT")]
    pub environment: String,
    #[command(flatten)]
    pub of: Of,
    /// Whose environment it is
    #[arg(long, value_name = "PROVIDER", value_parser = provider, default_value = "aws")]
    pub provider: CloudProvider,
    /// With a resource of this type; else with anything in it
    #[arg(long = "type", value_name = "TYPE")]
    pub resource_type: Option<String>,
}

#[derive(Subcommand, Debug)]
pub enum KeyCommand {
    /// List the keys: of each its first letters only
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Make a key; it is printed this once, alone on standard output
    Add {
        /// In whose name
        username: String,
        #[command(flatten)]
        of: Of,
        /// What for
        #[arg(long, value_name = "TEXT")]
        label: String,
        #[arg(long, value_enum, default_value = "viewer")]
        role: RoleArg,
        /// Where it opens: 'GET /drifts*'; everywhere without one
        #[arg(long = "endpoint", value_name = "ENDPOINT")]
        endpoints: Vec<String>,
        /// After so many days it is over
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
    },
    /// Revoke a key; it counts from the next request on
    Revoke {
        id: String,
        #[command(flatten)]
        of: Of,
    },
}

#[derive(Subcommand, Debug)]
pub enum SessionCommand {
    /// List who is logged in, from where and since when
    List {
        #[command(flatten)]
        of: Of,
    },
    /// End a session; it counts from the next request on
    End {
        id: String,
        #[command(flatten)]
        of: Of,
    },
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum RoleArg {
    Viewer,
    Editor,
    Admin,
}

impl From<RoleArg> for Role {
    fn from(arg: RoleArg) -> Self {
        match arg {
            RoleArg::Viewer => Self::Viewer,
            RoleArg::Editor => Self::Editor,
            RoleArg::Admin => Self::Admin,
        }
    }
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccessArg {
    Read,
    Act,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ActionArg {
    Read,
    Act,
    Delete,
}

fn provider(text: &str) -> Result<CloudProvider, String> {
    let names = CloudProvider::ALL.map(CloudProvider::as_str).join(", ");
    let found = CloudProvider::ALL.into_iter().find(|provider| provider.as_str() == text);
    found.ok_or_else(|| format!("is none of {names}"))
}
