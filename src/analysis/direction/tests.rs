use serde_json::{Value, json};

use super::*;
use crate::drift::ChangeType;
use crate::safety::Masked;

fn course(resource_type: &str, path: &str, declared: &Value, actual: &Value) -> Direction {
    let side = |value: &Value| (!value.is_null()).then(|| Masked::trusted(value.clone()));
    let change = Change {
        path: path.into(),
        change_type: ChangeType::Modified,
        declared: side(declared),
        actual: side(actual),
        is_security_critical: false,
        remembered_at: None,
    };
    of_drift(resource_type, DriftType::Modified, &[change]).direction
}

#[test]
fn the_built_in_words_load_and_contradict_nothing() {
    let words = lexicon::load(lexicon::TEXT).unwrap_or_else(|e| panic!("{e}"));
    let sense = |name: &str| words.sense(&lexicon::split(name));
    use lexicon::Sense::{Exposes, Guards, Silent};
    for (name, expected) in [
        ("storage_encrypted", Guards),
        ("blockPublicAcls", Guards),
        ("encryption_disabled", Exposes),
        ("disable_api_termination", Guards),
        ("disable_frobnication", Silent(true)),
        ("publiclyAccessible", Exposes),
        ("skip_final_snapshot", Exposes),
        ("disable_password_authentication", Guards),
        ("disableLocalAuth", Guards),
        ("local_auth_enabled", Exposes),
        ("non_ssl_port_enabled", Exposes),
        ("password_min_length", Guards),
        ("public_access_prevention", Guards),
        ("create_before_destroy", Silent(false)),
        ("root_block_device", Silent(false)),
        ("instance_type", Silent(false)),
    ] {
        assert_eq!(sense(name), expected, "{name}");
    }
    assert_eq!(lexicon::split("KMSKeyId"), ["kms", "key", "id"]);
}

