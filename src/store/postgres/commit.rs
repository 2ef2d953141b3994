//! One step of change, in one transaction: what it writes, what the audit log tells of it, and the generation it leads to.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{Arguments, Connection};

use super::columns::{self, Cell};
use super::engine::{Inner, Pause, PgEngine};
use super::errors::{is_passing, told};
use super::fence::Fence;
use super::filling;
use super::pulse::AWAY;
use super::tables;
use super::trail;
use super::turn::Head;
use crate::store::StoreError;
use crate::store::journal::Frame;
use crate::store::trees::engine::{Tree, Writes};

/// Everything one transaction needs; the same however often it is tried.
struct Commit {
    /// On which it stands.
    generation: i64,
    /// By which it is known again after the connection broke before the answer.
    id: Vec<u8>,
    tables: Vec<Changes>,
    told: Vec<Frame>,
    durable: bool,
    fence: Option<Fence>,
}

/// What changes in one table.
struct Changes {
    tree: Tree,
    deleted: Vec<Vec<u8>>,
    keys: Vec<Vec<u8>>,
    values: Vec<Vec<u8>>,
    cells: Vec<Vec<Cell>>,
}

enum Failure {
    Sql(sqlx::Error),
    /// Somebody else has moved the organisation on.
    Overtaken,
    /// Somebody else has the scan.
    Fenced,
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl PgEngine {
    /// All of it or nothing, and what is told survives a power cut when this returns. Only who has the turn may write.
    pub(in crate::store) fn write(&self, writes: Writes, told: Vec<Frame>, durable: bool) -> Result<(), StoreError> {
        if !self.inner.has_turn.load(Ordering::SeqCst) {
            let why = "the database cannot be reached; nothing was changed, try again when it is back";
            return Err(StoreError::Unavailable(why.into()));
        }
        let tables = writes.into_iter().map(|(tree, entries)| Changes::new(tree, entries)).collect::<Result<_, _>>()?;
        let generation = self.inner.met.load(Ordering::SeqCst);
        let id = ulid::Ulid::generate().to_bytes().to_vec();
        let commit = Commit { generation, id, tables, told, durable, fence: self.inner.fenced() };
        let inner = Arc::clone(&self.inner);
        let done = self.wait(async move { inner.commit(commit).await });
        if done.is_err() && self.trouble().is_some() {
            self.let_go();
            let why = format!(
                "{AWAY}, and whether this is written is not known: look at it when it does, or send it again (under the same \
                 name it is done once)"
            );
            return Err(StoreError::Unavailable(why));
        }
        done
    }
}

impl Changes {
    fn new(tree: Tree, entries: std::collections::BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Result<Self, StoreError> {
        let (deleted, keys, values) = (Vec::new(), Vec::new(), Vec::new());
        let mut changes = Self { tree, deleted, keys, values, cells: Vec::new() };
        for (key, value) in entries {
            let Some(value) = value else {
                changes.deleted.push(key);
                continue;
            };
            changes.cells.push(columns::cells(tree, &key, &value)?);
            changes.keys.push(key);
            changes.values.push(value);
        }
        Ok(changes)
    }

    async fn write(&self, organization: i64, new: bool, connection: &mut PgConnection) -> sqlx::Result<()> {
        let table = tables::table(self.tree);
        if new && self.deleted.is_empty() && self.tree != Tree::Meta {
            let rows = self.keys.iter().zip(&self.values).zip(&self.cells);
            return filling::copy(connection, organization, &table, rows.map(|((k, v), cells)| (k, v, cells))).await;
        }
        if !self.deleted.is_empty() {
            let sql = tables::delete(&table);
            sqlx::query(&sql).bind(organization).bind(&self.deleted).execute(&mut *connection).await?;
        }
        if !self.keys.is_empty() {
            let sql = tables::upsert(&table);
            let mut arguments = PgArguments::default();
            arguments.add(organization).map_err(sqlx::Error::Encode)?;
            arguments.add(&self.keys).map_err(sqlx::Error::Encode)?;
            arguments.add(&self.values).map_err(sqlx::Error::Encode)?;
            columns::bind(&mut arguments, &table, self.cells.clone())?;
            sqlx::query_with(&sql, arguments).execute(&mut *connection).await?;
        }
        Ok(())
    }
}

impl Inner {
    /// After a broken connection nobody knows whether the commit went through: the organisation's row does.
    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let mut pause = Pause::default();
        loop {
            let failure = {
                let mut desk = self.desk.lock().await;
                let outcome = match &mut *desk {
                    Some(connection) => self.try_commit(connection, &commit).await,
                    None => Err(Failure::Sql(sqlx::Error::WorkerCrashed)),
                };
                if matches!(&outcome, Err(Failure::Sql(error)) if is_passing(error)) {
                    *desk = None;
                }
                outcome
            };
            match failure {
                Ok(()) => return self.went_through(&commit),
                Err(Failure::Overtaken) => return Err(self.overtaken()),
                Err(Failure::Fenced) => return Err(taken(&commit)),
                Err(Failure::Sql(error)) if is_passing(&error) && pause.once().await => {}
                Err(Failure::Sql(error)) => return Err(told(error)),
            }
            let head = self.take_turn().await?;
            if head.commit_id == commit.id {
                return self.went_through(&commit);
            }
            if head.generation != commit.generation {
                return self.others_went_on(&commit, &head).await;
            }
        }
    }

