//! Logs: to files, never to the screen.
//!
//! JSON lines in `<state>/logs/driftguard.YYYY-MM-DD.log` (UTC days, the last 14 are kept); directories 0700, files 0600. What
//! is logged should name things and not quote them; the writer goes over every line once more all the same and takes out
//! secrets and characters that would act on the terminal of whoever reads the file.
//!
//! A line names the spans it was written in: the request (`request_id`, `trace_id`, `span_id`, `parent_id`), the scan of an
//! environment, the write to the store. With `log_spans` each span is a line of its own when it ends, with the time it took
//! (`time.busy` and `time.idle`): whatever collects the log has the traces with it.

mod level;
mod scrub;
mod seldom;
mod trace;

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::TryInitError;
use tracing_subscriber::{Layer, fmt, registry, reload};

pub use level::switch;
use scrub::Scrubbed;
use seldom::{Counting, Seldom};
pub use trace::{TRACEPARENT, Trace};

/// Days of logs to keep.
const DAYS: usize = 14;

/// Keep it until the program ends: dropping it writes what is still in the queue.
pub struct Guard {
    _worker: WorkerGuard,
    /// Without a thread for it, what is repeated is said no more and not counted.
    _counting: Option<Counting>,
    /// Where the log is.
    pub directory: PathBuf,
}

/// Why there is no log. Never fatal: show it as a notice and go on.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("no log: {0} cannot be used: {1}. Make it a directory of your own, or set XDG_STATE_HOME to one")]
    Directory(PathBuf, io::Error),
    #[error("no log: {0} belongs to another user. Remove it, or set XDG_STATE_HOME to a directory of your own")]
    Foreign(PathBuf),
    #[error("no log: the log file in {0} cannot be opened: {1}")]
    File(PathBuf, InitError),
    #[error("no log: {0:?} is no log level: {1}. Use error, warn, info, debug or trace")]
    Level(String, ParseError),
    #[error("the log level stays as it was, {0:?} cannot be set: {1}")]
    Switch(String, String),
    #[error("no log: logging was started twice: {0}")]
    Twice(TryInitError),
}

/// Starts logging. `state_dir`: driftguard's own directory for state; `level`: `info`, or a filter like `driftguard=debug`, which
/// [`switch`] replaces; `spans`: each span is a line when it ends.
pub fn init(state_dir: &Path, level: &str, spans: bool) -> Result<Guard, TelemetryError> {
    use tracing_subscriber::util::SubscriberInitExt;
    let filter = level::filter(level)?;
    let (writer, guard) = open(state_dir)?;
    let (filter, reload) = reload::Layer::new(filter);
    let closed = if spans { FmtSpan::CLOSE } else { FmtSpan::NONE };
    let seldom = Seldom::default();
    let lines = fmt::layer().json().with_span_events(closed).with_writer(writer).with_filter(seldom.clone());
    registry().with(filter).with(lines).try_init().map_err(TelemetryError::Twice)?;
    level::hold(level, move |filter| reload.reload(filter).map_err(|error| error.to_string()));
    Ok(Guard { _counting: seldom.count().ok(), ..guard })
}

fn open(state_dir: &Path) -> Result<(tracing_appender::non_blocking::NonBlocking, Guard), TelemetryError> {
    let directory = state_dir.join("logs");
    private_directory(state_dir)?;
    private_directory(&directory)?;
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("driftguard")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(&directory)
        .map_err(|e| TelemetryError::File(directory.clone(), e))?;
    let (writer, worker) = tracing_appender::non_blocking(Scrubbed::new(appender, directory.clone()));
    Ok((writer, Guard { _worker: worker, _counting: None, directory }))
}

/// Makes the directory, or makes an existing one of ours private. A link in its place is refused.
fn private_directory(path: &Path) -> Result<(), TelemetryError> {
    let fail = |error| TelemetryError::Directory(path.to_owned(), error);
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(fail)?;
    let found = std::fs::symlink_metadata(path).map_err(fail)?;
    if !found.is_dir() {
        return Err(fail(io::Error::from(io::ErrorKind::NotADirectory)));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(TelemetryError::Foreign(path.to_owned()));
    }
    if found.mode() & 0o077 != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).map_err(fail)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tracing::subscriber::with_default;

    use super::*;
    use crate::safety::vectors;

    /// Logs with `write` and returns the file's text.
    fn logged(write: impl FnOnce()) -> (tempfile::TempDir, String) {
        let home = tempfile::tempdir().unwrap();
        let (writer, guard) = open(&home.path().join("driftguard")).unwrap();
        let subscriber = tracing_subscriber::fmt().json().with_writer(writer).finish();
        with_default(subscriber, write);
        let directory = guard.directory.clone();
        drop(guard);
        let file = std::fs::read_dir(directory).unwrap().next().unwrap().unwrap().path();
        (home, std::fs::read_to_string(file).unwrap())
    }

    #[test]
    fn a_line_is_json_with_neither_secrets_nor_controls_in_it() {
        let (_home, text) = logged(|| {
            for (name, hostile) in vectors::terminal() {
                tracing::info!(vector = name, "{hostile}");
            }
            for (name, secret) in vectors::secrets() {
                tracing::warn!(vector = name, value = secret, "failed with {secret}");
            }
            tracing::error!("login failed: password=hunter22 end");
        });
        assert!(!text.chars().any(|c| c != '\n' && c.is_control()), "a control character is in the log");
        assert!(!text.contains('\u{202e}') && !text.contains("hunter22"));
        for (name, secret) in vectors::secrets() {
            let core = secret.rsplit(['/', '=', '\n']).find(|part| part.len() >= 8).unwrap_or(&secret);
            assert!(!text.contains(core), "{name}");
        }
        for line in text.lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        }
    }

    #[test]
    fn files_and_directories_are_private() {
        let (home, _) = logged(|| tracing::info!("x"));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        let logs = home.path().join("driftguard/logs");
        assert_eq!((mode(&home.path().join("driftguard")), mode(&logs)), (0o700, 0o700));
        for entry in std::fs::read_dir(&logs).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
    }

    #[test]
    fn a_place_that_cannot_hold_a_log_is_an_error_with_words() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("file"), "").unwrap();
        let error = open(&home.path().join("file")).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with("no log: ") && error.contains("XDG_STATE_HOME"), "{error}");
        std::fs::create_dir_all(home.path().join("state")).unwrap();
        symlink(home.path(), home.path().join("state/logs")).unwrap();
        assert!(open(&home.path().join("state")).is_err(), "a link is refused");
        assert!(matches!(init(home.path(), "a=b=c", false), Err(TelemetryError::Level(..))));
    }
}
