//! Lists whose order says something, ownership from two sides, and differences that a plan's refresh makes.

use super::*;

pub(super) fn pairs() -> Vec<Pair> {
    [ordered(), shared(), refreshed()].into_iter().flatten().collect()
}

fn ordered() -> Vec<Pair> {
    let layer = |name: &str| format!("arn:aws:lambda:eu-west-1:111122223333:layer:{name}:1");
    let layers = |a: &str, b: &str| json!({"Layers": [layer(a), layer(b)]});
    let mut more = layers("a", "b");
    more["CodeSize"] = json!(7);
    let command = |words: [&str; 2]| json!([{"name": "api", "command": words}]);
    let container =
        |words: [&str; 2]| json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "args": words}]}}}});
    let mut filled = container(["-a", "-b"]);
    filled["spec"]["template"]["spec"]["containers"][0]["terminationMessagePolicy"] = json!("File");
    let access = |words: &str| json!({ "AccessString": words });
    let priority = |n: Value| json!({ "priority": n });
    vec![
        pair(2, (C, "AWS::Lambda::Function"), layers("a", "b"), (more, "undeclared"), (layers("b", "a"), "Layers")),
        pair(
            2,
            (T, "aws_ecs_task_definition"),
            json!({"container_definitions": command(["sh", "-c"]).to_string()}),
            (json!({"container_definitions": format!("{:#}", command(["sh", "-c"]))}), "json-in-string"),
            (
                json!({"container_definitions": command(["-c", "sh"]).to_string()}),
                "container_definitions[name=api].command",
            ),
        ),
        pair(
            2,
            (K, "apps/v1/Deployment"),
            container(["-a", "-b"]),
            (filled, "k8s-default"),
            (container(["-b", "-a"]), "spec.template.spec.containers[name=web].args"),
        ),
        // The last rule that speaks of a command decides.
        pair(
            2,
            (C, "AWS::ElastiCache::User"),
            access("on ~* +@all -@dangerous"),
            (access("on ~* -@all +@all -@dangerous"), "redis-acl"),
            (access("on ~* -@dangerous +@all"), "AccessString"),
        ),
        pair(
            2,
            (T, "aws_lb_listener_rule"),
            priority(json!(10)),
            (priority(json!("10")), "number-string"),
            (priority(json!(20)), "priority"),
        ),
        pair(
            2,
            (T, "aws_cloudfront_distribution"),
            json!({"ordered_cache_behavior": [{"path_pattern": "/a"}, {"path_pattern": "/b"}]}),
            (
                json!({"ordered_cache_behavior": [{"path_pattern": "/a", "compress": false}, {"path_pattern": "/b"}]}),
                "known-default",
            ),
            (
                json!({"ordered_cache_behavior": [{"path_pattern": "/b"}, {"path_pattern": "/a"}]}),
                "ordered_cache_behavior",
            ),
        ),
    ]
}

fn shared() -> Vec<Pair> {
    let members = |list: Value| json!({ "cluster_members": list });
    let setting =
        |name: &str, value: &str| json!({"Namespace": "aws:autoscaling:asg", "OptionName": name, "Value": value});
    let settings = |list: Value| json!({ "OptionSettings": list });
    let role = |aggregates: bool, rules: Value| {
        let rule = json!({"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]});
        if aggregates { json!({"aggregationRule": rule, "rules": rules}) } else { json!({ "rules": rules }) }
    };
    let verbs = |list: Value| json!([{"apiGroups": [""], "resources": ["pods"], "verbs": list}]);
    let kind = (K, "rbac.authorization.k8s.io/v1/ClusterRole");
    vec![
        pair(
            21,
            (T, "aws_rds_cluster"),
            members(json!(["one"])),
            (members(json!(["one", "two"])), "undeclared"),
            (members(json!(["two"])), "cluster_members[=one]"),
        ),
        pair(
            21,
            (C, "AWS::ElasticBeanstalk::Environment"),
            settings(json!([setting("MinSize", "2")])),
            (settings(json!([setting("MaxSize", "4"), setting("MinSize", "2")])), "undeclared"),
            (
                settings(json!([setting("MaxSize", "4"), setting("MinSize", "3")])),
                "OptionSettings[OptionName=MinSize].Value",
            ),
        ),
        // The rules are the control plane's as long as the role aggregates.
        pair(
            37,
            kind,
            role(true, verbs(json!(["get"]))),
            (role(true, verbs(json!(["get", "list"]))), "aggregated"),
            (role(false, verbs(json!(["*"]))), "rules[0].verbs[=get]"),
        ),
        pair(
            37,
            kind,
            role(false, verbs(json!(["get", "list"]))),
            (role(false, verbs(json!(["list", "get"]))), "set-order"),
            (role(false, verbs(json!(["list", "delete"]))), "rules[0].verbs[=get]"),
        ),
    ]
}

/// What only a refresh makes of a value: the plan itself does nothing about it.
fn refreshed() -> Vec<Pair> {
    let one = |key: &str, value: Value| json!({ key: value });
    let refresh = |key: &'static str, [d, n, r]: [Value; 3], by: &'static str, at: &'static str| {
        pair(48, (T, "aws_instance"), one(key, d), (one(key, n), by), (one(key, r), at))
    };
    vec![
        refresh("tags", [json!(null), json!({}), json!({"a": "b"})], "empty-absent", "tags.a"),
        refresh("volume_tags", [json!({}), json!(null), json!({"a": "b"})], "empty-absent", "volume_tags.a"),
        refresh("ipv6_addresses", [json!(null), json!([]), json!(["2001:db8::1"])], "empty-absent", "ipv6_addresses"),
        refresh(
            "root_block_device",
            [json!([{"size": 8, "tags": null}]), json!([{"size": 8, "tags": {}}]), json!([{"size": 9, "tags": {}}])],
            "empty-absent",
            "root_block_device[0].size",
        ),
        refresh(
            "security_groups",
            [json!(["a", "b"]), json!(["b", "a"]), json!(["b", "c"])],
            "set-order",
            "security_groups[=a]",
        ),
    ]
}
