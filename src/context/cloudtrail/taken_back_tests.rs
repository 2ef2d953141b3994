//! What was tried, and what only looks like it.

use jiff::SignedDuration;
use serde_json::json;

use super::super::rank;
use super::*;
use crate::drift::ChangeType;
use crate::safety::Masked;

const START: &str = "2026-11-21T02:00:00Z";

fn at(minutes: i64) -> Timestamp {
    START.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

/// A write by somebody, so many minutes after the start.
fn write(who: &str, minutes: i64, name: &str, parameters: Value) -> Event {
    let arn = format!("arn:aws:sts::1:assumed-role/Operator/{who}");
    Event::of(&json!({
        "eventID": format!("{name}-{minutes}"), "eventName": name, "eventTime": at(minutes).to_string(),
        "eventSource": "ec2.amazonaws.com", "readOnly": false, "requestParameters": parameters,
        "userIdentity": {"type": "AssumedRole", "arn": arn},
    }))
    .unwrap()
}

fn size(who: &str, minutes: i64, size: &str) -> Event {
    write(who, minutes, "ModifyInstanceAttribute", json!({"instanceId": "i-1", "instanceType": {"value": size}}))
}

fn rule(who: &str, minutes: i64, verb: &str, cidr: &str) -> Event {
    let parameters = json!({"groupId": "sg-1", "ipPermissions": {"items": [{"fromPort": 22, "cidrIp": cidr}]}});
    write(who, minutes, &format!("{verb}SecurityGroupIngress"), parameters)
}

fn change(path: &str, declared: Value, actual: Value) -> Change {
    Change {
        path: path.into(),
        change_type: ChangeType::Modified,
        declared: Some(Masked::trusted(declared)),
        actual: Some(Masked::trusted(actual)),
        is_security_critical: false,
        remembered_at: None,
    }
}

fn sizes() -> Vec<Change> {
    vec![change("instance_type", json!("t3.small"), json!("t3.large"))]
}

fn rules() -> Vec<Change> {
    vec![change("ingress", json!([]), json!([{"cidr_blocks": ["0.0.0.0/0"]}]))]
}

/// After how many minutes each was taken back, and how many episodes ended otherwise.
fn told(events: &[Event], changes: &[Change], episodes: &[Episode]) -> (Vec<i64>, u32) {
    let by = rank(events, changes, DriftType::Modified).remove(0);
    let found = before(events, (changes, DriftType::Modified), &by, episodes);
    (found.taken_back.iter().map(|one| one.after().as_secs() / 60).collect(), found.ended_otherwise)
}

#[test]
fn a_value_that_is_set_set_back_and_set_again_by_one_hand_was_tried() {
    let mut tried = vec![
        size("ann", 0, "t3.large"),
        size("ann", 40, "t3.small"),
        size("ann", 60, "t3.xlarge"),
        size("ann", 70, "t3.small"),
        size("ann", 90, "t3.large"),
    ];
    assert_eq!(told(&tried, &sizes(), &[]), (vec![40, 10], 0));
    // As a trail tells it.
    tried.reverse();
    assert_eq!(told(&tried, &sizes(), &[]), (vec![40, 10], 0));
}

#[test]
fn what_somebody_else_put_right_or_made_again_was_not_tried() {
    let by = |first: &str, second: &str, third: &str| {
        let events = [size(first, 0, "t3.large"), size(second, 40, "t3.small"), size(third, 60, "t3.large")];
        told(&events, &sizes(), &[]).0
    };
    assert_eq!(by("ann", "ann", "ann"), [40]);
    for (first, second, third) in [("ann", "bob", "ann"), ("ann", "ann", "bob"), ("bob", "ann", "ann")] {
        assert!(by(first, second, third).is_empty(), "{first} {second} {third}");
    }
    // Between the two somebody else set it.
    let between = [
        size("ann", 0, "t3.large"),
        size("bob", 20, "t3.nano"),
        size("ann", 40, "t3.small"),
        size("ann", 60, "t3.large"),
    ];
    assert!(told(&between, &sizes(), &[]).0.is_empty());
}

#[test]
fn late_or_to_another_value_is_no_taking_back_nor_is_what_was_refused() {
    let late = [size("ann", 0, "t3.large"), size("ann", 241, "t3.small"), size("ann", 300, "t3.large")];
    assert!(told(&late, &sizes(), &[]).0.is_empty());
    let on = [size("ann", 0, "t3.large"), size("ann", 40, "t3.medium"), size("ann", 60, "t3.large")];
    assert!(told(&on, &sizes(), &[]).0.is_empty());
    let mut refused = [size("ann", 0, "t3.large"), size("ann", 40, "t3.small"), size("ann", 60, "t3.large")];
    refused[1].error_code = "AccessDenied".into();
    assert!(told(&refused, &sizes(), &[]).0.is_empty());
}

#[test]
fn requests_that_undo_each_other_were_tried_when_they_are_of_the_same_thing() {
    let open = "0.0.0.0/0";
    let tried =
        [rule("ann", 0, "Authorize", open), rule("ann", 15, "Revoke", open), rule("ann", 30, "Authorize", open)];
    assert_eq!(told(&tried, &rules(), &[]), (vec![15], 0));
    let another = [
        rule("ann", 0, "Authorize", open),
        rule("ann", 15, "Revoke", "10.0.0.0/8"),
        rule("ann", 30, "Authorize", open),
    ];
    assert!(told(&another, &rules(), &[]).0.is_empty());
    // The console revokes a rule by its number, which the answer gave.
    let mut by_number = tried.clone();
    by_number[0].answer = json!({"securityGroupRuleSet": {"items": [{"securityGroupRuleId": "sgr-7"}]}});
    by_number[1].parameters = json!({"groupId": "sg-1", "securityGroupRuleIds": ["sgr-7"]});
    assert_eq!(told(&by_number, &rules(), &[]), (vec![15], 0));
}

#[test]
fn a_property_is_found_as_requests_spell_it() {
    let value = |parameters, path| value_of(&parameters, path);
    let large = Some("db.r5.large".to_owned());
    let class = json!({"dBInstanceIdentifier": "pay", "dBInstanceClass": "db.r5.large"});
    assert_eq!(value(class, "instance_class"), large);
    let status = json!({"bucketName": "logs", "VersioningConfiguration": {"Status": "Suspended"}});
    assert_eq!(value(status, "versioning_configuration[0].status"), Some("Suspended".into()));
    let tags = json!({"tagSet": {"items": [{"key": "Team", "value": "a"}, {"key": "Owner", "value": "web"}]}});
    assert_eq!(value(tags, "tags.Owner"), Some("web".into()));
    let two = json!({"rules": [{"priority": 1}, {"priority": 2}]});
    assert_eq!(value(two, "rule[0].priority"), None, "nobody knows which");
}

#[test]
fn deleting_puts_back_only_what_the_code_does_not_have() {
    let put =
        |minutes, verb: &str| write("ann", minutes, &format!("{verb}BucketPolicy"), json!({"bucketName": "logs"}));
    let events = [put(0, "Put"), put(20, "Delete"), put(40, "Put")];
    let from_nothing = vec![change("policy", Value::Null, json!("{}"))];
    assert_eq!(told(&events, &from_nothing, &[]).0, [20]);
    let replaced = vec![change("policy", json!("{\"a\":1}"), json!("{}"))];
    assert!(told(&events, &replaced, &[]).0.is_empty());
}

#[test]
fn an_episode_was_tried_when_the_last_write_before_its_end_was_by_the_same_hand() {
    let episode = [(at(10), at(60))];
    let silent = |who: &str, minutes| write(who, minutes, "ModifyInstanceAttribute", json!({"instanceId": "i-1"}));
    let by = |second: &str| told(&[silent("ann", 0), silent(second, 45), silent("ann", 100)], &sizes(), &episode);
    assert_eq!(by("ann"), (vec![45], 0));
    assert_eq!(by("bob"), (vec![], 1), "a colleague put it right");
    // Nobody was seen to end it: that is not told.
    assert_eq!(told(&[silent("ann", 0), silent("ann", 100)], &sizes(), &episode), (vec![], 0));
    // Seen twice, by its value and by its end, it is one.
    let events = [size("ann", 0, "t3.large"), size("ann", 45, "t3.small"), size("ann", 100, "t3.large")];
    assert_eq!(told(&events, &sizes(), &episode), (vec![45], 0));
}

#[test]
fn a_write_that_changes_something_else_ended_no_episode() {
    let episode = [(at(10), at(60))];
    let tags =
        |minutes| write("ann", minutes, "CreateTags", json!({"tagSet": {"items": [{"key": "a", "value": "b"}]}}));
    // Somebody changed the code meanwhile.
    let events = [size("ann", 0, "t3.large"), tags(45), size("ann", 100, "t3.large")];
    assert_eq!(told(&events, &sizes(), &episode), (vec![], 0));
    // Nor did it make one.
    let events = [tags(5), write("ann", 45, "RebootSomething", json!({})), size("ann", 100, "t3.large")];
    assert_eq!(told(&events, &sizes(), &episode), (vec![], 0));
    // What nobody knows may have.
    let events =
        [size("ann", 0, "t3.large"), write("ann", 45, "RebootSomething", json!({})), size("ann", 100, "t3.large")];
    assert_eq!(told(&events, &sizes(), &episode), (vec![45], 0));
}

#[test]
fn every_verb_has_its_opposite() {
    assert_eq!(undone_by("AttachRolePolicy", false)[0], "DetachRolePolicy");
    assert!(undone_by("AddUserToGroup", true).contains(&"RemoveUserFromGroup".to_owned()));
    assert!(undone_by("Stop", false).is_empty() && undone_by("Address", true).is_empty());
}
