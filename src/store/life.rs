//! The life of a drift, without the disk: what a sighting and a decision make of it.

use jiff::Timestamp;

use super::StoreError;
use super::advising;
use super::record::{EventRecord, Standing};
use super::settling::{LAPSED, TOOK_OVER};
use crate::drift::{
    Analysis, AuditEntry, Change, Decision, DriftEvent, DriftId, Finding, Fingerprint, PropertyPath, Recommendation,
    ResolutionType, ResourceRef, State, TriageVerb,
};
use crate::safety::Tainted;

/// The audit trail's name for a drift that goes on as another one, for only what rules hide has changed.
pub(super) const CONTINUED: &str = "continued";
/// The audit trail's name for a drift that goes on at another address.
pub(super) const MOVED: &str = "moved";

/// Whether an entry of this name tells of a drift that goes on as another one.
pub(super) fn goes_on(action: &str) -> bool {
    [CONTINUED, MOVED].contains(&action)
}

/// Why it goes on at another address.
pub(super) fn moved(from: &Tainted, to: &Tainted) -> String {
    format!("its resource was moved in the state from {} to {}", from.line(), to.line())
}

/// The part of a drift that a decision is about; decisions about different parts do not stand in each other's way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Facet<'a> {
    State,
    Changes(&'a [PropertyPath]),
    /// The state and every change.
    Whole,
    Assignee,
    Cause,
    Notes,
    /// What people say of the advice, and have done of it.
    Advice,
    /// To this one.
    Link(DriftId),
    /// What it is found together with.
    Together,
    /// An undo, or something about more than this drift.
    None,
}

impl<'a> Facet<'a> {
    pub(super) fn of(entry: &'a AuditEntry) -> Self {
        match &entry.verb {
            // What became of a rule decides about the drifts that it hides from then on.
            None if entry
                .rule
                .as_ref()
                .is_some_and(|c| c.undoes.is_some() || entry.new_state != Some(State::Ignored)) =>
            {
                Self::None
            }
            None if entry.rule.is_some() => Self::State,
            None if entry.never_hide.is_some() || entry.remediation.is_some() => Self::None,
            None if goes_on(&entry.action) || [LAPSED, TOOK_OVER].contains(&entry.action.as_str()) => Self::None,
            // The system's own entries: closed, superseded, regressed, gone.
            None => Self::Whole,
            Some(TriageVerb::Assign { .. }) => Self::Assignee,
            Some(TriageVerb::Note { .. }) => Self::Notes,
            Some(TriageVerb::JudgeCause { .. }) => Self::Cause,
            Some(TriageVerb::Advise { .. } | TriageVerb::Tick { .. }) => Self::Advice,
            Some(TriageVerb::Link { to, .. } | TriageVerb::Unlink { to }) => Self::Link(*to),
            Some(TriageVerb::Split | TriageVerb::Rejoin) => Self::Together,
            Some(TriageVerb::NeverHide { .. } | TriageVerb::Undo { .. }) => Self::None,
            Some(TriageVerb::SettleChanges { paths, .. } | TriageVerb::ReopenChanges { paths }) => Self::Changes(paths),
            Some(TriageVerb::Reopen) => Self::Whole,
            Some(_) => Self::State,
        }
    }

    /// Whether both are about the same part.
    pub(super) fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::Changes(a), Self::Changes(b)) => a.iter().any(|path| b.contains(path)),
            (Self::Whole, Self::State | Self::Changes(_)) | (Self::State | Self::Changes(_), Self::Whole) => true,
            _ => self == other,
        }
    }
}

/// A drift seen for the first time; [`refresh`] counts the sighting.
pub(super) fn fresh(finding: &Finding, fingerprint: Fingerprint, id: DriftId, detected_at: Timestamp) -> EventRecord {
    let event = DriftEvent::first_seen(finding, fingerprint, id, detected_at);
    EventRecord {
        event,
        woken: false,
        gone: false,
        exempt: false,
        hidden_by: Vec::new(),
        hidden_until: None,
        by_changes: false,
        settled_until: None,
        links: Vec::new(),
    }
}

