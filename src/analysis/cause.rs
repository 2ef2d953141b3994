//! Why it happened, as far as the drift itself tells. Without an audit log that is little: `unknown` is the honest answer unless
//! somebody left a word, or the change is of a kind that automation makes.
//!
//! Confidence: 0.90 when an annotation or tag states the cause in our own words (`driftguard/cause: configuration_error`);
//! 0.80 when one whose name asks for a reason names an incident by number or a vulnerability; 0.65 when it only says
//! "emergency" or the like; at most 0.60 for everything that is guessed from the kind of change.

use std::sync::LazyLock;

use regex::Regex;

use super::Facts;
use super::pack::normal;
use super::value::Test;
use crate::drift::path::{Step, parse};
use crate::drift::{Cause, CauseAnalysis, Change, DriftType, Score};

/// A cause, how sure, and the sentence that says why.
type Evidence = (Cause, Score, String);

/// The strongest evidence decides; all of it is told.
pub(super) fn find(facts: &Facts<'_>) -> CauseAnalysis {
    let mut evidence: Vec<Evidence> = facts.changes.iter().filter_map(stated).collect();
    evidence.extend(guessed(facts));
    evidence.sort_by_key(|(_, confidence, _)| std::cmp::Reverse(*confidence));
    evidence.dedup_by(|a, b| a.2 == b.2);
    let Some(&(cause_category, confidence_score, _)) = evidence.first() else {
        return CauseAnalysis {
            cause_category: Cause::Unknown,
            confidence_score: Score::ZERO,
            contributing_factors: vec!["Nothing in the drift says who changed it or why.".into()],
        };
    };
    CauseAnalysis {
        cause_category,
        confidence_score,
        contributing_factors: evidence.into_iter().take(5).map(|(_, _, sentence)| sentence.into()).collect(),
    }
}

/// A tag or annotation that came with the drift: its name and its text.
fn note(change: &Change) -> Option<(String, &str)> {
    let text = change.actual.as_ref()?.value().as_str()?;
    let path = normal(change.path.raw());
    let is_note = ["tags", "labels", "metadata.annotations", "metadata.labels"].iter().any(|p| path.starts_with(p));
    let name = parse(change.path.raw()).0.into_iter().rev().find_map(|step| match step {
        Step::Key(key) if !key.eq_ignore_ascii_case("value") => Some(key),
        Step::Identity(pairs) => pairs.into_iter().find(|(k, _)| k.eq_ignore_ascii_case("key")).map(|(_, v)| v),
        _ => None,
    })?;
    (is_note && name.len() <= 200).then_some((name, text))
}

fn stated(change: &Change) -> Option<Evidence> {
    static ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)reason|incident|ticket|emergency|break-?glass|hotfix|on-?call|change-?cause|justification")
            .ok()
    });
    static INCIDENT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)\b(?:incident|inc|outage|sev|pagerduty|pd)[-_ #:]*\d+").ok());
    static URGENT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)\b(?:emergency|hotfix|outage|break-?glass|incident)\b").ok());
    static DEFENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)\bCVE-\d{4}-\d{4,}|\b(?:quarantined?|compromised|isolated|security-incident)\b").ok()
    });
    let fits = |regex: &'static LazyLock<Option<Regex>>, text: &str| regex.as_ref().is_some_and(|r| r.is_match(text));
    let (name, text) = note(change)?;
    let says = |what: &str| {
        format!("The note `{name}` {what}: {}", change.actual.as_ref().map_or(String::new(), |m| m.inline(80)))
    };
    if matches!(name.as_str(), "driftguard/cause" | "driftguard:cause") {
        let cause = serde_json::from_value(text.into()).ok().filter(|c| *c != Cause::Unknown)?;
        return Some((cause, Score::percent(90), says("states the cause")));
    }
    let asked = fits(&ASKS, &name);
    if fits(&DEFENCE, text) || fits(&DEFENCE, &name) {
        return Some((
            Cause::SecurityResponse,
            Score::percent(if asked { 80 } else { 65 }),
            says("speaks of a threat"),
        ));
    }
    if fits(&INCIDENT, text) {
        return Some((Cause::EmergencyFix, Score::percent(if asked { 80 } else { 65 }), says("names an incident")));
    }
    (asked && fits(&URGENT, text)).then(|| (Cause::EmergencyFix, Score::percent(65), says("speaks of an emergency")))
}

