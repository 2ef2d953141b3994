//! Analyses that were asked for, kept so that a restart and other servers know of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::drift::DriftId;
use crate::safety::Tainted;

/// One analysis. What it found is with the drift.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct AnalysisJob {
    /// Tells when it was asked for, too.
    pub id: Ulid,
    pub drift: DriftId,
    /// What somebody said of the drift; without secrets.
    pub said: Option<Tainted>,
    pub stage: AnalysisStage,
    /// Since when it is at this stage.
    pub changed_at: Timestamp,
    /// How often it was begun.
    pub tries: u32,
}

/// How far it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum AnalysisStage {
    Queued,
    Running,
    Done,
    /// Why.
    Failed(String),
}

impl AnalysisJob {
    pub fn new(id: Ulid, drift: DriftId, said: Option<Tainted>, now: Timestamp) -> Self {
        Self { id, drift, said, stage: AnalysisStage::Queued, changed_at: now, tries: 0 }
    }

    /// At another stage.
    pub fn at(&self, stage: AnalysisStage, now: Timestamp) -> Self {
        Self { stage, changed_at: now, ..self.clone() }
    }

    /// Whether somebody still has to do something.
    pub fn is_open(&self) -> bool {
        matches!(self.stage, AnalysisStage::Queued | AnalysisStage::Running)
    }
}
