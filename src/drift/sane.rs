//! What no decision may say, whoever takes it: a name nobody can read, a time nobody will see, a text that is not there.

use jiff::{SignedDuration, Timestamp};

use super::{IgnoreRule, NewAdvice, TriageRequest, TriageVerb};
use crate::safety::{Tainted, is_plain_line, is_seen};

/// Characters of a name at most.
const NAME: usize = 255;
/// Characters of a text at most.
const TEXT: usize = 16 << 10;
/// Ten years: an exception that outlives them is none.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 3_653);

/// What of a request is not right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unfit {
    /// As in the JSON: `verb.snooze.until`.
    pub field: &'static str,
    /// A sentence.
    pub message: String,
}

impl TriageRequest {
    /// The first thing that is not right, whatever the drift.
    pub fn unfit(&self, now: Timestamp) -> Option<Unfit> {
        let reason = self.reason.as_ref().filter(|reason| !reason.raw().is_empty());
        let reason = reason.and_then(|reason| text("reason", "a reason", reason));
        reason.or_else(|| match &self.verb {
            TriageVerb::Snooze { until } => far("verb.snooze.until", *until, now),
            TriageVerb::Resolve { until, .. } => until.and_then(|until| far("verb.resolve.until", until, now)),
            TriageVerb::SettleChanges { until, .. } => {
                until.and_then(|until| far("verb.settle_changes.until", until, now))
            }
            TriageVerb::Assign { to: Some(to) } => name(to),
            TriageVerb::Note { text: note } => text("verb.note.text", "a note", note),
            TriageVerb::JudgeCause { features: Some(features), .. } if !features.is_sane() => {
                let message = "the evidence is too long, or holds what is no number".to_owned();
                Some(Unfit { field: "verb.judge_cause.features", message })
            }
            TriageVerb::Advise { advice } => advice_unfit(advice, now),
            TriageVerb::Link { note: Some(note), .. } => text("verb.link.note", "a note", note),
            TriageVerb::Ignore { rule } => rule_unfit(rule, now),
            _ => None,
        })
    }
}

/// Steps of advice at most.
const STEPS: usize = 30;

fn advice_unfit(advice: &NewAdvice, now: Timestamp) -> Option<Unfit> {
    let steps = || advice.steps.iter().find_map(|step| text("verb.advise.advice.steps", "a step", step));
    let field = "verb.advise.advice.steps";
    let many = || {
        let message = format!("advice has at most {STEPS} steps");
        (advice.steps.len() > STEPS).then_some(Unfit { field, message })
    };
    let until = advice.expires_at.and_then(|until| far("verb.advise.advice.expires_at", until, now));
    until
        .or_else(|| text("verb.advise.advice.rationale", "a rationale", &advice.rationale))
        .or_else(many)
        .or_else(steps)
}

fn rule_unfit(rule: &IgnoreRule, now: Timestamp) -> Option<Unfit> {
    rule.expires_at.and_then(|until| far("verb.ignore.rule.expires_at", until, now))
}

fn far(field: &'static str, until: Timestamp, now: Timestamp) -> Option<Unfit> {
    let is_far = until.duration_since(now) > LONGEST;
    let message = || format!("{until} is more than ten years ahead: nobody will look at it again then");
    is_far.then(|| Unfit { field, message: message() })
}

fn name(name: &Tainted) -> Option<Unfit> {
    let (text, field) = (name.raw(), "verb.assign.to");
    let unfit = |message: &str| Some(Unfit { field, message: message.to_owned() });
    match text {
        text if !is_seen(text) => unfit("somebody has a name: leave it out, or null, to assign it to nobody"),
        text if text.chars().count() > NAME => unfit("a name has at most 255 characters"),
        text if !is_plain_line(text) => unfit("a name must not hold control characters, line breaks or unseen ones"),
        _ => None,
    }
}

fn text(field: &'static str, what: &str, text: &Tainted) -> Option<Unfit> {
    let unfit = |message: String| Some(Unfit { field, message });
    match text.raw() {
        text if !is_seen(text) => unfit(format!("{what} needs some text that is seen")),
        text if text.len() > TEXT => unfit(format!("{what} has at most {TEXT} bytes")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::{DriftId, ResolutionType};

    fn field(verb: TriageVerb, reason: Option<&str>) -> Option<&'static str> {
        let (drift, actor) = (DriftId::generate(), "erin".into());
        let reason = reason.map(Tainted::from);
        let request = TriageRequest { drift, verb, reason, actor, expected_version: None, once: None };
        request.unfit("2026-11-22T00:00:00Z".parse().unwrap()).map(|unfit| unfit.field)
    }

    #[test]
    fn what_no_decision_may_say_is_named() {
        let until: Timestamp = "9999-12-30T00:00:00Z".parse().unwrap();
        let soon: Timestamp = "2027-11-22T00:00:00Z".parse().unwrap();
        let accept = |until| TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: Some(until) };
        let assign = |to: &str| TriageVerb::Assign { to: Some(to.into()) };
        let note = |text: &str| TriageVerb::Note { text: text.into() };
        assert_eq!(field(TriageVerb::Snooze { until }, None), Some("verb.snooze.until"));
        assert_eq!(field(accept(until), None), Some("verb.resolve.until"));
        assert_eq!((field(TriageVerb::Snooze { until: soon }, None), field(accept(soon), None)), (None, None));
        for bad in ["", "  ", "\u{200b}", "a\nb", "a\u{202e}b", &"n".repeat(256)] {
            assert_eq!(field(assign(bad), None), Some("verb.assign.to"), "{bad:?}");
        }
        assert_eq!(field(assign("Zoë ❤\u{fe0f}"), None), None);
        assert_eq!(field(TriageVerb::Assign { to: None }, None), None);
        assert_eq!(field(note("\u{200b}\u{2060}"), None), Some("verb.note.text"));
        assert_eq!(field(note("two\nlines"), Some("")), None);
        assert_eq!(field(TriageVerb::Acknowledge, Some("\u{3164}")), Some("reason"));
    }
}
