//! What a drift may have in common with others.

use jiff::{SignedDuration, Timestamp};

use super::{Gaps, Item, Join, Why};
use crate::drift::query::module;
use crate::drift::{Change, ContextType, DriftEvent, OperationalContext};
use crate::safety::Tainted;

impl Item {
    /// `contexts`: what went on around it; others may be among them.
    pub fn of(event: &DriftEvent, contexts: &[OperationalContext], gaps: Gaps) -> Self {
        Self {
            key: event.fingerprint.to_hex(),
            environment: event.environment.clone(),
            at: event.detected_at,
            joins: joins_of(event, contexts, gaps),
            is_split: event.is_split,
        }
    }
}

fn joins_of(event: &DriftEvent, contexts: &[OperationalContext], gaps: Gaps) -> Vec<Join> {
    let hand = event.attribution.as_ref().map(|by| {
        let identity = if by.identity.raw().is_empty() { &by.actor } else { &by.identity };
        let name = format!("{} through {}", by.actor.raw(), by.source.raw());
        Join::new(Why::Hand, &[identity.raw().as_bytes(), by.actor.raw().as_bytes(), by.source.raw().as_bytes()], name)
    });
    let tickets = contexts.iter().filter(|one| is_joining(one, event, gaps.rest)).map(|one| {
        let data = &one.context_data;
        let id = data.id.as_ref().map_or_else(String::new, |id| format!("{} ", id.raw()));
        let name = format!("{} {id}\u{201c}{}\u{201d}", one.context_type.words(), data.title.raw());
        Join::new(Why::Ticket, &[&one.id.0.to_bytes()], name)
    });
    let address = event.resource.resource_id.raw();
    let module = Some(module(address)).filter(|module| !module.is_empty());
    let module = module.map(|module| Join::new(Why::Module, &[module.as_bytes()], module));
    let kind = event.resource.resource_type.raw();
    let changes = changes_of(kind, &event.changes);
    // What is gone, or came, is all of it the same.
    let whole = event.changes.is_empty().then(|| {
        let what = event.drift_type.as_str();
        Join::new(Why::Change, &[kind.as_bytes(), what.as_bytes()], format!("{kind} {what}"))
    });
    hand.into_iter().chain(tickets).chain(module).chain(changes).chain(whole).collect()
}

/// Each change of a resource of a type, as what others may have in common with it.
pub fn changes_of(kind: &str, changes: &[Change]) -> Vec<Join> {
    changes.iter().map(|change| changed(kind, change)).collect()
}

fn changed(kind: &str, change: &Change) -> Join {
    // Masked values are plain data: they can always be written.
    let values = serde_json::to_vec(&(&change.declared, &change.actual)).unwrap_or_default();
    let path = change.path.raw();
    let sign = [change.change_type as u8];
    let name = format!("the same change of {path} of {kind}");
    Join::new(Why::Change, &[kind.as_bytes(), path.as_bytes(), &sign, &values], name)
}

/// The same change, told by its parts alone: for what is no drift in a store.
pub fn transition(kind: &str, path: &str, declared: &str, actual: &str) -> Join {
    let parts = [kind, path, declared, actual].map(str::as_bytes);
    Join::new(Why::Change, &parts, Tainted::from(format!("the same change of {path} of {kind}")))
}

/// It is about that environment in so many words, and the drift was first seen while it was open; of a moment: soon after.
fn is_joining(one: &OperationalContext, event: &DriftEvent, soon: SignedDuration) -> bool {
    use ContextType::{Alert, Incident, SecurityEvent, Ticket};
    let window = &one.time_window;
    let until = if window.is_moment() { later(window.from, soon) } else { window.to };
    matches!(one.context_type, Incident | SecurityEvent | Ticket | Alert)
        && one.environments.contains(&event.environment)
        && window.from <= event.detected_at
        && until.is_none_or(|until| event.detected_at <= until)
}

fn later(at: Timestamp, by: SignedDuration) -> Option<Timestamp> {
    at.checked_add(by).ok()
}
