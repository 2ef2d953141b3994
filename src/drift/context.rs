//! What goes on around drift: deployments, maintenance, incidents, tickets. It explains what changed, or who must not be woken for it.

use serde::{Deserialize, Serialize};

use super::{ContextId, Slug};
use crate::safety::Tainted;

/// What kind of thing it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContextType {
    Incident,
    Deployment,
    Maintenance,
    SecurityEvent,
    Ticket,
    Alert,
}

impl ContextType {
    /// Every value, in the order pickers show them.
    pub const ALL: [Self; 6] =
        [Self::Deployment, Self::Incident, Self::Maintenance, Self::SecurityEvent, Self::Ticket, Self::Alert];

    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Deployment => "deployment",
            Self::Maintenance => "maintenance",
            Self::SecurityEvent => "security_event",
            Self::Ticket => "ticket",
            Self::Alert => "alert",
        }
    }

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::SecurityEvent => "security event",
            other => other.as_str(),
        }
    }

    /// The letter that stands for it where there is no room.
    pub fn letter(self) -> char {
        match self {
            Self::Incident => 'I',
            Self::Deployment => 'D',
            Self::Maintenance => 'M',
            Self::SecurityEvent => 'S',
            Self::Ticket => 'T',
            Self::Alert => 'A',
        }
    }

    /// Which of several stands where there is room for one: lowest first.
    pub fn rank(self) -> u8 {
        match self {
            Self::SecurityEvent => 0,
            Self::Incident => 1,
            Self::Alert => 2,
            Self::Deployment => 3,
            Self::Maintenance => 4,
            Self::Ticket => 5,
        }
    }

    /// That it lasted, in words behind its name.
    pub fn lasted(self) -> &'static str {
        match self {
            Self::Incident | Self::Maintenance | Self::SecurityEvent => "went on",
            Self::Alert => "was on",
            Self::Ticket => "was open",
            Self::Deployment => "ran",
        }
    }

    /// It has a beginning and an end; the others are moments unless somebody says otherwise.
    pub fn lasts(self) -> bool {
        matches!(self, Self::Incident | Self::Maintenance | Self::SecurityEvent)
    }
}

/// How much it hurts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum IncidentImpact {
    Low,
    Medium,
    High,
}

impl IncidentImpact {
    /// Every value, the least first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Both ends belong to it; a moment begins and ends at once.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct TimeWindow {
    pub from: jiff::Timestamp,
    /// `None`: still open.
    pub to: Option<jiff::Timestamp>,
}

impl TimeWindow {
    pub fn holds(&self, at: jiff::Timestamp) -> bool {
        self.touches(at, at)
    }

    /// Whether it has a moment in common with a span.
    pub fn touches(&self, from: jiff::Timestamp, until: jiff::Timestamp) -> bool {
        self.from <= until && self.to.is_none_or(|to| to >= from)
    }

    pub fn is_moment(&self) -> bool {
        self.to == Some(self.from)
    }
}

/// Which declared state a scan saw.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct StateVersion {
    pub serial: u64,
    /// Made with the state; another one is another state.
    #[serde(default)]
    pub lineage: Option<Tainted>,
    #[serde(default)]
    pub terraform_version: Option<Tainted>,
    /// Resource blocks in it.
    #[serde(default)]
    pub resources: u64,
}

/// From one declared state to the next.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Deployment {
    /// File or backend.
    pub state: Tainted,
    pub before: StateVersion,
    pub after: StateVersion,
}

/// What is known of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct ContextData {
    /// One line.
    pub title: Tainted,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Tainted>,
    /// What another system calls it: `OPS-1234`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Tainted>,
    /// Who did it, or said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Tainted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<Box<Deployment>>,
}

/// Who says so.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContextSource {
    /// Somebody, or a script, with a key or a command.
    Person,
    /// A scan that read the state.
    Scan,
    /// A window in the configuration.
    Configuration,
}

impl ContextSource {
    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Person => "said by hand",
            Self::Scan => "seen by a scan",
            Self::Configuration => "from the configuration",
        }
    }
}

/// One thing that goes on, or went on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct OperationalContext {
    pub id: ContextId,
    pub context_type: ContextType,
    pub context_data: ContextData,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_impact: Option<IncidentImpact>,
    pub time_window: TimeWindow,
    /// Empty: all.
    #[serde(default)]
    pub environments: Vec<Slug>,
    pub source: ContextSource,
}

/// Which of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct ContextRequest {
    /// Those that have a moment in common with this span.
    pub from: jiff::Timestamp,
    pub until: jiff::Timestamp,
    /// Empty: all.
    pub environments: Vec<Slug>,
    /// So many at most, the newest; at most [`ContextRequest::MOST`].
    pub limit: usize,
}

