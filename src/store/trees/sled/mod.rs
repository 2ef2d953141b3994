//! sled, kept to its promises: few trees, one atomic step per commit, and a barrier that really reaches the disk.
//!
//! sled 0.34 calls data stable after `sync_file_range`, which survives a killed process but no power cut: after 24 simulated cuts
//! not one store came back whole. With an fsync of sled's own file after `flush()`, all did. So a commit is durable
//! only after [`SledEngine::barrier`].

mod behind;
mod flusher;
mod slack;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::sled::transaction::{ConflictableTransactionError, TransactionError, Transactional, UnabortableTransactionError};

use behind::Behind;
use flusher::Flusher;
use slack::Slack;

use super::engine::{Tree, Writes};
use crate::store::StoreError;
use crate::store::probe::{Probe, Step};

/// sled, and what is being written to it.
pub(in crate::store) struct SledEngine {
    files: Arc<Files>,
    behind: Behind,
    flusher: Arc<Flusher>,
}

/// sled with its trees open, and descriptors of its file and directory for the barrier.
struct Files {
    db: ::sled::Db,
    trees: Vec<::sled::Tree>,
    path: Arc<Path>,
    file: File,
    dir: File,
    /// Held over each commit, so that a reader can copy the files between two of them; none for a copy.
    between: Option<File>,
    probe: Probe,
}

/// A sled error with what it means for us.
pub(in crate::store::trees) fn sled_error(path: &Path, error: ::sled::Error) -> StoreError {
    match error {
        ::sled::Error::Io(source) => StoreError::Io { path: path.to_owned(), source },
        other => StoreError::Damaged { tree: path.display().to_string(), detail: other.to_string() },
    }
}

impl SledEngine {
    /// Opens as it is; see [`open`](super::super::open) for what is done when that fails.
    pub(in crate::store::trees) fn open(path: &Path, between: Option<File>, probe: Probe) -> Result<Self, StoreError> {
        let (db, trees) = with_trees(path).map_err(|e| sled_error(path, e))?;
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        let file = File::open(path.join("db")).map_err(io)?;
        let dir = File::open(path).map_err(io)?;
        let files = Arc::new(Files { db, trees, path: path.into(), file, dir, between, probe });
        let flushed = Arc::clone(&files);
        let flusher = Flusher::start(move || flushed.flush_late()).map_err(io)?;
        // Opening may have mended what it found.
        flusher.wrote();
        Ok(Self { files, behind: Behind::default(), flusher: Arc::new(flusher) })
    }

    pub(in crate::store::trees) fn path(&self) -> &Arc<Path> {
        &self.files.path
    }

    /// With everything in it that was written.
    pub(in crate::store::trees) fn tree(&self, tree: Tree) -> &::sled::Tree {
        self.behind.wait();
        self.files.tree(tree)
    }

    pub(in crate::store::trees) fn error(&self, error: ::sled::Error) -> StoreError {
        self.files.error(error)
    }

    pub(in crate::store::trees) fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(value) = self.behind.get(tree, key) {
            return Ok(value);
        }
        self.files.tree(tree).get(key).map(|v| v.map(|v| v.to_vec())).map_err(|e| self.error(e))
    }

    /// Bytes the engine's files take.
    pub(in crate::store::trees) fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.behind.wait();
        self.files.db.size_on_disk().map_err(|e| self.error(e))
    }

    /// All in one step, or nothing. Durable only after a barrier.
    pub(in crate::store::trees) fn write(&self, writes: &Writes, durable: bool) -> Result<(), StoreError> {
        self.behind.ended()?;
        self.files.write(writes, durable)?;
        self.flusher.wrote();
        Ok(())
    }

    /// As [`SledEngine::write`], but the work is done while the caller goes on; an error comes with the next write.
    pub(in crate::store::trees) fn write_behind(&self, writes: Writes, durable: bool) -> Result<(), StoreError> {
        let (files, flusher) = (Arc::clone(&self.files), Arc::clone(&self.flusher));
        self.behind.start(writes, move |writes| {
            files.write(writes, durable)?;
            flusher.wrote();
            Ok(())
        })
    }

    /// When this returns, everything written behind is written, or the error says why not.
    pub(in crate::store::trees) fn settle(&self) -> Result<(), StoreError> {
        self.behind.ended()
    }

    /// When this returns, everything written before it survives a power cut.
    pub(in crate::store::trees) fn barrier(&self) -> Result<(), StoreError> {
        self.behind.ended()?;
        self.files.barrier()
    }
}

