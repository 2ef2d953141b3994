use super::*;

/// A pod with this list in its spec.
fn pod(name: &str, list: Value) -> Value {
    json!({"kind": "Pod", "spec": {name: list}})
}

fn turned(list: &Value) -> Value {
    list.as_array().unwrap().iter().rev().cloned().collect()
}

fn shuffled(dialect: Dialect, kind: &str, make: impl Fn(Value) -> Value, list: Value) -> Verdict {
    let other = turned(&list);
    run(dialect, kind, make(list), make(other))
}

#[test]
fn the_order_of_a_list_in_kubernetes_is_a_change() {
    for (name, list) in [
        ("containers", json!([{"name": "a", "image": "x"}, {"name": "b", "image": "y"}])),
        ("initContainers", json!([{"name": "a"}, {"name": "b"}])),
        ("somethingNew", json!([{"x": 1}, {"x": 2}])),
        ("ipFamilies", json!(["IPv6", "IPv4"])),
        ("clusterIPs", json!(["10.0.0.1", "10.0.0.2"])),
    ] {
        let verdict = shuffled(Dialect::Kubernetes, "v1/Pod", |l| pod(name, l), list);
        assert_changes(&verdict, &[(&format!("spec.{name}"), Modified)]);
    }
    let container = |from: Value| pod("containers", json!([{"name": "c", "envFrom": from}]));
    let sources = json!([{"configMapRef": {"name": "a"}}, {"configMapRef": {"name": "b"}}]);
    let verdict = shuffled(Dialect::Kubernetes, "v1/Pod", container, sources);
    assert_changes(&verdict, &[("spec.containers[name=c].envFrom", Modified)]);
}

