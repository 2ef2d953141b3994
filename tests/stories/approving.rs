//! Leave to do something about a drift: one person asks, another one says yes, and what has moved on meanwhile is not approved.

use std::path::Path;
use std::sync::Arc;

use driftguard::accounts::Grant;
use driftguard::api::Role;
use driftguard::drift::{
    DriftEvent, DriftId, Effort, Environment, Finding, Party, Priority, Recommendation, RecommendationType,
    RecommendedBy, Remediation, RemediationDecision, RemediationKind, RemediationRequest, RemediationState,
    RemediationVerb, ResolutionType, RiskAssessment, ScanSummary, Score, Slug, TriageRequest, TriageVerb,
};
use driftguard::server::Principal;
use driftguard::service::{DriftService, Guard, LocalService, Refusal, ServiceError, ServiceEvent};
use driftguard::store::{OpenMode, RemediationQuery, Store, open, open_at};
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;

use super::attacks::environment;
use super::conformance::{self, Bench, open_drifts, scan};
use super::postgres::Database;
use super::remote::{Connected, Running, acme, connect, hears};
use super::scan::open_store;
use super::store::{all, finding, scan as record};

pub fn party(name: &str) -> Party {
    Party::here(name.into())
}

fn ask(drift: DriftId, by: Party) -> RemediationRequest {
    let (kind, reason) = (RemediationKind::CodifyIac, Some("INC-4711".into()));
    RemediationRequest { drift, kind, reason, expected_version: None, by, once: None }
}

fn say(one: &Remediation, verb: RemediationVerb, by: Party) -> RemediationDecision {
    let expected_version = Some(one.version);
    RemediationDecision { id: one.id, verb, reason: Some("looked at".into()), expected_version, by, once: None }
}

/// A drift for which it is recommended to change the code.
async fn advised(service: &dyn DriftService) -> DriftEvent {
    let drift = open_drifts(service).await.remove(0);
    service.analyse(drift.id, Some("emergency, INC-4711".into())).await.unwrap()
}

/// What every service promises about it. `service` is somebody who asks, `admin` another one who may approve.
pub async fn conforms(bench: &dyn Bench) {
    (4..7).for_each(|n| bench.disturb(n, true));
    scan(bench).await;
    what_was_asked_for_is_told_approved_once_and_in_the_trail(bench).await;
    what_has_moved_on_is_not_approved(bench).await;
    one_waits_at_a_time_and_is_taken_back_by_who_asked(bench).await;
    (4..7).for_each(|n| bench.disturb(n, false));
    scan(bench).await;
}

async fn what_was_asked_for_is_told_approved_once_and_in_the_trail(bench: &dyn Bench) {
    let (service, admin) = (bench.service(), bench.admin());
    let mut events = admin.subscribe();
    let drift = advised(service.as_ref()).await;
    let old = RemediationRequest { expected_version: Some(drift.version + 7), ..ask(drift.id, party("bob")) };
    let refused = service.request_remediation(old).await;
    assert!(matches!(&refused, Err(ServiceError::Conflict(now)) if now.version == drift.version), "{refused:?}");
    let made = service.request_remediation(ask(drift.id, party("bob"))).await.unwrap();
    let steps = &drift.recommendations.iter().find(|one| one.recommendation_type.as_str() == "codify_iac").unwrap();
    assert_eq!((&made.plan, made.drift_version), (&steps.implementation_steps, drift.version), "the exact steps");
    assert_eq!((made.state, made.requested_by.raw()), (RemediationState::AwaitingApproval, bench.signed("bob")));
    let is_it = |event: &ServiceEvent, state| matches!(event, ServiceEvent::Remediation(one) if one.id == made.id && one.state == state);
    hears(&mut events, |event| is_it(event, RemediationState::AwaitingApproval)).await;
    let detail = admin.drift(drift.id).await.unwrap();
    assert_eq!(detail.remediation.as_deref(), Some(&made), "it stands with the drift");
    let own = service.decide_remediation(say(&made, RemediationVerb::Approve, party("bob"))).await.unwrap_err();
    assert!(matches!(own, ServiceError::Denied(_)), "{own:?}");
    // Who takes it up or writes a note leaves it as it was asked for.
    let note = TriageVerb::Note { text: "looking".into() };
    for verb in [TriageVerb::Acknowledge, note] {
        let actor = "carol".into();
        let request = TriageRequest { drift: drift.id, verb, reason: None, actor, expected_version: None, once: None };
        service.triage(request).await.unwrap();
    }
    let stale = RemediationDecision { expected_version: Some(9), ..say(&made, RemediationVerb::Approve, party("ada")) };
    let refused = admin.decide_remediation(stale).await.unwrap_err();
    assert!(matches!(&refused, ServiceError::Overtaken(now) if now.remediation == made), "{refused:?}");
    let approved = admin.decide_remediation(say(&made, RemediationVerb::Approve, party("ada"))).await.unwrap();
    assert_eq!((approved.state, approved.version), (RemediationState::Approved, 2));
    let verdict = approved.verdict.clone().unwrap();
    assert_eq!((verdict.by.raw(), verdict.reason.unwrap().raw()), ("ada", "looked at"));
    hears(&mut events, |event| is_it(event, RemediationState::Approved)).await;
    let again = admin.decide_remediation(say(&made, RemediationVerb::Reject, party("ada"))).await.unwrap_err();
    assert!(matches!(&again, ServiceError::Overtaken(now) if now.why.contains("approved by ada already")), "{again:?}");
    assert_eq!(service.remediation(made.id).await.unwrap(), approved);
    let trail = service.drift(drift.id).await.unwrap().history;
    let told: Vec<(&str, &str)> = trail
        .iter()
        .filter(|entry| entry.remediation.is_some())
        .map(|entry| (entry.action.as_str(), entry.actor.raw()))
        .collect();
    assert_eq!(told, [("remediation_approved", "ada"), ("remediation_requested", bench.signed("bob"))]);
    let change = trail.iter().find_map(|entry| entry.remediation.as_deref()).unwrap();
    assert_eq!(
        (change.before, change.after.state),
        (Some(RemediationState::AwaitingApproval), RemediationState::Approved)
    );
}

