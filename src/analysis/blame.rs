//! Who wrote a changed property, and when: one answer for each property that a source says something about.

use jiff::Timestamp;

use super::actor::{last_write, writers};
use crate::drift::{DriftDetail, PropertyPath};
use crate::safety::Tainted;

/// Who and when, for one changed property.
#[derive(Clone, PartialEq, Debug)]
pub struct Blame {
    pub path: PropertyPath,
    /// A login name, a field manager, a cloud principal.
    pub who: Tainted,
    /// `None`: the source names somebody, but no time.
    pub when: Option<Timestamp>,
    /// Said of this very property; otherwise of the resource as a whole.
    pub is_exact: bool,
}

/// For the changes of the drift, in their order. A change that nobody is known for is left out, rather than guessed at: of several
/// people who changed the resource nobody knows who changed what.
///
/// Kubernetes says it in `metadata.managedFields` of the live object: the manager that last wrote the field. Other sources name
/// those who changed the resource ([`changed_by`](crate::drift::Analysis::changed_by)); a single one answers for all.
pub fn blame(detail: &DriftDetail) -> Vec<Blame> {
    let event = &detail.event;
    let fields = writers(detail.actual_state.as_ref());
    let only = match event.analysis.changed_by.as_slice() {
        // With field managers at hand, a field that none of them wrote is nobody's.
        [one] if fields.is_none() => Some(one),
        _ => None,
    };
    let of = |path: &PropertyPath| {
        if let Some(one) = event.attribution.as_ref().filter(|one| one.paths.contains(path)) {
            return Some(Blame {
                path: path.clone(),
                who: one.actor.clone(),
                when: Some(one.at),
                is_exact: !one.is_likely,
            });
        }
        if let Some(write) = fields.and_then(|fields| last_write(fields, path)) {
            return Some(Blame { path: path.clone(), who: write.who.into(), when: write.when, is_exact: true });
        }
        Some(Blame { path: path.clone(), who: only?.clone(), when: None, is_exact: false })
    };
    event.changes.iter().filter_map(|change| of(&change.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::DriftEvent;
    use crate::safety::Masked;
    use serde_json::{Value, json};

    fn detail(changed_by: &[&str], live: Value) -> DriftDetail {
        let change = |path: &str| json!({"path": path, "change_type": "modified", "declared": 1, "actual": 2});
        let event: DriftEvent = serde_json::from_value(json!({
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "version": 1, "environment": "prod",
            "fingerprint": "00".repeat(32),
            "resource": {"resource_type": "apps/v1/Deployment", "resource_id": "shop/Deployment/web"},
            "drift_type": "modified",
            "changes": [change("spec.replicas"), change("spec.paused")],
            "hidden_count": 0, "unverified_count": 0,
            "analysis": {"cause": {"cause_category": "unknown", "confidence_score": 0.5, "contributing_factors": []},
                         "severity": {"security": 0.1, "performance": 0.1, "cost": 0.1, "compliance": 0.1},
                         "reasons": [], "changed_by": changed_by, "analyzed_at": "2026-11-21T02:00:00Z"},
            "recommendations": [], "detected_at": "2026-11-21T02:00:00Z", "last_seen": "2026-11-21T02:00:00Z",
            "seen_count": 1, "regressions": 0, "state": "open"
        }))
        .unwrap();
        let actual_state = Some(Masked::trusted(live));
        DriftDetail {
            event,
            declared_state: None,
            actual_state,
            hidden: vec![],
            unverified: vec![],
            history: vec![],
            links: vec![],
            remediation: None,
            cause_analysis: None,
            risk: None,
        }
    }

    fn told(detail: &DriftDetail) -> Vec<String> {
        let line = |one: Blame| {
            let when = one.when.map_or_else(|| "?".to_owned(), |at| at.to_string());
            format!("{} {} {when} {}", one.path.raw(), one.who.line(), one.is_exact)
        };
        blame(detail).into_iter().map(line).collect()
    }

    #[test]
    fn a_field_manager_answers_for_its_field_with_the_time_of_its_last_write() {
        let write =
            |who: &str, time: &str| json!({"manager": who, "time": time, "fieldsV1": {"f:spec": {"f:replicas": {}}}});
        let fields = json!([write("helm", "2026-11-20T00:00:00Z"), write("kubectl-edit", "2026-11-21T01:59:03Z")]);
        let detail = detail(&["kubectl-edit"], json!({"metadata": {"managedFields": fields}}));
        // Nobody owns `spec.paused`: it is not put down to whoever wrote something else.
        assert_eq!(told(&detail), ["spec.replicas kubectl-edit 2026-11-21T01:59:03Z true"]);
    }

    #[test]
    fn a_time_that_is_none_is_left_out() {
        let fields = json!([{"manager": "x", "time": "soon", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]);
        let detail = detail(&[], json!({"metadata": {"managedFields": fields}}));
        assert_eq!(told(&detail), ["spec.replicas x ? true"]);
    }

    #[test]
    fn one_person_answers_for_the_whole_resource_and_several_for_nothing() {
        let alice = detail(&["alice"], json!({}));
        assert_eq!(told(&alice), ["spec.replicas alice ? false", "spec.paused alice ? false"]);
        assert!(blame(&detail(&["alice", "bob"], json!({}))).is_empty());
        assert!(blame(&detail(&[], json!({}))).is_empty());
    }
}
