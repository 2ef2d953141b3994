//! Whether an environment is still being scanned: the dead man's mark, and the words about its last and next scan.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Canvas;
use crate::drift::{Completeness, ScanStage, ScanSummary};
use crate::service::EnvironmentSummary;

/// So many intervals without a complete scan are too many.
const MISSED: u32 = 3;

/// When the last scan ended that saw everything. Of one that did not, the oldest of what its sources last gave.
pub fn last_complete(scan: &ScanSummary) -> Option<Timestamp> {
    if scan.stage == ScanStage::Done && scan.completeness == Completeness::Complete {
        return Some(scan.finished_at);
    }
    scan.sources.iter().map(|source| source.last_good).min().flatten()
}

/// After a time of the calendar, for a scan to be over that was due then.
const GRACE: Duration = Duration::from_secs(3600);

/// When an environment that is scanned at intervals is overdue if nothing happens: a whole interval after the scan that did not
/// come, or several after the last one that saw everything; where none ever did, after the environment was first seen here. `None`
/// where nothing is scanned by itself.
pub fn overdue_at(summary: &EnvironmentSummary) -> Option<Timestamp> {
    if summary.schedule.is_some() && summary.environment.is_active {
        return summary.next_scan.and_then(|next| later(next, GRACE));
    }
    let interval = summary.interval.filter(|_| summary.environment.is_active)?;
    let late = summary.next_scan.and_then(|next| later(next, interval));
    let complete = summary.last_scan.as_ref().and_then(last_complete).unwrap_or(summary.environment.created_at);
    let stale = interval.checked_mul(MISSED).and_then(|long| later(complete, long));
    [late, stale].into_iter().flatten().min()
}

fn later(at: Timestamp, by: Duration) -> Option<Timestamp> {
    at.checked_add(SignedDuration::try_from(by).ok()?).ok()
}

/// Since when it has been overdue; the frame is drawn again when it becomes so.
pub fn overdue(canvas: &mut Canvas<'_>, summary: &EnvironmentSummary) -> Option<Timestamp> {
    let at = overdue_at(summary)?;
    if at > canvas.model.now {
        canvas.wake_at(at);
        return None;
    }
    Some(at)
}

/// Of an environment that the configuration does not name any more; what was found in it can still be decided about.
pub fn removed(canvas: &Canvas<'_>, summary: &EnvironmentSummary) -> Option<&'static str> {
    summary.is_removed.then_some(if canvas.theme.is_ascii() { "x removed" } else { "× removed" })
}

/// `last complete scan 2m ago, next in 3m, every 5m`
pub fn sentence(canvas: &mut Canvas<'_>, summary: &EnvironmentSummary) -> String {
    let complete = summary.last_scan.as_ref().and_then(last_complete);
    let last = match complete.map(|at| canvas.age(at)) {
        None => "no complete scan yet".to_owned(),
        Some(age) if age == "now" => "last complete scan now".to_owned(),
        Some(age) => format!("last complete scan {age} ago"),
    };
    if summary.is_removed {
        return format!(
            "{last}; not in the configuration any more, so none comes; what was found can still be decided"
        );
    }
    if !summary.environment.is_active {
        return format!("{last}; inactive: the configuration says `active = false`, so none comes");
    }
    let next = match summary.next_scan {
        _ if summary.running.is_some() => ", one is running".to_owned(),
        Some(at) if at > canvas.model.now => format!(", next {}", canvas.until(at)),
        Some(_) => ", next is due".to_owned(),
        None if summary.interval.is_none() && summary.schedule.is_none() => ", none by itself".to_owned(),
        None => String::new(),
    };
    let every = match (&summary.schedule, summary.interval) {
        (Some(schedule), _) => format!(", at {}", schedule.line()),
        (None, Some(interval)) => format!(", every {}", length(interval)),
        (None, None) => String::new(),
    };
    format!("{last}{next}{every}")
}

fn length(interval: Duration) -> String {
    match interval.as_secs() {
        seconds if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}
