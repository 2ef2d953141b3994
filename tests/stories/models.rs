//! What operators say of causes is learned from; which model judges is known, chosen by people, and can be taken back.

use std::sync::Arc;

use driftguard::drift::*;
use driftguard::service::{DriftService, LocalService, ServiceError};
use driftguard::store::{OpenMode, Store, open};
use serde_json::Value;
use tokio::runtime::Handle;

use super::scan::open_store;
use super::serving::{PASSWORD, Serve, accounts};
use super::store::{all, finding, home, scan};
use super::support::{driftguard, run};

/// So many drifts of security groups and as many of volumes.
fn findings(each: usize) -> Vec<Finding> {
    let of = |kind: &str, n: usize| {
        let mut one = finding(&format!("{kind}.n{n}"));
        one.resource.resource_type = kind.into();
        one
    };
    (0..each).flat_map(|n| [of("aws_security_group", n), of("aws_ebs_volume", n)]).collect()
}

fn judge(drift: DriftId, cause: Cause) -> TriageRequest {
    TriageRequest {
        drift,
        verb: TriageVerb::JudgeCause { cause, features: None },
        reason: None,
        actor: "alice".into(),
        expected_version: None,
        once: None,
    }
}

/// Security groups are changed by those who defend, volumes by hand.
fn truth(event: &DriftEvent) -> Cause {
    match event.resource.resource_type.raw() {
        "aws_security_group" => Cause::SecurityResponse,
        _ => Cause::ManualTroubleshooting,
    }
}

async fn taught(store: &Arc<dyn Store>, each: usize) -> Arc<LocalService> {
    store.put_environment(&home()).unwrap();
    scan(store.as_ref(), findings(each));
    let service = LocalService::start(Arc::clone(store), vec![], Handle::current());
    let requests = all(store.as_ref()).iter().map(|event| judge(event.id, truth(event))).collect();
    let answers = service.triage_many(requests).await.unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    service
}