#[test]
fn a_loosening_is_told_from_the_values_and_swapped_sides_are_a_hardening() {
    for (kind, path, tight, loose) in [
        ("aws_lb_listener", "protocol", json!("HTTPS"), json!("HTTP")),
        // Lists of who alone may come in.
        ("v1/Service", "spec.loadBalancerSourceRanges", json!(["1.2.3.4/32"]), Value::Null),
        ("azurerm_cosmosdb_account", "ip_range_filter", json!(["52.0.0.1"]), json!([])),
        ("acme_server", "whitelisted_ips", json!(["52.0.0.1"]), json!([])),
        (
            "aws_s3_bucket_policy",
            "policy.Statement[0].Condition",
            json!({"IpAddress": {"aws:SourceIp": ["1.2.3.4/32"]}}),
            Value::Null,
        ),
        // While others stay in them, one more is one more.
        ("v1/Service", "spec.loadBalancerSourceRanges[=52.0.0.0/8]", Value::Null, json!("52.0.0.0/8")),
        (
            "azurerm_kubernetes_cluster",
            "api_server_authorized_ip_ranges[=52.0.0.0/8]",
            Value::Null,
            json!("52.0.0.0/8"),
        ),
        (
            "aws_s3_bucket_policy",
            "policy.Statement[0].Condition.IpAddress.aws:SourceIp[=52.0.0.0/8]",
            Value::Null,
            json!("52.0.0.0/8"),
        ),
        ("google_compute_firewall", "allow[1]", Value::Null, json!({"protocol": "icmp"})),
        // Without ports it is every port.
        ("google_compute_firewall", "allow[0].ports", json!(["22", "80"]), Value::Null),
        // Grants that come.
        ("aws_iam_role", "managed_policy_arns", json!([]), json!(["arn:aws:iam::111122223333:policy/deploy"])),
        ("google_storage_bucket_acl", "role_entity", json!([]), json!(["READER:allUsers"])),
        (
            "google_bigquery_dataset",
            "access[1]",
            Value::Null,
            json!({"role": "READER", "special_group": "allAuthenticatedUsers"}),
        ),
        (
            "google_bigquery_dataset",
            "access[1]",
            Value::Null,
            json!({"role": "WRITER", "user_by_email": "eve@example.com"}),
        ),
        ("AWS::IAM::Role", "PermissionsBoundary", json!("arn:aws:iam::111122223333:policy/b"), Value::Null),
        ("azurerm_role_definition", "permissions[0].not_actions", json!(["a/b", "a/c"]), json!(["a/b"])),
        (
            "google_project_iam_audit_config",
            "audit_log_config[0].exempted_members",
            json!([]),
            json!(["user:eve@example.com"]),
        ),
        // Who is switched on again.
        ("aws_iam_access_key", "status", json!("Inactive"), json!("Active")),
        ("google_service_account_key", "disabled", json!(true), json!(false)),
        ("azuread_user", "account_enabled", json!(false), json!(true)),
        // Rules of web firewalls.
        (
            "aws_wafv2_web_acl",
            "rule[name=rate]",
            json!({"name": "rate", "action": [{"block": [{}]}], "statement": [{"rate_based_statement": [{"limit": 1000}]}]}),
            Value::Null,
        ),
        (
            "aws_wafv2_web_acl",
            "rule[name=common]",
            json!({"name": "common", "override_action": [{"none": [{}]}]}),
            Value::Null,
        ),
        ("google_compute_security_policy", "rule[0].action", json!("deny(403)"), json!("allow")),
        // Kubernetes.
        (
            "apps/v1/Deployment",
            "spec.template.spec.containers[name=a].resources.limits",
            json!({"memory": "256Mi"}),
            Value::Null,
        ),
        (
            "networking.k8s.io/v1/NetworkPolicy",
            "spec.egress[0]",
            json!({"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}),
            json!({}),
        ),
        ("NetworkPolicy", "spec.ingress[0].from", json!([{"podSelector": {"matchLabels": {"app": "a"}}}]), Value::Null),
        ("NetworkPolicy", "spec.ingress[0].from[0].podSelector.matchLabels", json!({"app": "a"}), Value::Null),
        ("NetworkPolicy", "spec.ingress[1]", Value::Null, json!({"from": [{"namespaceSelector": {}}]})),
        ("NetworkPolicy", "spec.policyTypes", json!(["Ingress", "Egress"]), json!(["Ingress"])),
        (
            "apps/v1/DaemonSet",
            "spec.template.spec.securityContext.seccompProfile.type",
            json!("RuntimeDefault"),
            json!("Unconfined"),
        ),
        ("ValidatingWebhookConfiguration", "webhooks[name=a].failurePolicy", json!("Fail"), json!("Ignore")),
        ("aws_s3_bucket", "acl", json!("private"), json!("public-read")),
        ("aws_lambda_function", "runtime", json!("python3.12"), json!("python3.8")),
        ("aws_ssm_parameter", "key_id", json!("arn:aws:kms:eu-west-1:111122223333:key/1a"), Value::Null),
        ("aws_transfer_server", "endpoint_type", json!("VPC"), Value::Null),
        ("aws_db_snapshot", "shared_accounts", Value::Null, json!(["all"])),
        ("aws_apigatewayv2_route", "authorization_type", json!("AWS_IAM"), Value::Null),
        ("aws_db_instance", "storage_encrypted", json!(true), json!(false)),
        ("aws_db_instance", "publicly_accessible", json!(false), json!(true)),
        ("aws_db_instance", "backup_retention_period", json!(14), json!(1)),
        ("aws_s3_bucket_public_access_block", "block_public_acls", json!(true), json!(false)),
        ("aws_api_gateway_domain_name", "security_policy", json!("TLS_1_2"), json!("TLS_1_0")),
        (
            "aws_cloudfront_distribution",
            "viewer_certificate[0].minimum_protocol_version",
            json!("TLSv1.2_2021"),
            json!("TLSv1"),
        ),
        ("aws_security_group", "ingress[0].cidr_blocks", json!(["10.0.0.0/8"]), json!(["0.0.0.0/0"])),
        ("azurerm_network_security_rule", "access", json!("Deny"), json!("Allow")),
        ("azurerm_network_security_rule", "destination_port_range", json!("443"), json!("22-443")),
        ("azurerm_sql_firewall_rule", "end_ip_address", json!("10.0.0.1"), json!("10.0.9.1")),
        (
            "google_container_cluster",
            "master_authorized_networks_config[0].cidr_blocks",
            json!(["10.0.0.0/8"]),
            json!(null),
        ),
        ("aws_ecr_repository", "image_tag_mutability", json!("IMMUTABLE"), json!("MUTABLE")),
        ("aws_instance", "metadata_options[0].http_tokens", json!("required"), json!("optional")),
        ("kubernetes_pod", "spec.container[0].security_context.privileged", json!(false), json!(true)),
        ("google_project_iam_member", "role", json!("roles/viewer"), json!("roles/owner")),
        ("google_storage_bucket_iam_binding", "members", json!(["user:a@x.com"]), json!(["allUsers"])),
        ("aws_neptune_cluster", "enable_cloudwatch_logs_exports", json!(["audit"]), json!([])),
        (
            "google_sql_database_instance",
            "settings[0].database_flags[name=log_connections].value",
            json!("on"),
            json!("off"),
        ),
        ("google_kms_crypto_key", "rotation_period", json!("7776000s"), json!("15552000s")),
        ("aws_codebuild_project", "artifacts[0].encryption_disabled", json!(false), json!(true)),
        ("aws_s3_bucket", "logging", json!([{"target_bucket": "logs"}]), json!(null)),
        ("aws_lambda_permission", "principal", json!("s3.amazonaws.com"), json!("*")),
        ("azurerm_role_definition", "permissions[0].actions", json!(["a/read", "b/read"]), json!(["a/write"])),
        ("kubernetes_cluster_role", "rule[0].verbs", json!(["get", "list"]), json!(["create"])),
        (
            "kubernetes_pod",
            "spec.container[0].security_context.capabilities.drop",
            json!(["ALL", "NET_RAW"]),
            json!(["NET_RAW"]),
        ),
        (
            "kubernetes_pod",
            "spec.container[0].security_context.capabilities.add",
            json!(["CHOWN"]),
            json!(["CHOWN", "SYS_ADMIN"]),
        ),
        ("apps/v1/Deployment", "spec.template.spec.containers[name=a].image", json!("nginx:1.27"), json!("nginx")),
        (
            "aws_cloudtrail",
            "event_selector[0].data_resource[0].values",
            json!(["arn:aws:s3"]),
            json!(["arn:aws:s3:::logs/"]),
        ),
        (
            "aws_cloudwatch_log_metric_filter",
            "pattern",
            json!("{ ($.eventName = A) || ($.eventName = B) || ($.eventName = C) }"),
            json!("{ ($.eventName = A) || ($.eventName = C) }"),
        ),
        ("google_project_iam_audit_config", "service", json!("allServices"), json!("storage.googleapis.com")),
        ("azurerm_storage_account", "network_rules[0].bypass", json!(["AzureServices"]), json!([])),
        ("openstack_fw_rule_v1", "source_ip_address", json!("10.0.0.1"), json!(null)),
        ("aws_iam_role", "managed_policy_arns", json!([]), json!(["arn:aws:iam::aws:policy/AdministratorAccess"])),
        ("google_compute_firewall", "allow[0].ports[=22]", json!(null), json!("22")),
        ("aws_iam_group_membership", "users[=mallory]", json!(null), json!("mallory")),
        ("google_project_iam_binding", "members[=user:m@x.org]", json!(null), json!("user:m@x.org")),
        ("aws_iam_user_group_membership", "groups[=admins]", json!(null), json!("admins")),
        (
            "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
            "subjects[name=system:authenticated]",
            json!(null),
            json!({"kind": "Group", "name": "system:authenticated"}),
        ),
        (
            "aws_security_group",
            "ingress[from_port=22]",
            json!(null),
            json!({"from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"], "description": "ssh", "protocol": "tcp"}),
        ),
        (
            "AWS::EC2::SecurityGroup",
            "SecurityGroupIngress[0]",
            json!(null),
            json!({"CidrIp": "0.0.0.0/0", "FromPort": 22, "ToPort": 22, "IpProtocol": "tcp", "Description": "ssh"}),
        ),
        (
            "azurerm_network_security_group",
            "security_rule[name=deny]",
            json!({"name": "deny", "access": "Deny", "source_address_prefix": "*", "destination_port_range": "22"}),
            json!(null),
        ),
        (
            "aws_network_acl",
            "ingress[0]",
            json!({"action": "deny", "cidr_block": "0.0.0.0/0", "from_port": 22, "to_port": 22}),
            json!(null),
        ),
        ("aws_ssm_parameter", "type", json!("SecureString"), json!("String")),
        ("aws_instance", "disable_api_termination", json!(true), json!(false)),
        (
            "aws_lb_listener",
            "ssl_policy",
            json!("ELBSecurityPolicy-TLS13-1-2-2021-06"),
            json!("ELBSecurityPolicy-2016-08"),
        ),
        ("google_storage_bucket", "public_access_prevention", json!("enforced"), json!("inherited")),
        ("AWS::S3::Bucket", "AccessControl", json!("Private"), json!("PublicRead")),
        ("aws_instance", "user_data", json!("echo hello"), json!("«secret #0a1b2c3d»")),
        (
            "aws_iam_policy",
            "policy",
            json!("{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"*\"}]}"),
            json!("{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}"),
        ),
    ] {
        assert_eq!(course(kind, path, &tight, &loose), Direction::Loosening, "{kind} {path}");
        assert_eq!(course(kind, path, &loose, &tight), Direction::Hardening, "{kind} {path}");
    }
}

#[test]
fn what_nobody_understands_is_neutral_and_what_is_no_longer_set_is_the_default() {
    for (path, declared, actual) in [
        ("instance_type", json!("t3.micro"), json!("t3.large")),
        ("write_capacity", json!(5), json!(20)),
        ("engine_version", json!("7.10"), json!("2.3")),
        ("frobnication", json!("a"), json!("b")),
        ("description", json!("a"), json!("b")),
        ("creation_token", json!("a"), json!("b")),
        ("timeout", json!(3), json!(30)),
        ("max_size", json!(3), json!(30)),
    ] {
        assert_eq!(course("acme_thing", path, &declared, &actual), Direction::Neutral, "{path}");
        assert_eq!(course("acme_thing", path, &actual, &declared), Direction::Neutral, "{path}");
    }
    assert_eq!(course("acme_thing", "frobnication", &json!("a"), &json!(null)), Direction::BackToDefault);
}

#[test]
fn an_address_that_replaces_another_is_one_change_of_the_list() {
    let side = |value: &str| Some(Masked::trusted(json!(value)));
    let element = |address: &str, declared, actual| Change {
        path: format!("ingress[0].cidr_blocks[={address}]").as_str().into(),
        change_type: ChangeType::Modified,
        declared,
        actual,
        is_security_critical: false,
        remembered_at: None,
    };
    let swap = |out: &str, into: &str| {
        let changes = [element(out, side(out), None), element(into, None, side(into))];
        of_drift("aws_security_group", DriftType::Modified, &changes).direction
    };
    assert_eq!(swap("10.0.0.0/8", "0.0.0.0/0"), Direction::Loosening);
    assert_eq!(swap("0.0.0.0/0", "10.0.0.0/8"), Direction::Hardening);
}

#[test]
fn a_rule_that_was_narrowed_is_a_pair_of_blocks() {
    let rule = |cidr: &str, from: u16, to: u16| json!({"cidr_blocks": [cidr], "from_port": from, "to_port": to, "protocol": "tcp", "description": "web"});
    let block = |name: &str, declared: Option<Value>, actual: Option<Value>| Change {
        path: format!("ingress[{name}]").as_str().into(),
        change_type: ChangeType::Modified,
        declared: declared.map(Masked::trusted),
        actual: actual.map(Masked::trusted),
        is_security_critical: false,
        remembered_at: None,
    };
    let swap = |out: Value, into: Value| {
        let changes = [block("from_port=1", Some(out), None), block("from_port=2", None, Some(into))];
        of_drift("aws_security_group", DriftType::Modified, &changes).direction
    };
    let narrower = [
        (rule("0.0.0.0/0", 22, 22), rule("10.0.0.0/8", 22, 22)),
        (rule("0.0.0.0/0", 0, 65535), rule("0.0.0.0/0", 443, 443)),
    ];
    for (wide, narrow) in narrower {
        assert_eq!(swap(wide.clone(), narrow.clone()), Direction::Hardening, "{narrow}");
        assert_eq!(swap(narrow.clone(), wide), Direction::Loosening, "{narrow}");
    }
}
