//! What a scan says about itself.

use serde::{Deserialize, Serialize};

use super::{Coverage, ScanId, Slug, Unverified};
use crate::safety::Tainted;

/// The stages of a scan, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScanStage {
    Queued,
    /// Reading live state.
    Live,
    /// Reading declared state and comparing, one resource at a time.
    Compare,
    /// Writing to the store.
    Store,
    Done,
    Cancelled,
    Failed,
}

/// Answers that are never mixed up. `resources` = in_sync + drifted + unverified + state_only + ignored.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct Counts {
    /// Resources looked at, unmanaged ones included.
    pub resources: u64,
    pub in_sync: u64,
    pub drifted: u64,
    /// Whole resources that could not be compared.
    pub unverified: u64,
    /// Whole resources that live in the state alone (`random_id`): nothing outside could differ from it.
    #[serde(default)]
    pub state_only: u64,
    /// Whole resources that differ or could not be compared, and that a `.driftignore` pattern covers.
    #[serde(default)]
    pub ignored: u64,
    /// Hidden changes, over all resources.
    pub hidden_changes: u64,
    /// Unverified properties of resources that could otherwise be compared.
    pub unverified_properties: u64,
    /// How much of what the code states was compared.
    #[serde(default)]
    pub coverage: Coverage,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.resources += other.resources;
        self.in_sync += other.in_sync;
        self.drifted += other.drifted;
        self.unverified += other.unverified;
        self.state_only += other.state_only;
        self.ignored += other.ignored;
        self.hidden_changes += other.hidden_changes;
        self.unverified_properties += other.unverified_properties;
        self.coverage += other.coverage;
    }
}

/// A source that could not be read, in words for people.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct SourceError {
    /// File, directory or backend.
    pub source: Tainted,
    /// What was found.
    pub message: Tainted,
    /// What to do next.
    pub help: Tainted,
}

impl SourceError {
    /// What was found and what to do next, as two sentences on one line. Both are printable.
    pub fn sentences(&self) -> String {
        let (message, help) = (self.message.line(), self.help.line());
        let mut rest = help.chars();
        let first = rest.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        format!("{}. {first}{}", message.trim_end_matches('.'), rest.as_str()).trim_end().to_owned()
    }
}

/// Whether everything that should have been read was read. Only what was read completely may close a drift.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub enum Completeness {
    /// All sources, all pages.
    Complete,
    /// Something failed; drift of these resource types (raw names), or all when empty, is left as it was.
    Partial { unverified_types: Vec<Tainted> },
}

/// A source and how fresh what it last gave is.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct SourceState {
    pub source: Tainted,
    pub last_good: Option<jiff::Timestamp>,
    pub error: Option<SourceError>,
    /// What it last gave, where it is a Terraform state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<super::StateVersion>,
    /// When it was written, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_at: Option<jiff::Timestamp>,
    /// Worth knowing of it and no fault: who holds its lock, what could not be checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Tainted>,
}

/// The end of a scan.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct ScanSummary {
    pub id: ScanId,
    pub environment: Slug,
    pub started_at: jiff::Timestamp,
    pub finished_at: jiff::Timestamp,
    pub stage: ScanStage,
    pub counts: Counts,
    /// Drifts first seen by this scan, come back, and ended by it.
    pub new: u64,
    pub regressed: u64,
    pub closed: u64,
    pub sources: Vec<SourceState>,
    pub completeness: Completeness,
    /// Whole resources or types that could not be compared (a sample of at most 1000; `counts.unverified` has the number).
    pub unverified: Vec<(super::ResourceRef, Unverified)>,
    /// Time spent per stage, in microseconds.
    pub timings: Vec<(ScanStage, u64)>,
}

impl ScanSummary {
    /// How long each stage took, in words: "reading 1.2 s, comparing 0.4 s, storing 0.0 s". `None`: nobody measured.
    pub fn stages(&self) -> Option<String> {
        let word = |stage| match stage {
            ScanStage::Live => "reading",
            ScanStage::Compare => "comparing",
            ScanStage::Store => "storing",
            _ => "other",
        };
        let said = |(stage, micros): &(ScanStage, u64)| {
            let tenths = (micros + 50_000) / 100_000;
            format!("{} {}.{} s", word(*stage), tenths / 10, tenths % 10)
        };
        let all: Vec<String> = self.timings.iter().map(said).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// A complete scan that met nothing, begun and ended at `at`.
    pub fn of_nothing(id: ScanId, environment: Slug, at: jiff::Timestamp) -> Self {
        Self {
            id,
            environment,
            started_at: at,
            finished_at: at,
            stage: ScanStage::Done,
            counts: Counts::default(),
            new: 0,
            regressed: 0,
            closed: 0,
            sources: Vec::new(),
            completeness: Completeness::Complete,
            unverified: Vec::new(),
            timings: Vec::new(),
        }
    }
}

#[cfg(test)]
mod source_error_tests {
    use super::*;

    #[test]
    fn what_was_found_and_what_to_do_are_two_sentences_however_they_were_written() {
        let said = |message: &str, help: &str| {
            SourceError { source: "s3://a/b".into(), message: message.into(), help: help.into() }.sentences()
        };
        assert_eq!(said("there is no such object", "Check the bucket."), "there is no such object. Check the bucket.");
        assert_eq!(said("cut off.", "mend it"), "cut off. Mend it");
        assert_eq!(said("cut off", ""), "cut off.");
    }
}
