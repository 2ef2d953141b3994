//! What nobody configures, what only the tool knows, and what cannot be read back; and arguments of the same names.

use super::*;

/// A Terraform resource: declared, respelt, changed, and where.
fn tf(class: u8, kind: &'static str, [d, n, r]: [Value; 3], by: &'static str, at: &'static str) -> Pair {
    pair(class, (T, kind), d, (n, by), (r, at))
}

pub(super) fn pairs() -> Vec<Pair> {
    [computed(), elsewhere_an_argument(), meta(), elsewhere_a_setting(), unreadable()].into_iter().flatten().collect()
}

/// One property that the provider computes, and a tag of the same name.
fn lookalike(kind: &'static str, key: &'static str, at: &'static str) -> Pair {
    let side = |value: &str, tag: &str| json!({ key: value, "tags": { key: tag } });
    tf(7, kind, [side("one", "a"), side("two", "a"), side("two", "b")], "computed", at)
}

fn computed() -> Vec<Pair> {
    let mut pairs = vec![
        lookalike("aws_lambda_function", "last_modified", "tags.last_modified"),
        lookalike("aws_iam_role", "arn", "tags.arn"),
        lookalike("aws_vpc", "owner_id", "tags.owner_id"),
        lookalike("aws_eip", "association_id", "tags.association_id"),
        lookalike("aws_lambda_event_source_mapping", "state_transition_reason", "tags.state_transition_reason"),
        lookalike("aws_route53_zone", "number_of_record_sets", "tags.number_of_record_sets"),
        lookalike("aws_cloudfront_distribution", "etag", "tags.etag"),
        lookalike("azurerm_dns_zone", "etag", "tags.etag"),
    ];
    let labels = |value: &str, label: &str| json!({"self_link": value, "unique_id": value, "fingerprint": value, "labels": {"self_link": label}});
    let sides = [labels("one", "a"), labels("two", "a"), labels("two", "b")];
    pairs.push(tf(7, "google_compute_disk", sides, "computed", "labels.self_link"));
    let meta = |version: &str, app: &str| json!({"metadata": [{"resource_version": version, "labels": {"app": app}}]});
    let sides = [meta("1", "a"), meta("2", "a"), meta("2", "b")];
    pairs.push(tf(7, "kubernetes_deployment", sides, "computed", "metadata[0].labels.app"));
    pairs
}

/// The id is computed; the property at hand is not.
fn argument(kind: &'static str, key: &'static str) -> Pair {
    let side = |id: &str, value: &str| json!({"id": id, key: value});
    tf(7, kind, [side("1", "one"), side("2", "one"), side("2", "two")], "computed", key)
}

fn elsewhere_an_argument() -> Vec<Pair> {
    vec![
        argument("aws_cloudwatch_event_target", "arn"),
        argument("aws_sns_topic_policy", "arn"),
        argument("aws_sns_topic_data_protection_policy", "arn"),
        argument("aws_lakeformation_resource", "arn"),
        argument("aws_notifications_channel_association", "arn"),
        argument("aws_s3_object", "etag"),
        argument("aws_s3_bucket_object", "etag"),
        argument("azurerm_app_configuration_key", "etag"),
        argument("azurerm_app_configuration_feature", "etag"),
        argument("azurerm_automation_watcher", "etag"),
        // What a provider nobody knows computes is not guessed from a name.
        argument("huaweicloud_kps_keypair", "fingerprint"),
        argument("elementsw_volume_iqn", "unique_id"),
        argument("some_parameter", "owner_id"),
        pair(
            7,
            (C, "AWS::Notifications::ChannelAssociation"),
            json!({"Arn": "one", "ETag": "1"}),
            (json!({"Arn": "one", "ETag": "2"}), "computed"),
            (json!({"Arn": "two", "ETag": "2"}), "Arn"),
        ),
        // An address that is stated is compared; one that the run of the machine brought is not.
        pair(
            7,
            (Dialect::Gcp, "compute.v1.instance"),
            json!({"networkInterfaces": [{"accessConfigs": [{"name": "a"}]}, {"accessConfigs": [{"name": "b", "natIP": "192.0.2.1"}]}]}),
            (
                json!({"networkInterfaces": [{"accessConfigs": [{"name": "a", "natIP": "192.0.2.9"}]}, {"accessConfigs": [{"name": "b", "natIP": "192.0.2.1"}]}]}),
                "server-managed",
            ),
            (
                json!({"networkInterfaces": [{"accessConfigs": [{"name": "a"}]}, {"accessConfigs": [{"name": "b", "natIP": "192.0.2.2"}]}]}),
                "networkInterfaces[1].accessConfigs[name=b].natIP",
            ),
        ),
    ]
}

