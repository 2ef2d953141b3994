//! What may not be decided is refused by the service, whoever asks: screens, plain mode, and whatever comes later.

use std::sync::Arc;

use driftguard::drift::*;
use driftguard::service::danger::{Write, danger};
use driftguard::service::{DriftService, Guard, LocalService, Refusal, RequireReason, ServiceError};
use driftguard::store::{Receipt, Store};
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;

use crate::store::{env, finding, ignoring, note, scan, write};

fn rule(environment: Option<Slug>) -> IgnoreRule {
    ignoring(environment, Some("aws_vpc".into()), Some("ignored".into()))
}

fn tomorrow() -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(24)
}

fn never(environment: Option<Slug>) -> NeverHideRule {
    NeverHideRule {
        id: RuleId::generate(),
        rule: "set-order".into(),
        environment,
        resource_type: None,
        resource_id: None,
        path: None,
        owner: "alice".into(),
        created_at: Timestamp::now(),
    }
}

fn asks(drift: DriftId, verb: TriageVerb) -> TriageRequest {
    TriageRequest { verb, reason: Some("because".into()), ..note(drift, "") }
}

fn on_rule(rule: RuleId, verb: RuleVerb) -> RuleRequest {
    RuleRequest { rule, verb, reason: None, actor: "bob".into(), expected: None, once: None }
}

fn on_never(rule: RuleId, verb: NeverHideVerb) -> NeverHideRequest {
    NeverHideRequest { rule, verb, actor: "bob".into(), reason: None, drift: None, expected: None, once: None }
}

fn resolve(resolution_type: ResolutionType) -> TriageVerb {
    TriageVerb::Resolve { resolution_type, until: None }
}

fn paths() -> Vec<PropertyPath> {
    vec!["cidr_block".into()]
}

fn settle() -> TriageVerb {
    TriageVerb::SettleChanges { paths: paths(), resolution_type: ResolutionType::AutoRevert, until: None }
}

/// A request of any kind, so that all of them can stand in one list.
enum Asked {
    Triage(TriageRequest),
    Rule(RuleRequest),
    NeverHide(NeverHideRequest),
    Scan,
}

impl Asked {
    async fn send(&self, service: &LocalService) -> Result<(), ServiceError> {
        let receipt: Result<Receipt, ServiceError> = match self {
            Self::Triage(request) => service.triage(request.clone()).await,
            Self::Rule(request) => service.change_rule(request.clone()).await,
            Self::NeverHide(request) => service.change_never_hide(request.clone()).await,
            Self::Scan => return service.scan(None).await,
        };
        receipt.map(drop)
    }

    fn write(&self) -> Write<'_> {
        match self {
            Self::Triage(request) => Write::Triage(request),
            Self::Rule(request) => Write::Rule(request),
            Self::NeverHide(request) => Write::NeverHide(request),
            Self::Scan => Write::Scan,
        }
    }
}

