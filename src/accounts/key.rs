//! API keys: for programs, and for people whose programs come in their name.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::random::random;
use super::text::{covers, needed};
use super::{AccountsError, KeyId, UserId};
use crate::api::{self, Role};
use crate::drift::Slug;
use crate::safety::Tainted;

/// What every key begins with: found in a log or a repository, it is known for what it is.
pub const KEY_PREFIX: &str = "dgk_";
/// Characters that are shown: of 43 random ones, enough remain.
const SHOWN: usize = KEY_PREFIX.len() + 8;
const ENDPOINTS: usize = 50;

/// An API key without the key: that is nowhere but with whoever was given it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct ApiKey {
    pub id: KeyId,
    pub organization: Slug,
    pub owner: UserId,
    /// What for; at most 255 characters.
    pub label: Tainted,
    /// How the key begins.
    pub prefix: String,
    /// Never more than the owner's, whatever became of that.
    pub role: Role,
    /// Where it opens; everywhere when there are none.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// To about a minute.
    pub last_used: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// Goes up with each change, but not with its use.
    #[serde(default)]
    pub version: u64,
}

/// What a new key is to be.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    pub label: String,
    #[serde(default)]
    pub role: Role,
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it opens anything at all.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires| now < expires)
    }

    /// Whether it opens this; the path begins with [`api::BASE`].
    pub fn opens(&self, method: &str, path: &str) -> bool {
        self.endpoints.is_empty() || self.endpoints.iter().any(|endpoint| endpoint.covers(method, path))
    }

    pub(super) fn make(
        organization: &Slug,
        owner: UserId,
        new: &NewKey,
        now: Timestamp,
    ) -> Result<(Self, Secret), AccountsError> {
        if new.expires_at.is_some_and(|expires| expires <= now) {
            return Err(AccountsError::invalid("expires_at", "is over already"));
        }
        if new.endpoints.len() > ENDPOINTS {
            return Err(AccountsError::invalid("endpoints", format!("are at most {ENDPOINTS}: use patterns")));
        }
        let secret = Secret::random()?;
        let key = Self {
            id: KeyId::generate(),
            organization: organization.clone(),
            owner,
            label: needed("label", &new.label, 255)?,
            prefix: secret.0.chars().take(SHOWN).collect(),
            role: new.role,
            endpoints: new.endpoints.clone(),
            created_at: now,
            expires_at: new.expires_at,
            last_used: None,
            revoked_at: None,
            version: 1,
        };
        Ok((key, secret))
    }
}

/// `GET /drifts*`: a method (or none, for all) and a pattern of paths below [`api::BASE`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(try_from = "String", into = "String")]
pub struct Endpoint {
    method: Option<String>,
    path: String,
}

impl Endpoint {
    /// # Errors
    /// [`AccountsError::Invalid`]: no such method, or a path that does not begin with `/`.
    pub fn new(text: &str) -> Result<Self, AccountsError> {
        let text = needed("endpoints", text, 255)?;
        let (method, path) = match text.raw().split_once(char::is_whitespace) {
            Some((method, path)) => (Some(method.to_ascii_uppercase()), path.trim()),
            None => (None, text.raw()),
        };
        let known = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
        if method.as_deref().is_some_and(|method| !known.contains(&method)) || !path.starts_with('/') {
            return Err(AccountsError::invalid("endpoints", "are like 'GET /drifts*' or '/environments'"));
        }
        Ok(Self { method, path: path.to_owned() })
    }

    pub(super) fn covers(&self, method: &str, path: &str) -> bool {
        // What a server might read as another path than is compared here opens nothing.
        let is_plain = !path.contains("..") && !path.contains("//") && !path.contains('%') && !path.contains('\\');
        let below = path.strip_prefix(api::BASE).filter(|rest| rest.starts_with('/'));
        is_plain
            && self.method.as_deref().is_none_or(|only| only == method || only == "GET" && method == "HEAD")
            && below.is_some_and(|path| covers(&self.path, path))
    }
}

impl TryFrom<String> for Endpoint {
    type Error = AccountsError;
    fn try_from(text: String) -> Result<Self, AccountsError> {
        Self::new(&text)
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        match endpoint.method {
            Some(method) => format!("{method} {}", endpoint.path),
            None => endpoint.path,
        }
    }
}

/// The key itself, to be shown once to whoever asked for it. No `Debug`, no `Serialize`, no `Clone`.
pub struct Secret(String);

impl Secret {
    fn random() -> Result<Self, AccountsError> {
        use base64::Engine as _;
        let bytes: [u8; 32] = random()?;
        Ok(Self(format!("{KEY_PREFIX}{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// For the one time it is shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(super) fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }
}

/// What is kept of a key. It is looked up by its hash: how long a comparison takes tells nothing about a key, and what is random
/// needs no slow hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyHash(pub(super) [u8; 32]);

impl KeyHash {
    pub fn of(key: &str) -> Self {
        Self(*blake3::hash(key.as_bytes()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_opens_what_it_names_and_nothing_that_is_spelt_like_it() {
        let drifts = Endpoint::new("get /drifts*").unwrap();
        assert_eq!(String::from(drifts.clone()), "GET /drifts*");
        assert!(drifts.covers("GET", "/api/v1/drifts") && drifts.covers("GET", "/api/v1/drifts/01X"));
        assert!(!drifts.covers("POST", "/api/v1/drifts") && !drifts.covers("GET", "/api/v1/users"));
        for trick in ["/api/v1/drifts/../users", "/api/v1/drifts/%2e%2e/users", "/api/v1//drifts", "/drifts"] {
            assert!(!drifts.covers("GET", trick), "{trick}");
        }
        for bad in ["", "drifts", "LOOK /drifts", "GET drifts"] {
            assert!(Endpoint::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_is_random_and_what_is_kept_does_not_hold_it() {
        let new = NewKey { label: "ci".into(), role: Role::Editor, endpoints: vec![], expires_at: None };
        let make = || ApiKey::make(&Slug::from_text("a"), UserId::generate(), &new, Timestamp::now()).unwrap();
        let ((key, secret), (_, other)) = (make(), make());
        assert!(secret.reveal().starts_with("dgk_") && secret.reveal().len() == 47);
        assert_ne!(secret.reveal(), other.reveal());
        let kept = serde_json::to_string(&key).unwrap();
        assert!(!kept.contains(secret.reveal()) && kept.contains(&key.prefix) && key.prefix.len() == 12);
    }

    #[test]
    fn a_key_ends_when_it_is_over_or_revoked() {
        let now = Timestamp::now();
        let soon = now + jiff::SignedDuration::from_secs(9);
        let new = NewKey { label: "ci".into(), role: Role::Viewer, endpoints: vec![], expires_at: Some(soon) };
        let (mut key, _) = ApiKey::make(&Slug::from_text("a"), UserId::generate(), &new, now).unwrap();
        assert!(key.is_valid(now) && !key.is_valid(soon));
        key.revoked_at = Some(now);
        assert!(!key.is_valid(now));
        assert!(ApiKey::make(&Slug::from_text("a"), UserId::generate(), &new, soon).is_err());
    }
}
