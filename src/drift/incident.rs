//! What happened in a span of time: the raw material of an incident review.

use serde::{Deserialize, Serialize};

use super::{ContextId, DriftEvent, DriftId, OperationalContext, ResolutionType, SeverityClass, Slug};
use crate::drift::query::IncidentRow;
use crate::safety::Tainted;

/// The action of a first sighting; all others are those of the audit trail.
pub const DETECTED: &str = "detected";

/// One thing that happened.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Happening {
    pub at: jiff::Timestamp,
    /// `None` for what is about no environment: rules that hold everywhere.
    pub environment: Option<Slug>,
    pub drift: Option<DriftId>,
    /// `detected`, or as in the audit trail: `regressed`, `closed`, `superseded`, `gone`, `acknowledge`, `resolve_drift`, …
    pub action: String,
    /// A login name, or `system`.
    pub actor: Tainted,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Tainted>,
    /// Number in the audit trail; `None` for a first sighting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Taken back later.
    #[serde(default)]
    pub undone: bool,
    /// How it was settled, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution_type: Option<ResolutionType>,
    /// One of [`Incident::markers`]: it begins or ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<ContextId>,
    /// As [`AuditEntry::batch`](super::AuditEntry::batch).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u64>,
}

/// Which span, and what of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct IncidentRequest {
    /// Both ends belong to it.
    pub from: jiff::Timestamp,
    pub until: jiff::Timestamp,
    /// Empty: all.
    pub environments: Vec<Slug>,
    /// So many happenings at most, the newest; at most [`IncidentRequest::MOST`].
    pub limit: usize,
    /// Parts of equal length that [`Incident::density`] counts; at most 1000.
    pub parts: usize,
}

impl IncidentRequest {
    /// An incident of more than this is not read row by row.
    pub const MOST: usize = 10_000;
}

/// How much happened in one part of the span.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct Density {
    /// First sightings by class, worst first as in [`SeverityClass::WORST_FIRST`].
    pub detected: [u32; 4],
    /// Everything else: decisions, ends, returns.
    pub other: u32,
}

impl Density {
    /// All of it.
    pub fn total(&self) -> u32 {
        self.detected.iter().sum::<u32>() + self.other
    }

    /// The worst class that was first seen.
    pub fn worst(&self) -> Option<SeverityClass> {
        let at = self.detected.iter().position(|count| *count > 0)?;
        Some(SeverityClass::WORST_FIRST[at])
    }
}

/// What happened in the span.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Incident {
    pub from: jiff::Timestamp,
    pub until: jiff::Timestamp,
    /// Newest first.
    pub happenings: Vec<Happening>,
    /// Every drift they name, as it is now; by id. One that was thrown away since is not there.
    pub drifts: Vec<DriftEvent>,
    /// There was more: these are the newest.
    pub cut: bool,
    /// Oldest part first.
    pub density: Vec<Density>,
    /// What went on meanwhile, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub markers: Vec<OperationalContext>,
    /// What of it belongs together, those with most drifts first; at most [`Incident::JOINT`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<Joint>,
}

/// Drifts of a span of time that belong together.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Joint {
    /// All of it, in the span or not.
    pub incident: IncidentRow,
    /// Those in the span.
    pub drifts: Vec<DriftId>,
}

impl Happening {
    /// The action in words for people.
    pub fn words(&self) -> &str {
        match self.resolution_type {
            Some(ResolutionType::Accepted) => "accepted",
            Some(ResolutionType::Escalated) => "escalated",
            _ => action_words(&self.action),
        }
    }

    /// A decision of somebody, and not what a scan found.
    pub fn is_of_a_person(&self) -> bool {
        self.action != DETECTED && self.context.is_none() && self.actor.raw() != "system"
    }
}

/// An action of the audit trail in words for people.
pub fn action_words(action: &str) -> &str {
    match action {
        DETECTED => "first seen",
        "regressed" => "came back",
        "closed" => "gone by itself",
        "superseded" => "took another shape",
        "lapsed" => "open again, an accepted value is another one",
        "took_over" => "what was decided about its changes went over to it",
        "settle_changes" => "some changes settled",
        "reopen_changes" => "some changes reopened",
        "gone" => "not seen any more",
        "acknowledge" => "acknowledged",
        "resolve_drift" => "resolved",
        "snooze" => "snoozed",
        "assign" => "assigned",
        "note" => "noted",
        "judge_cause" => "cause confirmed or corrected",
        "ignore" => "ignored by rule",
        "never_hide" => "never to be hidden",
        "reopen" => "reopened",
        "link" => "linked to another drift",
        "unlink" => "link removed",
        "split" => "taken out of its incident",
        "rejoin" => "let be found together with others again",
        "undo" => "a decision taken back",
        "remediation_requested" => "approval asked for",
        "remediation_approved" => "approved",
        "remediation_rejected" => "rejected",
        "remediation_cancelled" => "request for approval taken back",
        "remediation_expired" => "request for approval expired",
        "remediation_stale" => "moved on, its request for approval is void",
        "continued" => "goes on as another",
        "moved" => "goes on at another address",
        "environment_added" => "environment added",
        "environment_changed" => "environment changed",
        "environment_forgotten" => "environment forgotten",
        "model_trained" => "a model was trained",
        "model_trained_and_activated" => "a model was trained and is in use",
        "model_activated" => "a model was taken into use",
        "marked" => "mark set",
        "mark_ended" => "mark ended",
        "deployment_ended" => "deployment over",
        "incident_ended" => "incident over",
        "maintenance_ended" => "maintenance over",
        "security_event" => "security event",
        "security_event_ended" => "security event over",
        "ticket_ended" => "ticket closed",
        "alert_ended" => "alert over",
        other => other,
    }
}

