//! The trails: whether they are what they were, and to take them away.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Subcommand, Debug)]
pub enum AuditCommand {
    /// Check that nobody has tampered with what was decided, nor with what happened to accounts; exit code 1 when somebody has
    ///
    /// Reads every entry of both chains. While a server has the accounts of a directory open, ask it: GET /api/v1/audit/verify.
    Verify,
    /// Write all entries of a span, newest first, however many there are
    Export(AuditExport),
}

#[derive(Args, Debug)]
pub struct AuditExport {
    /// The oldest: -30d, 02:40, 2026-11-01 or 2026-11-01T00:00:00Z
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// The newest
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    pub format: AuditFormat,
    /// What was decided about drift, or what happened to accounts
    #[arg(long, value_enum, default_value_t)]
    pub kind: AuditKind,
    /// With --kind security: whose accounts; else $DRIFTGUARD_ORGANIZATION
    #[arg(long, visible_alias = "org", value_name = "SLUG")]
    pub organization: Option<String>,
    /// Into a new file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AuditFormat {
    #[default]
    Json,
    Csv,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AuditKind {
    #[default]
    Drifts,
    Security,
}
