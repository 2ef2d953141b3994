//! Once a day an export is kept beside the store, packed and with its own checksum; and once a day what is over is thrown away.

use std::fs;
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{MutexGuard, TryLockError};

use jiff::{SignedDuration, Timestamp};

use super::TreeStore;
use super::compact::Measured;
use super::engine::Tree;
use crate::store::files::{io_at, private_dir, sync_dir};
use crate::store::{Store, StoreError, Upkeep};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const KEPT: usize = 7;
/// In names: sorts by time.
const STAMP: &str = "%Y%m%dT%H%M%SZ";
const EXTENSION: &str = ".jsonl.zst";

impl TreeStore {
    pub(super) fn upkeep_impl(&self, cancel: &AtomicBool) -> Result<Upkeep, StoreError> {
        let is_cancelled = || cancel.load(Ordering::SeqCst);
        let mut done = Upkeep::default();
        match self.backup_if_due_impl(cancel) {
            Err(_) if is_cancelled() => return Ok(done),
            backup => done.backup = backup?,
        }
        if is_cancelled() || self.read_only().is_some() || !self.is_due(self.tended()?) {
            return Ok(done);
        }
        if let Some(engine) = self.engine.as_postgres() {
            engine.make_partitions()?;
            self.fill_columns()?;
            self.fill_causes_once(cancel)?;
        }
        self.fill_days(cancel)?;
        done.pruned = Some(self.prune_impl()?);
        if is_cancelled() {
            return Ok(done);
        }
        if self.root.is_some() {
            self.measure()?;
        }
        let now = self.now().as_microsecond().to_be_bytes().to_vec();
        self.remember(b"tended", now)?;
        Ok(done)
    }

    /// A clock that was set back does not put it off for ever.
    fn is_due(&self, last: Option<Timestamp>) -> bool {
        let now = self.now();
        last.is_none_or(|last| last > now || now.duration_since(last) >= DAY)
    }

    fn tended(&self) -> Result<Option<Timestamp>, StoreError> {
        let bytes = self.engine.get(Tree::Meta, b"tended")?;
        let micros = bytes.and_then(|b| b.first_chunk::<8>().map(|b| i64::from_be_bytes(*b)));
        Ok(micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()))
    }

    pub(super) fn remember(&self, key: &[u8], value: Vec<u8>) -> Result<(), StoreError> {
        let _writer = self.writer();
        let mut tx = super::tx::Tx::new(self, self.now());
        tx.put(Tree::Meta, key.to_vec(), value);
        tx.commit(false)
    }

    /// How much room what is there needs: the next start compacts when much more is taken.
    fn measure(&self) -> Result<(), StoreError> {
        let mut live = 0;
        for tree in Tree::ALL {
            self.each_entry(tree, |key, value| {
                live += (key.len() + value.len()) as u64;
                Ok(())
            })?;
        }
        let bytes = self.engine.get(Tree::Meta, Measured::KEY)?;
        let measured = Measured { live, ..Measured::read(bytes) };
        self.remember(Measured::KEY, measured.to_bytes())
    }

    pub(super) fn backup_if_due_impl(&self, cancel: &AtomicBool) -> Result<Option<PathBuf>, StoreError> {
        // A database has backups of its own.
        let Some(root) = self.root.as_deref().filter(|_| self.read_only().is_none()) else { return Ok(None) };
        if self.engine.tree(Tree::Events).is_empty()? && self.engine.tree(Tree::Audit).is_empty()? {
            return Ok(None);
        }
        let Some(_only) = self.try_tend() else { return Ok(None) };
        let (dir, name) = place(root);
        let newest = backups(&dir, &name).pop();
        if !self.is_due(newest.and_then(|path| time_of(&path, &name))) {
            return Ok(None);
        }
        self.backup(root, cancel).map(Some)
    }

    /// Whoever comes while another one tends the store has nothing to do.
    fn try_tend(&self) -> Option<MutexGuard<'_, ()>> {
        match self.tending.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Complete and on the disk under its name, or not there at all.
    pub(super) fn backup(&self, root: &Path, cancel: &AtomicBool) -> Result<PathBuf, StoreError> {
        let (dir, name) = place(root);
        private_dir(&dir)?;
        let failed = || io_at(&dir);
        let permissions = fs::Permissions::from_mode(0o600);
        let prefix = format!(".tmp-{name}-");
        remove_unfinished(&dir, &prefix);
        let file = tempfile::Builder::new().prefix(&prefix).permissions(permissions).tempfile_in(&dir);
        let file = file.map_err(failed())?;
        let mut packer = zstd::stream::write::Encoder::new(BufWriter::new(file), 3).map_err(failed())?;
        packer.include_checksum(true).map_err(failed())?;
        self.export_impl(&mut Cancellable { out: &mut packer, cancel })?;
        let mut out = packer.finish().map_err(failed())?;
        out.flush().map_err(failed())?;
        let file = out.into_inner().map_err(|e| failed()(e.into_error()))?;
        file.as_file().sync_all().map_err(failed())?;
        let path = dir.join(format!("{name}-{}{EXTENSION}", self.now().strftime(STAMP)));
        file.persist(&path).map_err(|e| failed()(e.error))?;
        sync_dir(&dir).map_err(failed())?;
        let all = backups(&dir, &name);
        for old in &all[..all.len().saturating_sub(KEPT)] {
            let _ = fs::remove_file(old);
        }
        Ok(path)
    }
}

/// Fails as soon as nobody wants it any more.
struct Cancellable<'a, W> {
    out: W,
    cancel: &'a AtomicBool,
}

impl<W: Write> Write for Cancellable<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.cancel.load(Ordering::SeqCst) {
            return Err(std::io::Error::other("no longer wanted"));
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// What a process that was killed left of a backup.
fn remove_unfinished(dir: &Path, prefix: &str) {
    for file in fs::read_dir(dir).into_iter().flatten().flatten() {
        if file.file_name().to_string_lossy().starts_with(prefix) {
            let _ = fs::remove_file(file.path());
        }
    }
}

/// The directory of the backups of a store, and what their names begin with.
fn place(root: &Path) -> (PathBuf, String) {
    let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (root.with_file_name("backups"), name)
}

/// Oldest first.
fn backups(dir: &Path, name: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).into_iter().flatten().flatten().map(|file| file.path());
    let mut backups: Vec<_> = files.filter(|path| time_of(path, name).is_some()).collect();
    backups.sort();
    backups
}

fn time_of(path: &Path, name: &str) -> Option<Timestamp> {
    let stamp = path.file_name()?.to_str()?.strip_prefix(name)?.strip_prefix('-')?.strip_suffix(EXTENSION)?;
    jiff::civil::DateTime::strptime(STAMP, stamp).ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp())
}
