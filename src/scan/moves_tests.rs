use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::declared::InstanceStatus;
use crate::safety::Masked;

fn declared(address: &str, id: &str) -> DeclaredResource {
    DeclaredResource {
        address: address.into(),
        resource_type: "aws_instance".into(),
        provider: Tainted::default(),
        values: json!({"id": id}),
        sensitive: vec![],
        dependencies: vec![],
        status: InstanceStatus::Normal,
        source: Arc::new("state".into()),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn standing(address: &str, provider_id: &str) -> StandingDrift {
    let resource = ResourceRef {
        resource_type: "aws_instance".into(),
        resource_id: address.into(),
        previous_address: None,
        provider_id: Some(provider_id.into()),
        declared_in: None,
    };
    StandingDrift { id: DriftId::generate(), resource, appeared: at(100) }
}

/// From where what is found as `arn:i-1` at `address` came: the drifts and the declared resources by address and id.
fn from(drifts: &[(&str, &str)], code: &[(&str, &str)], address: &str) -> Option<String> {
    let drifts: Vec<_> = drifts.iter().map(|(address, id)| (standing(address, &format!("arn:{id}")), *id)).collect();
    let list: Vec<_> = drifts.iter().map(|(drift, _)| drift.clone()).collect();
    let mut moves = Moves::of(&list);
    let mut seen = Declared::default();
    for (address, id) in code {
        let mut one = Declared::default();
        moves.look(&declared(address, id), &mut one);
        seen.merge(one);
    }
    let id_of = |drift| drifts.iter().find(|(one, _)| one.id == drift).map(|(_, id)| (*id).to_owned());
    moves.settle(seen, id_of, |_| true);
    let found = declared(address, "i-1");
    moves.from(&found, Some(&"arn:i-1".into())).map(Tainted::line)
}

#[test]
fn what_is_gone_from_one_address_and_is_at_another_with_the_same_id_moved() {
    let to = r#"module.web.aws_instance.main["eu"]"#;
    let moved = from(&[("aws_instance.web", "i-1")], &[("aws_instance.db", "i-2"), (to, "i-1")], to);
    assert_eq!(moved.as_deref(), Some("aws_instance.web"));
}

#[test]
fn what_is_still_there_or_imported_twice_or_another_thing_did_not_move() {
    let old = [("a", "i-1")];
    assert_eq!(from(&old, &[("a", "i-1"), ("b", "i-1")], "b"), None, "it is declared still");
    assert_eq!(from(&old, &[("b", "i-1"), ("c", "i-1")], "b"), None, "nobody knows which of them it is");
    assert_eq!(from(&old, &[("b", "i-2")], "b"), None, "it is another resource");
    assert_eq!(from(&[("a", "i-1"), ("c", "i-1")], &[("b", "i-1")], "b"), None, "two were one");
    assert_eq!(from(&[("a", "i-1"), ("b", "i-1")], &[("b", "i-1")], "b"), None, "it stood there before");
    assert_eq!(from(&[], &[("b", "i-1")], "b"), None);
}

#[test]
fn one_id_in_two_clouds_is_not_one_resource() {
    let mut moves = Moves::of(&[standing("a", "arn:eu:i-1")]);
    let mut seen = Declared::default();
    moves.look(&declared("b", "i-1"), &mut seen);
    moves.settle(seen, |_| Some("i-1".into()), |_| true);
    let found = declared("b", "i-1");
    assert_eq!(moves.from(&found, Some(&"arn:us:i-1".into())), None);
    assert_eq!(moves.from(&found, Some(&"arn:eu:i-1".into())).map(Tainted::line), Some("a".into()));
}

#[test]
fn what_may_still_be_declared_where_nobody_could_read_has_not_moved() {
    for is_read in [true, false] {
        let mut drift = standing("a", "arn:i-1");
        drift.resource.declared_in = Some("old.tfstate".into());
        let mut moves = Moves::of(&[drift]);
        let mut seen = Declared::default();
        moves.look(&declared("b", "i-1"), &mut seen);
        moves.settle(seen, |_| Some("i-1".into()), |gone| gone.declared_in == Some("old.tfstate".into()) && is_read);
        let from = moves.from(&declared("b", "i-1"), Some(&"arn:i-1".into()));
        assert_eq!(from.is_some(), is_read);
    }
}

/// When what is remembered at the address before was seen, where it is what moved.
fn remembered(moves: &Moves, found: &DeclaredResource, seen_at: i64) -> Option<Timestamp> {
    let load = |address: &Tainted| {
        (address.raw() == "a").then(|| Observation {
            resource_type: "aws_instance".into(),
            resource_id: address.clone(),
            observed_at: at(seen_at),
            value: Masked::trusted(json!({})),
            accepted: true,
            followed: false,
        })
    };
    moves.remembered(found, load).map(|seen| seen.observed_at)
}

#[test]
fn what_it_was_before_is_known_as_long_as_its_drift_stands() {
    let mut drift = standing("b", "arn:i-1");
    drift.resource.previous_address = Some("a".into());
    let moves = Moves::of(&[drift]);
    let found = declared("b", "i-1");
    assert_eq!(moves.from(&found, Some(&"arn:i-1".into())), None, "it moved before");
    assert_eq!(remembered(&moves, &found, 99), Some(at(99)));
    assert_eq!(remembered(&moves, &found, 100), None, "another resource stands there now");
    assert_eq!(remembered(&moves, &declared("c", "i-1"), 99), None);
}
