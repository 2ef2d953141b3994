//! What happened in a span of time: the raw material of an incident review.

use serde::{Deserialize, Serialize};

use super::{DriftEvent, DriftId, SeverityClass, Slug};
use crate::safety::Tainted;

/// The action of a first sighting; all others are those of the audit trail.
pub const DETECTED: &str = "detected";

/// One thing that happened.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
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
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
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

/// What a mark on the time line stands for.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum MarkerKind {
    Deploy,
    Ticket,
    Alert,
}

impl MarkerKind {
    /// The letter that stands for it on the screen.
    pub fn letter(self) -> char {
        match self {
            Self::Deploy => 'D',
            Self::Ticket => 'T',
            Self::Alert => 'A',
        }
    }

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Ticket => "ticket",
            Self::Alert => "alert",
        }
    }
}

/// Something outside that bears on what happened.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Marker {
    pub at: jiff::Timestamp,
    pub kind: MarkerKind,
    pub environment: Option<Slug>,
    /// One line.
    pub text: Tainted,
}

/// What happened in the span.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
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
    /// Oldest first; empty where no source tells of any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub markers: Vec<Marker>,
}

impl Happening {
    /// The action in words for people.
    pub fn words(&self) -> &str {
        action_words(&self.action)
    }

    /// A decision of somebody, and not what a scan found.
    pub fn is_of_a_person(&self) -> bool {
        self.action != DETECTED && self.actor.raw() != "system"
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
        "ignore" => "ignored by rule",
        "never_hide" => "never to be hidden",
        "reopen" => "reopened",
        "undo" => "a decision taken back",
        "continued" => "goes on as another",
        "environment_added" => "environment added",
        "environment_changed" => "environment changed",
        "environment_forgotten" => "environment forgotten",
        other => other,
    }
}

impl Incident {
    /// A drift that a happening names.
    pub fn drift(&self, id: DriftId) -> Option<&DriftEvent> {
        self.drifts.binary_search_by_key(&id, |event| event.id).ok().map(|at| &self.drifts[at])
    }
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