#[test]
fn lists_that_kubernetes_calls_sets_or_maps_have_no_order() {
    for (name, list, rule) in [
        ("volumes", json!([{"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}]), "identity-align"),
        ("tolerations", json!([{"operator": "Exists"}, {"effect": "NoSchedule", "value": "x"}]), "set-order"),
        ("imagePullSecrets", json!([{"name": "a"}, {"name": "b"}]), "identity-align"),
    ] {
        let verdict = shuffled(Dialect::Kubernetes, "v1/Pod", |l| pod(name, l), list);
        assert_hidden(&verdict, &format!("spec.{name}"), rule);
    }
    let role = |rules: Value| json!({"kind": "Role", "rules": rules});
    let rules = json!([{"verbs": ["get", "list"], "resources": ["pods"]}, {"verbs": ["get"], "resources": ["nodes"]}]);
    let kind = "rbac.authorization.k8s.io/v1/Role";
    assert_hidden(&shuffled(Dialect::Kubernetes, kind, role, rules), "rules", "set-order");
    let verbs = |list: Value| role(json!([{"verbs": list, "resources": ["pods"]}]));
    let verdict = shuffled(Dialect::Kubernetes, kind, verbs, json!(["get", "list"]));
    assert!(verdict.changes.is_empty(), "{verdict:#?}");
    let fewer = run(Dialect::Kubernetes, kind, verbs(json!(["get", "list"])), verbs(json!(["get", "delete"])));
    assert_eq!(fewer.changes.len(), 1, "{fewer:#?}");
}

#[test]
fn the_order_of_variables_matters_where_one_names_another() {
    let env = |list: Value| pod("containers", json!([{"name": "c", "env": list}]));
    let apart = json!([{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]);
    let path = "spec.containers[name=c].env";
    assert_hidden(&shuffled(Dialect::Kubernetes, "v1/Pod", env, apart), path, "identity-align");
    let linked = json!([{"name": "A", "value": "1"}, {"name": "B", "value": "$(A):80"}]);
    assert_changes(&shuffled(Dialect::Kubernetes, "v1/Pod", env, linked), &[(path, Modified)]);
    // The later one wins.
    let twice = json!([{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]);
    assert_changes(&shuffled(Dialect::Kubernetes, "v1/Pod", env, twice), &[(path, Modified)]);
}

#[test]
fn blocks_of_terraform_are_sets_unless_they_are_known_as_lists() {
    let blocks = |name: &'static str| move |list: Value| json!({name: list});
    let two = || json!([{"days": 1, "x": "a"}, {"days": 2, "x": "b"}]);
    assert_hidden(&shuffled(Dialect::Terraform, "x", blocks("rule"), two()), "rule", "set-order");
    for name in ["step", "routing_rule", "columns"] {
        assert_changes(&shuffled(Dialect::Terraform, "x", blocks(name), two()), &[(name, Modified)]);
    }
    let cards = json!([{"network": "a"}, {"network": "b"}]);
    let verdict = shuffled(Dialect::Terraform, "google_compute_instance", blocks("network_interface"), cards);
    assert_changes(&verdict, &[("network_interface", Modified)]);
}

/// With what the schema of the type says of `Things`.
fn with_schema(schema: Value) -> Verdict {
    let schema = Schema::from_json(&schema);
    let settings = Settings { schema: Some(&schema), ..Settings::default() };
    let things = json!([{"A": 1, "B": 2}, {"A": 3, "B": 4}]);
    let (declared, live) = (json!({"Things": things}), json!({"Things": turned(&things)}));
    let subject = Subject {
        dialect: Dialect::Cloudformation,
        resource_type: "AWS::X::Y",
        declared: &declared,
        live: &live,
        memory: None,
        observable: &Observable::All,
    };
    compare_with(&subject, &settings)
}

#[test]
fn the_order_of_blocks_in_cloudformation_is_what_the_schema_says() {
    assert_hidden(&with_schema(json!({"unordered_objects": ["Things"]})), "Things", "set-order");
    assert_changes(&with_schema(json!({"ordered": ["Things"]})), &[("Things", Modified)]);
    assert_unverified(&with_schema(json!({})), "Things", UnverifiedReason::Unsupported);
}

#[test]
fn whoever_reads_a_document_may_go_through_it_in_order() {
    let content = |list: Value| json!({"content": json!({"mainSteps": list}).to_string()});
    let steps = json!([{"name": "drain", "action": "x"}, {"name": "stop", "action": "y"}]);
    let verdict = shuffled(Dialect::Terraform, "aws_ssm_document", content, steps);
    assert_changes(&verdict, &[("content.mainSteps", Modified)]);
    let rules = |list: Value| json!({"policy_text": json!({"rules": list}).to_string()});
    let networks = json!(["10.0.0.0/8", "10.1.0.0/16"]);
    assert_changes(&shuffled(Dialect::Terraform, "aws_thing", rules, networks), &[("policy_text.rules", Modified)]);
    let strict = |list: Value| json!({"rule_group": [{"rules_source": [{"stateful_rule": list}]}]});
    let rules = json!([{"action": "PASS"}, {"action": "DROP"}]);
    assert!(!shuffled(Dialect::Terraform, "aws_networkfirewall_rule_group", strict, rules).changes.is_empty());
}

#[test]
fn a_name_in_text_for_people_is_not_the_arn_of_the_thing() {
    let text = |key: &str, text: &str| json!({ key: text, "arn": "arn:aws:lambda:eu-west-1:111122223333:function:f" });
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:fn";
    for key in ["description", "content", "value", "user_data"] {
        let verdict = tf("aws_lambda_function", text(key, "fn"), text(key, arn));
        assert_changes(&verdict, &[(key, Modified)]);
    }
    assert_changes(&tf("aws_lambda_function", text("function_name", "fn"), text("function_name", arn)), &[]);
}

#[test]
fn a_reference_that_came_back_as_one_is_compared() {
    let image = |name: &str| json!({ "image_id": name });
    let verdict = tf("aws_launch_template", image("resolve:ssm:/good"), image("resolve:ssm:/evil"));
    assert_changes(&verdict, &[("image_id", Modified)]);
    assert_changes(&tf("aws_launch_template", image("resolve:ssm:/good"), image("ami-1")), &[]);
    let config = |text: &str| json!({"kind": "ConfigMap", "data": {"f": text}});
    let verdict = run(
        Dialect::Kubernetes,
        "v1/ConfigMap",
        config("url {{resolve:x}} tls=on"),
        config("url {{resolve:x}} tls=off"),
    );
    assert_changes(&verdict, &[("data.f", Modified)]);
}

#[test]
fn what_came_into_a_set_of_blocks_has_the_same_path_in_whatever_order_it_is_read() {
    let block = |n: u32| json!({"a": n, "b": n});
    let rules = |list: Vec<Value>| json!({ "block": list });
    let declared = || rules(vec![block(1), block(2)]);
    let paths = |live: Vec<Value>| {
        let verdict = tf("x_thing", declared(), rules(live));
        verdict.changes.into_iter().map(|c| (c.path, c.change_type)).collect::<Vec<_>>()
    };
    let read = paths(vec![block(1), block(2), block(9)]);
    assert_eq!(read, [("block[2]".to_owned(), Added)]);
    assert_eq!(paths(vec![block(9), block(2), block(1)]), read);
    let both = paths(vec![block(9), block(8), block(2)]);
    let distinct: std::collections::BTreeSet<_> = both.iter().map(|(path, _)| path).collect();
    assert_eq!((distinct.len(), both.len()), (3, 3), "{both:?}");
}
