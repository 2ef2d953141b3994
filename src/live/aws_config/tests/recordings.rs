//! What several recordings say together: the newest item, what is gone, what is unknown, what nobody declared.

use super::*;

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
fn what_was_made_anew_lives_whatever_the_history_says_of_the_old_one() {
    let role = |id: &str, status: &str| {
        let mut role = item("AWS::IAM::Role", id, json!({"roleName": "web", "path": "/"}), json!({}));
        role["resourceName"] = json!("web");
        role["arn"] = json!("arn:aws:iam::123456789012:role/web");
        role["configurationItemStatus"] = json!(status);
        role["accountId"] = json!("123456789012");
        role
    };
    let items = [role("AROAOLD", "ResourceDeleted"), role("AROANEW", "OK")];
    // Declared under the id of the old one, as a state does that was not refreshed, or under none.
    let old = json!({"unique_id": "AROAOLD", "id": "web", "name": "web", "arn": "arn:aws:iam::123456789012:role/web"});
    let new = json!({"id": "web", "name": "web", "arn": "arn:aws:iam::123456789012:role/web"});
    for values in [old.clone(), new] {
        let source = source(&json!({"configurationItems": items}));
        found(source.lookup(&declared("aws_iam_role", values), &[]));
        assert_eq!(source.unmanaged().count(), 0);
    }
    let gone = source(&json!({"configurationItems": [role("AROAOLD", "ResourceDeleted")]}));
    assert_eq!(gone.lookup(&declared("aws_iam_role", old), &[]), Lookup::Missing);
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
