//! Tokens: JWT (RFC 7519), signed with HMAC-SHA256 and with nothing else.
//!
//! Nobody but this server makes the tokens it takes. So a header is not read, it is compared: there is one for access and one for
//! refresh tokens, and whatever else says another algorithm, key or type is no token. A library would read the header and then
//! choose; the usual one (jsonwebtoken 11) also reads `exp` in a way that does not work with serde_json's `arbitrary_precision`.
//! The claims are a closed list, each of one type: `iss` is one text, not a list that holds ours.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::secret::ServerSecret;
use super::{Session, SessionId, UserId};

/// How long an access token lasts.
pub const ACCESS: SignedDuration = SignedDuration::from_mins(15);
/// How far two clocks may be apart.
const LEEWAY: i64 = 30;
/// Bytes of a token at most.
const MOST: usize = 2_048;
const AUDIENCE: &str = "driftguard-api";

/// What a token is for. Each has its own key: one cannot be passed off as the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenUse {
    Access,
    Refresh,
}

/// What a token says. Not what its bearer may do: that is looked up each time, so that a change counts at once.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    iss: String,
    aud: String,
    pub sub: UserId,
    pub sid: SessionId,
    /// Generation of the session.
    pub r#gen: u64,
    /// Seconds since 1970.
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Why a token is none. Nothing more is said: what would have been right is nobody's business.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenError {
    Invalid,
    /// It was one of ours, and is over.
    Expired,
}

/// Signs and checks.
pub struct Tokens {
    issuer: String,
    access: Signer,
    refresh: Signer,
}

struct Signer {
    /// As it stands in the token.
    header: String,
    key: hmac::Key,
}

impl Signer {
    fn new(secret: &ServerSecret, typ: &str, purpose: &str) -> Self {
        let key = secret.derive(purpose);
        let kid = &blake3::derive_key("driftguard 2026-11 name of a token key", &key)[..4];
        let kid: String = kid.iter().map(|byte| format!("{byte:02x}")).collect();
        let header = format!(r#"{{"alg":"HS256","typ":"{typ}","kid":"{kid}"}}"#);
        Self { header: BASE64.encode(header), key: hmac::Key::new(hmac::HMAC_SHA256, &key) }
    }
}

impl Tokens {
    /// `issuer` is what this server calls itself: tokens of another one are none here.
    pub fn new(secret: &ServerSecret, issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            access: Signer::new(secret, "at+jwt", "driftguard 2026-11 access tokens"),
            refresh: Signer::new(secret, "rt+jwt", "driftguard 2026-11 refresh tokens"),
        }
    }

