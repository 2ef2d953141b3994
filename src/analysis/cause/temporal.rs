//! When it happened, as data: between which moments, at which hours, and what went on then.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::around::{is_during, when};
use super::{Facts, Surroundings};
use crate::drift::{NearContext, OperationalContext, Overlap, TemporalContext};

/// Things that went on then, at most.
const MOST: usize = 5;

/// `None`: nothing says when.
pub(super) fn context(facts: &Facts<'_>, around: &Surroundings<'_>) -> Option<TemporalContext> {
    let span = around.attribution.map(|to| (to.at, to.at)).or(around.span)?;
    let (from, until) = span;
    let mut told = TemporalContext {
        from: Some(from),
        until,
        is_weekend: None,
        on_call: None,
        is_blurred: when(around).is_none(),
        near: vec![],
    };
    if told.is_blurred {
        return Some(told);
    }
    let zone = around.on_call.map_or(TimeZone::UTC, |on_call| on_call.zone.clone());
    let weekend = |at: Timestamp| at.to_zoned(zone.clone()).weekday().to_monday_zero_offset() >= 5;
    told.is_weekend = Some(weekend(until)).filter(|is| weekend(from) == *is);
    let on_call = |at: Timestamp| around.on_call.and_then(|on_call| on_call.holds(at));
    told.on_call = on_call(until).filter(|is| on_call(from) == Some(*is));
    told.near = near(facts, around.contexts, span);
    Some(told)
}

fn near(facts: &Facts<'_>, contexts: &[OperationalContext], span: (Timestamp, Timestamp)) -> Vec<NearContext> {
    let mut here: Vec<&OperationalContext> =
        contexts.iter().filter(|one| one.is_about(&facts.environment.slug)).collect();
    here.sort_by_key(|one| (offset(one, span).unsigned_abs(), one.context_type.rank(), one.id));
    let of = |one: &&OperationalContext| NearContext {
        context_type: one.context_type,
        title: one.context_data.title.clone(),
        id: one.context_data.id.clone(),
        incident_impact: one.incident_impact,
        temporal_offset: offset(one, span),
        overlap: (offset(one, span) == 0).then(|| if is_during(one, span) { Overlap::During } else { Overlap::Unsure }),
    };
    here.iter().take(MOST).map(of).collect()
}

/// Seconds from the drift to it; 0 where they have a moment in common.
fn offset(one: &OperationalContext, (from, until): (Timestamp, Timestamp)) -> i64 {
    match one.time_window.to {
        Some(to) if to < from => to.as_second() - from.as_second(),
        _ if one.time_window.from > until => one.time_window.from.as_second() - until.as_second(),
        _ => 0,
    }
}
