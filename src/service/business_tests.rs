//! What the trail tells, entry by entry.

use super::*;

const DAY: i64 = 86_400;

/// An entry of so many seconds after 1970, about one drift.
fn entry(seq: u64, drift: DriftId, by: &str, verb: Option<TriageVerb>, action: &str) -> AuditEntry {
    let told = serde_json::json!({"seq": seq, "actor": by, "action": action, "drift": drift, "environment": "prod",
        "timestamp": Timestamp::from_second(i64::try_from(seq).unwrap() * DAY).unwrap(), "verb": verb});
    serde_json::from_value(told).unwrap()
}

fn resolve(resolution_type: ResolutionType) -> Option<TriageVerb> {
    Some(TriageVerb::Resolve { resolution_type, until: None })
}

/// The fates of what happened to one drift, a day each, oldest first.
fn fates_of(happened: &[(&str, Option<TriageVerb>)]) -> Vec<bool> {
    let drift = DriftId::generate();
    let entries = happened.iter().zip(1..).map(|((action, verb), seq)| {
        let by = if verb.is_some() { "alice" } else { "system" };
        entry(seq, drift, by, verb.clone(), action)
    });
    let mut history: Vec<AuditEntry> = entries.collect();
    history.reverse();
    fates(&history, Timestamp::UNIX_EPOCH)
}

#[test]
fn what_was_set_right_held_when_it_was_gone_and_stayed_away() {
    let codify = || ("resolve_drift", resolve(ResolutionType::CodifyIac));
    let (gone, back) = (|| ("gone", None), || ("regressed", None));
    assert_eq!(fates_of(&[codify(), gone()]), [true]);
    assert_eq!(fates_of(&[codify(), gone(), back()]), [false]);
    assert_eq!(fates_of(&[codify(), gone(), back(), codify(), gone()]), [false, true]);
    assert_eq!(fates_of(&[codify()]), [] as [bool; 0], "it is still there: nothing can be told");
    assert_eq!(fates_of(&[codify(), ("reopen", Some(TriageVerb::Reopen)), gone()]), [] as [bool; 0]);
    assert_eq!(fates_of(&[("resolve_drift", resolve(ResolutionType::Accepted)), gone()]), [] as [bool; 0]);
    assert_eq!(fates_of(&[("closed", None), back()]), [] as [bool; 0], "nobody had set it right");
}

#[test]
fn what_was_settled_before_the_days_or_taken_back_is_not_counted() {
    let drift = DriftId::generate();
    let mut settled = entry(1, drift, "alice", resolve(ResolutionType::AutoRevert), "resolve_drift");
    let gone = entry(2, drift, "system", None, "gone");
    let since = settled.timestamp;
    assert_eq!(fates(&[gone.clone(), settled.clone()], since), [true]);
    let later = Timestamp::from_second(since.as_second() + 1).unwrap();
    assert_eq!(fates(&[gone.clone(), settled.clone()], later), [] as [bool; 0]);
    settled.undone_by = Some(3);
    assert_eq!(fates(&[gone, settled], since), [] as [bool; 0]);
}

#[test]
fn people_are_counted_once_and_the_last_word_counts() {
    let (one, other) = (DriftId::generate(), DriftId::generate());
    let note = || Some(TriageVerb::Note { text: "seen".into() });
    // Columns of the first version.
    let mut evidence = vec![0.0; 58];
    evidence[Cause::EmergencyFix as usize] = 1.0;
    let judge = |cause| {
        let features = Some(FeatureVector { version: 1, values: evidence.clone() });
        Some(TriageVerb::JudgeCause { cause, features })
    };
    // The newest first.
    let mut refused = entry(8, one, "mallory", note(), "note");
    refused.success = false;
    let mut taken_back = entry(7, other, "bob", resolve(ResolutionType::Escalated), "resolve_drift");
    taken_back.undone_by = Some(9);
    let entries = vec![
        refused,
        taken_back,
        entry(6, other, "alice", Some(TriageVerb::Reopen), "reopen"),
        entry(5, other, "alice", resolve(ResolutionType::CodifyIac), "resolve_drift"),
        entry(4, one, "bob", resolve(ResolutionType::Accepted), "resolve_drift"),
        entry(3, one, "alice", judge(Cause::EmergencyFix), "judge_cause"),
        entry(2, one, "alice", judge(Cause::ConfigurationError), "judge_cause"),
        entry(1, one, "system", None, "closed"),
    ];
    let (mut trail, mut known) = (Trail::default(), HashSet::new());
    entries.into_iter().for_each(|entry| trail.add(entry, &mut known));
    assert_eq!((trail.people.len(), trail.acts), (2, 6), "{:?}", trail.people);
    assert_eq!(trail.causes_right(), Ratio { part: 1, of: 1 });
    assert_eq!(trail.noise(), Ratio { part: 0, of: 1 }, "what was opened again is neither");
    assert_eq!(trail.set_right, [other]);
}

#[test]
fn a_hardening_is_no_finding_and_nothing_is_told_of_what_no_control_names() {
    let change = |path: &str| {
        serde_json::json!({"path": path, "change_type": "modified", "declared": true, "actual": false,
            "is_security_critical": true})
    };
    let event = |direction: &str, path: &str| -> DriftEvent {
        let told = serde_json::json!({"id": DriftId::generate(), "version": 1, "environment": "prod",
            "fingerprint": "0".repeat(64), "drift_type": "modified", "changes": [change(path)],
            "resource": {"resource_type": "aws_db_instance", "resource_id": "db"},
            "hidden_count": 0, "unverified_count": 0, "recommendations": [], "dependants": 0, "tags": [],
            "analysis": {"cause": {"cause_category": "unknown", "confidence_score": 0.0, "contributing_factors": []},
                "severity": {"security": 0.0, "performance": 0.0, "cost": 0.0, "compliance": 0.0}, "reasons": [],
                "direction": direction, "analyzed_at": "2026-11-21T02:00:00Z"},
            "detected_at": "2026-11-21T02:00:00Z", "last_seen": "2026-11-21T02:00:00Z", "seen_count": 1,
            "regressions": 0, "state": "open"});
        serde_json::from_value(told).unwrap()
    };
    let now = Timestamp::now();
    assert!(findings(&event("loosening", "storage_encrypted"), now).contains(&Framework::Cis));
    assert!(findings(&event("hardening", "storage_encrypted"), now).is_empty());
    assert!(findings(&event("loosening", "no_such_property"), now).is_empty());
}
