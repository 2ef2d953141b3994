//! Stories about events, told by events as AWS and an emulator wrote them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::drift::{ActorClass, Change, ChangeType, DriftDetail, DriftEvent, DriftType};
use crate::safety::Masked;
use crate::testing::shared;

fn event(name: &str, more: Value) -> Event {
    let mut event = json!({
        "eventID": name, "eventName": name, "eventTime": "2026-11-21T02:00:00Z", "eventSource": "ec2.amazonaws.com",
        "userIdentity": {"type": "IAMUser", "userName": "alice"}, "readOnly": false,
    });
    for (key, value) in more.as_object().unwrap() {
        event[key] = value.clone();
    }
    Event::of(&event).unwrap()
}

fn changes(paths: &[&str]) -> Vec<Change> {
    let change = |path: &&str| Change {
        path: (*path).into(),
        change_type: ChangeType::Modified,
        declared: None,
        actual: None,
        is_security_critical: false,
        remembered_at: None,
    };
    paths.iter().map(change).collect()
}

/// Event, properties it is said to change, and the words why.
fn ranked(events: &[Event], paths: &[&str]) -> Vec<(String, Vec<String>, String)> {
    let told = rank(events, &changes(paths), DriftType::Modified).into_iter();
    told.map(|one| (one.event.line(), one.paths.iter().map(|p| p.raw().to_owned()).collect(), one.reason.line()))
        .collect()
}

#[test]
fn the_event_that_changes_the_property_comes_before_later_writes_that_do_not() {
    let tags = event("CreateTags", json!({"eventTime": "2026-11-21T02:30:00Z"}));
    let rule = event("AuthorizeSecurityGroupIngress", json!({}));
    let told = ranked(&[tags.clone(), rule], &["ingress[0].cidr_blocks", "description"]);
    assert_eq!(told[0].0, "AuthorizeSecurityGroupIngress");
    assert_eq!(told[0].1, ["ingress[0].cidr_blocks"]);
    assert_eq!(told[0].2, "AuthorizeSecurityGroupIngress changes ingress[0].cidr_blocks");
    assert!(told[1].1.is_empty() && told[1].2.contains("nothing says that it changed this"), "{told:?}");
    assert_eq!(ranked(&[tags], &["tags.Owner"])[0].1, ["tags.Owner"]);
}

#[test]
fn the_parameters_of_a_request_tell_where_its_name_does_not() {
    let queue = event(
        "SetQueueAttributes",
        json!({"requestParameters": {"queueUrl": "https://x/q", "attributes": {"VisibilityTimeout": "60"}}}),
    );
    let told = ranked(&[queue], &["visibility_timeout_seconds", "max_message_size"]);
    assert_eq!(told[0].1, ["visibility_timeout_seconds"]);
    let versioning = event("PutBucketVersioning", json!({}));
    assert_eq!(ranked(&[versioning], &["versioning[0].enabled"])[0].1, ["versioning[0].enabled"]);
}

#[test]
fn refused_attempts_and_reads_are_no_causes() {
    let denied = event("AuthorizeSecurityGroupIngress", json!({"errorCode": "Client.UnauthorizedOperation"}));
    let read = event("DescribeSecurityGroups", json!({"readOnly": "true"}));
    let silent = event("GetBucketPolicy", json!({"readOnly": null}));
    assert!(ranked(&[denied, read, silent], &["ingress"]).is_empty());
}

#[test]
fn what_is_gone_was_deleted_and_what_nobody_declared_was_created() {
    let events = [
        event("ModifyDBInstance", json!({})),
        event("DeleteDBInstance", json!({})),
        event("CreateDBInstance", json!({})),
    ];
    let first = |drift_type| rank(&events, &[], drift_type)[0].event.line();
    assert_eq!(
        (first(DriftType::Deleted), first(DriftType::Added)),
        ("DeleteDBInstance".into(), "CreateDBInstance".into())
    );
}

