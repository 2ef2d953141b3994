//! The desk where people come in: passwords, tokens, keys.
//!
//! What somebody may do is never read from what he brings along: it is looked up at each request, so that a role taken away, a key
//! revoked or a session ended counts at once. Whoever does not get in is told that, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::Receiver;

use super::lockout::Lockout;
use super::login::{LockedOut, Login, TokenPair};
use super::token::{Claims, TokenError};
use super::{
    Accounts, AccountsError, Actor, ActorKind, ApiKey, By, Change, Entry, KeyHash, PasswordHash, Peer, Registry,
    SecurityAction, Session, TokenUse, Tokens, User, UserKind,
};
use crate::api::{Code, Problem, Role};
use crate::drift::Slug;
use crate::safety::Tainted;
use crate::server::Principal;

/// Passwords hashed at once: each takes 19 MiB and tens of milliseconds of a core.
const HASHING: usize = 2;
/// Logins that may wait for that.
const QUEUE: usize = 32;
/// A key's last use is exact to so much.
const TOUCH: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// Between two looks for sessions that have ended.
const TEND: std::time::Duration = std::time::Duration::from_secs(600);

/// Lets people in. Cheap to clone.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

pub(super) struct Inner {
    accounts: Arc<dyn Accounts>,
    pub(super) registry: Registry,
    tokens: Tokens,
    hashing: Semaphore,
    waiting: AtomicUsize,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Desk {
    pub fn new(accounts: Arc<dyn Accounts>, tokens: Tokens) -> Self {
        Self::at(accounts, tokens, Timestamp::now)
    }

    /// With the time told by `clock`.
    #[doc(hidden)]
    pub fn at(
        accounts: Arc<dyn Accounts>,
        tokens: Tokens,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        let hashing = Semaphore::new(HASHING);
        let (waiting, clock) = (AtomicUsize::new(0), Box::new(clock));
        let registry = Registry::new(Arc::clone(&accounts));
        Self(Arc::new(Inner { accounts, registry, tokens, hashing, waiting, clock }))
    }

    /// Where what is behind the desk is changed.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// Who of an organisation has to wait, after too many wrong passwords, with the seconds that are left; for its admins.
    ///
    /// # Errors
    /// As [`Registry::users`].
    pub fn locked_out(&self, by: &By, organization: &Slug) -> super::Result<Vec<LockedOut>> {
        let now = self.0.now();
        let mut locked = vec![];
        for user in self.0.registry.users(by, organization)? {
            if let Some(seconds) = self.0.lockout().wait(organization, user.username.raw(), None, now)? {
                locked.push(LockedOut { username: user.username, seconds });
            }
        }
        Ok(locked)
    }

    /// Deletes sessions that have ended, now and again for as long as it is waited for.
    pub async fn tend(self) {
        loop {
            if let Err(problem) = self.blocking(|inner| Ok(inner.tidy()?)).await {
                tracing::error!(error = %problem.error.message, "ended sessions are still kept");
            }
            tokio::time::sleep(TEND).await;
        }
    }

    /// Name and password for tokens.
    ///
    /// # Errors
    /// `unauthenticated` for whatever is wrong, after the same time; `rate_limited` for who guesses.
    pub async fn login(&self, login: Login, peer: Peer<'_>) -> Result<TokenPair, Problem> {
        let waiting = Waiting::begin(&self.0.waiting);
        if waiting.others >= QUEUE + HASHING {
            return Err(wait(2, "too many people log in at once"));
        }
        let permit = self.0.hashing.acquire().await;
        let address = peer.address;
        let agent = peer.user_agent.map(str::to_owned);
        let done =
            self.blocking(move |inner| inner.login(&login, Peer { address, user_agent: agent.as_deref() })).await;
        drop((permit, waiting));
        done
    }

    /// A refresh token for the next pair. One that was used before ends the session: somebody has a copy of it.
    ///
    /// # Errors
    /// `unauthenticated`: log in again.
    pub async fn refresh(&self, token: String, peer: Peer<'_>) -> Result<TokenPair, Problem> {
        let address = peer.address;
        self.blocking(move |inner| inner.refresh(&token, address)).await
    }

    /// Ends the session of a principal, if it came with one.
    ///
    /// # Errors
    /// When that cannot be written.
    pub async fn logout(&self, principal: Principal, peer: Peer<'_>) -> Result<(), Problem> {
        let (address, agent) = (peer.address, peer.user_agent.map(str::to_owned));
        self.blocking(move |inner| {
            let Some(session) = principal.session else { return Ok(()) };
            let actor = Actor {
                user_id: principal.user,
                session_id: Some(session),
                ..Actor::new(principal.name.clone(), ActorKind::User)
            };
            let actor = actor.from(Peer { address, user_agent: agent.as_deref() });
            let entry = inner.entry(Some(&principal.organisation), actor, SecurityAction::Logout, principal.name);
            inner.accounts.commit(Change::EndSessions(vec![session]), &entry).map_err(Problem::from)
        })
        .await
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.0
    }

    /// The store may wait for a disk or a network: not on a thread that answers others.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let inner = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        done.unwrap_or_else(|_| Err(Problem::new(Code::Unavailable, "the server could not look at this now")))
    }
}

