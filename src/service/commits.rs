//! Commits that touched the code of a drift, as its correlation events.

use jiff::{SignedDuration, Timestamp};

use super::correlating::offset;
use crate::context::git::{BlockName, Commit, Repositories, Silence};
use crate::drift::{CorrelationData, CorrelationEvent, CorrelationType, ResourceRef, nearness};
use crate::recommend::Code;
use crate::safety::Redactor;

/// Before and after the drift came to be; what is farther away has little to do with it.
const WINDOW: SignedDuration = SignedDuration::from_hours(24 * 7);

/// What one pass over many drifts has looked up.
#[derive(Default)]
pub(super) struct Commits {
    code: Code,
    repositories: Repositories,
}

impl Commits {
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// `moment`: between which times the drift came to be.
    ///
    /// # Errors
    /// A sentence that says why nothing is known of them.
    pub fn of(
        &self,
        resource: &ResourceRef,
        moment: (Timestamp, Timestamp),
        redactor: &Redactor,
    ) -> Result<Vec<CorrelationEvent>, String> {
        let spot = self.code.spot(resource)?;
        let address = crate::declared::blocks::configured(resource.resource_id.raw());
        let mut names = address.rsplit('.');
        let (Some(name), Some(kind)) = (names.next(), names.next()) else { return Err("it has no block".into()) };
        let block = BlockName { kind: "resource", labels: &[kind, name] };
        let span = (before(moment.0), after(moment.1));
        let found = self.repositories.commits(&spot.file, &block, span).map_err(|why: Silence| why.to_string())?;
        let place = spot.shown();
        Ok(found.into_iter().map(|commit| event(commit, &place, moment, redactor)).collect())
    }
}

fn before(at: Timestamp) -> Timestamp {
    at.checked_sub(WINDOW).unwrap_or(at)
}

fn after(at: Timestamp) -> Timestamp {
    at.checked_add(WINDOW).unwrap_or(at)
}

fn event(commit: Commit, place: &str, moment: (Timestamp, Timestamp), redactor: &Redactor) -> CorrelationEvent {
    let at = commit.at;
    let temporal_offset = offset(moment, at);
    let (system, link) = commit.page.map_or(("git", None), |(system, link)| (system, Some(link)));
    CorrelationEvent {
        correlation_type: CorrelationType::GitCommit,
        external_id: commit.hash,
        external_system: system.into(),
        event_data: CorrelationData {
            title: redactor.mask_text(commit.subject.raw()),
            place: Some(place.into()),
            at,
            link: link.map(Into::into),
        },
        correlation_score: nearness(temporal_offset),
        temporal_offset,
    }
}
