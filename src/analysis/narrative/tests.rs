use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::drift::{Change, DriftDetail};

const NOW: &str = "2026-03-02T10:00:00Z";

/// A security group that was opened, found at nine o'clock.
fn opened() -> DriftDetail {
    let change = json!({"path": "ingress", "change_type": "modified", "declared": "10.0.0.0/8", "actual": "0.0.0.0/0",
        "is_security_critical": true});
    let event = json!({
        "id": "01JNZ6Q0V4M2Y8T5R3W7X9B1CD", "fingerprint": "0".repeat(64), "version": 1,
        "environment": "prod-eu", "drift_type": "modified", "changes": [change], "hidden_count": 0, "unverified_count": 0,
        "resource": {"resource_type": "aws_security_group", "resource_id": "aws_security_group.web"},
        "analysis": {
            "cause": {"cause_category": "unknown", "confidence_score": 0.0,
                "contributing_factors": ["Nothing in the drift says who changed it or why."]},
            "severity": {"security": 0.9, "performance": 0.0, "cost": 0.0, "compliance": 0.6},
            "reasons": [{"axis": "security", "score": 0.9, "path": "ingress", "text": "It is open to everybody."}],
            "analyzed_at": "2026-03-02T09:00:00Z"},
        "recommendations": [], "detected_at": "2026-03-02T09:00:00Z", "last_seen": "2026-03-02T09:30:00Z", "seen_count": 2,
        "regressions": 0, "state": "open", "decision": null, "assignee": null, "note_count": 0, "resolved_at": null,
        "closure": null, "superseded_by": null
    });
    let detail = json!({"event": event, "declared_state": null, "actual_state": null, "hidden": [], "unverified": [],
        "history": []});
    serde_json::from_value(detail).unwrap()
}

fn incident(title: &str) -> OperationalContext {
    let one = json!({"id": "01JNZ6Q0V4M2Y8T5R3W7X9B1CE", "context_type": "incident", "incident_impact": "high",
        "context_data": {"title": title, "id": "INC-7"}, "time_window": {"from": "2026-03-02T08:20:00Z", "to": null},
        "environments": [], "source": "person"});
    serde_json::from_value(one).unwrap()
}

fn told(detail: &DriftDetail, contexts: &[OperationalContext]) -> Narrative {
    narrate(detail, contexts, NOW.parse().unwrap(), &|at| at.strftime("%H:%M").to_string())
}

fn text(narrative: &Narrative) -> Vec<String> {
    narrative.sentences.iter().map(|one| one.text.line()).collect()
}

fn with_attribution(mut detail: DriftDetail) -> DriftDetail {
    let by = json!({"actor": "alice", "identity": "arn:aws:iam::123456789012:user/alice", "class": "console",
        "class_reason": "the console's user agent", "at": "2026-03-02T08:40:00Z", "event": "AuthorizeSecurityGroupIngress",
        "source": "ec2.amazonaws.com", "event_id": "e-1", "address": "198.51.100.7", "user_agent": "console",
        "paths": ["ingress"], "reason": "it names the group"});
    detail.event.attribute(serde_json::from_value(by).unwrap());
    detail
}

#[test]
fn what_nobody_knows_is_said_and_not_guessed() {
    let narrative = told(&opened(), &[]);
    assert_eq!(
        text(&narrative),
        [
            "aws_security_group.web in prod-eu is not what its code says: ingress is \"0.0.0.0/0\" where \"10.0.0.0/8\" is declared.",
            "It was first seen at 09:00; nothing that was read says who made it, or when.",
            "Why it was made is not known.",
            "It is CRITICAL for security (0.90): It is open to everybody.",
            "It is open, and nobody has decided anything.",
        ]
    );
}

