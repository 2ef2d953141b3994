//! The engine: a runtime of its own, so that whoever calls may stand anywhere, and reads that survive a restart of the database.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use super::errors::{is_passing, told};
use super::pulse::Pulse;
use super::tables;
use super::time::At;
use crate::drift::Slug;
use crate::store::StoreError;
use crate::store::trees::engine::{Bounds, Tree};
use crate::store::trees::keys;

/// Key and record.
type Pair = (Vec<u8>, Vec<u8>);

/// Between two looks whether an answer is still to be expected.
const LOOK: Duration = Duration::from_millis(100);
/// What is asked of a database that restarts is asked again for as long, whether or not somebody still waits for it.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// One organisation's trees.
pub(in crate::store) struct PgEngine {
    pub(super) inner: Arc<Inner>,
    runtime: Option<Runtime>,
}

pub(super) struct Inner {
    pub(super) pool: PgPool,
    pub(super) options: PgConnectOptions,
    pub(super) organization: i64,
    /// Tells this process's commits from those of others.
    pub(super) process: String,
    /// The connection that has the turn to write, or had it last.
    pub(super) desk: Mutex<Option<PgConnection>>,
    pub(super) has_turn: AtomicBool,
    /// See [`fill`](PgEngine::fill).
    pub(super) is_filling: AtomicBool,
    pub(super) pulse: Arc<Pulse>,
    /// Scans that this process has taken, until it gives them back; another one may have them by then.
    pub(super) claims: std::sync::Mutex<BTreeMap<Slug, i64>>,
    /// The scan of which the writer writes now.
    pub(super) fence: std::sync::Mutex<Option<Slug>>,
    /// The generation that is known in this process; below zero before anything was read.
    pub(super) met: AtomicI64,
}

impl PgEngine {
    pub(super) fn new(inner: Inner, runtime: Runtime) -> Self {
        Self { inner: Arc::new(inner), runtime: Some(runtime) }
    }

    pub(super) fn runtime(&self) -> Option<&Runtime> {
        self.runtime.as_ref()
    }

    /// Waits for the answer without entering the runtime: a thread of another one may be waiting here.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        wait_on(self.runtime.as_ref(), Some(&self.inner.pulse), work)
    }

    /// Why nothing can be had of the database now.
    pub(in crate::store) fn trouble(&self) -> Option<&'static str> {
        self.inner.pulse.is_gone().then_some(super::pulse::AWAY)
    }

    /// Nobody waits any more for what was asked of the connection that writes: when it ends at last, so does the connection, and
    /// the turn with it.
    pub(super) fn let_go(&self) {
        let inner = Arc::clone(&self.inner);
        if let Some(runtime) = self.runtime() {
            runtime.spawn(async move { *inner.desk.lock().await = None });
        }
    }

    pub(in crate::store) fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let (inner, key) = (Arc::clone(&self.inner), key.to_vec());
        self.wait(async move { inner.patiently(|| inner.get(tree, &key)).await })
    }

    /// In the order of the keys.
    pub(in crate::store) fn get_many(
        &self,
        tree: Tree,
        keys: Vec<Vec<u8>>,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let inner = Arc::clone(&self.inner);
        self.wait(async move {
            let found = inner.patiently(|| inner.get_many(tree, &keys)).await?;
            let mut found: HashMap<Vec<u8>, Vec<u8>> = found.into_iter().collect();
            Ok(keys.iter().map(|key| found.remove(key)).collect())
        })
    }

    /// Makes the partitions of the months to come.
    pub(in crate::store) fn make_partitions(&self) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.inner);
        self.wait(async move {
            let mut connection = inner.pool.acquire().await.map_err(told)?;
            super::migrate::partitions(&mut connection).await;
            Ok(())
        })
    }

    /// At most `limit` entries, from one end.
    pub(super) fn some(
        &self,
        tree: Tree,
        bounds: Bounds,
        from_end: bool,
        with_values: bool,
        limit: i64,
    ) -> Result<Vec<Pair>, StoreError> {
        let inner = Arc::clone(&self.inner);
        self.wait(async move {
            let sql = tables::range(tree, &bounds, from_end, with_values);
            inner.patiently(|| inner.some(&sql, &bounds, limit)).await
        })
    }
}

