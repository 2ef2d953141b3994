//! What names something that is not there is found, and so is what lies where another one belongs.

use super::*;
use crate::store::AnalysisJob;

/// Something of everything that names an environment, a rule or a drift.
fn everything() -> World {
    let w = World::new();
    let id = w.one(&finding("web", &["ingress", "tags.a"])).id;
    w.decide(id, TriageVerb::Ignore { rule: rule(None, Some("tags.*"), None) }).unwrap();
    let never_hidden = NeverHideRule {
        id: RuleId::generate(),
        rule: "set-order".into(),
        environment: Some(env()),
        resource_type: Some("aws_security_group".into()),
        resource_id: None,
        path: None,
        owner: "alice".into(),
        created_at: at(START),
    };
    w.decide(id, TriageVerb::NeverHide { rule: never_hidden }).unwrap();
    w.store.put_context(&mark(&w, vec![env()]), &"alice".into()).unwrap();
    let job = AnalysisJob::new(ulid::Ulid::generate(), id, None, w.store.now());
    w.store.keep_analysis(&job).unwrap();
    let scan = w.store.begin_scan(&env(), w.store.now()).unwrap();
    let seen = Observation {
        resource_type: "t".into(),
        resource_id: "i".into(),
        observed_at: at(START),
        value: Masked::trusted(json!(1)),
        accepted: true,
        followed: false,
    };
    w.store.observe(scan, &env(), vec![seen]).unwrap();
    w.store.finish_scan(scan, ScanSummary::of_nothing(scan, env(), w.store.now())).unwrap();
    w.assert_sound();
    w
}

fn mark(w: &World, environments: Vec<Slug>) -> OperationalContext {
    OperationalContext {
        id: ContextId::generate(),
        context_type: ContextType::Maintenance,
        context_data: ContextData { title: "window".into(), ..ContextData::default() },
        incident_impact: None,
        time_window: TimeWindow { from: w.store.now(), to: None },
        environments,
        source: ContextSource::Person,
    }
}

#[track_caller]
fn finds(w: &World, words: &[&str]) {
    let faults = w.store.verify().unwrap().faults.join("\n");
    for word in words {
        assert!(faults.contains(word), "{word} is not in:\n{faults}");
    }
}

fn first(w: &World, tree: Tree) -> engine::Entry {
    w.store.engine.as_sled().tree(tree).first().unwrap().unwrap()
}

#[test]
fn what_belongs_to_an_environment_that_is_not_there_is_found() {
    let w = everything();
    let (key, value) = first(&w, Tree::Environments);
    w.store.engine.as_sled().tree(Tree::Environments).remove(&key).unwrap();
    let nothing = "prod-eu, which does not exist";
    finds(
        &w,
        &[
            &format!("1 drifts belong to an environment {nothing}"),
            &format!("2 scans belong to an environment {nothing}"),
            &format!("1 observed values belong to an environment {nothing}"),
            &format!("is about an environment {nothing}"),
            "ignore rule",
            "never-hide rule",
            "is about prod-eu: no such environment exists",
        ],
    );
    w.store.engine.as_sled().tree(Tree::Environments).insert(&key, value).unwrap();
    w.assert_sound();
}

#[test]
fn a_drift_hidden_by_no_rule_and_an_analysis_of_no_drift_are_found() {
    let w = everything();
    let (key, value) = first(&w, Tree::Rules);
    w.store.engine.as_sled().tree(Tree::Rules).remove(&key).unwrap();
    finds(&w, &["is hidden by rule", "which does not exist"]);
    w.store.engine.as_sled().tree(Tree::Rules).insert(&key, value).unwrap();
    w.assert_sound();
    let (key, value) = first(&w, Tree::Ids);
    w.store.engine.as_sled().tree(Tree::Ids).remove(&key).unwrap();
    finds(&w, &["analysis", "is of drift"]);
    w.store.engine.as_sled().tree(Tree::Ids).insert(&key, value).unwrap();
    w.assert_sound();
}

#[test]
fn the_same_thing_under_two_keys_is_found() {
    for (tree, words) in [
        (Tree::Environments, "environment prod-eu lies under another one's key"),
        (Tree::Rules, "lies under another one's key"),
        (Tree::NeverHide, "lies under another one's key"),
        (Tree::Scans, "lies under another one's key"),
        (Tree::Events, "lies under another one's key"),
    ] {
        let w = everything();
        let (key, value) = first(&w, tree);
        let mut other = key.to_vec();
        *other.last_mut().unwrap() ^= 1;
        w.store.engine.as_sled().tree(tree).insert(other, value).unwrap();
        finds(&w, &[words]);
    }
}

#[test]
fn forgetting_an_environment_leaves_nothing_that_names_it() {
    let w = everything();
    let lab = Slug::from_text("lab");
    w.store.put_environment(&Environment { slug: lab.clone(), ..home() }).unwrap();
    let both = mark(&w, vec![env(), lab.clone()]);
    w.store.put_context(&both, &"alice".into()).unwrap();
    w.store.forget(&env(), &"alice".into()).unwrap();
    w.assert_sound();
    assert!(w.store.ignore_rules().unwrap().is_empty() && w.store.never_hidden().unwrap().is_empty());
    assert_eq!(w.store.context(both.id).unwrap(), Some(both.clone()), "it is about the other one too");
    w.store.forget(&lab, &"alice".into()).unwrap();
    assert_eq!(w.store.context(both.id).unwrap(), None);
    w.assert_sound();
    let w = w.reopen();
    assert!(w.store.ignore_rules().unwrap().is_empty());
    w.assert_sound();
}
