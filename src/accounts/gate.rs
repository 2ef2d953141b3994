//! The server's gate: the `Authorization` header to a principal.

use std::net::IpAddr;

use async_trait::async_trait;
use tokio::sync::broadcast::Receiver;

use super::{By, Desk, KEY_PREFIX, Peer};
use crate::api::{BASE, Code, Problem};
use crate::drift::Slug;
use crate::server::{Admission, Gatekeeper, Principal};

/// What somebody is told who does not get in, whatever was wrong.
pub(super) const WHO: &str =
    "nobody is logged in, or the session or key is over: log in with `driftguard login`, or send an API key";

/// Characters of a header's value that are looked at.
const MOST: usize = 4_096;

#[async_trait]
impl Gatekeeper for Desk {
    async fn admit(&self, request: Admission<'_>) -> Result<Principal, Problem> {
        let Some(credential) = request.authorization.and_then(credential) else {
            return Err(Problem::new(Code::Unauthenticated, WHO));
        };
        let credential = credential.to_owned();
        if !credential.starts_with(KEY_PREFIX) {
            let listens = listens(request.path);
            return self.blocking(move |inner| inner.by_token(&credential, listens)).await;
        }
        let (method, path, address) = (request.method.to_owned(), request.path.to_owned(), request.address);
        let peer = Peer { address, user_agent: None };
        self.blocking(move |inner| inner.by_key(&credential, &method, &path, peer)).await
    }

    async fn denied(&self, principal: &Principal, address: Option<IpAddr>, what: &str) {
        let (by, what) = (By::principal(principal, address), what.to_owned());
        let recorded = self.blocking(move |inner| inner.registry.denied(&by, &what).map_err(Problem::from)).await;
        // He is refused whether or not that can be written.
        if let Err(problem) = recorded {
            tracing::error!(error = %problem.error.message, "a refusal is not in the audit trail");
        }
    }

    fn changes(&self) -> Option<Receiver<Option<Slug>>> {
        Some(self.inner().changes())
    }

    fn desk(&self) -> Option<&Desk> {
        Some(self)
    }
}

/// The feed is followed by whoever has the screens open, be there somebody in front of them or not.
fn listens(path: &str) -> bool {
    path.strip_prefix(BASE) == Some("/feed")
}

/// `Bearer TOKEN`, `Bearer dgk_…` or `ApiKey dgk_…`; the scheme in any case, as RFC 9110 has it.
fn credential(header: &str) -> Option<&str> {
    let (scheme, credential) = header.trim().split_once(' ')?;
    let credential = credential.trim();
    let known = scheme.eq_ignore_ascii_case("bearer")
        || scheme.eq_ignore_ascii_case("apikey") && credential.starts_with(KEY_PREFIX);
    (known && header.len() <= MOST && !credential.is_empty()).then_some(credential)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_schemes_are_read() {
        assert_eq!(credential("Bearer a.b.c"), Some("a.b.c"));
        assert_eq!(credential("bearer  dgk_x "), Some("dgk_x"));
        assert_eq!(credential("ApiKey dgk_x"), Some("dgk_x"));
        for other in ["", "Bearer", "Bearer ", "Basic YTpi", "ApiKey a.b.c", "a.b.c", "Token a.b.c"] {
            assert_eq!(credential(other), None, "{other}");
        }
        assert_eq!(credential(&format!("Bearer {}", "x".repeat(5_000))), None);
    }
}
