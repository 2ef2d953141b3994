//! Single promises, in the same world.

use super::*;

#[test]
fn numbers_are_of_what_is_seen() {
    let runtime = Runtime::new().unwrap();
    let world = World::new(&runtime);
    let (limited, _) = limited(&world, &[one("prod-*", "aws_iam_*", Access::Read), one("dev", "*", Access::Read)]);
    runtime.block_on(async {
        let all = limited.environments().await.unwrap();
        let counts: Vec<_> = all.iter().map(|one| (one.environment.slug.as_str(), one.open.in_any_state)).collect();
        assert_eq!(counts, [("dev", 4), ("prod-eu", 2), ("prod-us", 2)]);
        let resources = |slug: &str| {
            let one = all.iter().find(|one| one.environment.slug.as_str() == slug).unwrap();
            one.last_scan.as_ref().unwrap().counts.resources
        };
        assert_eq!(
            (resources("dev"), resources("prod-eu")),
            (4_711, 0),
            "a scan says what it met only where all of it is seen"
        );
        assert_eq!(limited.stats(vec![], 30).await.unwrap().total, 8);
        let groups = limited.groups(DriftFilter::default(), Group::Resource, 100).await.unwrap();
        assert_eq!((groups.total, groups.drifts, groups.is_cut), (8, 8, false));
        let matching = limited.matching(DriftFilter::default(), 3).await.unwrap();
        assert_eq!((matching.targets.len(), matching.complete), (3, false));
        assert!(limited.matching(DriftFilter::default(), 8).await.unwrap().complete);
        let asked = UntoldRequest { environment: Slug::from_text("prod-eu"), text: String::new(), from: 1, limit: 5 };
        let untold = limited.untold(asked).await.unwrap();
        assert_eq!((untold.rows.len(), untold.matching, untold.kept, untold.counted), (1, 2, 2, 2));
    });
}

#[test]
fn pages_follow_each_other_without_a_gap_or_a_double_both_ways() {
    let runtime = Runtime::new().unwrap();
    let world = World::new(&runtime);
    let (limited, _) = limited(&world, &[one("*", "aws_vpc", Access::Read), one("dev", "*", Access::Read)]);
    runtime.block_on(async {
        let whole: Vec<DriftId> = limited.drifts(everything()).await.unwrap().data.iter().map(|e| e.id).collect();
        assert_eq!(whole.len(), 7);
        let (mut walked, mut request) = (vec![], PageRequest { limit: 2, ..everything() });
        let mut last = None;
        loop {
            let page = limited.drifts(request.clone()).await.unwrap();
            walked.extend(page.data.iter().map(|e| e.id));
            request.cursor = page.next.clone();
            last = page.previous.or(last);
            if request.cursor.is_none() {
                break;
            }
        }
        assert_eq!(walked, whole);
        let back = PageRequest { cursor: last, direction: Direction::Newer, limit: 500, ..everything() };
        let newer: Vec<DriftId> = limited.drifts(back).await.unwrap().data.iter().map(|e| e.id).collect();
        assert!(!newer.is_empty() && whole.starts_with(&newer), "{newer:?}");
    });
}

#[test]
fn an_act_beyond_the_grants_is_refused_by_name_and_recorded() {
    let runtime = Runtime::new().unwrap();
    let world = World::new(&runtime);
    let (limited, refusals) = limited(&world, &[one("prod-*", "*", Access::Read), one("dev", "*", Access::Act)]);
    runtime.block_on(async {
        let said = |answer: Result<(), ServiceError>| match answer {
            Err(ServiceError::Denied(why)) => why,
            other => panic!("{other:?}"),
        };
        let why = said(limited.scan(Some(Slug::from_text("prod-eu"))).await);
        assert!(why.contains("act on everything in prod-eu"), "{why}");
        assert_eq!(refusals.lock().unwrap().as_slice(), [why]);
        let mark = |environments: &[&str]| OperationalContext {
            id: ContextId::generate(),
            environments: environments.iter().map(|slug| Slug::from_text(slug)).collect(),
            ..world.contexts[0].clone()
        };
        assert!(said(limited.put_context(mark(&[]), "erin".into()).await).contains("in every environment"));
        assert!(said(limited.put_context(mark(&["dev", "prod-eu"]), "erin".into()).await).contains("prod-eu"));
        limited.put_context(mark(&["dev"]), "erin".into()).await.unwrap();
        let ended = |n: usize| limited.end_context(world.contexts[n].id, Timestamp::now(), "erin".into());
        assert!(matches!(ended(0).await, Err(ServiceError::Denied(_))), "seen, and not his");
        assert!(matches!(ended(3).await, Err(ServiceError::NotFound(_))), "not seen");
        ended(2).await.unwrap();
        assert_eq!(refusals.lock().unwrap().len(), 4);
    });
}

#[test]
fn nobody_ends_a_rule_out_of_reach_by_putting_another_in_its_place() {
    let runtime = Runtime::new().unwrap();
    let world = World::new(&runtime);
    let (limited, _) = limited(&world, &[one("dev", "*", Access::Act)]);
    runtime.block_on(async {
        let rules = world.service.ignore_rules().await.unwrap();
        let theirs = rules.iter().find(|rule| rule.environment.as_ref().unwrap().as_str() == "prod-eu").unwrap();
        let mine = world.drifts.iter().find(|event| event.environment.as_str() == "dev").unwrap();
        let stolen = IgnoreRule { id: theirs.id, ..rule("dev", "aws_vpc") };
        let answer = limited.triage(decision(mine, TriageVerb::Ignore { rule: stolen })).await;
        assert!(answer.is_err(), "{answer:?}");
        for verb in [RuleVerb::Delete, RuleVerb::Undo { seq: 1 }] {
            let request =
                RuleRequest { rule: theirs.id, verb, reason: None, actor: "erin".into(), expected: None, once: None };
            assert!(limited.change_rule(request).await.is_err());
        }
        let kept = world.service.ignore_rules().await.unwrap();
        assert!(kept.contains(theirs));
    });
}

#[test]
fn what_is_told_is_what_may_be_read() {
    let runtime = Runtime::new().unwrap();
    let world = World::new(&runtime);
    let azure = Grant { provider: Some(CloudProvider::Azure), ..one("*", "*", Access::Read) };
    let (limited, _) = limited(&world, &[azure]);
    runtime.block_on(async {
        for event in &world.drifts {
            let told = limited.told(ServiceEvent::Updated(Box::new(event.clone()))).await;
            assert_eq!(told.is_some(), event.environment.as_str() == "prod-us");
        }
        let mut events = limited.subscribe();
        for event in &world.drifts {
            world.service.triage(decision(event, TriageVerb::Note { text: "x".into() })).await.unwrap();
        }
        for _ in 0..TYPES.len() {
            match events.recv().await.unwrap() {
                ServiceEvent::Updated(event) => assert_eq!(event.environment.as_str(), "prod-us"),
                other => panic!("{other:?}"),
            }
        }
    });
}
