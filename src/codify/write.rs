//! Puts an edit in place: in one step, and only where the file is still what the edit was worked out from.

use std::path::PathBuf;

use super::{Patch, read};

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("{file}: {why}")]
    Unreadable { file: PathBuf, why: String },
    #[error("{0} has changed meanwhile, so nothing was written: look at the edit again")]
    Changed(PathBuf),
    #[error("{file}: cannot be written: {why}; the file is as it was")]
    Failed { file: PathBuf, why: std::io::Error },
}

/// Writes the file anew beside itself and puts it in its place: a crash leaves the old or the new one. A link stays one.
///
/// # Errors
/// The file was changed by somebody else, or cannot be read or written; then it is as it was.
pub fn write(patch: &Patch) -> Result<(), WriteError> {
    let file = patch.file.clone();
    let now = read(&file).map_err(|why| WriteError::Unreadable { file: file.clone(), why })?;
    if now != patch.before {
        return Err(WriteError::Changed(file));
    }
    crate::config::replace(&file, &patch.after).map_err(|why| WriteError::Failed { file, why })
}