#[test]
fn what_an_earlier_scan_did_not_see_was_made_after_it() {
    let mut detail = opened();
    let when = json!({"from": "2026-03-02T08:50:00Z", "until": "2026-03-02T09:00:00Z"});
    detail.event.analysis.cause.temporal_context = serde_json::from_value(when).unwrap();
    assert_eq!(
        text(&told(&detail, &[]))[1],
        "It was first seen at 09:00 and made after 08:50; nothing that was read says who made it."
    );
}

#[test]
fn who_what_and_what_went_on_are_brought_together() {
    let narrative = told(&with_attribution(opened()), &[incident("checkout is down")]);
    let text = text(&narrative);
    assert_eq!(
        text[1],
        "It was made by alice, a person in the console, at 08:40 with AuthorizeSecurityGroupIngress, 20 minutes before it was first seen."
    );
    assert_eq!(text[2], "The incident INC-7 of high impact \"checkout is down\" was open then.");
    let numbered = Narrative::numbered(&narrative.sentences[2]);
    let reference = narrative.references().nth(narrative.sentences[2].evidence[0]).unwrap();
    assert!(
        numbered.ends_with("[4]") && reference.starts_with("[4] context: incident INC-7"),
        "{numbered} {reference}"
    );
}

#[test]
fn a_sentence_cites_as_many_as_it_counts() {
    let mut detail = opened();
    let more = detail.event.changes[0].clone();
    detail.event.changes.extend(["b", "c", "d", "e"].map(|path| Change { path: path.into(), ..more.clone() }));
    detail.event.regressions = 2;
    let marks: Vec<OperationalContext> = ["one", "two", "three", "four", "five"].map(incident).into();
    let narrative = told(&detail, &marks);
    let cited = |at: usize| -> Vec<String> {
        narrative.sentences[at].evidence.iter().map(|at| narrative.evidence[*at].text.line()).collect()
    };
    let said = text(&narrative);
    assert!(said[0].ends_with("and 4 more properties differ."), "{}", said[0]);
    let changes = cited(0);
    assert_eq!((changes.len(), changes[3].as_str()), (4, "2 beside: d, e"), "1 and 4 more are 3 and 2 beside");
    assert_eq!(
        said[2], "The incident INC-7 of high impact \"one\" was open when it was first seen, and 4 more are near it.",
        "nobody knows whether it was when it was made"
    );
    let marks = cited(2);
    assert_eq!((marks.len(), marks[3].as_str()), (4, "2 beside: incident INC-7 \"four\", incident INC-7 \"five\""));
    assert!(said[5].starts_with("It came back 2 times. "), "{}", said[5]);
    assert!(cited(5)[0].ends_with("2 times; it came back 2 times"), "{:?}", cited(5));
}

#[test]
fn when_who_and_what_a_model_says_stand_among_what_the_cause_rests_on() {
    let mut detail = with_attribution(opened());
    let cause = &mut detail.event.analysis.cause;
    cause.temporal_context =
        serde_json::from_value(json!({"from": "2026-03-02T08:40:00Z", "until": "2026-03-02T08:40:00Z",
        "is_weekend": false, "on_call": true, "near": [{"context_type": "deployment", "title": "v\u{1b}[2J2",
        "temporal_offset": -720}]}))
        .unwrap();
    cause.prediction = serde_json::from_value(json!({"model": "cause", "version": 3,
        "prediction_result": "emergency_fix", "confidence_score": 0.41, "abstained": true, "weight": 0.5,
        "feature_importance": {"on_call": 0.2, "by_person": 0.3}, "predicted_at": "2026-03-02T09:01:00Z"}))
    .unwrap();
    let narrative = told(&detail, &[]);
    let all: Vec<String> = narrative.references().collect();
    let ends = |end: &str| assert!(all.iter().any(|one| one.ends_with(end)), "{end}\n{all:#?}");
    ends("when: made 08:40, on a weekday, in the hours of those on call; 12m after the deployment \"v␛[2J2\"");
    ends("who: alice, a person in the console; certain: an audit event names what changed, and nobody else wrote that");
    ends(
        "model: cause version 3 is not sure enough to name a cause (likeliest: emergency fix, 0.41) together with the \
         rules, and counted 50 % of both; it asks most about by_person 30 %, on_call 20 %; said 09:01",
    );
}

