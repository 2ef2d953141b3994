//! Stories about causes: what may be said of which evidence, and what must not be.

use serde_json::{Value, json};

use super::*;
use crate::drift::{ActorClass, Cause, Change, ChangeType, ContextType, DriftType, Environment, Hours, ResourceRef};
use crate::testing::shared;
use Cause::{AutomatedResponse, ConfigurationError, EmergencyFix, ManualTroubleshooting, SecurityResponse, Unknown};

mod names;
mod tried;

const AT: &str = "2026-11-21T02:00:00Z";

fn environment() -> Environment {
    serde_json::from_value(json!({
        "organization": "local", "slug": "prod-eu", "name": "Production", "cloud_provider": "aws", "is_active": true,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
    }))
    .unwrap()
}

fn change(path: &str, declared: Value, actual: Value) -> Change {
    let value = |v: &Value| (!v.is_null()).then(|| Masked::trusted(v.clone()));
    let change_type = match (declared.is_null(), actual.is_null()) {
        (true, _) => ChangeType::Added,
        (_, true) => ChangeType::Removed,
        _ => ChangeType::Modified,
    };
    let (declared, actual) = (value(&declared), value(&actual));
    Change { path: path.into(), change_type, declared, actual, is_security_critical: false, remembered_at: None }
}

fn found(kind: &str, changes: &[Change], around: &Surroundings<'_>) -> CauseAnalysis {
    let resource = ResourceRef {
        resource_type: kind.into(),
        resource_id: "x.y".into(),
        previous_address: None,
        provider_id: None,
        declared_in: None,
    };
    let (environment, now) = (environment(), AT.parse().unwrap());
    let drift_type = DriftType::Modified;
    let facts = Facts { environment: &environment, resource: &resource, drift_type, changes, now };
    let cause = find(&facts, around, &Severity::default());
    let all = cause.probabilities.unwrap();
    assert!((all.all().iter().sum::<f64>() - 1.0).abs() < 1e-6);
    assert_eq!((all.likeliest(), all.confidence()), (cause.cause_category, cause.confidence_score));
    assert!(!cause.contributing_factors.is_empty());
    cause
}

fn said(cause: &CauseAnalysis) -> (Cause, u8) {
    (cause.cause_category, cause.confidence_score.hundredths())
}

fn by(actor: &str, identity: &str, class: Option<ActorClass>) -> Attribution {
    Attribution {
        actor: actor.into(),
        identity: identity.into(),
        class,
        class_reason: "the pack says so".into(),
        at: AT.parse().unwrap(),
        event: "ModifyInstanceAttribute".into(),
        source: "ec2.amazonaws.com".into(),
        event_id: "e-1".into(),
        address: "203.0.113.9".into(),
        user_agent: "x".into(),
        paths: vec!["instance_type".into()],
        reason: "it changes instance_type".into(),
        is_likely: false,
        taken_back: vec![],
        ended_otherwise: 0,
    }
}

fn alice() -> Attribution {
    by("alice", "arn:aws:sts::1:assumed-role/Operator/alice", Some(ActorClass::Console))
}

fn context(kind: &str, more: Value) -> OperationalContext {
    let mut context = json!({
        "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "context_type": kind, "context_data": {"title": "checkout is down"},
        "time_window": {"from": "2026-11-21T01:30:00Z", "to": null}, "environments": [], "source": "person"
    });
    for (key, value) in more.as_object().unwrap() {
        context[key] = value.clone();
    }
    serde_json::from_value(context).unwrap()
}

fn sizes() -> Vec<Change> {
    vec![change("instance_type", json!("t3.small"), json!("t3.large"))]
}

#[test]
fn a_person_in_the_console_is_no_reason_at_all() {
    let alice = alice();
    let cause = found("aws_instance", &sizes(), &Surroundings { attribution: Some(&alice), ..Surroundings::default() });
    assert_eq!(cause.cause_category, Unknown);
    assert!(cause.is_informed && cause.contributing_factors[0].raw().contains("alice, a person in the console"));
}