impl ContextRequest {
    pub const MOST: usize = 1000;

    /// Whatever goes on at a moment.
    pub fn at(now: jiff::Timestamp) -> Self {
        Self { from: now, until: now, environments: vec![], limit: Self::MOST }
    }
}

impl OperationalContext {
    /// Longer ones are no text for a row.
    pub const TITLE_MAX: usize = 500;

    /// What it is called elsewhere, or here.
    pub fn name(&self) -> Tainted {
        self.context_data.id.clone().unwrap_or_else(|| self.id.to_string().as_str().into())
    }

    /// Where it stands in time. A scan knows of a deployment only that it happened between two looks: the middle of them.
    pub fn at(&self) -> jiff::Timestamp {
        match (self.context_type, self.time_window.to) {
            (ContextType::Deployment, Some(to)) if self.source == ContextSource::Scan => {
                let half = to.duration_since(self.time_window.from) / 2;
                self.time_window.from.checked_add(half).unwrap_or(self.time_window.from)
            }
            _ => self.time_window.from,
        }
    }

    /// What is known beside its title, as raw text: when, how bad, where to read on.
    pub fn facts(&self, clock: impl Fn(jiff::Timestamp) -> String) -> Vec<String> {
        let window = self.time_window;
        let when = match window.to {
            None => Some(format!("since {}", clock(window.from))),
            Some(_) if window.is_moment() => None,
            Some(to) if self.source == ContextSource::Scan => {
                Some(format!("between {} and {}", clock(window.from), clock(to)))
            }
            Some(to) => Some(format!("{} until {}", clock(window.from), clock(to))),
        };
        let data = &self.context_data;
        let lineage = |of: &StateVersion| of.lineage.as_ref().map_or_else(String::new, |text| text.raw().to_owned());
        let state = data.deployment.as_ref().map(|one| {
            let (before, after) = (lineage(&one.before), lineage(&one.after));
            let moved = if before == after { String::new() } else { format!(", lineage {before} to {after}") };
            format!("{}{moved}", one.state.raw())
        });
        let impact = self.incident_impact.map(|impact| format!("{} impact", impact.as_str()));
        let raw = |text: &Option<Tainted>| text.as_ref().map(|text| text.raw().to_owned());
        let all = [when, impact, raw(&data.id), raw(&data.link), state, Some(self.source.words().to_owned())];
        all.into_iter().flatten().collect()
    }

    /// Whether it is about an environment.
    pub fn is_about(&self, environment: &Slug) -> bool {
        self.environments.is_empty() || self.environments.contains(environment)
    }

    /// Whether it is about one of these; about any when there are none.
    pub fn is_about_any(&self, environments: &[Slug]) -> bool {
        environments.is_empty() || self.environments.is_empty() || environments.iter().any(|slug| self.is_about(slug))
    }

    /// Nobody is to be woken for what happens meanwhile.
    pub fn silences(&self, environment: &Slug, at: jiff::Timestamp) -> bool {
        self.context_type == ContextType::Maintenance && self.is_about(environment) && self.time_window.holds(at)
    }

    /// Begun, and to be ended; what is over at once never is.
    pub fn is_open(&self, now: jiff::Timestamp) -> bool {
        let TimeWindow { from, to } = self.time_window;
        from <= now && to.is_none_or(|to| to > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> jiff::Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_holds_its_ends_and_an_open_one_everything_after_its_beginning() {
        let closed = TimeWindow { from: at("2026-11-21T02:00:00Z"), to: Some(at("2026-11-21T04:00:00Z")) };
        assert!(closed.holds(at("2026-11-21T02:00:00Z")) && closed.holds(at("2026-11-21T04:00:00Z")));
        assert!(!closed.holds(at("2026-11-21T04:00:01Z")) && !closed.holds(at("2026-11-21T01:59:59Z")));
        assert!(closed.touches(at("2026-11-21T03:59:00Z"), at("2026-11-22T00:00:00Z")));
        let open = TimeWindow { to: None, ..closed };
        assert!(open.holds(at("2030-01-01T00:00:00Z")) && !open.holds(at("2026-11-21T01:00:00Z")));
    }

    #[test]
    fn every_type_has_a_letter_and_a_rank_of_its_own() {
        let letters: std::collections::BTreeSet<char> = ContextType::ALL.into_iter().map(ContextType::letter).collect();
        let ranks: std::collections::BTreeSet<u8> = ContextType::ALL.into_iter().map(ContextType::rank).collect();
        assert_eq!((letters.len(), ranks.len()), (ContextType::ALL.len(), ContextType::ALL.len()));
    }
}
