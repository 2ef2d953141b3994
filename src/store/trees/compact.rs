//! sled never gives room back. Compaction writes everything anew beside the old trees and swaps the directories.
//!
//! `tree` → copy to `tree.new`, made durable and compared → `tree` renamed to `tree.old` → `tree.new` renamed to `tree` → `tree.old`
//! removed. Until the first rename the old trees are in force, after the second the new ones; a stop between the two is mended by
//! [`mend`] at the next start. Nothing is lost wherever it stops.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::engine::Tree;
use super::open::{between_path, contained, tree_path};
use super::sled::SledEngine;
use crate::store::StoreError;
use crate::store::files::{io_at, private_dir, private_file, sync_dir};
use crate::store::probe::{Probe, Step};

/// Below this a store is not worth the work.
const SMALL: u64 = 64 << 20;
/// From here on it is done even when little can be gained.
const LARGE: u64 = 2 << 30;
const BATCH: usize = 1000;

/// Bytes of keys and values when they were last counted, and bytes on the disk after the last compaction; 0 is unknown.
#[derive(Clone, Copy, Serialize, Deserialize, Default, PartialEq, Debug)]
pub(super) struct Measured {
    pub(super) live: u64,
    pub(super) compacted: u64,
}

impl Measured {
    pub(super) const KEY: &[u8] = b"measured";

    fn of(engine: &SledEngine) -> Result<Self, StoreError> {
        engine.get(Tree::Meta, Self::KEY).map(Self::read)
    }

    pub(super) fn read(bytes: Option<Vec<u8>>) -> Self {
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        serde_json::to_vec(&self).unwrap_or_default()
    }
}

fn beside(root: &Path, suffix: &str) -> PathBuf {
    root.join(format!("tree.{suffix}"))
}

/// Ends or takes back a swap that was stopped.
pub(super) fn mend(root: &Path) -> Result<(), StoreError> {
    let (tree, new, old) = (tree_path(root), beside(root, "new"), beside(root, "old"));
    if old.exists() && !tree.exists() {
        fs::rename(&old, &tree).and_then(|()| sync_dir(root)).map_err(io_at(&tree))?;
    }
    for left in [new, old].iter().filter(|left| left.exists()) {
        fs::remove_dir_all(left).map_err(io_at(left))?;
    }
    Ok(())
}

/// Whether the trees take more than three times what is in them, or are simply large. What is in them is counted by the daily
/// upkeep: it would hold up a start.
pub(super) fn is_due(engine: &SledEngine) -> Result<bool, StoreError> {
    Ok(due(engine.size_on_disk()?, Measured::of(engine)?))
}

fn due(size: u64, last: Measured) -> bool {
    let is_hollow = size > SMALL && last.live > 0 && size > last.live.saturating_mul(3);
    is_hollow || (size > LARGE && size > last.compacted.saturating_mul(2))
}

/// Writes the trees anew beside the old ones, which stay in force.
pub(super) fn write_anew(root: &Path, old: &SledEngine, probe: &Probe) -> Result<(), StoreError> {
    let at = |step: Step| probe.at(step).map_err(io_at(root));
    let path = beside(root, "new");
    private_dir(&path)?;
    at(Step::CompactBegun)?;
    let new = contained(&path, None, Probe::default())?;
    let copied = copy(old, &new)?;
    let measured = Measured { live: copied.live, compacted: new.size_on_disk()? };
    let entry = BTreeMap::from([(b"measured".to_vec(), Some(measured.to_bytes()))]);
    new.write(&BTreeMap::from([(Tree::Meta, entry)]), false)?;
    new.barrier()?;
    at(Step::CompactCopied)?;
    drop(new);
    wait_until_closed(&path)?;
    // What counts is what can be read again.
    let again = contained(&path, None, Probe::default())?;
    let found = digest(&again)?;
    drop(again);
    wait_until_closed(&path)?;
    if found != copied {
        return Err(StoreError::Damaged {
            tree: path.display().to_string(),
            detail: "the compacted copy does not read back; the old one stays in force".into(),
        });
    }
    Ok(())
}

/// Puts what [`write_anew`] wrote into force. Nobody may have the trees open.
pub(super) fn swap(root: &Path, probe: &Probe) -> Result<(), StoreError> {
    let at = |step: Step| probe.at(step).map_err(io_at(root));
    let (tree, new, old) = (tree_path(root), beside(root, "new"), beside(root, "old"));
    wait_until_closed(&tree)?;
    // Readers copy between two commits; this is one.
    let between = private_file(&between_path(root)).map_err(io_at(root))?;
    let _ = between.lock();
    fs::rename(&tree, &old).map_err(io_at(&tree))?;
    at(Step::CompactAside)?;
    fs::rename(&new, &tree).and_then(|()| sync_dir(root)).map_err(io_at(&tree))?;
    at(Step::CompactSwapped)?;
    let _ = between.unlock();
    fs::remove_dir_all(&old).map_err(io_at(&old))
}

/// What was copied: all of it has to be found again.
#[derive(PartialEq)]
struct Copied {
    live: u64,
    hash: blake3::Hash,
}

fn copy(old: &SledEngine, new: &SledEngine) -> Result<Copied, StoreError> {
    walk(old, |tree, entries| {
        let mut batch = sled::Batch::default();
        for (key, value) in entries {
            batch.insert(key, value);
        }
        new.tree(tree).apply_batch(batch).map_err(|e| new.error(e))
    })
}

fn digest(engine: &SledEngine) -> Result<Copied, StoreError> {
    walk(engine, |_, _| Ok(()))
}

fn walk(
    engine: &SledEngine,
    mut each: impl FnMut(Tree, &[(sled::IVec, sled::IVec)]) -> Result<(), StoreError>,
) -> Result<Copied, StoreError> {
    let (mut live, mut hasher) = (0, blake3::Hasher::new());
    for tree in Tree::ALL {
        let mut entries = engine.tree(tree).iter();
        loop {
            let batch: Vec<_> = entries.by_ref().take(BATCH).collect::<Result<_, _>>().map_err(|e| engine.error(e))?;
            if batch.is_empty() {
                break;
            }
            for (key, value) in batch.iter().filter(|(key, _)| (tree, &key[..]) != (Tree::Meta, b"measured")) {
                live += (key.len() + value.len()) as u64;
                hasher.update(&[tree as u8]);
                for part in [key, value] {
                    hasher.update(&(part.len() as u64).to_be_bytes());
                    hasher.update(part);
                }
            }
            each(tree, &batch)?;
        }
    }
    Ok(Copied { live, hash: hasher.finalize() })
}

/// sled's threads write by path: a directory may be moved only when they have let go of it, which their lock tells.
fn wait_until_closed(tree: &Path) -> Result<(), StoreError> {
    let path = tree.join("db");
    let file = File::open(&path).map_err(io_at(&path))?;
    for _ in 0..200 {
        if file.try_lock().is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    Err(StoreError::Invalid(format!("{}: still in use after 5 seconds; not compacted", tree.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_when_little_of_the_room_is_used_or_the_store_is_large() {
        let gib = 1 << 30;
        let measured = |live, compacted| Measured { live, compacted };
        assert!(due(400 << 20, measured(100 << 20, 0)));
        assert!(!due(200 << 20, measured(100 << 20, 0)));
        assert!(!due(400 << 20, measured(0, 0)), "never counted");
        assert!(!due(10 << 20, measured(1 << 20, 0)), "too small to be worth it");
        assert!(due(3 * gib, measured(2 * gib, gib)));
        assert!(!due(3 * gib, measured(2 * gib, 2 * gib)), "as large as it has to be");
    }
}
