//! Snoozes, exceptions and ignore rules end by time: the index follows when somebody looks.

use super::engine::Tree;
use super::tx::Tx;
use super::{SledStore, Writer, keys};
use crate::store::record::EventRecord;
use crate::store::{Store, StoreError, life, rules};

/// So many at a time, so that a long pause does not make one huge step.
const AT_ONCE: usize = 1000;

impl SledStore {
    /// Moves drifts whose time is over to the open ones. Costs one look into a tree when there are none. A disk that cannot be
    /// written leaves the index behind the clock; [`DriftEvent::state_at`](crate::drift::DriftEvent::state_at) is right all the same.
    pub(super) fn wake_due(&self) {
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
            for timer in due {
                wake(&mut tx, writer, &timer)?;
            }
            writer.commits += 1;
            tx.commit(false)?;
        }
    }

    fn due_timers(&self, limit: usize) -> Vec<Vec<u8>> {
        let end = keys::micros(self.now());
        self.engine.tree(Tree::Timers).range(..&end[..]).keys().take(limit).flatten().map(|k| k.to_vec()).collect()
    }
}

fn wake(tx: &mut Tx<'_>, writer: &Writer, timer: &[u8]) -> Result<(), StoreError> {
    tx.delete(Tree::Timers, timer.to_vec());
    let key = &timer[8.min(timer.len())..];
    let old: EventRecord = match tx.read(Tree::Events, key) {
        Ok(Some(old)) => old,
        Ok(None) | Err(StoreError::Damaged { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut new = old.clone();
    if !old.hidden_by.is_empty() {
        let mut body = tx.body(old.event.id)?;
        rules::apply(&writer.rules, &mut new, &mut body, tx.now);
        tx.save_body(old.event.id, &body)?;
        if life::differs(&old.event, &new.event) {
            new.event.version += 1;
        }
    }
    tx.save(Some(&old), &mut new)
}
