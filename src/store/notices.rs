//! Notifications: made with the drift they tell of, in one step; read by people, and sent on by whoever takes them.

use jiff::{SignedDuration, Timestamp};

use super::StoreError;
use crate::analysis::together::Gaps;
use crate::drift::{DeliveryId, Notification, NotificationId, NotificationRequest, SeverityClass, Slug};
use crate::safety::Tainted;

/// What is told of, and whom else it is sent to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alerting {
    /// The least severity that is told of.
    pub from: SeverityClass,
    pub channels: Vec<Channel>,
    pub patterns: Patterns,
}

/// What is taken for an incident, and how often somebody is told that there are more of them than usual.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patterns {
    pub gaps: Gaps,
    /// Of one environment in a week; 0: never.
    pub anomaly_notices: u32,
}

impl Default for Patterns {
    fn default() -> Self {
        Self { gaps: Gaps::default(), anomaly_notices: 1 }
    }
}

impl Default for Alerting {
    fn default() -> Self {
        Self { from: SeverityClass::High, channels: vec![], patterns: Patterns::default() }
    }
}

/// Somewhere else that notifications are sent to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Channel {
    pub name: Slug,
    /// The least severity that is sent there.
    pub from: SeverityClass,
    /// Empty: of all.
    pub environments: Vec<Slug>,
}

impl Channel {
    pub fn is_for(&self, environment: &Slug) -> bool {
        self.environments.is_empty() || self.environments.contains(environment)
    }

    pub fn takes(&self, one: &Notification) -> bool {
        one.priority >= self.from && self.is_for(&one.environment)
    }
}

/// One notification to be sent to a channel now, by nobody else.
#[derive(Clone, PartialEq, Debug)]
pub struct Outgoing {
    pub notification: Notification,
    pub delivery: DeliveryId,
    pub channel: Slug,
    /// This one included.
    pub tries: u32,
}

impl Outgoing {
    /// Whoever took it and has said nothing for so long is gone: then somebody else does.
    pub const LEASE: SignedDuration = SignedDuration::from_secs(60);
}

/// What came of a try.
#[derive(Clone, PartialEq, Debug)]
pub enum Attempted {
    Sent,
    Again { at: Timestamp, why: Tainted },
    Dead { why: Tainted },
}

/// Keeps them. Every call may block.
pub trait Notices: Send + Sync {
    /// From now on.
    fn alert(&self, alerting: Alerting);
    fn alerting(&self) -> Alerting;
    /// Newest first.
    fn notifications(&self, request: &NotificationRequest) -> Result<Vec<Notification>, StoreError>;
    fn notification(&self, id: NotificationId) -> Result<Notification, StoreError>;
    /// Durable when it returns. Whoever has read it has read it: the first time stays.
    fn read_notification(&self, id: NotificationId, who: &Tainted) -> Result<Notification, StoreError>;
    /// This one and all that are older.
    fn read_notifications(&self, until: NotificationId, who: &Tainted) -> Result<(), StoreError>;
    /// To every channel that is there for its environment, whatever became of it before.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when there is none.
    fn resend_notification(&self, id: NotificationId) -> Result<Notification, StoreError>;
    /// Takes some of those that are due.
    fn take_deliveries(&self, channel: &Slug, limit: usize) -> Result<Vec<Outgoing>, StoreError>;
    /// What came of it; nothing is done when it was sent anew meanwhile.
    fn settle_delivery(&self, one: &Outgoing, attempted: &Attempted) -> Result<(), StoreError>;
    /// Those that wait to be sent, be they due or not; counted as far as [`MANY`].
    fn waiting_deliveries(&self, channel: &Slug) -> Result<usize, StoreError>;
}

/// More than that are not counted.
pub const MANY: usize = 10_000;