    fn signer(&self, r#use: TokenUse) -> &Signer {
        match r#use {
            TokenUse::Access => &self.access,
            TokenUse::Refresh => &self.refresh,
        }
    }

    /// For the session as it is now. With it the second at which it is over.
    pub(super) fn sign(&self, r#use: TokenUse, session: &Session, now: Timestamp) -> (String, Timestamp) {
        let until = match r#use {
            TokenUse::Access => now.saturating_add(ACCESS).unwrap_or(Timestamp::MAX).min(session.expires_at),
            TokenUse::Refresh => session.expires_at,
        };
        let now = now.as_second();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: session.user_id,
            sid: session.id,
            r#gen: session.generation,
            iat: now,
            nbf: now,
            exp: until.as_second(),
        };
        // Numbers and texts: writing them cannot fail.
        let payload = serde_json::to_vec(&claims).unwrap_or_default();
        (self.sealed(r#use, &payload), until)
    }

    fn sealed(&self, r#use: TokenUse, payload: &[u8]) -> String {
        let signer = self.signer(r#use);
        let mut token = format!("{}.{}", signer.header, BASE64.encode(payload));
        let signature = hmac::sign(&signer.key, token.as_bytes());
        token.push('.');
        token.push_str(&BASE64.encode(signature));
        token
    }

    /// # Errors
    /// [`TokenError::Expired`] only for a token that was good.
    pub(super) fn check(&self, r#use: TokenUse, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        let signer = self.signer(r#use);
        if token.len() > MOST {
            return Err(TokenError::Invalid);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Invalid)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Invalid)?;
        if header != signer.header {
            return Err(TokenError::Invalid);
        }
        let signature = BASE64.decode(signature).map_err(|_| TokenError::Invalid)?;
        hmac::verify(&signer.key, signed.as_bytes(), &signature).map_err(|_| TokenError::Invalid)?;
        let payload = BASE64.decode(payload).map_err(|_| TokenError::Invalid)?;
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| TokenError::Invalid)?;
        let now = now.as_second();
        if claims.iss != self.issuer || claims.aud != AUDIENCE || claims.nbf > now + LEEWAY {
            return Err(TokenError::Invalid);
        }
        if claims.exp.saturating_add(LEEWAY) <= now { Err(TokenError::Expired) } else { Ok(claims) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::session::Peer;
    use super::super::{User, UserKind};
    use super::*;
    use crate::api::Role;
    use crate::drift::Slug;

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn later(seconds: i64) -> Timestamp {
        now() + SignedDuration::from_secs(seconds)
    }

    fn session() -> Session {
        let user = User::new(&Slug::from_text("acme"), "erin", UserKind::Person, Role::Editor, now()).unwrap();
        Session::begin(&user, Peer::default(), now())
    }

    fn tokens() -> Tokens {
        Tokens::new(&ServerSecret::for_tests(7), "https://drift.example.com")
    }

    fn claims(token: &str) -> Value {
        serde_json::from_slice(&BASE64.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn a_token_holds_for_its_quarter_of_an_hour_and_the_leeway() {
        let (tokens, session) = (tokens(), session());
        let (token, until) = tokens.sign(TokenUse::Access, &session, now());
        assert_eq!(until, later(900));
        assert_eq!(tokens.check(TokenUse::Access, &token, later(-30)).unwrap().sid, session.id);
        assert!(tokens.check(TokenUse::Access, &token, later(929)).is_ok());
        assert_eq!(tokens.check(TokenUse::Access, &token, later(930)), Err(TokenError::Expired));
        assert_eq!(tokens.check(TokenUse::Access, &token, later(-31)), Err(TokenError::Invalid));
    }

    #[test]
    fn no_other_algorithm_key_or_type_is_taken() {
        let (tokens, session) = (tokens(), session());
        let (token, _) = tokens.sign(TokenUse::Access, &session, now());
        let mut parts = token.split('.');
        let (header, payload) = (parts.next().unwrap(), parts.next().unwrap());
        let known: Value = serde_json::from_slice(&BASE64.decode(header).unwrap()).unwrap();
        assert_eq!(known["alg"], "HS256");
        let algorithms = ["none", "None", "nOnE", "", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA"];
        for algorithm in algorithms {
            let mut forged = known.clone();
            forged["alg"] = json!(algorithm);
            let signed = format!("{}.{payload}", BASE64.encode(forged.to_string()));
            // As whoever hopes that the server takes its own secret for a public key would sign it.
            let mac = hmac::sign(&tokens.access.key, signed.as_bytes());
            for signature in [String::new(), BASE64.encode(mac)] {
                let forged = format!("{signed}.{signature}");
                assert_eq!(tokens.check(TokenUse::Access, &forged, now()), Err(TokenError::Invalid), "{algorithm}");
            }
        }
        for extra in [json!({"jwk": {}}), json!({"jku": "https://evil"}), json!({"kid": "../../etc/passwd"})] {
            let mut forged = known.clone();
            forged.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            let signed = format!("{}.{payload}", BASE64.encode(forged.to_string()));
            let mac = BASE64.encode(hmac::sign(&tokens.access.key, signed.as_bytes()));
            assert!(tokens.check(TokenUse::Access, &format!("{signed}.{mac}"), now()).is_err(), "{extra}");
        }
    }

    #[test]
    fn access_and_refresh_tokens_are_not_taken_for_each_other() {
        let (tokens, session) = (tokens(), session());
        let (access, _) = tokens.sign(TokenUse::Access, &session, now());
        let (refresh, until) = tokens.sign(TokenUse::Refresh, &session, now());
        assert_eq!(until, session.expires_at);
        assert_eq!(tokens.check(TokenUse::Refresh, &access, now()), Err(TokenError::Invalid));
        assert_eq!(tokens.check(TokenUse::Access, &refresh, now()), Err(TokenError::Invalid));
        // Not even with the other's header in front.
        let moved = format!("{}.{}", tokens.access.header, refresh.split_once('.').unwrap().1);
        assert_eq!(tokens.check(TokenUse::Access, &moved, now()), Err(TokenError::Invalid));
    }

    #[test]
    fn tokens_of_others_are_none_and_say_nothing_of_their_age() {
        let session = session();
        let other_secret = Tokens::new(&ServerSecret::for_tests(8), "https://drift.example.com");
        let other_issuer = Tokens::new(&ServerSecret::for_tests(7), "https://other.example.com");
        for other in [other_secret, other_issuer] {
            let (token, _) = other.sign(TokenUse::Access, &session, now());
            for at in [now(), later(100_000)] {
                assert_eq!(tokens().check(TokenUse::Access, &token, at), Err(TokenError::Invalid));
            }
        }
    }

    #[test]
    fn claims_of_another_shape_are_none_even_when_they_are_signed() {
        let (tokens, session) = (tokens(), session());
        let good = claims(&tokens.sign(TokenUse::Access, &session, now()).0);
        let check = |claims: &Value| {
            let token = tokens.sealed(TokenUse::Access, claims.to_string().as_bytes());
            tokens.check(TokenUse::Access, &token, now())
        };
        assert!(check(&good).is_ok());
        let issuers = json!(["https://evil", "https://drift.example.com"]);
        for (name, value) in [
            ("iss", issuers),
            ("aud", json!(["driftguard-api"])),
            ("aud", json!("another")),
            ("exp", json!("9999999999")),
            ("exp", json!(1e300)),
            ("exp", json!(-1)),
            ("nbf", json!(9_999_999_999_i64)),
            ("sub", json!("../..")),
            ("role", json!("admin")),
        ] {
            let mut claims = good.clone();
            claims[name] = value.clone();
            assert!(check(&claims).is_err(), "{name} {value}");
        }
        for name in ["iss", "aud", "sub", "sid", "gen", "iat", "nbf", "exp"] {
            let mut claims = good.clone();
            claims.as_object_mut().unwrap().remove(name);
            assert_eq!(check(&claims), Err(TokenError::Invalid), "without {name}");
        }
    }

    proptest! {
        #[test]
        fn a_token_with_anything_changed_is_none(at in 0_usize..400, to in "[A-Za-z0-9_.=-]") {
            let tokens = tokens();
            let (token, _) = tokens.sign(TokenUse::Access, &session(), now());
            let at = at % token.len();
            prop_assume!(token[at..=at] != to);
            let changed = format!("{}{to}{}", &token[..at], &token[at + 1..]);
            prop_assert_eq!(tokens.check(TokenUse::Access, &changed, now()), Err(TokenError::Invalid));
            prop_assert_eq!(tokens.check(TokenUse::Access, &token[..at], now()), Err(TokenError::Invalid));
        }

        #[test]
        fn no_text_is_a_token_or_breaks_the_check(text in "\\PC{0,300}") {
            prop_assert_eq!(tokens().check(TokenUse::Access, &text, now()), Err(TokenError::Invalid));
        }
    }
}
