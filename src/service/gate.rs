//! Before anything is written: is it allowed here, and does it say why where it must?

use super::danger::{Danger, Write, danger, returns};
use super::keeping::told;
use super::{Guard, Refusal, ServiceError, permission};
use crate::drift::Slug;
use crate::store::Store;

pub(super) fn check(guard: &Guard, store: &dyn Store, write: Write<'_>) -> Result<(), ServiceError> {
    permission::deciding(guard.read_only.as_deref())?;
    if let Write::Triage(request) = write
        && let Some(decision) = guard.require_reason.missing(&request.verb, request.reason.as_ref())
    {
        return Err(Refusal::NoReason(decision.into()).into());
    }
    if guard.protected.is_empty() {
        return Ok(());
    }
    let undone;
    let danger = match danger(write) {
        Danger::Undoes(seq) => {
            undone = store.audit_entry(seq).map_err(told)?;
            // The store says what is wrong with a number that names nothing.
            undone.as_ref().map_or(Danger::None, returns)
        }
        other => other,
    };
    match danger {
        Danger::None | Danger::Undoes(_) => {}
        Danger::Settles => permission::settling(&guard.protected, environment(store, write)?.as_ref())?,
        Danger::Hides(rule) => {
            permission::settling(&guard.protected, environment(store, write)?.as_ref())?;
            guard.allows_rule(rule)?;
        }
        Danger::HidesAgain(id) => {
            let rules = store.never_hidden().map_err(told)?;
            rules.iter().find(|rule| rule.id == id).map_or(Ok(()), |rule| guard.allows_hiding(rule))?;
        }
    }
    Ok(())
}

/// Of the drift that is decided about.
fn environment(store: &dyn Store, write: Write<'_>) -> Result<Option<Slug>, ServiceError> {
    let drift = match write {
        Write::Triage(request) => request.drift,
        Write::Remediate { drift, .. } => drift,
        _ => return Ok(None),
    };
    Ok(Some(store.drift(drift).map_err(told)?.event.environment))
}
