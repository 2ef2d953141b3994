//! Rules that are there: previewed, changed, deleted, and all of it taken back.

use super::*;

fn ignore(w: &World, on: DriftId, rule: IgnoreRule) -> Receipt {
    w.decide(on, TriageVerb::Ignore { rule }).unwrap()
}

fn change(w: &World, rule: RuleId, verb: RuleVerb) -> Result<Receipt, StoreError> {
    w.store.change_rule(RuleRequest { rule, verb, reason: None, actor: "bob".into(), expected: None, once: None })
}

fn web(n: u32) -> Finding {
    finding(&format!("web-{n}"), &["ingress", "tags.a"])
}

/// Everything a person can see of every drift.
fn sight(w: &World) -> Vec<(DriftId, State, usize, u32)> {
    let all = w.page(DriftFilter::default());
    all.iter().map(|e| (e.id, e.state, e.changes.len(), e.hidden_count)).collect()
}

#[test]
fn a_preview_counts_what_the_rule_would_hide_and_changes_nothing() {
    let w = World::new();
    let critical = {
        let mut one = web(1);
        one.analysis.severity.security = Score::percent(90);
        one
    };
    w.scan(&[critical, web(2), finding("db", &["tags.b"])]);
    let before = sight(&w);
    let of = |id, path| w.store.preview_rule(&rule(id, path, None)).unwrap();
    let whole = of(Some("web-*"), None);
    assert_eq!((whole.drifts, whole.changes, whole.critical), (2, 4, 1));
    assert_eq!(whole.environments, [(env(), 2)].into());
    assert_eq!(whole.first[0].resource_id.raw(), "web-1", "the worst first");
    let part = of(None, Some("tags.*"));
    assert_eq!((part.drifts, part.changes), (3, 3));
    assert_eq!(of(Some("nothing"), None), RuleReach::default());
    assert!(w.store.preview_rule(&rule(None, None, None)).is_err(), "no pattern");
    assert!(w.store.preview_rule(&rule(Some("a["), None, None)).is_err(), "a bad pattern");
    assert_eq!(sight(&w), before);
    // What is hidden already is not hidden again, but for the rule that does it.
    let path_rule = rule(None, Some("tags.*"), None);
    let on = w.open_ids()[0];
    ignore(&w, on, path_rule.clone());
    assert_eq!(of(None, Some("tags.*")).drifts, 0);
    assert_eq!(w.store.preview_rule(&path_rule).unwrap().changes, 3);
}

#[test]
fn a_deleted_rule_gives_back_what_it_hid_as_it_stood_and_undo_hides_it_again() {
    let w = World::new();
    w.scan(&[web(1), web(2)]);
    let [a, b] = w.open_ids().try_into().unwrap();
    w.decide(a, TriageVerb::Acknowledge).unwrap();
    let shown = sight(&w);
    let rule = rule(Some("web-*"), None, None);
    ignore(&w, b, rule.clone());
    w.scan(&[web(1), web(2), web(3)]);
    let hidden = sight(&w);
    assert_eq!(w.open_count(), 0);
    let receipt = change(&w, rule.id, RuleVerb::Delete).unwrap();
    assert_eq!(receipt.drifts.len(), 3);
    assert!(w.store.ignore_rules().unwrap().is_empty());
    assert!(shown.iter().all(|one| sight(&w).contains(one)), "acknowledged before, acknowledged again");
    assert_eq!(w.open_count(), 3, "the one found later is open");
    w.assert_sound();
    let w = w.reopen();
    change(&w, rule.id, RuleVerb::Undo { seq: receipt.seq }).unwrap();
    assert_eq!((sight(&w), w.store.ignore_rules().unwrap()), (hidden, vec![rule.clone()]));
    let entries = w.store.audit(2).unwrap();
    assert_eq!((entries[0].action.as_str(), entries[1].action.as_str()), ("undo", "delete_rule"));
    assert_eq!(entries[1].undone_by, Some(entries[0].seq));
    assert_eq!(entries[1].rule.as_ref().unwrap().before, Some(rule.clone()));
    assert!(change(&w, rule.id, RuleVerb::Undo { seq: receipt.seq }).is_err(), "taken back once");
    w.assert_sound();
    // Decisions of before can be taken back all the way.
    let made = entries[1].rule.as_ref().unwrap().made;
    w.decide(b, TriageVerb::Undo { seq: made }).unwrap();
    w.decide(a, TriageVerb::Undo { seq: made - 1 }).unwrap();
    assert_eq!(w.get(a).state, State::Open);
    w.assert_sound();
}

