//! Following the live feed: who may, for as long as they may, and only so many at once.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{ConnectInfo, OriginalUri, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt};

use super::answer::Failure;
use super::auth::Caller;
use super::{Admission, Principal, Shared};
use crate::api::{Code, Problem};

/// A line for proxies and clients that wonder whether anybody is there.
const PULSE: Duration = Duration::from_secs(15);
/// After which somebody who was sent home may come again.
const COME_AGAIN: Duration = Duration::from_secs(2);

/// How many feeds each principal follows.
#[derive(Default)]
pub(super) struct Followers(Mutex<HashMap<String, usize>>);

/// One of them.
struct Follower {
    all: Arc<Followers>,
    account: String,
}

impl Followers {
    fn one_more(self: &Arc<Self>, account: String, most: usize) -> Result<Follower, Problem> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(account.clone()).or_default();
        if *count >= most {
            let message = format!("you follow {most} feeds already, and that is as many as this server allows");
            let mut problem = Problem::new(Code::RateLimited, message);
            problem.error.retry_after = Some(30);
            return Err(problem);
        }
        *count += 1;
        Ok(Follower { all: Arc::clone(self), account })
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.account);
            }
        }
    }
}

/// What somebody came in with, to ask again whether it still opens.
struct Pass {
    authorization: Option<String>,
    path: String,
    address: Option<IpAddr>,
    principal: Principal,
}

impl Pass {
    async fn is_good(&self, shared: &Shared) -> bool {
        let admission = Admission {
            authorization: self.authorization.as_deref(),
            method: "GET",
            path: &self.path,
            address: self.address,
            user_agent: None,
        };
        let now = shared.gatekeeper.admit(admission).await;
        // Somebody who may do something else now comes in again, as what they are.
        let same = |now: Principal| {
            now.opened("GET", &self.path).is_ok_and(|grants| Principal { grants, ..now } == self.principal)
        };
        now.is_ok_and(same) && shared.houses.of(&self.principal.organisation).is_some()
    }

    /// Until the server leaves or the pass is good no more.
    async fn ends(self, shared: Shared) {
        let held = async {
            loop {
                tokio::time::sleep(shared.limits.recheck).await;
                if !self.is_good(&shared).await {
                    return;
                }
            }
        };
        shared.leaving.run_until_cancelled(held).await;
    }
}

/// What happens from now on, as server-sent events.
///
/// Each has an id; who was away names the last one it saw in `Last-Event-ID` and goes on after it, or is told `reset` when that is
/// too long ago. Ends with `bye`, and when to come again.
#[utoipa::path(
    get,
    path = "/feed",
    params(("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, content_type = "text/event-stream", body = String, description = "`data` is a `ServiceEvent`."))
)]
pub(super) async fn follow(
    State(shared): State<Shared>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let Caller { principal, limited, .. } = caller;
    let house = shared.houses.of(&principal.organisation);
    let house = house.ok_or_else(|| Problem::new(Code::Forbidden, "your organisation is not active on this server"))?;
    let follower = shared.followers.one_more(principal.account(), shared.limits.feeds)?;
    let counted = shared.metrics.feeds.one_more();
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let events = Arc::clone(&house.feed).events(seen, limited);
    let pass = pass(principal, &uri, Some(from.ip()), &headers);
    let bye = Event::default().event("bye").retry(COME_AGAIN).data("{}");
    let events = events.take_until(pass.ends(shared)).chain(stream::once(async { Ok(bye) }));
    let held = (follower, counted);
    let events = events.inspect(move |_| {
        let _ = &held;
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(PULSE)))
}

fn pass(principal: Principal, uri: &Uri, address: Option<IpAddr>, headers: &HeaderMap) -> Pass {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    Pass { authorization: authorization.map(str::to_owned), path: uri.path().to_owned(), address, principal }
}
