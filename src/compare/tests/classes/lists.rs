//! Classes of lists: sets, order, identity, tags, sides that are declared in two places.

use super::*;

pub(super) fn pairs() -> Vec<Pair> {
    [sets(), blocks(), tags(), twice()].into_iter().flatten().collect()
}

fn sets() -> Vec<Pair> {
    let groups = |ids: [&str; 3]| json!({"vpc_security_group_ids": ids});
    let layers = |a: &str, b: &str, size: u32| json!({"layers": [format!("arn:aws:lambda:eu-west-1:1:layer:{a}:1"), format!("arn:aws:lambda:eu-west-1:1:layer:{b}:1")], "source_code_size": size});
    let roles = |list: Value| json!({"Roles": list});
    let pattern = |list: Value| json!({"EventPattern": {"detail": {"state": list}}});
    vec![
        pair(
            1,
            (T, "aws_instance"),
            groups(["sg-0000000a", "sg-0000000b", "sg-0000000c"]),
            (groups(["sg-0000000c", "sg-0000000b", "sg-0000000a"]), "set-order"),
            (groups(["sg-0000000c", "sg-0000000b", "sg-0000000d"]), "vpc_security_group_ids[=sg-0000000a]"),
        ),
        pair(
            1,
            (C, "AWS::Events::Rule"),
            pattern(json!(["open", "closed", "stuck"])),
            (pattern(json!(["stuck", "open", "closed"])), "set-order"),
            (pattern(json!(["open", "closed", "lost"])), "EventPattern.detail.state[=stuck]"),
        ),
        pair(
            2,
            (T, "aws_lambda_function"),
            layers("a", "b", 1),
            (layers("a", "b", 2), "computed"),
            (layers("b", "a", 1), "layers"),
        ),
        // A set of names beside the same set of ARNs has no canonical form; its elements are paired one by one.
        pair(
            24,
            (C, "AWS::X::Y"),
            roles(json!(["reader", "writer"])),
            (roles(json!(["arn:aws:iam::111122223333:role/writer", "arn:aws:iam::111122223333:role/reader"])), ""),
            (
                roles(json!(["arn:aws:iam::111122223333:role/writer", "arn:aws:iam::111122223333:role/owner"])),
                "Roles[=reader]",
            ),
        ),
    ]
}

fn blocks() -> Vec<Pair> {
    let origins = |path: &str, turned: bool| {
        let mut list = vec![json!({"Id": "web", "OriginPath": "/v1"}), json!({"Id": "img", "OriginPath": path})];
        if turned {
            list.reverse();
        }
        json!({"DistributionConfig": {"Origins": list}})
    };
    let rules = |list: Value| json!({"Rules": list});
    vec![
        pair(
            3,
            (C, "AWS::CloudFront::Distribution"),
            origins("/i", false),
            (origins("/i", true), "identity-align"),
            (origins("/j", true), "DistributionConfig.Origins[Id=img].OriginPath"),
        ),
        // Without identity, likeness finds the pairs: other spellings and more properties do not make another element.
        pair(
            3,
            (C, "AWS::X::Y"),
            rules(json!([{"Port": "80", "Net": "10.0.0.0/8"}, {"Port": "443", "Net": "10.0.0.0/8"}])),
            (
                rules(
                    json!([{"Port": 443, "Net": "10.0.0.0/8", "More": 1}, {"Port": 80, "Net": "10.0.0.0/8", "More": 1}]),
                ),
                "number-string",
            ),
            (
                rules(
                    json!([{"Port": 443, "Net": "10.0.0.0/8", "More": 1}, {"Port": 80, "Net": "11.0.0.0/8", "More": 1}]),
                ),
                "Rules[0].Net",
            ),
        ),
    ]
}

