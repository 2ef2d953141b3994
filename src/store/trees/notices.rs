//! Notifications, by their ids; and who has read which.
//!
//! Keys begin with what they are: `0 | id [16]` → `Notification`; `1 | channel | 0 | due µs [8] | id [16]` → nothing, what is to be
//! sent; `2 | hash of a name [16]` → `Mark`, up to where somebody has read everything.

use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::engine::Tree;
use super::tx::Tx;
use super::{RunningScan, TreeStore, Writer, keys};
use crate::drift::{
    Delivery, DriftEvent, Notification, NotificationId, NotificationKind, NotificationRequest, Reading, ScanId, Slug,
};
use crate::safety::Tainted;
use crate::store::notices::{Alerting, Attempted, Channel, Notices, Outgoing};
use crate::store::{Recorded, StoreError, codec};

const BY_ID: u8 = 0;
const DUE: u8 = 1;
const MARK: u8 = 2;
/// Of one scan so many are told one by one, and then all the others at once: nobody reads a thousand, and no channel takes them.
const ALERTS: u64 = 100;
/// For how long the number of all the others may grow before they are sent.
const GROWS: SignedDuration = SignedDuration::from_secs(60);

/// Up to where somebody has read everything.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(super) struct Mark {
    pub(super) who: Tainted,
    pub(super) until: NotificationId,
    pub(super) at: Timestamp,
}

/// What one scan has told of.
#[derive(Default)]
pub(super) struct AlertsOfScan {
    told: u64,
    rest: Option<(NotificationId, u64)>,
}

fn by_id(id: NotificationId) -> Vec<u8> {
    [&[BY_ID][..], &id.0.to_bytes()].concat()
}

/// What waits for a channel begins with this.
pub(super) fn queue(channel: &Slug) -> Vec<u8> {
    [&[DUE][..], channel.as_str().as_bytes(), &[0]].concat()
}

fn due(channel: &Slug, at: Timestamp, id: NotificationId) -> Vec<u8> {
    [&queue(channel)[..], &keys::micros(at), &id.0.to_bytes()].concat()
}

fn mark_key(who: &Tainted) -> Vec<u8> {
    [&[MARK][..], &blake3::hash(who.raw().as_bytes()).as_bytes()[..16]].concat()
}

/// Whose key it is.
pub(super) fn id_of(key: &[u8]) -> Option<NotificationId> {
    Some(NotificationId(ulid::Ulid::from_bytes(*key.last_chunk::<16>()?)))
}

fn queued(one: &Notification) -> impl Iterator<Item = Vec<u8>> + '_ {
    one.deliveries.iter().filter_map(|to| Some(due(&to.channel, to.again_at?, one.id)))
}

pub(super) fn find(tx: &Tx<'_>, id: NotificationId) -> Result<Option<Notification>, StoreError> {
    tx.read(Tree::Notifications, &by_id(id))
}

/// Writes it, with what is to be sent of it.
pub(super) fn save(tx: &mut Tx<'_>, old: Option<&Notification>, new: &Notification) -> Result<(), StoreError> {
    old.into_iter().flat_map(queued).for_each(|key| tx.delete(Tree::Notifications, key));
    queued(new).for_each(|key| tx.put(Tree::Notifications, key, Vec::new()));
    tx.write(Tree::Notifications, by_id(new.id), new)
}

pub(super) fn save_mark(tx: &mut Tx<'_>, mark: &Mark) -> Result<(), StoreError> {
    tx.write(Tree::Notifications, mark_key(&mark.who), mark)
}

fn erase(tx: &mut Tx<'_>, old: &Notification) {
    queued(old).for_each(|key| tx.delete(Tree::Notifications, key));
    tx.delete(Tree::Notifications, by_id(old.id));
}

/// One entry of an export.
pub(super) enum Kept {
    Notification(Box<Notification>),
    Mark(Mark),
}

/// What an entry holds; `None` where it only leads to another.
pub(super) fn kept(store: &TreeStore, key: &[u8], value: &[u8]) -> Result<Option<Kept>, StoreError> {
    let name = Tree::Notifications.name();
    Ok(match key.first() {
        Some(&BY_ID) => Some(Kept::Notification(codec::decode(name, value, &store.objects)?)),
        Some(&MARK) => Some(Kept::Mark(codec::decode(name, value, &store.objects)?)),
        _ => None,
    })
}

