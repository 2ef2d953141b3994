//! What happened to accounts: append-only, each record chained to the one before it by hash.
//!
//! A record that was changed, left out or moved does not fit its neighbours, and the last one has to be the one the accounts know as
//! the last. Whoever can write the files can write all of them anew: so the head, which [`AuditReport`] has, is worth keeping
//! elsewhere, too.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountsError, KeyId, Peer, SessionId, UserId};
use crate::drift::{Origin, Slug};
use crate::safety::{Masked, Tainted};

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecurityAction {
    Login,
    LoginFailed,
    LockedOut,
    Logout,
    SessionEnded,
    /// An old refresh token was used again: somebody has a copy.
    RefreshReused,
    OrganizationCreated,
    OrganizationChanged,
    SettingsChanged,
    UserCreated,
    UserChanged,
    RoleChanged,
    GrantsChanged,
    PasswordChanged,
    KeyCreated,
    KeyRevoked,
    /// Somebody wanted to do what he may not.
    Denied,
}

impl SecurityAction {
    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::LoginFailed => "login_failed",
            Self::LockedOut => "locked_out",
            Self::Logout => "logout",
            Self::SessionEnded => "session_ended",
            Self::RefreshReused => "refresh_reused",
            Self::OrganizationCreated => "organization_created",
            Self::OrganizationChanged => "organization_changed",
            Self::SettingsChanged => "settings_changed",
            Self::UserCreated => "user_created",
            Self::UserChanged => "user_changed",
            Self::RoleChanged => "role_changed",
            Self::GrantsChanged => "grants_changed",
            Self::PasswordChanged => "password_changed",
            Self::KeyCreated => "key_created",
            Self::KeyRevoked => "key_revoked",
            Self::Denied => "denied",
        }
    }
}

impl SecurityAction {
    /// Why it was not done, where it was not.
    pub fn refusal(self) -> Option<&'static str> {
        match self {
            Self::LoginFailed => Some("organisation, name or password is wrong"),
            Self::LockedOut => Some("too many wrong passwords"),
            Self::RefreshReused => Some("the refresh token was used before"),
            Self::Denied => Some("not allowed"),
            _ => None,
        }
    }
}

/// Who did it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Actor {
    pub name: Tainted,
    pub kind: ActorKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// The account; none for the operator and for strangers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<KeyId>,
    /// The beginning of what the client says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Tainted>,
}

impl Actor {
    /// Known by a name alone.
    pub fn new(name: impl Into<Tainted>, kind: ActorKind) -> Self {
        Self {
            name: name.into(),
            kind,
            address: None,
            user_id: None,
            session_id: None,
            api_key: None,
            user_agent: None,
        }
    }

    /// From there.
    pub fn from(self, peer: Peer<'_>) -> Self {
        Self { address: peer.address, user_agent: peer.user_agent.and_then(Origin::agent), ..self }
    }
}

/// What kind of somebody.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// At the command line of the machine that has the accounts.
    Operator,
    User,
    /// A person's program, with an API key of that person.
    ApiKey,
    ServiceAccount,
    /// Nobody that was admitted.
    Stranger,
}

impl ActorKind {
    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::User => "user",
            Self::ApiKey => "api_key",
            Self::ServiceAccount => "service_account",
            Self::Stranger => "stranger",
        }
    }
}

/// What is to be recorded.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Entry {
    pub at: Timestamp,
    /// Whose admins may read it; none for what is everybody's.
    pub organization: Option<Slug>,
    pub actor: Actor,
    pub action: SecurityAction,
    /// Whom or what it was about.
    pub subject: Tainted,
    /// Secrets taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Masked>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Masked>,
    /// Whether it was done.
    #[serde(default = "yes")]
    pub success: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<Tainted>,
}

fn yes() -> bool {
    true
}

impl Entry {
    /// Of something that was done, or, as its action says, refused.
    pub fn new(
        at: Timestamp,
        organization: Option<Slug>,
        actor: Actor,
        action: SecurityAction,
        subject: Tainted,
    ) -> Self {
        let error_message = action.refusal().map(Tainted::from);
        Self {
            at,
            organization,
            actor,
            action,
            subject,
            old: None,
            new: None,
            success: error_message.is_none(),
            error_message,
        }
    }
}

/// One record.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct SecurityRecord {
    /// From 1, without gaps.
    pub seq: u64,
    /// BLAKE3 of the record before it, in hexadecimal digits; zeros for the first.
    pub previous: String,
    pub entry: Entry,
}

/// What verifying found.
#[derive(Clone, PartialEq, Eq, Serialize, Debug, Default, utoipa::ToSchema)]
pub struct AuditReport {
    pub records: u64,
    /// Hash of the last record: keep it elsewhere, and nobody can write the trail anew unseen.
    pub head: String,
    /// One sentence per fault; empty when nothing was tampered with.
    pub faults: Vec<String>,
}

/// The end of the chain.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Tip {
    pub(super) seq: u64,
    pub(super) hash: [u8; 32],
}

