//! Taking a decision back: the drift stands again exactly as it stood before.

use super::engine::Tree;
use super::tx::Tx;
use super::{SledStore, Writer};
use crate::drift::{DriftId, IgnoreRule, State, TriageVerb};
use crate::store::StoreError;
use crate::store::life::Facet;
use crate::store::record::{AuditRecord, Deed, EventRecord, Standing};
use crate::store::rules::{self, Rule};

impl SledStore {
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
        let Some(record) = record.filter(|r| r.deed.audit.drift == Some(id)) else {
            return Err(StoreError::NotFound(format!("decision {seq} was not made on this drift")));
        };
        if let Some(by) = record.undone_by {
            return invalid(format!("decision {seq} has been taken back already, by {by}"));
        }
        match &record.deed.audit.verb {
            None => invalid(format!("entry {seq} is no decision; there is nothing to take back")),
            Some(TriageVerb::Undo { .. }) => invalid("an undo cannot be taken back; decide anew".into()),
            Some(TriageVerb::Ignore { rule }) => self.plan_unignore(writer, tx, rule, &record.deed, deed),
            // What it brings to light changes with the next scan.
            Some(TriageVerb::NeverHide { .. }) => Ok(()),
            Some(TriageVerb::Note { .. }) => {
                let now = target.standing();
                let after = Standing { note_count: now.note_count.saturating_sub(1), ..now };
                deed.after.push(target.placed(after));
                Ok(())
            }
            Some(_) => {
                self.refuse_if_followed(id, &record)?;
                let before = standing_before(&record.deed, id).unwrap_or_else(|| target.standing());
                let now = target.standing();
                let after = match Facet::of(&record.deed.audit) {
                    Facet::Assignee => Standing { assignee: before.assignee, ..now },
                    _ => now.with_state_of(&before),
                };
                deed.after.push(target.placed(after));
                Ok(())
            }
        }
    }

    fn refuse_if_followed(&self, id: DriftId, undone: &AuditRecord) -> Result<(), StoreError> {
        let audit = &undone.deed.audit;
        let follower = self.history(id)?.into_iter().rev().find(|later| {
            // A rule or a supersession made on another drift is in this one's history too, but decides about it only when
            // it was made on it, or hides it.
            let concerns = later.drift == Some(id) || matches!(later.verb, Some(TriageVerb::Ignore { .. }));
            later.seq > audit.seq && later.undone_by.is_none() && concerns && Facet::of(later) == Facet::of(audit)
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

    /// Without the rule, everything it hid is shown again as it stood before; what found its way out of it stays.
    fn plan_unignore(
        &self,
        writer: &Writer,
        tx: &Tx<'_>,
        rule: &IgnoreRule,
        made: &Deed,
        deed: &mut Deed,
    ) -> Result<(), StoreError> {
        let others: Vec<Rule> = writer.rules.iter().filter(|r| r.record.rule.id != rule.id).cloned().collect();
        for key in self.engine.tree(Tree::ByRule).scan_prefix(rule.id.0.to_bytes()).keys() {
            let key = key.map_err(|e| self.engine.error(e))?;
            let Some(id) = key.last_chunk::<16>().map(|b| DriftId(ulid::Ulid::from_bytes(*b))) else { continue };
            let Some(old) = tx.event(id)? else { continue };
            let (mut new, mut body) = (old.clone(), tx.body(id)?);
            let still_hidden = rules::apply(&others, &mut new, &mut body, tx.now);
            let now = old.standing();
            let after = match (old.event.state, still_hidden) {
                (State::Ignored, Some(decision)) => now.ignored(decision),
                (State::Ignored, None) => match standing_before(made, id) {
                    Some(before) if before.regressions == now.regressions => now.with_state_of(&before),
                    // Found, or come back, when the rule was there already.
                    _ => now.reopened(),
                },
                _ => now,
            };
            deed.after.push(old.placed(after));
        }
        Ok(())
    }
}

fn standing_before(deed: &Deed, id: DriftId) -> Option<Standing> {
    deed.before.iter().find(|(of, _)| *of == id).map(|(_, standing)| standing.clone())
}
