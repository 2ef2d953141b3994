//! What Kubernetes objects need before the walk: secrets in one encoding, autoscalers in one version, what kubectl applied
//! last, and what controllers own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::walk::Walk;
use super::{Dialect, rules};

/// An object in the form it is compared in; `None` when it is in that form.
pub(super) fn folded(object: &Value) -> Option<Value> {
    folded_secret(object).or_else(|| folded_autoscaler(object))
}

/// A HorizontalPodAutoscaler of `autoscaling/v1` as `autoscaling/v2` says the same.
fn folded_autoscaler(object: &Value) -> Option<Value> {
    if object.get("apiVersion")?.as_str()? != "autoscaling/v1"
        || object.get("kind")?.as_str()? != "HorizontalPodAutoscaler"
    {
        return None;
    }
    let mut object = object.clone();
    object["apiVersion"] = Value::from("autoscaling/v2");
    let spec = object.get_mut("spec").and_then(Value::as_object_mut)?;
    if let Some(percentage) = spec.remove("targetCPUUtilizationPercentage").filter(|v| !v.is_null()) {
        let target = json!({"type": "Utilization", "averageUtilization": percentage});
        spec.insert("metrics".to_owned(), json!([{"type": "Resource", "resource": {"name": "cpu", "target": target}}]));
    }
    Some(object)
}

impl Walk<'_> {
    /// Hides the rules of a ClusterRole that aggregates others. `false` when it is none.
    pub(super) fn aggregated_rules(&mut self, declared: &Value, live: &Value) -> bool {
        let aggregates =
            |side: &Value| side.get("aggregationRule").is_some_and(|r| r.get("clusterRoleSelectors").is_some());
        if self.dialect != Dialect::Kubernetes
            || !self.resource_type.ends_with("ClusterRole")
            || !(aggregates(declared) && aggregates(live))
        {
            return false;
        }
        if declared.get("rules") != live.get("rules") {
            let mark = self.path.depth();
            self.path.push_key("rules");
            self.hidden(rules::AGGREGATED, declared.get("rules"), live.get("rules"));
            self.path.truncate(mark);
        }
        true
    }
}

/// A Secret with `stringData` folded into `data`, as the API server does; `None` when there is nothing to fold.
fn folded_secret(object: &Value) -> Option<Value> {
    let plain = object.get("stringData")?.as_object()?;
    if object.get("kind").and_then(Value::as_str) != Some("Secret") {
        return None;
    }
    let mut object = object.clone();
    let fields = object.as_object_mut()?;
    fields.remove("stringData");
    let data = fields.entry("data").or_insert_with(|| Value::Object(Map::new()));
    if data.is_null() {
        *data = Value::Object(Map::new());
    }
    let data = data.as_object_mut()?;
    for (key, value) in plain {
        let encoded = match value.as_str() {
            // A mask is no text to encode.
            Some(s) if !super::placeholder::hides_value(value) => Value::from(STANDARD.encode(s)),
            _ => value.clone(),
        };
        data.insert(key.clone(), encoded);
    }
    Some(object)
}

/// The manifest that `kubectl apply` kept in its annotation.
pub(super) fn last_applied(live: &Value) -> Option<Value> {
    let annotations = live.get("metadata")?.get("annotations")?;
    serde_json::from_str(annotations.get("kubectl.kubernetes.io/last-applied-configuration")?.as_str()?).ok()
}
