//! Why a drift happened, as one record: the cause with what speaks for it, when it happened among what else went on, and who did it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ActorClass, Analysis, Attribution, Cause, ContextType, DriftEvent, IncidentImpact, MlPrediction, Score};
use crate::safety::Tainted;

/// When it happened, and what went on then.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct TemporalContext {
    /// It happened between these; both are one moment where an audit event tells it. `None`: nobody looked before `until`.
    pub from: Option<Timestamp>,
    /// At the latest: that scan saw it.
    pub until: Timestamp,
    /// By the clock of those on call, UTC where nobody has named one; `None`: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_weekend: Option<bool>,
    /// Within the hours of those on call; `None`: not known, or nobody has said when they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_call: Option<bool>,
    /// Too much time lies between the two ends to say what went on when it happened.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_blurred: bool,
    /// Incidents, deployments, maintenance and the like, what is nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<NearContext>,
}

/// Something that went on around it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct NearContext {
    pub context_type: ContextType,
    pub title: Tainted,
    /// What another system calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Tainted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_impact: Option<IncidentImpact>,
    /// Seconds from the drift to it; negative: it was over before. 0: they have a moment in common, as far as is known.
    pub temporal_offset: i64,
    /// Where the offset is 0. `None`: thought of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
}

/// What is known of the order of a drift and of something that went on around it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It went on the whole time in which the drift may have been made.
    During,
    /// It began or ended in that time: the drift may have been made before, meanwhile or after.
    Unsure,
}

impl TemporalContext {
    /// As the analysis has it; where that has nothing, by the audit event, and else it is known only when it was first `seen`.
    pub fn of(analysis: &Analysis, attribution: Option<&Attribution>, seen: Timestamp) -> Self {
        let (from, until) = attribution.map_or((None, seen), |to| (Some(to.at), to.at));
        let nothing = || Self { from, until, is_weekend: None, on_call: None, is_blurred: false, near: vec![] };
        analysis.cause.temporal_context.as_deref().cloned().unwrap_or_else(nothing)
    }

    /// One sentence without a full stop.
    pub fn words(&self, clock: &dyn Fn(Timestamp) -> String) -> String {
        let until = clock(self.until);
        let mut words = match self.from {
            None => return format!("first seen {until}; when it was made is not known"),
            Some(from) if from == self.until => format!("made {until}"),
            Some(from) => format!("made between {} and {until}", clock(from)),
        };
        if self.is_blurred {
            return words + ": too long to say what went on then";
        }
        words += match self.is_weekend {
            Some(true) => ", at a weekend",
            Some(false) => ", on a weekday",
            None => "",
        };
        words += match self.on_call {
            Some(true) => ", in the hours of those on call",
            Some(false) => ", outside the hours of those on call",
            None => "",
        };
        let near: Vec<String> = self.near.iter().map(NearContext::words).collect();
        match (near.is_empty(), self.is_weekend) {
            (false, _) => format!("{words}; {}", near.join("; ")),
            (true, Some(_)) => words + "; nothing is known that went on then",
            // Nobody has looked.
            (true, None) => words,
        }
    }
}

impl NearContext {
    /// `while the incident "db down" (INC-7) went on`, `12m after the deployment "v2"`, `around the alert "latency"`
    fn words(&self) -> String {
        let id = self.id.as_ref().map_or(String::new(), |id| format!(" ({})", id.cell(40)));
        let named = format!("{} \"{}\"{id}", self.context_type.words(), self.title.cell(80));
        let far = self.temporal_offset.unsigned_abs();
        let far = if far < 3600 { format!("{}m", far.div_ceil(60)) } else { format!("{}h", far / 3600) };
        match self.temporal_offset {
            0 if self.overlap == Some(Overlap::During) => format!("while the {named} {}", self.context_type.lasted()),
            0 => format!("around the {named}"),
            i64::MIN..0 => format!("{far} after the {named}"),
            _ => format!("{far} before the {named}"),
        }
    }
}

/// How sure it is who did it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// An audit event names what changed, and nobody else wrote that.
    Certain,
    /// An audit event, and it may have been another one.
    Likely,
    /// The resource itself names them for what changed.
    NamedByResource,
}

/// Who did it, as far as anything tells.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct UserAttribution {
    /// One where an audit trail tells; whoever the resource names else.
    pub who: Vec<Tainted>,
    /// What kind of hand; `None`: not known.
    pub class: Option<ActorClass>,
    pub certainty: Certainty,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl UserAttribution {
    /// `None`: nothing says who.
    pub fn of(attribution: Option<&Attribution>, changed_by: &[Tainted]) -> Option<Self> {
        if let Some(to) = attribution {
            let certainty = if to.is_certain() { Certainty::Certain } else { Certainty::Likely };
            return Some(Self { who: vec![to.actor.clone()], class: to.class, certainty, at: Some(to.at) });
        }
        let named = Self { who: changed_by.to_vec(), class: None, certainty: Certainty::NamedByResource, at: None };
        (!changed_by.is_empty()).then_some(named)
    }

    /// `alice, a person in the console; certain: an audit event names what changed, and nobody else wrote that`
    pub fn words(&self) -> String {
        let who: Vec<String> = self.who.iter().map(|one| one.cell(40)).collect();
        let class = self.class.map_or(String::new(), |class| format!(", {}", class.words()));
        let sure = match self.certainty {
            Certainty::Certain => "certain: an audit event names what changed, and nobody else wrote that",
            Certainty::Likely => "likely: an audit event says so, and it may have been another one",
            Certainty::NamedByResource => "named by the resource itself",
        };
        format!("{}{class}; {sure}", who.join(", "))
    }
}

/// All of it. Made when it is asked for; what is kept is the analysis.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct CauseRecord {
    pub cause_category: Cause,
    pub confidence_score: Score,
    pub contributing_factors: Vec<Tainted>,
    pub temporal_context: TemporalContext,
    /// The same in words; times are UTC.
    pub temporal_words: Tainted,
    /// `null`: nothing says who.
    pub user_attribution: Option<UserAttribution>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_words: Option<Tainted>,
    /// What a learned model said of it, where one was in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<Box<MlPrediction>>,
    pub analyzed_at: Timestamp,
}

impl CauseRecord {
    pub fn of(event: &DriftEvent) -> Self {
        Self::made(&event.analysis, event.attribution.as_deref(), event.detected_at)
    }

    /// `seen`: when it was first seen.
    pub fn made(analysis: &Analysis, attribution: Option<&Attribution>, seen: Timestamp) -> Self {
        let cause = &analysis.cause;
        let temporal_context = TemporalContext::of(analysis, attribution, seen);
        let user_attribution = UserAttribution::of(attribution, &analysis.changed_by);
        let clock = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
        Self {
            cause_category: cause.cause_category,
            confidence_score: cause.confidence_score,
            contributing_factors: cause.contributing_factors.clone(),
            temporal_words: temporal_context.words(&clock).into(),
            temporal_context,
            user_words: user_attribution.as_ref().map(|one| one.words().into()),
            user_attribution,
            prediction: cause.prediction.clone(),
            analyzed_at: analysis.analyzed_at,
        }
    }
}
