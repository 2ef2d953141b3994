//! The sentences, one function each.

use jiff::{SignedDuration, Timestamp};

use super::{EvidenceKind, Narrative, changed_at};
use crate::drift::{
    Attribution, Axis, Cause, Change, DriftDetail, DriftEvent, DriftType, OperationalContext, State, UserAttribution,
    action_words,
};
use crate::safety::{Masked, Tainted, sanitise};

/// Columns of a value, and of somebody else's text, in a sentence.
const VALUE: usize = 40;
const QUOTE: usize = 80;
/// So far into long texts it is looked where they differ, and so many characters before it they are shown.
const LOOKED_AT: usize = 4096;
const LEAD: usize = 12;
/// Changes and factors that are evidence by themselves.
const LISTED: usize = 3;
/// Others that are named.
const BRIEFLY: usize = 5;

pub(super) struct Telling<'a> {
    pub detail: &'a DriftDetail,
    pub contexts: &'a [OperationalContext],
    pub now: Timestamp,
    pub clock: &'a dyn Fn(Timestamp) -> String,
    pub narrative: Narrative,
}

impl Telling<'_> {
    pub fn what(&mut self) {
        let event = &self.detail.event;
        let name = format!("{} in {}", event.resource.resource_id.line(), event.environment);
        let text = match event.drift_type {
            DriftType::Deleted => format!("{name} is declared, and is not there any more."),
            DriftType::Added => format!("{name} is there, and no code declares it."),
            DriftType::Moved => match &event.resource.previous_address {
                Some(old) => format!("{name} was {} before: it has moved.", old.line()),
                None => format!("{name} has moved."),
            },
            DriftType::Modified => format!("{name} is not what its code says: {}.", differences(event)),
        };
        let mut on = listed(EvidenceKind::Change, &event.changes, change, |one| one.path.0.line());
        if on.is_empty() {
            on.push(self.sighting());
        }
        self.narrative.say(text, on);
    }

    fn sighting(&self) -> (EvidenceKind, String) {
        let event = &self.detail.event;
        let times = if event.seen_count == 1 { "once".into() } else { format!("{} times", event.seen_count) };
        let (first, last) = ((self.clock)(event.detected_at), (self.clock)(event.last_seen));
        let back = came_back(event).map_or(String::new(), |back| format!("; it {back}"));
        (EvidenceKind::Sighting, format!("first seen {first}, last seen {last}, {times}{back}"))
    }

    pub fn who(&mut self) {
        let event = &self.detail.event;
        let seen = (self.clock)(event.detected_at);
        let sighting = self.sighting();
        if let Some(by) = &event.attribution {
            let class = by.class.map_or(String::new(), |class| format!(", {},", class.words()));
            let likely = if by.is_certain() { "" } else { "probably " };
            let text = format!(
                "It was {likely}made by {}{class} at {} with {}{}.",
                by.actor.cell(QUOTE),
                (self.clock)(by.at),
                by.event.cell(VALUE),
                before(by.at, event.detected_at)
            );
            return self.narrative.say(text, [(EvidenceKind::Actor, audit_event(by)), sighting]);
        }
        let names: Vec<String> = event.analysis.changed_by.iter().take(LISTED).map(|name| name.cell(VALUE)).collect();
        if names.is_empty() {
            let since = event.analysis.cause.temporal_context.as_ref().and_then(|when| when.from);
            let text = match since {
                Some(since) => format!(
                    "It was first seen at {seen} and made after {}; nothing that was read says who made it.",
                    (self.clock)(since)
                ),
                None => format!("It was first seen at {seen}; nothing that was read says who made it, or when."),
            };
            return self.narrative.say(text, [sighting]);
        }
        let text = format!("It was first seen at {seen}; the resource itself names {} for it.", names.join(", "));
        let on = (EvidenceKind::Actor, format!("named by the resource: {}", names.join(", ")));
        self.narrative.say(text, [on, sighting]);
    }

    /// What weighs most of what went on; nothing is said where nothing did.
    pub fn meanwhile(&mut self) {
        let event = &self.detail.event;
        let at = changed_at(event);
        // Else only when it was seen is known.
        let (then, it) = match event.attribution {
            Some(_) => ("then", "it"),
            None => ("when it was first seen", "it was first seen"),
        };
        let mut around: Vec<&OperationalContext> = self.contexts.iter().collect();
        around.sort_by_key(|one| (one.context_type.rank(), apart(one.time_window.from, at), one.id));
        let Some(first) = around.first() else { return };
        let named = |one: &OperationalContext| {
            let id = one.context_data.id.as_ref().map_or(String::new(), |id| format!(" {}", id.cell(VALUE)));
            format!("{}{id}", one.context_type.words())
        };
        let impact = first.incident_impact.map_or(String::new(), |impact| format!(" of {} impact", impact.as_str()));
        let when = match first.time_window {
            window if window.holds(at) && !window.is_moment() => format!("was open {then}"),
            window => format!("came {}", offset(window.from, at, (then, it))),
        };
        let more = around.len() - 1;
        let more = if more == 0 { String::new() } else { format!(", and {more} more are near it") };
        let title = first.context_data.title.cell(QUOTE);
        let text = format!("The {}{impact} \"{title}\" {when}{more}.", named(first));
        let clock = self.clock;
        let told = |one: &&OperationalContext| {
            let title = one.context_data.title.cell(QUOTE);
            let from = if one.time_window.is_moment() { "at" } else { "from" };
            format!("{}, {from} {}: {title}", named(one), clock(one.time_window.from))
        };
        let brief = |one: &&OperationalContext| format!("{} \"{}\"", named(one), one.context_data.title.cell(VALUE));
        self.narrative.say(text, listed(EvidenceKind::Context, &around, told, brief));
    }

    pub fn why(&mut self) {
        let cause = &self.detail.event.analysis.cause;
        let mut on: Vec<_> =
            cause.contributing_factors.iter().take(LISTED).map(|one| (EvidenceKind::Factor, one.line())).collect();
        if on.is_empty() {
            on.push((EvidenceKind::Factor, "nothing speaks for any cause".into()));
        }
        on.extend(self.around_cause());
        let text = match cause.cause_category {
            Cause::Unknown => "Why it was made is not known.".to_owned(),
            category => format!("It looks like {} (confidence {}).", cause_words(category), cause.confidence_score),
        };
        self.narrative.say(text, on);
    }

    /// When, who and what a model says: of each what is known.
    fn around_cause(&self) -> Vec<(EvidenceKind, String)> {
        let DriftEvent { analysis, attribution, .. } = &self.detail.event;
        let when = analysis.cause.temporal_context.as_ref().map(|one| (EvidenceKind::When, one.words(self.clock)));
        let who = attribution.as_deref().and_then(|to| UserAttribution::of(Some(to), &analysis.changed_by));
        let who = who.map(|one| (EvidenceKind::Actor, one.words()));
        let model = analysis.cause.prediction.as_ref().map(|one| (EvidenceKind::Model, one.words(self.clock)));
        [when, who, model].into_iter().flatten().collect()
    }

    pub fn how_bad(&mut self) {
        let event = &self.detail.event;
        let (class, severity) = (event.severity_class(), event.severity());
        let worst = [
            (Axis::Security, severity.security),
            (Axis::Performance, severity.performance),
            (Axis::Cost, severity.cost),
            (Axis::Compliance, severity.compliance),
        ];
        // Of equals the first.
        let (axis, score) = worst.into_iter().rev().max_by_key(|(_, score)| *score).unwrap_or(worst[0]);
        // Of equals the first, too: as the advice and the pane beside it begin.
        let reasons = event.analysis.reasons.iter().rev().filter(|one| one.axis == axis);
        let reason = reasons.max_by_key(|one| one.score);
        let why = reason.map_or(String::new(), |one| format!(": {}", one.text.line()));
        let stop = if why.ends_with('.') { "" } else { "." };
        let text = format!("It is {} for {} ({score}){why}{stop}", class.as_str(), axis.as_str());
        let path =
            reason.and_then(|one| one.path.as_ref()).map_or(String::new(), |path| format!("{}: ", path.0.line()));
        let on = reason.map_or("no rule says anything of it".into(), |one| format!("{path}{}", one.text.line()));
        self.narrative.say(text, [(EvidenceKind::Reason, on)]);
    }

    /// What became of it, and what is advised.
    pub fn since(&mut self) {
        let event = &self.detail.event;
        let back = came_back(event).map_or(String::new(), |back| format!("It {back}. "));
        let decided =
            self.detail.history.iter().find(|one| one.verb.is_some() && one.success && one.undone_by.is_none());
        let advice = event.recommendations.iter().find(|one| one.refusal(self.now).is_none());
        // What was put aside is told where nothing else is advised.
        let advice = advice.or_else(|| event.recommendations.iter().find(|one| one.dismissal().is_some()));
        let mut on = vec![];
        let state = match (event.state_at(self.now), decided) {
            (State::Closed, _) => "It is over: a scan did not see it any more".to_owned(),
            (state, Some(entry)) => {
                let (who, what) = (entry.actor.cell(VALUE), action_words(&entry.action));
                let why = entry.reason.as_ref().map_or(String::new(), |why| format!(": {}", why.cell(QUOTE)));
                on.push((EvidenceKind::Decision, format!("number {} of the trail: {what} by {who}{why}", entry.seq)));
                let at = (self.clock)(entry.timestamp);
                format!("It is {}; the last decision was {who}'s, at {at}: {what}", state.as_str())
            }
            (state, None) => format!("It is {}, and nobody has decided anything", state.as_str()),
        };
        let advised = advice.filter(|_| event.state_at(self.now).needs_attention()).map(|one| {
            let kind = one.recommendation_type.as_str().replace('_', " ");
            on.push((EvidenceKind::Advice, format!("{kind}: {}", one.rationale.line())));
            let dismissed = one.dismissal().map_or(String::new(), |said| format!(", {}", sanitise::cell(&said, QUOTE)));
            format!("; the advice is: {kind}{dismissed}")
        });
        if on.is_empty() || !back.is_empty() {
            on.push(self.sighting());
        }
        self.narrative.say(format!("{back}{state}{}.", advised.unwrap_or_default()), on);
    }
}

