//! What is to be sent elsewhere: taken by one at a time, for a time.

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, keys, notices};
use crate::drift::{Delivery, DeliveryState, NotificationId, Slug};
use crate::store::StoreError;
use crate::store::notices::{Attempted, MANY, Notices, Outgoing};

impl TreeStore {
    /// Nobody waits for a turn where nothing is due.
    pub(super) fn take_due(&self, channel: &Slug, limit: usize) -> Result<Vec<Outgoing>, StoreError> {
        if self.due_now(channel, 1)?.is_empty() {
            return Ok(vec![]);
        }
        self.writable()?;
        let mut writer = self.writer();
        let mut tx = Tx::new(self, self.now());
        let again_at = tx.now.saturating_add(Outgoing::LEASE).ok();
        let mut taken = vec![];
        for key in self.due_now(channel, limit)? {
            tx.delete(Tree::Notifications, key.clone());
            let known = notices::id_of(&key).map(|id| notices::find(&tx, id)).transpose()?.flatten();
            let Some(old) = known else { continue };
            let mut new = old.clone();
            let Some(to) = new.deliveries.iter_mut().find(|to| to.channel == *channel) else { continue };
            to.tries += 1;
            to.again_at = again_at;
            let (delivery, tries) = (to.id, to.tries);
            notices::save(&mut tx, Some(&old), &new)?;
            taken.push(Outgoing { notification: new, delivery, channel: channel.clone(), tries });
        }
        writer.commits += 1;
        tx.commit(true)?;
        Ok(taken)
    }

    /// Keys, the longest due first.
    fn due_now(&self, channel: &Slug, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let (low, high) = (notices::queue(channel), [&notices::queue(channel)[..], &keys::micros(self.now())].concat());
        let high = keys::after(&high);
        let due = self.engine.tree(Tree::Notifications).range(low..high).keys().take(limit);
        due.map(|key| key.map(|key| key.to_vec())).collect()
    }

    pub(super) fn settle(&self, one: &Outgoing, attempted: &Attempted) -> Result<(), StoreError> {
        let settled = self.change_notification(one.notification.id, |known, now| {
            // Sent anew, or taken by somebody else after this one was thought gone.
            let is_this = |to: &&mut Delivery| to.id == one.delivery && to.tries == one.tries;
            let Some(to) = known.deliveries.iter_mut().find(is_this) else { return Ok(()) };
            (to.state, to.at, to.why, to.again_at) = match attempted {
                Attempted::Sent => (DeliveryState::Sent, Some(now), None, None),
                Attempted::Again { at, why } => (DeliveryState::Failed, None, Some(why.clone()), Some(*at)),
                Attempted::Dead { why } => (DeliveryState::Dead, Some(now), Some(why.clone()), None),
            };
            Ok(())
        });
        match settled {
            // Too old to be kept.
            Err(StoreError::NotFound(_)) => Ok(()),
            other => other.map(drop),
        }
    }

    pub(super) fn resend(&self, id: NotificationId) -> Result<(), StoreError> {
        let alerting = self.alerting();
        let resent = self.change_notification(id, |one, now| {
            let to: Vec<&Slug> =
                alerting.channels.iter().filter(|to| to.is_for(&one.environment)).map(|to| &to.name).collect();
            if to.is_empty() {
                return Err(StoreError::Invalid(format!(
                    "no channel is configured for {}: a [webhooks.NAME] table in the server's configuration names one",
                    one.environment
                )));
            }
            one.deliveries.retain(|known| !to.contains(&&known.channel));
            one.deliveries.extend(to.into_iter().map(|channel| Delivery::new(channel.clone(), now)));
            Ok(())
        });
        resent.map(drop)
    }

    pub(super) fn count_waiting(&self, channel: &Slug) -> Result<usize, StoreError> {
        let waiting = self.engine.tree(Tree::Notifications).scan_prefix(notices::queue(channel)).keys().take(MANY);
        waiting.map(|key| key.map(drop)).collect::<Result<Vec<_>, _>>().map(|all| all.len())
    }
}
