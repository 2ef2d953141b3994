//! What changed, in a few words: `ingress +1, tags.Name`.

use crate::drift::{Change, ChangeType, DriftEvent, DriftType};
use crate::safety::sanitise;
use crate::tui::widgets::text;

/// Sanitised; security-critical properties come first, as the changes are sorted.
pub fn what_changed(event: &DriftEvent, width: usize) -> String {
    let words = match event.drift_type {
        DriftType::Deleted => "gone".into(),
        DriftType::Added => "in no code".into(),
        DriftType::Moved => {
            let from = event.resource.previous_address.as_ref();
            from.map_or("moved".into(), |address| format!("from {}", address.raw()))
        }
        DriftType::Modified => match modified(&event.changes, short) {
            // Where a property's name and where it lies do not fit, its name does.
            words if text::width(&sanitise::line(&words)) > width => modified(&event.changes, shortest),
            words => words,
        },
    };
    text::cut(&sanitise::cell(&words, 400), width)
}

fn modified(changes: &[Change], name: fn(&str, &Change) -> String) -> String {
    let mut groups: Vec<(&str, Vec<&Change>)> = vec![];
    // More than this many do not fit into any column.
    for change in changes.iter().take(50) {
        let root = root(change.path.raw());
        match groups.iter_mut().find(|(known, _)| *known == root) {
            Some((_, changes)) => changes.push(change),
            None => groups.push((root, vec![change])),
        }
    }
    groups.iter().map(|(root, changes)| group(root, changes, name)).collect::<Vec<_>>().join(", ")
}

/// The property itself, without what lies in it.
fn root(path: &str) -> &str {
    let end = path.char_indices().skip(1).find(|(_, c)| matches!(c, '.' | '[')).map_or(path.len(), |(at, _)| at);
    &path[..end]
}

/// A few changed properties by name, list elements that came or went by number.
fn group(root: &str, changes: &[&Change], name: fn(&str, &Change) -> String) -> String {
    let count = |kind| changes.iter().filter(|change| change.change_type == kind).count();
    let elements = changes.iter().any(|change| change.path.raw().ends_with(']'));
    if changes.len() <= 3 && !elements {
        return changes.iter().map(|change| name(root, change)).collect::<Vec<_>>().join(", ");
    }
    let kinds = [ChangeType::Added, ChangeType::Removed, ChangeType::Modified];
    let parts = kinds.map(|kind| (kind.sign(), count(kind))).into_iter().filter(|(_, number)| *number > 0);
    parts.fold(root.to_owned(), |out, (sign, number)| format!("{out} {sign}{number}"))
}

/// `spec.replicas`, `-tags.Name`, `spec…image`.
fn short(root: &str, change: &Change) -> String {
    let path = change.path.raw();
    let sign = match change.change_type {
        ChangeType::Modified => String::new(),
        other => other.sign().to_string(),
    };
    match path.rsplit_once('.') {
        Some((before, last)) if before != root && !last.contains(']') => format!("{sign}{root}…{last}"),
        _ => format!("{sign}{path}"),
    }
}

/// `…image`; what has no parts stays as it is.
fn shortest(root: &str, change: &Change) -> String {
    let words = short(root, change);
    match words.split_once('…') {
        Some((before, last)) => format!("{}…{last}", if before.starts_with(['+', '-']) { &before[..1] } else { "" }),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str, change_type: ChangeType) -> Change {
        let (declared, actual, is_security_critical) = (None, None, false);
        Change { path: path.into(), change_type, declared, actual, is_security_critical, remembered_at: None }
    }

    #[test]
    fn elements_are_counted_and_properties_named() {
        let said = |changes: &[Change]| modified(changes, short);
        let ingress = change("ingress[from_port=22]", ChangeType::Added);
        assert_eq!(said(&[ingress, change("tags.Name", ChangeType::Modified)]), "ingress +1, tags.Name");
        let image = change("spec.template.containers[name=a].image", ChangeType::Modified);
        assert_eq!(said(&[change("spec.replicas", ChangeType::Modified), image]), "spec.replicas, spec…image");
        assert_eq!(said(&[change("tags.Name", ChangeType::Removed)]), "-tags.Name");
        let tokens = [change("metadata_options[0].http_tokens", ChangeType::Added)];
        assert_eq!(modified(&tokens, shortest), "+…http_tokens");
        let many: Vec<_> = (0..7).map(|n| change(&format!("tags.t{n}"), ChangeType::Removed)).collect();
        assert_eq!(said(&many), "tags -7");
        assert_eq!(said(&[change("", ChangeType::Modified), change("é[", ChangeType::Added)]), ", +é[");
    }
}
