//! What rules do, and what is said of files that cannot be rules.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::analysis::Facts;
use crate::drift::{
    Analysis, Cause, CauseAnalysis, Change, ChangeType, DriftType, Environment, ResourceRef, Score, Severity,
};
use crate::recommend::{advise, recommend};

/// The advice for a drift in an environment; an ingress rule of a firewall of the team `pay`, changed by alice.
fn given(slug: &str, cause: (Cause, u8), security: u8, policies: &Policies) -> Vec<Recommendation> {
    let environment: Environment = serde_json::from_value(json!({
        "organization": "local", "slug": slug, "name": slug, "cloud_provider": "aws", "is_active": true,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
    }))
    .unwrap();
    let resource = ResourceRef {
        resource_type: "aws_security_group".into(),
        resource_id: "aws_security_group.web".into(),
        previous_address: None,
        provider_id: None,
        declared_in: None,
    };
    let changes = [Change {
        path: "ingress[0].cidr_blocks".into(),
        change_type: ChangeType::Modified,
        declared: None,
        actual: None,
        is_security_critical: true,
        remembered_at: None,
    }];
    let analysis = Analysis {
        cause: CauseAnalysis {
            cause_category: cause.0,
            confidence_score: Score::percent(cause.1),
            ..CauseAnalysis::default()
        },
        severity: Severity { security: Score::percent(security), ..Severity::default() },
        reasons: vec![],
        direction: Default::default(),
        disruption: None,
        changed_by: vec!["alice".into()],
        analyzed_at: Timestamp::UNIX_EPOCH,
        took_micros: None,
    };
    let facts = Facts {
        environment: &environment,
        resource: &resource,
        drift_type: DriftType::Modified,
        changes: &changes,
        now: Timestamp::UNIX_EPOCH,
    };
    let tags = [("team".into(), "pay".into())];
    let advice = advise(&Case { tags: &tags, ..Case::new(&facts, &analysis) }, policies);
    if *policies == Policies::default() {
        assert_eq!(advice, recommend(&facts, &analysis), "without policies nothing is different");
    }
    advice
}

fn policies(text: &str) -> Policies {
    let mut policies = Policies::default();
    policies.add("a.toml", text).unwrap();
    policies
}

const SURE: (Cause, u8) = (Cause::ConfigurationError, 90);

/// Kind, priority and whether it is forbidden.
fn brief(advice: &[Recommendation]) -> Vec<(&'static str, &'static str, bool)> {
    advice.iter().map(|one| (one.recommendation_type.as_str(), one.priority.as_str(), one.vetoed.is_some())).collect()
}

#[test]
fn a_veto_leaves_the_advice_in_sight_with_its_reason_and_nothing_to_carry_out() {
    let rule = "[[rule]]\nname = \"ask first\"\nwhen = { production = true }\nveto = { type = \"auto_revert\", reason = \"on call decides\" }\n";
    let advice = given("prod", SURE, 0, &policies(rule));
    assert_eq!(brief(&advice), [("manual_review", "low", false), ("auto_revert", "medium", true)]);
    let refusal = advice[1].refusal(Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(refusal, "the policy ask first forbids auto_revert: on call decides");
    assert_eq!(brief(&given("dev", SURE, 0, &policies(rule))), [("auto_revert", "medium", false)]);
}

#[test]
fn a_rule_adds_advice_with_the_steps_of_its_kind_or_its_own() {
    let rule = "[[rule]]\nname = \"freeze\"\nwhen = { tag = \"team=pay\" }\n\
                add = { type = \"accept_exception\", priority = \"high\", rationale = \"a freeze is on\", accept_for = \"3d\" }\n\
                [[rule]]\nname = \"call\"\nadd = { type = \"escalate_review\", priority = \"low\", rationale = \"r\", steps = [\"ring\"] }\n";
    let advice = given("dev", SURE, 0, &policies(rule));
    assert_eq!(
        brief(&advice),
        [("accept_exception", "high", false), ("auto_revert", "medium", false), ("escalate_review", "low", false)]
    );
    let until = Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_hours(72)).unwrap();
    assert_eq!((advice[0].accept_until, advice[0].policy.as_ref().unwrap().raw()), (Some(until), "freeze"));
    assert!(advice[0].implementation_steps[1].raw().contains("Accept it for 3 days"), "{advice:?}");
    assert_eq!(advice[2].implementation_steps, ["ring".into()]);
}