impl Incident {
    /// More than this belonging together is not listed.
    pub const JOINT: usize = 50;

    /// What a drift belongs together with.
    pub fn joint_of(&self, drift: DriftId) -> Option<&Joint> {
        self.together.iter().find(|joint| joint.drifts.contains(&drift))
    }

    /// A drift that a happening names.
    pub fn drift(&self, id: DriftId) -> Option<&DriftEvent> {
        self.drifts.binary_search_by_key(&id, |event| event.id).ok().map(|at| &self.drifts[at])
    }

    /// The mark that a happening is about.
    pub fn marker(&self, happening: &Happening) -> Option<&OperationalContext> {
        self.markers.iter().find(|one| Some(one.id) == happening.context)
    }

    /// Puts what went on meanwhile into it; what is there already is not told twice. Where happenings were cut off at the old end,
    /// marks from before that would stand alone, and are only listed.
    pub fn annotate(&mut self, contexts: impl IntoIterator<Item = OperationalContext>) {
        let cut_at = self.happenings.last().map(|one| one.at).filter(|_| self.cut);
        for context in contexts {
            if self.markers.iter().any(|known| known.id == context.id) {
                continue;
            }
            let told = |one: &Happening| one.at >= cut_at.unwrap_or(self.from) && one.at <= self.until;
            self.happenings.extend(told_of(&context).into_iter().filter(told));
            self.markers.push(context);
        }
        self.happenings.sort_by_key(|one| std::cmp::Reverse((one.at, one.seq)));
        self.markers.sort_by_key(|one| (one.at(), one.id));
    }
}

/// Its beginning, and its end where it has one.
fn told_of(context: &OperationalContext) -> Vec<Happening> {
    let environment = match context.environments.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    };
    let data = &context.context_data;
    let happening = |at, action: String| Happening {
        at,
        environment: environment.clone(),
        drift: None,
        action,
        actor: data.who.clone().unwrap_or_else(|| Tainted::from("system")),
        reason: Some(data.title.clone()),
        seq: None,
        undone: false,
        resolution_type: None,
        context: Some(context.id),
        batch: None,
    };
    let word = context.context_type.as_str();
    let begins = happening(context.at(), word.to_owned());
    // Of a deployment a scan knows only between which moments it was.
    let has_end = context.source != super::ContextSource::Scan && !context.time_window.is_moment();
    let ends = context.time_window.to.filter(|_| has_end).map(|to| happening(to, format!("{word}_ended")));
    std::iter::once(begins).chain(ends).collect()
}

/// Counts what happens by parts of the span.
pub struct DensityCounter {
    /// Microseconds.
    from: i64,
    width: i64,
    counts: Vec<Density>,
}

impl DensityCounter {
    const PARTS_MAX: usize = 1000;

    pub fn new(request: &IncidentRequest) -> Self {
        let parts = request.parts.clamp(1, Self::PARTS_MAX);
        let from = request.from.as_microsecond();
        let length = request.until.as_microsecond().saturating_sub(from).max(1);
        Self { from, width: length / parts as i64 + 1, counts: vec![Density::default(); parts] }
    }

    fn part(&mut self, at: jiff::Timestamp) -> Option<&mut Density> {
        let part = at.as_microsecond().checked_sub(self.from)?.div_euclid(self.width);
        self.counts.get_mut(usize::try_from(part).ok()?)
    }

    /// A drift was first seen.
    pub fn detected(&mut self, at: jiff::Timestamp, class: SeverityClass) {
        let row = SeverityClass::WORST_FIRST.iter().position(|one| *one == class).unwrap_or(0);
        if let Some(part) = self.part(at) {
            part.detected[row] += 1;
        }
    }

    /// What was counted as first seen was not.
    pub fn forget(&mut self, at: jiff::Timestamp, class: SeverityClass) {
        let row = SeverityClass::WORST_FIRST.iter().position(|one| *one == class).unwrap_or(0);
        if let Some(part) = self.part(at) {
            part.detected[row] = part.detected[row].saturating_sub(1);
        }
    }

    /// Where the first part begins and how long each is, in microseconds.
    pub fn parts(&self) -> (i64, i64) {
        (self.from, self.width)
    }

    /// What was counted elsewhere, in a part by its number: first sightings of a class, or (without one) anything else.
    pub fn add(&mut self, part: i64, class: Option<SeverityClass>, count: u64) {
        let Some(part) = usize::try_from(part).ok().and_then(|part| self.counts.get_mut(part)) else { return };
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        match class {
            Some(class) => {
                let row = SeverityClass::WORST_FIRST.iter().position(|one| *one == class).unwrap_or(0);
                part.detected[row] = part.detected[row].saturating_add(count);
            }
            None => part.other = part.other.saturating_add(count),
        }
    }

    /// Anything else happened.
    pub fn other(&mut self, at: jiff::Timestamp) {
        if let Some(part) = self.part(at) {
            part.other += 1;
        }
    }

    /// Oldest part first.
    pub fn counts(self) -> Vec<Density> {
        self.counts
    }
}
