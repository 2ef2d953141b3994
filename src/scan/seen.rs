//! Which live values were already compared and remembered, as hashes, so that an unchanged resource costs no masking.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::{PoisonError, RwLock};

use serde_json::Value;

/// Lives as long as the process, one per environment: 16 bytes per resource.
#[derive(Default)]
pub struct Seen(RwLock<HashMap<u64, u64>>);

impl Seen {
    /// Whether the resource was in sync and remembered with exactly this live value.
    pub(super) fn knows(&self, resource: u64, live: u64) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&resource) == Some(&live)
    }

    /// It is not in sync any more.
    pub(super) fn forget(&self, resource: u64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&resource);
    }

    pub(super) fn remember(&self, resource: u64, live: u64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(resource, live);
    }
}

/// A hash that is the same in every run of one process; never stored.
pub(super) fn hash_parts(parts: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// The hash of some bytes, at memory speed: it notices that they changed, and nobody gains by making it not.
pub(super) fn hash_bytes(bytes: &[u8]) -> u64 {
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(SPREAD);
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let hash = words.iter().fold(bytes.len() as u64, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let hash = mix(hash, u64::from_le_bytes(last));
    hash ^ (hash >> 32)
}

/// The hash of a value as it came; equal values of one reader have equal hashes.
pub(super) fn hash_value(value: &Value) -> u64 {
    struct Sponge(DefaultHasher);
    impl io::Write for Sponge {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut sponge = Sponge(DefaultHasher::new());
    // Neither the sponge nor a JSON value can fail to be written.
    let _ = serde_json::to_writer(&mut sponge, value);
    sponge.0.finish()
}
