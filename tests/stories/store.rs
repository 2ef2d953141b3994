//! What a person may rely on: nothing acknowledged is lost, and whatever happened to the disk, the store opens and says so.
//!
//! Longer than most: one file for every way a process or a disk can fail, with the processes and small disks that make it happen.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use driftguard::drift::*;
use driftguard::safety::{Redactor, Tainted};
use driftguard::store::{Direction, DriftFilter, OpenMode, Opened, PageRequest, Recorded, Store, StoreError, open};
use jiff::Timestamp;
use serde_json::json;

pub(crate) fn env() -> Slug {
    Slug::from_text("prod")
}

pub(crate) fn finding(id: &str) -> Finding {
    let redactor = Redactor::new([0; 32]);
    let cause_category = Cause::Unknown;
    Finding {
        environment: env(),
        resource: ResourceRef {
            resource_type: "aws_vpc".into(),
            resource_id: id.into(),
            previous_address: None,
            provider_id: None,
            declared_in: None,
        },
        drift_type: DriftType::Modified,
        changes: vec![Change {
            path: "cidr_block".into(),
            change_type: ChangeType::Modified,
            declared: Some(redactor.mask("aws_vpc", &json!("10.0.0.0/16"), &[])),
            actual: Some(redactor.mask("aws_vpc", &json!("10.1.0.0/16"), &[])),
            is_security_critical: false,
            remembered_at: None,
        }],
        hidden: Vec::new(),
        unverified: Vec::new(),
        declared_state: None,
        actual_state: Some(redactor.mask("aws_vpc", &json!({"id": id, "cidr_block": "10.1.0.0/16"}), &[])),
        analysis: Analysis {
            cause: CauseAnalysis {
                cause_category,
                confidence_score: Score::ZERO,
                contributing_factors: Vec::new(),
                ..CauseAnalysis::default()
            },
            severity: Severity::default(),
            reasons: Vec::new(),
            direction: Default::default(),
            disruption: None,
            changed_by: Vec::new(),
            analyzed_at: Timestamp::UNIX_EPOCH,
            took_micros: None,
        },
        recommendations: Vec::new(),
        dependants: 0,
        tags: Vec::new(),
    }
}

/// Scans completely and returns what was recorded.
pub(crate) fn scan(store: &dyn Store, findings: Vec<Finding>) -> Vec<DriftEvent> {
    let now = Timestamp::now();
    know(store);
    let id = store.begin_scan(&env(), now).unwrap();
    let recorded = store.record(id, findings).unwrap();
    store.finish_scan(id, ScanSummary::of_nothing(id, env(), now)).unwrap();
    recorded.into_iter().map(Recorded::into_event).collect()
}

/// The environment of the findings, where it is not known yet.
pub(crate) fn know(store: &dyn Store) {
    if store.environments().unwrap().is_empty() {
        store.put_environment(&home()).unwrap();
    }
}

/// Hides everything of that type and name.
pub(crate) fn ignoring(
    environment: Option<Slug>,
    resource_type: Option<Tainted>,
    resource_id: Option<Tainted>,
) -> IgnoreRule {
    IgnoreRule {
        id: RuleId::generate(),
        environment,
        resource_type,
        resource_id,
        path: None,
        value: None,
        actor: None,
        reason: "known".into(),
        owner: "alice".into(),
        created_at: Timestamp::now(),
        expires_at: None,
    }
}