/// Settings that only the state knows, and a property that the cloud knows.
fn settings(kind: &'static str, settings: Value) -> Pair {
    let mut declared = settings;
    declared["size"] = json!(1);
    tf(8, kind, [declared, json!({"size": 1}), json!({"size": 2})], "meta", "size")
}

fn meta() -> Vec<Pair> {
    vec![
        settings("aws_s3_bucket", json!({"force_destroy": true, "bucket_prefix": "logs-"})),
        settings(
            "aws_db_instance",
            json!({"skip_final_snapshot": true, "apply_immediately": true, "delete_automated_backups": true, "identifier_prefix": "db-",
                   "timeouts": {"create": "40m"}}),
        ),
        settings("aws_security_group", json!({"revoke_rules_on_delete": true, "name_prefix": "web-"})),
        settings("aws_cloudfront_distribution", json!({"wait_for_deployment": true, "retain_on_delete": true})),
        settings("aws_lambda_function", json!({"publish": true, "filename": "app.zip"})),
        settings("aws_cloudfront_function", json!({"publish": true})),
        settings("google_sql_user", json!({"deletion_policy": "ABANDON"})),
        settings("aws_api_gateway_deployment", json!({"triggers": {"hash": "1"}})),
    ]
}

/// A setting of the tool for one provider is a property of the cloud for another.
fn real_setting(kind: &'static str, key: &'static str, [d, r]: [Value; 2]) -> Pair {
    let sides = [json!({key: d, "timeouts": {"create": "5m"}}), json!({ key: d }), json!({ key: r })];
    tf(8, kind, sides, "meta", key)
}

fn elsewhere_a_setting() -> Vec<Pair> {
    vec![
        real_setting("azurerm_stack_hci_deployment_setting", "name_prefix", [json!("a"), json!("b")]),
        real_setting("oci_psql_db_system", "deletion_policy", [json!("KEEP"), json!("DROP")]),
        real_setting("some_page", "publish", [json!(true), json!(false)]),
        real_setting("some_page", "filename", [json!("a"), json!("b")]),
        real_setting("some_pipeline", "triggers", [json!({"on": "push"}), json!("never")]),
        // Below the top, `timeouts` is a name like any other.
        tf(
            8,
            "some_proxy",
            [
                json!({"route": [{"timeouts": "5s"}]}),
                json!({"route": [{"timeouts": "5000ms"}]}),
                json!({"route": [{"timeouts": "9s"}]}),
            ],
            "duration",
            "route[0].timeouts",
        ),
    ]
}

/// A secret that the reader leaves out, and one that came back as another.
fn secret(kind: &'static str, key: &'static str) -> Pair {
    tf(39, kind, [json!({ key: "hunter2" }), json!({}), json!({ key: "hunter3" })], "?WriteOnly", key)
}

fn unreadable() -> Vec<Pair> {
    let masked = |mask: &str| {
        let sides = [
            json!({"token": "hunter2", "size": 1}),
            json!({"token": mask, "size": 1}),
            json!({"token": "hunter3", "size": 1}),
        ];
        tf(39, "some_account", sides, "?WriteOnly", "token")
    };
    vec![
        secret("aws_rds_cluster", "master_password"),
        secret("aws_db_instance", "password"),
        secret("aws_iam_access_key", "secret"),
        secret("aws_dms_endpoint", "password"),
        secret("aws_iam_user_login_profile", "pgp_key"),
        secret("aws_secretsmanager_secret_version", "secret_string"),
        masked("****"),
        masked("<redacted>"),
        masked("(sensitive value)"),
        pair(
            39,
            (C, "AWS::RDS::DBInstance"),
            json!({"MasterUserPassword": "{{resolve:secretsmanager:db:SecretString:password}}", "Port": 1}),
            (json!({"Port": 1}), "?Unresolved"),
            (json!({"Port": 2}), "Port"),
        ),
        // The state keeps a hash of the data.
        tf(
            39,
            "aws_instance",
            [
                json!({"user_data": "a9993e364706816aba3e25717850c26c9cd0d89d"}),
                json!({"user_data": "abc"}),
                json!({"user_data": "abd"}),
            ],
            "user-data",
            "user_data",
        ),
    ]
}
