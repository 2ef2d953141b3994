//! Resources that describe one live thing together, more of them than memory should hold.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::store::SmallDisk;
use super::support::{driftguard, reported, run};

const BUCKETS: usize = 150;

/// Buckets with their versioning as a resource of its own, all of them suspended behind the code's back but the first: about
/// 18 MB of text that waits.
fn buckets(dir: &Path) {
    let padding = "x".repeat(60_000);
    let resource = |kind: &str, attributes: Value| {
        json!({"mode": "managed", "type": kind, "name": attributes["bucket"], "instances": [{"schema_version": 0, "attributes": attributes}],
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]"})
    };
    let name = |n: usize| format!("b{n}");
    let whole = (0..BUCKETS).map(|n| {
        resource(
            "aws_s3_bucket",
            json!({"id": name(n), "bucket": name(n), "arn": format!("arn:aws:s3:::b{n}"), "note": padding}),
        )
    });
    let parts = (0..BUCKETS).map(|n| {
        resource(
            "aws_s3_bucket_versioning",
            json!({"id": name(n), "bucket": name(n), "note": padding,
            "versioning_configuration": [{"status": "Enabled"}]}),
        )
    });
    let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {},
        "resources": whole.chain(parts).collect::<Value>()});
    let item = |n: usize| {
        let status = if n == 0 { "Enabled" } else { "Suspended" };
        json!({"resourceType": "AWS::S3::Bucket", "resourceId": name(n), "resourceName": name(n), "ARN": format!("arn:aws:s3:::b{n}"),
            "awsAccountId": "123456789012", "awsRegion": "eu-central-1", "configurationItemStatus": "OK",
            "configurationItemCaptureTime": "2026-11-20T12:00:00.000Z", "configuration": {"name": name(n)},
            "supplementaryConfiguration": {"BucketVersioningConfiguration": {"status": status}}})
    };
    let recording = json!({"fileVersion": "1.0", "configSnapshotId": "s",
        "configurationItems": (0..BUCKETS).map(item).collect::<Value>()});
    fs::write(dir.join("terraform.tfstate"), state.to_string()).unwrap();
    fs::write(dir.join("snapshot.json"), recording.to_string()).unwrap();
}

fn scan(home: &Path, temporary: &Path) -> (i32, Value) {
    let mut command: Command = driftguard(home);
    command.args(["scan", "--state", "terraform.tfstate", "--live", "snapshot.json", "--format", "json"]);
    let (code, out, err) = run(command.env("TMPDIR", temporary));
    (code, serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out} {err}")))
}

#[test]
fn families_that_do_not_fit_into_memory_are_compared_all_the_same() {
    let (home, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    buckets(home.path());
    let (code, report) = scan(home.path(), temporary.path());
    assert_eq!(code, 2);
    let found = reported(&report);
    assert_eq!(found.len(), BUCKETS - 1, "each once, by the part that says it and not by the bucket: {found:?}");
    assert!(found.iter().all(|(id, _)| id.starts_with("aws_s3_bucket_versioning.")), "{found:?}");
    assert_eq!(report["errors"], json!([]));
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "the file has no name");
}

#[test]
fn without_room_for_temporary_files_families_are_unverified_and_the_report_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    buckets(home.path());
    let small = SmallDisk::mount("4m");
    let missing = home.path().join("no-such-directory");
    for temporary in [Some(missing.as_path()), small.as_ref().map(|disk| disk.0.path())].into_iter().flatten() {
        let (code, report) = scan(home.path(), temporary);
        assert_eq!(code, 3, "incomplete");
        assert_eq!(reported(&report), [], "nothing is concluded from a part of a family");
        let errors = report["errors"].to_string();
        assert!(errors.contains(&*temporary.to_string_lossy()) && errors.contains("TMPDIR"), "{errors}");
        assert_eq!(report["environments"][0]["counts"]["unverified"], 2 * BUCKETS, "{}", report["environments"]);
    }
}
