//! Live state, from recordings and from this machine, as the rest of driftguard gets it.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use driftguard::compare::{Dialect, Subject, compare};
use driftguard::declared::{DeclaredResource, InstanceStatus};
use driftguard::live::{HostFiles, LiveResource, LiveSource, Lookup, documents, generate, open};
use serde_json::{Value, json};

use crate::support::shared;

fn declared(resource_type: &str, values: Value, state: &Path) -> DeclaredResource {
    DeclaredResource {
        address: format!("{resource_type}.x").into(),
        resource_type: resource_type.into(),
        provider: "registry.terraform.io/hashicorp/aws".into(),
        values,
        sensitive: vec![],
        dependencies: vec![],
        status: InstanceStatus::Normal,
        source: Arc::new(state.display().to_string().into()),
    }
}

fn snapshot(items: usize) -> Vec<u8> {
    let mut text = vec![];
    generate::snapshot(items, &mut text).unwrap();
    text
}

/// The made resource with this number (0, 5, 10, … are instances), as a state declares it.
fn made(n: usize) -> DeclaredResource {
    let resource = driftguard::declared::generate::resource(n);
    let values = resource["instances"][0]["attributes"].clone();
    declared(resource["type"].as_str().unwrap(), values, Path::new("terraform.tfstate"))
}

fn found(source: &dyn LiveSource, resource: &DeclaredResource) -> LiveResource {
    match source.lookup(resource, &[]) {
        Lookup::Found(live) => *live,
        other => panic!("{other:?}"),
    }
}

fn pattern(path: &Path) -> Vec<String> {
    vec![path.display().to_string()]
}

#[test]
fn a_directory_of_recordings_plain_and_gzipped_is_one_source() {
    let home = tempfile::tempdir().unwrap();
    let deep = home.path().join("AWSLogs/123456789012/Config/eu-central-1/2026/11/20");
    std::fs::create_dir_all(&deep).unwrap();
    // The name does not say that it is gzip; the bytes do.
    let file = std::fs::File::create(deep.join("snapshot.json")).unwrap();
    let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gz.write_all(&snapshot(4)).unwrap();
    gz.finish().unwrap();
    let history = json!({"fileVersion": "1.0", "configurationItems": [generate::item(5)]});
    std::fs::write(home.path().join("history.json"), history.to_string()).unwrap();
    std::fs::write(home.path().join("README.md"), "not a recording").unwrap();

    let globs = format!("{}/*.json", home.path().display());
    let (sources, errors) = open(&[home.path().display().to_string(), globs]);
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(sources.len(), 1);
    let source = sources[0].as_ref();
    found(source, &made(0));
    found(source, &made(5));
    assert_eq!(source.watch_paths().len(), 2, "each file once");
    assert_eq!(source.unmanaged().count(), 3, "the other three of the snapshot");
}

#[test]
fn a_made_state_and_its_snapshot_are_in_sync_until_somebody_changes_one_resource() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("snapshot.json");
    let changes = |text: &str| -> Vec<(String, String)> {
        std::fs::write(&path, text).unwrap();
        let (sources, _) = open(&pattern(&path));
        let source = sources[0].as_ref();
        let resources: Vec<DeclaredResource> = (0..20).map(made).filter(|r| source.handles(&r.resource_type)).collect();
        let all = resources.iter().flat_map(|declared| {
            let live = found(source, declared);
            let verdict = compare(&Subject {
                dialect: live.dialect,
                resource_type: &declared.resource_type,
                declared: &declared.values,
                live: &live.values,
                memory: None,
                observable: &live.observable,
            });
            verdict.changes.into_iter().map(|c| (declared.resource_type.to_string(), c.path))
        });
        let all = all.collect();
        assert_eq!(source.unmanaged().count(), 0);
        all
    };
    let text = String::from_utf8(snapshot(20)).unwrap();
    assert_eq!(changes(&text), []);
    let tampered = text.replacen("\"imageId\":\"ami-", "\"imageId\":\"ami-666", 1);
    assert_eq!(changes(&tampered), [("aws_instance".to_owned(), "ami".to_owned())]);
    let opened = text.replacen("10.1.0.0/16", "0.0.0.0/0", 2);
    let found: Vec<String> = changes(&opened).into_iter().map(|(kind, _)| kind).collect();
    assert!(!found.is_empty() && found.iter().all(|kind| kind == "aws_security_group"), "{found:?}");
}

#[test]
fn a_broken_recording_is_an_error_and_the_others_are_used() {
    let home = tempfile::tempdir().unwrap();
    let whole = snapshot(8);
    std::fs::write(home.path().join("a-cut.json"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(home.path().join("b.json"), snapshot(4)).unwrap();
    let (sources, errors) = open(&pattern(home.path()));
    assert!(errors.is_empty());
    let source = sources[0].as_ref();
    let faults = source.errors();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].0.source.raw().ends_with("a-cut.json") && faults[0].1.is_empty());
    found(source, &made(0));
    assert!(matches!(source.lookup(&made(400), &[]), Lookup::Unknown(..)), "cut off: nothing can be called gone");
}

