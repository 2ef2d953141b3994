//! What a scan did not see any more has ended. One entry of the journal tells of many turns, so that a thousand drifts healed by
//! one apply are a few lines of the trail; each drift's own history tells its own,
//! see [`AuditRecord::entry_of`](crate::store::record::AuditRecord::entry_of).

use std::collections::{BTreeMap, HashSet};

use super::engine::{Range, Tree};
use super::tx::{self, Tx};
use super::{RunningScan, TreeStore, Writer, apply, keys, scan};
use crate::drift::{AuditEntry, Closure, Completeness, DriftEvent, DriftId, SeverityClass, Slug, State};
use crate::store::record::{Deed, EventRecord, Placed, Standing};
use crate::store::{StoreError, may_close};

/// Turns told by one entry. A drift's history reads the whole entry, so it must stay small enough for that.
const TOLD_TOGETHER: usize = 200;
/// Entries of each shelf and class that are read with the first question.
const AHEAD: i64 = 256;

/// What a scan made of one drift: it ended, or came back.
pub(super) struct Turn {
    pub(super) action: &'static str,
    pub(super) before: Standing,
    pub(super) after: Placed,
    /// The other drift that moves with it: the one that takes its place, when it takes over the assignee too; the one that goes on
    /// as this one.
    pub(super) heir: Option<Placed>,
    /// In words, where the action does not say it all.
    pub(super) why: Option<String>,
}

impl TreeStore {
    /// Drifts of the environment that had not ended and that this scan did not see.
    pub(super) fn unseen(&self, running: &RunningScan) -> Result<Vec<DriftId>, StoreError> {
        let mut unseen = Vec::new();
        let prefixes = keys::STILL_SEEN.into_iter().flat_map(|shelf| {
            SeverityClass::WORST_FIRST.map(|class| keys::class_prefix(shelf, class, &running.environment))
        });
        let mut ranges: Vec<Range> =
            prefixes.map(|prefix| self.engine.tree(Tree::ByClass).scan_prefix(prefix)).collect();
        self.engine.read_ahead(ranges.iter_mut().collect(), false, AHEAD);
        for entry in ranges.into_iter().flatten() {
            let (key, _) = entry?;
            unseen.extend(keys::drift_of(&key).filter(|id| !running.seen.contains(id)));
        }
        Ok(unseen)
    }

    /// Ends what may be ended; returns the closed ones.
    pub(super) fn end_unseen(
        &self,
        writer: &mut Writer,
        running: &RunningScan,
        unseen: &[DriftId],
        completeness: &Completeness,
    ) -> Result<Vec<DriftEvent>, StoreError> {
        let mut tx = Tx::new(self, self.now());
        tx.know_ending(unseen, running)?;
        let (mut turns, mut inherited) = (Vec::new(), HashSet::new());
        for id in unseen {
            let record = match tx.event(*id) {
                Ok(Some(record)) => record,
                Ok(None) | Err(StoreError::Damaged { .. }) => continue,
                Err(error) => return Err(error),
            };
            let heir = heir(&tx, &record, running)?;
            if heir.is_none() && !may_close(completeness, record.event.resource.resource_type.raw()) {
                continue;
            }
            let mut turn = ended(&tx, running, &record, heir)?;
            turn.heir = turn.heir.filter(|heir| inherited.insert(heir.id));
            turns.push(turn);
        }
        let closed: Vec<DriftId> =
            turns.iter().map(|t| &t.after).filter(|p| p.standing.state == State::Closed).map(|p| p.id).collect();
        let deeds = self.deeds_of(writer, &running.environment, turns, scan::next_seq(writer)?);
        let mut rules = writer.rules.clone();
        deeds.iter().try_for_each(|deed| apply::apply(&mut tx, &mut rules, deed))?;
        let closed = closed.into_iter().filter_map(|id| tx.event(id).transpose()).map(|r| r.map(|r| r.event)).collect();
        self.keep(writer, &deeds, tx, false)?;
        closed
    }

    /// As few entries as tell it all, the first with the number `seq`.
    pub(super) fn deeds_of(&self, writer: &mut Writer, environment: &Slug, turns: Vec<Turn>, seq: u64) -> Vec<Deed> {
        let mut by_action: BTreeMap<&'static str, Vec<Turn>> = BTreeMap::new();
        for turn in turns {
            by_action.entry(turn.action).or_default().push(turn);
        }
        let mut deeds = Vec::new();
        for (action, turns) in by_action {
            let mut turns = turns.into_iter().peekable();
            while turns.peek().is_some() {
                let together = turns.by_ref().take(TOLD_TOGETHER).collect();
                let audit = self.system_entry(writer, action, environment, seq + deeds.len() as u64);
                deeds.push(told_together(audit, together));
            }
        }
        deeds
    }
}

/// The drift of the same resource that this scan did see, at another address too.
fn heir(tx: &Tx<'_>, record: &EventRecord, running: &RunningScan) -> Result<Option<DriftId>, StoreError> {
    let prefix = tx::resource_prefix(&record.event.environment, &record.event.resource);
    let mut ids = tx.drifts_of(&prefix)?.into_iter().filter_map(|key| keys::drift_of(&key));
    Ok(ids.find(|id| running.seen.contains(id)).or_else(|| running.moved.get(&prefix).copied()))
}

fn told_together(mut audit: AuditEntry, turns: Vec<Turn>) -> Deed {
    audit.new_state = turns.first().map(|turn| turn.after.standing.state);
    match turns.as_slice() {
        [only] => {
            audit.drift = Some(only.after.id);
            audit.old_state = Some(only.before.state_at(audit.timestamp));
            audit.reason = only.why.as_deref().map(Into::into);
        }
        many => audit.reason = Some(format!("{} drifts", many.len()).into()),
    }
    let mut deed = Deed { audit, before: Vec::new(), after: Vec::new(), environment: None, context: None, once: None };
    for turn in turns {
        deed.before.push((turn.after.id, turn.before));
        deed.after.push(turn.after);
        deed.after.extend(turn.heir);
    }
    deed
}

fn ended(tx: &Tx<'_>, running: &RunningScan, record: &EventRecord, heir: Option<DriftId>) -> Result<Turn, StoreError> {
    let before = record.standing();
    // One that rests on its changes ends like an open one: what was decided about them goes over to the heir.
    let (action, after) = match (record.event.state_of_whole(tx.now), heir) {
        // Decided: the decision stands; that it is gone tells a return from a drift that never left.
        (State::Resolved, _) => ("gone", Standing { gone: true, ..before.clone() }),
        (_, Some(heir)) => ("superseded", before.closed(Closure::Superseded, running.at, Some(heir))),
        (_, None) => ("closed", before.closed(Closure::Healed, running.at, None)),
    };
    let mut turn = Turn { action, before, after: record.placed(after), heir: None, why: None };
    if action == "superseded" && record.event.assignee.is_some() {
        let heir = heir.map(|id| tx.event(id)).transpose()?.flatten();
        turn.heir = heir
            .filter(|heir| heir.event.assignee.is_none())
            .map(|heir| heir.placed(Standing { assignee: record.event.assignee.clone(), ..heir.standing() }));
    }
    Ok(turn)
}
