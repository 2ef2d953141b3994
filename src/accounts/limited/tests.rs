//! Whatever the grants, nothing that is not granted is in any answer.
//!
//! Every drift of the world below has a word of its own in its address, its values, its rules and what was said about it. So it is
//! enough to look for the words of what is not granted in all that is answered.

mod acts;

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::Serialize;
use serde_json::json;
use tokio::runtime::Runtime;

use super::*;
use crate::accounts::{Access, Action, Pattern, Place, Rights, may};
use crate::drift::query::Group;
use crate::drift::*;
use crate::safety::Masked;
use crate::service::LocalService;
use crate::store::{self, Direction, OpenMode, Store};

const ENVIRONMENTS: [(&str, CloudProvider); 4] = [
    ("prod-eu", CloudProvider::Aws),
    ("prod-us", CloudProvider::Azure),
    ("dev", CloudProvider::Aws),
    ("lab", CloudProvider::Host),
];
const TYPES: [&str; 4] = ["aws_iam_role", "aws_iam_user", "aws_vpc", "file"];

struct World {
    store: Arc<dyn Store>,
    service: Arc<LocalService>,
    drifts: Vec<DriftEvent>,
    contexts: Vec<OperationalContext>,
    _dir: tempfile::TempDir,
}

fn word(environment: &str, kind: &str) -> String {
    format!("word-of-{environment}-{kind}").replace('_', "-")
}

fn environment(slug: &str, provider: CloudProvider) -> Environment {
    Environment {
        organization: Slug::from_text("acme"),
        slug: Slug::from_text(slug),
        name: slug.into(),
        cloud_provider: provider,
        region: Tainted::default(),
        account_id: Tainted::default(),
        tags: Default::default(),
        is_active: true,
        created_at: Timestamp::now(),
        updated_at: Timestamp::now(),
    }
}

fn resource(environment: &str, kind: &str) -> ResourceRef {
    ResourceRef {
        resource_type: kind.into(),
        resource_id: format!("{kind}.{}", word(environment, kind)).into(),
        previous_address: None,
        provider_id: None,
        declared_in: None,
    }
}

fn finding(environment: &str, kind: &str) -> Finding {
    let cause = CauseAnalysis {
        cause_category: Cause::Unknown,
        confidence_score: Score::ZERO,
        contributing_factors: Vec::new(),
        ..CauseAnalysis::default()
    };
    let value = |text: &str| Some(Masked::trusted(json!(format!("{text} {}", word(environment, kind)))));
    let change = |path: &str| Change {
        path: path.into(),
        change_type: ChangeType::Modified,
        declared: value("was"),
        actual: value("is"),
        is_security_critical: false,
        remembered_at: None,
    };
    Finding {
        environment: Slug::from_text(environment),
        resource: resource(environment, kind),
        drift_type: DriftType::Modified,
        changes: vec![change("name"), change("size")],
        hidden: vec![],
        unverified: vec![],
        declared_state: value("was"),
        actual_state: value("is"),
        analysis: Analysis {
            cause,
            severity: Severity::default(),
            reasons: vec![],
            direction: Default::default(),
            disruption: None,
            changed_by: vec![],
            analyzed_at: Timestamp::now(),
            took_micros: None,
        },
        recommendations: vec![],
        dependants: 0,
        tags: vec![],
    }
}

fn rule(environment: &str, kind: &str) -> IgnoreRule {
    let resource = resource(environment, kind);
    IgnoreRule {
        id: RuleId::generate(),
        environment: Some(Slug::from_text(environment)),
        resource_type: Some(resource.resource_type),
        resource_id: Some(resource.resource_id),
        path: Some("size".into()),
        value: None,
        actor: None,
        reason: word(environment, kind).into(),
        owner: "alice".into(),
        created_at: Timestamp::now(),
        expires_at: None,
    }
}

