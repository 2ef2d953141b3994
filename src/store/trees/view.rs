//! A read-only view for the second process, or when the store cannot be written.
//!
//! sled lets nobody else in, so the view is a copy of its files in a private temporary directory, taken between two commits of the
//! writer (both take `between.lock`) and only believed when no file changed while it was made and it opens. What the journal has
//! beyond the copy is applied to it. The view shows the store as it was when it was opened; open it again for a newer one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::RwLock;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::TreeStore;
use super::engine::Engine;
use super::open::{Doors, between_path, contained, is_ours, parse_deed, tree_path};
use super::sled::SledEngine;
use crate::store::files::{copy_tree, io_at, refuse_foreign};
use crate::store::identity::Identity;
use crate::store::probe::Probe;
use crate::store::{StoreError, journal};

const ATTEMPTS: u32 = 20;
const PREFIX: &str = "driftguard-view-";

pub(in crate::store) fn open_read_only(root: &Path) -> Result<(TreeStore, Vec<String>), StoreError> {
    let why = format!("a view of the store as it was at {}", Timestamp::now().strftime("%H:%M:%S UTC"));
    open_copy(root, Doors::default(), why)
}

pub(super) fn open_copy(root: &Path, doors: Doors, why: String) -> Result<(TreeStore, Vec<String>), StoreError> {
    let none = || StoreError::NotFound(format!("{}: there is no store yet", root.display()));
    let meta = fs::symlink_metadata(root).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => none(),
        _ => io_at(root)(error),
    })?;
    refuse_foreign(root, &meta)?;
    let Some(identity) = Identity::read(root)? else {
        return Err(none());
    };
    remove_left_behind();
    let (engine, copy) = copied_engine(root, &identity)?;
    let mut notices = vec![format!("read-only: {why}")];
    let whole = TreeStore::around(Engine::Sled(Box::new(engine)), Some(root), identity, doors.clock);
    let store =
        TreeStore { read_only: RwLock::new(Some(why)), copy: Some(copy), as_of: Some(Timestamp::now()), ..whole };
    store.load(&mut store.writer())?;
    let applied = store.applied_seq()?;
    let mut missing = Vec::new();
    let walked = journal::read(root, &mut |seq, payload| {
        if seq > applied {
            missing.push(parse_deed(seq, payload)?);
        }
        Ok(())
    });
    if let Err(error) = walked {
        notices.push(format!("the journal could not be read to its end: {error}"));
    }
    store.replay(&missing)?;
    store.wake_all(&mut store.writer())?;
    Ok((store, notices))
}

fn copied_engine(root: &Path, identity: &Identity) -> Result<(SledEngine, tempfile::TempDir), StoreError> {
    let mut last = StoreError::NotFound(format!("{}: there is no store yet", root.display()));
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            std::thread::sleep(Duration::from_millis(50));
        }
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let temp = tempfile::Builder::new().prefix(&prefix).tempdir().map_err(io_at(&std::env::temp_dir()))?;
        let target = temp.path().join("tree");
        match copy_between_commits(root, &target) {
            Ok(true) => {}
            Ok(false) => continue,
            // A snapshot that was renamed while it was copied.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(io_at(root)(error)),
        }
        match contained(&target, None, Probe::default()) {
            Ok(engine) if is_ours(&engine, identity)? => return Ok((engine, temp)),
            Ok(_) => last = busy(root),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn busy(root: &Path) -> StoreError {
    let detail = "no whole copy could be taken; try again, or close the driftguard that has it open".into();
    StoreError::Damaged { tree: root.display().to_string(), detail }
}

/// `true` when no file changed meanwhile. The lock keeps commits out; what is left are the engine's own tidying threads, which
/// come to rest when nothing is written.
fn copy_between_commits(root: &Path, target: &Path) -> io::Result<bool> {
    let _locked = File::open(between_path(root)).ok().and_then(lock_for_a_while);
    let from = tree_path(root);
    for _ in 0..50 {
        let before = stamps(&from)?;
        // The kernel's clock for files moves in steps: a write in the same step as this look would go unseen.
        let settled = SystemTime::now().checked_sub(Duration::from_millis(20));
        if settled.is_some_and(|at| before.values().all(|(_, changed)| *changed < at)) {
            copy_tree(&from, target)?;
            return Ok(stamps(&from)? == before);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(false)
}

/// A writer that was stopped in the middle must not stop its readers: then the copy is made without the lock, and judged by
/// whether files change and whether it opens. The lock ends with the file.
fn lock_for_a_while(file: File) -> Option<File> {
    let (locked, wait) = std::sync::mpsc::channel();
    std::thread::spawn(move || file.lock().map(|()| locked.send(file)));
    wait.recv_timeout(Duration::from_secs(2)).ok()
}

fn stamps(dir: &Path) -> io::Result<BTreeMap<std::ffi::OsString, (u64, SystemTime)>> {
    let mut stamps = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        stamps.insert(entry.file_name(), (meta.len(), meta.modified()?));
    }
    Ok(stamps)
}

/// Copies of processes that were killed.
fn remove_left_behind() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|n| n.strip_prefix(PREFIX)).and_then(|n| n.split('-').next());
        let Some(pid) = pid.and_then(|p| p.parse().ok()).and_then(rustix::process::Pid::from_raw) else { continue };
        if rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
