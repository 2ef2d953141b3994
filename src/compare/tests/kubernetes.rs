use super::*;

fn k8s(kind: &str, declared: Value, live: Value) -> Verdict {
    run(Dialect::Kubernetes, kind, declared, live)
}

/// A deployment with one container.
fn deployment(container: Value) -> Value {
    json!({"spec": {"template": {"spec": {"containers": [container]}}}})
}

#[test]
fn bookkeeping_and_status_are_hidden_and_labels_are_not() {
    let live = json!({"metadata": {"name": "a", "uid": "1", "labels": {"app": "b"}}, "status": {"ready": 1}});
    let same = k8s(
        "v1/Service",
        json!({"metadata": {"name": "a", "uid": "0", "labels": {"app": "b"}}, "status": {}}),
        live.clone(),
    );
    assert_hidden(&same, "metadata.uid", "k8s-metadata");
    assert_hidden(&same, "status", "k8s-status");
    let label = k8s("v1/Service", json!({"metadata": {"name": "a", "labels": {"app": "c"}}}), live);
    assert_changes(&label, &[("metadata.labels.app", Modified)]);
}

#[test]
fn documented_defaults_are_hidden_and_other_values_are_judged() {
    let declared = deployment(json!({"name": "web", "image": "a"}));
    let live =
        deployment(json!({"name": "web", "image": "a", "terminationMessagePolicy": "File", "workingDir": "/srv"}));
    let verdict = k8s("apps/v1/Deployment", declared.clone(), live);
    let at = "spec.template.spec.containers[name=web]";
    assert_hidden(&verdict, &format!("{at}.terminationMessagePolicy"), "k8s-default");
    assert_hidden(&verdict, &format!("{at}.workingDir"), "k8s-unmanaged");
    let stated = deployment(json!({"name": "web", "image": "a", "terminationMessagePolicy": "File"}));
    let other = deployment(json!({"name": "web", "image": "a", "terminationMessagePolicy": "FallbackToLogsOnError"}));
    assert_changes(&k8s("apps/v1/Deployment", stated, other), &[(&format!("{at}.terminationMessagePolicy"), Modified)]);
}

#[test]
fn a_field_that_was_applied_and_left_the_manifest_is_reported() {
    let applied = json!({"spec": {"replicas": 3, "paused": true}}).to_string();
    let live = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied}},
                      "spec": {"replicas": 3, "paused": true, "other": 1}});
    let verdict = k8s("apps/v1/Deployment", json!({"spec": {"replicas": 3}}), live);
    assert_changes(&verdict, &[("spec.paused", Added)]);
    assert!(verdict.hidden.iter().any(|h| h.path == "spec.other" && h.rule == "k8s-unmanaged"));
}

#[test]
fn an_unmanaged_field_that_was_seen_otherwise_is_reported() {
    let before = json!({"spec": {"replicas": 3, "other": 1}});
    let now = json!({"spec": {"replicas": 3, "other": 2}});
    let declared = json!({"spec": {"replicas": 3}});
    assert_changes(
        &with_memory(Dialect::Kubernetes, declared.clone(), before.clone(), now),
        &[("spec.other", Modified)],
    );
    assert_hidden(&with_memory(Dialect::Kubernetes, declared, before.clone(), before), "spec.other", "k8s-unmanaged");
}

#[test]
fn a_container_nobody_declared_is_reported() {
    let declared = deployment(json!({"name": "web"}));
    let live = json!({"spec": {"template": {"spec": {"containers": [{"name": "miner"}, {"name": "web"}]}}}});
    let verdict = k8s("apps/v1/Deployment", declared, live);
    assert_changes(&verdict, &[("spec.template.spec.containers[name=miner]", Added)]);
}

#[test]
fn quantities_are_compared_by_amount() {
    let with = |cpu: &str| deployment(json!({"name": "web", "resources": {"limits": {"cpu": cpu}}}));
    let at = "spec.template.spec.containers[name=web].resources.limits.cpu";
    assert_hidden(&k8s("apps/v1/Deployment", with("1000m"), with("1")), at, "quantity");
    assert_changes(&k8s("apps/v1/Deployment", with("1"), with("2")), &[(at, Modified)]);
}

#[test]
fn ports_are_found_by_number_and_protocol_with_its_default() {
    let declared =
        deployment(json!({"name": "web", "ports": [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]}));
    let ports = |udp_name: &str| json!([{"containerPort": 53, "protocol": "UDP", "name": udp_name}, {"containerPort": 53, "protocol": "TCP"}]);
    let live = deployment(json!({"name": "web", "ports": ports("")}));
    assert_hidden(
        &k8s("apps/v1/Deployment", declared, live),
        "spec.template.spec.containers[name=web].ports",
        "identity-align",
    );
    let named = deployment(json!({"name": "web", "ports": ports("dns")}));
    let renamed = deployment(json!({"name": "web", "ports": ports("other")}));
    let path = "spec.template.spec.containers[name=web].ports[containerPort=53,protocol=UDP].name";
    assert_changes(&k8s("apps/v1/Deployment", named, renamed), &[(path, Modified)]);
}

