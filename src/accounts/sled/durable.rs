//! sled's files, private and really written; why that takes more than sled's flush stands in the engine of the drift store.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::super::{AccountsError, Result};
use crate::store::{StoreError, has_room, make_private, private_dir, refuse_unsafe_filesystem};

/// sled does not go on after a write that failed, say for want of room: then it is opened again when there is some.
pub(super) struct Durable {
    path: PathBuf,
    /// `None` when it was closed and would not open again.
    open: RwLock<Option<Open>>,
    is_broken: AtomicBool,
}

struct Open {
    tree: ::sled::Tree,
    db: ::sled::Db,
    file: File,
    dir: File,
}

impl Open {
    fn new(path: &Path) -> Result<Self> {
        let db = open_patiently(path)?;
        let tree = db.open_tree("accounts").map_err(|e| error(path, e))?;
        let io = |source| AccountsError::Io { path: path.to_owned(), source };
        // sled makes its files as the umask says.
        make_private(path).map_err(io)?;
        let file = File::open(path.join("db")).map_err(io)?;
        let dir = File::open(path).map_err(io)?;
        Ok(Self { tree, db, file, dir })
    }
}

impl Durable {
    pub(super) fn open(path: &Path, make: bool) -> Result<Self> {
        if !make && !path.join("db").exists() {
            return Err(AccountsError::Missing { path: path.to_owned() });
        }
        private_dir(path).and_then(|()| refuse_unsafe_filesystem(path)).map_err(of_store)?;
        let open = RwLock::new(Some(Open::new(path)?));
        Ok(Self { path: path.to_owned(), open, is_broken: AtomicBool::new(false) })
    }

    /// What is there; opened again where a write has failed and there is room.
    pub(super) fn tree(&self) -> Result<::sled::Tree> {
        if self.is_broken.load(Ordering::SeqCst) && has_room(&self.path) {
            let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
            if self.is_broken.load(Ordering::SeqCst) {
                // One of them at a time.
                *open = None;
                *open = Some(Open::new(&self.path)?);
                self.is_broken.store(false, Ordering::SeqCst);
                tracing::info!("the accounts were opened again after a write had failed");
            }
        }
        self.with(|open| Ok(open.tree.clone()))
    }

    /// All of it or nothing.
    pub(super) fn apply(&self, batch: ::sled::Batch) -> Result<()> {
        self.tree()?.apply_batch(batch).map_err(|e| self.failed(self.error(e)))
    }

    /// When this returns, everything written before it survives a power cut.
    pub(super) fn barrier(&self) -> Result<()> {
        let done = self.with(|open| {
            open.db.flush().map_err(|e| self.error(e))?;
            let synced = open.file.sync_all().and_then(|()| open.dir.sync_all());
            synced.map_err(|source| AccountsError::Io { path: self.path.clone(), source })
        });
        done.map_err(|error| self.failed(error))
    }

    fn with<T>(&self, what: impl FnOnce(&Open) -> Result<T>) -> Result<T> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let closed = || AccountsError::Unavailable("the accounts could not be opened again".into());
        open.as_ref().map_or_else(|| Err(closed()), what)
    }

    fn failed(&self, error: AccountsError) -> AccountsError {
        self.is_broken.store(true, Ordering::SeqCst);
        error
    }

    pub(super) fn error(&self, error: ::sled::Error) -> AccountsError {
        self::error(&self.path, error)
    }
}

/// sled's threads may hold its lock a moment longer than the handle that was dropped.
fn open_patiently(path: &Path) -> Result<::sled::Db> {
    let config =
        ::sled::Config::new().path(path).cache_capacity(8 << 20).mode(::sled::Mode::LowSpace).use_compression(false);
    for _ in 0..40 {
        match config.open() {
            Err(e) if is_held(&e) => std::thread::sleep(Duration::from_millis(50)),
            outcome => return outcome.map_err(|e| error(path, e)),
        }
    }
    Err(AccountsError::Held { path: path.to_owned() })
}

fn is_held(error: &::sled::Error) -> bool {
    matches!(error, ::sled::Error::Io(e) if e.to_string().contains("could not acquire lock"))
}

fn error(path: &Path, error: ::sled::Error) -> AccountsError {
    match error {
        ::sled::Error::Io(source) => AccountsError::Io { path: path.to_owned(), source },
        other => AccountsError::Damaged { place: path.display().to_string(), detail: other.to_string() },
    }
}

fn of_store(error: StoreError) -> AccountsError {
    match error {
        StoreError::Io { path, source } => AccountsError::Io { path, source },
        other => AccountsError::Io { path: PathBuf::from("accounts"), source: io::Error::other(other.to_string()) },
    }
}