#[test]
fn a_gzip_file_that_was_cut_off_still_gives_its_first_items() {
    let home = tempfile::tempdir().unwrap();
    let mut gz = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    gz.write_all(&snapshot(400)).unwrap();
    let bytes = gz.finish().unwrap();
    let path = home.path().join("snapshot.json.gz");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let (sources, _) = open(&pattern(&path));
    found(sources[0].as_ref(), &made(0));
    assert!(sources[0].errors()[0].0.message.raw().contains("damaged or cut off"));
}

#[test]
fn what_is_no_recording_is_named_with_what_was_found() {
    let home = tempfile::tempdir().unwrap();
    let cases = [
        ("state.json", r#"{"version": 4, "terraform_version": "1.11.4", "resources": []}"#, "Terraform state"),
        ("other.json", r#"{"hello": "world"}"#, "unknown kind"),
        ("broken.json", r#"{"hello": "#, "truncated JSON: the file ends at line 1, column 10"),
        ("empty.json", "", "is empty"),
        ("text.json", "just words", "just words"),
    ];
    for (name, text, expected) in cases {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        let (sources, errors) = open(&pattern(&path));
        assert!(sources.is_empty());
        let message = errors[0].message.raw();
        assert!(message.contains(expected), "{name}: {message}");
        assert!(!errors[0].help.is_empty() && errors[0].source.raw().ends_with(name));
    }
    let (_, errors) = open(&[format!("{}/none-*.json", home.path().display()), "/nowhere/at-all.json".to_owned()]);
    assert_eq!(errors.len(), 2);
}

#[test]
fn a_bomb_does_not_fill_the_memory() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("bomb.json.gz");
    let mut gz = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::best());
    let block = vec![b' '; 1 << 20];
    (0..80).for_each(|_| gz.write_all(&block).unwrap());
    gz.finish().unwrap();
    let (sources, errors) = open(&pattern(&path));
    assert!(sources.is_empty());
    assert!(errors[0].message.raw().contains("200 times"), "{errors:?}");
}

#[test]
fn a_foreign_rule_in_a_recorded_group_is_seen_beside_the_declared_one() {
    let Some(recorded) = shared("lab/recorded/fc_config_history_AWS_EC2_SecurityGroup_after_change.json") else {
        return;
    };
    let (sources, errors) = open(&pattern(&recorded));
    assert!(errors.is_empty());
    let state = json!({
        "id": "sg-f7a515969d5b4190b", "arn": "arn:aws:ec2:us-east-1:123456789012:security-group/sg-f7a515969d5b4190b",
        "ingress": [{"cidr_blocks": ["10.0.0.0/8"], "description": null, "from_port": 443, "protocol": "tcp", "to_port": 443}],
        "tags": {"env": "prod"}, "tags_all": {"env": "prod"},
    });
    let live = found(sources[0].as_ref(), &declared("aws_security_group", state, Path::new("terraform.tfstate")));
    let ports: Vec<&Value> = live.values["ingress"].as_array().unwrap().iter().map(|r| &r["from_port"]).collect();
    assert_eq!(ports, [&json!(443), &json!(22)]);
    assert_eq!(live.values["tags"], json!({"env": "prod", "owner": "mallory"}));
}

#[test]
fn a_tampered_copy_of_a_recorded_bucket_shows_its_new_policy() {
    let Some(recorded) = shared("lab/recorded/config_history_AWS_S3_Bucket.json") else { return };
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("bucket.json");
    let policy = |path: &Path| {
        let (sources, _) = open(&pattern(path));
        let resource =
            declared("aws_s3_bucket_policy", json!({"bucket": "data-bucket"}), Path::new("terraform.tfstate"));
        let text = found(sources[0].as_ref(), &resource).values["policy"].as_str().unwrap().to_owned();
        serde_json::from_str::<Value>(&text).unwrap()["Statement"][0]["Effect"].clone()
    };
    assert_eq!(policy(&recorded), "Deny");
    std::fs::write(&path, std::fs::read_to_string(&recorded).unwrap().replace("Deny", "Allow")).unwrap();
    assert_eq!(policy(&path), "Allow");
}

#[test]
fn two_plain_files_become_resources_to_compare() {
    let home = tempfile::tempdir().unwrap();
    let yaml = home.path().join("service.yaml");
    std::fs::write(&yaml, "hello: world\nport: 80\n---\nhello: moon\n").unwrap();
    let all = documents(&yaml).unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].dialect, &all[0].values["port"]), (Dialect::Terraform, &json!(80)));
    let Some(before) = shared("fixtures/gcp/recorded/crm_getIamPolicy_before.json") else { return };
    assert_eq!(documents(&before).unwrap()[0].dialect, Dialect::Gcp);
    let error = documents(&home.path().join("gone.json")).unwrap_err();
    assert!(error.source.raw().ends_with("gone.json"));
}

#[test]
fn a_file_of_this_machine_changed_by_hand_is_seen_and_reverted_it_is_as_declared() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("terraform.tfstate.d/prod/terraform.tfstate");
    let motd = home.path().join("out/motd");
    std::fs::create_dir(home.path().join("out")).unwrap();
    let resource = declared("local_file", json!({"filename": "./out/motd", "content": "hello"}), &state);
    let host = HostFiles::new();
    assert_eq!(host.lookup(&resource, &[]), Lookup::Missing);
    for content in ["HACKED", "hello"] {
        std::fs::write(&motd, content).unwrap();
        assert_eq!(found(&host, &resource).values["content"], content);
    }
}
