use super::*;

fn rule(cidrs: Value) -> Value {
    json!({"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": cidrs, "ipv6_cidr_blocks": [], "prefix_list_ids": [],
           "security_groups": [], "self": false, "description": ""})
}

#[test]
fn firewall_rules_are_the_same_however_they_are_grouped() {
    let grouped = json!({"ingress": [rule(json!(["10.0.0.0/8", "192.168.0.0/16"]))]});
    let split = json!({"ingress": [rule(json!(["192.168.0.0/16"])), rule(json!(["10.0.0.1/8"]))]});
    assert_hidden(&tf("aws_security_group", grouped, split), "ingress", "sg-rules");
    let all = |protocol: Value, to: u32| json!({"ingress": [{"protocol": protocol, "from_port": 0, "to_port": to, "cidr_blocks": ["0.0.0.0/0"]}]});
    assert_hidden(&tf("aws_security_group", all(json!("-1"), 0), all(json!("all"), 65535)), "ingress", "sg-rules");
    assert_hidden(&tf("aws_security_group", all(json!("6"), 80), all(json!("tcp"), 80)), "ingress", "sg-rules");
}

#[test]
fn every_atomic_firewall_rule_is_one_change() {
    let declared = json!({"ingress": [rule(json!(["10.0.0.0/8"]))]});
    let live = json!({"ingress": [rule(json!(["10.0.0.0/8", "0.0.0.0/0"]))]});
    let open = "ingress[protocol=tcp,from_port=22,to_port=22,cidr=0.0.0.0/0]";
    assert_changes(&tf("aws_security_group", declared.clone(), live.clone()), &[(open, Added)]);
    assert_changes(&tf("aws_security_group", live.clone(), declared), &[(open, Removed)]);
    assert_eq!(tf("aws_security_group", json!({"ingress": []}), live).changes.len(), 2);
    let mut described = rule(json!(["10.0.0.0/8"]));
    described["description"] = json!("office");
    let verdict =
        tf("aws_security_group", json!({"ingress": [rule(json!(["10.0.0.0/8"]))]}), json!({"ingress": [described]}));
    assert_changes(
        &verdict,
        &[("ingress[protocol=tcp,from_port=22,to_port=22,cidr=10.0.0.0/8].description", Modified)],
    );
}

#[test]
fn a_group_that_names_itself_is_self() {
    let by_self = json!({"id": "sg-1", "ingress": [{"protocol": "udp", "from_port": 1, "to_port": 2, "self": true}]});
    let by_id = json!({"id": "sg-1", "ingress": [{"protocol": "udp", "from_port": 1, "to_port": 2, "security_groups": ["sg-1"]}]});
    assert_hidden(&tf("aws_security_group", by_self.clone(), by_id), "ingress", "sg-rules");
    let other = json!({"id": "sg-1", "ingress": [{"protocol": "udp", "from_port": 1, "to_port": 2, "security_groups": ["sg-2"]}]});
    assert_eq!(tf("aws_security_group", by_self, other).changes.len(), 2);
}

fn policy(actions: Value, resource: Value) -> Value {
    json!({"policy": json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "", "Effect": "Allow", "Action": actions, "Resource": resource, "Principal": {"AWS": "123456789012"},
         "Condition": {"Bool": {"aws:SecureTransport": true}}}]}).to_string()})
}