/// Counts who waits, however the waiting ends.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    others: usize,
}

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        Self { count, others: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

fn wait(seconds: u64, why: &str) -> Problem {
    let mut problem = Problem::new(Code::RateLimited, format!("{why}: try again in {seconds} s"));
    problem.error.retry_after = Some(seconds);
    problem
}

fn wrong() -> Problem {
    Problem::new(Code::Unauthenticated, "organisation, name or password is wrong")
}

fn again() -> Problem {
    Problem::new(Code::Unauthenticated, super::gate::WHO)
}

impl Inner {
    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn lockout(&self) -> Lockout<'_> {
        Lockout(self.accounts.guesses())
    }

    /// What has ended, and what is forgotten.
    fn tidy(&self) -> Result<(), AccountsError> {
        self.registry.reap_sessions()?;
        self.lockout().tidy(self.now())
    }

    fn entry(&self, organization: Option<&Slug>, actor: Actor, action: SecurityAction, subject: Tainted) -> Entry {
        Entry::new(self.now(), organization.cloned(), actor, action, subject)
    }

    fn login(&self, login: &Login, peer: Peer<'_>) -> Result<TokenPair, Problem> {
        let Login { organization, username, password } = login;
        // What is no slug is nobody's: it takes the same way.
        let slug = Slug::new(organization).unwrap_or_else(|_| Slug::from_text("nobody--s"));
        // Asked here, since the answer may have changed while this waited for its turn.
        if let Some(seconds) = self.lockout().wait(&slug, username, peer.address, self.now())? {
            return Err(wait(seconds, "too many wrong passwords"));
        }
        let Some(user) = self.known(&slug, username, password)? else {
            return Err(self.refused(&slug, username, peer)?);
        };
        self.lockout().succeeded(&slug, username)?;
        let session = Session::begin(&user, peer, self.now());
        let actor = Actor {
            user_id: Some(user.id),
            session_id: Some(session.id),
            ..Actor::new(user.username.clone(), ActorKind::User)
        }
        .from(peer);
        let entry = self.entry(Some(&slug), actor, SecurityAction::Login, user.username);
        self.accounts.commit(Change::AddSession(session.clone()), &entry)?;
        Ok(self.pair(&session))
    }

    /// The user, if the password is his and he may come in. Takes as long for one there is not.
    fn known(&self, organization: &Slug, username: &str, password: &str) -> Result<Option<User>, AccountsError> {
        let user = self.accounts.user_named(organization, username)?;
        let hash: Option<PasswordHash> = match &user {
            Some(user) => self.accounts.password(user.id)?,
            None => None,
        };
        let is_right = match hash {
            Some(hash) => hash.is_of(password),
            None => {
                PasswordHash::of_nobody(password);
                false
            }
        };
        let user = user.filter(|user| is_right && user.is_active && user.kind == UserKind::Person);
        Ok(if self.is_open(organization)? { user } else { None })
    }

    fn is_open(&self, organization: &Slug) -> Result<bool, AccountsError> {
        Ok(self.accounts.organization(organization)?.is_some_and(|organization| organization.is_active))
    }

    fn refused(&self, organization: &Slug, username: &str, peer: Peer<'_>) -> Result<Problem, AccountsError> {
        let seconds = self.lockout().failed(organization, username, peer.address, self.now())?;
        let action = if seconds.is_some() { SecurityAction::LockedOut } else { SecurityAction::LoginFailed };
        // Whatever somebody typed: perhaps a password, in the wrong field.
        let name: String = username.chars().take(150).collect();
        let of = self.accounts.organization(organization)?.map(|organization| organization.slug);
        let known = self.accounts.user_named(organization, username)?.is_some();
        let subject: Tainted = if known { name.into() } else { "(no such user)".into() };
        let actor = Actor::new(Tainted::default(), ActorKind::Stranger).from(peer);
        self.accounts.commit(Change::Nothing, &self.entry(of.as_ref(), actor, action, subject))?;
        Ok(wrong())
    }

    fn pair(&self, session: &Session) -> TokenPair {
        let now = self.now();
        let (access_token, until) = self.tokens.sign(TokenUse::Access, session, now);
        let (refresh_token, _) = self.tokens.sign(TokenUse::Refresh, session, now);
        let expires_in = u64::try_from(until.duration_since(now).as_secs()).unwrap_or(0);
        TokenPair { access_token, refresh_token, token_type: "Bearer".to_owned(), expires_in }
    }

    fn refresh(&self, token: &str, address: Option<std::net::IpAddr>) -> Result<TokenPair, Problem> {
        let now = self.now();
        let claims = self.tokens.check(TokenUse::Refresh, token, now).map_err(|_| again())?;
        let (user, mut session) = self.alive(&claims, now)?.ok_or_else(again)?;
        if session.generation != claims.r#gen || !self.accounts.rotate(session.id, claims.r#gen)? {
            let actor =
                Actor { session_id: Some(session.id), ..Actor::new(user.username.clone(), ActorKind::Stranger) };
            let actor = actor.from(Peer { address, user_agent: None });
            let entry = self.entry(Some(&user.organization), actor, SecurityAction::RefreshReused, user.username);
            self.accounts.commit(Change::EndSessions(vec![session.id]), &entry)?;
            return Err(again());
        }
        session.generation += 1;
        Ok(self.pair(&session))
    }

    /// User and session of the claims, if both still count.
    fn alive(&self, claims: &Claims, now: Timestamp) -> Result<Option<(User, Session)>, AccountsError> {
        let Some(session) = self.accounts.session(claims.sid)?.filter(|session| session.user_id == claims.sub) else {
            return Ok(None);
        };
        let idle = self.accounts.settings(&session.organization)?.unwrap_or_default().session_timeout;
        let user =
            self.accounts.user(claims.sub)?.filter(|user| user.is_active && user.organization == session.organization);
        let alive = session.is_alive(now, idle) && self.is_open(&session.organization)?;
        Ok(user.filter(|_| alive).map(|user| (user, session)))
    }

    /// Tells when somebody may do more or less than before.
    pub(super) fn changes(&self) -> Receiver<Option<Slug>> {
        self.accounts.changes()
    }

    /// Who bears this access token. Who only `listens` does not keep his session alive.
    pub(super) fn by_token(&self, token: &str, listens: bool) -> Result<Principal, Problem> {
        let now = self.now();
        let claims = self.tokens.check(TokenUse::Access, token, now).map_err(|error| match error {
            TokenError::Expired => Problem::new(Code::TokenExpired, "the token is over: refresh it, or log in again"),
            TokenError::Invalid => again(),
        })?;
        let (user, session) = self.alive(&claims, now)?.ok_or_else(again)?;
        if !listens && session.is_to_be_touched(now) {
            self.noted(self.accounts.touch_session(session.id, now));
        }
        Ok(Principal { session: Some(session.id), ..principal(user, Role::Admin) })
    }

    /// Who bears this API key, if it opens this.
    pub(super) fn by_key(&self, key: &str, method: &str, path: &str, peer: Peer<'_>) -> Result<Principal, Problem> {
        let now = self.now();
        let hash = KeyHash::of(key);
        let key = self.accounts.api_key(&hash)?.filter(|key| key.is_valid(now)).ok_or_else(again)?;
        let owner = self.accounts.user(key.owner)?.filter(|user| user.is_active).ok_or_else(again)?;
        if !self.is_open(&key.organization)? {
            return Err(again());
        }
        if !key.opens(method, path) {
            return Err(self.closed(&key, owner, peer)?);
        }
        if key.last_used.is_none_or(|last| now.duration_since(last) >= TOUCH) {
            self.noted(self.accounts.touch_key(&hash, now));
        }
        Ok(Principal { api_key: Some(key.id), ..principal(owner, key.role) })
    }

    /// Nobody is sent away because it could not be noted that he was here: the disk may be full.
    fn noted(&self, outcome: Result<(), AccountsError>) {
        if let Err(error) = outcome {
            tracing::warn!(%error, "when a session or key was used is not kept");
        }
    }

    fn closed(&self, key: &ApiKey, owner: User, peer: Peer<'_>) -> Result<Problem, AccountsError> {
        let kind = if owner.kind == UserKind::Service { ActorKind::ServiceAccount } else { ActorKind::ApiKey };
        let actor =
            Actor { user_id: Some(owner.id), api_key: Some(key.id), ..Actor::new(owner.username, kind) }.from(peer);
        let entry = self.entry(Some(&key.organization), actor, SecurityAction::Denied, key.prefix.as_str().into());
        self.accounts.commit(Change::Nothing, &entry)?;
        let message =
            format!("the API key {}… is limited to other endpoints: ask for one that has this, too", key.prefix);
        Ok(Problem::new(Code::Forbidden, message))
    }
}

/// Never more than `most`.
fn principal(user: User, most: Role) -> Principal {
    Principal {
        organisation: user.organization,
        name: user.username,
        role: user.role.min(most),
        grants: user.grants,
        user: Some(user.id),
        session: None,
        api_key: None,
        is_service: user.kind == UserKind::Service,
    }
}
