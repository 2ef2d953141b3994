//! [`DriftService`] over a driftguard server's REST API.
//!
//! [`call`] sends and retries, [`feed`] listens; in [`calls`] each method is one path, and [`away`] says what becomes of it while
//! nobody is there. What the server says is taken as the local
//! service's own word: the screens do not know which of the two they have.

mod analysing;
mod away;
mod call;
mod calls;
mod credentials;
mod feed;
mod link;
mod notices;
mod patience;
mod queue;
mod reading;
mod seen;
mod sender;
mod servers;
mod skew;

use std::path::PathBuf;
use std::sync::Arc;

use reqwest::Method;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::broadcast;
use tokio_util::sync::{CancellationToken, DropGuard};
use ulid::Ulid;
use url::Url;

use super::{Missing, ServiceError, ServiceEvent, Sight};
use crate::api::{Greeting, Listed, PAGE, Parameter};
use crate::store::Cursor;

pub use away::needs_server;
use call::{Failure, Line};
pub use credentials::{Credentials, Fixed, login, logout, refresh};
use link::Link;
pub use queue::count as waiting_below;
use queue::{Answers, Asked, Made, Queue};
use seen::Sights;
pub use servers::check_address;
use servers::{Base, bearer};

/// Events a slow reader may be behind before it has to load again.
const EVENTS: usize = 1024;

/// Where a server is, and how to come in.
#[derive(Clone)]
pub struct Server {
    pub url: Url,
    /// Sent with each request; never shown.
    pub token: Option<String>,
    /// Certificates, as PEM, of who vouches for the server beside those this machine trusts.
    pub ca: Option<Vec<u8>>,
}

/// Several servers that are one, for they have one database; and what is kept here for them.
#[derive(Clone)]
pub struct Dial {
    /// Tried in this order; not empty.
    pub urls: Vec<Url>,
    pub ca: Option<Vec<u8>>,
    pub credentials: Arc<dyn Credentials>,
    /// Below it decisions wait for the server; `None`: they do not, and are refused when it is not there.
    pub queues: Option<PathBuf>,
}

/// A server that has greeted us.
pub struct RemoteService {
    line: Arc<Line>,
    greeting: Greeting,
    missing: Missing,
    queue: Option<Arc<Queue>>,
    sights: Sights,
    events: broadcast::Sender<ServiceEvent>,
    _listening: DropGuard,
}

impl RemoteService {
    /// Says hello, and listens to the feed on `handle`'s runtime from then on.
    ///
    /// # Errors
    /// When the server cannot be reached, is none of ours, or does not let us in.
    pub async fn connect(server: Server, handle: &Handle) -> Result<Arc<Self>, ServiceError> {
        let token = server.token.clone();
        token.as_deref().map(bearer).transpose()?;
        Self::connect_as(server, Arc::new(Fixed(token)), handle).await
    }

