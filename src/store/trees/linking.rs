//! Links between drifts, as people make them: kept at both ends, in one step.

use super::tx::Tx;
use crate::drift::{DriftId, Link, TriageVerb};
use crate::store::StoreError;
use crate::store::record::{Deed, EventRecord, Standing};

/// Links of one drift at most.
const MOST: usize = 100;

/// Adds or removes one, at both ends.
pub(super) fn plan(tx: &Tx<'_>, here: &EventRecord, verb: &TriageVerb, deed: &mut Deed) -> Result<(), StoreError> {
    let (to, note) = match verb {
        TriageVerb::Link { to, note } => (*to, Some(note.clone())),
        TriageVerb::Unlink { to } => (*to, None),
        _ => return invalid("not about a link"),
    };
    let own = here.event.id;
    if to == own {
        return invalid("a drift has to do with itself anyway: name another one");
    }
    let there = tx.event(to)?.ok_or_else(|| StoreError::NotFound(format!("there is no drift {to}")))?;
    let is_linked = here.links.iter().any(|link| link.to == to);
    match &note {
        Some(_) if is_linked => return invalid("they are linked already; remove the link first to say something else"),
        Some(_) if here.links.len().max(there.links.len()) >= MOST => {
            return invalid("one of them has a hundred links already: remove some first");
        }
        None if !is_linked => return invalid("they are not linked"),
        _ => {}
    }
    let audit = &deed.audit;
    let link = |to| {
        let note = note.clone()?;
        Some(Link { to, note, by: audit.actor.clone(), at: audit.timestamp, seq: audit.seq })
    };
    let ends = [(here, to, link(to)), (&there, own, link(own))];
    for (record, other, link) in ends {
        deed.before.push((record.event.id, record.standing()));
        deed.after.push(record.placed(with(record, other, link)));
    }
    Ok(())
}

/// Takes back what a deed did to a link, as far as it is not so already.
pub(super) fn plan_undo(
    tx: &Tx<'_>,
    here: &EventRecord,
    undone: &Deed,
    to: DriftId,
    deed: &mut Deed,
) -> Result<(), StoreError> {
    let before = |id: DriftId, to: DriftId| {
        let (_, standing) = undone.before.iter().find(|(of, _)| *of == id)?;
        standing.links.iter().find(|link| link.to == to).cloned()
    };
    let decided_on = undone.audit.drift.unwrap_or(here.event.id);
    deed.after.push(here.placed(with(here, to, before(decided_on, to))));
    // What is older than what is kept has no other end any more.
    if let Some(there) = tx.event(to)? {
        deed.after.push(there.placed(with(&there, decided_on, before(to, decided_on))));
    }
    Ok(())
}

/// With this link to the other one, or none.
fn with(record: &EventRecord, other: DriftId, link: Option<Link>) -> Standing {
    let mut standing = record.standing();
    standing.links.retain(|link| link.to != other);
    standing.links.extend(link);
    standing
}

fn invalid<T>(why: &str) -> Result<T, StoreError> {
    Err(StoreError::Invalid(why.into()))
}