pub(crate) fn home() -> Environment {
    Environment {
        organization: Slug::from_text("acme"),
        slug: env(),
        name: "Production".into(),
        cloud_provider: CloudProvider::Aws,
        region: "eu-central-1".into(),
        account_id: "123456789012".into(),
        tags: std::collections::BTreeMap::new(),
        is_active: true,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

pub(crate) fn note(drift: DriftId, text: &str) -> TriageRequest {
    TriageRequest {
        drift,
        verb: TriageVerb::Note { text: text.into() },
        reason: None,
        actor: "alice".into(),
        expected_version: None,
        once: None,
    }
}

pub(crate) fn acknowledge(drift: DriftId) -> TriageRequest {
    TriageRequest { verb: TriageVerb::Acknowledge, ..note(drift, "") }
}

pub(crate) fn all(store: &dyn Store) -> Vec<DriftEvent> {
    let filter = DriftFilter::default();
    store.page(&PageRequest { filter, cursor: None, direction: Direction::Older, limit: 500 }).unwrap().data
}

/// A story beside this one that just starts a program holds copies of all open files, the lock of a store that was just closed
/// among them, until that program runs: then this one waits.
pub(crate) fn write(path: &Path) -> Opened {
    for _ in 0..200 {
        match open(path, OpenMode::ReadWrite) {
            Err(StoreError::Held { holder, .. }) if holder.pid == std::process::id() => {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            opened => return opened.unwrap(),
        }
    }
    panic!("{} stays held by this process", path.display());
}

#[track_caller]
pub(crate) fn assert_sound(store: &dyn Store) {
    assert_eq!(store.verify().unwrap().faults, Vec::<String>::new());
}

/// Runs another test of this binary in a process of its own, with the store to work on.
pub(crate) fn process(test: &str, store: &Path) -> Process {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("store::{test}"), "--nocapture", "--test-threads=1"])
        .env("DRIFTGUARD_TEST_STORE", store)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    Process(child.unwrap())
}

/// Killed at the latest when the test ends, however it ends.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    pub(crate) fn kill_nine(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The store named by [`process`]; `None` in an ordinary test run.
pub(crate) fn given_store() -> Option<PathBuf> {
    std::env::var_os("DRIFTGUARD_TEST_STORE").map(PathBuf::from)
}

/// Says `acked N` on standard output, unbuffered, for each decision it was told is durable. For ever.
#[test]
fn a_process_that_decides() {
    let Some(path) = given_store() else { return };
    let store = write(&path).store;
    let drift = scan(&*store, vec![finding("main")])[0].id;
    for n in 0.. {
        if n % 7 == 0 {
            scan(&*store, (0..n % 30).map(|n| finding(&format!("r{n}"))).chain([finding("main")]).collect());
        }
        let seq = store.decide(note(drift, &format!("note {n}"))).unwrap().seq;
        println!("acked {seq}");
    }
}

#[test]
fn kill_nine_at_any_moment_loses_no_acknowledged_decision() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let mut acked = 0;
    for round in 0..20_u64 {
        let mut child = process("a_process_that_decides", &path);
        let lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
        // Spread over start, scans and decisions; every fourth dies while it opens the store or makes its first scan.
        let killed_after = if round % 4 == 0 { 0 } else { (round * 37) % 23 };
        let mut answers = lines.map_while(Result::ok).filter_map(|l| l.rsplit_once("acked ")?.1.parse::<u64>().ok());
        for _ in 0..killed_after {
            acked = answers.next().unwrap_or(acked);
        }
        std::thread::sleep(Duration::from_micros(round * 1731));
        child.kill_nine();
        acked = answers.last().unwrap_or(acked);
    }
    let opened = write(&path);
    let audit = opened.store.audit(1_000_000).unwrap();
    assert!(acked > 100, "only {acked} decisions were made");
    assert!(audit[0].seq >= acked, "{acked} were acknowledged, {} are there", audit[0].seq);
    assert!(audit.iter().rev().map(|a| a.seq).eq(1..=audit[0].seq), "no gaps");
    let main = all(&*opened.store).into_iter().find(|e| e.resource.resource_id.raw() == "main").unwrap();
    let notes = audit.iter().filter(|a| a.action == "note").count();
    assert_eq!(main.note_count as usize, notes, "the tree agrees with the trail");
    assert_sound(&*opened.store);
}

/// Holds the store and keeps writing until its standard output is closed.
#[test]
fn a_process_that_holds_the_store() {
    let Some(path) = given_store() else { return };
    let store = write(&path).store;
    for n in 0.. {
        let found = scan(&*store, (0..20).map(|r| finding(&format!("r{r}"))).collect());
        let seq = store.decide(note(found[n % 20].id, "busy")).unwrap().seq;
        println!("acked {seq}");
    }
}

