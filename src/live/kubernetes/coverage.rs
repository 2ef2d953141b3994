//! Which kinds and namespaces the recorded lists cover, so that "not found" can be told from "not recorded".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::GroupKind;
use super::objects::{Object, group_kind};
use super::status::plural;
use crate::declared::input::source_error;
use crate::drift::{SourceError, UnverifiedReason};
use crate::safety::Tainted;

/// What is covered of one kind.
#[derive(Default)]
struct Covered {
    everywhere: bool,
    namespaces: BTreeSet<Arc<str>>,
    /// A list of it broke off.
    incomplete: bool,
}

/// What all files cover together.
#[derive(Default)]
pub(super) struct Coverage {
    kinds: BTreeMap<GroupKind, Covered>,
}

/// What the lists of one file say.
#[derive(Default)]
pub(super) struct FileLists {
    lists: usize,
    /// Kinds that a typed list names itself, even when it is empty.
    typed: BTreeSet<GroupKind>,
    incomplete: bool,
    /// With the type as the cluster spells it, and whether its objects live in namespaces.
    kinds: BTreeMap<GroupKind, (Arc<str>, bool)>,
    namespaces: BTreeSet<Arc<str>>,
}

impl FileLists {
    pub fn list(&mut self, head: &Map<String, Value>) {
        self.lists += 1;
        let text = |key: &str| head.get(key).and_then(Value::as_str).unwrap_or_default();
        if let Some(kind) = text("kind").strip_suffix("List").filter(|kind| !kind.is_empty()) {
            self.typed.insert(group_kind(text("apiVersion"), kind));
        }
        let more = head.get("metadata").and_then(|metadata| metadata.get("continue")).and_then(Value::as_str);
        self.incomplete |= more.is_some_and(|token| !token.is_empty());
    }

    pub fn object(&mut self, object: &Object) {
        let namespaced = !object.namespace.is_empty();
        self.kinds.entry(object.kind.clone()).or_insert_with(|| (Arc::clone(&object.resource_type), namespaced));
        if namespaced {
            self.namespaces.insert(Arc::clone(&object.namespace));
        }
    }

    /// The file broke off in the middle.
    pub fn cut_off(&mut self) {
        self.incomplete = true;
    }

    /// The types its objects have.
    pub fn types(&self) -> Vec<Tainted> {
        self.kinds.values().map(|(resource_type, _)| Tainted::from(&**resource_type)).collect()
    }

    /// The error for a list of which only a part was recorded.
    pub fn incomplete_error(&self, file: &str) -> Option<SourceError> {
        let kinds: Vec<&str> = self.kinds.keys().map(|kind| &*kind.kind).collect();
        self.incomplete.then(|| {
            let message = format!("only the first page of a list ({}); the rest was not recorded", kinds.join(", "));
            source_error(file, message, "Record it again with `kubectl get KIND -A -o json`, which follows all pages.")
        })
    }
}

impl Coverage {
    pub fn add(&mut self, file: FileLists) {
        // `kubectl get` does not say whether it looked everywhere; objects of two namespaces or of none show that it did.
        let everywhere = file.namespaces.len() != 1;
        let kinds: BTreeSet<&GroupKind> = file.kinds.keys().chain(&file.typed).collect();
        for kind in kinds {
            let covered = self.kinds.entry(kind.clone()).or_default();
            if file.incomplete {
                covered.incomplete = true;
            } else if file.lists > 0 {
                let cluster_scoped = file.kinds.get(kind).is_some_and(|(_, namespaced)| !namespaced);
                covered.everywhere |= everywhere || cluster_scoped;
                covered.namespaces.extend(file.namespaces.iter().cloned());
            }
        }
    }

    /// Why an object that was not found may exist all the same; `None` when it does not.
    pub fn gap(&self, kind: &GroupKind, namespace: &str) -> Option<(UnverifiedReason, String)> {
        let name = &kind.kind;
        let record = format!("record them with `kubectl get {} -A -o json`", command_name(kind));
        let Some(covered) = self.kinds.get(kind) else {
            return Some((UnverifiedReason::NotObservable, format!("the recording holds no {name}; {record}")));
        };
        // A manifest without a namespace goes where its recording was made.
        let listed =
            if namespace.is_empty() { !covered.namespaces.is_empty() } else { covered.namespaces.contains(namespace) };
        if covered.everywhere || listed {
            return None;
        }
        if covered.incomplete {
            let sentence = format!("the recorded list of {name} is not complete; {record}");
            return Some((UnverifiedReason::SourceFailed, sentence));
        }
        if covered.namespaces.is_empty() {
            let sentence = format!("the recording holds single objects of {name} and no list; {record}");
            return Some((UnverifiedReason::NotObservable, sentence));
        }
        let places: Vec<&str> = covered.namespaces.iter().map(|namespace| &**namespace).collect();
        let sentence = format!("the recording lists {name} of {} only; {record}", places.join(", "));
        Some((UnverifiedReason::NotObservable, sentence))
    }
}

/// `deployments`, `widgets.example.com`.
fn command_name(kind: &GroupKind) -> String {
    let plural = plural(&kind.kind);
    if kind.group.contains('.') { format!("{plural}.{}", kind.group) } else { plural }
}
