//! Pairs recorded by others, and what an independent reader expects a drift detector to say about each
//! (`fixtures/GROUND_TRUTH.json`): through the real binary.

use crate::support::{json, reported, shared};

/// `(address, path)` of every change in one pair of the ground truth that names paths.
fn expected(id: &str) -> Option<Vec<(String, String)>> {
    let truth = std::fs::read_to_string(shared("fixtures/GROUND_TRUTH.json")?).unwrap();
    let truth: serde_json::Value = serde_json::from_str(&truth).unwrap();
    let pair = truth["pairs"].as_array().unwrap().iter().find(|p| p["id"] == id).unwrap().clone();
    let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
    let mut rows: Vec<_> =
        pair["drift"].as_array().unwrap().iter().map(|d| (text(&d["address"]), text(&d["path"]))).collect();
    rows.sort();
    Some(rows)
}

fn plan_reports_what_the_truth_says(id: &str, plan: &str) {
    let (Some(expected), Some(plan)) = (expected(id), shared(plan)) else { return };
    let home = tempfile::tempdir().unwrap();
    let (code, document) = json(home.path(), &["scan", "--state", plan.to_str().unwrap()]);
    assert_eq!(reported(&document), expected, "{id}");
    assert_eq!(code, 2, "{id}");
}

#[test]
fn a_plan_with_one_drifted_attribute_reports_just_that() {
    plan_reports_what_the_truth_says("tf.drift_simple", "fixtures/terraform/drift_pairs/drift_simple.plan.json");
}

#[test]
fn unapplied_configuration_in_a_plan_is_not_drift() {
    plan_reports_what_the_truth_says(
        "tf.drift_relevant_attributes",
        "fixtures/terraform/drift_pairs/drift_relevant_attributes.plan.json",
    );
}

#[test]
fn a_resource_that_moved_and_drifted_is_reported_under_its_new_address() {
    let plan = "fixtures/terraform/drift_pairs/moved_with_drift.plan.json";
    plan_reports_what_the_truth_says("tf.moved_with_drift", plan);
    let Some(plan) = shared(plan) else { return };
    let home = tempfile::tempdir().unwrap();
    let (_, document) = json(home.path(), &["scan", "--state", plan.to_str().unwrap()]);
    assert_eq!(document["drifts"][0]["previous_address"], "tfcoremock_simple_resource.base_before");
}

/// Every difference in this one is noise (`tags` went from null to an empty map), but Terraform reports it and is about to change
/// the very resource.
const NOISY_PLAN: &str = "fixtures/terraform/plan/infracost_plan_with_target.json";

#[test]
fn a_drift_that_terraform_reports_of_a_resource_it_is_about_to_change_is_repeated_as_low() {
    let (Some(expected), Some(plan)) = (expected("tf.infracost_target"), shared(NOISY_PLAN)) else { return };
    let home = tempfile::tempdir().unwrap();
    let (code, document) = json(home.path(), &["scan", "--state", plan.to_str().unwrap()]);
    let drifts: Vec<_> = document["drifts"].as_array().unwrap().iter().collect();
    let addresses: Vec<_> =
        drifts.iter().map(|d| (d["resource_id"].as_str().unwrap().to_owned(), String::new())).collect();
    assert_eq!((code, addresses), (2, expected));
    assert_eq!((&drifts[0]["severity"], &drifts[0]["drift_type"]), (&"LOW".into(), &"modified".into()), "{document:#}");
}

#[test]
fn noise_in_a_drift_that_terraform_reports_but_does_not_act_on_is_hidden() {
    let Some(plan) = shared(NOISY_PLAN) else { return };
    let mut plan: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(plan).unwrap()).unwrap();
    plan["resource_changes"][0]["change"]["actions"] = serde_json::json!(["no-op"]);
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("plan.json");
    std::fs::write(&path, plan.to_string()).unwrap();
    let (code, document) = json(home.path(), &["scan", "--state", path.to_str().unwrap()]);
    assert_eq!((code, reported(&document)), (0, vec![]));
    assert_eq!(document["environments"][0]["counts"]["hidden_changes"], 2, "{document:#}");
}

