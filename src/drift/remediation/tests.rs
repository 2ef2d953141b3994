use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::drift::{Decision, Recommendation, RecommendationType, ResolutionType, State};
use crate::tui::sample;

fn now() -> Timestamp {
    sample::now()
}

fn later(hours: i64) -> Timestamp {
    now().checked_add(SignedDuration::from_hours(hours)).unwrap()
}

/// A drift that may be reverted and codified.
fn event() -> DriftEvent {
    let mut event = sample::drifts::all().swap_remove(0).event;
    event.state = State::Open;
    let mut advice = event.recommendations.first().cloned().unwrap();
    advice.expires_at = None;
    advice.implementation_steps = vec!["look at it".into(), "do it".into()];
    event.recommendations = [RecommendationType::AutoRevert, RecommendationType::CodifyIac]
        .map(|recommendation_type| Recommendation { recommendation_type, ..advice.clone() })
        .into();
    event
}

fn party(name: &str, account: u128, is_admin: bool) -> Party {
    Party { name: name.into(), account: Some(account.into()), is_admin, is_service: false, is_here: false }
}

fn asked(event: &DriftEvent, by: Party) -> RemediationRequest {
    let (kind, reason) = (RemediationKind::AutoRevert, Some("port 22 is open".into()));
    RemediationRequest { drift: event.id, kind, reason, expected_version: None, by, once: None }
}

fn made(event: &DriftEvent) -> Remediation {
    Remediation::new(RemediationId::generate(), &asked(event, party("bob", 1, false)), event, now()).unwrap()
}

#[test]
fn the_steps_of_the_advice_are_the_plan_and_without_steps_there_is_nothing_to_approve() {
    let event = event();
    let one = made(&event);
    assert_eq!(one.plan, event.recommendations[0].implementation_steps);
    assert_eq!((one.state, one.version, one.plan_hash.len()), (RemediationState::AwaitingApproval, 1, 64));
    assert_eq!(one.expires_at, later(24));
    let refused = |change: fn(&mut DriftEvent)| {
        let mut other = event.clone();
        change(&mut other);
        Remediation::new(RemediationId::generate(), &asked(&event, party("bob", 1, false)), &other, now()).unwrap_err()
    };
    assert!(refused(|one| one.recommendations.clear()).contains("nothing recommends auto_revert"));
    assert!(refused(|one| one.recommendations[0].implementation_steps.clear()).contains("no steps"));
    assert!(refused(|one| one.recommendations[0].expires_at = Some(now())).contains("too old"));
    assert!(refused(|one| one.state = State::Resolved).contains("the drift is resolved"));
}

#[test]
fn who_may_answer() {
    let one = made(&event());
    let may = |verb, by: &Party| one.may(verb, by, false);
    let (bob, his_key, ada, erin) =
        (party("bob", 1, false), party("bob-ci", 1, true), party("ada", 2, true), party("erin", 3, false));
    let robot = Party { is_service: true, ..party("robot", 4, true) };
    for verb in [RemediationVerb::Approve, RemediationVerb::Reject] {
        assert_eq!(may(verb, &ada), Ok(()));
        let own = Err(MayNot::Own { verb: verb.as_str() });
        assert_eq!((may(verb, &bob), may(verb, &his_key)), (own.clone(), own.clone()), "his API key is he");
        assert_eq!(may(verb, &party("BOB", 9, true)), own, "the name is his");
        assert_eq!(may(verb, &erin), Err(MayNot::NotAdmin(verb.as_str())));
        assert_eq!(may(verb, &robot), Err(MayNot::Service(verb.as_str())));
    }
    for (by, is_allowed) in [(&bob, true), (&his_key, true), (&ada, true), (&erin, false)] {
        assert_eq!(may(RemediationVerb::Cancel, by).is_ok(), is_allowed, "{by:?}");
    }
    let here = Party::here("bob".into());
    assert!(one.may(RemediationVerb::Approve, &here, false).is_err());
    assert_eq!(one.may(RemediationVerb::Approve, &here, true), Ok(()), "where nobody else is, and that is configured");
    assert!(one.may(RemediationVerb::Approve, &his_key, true).is_err(), "never over a server");
}

