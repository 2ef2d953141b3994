//! Who asks, and what they may do.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::{ConnectInfo, FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderName, Method, header};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::Receiver;

use super::answer::Failure;
use super::log::Known;
use super::{Shared, asked};
use crate::accounts::{Denied, Desk, Grant, KeyId, Limited, Record, SessionId, UserId};
use crate::api::{Code, Problem, Role};
use crate::drift::{Origin, Party, PrincipalKind, Slug};
use crate::safety::Tainted;
use crate::service::DriftService;

/// Who asks.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Principal {
    /// The slug of the organisation: nothing of another one can be reached.
    pub organisation: Slug,
    /// What decisions are signed with.
    pub name: Tainted,
    pub role: Role,
    /// What the role is limited to; everything of the organisation when there are none.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// The account behind it, where there is one.
    #[serde(default)]
    pub user: Option<UserId>,
    /// What it came in with, where it was logged in.
    #[serde(default)]
    pub session: Option<SessionId>,
    /// What it came in with, where that was an API key.
    #[serde(default)]
    pub api_key: Option<KeyId>,
    /// A program with an account of its own stands behind it, no person.
    #[serde(default)]
    pub is_service: bool,
}

impl Principal {
    /// Without an account, limited by nothing but the role.
    pub fn new(organisation: Slug, name: Tainted, role: Role) -> Self {
        Self {
            organisation,
            name,
            role,
            grants: Vec::new(),
            user: None,
            session: None,
            api_key: None,
            is_service: false,
        }
    }

    /// What kind of somebody it is: an API key of a person is that person's.
    pub fn kind(&self) -> PrincipalKind {
        match (&self.user, &self.api_key) {
            _ if self.is_service => PrincipalKind::ServiceAccount,
            (_, Some(_)) => PrincipalKind::ApiKey,
            (Some(_), None) => PrincipalKind::User,
            (None, None) => PrincipalKind::Token,
        }
    }

    /// Who it is where one person asks and another one answers: an API key is its owner.
    pub(super) fn party(&self) -> Party {
        Party {
            name: self.name.clone(),
            account: self.user.map(|user| user.0),
            is_admin: self.role == Role::Admin,
            is_service: self.is_service,
            is_here: false,
        }
    }

    fn origin(&self, ip_address: Option<IpAddr>, user_agent: Option<&str>) -> Origin {
        Origin {
            principal: self.kind(),
            user_id: self.user.map(|id| id.0),
            session_id: self.session.map(|id| id.0),
            api_key: self.api_key.map(|id| id.0),
            ip_address,
            user_agent: user_agent.and_then(Origin::agent),
        }
    }

    /// The grants that hold at this endpoint; all of them where they name none.
    ///
    /// # Errors
    /// There are grants, and none of them holds there.
    pub(super) fn opened(&self, method: &str, path: &str) -> Result<Vec<Grant>, Denied> {
        let grants: Vec<Grant> = self.grants.iter().filter(|grant| grant.opens(method, path)).cloned().collect();
        match grants.is_empty() && !self.grants.is_empty() {
            true => Err(Denied::Endpoint { endpoint: format!("{method} {path}") }),
            false => Ok(grants),
        }
    }

    /// Whose requests are counted together, and whose keys are one another's.
    pub(super) fn account(&self) -> String {
        let organisation = self.organisation.as_str();
        match (&self.user, &self.api_key) {
            (Some(user), _) => format!("{organisation}/user/{user}"),
            (None, Some(key)) => format!("{organisation}/key/{key}"),
            (None, None) => format!("{organisation}/name/{}", self.name.raw()),
        }
    }
}

/// What is known of a request before it is admitted.
#[derive(Clone, Copy, Default, Debug)]
pub struct Admission<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    pub method: &'a str,
    /// The whole of it, without the query.
    pub path: &'a str,
    /// The peer's.
    pub address: Option<IpAddr>,
    pub user_agent: Option<&'a str>,
}

/// Knows who may come in.
#[async_trait]
pub trait Gatekeeper: Send + Sync {
    /// # Errors
    /// `unauthenticated` or `token_expired`, without a word about what would have been right.
    async fn admit(&self, request: Admission<'_>) -> Result<Principal, Problem>;

    /// Records that somebody wanted what he may not; he is told only then.
    async fn denied(&self, principal: &Principal, address: Option<IpAddr>, what: &str) {
        let _ = (principal, address, what);
    }

    /// Tells of the organisation in which somebody may now do more or less than before; `None`: it may be any.
    fn changes(&self) -> Option<Receiver<Option<Slug>>> {
        None
    }

    /// Where accounts are, if there are any.
    fn desk(&self) -> Option<&Desk> {
        None
    }
}

/// Tokens from a file, one a principal: for a server that has no accounts yet.
pub struct Tokens(BTreeMap<[u8; 32], Principal>);

impl Tokens {
    pub fn new(tokens: impl IntoIterator<Item = (String, Principal)>) -> Self {
        // Looked up by hash: how long a comparison takes says nothing about a token.
        Self(
            tokens
                .into_iter()
                .map(|(token, principal)| (*blake3::hash(token.as_bytes()).as_bytes(), principal))
                .collect(),
        )
    }
}

#[async_trait]
impl Gatekeeper for Tokens {
    async fn admit(&self, request: Admission<'_>) -> Result<Principal, Problem> {
        let token = request.authorization.and_then(|header| header.strip_prefix("Bearer "));
        let found = token.and_then(|token| self.0.get(blake3::hash(token.trim().as_bytes()).as_bytes()));
        found.cloned().ok_or_else(|| {
            Problem::new(
                Code::Unauthenticated,
                "send an API key: an admin makes one with `driftguard accounts key add`",
            )
        })
    }
}

/// Whoever was admitted, from where, and wanting what. What he may is not looked at yet.
#[derive(Clone)]
pub(super) struct Guest {
    pub(super) principal: Principal,
    pub(super) address: Option<IpAddr>,
    /// Method and path.
    wants: String,
    gatekeeper: Arc<dyn Gatekeeper>,
}

impl FromRequestParts<Shared> for Guest {
    type Rejection = Failure;