/// What the kind of change suggests.
fn guessed(facts: &Facts<'_>) -> Vec<Evidence> {
    let mut evidence = vec![];
    let mut add = |cause, percent, sentence: &str| evidence.push((cause, Score::percent(percent), sentence.to_owned()));
    let all = |question: &dyn Fn(&Change, &str) -> bool| {
        !facts.changes.is_empty() && facts.changes.iter().all(|c| question(c, &normal(c.path.raw())))
    };
    if all(&|_, path| is_scaler_counter(path)) {
        add(Cause::AutomatedResponse, 60, "Only a counter differs that autoscalers move.");
    }
    if all(&|change, _| is_automation_tag(change.path.raw())) {
        add(Cause::AutomatedResponse, 60, "Only tags differ that cloud services and automation set.");
    }
    if facts.changes.iter().any(|c| c.path.raw().contains("kubectl.kubernetes.io/restartedAt")) {
        add(Cause::ManualTroubleshooting, 50, "Somebody restarted it by hand (`kubectl rollout restart`).");
    }
    if facts.changes.iter().any(|c| is_debug_setting(c, &normal(c.path.raw()))) {
        add(Cause::ManualTroubleshooting, 45, "A setting for debugging was turned on.");
    }
    let host_file = facts.resource.resource_type.raw().starts_with("local_") && facts.drift_type == DriftType::Modified;
    if host_file {
        add(Cause::ManualTroubleshooting, 30, "A file on this machine was edited in place.");
    }
    let closes = |c: &Change, _: &str| {
        Test::ClosesWorld.holds(
            c.path.raw(),
            c.declared.as_ref().map(|m| m.value()),
            c.actual.as_ref().map(|m| m.value()),
        )
    };
    if all(&closes) {
        add(Cause::SecurityResponse, 40, "Access from the whole internet was closed, and nothing else changed.");
    }
    evidence
}

fn is_scaler_counter(path: &str) -> bool {
    ["spec.replicas", "replicas", "desiredcapacity", "desiredcount", "nodecount", "targetcapacity", "initialnodecount"]
        .contains(&path)
        || path.ends_with(".desiredsize")
        || path.ends_with(".desiredcapacity")
}

fn is_automation_tag(path: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "aws:",
        "kubernetes.io/",
        "k8s.io/",
        "eks:",
        "elasticbeanstalk:",
        "c7n",
        "AutoTag",
        "goog-",
        "ms-resource",
        "karpenter.sh/",
    ];
    let keys: Vec<String> = parse(path)
        .0
        .into_iter()
        .flat_map(|step| match step {
            Step::Key(key) => vec![key],
            Step::Identity(pairs) => pairs.into_iter().map(|(_, v)| v).collect(),
            _ => vec![],
        })
        .collect();
    let in_tags = keys.first().is_some_and(|k| k.to_ascii_lowercase().starts_with("tag") || k == "labels");
    in_tags && keys.iter().any(|k| PREFIXES.iter().any(|p| k.starts_with(p)))
}

fn is_debug_setting(change: &Change, path: &str) -> bool {
    let named = path.contains("loglevel") || path.contains("debug") || path.ends_with("verbosity");
    let value = change.actual.as_ref().map(|m| m.value());
    named
        && value.is_some_and(|v| {
            v == true
                || v.as_str()
                    .is_some_and(|t| matches!(t.to_ascii_lowercase().as_str(), "debug" | "trace" | "true" | "1"))
        })
}
