//! Noise that no comparison of two values can tell: what recordings and partial answers bring along, each beside a real change.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{json as json_of, reported};

/// A state with one subnet.
fn apply(home: &Path) {
    let attributes = json!({"id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24",
        "arn": "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1", "map_public_ip_on_launch": false});
    let resource = json!({"mode": "managed", "type": "aws_subnet", "name": "a",
        "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
        "instances": [{"schema_version": 1, "attributes": attributes, "sensitive_attributes": []}]});
    let state = json!({"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {}, "resources": [resource]});
    fs::write(home.join("terraform.tfstate"), state.to_string()).unwrap();
}

/// What AWS Config recorded of it, with some of it otherwise.
fn record(home: &Path, edit: impl Fn(&mut Value, &mut Value)) {
    let mut item = json!({"accountId": "111122223333", "awsRegion": "eu-west-1", "configurationItemStatus": "OK",
        "resourceType": "AWS::EC2::Subnet", "resourceId": "subnet-1", "ARN": "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1",
        "configurationItemCaptureTime": "2026-11-20T12:00:00Z", "configurationStateId": "1",
        "relationships": [{"resourceType": "AWS::EC2::VPC", "resourceId": "vpc-1"}]});
    let mut configuration = json!({"subnetId": "subnet-1", "vpcId": "vpc-1", "cidrBlock": "10.0.1.0/24", "mapPublicIpOnLaunch": false,
        "availableIpAddressCount": 250});
    edit(&mut item, &mut configuration);
    item["configuration"] = configuration;
    let snapshot = json!({"fileVersion": "1.0", "configSnapshotId": "s", "configurationItems": [item]});
    fs::write(home.join("recording.json"), snapshot.to_string()).unwrap();
}

fn scan(home: &Path) -> Value {
    json_of(home, &["scan", "--state", "terraform.tfstate", "--live", "recording.json"]).1
}

#[test]
fn relationships_counters_and_capture_times_of_a_recording_are_not_drift_and_its_configuration_is() {
    let home = tempfile::tempdir().unwrap();
    apply(home.path());
    record(home.path(), |item, configuration| {
        item["relationships"] = json!([{"resourceType": "AWS::EC2::Instance", "resourceId": "i-1"}]);
        item["configurationItemCaptureTime"] = json!("2026-11-21T12:00:00Z");
        item["configurationStateId"] = json!("2");
        configuration["availableIpAddressCount"] = json!(3);
        configuration["anAttributeThatIsNew"] = json!({"state": "disabled"});
    });
    let report = scan(home.path());
    assert_eq!(reported(&report), [], "{report:#}");
    assert_eq!(report["environments"][0]["counts"]["in_sync"], 1, "{report:#}");
    record(home.path(), |_, configuration| configuration["mapPublicIpOnLaunch"] = json!(true));
    let report = scan(home.path());
    assert_eq!(reported(&report), [("aws_subnet.a".into(), "map_public_ip_on_launch".into())], "{report:#}");
}
