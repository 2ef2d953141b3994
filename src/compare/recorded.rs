//! The comparer against recorded data that others labelled.

use serde_json::Value;

use super::path::skeleton;
use super::*;
use crate::testing::shared;

fn json_file(path: &str) -> Option<Value> {
    let text = std::fs::read_to_string(shared(path)?).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn lines(path: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(shared(path)?).unwrap();
    Some(text.lines().map(|l| serde_json::from_str(l).unwrap()).collect())
}

fn verdict(dialect: Dialect, resource_type: &str, declared: &Value, live: &Value) -> Verdict {
    compare(&Subject { dialect, resource_type, declared, live, memory: None, observable: &Observable::All })
}

fn paths(verdict: &Verdict) -> Vec<&str> {
    verdict.changes.iter().map(|c| c.path.as_str()).collect()
}

#[test]
fn a_scaled_deployment_with_another_image_has_exactly_these_two_changes() {
    let (Some(declared), Some(live)) = (
        json_file("fixtures/kubernetes/recorded/01_ssa_create_deployment.json"),
        json_file("fixtures/kubernetes/recorded/03_get_live_after_drift.json"),
    ) else {
        return;
    };
    let verdict =
        verdict(Dialect::Kubernetes, "apps/v1/Deployment", &declared["request"]["body"], &live["response"]["body"]);
    assert_eq!(paths(&verdict), ["spec.replicas", "spec.template.spec.containers[name=web].image"], "{verdict:#?}");
    assert_eq!((&verdict.changes[0].declared, &verdict.changes[0].actual), (&Some(3.into()), &Some(7.into())));
    assert!(verdict.unverified.is_empty(), "{:?}", verdict.unverified);
}

#[test]
fn an_unchanged_service_is_in_sync() {
    let (Some(declared), Some(live)) = (
        json_file("fixtures/kubernetes/recorded/27_service_dryrun_same.json"),
        json_file("fixtures/kubernetes/recorded/28_service_get.json"),
    ) else {
        return;
    };
    for side in ["request", "response"] {
        let verdict = verdict(Dialect::Kubernetes, "v1/Service", &declared[side]["body"], &live["response"]["body"]);
        assert!(verdict.changes.is_empty() && verdict.unverified.is_empty(), "{verdict:#?}");
    }
}

#[test]
fn an_injected_ca_bundle_is_not_drift() {
    let dir = "fixtures/kubernetes/argo_pairs/mutatingwebhookconfig";
    let (Some(declared), Some(live)) =
        (json_file(&format!("{dir}-config.json")), json_file(&format!("{dir}-live.json")))
    else {
        return;
    };
    let kind = "admissionregistration.k8s.io/v1beta1/MutatingWebhookConfiguration";
    let verdict = verdict(Dialect::Kubernetes, kind, &declared, &live);
    assert!(verdict.changes.is_empty(), "{:#?}", verdict.changes);
    let ca = verdict.hidden.iter().find(|h| h.path.ends_with("clientConfig.caBundle")).unwrap();
    assert_eq!(ca.rule, "server-managed");
}

#[test]
fn ports_with_a_composite_key_are_aligned() {
    let Some(config) = shared("fixtures/kubernetes/argo_pairs/ssd-deploy-composite-key-config.yaml") else { return };
    let yaml = |path: std::path::PathBuf| -> Value {
        serde_norway::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let live = yaml(shared("fixtures/kubernetes/argo_pairs/ssd-deploy-composite-key-live.yaml").unwrap());
    let predicted = json_file("fixtures/kubernetes/argo_pairs/ssd-deploy-composite-key-predicted-live.json").unwrap();
    let declared = yaml(config);
    let against_predicted = verdict(Dialect::Kubernetes, "apps/v1/Deployment", &declared, &predicted);
    assert!(against_predicted.changes.is_empty(), "{:#?}", against_predicted.changes);
    let against_live = verdict(Dialect::Kubernetes, "apps/v1/Deployment", &declared, &live);
    assert!(against_live.changes.iter().all(|c| c.path.contains("[containerPort=")), "{:#?}", against_live.changes);
}

/// An address and the paths that changed there.
type Expected<'a> = (&'a str, &'a [&'a str]);

