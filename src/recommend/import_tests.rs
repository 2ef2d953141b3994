//! By what each kind of resource is imported.

use serde_json::json;

use super::*;
use crate::live::aws_config;
use crate::safety::Redactor;

fn resource(kind: &str, id: &str) -> ResourceRef {
    ResourceRef {
        resource_type: kind.into(),
        resource_id: id.into(),
        previous_address: None,
        provider_id: None,
        declared_in: None,
    }
}

fn by(kind: &str, known: &str, live: Value) -> Result<String, String> {
    let live = Redactor::new([0; 32]).mask(kind, &live, &[]);
    id(&resource(kind, known), Some(&live))
}

#[test]
fn the_pack_parses_and_names_no_type_twice() {
    assert_eq!(Table::parse(include_str!("../../packs/import-ids.toml")).map(|_| ()), Ok(()));
}

/// How the documentation of the provider writes each of them.
#[test]
fn every_id_is_the_one_the_provider_documents() {
    let none = || json!({});
    for (kind, known, live, wanted) in [
        ("aws_instance", "arn:aws:ec2:eu-west-1:1:instance/i-1", none(), "i-1"),
        ("aws_vpc", "vpc-1", none(), "vpc-1"),
        ("aws_s3_bucket", "arn:aws:s3:::data", none(), "data"),
        ("aws_iam_role", "arn:aws:iam::1:role/app/web", none(), "web"),
        ("aws_iam_policy", "arn:aws:iam::1:policy/p", none(), "arn:aws:iam::1:policy/p"),
        ("aws_ecs_service", "arn:aws:ecs:eu-west-1:1:service/shop/web", none(), "shop/web"),
        ("aws_ecr_repository", "arn:aws:ecr:eu-west-1:1:repository/team/app", none(), "team/app"),
        ("aws_eks_node_group", "arn:aws:eks:eu-west-1:1:nodegroup/c/n/0a1b", none(), "c:n"),
        ("aws_kms_alias", "arn:aws:kms:eu-west-1:1:alias/a/b", none(), "alias/a/b"),
        ("aws_db_instance", "arn:aws:rds:eu-west-1:1:db:orders", none(), "orders"),
        ("aws_cloudformation_stack", "arn:aws:cloudformation:eu-west-1:1:stack/base/0a1b", none(), "base"),
        ("aws_cloudwatch_event_rule", "arn:aws:events:eu-west-1:1:rule/nightly", none(), "default/nightly"),
        ("aws_cloudwatch_event_rule", "arn:aws:events:eu-west-1:1:rule/orders/paid", none(), "orders/paid"),
        ("aws_cloudwatch_log_group", "arn:aws:logs:eu-west-1:1:log-group:/app/web:*", none(), "/app/web"),
        ("aws_api_gateway_stage", "arn:aws:apigateway:eu-west-1::/restapis/a1/stages/prod", none(), "a1/prod"),
        ("aws_sqs_queue", "arn:aws:sqs:eu-west-1:12:jobs", none(), "https://sqs.eu-west-1.amazonaws.com/12/jobs"),
        ("aws_wafv2_web_acl", "arn:aws:wafv2:us-east-1:1:global/webacl/site/w-1", none(), "w-1/site/CLOUDFRONT"),
        ("aws_iam_role_policy_attachment", "x", json!({"role": "web", "policy_arn": "arn:p"}), "web/arn:p"),
        (
            "aws_route_table_association",
            "rtbassoc-1",
            json!({"subnet_id": "subnet-1", "route_table_id": "rtb-1"}),
            "subnet-1/rtb-1",
        ),
        (
            "aws_route",
            "r-1",
            json!({"route_table_id": "rtb-1", "destination_cidr_block": "", "destination_ipv6_cidr_block": "::/0"}),
            "rtb-1_::/0",
        ),
        (
            "aws_security_group_rule",
            "sgrule-1",
            json!({"security_group_id": "sg-1", "type": "ingress", "protocol": "tcp", "from_port": 0, "to_port": 443,
                "cidr_blocks": ["10.0.0.0/8", "192.0.2.0/24"], "source_security_group_id": null}),
            "sg-1_ingress_tcp_0_443_10.0.0.0/8_192.0.2.0/24",
        ),
        ("aws_autoscaling_policy", "arn:x", json!({"autoscaling_group_name": "web", "name": "cpu"}), "web/cpu"),
        ("azurerm_subnet", "/subscriptions/s/x", none(), "/subscriptions/s/x"),
    ] {
        assert_eq!(by(kind, known, live).as_deref(), Ok(wanted), "{kind}");
    }
}

#[test]
fn a_type_whose_id_is_not_known_says_so_and_names_what_is() {
    assert!(
        by("aws_of_tomorrow", "x-1", json!({}))
            .unwrap_err()
            .contains("not known here: see its documentation; the cloud's id is x-1")
    );
    assert!(by("aws_autoscaling_attachment", "x-1", json!({})).unwrap_err().contains("cannot be imported"));
    let partly = by("aws_iam_role_policy_attachment", "x-1", json!({"role": "web"})).unwrap_err();
    assert!(partly.contains("{role}/{policy_arn}") && partly.contains("x-1"), "{partly}");
    assert!(by("apps/v1/Deployment", "shop/web", json!({})).unwrap_err().contains("no resource of Terraform"));
    assert!(by("AWS::Glue::Job", "job", json!({})).unwrap_err().contains("no resource of Terraform"));
}

#[test]
fn every_type_that_can_be_read_is_in_the_table() {
    let table = Table::built_in();
    let open: Vec<&str> = aws_config::covered()
        .map(|c| c.terraform)
        .filter(|kind| table.of(kind).is_none() && !table.never.contains(*kind))
        .collect();
    assert!(open.is_empty(), "by what are they imported? {open:?}");
}

#[test]
fn two_resources_of_one_name_have_blocks_of_their_own() {
    let tags = vec![("Name".into(), Tainted::from("Pay Roll"))];
    let one = block(&resource("aws_instance", "arn:aws:ec2:eu-west-1:1:instance/i-1"), &tags, None).unwrap();
    assert_eq!(one, "import {\n  to = aws_instance.pay_roll_i_1\n  id = \"i-1\"\n}");
    let other = block(&resource("aws_instance", "i-2"), &tags, None).unwrap();
    assert!(other.contains("to = aws_instance.pay_roll_i_2"), "{other}");
}

#[test]
fn what_would_mean_something_to_hcl_is_quoted_and_what_cannot_be_seen_is_refused() {
    let evil = block(&resource("aws_iam_role", "9-${evil}\"\\"), &[], None).unwrap();
    assert_eq!(evil, "import {\n  to = aws_iam_role.r_9___evil___\n  id = \"9-$${evil}\\\"\\\\\"\n}");
    assert!(block(&resource("aws_vpc", "vpc-1\u{202e}"), &[], None).is_err());
    assert!(by("aws_iam_role_policy", "x", json!({"role": "a\u{1b}[2J", "name": "b"})).is_err());
}