impl Drop for PgEngine {
    fn drop(&mut self) {
        // Dropping a runtime waits, which a thread of another one may not.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waits for the work, but not for a database that is gone; the work itself goes on as long as it thinks fit.
pub(super) fn wait_on<T: Send + 'static>(
    runtime: Option<&Runtime>,
    pulse: Option<&Pulse>,
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let gave_up = || StoreError::Unavailable("the connection to the database was given up".into());
    pulse.map_or(Ok(()), Pulse::check)?;
    let (tell, answer) = sync_channel(1);
    runtime.ok_or_else(gave_up)?.spawn(async move {
        let _ = tell.send(work.await);
    });
    let Some(pulse) = pulse else { return answer.recv().unwrap_or_else(|_| Err(gave_up())) };
    loop {
        match answer.recv_timeout(LOOK) {
            Ok(done) => return done,
            Err(RecvTimeoutError::Disconnected) => return Err(gave_up()),
            Err(RecvTimeoutError::Timeout) => pulse.check()?,
        }
    }
}

/// Again, for a while, when the connection broke.
pub(super) async fn patiently<T, F: Future<Output = sqlx::Result<T>>>(work: impl Fn() -> F) -> Result<T, StoreError> {
    let mut pause = Pause::default();
    loop {
        match work().await {
            Ok(done) => return Ok(done),
            Err(error) if is_passing(&error) && pause.once().await => {}
            Err(error) => return Err(told(error)),
        }
    }
}

impl Inner {
    pub(super) async fn patiently<T, F: Future<Output = sqlx::Result<T>>>(
        &self,
        work: impl Fn() -> F,
    ) -> Result<T, StoreError> {
        patiently(work).await
    }

    async fn get(&self, tree: Tree, key: &[u8]) -> sqlx::Result<Option<Vec<u8>>> {
        let sql = tables::get(tree);
        let query = sqlx::query_scalar(&sql).bind(self.organization).bind(key);
        match tree {
            Tree::Events => query.bind(time_of(key)).fetch_optional(&self.pool).await,
            _ => query.fetch_optional(&self.pool).await,
        }
    }

    async fn get_many(&self, tree: Tree, keys: &[Vec<u8>]) -> sqlx::Result<Vec<Pair>> {
        let sql = tables::get_many(tree);
        let query = sqlx::query_as(&sql).bind(self.organization).bind(keys);
        match tree {
            Tree::Events => {
                let times: Vec<At> = keys.iter().map(|key| time_of(key)).collect();
                let ends = |at: Option<&At>| At(at.map_or(0, |at| at.0));
                let first = ends(times.iter().min_by_key(|at| at.0));
                let last = ends(times.iter().max_by_key(|at| at.0));
                query.bind(times).bind(first).bind(last).fetch_all(&self.pool).await
            }
            _ => query.fetch_all(&self.pool).await,
        }
    }

    async fn some(&self, sql: &str, bounds: &Bounds, limit: i64) -> sqlx::Result<Vec<Pair>> {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let mut query = sqlx::query_as(sql).bind(self.organization).bind(limit);
        for bound in [&bounds.0, &bounds.1] {
            match bound {
                Included(key) | Excluded(key) => query = query.bind(key),
                Unbounded => {}
            }
        }
        query.fetch_all(&self.pool).await
    }
}

/// When the drift of a key was detected.
fn time_of(key: &[u8]) -> At {
    At(keys::place_of(key).map_or(0, |place| keys::micros_of(&place)))
}

/// Waits a little longer each time, and not for ever.
pub(in crate::store) struct Pause {
    until: Instant,
    next: Duration,
}

impl Default for Pause {
    fn default() -> Self {
        Self { until: Instant::now() + PATIENCE, next: Duration::from_millis(20) }
    }
}

impl Pause {
    /// `false` when the patience is over.
    pub(in crate::store) async fn once(&mut self) -> bool {
        if Instant::now() + self.next > self.until {
            return false;
        }
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(Duration::from_secs(1));
        true
    }
}