    fn went_through(&self, commit: &Commit) -> Result<(), StoreError> {
        self.met.store(commit.generation + 1, Ordering::SeqCst);
        Ok(())
    }

    fn overtaken(&self) -> StoreError {
        self.met.store(-1, Ordering::SeqCst);
        StoreError::Unavailable("another process wrote at the same time; nothing was changed, try again".into())
    }

    /// The turn was lost with the connection, and others wrote since. What was told is found in the audit log, if it is there.
    async fn others_went_on(&self, commit: &Commit, head: &Head) -> Result<(), StoreError> {
        let error = self.overtaken();
        let Some(last) = commit.told.last().filter(|last| head.tip.seq >= last.tip.seq) else { return Err(error) };
        let is_there = self.patiently(|| trail::hash_of(&self.pool, self.organization, last.tip.seq)).await?;
        if is_there.as_deref() == Some(&last.tip.hash()[..]) { Ok(()) } else { Err(error) }
    }

    async fn try_commit(&self, connection: &mut PgConnection, commit: &Commit) -> Result<(), Failure> {
        let mut step = connection.begin().await?;
        if !commit.durable {
            // A scan can be done again: it is on the disk with the next commit that is waited for.
            sqlx::query("SET LOCAL synchronous_commit TO off").execute(&mut *step).await?;
        }
        if let Some(fence) = &commit.fence
            && !self.holds(&mut step, fence).await?
        {
            return Err(Failure::Fenced);
        }
        let tip = commit.told.last().map(|frame| frame.tip);
        let sql = "UPDATE store_heads SET generation = generation + 1, commit_id = $3, \
                   tip_seq = coalesce($4, tip_seq), tip_hash = coalesce($5, tip_hash) \
                   WHERE organization_id = $1 AND generation = $2";
        let moved = sqlx::query(sql)
            .bind(self.organization)
            .bind(commit.generation)
            .bind(&commit.id)
            .bind(tip.map(|tip| tip.seq as i64))
            .bind(tip.map(|tip| tip.hash().to_vec()));
        if moved.execute(&mut *step).await?.rows_affected() != 1 {
            return Err(Failure::Overtaken);
        }
        for changes in &commit.tables {
            changes.write(self.organization, self.is_filling.load(Ordering::SeqCst), &mut step).await?;
        }
        trail::tell(&mut step, self.organization, &commit.told).await?;
        let news = self.news(commit.generation + 1, &commit.told);
        sqlx::query("SELECT pg_notify($1, $2)").bind(super::feed::CHANNEL).bind(news).execute(&mut *step).await?;
        step.commit().await?;
        Ok(())
    }
}

fn taken(commit: &Commit) -> StoreError {
    let environment = commit.fence.as_ref().map_or_else(String::new, |fence| fence.environment.to_string());
    let why =
        format!("the scan of {environment} was given to another process meanwhile: what this one found is not kept");
    StoreError::Unavailable(why)
}