impl World {
    fn new(runtime: &Runtime) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = store::open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
        let mut contexts = vec![];
        for (slug, provider) in ENVIRONMENTS {
            store.put_environment(&environment(slug, provider)).unwrap();
            let at = Slug::from_text(slug);
            let scan = store.begin_scan(&at, Timestamp::now()).unwrap();
            store.record(scan, TYPES.iter().map(|kind| finding(slug, kind)).collect()).unwrap();
            let untold = TYPES.iter().map(|kind| Untold {
                resource: resource(slug, kind),
                drifted: false,
                what: Aside::Unverified(Unverified {
                    path: None,
                    reason: UnverifiedReason::NotObservable,
                    detail: word(slug, kind).into(),
                }),
            });
            store.keep_untold(scan, &untold.collect::<Vec<_>>()).unwrap();
            let mut summary = ScanSummary::of_nothing(scan, at.clone(), Timestamp::now());
            summary.counts.resources = 4_711;
            summary.unverified = TYPES
                .iter()
                .map(|kind| {
                    let why = Unverified { path: None, reason: UnverifiedReason::Denied, detail: Tainted::default() };
                    (resource(slug, kind), why)
                })
                .collect();
            store.finish_scan(scan, summary).unwrap();
            let context = OperationalContext {
                id: ContextId::generate(),
                context_type: ContextType::Incident,
                context_data: ContextData { title: format!("title-in-{slug}").into(), ..ContextData::default() },
                incident_impact: None,
                // Before its drifts were seen: it joins them all to one incident.
                time_window: TimeWindow { from: Timestamp::now() - SignedDuration::from_mins(10), to: None },
                environments: vec![at],
                source: ContextSource::Person,
            };
            store.put_context(&context, &format!("marker-in-{slug}").as_str().into()).unwrap();
            contexts.push(context);
        }
        let drifts = page(&*store);
        for (n, event) in drifts.iter().enumerate() {
            let (slug, kind) = (event.environment.as_str(), event.resource.resource_type.raw());
            let text = word(slug, kind);
            let mut verbs = vec![TriageVerb::Note { text: text.as_str().into() }];
            match n % 3 {
                0 => verbs.push(TriageVerb::Ignore { rule: rule(slug, kind) }),
                1 => verbs.push(TriageVerb::Assign { to: Some(text.as_str().into()) }),
                _ => verbs.push(TriageVerb::Acknowledge),
            }
            for verb in verbs {
                let (reason, actor) = (Some(text.as_str().into()), format!("actor-{text}").as_str().into());
                store
                    .decide(TriageRequest { drift: event.id, verb, reason, actor, expected_version: None, once: None })
                    .unwrap();
            }
        }
        let service = LocalService::start(Arc::clone(&store), vec![], runtime.handle().clone());
        Self { drifts: page(&*store), store, service, contexts, _dir: dir }
    }
}

fn page(store: &dyn Store) -> Vec<DriftEvent> {
    store.page(&everything()).unwrap().data
}

fn everything() -> PageRequest {
    PageRequest { filter: DriftFilter::default(), cursor: None, direction: Direction::Older, limit: 500 }
}

/// What is not in any answer, unless it is granted.
fn secrets(rights: Rights<'_>) -> Vec<String> {
    let mut secrets = vec![];
    for (slug, provider) in ENVIRONMENTS {
        let environment = Slug::from_text(slug);
        let place = Place { environment: &environment, provider };
        let read = |kind| may(rights, Action::Read, place, kind).is_ok();
        if !read(None) {
            secrets.extend([format!("title-in-{slug}"), format!("\"{slug}\""), format!("marker-in-{slug}")]);
        }
        secrets.extend(TYPES.into_iter().filter(|kind| !read(Some(*kind))).map(|kind| word(slug, kind)));
    }
    secrets
}

#[derive(Default)]
struct Heard(String);

impl Heard {
    fn hear<T: Serialize>(&mut self, answer: Result<T, ServiceError>) {
        match answer {
            Ok(answer) => self.0.push_str(&serde_json::to_string(&answer).unwrap()),
            Err(error) => self.0.push_str(&error.to_string()),
        }
        self.0.push('\n');
    }
}

/// Asks for everything that can be asked for, with the ids of everything there is.
async fn ask_all(world: &World, limited: &Limited) -> String {
    let mut heard = Heard::default();
    heard.hear(limited.environments().await);
    for limit in [1, 3, 500] {
        for direction in [Direction::Older, Direction::Newer] {
            heard.hear(limited.drifts(PageRequest { limit, direction, ..everything() }).await);
        }
    }
    for by in [Group::Resource, Group::Actor, Group::Change, Group::Module, Group::Incident] {
        heard.hear(limited.groups(DriftFilter::default(), by, 100).await);
    }
    heard.hear(limited.matching(DriftFilter::default(), 100).await);
    heard.hear(limited.stats(vec![], 30).await);
    heard.hear(limited.people().await);
    heard.hear(limited.ignore_rules().await);
    heard.hear(limited.rules().await);
    heard.hear(limited.never_hidden().await);
    heard.hear(limited.audit(100).await);
    let hour = SignedDuration::from_hours(1);
    let (from, until) = (Timestamp::now() - hour, Timestamp::now() + hour);
    heard.hear(limited.contexts(ContextRequest { from, until, environments: vec![], limit: 100 }).await);
    heard.hear(limited.incident(IncidentRequest { from, until, environments: vec![], limit: 100, parts: 4 }).await);
    for event in &world.drifts {
        heard.hear(limited.drift(event.id).await);
        heard.hear(limited.observations(event.id, 10).await);
        heard.hear(limited.relations(event.id).await);
    }
    for (slug, _) in ENVIRONMENTS {
        let environment = Slug::from_text(slug);
        let asked = UntoldRequest { environment, text: String::new(), from: 0, limit: 100 };
        let untold = limited.untold(asked).await;
        heard.hear(untold);
    }
    heard.0
}