#[test]
fn a_second_process_is_told_who_holds_the_store_and_gets_a_view() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let mut child = process("a_process_that_holds_the_store", &path);
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut acked = || loop {
        let line = lines.next().unwrap().unwrap();
        if let Some((_, seq)) = line.rsplit_once("acked ") {
            return seq.parse::<u64>().unwrap();
        }
    };
    for _ in 0..5 {
        acked();
    }
    match open(&path, OpenMode::ReadWrite) {
        Err(StoreError::Held { holder, .. }) => assert_eq!(holder.pid, child.0.id()),
        other => panic!("expected Held, got {:?}", other.err()),
    }
    for _ in 0..3 {
        let before = acked();
        let view = open(&path, OpenMode::ReadOnly).unwrap();
        let audit = view.store.audit(1_000_000).unwrap();
        assert!(audit[0].seq >= before, "the view has everything acknowledged before it was opened");
        assert!(audit.iter().rev().map(|a| a.seq).eq(1..=audit[0].seq));
        let drifts = all(&*view.store);
        assert_eq!(drifts.len(), 20);
        assert!(view.store.drift(drifts[0].id).unwrap().actual_state.is_some());
        assert!(view.store.read_only().is_some() && view.notices[0].contains("read-only"));
        assert_sound(&*view.store);
        for refused in
            [view.store.decide(acknowledge(drifts[0].id)).err(), view.store.begin_scan(&env(), Timestamp::now()).err()]
        {
            assert!(matches!(refused, Some(StoreError::ReadOnly(_))), "{refused:?}");
        }
    }
    child.kill_nine();
    assert_sound(&*write(&path).store);
}

#[test]
fn there_is_no_view_of_a_store_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    assert!(open(&dir.path().join("store"), OpenMode::ReadOnly).is_err());
    assert!(!dir.path().join("store").exists());
}

#[test]
fn a_snapshot_left_half_made_by_a_killed_process_is_repaired() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let id = scan(&*write(&path).store, vec![finding("main")])[0].id;
    write(&path).store.decide(acknowledge(id)).unwrap();
    let trees = std::fs::read_dir(path.join("tree")).unwrap().map(|e| e.unwrap().path());
    let snapshot = trees.filter(|p| p.to_string_lossy().contains("/snap.")).max().expect("sled has left a snapshot");
    let whole = std::fs::read(&snapshot).unwrap();
    std::fs::write(
        snapshot.with_extension(format!("{}.generating", snapshot.extension().unwrap().display())),
        &whole[..whole.len() / 2],
    )
    .unwrap();
    let opened = write(&path);
    assert_eq!(opened.notices, ["the store would not open: snapshot repaired, nothing lost"]);
    assert_eq!(opened.store.drift(id).unwrap().event.state, State::Acknowledged);
    assert_sound(&*opened.store);
    drop(opened);
    assert!(write(&path).notices.is_empty(), "once is enough");
}

#[test]
fn a_store_that_is_only_rubble_is_set_aside_and_decisions_are_kept() {
    for rubble in [&b"\xff\xfe garbage"[..], &[0x5a; 1 << 20], b""] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store");
        let opened = write(&path);
        let id = scan(&*opened.store, vec![finding("main")])[0].id;
        opened.store.decide(acknowledge(id)).unwrap();
        drop(opened);
        for file in std::fs::read_dir(path.join("tree")).unwrap().flatten() {
            if file.file_type().unwrap().is_file() {
                std::fs::write(file.path(), rubble).unwrap();
            }
        }
        let opened = write(&path);
        let notice = opened.notices.join("\n");
        assert!(notice.contains("set aside as quarantine-") && notice.contains("1 decisions kept"), "{notice}");
        let found = scan(&*opened.store, vec![finding("main")]);
        assert_eq!((found[0].id, found[0].state), (id, State::Acknowledged));
        assert_sound(&*opened.store);
    }
}

