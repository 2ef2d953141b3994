//! Declared state: every recorded state, plan and manifest reads as its makers meant it.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use driftguard::declared::{Declared, DeclaredResource, InstanceStatus, ReportedDrift, SourceFacts, open};
use driftguard::drift::{DriftType, PropertyPath, SourceError};
use driftguard::live::kubernetes::KubernetesRecording;
use driftguard::live::{self, LiveSource, Lookup, Recording};
use serde_json::{Value, json};

use crate::support::shared;

#[derive(Default)]
struct Read {
    resources: Vec<DeclaredResource>,
    drifts: Vec<ReportedDrift>,
    facts: Vec<SourceFacts>,
    errors: Vec<SourceError>,
}

fn read(paths: &[&Path]) -> Read {
    let patterns: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let (sources, errors) = open(&patterns);
    let mut read = Read { errors, ..Read::default() };
    for source in sources {
        let mut chunks = Vec::new();
        let facts = source.read(&mut |chunk| {
            chunks.push(chunk);
            ControlFlow::Continue(())
        });
        for chunk in chunks {
            match chunk.parse() {
                Ok(declared) => declared.into_iter().for_each(|one| match one {
                    Declared::Resource(resource) => read.resources.push(resource),
                    Declared::Drift(drift) => read.drifts.push(drift),
                }),
                Err(error) => read.errors.push(error),
            }
        }
        match facts {
            Ok(facts) => read.facts.push(facts),
            Err(error) => read.errors.push(error),
        }
    }
    read
}

fn read_shared(path: &str) -> Option<Read> {
    shared(path).map(|path| read(&[&path]))
}