fn grants() -> impl Strategy<Value = Vec<Grant>> {
    let environments = prop::sample::select(vec!["*", "prod-*", "dev", "lab", "prod-us", "nowhere"]);
    let types = prop::sample::select(vec!["*", "aws_*", "aws_iam_*", "aws_vpc", "file", "nothing"]);
    let provider = prop::sample::select(vec![None, None, Some(CloudProvider::Aws), Some(CloudProvider::Azure)]);
    let access = prop::sample::select(vec![Access::Read, Access::Act]);
    let one = (environments, types, provider, access).prop_map(|(environments, types, provider, access)| Grant {
        environments: Pattern::new(environments).unwrap(),
        resource_types: Pattern::new(types).unwrap(),
        provider,
        access,
        endpoints: vec![],
    });
    prop::collection::vec(one, 1..4)
}

fn limited(world: &World, grants: &[Grant]) -> (Limited, Arc<Mutex<Vec<String>>>) {
    let refusals = Arc::new(Mutex::new(vec![]));
    let kept = Arc::clone(&refusals);
    let record: Record = Arc::new(move |why| {
        kept.lock().unwrap().push(why);
        Box::pin(std::future::ready(()))
    });
    let service = Arc::clone(&world.service) as Arc<dyn DriftService>;
    (Limited::new(service, Role::Editor, grants.to_vec(), record), refusals)
}

fn decision(event: &DriftEvent, verb: TriageVerb) -> TriageRequest {
    TriageRequest {
        drift: event.id,
        verb,
        reason: Some("x".into()),
        actor: "erin".into(),
        expected_version: None,
        once: None,
    }
}

/// Each drift is decided about just where its grants let it.
async fn decide_all(world: &World, limited: &Limited, rights: Rights<'_>) {
    for event in &world.drifts {
        let provider = ENVIRONMENTS.iter().find(|(slug, _)| *slug == event.environment.as_str()).unwrap().1;
        let place = Place { environment: &event.environment, provider };
        let kind = Some(event.resource.resource_type.raw());
        let [reads, acts] = [Action::Read, Action::Act].map(|action| may(rights, action, place, kind).is_ok());
        let answer = limited.triage(decision(event, TriageVerb::Assign { to: None })).await;
        match (reads, acts) {
            (false, _) => assert!(matches!(answer, Err(ServiceError::NotFound(_))), "{answer:?}"),
            (true, false) => assert!(matches!(answer, Err(ServiceError::Denied(_))), "{answer:?}"),
            (true, true) => assert_eq!(answer.unwrap().drifts.len(), 1),
        }
        // A rule that reaches further than the grants is refused with the drift in hand.
        let wide = IgnoreRule { environment: None, resource_id: None, ..rule(event.environment.as_str(), "*") };
        let everywhere = rights.grants.iter().any(|grant| grant.access == Access::Act && is_all(grant));
        if !everywhere {
            let answer = limited.triage(decision(event, TriageVerb::Ignore { rule: wide })).await;
            assert!(matches!(answer, Err(ServiceError::NotFound(_) | ServiceError::Denied(_))), "{answer:?}");
        }
    }
}

fn is_all(grant: &Grant) -> bool {
    let all = |pattern: &Pattern| String::from(pattern.clone()) == "*";
    all(&grant.environments) && all(&grant.resource_types) && grant.provider.is_none()
}

#[test]
fn for_any_grants_nothing_that_is_not_granted_is_answered_or_done() {
    let runtime = Runtime::new().unwrap();
    let world = World::new(&runtime);
    let mut runner = TestRunner::new(Config { cases: 48, ..Config::default() });
    let done = runner.run(&grants(), |grants| {
        let rights = Rights { role: Role::Editor, grants: &grants };
        let (limited, _) = limited(&world, &grants);
        runtime.block_on(async {
            let heard = ask_all(&world, &limited).await;
            for secret in secrets(rights) {
                prop_assert!(!heard.contains(&secret), "{secret} in {heard}");
            }
            // What is granted is there, too.
            let seen = limited.drifts(everything()).await.unwrap().data;
            let granted = world.drifts.iter().filter(|event| {
                let provider = ENVIRONMENTS.iter().find(|(slug, _)| *slug == event.environment.as_str()).unwrap().1;
                let place = Place { environment: &event.environment, provider };
                may(rights, Action::Read, place, Some(event.resource.resource_type.raw())).is_ok()
            });
            prop_assert_eq!(seen.len(), granted.count());
            decide_all(&world, &limited, rights).await;
            Ok(())
        })
    });
    done.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(world.store.verify().unwrap().faults, Vec::<String>::new());
}

fn one(environments: &str, types: &str, access: Access) -> Grant {
    let [environments, resource_types] = [environments, types].map(|text| Pattern::new(text).unwrap());
    Grant { environments, resource_types, provider: None, access, endpoints: vec![] }
}