/// What is wrong with an entry.
pub(super) fn fault(store: &TreeStore, key: &[u8], value: &[u8]) -> Option<String> {
    let there = |key: &[u8]| store.engine.get(Tree::Notifications, key).is_ok_and(|found| found.is_some());
    match kept(store, key, value) {
        Err(error) => Some(error.to_string()),
        Ok(Some(Kept::Notification(one))) if by_id(one.id) != key => {
            Some(format!("notification {} lies under another one's key", one.id))
        }
        Ok(Some(Kept::Notification(one))) => {
            let lost = !queued(&one).all(|key| there(&key));
            lost.then(|| format!("notification {} waits to be sent, and nobody would look for it", one.id))
        }
        Ok(Some(Kept::Mark(mark))) => (mark_key(&mark.who) != key)
            .then(|| format!("what {} has read lies under another one's key", mark.who.line())),
        Ok(None) => {
            let one = id_of(key).and_then(|id| store.read::<Notification>(Tree::Notifications, &by_id(id)).ok()?);
            let leads = one.is_some_and(|one| queued(&one).any(|queued| queued == key));
            (!leads).then(|| "an entry of what is to be sent leads to no notification".into())
        }
    }
}

impl TreeStore {
    /// What a scan has just recorded is told of, where it is new or has come back, in the step that keeps it.
    pub(super) fn tell_of(
        &self,
        tx: &mut Tx<'_>,
        writer: &mut Writer,
        scan: ScanId,
        recorded: &[Recorded],
    ) -> Result<(), StoreError> {
        let alerting = self.alerting();
        let Some(running) = writer.scans.get_mut(&scan) else { return Ok(()) };
        for one in recorded {
            let (Recorded::New(event) | Recorded::Regressed(event)) = one else { continue };
            let is_quiet = event.in_maintenance || !event.state_at(tx.now).needs_attention();
            if !is_quiet && event.severity_class() >= alerting.from {
                running.tell(tx, &alerting, event)?;
            }
        }
        Ok(())
    }

    fn marks(&self) -> Result<Vec<Mark>, StoreError> {
        let marks = self.engine.tree(Tree::Notifications).scan_prefix([MARK]).values();
        marks.map(|value| codec::decode(Tree::Notifications.name(), &value?, &self.objects)).collect()
    }

    fn listed(&self, request: &NotificationRequest) -> Result<Vec<Notification>, StoreError> {
        let (marks, tree) = (self.marks()?, self.engine.tree(Tree::Notifications));
        let read = request.unread_by.as_ref().and_then(|who| marks.iter().find(|mark| mark.who == *who));
        // What lies below somebody's mark is not looked at.
        let low = read.map_or(vec![BY_ID], |mark| [&by_id(mark.until)[..], &[0]].concat());
        let high = vec![DUE];
        let cursor = request.cursor.map(by_id);
        let (low, high) = match (&cursor, request.back) {
            (Some(cursor), false) => (low, cursor.clone()),
            (Some(cursor), true) => (low.max([&cursor[..], &[0]].concat()), high),
            (None, _) => (low, high),
        };
        if low >= high {
            return Ok(vec![]);
        }
        let range = tree.range(low..high).values();
        let range: Box<dyn Iterator<Item = _>> = if request.back { Box::new(range) } else { Box::new(range.rev()) };
        let mut found = vec![];
        for value in range {
            let one: Notification = codec::decode(Tree::Notifications.name(), &value?, &self.objects)?;
            let one = with_marks(one, &marks);
            if request.unread_by.as_ref().is_none_or(|who| !one.is_read_by(who)) {
                found.push(one);
            }
            if found.len() >= request.limit {
                break;
            }
        }
        if request.back {
            found.reverse();
        }
        Ok(found)
    }

    /// Changes one, as far as `change` finds anything to change.
    pub(super) fn change_notification(
        &self,
        id: NotificationId,
        change: impl FnOnce(&mut Notification, Timestamp) -> Result<(), StoreError>,
    ) -> Result<Notification, StoreError> {
        self.writable()?;
        let mut writer = self.writer();
        let mut tx = Tx::new(self, self.now());
        let old = find(&tx, id)?.ok_or_else(|| unknown(id))?;
        let mut new = old.clone();
        change(&mut new, tx.now)?;
        if new != old {
            save(&mut tx, Some(&old), &new)?;
            writer.commits += 1;
            tx.commit(true)?;
        }
        Ok(new)
    }

    fn mark(&self, until: NotificationId, who: &Tainted) -> Result<(), StoreError> {
        self.writable()?;
        let mut writer = self.writer();
        let mut tx = Tx::new(self, self.now());
        // One that is not there would mark what is still to come.
        find(&tx, until)?.ok_or_else(|| unknown(until))?;
        let known: Option<Mark> = tx.read(Tree::Notifications, &mark_key(who))?;
        if known.is_some_and(|known| known.until >= until) {
            return Ok(());
        }
        let at = tx.now;
        save_mark(&mut tx, &Mark { who: who.clone(), until, at })?;
        writer.commits += 1;
        tx.commit(true)
    }

