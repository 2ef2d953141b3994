//! What tests share.

use std::path::PathBuf;

/// A path in the shared folder of recorded data beside the project. `None`, said aloud, when the folder is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let full = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")).join(path);
    if full.exists() {
        return Some(full);
    }
    eprintln!("SKIPPED: recorded data is not there: {}", full.display());
    None
}
