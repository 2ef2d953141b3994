//! What comes with every account, or with another resource, is not reported as unmanaged; its like that somebody made is.

use super::*;

/// How many of the items are unmanaged.
fn unmanaged(items: Vec<Value>) -> usize {
    source(&snapshot(items)).unmanaged().count()
}

/// One item of the type with this configuration.
fn made(config_type: &str, configuration: Value) -> Value {
    item(config_type, "x", configuration, json!({}))
}

#[test]
fn what_comes_with_the_account_is_left_out_and_its_like_is_not() {
    let acl =
        |entry: Value| json!({"isDefault": true, "entries": [entry, {"ruleNumber": 32767, "ruleAction": "deny"}]});
    let all =
        json!({"ruleNumber": 100, "protocol": "-1", "ruleAction": "allow", "egress": false, "cidrBlock": "0.0.0.0/0"});
    let mut narrowed = all.clone();
    narrowed["cidrBlock"] = json!("10.0.0.0/8");
    let table = |main: bool| json!({"associations": [{"main": main}], "routes": []});
    let pairs = [
        ("AWS::EC2::VPC", json!({"isDefault": true}), json!({"isDefault": false})),
        ("AWS::EC2::Subnet", json!({"defaultForAz": true}), json!({"defaultForAz": false})),
        ("AWS::EC2::RouteTable", table(true), table(false)),
        ("AWS::EC2::NetworkAcl", acl(all), acl(narrowed)),
        ("AWS::RDS::DBSubnetGroup", json!({"dBSubnetGroupName": "default"}), json!({"dBSubnetGroupName": "main"})),
        (
            "AWS::Redshift::ClusterSubnetGroup",
            json!({"clusterSubnetGroupName": "default"}),
            json!({"clusterSubnetGroupName": "dwh"}),
        ),
        ("AWS::KMS::Key", json!({"keyManager": "AWS"}), json!({"keyManager": "CUSTOMER"})),
        ("AWS::IAM::Role", json!({"path": "/aws-service-role/x.amazonaws.com/"}), json!({"path": "/service-role/"})),
    ];
    for (config_type, default, own) in pairs {
        assert_eq!(unmanaged(vec![made(config_type, default)]), 0, "{config_type}");
        assert_eq!(unmanaged(vec![made(config_type, own)]), 1, "{config_type}");
    }
    let mut policy = made("AWS::IAM::Policy", json!({"policyName": "ReadOnlyAccess"}));
    assert_eq!(unmanaged(vec![policy.clone()]), 1);
    policy["arn"] = json!("arn:aws:iam::aws:policy/ReadOnlyAccess");
    assert_eq!(unmanaged(vec![policy]), 0);
}

#[test]
fn the_internet_gateway_of_the_default_vpc_comes_with_it() {
    let gateway = made("AWS::EC2::InternetGateway", json!({"attachments": [{"vpcId": "vpc-1"}]}));
    let vpc = |default: bool| item("AWS::EC2::VPC", "vpc-1", json!({"isDefault": default}), json!({}));
    assert_eq!(unmanaged(vec![gateway.clone(), vpc(true)]), 0);
    assert_eq!(unmanaged(vec![gateway.clone(), vpc(false)]), 2);
    assert_eq!(unmanaged(vec![gateway]), 1, "of a VPC nobody recorded");
}

#[test]
fn what_comes_with_another_resource_is_left_out_and_its_like_is_not() {
    let disk = |dies: bool| json!({"attachments": [{"instanceId": "i-1", "deleteOnTermination": dies}]});
    let interface = |dies: bool| json!({"attachment": {"deleteOnTermination": dies}, "requesterManaged": false});
    let alarm = |name: &str| json!({ "alarmName": name });
    let stack = "arn:aws:cloudformation:eu-west-1:1:stack/parent/1";
    let pairs = [
        ("AWS::EC2::Volume", disk(true), disk(false)),
        ("AWS::EC2::NetworkInterface", interface(true), interface(false)),
        ("AWS::EC2::NetworkInterface", json!({"requesterManaged": true}), json!({"requesterManaged": false})),
        ("AWS::EC2::VPCEndpoint", json!({"requesterManaged": true}), json!({"requesterManaged": false})),
        ("AWS::CloudWatch::Alarm", alarm("TargetTracking-web-AlarmHigh-1"), alarm("cpu")),
        ("AWS::CloudFormation::Stack", json!({"parentId": stack}), json!({"stackName": "base"})),
    ];
    for (config_type, default, own) in pairs {
        assert_eq!(unmanaged(vec![made(config_type, default)]), 0, "{config_type}");
        assert_eq!(unmanaged(vec![made(config_type, own)]), 1, "{config_type}");
    }
}

#[test]
fn what_is_being_deleted_is_neither_managed_nor_unmanaged() {
    for config_type in
        ["AWS::EC2::NatGateway", "AWS::EC2::VPNGateway", "AWS::EC2::VPNConnection", "AWS::EC2::CustomerGateway"]
    {
        assert_eq!(unmanaged(vec![made(config_type, json!({"state": "deleted"}))]), 0, "{config_type}");
        assert_eq!(unmanaged(vec![made(config_type, json!({"state": {"value": "available"}}))]), 1, "{config_type}");
    }
}
