//! What the core asks the runtime to do.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Ticket;
use super::drafts::Draft;
use super::incident::Found;
use super::remediation::Ask;
use crate::cli::IncidentFormat;
use crate::config::Adding;
use crate::declared::discover::Offer;
use crate::drift::query::Group;
use crate::drift::{
    ContextId, DriftId, IgnoreRule, IncidentRequest, ModelStep, NeverHideRequest, NeverHideRule, OperationalContext,
    RuleRequest, Slug, TriageRequest, UntoldRequest,
};
use crate::gemini::{Cancel, GeminiSpec, Question};
use crate::safety::Tainted;
use crate::service::Settle;
use crate::store::{DriftFilter, Observation, PageRequest};

/// How the screens ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// On purpose.
    Quit,
    /// By SIGTERM, SIGHUP or SIGINT.
    Signal(i32),
    /// The terminal hung up.
    TerminalGone,
    /// The keyboard's end of the terminal was closed.
    InputEnded,
}

impl Exit {
    /// What the process should return: 0, or 128 and the signal's number (a dead terminal counts as SIGHUP).
    pub fn code(self) -> u8 {
        match self {
            Self::Quit | Self::InputEnded => 0,
            Self::Signal(number) => u8::try_from(128 + number).unwrap_or(u8::MAX),
            Self::TerminalGone => 129,
        }
    }
}

/// A review to be written into the current directory.
#[derive(Clone, PartialEq, Debug)]
pub struct Review {
    pub found: Arc<Found>,
    pub now: Timestamp,
    pub zone: TimeZone,
    pub format: IncidentFormat,
    /// Without a path.
    pub name: String,
}

/// One thing to do outside the core. Those with a ticket answer with a message that carries it.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    LoadEnvironments(Ticket),
    LoadPage(Ticket, PageRequest),
    /// The last one: not before a second is over.
    LoadGroups(Ticket, Box<DriftFilter>, Group, bool),
    /// Asked a moment later, and only the last of several.
    LoadJump(Ticket, PageRequest),
    LoadDetail(Ticket, DriftId),
    Triage(Ticket, TriageRequest),
    /// Several at once; each has its own answer.
    TriageMany(Vec<(Ticket, TriageRequest)>),
    /// All that pass the filter.
    LoadMatching(Ticket, Box<DriftFilter>),
    /// Leave to do something about a drift: asked for, or answered.
    Remediate(Ticket, Box<Ask>),
    /// Who decided or was asked before.
    LoadPeople,
    LoadRules(Ticket),
    /// Asked a moment later, and only the last of several: it is asked while somebody types.
    PreviewRule(Ticket, Box<IgnoreRule>),
    PreviewNeverHide(Ticket, Box<NeverHideRule>),
    ChangeRule(Ticket, Box<RuleRequest>),
    ChangeNeverHide(Ticket, Box<NeverHideRequest>),
    /// Looks through the code.
    FindEnvironments(Ticket, Arc<Adding>),
    /// Writes one into the configuration.
    AddEnvironment(Ticket, Arc<Adding>, Box<Offer>),
    LoadUntold(Ticket, UntoldRequest),
    LoadIncident(Ticket, IncidentRequest),
    /// How much happened when, for the foot of the timeline.
    LoadHeat(Ticket, IncidentRequest),
    /// A drift as it stood at a moment; times are said in the zone.
    LoadAsOf(Ticket, DriftId, Timestamp, TimeZone),
    /// An observed value and the one before it.
    CompareObserved(Ticket, Box<(Option<Observation>, Observation)>, TimeZone),
    LoadResource(Ticket, DriftId),
    /// What happened to it, told in sentences; times are said in the zone.
    LoadNarrative(Ticket, DriftId, TimeZone),
    /// The newest drifts, and how those of the last days went.
    LoadHome(Ticket),
    /// What came of the watching.
    LoadBusiness(Ticket),
    /// Looks up what is known of a drift, to be asked about with what was typed.
    PrepareQuestion(Ticket, DriftId, String, TimeZone),
    /// Sends it.
    AskGemini(Ticket, Box<GeminiSpec>, Box<Question>, Cancel),
    LoadModels(Ticket),
    /// Takes another version of a model into use; by whom.
    ActivateModel(Ticket, ModelStep, Tainted),
    /// Asks the audit trail who made a drift.
    AskWho(Ticket, DriftId),
    /// Thinks about a drift anew; what comes of it comes as news of the drift.
    Analyse(DriftId),
    /// What was decided about a drift, or the newest entries of the whole trail.
    LoadHistory(Ticket, Option<DriftId>, usize),
    /// Writes a review into a file.
    Export(Box<Review>),
    /// By whom.
    PutContext(Box<OperationalContext>, Tainted),
    EndContext(ContextId, Timestamp, Tainted),
    /// A person's word about decisions that wait for the server.
    SettleWaiting(Vec<ulid::Ulid>, Settle),
    /// Tells the others what is looked at: a moment later, and only the last of several.
    Look(Option<DriftId>),
    LoadLooking,
    Scan(Option<Slug>),
    CancelScan(Option<Slug>),
    /// What it is, and the text, sanitised already.
    Copy(&'static str, String),
    /// Restore the terminal and stop until continued.
    Suspend,
    /// Forget what is on the screen and draw it anew.
    Redraw,
    /// The shell may have had the terminal: take it again, and draw anew.
    Retake,
    Bell,
    /// The title of the terminal's window: words of our own.
    Title(String),
    /// These are all drafts there are now.
    KeepDrafts(Vec<Draft>),
    /// Keep a view of this name, or none.
    SaveView(String, Option<String>),
    /// Keep a query in the history.
    KeepQuery(String),
    /// Reads views and history anew.
    LoadFinds,
    Exit(Exit),
}
