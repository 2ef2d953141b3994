//! A person decides: one verb on one drift, an ignore rule on many.

use std::collections::HashSet;

use super::bulk::Step;
use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, Writer, apply, keys, linking, once, scan, sight};
use crate::compare::NeverHide;
use crate::drift::{
    AuditEntry, Decision, DriftDetail, DriftEvent, DriftId, IgnoreRule, NeverHideRule, Origin, PropertyPath,
    SeverityClass, State, TriageRequest, TriageVerb,
};
use crate::store::record::{AuditRecord, Deed, EventRecord, Standing};
use crate::store::rules::{self, Rule, RuleRecord};
use crate::store::{AuditRequest, Direction, Receipt, Store, StoreError, advising, codec, life, settling};

impl TreeStore {
    /// Plans a decision and does it in `step`; it is to be kept with the others. After an error nothing is in `step`, unless that
    /// is broken.
    pub(super) fn decide_one(
        &self,
        writer: &mut Writer,
        step: &mut Step<'_>,
        request: TriageRequest,
    ) -> Result<Receipt, StoreError> {
        let once = self.mark_of(request.once.as_ref());
        if let Some(receipt) = once::done_before(&step.tx, once.as_ref())? {
            return Ok(receipt);
        }
        let tx = &step.tx;
        let mut record = tx.event(request.drift)?.ok_or_else(|| no_such_drift(request.drift))?;
        if matches!(request.verb, TriageVerb::Undo { .. }) {
            record = self.as_it_goes_on(tx, record)?;
        }
        let current = record.event.version;
        if let Some(expected) = request.expected_version.filter(|v| *v != current) {
            return Err(StoreError::Conflict { expected, current });
        }
        if let TriageVerb::SettleChanges { paths, .. } | TriageVerb::ReopenChanges { paths } = &request.verb
            && !all_there(&record.event, paths)
        {
            return Err(StoreError::Conflict { expected: request.expected_version.unwrap_or(0), current });
        }
        let seq = scan::next_seq(writer)? + step.deeds.len() as u64;
        let mut deed = Deed {
            audit: AuditEntry { batch: Some(step.batch), ..self.entry(writer, seq, &record.event, &request) },
            before: Vec::new(),
            after: Vec::new(),
            environment: None,
            context: None,
            once,
        };
        match &request.verb {
            TriageVerb::Ignore { rule } => self.plan_ignore(writer, tx, &record, rule, &mut deed)?,
            TriageVerb::NeverHide { rule } => plan_never_hide(&record, rule)?,
            verb @ (TriageVerb::Link { .. } | TriageVerb::Unlink { .. }) => {
                linking::plan(tx, &record, verb, &mut deed)?;
            }
            TriageVerb::Undo { seq } => self.plan_undo(writer, tx, &record, *seq, &mut deed)?,
            verb => plan_one(tx, &step.rules, &record, verb, &mut deed)?,
        }
        let drifts = take_effect(&mut step.tx, &mut step.rules, &mut deed).inspect_err(|_| step.is_broken = true)?;
        step.deeds.push(deed);
        Ok(Receipt { seq, drifts })
    }

    fn entry(&self, writer: &mut Writer, seq: u64, event: &DriftEvent, request: &TriageRequest) -> AuditEntry {
        AuditEntry {
            seq,
            timestamp: writer.tick(&self.clock),
            actor: request.actor.clone(),
            action: request.verb.as_str().into(),
            environment: Some(event.environment.clone()),
            drift: Some(event.id),
            reason: request.reason.clone(),
            old_state: Some(event.state_at(self.now())),
            new_state: None,
            verb: Some(request.verb.clone()),
            undone_by: None,
            rule: None,
            never_hide: None,
            remediation: None,
            batch: None,
            origin: Origin::now().map(Box::new),
            success: true,
            error_message: None,
        }
    }

    pub(super) fn carry_out(&self, writer: &mut Writer, mut tx: Tx<'_>, mut deed: Deed) -> Result<Receipt, StoreError> {
        let mut rules = writer.rules.clone();
        let drifts = take_effect(&mut tx, &mut rules, &mut deed)?;
        let seq = deed.audit.seq;
        self.keep(writer, &[deed], tx, true)?;
        writer.rules = rules;
        Ok(Receipt { seq, drifts })
    }