/// The first of them as evidence of their own, and all others as one more: what a sentence counts is what it cites.
fn listed<T>(
    kind: EvidenceKind,
    all: &[T],
    told: impl Fn(&T) -> String,
    brief: impl Fn(&T) -> String,
) -> Vec<(EvidenceKind, String)> {
    let (first, rest) = all.split_at(all.len().min(LISTED));
    let mut on: Vec<_> = first.iter().map(|one| (kind, told(one))).collect();
    if !rest.is_empty() {
        let names: Vec<String> = rest.iter().take(BRIEFLY).map(brief).collect();
        let more = rest.len() - names.len();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        on.push((kind, format!("{} beside: {}{more}", rest.len(), names.join(", "))));
    }
    on
}

/// `came back twice`; `None`: it never did.
fn came_back(event: &DriftEvent) -> Option<String> {
    match event.regressions {
        0 => None,
        1 => Some("came back once".into()),
        times => Some(format!("came back {times} times")),
    }
}

/// `ingress is 0.0.0.0/0 where 10.0.0.0/8 is declared, and 2 more properties differ`
fn differences(event: &DriftEvent) -> String {
    let Some(first) = event.changes.first() else {
        return format!("{} properties differ, and rules hide all of them", event.hidden_count);
    };
    let rest = match event.changes.len() - 1 {
        0 => String::new(),
        1 => ", and one more property differs".into(),
        more => format!(", and {more} more properties differ"),
    };
    let (path, (declared, live)) = (first.path.0.line(), sides(first));
    format!("{path} is {live} where {declared} is declared{rest}")
}