#[test]
fn without_its_incident_an_emergency_is_unknown() {
    let alice = alice();
    let incident = [context("incident", json!({}))];
    let with = Surroundings { attribution: Some(&alice), contexts: &incident, ..Surroundings::default() };
    assert_eq!(said(&found("aws_instance", &sizes(), &with)), (EmergencyFix, 66));
    let without = Surroundings { contexts: &[], ..with };
    assert_eq!(found("aws_instance", &sizes(), &without).cause_category, Unknown);
    // One that was over by then, or of another environment, is none; nor is one while nobody knows when it happened.
    let over = json!({"time_window": {"from": "2026-11-20T01:30:00Z", "to": "2026-11-21T00:00:00Z"}});
    for other in [over, json!({"environments": ["prod-us"]})] {
        let contexts = [context("incident", other)];
        assert_eq!(
            found("aws_instance", &sizes(), &Surroundings { contexts: &contexts, ..with }).cause_category,
            Unknown
        );
    }
    let long = Some(("2026-11-01T00:00:00Z".parse().unwrap(), AT.parse().unwrap()));
    let blurred = Surroundings { attribution: None, span: long, ..with };
    assert_eq!(found("aws_instance", &sizes(), &blurred).cause_category, Unknown);
}

#[test]
fn guesses_stay_below_what_is_acted_upon_and_an_incident_by_its_number_does_not() {
    let incident = [context("incident", json!({"incident_impact": "high"}))];
    let days = vec![jiff::civil::Weekday::Saturday];
    let night = Hours { days, from: jiff::civil::Time::midnight(), to: jiff::civil::time(8, 0, 0, 0) };
    let on_call = OnCall { hours: vec![night], ..OnCall::default() };
    let breaking = by("alice", "arn:aws:sts::1:assumed-role/break-glass/alice", Some(ActorClass::Console));
    let all = Surroundings {
        attribution: Some(&breaking),
        contexts: &incident,
        on_call: Some(&on_call),
        ..Surroundings::default()
    };
    let cause = found("aws_instance", &sizes(), &all);
    assert_eq!(said(&cause), (EmergencyFix, 79), "{:?}", cause.contributing_factors);
    let numbered =
        by("INC-4711-alice", "arn:aws:sts::1:assumed-role/Operator/INC-4711-alice", Some(ActorClass::Console));
    let stated = Surroundings { attribution: Some(&numbered), ..Surroundings::default() };
    assert!(said(&found("aws_instance", &sizes(), &stated)) >= (EmergencyFix, 80));
}

#[test]
fn a_service_of_the_cloud_is_certain_only_where_its_event_is() {
    let service =
        by("autoscaling", "arn:aws:sts::1:assumed-role/AWSServiceRoleForAutoScaling/x", Some(ActorClass::Service));
    let likely = Attribution { is_likely: true, ..service.clone() };
    let of = |to: &Attribution| {
        said(&found("aws_instance", &sizes(), &Surroundings { attribution: Some(to), ..Surroundings::default() }))
    };
    assert_eq!((of(&service), of(&likely)), ((AutomatedResponse, 90), (AutomatedResponse, 70)));
}

#[test]
fn a_person_at_a_counter_is_no_autoscaler() {
    let changes = [change("spec.replicas", json!(3), json!(9))];
    let of = |manager: &str| {
        let writers = [manager.into()];
        said(&found("apps/v1/Deployment", &changes, &Surroundings { writers: &writers, ..Surroundings::default() }))
    };
    assert_eq!(of("kubectl-scale").0, Unknown);
    assert!(of("horizontal-pod-autoscaler") > (AutomatedResponse, 85));
    assert_eq!(of("who-knows"), (AutomatedResponse, 60));
}

