//! An export brought back to an earlier time is what was seen at that time.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3600;
const RESOURCES: [&str; 3] = ["web", "db", "cache"];
const PATHS: [&str; 3] = ["ingress", "tags.a", "tags.b"];

/// One drift as people see it, without what no trail tells: values, analyses, sightings.
#[derive(Clone, PartialEq, Debug)]
struct Shown {
    state: State,
    decision: Option<Decision>,
    assignee: Option<Tainted>,
    notes: u32,
    regressions: u32,
    detected_at: Timestamp,
    resolved_at: Option<Timestamp>,
    closure: Option<Closure>,
    superseded_by: Option<DriftId>,
    settled: Vec<SettledChange>,
    links: Vec<Link>,
    judged_cause: Option<Cause>,
    is_split: bool,
    history: Vec<AuditEntry>,
    /// How many changes are told, how many hidden, of those that are not over.
    changes: Option<(usize, u32)>,
}

/// Everything that is to come back.
#[derive(Clone, PartialEq, Debug)]
struct Then {
    drifts: BTreeMap<DriftId, Shown>,
    open: OpenCounts,
    environments: Vec<Environment>,
    rules: Vec<IgnoreRule>,
    never_hidden: Vec<NeverHideRule>,
    marks: Vec<OperationalContext>,
    trail: Vec<AuditEntry>,
    observed: Vec<Vec<Observation>>,
    last_scan: Option<ScanSummary>,
}

fn shown(w: &World, event: &DriftEvent) -> Shown {
    let now = w.store.now();
    let detail = w.store.drift(event.id).unwrap();
    let state = event.state_at(now);
    let is_over = state != event.state;
    let waits = !matches!(state, State::Closed | State::Resolved);
    Shown {
        state,
        decision: event.decision.clone().filter(|_| !is_over),
        assignee: event.assignee.clone(),
        notes: event.note_count,
        regressions: event.regressions,
        detected_at: event.detected_at,
        resolved_at: event.resolved_at.filter(|_| !is_over),
        closure: event.closure,
        superseded_by: event.superseded_by,
        settled: event.settled.iter().filter(|one| !one.is_over(now)).cloned().collect(),
        links: detail.links,
        judged_cause: event.judged_cause,
        is_split: event.is_split,
        history: detail.history,
        changes: waits.then_some((event.changes.len(), event.hidden_count)),
    }
}

fn look(w: &World) -> Then {
    let everything = ContextRequest { from: at(0), until: at(START * 2), environments: vec![], limit: 500 };
    let seen = |id: &&str| w.store.observations(&env(), "aws_security_group", id, 100).unwrap();
    Then {
        drifts: w.page(DriftFilter::default()).iter().map(|event| (event.id, shown(w, event))).collect(),
        open: w.store.open_counts(&env()).unwrap(),
        environments: w.store.environments().unwrap(),
        rules: w.store.ignore_rules().unwrap(),
        never_hidden: w.store.never_hidden().unwrap(),
        marks: w.store.contexts(&everything).unwrap(),
        trail: w.store.audit(1000).unwrap(),
        observed: RESOURCES.iter().map(seen).collect(),
        last_scan: w.store.last_scan(&env()).unwrap(),
    }
}

fn exported(w: &World) -> Vec<u8> {
    let mut export = Vec::new();
    w.store.export(&mut export).unwrap();
    export
}

/// A new store of the export, at a time, with its clock there.
fn restored(export: &[u8], until: Timestamp) -> (World, Restored) {
    let w = World::new();
    w.time.store(until.as_microsecond(), Ordering::SeqCst);
    let report = w.store.import_until(&mut &export[..], until).unwrap();
    (w, report)
}

fn mark(w: &World, title: &str) -> OperationalContext {
    OperationalContext {
        id: ContextId::generate(),
        context_type: ContextType::Maintenance,
        context_data: ContextData { title: title.into(), ..ContextData::default() },
        incident_impact: None,
        time_window: TimeWindow { from: w.store.now(), to: None },
        environments: vec![env()],
        source: ContextSource::Person,
    }
}

