//! A write that is sent again under the same name is done once: what was answered is kept in the transaction that did it, and
//! given again for seven days. Secrets are in no answer that is kept.
//!
//! Names and requests are kept by their hashes, keyed with the accounts' own key: a request may hold a password.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::stored::encoded;
use super::{AccountsError, Change, Result};
use crate::api::{Done, KeyMade};
use crate::drift::Once;

/// How long a name is known.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A name, what was asked under it, and what was answered: as both engines keep it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Mark {
    /// Hashes in hexadecimal digits.
    pub(super) key: String,
    pub(super) request: String,
    /// JSON.
    pub(super) answer: String,
    pub(super) at: Timestamp,
}

impl Mark {
    pub(super) fn new(masking_key: &[u8; 32], once: &Once, change: &Change, at: Timestamp) -> Result<Self> {
        let answer = String::from_utf8_lossy(&encoded(&answer(change))?).into_owned();
        Ok(Self { key: hashed(masking_key, &once.key), request: hashed(masking_key, &once.request), answer, at })
    }

    /// Whether nobody comes back with it any more.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) > KEPT
    }

    /// What a mark that is there already makes of the write that brings this one.
    pub(super) fn met(&self, there: Option<Self>) -> Result<()> {
        match there.filter(|there| !there.is_over(self.at)) {
            None => Ok(()),
            Some(there) if there.request == self.request => Err(AccountsError::Repeated),
            Some(_) => Err(AccountsError::Reused),
        }
    }

    /// What was answered to the write of this name, if it is the same one.
    pub(super) fn answered(&self, masking_key: &[u8; 32], once: &Once, now: Timestamp) -> Result<Option<Value>> {
        if self.is_over(now) {
            return Ok(None);
        }
        if self.request != hashed(masking_key, &once.request) {
            return Err(AccountsError::Reused);
        }
        super::stored::decoded("an answer that was kept", self.answer.as_bytes()).map(Some)
    }
}

/// Until when marks are over, at this time.
pub(super) fn over_before(now: Timestamp) -> Timestamp {
    now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN)
}

pub(super) fn key_of(masking_key: &[u8; 32], once: &Once) -> String {
    hashed(masking_key, &once.key)
}

fn hashed(masking_key: &[u8; 32], text: &str) -> String {
    let key = blake3::derive_key("driftguard 2026-11 names of writes", masking_key);
    blake3::keyed_hash(&key, text.as_bytes()).to_hex().to_string()
}

/// As the API says that it was done.
fn answer(change: &Change) -> Value {
    let json = |value: serde_json::Result<Value>| value.unwrap_or_default();
    match change {
        Change::AddOrganization(one) | Change::SetOrganization(one) => json(serde_json::to_value(one)),
        Change::SetSettings(_, settings) => json(serde_json::to_value(settings)),
        Change::AddUser(user, _) | Change::SetUser(user) => json(serde_json::to_value(user)),
        Change::SetPassword(..) => json!(Done::new("password_set")),
        Change::AddKey(key, _) => json(serde_json::to_value(KeyMade::again(key.clone()))),
        Change::SetKey(key) => json(serde_json::to_value(key)),
        Change::EndSessions(_) => json!(Done::new("ended")),
        Change::Nothing | Change::AddSession(_) => Value::Null,
    }
}
