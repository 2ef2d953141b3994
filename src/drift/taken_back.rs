//! Somebody takes back what they have changed themselves: the sign of a person who tries things.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Attribution;
use crate::safety::Tainted;

/// A write by which somebody took back a change of their own, seen in the audit trail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct TakenBack {
    /// When they had made the change.
    pub changed_at: Timestamp,
    /// When they took it back.
    pub at: Timestamp,
    /// `RevokeSecurityGroupIngress`
    pub event: Tainted,
    pub event_id: Tainted,
}

impl TakenBack {
    /// What is taken back within this span was tried; later it was a change like any other.
    pub const SOON: SignedDuration = SignedDuration::from_hours(4);

    /// How long the change stood.
    pub fn after(&self) -> SignedDuration {
        self.at.duration_since(self.changed_at)
    }
}

impl Attribution {
    /// `alice changed it back after 40 minutes (RevokeSecurityGroupIngress at 2026-11-21 01:40 UTC, event 8f2c…)`; of several
    /// the longest span and the last event. `None`: they were not seen to take anything back.
    pub fn tried(&self) -> Option<String> {
        let last = self.taken_back.last()?;
        let longest = self.taken_back.iter().map(TakenBack::after).max().unwrap_or_default();
        let (span, times) = match self.taken_back.len() {
            1 => (format!("after {}", minutes(longest)), String::new()),
            2 => (format!("within {}", minutes(longest)), ", twice".to_owned()),
            more => (format!("within {}", minutes(longest)), format!(", {more} times")),
        };
        let which =
            if last.event_id.is_empty() { String::new() } else { format!(", event {}", last.event_id.cell(40)) };
        let at = last.at.strftime("%Y-%m-%d %H:%M UTC");
        let (who, event) = (self.actor.cell(60), last.event.cell(60));
        let the_last = if self.taken_back.len() == 1 { "" } else { "the last time " };
        Some(format!("{who} changed it back {span}{times} ({the_last}{event} at {at}{which})"))
    }
}

fn minutes(span: SignedDuration) -> String {
    match (span.as_secs() + 59) / 60 {
        ..=1 => "a minute".into(),
        minutes @ ..120 => format!("{minutes} minutes"),
        minutes => format!("{} hours and {} minutes", minutes / 60, minutes % 60).replace(" and 0 minutes", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_as_people_say_them() {
        let words = |seconds| minutes(SignedDuration::from_secs(seconds));
        assert_eq!([words(5), words(60), words(61), words(2_400)], ["a minute", "a minute", "2 minutes", "40 minutes"]);
        assert_eq!([words(7_200), words(9_000)], ["2 hours", "2 hours and 30 minutes"]);
    }
}
