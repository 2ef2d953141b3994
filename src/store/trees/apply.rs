//! A deed takes effect. Used when it is new and when the journal is replayed: doing it twice changes nothing.

use super::engine::Tree;
use super::tx::Tx;
use super::{contexts, once, remediations, retire, unhiding};
use crate::drift::{DriftId, RuleChange, TriageVerb};
use crate::store::StoreError;
use crate::store::record::{AuditRecord, Deed, Placed};
use crate::store::rules::{self, Rule, RuleRecord};

/// Writes the deed's effect into `tx`; `active` are the ignore rules, before and after.
pub(super) fn apply(tx: &mut Tx<'_>, active: &mut Vec<Rule>, deed: &Deed) -> Result<(), StoreError> {
    apply_around(tx, active, deed)?;
    let sort_anew = deed.audit.verb.is_some() || deed.audit.rule.is_some();
    deed.after.iter().try_for_each(|placed| place(tx, active, placed, sort_anew))
}

/// All of it but where drifts stand.
pub(super) fn apply_around(tx: &mut Tx<'_>, active: &mut Vec<Rule>, deed: &Deed) -> Result<(), StoreError> {
    let seq = deed.audit.seq;
    tx.write(Tree::Audit, seq.to_be_bytes().to_vec(), &AuditRecord { deed: deed.clone(), undone_by: None })?;
    tx.put(Tree::Meta, b"seq".to_vec(), seq.to_be_bytes().to_vec());
    once::remember(tx, deed);
    if let Some(environment) = &deed.environment {
        tx.write(Tree::Environments, environment.slug.as_str().as_bytes().to_vec(), environment)?;
    }
    if deed.audit.action == retire::FORGOTTEN
        && let Some(slug) = &deed.audit.environment
    {
        retire::begin_forgetting(tx, slug);
    }
    match &deed.audit.verb {
        Some(TriageVerb::Ignore { rule }) => {
            // Not as the screen dated it: a scan may have gone by while it was typed, and has not tried it.
            let there_since = deed.audit.timestamp.max(rule.created_at);
            let record = RuleRecord { changed_at: Some(there_since), ..RuleRecord::new(rule.clone(), seq) };
            tx.write(Tree::Rules, rule.id.0.to_bytes().to_vec(), &record)?;
            active.retain(|r| r.record.rule.id != rule.id);
            active.push(Rule::compile(record)?);
        }
        Some(TriageVerb::NeverHide { rule }) => {
            tx.write(Tree::NeverHide, rule.id.0.to_bytes().to_vec(), rule)?;
        }
        Some(TriageVerb::Undo { seq: undone }) => take_back(tx, active, *undone, seq)?,
        _ => {}
    }
    if let Some(change) = &deed.audit.rule {
        change_rule(tx, active, change, deed)?;
    }
    if let Some(context) = &deed.context {
        contexts::put(tx, context)?;
    }
    if let Some(change) = &deed.audit.remediation {
        remediations::put(tx, &change.after)?;
    }
    if let Some(change) = &deed.audit.never_hide {
        unhiding::take_effect(tx, change, seq)?;
    }
    // Nothing became of what was refused: it is in no history.
    let about = deed.audit.drift.filter(|_| deed.audit.success);
    for id in deed.after.iter().map(|p| p.id).chain(about) {
        tx.put(Tree::ByDrift, by_drift_key(id, seq), Vec::new());
    }
    Ok(())
}

fn change_rule(tx: &mut Tx<'_>, active: &mut Vec<Rule>, change: &RuleChange, deed: &Deed) -> Result<(), StoreError> {
    *active = rules::with_change(active, change, deed.audit.timestamp)?;
    if let Some(gone) = &change.before {
        tx.delete(Tree::Rules, gone.id.0.to_bytes().to_vec());
    }
    let there = change.after.as_ref().and_then(|rule| active.iter().find(|r| r.record.rule.id == rule.id));
    if let Some(rule) = there {
        tx.write(Tree::Rules, rule.record.rule.id.0.to_bytes().to_vec(), &rule.record)?;
    }
    let Some(undone) = change.undoes else { return Ok(()) };
    mark_undone(tx, undone, deed.audit.seq)
}

pub(super) fn mark_undone(tx: &mut Tx<'_>, undone: u64, by: u64) -> Result<(), StoreError> {
    let key = undone.to_be_bytes().to_vec();
    let Some(mut record) = tx.read::<AuditRecord>(Tree::Audit, &key)? else { return Ok(()) };
    record.undone_by = Some(by);
    tx.write(Tree::Audit, key, &record)
}

fn take_back(tx: &mut Tx<'_>, active: &mut Vec<Rule>, undone: u64, by: u64) -> Result<(), StoreError> {
    let record = tx.read::<AuditRecord>(Tree::Audit, &undone.to_be_bytes())?;
    match record.and_then(|record| record.deed.audit.verb) {
        Some(TriageVerb::Ignore { rule }) => {
            tx.delete(Tree::Rules, rule.id.0.to_bytes().to_vec());
            active.retain(|r| r.record.rule.id != rule.id);
        }
        Some(TriageVerb::NeverHide { rule }) => tx.delete(Tree::NeverHide, rule.id.0.to_bytes().to_vec()),
        _ => {}
    }
    mark_undone(tx, undone, by)
}

/// Gives a drift its standing; one that is not there (or cannot be read) waits for it to be found again.
fn place(tx: &mut Tx<'_>, active: &[Rule], placed: &Placed, sort_anew: bool) -> Result<(), StoreError> {
    let old = match tx.event(placed.id) {
        Ok(Some(old)) => old,
        Ok(None) | Err(StoreError::Damaged { .. }) => {
            return tx.write(Tree::Lost, placed.fingerprint.0.to_vec(), placed);
        }
        Err(error) => return Err(error),
    };
    let mut new = old.clone();
    new.set_standing(placed.standing.clone());
    if sort_anew {
        let mut body = tx.body(placed.id)?;
        rules::apply(active, &mut new, &mut body, tx.now);
        if new.event.changes != old.event.changes && new.event.version == old.event.version {
            new.event.version += 1;
        }
        tx.save_body(placed.id, &body)?;
    }
    if new == old { Ok(()) } else { tx.save(Some(&old), &mut new) }
}

pub(super) fn by_drift_key(id: DriftId, seq: u64) -> Vec<u8> {
    [&id.0.to_bytes()[..], &seq.to_be_bytes()].concat()
}
