//! A scan as a person lives with it: the real readers, the real store, the service.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use driftguard::demo::{self, World};
use driftguard::drift::{
    Closure, DriftEvent, DriftType, Finding, IgnoreRule, ResolutionType, RuleId, SeverityClass, Slug, State,
    TriageRequest, TriageVerb,
};
use driftguard::scan::{CollectSink, EnvironmentSpec, ScanContext, ScanReport, run};
use driftguard::service::{DriftService, Guard, LocalService, Refusal, ServiceError};
use driftguard::store::{self, Alerting, OpenMode, Store};
use serde_json::json;

use super::conformance::{self, Bench, open_drifts};

pub fn open_store(dir: &Path) -> Arc<dyn Store> {
    store::open(dir, OpenMode::ReadWrite).unwrap().store
}

fn scan_once(spec: &EnvironmentSpec) -> (ScanReport, Vec<Finding>) {
    let cancel = AtomicBool::new(false);
    let mut sink = CollectSink::default();
    let report = run(spec, &ScanContext::ad_hoc([3; 32], &cancel), &mut sink).unwrap();
    let findings = sink.drifts.iter().unwrap().map(|drift| drift.unwrap().finding).collect();
    (report, findings)
}

fn world(dir: &Path) -> (World, Vec<EnvironmentSpec>) {
    let world = demo::create(&dir.join("world")).unwrap();
    let specs = demo::specs(&world);
    (world, specs)
}