#[test]
fn an_event_that_tells_nothing_has_no_class() {
    for more in [
        json!({}),
        json!({"userAgent": "Mozilla"}),
        json!({"eventSource": "ecs.aliyuncs.com", "userAgent": "aws-cli/2"}),
    ] {
        assert_eq!(class_of(&event("X", more)).class, None);
    }
    let instance = json!({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/backup/i-0a1b2c3d4e5f67890"});
    let on_instance = event("X", json!({"userAgent": "aws-cli/2.13.0", "userIdentity": instance}));
    assert_eq!(class_of(&on_instance).class, Some(ActorClass::Script), "no person is behind an instance");
    assert_eq!(class_of(&event("X", json!({"userAgent": "aws-cli/2.13.0"}))).class, Some(ActorClass::CommandLine));
}

#[test]
fn what_an_emulator_recorded_reads_as_events() {
    let names = ["ReadOnly_false", "ResourceName_cfn-b", "EventName_SetQueueAttributes", "assumed"];
    let mut read = 0;
    for name in names {
        let Some(path) = shared(&format!("lab/recorded/ms_cloudtrail_{name}.json")) else { return };
        let answer: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for one in answer["Events"].as_array().unwrap() {
            let event = Event::parse(one["CloudTrailEvent"].as_str().unwrap()).unwrap();
            assert_eq!(event.name, one["EventName"].as_str().unwrap());
            assert!(event.is_write() && !event.has_failed() && event.time > Timestamp::UNIX_EPOCH, "{event:?}");
            let class = class_of(&event).class;
            assert_eq!(class, Some(ActorClass::Script), "{}", event.user_agent);
            read += 1;
        }
    }
    assert!(read > 5, "{read}");
}

#[test]
fn a_span_begins_where_the_scan_before_saw_it_and_never_before_events_are_kept() {
    let at: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
    let text = |(from, until): (Timestamp, Timestamp)| format!("{from} {until}");
    let before = at.checked_sub(jiff::SignedDuration::from_mins(60)).ok();
    assert_eq!(text(window(at, before)), "2026-11-21T00:45:00Z 2026-11-21T02:15:00Z");
    assert_eq!(text(window(at, None)), "2026-08-23T02:00:00Z 2026-11-21T02:15:00Z");
}

#[test]
fn only_a_write_of_the_span_itself_makes_other_names_needless() {
    let write = event("ModifyInstanceAttribute", json!({}));
    let read = event("DescribeInstances", json!({"readOnly": true}));
    let after = write.time + jiff::SignedDuration::from_secs(1);
    assert!(trail::has_write(&[read.clone(), write.clone()], write.time));
    assert!(!trail::has_write(&[write], after), "it was before");
    assert!(!trail::has_write(&[read], after));
}

#[test]
fn pages_of_which_nothing_could_be_read_are_cut_where_they_begin() {
    let (early, late) = (event("A", json!({})), event("B", json!({"eventTime": "2026-11-21T02:30:00Z"})));
    let until = late.time + jiff::SignedDuration::from_mins(15);
    assert_eq!(lookup::cut_at(&[late, early.clone()], until), early.time);
    assert_eq!(lookup::cut_at(&[], until), until);
}

fn detail(kind: &str, provider_id: Option<&str>, live: Value) -> DriftDetail {
    let event: DriftEvent = serde_json::from_value(json!({
        "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "version": 1, "environment": "prod", "fingerprint": "00".repeat(32),
        "resource": {"resource_type": kind, "resource_id": "x.y", "provider_id": provider_id},
        "drift_type": "modified", "changes": [], "hidden_count": 0, "unverified_count": 0,
        "analysis": {"cause": {"cause_category": "unknown", "confidence_score": 0.5, "contributing_factors": []},
                     "severity": {"security": 0.1, "performance": 0.1, "cost": 0.1, "compliance": 0.1},
                     "reasons": [], "analyzed_at": "2026-11-21T02:00:00Z"},
        "recommendations": [], "detected_at": "2026-11-21T02:00:00Z", "last_seen": "2026-11-21T02:00:00Z",
        "seen_count": 1, "regressions": 0, "state": "open"
    }))
    .unwrap();
    let actual_state = Some(Masked::trusted(live));
    DriftDetail {
        event,
        declared_state: None,
        actual_state,
        hidden: vec![],
        unverified: vec![],
        history: vec![],
        links: vec![],
        remediation: None,
        cause_analysis: None,
        risk: None,
    }
}

#[test]
fn a_resource_is_asked_for_by_the_names_its_service_writes_down() {
    let role = "arn:aws:iam::123456789012:role/reader";
    assert_eq!(names_of(&detail("aws_iam_role", Some(role), json!({"name": "reader"}))), [role, "reader"]);
    let policy = detail("aws_s3_bucket_policy", Some("logs"), json!({"bucket": "logs", "id": "logs"}));
    assert_eq!(names_of(&policy), ["logs"], "part of the bucket");
    let rule = json!({"security_group_id": "sg-1", "id": "sgr-2"});
    assert_eq!(names_of(&detail("aws_vpc_security_group_ingress_rule", Some("sgr-2"), rule)), ["sg-1", "sgr-2"]);
    assert!(names_of(&detail("aws_vpc", None, json!({}))).is_empty());
    let url = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
    let known = [url, "orders", "arn:aws:sqs:eu-west-1:123456789012:orders"];
    assert_eq!(names_of(&detail("AWS::SQS::Queue", Some(url), json!({}))), known, "all from its URL");
    let queue = json!({"url": url, "arn": known[2], "name": "orders"});
    assert_eq!(names_of(&detail("aws_sqs_queue", Some(url), queue)), [url, known[2], "orders"]);
}

/// Where a trail leaves the user agent out, what is still said is right, and much is left unsaid.
#[test]
fn with_its_user_agent_masked_an_event_is_told_rightly_or_not_at_all() {
    let Some(path) = shared("labels/cloudtrail_samples.jsonl") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let (mut right, mut wrong, mut silent) = (0, 0, 0);
    for row in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let wanted = match row["actor_type"].as_str().unwrap() {
            "human_console" => ActorClass::Console,
            "human_cli" => ActorClass::CommandLine,
            "iac_ci" => ActorClass::Iac,
            "aws_service" | "aws_service_fas" => ActorClass::Service,
            "security_tool" | "security_service" | "attack_sim" => ActorClass::SecurityTool,
            "sdk_script" => ActorClass::Script,
            _ => continue,
        };
        for agent in ["", "HIDDEN_DUE_TO_SECURITY_REASONS", "********"] {
            let mut event = row["event"].clone();
            event["userAgent"] = agent.into();
            let Ok(event) = Event::of(&event) else { continue };
            match class_of(&event).class {
                Some(class) if class == wanted => right += 1,
                Some(_) => wrong += 1,
                None => silent += 1,
            }
        }
    }
    println!("user agent masked: {right} right, {wrong} wrong, {silent} unsaid");
    assert!(right > 400 && right * 100 >= (right + wrong) * 95, "{right} right, {wrong} wrong");
    assert!(silent > right / 2, "what only the user agent tells is not guessed: {silent} of {right}");
}
