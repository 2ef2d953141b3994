//! Sessions: what a login begins, and what can be ended from elsewhere.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{SessionId, User, UserId};
use crate::drift::Slug;
use crate::safety::Tainted;

/// However active it is, a session is over after this.
const LONGEST: SignedDuration = SignedDuration::from_hours(14 * 24);
/// `last_activity` is exact to so much: not every request is to be a write.
const TOUCH: SignedDuration = SignedDuration::from_secs(30);
/// Characters of a user agent that are kept.
const USER_AGENT: usize = 256;

/// One login and what followed from it. Its tokens are not in it: they are signed, not kept.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub organization: Slug,
    #[schema(value_type = Option<String>)]
    pub ip_address: Option<IpAddr>,
    pub user_agent: Tainted,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// To half a minute.
    pub last_activity: Timestamp,
    pub is_active: bool,
    /// Which refresh token is the current one. One from before is a stolen one, or was stolen from: it ends the session.
    pub generation: u64,
}

/// From where somebody comes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Peer<'a> {
    pub address: Option<IpAddr>,
    pub user_agent: Option<&'a str>,
}

impl Session {
    pub(super) fn begin(user: &User, peer: Peer<'_>, now: Timestamp) -> Self {
        let agent: String = peer.user_agent.unwrap_or_default().chars().take(USER_AGENT).collect();
        Self {
            id: SessionId::generate(),
            user_id: user.id,
            organization: user.organization.clone(),
            ip_address: peer.address,
            user_agent: agent.into(),
            created_at: now,
            expires_at: now.saturating_add(LONGEST).unwrap_or(Timestamp::MAX),
            last_activity: now,
            is_active: true,
            generation: 1,
        }
    }

    /// Whether it still counts; `idle` are the seconds it may go without a request.
    pub fn is_alive(&self, now: Timestamp, idle: u32) -> bool {
        self.is_active
            && now < self.expires_at
            && now.duration_since(self.last_activity) <= SignedDuration::from_secs(i64::from(idle))
    }

    /// Whether there is nothing left of it to keep: SQL of the same rule stands where sessions are reaped in a database.
    pub(super) fn has_ended(&self, now: Timestamp) -> bool {
        !self.is_active || self.expires_at <= now
    }

    /// Goes on to the next generation if this is the one it is at; gives whether it did. That is no activity yet: what the new
    /// token is used for is, and a client that only listens refreshes too.
    pub(super) fn rotate(&mut self, generation: u64) -> bool {
        let is_current = self.is_active && self.generation == generation;
        self.generation += u64::from(is_current);
        is_current
    }

    /// It was used; gives whether that is news.
    pub(super) fn touch(&mut self, now: Timestamp) -> bool {
        let is_later = now > self.last_activity;
        self.last_activity = self.last_activity.max(now);
        is_later
    }

    pub(super) fn is_to_be_touched(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_activity) >= TOUCH
    }
}
