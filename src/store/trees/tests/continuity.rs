//! Rules come and go: what was decided stays, and what is hidden can be looked at.

use super::*;

fn hidden(path: &str) -> Hidden {
    let Change { path, declared, actual, .. } = change(path);
    Hidden { path, rule: "set-order".into(), declared, actual }
}

/// A finding that tells `told` and hides `hid`.
fn look(told: &[&str], hid: &[&str]) -> Finding {
    Finding { hidden: hid.iter().map(|path| hidden(path)).collect(), ..finding("web", told) }
}

fn never_hide(path: Option<&str>) -> NeverHideRule {
    NeverHideRule {
        id: RuleId::generate(),
        rule: "set-order".into(),
        environment: Some(env()),
        resource_type: Some("aws_security_group".into()),
        resource_id: None,
        path: path.map(Tainted::from),
        owner: "alice".into(),
        created_at: at(START),
    }
}

impl World {
    fn unhide(&self, rule: RuleId, verb: NeverHideVerb) -> Result<Receipt, StoreError> {
        let request = NeverHideRequest {
            rule,
            verb,
            actor: "alice".into(),
            reason: None,
            drift: None,
            expected: None,
            once: None,
        };
        self.store.change_never_hide(request)
    }

    fn acts(&self, id: DriftId) -> Vec<String> {
        self.store.drift(id).unwrap().history.into_iter().map(|entry| entry.action).collect()
    }
}

#[test]
fn a_decision_stays_when_only_a_rule_came_or_went() {
    let w = World::new();
    let old = w.one(&look(&["ingress"], &["groups"]));
    let acknowledged = w.decide(old.id, TriageVerb::Acknowledge).unwrap().seq;
    w.decide(old.id, TriageVerb::Assign { to: Some("bob".into()) }).unwrap();
    w.decide(old.id, TriageVerb::Note { text: "asked the network team".into() }).unwrap();
    let (recorded, summary, closed) = w.scan(&[look(&["ingress", "groups"], &[])]);
    let Recorded::Continued { event: new, instead_of } = &recorded[0] else { panic!("{recorded:?}") };
    assert_eq!((new.state, new.note_count, new.detected_at), (State::Acknowledged, 1, old.detected_at));
    assert_eq!((new.assignee.as_ref().unwrap().raw(), new.seen_count, new.regressions), ("bob", 2, 0));
    assert_eq!((instead_of.id, instead_of.closure), (old.id, Some(Closure::Continued)));
    assert_eq!((summary.new, closed.len(), w.open_count()), (0, 0, 1), "it is no news");
    assert_eq!(w.acts(new.id), ["continued", "note", "assign", "acknowledge"], "its history is all there");
    let why = w.store.drift(new.id).unwrap().history.remove(0).reason.unwrap();
    assert!(why.raw().contains("only what rules hide has changed; told now: groups"), "{}", why.raw());
    w.assert_sound();
    // The rule is taken back: the same drift as before, not one that has come back.
    let back = w.one(&look(&["ingress"], &["groups"]));
    assert_eq!((back.id, back.state, back.regressions, back.note_count), (old.id, State::Acknowledged, 0, 1));
    assert_eq!(w.acts(back.id), ["continued", "continued", "note", "assign", "acknowledge"]);
    // What was decided before all this can still be taken back, and after a crash it is as it was.
    let w = w.reopen();
    w.decide(new.id, TriageVerb::Undo { seq: acknowledged }).unwrap();
    assert_eq!((w.get(back.id).state, w.get(new.id).state), (State::Open, State::Closed));
    w.assert_sound();
}

#[test]
fn an_exception_goes_on_too_and_an_ignore_rule_hides_what_it_hid() {
    let w = World::new();
    let accepted = w.one(&look(&["ingress"], &["groups"]));
    let verb = TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: None };
    w.decide(accepted.id, verb).unwrap();
    let on = w.one(&look(&["ingress", "groups"], &[]));
    assert_eq!((on.state, on.decision.unwrap().resolution_type), (State::Resolved, Some(ResolutionType::Accepted)));
    w.decide(on.id, TriageVerb::Reopen).unwrap();
    w.decide(on.id, TriageVerb::Ignore { rule: rule(Some("web"), Some("ingress"), None) }).unwrap();
    let shown = w.one(&look(&["ingress"], &["groups"]));
    assert_eq!(shown.state, State::Ignored, "all that is left is what the ignore rule hides");
    w.assert_sound();
}

#[test]
fn a_change_that_was_not_hidden_stands_out() {
    let w = World::new();
    let old = w.one(&look(&["ingress"], &["groups"]));
    w.decide(old.id, TriageVerb::Acknowledge).unwrap();
    let new = w.one(&look(&["ingress", "groups", "egress"], &[]));
    assert_eq!((new.state, w.get(old.id).closure), (State::Open, Some(Closure::Superseded)));
    // The same path, hidden with another value.
    let w = World::new();
    let old = w.one(&look(&["ingress"], &["groups"]));
    w.decide(old.id, TriageVerb::Acknowledge).unwrap();
    let mut moved = look(&["ingress", "groups"], &[]);
    moved.changes[1].actual = Some(Masked::trusted(json!("c")));
    moved.actual_state = Some(Masked::trusted(json!({"id": "web", "name": "c"})));
    assert_eq!(w.one(&moved).state, State::Open);
    w.assert_sound();
}

