//! Where a request came from: what the audit trail has of it besides a name.
//!
//! It goes with the task that answers the request, not from hand to hand: the server makes room for it around every handler
//! ([`Origin::asked`]), whoever is admitted is put there once ([`Origin::settle`]), and whoever writes an entry finds it there
//! ([`Origin::now`]). So no call in between can forget it, and what no request asked for has none.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::safety::{Tainted, sanitise};

/// Characters of a user agent that are kept.
const USER_AGENT: usize = 256;

/// What kind of somebody asked.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalKind {
    /// A person, logged in.
    User,
    /// A person's program, with an API key of that person.
    ApiKey,
    /// A program with an account of its own.
    ServiceAccount,
    /// Known by a token of the server's configuration, without an account.
    Token,
}

impl PrincipalKind {
    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ApiKey => "api_key",
            Self::ServiceAccount => "service_account",
            Self::Token => "token",
        }
    }
}

/// Who asked, by what he is known by, and from where.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Origin {
    pub principal: PrincipalKind,
    /// The account; none for who has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub user_id: Option<Ulid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub session_id: Option<Ulid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub api_key: Option<Ulid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ip_address: Option<IpAddr>,
    /// The beginning of it, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Tainted>,
}

type Room = Arc<OnceLock<Origin>>;

tokio::task_local! {
    static ROOM: Room;
}

impl Origin {
    /// With room for the origin of a request, as long as that is answered.
    pub async fn asked<F: Future>(work: F) -> F::Output {
        ROOM.scope(Room::default(), work).await
    }

    /// This is it; the first word stands.
    pub fn settle(self) {
        let _ = ROOM.try_with(|room| room.set(self).is_ok());
    }

    /// Of the request that is being answered; `None` where nobody asked.
    pub fn now() -> Option<Self> {
        ROOM.try_with(|room| room.get().cloned()).ok().flatten()
    }

    /// The work on another thread, with the same origin.
    pub fn carried<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
        let room = ROOM.try_with(Arc::clone).ok();
        move || match room {
            Some(room) => ROOM.sync_scope(room, work),
            None => work(),
        }
    }

    /// As it is kept of what a client says of itself: short, and without what a terminal would obey.
    pub fn agent(text: &str) -> Option<Tainted> {
        let kept: String = sanitise::line(text).chars().take(USER_AGENT).collect();
        (!kept.trim().is_empty()).then(|| kept.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        let agent = Origin::agent("curl/8\u{1b}[31m");
        Origin {
            principal: PrincipalKind::User,
            user_id: Some(Ulid::from_parts(1, 1)),
            session_id: None,
            api_key: None,
            ip_address: Some([192, 0, 2, 1].into()),
            user_agent: agent,
        }
    }

    #[tokio::test]
    async fn it_goes_with_the_request_to_other_threads_and_to_no_other_request() {
        origin().settle();
        assert_eq!(Origin::now(), None, "nobody asked");
        let seen = Origin::asked(async {
            origin().settle();
            tokio::task::spawn_blocking(Origin::carried(Origin::now)).await.unwrap()
        });
        assert_eq!(seen.await, Some(origin()));
        assert_eq!(Origin::asked(async { Origin::now() }).await, None);
    }

    #[test]
    fn an_entry_from_before_this_was_kept_was_done_and_says_of_nobody_where_he_was() {
        let old = r#"{"seq":1,"timestamp":"2026-01-01T00:00:00Z","actor":"erin","action":"note"}"#;
        let entry: crate::drift::AuditEntry = serde_json::from_str(old).unwrap();
        assert_eq!((entry.success, entry.origin, entry.error_message), (true, None, None));
    }

    #[test]
    fn a_user_agent_is_kept_short_and_harmless() {
        let kept = Origin::agent(&format!("a\u{1b}]52;c;\u{7}\r\n{}", "x".repeat(9_000))).unwrap();
        assert!(kept.raw().chars().count() <= USER_AGENT && !kept.raw().contains(char::is_control), "{kept:?}");
        assert_eq!(Origin::agent(" "), None);
    }
}