#[test]
fn a_changed_rule_hides_by_its_new_patterns_and_the_trail_has_old_and_new() {
    let w = World::new();
    w.scan(&[web(1), web(2), finding("db", &["tags.a"])]);
    let narrow = rule(Some("web-1"), None, None);
    let on = w.page(DriftFilter { text: "web-1".into(), ..DriftFilter::default() })[0].id;
    ignore(&w, on, narrow.clone());
    let wide = IgnoreRule { resource_id: None, path: Some("tags.*".into()), reason: "tagger".into(), ..narrow.clone() };
    let receipt = change(&w, narrow.id, RuleVerb::Change { to: wide.clone() }).unwrap();
    assert_eq!(w.store.ignore_rules().unwrap(), std::slice::from_ref(&wide));
    assert_eq!(w.get(on).changes.len(), 1, "shown again, without its tags");
    assert_eq!(w.open_count(), 2, "db has nothing left to show");
    let entry = &w.store.audit(1).unwrap()[0];
    let told = entry.rule.as_deref().unwrap();
    assert_eq!((entry.actor.raw(), &told.before, &told.after), ("bob", &Some(narrow.clone()), &Some(wide.clone())));
    w.assert_sound();
    // Somebody who looked before is told.
    let verb = RuleVerb::Delete;
    let late = RuleRequest {
        rule: wide.id,
        verb,
        reason: None,
        actor: "eve".into(),
        expected: Some(narrow.clone()),
        once: None,
    };
    assert!(matches!(w.store.change_rule(late), Err(StoreError::Invalid(why)) if why.contains("has changed")));
    change(&w, narrow.id, RuleVerb::Undo { seq: receipt.seq }).unwrap();
    assert_eq!((w.store.ignore_rules().unwrap(), w.get(on).state), (vec![narrow], State::Ignored));
    w.assert_sound();
}

#[test]
fn what_happened_to_rules_is_rebuilt_from_the_journal() {
    let w = World::new();
    w.scan(&[web(1), web(2)]);
    let on = w.open_ids()[0];
    let (kept, gone) = (rule(None, Some("tags.*"), None), rule(Some("web-*"), None, None));
    ignore(&w, on, kept.clone());
    ignore(&w, on, gone.clone());
    let changed = IgnoreRule { reason: "another".into(), ..kept.clone() };
    change(&w, kept.id, RuleVerb::Change { to: changed.clone() }).unwrap();
    change(&w, gone.id, RuleVerb::Delete).unwrap();
    let before = sight(&w);
    let World { store, time, dir, .. } = w;
    let mut export = Vec::new();
    store.export(&mut export).unwrap();
    drop(store);
    std::fs::remove_dir_all(dir.path().join("store/tree")).unwrap();
    let (store, notices) = open_at(dir.path(), &time, Probe::default()).unwrap();
    let w = World { store, notices, time, dir };
    assert_eq!(w.store.ignore_rules().unwrap(), std::slice::from_ref(&changed));
    w.scan(&[web(1), web(2)]);
    assert_eq!(sight(&w), before);
    w.assert_sound();
    let other = World::new();
    other.store.import(&mut export.as_slice()).unwrap();
    assert_eq!((other.store.ignore_rules().unwrap(), sight(&other)), (vec![changed], before));
}

#[test]
fn a_rule_that_matches_nothing_any_more_says_since_when() {
    let w = World::new();
    w.store.put_environment(&environment()).unwrap();
    w.scan(&[web(1)]);
    let rule = rule(Some("web-1"), None, None);
    let on = w.open_ids()[0];
    let made = ignore(&w, on, rule.clone());
    let status = || w.store.rule_statuses().unwrap().remove(0);
    assert_eq!((status().hides.drifts, status().hides.changes, status().unused_since), (1, 2, None));
    w.scan(&[web(1)]);
    assert_eq!(status().unused_since, None);
    let (_, summary, closed) = w.scan(&[]);
    assert_eq!(closed.len(), 1);
    assert_eq!((status().hides.drifts, status().unused_since), (0, closed[0].resolved_at));
    w.scan_as(&[], ScanStage::Done, Completeness::Partial { unverified_types: vec![] });
    assert_eq!(status().unused_since, None, "an incomplete scan cannot tell");
    w.scan(&[]);
    assert!(status().unused_since <= Some(summary.started_at), "since it ended, not since now");
    // Changed, it has to be tried anew; its drift may be long gone.
    let to = IgnoreRule { resource_id: Some("web-2".into()), expires_at: Some(w.store.now() + span(60)), ..rule };
    change(&w, to.id, RuleVerb::Change { to: to.clone() }).unwrap();
    assert_eq!(status().unused_since, None);
    w.pass(1);
    w.scan(&[]);
    assert!(status().unused_since.is_some());
    w.pass(100);
    assert_eq!((status().is_expired, status().unused_since), (true, None));
    change(&w, to.id, RuleVerb::Delete).unwrap();
    let gone = w.decide(on, TriageVerb::Undo { seq: made.seq }).unwrap_err();
    assert!(gone.to_string().contains("has been deleted"), "{gone}");
}

#[test]
fn a_page_may_be_what_one_rule_hides() {
    let w = World::new();
    w.scan(&[web(1), web(2), finding("db", &["ingress"])]);
    let path_rule = rule(None, Some("tags.*"), None);
    ignore(&w, w.open_ids()[0], path_rule.clone());
    assert_eq!(w.page(DriftFilter { rule: Some(path_rule.id), ..DriftFilter::default() }).len(), 2);
    assert_eq!(w.page(DriftFilter { rule: Some(RuleId::generate()), ..DriftFilter::default() }).len(), 0);
}

fn span(seconds: i64) -> jiff::SignedDuration {
    jiff::SignedDuration::from_secs(seconds)
}

fn environment() -> Environment {
    Environment {
        organization: Slug::from_text("local"),
        slug: env(),
        name: "prod".into(),
        cloud_provider: CloudProvider::Aws,
        region: Tainted::default(),
        account_id: Tainted::default(),
        tags: Default::default(),
        is_active: true,
        created_at: at(START),
        updated_at: at(START),
    }
}