#[test]
fn long_texts_that_begin_alike_are_told_from_where_they_differ() {
    let script =
        |level: &str| json!(format!("#!/bin/sh\nset -eu\n{}\nexport LEVEL={level}\n", "echo hello; ".repeat(20)));
    let mut detail = opened();
    detail.event.changes[0].declared = serde_json::from_value(script("info")).unwrap();
    detail.event.changes[0].actual = serde_json::from_value(script("debug")).unwrap();
    let narrative = told(&detail, &[]);
    let first = &text(&narrative)[0];
    assert!(first.contains("debug") && first.contains("info"), "{first}");
    assert!(narrative.references().next().unwrap().contains("debug"));
}

#[test]
fn of_equally_bad_reasons_the_first_is_told_as_beside_the_diff() {
    let mut detail = opened();
    let mut other = detail.event.analysis.reasons[0].clone();
    other.text = "Something else.".into();
    detail.event.analysis.reasons.push(other);
    assert!(text(&told(&detail, &[]))[3].ends_with("It is open to everybody."));
}

#[test]
fn what_is_asked_of_the_surroundings_begins_an_hour_before_the_change() {
    let request = around(&with_attribution(opened()).event);
    assert_eq!(
        (request.from.to_string(), request.until.to_string()),
        ("2026-03-02T07:40:00Z".into(), "2026-03-02T09:00:00Z".into())
    );
}

proptest! {
    #[test]
    fn it_is_three_to_six_sentences_that_rest_on_something_and_no_text_of_others_breaks_out(
        name in "\\PC{0,40}|.*\u{1b}.*", title in "\\PC{0,600}|.*\n.*", regressions in 0..4u32, has_who: bool, has_context: bool,
        state in prop_oneof![Just("open"), Just("closed"), Just("acknowledged")],
    ) {
        let mut detail = if has_who { with_attribution(opened()) } else { opened() };
        detail.event.resource.resource_id = name.into();
        detail.event.regressions = regressions;
        detail.event.state = serde_json::from_value(json!(state)).unwrap();
        let contexts = if has_context { vec![incident(&title)] } else { vec![] };
        let narrative = told(&detail, &contexts);
        prop_assert!((3..=6).contains(&narrative.sentences.len()));
        for sentence in &narrative.sentences {
            prop_assert!(!sentence.evidence.is_empty());
            prop_assert!(sentence.evidence.iter().all(|at| *at < narrative.evidence.len()));
            prop_assert!(!Narrative::numbered(sentence).chars().any(char::is_control));
        }
        prop_assert!(!narrative.references().any(|line| line.chars().any(char::is_control)));
    }
}

#[test]
fn what_somebody_put_aside_is_not_the_advice_and_is_told_where_there_is_no_other() {
    let advice = |kind: &str, result: Option<&str>| {
        serde_json::from_value::<crate::drift::Recommendation>(json!({
            "recommendation_type": kind, "priority": "low", "confidence_score": 0.9, "rationale": "it is known",
            "implementation_steps": [], "risk_assessment": {"success_probability": 0.9, "potential_impacts": []},
            "estimated_effort": "minutes", "recommended_by": "ml_model", "created_at": NOW,
            "expires_at": null, "implemented_at": null, "implementation_result": result
        }))
        .unwrap()
    };
    let mut detail = opened();
    detail.event.recommendations = vec![advice("auto_revert", Some("advice auto_revert dismissed: INC-1"))];
    let last = |detail: &DriftDetail| text(&told(detail, &[])).pop().unwrap();
    assert!(last(&detail).ends_with("; the advice is: auto revert, dismissed: INC-1."), "{}", last(&detail));
    detail.event.recommendations.push(advice("manual_review", None));
    assert!(last(&detail).ends_with("; the advice is: manual review."), "{}", last(&detail));
}
