//! Bodies too large for the tree: one file each, named by the hash of its content, so that equal bodies are kept once.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::StoreError;
use super::files::{io_at, private_dir, sync_dir, write_durably};

/// The BLAKE3 hash of an object's bytes.
pub(super) type ObjectHash = [u8; 32];

/// The directory `objects/ab/cdef…`.
pub(super) struct Objects {
    /// None: everything lies in the tree, however large.
    root: Option<PathBuf>,
    /// What was put while somebody looks for unused ones; `None` when nobody does.
    recent: Mutex<Option<HashSet<ObjectHash>>>,
}

impl Objects {
    pub(super) fn new(store: &Path) -> Self {
        Self { root: Some(store.join("objects")), recent: Mutex::default() }
    }

    /// Where values of any size lie well.
    pub(super) fn inline() -> Self {
        Self { root: None, recent: Mutex::default() }
    }

    /// Whether large bodies belong here.
    pub(super) fn takes_large(&self) -> bool {
        self.root.is_some()
    }

    fn root(&self) -> Result<&Path, StoreError> {
        self.root.as_deref().ok_or_else(|| StoreError::Invalid("large bodies lie in the tree here".into()))
    }

    fn path(&self, hash: &ObjectHash) -> Result<PathBuf, StoreError> {
        let hex = blake3::Hash::from_bytes(*hash).to_hex();
        Ok(self.root()?.join(&hex[..2]).join(&hex[2..]))
    }

    fn recent(&self) -> MutexGuard<'_, Option<HashSet<ObjectHash>>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on, or no longer, what is put is noted.
    pub(super) fn note_puts(&self, on: bool) {
        *self.recent() = on.then(HashSet::new);
    }

    /// Removes an object, unless it was put again meanwhile.
    pub(super) fn remove_unless_put(&self, hash: &ObjectHash) -> bool {
        let recent = self.recent();
        let is_unused = recent.as_ref().is_some_and(|recent| !recent.contains(hash));
        is_unused && self.path(hash).is_ok_and(|path| fs::remove_file(path).is_ok())
    }

    fn files(&self) -> impl Iterator<Item = (String, PathBuf)> {
        let dirs = self.root.iter().filter_map(|root| fs::read_dir(root).ok()).flatten().flatten();
        dirs.flat_map(|dir| {
            let start = dir.file_name().to_string_lossy().into_owned();
            let files = fs::read_dir(dir.path()).into_iter().flatten().flatten();
            files.map(move |file| (format!("{start}{}", file.file_name().to_string_lossy()), file.path()))
        })
    }

    /// Every object there is.
    pub(super) fn all(&self) -> Vec<ObjectHash> {
        self.files().filter_map(|(name, _)| blake3::Hash::from_hex(&name).ok()).map(|hash| *hash.as_bytes()).collect()
    }

    /// What a crash left of a write. Nobody may be putting.
    pub(super) fn remove_unfinished(&self) {
        for (_, path) in self.files().filter(|(name, _)| blake3::Hash::from_hex(name).is_err()) {
            let _ = fs::remove_file(path);
        }
    }

    /// Keeps `content`; it is on the disk when this returns, before anything can refer to it.
    pub(super) fn put(&self, content: &[u8]) -> Result<ObjectHash, StoreError> {
        let hash = *blake3::hash(content).as_bytes();
        if let Some(recent) = &mut *self.recent() {
            recent.insert(hash);
        }
        let (root, path) = (self.root()?, self.path(&hash)?);
        if path.exists() {
            return Ok(hash);
        }
        let dir = path.parent().unwrap_or(root);
        if !dir.exists() {
            private_dir(dir)?;
            sync_dir(root).map_err(io_at(root))?;
        }
        write_durably(&path, content).map_err(io_at(&path))?;
        Ok(hash)
    }

    /// The content, which is what it was when it was put, or an error.
    pub(super) fn get(&self, hash: &ObjectHash) -> Result<Vec<u8>, StoreError> {
        let path = self.path(hash)?;
        let content = fs::read(&path).map_err(io_at(&path))?;
        if blake3::hash(&content).as_bytes() == hash {
            Ok(content)
        } else {
            let detail = format!("{} does not hold what its name says", path.display());
            Err(StoreError::Damaged { tree: "objects".into(), detail })
        }
    }

    /// Reads every object: how many there are, and a sentence for each that is not what its name says.
    pub(super) fn check_all(&self) -> (u64, Vec<String>) {
        let (mut count, mut faults) = (0, Vec::new());
        for hash in self.all() {
            // One that went away meanwhile was one that nobody referred to.
            match self.get(&hash) {
                Err(_) if self.path(&hash).is_ok_and(|path| !path.exists()) => continue,
                outcome => faults.extend(outcome.err().map(|e| e.to_string())),
            }
            count += 1;
        }
        (count, faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_reads_back_or_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        private_dir(&dir.path().join("objects")).unwrap();
        let objects = Objects::new(dir.path());
        let hash = objects.put(b"body").unwrap();
        assert_eq!(objects.put(b"body").unwrap(), hash);
        assert_eq!(objects.get(&hash).unwrap(), b"body");
        fs::write(objects.path(&hash).unwrap(), b"bodY").unwrap();
        assert!(matches!(objects.get(&hash), Err(StoreError::Damaged { .. })));
    }
}