    /// Once a request, however many ask who it is.
    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Failure> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
        // Within a nested router the request's own is cut short.
        let path = parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |uri| uri.0.path());
        let address = address(parts);
        let (method, authorization) = (parts.method.as_str(), text(header::AUTHORIZATION));
        let admission = Admission { authorization, method, path, address, user_agent: text(header::USER_AGENT) };
        let principal = shared.gatekeeper.admit(admission).await?;
        principal.origin(address, text(header::USER_AGENT)).settle();
        let (wants, opened) = (format!("{method} {path}"), principal.opened(method, path));
        if let Some(known) = parts.extensions.get::<Known>() {
            known.is(&principal);
        }
        shared.rates.of_principal(&principal.account())?;
        let guest = Self { principal, address, wants, gatekeeper: Arc::clone(&shared.gatekeeper) };
        let guest = match opened {
            Ok(grants) => Self { principal: Principal { grants, ..guest.principal }, ..guest },
            Err(denied) => {
                guest.gatekeeper.denied(&guest.principal, address, &format!("{}: {denied}", guest.wants)).await;
                return Err(Problem::new(Code::Forbidden, denied.to_string()).into());
            }
        };
        parts.extensions.insert(guest.clone());
        Ok(guest)
    }
}

impl Guest {
    /// # Errors
    /// `forbidden` for whose role is not enough for the method; that is recorded.
    pub(super) async fn hold_to_role(&self, method: &Method) -> Result<(), Failure> {
        let needed = needed(method).ok_or_else(|| Problem::new(Code::NotAllowed, "no such method here"))?;
        if self.principal.role >= needed {
            return Ok(());
        }
        self.gatekeeper.denied(&self.principal, self.address, &self.wants).await;
        let denied = Denied::Role { needed, is: self.principal.role };
        Err(Problem::new(Code::Forbidden, denied.to_string()).into())
    }

    /// The service within the grants of the guest.
    fn limited(&self, service: &Arc<dyn DriftService>) -> Option<Arc<Limited>> {
        let Principal { role, grants, .. } = &self.principal;
        if grants.is_empty() {
            return None;
        }
        let (gatekeeper, principal) = (Arc::clone(&self.gatekeeper), self.principal.clone());
        let (address, wants) = (self.address, self.wants.clone());
        let record: Record = Arc::new(move |why| {
            let (gatekeeper, principal) = (Arc::clone(&gatekeeper), principal.clone());
            let what = format!("{wants}: {why}");
            Box::pin(async move { gatekeeper.denied(&principal, address, &what).await })
        });
        Some(Arc::new(Limited::new(Arc::clone(service), *role, grants.clone(), record)))
    }
}

/// The peer's, where it is known.
pub(super) fn address(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())
}

/// A request that was admitted and may be answered, with the service of its organisation.
pub(super) struct Caller {
    pub(super) principal: Principal,
    /// Holds the principal to its grants.
    pub(super) service: Arc<dyn DriftService>,
    /// The same, where there are grants: for what does not come through the service.
    pub(super) limited: Option<Arc<Limited>>,
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Failure> {
        let guest = Guest::from_request_parts(parts, shared).await?;
        guest.hold_to_role(&parts.method).await?;
        Self::enter(guest, parts, shared)
    }
}

impl Caller {
    fn enter(guest: Guest, parts: &Parts, shared: &Shared) -> Result<Self, Failure> {
        asked::query(parts)?;
        let house = shared.houses.enter(&guest.principal.organisation)?;
        let limited = guest.limited(&house.service);
        let service = match &limited {
            Some(limited) => Arc::clone(limited) as Arc<dyn DriftService>,
            None => Arc::clone(&house.service),
        };
        Ok(Self { principal: guest.principal, service, limited })
    }
}

/// As [`Caller`], of what is one's own, whatever the role.
pub(super) struct Reader(pub(super) Caller);

impl FromRequestParts<Shared> for Reader {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Failure> {
        let guest = Guest::from_request_parts(parts, shared).await?;
        Caller::enter(guest, parts, shared).map(Self)
    }
}

/// Reading is for all, writing for editors, deleting for admins; a method that is not listed is for nobody.
fn needed(method: &Method) -> Option<Role> {
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => Some(Role::Viewer),
        Method::POST | Method::PUT | Method::PATCH => Some(Role::Editor),
        Method::DELETE => Some(Role::Admin),
        _ => None,
    }
}
