//! Requests that nobody is logged in for: whoever knows a hook's secret signs what he sends. Whatever is wrong with a signature,
//! the answer is the same, and so is the time it takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::HeaderMap;
use jiff::Timestamp;

use super::answer::Failure;
use super::auth::address;
use super::body::{self, Route};
use super::{Principal, Shared, asked};
use crate::api::{Code, HookBody, Problem, Role};
use crate::drift::{Once, Origin, PrincipalKind, Slug};
use crate::service::DriftService;
use crate::webhooks::{self, SIGNATURE_HEADER, SigningKey, TIMESTAMP_HEADER};

/// A clock may go wrong by so many seconds, and a request take as long.
const WINDOW: i64 = 300;
pub(super) const GITHUB_SIGNATURE: &str = "x-hub-signature-256";
const GITHUB_EVENT: &str = "x-github-event";

/// A hook, as the configuration says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HookSpec {
    pub name: Slug,
    /// `None`: of the organisation of this process.
    pub organization: Option<Slug>,
    /// Empty: all of the organisation.
    pub environments: Vec<Slug>,
    pub may_scan: bool,
    pub may_mark: bool,
    /// Where the secret is: see [`webhooks::secret`].
    pub secret: String,
}

/// The hooks of a server, by name.
#[derive(Clone, Default, Debug)]
pub struct Hooks(Arc<BTreeMap<String, Hook>>);

#[derive(Clone, Debug)]
pub(super) struct Hook {
    pub(super) spec: HookSpec,
    pub(super) organization: Slug,
    key: SigningKey,
}

impl Hooks {
    /// With their secrets. `home`: the organisation of those that name none.
    ///
    /// # Errors
    /// Which secret cannot be had, and why.
    pub fn ready(specs: &[HookSpec], home: &Slug) -> Result<Self, String> {
        let hook = |spec: &HookSpec| {
            let key = webhooks::secret(&spec.secret).map_err(|why| format!("hooks.{}: secret: {why}", spec.name))?;
            let organization = spec.organization.clone().unwrap_or_else(|| home.clone());
            Ok((spec.name.to_string(), Hook { spec: spec.clone(), organization, key }))
        };
        Ok(Self(Arc::new(specs.iter().map(hook).collect::<Result<_, String>>()?)))
    }
}

/// What was wanted.
pub(super) enum Wanted {
    Ours(HookBody),
    /// An event of GitHub, by its name.
    GitHub(String, serde_json::Value),
}

/// A request that whoever knows the secret has sent, now and for the first time.
pub(super) struct Signed {
    pub(super) hook: Hook,
    pub(super) service: Arc<dyn DriftService>,
    pub(super) wanted: Wanted,
}

fn nobody() -> Problem {
    let message = "nobody is known by this signature: a hook's name, its secret, the time and the body must all be \
                   right, and each request is taken once";
    Problem::new(Code::Unauthenticated, message)
}

/// Which form, and the signature in it.
struct Seal<'a> {
    signature: &'a str,
    /// `None`: GitHub's, over the body alone.
    timestamp: Option<&'a str>,
}

impl<'a> Seal<'a> {
    fn of(headers: &'a HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name)?.to_str().ok();
        match text(SIGNATURE_HEADER) {
            Some(signature) => Some(Self { signature, timestamp: Some(text(TIMESTAMP_HEADER)?) }),
            None => Some(Self { signature: text(GITHUB_SIGNATURE)?, timestamp: None }),
        }
    }

    fn fits(&self, key: &SigningKey, body: &[u8], now: Timestamp) -> bool {
        let Some(timestamp) = self.timestamp else { return key.verifies_github(body, self.signature) };
        let sent = timestamp.parse::<i64>();
        let is_now = sent.is_ok_and(|sent| now.as_second().abs_diff(sent) <= WINDOW.unsigned_abs());
        // First: however late it comes, it is looked at.
        key.verifies(timestamp, body, self.signature) && is_now
    }
}

impl FromRequest<Shared> for Signed {
    type Rejection = Failure;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Failure> {
        let route = Route::of(&request);
        let (mut parts, content) = request.into_parts();
        let name = Path::<String>::from_request_parts(&mut parts, shared).await.map(|Path(name)| name);
        let bytes = body::raw(Request::from_parts(parts.clone(), content), shared).await?;
        let known = shared.hooks.0.get(&name.unwrap_or_default());
        // A key of nobody: so that a name that is none takes as long.
        let no_key = SigningKey::new("");
        let key = known.map_or(&no_key, |hook| &hook.key);
        let seal = Seal::of(&parts.headers);
        let fits = seal.as_ref().is_some_and(|seal| seal.fits(key, &bytes, Timestamp::now()));
        let (Some(hook), Some(seal), true) = (known, seal, fits) else { return Err(nobody().into()) };
        shared.rates.of_principal(&format!("{}/hook/{}", hook.organization, hook.spec.name))?;
        asked::query(&parts)?;
        body::readable(&parts.headers)?;
        let wanted = match seal.timestamp {
            Some(_) => Wanted::Ours(body::read(&bytes, &route)?),
            None => {
                let event = parts.headers.get(GITHUB_EVENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
                let no_json = |error| Problem::of_field("body", asked::no_json(&bytes, &error));
                Wanted::GitHub(event.to_owned(), serde_json::from_slice(&bytes).map_err(no_json)?)
            }
        };
        let service = Arc::clone(&shared.houses.enter(&hook.organization)?.service);
        first(service.as_ref(), &hook.spec.name, seal.signature).await?;
        let agent = parts.headers.get("user-agent").and_then(|value| value.to_str().ok());
        origin(address(&parts), agent).settle();
        Ok(Self { hook: hook.clone(), service, wanted })
    }
}

/// Of several that come with the same signature, be it at several servers, one is taken.
async fn first(service: &dyn DriftService, name: &Slug, signature: &str) -> Result<(), Failure> {
    let Some(answers) = service.answers() else { return Err(nobody().into()) };
    // Digits may be written in capitals: it is the same signature.
    let once = Once::new(format!("hook\n{name}\n{}", signature.to_ascii_lowercase()), String::new());
    let failed = |_| Problem::new(Code::Unavailable, "the server could not look at this now");
    let is_first = tokio::task::spawn_blocking(move || answers.is_first(&once)).await.map_err(failed)?;
    match is_first.map_err(crate::service::told)? {
        true => Ok(()),
        false => Err(nobody().into()),
    }
}

fn origin(ip_address: Option<std::net::IpAddr>, agent: Option<&str>) -> Origin {
    Origin {
        principal: PrincipalKind::Token,
        user_id: None,
        session_id: None,
        api_key: None,
        ip_address,
        user_agent: agent.and_then(Origin::agent),
    }
}

impl Signed {
    /// As whom it is done.
    pub(super) fn principal(&self) -> Principal {
        let name = format!("hook {}", self.hook.spec.name);
        Principal::new(self.hook.organization.clone(), name.into(), Role::Editor)
    }
}
