//! What goes on in an environment while it is looked at: maintenance, an incident, a security event.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Canvas;
use crate::drift::{ContextType, OperationalContext};
use crate::service::EnvironmentSummary;

/// What is open, what weighs most first; the frame is drawn again when that changes.
fn open<'a>(canvas: &mut Canvas<'_>, summary: &'a EnvironmentSummary) -> Vec<&'a OperationalContext> {
    let now = canvas.model.now;
    let lasting = || summary.contexts.iter().filter(|one| one.context_type.lasts());
    let edges = lasting().flat_map(|one| [Some(one.time_window.from), one.time_window.to]).flatten();
    // Just after it: both ends belong to a window.
    let after = |at: Timestamp| at.checked_add(jiff::SignedDuration::from_millis(1)).unwrap_or(at);
    if let Some(next) = edges.map(after).filter(|at| *at > now).min() {
        canvas.wake_at(next);
    }
    let mut open: Vec<&OperationalContext> = lasting().filter(|one| one.is_open(now)).collect();
    open.sort_by_key(|one| (one.context_type.rank(), one.time_window.from));
    open
}

/// `MAINT 04:00`, `INCIDENT`: for a row.
pub fn short(canvas: &mut Canvas<'_>, summary: &EnvironmentSummary) -> Option<String> {
    let first = open(canvas, summary).first().copied()?;
    let word = match first.context_type {
        ContextType::Maintenance => "MAINT",
        ContextType::SecurityEvent => "SECURITY",
        _ => "INCIDENT",
    };
    let end = first.time_window.to.map(|to| format!(" {}", to.to_zoned(canvas.model.zone.clone()).strftime("%H:%M")));
    Some(format!("{word}{}", end.unwrap_or_default()))
}

/// One for each, for the environment under the cursor.
pub fn sentences(canvas: &mut Canvas<'_>, summary: &EnvironmentSummary) -> Vec<String> {
    let open = open(canvas, summary);
    open.into_iter().map(|one| sentence(one, &canvas.model.zone)).collect()
}

/// `maintenance until 04:00: patching`, `incident since 02:10: database down`
pub fn sentence(one: &OperationalContext, zone: &TimeZone) -> String {
    let (word, at) = match one.time_window.to {
        Some(to) => ("until", to),
        None => ("since", one.time_window.from),
    };
    let at = at.to_zoned(zone.clone()).strftime("%H:%M");
    format!("{} {word} {at}: {}", one.context_type.words(), one.context_data.title.line())
}