async fn what_has_moved_on_is_not_approved(bench: &dyn Bench) {
    let (service, admin) = (bench.service(), bench.admin());
    let drift = advised(service.as_ref()).await;
    let made = service.request_remediation(ask(drift.id, party("bob"))).await.unwrap();
    let verb = TriageVerb::Resolve { resolution_type: ResolutionType::AutoRevert, until: None };
    let reason = Some("done by hand".into());
    let settle =
        TriageRequest { drift: drift.id, verb, reason, actor: "carol".into(), expected_version: None, once: None };
    let receipt = service.triage(settle).await.unwrap();
    let refused = admin.decide_remediation(say(&made, RemediationVerb::Approve, party("ada"))).await.unwrap_err();
    let ServiceError::Overtaken(now) = &refused else { panic!("{refused:?}") };
    assert_eq!(now.remediation.state, RemediationState::Stale);
    assert!(now.drift.as_ref().unwrap().version > made.drift_version && now.why.contains("moved on"), "{refused}");
    // What is void stays so, though the drift is again as it was.
    let verb = TriageVerb::Undo { seq: receipt.seq };
    let undo = TriageRequest {
        drift: drift.id,
        verb,
        reason: None,
        actor: "carol".into(),
        expected_version: None,
        once: None,
    };
    service.triage(undo).await.unwrap();
    assert_eq!(service.remediation(made.id).await.unwrap().state, RemediationState::Stale);
    let stale = RemediationQuery { states: vec![RemediationState::Stale], ..RemediationQuery::default() };
    assert_eq!(service.remediations(stale).await.unwrap().iter().map(|one| one.id).collect::<Vec<_>>(), [made.id]);
}

