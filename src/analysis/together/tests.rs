use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3_600;

fn item(environment: &str, seconds: i64, key: &str, joins: &[(Why, &str)]) -> Item {
    Item {
        key: key.to_owned(),
        environment: Slug::from_text(environment),
        at: Timestamp::from_second(1_700_000_000 + seconds).unwrap(),
        joins: joins.iter().map(|(why, what)| Join::new(*why, &[what.as_bytes()], *what)).collect(),
        is_split: false,
    }
}

/// Keys of the members, group by group.
fn keys(items: &[Item], groups: &[Group]) -> Vec<Vec<String>> {
    groups.iter().map(|group| group.members.iter().map(|at| items[*at].key.clone()).collect()).collect()
}

#[test]
fn one_hand_joins_within_an_hour_and_one_change_within_a_day() {
    let hand = [(Why::Hand, "alice")];
    let change = [(Why::Change, "ingress")];
    let items = [
        item("prod", 0, "a", &hand),
        item("prod", HOUR, "b", &hand),
        item("prod", 3 * HOUR, "c", &hand),
        item("prod", 3 * HOUR, "d", &change),
        item("prod", 27 * HOUR, "e", &change),
        item("prod", 52 * HOUR, "f", &change),
    ];
    let groups = group(&items, &[], Gaps::default());
    assert_eq!(keys(&items, &groups), [vec!["a", "b"], vec!["c"], vec!["d", "e"], vec!["f"]]);
    assert_eq!(sentence(&groups[0].bonds[0]), "2 were made by alice, at most 1h apart");
    assert!(groups[1].bonds.is_empty());
}

#[test]
fn the_same_change_in_another_environment_is_another_incident() {
    let change = [(Why::Change, "ingress")];
    let items = [item("prod", 0, "a", &change), item("staging", 1, "b", &change)];
    assert_eq!(group(&items, &[], Gaps::default()).len(), 2);
    // Unless a person says so, which the reasons tell.
    let told = group(&items, &[(0, 1)], Gaps::default());
    assert_eq!(keys(&items, &told), [["a", "b"]]);
    assert_eq!(sentence(&told[0].bonds[0]), "somebody put two of them together");
}

#[test]
fn what_a_person_took_out_is_joined_by_nothing_but_a_person() {
    let change = [(Why::Change, "ingress"), (Why::Module, "module.net")];
    let mut items = [item("prod", 0, "a", &change), item("prod", 1, "b", &change), item("prod", 2, "c", &change)];
    items[1].is_split = true;
    assert_eq!(keys(&items, &group(&items, &[], Gaps::default())), [vec!["a", "c"], vec!["b"]]);
    assert_eq!(keys(&items, &group(&items, &[(1, 2)], Gaps::default())), [vec!["a", "b", "c"]]);
}

#[test]
fn an_id_stays_when_more_comes_and_goes_by_who_was_first() {
    let change = [(Why::Change, "ingress")];
    let items = [item("prod", 0, "a", &change), item("prod", 60, "b", &change)];
    let (one, both) = (group(&items[..1], &[], Gaps::default()), group(&items, &[], Gaps::default()));
    assert_eq!(one[0].id, both[0].id);
    assert_ne!(one[0].id, group(&items[1..], &[], Gaps::default())[0].id);
}

fn any_item() -> impl Strategy<Value = (u8, i64, Vec<(u8, u8)>, bool)> {
    (0..3_u8, 0..200_000_i64, prop::collection::vec((0..4_u8, 0..4_u8), 0..4), prop::bool::weighted(0.1))
}

proptest! {
    /// Ids, members and reasons are the same whatever came first.
    #[test]
    fn any_order_of_arrival_gives_the_same_incidents(
        all in prop::collection::vec(any_item(), 0..40),
        linked in prop::collection::vec((0..40_usize, 0..40_usize), 0..4),
        seed in any::<u64>(),
    ) {
        let whys = [Why::Hand, Why::Ticket, Why::Change, Why::Module];
        let items: Vec<Item> = all.iter().enumerate().map(|(at, (environment, seconds, joins, is_split))| {
            let joins: Vec<(Why, String)> =
                joins.iter().map(|(why, what)| (whys[usize::from(*why)], what.to_string())).collect();
            let joins: Vec<(Why, &str)> = joins.iter().map(|(why, what)| (*why, what.as_str())).collect();
            let item = item(&format!("env{environment}"), *seconds, &at.to_string(), &joins);
            Item { is_split: *is_split, ..item }
        }).collect();
        let linked: Vec<(usize, usize)> =
            linked.into_iter().filter(|(a, b)| a != b && *a < items.len() && *b < items.len()).collect();
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by_key(|at| blake3::hash(&[seed.to_le_bytes(), at.to_le_bytes()].concat()).to_hex().to_string());
        let shuffled: Vec<Item> = order.iter().map(|at| items[*at].clone()).collect();
        let place = |at: usize| order.iter().position(|one| *one == at).unwrap();
        let moved: Vec<(usize, usize)> = linked.iter().map(|(a, b)| (place(*b), place(*a))).collect();
        let (before, after) = (group(&items, &linked, Gaps::default()), group(&shuffled, &moved, Gaps::default()));
        prop_assert_eq!(keys(&items, &before), keys(&shuffled, &after));
        let told = |groups: &[Group]| groups.iter().map(|g| (g.id.clone(), g.bonds.clone())).collect::<Vec<_>>();
        prop_assert_eq!(told(&before), told(&after));
        // Each is in exactly one of them, and none spans environments unless somebody said so.
        let mut seen: Vec<usize> = before.iter().flat_map(|group| group.members.clone()).collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..items.len()).collect::<Vec<_>>());
        for group in before.iter().filter(|_| linked.is_empty()) {
            prop_assert!(group.members.iter().all(|at| items[*at].environment == items[group.members[0]].environment));
        }
    }
}
