//! What changed, in a few words: `ingress +1, tags.Name`.

use crate::drift::{Change, ChangeType, DriftEvent, DriftType};
use crate::safety::sanitise;

/// Sanitised; security-critical properties come first, as the changes are sorted.
pub fn what_changed(event: &DriftEvent, width: usize) -> String {
    let head = match event.drift_type {
        DriftType::Deleted => return "gone".into(),
        DriftType::Added => return "in no code".into(),
        DriftType::Moved => {
            let from = event.resource.previous_address.as_ref().map_or("elsewhere".into(), |a| a.line());
            return sanitise::cell(&format!("from {from}"), width);
        }
        DriftType::Modified => String::new(),
    };
    let mut groups: Vec<(&str, Vec<&Change>)> = vec![];
    for change in event.changes.iter().take(50) {
        let root = root(change.path.raw());
        match groups.iter_mut().find(|(known, _)| *known == root) {
            Some((_, changes)) => changes.push(change),
            None => groups.push((root, vec![change])),
        }
    }
    let words: Vec<String> = groups.iter().map(|(root, changes)| group(root, changes)).collect();
    sanitise::cell(&(head + &words.join(", ")), width)
}

/// The property itself, without what lies in it.
fn root(path: &str) -> &str {
    let end = path.char_indices().skip(1).find(|(_, c)| matches!(c, '.' | '[')).map_or(path.len(), |(at, _)| at);
    &path[..end]
}

fn group(root: &str, changes: &[&Change]) -> String {
    let count = |kind| changes.iter().filter(|change| change.change_type == kind).count();
    match changes {
        [one] if one.change_type == ChangeType::Modified => one.path.raw().to_owned(),
        [one] if !one.path.raw().contains('[') => format!("{}{}", one.change_type.sign(), one.path.raw()),
        _ => {
            let kinds = [ChangeType::Added, ChangeType::Removed, ChangeType::Modified];
            let parts = kinds.map(|kind| (kind.sign(), count(kind))).into_iter().filter(|(_, number)| *number > 0);
            parts.fold(root.to_owned(), |out, (sign, number)| format!("{out} {sign}{number}"))
        }
    }
}
