//! Classes of single values: spelling, defaults, what cannot be known.

use super::*;

/// One property of a Terraform resource: declared, respelt, changed.
fn tf(class: u8, kind: &'static str, key: &'static str, [d, n, r]: [Value; 3], by: &'static str) -> Pair {
    pair(class, (T, kind), json!({ key: d }), (json!({ key: n }), by), (json!({ key: r }), key))
}

/// The same in CloudFormation.
fn cfn(class: u8, kind: &'static str, key: &'static str, [d, n, r]: [Value; 3], by: &'static str) -> Pair {
    pair(class, (C, kind), json!({ key: d }), (json!({ key: n }), by), (json!({ key: r }), key))
}

pub(super) fn pairs() -> Vec<Pair> {
    [spellings(), names(), moments(), absences(), unknown()].into_iter().flatten().collect()
}

fn spellings() -> Vec<Pair> {
    let pem = |body: &str| json!(format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"));
    vec![
        tf(
            13,
            "aws_cloudwatch_dashboard",
            "dashboard_body",
            [
                json!("{\"widgets\":[{\"type\":\"text\",\"width\":6}]}"),
                json!("{ \"widgets\": [ { \"width\": 6.0, \"type\": \"text\" } ] }"),
                json!("gone"),
            ],
            "json-in-string",
        ),
        cfn(
            13,
            "AWS::SSM::Document",
            "Content",
            [
                json!({"schemaVersion": "2.2", "mainSteps": []}),
                json!("schemaVersion: '2.2'\nmainSteps: []\n"),
                json!("just\ntext\n"),
            ],
            "yaml-in-string",
        ),
        tf(
            14,
            "aws_x",
            "script",
            [json!("echo one\necho two\n"), json!("echo one\r\necho two"), json!("echo one\necho three\n")],
            "multiline",
        ),
        cfn(
            14,
            "AWS::CloudFront::PublicKey",
            "EncodedKey",
            [pem("TUZr\nd0V3"), pem("TUZrd0V3"), pem("TUZrd0V4")],
            "pem",
        ),
        tf(
            14,
            "aws_key_pair",
            "public_key",
            [json!("ssh-ed25519 QUFBQQ== ops@desk"), json!("ssh-ed25519 QUFBQQ=="), json!("ssh-ed25519 QUFBQg==")],
            "pem",
        ),
        tf(
            15,
            "azurerm_x",
            "subnet_id",
            [
                json!("/subscriptions/9/resourceGroups/Net/providers/Microsoft.Network/subnets/a"),
                json!("/subscriptions/9/resourcegroups/net/providers/Microsoft.Network/subnets/a"),
                json!("/subscriptions/9/resourceGroups/Net/providers/Microsoft.Network/subnets/b"),
            ],
            "id-case",
        ),
        tf(
            16,
            "aws_batch_compute_environment",
            "type",
            [json!("MANAGED"), json!("managed"), json!("unmanaged")],
            "fold-case",
        ),
        cfn(
            16,
            "AWS::Neptune::DBCluster",
            "PreferredMaintenanceWindow",
            [json!("Tue:03:00-Tue:04:00"), json!("tue:03:00-tue:04:00"), json!("wed:03:00-wed:04:00")],
            "fold-case",
        ),
        tf(
            17,
            "azurerm_subnet",
            "location",
            [json!("North Europe"), json!("northeurope"), json!("norwayeast")],
            "location",
        ),
        tf(
            18,
            "aws_route53_record",
            "name",
            [json!("Shop.Example.ORG."), json!("shop.example.org"), json!("shop2.example.org")],
            "dns-name",
        ),
        cfn(
            18,
            "AWS::Route53::HostedZone",
            "Name",
            [json!("example.net"), json!("example.net."), json!("example.org.")],
            "dns-name",
        ),
        cfn(
            18,
            "AWS::Unknown::Zone",
            "Zone",
            [json!("example.net"), json!("example.net."), json!("example.org.")],
            "dns-name",
        ),
        tf(
            19,
            "aws_subnet",
            "cidr_block",
            [json!("172.16.4.9/16"), json!("172.16.0.0/16"), json!("172.17.0.0/16")],
            "cidr",
        ),
        tf(
            19,
            "aws_subnet",
            "ipv6_cidr_block",
            [json!("2001:DB8:0:0::/64"), json!("2001:db8::/64"), json!("2001:db8:1::/64")],
            "cidr",
        ),
        cfn(25, "AWS::RDS::DBInstance", "Port", [json!("3306"), json!(3306), json!(3307)], "number-string"),
        cfn(25, "AWS::RDS::DBInstance", "MultiAZ", [json!("true"), json!(true), json!(false)], "bool-string"),
        tf(
            26,
            "aws_x",
            "size",
            [
                serde_json::from_str("9007199254740993").unwrap(),
                serde_json::from_str("9007199254740993.0").unwrap(),
                serde_json::from_str("9007199254740992").unwrap(),
            ],
            "number-precision",
        ),
        tf(
            40,
            "aws_instance",
            "user_data",
            [json!("a9993e364706816aba3e25717850c26c9cd0d89d"), json!("YWJj"), json!("abd")],
            "user-data",
        ),
        cfn(
            40,
            "AWS::EC2::Instance",
            "UserData",
            [json!("#!/bin/sh\n"), json!("IyEvYmluL3NoCg=="), json!("IyEvYmluL3NoCgo=")],
            "user-data",
        ),
        cfn(
            55,
            "AWS::DataSync::LocationS3",
            "Subdirectory",
            [json!("/incoming"), json!("/incoming/"), json!("/outgoing/")],
            "trailing-slash",
        ),
        tf(
            55,
            "aws_iam_openid_connect_provider",
            "url",
            [json!("https://token.example.org"), json!("token.example.org"), json!("token.example.com")],
            "url",
        ),
        tf(48, "aws_x", "plain", [json!(null), json!(""), json!(["x"])], "empty-absent"),
    ]
}

fn names() -> Vec<Pair> {
    let arn = |account: &str| json!(format!("arn:aws:iam::{account}:role/etl/loader"));
    vec![
        cfn(24, "AWS::Glue::Job", "Role", [json!("loader"), arn("111122223333"), arn("444455556666")], "reference"),
        cfn(
            24,
            "AWS::SQS::Queue",
            "KmsMasterKeyId",
            [
                json!("alias/jobs"),
                json!("0a0a0a0a-1111-2222-3333-444444444444"),
                json!("0b0b0b0b-1111-2222-3333-444444444444"),
            ],
            "reference",
        )
        .given("kmsAliasTargets", json!({"alias/jobs": "0a0a0a0a-1111-2222-3333-444444444444"})),
        cfn(
            24,
            "AWS::ApiGateway::Stage",
            "DestinationArn",
            [
                json!("arn:aws:logs:eu-west-1:111122223333:log-group:api:*"),
                json!("arn:aws:logs:eu-west-1:111122223333:log-group:api"),
                json!("arn:aws:logs:eu-west-1:111122223333:log-group:web"),
            ],
            "reference",
        ),
        cfn(
            30,
            "AWS::DocDB::DBCluster",
            "EngineVersion",
            [json!("5.0"), json!("5.0.1"), json!("5.1.0")],
            "version-track",
        ),
        tf(30, "aws_eks_cluster", "version", [json!("1.31"), json!("1.31.4"), json!("1.32.0")], "version-track"),
    ]
}

fn moments() -> Vec<Pair> {
    vec![
        tf(27, "aws_x", "timeout", [json!("90m"), json!("1h30m0s"), json!("2h")], "duration"),
        cfn(
            27,
            "AWS::Events::Rule",
            "ScheduleExpression",
            [json!("rate(120 minutes)"), json!("rate(2 hours)"), json!("rate(3 hours)")],
            "duration",
        ),
        cfn(
            27,
            "AWS::Scheduler::Schedule",
            "ScheduleExpression",
            [json!("cron(05 4 ? * sun *)"), json!("cron(5 4 ? * SUN *)"), json!("cron(5 5 ? * SUN *)")],
            "schedule",
        ),
        tf(27, "azurerm_x", "lock_duration", [json!("PT60S"), json!("PT1M"), json!("PT2M")], "duration"),
        tf(
            28,
            "aws_x",
            "start",
            [json!("2031-03-04T05:06:07Z"), json!("2031-03-04T07:06:07.000+02:00"), json!("2031-03-04T05:06:08Z")],
            "timestamp",
        ),
        cfn(
            28,
            "AWS::Budgets::Budget",
            "Start",
            [json!("2031-03-01"), json!("1930089600"), json!("1930176000")],
            "timestamp",
        ),
    ]
}

fn absences() -> Vec<Pair> {
    let containers = |c: Value| json!({"container_definitions": json!([c]).to_string()});
    let at = |kind| (T, kind);
    vec![
        pair(
            4,
            at("aws_ecs_task_definition"),
            containers(json!({"name": "api", "image": "api:1", "portMappings": [{"containerPort": 80}]})),
            (
                containers(json!({"name": "api", "image": "api:1", "cpu": 0, "essential": true, "mountPoints": [],
                               "portMappings": [{"containerPort": 80, "hostPort": 0, "protocol": "tcp"}]})),
                "json-in-string",
            ),
            (
                containers(
                    json!({"name": "api", "image": "api:1", "cpu": 256, "portMappings": [{"containerPort": 80}]}),
                ),
                "container_definitions[name=api].cpu",
            ),
        ),
        tf(4, "aws_cloudtrail", "is_multi_region_trail", [json!(null), json!(false), json!(true)], "known-default"),
        tf(5, "aws_x", "aliases", [json!(null), json!([]), json!(["a.example.org"])], "empty-absent"),
        tf(
            6,
            "aws_db_instance",
            "iam_database_authentication_enabled",
            [json!(null), json!(false), json!(true)],
            "known-default",
        ),
        pair(
            7,
            at("aws_db_instance"),
            json!({"latest_restorable_time": "2031-01-01T00:00:00Z", "tags": {"updated_at": "1"}}),
            (json!({"latest_restorable_time": "2031-01-01T00:05:00Z", "tags": {"updated_at": "1"}}), "computed"),
            (json!({"latest_restorable_time": "2031-01-01T00:05:00Z", "tags": {"updated_at": "2"}}), "tags.updated_at"),
        ),
        pair(
            8,
            at("aws_s3_bucket"),
            json!({"force_destroy": true, "timeouts": {"create": "5m"}, "tags": {"force_destroy": "yes"}}),
            (json!({"tags": {"force_destroy": "yes"}}), "meta"),
            (json!({"tags": {"force_destroy": "no"}}), "tags.force_destroy"),
        ),
        tf(51, "azurerm_public_ip", "sku_tier", [json!(null), json!("Regional"), json!("Global")], "known-default"),
        pair(
            51,
            (Dialect::Azure, "Microsoft.Insights/components"),
            json!({"properties": {"Flow_Type": "Bluefield"}}),
            (json!({"properties": {"Application_Type": "web"}}), "known-default"),
            (json!({"properties": {"Flow_Type": "Redfield"}}), "properties.Flow_Type"),
        ),
        pair(
            52,
            at("azurerm_linux_function_app"),
            json!({"app_settings": {"MODE": "a"}}),
            (
                json!({"app_settings": {"MODE": "a", "FUNCTIONS_WORKER_RUNTIME": "node", "WEBSITE_CONTENTSHARE": "x"}}),
                "server-managed",
            ),
            (json!({"app_settings": {"MODE": "a", "WEBSITE_MINE": "x"}}), "app_settings.WEBSITE_MINE"),
        ),
    ]
}

fn unknown() -> Vec<Pair> {
    vec![
        pair(
            39,
            (T, "aws_rds_cluster"),
            json!({"master_password": "hunter2", "port": 5432}),
            (json!({"port": 5432}), "?WriteOnly"),
            (json!({"port": 5433}), "port"),
        ),
        pair(
            39,
            (T, "aws_x"),
            json!({"token": "(sensitive value)", "size": 1}),
            (json!({"token": "abc", "size": 1}), "?WriteOnly"),
            (json!({"token": "abc", "size": 2}), "size"),
        ),
        cfn(53, "AWS::SSM::Parameter", "Value", [json!("gr??e"), json!("grüße"), json!("grobe")], "?Unresolved"),
    ]
}
