//! How much is logged, which can be switched while the process runs.

use std::sync::{Mutex, OnceLock, PoisonError};

use tracing_subscriber::EnvFilter;

use super::TelemetryError;

/// Says what is switched, whatever the level is.
const ALWAYS: &str = "driftguard::log";

/// What is in force, and how to put another in its place.
struct Switch {
    level: String,
    set: Box<dyn Fn(EnvFilter) -> Result<(), String> + Send>,
}

/// A process has one log.
static SWITCH: OnceLock<Mutex<Switch>> = OnceLock::new();

/// The filter of a level: `info`, or a filter like `driftguard=debug`.
///
/// A bare level is about driftguard. Libraries say no more than `info`: below that some write down requests with their headers,
/// session tokens among them, and the command lines they run.
pub(super) fn filter(level: &str) -> Result<EnvFilter, TelemetryError> {
    let ours = match level {
        "debug" | "trace" => format!("info,driftguard={level},{ALWAYS}=info"),
        other => format!("{other},{ALWAYS}=info"),
    };
    EnvFilter::try_new(ours).map_err(|e| TelemetryError::Level(level.to_owned(), e))
}

/// From now on `set` is how the level of the process's log is switched.
pub(super) fn hold(level: &str, set: impl Fn(EnvFilter) -> Result<(), String> + Send + 'static) {
    // Logging is started once.
    let _ = SWITCH.set(Mutex::new(Switch { level: level.to_owned(), set: Box::new(set) }));
}

/// Logs at another level from now on, and says so in the log. Gives whether it was another; `false` without a log.
///
/// # Errors
/// [`TelemetryError::Level`] when it is none; then everything stays as it is.
pub fn switch(level: &str) -> Result<bool, TelemetryError> {
    let Some(switch) = SWITCH.get() else { return Ok(false) };
    let mut switch = switch.lock().unwrap_or_else(PoisonError::into_inner);
    if switch.level == level {
        return Ok(false);
    }
    (switch.set)(filter(level)?).map_err(|why| TelemetryError::Switch(level.to_owned(), why))?;
    let before = std::mem::replace(&mut switch.level, level.to_owned());
    tracing::info!(target: ALWAYS, from = before, to = level, "the log level was switched");
    Ok(true)
}
