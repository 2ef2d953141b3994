//! sled's files, private and really written; why that takes more than sled's flush stands in the engine of the drift store.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::{AccountsError, Result};
use crate::store::{StoreError, make_private, private_dir, refuse_unsafe_filesystem};

pub(super) struct Durable {
    pub(super) tree: ::sled::Tree,
    db: ::sled::Db,
    path: PathBuf,
    file: File,
    dir: File,
}

impl Durable {
    pub(super) fn open(path: &Path, make: bool) -> Result<Self> {
        if !make && !path.join("db").exists() {
            return Err(AccountsError::Missing { path: path.to_owned() });
        }
        private_dir(path).and_then(|()| refuse_unsafe_filesystem(path)).map_err(of_store)?;
        let db = open_patiently(path)?;
        let tree = db.open_tree("accounts").map_err(|e| error(path, e))?;
        let io = |source| AccountsError::Io { path: path.to_owned(), source };
        // sled makes its files as the umask says.
        make_private(path).map_err(io)?;
        let file = File::open(path.join("db")).map_err(io)?;
        let dir = File::open(path).map_err(io)?;
        Ok(Self { tree, db, path: path.to_owned(), file, dir })
    }

    /// When this returns, everything written before it survives a power cut.
    pub(super) fn barrier(&self) -> Result<()> {
        self.db.flush().map_err(|e| self.error(e))?;
        let synced = self.file.sync_all().and_then(|()| self.dir.sync_all());
        synced.map_err(|source| AccountsError::Io { path: self.path.clone(), source })
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
