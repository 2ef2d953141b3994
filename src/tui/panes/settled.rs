//! What was decided about a single change, in its row.

use super::Canvas;
use crate::drift::{Change, DriftEvent};
use crate::tui::app::when;

/// The letter of a resolved drift, which it is a part of.
pub const SIGN: &str = "r";

/// `accepted by alice until Fri 2026-11-27 09:00 UTC`; `None`: it is open.
pub fn words(canvas: &Canvas<'_>, event: &DriftEvent, change: &Change) -> Option<String> {
    let model = canvas.model;
    let decision = &event.settled_change(&change.path, model.now)?.decision;
    let resolution = decision.resolution_type.map_or("settled", |resolution| resolution.as_str());
    let end = decision.until.map(|until| format!(" until {}", when::says(until, &model.zone))).unwrap_or_default();
    Some(format!("{resolution} by {}{end}", decision.by.cell(20)))
}

/// The frame is drawn again when the first of them ends.
pub fn wake(canvas: &mut Canvas<'_>, event: &DriftEvent) {
    let now = canvas.model.now;
    let ends = event.settled.iter().filter_map(|one| one.decision.until).filter(|until| *until > now);
    ends.min().into_iter().for_each(|at| canvas.wake_at(at));
}