    /// What is older than what is kept, and of an environment that is forgotten.
    pub(super) fn erase_notifications(&self, over: impl Fn(&Notification) -> bool) -> Result<u64, StoreError> {
        let mut erased = 0;
        self.slices(Tree::Notifications, &[BY_ID], |writer, slice| {
            let mut tx = Tx::new(self, self.now());
            for (_, value) in slice {
                let one = codec::decode::<Notification>(Tree::Notifications.name(), &value, &self.objects);
                if let Ok(one) = one
                    && over(&one)
                {
                    erase(&mut tx, &one);
                    erased += 1;
                }
            }
            writer.commits += 1;
            tx.commit(false)
        })?;
        Ok(erased)
    }
}

impl RunningScan {
    fn tell(&mut self, tx: &mut Tx<'_>, alerting: &Alerting, event: &DriftEvent) -> Result<(), StoreError> {
        if self.alerts.told < ALERTS {
            self.alerts.told += 1;
            let one = Notification::of_drift(event, tx.now);
            return send(tx, alerting, one, None);
        }
        let class = event.severity_class();
        let known = match self.alerts.rest {
            Some((id, _)) => find(tx, id)?,
            None => None,
        };
        let count = self.alerts.rest.map_or(0, |(_, count)| count) + 1;
        let all = known.clone().map(|mut all| {
            all.recount(count, class);
            all
        });
        let all = all.unwrap_or_else(|| Notification::of_many(&self.environment, count, class, tx.now));
        self.alerts.rest = Some((all.id, count));
        send(tx, alerting, all, known)
    }
}

/// Keeps it, on its way to every channel that takes it.
pub(super) fn send(
    tx: &mut Tx<'_>,
    alerting: &Alerting,
    mut one: Notification,
    old: Option<Notification>,
) -> Result<(), StoreError> {
    // What grows as long as the scan goes on is sent when that is over, as a rule.
    let grows = one.kind == NotificationKind::Summary;
    let from = if grows { tx.now.saturating_add(GROWS).unwrap_or(tx.now) } else { tx.now };
    let is_new = |one: &Notification, channel: &Channel| one.deliveries.iter().all(|to| to.channel != channel.name);
    let takes = |one: &Notification, channel: &&Channel| channel.takes(one) && is_new(one, channel);
    let to: Vec<&Channel> = alerting.channels.iter().filter(|channel| takes(&one, channel)).collect();
    one.deliveries.extend(to.into_iter().map(|channel| Delivery::new(channel.name.clone(), from)));
    save(tx, old.as_ref(), &one)
}

fn with_marks(mut one: Notification, marks: &[Mark]) -> Notification {
    for mark in marks.iter().filter(|mark| mark.until >= one.id) {
        if !one.is_read_by(&mark.who) {
            one.read_by.push(Reading { who: mark.who.clone(), at: mark.at });
        }
    }
    one
}

pub(super) fn unknown(id: NotificationId) -> StoreError {
    StoreError::NotFound(format!("there is no notification {id}"))
}

impl Notices for TreeStore {
    fn alert(&self, alerting: Alerting) {
        *self.alerting.write().unwrap_or_else(PoisonError::into_inner) = alerting;
    }

    fn alerting(&self) -> Alerting {
        self.alerting.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn notifications(&self, request: &NotificationRequest) -> Result<Vec<Notification>, StoreError> {
        self.listed(request)
    }

    fn notification(&self, id: NotificationId) -> Result<Notification, StoreError> {
        let one = self.read(Tree::Notifications, &by_id(id))?.ok_or_else(|| unknown(id))?;
        Ok(with_marks(one, &self.marks()?))
    }

    fn read_notification(&self, id: NotificationId, who: &Tainted) -> Result<Notification, StoreError> {
        let known = self.notification(id)?;
        if known.is_read_by(who) {
            return Ok(known);
        }
        self.change_notification(id, |one, at| {
            if !one.is_read_by(who) {
                one.read_by.push(Reading { who: who.clone(), at });
            }
            Ok(())
        })?;
        self.notification(id)
    }

    fn read_notifications(&self, until: NotificationId, who: &Tainted) -> Result<(), StoreError> {
        self.mark(until, who)
    }

    fn resend_notification(&self, id: NotificationId) -> Result<Notification, StoreError> {
        self.resend(id)?;
        self.notification(id)
    }

    fn take_deliveries(&self, channel: &Slug, limit: usize) -> Result<Vec<Outgoing>, StoreError> {
        self.take_due(channel, limit)
    }

    fn settle_delivery(&self, one: &Outgoing, attempted: &Attempted) -> Result<(), StoreError> {
        self.settle(one, attempted)
    }

    fn waiting_deliveries(&self, channel: &Slug) -> Result<usize, StoreError> {
        self.count_waiting(channel)
    }
}
