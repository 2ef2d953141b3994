//! A recording cannot hold what was made after it: new things are not called deleted, deleted things are not called new.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use driftguard::demo::{self, World};
use driftguard::drift::{DriftType, UnverifiedReason};
use driftguard::scan::EnvironmentSpec;
use driftguard::service::{Memory, Scanned, scan_once};
use driftguard::store::{self, OpenMode};
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3600);

/// The demo's AWS account, as it was recorded, and a state that is edited after it.
struct Account {
    /// The directory goes with it.
    _world: World,
    spec: EnvironmentSpec,
    state: PathBuf,
    recording: PathBuf,
}

impl Account {
    fn new(dir: &Path) -> Self {
        let world = demo::create(&dir.join("world")).unwrap();
        let spec = demo::specs(&world).remove(1);
        let file = |name: &str| world.directory().join("aws").join(name);
        let (state, recording) = (file("terraform.tfstate"), file("config-snapshot.json"));
        Self { spec, state, recording, _world: world }
    }

    fn edit(&self, file: &Path, edit: impl Fn(&mut Value)) {
        let mut document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        edit(&mut document);
        fs::write(file, document.to_string()).unwrap();
    }

    /// Adds a resource to the state as an apply does.
    fn apply(&self, kind: &str, name: &str, attributes: Value) {
        self.edit(&self.state, |state| {
            let resource = json!({"mode": "managed", "type": kind, "name": name,
                "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
                "instances": [{"schema_version": 1, "attributes": attributes.clone(), "sensitive_attributes": []}]});
            state["resources"].as_array_mut().unwrap().push(resource);
        });
    }

    /// The state was written so much later than the recording.
    fn state_is_later_by(&self, by: Duration) {
        let recorded = SystemTime::now() - 24 * HOUR;
        File::options().write(true).open(&self.recording).unwrap().set_modified(recorded).unwrap();
        File::options().write(true).open(&self.state).unwrap().set_modified(recorded + by).unwrap();
    }

    fn scan(&self, memory: &Memory) -> Scanned {
        scan_once(memory, &self.spec, Default::default(), &AtomicBool::new(false)).unwrap()
    }
}

fn forgetful() -> Memory {
    Memory::None { redaction_key: [1; 32] }
}

fn group(id: &str) -> Value {
    json!({"id": id, "arn": format!("arn:aws:ec2:eu-central-1:123456789012:security-group/{id}"), "name": id,
        "description": "x", "owner_id": "123456789012", "ingress": [], "egress": []})
}

fn role(created: &str) -> Value {
    json!({"id": "batch", "name": "batch", "arn": "arn:aws:iam::123456789012:role/batch", "create_date": created,
        "unique_id": "AROA4EXAMPLEBATCH", "assume_role_policy": "{}"})
}

/// How a resource was judged: drift, unverified, or neither.
fn judged(scanned: &Scanned, address: &str) -> (Option<DriftType>, Option<UnverifiedReason>) {
    let mut drifts = scanned.drifts.iter().unwrap().map(Result::unwrap);
    let drift = drifts.find(|d| d.finding.resource.resource_id.raw() == address);
    let unverified = scanned.report.summary.unverified.iter().find(|(r, _)| r.resource_id.raw() == address);
    (drift.map(|d| d.finding.drift_type), unverified.map(|(_, u)| u.reason))
}

const DELETED: (Option<DriftType>, Option<UnverifiedReason>) = (Some(DriftType::Deleted), None);
const UNSEEN: (Option<DriftType>, Option<UnverifiedReason>) = (None, Some(UnverifiedReason::NeverSeen));

#[test]
fn what_was_made_after_the_recording_is_unverified_and_what_was_made_before_it_is_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let account = Account::new(dir.path());
    account.apply("aws_iam_role", "old", role("2020-01-01T00:00:00Z"));
    assert_eq!(judged(&account.scan(&forgetful()), "aws_iam_role.old"), DELETED);
    account.state_is_later_by(3 * HOUR);
    assert_eq!(judged(&account.scan(&forgetful()), "aws_iam_role.old"), DELETED, "its date counts, not the file's");

    let dir = tempfile::tempdir().unwrap();
    let account = Account::new(dir.path());
    account.apply("aws_iam_role", "new", role("2999-01-01T00:00:00Z"));
    assert_eq!(judged(&account.scan(&forgetful()), "aws_iam_role.new"), UNSEEN);
}

#[test]
fn without_a_date_the_times_of_the_files_tell_whether_the_recording_can_know_it() {
    let dir = tempfile::tempdir().unwrap();
    let account = Account::new(dir.path());
    account.apply("aws_security_group", "batch", group("sg-0fedcba9876543210"));
    for (by, expected) in [(Duration::ZERO, DELETED), (Duration::from_secs(120), DELETED), (HOUR, UNSEEN)] {
        account.state_is_later_by(by);
        assert_eq!(judged(&account.scan(&forgetful()), "aws_security_group.batch"), expected, "{by:?}");
    }
}

#[test]
fn what_was_seen_live_before_is_deleted_however_new_the_state_is() {
    let dir = tempfile::tempdir().unwrap();
    let account = Account::new(dir.path());
    let store = store::open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
    let memory = Memory::Kept(Arc::clone(&store));
    let address = "aws_security_group.database";
    assert_eq!(judged(&account.scan(&memory), address), (None, None), "it is there and in sync");
    account.edit(&account.recording, |snapshot| {
        let items = snapshot["configurationItems"].as_array_mut().unwrap();
        items.retain(|item| item["resourceId"] != "sg-0b2c3d4e5f6071829");
    });
    account.apply("aws_security_group", "batch", group("sg-0fedcba9876543210"));
    account.state_is_later_by(3 * HOUR);
    let scanned = account.scan(&memory);
    assert_eq!(judged(&scanned, address), DELETED);
    assert_eq!(judged(&scanned, "aws_security_group.batch"), UNSEEN, "never seen, and younger than the recording");
    assert_eq!(judged(&account.scan(&forgetful()), address), UNSEEN, "without memory nobody can tell the two apart");
}