#[test]
fn a_security_group_differs_from_its_recorded_history_by_the_rules_and_tags_somebody_added() {
    let Some(recorded) = shared("fixtures/aws/recorded") else { return };
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| recorded.join(name).to_string_lossy().into_owned();
    let (code, document) =
        json(home.path(), &["diff", &file("sg_pitr_config_history.json"), &file("sg_pitr_live_drifted.json")]);
    let paths: Vec<_> = reported(&document).into_iter().map(|(_, path)| path).collect();
    let expected = [
        // Two egress rules came along; the truth names only what it looked for.
        "egress[protocol=tcp,from_port=0,to_port=65535,security_group=sg-a08ed1dd]",
        "egress[protocol=tcp,from_port=22,to_port=22,cidr=10.0.0.0/16]",
        "ingress[protocol=icmp,from_port=15,to_port=-1,security_group=sg-a08ed1dd]",
        "ingress[protocol=tcp,from_port=22,to_port=22,security_group=sg-a38ed1de]",
        "tags.NetworkLocation",
        "tags.Scope",
    ];
    assert_eq!((code, paths.as_slice()), (2, expected.map(str::to_owned).as_slice()));
    let (code, document) =
        json(home.path(), &["diff", &file("sg_pitr_config_history.json"), &file("sg_pitr_live_reverted.json")]);
    assert_eq!((code, reported(&document)), (0, vec![]), "after the revert there is nothing to report");
}

#[test]
fn a_deployment_that_was_scaled_and_patched_shows_exactly_those_two_fields() {
    let Some(recorded) = shared("fixtures/kubernetes/recorded") else { return };
    let home = tempfile::tempdir().unwrap();
    let declared = format!("{}#request.body", recorded.join("01_ssa_create_deployment.json").display());
    let live = format!("{}#response.body", recorded.join("03_get_live_after_drift.json").display());
    let (code, document) = json(home.path(), &["diff", &declared, &live]);
    let paths: Vec<_> = reported(&document).into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, ["spec.replicas", "spec.template.spec.containers[name=web].image"]);
    assert_eq!(code, 2);
}

#[test]
fn what_the_cluster_fills_in_is_not_drift() {
    let Some(fixtures) = shared("fixtures/kubernetes") else { return };
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| fixtures.join(name).to_string_lossy().into_owned();
    let pairs = [
        (file("recorded/27_service_dryrun_same.json#request.body"), file("recorded/28_service_get.json#response.body")),
        (
            file("recorded/27_service_dryrun_same.json#response.body"),
            file("recorded/28_service_get.json#response.body"),
        ),
        (file("argo_pairs/mutatingwebhookconfig-config.json"), file("argo_pairs/mutatingwebhookconfig-live.json")),
    ];
    for (declared, live) in pairs {
        let (code, document) = json(home.path(), &["diff", &declared, &live]);
        assert_eq!((code, reported(&document)), (0, vec![]), "{declared}");
    }
}

#[test]
fn an_object_the_cluster_does_not_have_is_deleted_drift() {
    let Some(recorded) = shared("fixtures/kubernetes/recorded") else { return };
    let home = tempfile::tempdir().unwrap();
    let wrapped = std::fs::read_to_string(recorded.join("33_dryrun_create_missing.json")).unwrap();
    let wrapped: serde_json::Value = serde_json::from_str(&wrapped).unwrap();
    let (manifest, cluster) = (home.path().join("manifest.json"), home.path().join("cluster.json"));
    std::fs::write(&manifest, wrapped["request"]["body"].to_string()).unwrap();
    let other = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"other","namespace":"default"},"data":{}}"#;
    let list = format!(r#"{{"apiVersion":"v1","kind":"List","metadata":{{"resourceVersion":""}},"items":[{other}]}}"#);
    std::fs::write(&cluster, list).unwrap();
    let args = ["scan", "--state", manifest.to_str().unwrap(), "--live", cluster.to_str().unwrap()];
    let (code, document) = json(home.path(), &args);
    let missing: Vec<_> =
        document["drifts"].as_array().unwrap().iter().filter(|d| d["drift_type"] == "deleted").collect();
    assert_eq!((code, missing.len()), (2, 1), "{document:#}");
}
