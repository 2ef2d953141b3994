//! Who made a drift, as the JSON formats have it.

use serde::Serialize;

use crate::drift::{ActorClass, Attribution};
use crate::safety::Tainted;

#[derive(Serialize)]
pub(super) struct ActorRow<'a> {
    name: &'a Tainted,
    class: Option<ActorClass>,
    /// It names what changed, and nobody else wrote that.
    certain: bool,
    at: jiff::Timestamp,
    event: &'a Tainted,
    source: &'a Tainted,
    event_id: &'a Tainted,
    identity: &'a Tainted,
    source_address: &'a Tainted,
    user_agent: &'a Tainted,
    paths: Vec<&'a str>,
    reason: &'a Tainted,
}

pub(super) fn actor_row(one: &Attribution) -> ActorRow<'_> {
    ActorRow {
        name: &one.actor,
        class: one.class,
        certain: one.is_certain(),
        at: one.at,
        event: &one.event,
        source: &one.source,
        event_id: &one.event_id,
        identity: &one.identity,
        source_address: &one.address,
        user_agent: &one.user_agent,
        paths: one.paths.iter().map(|path| path.raw()).collect(),
        reason: &one.reason,
    }
}
