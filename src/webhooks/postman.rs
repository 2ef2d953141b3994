//! Sends what is due, to each receiver by itself: one that does not answer keeps nobody else waiting.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, redirect};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::body::body;
use super::judged::{Pace, Said, retry_after};
use super::signing::{SIGNATURE_HEADER, TIMESTAMP_HEADER};
use super::{DELIVERY_HEADER, Webhook};
use crate::drift::Slug;
use crate::service::{LocalService, Outcome, Tally};
use crate::store::{Attempted, Outgoing, Store};

/// Sent to one receiver at once.
const AT_ONCE: usize = 8;
/// Bytes of an answer that are waited for; nothing is made of them.
const ANSWER: usize = 64 << 10;

/// Takes nothing more when it is dropped.
pub struct Postman {
    sending: DropGuard,
    rounds: Vec<JoinHandle<()>>,
}

struct Round {
    store: Arc<dyn Store>,
    tally: Arc<Tally>,
    organization: Slug,
    webhook: Webhook,
    pace: Pace,
    client: Client,
}

impl Postman {
    /// For one organisation. Needs a tokio runtime.
    ///
    /// # Errors
    /// When nothing can be sent from this machine at all.
    pub fn start(
        service: &LocalService,
        organization: &Slug,
        webhooks: Vec<Webhook>,
        pace: Pace,
    ) -> Result<Self, reqwest::Error> {
        // Fails when there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ended = CancellationToken::new();
        let (store, tally) = service.outbox();
        let mut rounds = Vec::with_capacity(webhooks.len());
        for webhook in webhooks {
            let client = Client::builder().redirect(redirect::Policy::none()).timeout(pace.patience);
            let client = client.user_agent(concat!("driftguard/", env!("CARGO_PKG_VERSION")));
            // This machine is not reached through another one.
            let client = if webhook.url.scheme() == "http" { client.no_proxy() } else { client };
            rounds.push(Round {
                store: Arc::clone(&store),
                tally: Arc::clone(&tally),
                organization: organization.clone(),
                webhook,
                pace,
                client: client.build()?,
            });
        }
        let rounds = rounds.into_iter().map(|round| tokio::spawn(round.walk(ended.clone()))).collect();
        Ok(Self { sending: ended.drop_guard(), rounds })
    }

    /// Takes nothing more; when this returns, what was under way has been settled.
    pub async fn end(self) {
        drop(self.sending);
        join_all(self.rounds).await;
    }
}

impl Round {
    async fn walk(self, ended: CancellationToken) {
        while !ended.is_cancelled() {
            let taken = self.take().await;
            if taken.is_empty() {
                ended.run_until_cancelled(tokio::time::sleep(self.pace.look)).await;
                continue;
            }
            let asked = join_all(taken.into_iter().map(|one| self.deliver(one))).await;
            // Whoever asks for a pause gets it, of whatever else is there for him, too.
            if let Some(pause) = asked.into_iter().flatten().max() {
                ended.run_until_cancelled(tokio::time::sleep(pause.min(self.pace.longest))).await;
            }
        }
    }

    async fn take(&self) -> Vec<Outgoing> {
        let (store, channel) = (Arc::clone(&self.store), self.webhook.channel.clone());
        let taken = tokio::task::spawn_blocking(move || store.take_deliveries(&channel, AT_ONCE)).await;
        match taken {
            Ok(Ok(taken)) => taken,
            // Of a store that is away is told elsewhere; it is asked again soon.
            Ok(Err(error)) => {
                tracing::debug!(%error, channel = %self.webhook.channel, "what is to be sent cannot be read");
                vec![]
            }
            Err(_) => vec![],
        }
    }

    /// Gives the pause that the receiver asks for.
    async fn deliver(&self, one: Outgoing) -> Option<Duration> {
        let said = self.send(&one).await;
        let attempted = said.means(one.tries, &self.pace, fastrand::f64(), Timestamp::now());
        let channel = &self.webhook.channel;
        let outcome = match &attempted {
            Attempted::Sent => Outcome::Sent,
            Attempted::Again { .. } => Outcome::Failed,
            Attempted::Dead { why } => {
                tracing::warn!(%channel, notification = %one.notification.id, why = why.line(), "not sent, and given up");
                Outcome::Dead
            }
        };
        self.tally.count(channel, outcome);
        let store = Arc::clone(&self.store);
        let settled = tokio::task::spawn_blocking(move || store.settle_delivery(&one, &attempted)).await;
        if let Ok(Err(error)) = settled {
            tracing::warn!(%error, %channel, "what came of a delivery is not kept: it is sent once more");
        }
        match said {
            Said::Status { retry_after, .. } => retry_after,
            Said::Nothing(_) => None,
        }
    }

    async fn send(&self, one: &Outgoing) -> Said {
        let (body, now) = (body(&self.organization, one), Timestamp::now());
        let request = self
            .client
            .post(self.webhook.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(TIMESTAMP_HEADER, now.as_second())
            .header(SIGNATURE_HEADER, self.webhook.key.sign(now.as_second(), &body))
            .header(DELIVERY_HEADER, one.delivery.to_string())
            .body(body);
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Said::Nothing(in_words(&error, self.pace.patience)),
        };
        let status = response.status();
        let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = asked.and_then(|text| retry_after(text, now));
        // So that the connection can be used again; a receiver that talks without end is left.
        let mut left = ANSWER;
        while let Ok(Some(piece)) = response.chunk().await {
            left = left.saturating_sub(piece.len());
            if left == 0 {
                break;
            }
        }
        Said::Status { status, retry_after }
    }
}

/// Without the address, which may let whoever reads it in.
fn in_words(error: &reqwest::Error, patience: Duration) -> String {
    match () {
        () if error.is_timeout() => format!("the receiver did not answer within {} s", patience.as_secs()),
        () if error.is_connect() => "the receiver cannot be reached".to_owned(),
        () => "the connection to the receiver broke".to_owned(),
    }
}
