//! What one resource of a scan came to.

use super::leaves::coverage;
use crate::compare::Verdict;
use crate::declared::DeclaredResource;
use crate::drift::{Coverage, Finding, ResourceRef, Untold, Unverified};
use crate::store::Observation;

/// What one resource came to.
pub(super) enum Outcome {
    InSync {
        answers: Answers,
        observed: Option<Box<Observed>>,
        /// What is hidden or unverified, masked; empty where nobody wants to know it.
        untold: Vec<Untold>,
    },
    Drifted(Box<Finding>, Coverage),
    Unverified(Box<Whole>),
    /// Nothing outside of the state could differ from it.
    StateOnly,
    /// A `.driftignore` pattern covers it.
    Ignored,
    /// Looking at it panicked. The number of its properties.
    Broken(Box<ResourceRef>, u64),
}

/// What a resource in sync adds to the counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Answers {
    /// Hidden changes.
    pub hidden: u64,
    /// Unverified properties, as the comparer names them.
    pub unverified: u64,
    pub coverage: Coverage,
}

/// A whole resource that could not be compared.
pub(super) struct Whole {
    pub resource: ResourceRef,
    pub why: Unverified,
    /// Declared ones.
    pub properties: u64,
}

impl Outcome {
    /// Hidden and unverified properties of a resource in sync, which are listed in the second pass only.
    pub fn to_list(&self) -> u64 {
        match self {
            Self::InSync { answers, .. } => answers.hidden + answers.unverified,
            _ => 0,
        }
    }
}

impl Whole {
    pub fn coverage(&self) -> Coverage {
        Coverage::none(self.why.reason, self.properties)
    }
}

/// A value to remember, and what [`Seen`](super::Seen) keeps once it is remembered.
pub(super) struct Observed {
    /// `None` when the store has just this value already.
    pub observation: Option<Observation>,
    pub seen: (u64, u64),
}

/// What the first look, before all secrets are known, can say.
pub(super) enum Glance {
    Settled(Outcome),
    /// Values would have to be masked: look again when every secret was seen.
    Later,
}

/// Neither drift nor unverified as a whole.
pub(super) fn in_sync(declared: &DeclaredResource, verdict: &Verdict, observed: Option<Box<Observed>>) -> Outcome {
    let answers = Answers {
        hidden: verdict.hidden.len() as u64,
        unverified: verdict.unverified.len() as u64,
        coverage: coverage(&declared.values, verdict),
    };
    Outcome::InSync { answers, observed, untold: vec![] }
}
