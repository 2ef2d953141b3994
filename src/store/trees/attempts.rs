//! Attempts: what was asked for and refused stands in the trail, and in no history: nothing became of it.

use super::tx::Tx;
use super::{TreeStore, apply, scan};
use crate::drift::{AuditEntry, Origin};
use crate::store::record::Deed;
use crate::store::{Attempt, StoreError};

impl TreeStore {
    pub(super) fn record_attempt_impl(&self, attempt: &Attempt) -> Result<(), StoreError> {
        self.writable()?;
        let mut guard = self.writer();
        let writer = &mut *guard;
        let mut tx = Tx::new(self, self.now());
        let audit = AuditEntry {
            seq: scan::next_seq(writer)?,
            timestamp: writer.tick(&self.clock),
            actor: attempt.actor.clone(),
            action: attempt.action.clone(),
            environment: attempt.environment.clone(),
            drift: attempt.drift,
            reason: attempt.reason.clone(),
            old_state: None,
            new_state: None,
            verb: None,
            undone_by: None,
            rule: None,
            never_hide: None,
            remediation: None,
            batch: None,
            origin: Origin::now().map(Box::new),
            success: false,
            error_message: Some(attempt.error.clone()),
        };
        let deed = Deed { audit, before: vec![], after: vec![], environment: None, context: None, once: None };
        apply::apply(&mut tx, &mut writer.rules.clone(), &deed)?;
        self.keep(writer, &[deed], tx, true)
    }
}
