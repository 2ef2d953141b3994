//! Changes to elements of one list, brought together: an address that went and another that came are one change of the list.

use serde_json::Value;

use crate::drift::path::{Step, parse};
use crate::drift::{Change, PathBuilder};

/// A change as it is read: a list stands for its elements.
pub(super) struct Gathered {
    pub path: String,
    pub declared: Option<Value>,
    pub actual: Option<Value>,
    /// Elements of a list that has others.
    pub is_list: bool,
}

pub(super) fn gather(changes: &[Change]) -> Vec<Gathered> {
    let mut found: Vec<Gathered> = vec![];
    let effects: Vec<&str> = changes.iter().filter_map(|change| change.path.raw().strip_suffix(".Effect")).collect();
    let replaced = replaced(changes);
    for change in changes {
        // Of a statement that denies what it allowed, nothing else matters.
        let rest = |statement: &&str| change.path.raw().strip_prefix(*statement);
        if effects.iter().filter_map(rest).any(|rest| rest != ".Effect" && rest.starts_with(['.', '['])) {
            continue;
        }
        let side = |side: &Option<crate::safety::Masked>| side.as_ref().map(|masked| masked.value().clone());
        let (declared, actual) = (side(&change.declared), side(&change.actual));
        let is_scalar = |side: &Option<Value>| !side.as_ref().is_some_and(|v| v.is_object() || v.is_array());
        let list = list_of(change.path.raw(), is_scalar(&declared) && is_scalar(&actual));
        let list = list.or_else(|| replaced.iter().find(|list| block_of(change).as_ref() == Some(list)).cloned());
        let Some(list) = list else {
            found.push(Gathered { path: change.path.raw().to_owned(), declared, actual, is_list: false });
            continue;
        };
        let at = found.iter().position(|one| one.is_list && one.path == list).unwrap_or_else(|| {
            let none = || Some(Value::Array(vec![]));
            found.push(Gathered { path: list, declared: none(), actual: none(), is_list: true });
            found.len() - 1
        });
        add(&mut found[at].declared, declared);
        add(&mut found[at].actual, actual);
    }
    found
}

/// Lists of blocks of which one went and another came: a rule that was narrowed is a pair of them.
fn replaced(changes: &[Change]) -> Vec<String> {
    let lists = |is_gone: bool| changes.iter().filter(move |c| c.actual.is_none() == is_gone).filter_map(block_of);
    let came: Vec<String> = lists(false).collect();
    lists(true).filter(|list| came.contains(list)).collect()
}

/// The list of which a whole block came or went.
fn block_of(change: &Change) -> Option<String> {
    let ((None, Some(block)) | (Some(block), None)) = (&change.declared, &change.actual) else { return None };
    if !block.value().is_object() {
        return None;
    }
    let (mut steps, whole) = parse(change.path.raw());
    let is_element = match steps.pop()? {
        // Blocks that have a name are not each other's successors.
        Step::Identity(pairs) => !pairs.iter().any(|(key, _)| super::leaf::selects(key)),
        Step::Index(_) | Step::SetValue(_) => true,
        Step::Key(_) => false,
    };
    (whole && is_element).then(|| written(&steps))
}

fn written(steps: &[Step]) -> String {
    let mut list = PathBuilder::new();
    steps.iter().for_each(|step| _ = list.push(step));
    list.as_str().to_owned()
}

fn add(list: &mut Option<Value>, element: Option<Value>) {
    if let (Some(Value::Array(items)), Some(element)) = (list, element) {
        items.push(element);
    }
}

/// The list whose element the path is: `cidr_blocks[=0.0.0.0/0]`, and for plain values `resources[1]`.
fn list_of(path: &str, is_scalar: bool) -> Option<String> {
    let (mut steps, whole) = parse(path);
    let is_element = match steps.pop() {
        Some(Step::SetValue(_)) => true,
        Some(Step::Index(_)) => is_scalar,
        _ => false,
    };
    if !whole || !is_element {
        return None;
    }
    Some(written(&steps))
}