    /// As [`connect`](Self::connect), with tokens from elsewhere.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_as(
        server: Server,
        credentials: Arc<dyn Credentials>,
        handle: &Handle,
    ) -> Result<Arc<Self>, ServiceError> {
        let Server { url, ca, .. } = server;
        Self::dial(Dial { urls: vec![url], ca, credentials, queues: None }, handle).await
    }

    /// As [`connect_as`](Self::connect_as), to the first of several servers that answers; decisions wait where one cannot be
    /// reached later.
    ///
    /// # Errors
    /// As [`connect`](Self::connect); and when decisions could not be kept here.
    pub async fn dial(dial: Dial, handle: &Handle) -> Result<Arc<Self>, ServiceError> {
        let Dial { urls, ca, credentials, queues } = dial;
        let servers = urls.iter().cloned().map(Base::new).collect::<Result<Vec<_>, _>>()?;
        let first = servers.first().map(|one| one.shown.clone());
        let first = first.ok_or_else(|| servers::invalid("no server is named"))?;
        let (events, _) = broadcast::channel(EVENTS);
        let link = Arc::new(Link::new(first.clone(), events.clone()));
        let line = Arc::new(Line::with(servers, ca.as_deref(), credentials, link)?);
        let greeting: Greeting = line.get("session", &[]).await?;
        line.link.greeted(format!("{} ({})", greeting.name.line(), greeting.role.as_str()));
        let queue = queues.map(|queues| {
            let dir = queues.join(queue::name(&first, greeting.organisation.as_str(), greeting.name.raw()));
            let unfit =
                |error| ServiceError::Invalid(format!("{}: decisions cannot be kept there: {error}", dir.display()));
            Queue::open(dir.clone(), events.clone()).map_err(unfit)
        });
        let queue = queue.transpose()?;
        let ended = CancellationToken::new();
        // Before anything is loaded, so that nothing falls between.
        let first = line.feed(None).await?;
        handle.spawn(feed::listen(Arc::clone(&line), first, events.clone(), ended.clone()));
        if let Some(queue) = &queue {
            handle.spawn(sender::run(Arc::clone(queue), Arc::clone(&line), ended.clone()));
        }
        let missing = skew::missing(&greeting);
        let (sights, _listening) = (Sights::default(), ended.drop_guard());
        Ok(Arc::new(Self { line, greeting, missing, queue, sights, events, _listening }))
    }

    /// Who we are there.
    pub fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// A list; what a newer server has in it that we do not know is left out, and that is said.
    async fn listed<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        asked: &[Parameter],
    ) -> Result<Listed<T>, ServiceError> {
        let bytes = self.line.bytes(path, asked).await?;
        let (listed, left_out) = reading::list(&bytes).map_err(|error| self.line.unknown_words(&error))?;
        if let Some(text) = self.sights.left_out(path, left_out) {
            // Nobody listening is no fault.
            let _ = self.events.send(ServiceEvent::Notice { error: false, text: text.into() });
        }
        Ok(listed)
    }

    async fn whole<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        asked: &[Parameter],
    ) -> Result<Vec<T>, ServiceError> {
        self.up_to(path, asked, usize::MAX).await
    }

    /// The first `most` of a list, however many pages that takes.
    async fn up_to<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        asked: &[Parameter],
        most: usize,
    ) -> Result<Vec<T>, ServiceError> {
        let mut all: Vec<T> = vec![];
        let mut cursor: Option<Cursor> = None;
        loop {
            let mut parameters = asked.to_vec();
            parameters.push(("limit".to_owned(), (most - all.len()).clamp(1, PAGE).to_string()));
            parameters.extend(cursor.take().map(|cursor| ("cursor".to_owned(), cursor.0)));
            let Listed { data, pagination } = self.listed::<T>(path, &parameters).await?;
            all.extend(data);
            match pagination.next.filter(|_| all.len() < most) {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        all.truncate(most);
        Ok(all)
    }

    async fn post<B: Serialize, T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ServiceError> {
        Ok(self.line.write(Method::POST, path, body, &Ulid::generate().to_string()).await?)
    }

    fn sight(&self, asked: &Asked) -> Option<Sight> {
        self.sights.of(asked.triage()?.drift)
    }

    /// One alone.
    async fn made(&self, asked: Asked) -> Result<Made, ServiceError> {
        let none = || Err(ServiceError::Unavailable("the server answered nothing".into()));
        self.decide(vec![asked]).await.into_iter().next().unwrap_or_else(none)
    }

    /// Durable here before it is sent; what is not answered soon waits, and says so.
    async fn decide(&self, requests: Vec<Asked>) -> Answers {
        let many = requests.len();
        let for_all = |error: ServiceError| (0..many).map(|_| Err(error.clone())).collect();
        let unkept = match &self.queue {
            None => None,
            Some(queue) => {
                let with_sights = requests.iter().map(|one| (one.clone(), self.sight(one))).collect();
                match queue.put(with_sights).await {
                    Ok(answered) => {
                        return match answered.await {
                            Ok(answers) if answers.len() == many => answers,
                            Ok(answers) => match answers.into_iter().next() {
                                Some(Err(error)) => for_all(error),
                                _ => for_all(ServiceError::Kept("the answer was lost".into())),
                            },
                            Err(_) => for_all(ServiceError::Kept("driftguard ends".into())),
                        };
                    }
                    Err(error) => Some(queue::unwritable(&error)),
                }
            }
        };
        // With no place to wait it is now or not at all.
        match sender::one_or_many(&self.line, requests, &Ulid::generate().to_string()).await {
            Ok(answers) => answers,
            Err(Failure::Away(away)) => for_all(unkept.unwrap_or(ServiceError::Unavailable(away.why))),
            Err(failure) => for_all(failure.into()),
        }
    }
}