async fn one_waits_at_a_time_and_is_taken_back_by_who_asked(bench: &dyn Bench) {
    let (service, admin) = (bench.service(), bench.admin());
    let drift = advised(service.as_ref()).await;
    let first = service.request_remediation(ask(drift.id, party("bob"))).await.unwrap();
    let second = admin.request_remediation(ask(drift.id, party("ada"))).await.unwrap_err();
    assert!(matches!(&second, ServiceError::Overtaken(now) if now.remediation.id == first.id), "{second:?}");
    let cancelled = service.decide_remediation(say(&first, RemediationVerb::Cancel, party("bob"))).await.unwrap();
    assert_eq!(cancelled.state, RemediationState::Cancelled);
    let own = admin.request_remediation(ask(drift.id, party("ada"))).await.unwrap();
    let refused = admin.decide_remediation(say(&own, RemediationVerb::Reject, party("ada"))).await.unwrap_err();
    assert!(refused.to_string().contains("you asked for this yourself"), "{refused}");
    admin.decide_remediation(say(&own, RemediationVerb::Cancel, party("ada"))).await.unwrap();
    let all =
        service.remediations(RemediationQuery { drift: Some(drift.id), ..RemediationQuery::default() }).await.unwrap();
    assert!(all.is_sorted_by_key(|one| std::cmp::Reverse(one.id)) && all[0].id == own.id, "the newest first");
    let past =
        RemediationQuery { cursor: Some(all[0].id), limit: 1, drift: Some(drift.id), ..RemediationQuery::default() };
    assert_eq!(service.remediations(past).await.unwrap(), all[1..2]);
    let nobody = service.remediation(driftguard::drift::RemediationId::generate()).await;
    assert!(matches!(nobody, Err(ServiceError::NotFound(_))), "{nobody:?}");
    let odd = RemediationRequest { kind: RemediationKind::AutoRevert, ..ask(drift.id, party("bob")) };
    let refused = service.request_remediation(odd).await.unwrap_err();
    assert!(
        matches!(&refused, ServiceError::Invalid(why) if why.contains("nothing recommends auto_revert")),
        "{refused:?}"
    );
}