#[test]
fn a_drift_that_is_looked_at_stays_what_it_is_and_one_that_moves_on_does_not() {
    let event = event();
    let one = made(&event);
    let stands = |change: fn(&mut DriftEvent)| {
        let mut then = event.clone();
        then.version += 1;
        change(&mut then);
        one.state_for(Some(&then), now())
    };
    let waits = RemediationState::AwaitingApproval;
    assert_eq!(stands(|one| one.state = State::Acknowledged), waits);
    assert_eq!(stands(|one| (one.assignee, one.note_count) = (Some("erin".into()), 3)), waits);
    assert_eq!(stands(|one| one.seen_count += 1), waits);
    assert_eq!(stands(|one| one.recommendations[0].expires_at = Some(later(1))), waits, "the steps are the same");
    let stale = RemediationState::Stale;
    assert_eq!(stands(|one| one.state = State::Closed), stale);
    assert_eq!(stands(|one| one.regressions += 1), stale);
    assert_eq!(stands(|one| one.changes.truncate(0)), stale);
    assert_eq!(stands(|one| one.recommendations[0].implementation_steps.push("one more".into())), stale);
    assert_eq!(stands(|one| drop(one.recommendations.remove(0))), stale);
    let decision = |one: &mut DriftEvent| {
        one.state = State::Resolved;
        one.decision = Some(Decision {
            seq: 1,
            by: "erin".into(),
            at: now(),
            reason: None,
            resolution_type: Some(ResolutionType::Accepted),
            until: None,
        });
    };
    assert_eq!(stands(decision), stale);
    assert_eq!(one.state_for(None, now()), stale, "it is not kept any more");
}

/// What can happen to it.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Says(RemediationVerb, u128, bool),
    Hours(i64),
    Moves,
    Settles,
    Reopens,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        (0usize..3, 1u128..4, any::<bool>()).prop_map(|(verb, who, is_admin)| Happens::Says(
            RemediationVerb::ALL[verb],
            who,
            is_admin
        )),
        (0i64..20).prop_map(Happens::Hours),
        Just(Happens::Moves),
        Just(Happens::Settles),
        Just(Happens::Reopens),
    ]
}

proptest! {
    /// Whatever happens: it is answered once, by somebody who may, in time, and about the drift as it was asked for; what it has
    /// ended as it stays.
    #[test]
    fn it_is_answered_once_by_who_may_and_about_what_was_asked(all in prop::collection::vec(happens(), 0..30)) {
        let (mut event, mut at) = (event(), now());
        let mut one = made(&event);
        let mut moved = false;
        for step in all {
            let before = one.clone();
            match step {
                Happens::Hours(hours) => at = at.checked_add(SignedDuration::from_hours(hours)).unwrap(),
                Happens::Moves => {
                    event.version += 1;
                    event.regressions += 1;
                    moved = true;
                }
                Happens::Settles => event.state = State::Resolved,
                Happens::Reopens => event.state = State::Open,
                Happens::Says(verb, who, is_admin) => {
                    let by = party(["", "bob", "ada", "erin"][who as usize], who, is_admin);
                    let is_late = one.closed(Some(&event), at).is_some();
                    if is_late {
                        let state = one.state_for(Some(&event), at);
                        if one.state == RemediationState::AwaitingApproval {
                            one = one.ended(state);
                        }
                    } else if one.may(verb, &by, false).is_ok() {
                        let is_own = who == 1;
                        let is_theirs = match verb {
                            RemediationVerb::Cancel => is_own || is_admin,
                            _ => is_admin && !is_own,
                        };
                        prop_assert!(is_theirs);
                        prop_assert!(!moved && event.state == State::Open && at < one.expires_at);
                        one = one.decided(verb, Verdict { by: by.name, at, reason: None });
                    }
                }
            }
            if before.state != RemediationState::AwaitingApproval {
                prop_assert_eq!(&one, &before, "what has ended stays as it is");
            }
            prop_assert!(one.version >= before.version && one.plan_hash == before.plan_hash && one.plan == before.plan);
            prop_assert_eq!(one.version > before.version, one.state != before.state);
        }
    }
}
