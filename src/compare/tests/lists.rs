use super::*;

#[test]
fn a_shuffled_set_is_hidden_and_a_replaced_element_is_named() {
    let sg = |list: Value| json!({"vpc_security_group_ids": list});
    let declared = sg(json!(["sg-11111111", "sg-22222222", "sg-33333333"]));
    let shuffled = sg(json!(["sg-33333333", "sg-11111111", "sg-22222222"]));
    assert_hidden(&tf("aws_instance", declared.clone(), shuffled), "vpc_security_group_ids", "set-order");
    let replaced = tf("aws_instance", declared.clone(), sg(json!(["sg-33333333", "sg-11111111", "sg-44444444"])));
    assert_changes(&replaced, &[("vpc_security_group_ids[=sg-22222222]", Modified)]);
    let two_more =
        tf("aws_instance", declared, sg(json!(["sg-33333333", "sg-11111111", "sg-22222222", "sg-5", "sg-6"])));
    assert_changes(&two_more, &[("vpc_security_group_ids[=sg-5]", Added), ("vpc_security_group_ids[=sg-6]", Added)]);
}

#[test]
fn an_element_said_twice_is_a_difference() {
    let set = |list: Value| json!({"security_groups": list});
    assert_changes(&tf("x", set(json!(["a", "b"])), set(json!(["a", "b", "b"]))), &[("security_groups[=b]", Added)]);
}

#[test]
fn the_order_of_an_ordered_list_is_a_change_of_the_list() {
    let layers = |a: &str, b: &str| json!({"layers": [format!("arn:aws:lambda:x:1:layer:{a}"), format!("arn:aws:lambda:x:1:layer:{b}")]});
    assert_changes(&tf("aws_lambda_function", layers("a", "b"), layers("b", "a")), &[("layers", Modified)]);
    assert_changes(&tf("x", json!({"things": ["a", "b"]}), json!({"things": ["b", "a"]})), &[("things", Modified)]);
    let command = |list: Value| json!({"command": list});
    assert_changes(
        &tf("x", command(json!(["run", "a", "b"])), command(json!(["run", "c", "b"]))),
        &[("command[1]", Modified)],
    );
    assert_changes(
        &tf("x", command(json!(["run", "a"])), command(json!(["time", "run", "a"]))),
        &[("command[0]", Added)],
    );
}

#[test]
fn blocks_are_found_by_name_and_one_edit_is_one_path() {
    let origins = |list: Value| json!({"origin": list});
    let declared = origins(json!([{"origin_id": "a", "path": "/a"}, {"origin_id": "b", "path": "/b"}]));
    let turned = origins(json!([{"origin_id": "b", "path": "/b"}, {"origin_id": "a", "path": "/a"}]));
    let kind = "aws_cloudfront_distribution";
    assert_hidden(&tf(kind, declared.clone(), turned), "origin", "identity-align");
    let edited = origins(json!([{"origin_id": "b", "path": "/c"}, {"origin_id": "a", "path": "/a"}]));
    assert_changes(&tf(kind, declared.clone(), edited), &[("origin[origin_id=b].path", Modified)]);
    let fewer = origins(json!([{"origin_id": "b", "path": "/b"}]));
    assert_changes(&tf(kind, declared, fewer), &[("origin[origin_id=a]", Removed)]);
}

#[test]
fn an_ordered_list_of_blocks_with_names_still_reports_its_order() {
    let stages = |a: &str, b: &str| json!({"stage": [{"name": a}, {"name": b}]});
    assert_changes(
        &tf("aws_codepipeline", stages("source", "build"), stages("build", "source")),
        &[("stage", Modified)],
    );
}

#[test]
fn blocks_without_identity_are_paired_by_likeness() {
    let rules = |list: Value| json!({"rule": list});
    let declared = rules(json!([{"days": 1, "prefix": "a", "on": true}, {"days": 2, "prefix": "b", "on": true}]));
    let live = rules(json!([{"days": 9, "prefix": "b", "on": true}, {"days": 1, "prefix": "a", "on": true}]));
    assert_changes(&tf("x", declared.clone(), live), &[("rule[1].days", Modified)]);
    let turned = rules(json!([{"days": 2, "prefix": "b", "on": true}, {"days": 1, "prefix": "a", "on": true}]));
    assert_hidden(&tf("x", declared, turned), "rule", "set-order");
}

#[test]
fn ten_thousand_elements_are_compared_by_meaning() {
    let ids =
        |n: std::ops::Range<u32>| -> Vec<String> { n.map(|i| format!("10.{}.{}.0/24", i / 256, i % 256)).collect() };
    let mut turned = ids(0..10_000);
    turned.reverse();
    assert_hidden(
        &tf("x", json!({"cidr_blocks": ids(0..10_000)}), json!({"cidr_blocks": turned})),
        "cidr_blocks",
        "set-order",
    );
    let other = tf("x", json!({"cidr_blocks": ids(0..10_000)}), json!({"cidr_blocks": ids(10_000..20_000)}));
    assert_eq!(other.changes.len(), 20_000);
    let blocks = |key: &str| json!({"rule": (0..10_000).map(|i| json!({key: i, "x": [i]})).collect::<Vec<_>>()});
    assert_eq!(tf("x", blocks("a"), blocks("b")).changes.len(), 10_000);
}

#[test]
fn a_set_of_other_spellings_is_the_same_set() {
    let cidrs = |list: Value| json!({"cidr_blocks": list});
    let respelt = tf("x", cidrs(json!(["10.0.0.1/8", "::0:1/128"])), cidrs(json!(["10.0.0.0/8", "::1/128"])));
    assert_hidden(&respelt, "cidr_blocks[=10.0.0.1/8]", "cidr");
    assert_hidden(
        &tf("x", cidrs(json!(["10.0.0.1/8", "1.1.1.1"])), cidrs(json!(["1.1.1.1/32", "10.0.0.0/8"]))),
        "cidr_blocks",
        "set-order",
    );
    assert_changes(
        &tf("x", cidrs(json!(["10.0.0.1/8"])), cidrs(json!(["10.0.0.0/9"]))),
        &[("cidr_blocks[=10.0.0.1/8]", Modified)],
    );
}
