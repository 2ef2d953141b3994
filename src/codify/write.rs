//! Puts an edit in place: in one step, and only where the file is still what the edit was worked out from.

use std::path::PathBuf;

use super::file::read;
use super::{Edited, Patch};

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

/// Writes each file anew beside itself and puts it in its place: a crash leaves the old or the new one. A link stays one. Where one of
/// several cannot be written, those before it are put back.
///
/// # Errors
/// A file was changed by somebody else, or cannot be read or written; then all are as they were.
pub fn write(patch: &Patch) -> Result<(), WriteError> {
    for Edited { file, before, .. } in patch.files() {
        let now = read(file).map_err(|why| WriteError::Unreadable { file: file.clone(), why })?;
        if now != *before {
            return Err(WriteError::Changed(file.clone()));
        }
    }
    let mut done: Vec<&Edited> = vec![];
    for one in patch.files() {
        if let Err(why) = crate::config::replace(&one.file, &one.after) {
            // Whatever cannot be put back either is what somebody has to look at anyway.
            done.iter().for_each(|one| drop(crate::config::replace(&one.file, &one.before)));
            return Err(WriteError::Failed { file: one.file.clone(), why });
        }
        done.push(one);
    }
    Ok(())
}
