//! How services write back what they were given, of types nothing is known about: general rules must do.

use super::*;

fn aws(declared: &Value, live: &Value) -> Verdict {
    let packs = Packs::embedded().without_types();
    let context = Context::from_json(&json!({"accountId": "111122223333", "region": "eu-west-1"}));
    let settings = Settings { packs: &packs, context: Some(&context), ..Settings::default() };
    let observable = Observable::All;
    let subject = Subject {
        dialect: Dialect::Cloudformation,
        resource_type: "AWS::X::Y",
        declared,
        live,
        memory: None,
        observable: &observable,
    };
    compare_with(&subject, &settings)
}

/// Declared, read back, really changed, and where.
fn cases() -> Vec<(Value, Value, Value, &'static str)> {
    let group = |name: &str| format!("arn:aws:logs:eu-west-1:111122223333:log-group:{name}");
    let trust = |principal: Value| json!({"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole"]}]}});
    let firewall = |key: &str, text: &str| json!({"Rules": [{"Name": "a", "Statement": {"ByteMatchStatement": {key: text, "PositionalConstraint": "EXACTLY"}}}]});
    let features = |list: Value| json!({ "Features": list });
    vec![
        (
            json!({"Name": "example.org"}),
            json!({"Name": "example.org.", "Id": "Z1"}),
            json!({"Name": "example.net."}),
            "Name",
        ),
        (
            json!({"CloudWatchLogsLogGroupArn": group("trail")}),
            json!({"CloudWatchLogsLogGroupArn": group("trail:*")}),
            json!({"CloudWatchLogsLogGroupArn": group("other:*")}),
            "CloudWatchLogsLogGroupArn",
        ),
        (
            json!({"Url": "https://idp.example.org"}),
            json!({"Url": "idp.example.org"}),
            json!({"Url": "evil.example.org"}),
            "Url",
        ),
        (
            json!({"Cpu": "0.5 vCPU", "Memory": "1GB"}),
            json!({"Cpu": "512", "Memory": "1024"}),
            json!({"Cpu": "512", "Memory": "2048"}),
            "Memory",
        ),
        (
            firewall("SearchString", "bot"),
            firewall("SearchStringBase64", "Ym90"),
            firewall("SearchStringBase64", "Ym91"),
            "Rules[Name=a].Statement.ByteMatchStatement.SearchString",
        ),
        (
            json!({"Retention": {"Hours": "24", "Days": "7"}}),
            json!({"Retention": {"Hours": 24, "Days": 7}}),
            json!({"Retention": {"Hours": 24, "Days": 8}}),
            "Retention.Days",
        ),
        (
            json!({"AdvancedOptions": {"multi": true}}),
            json!({"AdvancedOptions": {"multi": "true", "other": "false"}}),
            json!({"AdvancedOptions": {"multi": "false"}}),
            "AdvancedOptions.multi",
        ),
        (
            json!({"AccessPolicies": trust(json!({"AWS": "*"}))["AssumeRolePolicyDocument"]}),
            json!({"AccessPolicies": trust(json!("*"))["AssumeRolePolicyDocument"].to_string()}),
            json!({"AccessPolicies": trust(json!({"AWS": "1"}))["AssumeRolePolicyDocument"]}),
            "AccessPolicies.Statement[0].Principal.AWS[=*]",
        ),
        (
            trust(json!({"Service": "ec2.amazonaws.com"})),
            trust(json!({"Service": ["ec2.amazonaws.com"]})),
            trust(json!({"Service": ["ssm.amazonaws.com"]})),
            "AssumeRolePolicyDocument.Statement[0].Principal.Service[=ec2.amazonaws.com]",
        ),
        (
            json!({"Dir": {"Permissions": "0750"}}),
            json!({"Dir": {"Permissions": "750"}}),
            json!({"Dir": {"Permissions": "777"}}),
            "Dir.Permissions",
        ),
        (
            json!({"Rule": [{"RuleName": "a", "ScheduleExpression": "cron(0 5 * * ? *)"}]}),
            json!({"Rule": [{"RuleName": "a", "ScheduleExpression": "cron(00 05 * * ? *)"}]}),
            json!({"Rule": [{"RuleName": "a", "ScheduleExpression": "cron(0 6 * * ? *)"}]}),
            "Rule[RuleName=a].ScheduleExpression",
        ),
        (
            features(json!([{"Name": "S3", "Status": "ENABLED"}])),
            features(json!([{"Name": "RDS", "Status": "ENABLED"}, {"Name": "S3", "Status": "ENABLED"}])),
            features(json!([{"Name": "S3", "Status": "DISABLED"}])),
            "Features[Name=S3].Status",
        ),
        (
            json!({"ClusterIdentifier": "MyCluster", "PreferredMaintenanceWindow": "Sat:01:00-Sat:01:30"}),
            json!({"ClusterIdentifier": "mycluster", "PreferredMaintenanceWindow": "sat:01:00-sat:01:30"}),
            json!({"ClusterIdentifier": "mycluster", "PreferredMaintenanceWindow": "sat:02:00-sat:02:30"}),
            "PreferredMaintenanceWindow",
        ),
        (
            json!({"Content": {"schemaVersion": "0.3", "mainSteps": [{"name": "a"}]}}),
            json!({"Content": "schemaVersion: '0.3'\nmainSteps:\n- name: a\n"}),
            json!({"Content": "schemaVersion: '0.3'\nmainSteps:\n- name: b\n"}),
            "Content.mainSteps[name=a]",
        ),
        (
            json!({"Configuration": "{\"Version\":1}"}),
            json!({"Configuration": "{\"Version\":1.0}"}),
            json!({"Configuration": "{\"Version\":2}"}),
            "Configuration.Version",
        ),
        (
            json!({"SubnetIds": ["subnet-0000000a", "subnet-0000000b"]}),
            json!({"SubnetIds": ["subnet-0000000b", "subnet-0000000a"]}),
            json!({"SubnetIds": ["subnet-0000000b", "subnet-0000000c"]}),
            "SubnetIds[=subnet-0000000a]",
        ),
        (
            json!({"Cors": {"AllowHeaders": ["X-A", "X-B"]}}),
            json!({"Cors": {"AllowHeaders": ["x-a", "x-b"]}}),
            json!({"Cors": {"AllowHeaders": ["x-a", "x-c"]}}),
            "Cors.AllowHeaders[1]",
        ),
        (
            json!({"CallbackURLs": ["https://App.example.org/"]}),
            json!({"CallbackURLs": ["https://app.example.org/"]}),
            json!({"CallbackURLs": ["https://app.example.com/"]}),
            "CallbackURLs[0]",
        ),
        (
            json!({"StartDate": "2031-05-06T07:08:09"}),
            json!({"StartDate": "2031-05-06T07:08:09.000Z"}),
            json!({"StartDate": "2031-05-06T07:08:10.000Z"}),
            "StartDate",
        ),
        (
            json!({"Definitions": [{"AttributeName": "b", "AttributeType": "S"}, {"AttributeName": "a", "AttributeType": "N"}]}),
            json!({"Definitions": [{"AttributeName": "a", "AttributeType": "N"}, {"AttributeName": "b", "AttributeType": "S"}]}),
            json!({"Definitions": [{"AttributeName": "a", "AttributeType": "S"}, {"AttributeName": "b", "AttributeType": "S"}]}),
            "Definitions[AttributeName=a].AttributeType",
        ),
        (
            json!({"HostedZoneId": "Z9"}),
            json!({"HostedZoneId": "/hostedzone/Z9"}),
            json!({"HostedZoneId": "/hostedzone/Z8"}),
            "HostedZoneId",
        ),
        (
            json!({"Events": "s3:ObjectCreated:*"}),
            json!({"Events": ["s3:ObjectCreated:*"]}),
            json!({"Events": ["s3:ObjectRemoved:*"]}),
            "Events",
        ),
    ]
}

#[test]
fn what_services_write_back_is_no_change_and_another_value_is() {
    let mut wrong = Vec::new();
    for (declared, noise, real, at) in cases() {
        let (quiet, loud) = (aws(&declared, &noise), aws(&declared, &real));
        if !quiet.changes.is_empty() {
            wrong.push(format!("{:#?}", quiet.changes));
        }
        let paths: Vec<_> = loud.changes.into_iter().map(|c| c.path).collect();
        if !paths.iter().any(|path| path == at) {
            wrong.push(format!("nothing at {at}, but at {paths:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
