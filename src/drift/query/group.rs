//! Several drifts as one row: what they have in common, and what is said about all of them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::matching::module;
use super::terms::Group;
use crate::drift::{Change, DriftEvent, IncidentName, SeverityClass, Slug};
use crate::safety::Tainted;

/// Names one group. Every drift is in exactly one group of a kind, so that counts add up and a decision about a group is about
/// nothing that was not in its row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GroupKey {
    pub by: Group,
    hash: [u8; 16],
}

/// One row for several drifts.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct GroupRow {
    pub key: GroupKey,
    pub count: u64,
    pub worst: SeverityClass,
    /// When the first and the last of them were first seen.
    pub oldest: Timestamp,
    pub newest: Timestamp,
    /// Of the member that has most.
    pub dependants: u32,
    /// In more than one environment.
    pub is_spread: bool,
    /// Those, sorted.
    #[serde(default)]
    pub environments: Vec<Slug>,
    /// The newest member: what they have in common is seen on it.
    pub sample: DriftEvent,
    /// Of a group by incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentRow>,
}

/// What the row of an incident tells besides: of all that is in it, whatever the filter shows of that.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct IncidentRow {
    pub id: String,
    pub members: u64,
    /// Of those, how many are decided or gone.
    pub settled: u64,
    /// When the first and the last of them were first seen.
    pub oldest: Timestamp,
    pub newest: Timestamp,
    /// Where they are, sorted.
    pub environments: Vec<Slug>,
    /// Why they belong together, the strongest reason first; sentences, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Tainted>,
}

impl IncidentRow {
    /// `one of 4 drifts, 1 settled: 4 were made by alice through ec2, at most 2m apart`
    pub fn words(&self) -> String {
        let why = self.why.first().map(|why| format!(": {}", why.line())).unwrap_or_default();
        format!("one of {} drifts, {} settled{why}", self.members, self.settled)
    }
}

/// What a filter finds, in groups.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct Groups {
    /// In the order the query names.
    pub rows: Vec<GroupRow>,
    /// Groups there are, those without a row included.
    pub total: u64,
    /// Drifts in them.
    pub drifts: u64,
    /// Not all that the filter finds was looked at: counts are too low, groups may be missing.
    pub is_cut: bool,
}

impl GroupKey {
    /// The group a drift is in. `None`: by incident; which one it is in depends on others.
    pub fn of(by: Group, event: &DriftEvent) -> Option<Self> {
        let mut hasher = blake3::Hasher::new();
        let mut part = |text: &[u8]| {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text);
        };
        let resource = &event.resource;
        match by {
            Group::Incident => return None,
            Group::Resource => {
                part(event.environment.as_str().as_bytes());
                part(resource.resource_type.raw().as_bytes());
                part(resource.resource_id.raw().as_bytes());
            }
            Group::Module => {
                part(event.environment.as_str().as_bytes());
                part(module(resource.resource_id.raw()).as_bytes());
            }
            Group::Actor => {
                let mut actors: Vec<&str> = event.analysis.changed_by.iter().map(|actor| actor.raw()).collect();
                actors.sort_unstable();
                actors.iter().for_each(|actor| part(actor.as_bytes()));
            }
            Group::Change => {
                part(event.drift_type.as_str().as_bytes());
                if event.changes.is_empty() {
                    part(resource.resource_type.raw().as_bytes());
                }
                let mut changes: Vec<&Change> = event.changes.iter().collect();
                changes.sort_unstable_by_key(|change| change.path.raw());
                for change in changes {
                    part(change.path.raw().as_bytes());
                    part(&[change.change_type as u8]);
                    // Masked values are plain data: they can always be written.
                    part(&serde_json::to_vec(&(&change.declared, &change.actual)).unwrap_or_default());
                }
            }
        }
        let hash = hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default();
        Some(Self { by, hash })
    }

    /// The group of all that is in an incident. `None`: this is no incident's id.
    pub fn of_incident(id: &str) -> Option<Self> {
        let digits = Some(id).filter(|id| IncidentName::is_id(id))?;
        let hash = u128::from_str_radix(digits, 16).ok()?;
        Some(Self { by: Group::Incident, hash: hash.to_be_bytes() })
    }

    /// The id of the incident it is.
    pub fn incident(&self) -> Option<String> {
        let id = format!("{:0width$x}", u128::from_be_bytes(self.hash), width = IncidentName::DIGITS);
        (self.by == Group::Incident && IncidentName::is_id(&id)).then_some(id)
    }

    /// Whether the drift may be in it: which incident one is in only a store knows.
    pub fn holds(&self, event: &DriftEvent) -> bool {
        Self::of(self.by, event).is_none_or(|own| own == *self)
    }
}

impl fmt::Display for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:032x}", self.by.as_str(), u128::from_be_bytes(self.hash))
    }
}

/// It is none of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this names no group")]
pub struct NoGroup;

impl FromStr for GroupKey {
    type Err = NoGroup;

    fn from_str(text: &str) -> Result<Self, NoGroup> {
        let (by, hash) = text.split_once(':').ok_or(NoGroup)?;
        let hash = u128::from_str_radix(hash, 16).map_err(|_| NoGroup)?;
        Ok(Self { by: Group::named(by).ok_or(NoGroup)?, hash: hash.to_be_bytes() })
    }
}

impl Serialize for GroupKey {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GroupKey {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
