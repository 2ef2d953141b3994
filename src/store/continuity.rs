//! Whether a drift that is seen with other properties is the same one, of which only other things are hidden.
//!
//! A rule (ours, a pack's, an ignore pattern's, somebody's "never hide this") that comes, changes or goes moves differences
//! between what is hidden and what is told. Nothing happened to the resource then, so what was decided still holds. A property
//! that was neither told nor hidden before, or was hidden with other values, is news.

use std::collections::BTreeMap;

use super::record::BodyRecord;
use crate::drift::Change;
use crate::safety::Masked;

/// Declared and live value by path.
type Sides<'a> = BTreeMap<&'a str, (Option<&'a Masked>, Option<&'a Masked>)>;

/// One look at a resource.
pub(super) struct Look<'a> {
    /// All changes, those that ignore rules hide among them.
    told: Sides<'a>,
    hidden: Sides<'a>,
    body: &'a BodyRecord,
}

impl<'a> Look<'a> {
    /// `changes`: those that are shown; `body` has the others.
    pub(super) fn of(changes: &'a [Change], body: &'a BodyRecord) -> Self {
        let sides = |c: &'a Change| (c.path.raw(), (c.declared.as_ref(), c.actual.as_ref()));
        Self {
            told: changes.iter().chain(body.ignored.iter().map(|(_, change)| change)).map(sides).collect(),
            hidden: body.hidden.iter().map(|h| (h.path.raw(), (h.declared.as_ref(), h.actual.as_ref()))).collect(),
            body,
        }
    }

    /// Told here, and not there.
    fn only_here(&self, there: &Self) -> Vec<&'a str> {
        self.told.keys().filter(|path| !there.told.contains_key(*path)).copied().collect()
    }

    /// A rule may hide a list and another tell its elements: then both sides as a whole must be what they were.
    fn was_hidden_in(&self, there: &Self, paths: &[&str]) -> bool {
        let exactly = |path| there.hidden.contains_key(path) && there.hidden.get(path) == self.told.get(path);
        let nearly = |path| there.hidden.keys().any(|hidden| are_kin(hidden, path)) && self.has_same_sides(there);
        paths.iter().all(|path| exactly(path) || nearly(path))
    }

    fn has_same_sides(&self, there: &Self) -> bool {
        let sides = |look: &Self| (look.body.declared_state.clone(), look.body.actual_state.clone());
        self.body.declared_state.is_some() && self.body.actual_state.is_some() && sides(self) == sides(there)
    }
}

/// Whether one path lies below the other.
fn are_kin(a: &str, b: &str) -> bool {
    let is_below = |low: &str, high: &str| low.strip_prefix(high).is_some_and(|rest| rest.starts_with(['.', '[']));
    is_below(a, b) || is_below(b, a)
}

/// What moved between hidden and told, in words, when nothing else did.
pub(super) fn only_rules(old: &Look<'_>, new: &Look<'_>) -> Option<String> {
    let (shown, gone) = (new.only_here(old), old.only_here(new));
    if !new.was_hidden_in(old, &shown) || !old.was_hidden_in(new, &gone) {
        return None;
    }
    let named = |what: &str, paths: &[&str]| match paths {
        [] => None,
        [only] => Some(format!("{what} {only}")),
        [first, rest @ ..] => Some(format!("{what} {first} and {} more", rest.len())),
    };
    let parts: Vec<String> = [named("told now:", &shown), named("hidden now:", &gone)].into_iter().flatten().collect();
    Some(format!("only what rules hide has changed; {}", parts.join("; ")))
}

impl super::Recorded {
    /// The drift as it is now.
    pub fn event(&self) -> &crate::drift::DriftEvent {
        match self {
            Self::New(event) | Self::SeenAgain(event) | Self::Reopened(event) | Self::Regressed(event) => event,
            Self::Continued { event, .. } => event,
        }
    }

    /// The drift as it is now.
    pub fn into_event(self) -> crate::drift::DriftEvent {
        match self {
            Self::New(event) | Self::SeenAgain(event) | Self::Reopened(event) | Self::Regressed(event) => event,
            Self::Continued { event, .. } => *event,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drift::{ChangeType, Hidden};

    fn value(of: &str) -> Option<Masked> {
        Some(Masked::trusted(json!(of)))
    }

    fn change(path: &str, live: &str) -> Change {
        Change {
            path: path.into(),
            change_type: ChangeType::Modified,
            declared: value("declared"),
            actual: value(live),
            is_security_critical: false,
            remembered_at: None,
        }
    }

    fn body(hidden: &[(&str, &str)]) -> BodyRecord {
        let hidden = hidden.iter().map(|(path, live)| Hidden {
            path: (*path).into(),
            rule: "set-order".into(),
            declared: value("declared"),
            actual: value(live),
        });
        BodyRecord { hidden: hidden.collect(), ..BodyRecord::default() }
    }

    fn is_same(old: (&[Change], &BodyRecord), new: (&[Change], &BodyRecord)) -> bool {
        only_rules(&Look::of(old.0, old.1), &Look::of(new.0, new.1)).is_some()
    }

    #[test]
    fn what_was_hidden_with_the_same_values_may_come_to_light_and_go_again() {
        let (port, order) = (change("port", "1"), change("groups", "b,a"));
        let (with, without) = (body(&[("groups", "b,a")]), body(&[]));
        let (few, many) = ([port.clone()], [port, order]);
        assert!(is_same((&few, &with), (&many, &without)));
        assert!(is_same((&many, &without), (&few, &with)));
    }

    #[test]
    fn a_path_that_was_not_hidden_or_with_another_value_is_news() {
        let (few, many) = ([change("port", "1")], [change("port", "1"), change("groups", "c")]);
        let (with, without) = (body(&[("groups", "b,a")]), body(&[]));
        assert!(!is_same((&few, &with), (&many, &without)), "the live value is another one");
        assert!(!is_same((&few, &without), (&many, &without)), "it was not hidden");
        assert!(!is_same((&many, &without), (&few, &without)), "a change that has healed is no rule's doing");
    }

    #[test]
    fn a_list_that_was_hidden_whole_may_be_told_by_its_elements_when_neither_side_moved() {
        let state = |live: &str| Some(Masked::trusted(json!({"groups": [live]})));
        let of = |live: &str, hidden: BodyRecord| BodyRecord {
            declared_state: state("a"),
            actual_state: state(live),
            ..hidden
        };
        let told = [change("groups[0]", "b")];
        assert!(is_same((&[], &of("b", body(&[("groups", "b")]))), (&told, &of("b", body(&[])))));
        assert!(!is_same((&[], &of("c", body(&[("groups", "c")]))), (&told, &of("b", body(&[])))));
    }
}