/// Everything that can be asked for, with whether `protect` holds it back. What is taken back was decided before, unguarded.
async fn everything(store: &Arc<dyn Store>) -> Vec<(&'static str, bool, Asked)> {
    let names = [
        "fresh",
        "ignored",
        "was-open",
        "was-resolved",
        "was-reopened",
        "was-in-part",
        "was-ignored",
        "taken-out",
        "kept",
        "gone",
    ];
    let drifts = scan(store.as_ref(), names.map(finding).into());
    let id = |name: &str| drifts.iter().find(|drift| drift.resource.resource_id.raw() == name).unwrap().id;
    let free = LocalService::start(Arc::clone(store), vec![], Handle::current());
    let did = async |name: &str, verb| free.triage(asks(id(name), verb)).await.unwrap().seq;
    let undo = |name: &str, seq| Asked::Triage(asks(id(name), TriageVerb::Undo { seq }));
    let acknowledged = did("was-open", TriageVerb::Acknowledge).await;
    let resolved = did("was-resolved", resolve(ResolutionType::AutoRevert)).await;
    did("was-reopened", resolve(ResolutionType::Accepted)).await;
    let reopened = did("was-reopened", TriageVerb::Reopen).await;
    did("was-in-part", settle()).await;
    let part = did("was-in-part", TriageVerb::ReopenChanges { paths: paths() }).await;
    let of = |name: &str| IgnoreRule { resource_id: Some(name.into()), ..rule(Some(env())) };
    let ignored = did("was-ignored", TriageVerb::Ignore { rule: of("was-ignored") }).await;
    did("taken-out", TriageVerb::Ignore { rule: of("taken-out") }).await;
    let taken_out = did("taken-out", TriageVerb::Acknowledge).await;
    let (kept, gone) = (of("kept"), of("gone"));
    did("kept", TriageVerb::Ignore { rule: kept.clone() }).await;
    did("gone", TriageVerb::Ignore { rule: gone.clone() }).await;
    let deleted = free.change_rule(on_rule(gone.id, RuleVerb::Delete)).await.unwrap().seq;
    let (shown, put, lost) = (never(Some(env())), never(Some(env())), never(Some(env())));
    let mut puts = vec![];
    for one in [&shown, &put, &lost] {
        let verb = NeverHideVerb::Put { rule: one.clone() };
        puts.push(free.change_never_hide(on_never(one.id, verb)).await.unwrap().seq);
    }
    let lost_again = free.change_never_hide(on_never(lost.id, NeverHideVerb::Delete)).await.unwrap().seq;
    free.shutdown().await;
    let verb = |verb| Asked::Triage(asks(id("fresh"), verb));
    let new = never(Some(env()));
    let narrowed = NeverHideRule { path: Some("tags".into()), ..shown.clone() };
    let wider = IgnoreRule { resource_id: Some("*".into()), ..kept.clone() };
    vec![
        ("acknowledge", false, verb(TriageVerb::Acknowledge)),
        ("snooze", false, verb(TriageVerb::Snooze { until: tomorrow() })),
        ("assign", false, verb(TriageVerb::Assign { to: Some("carol".into()) })),
        ("note", false, verb(TriageVerb::Note { text: "seen".into() })),
        ("split", false, verb(TriageVerb::Split)),
        ("reopen", false, verb(TriageVerb::Reopen)),
        ("reopen changes", false, verb(TriageVerb::ReopenChanges { paths: paths() })),
        ("never hide", false, verb(TriageVerb::NeverHide { rule: never(Some(env())) })),
        ("resolve", true, verb(resolve(ResolutionType::CodifyIac))),
        ("settle changes", true, verb(settle())),
        ("ignore", true, Asked::Triage(asks(id("ignored"), TriageVerb::Ignore { rule: rule(Some(env())) }))),
        ("ignore everywhere", true, Asked::Triage(asks(id("ignored"), TriageVerb::Ignore { rule: rule(None) }))),
        ("undo of acknowledge", false, undo("was-open", acknowledged)),
        ("undo of resolve", false, undo("was-resolved", resolved)),
        ("undo of ignore", false, undo("was-ignored", ignored)),
        ("undo of reopen", true, undo("was-reopened", reopened)),
        ("undo of reopen changes", true, undo("was-in-part", part)),
        ("undo of what took it out of a rule", true, undo("taken-out", taken_out)),
        ("change a rule", true, Asked::Rule(on_rule(kept.id, RuleVerb::Change { to: wider }))),
        ("delete a rule", false, Asked::Rule(on_rule(kept.id, RuleVerb::Delete))),
        ("undo of delete a rule", true, Asked::Rule(on_rule(gone.id, RuleVerb::Undo { seq: deleted }))),
        ("a new never hide", false, Asked::NeverHide(on_never(new.id, NeverHideVerb::Put { rule: new }))),
        ("change never hide", true, Asked::NeverHide(on_never(shown.id, NeverHideVerb::Put { rule: narrowed }))),
        ("delete never hide", true, Asked::NeverHide(on_never(shown.id, NeverHideVerb::Delete))),
        ("undo of never hide", true, Asked::NeverHide(on_never(put.id, NeverHideVerb::Undo { seq: puts[1] }))),
        ("undo of its deletion", false, Asked::NeverHide(on_never(lost.id, NeverHideVerb::Undo { seq: lost_again }))),
        ("scan", false, Asked::Scan),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_can_be_written_obeys_read_only_and_protect() {
    let dir = tempfile::tempdir().unwrap();
    let store = write(&dir.path().join("store")).store;
    let all = everything(&store).await;
    let read_only = Guard { read_only: Some("by --read-only".into()), ..Guard::default() };
    let service = LocalService::start_guarded(Arc::clone(&store), vec![], read_only, Handle::current());
    let before = store.audit(1000).unwrap();
    for (name, _, asked) in &all {
        let refused = asked.send(&service).await.unwrap_err();
        assert!(matches!(refused, ServiceError::Refused(Refusal::ReadOnly(_))), "{name}: {refused:?}");
    }
    assert_eq!(store.audit(1000).unwrap(), before, "nothing was written");
    service.shutdown().await;

    let protect = Guard { protected: [env()].into(), ..Guard::default() };
    let service = LocalService::start_guarded(Arc::clone(&store), vec![], protect, Handle::current());
    let (dangerous, harmless): (Vec<_>, Vec<_>) = all.iter().partition(|(_, is_dangerous, _)| *is_dangerous);
    for (name, _, asked) in dangerous {
        match asked.send(&service).await {
            Err(ServiceError::Refused(Refusal::Protected(slug) | Refusal::ReachesProtected(slug))) => {
                assert_eq!(slug, env());
            }
            other => panic!("{name} in a protected environment: {other:?}, {:?}", danger(asked.write())),
        }
    }
    assert_eq!(store.audit(1000).unwrap(), before, "nothing was written");
    for (name, _, asked) in harmless {
        match asked.send(&service).await {
            Ok(()) => {}
            // It makes no sense on what is open, and is not held back.
            Err(ServiceError::Invalid(_)) if name.starts_with("reopen") => {}
            Err(why) => panic!("{name} in a protected environment: {why:?}"),
        }
    }
    service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_that_the_configuration_requires_is_required_of_everybody() {
    let dir = tempfile::tempdir().unwrap();
    let store = write(&dir.path().join("store")).store;
    let ids: Vec<DriftId> =
        scan(store.as_ref(), ["a", "b", "c"].map(finding).into()).iter().map(|one| one.id).collect();
    let required = RequireReason::parse("accept,snooze,reopen").unwrap();
    let guard = Guard { require_reason: required, ..Guard::default() };
    let service = LocalService::start_guarded(Arc::clone(&store), vec![], guard, Handle::current());
    let bare = |drift, verb| TriageRequest { reason: None, ..asks(drift, verb) };
    let accept = resolve(ResolutionType::Accepted);
    let refused = service.triage(bare(ids[0], accept.clone())).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "accept needs a reason (require_reason in the configuration): say why, and decide again"
    );
    let snooze = TriageVerb::Snooze { until: tomorrow() };
    let spaces = TriageRequest { reason: Some("  ".into()), ..asks(ids[0], snooze) };
    assert!(
        matches!(service.triage(spaces).await, Err(ServiceError::Refused(Refusal::NoReason(what))) if what == "snooze")
    );
    // One of many is refused by itself.
    let many =
        vec![bare(ids[0], resolve(ResolutionType::CodifyIac)), bare(ids[1], accept.clone()), asks(ids[2], accept)];
    let answers = service.triage_many(many).await.unwrap();
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert!(service.triage(bare(ids[2], TriageVerb::Reopen)).await.is_err());
    service.shutdown().await;
}
