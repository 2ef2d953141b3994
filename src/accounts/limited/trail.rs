//! What was decided.

use std::collections::HashMap;

use super::Limited;
use super::scope::{RuleScope, Scope, Sight};
use crate::accounts::{Action, Denied};
use crate::drift::{AuditEntry, DriftId, TriageVerb};
use crate::service::ServiceError;
use crate::store::{AuditRequest, Direction};

/// Entries looked at for one that is shown, and at most.
const FOR_ONE: usize = 8;
const MOST: usize = 10_000;
/// Entries asked for at once.
const PAGE: usize = 500;
/// Drifts looked up for one answer: of an entry only its drift says what type it is about.
const LOOKED_UP: usize = 2_000;

impl Limited {
    pub(super) async fn trail(&self, limit: usize) -> Result<Vec<AuditEntry>, ServiceError> {
        let scope = self.scope().await?;
        let entries = self.service.audit(limit.saturating_mul(FOR_ONE).min(MOST.max(limit))).await?;
        let (mut known, mut shown) = (HashMap::new(), Vec::new());
        for entry in entries {
            if shown.len() == limit {
                break;
            }
            if self.shows_entry(&scope, &entry, &mut known).await {
                shown.push(entry);
            }
        }
        Ok(shown)
    }

    /// Asked for in pages, until there is enough that is shown; with bounded work, for what is left out shows nothing of itself.
    pub(super) async fn trail_between(&self, mut request: AuditRequest) -> Result<Vec<AuditEntry>, ServiceError> {
        let scope = self.scope().await?;
        let (mut known, mut shown, limit) = (HashMap::new(), Vec::new(), request.limit);
        request.limit = PAGE;
        loop {
            let mut entries = self.service.audit_between(request.clone()).await?;
            let is_last = entries.len() < PAGE;
            if request.direction == Direction::Newer {
                entries.reverse();
            }
            request.cursor = entries.last().map(|entry| entry.seq).or(request.cursor);
            for entry in entries {
                if shown.len() < limit && self.shows_entry(&scope, &entry, &mut known).await {
                    shown.push(entry);
                }
            }
            if is_last || shown.len() >= limit {
                break;
            }
        }
        if request.direction == Direction::Newer {
            shown.reverse();
        }
        Ok(shown)
    }

    async fn shows_entry(&self, scope: &Scope<'_>, entry: &AuditEntry, known: &mut HashMap<DriftId, bool>) -> bool {
        // What is about no environment is about rules that hold in all of them.
        let Some(environment) = &entry.environment else { return false };
        if !rules_are_shown(scope, entry) {
            return false;
        }
        if let Some(other) = super::reading::linked_to(entry)
            && !self.shows_drift(scope, other, known).await
        {
            return false;
        }
        match (scope.sight(environment), entry.drift) {
            (Sight::Nothing, _) => false,
            (Sight::Whole, _) | (Sight::Part, None) => true,
            (Sight::Part, Some(id)) => self.shows_drift(scope, id, known).await,
        }
    }

    /// What is not kept any more is not shown: nobody knows what it was.
    async fn shows_drift(&self, scope: &Scope<'_>, id: DriftId, known: &mut HashMap<DriftId, bool>) -> bool {
        if let Some(shown) = known.get(&id) {
            return *shown;
        }
        let shown =
            known.len() < LOOKED_UP && self.service.drift(id).await.is_ok_and(|detail| scope.reads(&detail.event));
        known.insert(id, shown);
        shown
    }
}

/// The rules that an entry tells of.
fn rules_of(entry: &AuditEntry) -> Vec<RuleScope<'_>> {
    let made = match &entry.verb {
        Some(TriageVerb::Ignore { rule }) => Some(rule.into()),
        Some(TriageVerb::NeverHide { rule }) => Some(rule.into()),
        _ => None,
    };
    let changed = entry.rule.iter().flat_map(|change| [&change.before, &change.after]).flatten().map(RuleScope::from);
    let never = entry.never_hide.iter().flat_map(|change| [&change.before, &change.after]).flatten();
    made.into_iter().chain(changed).chain(never.map(RuleScope::from)).collect()
}

pub(super) fn rules_are_shown(scope: &Scope<'_>, entry: &AuditEntry) -> bool {
    rules_of(entry).iter().all(|rule| scope.shows(rule))
}

pub(super) fn rules_allow(scope: &Scope<'_>, action: Action, entry: &AuditEntry) -> Result<(), Denied> {
    rules_of(entry).iter().try_for_each(|rule| scope.covers(action, rule))
}
