//! What a drift looks like in numbers: what a forest learns causes from. The same evidence always gives the same numbers.
//!
//! Whoever adds a column adds it at the end and counts the [version](VERSION) up: what was kept before is read [as it is now](as_now),
//! and models that were trained on another version keep silent. Logarithms are natural, of one more than the number; what is true is 1,
//! what is false or not known 0.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::around::{is_on, when};
use super::hand::{Hand, hand};
use super::nature::{closes, is_automation_tag, is_scaler_counter, opens};
use super::{Facts, Surroundings, commits, expected};
use crate::analysis::pack::normal;
use crate::drift::{ActorClass, CloudProvider, ContextType, DriftType, FeatureVector, Probabilities, Severity};

/// Of the columns below.
pub(in crate::analysis) const VERSION: u16 = 3;

/// The columns, in order.
pub(in crate::analysis) const NAMES: [&str; 63] = [
    // What the labelling functions make of it.
    "rules_emergency_fix",
    "rules_manual_troubleshooting",
    "rules_security_response",
    "rules_configuration_error",
    "rules_automated_response",
    "rules_unknown",
    // The drift itself.
    "is_modified",
    "is_deleted",
    "is_added",
    "is_moved",
    "changes_log",
    "security_critical_changes_log",
    "opens",
    "closes",
    "only_counters",
    "only_automation_tags",
    "expected_outside_code",
    "severity_security",
    "severity_performance",
    "severity_cost",
    "severity_compliance",
    // Where.
    "is_aws",
    "is_azure",
    "is_gcp",
    "is_kubernetes",
    "is_production",
    "about_access",
    "about_network",
    "about_compute",
    "about_storage",
    "about_database",
    "about_host_file",
    // Who.
    "is_attributed",
    "is_attributed_surely",
    "by_person",
    "by_machine",
    "by_console",
    "by_command_line",
    "by_iac",
    "by_service",
    "by_security_tool",
    "by_script",
    // When; 0 where nobody knows. Hours of UTC on a circle.
    "hour_sin",
    "hour_cos",
    "is_weekend",
    "on_call",
    "off_call",
    // What went on.
    "in_incident",
    "in_security_event",
    "after_alert",
    "in_maintenance",
    "at_deployment",
    // Before, and beside it.
    "code_moved",
    "returns_log",
    "taken_back_log",
    "alike_log",
    "same_hand_log",
    "is_said",
    // Commits of its block; since version 2.
    "commit_before",
    "commit_after",
    "commit_after_speaks_of_emergency",
    "commit_after_speaks_of_threat",
    // Seen to be taken back by the same hand; since version 3.
    "taken_back_by_same_hand_log",
];

/// How many columns a version had: the first of those of now. `None`: a later driftguard's.
pub(super) fn columns(version: u16) -> Option<usize> {
    match version {
        VERSION => Some(NAMES.len()),
        2 => Some(62),
        1 => Some(58),
        _ => None,
    }
}

/// As the columns are now, of what was kept when there were fewer: new ones come at the end, and what was not known is 0.
pub(in crate::analysis) fn as_now(features: &FeatureVector) -> Option<Vec<f64>> {
    let known = columns(features.version)?;
    let mut values = features.values.clone();
    let is_whole = values.len() == known && features.is_sane();
    values.resize(NAMES.len(), 0.0);
    is_whole.then_some(values)
}