#[test]
fn hours_on_call_say_something_only_of_people_and_only_where_they_are_configured() {
    let alice = alice();
    let incident = [context("incident", json!({"incident_impact": "low"}))];
    let night = Hours {
        days: vec![jiff::civil::Weekday::Monday],
        from: jiff::civil::Time::midnight(),
        to: jiff::civil::Time::midnight(),
    };
    let never = OnCall { hours: vec![night], ..OnCall::default() };
    let plain = Surroundings { attribution: Some(&alice), contexts: &incident, ..Surroundings::default() };
    let off_duty = Surroundings { on_call: Some(&never), ..plain };
    let confidence =
        |around: &Surroundings<'_>| found("aws_instance", &sizes(), around).probabilities.unwrap().get(EmergencyFix);
    assert!(confidence(&off_duty) < confidence(&plain));
    let nobody = OnCall::default();
    assert_eq!(confidence(&Surroundings { on_call: Some(&nobody), ..plain }), confidence(&plain));
}

#[test]
fn code_that_moved_on_is_a_mistake_of_the_code_and_what_comes_and_goes_is_tried_by_somebody() {
    let alice = alice();
    let past = |past| Surroundings { past, ..Surroundings::default() };
    let moved = found("aws_instance", &sizes(), &past(Past { code_moved: true, ..Past::default() }));
    assert_eq!(said(&moved), (ConfigurationError, 65));
    let tried = Past { taken_back: 1, returns: 1, code_moved: false };
    let by_alice = Surroundings { attribution: Some(&alice), ..past(tried) };
    assert_eq!(found("aws_instance", &sizes(), &by_alice).cause_category, ManualTroubleshooting);
    assert_eq!(found("aws_instance", &sizes(), &past(tried)).cause_category, Unknown);
}

#[test]
fn a_later_minor_version_of_an_engine_is_the_clouds_doing_unless_a_person_was_seen() {
    let versions = |declared: &str, live: &str| vec![change("engine_version", json!(declared), json!(live))];
    let nobody = Surroundings::default();
    for (declared, live) in [("14.3", "14.7"), ("8.0.28", "8.0.35"), ("12.3", "12.5")] {
        assert_eq!(
            said(&found("aws_mq_broker", &versions(declared, live), &nobody)),
            (AutomatedResponse, 75),
            "{live}"
        );
    }
    // Back, another line, the same, and what is no version.
    for (declared, live) in
        [("14.7", "14.3"), ("14.7", "15.2"), ("5.7.1", "8.0.1"), ("9.5", "9.6"), ("14", "14.2"), ("a", "b")]
    {
        assert_eq!(found("aws_mq_broker", &versions(declared, live), &nobody).cause_category, Unknown, "{live}");
    }
    let alice = alice();
    let by_alice = Surroundings { attribution: Some(&alice), ..nobody };
    assert_eq!(found("aws_mq_broker", &versions("14.3", "14.7"), &by_alice).cause_category, Unknown);
    let more = [versions("14.3", "14.7"), sizes()].concat();
    assert_eq!(found("aws_mq_broker", &more, &nobody).cause_category, Unknown, "the cloud changes no sizes");
}

#[test]
fn maintenance_that_was_announced_speaks_against_an_emergency() {
    let alice = alice();
    let both = [context("incident", json!({})), context("maintenance", json!({}))];
    let around = |contexts| Surroundings { attribution: Some(&alice), contexts, ..Surroundings::default() };
    let (with, without) = (around(&both[..]), around(&both[..1]));
    let emergency =
        |around: &Surroundings<'_>| found("aws_instance", &sizes(), around).probabilities.unwrap().get(EmergencyFix);
    assert!(emergency(&with) < emergency(&without));
}

/// A drift that a scan found at two o'clock and the scan at one o'clock had not.
fn between_scans(contexts: &[OperationalContext]) -> Surroundings<'_> {
    let span = Some(("2026-11-21T01:00:00Z".parse().unwrap(), AT.parse().unwrap()));
    Surroundings { span, contexts, ..Surroundings::default() }
}

fn about_checkout(cause: &CauseAnalysis) -> String {
    let mut lines = cause.contributing_factors.iter().map(Tainted::line);
    lines.find(|line| line.contains("checkout")).unwrap_or_default()
}

