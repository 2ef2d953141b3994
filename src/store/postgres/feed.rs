//! What other processes wrote, told by NOTIFY with every commit: `organisation:process:generation:first:last`, the last two the
//! numbers of the audit entries, `0:0` when there are none. What is only said goes over a channel of its own:
//! `organisation:process:text`.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool};

use super::engine::{Inner, PgEngine};
use crate::store::Elsewhere;
use crate::store::journal::Frame;

pub(super) const CHANNEL: &str = "driftguard_store";
const SAID: &str = "driftguard_said";

impl Inner {
    pub(super) fn news(&self, generation: i64, told: &[Frame]) -> String {
        let first = told.first().map_or(0, |frame| frame.tip.seq);
        let last = told.last().map_or(0, |frame| frame.tip.seq);
        format!("{}:{}:{generation}:{first}:{last}", self.organization, self.process)
    }

    /// Says something to the other processes of the organisation. At most 7 kB; nobody keeps it.
    pub(super) async fn say(&self, text: &str) -> sqlx::Result<()> {
        let payload = format!("{}:{}:{text}", self.organization, self.process);
        sqlx::query("SELECT pg_notify($1, $2)").bind(SAID).bind(payload).execute(&self.pool).await?;
        Ok(())
    }

    /// What a message says, unless it is one's own or another organisation's.
    fn heard(&self, channel: &str, payload: &str) -> Option<Elsewhere> {
        if channel == SAID {
            let mut parts = payload.splitn(3, ':');
            let organization: i64 = parts.next()?.parse().ok()?;
            let (process, text) = (parts.next()?, parts.next()?);
            let is_news = self.organization == organization && process != self.process;
            return is_news.then(|| Elsewhere { generation: 0, entries: None, said: Some(text.to_owned()) });
        }
        let mut parts = payload.split(':');
        let organization: i64 = parts.next()?.parse().ok()?;
        let process = parts.next()?;
        let generation = parts.next()?.parse().ok()?;
        let (first, last): (u64, u64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let is_news = organization == self.organization && process != self.process;
        is_news.then(|| Elsewhere { generation, entries: (first > 0).then_some((first, last)), said: None })
    }
}

impl PgEngine {
    /// Ends when the receiver is dropped. Messages of a time without connection are lost: then an [`Elsewhere`] without entries is
    /// told, for whoever listens to look anew.
    pub(in crate::store) fn subscribe(&self) -> Receiver<Elsewhere> {
        let (tell, receiver) = channel();
        let inner = Arc::clone(&self.inner);
        if let Some(runtime) = self.runtime() {
            runtime.spawn(async move { listen(&inner, &tell).await });
        }
        receiver
    }
}

async fn listen(inner: &Inner, tell: &Sender<Elsewhere>) {
    loop {
        if let Ok(mut listener) = begin(&inner.pool).await {
            // Something may have happened while nobody listened.
            let missed = Elsewhere { generation: -1, entries: None, said: None };
            if tell.send(missed).is_err() {
                return;
            }
            while let Ok(Some(message)) = listener.try_recv().await {
                if let Some(news) = inner.heard(message.channel(), message.payload())
                    && tell.send(news).is_err()
                {
                    return;
                }
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn begin(pool: &PgPool) -> sqlx::Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen_all([CHANNEL, SAID]).await?;
    Ok(listener)
}
