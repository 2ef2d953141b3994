//! Taking a decision back: the drift stands again exactly as it stood before.

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, Writer, linking, sight};
use crate::drift::{DriftId, TriageVerb};
use crate::store::life::Facet;
use crate::store::record::{AuditRecord, Deed, EventRecord, Standing};
use crate::store::rules::Rule;
use crate::store::{StoreError, settling};

impl TreeStore {
    /// An undo cannot be undone: what it took back is decided anew. A decision that another one about the same part of the
    /// drift (state, assignee, notes) has followed must wait until that one is taken back; notes and ignore rules need not.
    pub(super) fn plan_undo(
        &self,
        writer: &Writer,
        tx: &Tx<'_>,
        target: &EventRecord,
        seq: u64,
        deed: &mut Deed,
    ) -> Result<(), StoreError> {
        let id = target.event.id;
        let invalid = |why: String| Err(StoreError::Invalid(why));
        let record: Option<AuditRecord> = tx.read(Tree::Audit, &seq.to_be_bytes())?;
        // What was decided about a drift as which this one goes on was decided about this one.
        let line = self.line_of(id)?;
        let decided_on = record.as_ref().and_then(|r| r.deed.audit.drift).filter(|of| line.contains(of));
        let Some((record, decided_on)) = record.zip(decided_on) else {
            return Err(StoreError::NotFound(format!("decision {seq} was not made on this drift")));
        };
        if let Some(by) = record.undone_by {
            return invalid(format!("decision {seq} has been taken back already, by {by}"));
        }
        match &record.deed.audit.verb {
            None => invalid(format!("entry {seq} is no decision; there is nothing to take back")),
            Some(TriageVerb::Undo { .. }) => invalid("an undo cannot be taken back; decide anew".into()),
            Some(TriageVerb::Ignore { rule }) if writer.rules.iter().all(|r| r.record.rule.id != rule.id) => {
                invalid(format!("the rule of decision {seq} has been deleted; there is nothing left to take back"))
            }
            Some(TriageVerb::Ignore { rule }) => {
                let others: Vec<Rule> = writer.rules.iter().filter(|r| r.record.rule.id != rule.id).cloned().collect();
                self.sort_anew(tx, rule, None, &others, deed)
            }
            // What it brings to light changes with the next scan.
            Some(TriageVerb::NeverHide { .. }) => Ok(()),
            Some(TriageVerb::Note { .. }) => {
                let now = target.standing();
                let after = Standing { note_count: now.note_count.saturating_sub(1), ..now };
                deed.after.push(target.placed(after));
                Ok(())
            }
            Some(TriageVerb::Link { to, .. } | TriageVerb::Unlink { to }) => {
                self.refuse_if_followed(id, &line, &record)?;
                linking::plan_undo(tx, target, &record.deed, *to, deed)
            }
            Some(_) => {
                self.refuse_if_followed(id, &line, &record)?;
                let before = standing_before(&record.deed, decided_on).unwrap_or_else(|| target.standing());
                let now = target.standing();
                let back = |paths| settling::taken_back(&target.event, &before, paths);
                let after = match Facet::of(&record.deed.audit) {
                    Facet::Together => Standing { is_split: before.is_split, ..now },
                    Facet::Assignee => Standing { assignee: before.assignee, ..now },
                    Facet::Cause => Standing { judged_cause: before.judged_cause, ..now },
                    Facet::Advice => Standing { advised: before.advised, ticked: before.ticked, ..now },
                    Facet::Changes(paths) => Standing { settled: back(Some(paths)), ..now },
                    Facet::Whole => Standing { settled: back(None), ..now.with_state_of(&before) },
                    _ => now.with_state_of(&before),
                };
                let hidden = sight::hiding(tx, &writer.rules, target, &after)?;
                let after = hidden.map_or_else(|| after.clone(), |by| after.ignored(by));
                deed.after.push(target.placed(after));
                Ok(())
            }
        }
    }

    fn refuse_if_followed(&self, id: DriftId, line: &[DriftId], undone: &AuditRecord) -> Result<(), StoreError> {
        let audit = &undone.deed.audit;
        let follower = self.history(id)?.into_iter().rev().find(|later| {
            // A rule or a supersession made on another drift is in this one's history too, but decides about it only when
            // it was made on it, or hides it.
            let here = later.drift.is_some_and(|of| line.contains(&of));
            let concerns = here || matches!(later.verb, Some(TriageVerb::Ignore { .. }));
            later.seq > audit.seq && later.undone_by.is_none() && concerns && Facet::of(later).meets(Facet::of(audit))
        });
        match follower {
            Some(later) if later.verb.is_some() => {
                let (seq, by, what) = (audit.seq, later.seq, &later.action);
                Err(StoreError::Invalid(format!(
                    "decision {seq} was followed by {by} ({what}); take that one back first"
                )))
            }
            Some(later) => Err(StoreError::Invalid(format!(
                "the drift has {} since decision {}; it cannot be taken back any more",
                later.action, audit.seq
            ))),
            None => Ok(()),
        }
    }
}

pub(super) fn standing_before(deed: &Deed, id: DriftId) -> Option<Standing> {
    deed.before.iter().find(|(of, _)| *of == id).map(|(_, standing)| standing.clone())
}
