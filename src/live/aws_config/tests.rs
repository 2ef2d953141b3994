use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::declared::InstanceStatus;
use crate::live::{documents, generate};

fn recording(name: &str, text: &str) -> Recording {
    Recording { path: name.into(), text: text.to_owned(), modified: None, broken: None }
}

fn source(text: &Value) -> AwsConfig {
    AwsConfig::new(vec![recording("r.json", &text.to_string())])
}

fn declared(resource_type: &str, values: Value) -> DeclaredResource {
    DeclaredResource {
        address: format!("{resource_type}.x").into(),
        resource_type: resource_type.into(),
        provider: "registry.terraform.io/hashicorp/aws".into(),
        values,
        sensitive: vec![],
        dependencies: vec![],
        status: InstanceStatus::Normal,
        source: Arc::new("terraform.tfstate".into()),
    }
}

fn found(lookup: Lookup) -> LiveResource {
    match lookup {
        Lookup::Found(live) => *live,
        other => panic!("not found: {other:?}"),
    }
}

fn item(config_type: &str, id: &str, configuration: Value, supplementary: Value) -> Value {
    json!({
        "accountId": "1", "awsRegion": "eu-west-1", "configurationItemStatus": "OK", "resourceType": config_type,
        "resourceId": id, "resourceName": id, "configuration": configuration.to_string(),
        "supplementaryConfiguration": supplementary, "configurationItemCaptureTime": "2026-11-20T12:00:00Z",
    })
}

fn snapshot(items: Vec<Value>) -> Value {
    json!({"fileVersion": "1.0", "configSnapshotId": "s", "configurationItems": items})
}

fn bucket(supplementary: Value) -> Value {
    snapshot(vec![item("AWS::S3::Bucket", "b", json!({"name": "b"}), supplementary)])
}

fn group(ingress: Value) -> Value {
    let configuration = json!({"groupId": "sg-1", "groupName": "web", "ownerId": "1", "ipPermissions": ingress, "ipPermissionsEgress": []});
    snapshot(vec![item("AWS::EC2::SecurityGroup", "sg-1", configuration, json!({}))])
}

fn permission(port: u16, cidr: &str) -> Value {
    json!({"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipv4Ranges": [{"cidrIp": cidr}]})
}

