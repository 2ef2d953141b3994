//! Parts of an item that resources of their own declare are not held against the resource that has the item.

use super::*;

/// The attribute of the parent as its item gives it, beside these relatives.
fn attribute(item: Value, parent: (&str, Value), family: &[(&str, Value)], name: &str) -> Value {
    let family: Vec<DeclaredResource> = family.iter().map(|(kind, values)| declared(kind, values.clone())).collect();
    let source = source(&snapshot(vec![item]));
    let parent = declared(parent.0, parent.1);
    for relative in &family {
        assert_eq!(source.family_key(&parent), source.family_key(relative), "{}", relative.resource_type);
    }
    found(source.lookup(&parent, &family)).values[name].clone()
}

#[test]
fn entries_of_an_acl_belong_to_the_rule_of_the_same_number_and_direction() {
    let entry = |number: i64, egress: bool| json!({"ruleNumber": number, "egress": egress, "protocol": "-1", "ruleAction": "allow", "cidrBlock": "0.0.0.0/0"});
    let acl =
        item("AWS::EC2::NetworkAcl", "acl-1", json!({"entries": [entry(100, false), entry(100, true)]}), json!({}));
    let parent = || ("aws_network_acl", json!({"id": "acl-1", "ingress": [], "egress": []}));
    let rule = |egress: bool| {
        ("aws_network_acl_rule", json!({"network_acl_id": "acl-1", "rule_number": 100, "egress": egress}))
    };
    let numbers = |name: &str, family: &[(&str, Value)]| {
        attribute(acl.clone(), parent(), family, name).as_array().map_or(0, Vec::len)
    };
    assert_eq!((numbers("ingress", &[]), numbers("egress", &[])), (1, 1));
    assert_eq!((numbers("ingress", &[rule(true)]), numbers("egress", &[rule(true)])), (1, 0));
    assert_eq!((numbers("ingress", &[rule(false)]), numbers("egress", &[rule(false)])), (0, 1));
}

#[test]
fn attachments_own_what_they_attach() {
    let endpoint = item(
        "AWS::EC2::VPCEndpoint",
        "vpce-1",
        json!({"routeTableIds": ["rtb-1", "rtb-2"], "subnetIds": [], "groups": []}),
        json!({}),
    );
    let tables = |family: &[(&str, Value)]| {
        attribute(
            endpoint.clone(),
            ("aws_vpc_endpoint", json!({"id": "vpce-1", "route_table_ids": []})),
            family,
            "route_table_ids",
        )
    };
    let association =
        ("aws_vpc_endpoint_route_table_association", json!({"vpc_endpoint_id": "vpce-1", "route_table_id": "rtb-1"}));
    assert_eq!(tables(&[]), json!(["rtb-1", "rtb-2"]));
    assert_eq!(tables(&[association]), json!(["rtb-2"]), "the foreign one is left");

    let address = item(
        "AWS::EC2::EIP",
        "eipalloc-1",
        json!({"domain": "vpc", "instanceId": "i-1", "associationId": "a"}),
        json!({}),
    );
    let instance = |family: &[(&str, Value)]| {
        attribute(address.clone(), ("aws_eip", json!({"id": "eipalloc-1", "instance": "i-9"})), family, "instance")
    };
    assert_eq!(instance(&[]), "i-1");
    let association = ("aws_eip_association", json!({"allocation_id": "eipalloc-1", "instance_id": "i-1"}));
    assert_eq!(instance(&[association]), "i-9", "the association answers for it, the copy is left alone");
}

#[test]
fn a_field_nobody_records_is_unverified_and_the_fields_beside_it_are_compared() {
    let table = item(
        "AWS::EC2::RouteTable",
        "rtb-1",
        json!({"routes": [{"destinationCidrBlock": "10.0.0.0/8", "gatewayId": "igw-1"}]}),
        json!({}),
    );
    let live = found(source(&snapshot(vec![table])).lookup(&declared("aws_route_table", json!({"id": "rtb-1"})), &[]));
    let Observable::Paths(paths) = &live.observable else { panic!() };
    assert!(paths.contains(&"route.gateway_id".to_owned()), "{paths:?}");
    assert!(!paths.iter().any(|p| p == "route" || p.ends_with("local_gateway_id")), "{paths:?}");
}

#[test]
fn what_is_unset_on_both_sides_is_the_same_whatever_the_default() {
    let group = |extra: Value| {
        let mut configuration = json!({"autoScalingGroupName": "web", "minSize": 1});
        configuration.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let mut group = item("AWS::AutoScaling::AutoScalingGroup", "arn:x", configuration, json!({}));
        group["resourceName"] = json!("web");
        group
    };
    let lifetime = |item: Value, stated: Value| {
        let parent = ("aws_autoscaling_group", json!({"name": "web", "max_instance_lifetime": stated}));
        attribute(item, parent, &[], "max_instance_lifetime")
    };
    assert_eq!(lifetime(group(json!({})), Value::Null), Value::Null);
    assert_eq!(lifetime(group(json!({})), json!(86400)), 0, "it was taken away");
    assert_eq!(lifetime(group(json!({"maxInstanceLifetime": 86400})), Value::Null), 86400, "it was set");
}
