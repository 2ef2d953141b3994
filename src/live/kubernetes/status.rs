//! `Status` answers that were recorded in place of objects: refused, expired, not found.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::GroupKind;
use super::objects::kind_of_type;
use crate::declared::input::source_error;
use crate::drift::{SourceError, UnverifiedReason};
use crate::safety::Tainted;

/// One failed request.
pub(super) struct Failure {
    group: String,
    /// As the API calls it: `secrets`. `None` when the answer does not say; then it may be any.
    plural: Option<String>,
    /// Set when the answer is that this object does not exist.
    absent: Option<String>,
    pub reason: UnverifiedReason,
    pub error: SourceError,
}

impl Failure {
    /// `None` for a status that is no failure.
    pub fn of(raw: &[u8], file: &str) -> Option<Self> {
        let status: Value = serde_json::from_slice(raw).ok()?;
        if status["status"] != "Failure" {
            return None;
        }
        let details = &status["details"];
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let reason_word = status["reason"].as_str().unwrap_or_default();
        let (reason, help) = match (reason_word, status["code"].as_u64()) {
            ("Forbidden" | "Unauthorized", _) | (_, Some(401 | 403)) => (
                UnverifiedReason::Denied,
                "Let the recording user `get` and `list` this kind in all namespaces, then record again.",
            ),
            ("TooManyRequests", _) | (_, Some(429)) => {
                (UnverifiedReason::Throttled, "Record again when the API server is less busy.")
            }
            ("Expired" | "Gone", _) | (_, Some(410)) => (
                UnverifiedReason::SourceFailed,
                "The list changed while its pages were read: record again with `kubectl get KIND -A -o json`.",
            ),
            _ => (UnverifiedReason::SourceFailed, "Record again."),
        };
        let message = text(&status["message"]).unwrap_or_else(|| "a request that failed".to_owned());
        Some(Self {
            group: text(&details["group"]).unwrap_or_default(),
            plural: text(&details["kind"]),
            absent: if reason_word == "NotFound" { text(&details["name"]) } else { None },
            reason,
            error: source_error(file, format!("the API server answered: {message}"), help),
        })
    }

    /// An authoritative "not found" of one object is an answer, and no failure of the source.
    pub fn is_answer(&self) -> bool {
        self.absent.is_some() && self.plural.is_some()
    }

    pub fn says_absent(&self, kind: &GroupKind, name: &str) -> bool {
        self.is_answer() && self.absent.as_deref() == Some(name) && self.is_of(kind)
    }

    /// Whether objects of this kind may exist although they were not found.
    pub fn concerns(&self, kind: &GroupKind) -> bool {
        !self.is_answer() && (self.plural.is_none() || self.is_of(kind))
    }

    fn is_of(&self, kind: &GroupKind) -> bool {
        self.group == *kind.group && self.plural.as_deref() == Some(&*plural(&kind.kind))
    }

    /// The types that are not complete because of it: as manifests spelt them, else as they are usually spelt. Empty when it
    /// may be any.
    pub fn types(&self, asked: &BTreeSet<Arc<str>>) -> Vec<Tainted> {
        let Some(plural) = &self.plural else { return Vec::new() };
        let ours = |name: &&str| kind_of_type(name).is_some_and(|kind| self.is_of(&kind));
        let mut types: Vec<&str> = asked.iter().map(|name| &**name).filter(ours).collect();
        if types.is_empty() {
            types = USUAL_TYPES.iter().copied().filter(ours).collect();
        }
        if types.is_empty() {
            return vec![Tainted::from(format!("{}/{plural}", self.group))];
        }
        types.into_iter().map(Tainted::from).collect()
    }
}

/// What the API calls a kind in its paths. Right for all built-in kinds and for what code generators make.
pub(super) fn plural(kind: &str) -> String {
    let lower = kind.to_ascii_lowercase();
    if lower == "endpoints" {
        return lower;
    }
    if ["s", "x", "ch", "sh"].iter().any(|end| lower.ends_with(end)) {
        return format!("{lower}es");
    }
    match lower.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{lower}s"),
    }
}

const USUAL_TYPES: &[&str] = &[
    "v1/ConfigMap",
    "v1/Endpoints",
    "v1/LimitRange",
    "v1/Namespace",
    "v1/PersistentVolume",
    "v1/PersistentVolumeClaim",
    "v1/Pod",
    "v1/ResourceQuota",
    "v1/Secret",
    "v1/Service",
    "v1/ServiceAccount",
    "apps/v1/DaemonSet",
    "apps/v1/Deployment",
    "apps/v1/ReplicaSet",
    "apps/v1/StatefulSet",
    "autoscaling/v2/HorizontalPodAutoscaler",
    "batch/v1/CronJob",
    "batch/v1/Job",
    "networking.k8s.io/v1/Ingress",
    "networking.k8s.io/v1/NetworkPolicy",
    "policy/v1/PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1/ClusterRole",
    "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
    "rbac.authorization.k8s.io/v1/Role",
    "rbac.authorization.k8s.io/v1/RoleBinding",
    "storage.k8s.io/v1/StorageClass",
];