#[test]
fn a_store_of_a_newer_driftguard_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    drop(write(&path));
    let meta = path.join("meta.json");
    let newer = std::fs::read_to_string(&meta).unwrap().replace("\"min_reader\": 2", "\"min_reader\": 3");
    std::fs::write(&meta, &newer).unwrap();
    for mode in [OpenMode::ReadWrite, OpenMode::ReadOnly] {
        let error = open(&path, mode).err().unwrap();
        assert!(matches!(error, StoreError::Newer { found: 3, known: 2, .. }), "{error}");
        assert!(error.to_string().contains("driftguard export"));
    }
    assert_eq!(std::fs::read_to_string(&meta).unwrap(), newer);
}

#[test]
fn nobody_else_can_read_the_store_or_swap_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let opened = write(&path);
    let mut big = finding("main");
    let noise: Vec<u64> = (0..2000_u64).map(|n| n.wrapping_mul(n).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    big.actual_state = Some(Redactor::new([0; 32]).mask("t", &json!(noise), &[]));
    let id = scan(&*opened.store, vec![big])[0].id;
    opened.store.decide(acknowledge(id)).unwrap();
    drop(opened);
    drop(write(&path));
    let mut todo = vec![path.clone(), dir.path().join("store.lock")];
    let mut files = 0;
    while let Some(at) = todo.pop() {
        let meta = std::fs::symlink_metadata(&at).unwrap();
        let mode = meta.permissions().mode() & 0o777;
        assert_eq!(mode, if meta.is_dir() { 0o700 } else { 0o600 }, "{}", at.display());
        files += 1;
        if meta.is_dir() {
            todo.extend(std::fs::read_dir(&at).unwrap().map(|e| e.unwrap().path()));
        }
    }
    assert!(files > 10);
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for mode in [OpenMode::ReadWrite, OpenMode::ReadOnly] {
        assert!(open(&link, mode).err().unwrap().to_string().contains("symbolic link"));
    }
}

#[test]
fn the_redaction_key_is_random_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let key = write(&a).store.redaction_key();
    assert_ne!(key, write(&b).store.redaction_key());
    assert_eq!(key, write(&a).store.redaction_key());
}

/// A small file system of its own; unmounted when dropped.
pub(crate) struct SmallDisk(pub(crate) tempfile::TempDir);

impl SmallDisk {
    pub(crate) fn mount(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let options = format!("size={size},mode=700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(dir.path()).output();
        if mounted.is_ok_and(|m| m.status.success()) {
            return Some(Self(dir));
        }
        eprintln!("SKIPPED: mounting a small file system is not permitted here");
        None
    }

    fn remount(&self, options: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(self.0.path()).status();
        assert!(done.unwrap().success());
    }

    /// Leaves so much free and not a block more.
    pub(crate) fn fill(&self, free: usize) {
        let block = vec![1; 4096];
        let path = self.0.path().join("filler");
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        while std::io::Write::write_all(&mut file, &block).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(free as u64)).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_read_only_file_system_leaves_a_readable_store() {
    let Some(disk) = SmallDisk::mount("64m") else { return };
    let path = disk.0.path().join("store");
    let id = scan(&*write(&path).store, vec![finding("main")])[0].id;
    std::thread::sleep(Duration::from_millis(50));
    disk.remount("ro");
    let opened = write(&path);
    assert_eq!(opened.store.read_only().as_deref(), Some("the file system is read-only"));
    assert_eq!(opened.store.drift(id).unwrap().event.id, id);
    assert!(matches!(opened.store.decide(acknowledge(id)), Err(StoreError::ReadOnly(_))));
}

#[test]
fn readers_and_a_writer_share_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = write(&dir.path().join("store")).store;
    let drifts = scan(&*store, (0..100).map(|n| finding(&format!("r{n}"))).collect());
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                for _ in 0..100 {
                    assert_eq!(all(&*store).len(), 100);
                }
            });
        }
        for drift in &drifts[..30] {
            store.decide(acknowledge(drift.id)).unwrap();
        }
    });
    assert_sound(&*store);
    assert!(std::fs::metadata(dir.path().join("store/journal/000001.dgj")).unwrap().size() > 0);
}
