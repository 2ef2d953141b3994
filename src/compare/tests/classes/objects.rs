//! Classes of Kubernetes objects.

use super::*;

const DEPLOYMENT: (Dialect, &str) = (K, "apps/v1/Deployment");

fn container(c: Value) -> Value {
    json!({"spec": {"template": {"spec": {"containers": [c]}}}})
}

fn limits(cpu: &str) -> Value {
    container(json!({"name": "web", "resources": {"limits": {"cpu": cpu}}}))
}

fn replicas(n: u32, manager: &str) -> Value {
    json!({"metadata": {"managedFields": [{"manager": manager, "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]}, "spec": {"replicas": n}})
}

fn autoscaler(version: &str, spec: Value) -> Value {
    json!({"apiVersion": format!("autoscaling/{version}"), "kind": "HorizontalPodAutoscaler", "spec": spec})
}

fn cpu(percentage: u32) -> Value {
    json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": percentage}}})
}

pub(super) fn pairs() -> Vec<Pair> {
    [owned(), defaults(), shapes()].into_iter().flatten().collect()
}

fn owned() -> Vec<Pair> {
    let hook = |config: Value| json!({"webhooks": [{"name": "check", "clientConfig": config}]});
    let role = |verbs: Value| json!({"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}, "rules": verbs, "metadata": {"labels": {"x": "1"}}});
    let mut other = role(json!([]));
    other["metadata"]["labels"]["x"] = json!("2");
    let meta = |name: &str, version: &str| json!({"metadata": {"name": name, "resourceVersion": version, "managedFields": [{"manager": version}]}, "status": {"x": version}});
    let sidecar = |list: Value| json!({"spec": {"template": {"spec": {"containers": list}}}});
    vec![
        pair(
            31,
            DEPLOYMENT,
            json!({"spec": {"replicas": 2}}),
            (replicas(5, "kube-controller-manager"), "controller"),
            (replicas(5, "kubectl"), "spec.replicas"),
        ),
        pair(
            32,
            (K, "admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration"),
            hook(json!({"url": "https://a.example.org"})),
            (hook(json!({"url": "https://a.example.org", "caBundle": "QQ=="})), "server-managed"),
            (
                hook(json!({"url": "https://b.example.org", "caBundle": "QQ=="})),
                "webhooks[name=check].clientConfig.url",
            ),
        ),
        // An injected container runs code: it stays visible.
        pair(
            32,
            DEPLOYMENT,
            sidecar(json!([{"name": "web"}])),
            (sidecar(json!([{"name": "web", "terminationMessagePolicy": "File"}])), "k8s-default"),
            (sidecar(json!([{"name": "web"}, {"name": "proxy"}])), "spec.template.spec.containers[name=proxy]"),
        ),
        pair(
            33,
            (K, "v1/Service"),
            meta("a", "1"),
            (meta("a", "2"), "k8s-metadata"),
            (meta("b", "2"), "metadata.name"),
        ),
        pair(
            37,
            (K, "rbac.authorization.k8s.io/v1/ClusterRole"),
            role(json!([])),
            (role(json!([{"verbs": ["get"]}])), "aggregated"),
            (other, "metadata.labels.x"),
        ),
        pair(
            37,
            (K, "rbac.authorization.k8s.io/v1/ClusterRole"),
            json!({"rules": null}),
            (json!({"rules": []}), "empty-absent"),
            (
                json!({"rules": [{"verbs": ["*"]}], "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"rules\":[{\"verbs\":[\"*\"]}]}"}}}),
                "rules",
            ),
        ),
    ]
}

fn defaults() -> Vec<Pair> {
    let probe = |p: Value| container(json!({"name": "web", "livenessProbe": p}));
    let applied = |spec: Value| {
        let mut live = json!({"spec": spec});
        live["metadata"] = json!({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": json!({"spec": {"paused": true}}).to_string()}});
        live
    };
    vec![
        pair(
            34,
            DEPLOYMENT,
            probe(json!({"httpGet": {"path": "/", "port": 80}, "periodSeconds": 10})),
            (
                probe(
                    json!({"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1}),
                ),
                "k8s-default",
            ),
            (
                probe(json!({"httpGet": {"path": "/", "port": 80}, "periodSeconds": 20})),
                "spec.template.spec.containers[name=web].livenessProbe.periodSeconds",
            ),
        ),
        // What was applied and has left the manifest is not defaulting.
        pair(
            34,
            DEPLOYMENT,
            json!({"spec": {"replicas": 1}}),
            (applied(json!({"replicas": 1, "progressDeadlineSeconds": 600, "other": 1})), "k8s-unmanaged"),
            (applied(json!({"replicas": 1, "paused": true})), "spec.paused"),
        ),
        pair(
            29,
            DEPLOYMENT,
            limits("1500m"),
            (limits("1.5"), "quantity"),
            (limits("2"), "spec.template.spec.containers[name=web].resources.limits.cpu"),
        ),
    ]
}

fn shapes() -> Vec<Pair> {
    let memory = json!({"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 70}}});
    let metrics = |list: Value| autoscaler("v2", json!({ "metrics": list }));
    let hpa = (K, "autoscaling/v2/HorizontalPodAutoscaler");
    let ends = |ips: [&str; 2]| json!({"subsets": [{"addresses": ips.map(|ip| json!({"ip": ip}))}]});
    let secret = |data: Value| json!({"kind": "Secret", "data": data});
    vec![
        pair(
            35,
            hpa,
            metrics(json!([cpu(60), memory.clone()])),
            (metrics(json!([memory.clone(), cpu(60)])), "set-order"),
            (metrics(json!([memory.clone(), cpu(80)])), "spec.metrics[0].resource.target.averageUtilization"),
        ),
        pair(
            35,
            hpa,
            autoscaler("v1", json!({"targetCPUUtilizationPercentage": 60})),
            (metrics(json!([cpu(60)])), ""),
            (metrics(json!([cpu(90)])), "spec.metrics[type=Resource].resource.target.averageUtilization"),
        ),
        pair(
            35,
            (K, "v1/Endpoints"),
            ends(["10.0.0.1", "10.0.0.2"]),
            (ends(["10.0.0.2", "10.0.0.1"]), "identity-align"),
            (ends(["10.0.0.2", "10.0.0.3"]), "subsets[0].addresses[ip=10.0.0.3]"),
        ),
        pair(
            36,
            (K, "v1/Secret"),
            json!({"kind": "Secret", "stringData": {"pin": "1234"}, "data": null}),
            (secret(json!({"pin": "MTIzNA=="})), ""),
            (secret(json!({"pin": "NDMyMQ=="})), "data.pin"),
        ),
    ]
}
