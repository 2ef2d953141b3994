//! What things are called is known from the recording and from the code itself: an alias is its key, a unique id its role.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{json as scanned, reported};

const ACCOUNT: &str = "123456789012";
const KEY: &str = "11111111-2222-3333-4444-555555555555";
const OTHER: &str = "99999999-2222-3333-4444-555555555555";

fn arn(service: &str, resource: &str) -> String {
    let region = if service == "iam" { "" } else { "eu-west-1" };
    format!("arn:aws:{service}:{region}:{ACCOUNT}:{resource}")
}

fn state(resources: &[(&str, Value)]) -> Value {
    let resource = |(kind, attributes): &(&str, Value)| {
        json!({"mode": "managed", "type": kind, "name": "x", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
               "instances": [{"schema_version": 0, "attributes": attributes}]})
    };
    let resources: Vec<Value> = resources.iter().map(resource).collect();
    json!({"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {}, "resources": resources})
}

fn item(kind: &str, id: &str, arn: &str, configuration: Value) -> Value {
    json!({"version": "1.3", "accountId": ACCOUNT, "awsRegion": "eu-west-1", "resourceType": kind, "resourceId": id,
           "resourceName": id, "ARN": arn, "configurationItemStatus": "OK", "configurationStateId": 1,
           "configurationItemCaptureTime": "2026-01-05T08:00:00Z", "configuration": configuration})
}

fn scan(home: &Path, declared: &[(&str, Value)], live: &[Value]) -> (i32, Value) {
    std::fs::write(home.join("a.tfstate"), state(declared).to_string()).unwrap();
    let recording = json!({"fileVersion": "1.0", "configurationItems": live});
    std::fs::write(home.join("live.json"), recording.to_string()).unwrap();
    scanned(home, &["scan", "--no-store", "--state", "a.tfstate", "--live", "live.json"])
}

/// A topic that names its key by alias, and its recording, in which the alias was resolved.
fn topic(key: &str) -> ((&'static str, Value), Value) {
    let topic = arn("sns", "jobs");
    let declared =
        json!({"id": topic, "arn": topic, "name": "jobs", "display_name": "a", "kms_master_key_id": "alias/x"});
    let recorded = json!({"TopicArn": topic, "DisplayName": "b", "KmsMasterKeyId": arn("kms", &format!("key/{key}"))});
    (("aws_sns_topic", declared), item("AWS::SNS::Topic", &topic, &topic, recorded))
}

fn recorded_alias() -> Value {
    let configuration = json!({"AliasName": "alias/x", "TargetKeyId": KEY});
    item("AWS::KMS::Alias", "alias/x", &arn("kms", "alias/x"), configuration)
}

fn paths(document: &Value) -> Vec<String> {
    reported(document).into_iter().map(|(_, path)| path).collect()
}

#[test]
fn an_alias_in_the_code_is_the_key_that_the_recording_says_it_names() {
    let home = tempfile::tempdir().unwrap();
    let (declared, live) = topic(KEY);
    let alias = json!({"id": "alias/x", "arn": arn("kms", "alias/x"), "name": "alias/x", "target_key_id": KEY});
    let (code, document) = scan(home.path(), &[declared, ("aws_kms_alias", alias)], &[live, recorded_alias()]);
    assert_eq!((code, paths(&document)), (2, vec!["display_name".to_owned()]), "{document:#}");
    let hidden = document["drifts"][0]["hidden"].as_array().unwrap();
    let reference = |h: &&Value| h["path"] == "kms_master_key_id" && h["rule"] == "reference";
    assert_eq!(hidden.iter().filter(reference).count(), 1, "{document:#}");
}

#[test]
fn an_alias_in_the_code_beside_another_key_is_drift() {
    let home = tempfile::tempdir().unwrap();
    let (declared, live) = topic(OTHER);
    let (_, document) = scan(home.path(), &[declared], &[live, recorded_alias()]);
    assert_eq!(paths(&document), ["display_name", "kms_master_key_id"], "{document:#}");
}

#[test]
fn an_alias_that_only_the_code_declares_is_known_too_wherever_it_stands() {
    let home = tempfile::tempdir().unwrap();
    let alias = json!({"id": "alias/x", "name": "alias/x", "arn": arn("kms", "alias/x"), "target_key_id": KEY,
                       "target_key_arn": arn("kms", &format!("key/{KEY}"))});
    for (key, drift) in [(KEY, false), (OTHER, true)] {
        let ((kind, mut declared), live) = topic(key);
        declared["display_name"] = "b".into();
        let (_, document) = scan(home.path(), &[(kind, declared), ("aws_kms_alias", alias.clone())], &[live]);
        let expected: &[&str] = if drift { &["kms_master_key_id"] } else { &[] };
        assert_eq!(paths(&document), expected, "{document:#}");
        assert_eq!(document["environments"][0]["counts"]["coverage"]["unresolved"], 0, "{document:#}");
    }
    let ((kind, declared), live) = topic(KEY);
    let (_, document) = scan(home.path(), &[(kind, declared)], &[live]);
    assert_eq!(paths(&document), ["display_name"], "nobody knows the alias: {document:#}");
    assert_eq!(document["environments"][0]["counts"]["coverage"]["unresolved"], 1, "{document:#}");
}

/// A topic whose policy names a role by ARN, and its recording, which names it by its unique id.
fn trusting(id: &str) -> ((&'static str, Value), Value) {
    let topic = arn("sns", "jobs");
    let policy = |who: &str| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": who}, "Action": "sns:Publish", "Resource": topic}]})
        .to_string()
    };
    let declared = json!({"id": topic, "arn": topic, "name": "jobs", "policy": policy(&arn("iam", "role/deploy"))});
    let recorded = json!({"TopicArn": topic, "Policy": policy(id)});
    (("aws_sns_topic", declared), item("AWS::SNS::Topic", &topic, &topic, recorded))
}

#[test]
fn a_role_is_known_by_its_unique_id_until_it_was_made_anew() {
    let home = tempfile::tempdir().unwrap();
    let (id, gone) = ("AROAEXAMPLEEXAMPLE001", "AROAEXAMPLEEXAMPLE000");
    let role_arn = arn("iam", "role/deploy");
    let recorded =
        json!({"roleId": id, "roleName": "deploy", "path": "/", "arn": role_arn, "assumeRolePolicyDocument": "%7B%7D"});
    let live_role = item("AWS::IAM::Role", id, &role_arn, recorded);
    // The state still remembers the role that is gone.
    let role = |id: &str| ("aws_iam_role", json!({"id": "deploy", "name": "deploy", "arn": role_arn, "unique_id": id}));
    for (named, roles, live_roles, drift) in [
        (id, vec![], vec![live_role.clone()], false),
        (id, vec![role(id)], vec![], false),
        (gone, vec![role(gone)], vec![live_role.clone()], true),
        (gone, vec![], vec![live_role], true),
    ] {
        let (declared, live) = trusting(named);
        let live: Vec<Value> = live_roles.into_iter().chain([live]).collect();
        let declared: Vec<_> = std::iter::once(declared).chain(roles).collect();
        let (_, document) = scan(home.path(), &declared, &live);
        let on_topic = paths(&document).iter().any(|path| path.starts_with("policy"));
        assert_eq!(on_topic, drift, "{named}: {document:#}");
    }
}
