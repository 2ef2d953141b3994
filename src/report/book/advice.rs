//! Advice on the page: what reads the same stands once, with the drifts it is for; what is to be done about each stands beside them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;

use super::Book;
use crate::drift::{DriftEvent, Prediction, Priority, Recommendation, ResolutionType};
use crate::safety::escape::html as plain;

/// The time as the page tells it.
type Moment<'a> = &'a dyn Fn(Timestamp) -> String;

/// Advice that reads the same but for what is done about each drift.
struct Group<'a> {
    head: String,
    priority: Priority,
    drifts: usize,
    /// What is to be done, and about which.
    parts: BTreeMap<String, Vec<&'a DriftEvent>>,
}

/// The most urgent first.
pub(super) fn write(book: &Book, now: Timestamp, moment: Moment<'_>, out: &mut dyn Write) -> io::Result<()> {
    let all = grouped(&book.drifts, now, moment);
    if all.is_empty() {
        writeln!(out, "<p>None.</p>")?;
    }
    for Group { head, parts, .. } in all {
        write!(out, "{head}")?;
        for (body, drifts) in parts {
            write!(out, "{body}<dl><dt>for<dd>")?;
            for event in drifts {
                write!(out, "<a class=v href=\"#d-{}\">{}</a> ", event.id, plain(event.resource.resource_id.raw()))?;
            }
            writeln!(out, "</dl>")?;
        }
    }
    Ok(())
}

fn grouped<'a>(drifts: &'a [DriftEvent], now: Timestamp, moment: Moment<'_>) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<String, Group<'_>> = BTreeMap::new();
    for event in drifts {
        for one in &event.recommendations {
            let head = head(one, now);
            let group = groups.entry(head.clone()).or_insert_with(|| Group {
                head,
                priority: one.priority,
                drifts: 0,
                parts: BTreeMap::new(),
            });
            group.drifts += 1;
            group.parts.entry(body(one, now, moment)).or_default().push(event);
        }
    }
    let mut all: Vec<_> = groups.into_values().collect();
    all.sort_by_key(|one| (Reverse(one.priority), Reverse(one.drifts)));
    all
}

/// What it is, and how it stands.
fn head(advice: &Recommendation, now: Timestamp) -> String {
    let (kind, priority) = (advice.recommendation_type.as_str().replace('_', " "), advice.priority.as_str());
    let class = priority.to_uppercase();
    let rationale = plain(advice.rationale.raw());
    let mut text = format!("<h3><span class={class}>{class}</span> {}</h3><p>{rationale}</p>\n", plain(&kind));
    let mut say = |words: &str| text.push_str(&format!("<p>{}</p>\n", plain(words)));
    if let Some(veto) = &advice.vetoed {
        say(&format!("Vetoed: the policy {} forbids it: {}", veto.policy.raw(), veto.reason.raw()));
    }
    match advice.dismissal() {
        Some(dismissed) => say(&dismissed),
        None if advice.is_stale(now) && advice.implemented_at.is_none() => {
            say("Stale: it is too old to be followed; analyse the drift anew.");
        }
        None => {}
    }
    if let Some(veto) = &advice.objection {
        say(&veto.objection());
    }
    let mut facts = String::from("<dl>");
    let mut fact = |name: &str, words: &str| facts.push_str(&format!("<dt>{name}<dd>{}", plain(words)));
    fact("takes", advice.estimated_effort.as_str());
    if let Some(score) = advice.success() {
        fact("success", &score.to_string());
    }
    fact("given by", &advice.giver());
    if let Some(policy) = &advice.policy {
        fact("policy", policy.raw());
    }
    if let Some(settles) = advice.resolution_type() {
        fact("following it", if settles == ResolutionType::Accepted { "accepts it" } else { "resolves it" });
    }
    advice.risk_assessment.potential_impacts.iter().for_each(|impact| fact("risk", impact.raw()));
    if let Some(result) = advice.implementation_result.as_ref().filter(|_| advice.dismissal().is_none()) {
        fact("what became of it", result.raw());
    }
    format!("{text}{facts}</dl>\n")
}

/// What is to be done about a drift, from when until when; nothing is, where nobody may follow it.
fn body(advice: &Recommendation, now: Timestamp, moment: Moment<'_>) -> String {
    let mut text = format!("<dl><dt>given<dd>{}", plain(&moment(advice.created_at)));
    let mut time = |name: &str, at: Option<Timestamp>| {
        text.push_str(&at.map(|at| format!("<dt>{name}<dd>{}", plain(&moment(at)))).unwrap_or_default());
    };
    time("expires", advice.expires_at);
    time("accept until", advice.accept_until);
    text.push_str("</dl>\n");
    if advice.refusal(now).is_some() && advice.implemented_at.is_none() {
        return text;
    }
    if !advice.implementation_steps.is_empty() {
        let steps = advice.implementation_steps.iter().map(|step| format!("<li><code>{}</code>\n", plain(step.raw())));
        text.push_str(&format!("<ol>\n{}</ol>\n", steps.collect::<String>()));
    }
    if let Some(patch) = &advice.patch {
        let lines: Vec<String> = patch.multiline().iter().map(|line| plain(line)).collect();
        text.push_str(&format!("<pre>{}</pre>\n", lines.join("\n")));
    }
    let predicted: Vec<String> = advice.predicted.iter().flat_map(Prediction::lines).map(|line| plain(&line)).collect();
    if !predicted.is_empty() {
        text.push_str(&format!("<dl><dt>afterwards<dd>{}</dl>\n", predicted.join("<dt>afterwards<dd>")));
    }
    text
}