#[test]
fn a_secret_is_the_same_in_both_encodings() {
    let declared = json!({"kind": "Secret", "stringData": {"user": "admin"}});
    let live = |data: &str| json!({"kind": "Secret", "data": {"user": data}, "type": "Opaque"});
    assert!(k8s("v1/Secret", declared.clone(), live("YWRtaW4=")).changes.is_empty());
    assert_changes(&k8s("v1/Secret", declared, live("cm9vdA==")), &[("data.user", Modified)]);
}

#[test]
fn an_injected_bundle_is_hidden_and_a_stated_one_is_compared() {
    let kind = "admissionregistration.k8s.io/v1/MutatingWebhookConfiguration";
    let hook = |config: Value| json!({"webhooks": [{"name": "a", "clientConfig": config}]});
    let injected = k8s(kind, hook(json!({"url": "u"})), hook(json!({"url": "u", "caBundle": "QQ=="})));
    assert_hidden(&injected, "webhooks[name=a].clientConfig.caBundle", "server-managed");
    let replaced = k8s(kind, hook(json!({"caBundle": "QQ=="})), hook(json!({"caBundle": "Qg=="})));
    assert_changes(&replaced, &[("webhooks[name=a].clientConfig.caBundle", Modified)]);
}

#[test]
fn an_empty_selector_selects_everything_and_is_not_nothing() {
    let policy = |spec: Value| json!({"spec": spec});
    let verdict =
        k8s("networking.k8s.io/v1/NetworkPolicy", policy(json!({"x": 1})), policy(json!({"x": 1, "podSelector": {}})));
    assert_hidden(&verdict, "spec.podSelector", "k8s-unmanaged");
    let gone = k8s("networking.k8s.io/v1/NetworkPolicy", policy(json!({"podSelector": {}})), policy(json!({"y": 1})));
    assert_changes(&gone, &[("spec.podSelector", Removed)]);
}

#[test]
fn a_null_time_in_a_manifest_says_nothing() {
    let declared = json!({"metadata": {"name": "a", "creationTimestamp": null}});
    let live = json!({"metadata": {"name": "a", "creationTimestamp": "2024-01-01T00:00:00Z"}});
    assert_hidden(&k8s("v1/Service", declared, live), "metadata.creationTimestamp", "k8s-metadata");
}

#[test]
fn a_volume_of_another_kind_is_reported() {
    let pod = |kind: Value| json!({"kind": "Pod", "spec": {"volumes": [kind]}});
    let declared = pod(json!({"name": "v", "emptyDir": {}}));
    let live = pod(json!({"name": "v", "hostPath": {"path": "/etc"}}));
    let verdict = run(Dialect::Kubernetes, "v1/Pod", declared.clone(), live);
    assert_changes(&verdict, &[("spec.volumes[name=v].emptyDir", Removed)]);
    assert!(run(Dialect::Kubernetes, "v1/Pod", declared.clone(), declared).changes.is_empty());
}

#[test]
fn a_claims_size_is_a_quantity_and_an_environment_variable_is_a_text() {
    let claim =
        |size: &str| json!({"kind": "PersistentVolumeClaim", "spec": {"resources": {"requests": {"storage": size}}}});
    let kind = "v1/PersistentVolumeClaim";
    assert!(run(Dialect::Kubernetes, kind, claim("1024Mi"), claim("1Gi")).changes.is_empty());
    let path = "spec.resources.requests.storage";
    assert_changes(&run(Dialect::Kubernetes, kind, claim("1Gi"), claim("1G")), &[(path, Modified)]);
    let pod = |value: &str| json!({"spec": {"containers": [{"name": "c", "env": [{"name": "T", "value": value}]}]}});
    let verdict = run(Dialect::Kubernetes, "v1/Pod", pod("60s"), pod("1m"));
    assert_changes(&verdict, &[("spec.containers[name=c].env[name=T].value", Modified)]);
}

#[test]
fn a_rule_of_a_network_policy_that_says_nothing_is_there_and_lets_everybody_in() {
    let kind = "networking.k8s.io/v1/NetworkPolicy";
    let policy = |rules: Value| json!({"spec": {"podSelector": {"matchLabels": {"app": "db"}}, "ingress": rules}});
    let peer = json!({"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]});
    let emptied = k8s(kind, policy(json!([peer])), policy(json!([{}])));
    assert_changes(&emptied, &[("spec.ingress[0].from", Removed)]);
    let added = k8s(kind, policy(json!([peer])), policy(json!([peer, {}])));
    assert_changes(&added, &[("spec.ingress[1]", Added)]);
    assert_changes(&k8s(kind, policy(json!([{}])), policy(json!([{}]))), &[]);
}
