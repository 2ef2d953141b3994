//! What is known of a cause is told: what a learned model said of it, when it happened, who did it, and what may stop working.

use driftguard::drift::{Attribution, DriftEvent};
use driftguard::tui::app::Effect;
use driftguard::tui::app::testkit::Screens;
use serde_json::json;

use super::{open, selected, status};

const SIZES: [(u16, u16); 2] = [(80, 24), (160, 45)];

/// A model was in use, an audit trail was asked, and a deployment went before.
fn known(event: &mut DriftEvent) {
    let by = json!({"actor": "alice", "identity": "arn:aws:iam::123456789012:user/alice", "class": "console",
        "class_reason": "the console", "at": "2026-11-21T09:40:00Z", "event": "AuthorizeSecurityGroupIngress",
        "source": "ec2.amazonaws.com", "event_id": "e-1", "address": "198.51.100.7", "user_agent": "console",
        "paths": ["ingress"], "reason": "it names the group"});
    event.attribute(serde_json::from_value::<Attribution>(by).unwrap());
    let cause = &mut event.analysis.cause;
    cause.temporal_context = serde_json::from_value(json!({"from": "2026-11-21T09:40:00Z",
        "until": "2026-11-21T09:40:00Z", "is_weekend": true, "on_call": false,
        "near": [{"context_type": "deployment", "title": "v2", "temporal_offset": -720}]}))
    .unwrap();
    cause.prediction = serde_json::from_value(json!({"model": "cause", "version": 3,
        "prediction_result": "emergency_fix", "confidence_score": 0.83, "abstained": false, "weight": 0.5,
        "feature_importance": {"on_call": 0.2, "by_person": 0.3}, "predicted_at": "2026-11-21T09:59:00Z"}))
    .unwrap();
}

/// Everything that is on the screen while somebody goes down.
fn read(screens: &mut Screens, keys: &str) -> String {
    screens.keys(keys);
    let mut seen = String::new();
    for _ in 0..8 {
        seen += &screens.screen();
        screens.keys("ctrl-d");
    }
    seen
}

fn said(seen: &str, parts: &[&str], what: &str) {
    for part in parts {
        assert!(seen.contains(part), "{what}: {part}\n{seen}");
    }
}

// Lines break where the room ends: pieces that fit on one.
const WHEN: [&str; 2] = ["made 2026-11-21 09:40, at a weekend", "12m after"];
const MODEL: [&str; 3] = ["cause version 3 says emergency fix (0.83)", "counted 50 %", "by_person 30 %"];

#[test]
fn the_evidence_of_the_narrative_and_the_resource_view_have_the_model_and_the_moment() {
    for size in SIZES {
        for keys in ["t", "i"] {
            let (mut screens, sample) = open(size);
            sample.change(selected(&screens), false, known);
            screens.act("reload");
            let seen = read(&mut screens, keys);
            said(&seen, &WHEN, &format!("{size:?} {keys}"));
            said(&seen, &MODEL, &format!("{size:?} {keys}"));
        }
    }
}

#[test]
fn the_risk_stands_below_the_four_bars_and_the_model_below_the_cause() {
    for size in SIZES {
        let (mut screens, sample) = open(size);
        sample.change(selected(&screens), false, known);
        screens.act("focus-recommendations");
        screens.act("zoom");
        let seen = read(&mut screens, "g g");
        let what = format!("{size:?}");
        said(&seen, &["disruption risk 0.", "(experimental)", "production"], &what);
        said(
            &seen,
            &["model: cause version 3 says emergency fix (0.83)", "who: alice, a person in the console"],
            &what,
        );
        said(&seen, &WHEN, &what);
    }
}

/// A commit with a page, and a ticket that nobody has written a link for.
fn near(event: &mut DriftEvent) {
    event.analysis.cause.correlations = serde_json::from_value(json!([
        {"correlation_type": "git_commit", "external_id": "a1b2c3d", "external_system": "github", "event_data": {
            "title": "open the port", "place": "main.tf:4", "at": "2026-11-21T09:28:00Z",
            "link": "https://github.com/acme/infra/commit/a1b2c3d"}, "correlation_score": 0.94, "temporal_offset": -720},
        {"correlation_type": "incident_ticket", "external_id": "OPS-7", "external_system": "marked", "event_data": {
            "title": "port", "at": "2026-11-21T08:00:00Z"}, "correlation_score": 0.9, "temporal_offset": -6000}
    ]))
    .unwrap();
}

#[test]
fn the_id_and_the_link_of_what_stands_near_a_drift_are_copied_from_its_view() {
    for size in SIZES {
        let (mut screens, sample) = open(size);
        sample.change(selected(&screens), false, near);
        screens.act("reload");
        screens.keys("i");
        assert!(screens.screen().contains("near it     -12m  a1b2c3d"), "{size:?}\n{}", screens.screen());
        screens.keys("y l");
        assert!(status(&screens).contains("go up to what stands near it"), "{size:?}\n{}", screens.screen());
        let copied = |screens: &mut Screens, keys: &str| {
            screens.effects.clear();
            screens.keys(keys);
            match screens.effects.pop() {
                Some(Effect::Copy(what, text)) => format!("{what}: {text}"),
                _ => status(screens),
            }
        };
        assert!(copied(&mut screens, "y i").contains("sg-0a1b2c3d4e5f60718"), "below it is the resource's own");
        assert_eq!(copied(&mut screens, "k y i"), "ticket's id: OPS-7");
        assert!(copied(&mut screens, "y l").contains("it has no link"));
        assert_eq!(copied(&mut screens, "enter"), "ticket's id: OPS-7");
        assert_eq!(copied(&mut screens, "k y i"), "commit's id: a1b2c3d");
        assert_eq!(copied(&mut screens, "y l"), "link: https://github.com/acme/infra/commit/a1b2c3d");
        assert_eq!(copied(&mut screens, "enter"), "link: https://github.com/acme/infra/commit/a1b2c3d");
        assert!(screens.screen().contains("copy its id"), "{size:?}\n{}", screens.screen());
    }
}
