//! Attributes that practitioners declare as changed outside their code (`lifecycle { ignore_changes = [...] }`): a prior for the
//! cause, never a reason to hide a change.

use super::Facts;
use crate::knowledge;

/// As many repositories say it as make it more than somebody's whim.
const SAID: u32 = 2;
/// As many as make a habit.
const HABIT: u32 = 3;

/// All changes of a drift are expected.
pub(super) struct Expected {
    /// Independent repositories that say so of the least known of them.
    repositories: u32,
}

impl Expected {
    pub(super) fn alone(&self) -> f64 {
        if self.repositories >= HABIT { 0.60 } else { 0.40 }
    }

    pub(super) fn sentence(&self) -> String {
        format!(
            "{} public repositories declare what differs as changed outside the code (`ignore_changes`).",
            self.repositories
        )
    }
}

/// `None` when some change is none that is expected.
pub(super) fn of(facts: &Facts<'_>) -> Option<Expected> {
    let kind = facts.resource.resource_type.raw();
    let said = |path: &str| Some(knowledge::expected_to_change_in(kind, path)).filter(|said| *said >= SAID);
    let each = facts.changes.iter().map(|change| said(change.path.raw()));
    let repositories = each.collect::<Option<Vec<u32>>>()?.into_iter().min()?;
    Some(Expected { repositories })
}
