//! The store in a database that other processes write to as well.

use std::sync::{Arc, RwLock};

use super::engine::Engine;
use super::open::Doors;
use super::trail::Trail;
use super::{TreeStore, Writer};
use crate::store::identity::Identity;
use crate::store::postgres::{Found, PgEngine};
use crate::store::{OpenMode, StoreError};

/// Opens what is in the database for one organisation.
pub(in crate::store) fn open_shared(
    engine: PgEngine,
    identity: Identity,
    mode: OpenMode,
    doors: Doors,
) -> Result<(TreeStore, Vec<String>), StoreError> {
    let engine = Engine::Postgres(Arc::new(engine));
    let around = TreeStore::around(engine, None, identity, doors.clock);
    let alerting = RwLock::new(doors.options.alerting.clone());
    let store = TreeStore { options: doors.options, alerting, ..around };
    let mut notices = Vec::new();
    match mode {
        OpenMode::ReadWrite => {
            store.wake_all(&mut store.writer())?;
            store.finish_forgetting()?;
            store.fill_columns_once()?;
        }
        OpenMode::ReadOnly => {
            let why = "opened for reading only".to_owned();
            notices.push(format!("read-only: {why}"));
            store.set_read_only(&why);
            store.look_around();
        }
    }
    Ok((store, notices))
}

impl TreeStore {
    /// Reads anew what is kept in memory. Scans under way are this process's own.
    pub(super) fn meet(&self, writer: &mut Writer, found: Found) -> Result<(), StoreError> {
        self.load(writer)?;
        writer.journal = Some(Trail::Table(found.tip));
        writer.commits += 1;
        if let Some(engine) = self.engine.as_postgres() {
            engine.met(found.generation);
        }
        Ok(())
    }
}
