//! The trails as tables.

use crate::accounts::SecurityRecord;
use crate::drift::{AuditEntry, State};
use crate::safety::{Masked, Tainted};

/// The line above what was decided.
pub const DRIFTS: &str = "seq,timestamp,actor,action,environment,drift,reason,old_state,new_state,user_id,principal,ip_address,user_agent,session_id,success,error_message";
/// The line above what happened to accounts.
pub const SECURITY: &str =
    "seq,timestamp,actor,kind,address,action,subject,old,new,user_id,user_agent,session_id,success,error_message";

/// The cells of a decision.
pub fn of_drift(entry: &AuditEntry) -> Vec<String> {
    let origin = entry.origin.as_ref();
    let state = |state: Option<State>| state.map_or("", State::as_str).to_owned();
    vec![
        entry.seq.to_string(),
        entry.timestamp.to_string(),
        entry.actor.line(),
        entry.action.clone(),
        entry.environment.as_ref().map(ToString::to_string).unwrap_or_default(),
        entry.drift.map(|id| id.to_string()).unwrap_or_default(),
        entry.reason.as_ref().map(|reason| reason.line()).unwrap_or_default(),
        state(entry.old_state),
        state(entry.new_state),
        shown(origin.and_then(|origin| origin.user_id)),
        origin.map(|origin| origin.principal.as_str().to_owned()).unwrap_or_default(),
        shown(origin.and_then(|origin| origin.ip_address)),
        line(origin.and_then(|origin| origin.user_agent.as_ref())),
        shown(origin.and_then(|origin| origin.session_id)),
        entry.success.to_string(),
        line(entry.error_message.as_ref()),
    ]
}

/// The cells of what happened to an account.
pub fn of_security(record: &SecurityRecord) -> Vec<String> {
    let entry = &record.entry;
    // Masked already: what is secret is not in it.
    let values =
        |value: &Option<Masked>| value.as_ref().and_then(|value| serde_json::to_string(value).ok()).unwrap_or_default();
    vec![
        record.seq.to_string(),
        entry.at.to_string(),
        entry.actor.name.line(),
        entry.actor.kind.as_str().to_owned(),
        entry.actor.address.map(|address| address.to_string()).unwrap_or_default(),
        entry.action.as_str().to_owned(),
        entry.subject.line(),
        values(&entry.old),
        values(&entry.new),
        shown(entry.actor.user_id),
        line(entry.actor.user_agent.as_ref()),
        shown(entry.actor.session_id),
        entry.success.to_string(),
        line(entry.error_message.as_ref()),
    ]
}

fn shown(value: Option<impl std::fmt::Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn line(text: Option<&Tainted>) -> String {
    text.map(Tainted::line).unwrap_or_default()
}