#[test]
fn what_goes_on_survives_the_loss_of_the_trees() {
    let w = World::new();
    let old = w.one(&look(&["ingress"], &["groups"]));
    w.decide(old.id, TriageVerb::Acknowledge).unwrap();
    let new = w.one(&look(&["ingress", "groups"], &[]));
    let World { store, time, dir, .. } = w;
    drop(store);
    let trees = std::fs::read_dir(dir.path().join("store")).unwrap().map(|entry| entry.unwrap().path());
    let sled = trees.filter(|path| path.is_dir() && path.join("db").exists()).collect::<Vec<_>>();
    assert_eq!(sled.len(), 1, "the trees lie in one directory");
    std::fs::remove_dir_all(&sled[0]).unwrap();
    let (store, notices) = open_at(dir.path(), &time, Probe::default()).unwrap();
    let w = World { store, notices, time, dir };
    let found = w.one(&look(&["ingress", "groups"], &[]));
    assert_eq!((found.id, found.state), (new.id, State::Acknowledged), "{:?}", w.notices);
}

#[test]
fn a_rule_about_what_must_not_be_hidden_is_made_changed_deleted_and_taken_back() {
    let w = World::new();
    let rule = never_hide(Some("groups"));
    let nowhere = w.unhide(rule.id, NeverHideVerb::Put { rule: rule.clone() }).unwrap_err().to_string();
    assert!(nowhere.contains("there is no environment prod-eu"), "{nowhere}");
    w.know_home();
    let made = w.unhide(rule.id, NeverHideVerb::Put { rule: rule.clone() }).unwrap().seq;
    assert_eq!(w.store.never_hidden().unwrap(), std::slice::from_ref(&rule));
    let wider = NeverHideRule { path: None, ..rule.clone() };
    let changed = w.unhide(rule.id, NeverHideVerb::Put { rule: wider.clone() }).unwrap().seq;
    let early = w.unhide(rule.id, NeverHideVerb::Undo { seq: made }).unwrap_err().to_string();
    assert!(early.contains("has changed since decision 1"), "{early}");
    let deleted = w.unhide(rule.id, NeverHideVerb::Delete).unwrap().seq;
    assert_eq!(w.store.never_hidden().unwrap(), []);
    w.unhide(rule.id, NeverHideVerb::Undo { seq: deleted }).unwrap();
    assert_eq!(w.store.never_hidden().unwrap(), [wider]);
    w.unhide(rule.id, NeverHideVerb::Undo { seq: changed }).unwrap();
    let w = w.reopen();
    assert_eq!(w.store.never_hidden().unwrap(), std::slice::from_ref(&rule));
    w.unhide(rule.id, NeverHideVerb::Undo { seq: made }).unwrap();
    assert_eq!(w.store.never_hidden().unwrap(), []);
    let twice = w.unhide(rule.id, NeverHideVerb::Undo { seq: made }).unwrap_err().to_string();
    assert!(twice.contains("taken back already"), "{twice}");
    w.assert_sound();
}

impl World {
    /// A scan that hides so many differences of so many resources in sync.
    fn hides(&self, rows: &[Untold], counted: u64) {
        self.pass(1);
        self.know_home();
        let id = self.store.begin_scan(&env(), self.store.now()).unwrap();
        self.store.keep_untold(id, rows).unwrap();
        let mut summary = ScanSummary::of_nothing(id, env(), self.store.now());
        summary.counts.hidden_changes = counted;
        self.store.finish_scan(id, summary).unwrap();
    }

    fn untold(&self, text: &str, from: usize, limit: usize) -> UntoldPage {
        let request = UntoldRequest { environment: env(), text: text.into(), from, limit };
        self.store.untold(&request).unwrap()
    }
}

fn rows(count: usize) -> Vec<Untold> {
    let row = |n: usize| Untold {
        resource: finding(&format!("web{n}"), &[]).resource,
        drifted: false,
        what: Aside::Hidden(hidden("groups")),
    };
    (0..count).map(row).collect()
}

#[test]
fn what_is_hidden_is_kept_by_environment_read_by_windows_and_searched() {
    let w = World::new();
    assert_eq!(w.untold("", 0, 10), UntoldPage::default());
    w.hides(&rows(30), 40);
    let page = w.untold("", 25, 10);
    assert_eq!((page.rows.len(), page.matching, page.kept, page.counted), (5, 30, 30, 40));
    assert_eq!(page.rows[0].resource.resource_id.raw(), "web25");
    let found = w.untold("WEB12 set-order", 0, 10);
    assert_eq!((found.rows.len(), found.matching, found.kept), (1, 1, 30));
    let mine = never_hide(Some("gr*"));
    let reach = w.store.preview_never_hide(&mine).unwrap();
    assert_eq!((reach.changes, reach.resources, reach.drifts, reach.at_least), (30, 30, 0, true));
    assert_eq!(reach.first.len(), NeverHideReach::NAMED);
    let w = w.reopen();
    w.hides(&rows(2), 2);
    assert_eq!((w.untold("", 0, 10).rows.len(), w.untold("", 0, 10).counted), (2, 2), "the next scan replaces it");
    assert!(!w.store.preview_never_hide(&mine).unwrap().at_least);
    w.assert_sound();
}