fn change(one: &Change) -> String {
    let (declared, live) = sides(one);
    format!("{}: {declared} → {live}", one.path.0.line())
}

/// Declared and live. Long texts that begin alike are shown from shortly before they differ.
fn sides(one: &Change) -> (String, String) {
    let shown =
        |value: &Option<Masked>, width: usize| value.as_ref().map_or("nothing".to_owned(), |value| value.inline(width));
    let [declared, live] = [&one.declared, &one.actual].map(|value| shown(value, VALUE));
    if declared != live {
        return (declared, live);
    }
    let [before, after] = [&one.declared, &one.actual].map(|value| shown(value, LOOKED_AT));
    let alike = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    let tail = |text: &str| {
        let rest: String = text.chars().skip(alike.saturating_sub(LEAD)).collect();
        format!("…{}", sanitise::cell(&rest, VALUE - 1))
    };
    if before == after { (declared, live) } else { (tail(&before), tail(&after)) }
}

fn audit_event(by: &Attribution) -> String {
    let names = [&by.event, &by.source, &by.identity, &by.event_id];
    let names: Vec<String> = names.into_iter().map(Tainted::line).filter(|name| !name.is_empty()).collect();
    format!("{} ({})", names.join(", "), by.reason.line())
}

fn apart(a: Timestamp, b: Timestamp) -> SignedDuration {
    a.duration_since(b).abs()
}

/// `, 12 minutes before it was seen`; nothing where the clocks disagree.
fn before(made: Timestamp, seen: Timestamp) -> String {
    let length = seen.duration_since(made);
    if length < SignedDuration::from_secs(60) {
        String::new()
    } else {
        format!(", {} before it was first seen", long(length))
    }
}

/// `12 minutes before it`
fn offset(of: Timestamp, to: Timestamp, (then, it): (&str, &str)) -> String {
    let length = to.duration_since(of);
    match length {
        length if length.abs() < SignedDuration::from_secs(60) => format!("just {then}"),
        length if length.is_negative() => format!("{} after {it}", long(length.abs())),
        length => format!("{} before {it}", long(length)),
    }
}

fn long(length: SignedDuration) -> String {
    let (count, unit) = match length.as_secs() {
        ..7200 => (length.as_secs() / 60, "minute"),
        7200..172_800 => (length.as_secs() / 3600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

fn cause_words(cause: Cause) -> &'static str {
    match cause {
        Cause::EmergencyFix => "an emergency fix",
        Cause::ManualTroubleshooting => "somebody looking for a fault by hand",
        Cause::SecurityResponse => "an answer to a threat",
        Cause::ConfigurationError => "a mistake in configuring it",
        Cause::AutomatedResponse => "the work of a machine",
        Cause::Unknown => "nothing that is known",
    }
}