    fn plan_ignore(
        &self,
        writer: &Writer,
        tx: &Tx<'_>,
        target: &EventRecord,
        rule: &IgnoreRule,
        deed: &mut Deed,
    ) -> Result<(), StoreError> {
        let invalid = |why: &str| Err(StoreError::Invalid(why.into()));
        let compiled = Rule::compile(RuleRecord::new(rule.clone(), deed.audit.seq))?;
        if rule.expires_at.is_some_and(|at| at <= tx.now) {
            return invalid("an ignore rule must end in the future, or not at all");
        }
        if writer.rules.iter().any(|r| r.record.rule.id == rule.id) {
            return invalid("there is an ignore rule with this id already");
        }
        if !compiled.covers(&target.event, tx.now) {
            return invalid("the rule does not match the drift it was made on; check its patterns");
        }
        let mut rules = writer.rules.clone();
        rules.push(compiled.clone());
        for id in self.attention_ids(rule)? {
            let old = match tx.event(id) {
                Ok(Some(old)) => old,
                Ok(None) | Err(StoreError::Damaged { .. }) => continue,
                Err(error) => return Err(error),
            };
            if compiled.covers(&old.event, tx.now) {
                hide(tx, &rules, &old, deed)?;
            }
        }
        Ok(())
    }

    /// Drifts somebody still has to do with, in the environments of the rule.
    pub(super) fn attention_ids(&self, rule: &IgnoreRule) -> Result<Vec<DriftId>, StoreError> {
        let environments: Vec<_> = match &rule.environment {
            Some(slug) => vec![slug.clone()],
            None => self.counts().keys().cloned().collect(),
        };
        let mut ids = Vec::new();
        for slug in environments {
            for state in [State::Open, State::Acknowledged, State::Snoozed] {
                for (shelf, class) in
                    keys::shelves(state).iter().flat_map(|s| SeverityClass::WORST_FIRST.map(|c| (*s, c)))
                {
                    let prefix = keys::class_prefix(shelf, class, &slug);
                    for key in self.engine.tree(Tree::ByClass).scan_prefix(&prefix).keys() {
                        let key = key?;
                        ids.extend(keys::place_of(&key).map(|place| keys::id_of(&place)));
                    }
                }
            }
        }
        Ok(ids)
    }

    pub(super) fn audit_impl(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let newest = self.engine.tree(Tree::Audit).iter().values().rev().take(limit);
        newest
            .map(|value| {
                let value = value?;
                codec::decode::<AuditRecord>(Tree::Audit.name(), &value, &self.objects).map(AuditRecord::entry)
            })
            .collect()
    }

    /// Numbers and times go up together: where a time stands is looked for by halves.
    pub(super) fn audit_between_impl(&self, request: &AuditRequest) -> Result<Vec<AuditEntry>, StoreError> {
        let Some((last, _)) = self.engine.tree(Tree::Audit).last()? else { return Ok(vec![]) };
        let last = last.first_chunk::<8>().map_or(0, |seq| u64::from_be_bytes(*seq));
        let mut low = self.first_entry(last, |at| at >= request.from)?;
        let mut high = self.first_entry(last, |at| at > request.until)?;
        match (request.cursor, request.direction) {
            (Some(cursor), Direction::Older) => high = high.min(cursor),
            (Some(cursor), Direction::Newer) => low = low.max(cursor.saturating_add(1)),
            (None, _) => {}
        }
        if low >= high {
            return Ok(vec![]);
        }
        let values = self.engine.tree(Tree::Audit).range(low.to_be_bytes()..high.to_be_bytes()).values();
        let entry = |value: Result<sled::IVec, StoreError>| {
            codec::decode::<AuditRecord>(Tree::Audit.name(), &value?, &self.objects).map(AuditRecord::entry)
        };
        match request.direction {
            Direction::Older => values.rev().take(request.limit).map(entry).collect(),
            Direction::Newer => {
                let mut entries = values.take(request.limit).map(entry).collect::<Result<Vec<_>, _>>()?;
                entries.reverse();
                Ok(entries)
            }
        }
    }