fn window(from: &str, to: Option<&str>) -> Value {
    json!({"time_window": {"from": from, "to": to}})
}

#[test]
fn an_alert_explains_only_what_is_known_to_be_later() {
    let told = |from: &str| {
        let contexts = [context("alert", window(from, Some(from)))];
        let cause = found("aws_instance", &sizes(), &between_scans(&contexts));
        let words = cause.temporal_context.as_ref().unwrap().words(&|at| at.to_string());
        (cause.probabilities.unwrap().get(EmergencyFix), about_checkout(&cause), words)
    };
    let nothing = found("aws_instance", &sizes(), &between_scans(&[])).probabilities.unwrap().get(EmergencyFix);
    let (before, factor, _) = told("2026-11-21T01:00:00Z");
    assert_eq!(factor, "It was done soon after the alert \"checkout is down\".");
    let (_, factor, _) = told("2026-11-21T00:30:00Z");
    assert_eq!(factor, "It was done after the alert \"checkout is down\".", "an hour and a half may lie between");
    let (between, factor, words) = told("2026-11-21T01:59:00Z");
    let order = "It may have been done before or after the alert \"checkout is down\": which came first is not known.";
    assert_eq!(factor, order);
    assert!(words.ends_with("; around the alert \"checkout is down\""), "an alert is a moment: {words}");
    assert!(nothing < between && between - nothing < (before - nothing) / 2.0, "{nothing} {between} {before}");
}

#[test]
fn an_incident_that_opens_or_ends_between_two_scans_may_have_come_later_and_names_nothing() {
    let told = |kind: &str, from: &str, to: Option<&str>| {
        let contexts = [context(kind, window(from, to))];
        let cause = found("aws_instance", &sizes(), &between_scans(&contexts));
        let words = cause.temporal_context.as_ref().unwrap().words(&|at| at.to_string());
        (cause.probabilities.unwrap().get(EmergencyFix), about_checkout(&cause), words)
    };
    let (open, factor, words) = told("incident", "2026-11-21T00:59:00Z", None);
    assert_eq!(factor, "It was done while the incident \"checkout is down\" went on.");
    assert!(words.ends_with("; while the incident \"checkout is down\" went on"), "{words}");
    for (from, to) in [("2026-11-21T01:59:00Z", None), ("2026-11-21T00:10:00Z", Some("2026-11-21T01:10:00Z"))] {
        let (late, factor, words) = told("incident", from, to);
        let unsure =
            "It may have been done while the incident \"checkout is down\" went on: when exactly is not known.";
        assert_eq!(factor, unsure);
        assert!(words.ends_with("; around the incident \"checkout is down\""), "{words}");
        assert!(late < open / 2.0, "{late} {open}");
    }
    let (_, _, words) = told("ticket", "2026-11-21T01:30:00Z", Some("2026-11-21T01:30:00Z"));
    assert!(words.ends_with("; around the ticket \"checkout is down\""), "{words}");
    let (_, _, words) = told("ticket", "2026-11-21T00:30:00Z", None);
    assert!(words.ends_with("; while the ticket \"checkout is down\" was open"), "{words}");
}

#[test]
fn what_was_kept_before_of_a_moment_is_told_as_one() {
    let near = |overlap: Value| {
        let near = json!([{"context_type": "alert", "title": "latency", "temporal_offset": 0, "overlap": overlap}]);
        let kept = json!({"from": AT, "until": AT, "near": near});
        serde_json::from_value::<crate::drift::TemporalContext>(kept).unwrap().words(&|at| at.to_string())
    };
    assert!(near(Value::Null).ends_with("; around the alert \"latency\""));
    assert!(near(json!("during")).ends_with("; while the alert \"latency\" was on"));
}

#[test]
fn hostile_names_stay_text() {
    let hostile = by("\u{1b}]0;x\u{7}\u{202e}eve", "arn:\n\u{1b}[31m", Some(ActorClass::Script));
    let cause =
        found("aws_instance", &sizes(), &Surroundings { attribution: Some(&hostile), ..Surroundings::default() });
    let lines: Vec<String> = cause.contributing_factors.iter().map(Tainted::line).collect();
    assert!(lines.iter().all(|line| line.chars().all(|c| !c.is_control() && c != '\u{202e}')), "{lines:?}");
}

