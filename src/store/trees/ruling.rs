//! What happens to a rule that is there: it is changed, deleted, or what was done to it is taken back.

use std::collections::BTreeSet;

use super::engine::Tree;
use super::tx::Tx;
use super::undo::standing_before;
use super::{TreeStore, Writer, once, scan};
use crate::drift::{AuditEntry, DriftId, IgnoreRule, RuleChange, RuleId, RuleRequest, RuleVerb, State};
use crate::store::record::{AuditRecord, Deed, Standing};
use crate::store::rules::{self, Rule};
use crate::store::{Receipt, StoreError};

impl TreeStore {
    pub(super) fn change_rule_impl(&self, request: RuleRequest) -> Result<Receipt, StoreError> {
        self.writable()?;
        let mut guard = self.writer();
        let writer = &mut *guard;
        self.wake_all(writer)?;
        let tx = Tx::new(self, self.now());
        let once = self.mark_of(request.once.as_ref());
        if let Some(receipt) = once::done_before(&tx, once.as_ref())? {
            return Ok(receipt);
        }
        let change = planned(writer, &tx, &request)?;
        let about = change.after.as_ref().or(change.before.as_ref());
        let mut deed = Deed {
            audit: AuditEntry {
                seq: scan::next_seq(writer)?,
                timestamp: writer.tick(&self.clock),
                actor: request.actor.clone(),
                action: request.verb.as_str().into(),
                environment: about.and_then(|rule| rule.environment.clone()),
                drift: None,
                reason: request.reason.clone(),
                old_state: None,
                new_state: None,
                verb: None,
                undone_by: None,
                rule: Some(Box::new(change.clone())),
                never_hide: None,
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
        let active = rules::with_change(&writer.rules, &change, deed.audit.timestamp)?;
        if let Some(about) = about {
            self.sort_anew(&tx, about, change.after.as_ref(), &active, &mut deed)?;
        }
        self.carry_out(writer, tx, deed)
    }

    /// Sorts everything anew that the rule hides, or will hide when it is `after`. What it hid is shown as it stood before;
    /// what found its way out of it stays.
    pub(super) fn sort_anew(
        &self,
        tx: &Tx<'_>,
        about: &IgnoreRule,
        after: Option<&IgnoreRule>,
        active: &[Rule],
        deed: &mut Deed,
    ) -> Result<(), StoreError> {
        let mut ids = self.touched_by(about.id)?;
        ids.extend(after.map(|rule| self.attention_ids(rule)).transpose()?.unwrap_or_default());
        let rule = after.and_then(|rule| active.iter().find(|r| r.record.rule.id == rule.id));
        for id in ids {
            let old = match tx.event(id) {
                Ok(Some(old)) => old,
                Ok(None) | Err(StoreError::Damaged { .. }) => continue,
                Err(error) => return Err(error),
            };
            if !old.hidden_by.contains(&about.id) && !rule.is_some_and(|rule| rule.covers(&old.event, tx.now)) {
                continue;
            }
            let (mut new, mut body) = (old.clone(), tx.body(id)?);
            let decision = rules::apply(active, &mut new, &mut body, tx.now);
            let now = old.standing();
            let standing = match (old.event.state, decision) {
                (State::Open | State::Acknowledged | State::Snoozed | State::Ignored, Some(by)) => now.ignored(by),
                (State::Ignored, None) => self.before_hidden(id, &now)?,
                _ => now.clone(),
            };
            if standing != now || new.hidden_by != old.hidden_by || new.event.changes != old.event.changes {
                deed.before.push((id, now));
                deed.after.push(old.placed(standing));
            }
        }
        Ok(())
    }

    /// Drifts of which the rule hides everything or something, ended ones too.
    pub(super) fn touched_by(&self, rule: RuleId) -> Result<BTreeSet<DriftId>, StoreError> {
        let mut ids = BTreeSet::new();
        for key in self.engine.tree(Tree::ByRule).scan_prefix(rule.0.to_bytes()).keys() {
            let key = key?;
            ids.extend(key.last_chunk::<16>().map(|b| DriftId(ulid::Ulid::from_bytes(*b))));
        }
        Ok(ids)
    }

    /// How an ignored drift stood before it was hidden; open, when it was found (or came back) hidden.
    fn before_hidden(&self, id: DriftId, now: &Standing) -> Result<Standing, StoreError> {
        for key in self.engine.tree(Tree::ByDrift).scan_prefix(id.0.to_bytes()).keys().rev() {
            let key = key?;
            let record: Option<AuditRecord> = self.read(Tree::Audit, key.get(16..).unwrap_or_default())?;
            let Some(deed) = record.map(|record| record.deed) else { continue };
            let hid = deed.after.iter().any(|p| p.id == id && p.standing.state == State::Ignored);
            match standing_before(&deed, id).filter(|before| hid && before.state != State::Ignored) {
                Some(before) if before.regressions == now.regressions => return Ok(now.with_state_of(&before)),
                Some(_) => break,
                None => {}
            }
        }
        Ok(now.reopened())
    }
}

fn planned(writer: &Writer, tx: &Tx<'_>, request: &RuleRequest) -> Result<RuleChange, StoreError> {
    let current = writer.rules.iter().find(|r| r.record.rule.id == request.rule).map(|r| &r.record);
    let invalid = |why: &str| Err(StoreError::Invalid(why.into()));
    if request.expected.is_some() && request.expected.as_ref() != current.map(|r| &r.rule) {
        return invalid("the rule has changed since it was shown; look at it again");
    }
    let before = current.map(|record| record.rule.clone());
    match (&request.verb, current) {
        (RuleVerb::Undo { seq }, _) => planned_undo(tx, request.rule, *seq, before),
        (_, None) => Err(StoreError::NotFound(format!("there is no ignore rule {}", request.rule))),
        (RuleVerb::Delete, Some(record)) => Ok(RuleChange { before, after: None, made: record.seq, undoes: None }),
        (RuleVerb::Change { to }, Some(record)) => {
            let to = IgnoreRule { id: request.rule, ..rules::completed(to.clone()) };
            if to == record.rule {
                return invalid("nothing of the rule is changed");
            }
            if let Some(slug) = to.environment.as_ref().filter(|_| to.environment != record.rule.environment)
                && tx.get(Tree::Environments, slug.as_str().as_bytes())?.is_none()
            {
                return Err(StoreError::Invalid(format!("there is no environment {slug} for the rule to be about")));
            }
            if to.expires_at != record.rule.expires_at && to.expires_at.is_some_and(|at| at <= tx.now) {
                return invalid("an ignore rule must end in the future, or not at all");
            }
            Ok(RuleChange { before, after: Some(to), made: record.seq, undoes: None })
        }
    }
}

fn planned_undo(tx: &Tx<'_>, id: RuleId, seq: u64, current: Option<IgnoreRule>) -> Result<RuleChange, StoreError> {
    let record: Option<AuditRecord> = tx.read(Tree::Audit, &seq.to_be_bytes())?;
    let undone_by = record.as_ref().and_then(|record| record.undone_by);
    let is_about = |change: &RuleChange| change.before.iter().chain(&change.after).any(|rule| rule.id == id);
    let change = record.and_then(|record| record.deed.audit.rule).filter(|change| is_about(change));
    let Some(change) = change else {
        return Err(StoreError::NotFound(format!("entry {seq} did nothing to the ignore rule {id}")));
    };
    let why = match undone_by {
        Some(by) => format!("decision {seq} has been taken back already, by {by}"),
        None if change.undoes.is_some() => "an undo cannot be taken back; decide anew".into(),
        None if change.after != current => {
            format!("the rule has changed since decision {seq}; take that one back first")
        }
        None => {
            return Ok(RuleChange { before: current, after: change.before, made: change.made, undoes: Some(seq) });
        }
    };
    Err(StoreError::Invalid(why))
}
