//! The last line of defence of the log: every line once more through redaction and sanitiser.

use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use serde_json::Value;

use crate::safety::{Redactor, sanitise};

/// A line of a log takes no more; the rest of a longer one is dropped, and said so.
const MAX_LINE: usize = 64 * 1024;

/// Passes whole lines on, cleaned. Runs on the log's own thread.
pub(super) struct Scrubbed<W> {
    inner: W,
    redactor: Redactor,
    directory: PathBuf,
    /// The UTC day whose file was made private; a new day is a new file.
    private_day: i64,
}

impl<W: Write> Scrubbed<W> {
    pub fn new(inner: W, directory: PathBuf) -> Self {
        // Marks in a log need not be comparable with those of the store: a key of this run's own.
        let seed = format!("{:?} {:?}", std::time::SystemTime::now(), std::process::id());
        Self { inner, redactor: Redactor::new(*blake3::hash(seed.as_bytes()).as_bytes()), directory, private_day: -1 }
    }

    /// The line as JSON again, its strings masked; what is no JSON becomes a message.
    fn clean(&self, line: &str) -> Vec<u8> {
        let value = match serde_json::from_str::<Value>(line) {
            Ok(value) if line.len() <= MAX_LINE => self.redactor.mask("log", &value, &[]).value().clone(),
            _ => {
                let head: String = line.chars().take(MAX_LINE / 4).collect();
                let text = sanitise::line(self.redactor.mask_text(&head).raw());
                serde_json::json!({ "message": text, "cut": head.len() < line.len() })
            }
        };
        let mut out = vec![];
        if sanitise::to_json_writer(&mut out, &value, false).is_err() {
            return vec![];
        }
        out.push(b'\n');
        out
    }

    /// The appender makes files with the process's umask; nobody else may read them.
    fn keep_private(&mut self) {
        let today = jiff::Timestamp::now().as_second().div_euclid(86_400);
        if today == self.private_day {
            return;
        }
        for entry in std::fs::read_dir(&self.directory).into_iter().flatten().flatten() {
            let private = entry.metadata().is_ok_and(|m| !m.is_file() || m.mode() & 0o077 == 0);
            if !private {
                // The directory is 0700 already: failing here leaves the file out of reach all the same.
                let _ = std::fs::set_permissions(entry.path(), std::fs::Permissions::from_mode(0o600));
            }
        }
        self.private_day = today;
    }
}

impl<W: Write> Write for Scrubbed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in String::from_utf8_lossy(bytes).lines().filter(|l| !l.is_empty()) {
            let clean = self.clean(line);
            self.inner.write_all(&clean)?;
        }
        self.keep_private();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
