//! What somebody leaves for a store that another process has open: one file each in `inbox/`, taken in by whoever writes the store.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::StoreError;
use super::files::{io_at, private_dir, write_durably};
use crate::drift::{ContextId, OperationalContext};
use crate::safety::Tainted;

/// One errand.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    Put { context: Box<OperationalContext>, actor: Tainted },
    End { id: ContextId, at: Timestamp, actor: Tainted },
}

/// More than this is no errand of ours.
const BYTES_MAX: u64 = 64 << 10;

fn directory(store: &Path) -> PathBuf {
    store.join("inbox")
}

/// Durable when it returns.
///
/// # Errors
/// [`StoreError::Io`] when it cannot be written.
pub fn leave(store: &Path, left: &Left) -> Result<(), StoreError> {
    let directory = directory(store);
    private_dir(&directory)?;
    let path = directory.join(format!("{}.json", Ulid::generate()));
    let text = serde_json::to_vec(left).map_err(|e| StoreError::Invalid(e.to_string()))?;
    write_durably(&path, &text).map_err(io_at(&path))
}

/// What lies there, in the order in which it was left.
pub(super) fn waiting(store: &Path) -> Vec<(PathBuf, Option<Left>)> {
    let Ok(entries) = fs::read_dir(directory(store)) else { return vec![] };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort();
    let read = |path: &PathBuf| {
        let is_file = fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && about.len() <= BYTES_MAX);
        let text = is_file.then(|| fs::read(path).ok()).flatten()?;
        serde_json::from_slice(&text).ok()
    };
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}