/// Ten drifts that whoever did them explains, each with what kind of hand and what cause.
fn explained() -> Vec<(Attribution, Cause, &'static str, Vec<Change>)> {
    let closed = || vec![change("cidr_blocks", json!(["0.0.0.0/0"]), json!(["10.0.0.0/8"]))];
    let service =
        || by("autoscaling", "arn:aws:sts::1:assumed-role/AWSServiceRoleForAutoScaling/x", Some(ActorClass::Service));
    let guard = || {
        by(
            "SecurityHub-Remediation",
            "arn:aws:sts::1:assumed-role/SecurityHub-Remediation/r",
            Some(ActorClass::SecurityTool),
        )
    };
    let numbered =
        || by("INC-904-bob", "arn:aws:sts::1:assumed-role/Operator/INC-904-bob", Some(ActorClass::CommandLine));
    let mut cases = vec![];
    for _ in 0..3 {
        cases.push((
            service(),
            AutomatedResponse,
            "aws_autoscaling_group",
            vec![change("desired_capacity", json!(2), json!(5))],
        ));
        cases.push((guard(), SecurityResponse, "aws_security_group_rule", closed()));
        cases.push((numbered(), EmergencyFix, "aws_instance", sizes()));
    }
    cases
}

/// The probability the true cause gets, on average, when case n is put down to the hand of case n + `by`.
fn belief(shift: usize) -> f64 {
    let cases = explained();
    let given = cases.iter().enumerate().map(|(at, (_, cause, kind, changes))| {
        let attribution = &cases[(at + shift) % cases.len()].0;
        let around = Surroundings { attribution: Some(attribution), ..Surroundings::default() };
        found(kind, changes, &around).probabilities.unwrap().get(*cause)
    });
    given.sum::<f64>() / cases.len() as f64
}

#[test]
fn shuffled_actors_take_the_confidence_away() {
    let (true_hands, shuffled) = (belief(0), belief(1).max(belief(2)));
    println!("probability of the true cause: {true_hands:.2}; with shuffled actors at most {shuffled:.2}");
    assert!(true_hands > 0.8 && shuffled < true_hands / 2.0, "{true_hands} {shuffled}");
}

/// Of drifts that were written into code (their labels are not read): whatever is named is a guess.
#[test]
fn of_real_drifts_that_nobody_explains_none_is_acted_upon() {
    let Some(path) = shared("labels/real_codified_drift_sample.jsonl") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let (mut versions, mut others, mut unknown) = (0, 0, 0);
    for row in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let rows = row["changes"].as_array().unwrap();
        let Some(kind) = rows.iter().find_map(|one| one["type"].as_str()) else { continue };
        let of_it = rows.iter().filter(|one| one["type"] == kind);
        let changes: Vec<Change> = of_it
            .map(|one| change(one["path"].as_str().unwrap_or("x"), one["declared"].clone(), one["actual"].clone()))
            .collect();
        let cause = found(kind, &changes, &Surroundings::default());
        assert!(cause.confidence_score.hundredths() < 80, "{:?}", cause);
        if changes.iter().all(|change| change.path.raw().ends_with("engine_version")) {
            versions += 1;
        } else {
            others += 1;
            unknown += usize::from(cause.cause_category == Unknown);
        }
    }
    println!("of {others} that are no versions of engines ({versions} are), {unknown} are unknown");
    assert!(others > 10 && unknown * 2 > others, "{unknown} of {others}");
}