#[test]
fn a_rank_goes_up_and_down_and_stays_within_the_four() {
    let with = |priority: &str| {
        let rule =
            format!("[[rule]]\nname = \"r\"\nrerank = {{ type = [\"auto_revert\"], priority = \"{priority}\" }}\n");
        given("dev", SURE, 0, &policies(&rule))[0].priority
    };
    let all = ["up", "down", "critical"].map(with);
    assert_eq!(all, [Priority::High, Priority::Low, Priority::Critical]);
    assert_eq!((Rank::Up.of(Priority::Critical), Rank::Down.of(Priority::Low)), (Priority::Critical, Priority::Low));
}

#[test]
fn every_condition_has_to_hold_and_one_value_of_it_is_enough() {
    let holds = |when: &str| {
        let rule = format!(
            "[[rule]]\nname = \"r\"\nwhen = {{ {when} }}\nveto = {{ type = \"auto_revert\", reason = \"r\" }}\n"
        );
        given("prod-eu", SURE, 65, &policies(&rule)).iter().any(|one| one.vetoed.is_some())
    };
    for when in [
        "",
        "environment = \"prod-*\"",
        "environment = [\"lab\", \"PROD-EU\"]",
        "environment = [\"!lab\"]",
        "provider = \"aws\"",
        "type = \"aws_security_*\"",
        "address = \"aws_security_group.web\"",
        "path = \"ingress*\"",
        "cause = \"configuration_error\"",
        "actor = \"alice\"",
        "tag = [\"team\"]",
        "drift_type = \"modified\"",
        "severity = \">=high\"",
        "severity = [\"low\", \"high\"]",
        "security = \">0.64\"",
        "confidence = \">= 0.9\"",
        "cost = \"<= 0\"",
        "production = true",
        "direction = [\"neutral\", \"hardening\"]",
    ] {
        assert!(holds(when), "{when}");
    }
    for when in [
        "environment = \"prod\"",
        "environment = [\"prod-*\", \"!*-eu\"]",
        "type = \"aws_vpc\"",
        "path = \"egress*\"",
        "cause = [\"unknown\", \"emergency_fix\"]",
        "actor = \"bob\"",
        "tag = \"team=ops\"",
        "direction = \"loosening\"",
        "severity = \"critical\"",
        "security = \"> 0.65\"",
        "confidence = \"<0.9\"",
        "production = false",
        "production = true, type = \"aws_vpc\"",
    ] {
        assert!(!holds(when), "{when}");
    }
}

#[test]
fn who_decides_is_whoever_the_tag_names_then_the_configuration() {
    let asked = |policies: &Policies| {
        given("prod", (Cause::Unknown, 0), 90, policies)[0].implementation_steps[0].raw().to_owned()
    };
    let mut policies = Policies::default();
    assert!(asked(&policies).contains("to the security lead."));
    policies.escalate_to = Some("sec@example.org".into());
    assert!(asked(&policies).contains("to sec@example.org."));
    policies.owner_tags = vec!["owner".into(), "team".into()];
    assert!(asked(&policies).contains("to pay (by the tag team)."));
}

