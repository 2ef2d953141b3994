//! Objects that stand in every cluster or that a controller made: nobody declares them, and nobody should be alarmed.

use super::objects::Head;

/// Kinds that only controllers write.
const CONTROLLER_KINDS: &[&str] = &["ControllerRevision", "EndpointSlice", "Endpoints", "Event", "Lease"];

/// Whether an object that no manifest declares is nothing to report.
pub(super) fn is_unremarkable(head: &Head, name: &str) -> bool {
    let owned = head.metadata.owner_references.as_ref().is_some_and(|owners| !owners.is_empty());
    let label = |key: &str| head.metadata.labels.as_ref().is_some_and(|labels| labels.contains_key(key));
    owned
        || CONTROLLER_KINDS.contains(&head.kind.as_str())
        // RBAC roles that the API server restores by itself at every start.
        || label("kubernetes.io/bootstrapping")
        || match head.kind.as_str() {
            "ServiceAccount" => name == "default",
            "ConfigMap" => name == "kube-root-ca.crt",
            "Service" => name == "kubernetes" && head.metadata.namespace.as_deref() == Some("default"),
            "Namespace" => name == "default" || is_system_namespace(name),
            "PriorityClass" => matches!(name, "system-cluster-critical" | "system-node-critical"),
            "Secret" => is_generated_secret(head, name),
            _ => false,
        }
}

/// Releases that helm keeps, and tokens the controller manager makes.
fn is_generated_secret(head: &Head, name: &str) -> bool {
    let secret_type = head.secret_type.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
    name.starts_with("sh.helm.release.v1.")
        || secret_type == "helm.sh/release.v1"
        || secret_type == "kubernetes.io/service-account-token"
}

/// Namespaces of the cluster itself: reported only when the manifests declare something in them.
pub(super) fn is_system_namespace(namespace: &str) -> bool {
    matches!(namespace, "kube-system" | "kube-public" | "kube-node-lease")
}