#[test]
fn the_built_in_pack_is_sound() {
    let pack = include_str!("../../../packs/mapping-aws-config.toml");
    let mapping = Mapping::parse(pack).unwrap();
    let needed = [
        "aws_instance",
        "aws_security_group",
        "aws_s3_bucket",
        "aws_iam_role",
        "aws_iam_policy",
        "aws_vpc",
        "aws_subnet",
    ];
    needed.iter().for_each(|t| assert!(mapping.of(t).is_some(), "{t}"));
    for spec in mapping.types() {
        let name = &spec.terraform;
        assert!(!spec.identity.is_empty(), "{name} has no identity");
        assert!(spec.rule || !spec.attributes.is_empty(), "{name} maps nothing");
        for hidden in &spec.not_observable {
            let mapped = |target: &String| target.split(['[', '.']).next() == Some(hidden);
            assert!(!spec.attributes.keys().any(mapped), "{name}.{hidden} is mapped and called not observable");
        }
        for sibling in spec.attributes.values().filter_map(|a| a.siblings.as_ref()) {
            let other =
                mapping.of(&sibling.r#type).unwrap_or_else(|| panic!("{name}: {} is not mapped", sibling.r#type));
            assert!(
                other.family.is_some() && spec.family.is_some() && other.config == spec.config,
                "{name}: no family"
            );
        }
    }
}

#[test]
fn a_slip_in_a_pack_is_refused() {
    let slip = "[[type]]\nterraform = \"t\"\nconfig = \"c\"\nidentity = []\n[type.attributes]\na = \"x.y\"";
    assert!(Mapping::parse(slip).is_err_and(|e| e.contains("begins with none of")));
    assert!(Mapping::parse(&slip.replace("identity", "identiy")).is_err());
}

#[test]
fn made_resources_come_back_as_they_are_declared() {
    let mut text = vec![];
    generate::snapshot(8, &mut text).unwrap();
    let source = AwsConfig::new(vec![recording("s.json", std::str::from_utf8(&text).unwrap())]);
    assert!(source.errors().is_empty());
    let resources = [
        (
            "aws_instance",
            json!({"id": "i-00000000000000000", "instance_type": "t3.micro", "ami": "ami-0abc1234", "subnet_id": "subnet-0a1b2c3d"}),
        ),
        (
            "aws_security_group",
            json!({"id": "sg-00000000000000001", "vpc_id": "vpc-0a1b2c3d", "tags_all": {"Name": "r-1", "team": "pay"}, "tags": {"Name": "r-1", "team": "pay"}}),
        ),
        (
            "aws_s3_bucket",
            json!({"id": "bucket-2", "bucket": "bucket-2", "arn": "arn:aws:s3:::bucket-2", "tags": {"Name": "r-2", "team": "pay"}}),
        ),
        (
            "aws_iam_role",
            json!({"id": "role-3", "name": "role-3", "unique_id": "AROA00000000000000003", "arn": "arn:aws:iam::123456789012:role/role-3"}),
        ),
    ];
    for (kind, values) in resources {
        let live = found(source.lookup(&declared(kind, values.clone()), &[]));
        for (key, value) in values.as_object().unwrap() {
            assert_eq!(live.values.get(key), Some(value), "{kind}.{key}");
        }
    }
    assert_eq!(source.unmanaged().count(), 4, "the other four are in no state");
    let group = found(source.lookup(&declared("aws_security_group", json!({"id": "sg-00000000000000005"})), &[]));
    assert_eq!(group.values["ingress"][0]["cidr_blocks"], json!(["10.0.0.0/8"]));
    assert_eq!(
        group.values["egress"][0],
        json!({"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"],
        "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [], "self": false, "description": ""})
    );
}

#[test]
fn only_a_snapshot_that_lists_the_type_there_says_that_something_is_gone() {
    let gone = |arn: &str| declared("aws_security_group", json!({"id": "sg-2", "arn": arn}));
    let here = "arn:aws:ec2:eu-west-1:1:security-group/sg-2";
    let snapshot = group(json!([]));
    assert_eq!(source(&snapshot).lookup(&gone(here), &[]), Lookup::Missing);
    for elsewhere in [here.replace("eu-west-1", "us-east-1"), here.replace(":1:", ":2:")] {
        let answer = source(&snapshot).lookup(&gone(&elsewhere), &[]);
        assert!(matches!(answer, Lookup::Unknown(UnverifiedReason::NotObservable, _)), "{answer:?}");
    }
    let mut history = snapshot;
    history.as_object_mut().unwrap().remove("configSnapshotId");
    assert!(matches!(source(&history).lookup(&gone(here), &[]), Lookup::Unknown(UnverifiedReason::NotObservable, _)));
    let other_type = declared("aws_vpc", json!({"id": "vpc-1"}));
    assert!(matches!(source(&history).lookup(&other_type, &[]), Lookup::Unknown(..)), "no item of the type at all");
}

#[test]
fn the_newest_item_of_a_resource_wins_and_a_deletion_is_a_deletion() {
    let mut newer = item("AWS::EC2::VPC", "vpc-1", json!({"cidrBlock": "10.1.0.0/16"}), json!({}));
    newer["configurationItemCaptureTime"] = json!("2026-11-20T13:00:00Z");
    let older = item("AWS::EC2::VPC", "vpc-1", json!({"cidrBlock": "10.0.0.0/16"}), json!({}));
    let vpc = declared("aws_vpc", json!({"id": "vpc-1"}));
    for order in [[newer.clone(), older.clone()], [older.clone(), newer.clone()]] {
        let live = found(source(&json!({"configurationItems": order})).lookup(&vpc, &[]));
        assert_eq!(live.values["cidr_block"], "10.1.0.0/16");
    }
    newer["configurationItemStatus"] = json!("ResourceDeleted");
    let deleted = source(&json!({"configurationItems": [older, newer]}));
    assert_eq!(deleted.lookup(&vpc, &[]), Lookup::Missing);
    assert_eq!(deleted.unmanaged().count(), 0);
}

#[test]
fn what_a_later_snapshot_no_longer_lists_is_gone() {
    let vpc = |id: &str| item("AWS::EC2::VPC", id, json!({"cidrBlock": "10.0.0.0/16"}), json!({}));
    let file = |hour: &str, items| {
        recording(
            &format!("1_Config_eu-west-1_ConfigSnapshot_20261121T{hour}0000Z_x.json.gz"),
            &snapshot(items).to_string(),
        )
    };
    let old = || file("10", vec![vpc("vpc-1"), vpc("vpc-2")]);
    let new = || file("11", vec![vpc("vpc-1")]);
    for order in [vec![old(), new()], vec![new(), old()]] {
        let source = AwsConfig::new(order);
        found(source.lookup(&declared("aws_vpc", json!({"id": "vpc-1"})), &[]));
        assert_eq!(source.lookup(&declared("aws_vpc", json!({"id": "vpc-2"})), &[]), Lookup::Missing);
        assert_eq!(source.unmanaged().count(), 0);
    }
    // An undated snapshot says nothing about what came after its newest item.
    let undated = recording("snapshot.json", &snapshot(vec![vpc("vpc-1")]).to_string());
    let history = recording("history.json", &json!({"configurationItems": [vpc("vpc-2")]}).to_string());
    found(AwsConfig::new(vec![undated, history]).lookup(&declared("aws_vpc", json!({"id": "vpc-2"})), &[]));
}

#[test]
fn a_cut_off_recording_gives_what_it_holds_and_never_a_deletion() {
    let vpcs: Vec<Value> =
        (0..3).map(|n| item("AWS::EC2::VPC", &format!("vpc-{n}"), json!({"cidrBlock": "x"}), json!({}))).collect();
    let text = snapshot(vpcs).to_string();
    let cut = AwsConfig::new(vec![recording("cut.json", &text[..text.len() - 100])]);
    found(cut.lookup(&declared("aws_vpc", json!({"id": "vpc-1"})), &[]));
    let last = cut.lookup(&declared("aws_vpc", json!({"id": "vpc-2"})), &[]);
    assert!(matches!(last, Lookup::Unknown(UnverifiedReason::SourceFailed, _)), "{last:?}");
    let errors = cut.errors();
    assert!(errors[0].0.message.raw().contains("after 2 items") && errors[0].1.is_empty(), "{errors:?}");
}

#[test]
fn one_page_of_several_leaves_its_types_incomplete() {
    let vpc = |id: &str| item("AWS::EC2::VPC", id, json!({"cidrBlock": "x"}), json!({}));
    let mut page = snapshot(vec![vpc("vpc-1"), vpc("vpc-2")]);
    page["nextToken"] = json!("more");
    let page = source(&page);
    assert!(matches!(
        page.lookup(&declared("aws_vpc", json!({"id": "vpc-9"})), &[]),
        Lookup::Unknown(UnverifiedReason::SourceFailed, _)
    ));
    assert!(page.errors()[0].1.iter().any(|t| t.raw() == "aws_vpc"));
    let newest = json!({"configurationItems": [vpc("vpc-1"), vpc("vpc-1")], "nextToken": "older"});
    assert!(source(&newest).errors().is_empty(), "older items of the one resource add nothing");
}

#[test]
fn keys_aws_did_not_process_are_unverified() {
    let text = json!({"baseConfigurationItems": [], "unprocessedResourceKeys": [{"resourceType": "AWS::EC2::VPC", "resourceId": "vpc-1"}]});
    let source = source(&text);
    let answer = source.lookup(&declared("aws_vpc", json!({"id": "vpc-1"})), &[]);
    assert!(matches!(answer, Lookup::Unknown(UnverifiedReason::SourceFailed, _)), "{answer:?}");
    assert_eq!(source.errors()[0].1.iter().map(Tainted::raw).collect::<Vec<_>>(), ["aws_default_vpc", "aws_vpc"]);
}

#[test]
fn a_name_in_another_account_is_another_resource() {
    let mut role =
        item("AWS::IAM::Role", "AROA1", json!({"roleName": "app", "roleId": "AROA1", "path": "/"}), json!({}));
    role["resourceName"] = json!("app");
    role["awsRegion"] = json!("global");
    let mut other = role.clone();
    other["accountId"] = json!("2");
    let two = source(&snapshot(vec![role, other]));
    let named = |values: Value| two.lookup(&declared("aws_iam_role", values), &[]);
    assert!(matches!(named(json!({"name": "app"})), Lookup::Unknown(UnverifiedReason::NotObservable, _)));
    found(named(json!({"name": "app", "arn": "arn:aws:iam::2:role/app"})));
    assert_eq!(named(json!({"name": "gone", "arn": "arn:aws:iam::2:role/gone"})), Lookup::Missing);
    let third = named(json!({"name": "app", "arn": "arn:aws:iam::3:role/app"}));
    assert!(matches!(third, Lookup::Unknown(..)), "{third:?}");
}

#[test]
fn rules_of_sibling_resources_are_theirs_and_not_the_groups() {
    let source = source(&group(json!([permission(443, "10.0.0.0/8"), permission(22, "0.0.0.0/0")])));
    let parent = declared("aws_security_group", json!({"id": "sg-1", "ingress": [], "egress": []}));
    let rule = |port: u16, cidr: &str| {
        declared(
            "aws_security_group_rule",
            json!({"security_group_id": "sg-1", "type": "ingress", "protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": [cidr], "description": ""}),
        )
    };
    let sibling = rule(443, "10.0.0.0/8");
    assert_eq!(source.family_key(&parent), source.family_key(&sibling));
    let ports = |live: &LiveResource| -> Vec<Value> {
        live.values["ingress"].as_array().unwrap().iter().map(|r| r["from_port"].clone()).collect()
    };
    assert_eq!(ports(&found(source.lookup(&parent, &[]))), [443, 22]);
    assert_eq!(ports(&found(source.lookup(&parent, &[sibling.clone()]))), [22], "only the foreign rule is left");
    let mut refreshed = parent.clone();
    refreshed.values["ingress"] =
        json!([{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8"]}]);
    assert_eq!(
        ports(&found(source.lookup(&refreshed, &[sibling.clone()]))),
        [22, 443],
        "the copy in the group's state stays"
    );
    assert_eq!(found(source.lookup(&sibling, &[])).values, sibling.values);
    assert_eq!(source.lookup(&rule(80, "10.0.0.0/8"), &[]), Lookup::Missing);
}

#[test]
fn a_rule_resource_loses_only_the_peers_that_are_gone() {
    let source = source(&group(json!([permission(443, "10.0.0.0/8")])));
    let rule = declared(
        "aws_security_group_rule",
        json!({"security_group_id": "sg-1", "type": "ingress", "protocol": "6", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8", "192.168.0.0/16"], "description": "old"}),
    );
    let live = found(source.lookup(&rule, &[]));
    assert_eq!(live.values["cidr_blocks"], json!(["10.0.0.0/8"]));
    assert_eq!(live.values["description"], "");
    let single = declared(
        "aws_vpc_security_group_ingress_rule",
        json!({"security_group_id": "sg-1", "ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "10.0.0.0/8"}),
    );
    assert_eq!(found(source.lookup(&single, &[])).values["cidr_ipv4"], "10.0.0.0/8");
    let egress = declared("aws_vpc_security_group_egress_rule", single.values);
    assert_eq!(source.lookup(&egress, &[]), Lookup::Missing);
}

#[test]
fn a_default_group_is_left_out_until_somebody_adds_a_rule() {
    let own = json!({"ipProtocol": "-1", "userIdGroupPairs": [{"groupId": "sg-1", "userId": "1"}]});
    let configuration = |ingress: Value| {
        json!({"groupId": "sg-1", "groupName": "default", "ownerId": "1", "ipPermissions": ingress,
        "ipPermissionsEgress": [{"ipProtocol": "-1", "ipRanges": ["0.0.0.0/0"]}]})
    };
    let unmanaged = |ingress: Value| {
        source(&snapshot(vec![item("AWS::EC2::SecurityGroup", "sg-1", configuration(ingress), json!({}))]))
            .unmanaged()
            .count()
    };
    assert_eq!(unmanaged(json!([own])), 0);
    assert_eq!(unmanaged(json!([own, permission(22, "0.0.0.0/0")])), 1);
}

#[test]
fn unmanaged_resources_are_listed_without_those_every_account_has() {
    let role = |path: &str, id: &str| {
        item("AWS::IAM::Role", id, json!({"roleName": id, "roleId": id, "path": path}), json!({}))
    };
    let source = source(&snapshot(vec![
        item("AWS::EC2::VPC", "vpc-default", json!({"isDefault": true}), json!({})),
        item("AWS::EC2::VPC", "vpc-own", json!({"isDefault": false, "cidrBlock": "10.0.0.0/8"}), json!({})),
        item("AWS::EC2::Subnet", "subnet-default", json!({"defaultForAz": true}), json!({})),
        role("/aws-service-role/x/", "AROA1"),
        role("/", "AROA2"),
        item("AWS::Glue::Job", "job", json!({}), json!({})),
    ]));
    let ids: Vec<String> = source.unmanaged().map(|r| format!("{} {}", r.resource_type, r.provider_id.raw())).collect();
    assert_eq!(ids, ["aws_vpc vpc-own", "aws_iam_role AROA2"]);
    assert_eq!(source.unsupported(), [("aws::glue::job".into(), 1)]);
}

#[test]
fn parts_of_a_bucket_are_read_from_its_one_item() {
    let source = source(&bucket(json!({
        "BucketVersioningConfiguration": "{\"status\": \"Suspended\"}", "BucketPolicy": "{\"policyText\": \"{\\\"Statement\\\": []}\"}",
        "IsRequesterPaysEnabled": "true", "BucketLoggingConfiguration": {"destinationBucketName": null, "logFilePrefix": null},
        "PublicAccessBlockConfiguration": {"blockPublicAcls": true, "blockPublicPolicy": false},
    })));
    let part = |kind: &str| source.lookup(&declared(kind, json!({"bucket": "b"})), &[]);
    assert_eq!(found(part("aws_s3_bucket_versioning")).values["versioning_configuration"][0]["status"], "Suspended");
    assert_eq!(found(part("aws_s3_bucket_policy")).values["policy"], "{\"Statement\":[]}");
    assert_eq!(found(part("aws_s3_bucket_request_payment_configuration")).values["payer"], "Requester");
    assert_eq!(found(part("aws_s3_bucket_public_access_block")).values["block_public_acls"], true);
    assert_eq!(part("aws_s3_bucket_logging"), Lookup::Missing, "no destination: logging is off");
    assert_eq!(part("aws_s3_bucket_cors_configuration"), Lookup::Missing, "a full item without it");
    let acl = found(part("aws_s3_bucket_acl"));
    assert_eq!(acl.observable, Observable::Paths(vec!["bucket".to_owned()].into()));
    let encryption = found(part("aws_s3_bucket_server_side_encryption_configuration"));
    assert_eq!(encryption.values["rule"][0]["apply_server_side_encryption_by_default"][0]["sse_algorithm"], "AES256");
}

#[test]
fn what_an_item_does_not_say_is_not_made_up() {
    let source = source(&bucket(json!({})));
    let live = found(
        source.lookup(&declared("aws_s3_bucket", json!({"bucket": "b", "versioning": [{"enabled": true}]})), &[]),
    );
    let Observable::Paths(paths) = &live.observable else { panic!() };
    assert!(paths.iter().all(|p| !p.starts_with("versioning") && !p.starts_with("tags")), "{paths:?}");
    let block = source.lookup(&declared("aws_s3_bucket_public_access_block", json!({"bucket": "b"})), &[]);
    assert_eq!(found(block).observable, Observable::Paths(vec!["bucket".to_owned()].into()));
}

#[test]
fn inline_policies_and_attachments_are_found_by_their_own_resources() {
    let policy = "%7B%22Statement%22%3A%5B%5D%7D";
    let configuration = json!({"roleName": "app", "roleId": "AROA1", "assumeRolePolicyDocument": policy,
        "attachedManagedPolicies": [{"policyArn": "arn:p", "policyName": "p"}, {"policyArn": "arn:rogue", "policyName": "rogue"}],
        "rolePolicyList": [{"policyName": "inl", "policyDocument": policy}]});
    let mut role = item("AWS::IAM::Role", "AROA1", configuration, json!({}));
    role["resourceName"] = json!("app");
    let source = source(&snapshot(vec![role]));
    let look = |kind: &str, values: Value| source.lookup(&declared(kind, values), &[]);
    assert_eq!(
        found(look("aws_iam_role_policy", json!({"role": "app", "name": "inl"}))).values["policy"],
        "{\"Statement\":[]}"
    );
    assert_eq!(look("aws_iam_role_policy", json!({"role": "app", "name": "gone"})), Lookup::Missing);
    found(look("aws_iam_role_policy_attachment", json!({"role": "app", "policy_arn": "arn:p"})));
    assert_eq!(
        look("aws_iam_role_policy_attachment", json!({"role": "app", "policy_arn": "arn:gone"})),
        Lookup::Missing
    );
    let attachment = declared("aws_iam_role_policy_attachment", json!({"role": "app", "policy_arn": "arn:p"}));
    let parent = declared("aws_iam_role", json!({"name": "app", "unique_id": "AROA1", "managed_policy_arns": []}));
    let live = found(source.lookup(&parent, &[attachment]));
    assert_eq!(live.values["managed_policy_arns"], json!(["arn:rogue"]), "the attachment is its own resource's");
}

#[test]
fn tags_are_split_as_terraform_splits_them() {
    let mut vpc = item("AWS::EC2::VPC", "vpc-1", json!({"cidrBlock": "x", "tags": []}), json!({}));
    vpc["tags"] = json!({"env": "prod", "team": "pay", "extra": "1"});
    let stated = json!({"id": "vpc-1", "tags": {"team": "pay"}, "tags_all": {"team": "pay", "env": "prod"}});
    let live = found(source(&snapshot(vec![vpc])).lookup(&declared("aws_vpc", stated), &[]));
    assert_eq!(live.values["tags_all"], json!({"env": "prod", "team": "pay", "extra": "1"}));
    assert_eq!(live.values["tags"], json!({"team": "pay", "extra": "1"}), "without the provider's default tags");
}

#[test]
fn routes_keep_gateways_and_endpoints_apart_and_leave_out_the_local_one() {
    let routes = json!([{"destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local"},
        {"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}, {"destinationPrefixListId": "pl-1", "gatewayId": "vpce-1"}]);
    let source = source(&snapshot(vec![item(
        "AWS::EC2::RouteTable",
        "rtb-1",
        json!({"routes": routes, "vpcId": "v"}),
        json!({}),
    )]));
    let live = found(source.lookup(&declared("aws_route_table", json!({"id": "rtb-1"})), &[]));
    let route = |n: usize, key: &str| live.values["route"][n][key].as_str().unwrap_or_default().to_owned();
    assert_eq!((route(0, "gateway_id"), route(0, "vpc_endpoint_id")), ("igw-1".to_owned(), String::new()));
    assert_eq!((route(1, "gateway_id"), route(1, "vpc_endpoint_id")), (String::new(), "vpce-1".to_owned()));
    let gone = declared(
        "aws_route",
        json!({"route_table_id": "rtb-1", "destination_cidr_block": "1.0.0.0/8", "destination_ipv6_cidr_block": ""}),
    );
    assert_eq!(source.lookup(&gone, &[]), Lookup::Missing);
}

#[test]
fn a_described_group_and_a_recorded_one_have_the_same_shape() {
    let Some(history) = crate::testing::shared("fixtures/aws/recorded/sg_pitr_config_history.json") else { return };
    let only = |path: &Path| documents(path).unwrap().into_iter().find(|r| r.values["id"] == "sg-a38ed1de").unwrap();
    let recorded = only(&history);
    let reverted = only(&history.with_file_name("sg_pitr_live_reverted.json"));
    let drifted = only(&history.with_file_name("sg_pitr_live_drifted.json"));
    let sorted = |live: &LiveResource, key: &str| {
        let mut rules: Vec<String> = live.values[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| {
                let mut rule = r.clone();
                rule.as_object_mut().unwrap().remove("description");
                rule.to_string()
            })
            .collect();
        rules.sort();
        rules
    };
    for key in ["ingress", "egress"] {
        assert_eq!(sorted(&recorded, key), sorted(&reverted, key), "{key}");
    }
    assert_eq!(recorded.values["tags"], reverted.values["tags"]);
    assert_eq!(recorded.resource_type, drifted.resource_type);
    let added: Vec<String> =
        sorted(&drifted, "ingress").into_iter().filter(|r| !sorted(&recorded, "ingress").contains(r)).collect();
    assert_eq!(added.len(), 2, "{added:?}");
    assert!(added.iter().any(|r| r.contains("\"from_port\":22") && r.contains("\"self\":true")));
    assert!(added.iter().any(|r| r.contains("icmp") && r.contains("sg-a08ed1dd")));
    assert_eq!(drifted.values["tags"], json!({"App": "blue-moon", "NetworkLocation": "Public", "Scope": "Account"}));
}

#[test]
fn a_described_group_stands_for_the_recorded_one_when_it_is_newer() {
    let described =
        json!({"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web", "OwnerId": "1", "IpPermissions": []}]});
    let recorded = recording("config.json", &group(json!([permission(22, "0.0.0.0/0")])).to_string());
    let mut answer = recording("ec2.json", &described.to_string());
    answer.modified = Some("2026-11-21T00:00:00Z".parse().unwrap());
    let source = AwsConfig::new(vec![recorded, answer]);
    assert_eq!(source.unmanaged().count(), 1);
    let live = found(source.lookup(&declared("aws_security_group", json!({"id": "sg-1"})), &[]));
    assert_eq!(live.values["ingress"], json!([]));
}

#[test]
fn every_recorded_answer_opens_and_is_found_again() {
    let Some(lab) = crate::testing::shared("lab/recorded") else { return };
    for entry in std::fs::read_dir(lab).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !(name.contains("config_batch_get") || name.contains("config_history")) {
            continue;
        }
        let all = documents(&entry.path()).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(all.len(), 1, "{name}");
        assert!(matches!(&all[0].observable, Observable::Paths(p) if p.len() >= 3), "{name}: {:?}", all[0].observable);
        assert!(all[0].captured_at.is_some(), "{name}");
    }
}

#[test]
fn a_notification_is_read_bare_and_in_its_envelopes() {
    let Some(path) = crate::testing::shared("fixtures/aws/config/doc_ci_change_notification.json") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let mut sns: Value = serde_json::from_str(&text).unwrap();
    let bare = sns["Message"].clone();
    sns["Message"] = json!(bare.to_string());
    let bridge = json!({"detail-type": "Config Configuration Item Change", "detail": {"configurationItem": bare["configurationItem"][0]}});
    for form in [text, bare.to_string(), sns.to_string(), bridge.to_string()] {
        assert!(super::reader::AwsReader.recognises(&recording("n.json", &form)), "{form}");
        let source = AwsConfig::new(vec![recording("n.json", &form)]);
        assert_eq!(source.unsupported(), [("aws::ec2::volume".into(), 1)]);
    }
}

use crate::live::Reader as _;

#[test]
fn other_json_is_not_mistaken_for_a_recording() {
    let others = [
        "{}",
        "[]",
        "[{\"a\":1}]",
        "{\"kind\":\"List\",\"items\":[]}",
        "{\"data\":{\"a\":\"{}\"}}",
        "configurationItems: []",
        "",
        "{\"nextToken\":\"x\"}",
    ];
    for text in others {
        assert!(!super::reader::AwsReader.recognises(&recording("x", text)), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_after_any_beginning_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..1200) {
        let mut text = vec![];
        generate::snapshot(1, &mut text).unwrap();
        text.truncate(cut);
        text.extend(&bytes);
        let source = AwsConfig::new(vec![recording("x", &String::from_utf8_lossy(&text))]);
        let _ = (source.unmanaged().count(), source.errors(), source.unsupported());
    }

    #[test]
    fn any_json_as_configuration_is_mapped_without_panic(value in arbitrary_json(), kind in 0usize..4, key in "[a-zA-Z.]{1,12}") {
        let mut item = generate::item(kind);
        let own: Vec<String> = item["configuration"].as_object().unwrap().keys().cloned().collect();
        item["configuration"][&own[key.len() % own.len()]] = value.clone();
        item["configuration"][&key] = value.clone();
        item["supplementaryConfiguration"]["BucketPolicy"] = value.clone();
        item["tags"] = value;
        let source = source(&snapshot(vec![item]));
        for resource in source.unmanaged().collect::<Vec<_>>() {
            let mut stated = resource.values.clone();
            stated["tags_all"] = json!({"a": "b"});
            let _ = source.lookup(&declared(&resource.resource_type, stated), &[]);
        }
    }
}

fn arbitrary_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("{\"a\": [1]}")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-zA-Z]{1,8}", inner, 0..4)
                .prop_map(|m| m.into_iter().collect::<Value>()),
        ]
    })
}