/// One number for each of [`NAMES`].
pub(in crate::analysis) fn of(
    facts: &Facts<'_>,
    around: &Surroundings<'_>,
    rules: &Probabilities,
    severity: &Severity,
) -> FeatureVector {
    let yes = |is: bool| f64::from(u8::from(is));
    let log = |number: usize| (number as f64).ln_1p();
    let all = |holds: &dyn Fn(&str) -> bool| {
        yes(!facts.changes.is_empty() && facts.changes.iter().all(|change| holds(change.path.raw())))
    };
    let mut values = Vec::with_capacity(NAMES.len());
    values.extend(rules.all());
    values.extend(DriftType::ALL.map(|one| yes(facts.drift_type == one)));
    values.push(log(facts.changes.len()));
    values.push(log(facts.changes.iter().filter(|change| change.is_security_critical).count()));
    values.extend([yes(opens(facts)), yes(closes(facts))]);
    values.push(all(&|path| is_scaler_counter(&normal(path))));
    values.push(all(&is_automation_tag));
    values.push(yes(expected::of(facts).is_some()));
    values.extend([severity.security, severity.performance, severity.cost, severity.compliance].map(|s| s.as_f64()));
    let provider = facts.environment.cloud_provider;
    use CloudProvider::{Aws, Azure, Gcp, Kubernetes};
    values.extend([Aws, Azure, Gcp, Kubernetes].map(|one| yes(provider == one)));
    values.push(yes(facts.environment.is_production()));
    values.extend(kinds(facts.resource.resource_type.raw()).map(yes));
    let (to, by) = (around.attribution, hand(around));
    values.extend([yes(to.is_some()), yes(to.is_some_and(|to| to.is_certain()))]);
    values.extend([yes(by == Hand::Person), yes(by == Hand::Machine)]);
    values.extend(ActorClass::ALL.map(|class| yes(to.is_some_and(|to| to.class == Some(class)))));
    let at = when(around).map(|(_, until)| until);
    values.extend(clock(at));
    let on_call = at.and_then(|at| around.on_call?.holds(at));
    values.extend([yes(on_call == Some(true)), yes(on_call == Some(false))]);
    let kinds = [
        ContextType::Incident,
        ContextType::SecurityEvent,
        ContextType::Alert,
        ContextType::Maintenance,
        ContextType::Deployment,
    ];
    values.extend(kinds.map(|kind| yes(is_on(facts, around, kind))));
    let (past, burst) = (&around.past, &around.burst);
    values.push(yes(past.code_moved));
    values.extend([past.returns, past.taken_back, burst.alike, burst.same_hand].map(|n| log(n as usize)));
    values.push(yes(around.said.is_some()));
    values.extend(commits::signs(around).map(yes));
    values.push(log(to.map_or(0, |to| to.taken_back.len())));
    // As they are kept: what is trained on and what is asked about are the same numbers.
    let values = values.into_iter().map(|value| (value * 1e4).round() / 1e4).collect();
    FeatureVector { version: VERSION, values }
}

/// In the order of the `about_` columns.
fn kinds(resource_type: &str) -> [bool; 6] {
    let kind = resource_type.to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    [
        any(&["iam", "role", "policy", "user", "secret", "kms", "key_vault", "serviceaccount", "access"]),
        any(&[
            "security_group",
            "securitygroup",
            "firewall",
            "network",
            "route",
            "subnet",
            "vpc",
            "lb",
            "dns",
            "ingress",
        ]),
        any(&[
            "instance",
            "autoscaling",
            "ecs",
            "eks",
            "lambda",
            "function",
            "deployment",
            "cluster",
            "node",
            "machine",
        ]),
        any(&["s3", "bucket", "storage", "ebs", "volume", "disk", "efs"]),
        any(&["db", "rds", "sql", "dynamo", "redis", "elasticache", "database"]),
        kind.starts_with("local_"),
    ]
}

fn clock(at: Option<Timestamp>) -> [f64; 3] {
    let Some(at) = at.map(|at| at.to_zoned(TimeZone::UTC)) else { return [0.0; 3] };
    let hour = f64::from(at.hour()) + f64::from(at.minute()) / 60.0;
    let angle = hour / 24.0 * std::f64::consts::TAU;
    let weekend = at.weekday().to_monday_zero_offset() >= 5;
    [angle.sin(), angle.cos(), f64::from(u8::from(weekend))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_name_of_its_own_and_of_one_word() {
        let mut names = NAMES.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NAMES.len());
        assert!(NAMES.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    }

    #[test]
    fn what_older_versions_kept_lacks_only_the_last_columns() {
        for (version, columns) in [(1, 58), (2, 62), (VERSION, NAMES.len())] {
            let now = as_now(&FeatureVector { version, values: vec![0.5; columns] }).unwrap();
            assert_eq!((now.len(), now.iter().filter(|value| **value == 0.5).count()), (NAMES.len(), columns));
            assert_eq!(as_now(&FeatureVector { version, values: vec![0.5; columns - 1] }), None);
        }
        assert_eq!(as_now(&FeatureVector { version: VERSION + 1, values: vec![0.5; NAMES.len()] }), None);
    }

    #[test]
    fn the_same_time_of_day_is_the_same_place_on_the_circle() {
        let at = |text: &str| clock(Some(text.parse().unwrap()));
        let (friday, saturday) = (at("2026-11-20T18:00:00Z"), at("2026-11-21T18:00:00Z"));
        assert_eq!((friday[0], friday[1]), (saturday[0], saturday[1]));
        assert_eq!((friday[2], saturday[2], clock(None)), (0.0, 1.0, [0.0; 3]));
    }
}
