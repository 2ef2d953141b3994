//! A database without an organisation: for what is kept of all of them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool};
use tokio::runtime::Runtime;

use super::connect::{Database, options, pool, reach, runtime};
use super::engine::{Pause, patiently, wait_on};
use super::errors::{is_passing, told};
use super::migrate;
use super::pulse::Pulse;
use crate::store::StoreError;

/// Connections to a database whose schema is up to date.
pub(crate) struct Link {
    pool: Arc<PgPool>,
    runtime: Option<Runtime>,
    pulse: Arc<Pulse>,
    /// For people: without a password.
    place: String,
}

/// When to try once more.
pub(crate) struct Again(Pause);

impl Link {
    /// # Errors
    /// As [`open_url`](crate::store::open_url).
    pub(crate) fn open(url: &str) -> Result<Self, StoreError> {
        let (options, runtime) = (options(url)?, runtime()?);
        let place = Database::place(&options);
        let (shown, pulse) = (place.clone(), Pulse::of(options.clone(), &runtime));
        let opened = wait_on(Some(&runtime), None, async move {
            let mut connection = reach(&options).await?;
            migrate::migrate(&mut connection, &shown).await?;
            Ok(pool(options))
        });
        match opened {
            Ok(pool) => Ok(Self { pool: Arc::new(pool), runtime: Some(runtime), pulse, place }),
            Err(error) => {
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Waits for work on the pool, from whatever thread.
    pub(crate) fn wait<T: Send + 'static, F: Future<Output = Result<T, StoreError>> + Send + 'static>(
        &self,
        work: impl FnOnce(Arc<PgPool>) -> F,
    ) -> Result<T, StoreError> {
        wait_on(self.runtime.as_ref(), Some(&self.pulse), work(Arc::clone(&self.pool)))
    }

    /// What a question without anything left open says.
    pub(crate) fn texts(&self, sql: &'static str) -> Result<Vec<String>, StoreError> {
        self.wait(|pool| async move { patiently(|| sqlx::query_scalar(sql).fetch_all(&*pool)).await })
    }

    /// Hears what is said over a channel, for as long as the link lives; `None` after a time without a connection.
    pub(crate) fn listen(&self, channel: &'static str, hear: impl Fn(Option<&str>) + Send + Sync + 'static) {
        let (Some(runtime), pool) = (self.runtime.as_ref(), Arc::clone(&self.pool)) else { return };
        runtime.spawn(async move {
            loop {
                if let Ok(mut listener) = PgListener::connect_with(&pool).await
                    && listener.listen(channel).await.is_ok()
                {
                    hear(None);
                    while let Ok(Some(message)) = listener.try_recv().await {
                        hear(Some(message.payload()));
                    }
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
    }

    /// A question; asked again, for a while, when the connection broke.
    pub(crate) async fn patiently<T, F: Future<Output = sqlx::Result<T>>>(
        work: impl Fn() -> F,
    ) -> Result<T, StoreError> {
        patiently(work).await
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // Dropping a runtime waits, which a thread of another one may not.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Again {
    pub(crate) fn new() -> Self {
        Self(Pause::default())
    }

    /// Returns when it is time for the next try.
    ///
    /// # Errors
    /// What went wrong, in words, when no other try would help.
    pub(crate) async fn after(&mut self, error: sqlx::Error) -> Result<(), StoreError> {
        if is_passing(&error) && self.0.once().await { Ok(()) } else { Err(told(error)) }
    }
}
