//! Ignore rules, from the first look to the last.

use driftguard::drift::{IgnoreRule, RuleRequest, RuleVerb, TriageVerb};
use driftguard::service::{ServiceError, ServiceEvent};

use super::{Bench, decide, hears, open_drifts};

pub(super) async fn rules_are_previewed_listed_changed_and_deleted(bench: &dyn Bench) {
    let service = bench.service();
    let drift = open_drifts(service.as_ref()).await.remove(0);
    let kind = drift.resource.resource_type.clone();
    let rule = crate::store::ignoring(Some(bench.environment()), Some(kind), None);
    let open = open_drifts(service.as_ref()).await.len() as u64;
    let reach = service.preview_rule(rule.clone()).await.unwrap();
    assert_eq!((reach.drifts, reach.environments), (open, [(bench.environment(), open)].into()));
    assert_eq!(open_drifts(service.as_ref()).await.len() as u64, open, "a preview hides nothing");
    decide(service.as_ref(), drift.id, TriageVerb::Ignore { rule: rule.clone() }).await;
    let listed = service.rules().await.unwrap();
    assert_eq!((listed.len(), &listed[0].rule, listed[0].hides.drifts), (1, &rule, open));
    let change =
        |verb| RuleRequest { rule: rule.id, verb, reason: None, actor: "bob".into(), expected: None, once: None };
    let to = IgnoreRule { reason: "asked kim".into(), ..rule.clone() };
    service.change_rule(change(RuleVerb::Change { to: to.clone() })).await.unwrap();
    assert_eq!(service.ignore_rules().await.unwrap(), [to]);
    let mut events = service.subscribe();
    let gone = service.change_rule(change(RuleVerb::Delete)).await.unwrap();
    hears(&mut events, |event| matches!(event, ServiceEvent::Updated(_))).await;
    assert_eq!((gone.drifts.len() as u64, service.rules().await.unwrap().len()), (open, 0));
    let audit = service.audit(1).await.unwrap().remove(0);
    assert_eq!((audit.seq, audit.actor.raw(), audit.rule.is_some()), (gone.seq, bench.signed("bob"), true));
    service.change_rule(change(RuleVerb::Undo { seq: gone.seq })).await.unwrap();
    assert_eq!(service.rules().await.unwrap()[0].hides.drifts, open, "it came back with what it hid");
    service.change_rule(change(RuleVerb::Delete)).await.unwrap();
    let error = service.change_rule(change(RuleVerb::Delete)).await.unwrap_err();
    assert!(matches!(error, ServiceError::NotFound(_)), "{error:?}");
}
