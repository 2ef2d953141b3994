//! A file that is only there to be deleted: its room lets the last decisions reach a disk that has filled up.

use std::fs;
use std::path::{Path, PathBuf};

use super::files::private_file;

const SIZE: u64 = 8 << 20;

fn path(store: &Path) -> PathBuf {
    store.join("ballast")
}

/// Reserves the room, unless it is there or the disk has none to spare.
pub(super) fn reserve(store: &Path) {
    let path = path(store);
    if path.metadata().is_ok_and(|m| m.len() == SIZE) {
        return;
    }
    let reserved = private_file(&path).and_then(|file| {
        // Blocks, not just a length: a sparse file would keep no room at all.
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, SIZE).map_err(std::io::Error::from)
    });
    if reserved.is_err() {
        let _ = fs::remove_file(&path);
    }
}

/// Gives the room back; `true` when there was any.
pub(super) fn release(store: &Path) -> bool {
    fs::remove_file(path(store)).is_ok()
}