#[test]
fn the_same_evidence_is_always_the_same_numbers_and_what_a_person_says_is_none_of_them() {
    let alice = alice();
    let incident = [context("incident", json!({}))];
    let around = Surroundings { attribution: Some(&alice), contexts: &incident, ..Surroundings::default() };
    let environment = environment();
    let resource = ResourceRef {
        resource_type: "aws_instance".into(),
        resource_id: "x.y".into(),
        previous_address: None,
        provider_id: None,
        declared_in: None,
    };
    let changes = sizes();
    let now = AT.parse().unwrap();
    let drift_type = DriftType::Modified;
    let facts = Facts { environment: &environment, resource: &resource, drift_type, changes: &changes, now };
    let numbers = |around: &Surroundings<'_>| features_of(&facts, around, &Severity::default());
    let first = numbers(&around);
    assert_eq!(first.values.len(), features::NAMES.len());
    assert!(first.is_sane());
    assert_eq!(numbers(&around), first);
    assert_eq!(numbers(&Surroundings { judged: Some(SecurityResponse), ..around }), first);
    let at = |name: &str| first.values[features::NAMES.iter().position(|one| *one == name).unwrap()];
    assert_eq!((at("in_incident"), at("by_person"), at("by_console"), at("in_maintenance")), (1.0, 1.0, 1.0, 0.0));
    assert!((at("rules_emergency_fix") - 0.66).abs() < 0.01);
    assert_ne!(numbers(&Surroundings { contexts: &[], ..around }), first);
}

#[test]
fn a_person_who_judges_goes_before_everything_else_even_when_he_cannot_tell() {
    let service =
        by("autoscaling", "arn:aws:sts::1:assumed-role/AWSServiceRoleForAutoScaling/x", Some(ActorClass::Service));
    let said_by = |judged| {
        let around = Surroundings { attribution: Some(&service), judged: Some(judged), ..Surroundings::default() };
        said(&found("aws_instance", &sizes(), &around))
    };
    assert_eq!(said_by(ConfigurationError), (ConfigurationError, 95));
    assert_eq!(said_by(Unknown), (Unknown, 60));
}

#[test]
fn when_it_happened_is_told_with_the_hours_and_with_what_went_on_nearest_first() {
    let context = |kind: ContextType, title: &str, from: &str, to: Option<&str>| -> OperationalContext {
        serde_json::from_value(json!({"id": "01JNZ6Q0V4M2Y8T5R3W7X9B1CE", "context_type": kind.as_str(),
            "context_data": {"title": title}, "time_window": {"from": from, "to": to}, "environments": [],
            "source": "person"}))
        .unwrap()
    };
    let contexts = [
        context(ContextType::Deployment, "v2", "2026-11-21T01:30:00Z", Some("2026-11-21T01:30:00Z")),
        context(ContextType::Incident, "down", "2026-11-21T01:00:00Z", None),
    ];
    let nights = Hours {
        days: jiff::civil::Weekday::Monday.cycle_forward().take(7).collect(),
        from: jiff::civil::time(20, 0, 0, 0),
        to: jiff::civil::time(6, 0, 0, 0),
    };
    let on_call = OnCall { hours: vec![nights], ..OnCall::default() };
    let attribution = by("alice", "arn:aws:iam::1:user/alice", Some(ActorClass::Console));
    let around = Surroundings {
        attribution: Some(&attribution),
        contexts: &contexts,
        on_call: Some(&on_call),
        ..Surroundings::default()
    };
    let told = |around: &Surroundings<'_>| found("aws_vpc", &[], around).temporal_context;
    let known = told(&around).unwrap();
    let near: Vec<(&str, i64)> = known.near.iter().map(|one| (one.title.raw(), one.temporal_offset)).collect();
    assert_eq!(near, [("down", 0), ("v2", -1_800)]);
    // 2026-11-21 is a Saturday.
    assert_eq!((known.is_weekend, known.on_call, known.is_blurred), (Some(true), Some(true), false));

    let span = ("2026-11-20T00:00:00Z".parse().unwrap(), AT.parse().unwrap());
    let blurred = told(&Surroundings { attribution: None, span: Some(span), ..around }).unwrap();
    assert!(blurred.is_blurred && blurred.near.is_empty() && blurred.on_call.is_none(), "{blurred:?}");
    assert_eq!(told(&Surroundings { attribution: None, ..around }), None, "nothing says when");
}