/// Takes over what a new sighting shows. The version is left alone: see [`differs`].
pub(super) fn refresh(event: &mut DriftEvent, finding: Finding, at: Timestamp) {
    event.last_seen = at.max(event.last_seen);
    event.seen_count += 1;
    event.unverified_count = finding.unverified_count();
    // Only the scan that saw it move knows from where.
    let previous_address = finding.resource.previous_address.or_else(|| event.resource.previous_address.take());
    event.resource = ResourceRef { previous_address, ..finding.resource };
    // Who made these changes is nobody's who made others. What rules hide is not among those of the event.
    let made = |one: &Change| finding.changes.iter().any(|new| new.path == one.path && new.actual == one.actual);
    let attribution = event.attribution.take().filter(|_| event.changes.iter().all(made));
    // Of the same changes a scan knows less than who looked around them.
    let same = event.changes.iter().all(made);
    let thought = Some(std::mem::take(&mut event.analysis.cause)).filter(|_| same);
    let temporal_context = thought.as_ref().and_then(|cause| cause.temporal_context.clone());
    let kept = thought.filter(|cause| cause.is_informed);
    let is_kept = kept.is_some();
    event.changes = finding.changes;
    event.tags = finding.tags;
    event.dependants = finding.dependants;
    event.analysis = finding.analysis;
    match kept {
        Some(cause) => event.analysis.cause = cause,
        // When it happened is no less known for a scan that did not ask.
        None => event.analysis.cause.temporal_context = temporal_context,
    }
    if let Some(attribution) = attribution {
        event.attribute(*attribution);
    }
    // Advice that has not changed keeps its age and what became of it. What people said is theirs.
    let (by_people, mut old): (Vec<_>, Vec<_>) =
        std::mem::take(&mut event.recommendations).into_iter().partition(|one| one.added_by.is_some());
    let stale = old.iter().any(|r| r.is_stale(at));
    if is_kept {
        old.iter_mut().filter(|advice| advice.is_stale(at)).for_each(|advice| renew(advice, at));
    } else if stale || !same_advice(&old, &finding.recommendations) {
        old = finding.recommendations.into_iter().map(|new| new.still_dismissed(&old)).collect();
    }
    event.recommendations = advising::kept(&by_people, old);
}

/// The same advice, for as long again.
fn renew(advice: &mut Recommendation, at: Timestamp) {
    let again = |end: Timestamp| at.checked_add(end.duration_since(advice.created_at)).ok();
    let (expires_at, until) = (advice.expires_at.and_then(again), advice.accept_until.and_then(again));
    // One that was renewed without its exception: that ends with the advice now, and never without an end.
    let until = until.filter(|until| *until > at).or(expires_at);
    advice.accept_until = advice.accept_until.and(until);
    (advice.created_at, advice.expires_at) = (at, expires_at);
}

/// Whether a person who saw `a` would see something else in `b`: then the version moves, else a decision made while a scan
/// ran would always come too late.
pub(super) fn differs(a: &DriftEvent, b: &DriftEvent) -> bool {
    a.resource != b.resource
        || a.changes != b.changes
        || (a.hidden_count, a.unverified_count) != (b.hidden_count, b.unverified_count)
        || !same_analysis(&a.analysis, &b.analysis)
        || a.recommendations != b.recommendations
}

fn same_analysis(a: &Analysis, b: &Analysis) -> bool {
    a.cause == b.cause && a.severity == b.severity && a.reasons == b.reasons
}

fn same_advice(old: &[Recommendation], new: &[Recommendation]) -> bool {
    let timeless = |r: &Recommendation| Recommendation {
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
        implemented_at: None,
        implementation_result: None,
        accept_until: None,
        settled_by: None,
        ..r.clone()
    };
    old.len() == new.len() && old.iter().zip(new).all(|(a, b)| timeless(a) == timeless(b))
}

