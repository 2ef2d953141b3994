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
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::Interval;

use super::answer::Failure;
use super::auth::Caller;
use super::{Admission, House, Principal, Shared};
use crate::api::{Code, Problem};
use crate::drift::Slug;

/// A line for proxies and clients that wonder whether anybody is there.
const PULSE: Duration = Duration::from_secs(15);
/// After which somebody who was sent home may come again.
const COME_AGAIN: Duration = Duration::from_secs(2);
/// Between two looks where the accounts cannot be read.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

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
    shared: Shared,
    authorization: Option<String>,
    path: String,
    address: Option<IpAddr>,
    principal: Principal,
    /// What happens to the accounts; `None` when nobody tells of it any more.
    changes: Option<Receiver<Option<Slug>>>,
    recheck: Interval,
}

/// Why a feed ends.
enum Over {
    /// The server leaves, or whoever listens has to come in anew.
    ComeAgain,
    /// He may do something else now: what he has seen so far may not be what he sees from now on.
    Otherwise,
    /// He does not come in any more.
    Denied(Problem),
}

impl Pass {
    /// Returns when the pass is to be looked at: at first, when something happened to the accounts, and now and then, because a
    /// session may end by nobody doing anything.
    async fn is_due(&mut self) {
        let Self { changes, recheck, principal, .. } = self;
        let told = async {
            while let Some(told) = changes {
                match told.recv().await {
                    Ok(Some(of)) if of != principal.organisation => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => *changes = None,
                }
            }
            std::future::pending().await
        };
        tokio::select! {
            _ = recheck.tick() => {}
            () = told => {}
        }
    }

    /// Whether somebody who comes in now is who came in, with the same grants at the feed.
    fn is_of(&self, now: &Principal) -> bool {
        let held = now.opened("GET", &self.path);
        held.is_ok_and(|grants| Principal { grants, ..now.clone() } == self.principal)
    }

    /// Whether it is good no more. Waits where that cannot be told: until then nothing is told through it either.
    async fn look(&self) -> Option<Over> {
        let admission = Admission {
            authorization: self.authorization.as_deref(),
            method: "GET",
            path: &self.path,
            address: self.address,
            user_agent: None,
        };
        loop {
            let problem = match self.shared.gatekeeper.admit(admission).await {
                Ok(now) if !self.is_of(&now) => return Some(Over::Otherwise),
                Ok(_) if self.shared.houses.of(&self.principal.organisation).is_none() => return Some(Over::ComeAgain),
                Ok(_) => return None,
                Err(problem) => problem,
            };
            match problem.error.code {
                Code::Unavailable | Code::Internal => tokio::time::sleep(LOOK_AGAIN).await,
                // He has what makes another one.
                Code::TokenExpired => return Some(Over::ComeAgain),
                _ => return Some(Over::Denied(problem)),
            }
        }
    }

    /// Returns when whoever has it is to hear no more.
    async fn is_over(&mut self) -> Option<Over> {
        let leaving = self.shared.leaving.clone();
        leaving.run_until_cancelled(self.look()).await.unwrap_or(Some(Over::ComeAgain))
    }
}

impl Over {
    /// What is said last. `at`: for a `reset`, after which everything is loaded again.
    fn words(self, at: impl FnOnce() -> Event) -> Vec<Event> {
        let bye = || Event::default().event("bye").retry(COME_AGAIN).data("{}");
        match self {
            Self::ComeAgain => vec![bye()],
            Self::Otherwise => vec![at(), bye()],
            Self::Denied(problem) => {
                let said = serde_json::to_string(&problem).unwrap_or_default();
                vec![Event::default().event("denied").data(said)]
            }
        }
    }
}

/// What is told for as long as the pass is good. What happened to the accounts goes before what happened after it.
fn while_good(
    pass: Pass,
    house: Arc<House>,
    events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let begun = Some((pass, house, Box::pin(events)));
    let told = stream::unfold(begun, |state| async move {
        let (mut pass, house, mut events) = state?;
        loop {
            let leaving = pass.shared.leaving.clone();
            let event = tokio::select! {
                biased;
                () = leaving.cancelled() => None,
                () = pass.is_due() => match pass.is_over().await {
                    None => continue,
                    Some(over) => return Some((over.words(|| house.feed.now()), None)),
                },
                event = events.next() => event,
            };
            return Some(match event {
                Some(Ok(event)) => (vec![event], Some((pass, house, events))),
                None => (Over::ComeAgain.words(|| house.feed.now()), None),
            });
        }
    });
    told.flat_map(stream::iter).map(Ok)
}

/// What happens from now on, as server-sent events.
///
/// Each has an id; who was away names the last one it saw in `Last-Event-ID` and goes on after it, or is told `reset` when that is
/// too long ago. Ends with `bye`, and when to come again; or with `denied`, whose data is the problem, when whoever listens does not
/// come in any more. Listening does not keep a session alive.
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
    let house = shared.houses.enter(&principal.organisation)?;
    let follower = shared.followers.one_more(principal.account(), shared.limits.feeds)?;
    let counted = shared.metrics.feeds.one_more();
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let events = Arc::clone(&house.feed).events(seen, limited);
    let pass = pass(&shared, principal, &uri, Some(from.ip()), &headers);
    let events = while_good(pass, house, events);
    let held = (follower, counted);
    let events = events.inspect(move |_| {
        let _ = &held;
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(PULSE)))
}

fn pass(shared: &Shared, principal: Principal, uri: &Uri, address: Option<IpAddr>, headers: &HeaderMap) -> Pass {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    // The first look is at once: something may have happened since he was let in and before anybody listened for it.
    let (changes, recheck) = (shared.gatekeeper.changes(), tokio::time::interval(shared.limits.recheck));
    let (shared, authorization, path) = (shared.clone(), authorization.map(str::to_owned), uri.path().to_owned());
    Pass { shared, authorization, path, address, principal, changes, recheck }
}
