//! A cluster: deployments as the manifests declare them, and as `kubectl get -o json` gave them.

use std::path::Path;

use serde_json::{Value, json};

const NAMES: [&str; 8] = ["web", "worker", "cart", "search", "mail", "auth", "stock", "images"];

pub struct Cluster {
    live: Vec<Value>,
}

impl Cluster {
    pub fn new(count: usize) -> Self {
        Self { live: (0..count).map(deployment).collect() }
    }

    /// Somebody edits the number of replicas by hand.
    pub fn scale(&mut self, n: usize, to: u32) {
        self.live[n]["spec"]["replicas"] = json!(to);
        self.by(n, "kubectl-edit", json!({"f:spec": {"f:replicas": {}}}));
    }

    /// A hot fix: an image that no build made.
    pub fn patch_image(&mut self, n: usize, tag: &str) {
        let image = format!("registry.example.com/shop/{}:{tag}", name(n));
        self.container(n)["image"] = json!(image);
    }

    /// Everything is logged, secrets too.
    pub fn debug(&mut self, n: usize) {
        self.container(n)["env"][0]["value"] = json!("debug");
    }

    /// The password of the database was changed in the cluster.
    pub fn change_password(&mut self, n: usize, to: &str) {
        self.container(n)["env"][1]["value"] = json!(to);
    }

    fn container(&mut self, n: usize) -> &mut Value {
        &mut self.live[n]["spec"]["template"]["spec"]["containers"][0]
    }

    fn by(&mut self, n: usize, manager: &str, fields: Value) {
        self.live[n]["metadata"]["managedFields"] = json!([{"manager": manager, "operation": "Update",
            "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "time": "2026-11-24T02:40:00Z", "fieldsV1": fields}]);
    }

    /// As the manifests say again.
    pub fn heal(&mut self) {
        *self = Self::new(self.live.len());
    }

    pub fn write(&self, home: &Path) {
        let list = |items: Vec<Value>| json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
        std::fs::write(home.join("shop.json"), list((0..self.live.len()).map(deployment).collect())).unwrap();
        std::fs::write(home.join("live.json"), list(self.live.clone())).unwrap();
    }
}

fn name(n: usize) -> String {
    let name = NAMES[n % NAMES.len()];
    if n < NAMES.len() { name.to_owned() } else { format!("{name}-{}", n / NAMES.len() + 1) }
}

/// As the manifest says.
fn deployment(n: usize) -> Value {
    let name = name(n);
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "app", "image": format!("registry.example.com/shop/{name}:4.2.0"),
                "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "DB_PASSWORD", "value": "declared-Xq7"}]}]}}}})
}
