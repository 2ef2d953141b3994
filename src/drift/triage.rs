//! What a person does to a drift, and the record of it.

use serde::{Deserialize, Serialize};

use super::{
    Cause, DriftId, FeatureVector, IgnoreRule, NeverHideChange, NeverHideRule, NewAdvice, Once, Origin, PropertyPath,
    RemediationChange, RuleChange, Slug, State,
};
use crate::safety::Tainted;

/// How a drift was settled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResolutionType {
    /// Put back to what the code says.
    AutoRevert,
    /// The code was, or will be, changed to match.
    CodifyIac,
    /// Left as it is, perhaps until a time.
    Accepted,
    /// Handed to somebody else.
    Escalated,
}

impl ResolutionType {
    /// Every value, in the order pickers show them.
    pub const ALL: [Self; 4] = [Self::AutoRevert, Self::CodifyIac, Self::Accepted, Self::Escalated];

    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AutoRevert => "auto_revert",
            Self::CodifyIac => "codify_iac",
            Self::Accepted => "accepted",
            Self::Escalated => "escalated",
        }
    }
}

/// What is asked for. Externally tagged in JSON: `{"snooze":{"until":"…"}}`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TriageVerb {
    Acknowledge,
    Snooze {
        until: jiff::Timestamp,
    },
    /// `None` takes the assignee away.
    Assign {
        to: Option<Tainted>,
    },
    /// `until` ends an exception; only `accepted` may have one.
    Resolve {
        resolution_type: ResolutionType,
        until: Option<jiff::Timestamp>,
    },
    Note {
        text: Tainted,
    },
    /// Confirms or corrects the cause. The evidence as it is then goes with it, for models to learn from: whatever is sent as
    /// `features`, whoever keeps the decision fills in.
    JudgeCause {
        cause: Cause,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        features: Option<FeatureVector>,
    },
    /// Gives advice.
    Advise {
        advice: Box<NewAdvice>,
    },
    /// A step of advice is done, or is not after all.
    Tick {
        /// The key of a recommendation: 16 hexadecimal digits.
        advice: String,
        /// Counted from 1.
        step: u32,
        done: bool,
    },
    /// Makes the rule and puts every drift it matches out of sight.
    Ignore {
        rule: IgnoreRule,
    },
    /// A rule of the comparer must not hide what it hides of this drift, there or wherever the patterns say.
    NeverHide {
        rule: NeverHideRule,
    },
    /// Settles some changes of the drift; the others stay as they are. `until` as for [`Resolve`](Self::Resolve). An accepted
    /// change is open again when its live value is another one.
    SettleChanges {
        paths: Vec<PropertyPath>,
        resolution_type: ResolutionType,
        until: Option<jiff::Timestamp>,
    },
    /// Settled changes back to open.
    ReopenChanges {
        paths: Vec<PropertyPath>,
    },
    /// Back to open, with all its changes when it was they that had settled it.
    Reopen,
    /// It has to do with another drift, for which the same holds from then on.
    Link {
        to: DriftId,
        #[serde(default)]
        note: Option<Tainted>,
    },
    /// It has nothing to do with the other one after all.
    Unlink {
        to: DriftId,
    },
    /// It is taken out of what it was found together with: it stands alone until somebody links it.
    Split,
    /// It may be found together with others again.
    Rejoin,
    /// Takes back the decision with this audit sequence number.
    Undo {
        seq: u64,
    },
}

impl TriageVerb {
    /// It makes a rule, or may bring one back or take one away.
    pub fn is_about_rules(&self) -> bool {
        matches!(self, Self::Ignore { .. } | Self::NeverHide { .. } | Self::Undo { .. })
    }

    /// The action's name in the audit trail.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Snooze { .. } => "snooze",
            Self::Assign { .. } => "assign",
            Self::Resolve { .. } => "resolve_drift",
            Self::Note { .. } => "note",
            Self::JudgeCause { .. } => "judge_cause",
            Self::Advise { .. } => "advise",
            Self::Tick { done: true, .. } => "step_done",
            Self::Tick { done: false, .. } => "step_not_done",
            Self::Ignore { .. } => "ignore",
            Self::NeverHide { .. } => "never_hide",
            Self::SettleChanges { .. } => "settle_changes",
            Self::ReopenChanges { .. } => "reopen_changes",
            Self::Reopen => "reopen",
            Self::Link { .. } => "link",
            Self::Unlink { .. } => "unlink",
            Self::Split => "split",
            Self::Rejoin => "rejoin",
            Self::Undo { .. } => "undo",
        }
    }

    /// How it settles the whole drift.
    pub fn resolution_type(&self) -> Option<ResolutionType> {
        if let Self::Resolve { resolution_type, .. } = self { Some(*resolution_type) } else { None }
    }
}

/// One verb on one drift.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct TriageRequest {
    pub drift: DriftId,
    pub verb: TriageVerb,
    #[serde(default)]
    pub reason: Option<Tainted>,
    /// Who asks: the login name, or the session's principal.
    pub actor: Tainted,
    /// The version that was on the screen; refused with the current one when it has moved on.
    #[serde(default)]
    pub expected_version: Option<u64>,
    /// Sent again under the same name it is done once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<Once>,
}

/// The decision a drift's state rests on.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Decision {
    /// Audit sequence number; `undo` names it.
    pub seq: u64,
    pub by: Tainted,
    pub at: jiff::Timestamp,
    #[serde(default)]
    pub reason: Option<Tainted>,
    #[serde(default)]
    pub resolution_type: Option<ResolutionType>,
    #[serde(default)]
    pub until: Option<jiff::Timestamp>,
}

/// One line of the audit trail: durable before the screen confirms.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct AuditEntry {
    /// Counts from 1 without gaps.
    pub seq: u64,
    pub timestamp: jiff::Timestamp,
    /// Login name; `system` for what no person did.
    pub actor: Tainted,
    /// See [`TriageVerb::as_str`]; also `closed`, `regressed`, `environment_added`, ….
    pub action: String,
    #[serde(default)]
    pub environment: Option<Slug>,
    #[serde(default)]
    pub drift: Option<DriftId>,
    #[serde(default)]
    pub reason: Option<Tainted>,
    #[serde(default)]
    pub old_state: Option<State>,
    #[serde(default)]
    pub new_state: Option<State>,
    /// The verb with its values, for decisions.
    #[serde(default)]
    pub verb: Option<TriageVerb>,
    /// Sequence number of the undo that took this back.
    #[serde(default)]
    pub undone_by: Option<u64>,
    /// What became of an ignore rule that was there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Box<RuleChange>>,
    /// What became of a rule about what must not be hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub never_hide: Option<Box<NeverHideChange>>,
    /// What became of a request to do something about the drift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<Box<RemediationChange>>,
    /// What was decided at once has the same number, and nothing else has it: the next of the trail when it was asked for. `None`:
    /// no decision on a drift, or written before there were such numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u64>,
    /// Who asked by what he is known by, and from where. `None`: nobody asked over a server, or it was written before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Box<Origin>>,
    /// Whether it was done. What was not is in no history.
    #[serde(default = "yes")]
    pub success: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<Tainted>,
}

fn yes() -> bool {
    true
}

impl AuditEntry {
    /// The people it names: who decided, and to whom it was assigned.
    pub fn people(&self) -> impl Iterator<Item = &Tainted> {
        let assigned = match &self.verb {
            Some(TriageVerb::Assign { to }) => to.as_ref(),
            _ => None,
        };
        [Some(&self.actor), assigned].into_iter().flatten().filter(|name| !matches!(name.raw(), "" | "system"))
    }
}
