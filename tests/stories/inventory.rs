//! What there is: catalogue, sources, dependencies, broken rules.

use std::fs;

use serde_json::{Value, json};

use crate::support::{driftguard, run};

/// A bucket with an owner, a topic that depends on it, and a bucket that nobody declares.
fn world() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let resource = |kind: &str, name: &str, attributes: Value, on: &[&str]| {
        json!({"mode": "managed", "type": kind, "name": name, "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [{"schema_version": 0, "attributes": attributes, "dependencies": on}]})
    };
    let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "l", "outputs": {}, "resources": [
        resource("aws_s3_bucket", "logs", json!({"id": "logs", "bucket": "logs", "arn": "arn:aws:s3:::logs", "region": "eu-west-1",
            "tags": {"Team": "pay", "note": "password=hunter22"}}), &[]),
        resource("aws_s3_bucket_versioning", "logs", json!({"id": "logs", "bucket": "logs",
            "versioning_configuration": [{"status": "Enabled"}]}), &["aws_s3_bucket.logs"]),
        resource("aws_sns_topic", "alarm", json!({"id": "arn:aws:sns:eu-central-1:123456789012:alarm", "name": "alarm", "tags": {},
            "arn": "arn:aws:sns:eu-central-1:123456789012:alarm"}), &["aws_s3_bucket.logs"]),
    ]});
    let item = |name: &str| {
        json!({"resourceType": "AWS::S3::Bucket", "resourceId": name, "resourceName": name, "ARN": format!("arn:aws:s3:::{name}"),
            "awsAccountId": "123456789012", "awsRegion": "eu-west-1", "configurationItemStatus": "OK",
            "configurationItemCaptureTime": "2026-11-20T12:00:00.000Z", "configuration": {"name": name},
            "tags": {"Team": "pay", "note": "password=hunter22"},
            "supplementaryConfiguration": {"BucketVersioningConfiguration": {"status": "Suspended"}}})
    };
    let recording =
        json!({"fileVersion": "1.0", "configSnapshotId": "s", "configurationItems": [item("logs"), item("shadow")]});
    fs::write(home.path().join("terraform.tfstate"), state.to_string()).unwrap();
    fs::write(home.path().join("snapshot.json"), recording.to_string()).unwrap();
    let table = format!(
        "[[environment]]\nslug = \"prod\"\ncloud_provider = \"aws\"\nregion = \"eu-west-1\"\nstate = {:?}\nlive = {:?}\n",
        home.path().join("terraform.tfstate"),
        home.path().join("snapshot.json")
    );
    fs::create_dir_all(home.path().join("config/driftguard")).unwrap();
    fs::write(home.path().join("config/driftguard/config.toml"), table).unwrap();
    home
}

fn rows(home: &std::path::Path, kind: &str) -> Vec<Value> {
    let (code, out, err) = run(driftguard(home).args(["inventory", "--kind", kind, "--format", "json"]));
    assert!(code == 0 || code == 3, "{err}");
    assert!(!out.contains("hunter22"), "{out}");
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of<'a>(rows: &'a [Value], id: &str) -> &'a Value {
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no {id}: {rows:#?}"))
}

#[test]
fn the_catalogue_has_every_resource_with_region_owner_dependants_and_whether_code_declares_it() {
    let home = world();
    let rows = rows(home.path(), "infrastructure");
    assert_eq!(rows.len(), 4, "{rows:#?}");
    let logs = of(&rows, "aws_s3_bucket.logs");
    assert_eq!(
        (&logs["type"], &logs["region"], &logs["owner"], &logs["managed"], &logs["dependants"]),
        (&json!("aws_s3_bucket"), &json!("eu-west-1"), &json!("pay"), &json!(true), &json!(2))
    );
    let topic = of(&rows, "aws_sns_topic.alarm");
    assert_eq!((&topic["region"], &topic["owner"]), (&json!("eu-central-1"), &Value::Null), "as its ARN says");
    assert_eq!(of(&rows, "aws_s3_bucket_versioning.logs")["drift"], "modified");
    let shadow = rows.iter().find(|row| row["managed"] == false).unwrap();
    assert!(shadow["id"].as_str().unwrap().ends_with("shadow") && shadow["drift"] == "added", "{shadow:#}");
    let (_, csv, _) = run(driftguard(home.path()).args(["inventory", "--format", "csv"]));
    assert!(csv.starts_with("environment,type,id,provider_id,region,owner,managed,drift,dependants\n"), "{csv}");
    assert!(csv.contains("prod,aws_s3_bucket,aws_s3_bucket.logs,arn:aws:s3:::logs,eu-west-1,pay,yes,,2"), "{csv}");
    let (_, text, _) = run(driftguard(home.path()).arg("inventory"));
    assert!(text.lines().count() == 5 && text.starts_with("environment  type"), "{text}");
}

#[test]
fn each_kind_of_inventory_has_its_own_view() {
    let home = world();
    let sources = rows(home.path(), "configuration");
    let state = sources.iter().find(|row| row["source"].as_str().unwrap().ends_with("terraform.tfstate")).unwrap();
    assert_eq!((&state["serial"], &state["terraform"], &state["read"]), (&json!(7), &json!("1.11.4"), &json!(true)));
    let tree = rows(home.path(), "dependency");
    assert_eq!(
        (&tree[0]["id"], &tree[0]["dependants"]),
        (&json!("aws_s3_bucket.logs"), &json!(2)),
        "the most depended on first"
    );
    assert_eq!(of(&tree, "aws_sns_topic.alarm")["depends_on"], json!(["aws_s3_bucket.logs"]));
    let broken = rows(home.path(), "compliance");
    let findings = |end: &str| -> Vec<&str> {
        let of = broken.iter().filter(|row| row["id"].as_str().unwrap().ends_with(end));
        of.map(|row| row["finding"].as_str().unwrap()).collect()
    };
    assert!(findings("shadow").contains(&"unmanaged"), "{broken:#?}");
    assert!(findings("aws_sns_topic.alarm").contains(&"no_owner"), "{broken:#?}");
    assert!(findings("aws_s3_bucket.logs").is_empty(), "{broken:#?}");
}

#[test]
fn a_csv_without_rows_still_names_its_columns() {
    let home = world();
    let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 8, "lineage": "l", "outputs": {}, "resources": []});
    fs::write(home.path().join("terraform.tfstate"), state.to_string()).unwrap();
    let (_, csv, err) = run(driftguard(home.path()).args(["inventory", "--kind", "dependency", "--format", "csv"]));
    assert_eq!(csv, "environment,type,id,dependants,depends_on\n", "{err}");
}
