//! Who may come in, and what they may do: organisations, users, grants, API keys, sessions, and a record of all that happened to them.
//!
//! [`Accounts`] keeps them; every write is one transaction with its record in the audit trail, so that nothing happens unrecorded.
//! On it stand two desks: [`Registry`] changes accounts, for whoever may, and [`Desk`] lets people in: passwords, tokens, keys,
//! sessions. Whoever has come in is asked about at [`may`].

mod audit;
mod desk;
mod error;
mod gate;
mod grant;
mod ids;
mod key;
mod limited;
mod lockout;
mod login;
mod once;
mod organization;
mod password;
mod postgres;
mod random;
mod registry;
mod secret;
mod session;
mod settings;
mod sled;
mod stored;
#[cfg(test)]
mod tests;
mod text;
mod token;
mod user;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::broadcast::Receiver;

pub use audit::{Actor, ActorKind, AuditReport, Entry, SecurityAction, SecurityRecord};
pub use desk::Desk;
pub use error::AccountsError;
pub use grant::{Access, Action, Denied, Grant, Pattern, Place, Rights, may};
pub use ids::{KeyId, SessionId, UserId};
pub use key::{ApiKey, Endpoint, KEY_PREFIX, KeyHash, NewKey, Secret};
pub use limited::{Limited, Record};
pub use lockout::{Failures, Guess, Guesses};
pub use login::{LockedOut, Login, TokenPair};
pub use once::Mark;
pub use organization::{Organization, OrganizationEdit, family};
pub use password::PasswordHash;
pub use registry::{By, Registry};
pub use secret::{SECRET_VARIABLE, SecretError, ServerSecret};
pub use session::{Peer, Session};
pub use settings::{OrganizationSettings, SettingsBody, WebhookUrl};
pub use token::{TokenUse, Tokens};
pub use user::{User, UserEdit, UserKind};

use crate::drift::Slug;
use crate::store::{self, AuditRequest};

/// What a call gives.
pub type Result<T, E = AccountsError> = std::result::Result<T, E>;

/// One write. What has a version replaces only the one before it; else it is a [`AccountsError::Conflict`].
pub enum Change {
    /// Only the record.
    Nothing,
    AddOrganization(Organization),
    SetOrganization(Organization),
    SetSettings(Slug, OrganizationSettings),
    AddUser(User, Option<PasswordHash>),
    SetUser(User),
    /// And ends these sessions: whoever knew the old one is out.
    SetPassword(UserId, PasswordHash, Vec<SessionId>),
    AddKey(ApiKey, KeyHash),
    SetKey(ApiKey),
    AddSession(Session),
    /// Ends some.
    EndSessions(Vec<SessionId>),
}

impl Change {
    /// Whether somebody who has come in may feel it. What is added nobody has come in with.
    fn is_felt(&self) -> bool {
        use Change as C;
        match self {
            C::Nothing | C::AddOrganization(_) | C::AddUser(..) | C::AddKey(..) | C::AddSession(_) => false,
            C::SetOrganization(_) | C::SetSettings(..) | C::SetUser(_) | C::SetPassword(..) => true,
            C::SetKey(_) | C::EndSessions(_) => true,
        }
    }
}

/// Changes that somebody may be behind with; after more he looks anew.
const CHANGES: usize = 64;

/// Keeps them. Every call may block on the disk or the network. What a call has returned is durable, unless it says otherwise.
pub trait Accounts: Send + Sync {
    /// By slug.
    fn organizations(&self) -> Result<Vec<Organization>>;
    fn organization(&self, slug: &Slug) -> Result<Option<Organization>>;
    /// `None` until they are first put.
    fn settings(&self, organization: &Slug) -> Result<Option<OrganizationSettings>>;
    /// By name.
    fn users(&self, organization: &Slug) -> Result<Vec<User>>;
    fn user(&self, id: UserId) -> Result<Option<User>>;
    /// Whatever the case.
    fn user_named(&self, organization: &Slug, username: &str) -> Result<Option<User>>;
    /// `None` for service accounts and unknown users.
    fn password(&self, user: UserId) -> Result<Option<PasswordHash>>;
    /// Oldest first; revoked ones too.
    fn api_keys(&self, organization: &Slug) -> Result<Vec<ApiKey>>;
    fn api_key(&self, hash: &KeyHash) -> Result<Option<ApiKey>>;
    /// Oldest first; ended ones too, until they are reaped.
    fn sessions(&self, organization: &Slug) -> Result<Vec<Session>>;
    fn session(&self, id: SessionId) -> Result<Option<Session>>;

    /// The change and its record, in one transaction.
    ///
    /// # Errors
    /// [`AccountsError::Taken`] names the field that is unique, [`AccountsError::Conflict`] when somebody else was faster,
    /// [`AccountsError::NotFound`] when what it belongs to is not there. After an error nothing has changed.
    fn commit(&self, change: Change, entry: &Entry) -> Result<()> {
        self.commit_once(change, entry, None)
    }
    /// As [`commit`](Self::commit), in one transaction with the name it was asked for under.
    ///
    /// # Errors
    /// Besides those [`AccountsError::Repeated`] when that was done already, [`AccountsError::Reused`] when the name stands for
    /// something else.
    fn commit_once(&self, change: Change, entry: &Entry, mark: Option<&Mark>) -> Result<()>;
    /// By the hash of the name.
    fn mark(&self, key: &str) -> Result<Option<Mark>>;
    /// Tells of the organisation in which somebody may now do more or less than before, or does not come in any more, whichever
    /// process did that; `None`: it may be any.
    fn changes(&self) -> Receiver<Option<Slug>>;
    /// Where wrong passwords are counted.
    fn guesses(&self) -> &dyn Guesses;
    /// The session goes on to the next generation if it is at this one and active, else gives `false`. Durable, not audited.
    fn rotate(&self, session: SessionId, generation: u64) -> Result<bool>;
    /// That a session was used. Neither durable nor audited.
    fn touch_session(&self, id: SessionId, now: Timestamp) -> Result<()>;
    /// That a key was used. Neither durable nor audited.
    fn touch_key(&self, hash: &KeyHash, now: Timestamp) -> Result<()>;
    /// Deletes sessions that ended or expired before `now`; gives how many.
    fn reap(&self, now: Timestamp) -> Result<u64>;

    /// Newest first, at most `limit`; of one organisation or of all.
    fn audit(&self, organization: Option<&Slug>, limit: usize) -> Result<Vec<SecurityRecord>>;
    /// Some of it, newest first; of one organisation.
    fn audit_between(&self, organization: &Slug, request: &AuditRequest) -> Result<Vec<SecurityRecord>>;
    /// Walks the whole trail.
    fn verify(&self) -> Result<AuditReport>;
    /// With what secrets are masked in the trail; the same for ever.
    fn masking_key(&self) -> [u8; 32];
}

/// Opens the accounts in this directory, or in the database of which it is the address. Those in a database may be open in any
/// number of processes.
///
/// # Errors
/// [`AccountsError::Missing`] when there are none and they are not to be made, [`AccountsError::Held`] when another process has them.
pub fn open(path: &Path, make: bool) -> Result<Arc<dyn Accounts>> {
    match store::url_of(path) {
        Some(url) => Ok(Arc::new(postgres::PgAccounts::open(url, make)?)),
        None => Ok(Arc::new(sled::SledAccounts::open(path, make)?)),
    }
}

/// Where the accounts of a store are: beside it, or in the same database.
pub fn beside(store: &Path) -> std::path::PathBuf {
    if store::url_of(store).is_some() { store.to_owned() } else { store.with_file_name("accounts") }
}
