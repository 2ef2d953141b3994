//! Snoozes, exceptions and ignore rules end by time: the index follows when somebody looks.

use std::sync::PoisonError;

use jiff::Timestamp;

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, Writer, keys, sight};
use crate::drift::{DriftId, State};
use crate::store::record::EventRecord;
use crate::store::{Returned, Returns, Store, StoreError, life, rules};

/// So many at a time, so that a long pause does not make one huge step.
const AT_ONCE: usize = 1000;

impl TreeStore {
    /// Moves drifts whose time is over to the open ones. Costs one look into a tree when there are none. A disk that cannot be
    /// written leaves the index behind the clock; [`DriftEvent::state_at`](crate::drift::DriftEvent::state_at) is right all the same.
    pub(super) fn wake_due(&self) {
        self.look_around();
        if self.due_timers(1).is_empty() {
            return;
        }
        if let Err(error) = self.wake_all(&mut self.writer()) {
            tracing::warn!(%error, "drifts whose snooze is over could not be indexed anew");
        }
    }

    pub(super) fn wake_all(&self, writer: &mut Writer) -> Result<(), StoreError> {
        if self.read_only().is_some() && self.copy.is_none() {
            return Ok(());
        }
        loop {
            let due = self.due_timers(AT_ONCE);
            if due.is_empty() {
                return Ok(());
            }
            let mut tx = Tx::new(self, self.now());
            tx.know_drifts(due.iter().map(|timer| drift_key(timer).to_vec()).collect())?;
            let mut returned = Vec::new();
            for timer in due {
                returned.extend(wake(&mut tx, writer, &timer)?);
            }
            writer.commits += 1;
            tx.commit(false)?;
            self.returned.lock().unwrap_or_else(PoisonError::into_inner).extend(returned);
        }
    }

    pub(super) fn returns_impl(&self) -> Result<Returns, StoreError> {
        self.wake_due();
        let told = std::mem::take(&mut *self.returned.lock().unwrap_or_else(PoisonError::into_inner));
        let tx = Tx::new(self, self.now());
        let mut returned = Vec::with_capacity(told.len());
        for (id, was) in told {
            // Somebody may have decided anew meanwhile, or a scan has closed it.
            match tx.event(id) {
                Ok(Some(now)) if now.shown_state().needs_attention() => {
                    returned.push(Returned { event: now.event, was });
                }
                Ok(_) | Err(StoreError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Returns { returned, next: self.next_timer() })
    }

    fn next_timer(&self) -> Option<Timestamp> {
        let first = self.engine.tree(Tree::Timers).iter().keys().flatten().next()?;
        Timestamp::from_microsecond(i64::from_be_bytes(first.get(..8)?.try_into().ok()?)).ok()
    }

    fn due_timers(&self, limit: usize) -> Vec<Vec<u8>> {
        // What ends at this very moment is over.
        let end = keys::after(&keys::micros(self.now()));
        self.engine.tree(Tree::Timers).range(..&end[..]).keys().take(limit).flatten().map(|k| k.to_vec()).collect()
    }
}

/// What follows the time.
fn drift_key(timer: &[u8]) -> &[u8] {
    timer.get(8..).unwrap_or_default()
}

/// What came back, and where it stood: nothing that something else still holds back.
fn wake(tx: &mut Tx<'_>, writer: &Writer, timer: &[u8]) -> Result<Option<(DriftId, State)>, StoreError> {
    tx.delete(Tree::Timers, timer.to_vec());
    let key = drift_key(timer);
    let old: EventRecord = match tx.read(Tree::Events, key) {
        Ok(Some(old)) => old,
        Ok(None) | Err(StoreError::Damaged { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut new = old.clone();
    // A rule that came while it was settled has never been tried on it.
    if !old.hidden_by.is_empty() || !writer.rules.is_empty() {
        let mut body = tx.body(old.event.id)?;
        let hidden = rules::apply(&writer.rules, &mut new, &mut body, tx.now);
        if let Some(by) = hidden.filter(|_| sight::may_hide(new.event.state_at(tx.now))) {
            // Another rule covers it too, or has come to.
            new.set_standing(new.standing().ignored(by));
        }
        tx.save_body(old.event.id, &body)?;
        if new.event.version == old.event.version && life::differs(&old.event, &new.event) {
            new.event.version += 1;
        }
    }
    tx.save(Some(&old), &mut new)?;
    let is_back = new.shown_state().needs_attention();
    Ok(is_back.then(|| (new.event.id, old.shown_state())))
}