/// Learned in the background, by itself.
async fn learned_by_itself(service: &LocalService) -> MlModel {
    for _ in 0..3_000 {
        if let Some(model) = service.models().await.unwrap().pop() {
            return model;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("nothing was learned");
}

async fn train(service: &LocalService, activates: bool) -> MlModel {
    service.train_model(activates, "alice".into()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_cause_is_the_cause_with_the_evidence_of_then_until_it_is_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_store(&dir.path().join("store"));
    store.put_environment(&home()).unwrap();
    scan(store.as_ref(), findings(1));
    let service = LocalService::start(Arc::clone(&store), vec![], Handle::current());
    let before = all(store.as_ref()).remove(0);
    let forged = FeatureVector { version: 1, values: vec![7.0] };
    let verb = TriageVerb::JudgeCause { cause: Cause::EmergencyFix, features: Some(forged.clone()) };
    let receipt = service.triage(TriageRequest { verb, ..judge(before.id, Cause::Unknown) }).await.unwrap();
    let judged = &receipt.drifts[0];
    assert_eq!(judged.judged_cause, Some(Cause::EmergencyFix));
    let cause = &judged.analysis.cause;
    assert_eq!((cause.cause_category, cause.confidence_score), (Cause::EmergencyFix, Score::percent(95)));
    assert!(judged.recommendations.iter().any(|one| one.recommendation_type == RecommendationType::CodifyIac));

    let detail = service.drift(before.id).await.unwrap();
    let Some(TriageVerb::JudgeCause { features: Some(kept), .. }) = &detail.history[0].verb else {
        panic!("{:?}", detail.history)
    };
    assert!(*kept != forged && kept.values.len() > 40, "whatever was sent, the evidence is gathered here");
    // A scan that sees the same leaves it alone.
    scan(store.as_ref(), findings(1));
    let seen = store.drift(before.id).unwrap().event;
    assert_eq!(seen.analysis.cause.cause_category, Cause::EmergencyFix);

    let undo = TriageRequest { verb: TriageVerb::Undo { seq: receipt.seq }, ..judge(before.id, Cause::Unknown) };
    let back = service.triage(undo).await.unwrap().drifts.remove(0);
    assert_eq!((back.judged_cause, back.analysis.cause.cause_category), (None, Cause::Unknown));
    assert_eq!(service.lessons().await.unwrap().labels.values().sum::<u32>(), 0, "what was taken back teaches nothing");
    service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_learned_from_fifty_labels_on_judges_beside_the_rules_and_is_chosen_by_people() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_store(&dir.path().join("store"));
    let service = taught(&store, 20).await;
    let too_few = service.train_model(true, "alice".into()).await.unwrap_err();
    assert!(matches!(&too_few, ServiceError::Invalid(why) if why.contains("40 causes were confirmed")), "{too_few}");
    scan(store.as_ref(), findings(40));
    let requests = all(store.as_ref()).iter().map(|event| judge(event.id, truth(event))).collect();
    service.triage_many(requests).await.unwrap();
    let first = learned_by_itself(&service).await;
    assert!(first.is_active && first.labels == 80 && first.metrics.accuracy > 0.9, "{first:?}");
    assert_eq!(first.deployed_by.as_ref().map(|by| by.raw().to_owned()), Some("system".into()));

    // A drift that nobody has said anything of is judged by it, beside the rules, and says so.
    let mut new = finding("aws_security_group.new");
    new.resource.resource_type = "aws_security_group".into();
    // One that no code declares is judged by it as well.
    let mut added = Finding { drift_type: DriftType::Added, changes: vec![], ..new.clone() };
    added.resource.resource_id = "sg-0a1b2c3d".into();
    let known: Vec<DriftId> = all(store.as_ref()).iter().map(|event| event.id).collect();
    scan(store.as_ref(), vec![new, added]);
    let (unmanaged, mut fresh): (Vec<DriftEvent>, Vec<DriftEvent>) = all(store.as_ref())
        .into_iter()
        .filter(|event| !known.contains(&event.id))
        .partition(|event| event.drift_type == DriftType::Added);
    let fresh = fresh.remove(0);
    let judged = service.analyse(unmanaged[0].id, None).await.unwrap();
    let prediction = judged.analysis.cause.prediction.as_ref().expect("it is for every type of drift");
    assert!(prediction.version == 1 && !prediction.feature_importance.is_empty(), "{prediction:?}");
    let record = service.drift(judged.id).await.unwrap().cause_analysis.expect("it is told with the drift");
    assert_eq!(record.prediction.as_deref(), Some(&**prediction));
    let told = service.analyse(fresh.id, None).await.unwrap();
    let prediction = told.analysis.cause.prediction.as_ref().expect("a model is in use");
    assert_eq!((prediction.version, prediction.prediction_result), (1, Cause::SecurityResponse));
    assert!(!prediction.abstained && !prediction.feature_importance.is_empty());
    let likely = told.analysis.cause.probabilities.unwrap();
    let record = service.drift(fresh.id).await.unwrap().cause_analysis.expect("it is told with the drift");
    assert_eq!(record.prediction.as_deref(), Some(&**prediction));
    // It names a cause by itself where it was right nine times in ten, and is as sure as it was right.
    assert_eq!(told.analysis.cause.cause_category, Cause::SecurityResponse);
    assert!(prediction.confidence_score >= first.threshold && first.threshold <= 1.0, "{prediction:?}");
    assert!((likely.get(Cause::SecurityResponse) - prediction.confidence_score).abs() < 1e-3, "{likely:?}");

    let nothing_new = service.evaluate_model(None).await.unwrap_err();
    assert!(matches!(nothing_new, ServiceError::Invalid(_)), "on what it has seen nothing is measured");
    service.triage(judge(fresh.id, Cause::SecurityResponse)).await.unwrap();
    let measured = service.evaluate_model(None).await.unwrap();
    let later = measured.evaluations.last().unwrap();
    assert_eq!((later.evaluated_on, later.accuracy, later.on.as_str()), (1, 1.0, "after_training"));

    let second = train(&service, false).await;
    assert!(!second.is_active && second.version == 2);
    let activate = |step| service.activate_model(step, "bob".into());
    assert!(activate(ModelStep::To(2)).await.unwrap().is_active);
    let active = |models: &[MlModel]| models.iter().filter(|m| m.is_active).map(|m| m.version).collect::<Vec<_>>();
    assert_eq!(active(&service.models().await.unwrap()), [2], "one is, and no other");
    assert_eq!(activate(ModelStep::Back).await.unwrap().version, 1);
    assert!(matches!(activate(ModelStep::To(9)).await, Err(ServiceError::NotFound(_))));
    let trail = service.audit(1).await.unwrap().remove(0);
    assert_eq!((trail.action.as_str(), trail.actor.raw()), ("model_activated", "bob"));
    service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_five_are_kept_with_the_active_one_and_go_with_an_export() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("store");
    let store = open_store(&place);
    let service = taught(&store, 30).await;
    assert_eq!(learned_by_itself(&service).await.version, 1);
    for _ in 0..6 {
        train(&service, false).await;
    }
    let kept = store.models().unwrap();
    assert_eq!(kept.iter().map(|model| model.version).collect::<Vec<_>>(), [7, 6, 5, 4, 1]);
    assert_eq!(store.verify().unwrap().faults, Vec::<String>::new());
    let mut export = Vec::new();
    store.export(&mut export).unwrap();
    service.shutdown().await;
    drop((service, store));
    let copy = open_store(&dir.path().join("copy"));
    copy.import(&mut export.as_slice()).unwrap();
    assert_eq!(copy.models().unwrap(), kept);
    for model in &kept {
        let text = copy.artifact(&model.name, model.version).unwrap().unwrap();
        assert_eq!(blake3_of(&text), model.artifact_hash);
    }
    drop(copy);
    // The command reads the same registry, and what it says of the environment's labels.
    let view = open(&place, OpenMode::ReadWrite).unwrap().store;
    drop(view);
    let home = tempfile::tempdir().unwrap();
    let (code, out, err) =
        run(driftguard(home.path()).args(["model", "list", "--format", "json", "--store"]).arg(&place));
    assert_eq!(code, 0, "{err}");
    let said: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((said["schema"].as_str(), said["models"].as_array().unwrap().len()), (Some("driftguard.models/1"), 5));
    let (code, out, _) = run(driftguard(home.path()).args(["model", "rollback", "--store"]).arg(&place));
    assert_eq!((code, out.as_str()), (1, ""), "none was in use before");
    let (code, out, err) = run(driftguard(home.path()).args(["model", "activate", "7", "--store"]).arg(&place));
    assert_eq!((code, out.as_str()), (0, "cause version 7 is in use\n"), "{err}");
    let (_, out, _) = run(driftguard(home.path()).args(["model", "list", "--store"]).arg(&place));
    assert!(out.lines().next().unwrap().contains("7  in use"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_are_trained_the_version_that_was_in_use_before_can_be_gone_back_to() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_store(&dir.path().join("store"));
    let service = taught(&store, 30).await;
    assert_eq!(learned_by_itself(&service).await.version, 1);
    train(&service, true).await;
    for _ in 0..6 {
        train(&service, false).await;
    }
    let kept: Vec<u32> = store.models().unwrap().iter().map(|model| model.version).collect();
    assert_eq!(kept, [8, 7, 6, 2, 1], "five, with the active one and the one before it");
    let back = service.activate_model(ModelStep::Back, "bob".into()).await.unwrap();
    assert_eq!((back.version, back.is_active), (1, true));
    assert_eq!(service.activate_model(ModelStep::Back, "bob".into()).await.unwrap().version, 2, "and forth");
    service.shutdown().await;
}

fn blake3_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// `driftguard model` on a server, with a key of this role.
fn there(client: &std::path::Path, url: &str, key: &str, words: &[&str]) -> (i32, String, String) {
    run(driftguard(client).env("DRIFTGUARD_TOKEN", key).arg("model").args(words).args(["--server", url]))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_models_of_a_server_are_listed_by_everybody_and_chosen_by_an_admin() {
    let (server, client) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open_store(&server.path().join("store"));
    let service = taught(&store, 30).await;
    assert_eq!(learned_by_itself(&service).await.version, 1);
    train(&service, false).await;
    service.shutdown().await;
    drop((service, store));
    let at = server.path().to_owned();
    let (admin, viewer, address) = tokio::task::spawn_blocking(move || {
        accounts(&at, &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
        let key = |role| accounts(&at, &["key", "add", "adam", "--label", role, "--role", role], "");
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        (key("admin"), key("viewer"), address)
    })
    .await
    .unwrap();
    let served = Serve::at(server.path(), &address);
    let url = format!("http://{address}");
    let (code, out, err) = there(client.path(), &url, &viewer, &["list"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.lines().any(|line| line.contains("1  in use")) && out.contains("security_response 30"), "{out}");
    let (code, _, err) = there(client.path(), &url, &viewer, &["activate", "2"]);
    assert!(code == 1 && err.contains("admin"), "{err}");
    let (code, out, err) = there(client.path(), &url, &admin, &["activate", "2"]);
    assert_eq!((code, out.as_str()), (0, "cause version 2 is in use\n"), "{err}");
    let (code, out, err) = there(client.path(), &url, &admin, &["rollback"]);
    assert_eq!((code, out.as_str()), (0, "cause version 1 is in use\n"), "{err}");
    let (code, _, err) = there(client.path(), &url, &admin, &["evaluate"]);
    assert!(code == 1 && err.contains("no cause was confirmed or corrected since"), "{err}");
    let (code, out, err) = there(client.path(), &url, &admin, &["train", "--format", "json"]);
    let trained: Value = serde_json::from_str(&out).unwrap_or_default();
    assert_eq!((code, trained["version"].as_u64()), (0, Some(3)), "{err}");
    drop(served);
}