/// Over, so that a new sighting means it has come back: closed, or set right by a decision and then gone.
pub(super) fn has_ended(s: &Standing) -> bool {
    let resolution = s.decision.as_ref().and_then(|d| d.resolution_type);
    let set_right = matches!(resolution, Some(ResolutionType::AutoRevert | ResolutionType::CodifyIac));
    s.state == State::Closed || (s.state == State::Resolved && s.gone && set_right)
}

/// What a verb makes of a standing that is effectively in `state` now. `decision` carries number, who, when and why.
/// `Ignore` and `Undo` reach beyond one drift and are not decided here.
pub(super) fn after_verb(
    standing: &Standing,
    state: State,
    verb: &TriageVerb,
    decision: Decision,
) -> Result<Standing, StoreError> {
    let now = decision.at;
    let next = match verb {
        TriageVerb::Assign { to } => return Ok(Standing { assignee: to.clone(), ..standing.clone() }),
        TriageVerb::Note { text } if text.raw().trim().is_empty() => return invalid("a note needs some text"),
        TriageVerb::Note { .. } => return Ok(Standing { note_count: standing.note_count + 1, ..standing.clone() }),
        TriageVerb::Split if standing.is_split => return invalid("it stands alone already"),
        TriageVerb::Rejoin if !standing.is_split => return invalid("nobody has taken it out of anything"),
        TriageVerb::Split | TriageVerb::Rejoin => {
            return Ok(Standing { is_split: *verb == TriageVerb::Split, ..standing.clone() });
        }
        TriageVerb::JudgeCause { cause, .. } => {
            return Ok(Standing { judged_cause: Some(*cause), ..standing.clone() });
        }
        _ if state == State::Closed => return invalid("the drift is closed; there is nothing left to decide"),
        TriageVerb::Acknowledge if state == State::Acknowledged => return invalid("it is already acknowledged"),
        TriageVerb::Acknowledge => decided(standing, State::Acknowledged, decision),
        TriageVerb::Snooze { until } if *until <= now => return invalid("a snooze must end in the future"),
        TriageVerb::Snooze { until } => decided(standing, State::Snoozed, Decision { until: Some(*until), ..decision }),
        TriageVerb::Resolve { resolution_type, until } => {
            let decision = resolution(decision, *resolution_type, *until)?;
            Standing { resolved_at: Some(now), ..decided(standing, State::Resolved, decision) }
        }
        TriageVerb::Reopen if state == State::Open => return invalid("it is already open"),
        TriageVerb::Reopen => standing.reopened(),
        TriageVerb::Advise { .. }
        | TriageVerb::Tick { .. }
        | TriageVerb::Ignore { .. }
        | TriageVerb::NeverHide { .. }
        | TriageVerb::Link { .. }
        | TriageVerb::Unlink { .. }
        | TriageVerb::Undo { .. } => {
            return invalid("not a decision about one drift");
        }
        TriageVerb::SettleChanges { .. } | TriageVerb::ReopenChanges { .. } => {
            return invalid("not a decision about a whole drift");
        }
    };
    // Whoever decides about an ignored drift wants to see it: no rule hides it again.
    Ok(Standing { exempt: standing.exempt || standing.state == State::Ignored, ..next })
}

fn decided(standing: &Standing, state: State, decision: Decision) -> Standing {
    Standing { state, decision: Some(decision), ..standing.reopened() }
}

/// A decision with what settles; refuses an end that makes no sense.
pub(super) fn resolution(d: Decision, kind: ResolutionType, until: Option<Timestamp>) -> Result<Decision, StoreError> {
    if until.is_some() && kind != ResolutionType::Accepted {
        return invalid("only an accepted drift can have an end");
    }
    if until.is_some_and(|until| until <= d.at) {
        return invalid("an exception must end in the future");
    }
    Ok(Decision { resolution_type: Some(kind), until, ..d })
}

fn invalid<T>(why: &str) -> Result<T, StoreError> {
    Err(StoreError::Invalid(why.into()))
}