/// Waits until the open drifts are as wanted; fails when they never are.
async fn until(service: &dyn DriftService, wanted: impl Fn(&[DriftEvent]) -> bool) -> Vec<DriftEvent> {
    for _ in 0..600 {
        let open = open_drifts(service).await;
        if wanted(&open) {
            return open;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to this; open are {:?}", open_drifts(service).await);
}

fn is_about(drift: &DriftEvent, text: &str) -> bool {
    drift.resource.resource_id.raw().contains(text)
}

/// Twelve files on this machine.
pub struct Files {
    service: Arc<LocalService>,
    dir: PathBuf,
}

impl Files {
    pub fn new(dir: &Path, store: Arc<dyn Store>) -> Self {
        let resource = |n: usize| {
            let attributes = json!({
                "filename": dir.join(format!("f{n}")), "content": format!("declared {n}\n"), "file_permission": "0644",
                "directory_permission": "0755",
            });
            json!({
                "mode": "managed", "type": "local_file", "name": format!("f{n}"),
                "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
                "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
            })
        };
        let state = json!({
            "version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {},
            "resources": (0..12).map(resource).collect::<Vec<_>>(),
        });
        fs::write(dir.join("terraform.tfstate"), state.to_string()).unwrap();
        (0..12).for_each(|n| put(dir, n, false));
        let (_world, mut specs) = world(dir);
        let mut spec = specs.remove(0);
        spec.state = vec![dir.join("terraform.tfstate").display().to_string()];
        spec.watch = false;
        // Whatever differs here, nobody would be woken for it.
        store.alert(Alerting { from: SeverityClass::Low, ..Alerting::default() });
        let service = LocalService::start(store, vec![spec], tokio::runtime::Handle::current());
        Self { service, dir: dir.to_owned() }
    }
}

fn put(dir: &Path, n: usize, drifts: bool) {
    let path = dir.join(format!("f{n}"));
    let text = if drifts { format!("edited {n}\n") } else { format!("declared {n}\n") };
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
}

impl Bench for Files {
    fn service(&self) -> Arc<dyn DriftService> {
        Arc::clone(&self.service) as _
    }
    fn environment(&self) -> Slug {
        Slug::from_text("host")
    }
    fn disturb(&self, thing: usize, drifts: bool) {
        put(&self.dir, thing, drifts);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_service_on_sled_conforms() {
    let (files, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bench = Files::new(files.path(), open_store(&store.path().join("store")));
    conformance::conforms(&bench).await;
    bench.service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_before_a_shutdown_is_there_after_it() {
    let (files, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open_store(&dir.path().join("store"));
    let bench = Files::new(files.path(), Arc::clone(&store));
    conformance::settle(&bench).await;
    bench.disturb(4, true);
    conformance::scan(&bench).await;
    let drift = open_drifts(bench.service.as_ref()).await.remove(0);
    let verb = TriageVerb::Note { text: "the password is Xk29fjQ7wLm3pZ8".into() };
    let request = TriageRequest {
        drift: drift.id,
        verb,
        reason: None,
        actor: "alice".into(),
        expected_version: None,
        once: None,
    };
    bench.service.triage(request).await.unwrap();
    bench.service.shutdown().await;
    drop((bench, store));
    let store = open_store(&dir.path().join("store"));
    let detail = store.drift(drift.id).unwrap();
    assert_eq!(detail.event.note_count, 1);
    let history = serde_json::to_string(&detail.history).unwrap();
    assert!(!history.contains("Xk29fjQ7wLm3pZ8"), "what people type is masked before it is kept: {history}");
}

/// A request of alice.
fn asks(drift: &DriftEvent, verb: TriageVerb) -> TriageRequest {
    TriageRequest { drift: drift.id, verb, reason: None, actor: "alice".into(), expected_version: None, once: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_hold_a_secret_or_a_control_character_are_masked_like_everything_people_type() {
    let (files, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bench = Files::new(files.path(), open_store(&dir.path().join("store")));
    conformance::settle(&bench).await;
    bench.disturb(4, true);
    conformance::scan(&bench).await;
    let drift = open_drifts(bench.service.as_ref()).await.remove(0);
    let secret = "ghp_aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW1xY2";
    let typed = format!("bob {secret}\u{1b}[2J\nroot");
    let rule = IgnoreRule {
        id: RuleId::generate(),
        environment: None,
        resource_type: Some("local_file".into()),
        resource_id: None,
        path: None,
        value: None,
        actor: None,
        reason: typed.as_str().into(),
        owner: typed.as_str().into(),
        created_at: jiff::Timestamp::now(),
        expires_at: None,
    };
    // A name with control characters in it is nobody's: it is refused, not mended.
    let nobody = TriageVerb::Assign { to: Some(typed.as_str().into()) };
    assert!(matches!(bench.service.triage(asks(&drift, nobody)).await, Err(ServiceError::Invalid(_))));
    let assignee = format!("bob {secret}");
    for verb in [TriageVerb::Assign { to: Some(assignee.as_str().into()) }, TriageVerb::Ignore { rule }] {
        let request = TriageRequest { actor: typed.as_str().into(), ..asks(&drift, verb) };
        bench.service.triage(request).await.unwrap();
    }
    let detail = bench.service.drift(drift.id).await.unwrap();
    let rules = bench.service.ignore_rules().await.unwrap();
    let kept = format!("{}{}", serde_json::to_string(&detail).unwrap(), serde_json::to_string(&rules).unwrap());
    assert!(!kept.contains(&secret[4..]), "{kept}");
    let names = [detail.event.assignee.as_ref().unwrap(), &rules[0].owner, &detail.history[0].actor];
    assert!(names.iter().all(|name| !name.raw().chars().any(char::is_control)), "{names:?}");
    bench.service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_itself_refuses_to_settle_drift_of_a_protected_environment() {
    let dir = tempfile::tempdir().unwrap();
    let (_world, mut specs) = world(dir.path());
    specs.truncate(1);
    specs[0].protect = true;
    let slug = specs[0].environment.slug.clone();
    let store = open_store(&dir.path().join("store"));
    let service = LocalService::start(Arc::clone(&store), specs, tokio::runtime::Handle::current());
    let drift = until(service.as_ref(), |open| !open.is_empty()).await.remove(0);
    let resolve = TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: None };
    let refused = service.triage(asks(&drift, resolve.clone())).await.unwrap_err();
    assert!(matches!(&refused, ServiceError::Refused(Refusal::Protected(s)) if *s == slug), "{refused:?}");
    assert_eq!(refused.to_string(), format!("{slug} is protected by its configuration"));
    service.triage(asks(&drift, TriageVerb::Acknowledge)).await.unwrap();
    assert_eq!(store.drift(drift.id).unwrap().event.state, State::Acknowledged);
    service.shutdown().await;

    let guard = Guard { read_only: Some("by --read-only".into()), ..Guard::default() };
    let handle = tokio::runtime::Handle::current();
    let service = LocalService::start_guarded(Arc::clone(&store), vec![], guard, handle);
    let refused = service.triage(asks(&drift, TriageVerb::Reopen)).await.unwrap_err();
    assert!(matches!(&refused, ServiceError::Refused(Refusal::ReadOnly(_))), "{refused:?}");
    assert_eq!(service.read_only().as_deref(), Some("by --read-only"));
    assert_eq!(store.drift(drift.id).unwrap().event.state, State::Acknowledged);
    service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_host_file_shows_without_being_asked_and_reverting_it_by_hand_closes_its_drift() {
    let dir = tempfile::tempdir().unwrap();
    let (world, specs) = world(dir.path());
    let motd = world.directory().join("host/files/motd");
    let original = fs::read_to_string(&motd).unwrap();
    let store = open_store(&dir.path().join("store"));
    let service = LocalService::start(Arc::clone(&store), specs, tokio::runtime::Handle::current());
    until(service.as_ref(), |open| open.iter().any(|d| is_about(d, "sshd_hardening"))).await;
    fs::write(&motd, "somebody was here\n").unwrap();
    let open = until(service.as_ref(), |open| open.iter().any(|d| is_about(d, "motd"))).await;
    let drift = open.iter().find(|d| is_about(d, "motd")).unwrap().id;
    fs::write(&motd, original).unwrap();
    until(service.as_ref(), |open| !open.iter().any(|d| d.id == drift)).await;
    let event = service.drift(drift).await.unwrap().event;
    assert_eq!((event.state, event.closure), (State::Closed, Some(Closure::Healed)));
    service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_breaks_keeps_its_drift_and_says_how_old_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (world, specs) = world(dir.path());
    let aws: Vec<EnvironmentSpec> = specs.into_iter().filter(|s| s.environment.slug.as_str() == "aws-prod").collect();
    let service = LocalService::start(open_store(&dir.path().join("store")), aws, tokio::runtime::Handle::current());
    let before = until(service.as_ref(), |open| !open.is_empty()).await;
    fs::write(world.directory().join("aws/config-snapshot.json"), "{\"configurationItems\": [{\"resou").unwrap();
    let failed = loop {
        let environment = service.environments().await.unwrap().remove(0);
        if let Some(source) = environment.sources.into_iter().find(|s| s.error.is_some()) {
            break source;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(failed.error.is_some());
    let after = open_drifts(service.as_ref()).await;
    assert_eq!(after.len(), before.len(), "nothing was closed because nothing could be seen");
    world.act(9).unwrap();
    until(service.as_ref(), |open| !open.iter().any(|d| d.id == before[0].id)).await;
    service.shutdown().await;
}

#[test]
fn the_demo_begins_with_a_critical_drift_and_hides_the_noise() {
    let dir = tempfile::tempdir().unwrap();
    let (_world, specs) = world(dir.path());
    let (report, findings) = scan_once(&specs[1]);
    let found: Vec<_> = findings.iter().map(|f| (f.drift_type, f.resource.resource_id.raw())).collect();
    assert_eq!(found, [(DriftType::Modified, "aws_security_group.web")], "{findings:#?}");
    assert_eq!(findings[0].analysis.severity.class().as_str(), "CRITICAL");
    assert!(findings[0].changes[0].is_security_critical);
    assert!(report.summary.counts.hidden_changes > 0, "the role's trust policy in another form");
    assert_eq!(report.summary.counts.unverified, 0, "{:?}", report.summary.unverified);
}

#[test]
fn every_act_of_the_demo_shows_and_nothing_else_does() {
    let dir = tempfile::tempdir().unwrap();
    let (world, specs) = world(dir.path());
    let drifted = || -> Vec<String> {
        let all = specs.iter().flat_map(|s| scan_once(s).1);
        let mut names: Vec<String> = all.map(|f| f.resource.resource_id.raw().to_owned()).collect();
        names.sort();
        names
    };
    let (ssh, sshd, worker) = ("aws_security_group.web", "local_file.sshd_hardening", "shop/Deployment/worker");
    assert_eq!(drifted(), [ssh, sshd, worker]);
    let expected: [(usize, &[&str]); 6] = [
        (1, &[ssh, "local_file.motd", sshd, worker]),
        (
            5,
            &[
                "aws_instance.web[0]",
                "aws_instance.web[1]",
                "aws_security_group.database",
                ssh,
                "kims-export-123456789012",
                "local_file.motd",
                sshd,
                "shop/Deployment/web",
                worker,
            ],
        ),
        (
            8,
            &[
                "aws_instance.web[0]",
                "aws_instance.web[1]",
                ssh,
                "kims-export-123456789012",
                "local_file.app",
                sshd,
                "shop/Deployment/web",
                worker,
            ],
        ),
        (
            10,
            &[
                "aws_instance.web[0]",
                "aws_instance.web[1]",
                "aws_s3_bucket_versioning.logs",
                "kims-export-123456789012",
                "local_file.app",
                sshd,
                "shop/Deployment/web",
                worker,
            ],
        ),
        (13, &["aws_s3_bucket_versioning.logs", "local_file.backup_cron", sshd]),
        (16, &[ssh, sshd, worker]),
    ];
    for (step, names) in expected {
        world.act(step).unwrap();
        let found = drifted();
        let short: Vec<&str> = found.iter().map(|n| n.trim_start_matches("arn:aws:s3:::")).collect();
        let mut short = short;
        short.sort_unstable();
        let mut names = names.to_vec();
        names.sort_unstable();
        assert_eq!(short, names, "after step {step}");
    }
}