#[derive(Clone, Debug)]
enum Act {
    /// Paths of each resource that differ, whether with another value, and whether all is well is observed.
    Scan([Vec<usize>; 3], bool),
    /// The state names the first of these resources as the second one; paths of it that differ.
    Move(usize, usize, Vec<usize>),
    /// On the drift of this number, newest first.
    Decide(usize, TriageVerb),
    Settle(usize, Vec<usize>),
    Snooze(usize, i64),
    Except(usize, i64),
    Ignore(usize, bool, Option<i64>),
    ChangeRule(usize),
    DeleteRule(usize),
    NeverHide,
    Link(usize, usize),
    Undo(u64),
    Mark,
    EndMark,
    Environment(String),
    Pass(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let paths = || proptest::sample::subsequence(vec![0, 1, 2], 0..=3);
    let resolve = |resolution_type| TriageVerb::Resolve { resolution_type, until: None };
    let verb = proptest::sample::select(vec![
        TriageVerb::Acknowledge,
        TriageVerb::Reopen,
        TriageVerb::Assign { to: Some("bob".into()) },
        TriageVerb::Assign { to: None },
        TriageVerb::Note { text: "seen".into() },
        TriageVerb::JudgeCause { cause: Cause::EmergencyFix, features: None },
        TriageVerb::Split,
        TriageVerb::Rejoin,
        resolve(ResolutionType::AutoRevert),
        resolve(ResolutionType::Accepted),
    ]);
    prop_oneof![
        6 => ([paths(), paths(), paths()], any::<bool>()).prop_map(|(paths, other)| Act::Scan(paths, other)),
        3 => (0..3usize, 0..3usize, paths()).prop_map(|(from, to, paths)| Act::Move(from, to, paths)),
        5 => (0..4usize, verb).prop_map(|(which, verb)| Act::Decide(which, verb)),
        2 => (0..4usize, paths()).prop_map(|(which, paths)| Act::Settle(which, paths)),
        1 => (0..4usize, 1..4 * HOUR).prop_map(|(which, end)| Act::Snooze(which, end)),
        1 => (0..4usize, 1..4 * HOUR).prop_map(|(which, end)| Act::Except(which, end)),
        2 => (0..4usize, any::<bool>(), proptest::option::of(1..4 * HOUR)).prop_map(|(n, p, end)| Act::Ignore(n, p, end)),
        1 => (0..3usize).prop_map(Act::ChangeRule),
        1 => (0..3usize).prop_map(Act::DeleteRule),
        1 => Just(Act::NeverHide),
        1 => (0..4usize, 0..4usize).prop_map(|(a, b)| Act::Link(a, b)),
        2 => (1..20u64).prop_map(Act::Undo),
        1 => Just(Act::Mark),
        1 => Just(Act::EndMark),
        1 => "[a-c]".prop_map(Act::Environment),
        1 => (1..2 * HOUR).prop_map(Act::Pass),
    ]
}

fn found(which: usize, paths: &[usize], other: bool) -> Option<Finding> {
    let names: Vec<&str> = paths.iter().map(|path| PATHS[*path]).collect();
    let mut found = finding(RESOURCES[which], &names);
    if let Some(change) = found.changes.first_mut().filter(|_| other) {
        change.actual = Some(Masked::trusted(json!("other")));
    }
    (!paths.is_empty()).then_some(found)
}

/// A scan that remembers what it saw.
fn scan(w: &World, paths: &[Vec<usize>; 3], other: bool) {
    w.pass(1);
    let now = w.store.now();
    let id = w.store.begin_scan(&env(), now).unwrap();
    let findings = paths.iter().enumerate().filter_map(|(which, paths)| found(which, paths, other)).collect();
    w.store.record(id, findings).unwrap();
    let seen = paths.iter().enumerate().map(|(which, paths)| Observation {
        resource_type: "aws_security_group".into(),
        resource_id: RESOURCES[which].into(),
        observed_at: now,
        value: Masked::trusted(json!({"paths": paths, "other": other})),
        accepted: paths.is_empty(),
        followed: false,
    });
    w.store.observe(id, &env(), seen.collect()).unwrap();
    w.store.finish_scan(id, ScanSummary::of_nothing(id, env(), now)).unwrap();
}

/// A scan that sees nothing but a resource at another address.
fn move_to(w: &World, (from, to): (usize, usize), paths: &[usize]) {
    w.pass(1);
    let id = w.store.begin_scan(&env(), w.store.now()).unwrap();
    let mut findings: Vec<Finding> = found(to, paths, false).into_iter().collect();
    findings.iter_mut().for_each(|one| one.resource.previous_address = Some(RESOURCES[from].into()));
    w.store.record(id, findings).unwrap();
    w.store.finish_scan(id, ScanSummary::of_nothing(id, env(), w.store.now())).unwrap();
}

/// Refusals are part of it: they must change nothing.
fn carry_out(w: &World, act: Act) {
    let ids: Vec<DriftId> = w.page(DriftFilter::default()).iter().map(|event| event.id).collect();
    let decide = |which: usize, verb| drop(ids.get(which).map(|id| w.decide(*id, verb)));
    let after = |seconds| w.store.now() + jiff::SignedDuration::from_secs(seconds);
    let rules = w.store.ignore_rules().unwrap();
    let on_rule = |which: usize, verb: fn(&IgnoreRule) -> RuleVerb| {
        let request = rules.get(which).map(|rule| RuleRequest {
            rule: rule.id,
            verb: verb(rule),
            reason: None,
            actor: "bob".into(),
            expected: None,
            once: None,
        });
        drop(request.map(|request| w.store.change_rule(request)));
    };
    match act {
        Act::Scan(paths, other) => scan(w, &paths, other),
        Act::Move(from, to, _) if from == to => {}
        Act::Move(from, to, paths) => move_to(w, (from, to), &paths),
        Act::Decide(which, verb) => decide(which, verb),
        Act::Settle(which, paths) => {
            let paths = paths.iter().map(|path| PATHS[*path].into()).collect();
            decide(which, TriageVerb::SettleChanges { paths, resolution_type: ResolutionType::Accepted, until: None });
        }
        Act::Snooze(which, end) => decide(which, TriageVerb::Snooze { until: after(end) }),
        Act::Except(which, end) => {
            let resolution_type = ResolutionType::Accepted;
            decide(which, TriageVerb::Resolve { resolution_type, until: Some(after(end)) });
        }
        Act::Ignore(which, by_path, end) => {
            let (id, path) = if by_path { (None, Some("tags.*")) } else { (Some("*b*"), None) };
            decide(which, TriageVerb::Ignore { rule: rule(id, path, end.map(after)) });
        }
        Act::ChangeRule(which) => on_rule(which, |rule| RuleVerb::Change {
            to: IgnoreRule { path: Some("tags.a".into()), resource_id: None, ..rule.clone() },
        }),
        Act::DeleteRule(which) => on_rule(which, |_| RuleVerb::Delete),
        Act::NeverHide => {
            let rule = NeverHideRule {
                id: RuleId::generate(),
                rule: "set-order".into(),
                environment: Some(env()),
                resource_type: Some("aws_security_group".into()),
                resource_id: None,
                path: None,
                owner: "alice".into(),
                created_at: at(START),
            };
            decide(0, TriageVerb::NeverHide { rule });
        }
        Act::Link(a, b) => {
            if let Some(to) = ids.get(b) {
                decide(a, TriageVerb::Link { to: *to, note: None });
            }
        }
        Act::Undo(seq) => {
            let about = w.store.audit_entry(seq).unwrap().and_then(|entry| entry.drift);
            drop(about.map(|id| w.decide(id, TriageVerb::Undo { seq })));
        }
        Act::Mark => w.store.put_context(&mark(w, "window"), &"alice".into()).unwrap(),
        Act::EndMark => {
            let all = ContextRequest { from: at(0), until: at(START * 2), environments: vec![], limit: 500 };
            if let Some(one) = w.store.contexts(&all).unwrap().last() {
                drop(w.store.end_context(one.id, w.store.now(), &"bob".into()));
            }
        }
        Act::Environment(name) => {
            w.store.put_environment(&Environment { name: name.as_str().into(), ..home() }).unwrap();
        }
        Act::Pass(seconds) => w.pass(seconds),
    }
}

/// What was seen after each act comes back; `only` after some of them.
fn check(acts: Vec<Act>, only: Option<&[prop::sample::Index]>) -> Result<(), TestCaseError> {
    let w = World::new();
    w.store.put_environment(&home()).unwrap();
    scan(&w, &[vec![0, 1], vec![2], vec![0, 1, 2]], false);
    let mut moments = Vec::new();
    for act in acts {
        carry_out(&w, act);
        w.pass(1);
        moments.push((w.store.now(), look(&w)));
        w.pass(1);
    }
    let export = exported(&w);
    let picked = |picks: &[prop::sample::Index]| picks.iter().map(|pick| pick.get(&moments).clone()).collect();
    let picked: Vec<(Timestamp, Then)> = only.map_or_else(|| moments.clone(), picked);
    for (until, then) in picked {
        let (back, _) = restored(&export, until);
        let now = look(&back);
        prop_assert_eq!(&now.trail, &then.trail);
        for (id, one) in &then.drifts {
            prop_assert_eq!(now.drifts.get(id), Some(one));
        }
        prop_assert_eq!(&now, &then);
        prop_assert_eq!(back.store.verify().unwrap().faults, Vec::<String>::new());
        prop_assert_eq!(back.store.verify_audit().unwrap(), then.trail.len() as u64);
    }
    Ok(())
}

/// Each came back otherwise once: a rule that ran out or was changed, one that came after another had hidden everything, one that came
/// while the drift was settled as a whole, or change by change.
#[test]
fn what_rules_hid_is_hidden_again() {
    let nothing = || Act::Scan([vec![], vec![], vec![]], false);
    let back = ResolutionType::AutoRevert;
    let cases = [
        vec![
            Act::Ignore(1, false, Some(8)),
            Act::Decide(0, TriageVerb::Acknowledge),
            Act::Scan([vec![], vec![], vec![1]], false),
            Act::ChangeRule(0),
        ],
        vec![
            Act::Ignore(0, true, None),
            Act::Scan([vec![2], vec![], vec![0, 1, 2]], false),
            Act::Ignore(0, false, None),
            nothing(),
        ],
        vec![
            Act::Decide(1, TriageVerb::Resolve { resolution_type: back, until: None }),
            Act::Ignore(0, true, None),
            Act::Decide(1, TriageVerb::Acknowledge),
            nothing(),
        ],
        vec![Act::Settle(1, vec![2]), Act::Ignore(0, true, None), Act::DeleteRule(1), Act::Settle(0, vec![])],
    ];
    for acts in cases {
        check(acts, None).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happened_an_export_goes_back_to_what_was_seen_at_the_time(
        acts in proptest::collection::vec(act(), 4..24),
        picks in proptest::collection::vec(any::<proptest::sample::Index>(), 2),
    ) {
        check(acts, Some(&picks))?;
    }
}

#[test]
fn what_cannot_be_known_of_the_time_is_said() {
    let w = World::new();
    w.store.put_environment(&home()).unwrap();
    let id = w.one(&finding("web", &["ingress"])).id;
    w.decide(id, TriageVerb::Assign { to: Some("bob".into()) }).unwrap();
    w.pass(1);
    let then = w.store.now();
    // It heals, is thrown away for its age, and another one comes.
    w.scan(&[]);
    w.pass(100 * 24 * HOUR);
    assert_eq!(w.store.prune().unwrap().drifts, 1);
    w.one(&finding("db", &["ingress"]));
    let export = exported(&w);
    let (back, report) = restored(&export, then);
    assert!(back.page(DriftFilter::default()).is_empty());
    let said = report.unknown.join("\n");
    assert!(said.contains("1 drifts of that time are no longer in the export"), "{said}");
    assert!(said.contains("1 of them were not over"), "{said}");
    assert!(said.contains("observed then may have been thrown away"), "{said}");
    // Its assignee waits for it.
    let seen = back.one(&finding("web", &["ingress"]));
    assert_eq!((seen.id, seen.assignee), (id, Some("bob".into())));
    back.assert_sound();

    let error = World::new().store.import_until(&mut &export[..], at(START - 1)).unwrap_err().to_string();
    assert!(error.contains("nothing from"), "{error}");
    let (_, late) = restored(&export, w.store.now() + jiff::SignedDuration::from_hours(1));
    assert!(late.unknown[0].contains("the last entry of the export"), "{:?}", late.unknown);
}

#[test]
fn an_environment_that_was_forgotten_before_stays_forgotten_and_one_after_is_back() {
    let w = World::new();
    w.store.put_environment(&home()).unwrap();
    let id = w.one(&finding("web", &["ingress"])).id;
    w.decide(id, TriageVerb::Acknowledge).unwrap();
    w.pass(1);
    let before = w.store.now();
    w.pass(1);
    w.store.forget(&env(), &"alice".into()).unwrap();
    w.pass(1);
    let after = w.store.now();
    w.pass(1);
    w.decide(w.one(&finding("db", &["tags.a"])).id, TriageVerb::Acknowledge).unwrap();
    let export = exported(&w);
    let (back, _) = restored(&export, before);
    assert_eq!(back.store.environments().unwrap(), [home()]);
    assert_eq!(back.one(&finding("web", &["ingress"])).state, State::Acknowledged, "it waited to be seen again");
    let (gone, report) = restored(&export, after);
    assert_eq!((gone.store.environments().unwrap(), gone.page(DriftFilter::default())), (vec![], vec![]));
    assert_eq!(gone.one(&finding("web", &["ingress"])).state, State::Open, "{:?}", report.unknown);
    gone.assert_sound();
}
