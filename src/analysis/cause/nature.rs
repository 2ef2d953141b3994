//! What the kind of change suggests, and nothing more: at most 0.75.

use super::vote::{Group, Vote};
use super::{Facts, expected};
use crate::analysis::pack::normal;
use crate::analysis::value::Test;
use crate::drift::path::{Step, parse};
use crate::drift::{Cause, Change, DriftType};
use crate::safety::Masked;

/// What the kind of change suggests.
pub(super) fn votes(facts: &Facts<'_>) -> Vec<Vote> {
    let mut votes = vec![];
    let mut add = |cause, alone, sentence: &str| votes.push(Vote::guess(Group::Nature, cause, alone, sentence));
    let all = |question: &dyn Fn(&Change, &str) -> bool| {
        !facts.changes.is_empty() && facts.changes.iter().all(|c| question(c, &normal(c.path.raw())))
    };
    if all(&|_, path| is_scaler_counter(path)) {
        add(Cause::AutomatedResponse, 0.60, "Only a counter differs that autoscalers move.");
    }
    if all(&|change, _| is_automation_tag(change.path.raw())) {
        add(Cause::AutomatedResponse, 0.60, "Only tags differ that cloud services and automation set.");
    }
    // RDS, MQ, ElastiCache: `auto_minor_version_upgrade` is on unless somebody says otherwise.
    if all(&|change, path| path.ends_with("engineversion") && is_later_minor(change)) {
        let sentence =
            "Only the engine's minor version differs, and the live one is later: the cloud upgrades those by itself.";
        add(Cause::AutomatedResponse, 0.75, sentence);
    }
    if facts.changes.iter().any(|c| c.path.raw().contains("kubectl.kubernetes.io/restartedAt")) {
        add(Cause::ManualTroubleshooting, 0.50, "Somebody restarted it by hand (`kubectl rollout restart`).");
    }
    if facts.changes.iter().any(|c| is_debug_setting(c, &normal(c.path.raw()))) {
        add(Cause::ManualTroubleshooting, 0.45, "A setting for debugging was turned on.");
    }
    let host_file = facts.resource.resource_type.raw().starts_with("local_") && facts.drift_type == DriftType::Modified;
    if host_file {
        add(Cause::ManualTroubleshooting, 0.30, "A file on this machine was edited in place.");
    }
    if closes(facts) {
        add(Cause::SecurityResponse, 0.40, "Access from the whole internet was closed, and nothing else changed.");
    }
    // Nobody expects what is in the code to be opened to everybody.
    if let Some(expected) = expected::of(facts).filter(|_| !opens(facts)) {
        add(Cause::AutomatedResponse, expected.alone(), &expected.sentence());
    }
    votes
}

/// Every change keeps the whole internet out where it was let in.
pub(super) fn closes(facts: &Facts<'_>) -> bool {
    !facts.changes.is_empty() && facts.changes.iter().all(|change| holds(Test::ClosesWorld, change))
}

/// Some change lets the whole internet in, or everybody do everything.
pub(super) fn opens(facts: &Facts<'_>) -> bool {
    facts.changes.iter().any(|change| holds(Test::OpensWorld, change) || holds(Test::GainsWildcard, change))
}

fn holds(test: Test, change: &Change) -> bool {
    let [declared, actual] = [&change.declared, &change.actual].map(|side| side.as_ref().map(Masked::value));
    test.holds(change.path.raw(), declared, actual)
}

/// Of two versions of an engine, the live one is a later release of the same line: `14.3` and `14.7`, `8.0.28` and `8.0.35`.
fn is_later_minor(change: &Change) -> bool {
    let numbers = |side: &Option<Masked>| -> Option<Vec<u32>> {
        let text = side.as_ref()?.value().as_str()?;
        text.split(|c: char| !c.is_ascii_digit())
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().ok())
            .collect()
    };
    let (Some(declared), Some(live)) = (numbers(&change.declared), numbers(&change.actual)) else { return false };
    // Below 10 the line has two numbers: 5.7 and 8.0 of MySQL, 9.5 and 9.6 of PostgreSQL.
    let line = if declared.first().is_some_and(|major| *major >= 10) { 1 } else { 2 };
    declared.len() > line && live.len() > line && declared[..line] == live[..line] && live[line..] > declared[line..]
}

pub(super) fn is_scaler_counter(path: &str) -> bool {
    ["spec.replicas", "replicas", "desiredcapacity", "desiredcount", "nodecount", "targetcapacity", "initialnodecount"]
        .contains(&path)
        || path.ends_with(".desiredsize")
        || path.ends_with(".desiredcapacity")
}

pub(super) fn is_automation_tag(path: &str) -> bool {
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