impl Tip {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        [&self.seq.to_be_bytes()[..], &self.hash].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (seq, hash) = bytes.split_first_chunk::<8>()?;
        Some(Self { seq: u64::from_be_bytes(*seq), hash: hash.try_into().ok()? })
    }

    /// The next record as it is stored, and the tip it makes.
    pub(super) fn append(self, entry: &Entry) -> Result<(Vec<u8>, Self), AccountsError> {
        let previous = blake3::Hash::from_bytes(self.hash).to_hex().to_string();
        let record = SecurityRecord { seq: self.seq + 1, previous, entry: entry.clone() };
        let bytes = serde_json::to_vec(&record).map_err(|e| damaged(record.seq, e.to_string()))?;
        let hash = *blake3::hash(&bytes).as_bytes();
        Ok((bytes, Self { seq: record.seq, hash }))
    }
}

pub(super) fn damaged(seq: u64, detail: String) -> AccountsError {
    AccountsError::Damaged { place: format!("audit record {seq}"), detail }
}

pub(super) fn read(seq: u64, bytes: &[u8]) -> Result<SecurityRecord, AccountsError> {
    serde_json::from_slice(bytes).map_err(|e| damaged(seq, e.to_string()))
}

/// Walks all records, oldest first, by the number they are stored under.
pub(super) fn verify(
    records: impl Iterator<Item = Result<(u64, Vec<u8>), AccountsError>>,
    tip: Tip,
) -> Result<AuditReport, AccountsError> {
    let mut report = AuditReport::default();
    let mut at = Tip::default();
    for record in records {
        let (seq, bytes) = record?;
        let hash = *blake3::hash(&bytes).as_bytes();
        report.records += 1;
        if seq != at.seq + 1 {
            report.faults.push(format!("after record {} comes record {seq}: what was between is gone", at.seq));
        }
        match read(seq, &bytes) {
            Err(error) => report.faults.push(error.to_string()),
            Ok(record) if record.seq != seq => {
                report.faults.push(format!("record {} stands in the place of record {seq}", record.seq));
            }
            Ok(record) if record.previous != blake3::Hash::from_bytes(at.hash).to_hex().as_str() => {
                report
                    .faults
                    .push(format!("record {seq} does not continue record {}: one of them was changed", at.seq));
            }
            Ok(_) => {}
        }
        at = Tip { seq, hash };
    }
    if at != tip {
        report.faults.push(format!("the last record should be {}, and is {}, or was changed", tip.seq, at.seq));
    }
    report.head = blake3::Hash::from_bytes(at.hash).to_hex().to_string();
    Ok(report)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trail(n: u64) -> (Vec<(u64, Vec<u8>)>, Tip) {
        let mut tip = Tip::default();
        let records = (1..=n).map(|seq| {
            let actor = Actor::new("erin", ActorKind::User);
            let subject = format!("{seq}").into();
            let entry = Entry::new(Timestamp::UNIX_EPOCH, None, actor, SecurityAction::Login, subject);
            let (bytes, next) = tip.append(&entry).unwrap();
            tip = next;
            (seq, bytes)
        });
        (records.collect(), tip)
    }

    fn faults(records: Vec<(u64, Vec<u8>)>, tip: Tip) -> usize {
        verify(records.into_iter().map(Ok), tip).unwrap().faults.len()
    }

    proptest! {
        #[test]
        fn whatever_one_byte_of_the_trail_becomes_is_found(which in 0_usize..8, at in 0_usize..4_000, by in 1_u8..255) {
            let (mut records, tip) = trail(8);
            prop_assert_eq!(faults(records.clone(), tip), 0);
            let bytes = &mut records[which].1;
            let at = at % bytes.len();
            bytes[at] ^= by;
            prop_assert!(faults(records, tip) > 0);
        }
    }

    #[test]
    fn a_record_from_before_says_less_and_verifies_as_ever() {
        let old = r#"{"seq":1,"previous":"0000000000000000000000000000000000000000000000000000000000000000","entry":{"at":"2026-01-01T00:00:00Z","organization":null,"actor":{"name":"erin","kind":"user"},"action":"login","subject":"erin"}}"#;
        let tip = Tip { seq: 1, hash: *blake3::hash(old.as_bytes()).as_bytes() };
        let actor = Actor { user_id: Some(UserId::generate()), ..Actor::new("erin", ActorKind::ApiKey) };
        let entry = Entry::new(Timestamp::UNIX_EPOCH, None, actor, SecurityAction::Denied, "x".into());
        let (new, tip) = tip.append(&entry).unwrap();
        let records = vec![(1, old.as_bytes().to_vec()), (2, new.clone())];
        assert_eq!(faults(records.clone(), tip), 0);
        let read = read(2, &new).unwrap().entry;
        assert_eq!((read.success, read.actor.user_id.is_some()), (false, true));
        let forged = String::from_utf8(new).unwrap().replace("\"success\":false", "\"success\":true");
        assert!(faults(vec![records[0].clone(), (2, forged.into_bytes())], tip) > 0, "the new fields are in the chain");
    }

    #[test]
    fn a_record_that_is_gone_doubled_or_moved_is_found() {
        let (records, tip) = trail(4);
        for gone in 0..4 {
            let mut less = records.clone();
            less.remove(gone);
            assert!(faults(less, tip) > 0, "without {gone}");
        }
        let mut moved = records.clone();
        (moved[1].1, moved[2].1) = (records[2].1.clone(), records[1].1.clone());
        assert!(faults(moved, tip) > 0);
        assert!(faults(vec![], tip) > 0);
        assert_eq!(faults(vec![], Tip::default()), 0);
    }
}