#[test]
fn a_policy_is_what_it_grants() {
    let respelt = json!({"policy": json!({"Statement": {
        "Effect": "allow", "Action": ["s3:GetObject", "s3:putobject"], "Resource": ["*"],
        "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]}, "Condition": {"Bool": {"aws:SecureTransport": ["true"]}}},
        "Version": "2012-10-17"}).to_string()});
    assert_hidden(
        &tf("x", policy(json!(["s3:PutObject", "s3:GetObject"]), json!("*")), respelt),
        "policy",
        "iam-policy",
    );
}

#[test]
fn a_policy_that_grants_more_is_reported_where_it_does() {
    let declared = policy(json!(["s3:GetObject"]), json!("*"));
    let more = policy(json!(["s3:GetObject", "s3:*"]), json!("*"));
    assert_changes(&tf("x", declared.clone(), more), &[("policy.Statement[0].Action[=s3:*]", Added)]);
    let elsewhere = policy(json!(["s3:GetObject"]), json!("arn:aws:s3:::b"));
    assert_changes(&tf("x", declared, elsewhere), &[("policy.Statement[0].Resource[=*]", Modified)]);
    let version = |v: &str| json!({"policy": json!({"Version": v, "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}).to_string()});
    assert_changes(&tf("x", version("2008-10-17"), version("2012-10-17")), &[("policy.Version", Modified)]);
    let effect = |e: &str| json!({"Doc": {"Statement": [{"Sid": "a", "Effect": e, "Action": "*", "Resource": "*"}]}});
    let verdict = run(Dialect::Cloudformation, "x", effect("Deny"), effect("Allow"));
    assert_changes(&verdict, &[("Doc.Statement[Sid=a].Effect", Modified)]);
}

#[test]
fn json_in_a_text_is_compared_as_json() {
    let text = |s: &str| json!({"definition": s});
    assert_hidden(
        &tf("x", text("{\"a\":1,\"b\":[]}"), text("{ \"b\": [],\n \"a\": 1.0 }")),
        "definition",
        "json-in-string",
    );
    assert_changes(
        &tf("x", text("{\"a\":{\"b\":1}}"), text("{\"a\":{\"b\":2,\"c\":3}}")),
        &[("definition.a.b", Modified), ("definition.a.c", Added)],
    );
    assert_changes(&tf("x", text("{\"a\":1}"), text("{\"a\":")), &[("definition", Modified)]);
    let containers =
        |image: &str| text(&json!([{"name": "web", "image": image}, {"name": "log", "image": "l"}]).to_string());
    assert_changes(&tf("x", containers("a"), containers("b")), &[("definition[name=web].image", Modified)]);
}

#[test]
fn default_tags_are_compared_once_as_tags() {
    let declared = json!({"tags": {"Name": "a"}, "tags_all": {"Name": "a", "Env": "test"}});
    assert_hidden(&tf("aws_vpc", declared.clone(), json!({"tags": {"Name": "a", "Env": "test"}})), "tags", "tags");
    let more = tf("aws_vpc", declared.clone(), json!({"tags": {"Name": "a", "Env": "test", "Who": "me"}}));
    assert_changes(&more, &[("tags.Who", Added)]);
    let both = json!({"tags": {"Name": "b"}, "tags_all": {"Name": "b", "Env": "test"}});
    assert_changes(&tf("aws_vpc", declared, both), &[("tags.Name", Modified)]);
}

#[test]
fn tags_as_a_list_are_the_tags_as_a_map() {
    let map = json!({"Tags": {"a": "1", "b": "2"}});
    let list = |b: &str| json!({"Tags": [{"Key": "b", "Value": b}, {"Key": "a", "Value": "1"}]});
    assert_hidden(&run(Dialect::Cloudformation, "x", map.clone(), list("2")), "Tags", "tags");
    assert_changes(&run(Dialect::Cloudformation, "x", map, list("3")), &[("Tags.b", Modified)]);
    assert_changes(&run(Dialect::Cloudformation, "x", list("2"), list("3")), &[("Tags[Key=b].Value", Modified)]);
}

#[test]
fn tags_of_the_cloud_are_hidden_and_lookalikes_are_not() {
    let declared = json!({"tags": {"a": "1"}});
    let live = |name: &str| json!({"tags": {"a": "1", name: "x"}});
    let cloud = tf("aws_vpc", declared.clone(), live("aws:cloudformation:stack-name"));
    assert_hidden(&cloud, "tags.aws:cloudformation:stack-name", "cloud-tag");
    assert_changes(&tf("aws_vpc", declared.clone(), live("aws-team")), &[("tags.aws-team", Added)]);
    let none = tf("aws_vpc", json!({"tags": null}), json!({"tags": {"aws:x": "1"}}));
    assert_hidden(&none, "tags.aws:x", "cloud-tag");
    assert_changes(&tf("aws_vpc", json!({"tags": null}), live("aws:x")), &[("tags.a", Added)]);
    assert_changes(&tf("google_thing", declared, live("aws:x")), &[("tags.aws:x", Added)]);
}

fn file(content: Value, digit: u8) -> Value {
    let digest = |n: usize| format!("{digit}").repeat(n);
    json!({"filename": "/etc/motd", "content": content, "id": digest(40), "content_md5": digest(32), "content_sha1": digest(40),
           "content_sha256": digest(64), "content_sha512": digest(128), "file_permission": "0644"})
}

#[test]
fn changed_content_of_a_host_file_is_one_change() {
    let verdict = tf("local_file", file(json!("a"), 1), file(json!("b"), 2));
    assert_changes(&verdict, &[("content", Modified)]);
    assert!(verdict.hidden.iter().all(|h| h.rule == "computed") && verdict.hidden.len() == 5, "{:?}", verdict.hidden);
    assert_changes(&tf("local_file", file(json!("a\n"), 1), file(json!("a"), 2)), &[("content", Modified)]);
}

#[test]
fn unreadable_content_of_a_host_file_is_compared_by_its_strongest_digest() {
    let changed = tf("local_sensitive_file", file(json!("secret"), 1), file(Value::Null, 2));
    assert_changes(&changed, &[("content_sha512", Modified)]);
    assert_eq!(tf("local_sensitive_file", file(json!("secret"), 1), file(Value::Null, 1)), Verdict::default());
    let unread = tf("local_file", file(json!("a"), 1), json!({"filename": "/etc/motd", "file_permission": "0644"}));
    assert_unverified(&unread, "content", UnverifiedReason::NotObservable);
}

#[test]
fn file_permissions_may_lack_their_zero() {
    let mode = |m: &str| json!({"file_permission": m});
    assert_hidden(&tf("local_file", mode("644"), mode("0644")), "file_permission", "file-mode");
    assert_changes(&tf("local_file", mode("0644"), mode("0777")), &[("file_permission", Modified)]);
}

#[test]
fn the_state_keeps_a_hash_of_user_data() {
    let data = |d: &str| json!({"user_data": d});
    let hash = data("0a4d55a8d778e5022fab701977c5d840bbc486d0");
    assert_hidden(&tf("aws_instance", hash.clone(), data("Hello World")), "user_data", "user-data");
    assert_changes(&tf("aws_instance", hash, data("Hello there")), &[("user_data", Modified)]);
}

#[test]
fn a_schema_beside_a_case_is_used() {
    let schema = Schema::from_json(
        &json!({"read_only": ["Made"], "defaults": {"Size": 3}, "unordered_scalars": ["Words"], "write_only": ["Key"]}),
    );
    let settings = Settings { packs: &Packs::default(), schema: Some(&schema), ..Settings::default() };
    let observable = Observable::All;
    let run = |declared: Value, live: Value| {
        let subject = Subject {
            dialect: Dialect::Cloudformation,
            resource_type: "x",
            declared: &declared,
            live: &live,
            memory: None,
            observable: &observable,
        };
        compare_with(&subject, &settings)
    };
    assert_hidden(
        &run(json!({"Words": ["b", "a"]}), json!({"Words": ["a", "b"], "Size": 3, "Made": 1})),
        "Words",
        "set-order",
    );
    assert_changes(&run(json!({"Words": ["b", "a"]}), json!({"Words": ["a", "c"]})), &[("Words[=b]", Modified)]);
    assert_unverified(&run(json!({"Key": "k"}), json!({})), "Key", UnverifiedReason::WriteOnly);
}

#[test]
fn the_alternatives_of_a_pattern_have_no_order_and_are_taken_literally() {
    let pattern = |detail: Value| json!({"EventPattern": {"detail": detail}});
    let rule = |declared: Value, live: Value| {
        run(Dialect::Cloudformation, "AWS::Events::Rule", pattern(declared), pattern(live))
    };
    let turned = rule(json!({"state": ["a", "b", {"prefix": "c"}]}), json!({"state": [{"prefix": "c"}, "b", "a"]}));
    assert_hidden(&turned, "EventPattern.detail.state", "set-order");
    for (declared, live) in [
        (json!({"type": ["Task"]}), json!({"type": ["task"]})),
        (json!({"n": [{"numeric": [">", 0, "<", 5]}]}), json!({"n": [{"numeric": [">", 5, "<", 0]}]})),
        (json!({"a": ["x"]}), json!({"a": ["x"], "b": ["y"]})),
    ] {
        assert!(!rule(declared.clone(), live.clone()).changes.is_empty(), "{declared} {live}");
    }
}

#[test]
fn whoever_scaled_by_hand_is_reported_even_beside_an_autoscaler() {
    let owner =
        |manager: &str| json!({"manager": manager, "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}});
    let live = |managers: Value| json!({"metadata": {"managedFields": managers}, "spec": {"replicas": 0}});
    let declared = json!({"spec": {"replicas": 3}});
    let run = |managers: Value| run(Dialect::Kubernetes, "apps/v1/Deployment", declared.clone(), live(managers));
    assert_hidden(&run(json!([owner("kube-controller-manager")])), "spec.replicas", "controller");
    let other = json!({"manager": "kube-controller-manager", "fieldsV1": {"f:status": {}}});
    assert_changes(&run(json!([other, owner("kubectl")])), &[("spec.replicas", Modified)]);
}

#[test]
fn what_was_never_seen_live_is_unverified_and_what_is_known_to_be_returned_is_removed() {
    let aws = |kind: &str, declared: Value| run(Dialect::Cloudformation, kind, declared, json!({"Size": 3}));
    let declared = json!({"CorsConfiguration": {"CorsRules": []}, "Logging": {"Bucket": "b"}});
    assert_unverified(&aws("AWS::X::Y", declared), "Logging", UnverifiedReason::NeverSeen);
    let cors = json!({"CorsConfiguration": {"CorsRules": [{"Id": "a"}]}});
    assert_changes(&aws("AWS::S3::Bucket", cors), &[("CorsConfiguration", Removed)]);
}

#[test]
fn a_policy_that_spells_its_condition_keys_in_two_ways_equals_itself() {
    let statement = |key: &str| json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"IpAddress": {key: "10.0.0.0/8"}}});
    let policy = json!({"policy": {"Statement": [statement("aws:SourceIp"), statement("aws:sourceIp")]}});
    assert_eq!(tf("x", policy.clone(), policy), Verdict::default());
}

#[test]
fn what_is_put_into_a_definition_is_not_looked_at_again() {
    let kind = "AWS::StepFunctions::StateMachine";
    let gaps: serde_json::Map<String, Value> =
        (0..60).map(|i| (format!("a{i}"), json!(format!("${{a{}}}${{a{}}}", i + 1, i + 1)))).collect();
    let declared = json!({"DefinitionString": "{\"Comment\": \"${a0}\"}", "DefinitionSubstitutions": gaps});
    let live = |text: &str| json!({"DefinitionString": format!("{{\"Comment\": \"{text}\"}}")});
    let changes = |text: &str| run(Dialect::Cloudformation, kind, declared.clone(), live(text)).changes;
    assert!(changes("${a1}${a1}").is_empty(), "{:?}", changes("${a1}${a1}"));
    assert_eq!(changes("x").len(), 1);
}

#[test]
fn values_people_choose_are_texts() {
    let map = |level: &str| json!({"data": {"LOG_LEVEL": level}});
    assert_changes(&tf("kubernetes_config_map", map("DEBUG"), map("debug")), &[("data.LOG_LEVEL", Modified)]);
    let text = |level: &str| json!({"value": format!("{{\"log_level\": \"{level}\"}}")});
    assert_changes(&tf("aws_ssm_parameter", text("DEBUG"), text("debug")), &[("value.log_level", Modified)]);
    let address = |a: &str| json!({"Value": a});
    let verdict = run(Dialect::Cloudformation, "AWS::X::Y", address("10.1.2.3/24"), address("10.1.2.4/24"));
    assert_changes(&verdict, &[("Value", Modified)]);
}