impl Drop for SledEngine {
    fn drop(&mut self) {
        self.behind.wait();
    }
}

impl Files {
    fn tree(&self, tree: Tree) -> &::sled::Tree {
        &self.trees[tree as usize]
    }

    fn error(&self, error: ::sled::Error) -> StoreError {
        sled_error(&self.path, error)
    }

    fn write(&self, writes: &Writes, durable: bool) -> Result<(), StoreError> {
        let between = self.between.as_ref();
        // A lock that cannot be had only makes a reader's copy retry.
        let locked = between.is_some_and(|file| file.lock().is_ok());
        let result = self.write_all(writes).and_then(|()| if durable { self.barrier() } else { Ok(()) });
        if locked && let Some(file) = between {
            let _ = file.unlock();
        }
        result
    }

    fn write_all(&self, writes: &Writes) -> Result<(), StoreError> {
        self.probe.at(Step::TreeWrite).map_err(|e| self.io(e))?;
        let (trees, batches): (Vec<::sled::Tree>, Vec<::sled::Batch>) =
            writes.iter().map(|(tree, entries)| (self.tree(*tree).clone(), batch(entries))).unzip();
        if trees.is_empty() {
            return Ok(());
        }
        let _slack = Slack::take();
        let outcome = trees[..].transaction(|views| {
            for (view, batch) in views.iter().zip(&batches) {
                view.apply_batch(batch)?;
            }
            Ok::<(), ConflictableTransactionError<UnabortableTransactionError>>(())
        });
        outcome.map_err(|error| match error {
            TransactionError::Storage(error) => self.error(error),
            TransactionError::Abort(error) => self.io(io::Error::other(error.to_string())),
        })
    }

    fn barrier(&self) -> Result<(), StoreError> {
        self.probe.at(Step::TreeFlush).map_err(|e| self.io(e))?;
        self.flush().map_err(|e| self.error(e))?;
        self.probe.at(Step::TreeSync).map_err(|e| self.io(e))?;
        self.file.sync_all().map_err(|e| self.io(e))?;
        self.probe.at(Step::DirSync).map_err(|e| self.io(e))?;
        self.dir.sync_all().map_err(|e| self.io(e))
    }

    fn flush(&self) -> ::sled::Result<usize> {
        let _slack = Slack::take();
        self.db.flush()
    }

    /// For what nobody waits for; who writes next is told by sled if it failed.
    fn flush_late(&self) {
        let outcome =
            self.flush().map_err(|e| self.error(e)).and_then(|_| self.file.sync_all().map_err(|e| self.io(e)));
        if let Err(error) = outcome {
            tracing::error!(%error, "what was written last may not be on the disk");
        }
    }

    fn io(&self, source: io::Error) -> StoreError {
        StoreError::Io { path: self.path.to_path_buf(), source }
    }
}

fn batch(entries: &BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> ::sled::Batch {
    let mut batch = ::sled::Batch::default();
    for (key, value) in entries {
        match value {
            Some(value) => batch.insert(key.as_slice(), value.as_slice()),
            None => batch.remove(key.as_slice()),
        }
    }
    batch
}

fn with_trees(path: &Path) -> ::sled::Result<(::sled::Db, Vec<::sled::Tree>)> {
    let db = open_patiently(path)?;
    let _slack = Slack::take();
    let trees = Tree::ALL.iter().map(|tree| db.open_tree(tree.name())).collect::<::sled::Result<_>>()?;
    Ok((db, trees))
}

/// sled's threads may hold its lock a moment longer than the handle that was dropped.
fn open_patiently(path: &Path) -> ::sled::Result<::sled::Db> {
    for _ in 0..40 {
        match open_once(path) {
            Err(::sled::Error::Io(e)) if e.to_string().contains("could not acquire lock") => {
                std::thread::sleep(Duration::from_millis(50));
            }
            outcome => return outcome,
        }
    }
    open_once(path)
}

/// Segment size and compression are for ever: sled does not keep its configuration safely enough to change them.
fn open_once(path: &Path) -> ::sled::Result<::sled::Db> {
    let _slack = Slack::take();
    ::sled::Config::new()
        .path(path)
        .cache_capacity(16 << 20)
        .mode(::sled::Mode::LowSpace)
        // The [`Flusher`] does.
        .flush_every_ms(None)
        .use_compression(false)
        .open()
}
