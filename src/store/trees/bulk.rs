//! Many decisions with one sync, and what they would touch.

use std::collections::HashSet;
use std::iter::Peekable;

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, Writer, scan};
use crate::drift::{DriftId, TriageRequest, TriageVerb};
use crate::safety::Tainted;
use crate::store::record::{AuditRecord, Deed};
use crate::store::rules::{self, Rule};
use crate::store::{Direction, DriftFilter, Matching, PageRequest, Receipt, StoreError, codec};

/// Decisions of one step: all of them stand or none does.
const AT_ONCE: usize = 1000;
/// Entries of the audit trail that are looked through for names.
const LOOKED_THROUGH: usize = 5000;
/// Drifts read for one page.
const PAGE: usize = 500;

/// Decisions that go to the disk together.
pub(super) struct Step<'a> {
    pub(super) tx: Tx<'a>,
    pub(super) rules: Vec<Rule>,
    pub(super) deeds: Vec<Deed>,
    /// See [`AuditEntry::batch`](crate::drift::AuditEntry::batch).
    pub(super) batch: u64,
    /// Drifts decided about: what a decision needs to know of earlier ones it reads from the trees, where these are not yet.
    touched: HashSet<DriftId>,
    /// Takes no more: what is in it reaches beyond one drift.
    is_full: bool,
    /// A decision was half written into it; nothing of it may be kept.
    pub(super) is_broken: bool,
}

impl TreeStore {
    pub(super) fn decide_many_impl(&self, requests: Vec<TriageRequest>) -> Vec<Result<Receipt, StoreError>> {
        let mut guard = self.writer();
        let writer = &mut *guard;
        let mut answers = Vec::with_capacity(requests.len());
        let mut queue = requests.into_iter().map(completed).peekable();
        // Nobody else decides meanwhile, so nobody else has it. Where there is none nothing can be decided.
        let batch = scan::next_seq(writer).unwrap_or_default();
        while queue.peek().is_some() {
            answers.extend(self.decide_step(writer, batch, &mut queue));
        }
        answers
    }

    /// Takes as many from the front as may go together, at least one.
    fn decide_step(
        &self,
        writer: &mut Writer,
        batch: u64,
        queue: &mut Peekable<impl Iterator<Item = TriageRequest>>,
    ) -> Vec<Result<Receipt, StoreError>> {
        if let Err(error) = self.writable().and_then(|()| self.wake_all(writer)) {
            return queue.next().map(|_| Err(error)).into_iter().collect();
        }
        let mut step = Step {
            tx: Tx::new(self, self.now()),
            rules: writer.rules.clone(),
            deeds: Vec::new(),
            batch,
            touched: HashSet::new(),
            is_full: false,
            is_broken: false,
        };
        let mut answers: Vec<Result<Receipt, StoreError>> = Vec::new();
        while answers.len() < AT_ONCE
            && !step.is_broken
            && let Some(request) = queue.next_if(|request| self.goes_with(&mut step, request))
        {
            step.touched.insert(request.drift);
            let answer = self.decide_one(writer, &mut step, request);
            // A drift that goes on as another is decided there.
            step.touched.extend(answer.iter().flat_map(|receipt| &receipt.drifts).map(|drift| drift.id));
            answers.push(answer);
        }
        let Step { tx, rules, deeds, is_broken, .. } = step;
        let kept = match (is_broken, deeds.is_empty()) {
            (true, _) => Err(StoreError::Invalid("one of the decisions made with it could not be written".into())),
            (false, true) => Ok(()),
            (false, false) => self.keep(writer, &deeds, tx, true),
        };
        match kept {
            Ok(()) => writer.rules = rules,
            Err(error) => refuse(&mut answers, error),
        }
        answers
    }

    fn goes_with(&self, step: &mut Step<'_>, request: &TriageRequest) -> bool {
        let is_first = step.touched.is_empty();
        let reaches_far = match &request.verb {
            TriageVerb::Ignore { .. } | TriageVerb::NeverHide { .. } => true,
            TriageVerb::Undo { seq } => self.is_about_rule(*seq),
            _ => false,
        };
        // It may go on as a drift that was decided in this step.
        let record = step.tx.event(request.drift).ok().flatten();
        let heir = record.and_then(|record| self.as_it_goes_on(&step.tx, record).ok()).map(|record| record.event.id);
        let is_touched = heir.is_some_and(|heir| step.touched.contains(&heir));
        let goes = is_first || !(is_touched || reaches_far || step.is_full || step.touched.contains(&request.drift));
        step.is_full |= goes && reaches_far;
        goes
    }

    fn is_about_rule(&self, seq: u64) -> bool {
        let record = self.read::<AuditRecord>(Tree::Audit, &seq.to_be_bytes()).ok().flatten();
        record.is_none_or(|record| {
            matches!(record.deed.audit.verb, Some(TriageVerb::Ignore { .. } | TriageVerb::NeverHide { .. }))
        })
    }

    pub(super) fn matching_impl(&self, filter: &DriftFilter, limit: usize) -> Result<Matching, StoreError> {
        let limit = limit.clamp(1, Matching::MOST);
        let filter = filter.clone();
        let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: PAGE };
        let mut matching = Matching::default();
        loop {
            let (page, _) = self.page_impl(&request)?;
            request.cursor = matching.take(&page, limit, self.now());
            if request.cursor.is_none() {
                return Ok(matching);
            }
        }
    }

    pub(super) fn people_impl(&self, limit: usize) -> Result<Vec<Tainted>, StoreError> {
        let (mut people, mut known) = (Vec::new(), HashSet::new());
        for value in self.engine.tree(Tree::Audit).iter().values().rev().take(LOOKED_THROUGH) {
            let value = value?;
            let record = match codec::decode::<AuditRecord>(Tree::Audit.name(), &value, &self.objects) {
                Ok(record) => record,
                Err(error) => {
                    tracing::warn!(%error, "an audit entry was left out");
                    continue;
                }
            };
            for name in record.deed.audit.people() {
                if people.len() < limit && known.insert(name.clone()) {
                    people.push(name.clone());
                }
            }
            if people.len() >= limit {
                break;
            }
        }
        Ok(people)
    }
}

/// As it is stored.
fn completed(mut request: TriageRequest) -> TriageRequest {
    if let TriageVerb::Ignore { rule } = &mut request.verb {
        *rule = rules::completed(rule.clone());
    }
    request
}

/// What was decided together was not kept.
fn refuse(answers: &mut [Result<Receipt, StoreError>], error: StoreError) {
    let text = match &error {
        StoreError::ReadOnly(why) => why.clone(),
        other => other.to_string(),
    };
    let is_full = matches!(error, StoreError::Full(_));
    let mut first = Some(error);
    for answer in answers.iter_mut().filter(|answer| answer.is_ok()) {
        let also = || if is_full { StoreError::Full(text.clone()) } else { StoreError::ReadOnly(text.clone()) };
        *answer = Err(first.take().unwrap_or_else(also));
    }
}
