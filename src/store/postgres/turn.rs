//! The turn to write. An advisory lock of the connection that writes: it ends with the connection, whatever becomes of the
//! process. Whoever loses it in the middle cannot commit any more, because the commit goes over the same connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnection;

use super::engine::{Inner, Pause, PgEngine};
use super::errors::{is_passing, told};
use crate::store::StoreError;
use crate::store::journal::Tip;

/// The class of the locks; the organisation is the other half of the key.
const TURN: i32 = 0x6472_6674;

/// What others left.
pub(in crate::store) struct Found {
    pub(in crate::store) generation: i64,
    pub(in crate::store) tip: Tip,
}

/// An organisation's row that every commit moves on.
pub(super) struct Head {
    pub(super) generation: i64,
    pub(super) tip: Tip,
    /// Of the last commit.
    pub(super) commit_id: Vec<u8>,
}

impl PgEngine {
    /// Waits for the turn; what has to be read anew.
    pub(in crate::store) fn begin_turn(&self) -> Result<Option<Found>, StoreError> {
        let inner = Arc::clone(&self.inner);
        let begun = self.wait(async move {
            let head = inner.take_turn().await?;
            inner.has_turn.store(true, Ordering::SeqCst);
            Ok(inner.found(head))
        });
        if begun.is_err() && self.trouble().is_some() {
            self.let_go();
        }
        begun
    }

    /// Nobody waits for it: the next turn of this process comes over the same connection, after it.
    pub(in crate::store) fn end_turn(&self) {
        if !self.inner.has_turn.swap(false, Ordering::SeqCst) {
            return;
        }
        let inner = Arc::clone(&self.inner);
        let Some(runtime) = self.runtime() else { return };
        runtime.spawn(async move {
            let mut desk = inner.desk.lock().await;
            let Some(connection) = &mut *desk else { return };
            let unlock = sqlx::query("SELECT pg_advisory_unlock($1, $2)").bind(TURN).bind(inner.lock_key());
            if unlock.execute(connection).await.is_err() {
                *desk = None;
            }
        });
    }

    /// What others wrote since this process last looked.
    pub(in crate::store) fn look(&self) -> Result<Option<Found>, StoreError> {
        let inner = Arc::clone(&self.inner);
        self.wait(async move {
            let head = inner.patiently(|| async { head(&mut *inner.pool.acquire().await?, inner.organization).await });
            Ok(inner.found(head.await?))
        })
    }

    /// Everything up to this generation has been read.
    pub(in crate::store) fn met(&self, generation: i64) {
        self.inner.met.store(generation, Ordering::SeqCst);
    }
}

impl Inner {
    fn found(&self, head: Head) -> Option<Found> {
        let is_news = head.generation != self.met.load(Ordering::SeqCst);
        is_news.then_some(Found { generation: head.generation, tip: head.tip })
    }

    fn lock_key(&self) -> i32 {
        // Beyond two thousand million organisations two may wait for each other.
        i32::try_from(self.organization).unwrap_or(i32::MAX)
    }

    /// Until it is this process's turn, on a connection that is alive.
    pub(super) async fn take_turn(&self) -> Result<Head, StoreError> {
        let mut desk = self.desk.lock().await;
        let mut pause = Pause::default();
        loop {
            match self.try_turn(&mut desk).await {
                Ok(head) => return Ok(head),
                Err(error) => {
                    *desk = None;
                    if !is_passing(&error) || !pause.once().await {
                        return Err(told(error));
                    }
                }
            }
        }
    }

    async fn try_turn(&self, desk: &mut Option<PgConnection>) -> sqlx::Result<Head> {
        let connection = match desk {
            Some(connection) => connection,
            None => desk.insert(self.options.connect().await?),
        };
        let lock = sqlx::query("SELECT pg_advisory_lock($1, $2)").bind(TURN).bind(self.lock_key());
        lock.execute(&mut *connection).await?;
        head(connection, self.organization).await
    }
}

async fn head(connection: &mut PgConnection, organization: i64) -> sqlx::Result<Head> {
    let sql = "SELECT generation, tip_seq, tip_hash, commit_id FROM store_heads WHERE organization_id = $1";
    let (generation, seq, hash, commit_id): (i64, i64, Vec<u8>, Vec<u8>) =
        sqlx::query_as(sql).bind(organization).fetch_one(connection).await?;
    let hash = hash.first_chunk::<32>().copied().unwrap_or_default();
    Ok(Head { generation, tip: Tip::new(u64::try_from(seq).unwrap_or(0), hash), commit_id })
}