#[test]
fn a_mistake_is_named_with_its_place_and_what_would_be_right() {
    let wrong = |text: &str| {
        let errors = Policies::default().add("p.toml", text).unwrap_err();
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    for (text, said) in [
        ("[[rule]\n", "p.toml:1:"),
        ("[[rules]]\n", "unknown field `rules`, expected `rule`"),
        ("[[rule]]\nname = \"a\"\n", "p.toml:1:1: the rule does nothing"),
        ("[[rule]]\nveto = { type = \"auto_revert\", reason = \"r\" }\n", "missing field `name`"),
        (
            "[[rule]]\nname = \"a\"\nveto = { type = \"revert\", reason = \"r\" }\n",
            "p.toml:3:17: 'revert' is none of auto_revert",
        ),
        ("[[rule]]\nname = \"a\"\nveto = { type = \"auto_revert\", reason = \" \" }\n", "say why"),
        ("[[rule]]\nname = \"a\"\nveto = { type = \"manual_review\", reason = \"r\" }\n", "cannot be forbidden"),
        ("[[rule]]\nname = \"a\"\nrerank = { type = [], priority = \"up\" }\n", "name what it is about"),
        (
            "[[rule]]\nname = \"a\"\nwhen = { security = \"0.7\" }\nrerank = { type = \"auto_revert\", priority = \"up\" }\n",
            "\">= 0.8\"",
        ),
        (
            "[[rule]]\nname = \"a\"\nwhen = { cause = \"bad\" }\nrerank = { type = \"auto_revert\", priority = \"up\" }\n",
            "'bad' is none of emergency_fix",
        ),
        (
            "[[rule]]\nname = \"a\"\nwhen = { color = \"red\" }\nrerank = { type = \"auto_revert\", priority = \"up\" }\n",
            "unknown field `color`",
        ),
        (
            "[[rule]]\nname = \"a\"\nadd = { type = \"auto_revert\", priority = \"high\", rationale = \"r\", expires = \"soon\" }\n",
            "'soon' is no duration",
        ),
        (
            "[[rule]]\nname = \"a\"\nadd = { type = \"auto_revert\", priority = \"high\", rationale = \"r\", accept_for = \"2d\" }\n",
            "accept_for belongs to",
        ),
    ] {
        assert!(wrong(text).contains(said), "{text}{}", wrong(text));
    }
    let twice = "[[rule]]\nname = \"a\"\nrerank = { type = \"auto_revert\", priority = \"up\" }\n".repeat(2);
    assert!(wrong(&twice).contains("a rule named 'a' stands at p.toml:1 already"), "{}", wrong(&twice));
}

proptest! {
    #[test]
    fn any_text_is_a_policy_or_a_mistake_with_a_place(text in "(\\[\\[rule\\]\\]\n)?([a-z_]{1,8} = (\"[^\"\n]{0,6}\"|\\{ [a-z]{1,6} = \"[!*>=a-z0-9.]{0,6}\" \\}|true)\n){0,4}|.*") {
        if let Err(errors) = Policies::default().add("p.toml", &text) {
            prop_assert!(!errors.is_empty() && errors.iter().all(|error| error.line > 0 && error.column > 0));
        }
    }
}

#[test]
fn advice_of_a_rule_lasts_and_takes_what_its_kind_usually_does() {
    let rule = |kind: &str, more: &str| {
        policies(&format!(
            "[[rule]]\nname = \"a\"\nadd = {{ type = \"{kind}\", priority = \"low\", rationale = \"r\"{more} }}\n"
        ))
    };
    let unsure = (Cause::Unknown, 60);
    let of = |kind: &str, more: &str| {
        let one = given("dev", unsure, 0, &rule(kind, more)).into_iter().find(|one| one.policy.is_some()).unwrap();
        (one.expires_at.unwrap().duration_since(one.created_at).as_hours(), one.estimated_effort.as_str())
    };
    assert_eq!(of("auto_revert", ""), (24, "minutes"));
    assert_eq!(of("codify_iac", ""), (7 * 24, "hours"));
    assert_eq!(of("auto_revert", ", expires = \"3d\", effort = \"days\""), (3 * 24, "days"));
}

#[test]
fn a_secret_in_a_rule_is_shown_to_nobody() {
    let rule = "[[rule]]\nname = \"a\"\nadd = { type = \"codify_iac\", priority = \"low\", rationale = \"password=hunter2hunter2\", steps = [\"export KEY=AKIAIOSFODNN7EXAMPLE\"] }\nveto = { type = \"auto_revert\", reason = \"token=hunter3hunter3\" }\n";
    let shown = format!("{:?} {}", given("dev", SURE, 0, &policies(rule)), policies(rule).rules()[0].words());
    assert!(shown.contains("«secret"), "{shown}");
    for secret in ["hunter2", "hunter3", "AKIAIOSFODNN7EXAMPLE"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn a_bound_that_would_be_rounded_is_refused() {
    let rule = "[[rule]]\nname = \"a\"\nwhen = { confidence = \">= 0.805\" }\nveto = { type = \"auto_revert\", reason = \"r\" }\n";
    let errors = Policies::default().add("a.toml", rule).unwrap_err();
    assert!(errors[0].to_string().starts_with("a.toml:3:23: confidence: '>= 0.805' is no bound"), "{errors:?}");
    let exact = rule.replace("0.805", "0.29");
    assert_eq!(Policies::default().add("a.toml", &exact), Ok(()));
}
