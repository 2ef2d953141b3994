//! Times as people say them on the command line.

use anyhow::anyhow;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Session;
use crate::drift::query::moment;
use crate::safety::sanitise;

/// The zone in which a time without one is meant.
pub(super) fn zone(session: &Session) -> TimeZone {
    if session.settings().utc.value { TimeZone::UTC } else { TimeZone::system() }
}

/// What was given with `flag`; else what would be understood.
pub(super) fn at(text: &str, flag: &str, now: Timestamp, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    moment(text, now, zone).ok_or_else(|| {
        let said = sanitise::line(text);
        anyhow!("{flag} {said}: no time; now, -15m, +2h, 02:40 or 2026-11-21T02:40 would be understood")
    })
}
