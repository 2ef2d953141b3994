//! What must not be hidden: rules come, change, go, and what is done to them is taken back. Nothing changes on the screen before
//! the next scan.

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, apply, once, scan};
use crate::compare::NeverHide;
use crate::drift::{
    AuditEntry, NeverHideChange, NeverHideReach, NeverHideRequest, NeverHideRule, NeverHideVerb, RuleId, TriageVerb,
};
use crate::store::record::{AuditRecord, Deed};
use crate::store::{Receipt, StoreError};

impl TreeStore {
    pub(super) fn change_never_hide_impl(&self, request: NeverHideRequest) -> Result<Receipt, StoreError> {
        self.writable()?;
        let mut guard = self.writer();
        let writer = &mut *guard;
        let tx = Tx::new(self, self.now());
        let once = self.mark_of(request.once.as_ref());
        if let Some(receipt) = once::done_before(&tx, once.as_ref())? {
            return Ok(receipt);
        }
        let current: Option<NeverHideRule> = tx.read(Tree::NeverHide, &request.rule.0.to_bytes())?;
        if request.expected.is_some() && request.expected != current {
            return Err(StoreError::Invalid("the rule has changed since it was shown; look at it again".into()));
        }
        let change = planned(&tx, request.rule, &request.verb, current)?;
        // The drift may be gone; the decision is not about it alone.
        let drift = request.drift.filter(|id| matches!(tx.event(*id), Ok(Some(_))));
        let about = change.after.as_ref().or(change.before.as_ref());
        let deed = Deed {
            audit: AuditEntry {
                seq: scan::next_seq(writer)?,
                timestamp: writer.tick(&self.clock),
                actor: request.actor,
                action: request.verb.as_str().into(),
                environment: about.and_then(|rule| rule.environment.clone()),
                drift,
                reason: request.reason.or_else(|| about.map(|rule| rule.says().into())),
                old_state: None,
                new_state: None,
                verb: None,
                undone_by: None,
                rule: None,
                never_hide: Some(Box::new(change)),
                remediation: None,
                batch: None,
                origin: crate::drift::Origin::now().map(Box::new),
                success: true,
                error_message: None,
            },
            before: Vec::new(),
            after: Vec::new(),
            environment: None,
            context: None,
            once,
        };
        self.carry_out(writer, tx, deed)
    }

    /// Of what drifts and the lists of the last scans hold.
    pub(super) fn preview_never_hide_impl(&self, rule: &NeverHideRule) -> Result<NeverHideReach, StoreError> {
        let compiled = NeverHide::decided(rule).map_err(StoreError::Invalid)?;
        let environments = match &rule.environment {
            Some(slug) => vec![slug.clone()],
            None => {
                self.read_all::<crate::drift::Environment>(Tree::Environments)?.into_iter().map(|e| e.slug).collect()
            }
        };
        let mut reach = NeverHideReach::default();
        for slug in environments {
            let (list, all) = self.untold_of(&slug)?;
            reach.at_least |= !all;
            let mut last = None;
            for row in list.iter().filter(|row| row.hidden().is_some_and(|h| compiled.exposes(&row.resource, h))) {
                reach.changes += 1;
                if last.replace(&row.resource) == Some(&row.resource) {
                    continue;
                }
                *(if row.drifted { &mut reach.drifts } else { &mut reach.resources }) += 1;
                if reach.first.len() < NeverHideReach::NAMED {
                    reach.first.push((slug.clone(), row.resource.clone()));
                }
            }
        }
        Ok(reach)
    }
}

fn planned(
    tx: &Tx<'_>,
    id: RuleId,
    verb: &NeverHideVerb,
    before: Option<NeverHideRule>,
) -> Result<NeverHideChange, StoreError> {
    match (verb, &before) {
        (NeverHideVerb::Put { rule }, _) => {
            NeverHide::decided(rule).map_err(StoreError::Invalid)?;
            if let Some(slug) = &rule.environment
                && tx.get(Tree::Environments, slug.as_str().as_bytes())?.is_none()
            {
                return Err(StoreError::Invalid(format!("there is no environment {slug} for the rule to be about")));
            }
            let after = Some(NeverHideRule { id, ..rule.clone() });
            if after == before {
                return Err(StoreError::Invalid("nothing of the rule is changed".into()));
            }
            Ok(NeverHideChange { before, after, undoes: None })
        }
        (NeverHideVerb::Delete, None) => Err(StoreError::NotFound(format!("there is no rule {id}"))),
        (NeverHideVerb::Delete, Some(_)) => Ok(NeverHideChange { before, after: None, undoes: None }),
        (NeverHideVerb::Undo { seq }, _) => planned_undo(tx, id, *seq, before),
    }
}

fn planned_undo(
    tx: &Tx<'_>,
    id: RuleId,
    seq: u64,
    current: Option<NeverHideRule>,
) -> Result<NeverHideChange, StoreError> {
    let record: Option<AuditRecord> = tx.read(Tree::Audit, &seq.to_be_bytes())?;
    let undone_by = record.as_ref().and_then(|record| record.undone_by);
    let change = record.and_then(|record| match (record.deed.audit.never_hide, record.deed.audit.verb) {
        (Some(change), _) => Some(*change),
        (None, Some(TriageVerb::NeverHide { rule })) => {
            Some(NeverHideChange { before: None, after: Some(rule), undoes: None })
        }
        _ => None,
    });
    let is_about = |change: &NeverHideChange| change.before.iter().chain(&change.after).any(|rule| rule.id == id);
    let Some(change) = change.filter(is_about) else {
        return Err(StoreError::NotFound(format!("entry {seq} did nothing to the rule {id}")));
    };
    let why = match undone_by {
        Some(by) => format!("decision {seq} has been taken back already, by {by}"),
        None if change.undoes.is_some() => "an undo cannot be taken back; decide anew".into(),
        None if change.after != current => {
            format!("the rule has changed since decision {seq}; take that one back first")
        }
        None => return Ok(NeverHideChange { before: current, after: change.before, undoes: Some(seq) }),
    };
    Err(StoreError::Invalid(why))
}

/// The deed's part in the trees.
pub(super) fn take_effect(tx: &mut Tx<'_>, change: &NeverHideChange, seq: u64) -> Result<(), StoreError> {
    if let Some(gone) = &change.before {
        tx.delete(Tree::NeverHide, gone.id.0.to_bytes().to_vec());
    }
    if let Some(rule) = &change.after {
        tx.write(Tree::NeverHide, rule.id.0.to_bytes().to_vec(), rule)?;
    }
    change.undoes.map_or(Ok(()), |undone| apply::mark_undone(tx, undone, seq))
}
