//! Decisions on single changes of a drift: one is reverted, one accepted until Friday, one stays open.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Change, Decision, DriftEvent, PropertyPath, ResolutionType, SeverityClass, State};

/// What was decided about one change.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct SettledChange {
    pub path: PropertyPath,
    /// Its resolution type is always there; `until` only for accepted ones.
    pub decision: Decision,
    /// For accepted ones: a hash of the live value. What was accepted is that value; with another one the decision lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

impl SettledChange {
    /// As decided now, for `change` as it is now.
    pub fn new(change: &Change, decision: Decision) -> Self {
        let is_accepted = decision.resolution_type == Some(ResolutionType::Accepted);
        Self { path: change.path.clone(), decision, accepted: is_accepted.then(|| live_value(change)) }
    }

    /// Still about this value. Promises (to revert, to codify) and escalations are about the change, whatever its value.
    pub fn holds_for(&self, change: &Change) -> bool {
        self.accepted.as_ref().is_none_or(|accepted| *accepted == live_value(change))
    }

    /// An exception whose time is over settles nothing any more.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.decision.until.is_some_and(|until| until <= now)
    }

    /// There on purpose.
    pub fn is_accepted(&self) -> bool {
        self.decision.resolution_type == Some(ResolutionType::Accepted)
    }
}

/// 32 hexadecimal digits. Of the masked value: a mask changes with its secret.
fn live_value(change: &Change) -> String {
    let value = change.actual.as_ref().map(|actual| in_any_order(actual.value()));
    blake3::hash(value.unwrap_or_default().as_bytes()).to_hex()[..32].to_owned()
}

/// JSON whose lists are sorted: a set that comes back in another order is the value that was accepted.
fn in_any_order(value: &Value) -> String {
    match value {
        Value::Array(list) => {
            let mut elements: Vec<String> = list.iter().map(in_any_order).collect();
            elements.sort_unstable();
            format!("[{}]", elements.join(","))
        }
        Value::Object(map) => {
            let mut entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{key:?}:{}", in_any_order(value))).collect();
            entries.sort_unstable();
            format!("{{{}}}", entries.join(","))
        }
        plain => plain.to_string(),
    }
}

impl DriftEvent {
    /// What was decided about the change at `path` and still holds at `now`; `None`: it is open.
    pub fn settled_change(&self, path: &PropertyPath, now: Timestamp) -> Option<&SettledChange> {
        let at = self.settled.binary_search_by(|one| one.path.cmp(path)).ok()?;
        self.settled.get(at).filter(|one| !one.is_over(now))
    }

    /// Changes nobody has settled, in their order.
    pub fn open_changes(&self, now: Timestamp) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| self.settled_change(&change.path, now).is_none())
    }

    /// There are changes, and each of them is settled: then the drift is.
    pub fn all_changes_settled(&self, now: Timestamp) -> bool {
        !self.settled.is_empty() && !self.changes.is_empty() && self.open_changes(now).next().is_none()
    }

    /// Resolved by its changes, not as a whole.
    pub fn is_resolved_by_changes(&self, now: Timestamp) -> bool {
        self.state_of_whole(now).needs_attention() && self.all_changes_settled(now)
    }

    /// What the state rests on, as a whole: a snooze or an exception whose time is over is open again.
    pub fn state_of_whole(&self, now: Timestamp) -> State {
        let over = self.decision.as_ref().and_then(|d| d.until).is_some_and(|until| until <= now);
        if over && matches!(self.state, State::Snoozed | State::Ignored | State::Resolved) {
            State::Open
        } else {
            self.state
        }
    }

    /// Forgets acceptances of values that are no longer there, and gives them back.
    pub fn lapse(&mut self) -> Vec<SettledChange> {
        if self.settled.is_empty() {
            return Vec::new();
        }
        // A block that went and one that came may stand at the same path: the value of either will do.
        let (mut is_there, mut holds) = (vec![false; self.settled.len()], vec![false; self.settled.len()]);
        for change in &self.changes {
            if let Ok(at) = self.settled.binary_search_by(|one| one.path.cmp(&change.path)) {
                is_there[at] = true;
                holds[at] |= self.settled[at].holds_for(change);
            }
        }
        let mut over = is_there.into_iter().zip(holds).map(|(is_there, holds)| is_there && !holds);
        let lapsed: Vec<_> = self.settled.extract_if(.., |_| over.next() == Some(true)).collect();
        if !lapsed.is_empty() {
            self.open_severity = None;
        }
        lapsed
    }

    /// CRITICAL to LOW: of what is still open, see [`severity`](Self::severity).
    pub fn severity_class(&self) -> SeverityClass {
        self.severity().class()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::ChangeType;
    use crate::safety::Masked;
    use serde_json::json;

    fn change(actual: serde_json::Value) -> Change {
        Change {
            path: "x".into(),
            change_type: ChangeType::Modified,
            declared: None,
            actual: Some(Masked::trusted(actual)),
            is_security_critical: false,
            remembered_at: None,
        }
    }

    fn decision(resolution_type: ResolutionType) -> Decision {
        let at = Timestamp::UNIX_EPOCH;
        Decision { seq: 1, by: "a".into(), at, reason: None, resolution_type: Some(resolution_type), until: None }
    }

    #[test]
    fn an_acceptance_is_of_a_value_and_a_promise_is_of_the_change() {
        let accepted = SettledChange::new(&change(json!({"a": 1, "b": 2})), decision(ResolutionType::Accepted));
        assert!(accepted.holds_for(&change(json!({"b": 2, "a": 1}))), "the order of keys is no other value");
        assert!(!accepted.holds_for(&change(json!({"a": 1, "b": 3}))));
        let promised = SettledChange::new(&change(json!(1)), decision(ResolutionType::AutoRevert));
        assert!(promised.holds_for(&change(json!(2))));
    }

    #[test]
    fn a_set_in_another_order_is_the_value_that_was_accepted() {
        let accepted =
            SettledChange::new(&change(json!([{"b": 1, "a": [2, 3]}, "x"])), decision(ResolutionType::Accepted));
        assert!(accepted.holds_for(&change(json!(["x", {"a": [3, 2], "b": 1}]))));
        assert!(!accepted.holds_for(&change(json!(["x", {"a": [3, 4], "b": 1}]))));
        assert!(!accepted.holds_for(&change(json!([["x"], {"a": [2, 3], "b": 1}]))));
    }
}