    /// The number of the first entry whose time is so; one after the last when there is none.
    fn first_entry(&self, last: u64, is_so: impl Fn(jiff::Timestamp) -> bool) -> Result<u64, StoreError> {
        let (mut low, mut high) = (1, last + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let at = self.audit_entry(middle)?.map(|entry| entry.timestamp);
            // One that is missing is a fault that `verify` tells.
            if at.is_some_and(&is_so) { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    }

    pub(super) fn drift_impl(&self, id: DriftId) -> Result<DriftDetail, StoreError> {
        let tx = Tx::new(self, self.now());
        let record = tx.event(id)?.ok_or_else(|| no_such_drift(id))?;
        let body = tx.body(id)?;
        Ok(DriftDetail {
            hidden: body.all_hidden(),
            declared_state: body.declared_state,
            actual_state: body.actual_state,
            unverified: body.unverified,
            history: self.history(id)?,
            links: record.links,
            remediation: self.last_remediation(&tx, &record.event)?.map(Box::new),
            event: record.event,
            cause_analysis: None,
            risk: None,
        })
    }
}

fn all_there(event: &DriftEvent, paths: &[PropertyPath]) -> bool {
    let there: HashSet<&PropertyPath> = event.changes.iter().map(|change| &change.path).collect();
    paths.iter().all(|path| there.contains(path))
}

/// Writes the deed into `tx`, with the state it leads to; gives the drifts it touched as they are then.
fn take_effect(tx: &mut Tx<'_>, rules: &mut Vec<Rule>, deed: &mut Deed) -> Result<Vec<DriftEvent>, StoreError> {
    let target = deed.audit.drift;
    deed.audit.new_state = match deed.after.iter().find(|p| Some(p.id) == target) {
        Some(placed) => match tx.event(placed.id)? {
            Some(mut record) => {
                record.set_standing(placed.standing.clone());
                Some(record.event.state_at(tx.now))
            }
            None => Some(placed.standing.state),
        },
        None => deed.audit.old_state,
    };
    apply::apply(tx, rules, deed)?;
    once::touched_by(tx, deed)
}

/// Nothing changes before the next scan; only what cannot work is refused.
fn plan_never_hide(target: &EventRecord, rule: &NeverHideRule) -> Result<(), StoreError> {
    let compiled = NeverHide::decided(rule).map_err(StoreError::Invalid)?;
    let resource = &target.event.resource;
    let is_here = rule.environment.as_ref().is_none_or(|slug| *slug == target.event.environment);
    if !is_here || !compiled.is_about(resource.resource_type.raw(), &[resource.resource_id.raw()]) {
        let why = "the rule does not match the drift it was made on; check its patterns";
        return Err(StoreError::Invalid(why.into()));
    }
    Ok(())
}

fn plan_one(
    tx: &Tx<'_>,
    rules: &[Rule],
    record: &EventRecord,
    verb: &TriageVerb,
    deed: &mut Deed,
) -> Result<(), StoreError> {
    let audit = &deed.audit;
    let decision = Decision {
        seq: audit.seq,
        by: audit.actor.clone(),
        at: audit.timestamp,
        reason: audit.reason.clone(),
        resolution_type: None,
        until: None,
    };
    let (event, before) = (&record.event, record.standing());
    let after = match verb {
        TriageVerb::SettleChanges { .. } | TriageVerb::ReopenChanges { .. } => {
            settling::after_verb(record, verb, decision, tx.now)?
        }
        TriageVerb::Advise { .. } | TriageVerb::Tick { .. } => advising::after_verb(record, verb, &decision)?,
        TriageVerb::Acknowledge | TriageVerb::Snooze { .. } if event.is_resolved_by_changes(tx.now) => {
            let why = "each of its changes is settled; reopen it, or some of them, first";
            return Err(StoreError::Invalid(why.into()));
        }
        verb => life::after_verb(&before, event.state_at(tx.now), verb, decision)?,
    };
    // It must be open then, whatever made it look settled.
    let settled = match verb {
        TriageVerb::Reopen if event.all_changes_settled(tx.now) => Vec::new(),
        _ => after.settled.clone(),
    };
    let after = Standing { settled, ..after };
    // Whoever decides about it wants to see it.
    let exempt = after.exempt || sight::hiding(tx, rules, record, &after)?.is_some();
    deed.before.push((event.id, before));
    deed.after.push(record.placed(Standing { exempt, ..after }));
    Ok(())
}

/// What the rules make of one drift, if anything.
fn hide(tx: &Tx<'_>, rules: &[Rule], old: &EventRecord, deed: &mut Deed) -> Result<(), StoreError> {
    let mut new = old.clone();
    let mut body = tx.body(old.event.id)?;
    let hidden = rules::apply(rules, &mut new, &mut body, tx.now);
    let before = old.standing();
    let after = match hidden {
        Some(decision) => before.ignored(decision),
        None if new.hidden_by != old.hidden_by => before.clone(),
        None => return Ok(()),
    };
    deed.before.push((old.event.id, before));
    deed.after.push(old.placed(after));
    Ok(())
}

fn no_such_drift(id: DriftId) -> StoreError {
    StoreError::NotFound(format!("there is no drift {id}"))
}
