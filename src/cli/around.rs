//! What goes on around drift, and figures about it.

use clap::{Args, ValueEnum};

#[derive(Args, Debug)]
pub struct Mark {
    /// What it is
    #[arg(long = "type", value_enum, value_name = "TYPE", required_unless_present_any = ["list", "end"])]
    pub kind: Option<MarkType>,
    /// One line for people
    #[arg(required_unless_present_any = ["list", "end"], value_name = "TEXT")]
    pub text: Vec<String>,
    /// Only these environments; all without it
    #[arg(long, value_name = "SLUG")]
    pub env: Vec<String>,
    /// now, -15m, 02:40 or 2026-11-21T02:40
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// As --from, or +2h. Without it an incident, maintenance or security event is open until it is ended; the others are moments
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub to: Option<String>,
    /// How much it hurts
    #[arg(long, value_enum)]
    pub impact: Option<ImpactArg>,
    /// Where to read on
    #[arg(long, value_name = "URL")]
    pub link: Option<String>,
    /// What another system calls it: OPS-1234
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// List the marks of a span
    #[arg(long, conflicts_with_all = ["kind", "text", "end"])]
    pub list: bool,
    /// With --list: which span, as for `incident`
    #[arg(long, value_name = "SPAN", default_value = "-30d", allow_hyphen_values = true)]
    pub window: String,
    /// With --list
    #[arg(long, value_enum, default_value_t)]
    pub format: MarkFormat,
    /// End the mark with this id, now or --to a time
    #[arg(long, value_name = "ID", conflicts_with_all = ["kind", "text"])]
    pub end: Option<String>,
}

/// See [`ContextType`](crate::drift::ContextType).
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
#[value(rename_all = "snake_case")]
pub enum MarkType {
    Deployment,
    Incident,
    Maintenance,
    SecurityEvent,
    Ticket,
    Alert,
}

impl From<MarkType> for crate::drift::ContextType {
    fn from(arg: MarkType) -> Self {
        match arg {
            MarkType::Deployment => Self::Deployment,
            MarkType::Incident => Self::Incident,
            MarkType::Maintenance => Self::Maintenance,
            MarkType::SecurityEvent => Self::SecurityEvent,
            MarkType::Ticket => Self::Ticket,
            MarkType::Alert => Self::Alert,
        }
    }
}

/// See [`IncidentImpact`](crate::drift::IncidentImpact).
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImpactArg {
    Low,
    Medium,
    High,
}

impl From<ImpactArg> for crate::drift::IncidentImpact {
    fn from(arg: ImpactArg) -> Self {
        match arg {
            ImpactArg::Low => Self::Low,
            ImpactArg::Medium => Self::Medium,
            ImpactArg::High => Self::High,
        }
    }
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MarkFormat {
    #[default]
    Text,
    Json,
}

#[derive(Args, Debug)]
pub struct StatsArgs {
    /// Of the drifts first seen in so many days
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,
    /// Only these environments
    #[arg(long, value_name = "SLUG", num_args = 1..)]
    pub env: Vec<String>,
    /// Count what a query of the query line finds instead: 'sev:>=high is:open @-7d'
    #[arg(long, value_name = "QUERY", conflicts_with = "days", allow_hyphen_values = true)]
    pub count: Option<String>,
    /// With --count: one number for each
    #[arg(long, value_enum, requires = "count")]
    pub by: Option<CountBy>,
    #[arg(long, value_enum, default_value_t)]
    pub format: StatsFormat,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum CountBy {
    Env,
    Type,
    Severity,
    /// Who changed it, where known; a drift of two counts for both
    Actor,
    /// On which it was first seen
    Day,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum StatsFormat {
    #[default]
    Text,
    Json,
    Csv,
}

#[derive(Args, Debug)]
pub struct WhoArgs {
    /// Its id, or the address or id of its resource: then the newest
    #[arg(value_name = "DRIFT")]
    pub drift: String,
    /// Only these environments
    #[arg(long, value_name = "SLUG", num_args = 1..)]
    pub env: Vec<String>,
}

#[derive(Args, Debug)]
pub struct NarrativeArgs {
    /// Its id, or the address or id of its resource: then the newest
    #[arg(value_name = "DRIFT")]
    pub drift: String,
    /// Only these environments
    #[arg(long, value_name = "SLUG", num_args = 1..)]
    pub env: Vec<String>,
    #[arg(long, value_enum, default_value_t = NarrativeFormat::Text)]
    pub format: NarrativeFormat,
    /// Have Gemini tell it, as [gemini] of the configuration says; where it cannot, it is told without
    #[arg(long)]
    pub gemini: bool,
    /// Ask Gemini this; the answer cites the evidence
    #[arg(long, value_name = "QUESTION", conflicts_with = "gemini")]
    pub ask: Option<String>,
    /// Show what would be sent to Gemini, and send nothing
    #[arg(long)]
    pub preview: bool,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
pub enum NarrativeFormat {
    Text,
    Json,
}
