//! The environment `k8s-shop`: manifests, and what `kubectl get -o json` gave.

use std::io;

use serde_json::{Value, json};

use super::World;
use super::scene::Scene;

/// The code.
const MANIFESTS: &str = "\
# The shop, as it should run.
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop-settings
  namespace: shop
data:
  CURRENCY: EUR
  CHECKOUT_TIMEOUT: \"30\"
---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
spec:
  selector:
    app: web
  ports:
    - name: http
      port: 80
      targetPort: 8080
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels:
    app: web
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: registry.example.com/shop/web:4.2.0
          ports:
            - containerPort: 8080
          resources:
            requests:
              cpu: 250m
              memory: 256Mi
            limits:
              memory: 256Mi
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: worker
  namespace: shop
  labels:
    app: worker
spec:
  replicas: 2
  selector:
    matchLabels:
      app: worker
  template:
    metadata:
      labels:
        app: worker
    spec:
      containers:
        - name: worker
          image: registry.example.com/shop/worker:4.2.0
          env:
            - name: QUEUE
              value: orders
";

/// Writes the manifests.
pub(super) fn create(world: &World) -> io::Result<()> {
    world.put("k8s/shop.yaml", MANIFESTS.as_bytes(), 0o600)
}

/// Writes the recording.
pub(super) fn show(world: &World, scene: &Scene) -> io::Result<()> {
    let state = &scene.kubernetes;
    let web = json!({
        "name": "web",
        "image": "registry.example.com/shop/web:4.2.0",
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        // The same amounts in another spelling: noise.
        "resources": {"requests": {"cpu": "0.25", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
    });
    let worker = json!({
        "name": "worker",
        "image": if state.hot_fix { "registry.example.com/shop/worker:4.2.0-kim2" } else { "registry.example.com/shop/worker:4.2.0" },
        "env": [{"name": "QUEUE", "value": "orders"}],
        "resources": {},
    });
    let settings = json!({"data": {"CURRENCY": "EUR", "CHECKOUT_TIMEOUT": "30"}});
    let service = json!({
        "spec": {
            "clusterIP": "10.96.14.7", "clusterIPs": ["10.96.14.7"], "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "selector": {"app": "web"},
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}],
            "sessionAffinity": "None", "type": "ClusterIP",
        },
        "status": {"loadBalancer": {}},
    });
    let items = json!([
        object("v1", "ConfigMap", "shop-settings", 1, settings),
        object("v1", "Service", "web", 1, service),
        object("apps/v1", "Deployment", "web", state.replicas, deployment("web", state.replicas, web)),
        object("apps/v1", "Deployment", "worker", 2 + u32::from(state.hot_fix), deployment("worker", 2, worker)),
    ]);
    world.put_json(
        "k8s/live.json",
        &json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items}),
    )
}

/// An object as the cluster returns it. `revision` stands for whatever counts changes.
fn object(api_version: &str, kind: &str, name: &str, revision: u32, body: Value) -> Value {
    let mut object = json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": name, "namespace": "shop", "generation": revision,
            "creationTimestamp": "2026-03-02T08:15:00Z",
            "resourceVersion": (81_000 + revision).to_string(),
            "uid": format!("0d5f3c1e-0000-4000-8000-{:0>12}", format!("{:x}", kind.len() * 256 + name.len())),
            "managedFields": [{
                "manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": api_version,
                "fieldsType": "FieldsV1", "time": "2026-03-02T08:15:00Z", "fieldsV1": {"f:metadata": {}},
            }],
        },
    });
    if kind == "Deployment" {
        object["metadata"]["labels"] = json!({"app": name});
    }
    if let (Some(object), Value::Object(body)) = (object.as_object_mut(), body) {
        object.extend(body);
    }
    object
}

/// A deployment with everything the cluster fills in.
fn deployment(app: &str, replicas: u32, mut container: Value) -> Value {
    container["imagePullPolicy"] = json!("IfNotPresent");
    container["terminationMessagePath"] = json!("/dev/termination-log");
    container["terminationMessagePolicy"] = json!("File");
    json!({
        "spec": {
            "replicas": replicas, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
            "selector": {"matchLabels": {"app": app}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {
                "metadata": {"creationTimestamp": null, "labels": {"app": app}},
                "spec": {
                    "containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": "Always",
                    "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30,
                },
            },
        },
        "status": {"replicas": replicas, "readyReplicas": replicas, "observedGeneration": 1},
    })
}
