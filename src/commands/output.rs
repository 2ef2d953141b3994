//! Where something written for people or programs goes.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;

/// Writes to a new file of the user alone, or to standard output. A file that is there is not overwritten by a mistyped name.
pub(super) fn to<T>(file: Option<&Path>, write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>) -> anyhow::Result<T> {
    match file.filter(|file| *file != Path::new("-")) {
        None => write(&mut io::stdout().lock()),
        Some(path) => {
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            let mut file = made.with_context(|| format!("{}: cannot be made", path.display()))?;
            let done = write(&mut file).with_context(|| format!("{}: cannot be written", path.display()))?;
            file.sync_all().with_context(|| format!("{}: cannot be written", path.display()))?;
            Ok(done)
        }
    }
}
