//! Several drifts as one row: what they have in common, and what is said about all of them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::matching::module;
use super::terms::Group;
use crate::drift::{Change, DriftEvent, SeverityClass, Slug};

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
    /// The group a drift is in.
    pub fn of(by: Group, event: &DriftEvent) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut part = |text: &[u8]| {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text);
        };
        let resource = &event.resource;
        match by {
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
        Self { by, hash }
    }

    /// Whether the drift is in it.
    pub fn holds(&self, event: &DriftEvent) -> bool {
        Self::of(self.by, event) == *self
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
