//! Items come out in Terraform's spelling.

use super::*;

#[test]
fn the_built_in_pack_is_sound() {
    let pack = crate::live::aws_config::mapping::PACKS.concat();
    let mapping = Mapping::parse(&pack).unwrap();
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
    for (_, spec) in mapping.types() {
        let name = &spec.terraform;
        assert!(!spec.identity.is_empty(), "{name} has no identity");
        assert!(spec.rule || spec.model.is_some() || !spec.attributes.is_empty(), "{name} maps nothing");
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
    generate::snapshot(5, &mut text).unwrap();
    let source = AwsConfig::new(vec![recording("s.json", std::str::from_utf8(&text).unwrap())]);
    assert!(source.errors().is_empty());
    assert_eq!(source.unmanaged().count(), 4);
    for n in 0..4 {
        let resource = crate::declared::generate::resource(n);
        let values = resource["instances"][0]["attributes"].clone();
        let live = found(source.lookup(&declared(resource["type"].as_str().unwrap(), values.clone()), &[]));
        for key in [
            "id",
            "arn",
            "tags",
            "tags_all",
            "ami",
            "name",
            "instance_type",
            "metadata_options",
            "versioning",
            "managed_policy_arns",
        ] {
            if let Some(value) = live.values.get(key) {
                assert_eq!(Some(value), values.get(key), "{}.{key}", live.resource_type);
            }
        }
        assert!(live.values.as_object().unwrap().len() > 8);
    }
    assert_eq!(source.unmanaged().count(), 0, "all were asked for");
    let group =
        declared("aws_security_group", crate::declared::generate::resource(1)["instances"][0]["attributes"].clone());
    let group = found(source.lookup(&group, &[]));
    assert_eq!(
        group.values["egress"][0],
        json!({"protocol": "tcp", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"],
        "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [], "self": false, "description": ""})
    );
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
    assert_eq!(
        ports(&found(source.lookup(&parent, std::slice::from_ref(&sibling)))),
        [22],
        "only the foreign rule is left"
    );
    let mut refreshed = parent.clone();
    refreshed.values["ingress"] =
        json!([{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8"]}]);
    assert_eq!(
        ports(&found(source.lookup(&refreshed, std::slice::from_ref(&sibling)))),
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