fn addresses(read: &Read) -> Vec<&str> {
    read.resources.iter().map(|resource| resource.address.raw()).collect()
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = dir.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn every_recorded_state_reads_with_as_many_instances_as_it_holds() {
    for (file, instances) in [
        ("fixtures/terraform/drift_pairs/drift_relevant_attributes.prior.tfstate", 2),
        ("fixtures/terraform/drift_pairs/drift_simple.prior.tfstate", 1),
        ("fixtures/terraform/drift_pairs/moved_with_drift.prior.tfstate", 2),
        ("fixtures/terraform/state/DERIVED_v4_deposed.tfstate", 2),
        ("fixtures/terraform/state/driftctl_aws_lb_listener.tfstate", 6),
        ("fixtures/terraform/state/driftctl_aws_route53_record_multiples.tfstate", 11),
        ("fixtures/terraform/state/driftctl_aws_s3_account_public_access_block.tfstate", 1),
        ("fixtures/terraform/state/driftctl_aws_s3_full.tfstate", 26),
        ("fixtures/terraform/state/driftctl_aws_vpc_security_group_rule.tfstate", 11),
        ("fixtures/terraform/state/driftctl_data_source.tfstate", 0),
        ("fixtures/terraform/state/opentofu_v4-foreach.tfstate", 1),
        ("fixtures/terraform/state/opentofu_v4-modules.tfstate", 4),
        ("fixtures/terraform/state/terraform-json_110_sensitive_values.tfstate", 7),
        ("lab/recorded/tf_aws_sg.tfstate", 1),
        ("lab/recorded/tf_builtin_v4.tfstate", 5),
        ("lab/recorded/tf_drift_before.tfstate", 4),
    ] {
        let Some(read) = read_shared(file) else { return };
        assert!(read.errors.is_empty(), "{file}: {:?}", read.errors);
        assert_eq!(read.resources.len(), instances, "{file}");
        assert_eq!(read.facts[0].kind, "terraform state v4");
        assert!(read.resources.iter().all(|resource| resource.values.is_object()));
        assert!(read.resources.iter().all(|resource| resource.provider.raw().matches('/').count() == 2), "{file}");
    }
}

#[test]
fn modules_counts_and_keys_make_the_addresses_terraform_prints() {
    let Some(builtin) = read_shared("lab/recorded/tf_builtin_v4.tfstate") else { return };
    assert_eq!(
        addresses(&builtin),
        [
            r#"terraform_data.many["a"]"#,
            r#"terraform_data.many["b"]"#,
            "terraform_data.web",
            "module.m.terraform_data.c[0]",
            "module.m.terraform_data.c[1]",
        ]
    );
    assert_eq!(builtin.resources[0].values["input"], json!({"value": "a", "type": "string"}));
    assert_eq!(builtin.facts[0].serial, Some(6));
    let Some(foreach) = read_shared("fixtures/terraform/state/opentofu_v4-modules.tfstate") else { return };
    assert_eq!(addresses(&foreach)[1], r#"module.modB.null_resource.bar["a"]"#);
    // Attributes from before 0.12, and a key that stands twice.
    assert_eq!(foreach.resources[0].values["triggers"], json!({"whaaat": "0,1"}));
    assert_eq!(foreach.resources[3].dependencies[0].raw(), "var.input");
    let Some(records) = read_shared("fixtures/terraform/state/driftctl_aws_route53_record_multiples.tfstate") else {
        return;
    };
    let unique: BTreeSet<&str> = addresses(&records).into_iter().collect();
    assert_eq!(unique.len(), records.resources.len());
}

#[test]
fn a_deposed_instance_is_kept_apart_from_the_current_one() {
    let Some(read) = read_shared("fixtures/terraform/state/DERIVED_v4_deposed.tfstate") else { return };
    let statuses: Vec<&InstanceStatus> = read.resources.iter().map(|resource| &resource.status).collect();
    assert_eq!(statuses, [&InstanceStatus::Normal, &InstanceStatus::Deposed("b518c256".into())]);
}

#[test]
fn sensitive_attributes_come_with_their_paths() {
    let Some(read) = read_shared("lab/recorded/tf_drift_before.tfstate") else { return };
    let motd = read.resources.iter().find(|resource| resource.address.raw() == "lab_file.motd").unwrap();
    assert_eq!(motd.sensitive, [PropertyPath::from("token")]);
    assert_eq!(motd.provider.raw(), "driftguard.test/dev/lab");
}

#[test]
fn states_that_cannot_be_read_say_what_they_are_and_the_others_still_read() {
    let dir = tempfile::tempdir().unwrap();
    let good =
        br#"{"version":4,"resources":[{"mode":"managed","type":"t","name":"n","instances":[{"attributes":{}}]}]}"#;
    write(dir.path(), "good.tfstate", good);
    write(dir.path(), "empty.tfstate", b"");
    write(dir.path(), "future.tfstate", br#"{"version":5,"serial":1,"resources":[]}"#);
    write(dir.path(), "cut.tfstate", b"{\"version\":4,\n\"resources\":[{\"mode\":\"managed\",\n\"ty");
    write(
        dir.path(),
        "secret.tfstate",
        br#"{"serial":3,"lineage":"abc","meta":{},"encrypted_data":"AAAA","encryption_version":"v0"}"#,
    );
    write(dir.path(), "twice.tfstate", br#"{"version":4,"resources":[],"outputs":{}} {"version":4}"#);
    write(dir.path(), "old.tfstate", br#"{"version":1,"serial":1,"modules":[]}"#);
    write(dir.path(), "good.tfstate.backup", good);
    let read = read(&[dir.path()]);
    assert_eq!(addresses(&read), ["t.n"]);
    let told = |name: &str| {
        let error = read.errors.iter().find(|error| error.source.raw().ends_with(name)).unwrap();
        assert!(!error.help.is_empty());
        error.message.raw().to_owned()
    };
    assert_eq!(told("empty.tfstate"), "the file is empty");
    assert!(told("future.tfstate").contains("version 5"));
    assert_eq!(told("cut.tfstate"), "the file is cut off at byte 49 (line 3)");
    assert_eq!(told("secret.tfstate"), "a state that OpenTofu has encrypted (serial 3, lineage abc)");
    assert_eq!(told("twice.tfstate"), "something follows the end of the document at byte 42 (line 1)");
    assert!(told("old.tfstate").contains("version 1"));
    assert_eq!(read.errors.len(), 6);
}

#[test]
fn recorded_states_of_other_versions_are_refused_with_the_way_out() {
    let Some(old) = read_shared("fixtures/terraform/state/unsupported/terraform_v3-grabbag.tfstate") else { return };
    assert!(old.resources.is_empty());
    assert_eq!(old.errors[0].message.raw(), "a Terraform state of version 3; driftguard reads version 4");
    assert!(old.errors[0].help.raw().contains("terraform apply -refresh-only"));
    let Some(odd) = read_shared("fixtures/terraform/state/unsupported/driftctl_invalid_version.tfstate") else {
        return;
    };
    assert!(odd.facts.is_empty() && odd.errors[0].message.raw().contains("`terraform_version` is `invalid`"));
}

#[test]
fn no_cut_of_a_real_state_is_taken_for_a_whole_one() {
    let Some(path) = shared("fixtures/terraform/state/terraform-json_110_sensitive_values.tfstate") else { return };
    let whole = fs::read(path).unwrap();
    let end = whole.trim_ascii_end().len();
    let dir = tempfile::tempdir().unwrap();
    for length in (0..end).step_by(7) {
        let path = write(dir.path(), "cut.tfstate", &whole[..length]);
        let read = read(&[&path]);
        assert!(read.facts.is_empty() && !read.errors.is_empty(), "cut at {length}");
    }
}

#[test]
fn a_plan_reports_the_drift_that_terraform_saw() {
    let Some(truth) = shared("fixtures/GROUND_TRUTH.json") else { return };
    let truth: Value = serde_json::from_slice(&fs::read(truth).unwrap()).unwrap();
    let mut compared = 0;
    for pair in truth["pairs"].as_array().unwrap() {
        let from = pair["live_from"].as_str().or_else(|| pair["baseline"].as_str()).unwrap();
        if !pair["id"].as_str().unwrap().starts_with("tf.") {
            continue;
        }
        let Some(read) = read_shared(&format!("fixtures/{}", from.split('#').next().unwrap())) else { return };
        assert!(read.errors.is_empty(), "{:?}", read.errors);
        let expected: BTreeSet<&str> =
            pair["drift"].as_array().unwrap().iter().map(|d| d["address"].as_str().unwrap()).collect();
        let found: BTreeSet<&str> = read.drifts.iter().map(|drift| drift.resource.address.raw()).collect();
        assert_eq!(found, expected, "{}", pair["id"]);
        for expected in pair["drift"].as_array().unwrap() {
            let drift = read.drifts.iter().find(|d| expected["address"] == d.resource.address.raw()).unwrap();
            assert_eq!(drift.drift_type, DriftType::Modified);
            assert_eq!(drift.previous_address.as_ref().map(|a| a.raw()), expected["previous_address"].as_str());
            if let Some(path) = expected["path"].as_str() {
                assert_eq!(drift.resource.values[path], expected["from"]);
                assert_eq!(drift.live.as_ref().unwrap()[path], expected["to"]);
            }
        }
        compared += 1;
    }
    assert_eq!(compared, 4);
}

#[test]
fn a_file_deleted_by_hand_is_deleted_and_its_secrets_are_marked() {
    let Some(read) = read_shared("lab/recorded/tf_drift_refresh_only_plan.json") else { return };
    let told: Vec<(&str, DriftType)> = read.drifts.iter().map(|d| (d.resource.address.raw(), d.drift_type)).collect();
    assert_eq!(
        told,
        [
            (r#"lab_file.cfg["a"]"#, DriftType::Modified),
            (r#"lab_file.cfg["b"]"#, DriftType::Deleted),
            ("lab_file.motd", DriftType::Modified),
        ]
    );
    assert!(read.drifts[1].live.is_none());
    assert!(read.drifts.iter().all(|drift| drift.resource.sensitive == [PropertyPath::from("token")]));
    assert_eq!(read.facts[0].kind, "terraform plan 1.2");
}

#[test]
fn configuration_that_was_not_applied_yet_is_no_drift() {
    for file in [
        "lab/recorded/tf_plan_change.json",
        "lab/recorded/tf_plan_moved_removed_import.json",
        "fixtures/terraform/plan/infracost_terraform_v0.14_plan.json",
        "fixtures/terraform/plan/terraform-json_has_checks.plan.json",
    ] {
        let Some(read) = read_shared(file) else { return };
        assert!(read.errors.is_empty() && read.drifts.is_empty() && read.facts.len() == 1, "{file}: {:?}", read.errors);
    }
}

#[test]
fn a_plan_of_an_unknown_format_or_a_failed_one_is_not_taken_for_clean() {
    let dir = tempfile::tempdir().unwrap();
    let future = write(dir.path(), "a.json", br#"{"format_version":"2.0","resource_changes":[]}"#);
    assert!(read(&[&future]).errors[0].message.raw().contains("format `2.0`"));
    let failed = write(dir.path(), "b.json", br#"{"format_version":"1.2","resource_changes":[],"errored":true}"#);
    assert!(read(&[&failed]).errors[0].message.raw().contains("ended with an error"));
    let cut = write(dir.path(), "c.json", br#"{"format_version":"1.2","resource_drift":[{"#);
    assert!(read(&[&cut]).errors[0].message.raw().starts_with("the plan is cut off"));
}

#[test]
fn a_huge_state_streams_in_pieces_no_bigger_than_a_resource() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("big.tfstate");
    let mut file = std::io::BufWriter::new(fs::File::create(&path).unwrap());
    driftguard::declared::generate::state(2_000, &mut file).unwrap();
    drop(file);
    let (sources, errors) = open(&[path.to_string_lossy().into_owned()]);
    assert!(errors.is_empty());
    let (mut chunks, mut biggest) = (0, 0);
    let facts = sources[0].read(&mut |chunk| {
        chunks += 1;
        biggest = biggest.max(chunk.bytes.len());
        assert_eq!(chunk.parse().unwrap().len(), 1);
        ControlFlow::Continue(())
    });
    assert_eq!((chunks, facts.unwrap().resources), (2_000, 2_000));
    assert!(biggest < 8 << 10, "{biggest}");
    // A reader that has seen enough stops the reading.
    let mut seen = 0;
    let _ = sources[0].read(&mut |_| {
        seen += 1;
        if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(seen, 3);
}

/// One side of a recorded exchange with an API server.
fn recorded(file: &str, side: &str) -> Option<String> {
    let exchange: Value = serde_json::from_slice(&fs::read(shared(file)?).unwrap()).unwrap();
    Some(exchange[side]["body"].to_string())
}

fn declare(text: &str) -> DeclaredResource {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), "m.json", text.as_bytes());
    let mut read = read(&[&path]);
    assert!(read.errors.is_empty(), "{:?}", read.errors);
    read.resources.remove(0)
}

fn cluster(texts: Vec<String>) -> KubernetesRecording {
    let text = |text| Recording { path: "recorded.json".into(), text, modified: None, broken: None };
    KubernetesRecording::of(texts.into_iter().map(text).collect())
}

#[test]
fn a_recorded_deployment_is_found_for_its_manifest() {
    let Some(manifest) = recorded("fixtures/kubernetes/recorded/01_ssa_create_deployment.json", "request") else {
        return;
    };
    let Some(live) = recorded("fixtures/kubernetes/recorded/03_get_live_after_drift.json", "response") else { return };
    let declared = declare(&manifest);
    assert_eq!((declared.address.raw(), &*declared.resource_type), ("shop/Deployment/web", "apps/v1/Deployment"));
    let recording = cluster(vec![live]);
    let Lookup::Found(live) = recording.lookup(&declared, &[]) else { panic!("not found") };
    assert_eq!((&declared.values["spec"]["replicas"], &live.values["spec"]["replicas"]), (&json!(3), &json!(7)));
    assert_eq!(live.resource_type, Arc::from("apps/v1/Deployment"));
}

#[test]
fn a_recorded_secret_is_sensitive_on_both_sides() {
    let Some(manifest) = recorded("fixtures/kubernetes/recorded/34_secret_stringData_create.json", "request") else {
        return;
    };
    let Some(live) = recorded("fixtures/kubernetes/recorded/34_secret_stringData_create.json", "response") else {
        return;
    };
    let declared = declare(&manifest);
    assert_eq!(declared.sensitive, [PropertyPath::from("stringData")]);
    let Lookup::Found(live) = cluster(vec![live]).lookup(&declared, &[]) else { panic!("not found") };
    assert_eq!(live.sensitive, [PropertyPath::from("data")]);
}

#[test]
fn a_refused_or_expired_recording_leaves_its_objects_unknown() {
    let Some(manifest) = recorded("fixtures/kubernetes/recorded/34_secret_stringData_create.json", "request") else {
        return;
    };
    let Some(refused) = recorded("fixtures/kubernetes/recorded/14_forbidden_403.json", "response") else { return };
    let Some(expired) = recorded("fixtures/kubernetes/recorded/37_list_continue_expired_410.json", "response") else {
        return;
    };
    let Some(page) = recorded("fixtures/kubernetes/recorded/08_list_configmaps_page1.json", "response") else { return };
    let secret = declare(&manifest);
    let told = |lookup| match lookup {
        Lookup::Unknown(reason, sentence) => format!("{reason:?}: {}", sentence.raw()),
        other => panic!("{other:?}"),
    };
    let recording = cluster(vec![refused]);
    assert!(told(recording.lookup(&secret, &[])).starts_with("Denied: the API server answered: secrets is forbidden"));
    assert_eq!(recording.errors()[0].1, ["v1/Secret".into()]);
    let recording = cluster(vec![expired]);
    assert!(told(recording.lookup(&secret, &[])).starts_with("SourceFailed: "));
    // The answer does not say which list it was about, so none is complete.
    assert!(recording.errors()[0].1.is_empty());
    let recording = cluster(vec![page]);
    let other = declare(r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"cfg-9","namespace":"shop"}}"#);
    assert!(
        told(recording.lookup(&other, &[])).starts_with("SourceFailed: the recorded list of ConfigMap is not complete")
    );
    let first = declare(r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"cfg-0","namespace":"shop"}}"#);
    assert!(matches!(recording.lookup(&first, &[]), Lookup::Found(_)));
}

#[test]
fn a_recorded_404_means_deleted() {
    let Some(gone) = recorded("fixtures/kubernetes/recorded/11_get_404.json", "response") else { return };
    let declared =
        declare(r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"nope","namespace":"shop"}}"#);
    assert_eq!(cluster(vec![gone]).lookup(&declared, &[]), Lookup::Missing);
}

#[test]
fn recorded_manifests_of_both_spellings_meet_their_live_objects() {
    for (config, live) in [
        ("mutatingwebhookconfig-config.json", "mutatingwebhookconfig-live.json"),
        ("ssd-deploy-composite-key-config.yaml", "ssd-deploy-composite-key-live.yaml"),
    ] {
        let Some(config) = shared(&format!("fixtures/kubernetes/argo_pairs/{config}")) else { return };
        let Some(live) = shared(&format!("fixtures/kubernetes/argo_pairs/{live}")) else { return };
        let read = read(&[&config]);
        assert!(read.errors.is_empty(), "{:?}", read.errors);
        let (sources, errors) = live::open(&[live.to_string_lossy().into_owned()]);
        assert!(errors.is_empty() && sources[0].errors().is_empty());
        assert!(matches!(sources[0].lookup(&read.resources[0], &[]), Lookup::Found(_)), "{live:?}");
    }
}