fn tags() -> Vec<Pair> {
    let tags = |t: Value| json!({ "tags": t });
    let labels = |own: Value, all: Value| json!({"labels": own, "terraform_labels": own, "effective_labels": all});
    vec![
        pair(
            9,
            (T, "aws_vpc"),
            json!({"tags": {"Name": "a"}, "tags_all": {"Name": "a", "Owner": "ops"}}),
            (tags(json!({"Name": "a", "Owner": "ops"})), "tags"),
            (tags(json!({"Name": "a", "Owner": "dev"})), "tags.Owner"),
        ),
        pair(
            10,
            (T, "aws_instance"),
            tags(json!({"Name": "a"})),
            (
                tags(
                    json!({"Name": "a", "aws:autoscaling:groupName": "g", "k8s.io/cluster-autoscaler/enabled": "true", "karpenter.sh/nodepool": "p", "eks:cluster-name": "c"}),
                ),
                "cloud-tag",
            ),
            (tags(json!({"Name": "a", "k8s.io-team": "x"})), "tags[\"k8s.io-team\"]"),
        ),
        pair(
            10,
            (T, "azurerm_x"),
            tags(json!({"env": "a"})),
            (tags(json!({"env": "a", "hidden-link:/app": "Resource"})), "cloud-tag"),
            (tags(json!({"env": "a", "visible-link": "b"})), "tags.visible-link"),
        ),
        pair(
            10,
            (Dialect::Gcp, "compute.v1.instance"),
            json!({"labels": {"env": "a"}}),
            (json!({"labels": {"env": "a", "goog-managed-by": "x"}}), "cloud-tag"),
            (json!({"labels": {"env": "a", "google": "b"}}), "labels.google"),
        ),
        pair(
            11,
            (T, "google_pubsub_topic"),
            labels(json!({"env": "a", "none": ""}), json!({"env": "a", "goog-terraform-provisioned": "true"})),
            (
                labels(json!({"env": "a"}), json!({"env": "a", "goog-terraform-provisioned": "true", "team": "x"})),
                "google-labels",
            ),
            (labels(json!({"env": "a"}), json!({"env": "b"})), "labels.env"),
        ),
    ]
}

fn twice() -> Vec<Pair> {
    let group = |ports: &[u16]| -> Value {
        let rule = |p: &u16| json!({"IpProtocol": "6", "FromPort": p, "ToPort": p, "CidrIp": "10.1.2.3/8"});
        json!({"GroupId": "sg-77", "SecurityGroupIngress": ports.iter().map(rule).collect::<Vec<_>>()})
    };
    let live = |peers: &[&str]| {
        let rule = |peer: &&str| json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": peer});
        json!({"GroupId": "sg-77", "SecurityGroupIngress": peers.iter().map(rule).collect::<Vec<_>>()})
    };
    let attached = |roles: Value| json!({"ManagedPolicyName": "p", "Roles": roles});
    vec![
        pair(20, (C, "AWS::EC2::SecurityGroup"), group(&[22]), (live(&["10.0.0.0/8"]), "sg-rules"),
             (live(&["10.0.0.0/8", "0.0.0.0/0"]), "SecurityGroupIngress[protocol=tcp,from_port=22,to_port=22,cidr=0.0.0.0/0]")),
        pair(21, (C, "AWS::EC2::SecurityGroup"), group(&[]), (live(&["10.0.0.0/8"]), "sg-rules"),
             (live(&["10.0.0.0/8", "0.0.0.0/0"]), "SecurityGroupIngress[protocol=tcp,from_port=22,to_port=22,cidr=0.0.0.0/0]"))
            .given("siblingSgRules", json!({"sg-77": {"ingress": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "10.0.0.0/8"}], "egress": []}})),
        pair(22, (T, "aws_alb"), json!({"idle_timeout": null}), (json!({"idle_timeout": 60}), "known-default"), (json!({"idle_timeout": 90}), "idle_timeout")),
        pair(54, (C, "AWS::IAM::ManagedPolicy"), attached(json!(["app"])), (attached(json!(["app", "declared-elsewhere"])), "undeclared"),
             (attached(json!(["declared-elsewhere", "other"])), "Roles[=app]")),
    ]
}