#[test]
fn terraform_plans_report_what_they_say_drifted() {
    let cases: [(&str, &[Expected]); 4] = [
        ("terraform/drift_pairs/drift_simple.plan.json", &[("tfcoremock_simple_resource.drift", &["string"])]),
        (
            "terraform/drift_pairs/drift_relevant_attributes.plan.json",
            &[("tfcoremock_simple_resource.base", &["number", "string"])],
        ),
        ("terraform/drift_pairs/moved_with_drift.plan.json", &[("tfcoremock_simple_resource.base_after", &["string"])]),
        // Terraform only says that tags went from null to {}.
        ("terraform/plan/infracost_plan_with_target.json", &[("aws_instance.web_app_1", &[])]),
    ];
    for (file, expected) in cases {
        let Some(plan) = json_file(&format!("fixtures/{file}")) else { return };
        let drift = plan["resource_drift"].as_array().unwrap();
        assert_eq!(drift.len(), expected.len(), "{file}");
        for (resource, (address, changed)) in drift.iter().zip(expected) {
            assert_eq!(resource["address"], *address);
            let change = &resource["change"];
            let kind = resource["type"].as_str().unwrap();
            assert_eq!(
                paths(&verdict(Dialect::Terraform, kind, &change["before"], &change["after"])),
                *changed,
                "{file}"
            );
        }
    }
}

#[test]
fn google_pairs_report_what_a_reader_expects() {
    let live = "fixtures/terraform/live_pairs";
    let pairs = [
        (
            format!("{live}/gcp_instance/live_before.json"),
            format!("{live}/gcp_instance/live_after.json"),
            vec!["status"],
        ),
        (
            format!("{live}/gcp_bucket_iam/live_before.json"),
            format!("{live}/gcp_bucket_iam/live_after.json"),
            vec!["bindings.members"],
        ),
        (
            "fixtures/gcp/recorded/crm_getIamPolicy_before.json".to_owned(),
            "fixtures/gcp/recorded/crm_getIamPolicy_after.json".to_owned(),
            vec!["bindings.members"],
        ),
    ];
    for (before, after, expected) in pairs {
        let (Some(before), Some(after)) = (json_file(&before), json_file(&after)) else { return };
        let verdict = verdict(Dialect::Gcp, "", body(&before), body(&after));
        let found: Vec<String> = verdict.changes.iter().map(|c| skeleton(&c.path).into_owned()).collect();
        assert_eq!(found, expected, "{:#?}", verdict.changes);
    }
}

#[test]
fn a_patched_firewall_reports_its_three_properties() {
    let (Some(before), Some(after)) = (
        json_file("fixtures/gcp/recorded/firewall_list_before.json"),
        json_file("fixtures/gcp/recorded/firewall_get_after.json"),
    ) else {
        return;
    };
    let items = body(&before)["items"].as_array().unwrap();
    let declared = items.iter().find(|i| i["name"] == "test").unwrap();
    let verdict = verdict(Dialect::Gcp, "compute.firewall", declared, body(&after));
    let mut found: Vec<String> = verdict.changes.iter().map(|c| skeleton(&c.path).into_owned()).collect();
    found.dedup();
    assert_eq!(found, ["allowed.ports", "priority", "targetTags"], "{:#?}", verdict.changes);
}

#[test]
fn azure_reports_the_one_changed_property() {
    let Some(file) = json_file("fixtures/azure/resourcechanges/2020-09-01-preview_ResourceChangeDetails.json") else {
        return;
    };
    let change = &file["responses"]["200"]["body"][0];
    let (before, after) = (&change["beforeSnapshot"]["content"], &change["afterSnapshot"]["content"]);
    let verdict = verdict(Dialect::Azure, "Microsoft.Storage/storageAccounts", before, after);
    assert_eq!(paths(&verdict), ["properties.supportsHttpsTrafficOnly"], "{:#?}", verdict.changes);
}

/// The HTTP body of a recording, or the recording itself.
fn body(recording: &Value) -> &Value {
    [recording.pointer("/response/body"), recording.get("body")].into_iter().flatten().next().unwrap_or(recording)
}

#[test]
fn every_labelled_policy_pair_comes_out_as_labelled() {
    let Some(rows) = lines("labels/noise_policy_equivalence_sample.jsonl") else { return };
    for row in &rows {
        let side = |name: &str| serde_json::json!({"policy": row[name]});
        let verdict = verdict(Dialect::Terraform, "aws_iam_policy", &side("policy1"), &side("policy2"));
        assert_eq!(verdict.changes.is_empty(), row["equivalent"] == true, "{}: {verdict:#?}", row["name"]);
    }
    assert_eq!(rows.len(), 11);
}

#[test]
fn every_labelled_respelling_is_hidden() {
    let Some(rows) = lines("labels/noise_representation_sample.jsonl") else { return };
    let mut failed = Vec::new();
    for row in &rows {
        let kind = row["resource_type"].as_str().unwrap();
        let verdict = verdict(Dialect::Terraform, kind, &row["declared"], &row["actual"]);
        if !verdict.changes.is_empty() {
            failed.push(format!("{} {:?} {:#?}", row["case_id"], row["rewrites"], verdict.changes));
        }
    }
    assert!(failed.is_empty(), "{} of {} fail:\n{}", failed.len(), rows.len(), failed.join("\n"));
}
