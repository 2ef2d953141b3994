//! KMS aliases, secrets, parameters, log groups, zones, WAF.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![alias(), secret(), parameter(), log_group(), zone(), ip_set(), web_acl()]
}

fn alias() -> Case {
    Case {
        terraform: "aws_kms_alias",
        config: "AWS::KMS::Alias",
        id: "alias/data",
        arn: "arn:aws:kms:eu-west-1:1:alias/data",
        declared: json!({"id": "alias/data", "name": "alias/data", "target_key_id": "1111aaaa-0000-4000-8000-000000000001"}),
        configuration: json!({"AliasName": "alias/data", "TargetKeyId": "1111aaaa-0000-4000-8000-000000000001"}),
        drift: ("/TargetKeyId", json!("2222bbbb-0000-4000-8000-000000000002"), "target_key_id"),
        respelt: ("/TargetKeyId", json!("arn:aws:kms:eu-west-1:1:key/1111aaaa-0000-4000-8000-000000000001")),
    }
}

fn secret() -> Case {
    let arn = "arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf";
    Case {
        terraform: "aws_secretsmanager_secret",
        config: "AWS::SecretsManager::Secret",
        id: arn,
        arn,
        declared: json!({"id": arn, "name": "db", "description": "the database", "kms_key_id": "", "replica": []}),
        configuration: json!({"ARN": arn, "Name": "db", "Description": "the database", "Deleted": false, "RotationEnabled": false}),
        drift: ("/KMSKeyId", json!("arn:aws:kms:eu-west-1:1:key/k"), "kms_key_id"),
        respelt: ("/KMSKeyId", json!("")),
    }
}

fn parameter() -> Case {
    Case {
        terraform: "aws_ssm_parameter",
        config: "AWS::SSM::Parameter",
        id: "/app/mode",
        arn: "arn:aws:ssm:eu-west-1:1:parameter/app/mode",
        declared: json!({"id": "/app/mode", "name": "/app/mode", "type": "String", "value": "prod", "data_type": "text"}),
        configuration: json!({"Name": "/app/mode", "Type": "String", "Value": "prod", "DataType": "text"}),
        drift: ("/Value", json!("debug"), "value"),
        respelt: ("/DataType", Value::Null),
    }
}

fn log_group() -> Case {
    Case {
        terraform: "aws_cloudwatch_log_group",
        config: "AWS::Logs::LogGroup",
        id: "/app",
        arn: "arn:aws:logs:eu-west-1:1:log-group:/app",
        declared: json!({"id": "/app", "name": "/app", "retention_in_days": 30, "kms_key_id": "", "log_group_class": "STANDARD",
            "deletion_protection_enabled": false}),
        configuration: json!({"Arn": "arn:aws:logs:eu-west-1:1:log-group:/app:*", "LogGroupName": "/app", "RetentionInDays": 30,
            "LogGroupClass": "STANDARD"}),
        drift: ("/RetentionInDays", Value::Null, "retention_in_days"),
        respelt: ("/LogGroupClass", Value::Null),
    }
}

fn zone() -> Case {
    Case {
        terraform: "aws_route53_zone",
        config: "AWS::Route53::HostedZone",
        id: "Z1",
        arn: "arn:aws:route53:::hostedzone/Z1",
        declared: json!({"id": "Z1", "zone_id": "Z1", "name": "example.com", "comment": "Managed by Terraform",
            "name_servers": ["ns-1.awsdns-1.org", "ns-2.awsdns-2.com"], "vpc": [{"vpc_id": "vpc-1", "vpc_region": "eu-west-1"}]}),
        configuration: json!({"Id": "Z1", "Name": "example.com.", "HostedZoneConfig": {"Comment": "Managed by Terraform"},
            "NameServers": ["ns-2.awsdns-2.com", "ns-1.awsdns-1.org"], "VPCs": [{"VPCId": "vpc-1", "VPCRegion": "eu-west-1"}], "HostedZoneTags": []}),
        drift: ("/VPCs/0/VPCId", json!("vpc-2"), "vpc[0].vpc_id"),
        respelt: ("/Name", json!("example.com")),
    }
}

fn ip_set() -> Case {
    let arn = "arn:aws:wafv2:eu-west-1:1:regional/ipset/office/i-1";
    Case {
        terraform: "aws_wafv2_ip_set",
        config: "AWS::WAFv2::IPSet",
        id: arn,
        arn,
        declared: json!({"id": "i-1", "name": "office", "description": "", "ip_address_version": "IPV4", "addresses": ["10.0.0.0/8", "192.0.2.0/24"]}),
        configuration: json!({"aRN": arn, "id": "i-1", "name": "office", "iPAddressVersion": "IPV4", "addresses": ["192.0.2.0/24", "10.0.0.0/8"]}),
        drift: ("/addresses", json!(["10.0.0.0/8", "192.0.2.0/24", "0.0.0.0/1"]), "addresses[=0.0.0.0/1]"),
        respelt: ("/addresses", json!(["10.0.0.0/8", "192.0.2.0/24"])),
    }
}

fn web_acl() -> Case {
    let arn = "arn:aws:wafv2:eu-west-1:1:regional/webacl/site/w-1";
    let metrics = |name: &str| json!([{"cloudwatch_metrics_enabled": true, "metric_name": name, "sampled_requests_enabled": false}]);
    let live =
        |name: &str| json!({"CloudWatchMetricsEnabled": true, "MetricName": name, "SampledRequestsEnabled": false});
    Case {
        terraform: "aws_wafv2_web_acl",
        config: "AWS::WAFv2::WebACL",
        id: arn,
        arn,
        declared: json!({"id": "w-1", "name": "site", "description": "", "scope": "REGIONAL", "visibility_config": metrics("site"),
            "default_action": [{"allow": [{"custom_request_handling": []}], "block": []}],
            "custom_response_body": [{"key": "no", "content": "no", "content_type": "TEXT_PLAIN"}],
            "rule": [{"name": "places", "priority": 1, "visibility_config": metrics("places"), "rule_label": [], "override_action": [],
                "action": [{"block": [{"custom_response": []}], "allow": []}],
                "statement": [{"not_statement": [{"statement": [{"geo_match_statement": [{"country_codes": ["DE", "FR"]}]}]}]}]}]}),
        configuration: json!({"Arn": arn, "Id": "w-1", "Name": "site", "Scope": "REGIONAL", "VisibilityConfig": live("site"),
            "DefaultAction": {"Allow": {}}, "CustomResponseBodies": {"no": {"Content": "no", "ContentType": "TEXT_PLAIN"}},
            "Rules": [{"Name": "places", "Priority": 1, "VisibilityConfig": live("places"), "Action": {"Block": {}},
                "Statement": {"NotStatement": {"Statement": {"GeoMatchStatement": {"CountryCodes": ["DE", "FR"]}}}}}]}),
        drift: (
            "/VisibilityConfig/SampledRequestsEnabled",
            json!(true),
            "visibility_config[0].sampled_requests_enabled",
        ),
        respelt: ("/Description", json!("")),
    }
}
