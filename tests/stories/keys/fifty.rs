//! A night's fifty drifts, brought to nothing open by keys alone; how many keys that takes is counted.

use super::night::{Desk, Night};

/// Names and reasons included. The README says this number.
pub const KEYS: usize = 155;

/// Fifty drifts of ten kinds.
pub fn fifty() -> Night {
    let mut night = Night::new(100, 20);
    night.at("02:20");
    night.cloud.open_ssh(2);
    night.cloud.open_ssh(9);
    night.cloud.trust_everybody(5);
    night.cloud.loosen_tokens(0, 18);
    night.scan();
    night.at("02:40");
    (18..25).for_each(|n| night.cloud.tag(n, "Team", "platform"));
    (3..6).for_each(|n| night.cloud.suspend_versioning(n));
    (12..14).for_each(|n| night.cloud.close_office(n));
    (1..5).for_each(|n| night.cloud.stray(n));
    night.scan();
    night.at("02:55");
    (0..6).for_each(|n| night.cluster.scale(n, 6 + u32::try_from(n).unwrap()));
    (6..10).for_each(|n| night.cluster.patch_image(n, "4.2.0-kim2"));
    (10..13).for_each(|n| night.cluster.debug(n));
    night.scan();
    night.at("03:07");
    night
}

/// What it is, and how it is settled.
type Kind = (&'static str, fn(&mut Desk));

#[test]
fn fifty_drifts_of_a_night_are_settled_in_so_many_keys() {
    let night = fifty();
    let mut desk = night.desk(120, 36);
    desk.sees(&["1/50"]);
    let kinds: [Kind; 7] = [
        ("3 critical ones are looked at and reverted", critical_ones_are_reverted),
        ("18 instances with the same old agent are accepted until Friday", instances_are_accepted),
        ("3 deployments log too much: reverted", logging_is_reverted),
        ("3 buckets without versions go to those who own the data", buckets_are_escalated),
        ("6 deployments were scaled by hand: asked about in the morning", scaling_waits_until_morning),
        ("4 hot fixes go into the code", hot_fixes_are_codified),
        ("7 tags, 2 tightened groups, 4 machines nobody knows", the_rest_is_accepted_or_handed_on),
    ];
    for (kind, settle) in kinds {
        let before = desk.pressed;
        settle(&mut desk);
        println!("{:4} keys: {kind}", desk.pressed - before);
    }
    println!("{:4} keys: 50 drifts, nothing open", desk.pressed);
    assert_eq!(desk.pressed, KEYS, "the README says how many");
    desk.press("\\").sees(&["no open drift", "C0 H0 M0 L0"]);
    nothing_was_lost(&mut desk);
}

fn critical_ones_are_reverted(desk: &mut Desk) {
    desk.press("v").sees(&["1/3"]).press("D tab").types("INC-9").press("enter enter").sees(&["/2"]);
    desk.press(". enter . enter").sees(&["no drift passes the filter"]).press("\\").sees(&["/47"]);
}

fn buckets_are_escalated(desk: &mut Desk) {
    // Nobody knows the team yet: it is asked about once.
    desk.press("/")
        .types("versioning")
        .press("enter * P")
        .types("data")
        .press("tab")
        .types("INC-9")
        .press("enter")
        .sees(&["data? not known"]);
    desk.press("enter").sees(&["3 drifts"]).press("enter");
}

fn instances_are_accepted(desk: &mut Desk) {
    desk.press("b b b o o g g").sees(&["×18", "http_tokens"]);
    desk.press("e").types("fri").press("tab").types("agents").press("enter").sees(&["18 drifts"]).press("enter");
}

fn logging_is_reverted(desk: &mut Desk) {
    desk.press("D tab").types("INC-9").press("enter").sees(&["3 drifts", "auto_revert"]).press("enter");
    desk.press("b b b").sees(&["/26"]);
}

fn scaling_waits_until_morning(desk: &mut Desk) {
    desk.press("/ ctrl-u").types("replicas").press("enter * s").types("9:00").press("enter").sees(&["6 drifts"]);
    desk.press("enter");
}

fn hot_fixes_are_codified(desk: &mut Desk) {
    desk.press("/ ctrl-u").types("path:image").press("enter * D down tab").types("PR 812").press("enter");
    desk.sees(&["4 drifts", "codify_iac"]).press("enter");
}

fn the_rest_is_accepted_or_handed_on(desk: &mut Desk) {
    desk.press("/ ctrl-u")
        .types("is:added")
        .press("enter * P")
        .types("kim")
        .press("tab")
        .types("whose?")
        // Nobody was asked to look at anything under this name before: it is said twice.
        .press("enter enter");
    desk.sees(&["4 drifts"]).press("enter");
    desk.press("\\ * e tab").types("OPS-7").press("enter").sees(&["9 drifts"]).press("enter");
}

/// What was decided is there to be read, and the first of it can still be taken back.
fn nothing_was_lost(desk: &mut Desk) {
    desk.press("f f f").sees(&["/50"]).press("U").sees(&["escalate"]);
}