fn principal(name: &str, role: Role) -> Principal {
    Principal::new(Slug::from_text("acme"), name.into(), role)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_cannot_ask_an_editor_can_and_only_an_admin_who_did_not_ask_can_approve() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Connected::new(dir.path()).await;
    conformance::settle(&bench).await;
    (0..2).for_each(|n| bench.disturb(n, true));
    scan(&bench).await;
    let service = |name: &str, role| (name.to_owned(), principal(name, role));
    let robot = Principal { is_service: true, ..principal("robot", Role::Admin) };
    // Bob's program: an admin's key once, and the account is his.
    let account = Some(driftguard::accounts::UserId::generate());
    let bob = Principal { user: account, ..principal("bob", Role::Admin) };
    let his_key =
        Principal { api_key: Some(driftguard::accounts::KeyId::generate()), name: "ci".into(), ..bob.clone() };
    let tokens = driftguard::server::Tokens::new([
        service("vic", Role::Viewer),
        service("erin", Role::Editor),
        ("bob".to_owned(), bob),
        ("bobs-key".to_owned(), his_key),
        service("ada", Role::Admin),
        ("robot".to_owned(), robot),
        ("grace".to_owned(), {
            let elsewhere: Grant =
                serde_json::from_value(serde_json::json!({"environments": "elsewhere", "access": "act"})).unwrap();
            Principal { grants: vec![elsewhere], ..principal("grace", Role::Admin) }
        }),
    ]);
    let running = Running::start(tokens, acme(bench.local()), ([127, 0, 0, 1], 0).into()).await;
    let as_who = async |name: &str| connect(running.address, name).await;
    let drift = advised(bench.local().as_ref()).await;
    let nobody = || party("whatever the client says");
    let refused = as_who("vic").await.request_remediation(ask(drift.id, nobody())).await.unwrap_err();
    assert!(refused.to_string().contains("this needs the role editor"), "{refused}");
    let erin = as_who("erin").await;
    let made = erin.request_remediation(ask(drift.id, nobody())).await.unwrap();
    assert_eq!(made.requested_by.raw(), "erin", "whoever is logged in, not whom the client names");
    let approve = |one: &Remediation| say(one, RemediationVerb::Approve, nobody());
    for (who, why) in [("erin", "you asked for this yourself"), ("robot", "a service account cannot approve")] {
        let refused = as_who(who).await.decide_remediation(approve(&made)).await.unwrap_err();
        assert!(refused.to_string().contains(why), "{who}: {refused}");
    }
    let refused = as_who("grace").await.decide_remediation(approve(&made)).await.unwrap_err();
    assert!(matches!(refused, ServiceError::NotFound(_)), "what she may not see is not there: {refused:?}");
    erin.decide_remediation(say(&made, RemediationVerb::Cancel, nobody())).await.unwrap();

    let own = as_who("bob").await.request_remediation(ask(drift.id, nobody())).await.unwrap();
    for who in ["bob", "bobs-key"] {
        let refused = as_who(who).await.decide_remediation(approve(&own)).await.unwrap_err();
        assert!(refused.to_string().contains("you asked for this yourself"), "{who}: {refused}");
    }
    let refused = erin.decide_remediation(approve(&own)).await.unwrap_err();
    assert!(refused.to_string().contains("only an admin can approve"), "{refused}");
    let refused = erin.decide_remediation(say(&own, RemediationVerb::Cancel, nobody())).await.unwrap_err();
    assert!(refused.to_string().contains("only bob, who asked for it, or an admin"), "{refused}");
    let approved = as_who("ada").await.decide_remediation(approve(&own)).await.unwrap();
    assert_eq!(approved.state, RemediationState::Approved);
    // Refusals are in the trail, with who tried.
    let trail = bench.local().audit(100).await.unwrap();
    let tried: Vec<&str> = trail
        .iter()
        .filter(|entry| !entry.success && entry.action == "approve_remediation")
        .map(|entry| entry.actor.raw())
        .collect();
    assert_eq!(tried, ["erin", "ci", "bob", "robot", "erin"], "the newest first");
    running.end().await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alone_at_ones_own_store_nobody_approves_their_own_unless_configured_and_never_in_production() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_store(&dir.path().join("store"));
    let [lab, prod] = ["lab", "prod"].map(|slug| Environment { slug: Slug::from_text(slug), ..environment() });
    for one in [&lab, &prod] {
        store.put_environment(one).unwrap();
        record_in(store.as_ref(), &one.slug);
    }
    let service = |guard| LocalService::start_guarded(Arc::clone(&store), vec![], guard, Handle::current());
    let of = |slug: &Slug| all(store.as_ref()).into_iter().find(|one| one.environment == *slug).unwrap().id;
    let alone = service(Guard::default());
    for slug in [&lab.slug, &prod.slug] {
        alone.analyse(of(slug), Some("emergency, INC-4711".into())).await.unwrap();
        let made = alone.request_remediation(ask(of(slug), party("alice"))).await.unwrap();
        let refused = alone.decide_remediation(say(&made, RemediationVerb::Approve, party("alice"))).await.unwrap_err();
        assert!(refused.to_string().contains("another admin has to"), "{refused}");
    }
    let trusting = service(Guard { approve_own: true, ..Guard::default() });
    let waits = async |slug: &Slug| trusting.drift(of(slug)).await.unwrap().remediation.unwrap();
    let approve = |one: &Remediation| say(one, RemediationVerb::Approve, party("alice"));
    let in_prod = trusting.decide_remediation(approve(&*waits(&prod.slug).await)).await.unwrap_err();
    assert!(in_prod.to_string().contains("prod is production, where nobody ever does"), "{in_prod}");
    let protecting = service(Guard { protected: [lab.slug.clone()].into(), approve_own: true, ..Guard::default() });
    let refused = protecting.decide_remediation(approve(&*waits(&lab.slug).await)).await.unwrap_err();
    assert!(matches!(refused, ServiceError::Refused(Refusal::Protected(_))), "{refused:?}");
    let approved = trusting.decide_remediation(approve(&*waits(&lab.slug).await)).await.unwrap();
    assert_eq!(approved.state, RemediationState::Approved);
    for one in [alone, trusting, protecting] {
        one.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_answers_in_a_day_expires_by_itself_and_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let begun = Timestamp::now();
    let hours = Arc::new(std::sync::atomic::AtomicI64::new(0));
    let clock = {
        let hours = Arc::clone(&hours);
        move || begun + SignedDuration::from_hours(hours.load(std::sync::atomic::Ordering::SeqCst))
    };
    let store = open_at(&dir.path().join("store"), clock).unwrap().store;
    store.put_environment(&environment()).unwrap();
    record(store.as_ref(), vec![finding("web")]);
    let service = LocalService::start(Arc::clone(&store), vec![], Handle::current());
    let id = all(store.as_ref())[0].id;
    service.analyse(id, Some("emergency, INC-4711".into())).await.unwrap();
    let made = service.request_remediation(ask(id, party("bob"))).await.unwrap();
    hours.store(25, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(
        service.remediation(made.id).await.unwrap().state,
        RemediationState::Expired,
        "before anybody wrote it down"
    );
    // The service looks after it by itself too: whoever comes first writes it down, once.
    let (ended, next) = store.settle_remediations().unwrap();
    assert!(ended.iter().all(|one| one.state == RemediationState::Expired) && next.is_none(), "{ended:?}");
    let refused = service.decide_remediation(say(&made, RemediationVerb::Approve, party("ada"))).await.unwrap_err();
    assert!(matches!(&refused, ServiceError::Overtaken(now) if now.why.contains("has expired")), "{refused:?}");
    let trail = store.audit(100).unwrap();
    assert_eq!((trail[0].action.as_str(), trail[0].actor.raw()), ("remediation_expired", "system"));
    assert_eq!(trail.iter().filter(|one| one.action == "remediation_expired").count(), 1);
    let again = service.request_remediation(ask(id, party("bob"))).await.unwrap();
    assert_ne!(again.id, made.id, "it can be asked for again");
    service.shutdown().await;
}

fn record_in(store: &dyn Store, slug: &Slug) {
    let now = Timestamp::now();
    let scan = store.begin_scan(slug, now).unwrap();
    store.record(scan, vec![Finding { environment: slug.clone(), ..finding("web") }]).unwrap();
    store.finish_scan(scan, ScanSummary::of_nothing(scan, slug.clone(), now)).unwrap();
}

pub(crate) fn advice() -> Recommendation {
    Recommendation {
        recommendation_type: RecommendationType::CodifyIac,
        priority: Priority::Medium,
        confidence_score: Score::percent(90),
        rationale: "it was meant so".into(),
        implementation_steps: vec!["write it down".into(), "apply".into()],
        risk_assessment: RiskAssessment { success_probability: Score::percent(90), potential_impacts: vec![] },
        estimated_effort: Effort::Minutes,
        recommended_by: RecommendedBy::Human,
        created_at: Timestamp::now(),
        expires_at: None,
        implemented_at: None,
        implementation_result: None,
        policy: None,
        vetoed: None,
        objection: None,
        predicted: None,
        accept_until: None,
        patch: None,
        added_by: None,
        settled_by: None,
    }
}

fn is_whole(store: &dyn Store, made: &Remediation) {
    assert_eq!(store.verify().unwrap().faults, Vec::<String>::new());
    let kept = store.remediation(made.id).unwrap().unwrap();
    assert_eq!(&kept, made);
}

/// Asked for, approved, exported and imported, opened again, forgotten.
fn lives_with_its_store(store: Arc<dyn Store>, other: Arc<dyn Store>) {
    store.put_environment(&environment()).unwrap();
    record(store.as_ref(), vec![finding("web"), finding("db")]);
    let [waiting, approved] = [0, 1].map(|at| {
        let event = all(store.as_ref()).remove(at);
        let event = store.advise(event.id, event.version, &event.analysis, &[advice()]).unwrap();
        store.request_remediation(&ask(event.id, party("bob"))).unwrap()
    });
    let named = driftguard::drift::Once::new("k", "approve");
    let asked = RemediationDecision { once: Some(named), ..say(&approved, RemediationVerb::Approve, party("ada")) };
    let approved = store.decide_remediation(&asked).unwrap();
    assert_eq!(store.decide_remediation(&asked).unwrap(), approved, "asked again under its name it is done once");
    for made in [&waiting, &approved] {
        is_whole(store.as_ref(), made);
    }
    let mut export = vec![];
    store.export(&mut export).unwrap();
    other.import(&mut export.as_slice()).unwrap();
    for made in [&waiting, &approved] {
        is_whole(other.as_ref(), made);
    }
    let done = other.decide_remediation(&say(&waiting, RemediationVerb::Reject, party("ada"))).unwrap();
    assert_eq!(done.state, RemediationState::Rejected, "it goes on where it was");
    other.forget(&environment().slug, &"ada".into()).unwrap();
    assert_eq!(other.remediations(&RemediationQuery::default()).unwrap(), []);
    assert_eq!(other.verify().unwrap().faults, Vec::<String>::new());
}

#[test]
fn what_was_asked_for_is_kept_copied_and_forgotten_with_its_store() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name);
    lives_with_its_store(open_store(&place("one")), open_store(&place("two")));
    // After a restart it stands there, from the journal even where the trees are lost.
    let read = |place: &Path| {
        let store = open(place, OpenMode::ReadWrite).unwrap().store;
        let mut all = store.remediations(&RemediationQuery::default()).unwrap();
        all.sort_by_key(|one| one.id);
        all
    };
    let before = read(&place("one"));
    std::fs::remove_dir_all(place("one").join("tree")).unwrap();
    let after: Vec<_> = read(&place("one")).into_iter().map(|one| (one.id, one.version)).collect();
    assert_eq!(after, before.iter().map(|one| (one.id, one.version)).collect::<Vec<_>>());
}

#[test]
fn what_was_asked_for_is_kept_in_a_database_as_in_a_directory() {
    let Some(database) = Database::new() else { return };
    lives_with_its_store(database.open("acme"), database.open("umbrella"));
}
