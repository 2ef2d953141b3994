//! Settling what was found: for a time, for several, for a part of it; and changing one's mind.

use driftguard::service::RequireReason;
use driftguard::tui::Options;

use super::finding::busy;

#[test]
fn accepted_until_friday_with_a_reason_and_the_history_says_who_and_why() {
    let night = busy();
    let mut desk = night.desk(120, 36);
    desk.press("/").types("m6i").press("esc /").types("instance_type").press("enter").sees(&["1/1"]);
    desk.press("e").types("friday").press("tab").types("load test of the shop").press("enter enter");
    desk.sees(&["saved: accept"]).press("f f f W");
    desk.sees(&["alice", "load test of the shop", "until 2026-11-27 09:00"]);
    // Until then it is out of the way; afterwards somebody has to look again.
    desk.press("esc f").sees(&["open drift", "no drift passes the filter"]);
}

#[test]
fn what_was_accepted_until_friday_is_open_again_on_friday() {
    let night = busy();
    let mut desk = night.desk(120, 36);
    desk.press("v e").types("friday").press("tab").types("known").press("enter enter").sees(&["saved: accept", "1/1"]);
    desk.wait(3 * 24 * 60).press("f5").sees(&["1/1"]);
    desk.wait(24 * 60).press("f5").sees(&["/2", "aws_iam_role.billing_8"]);
}

#[test]
fn everything_that_was_decided_is_a_chord_away_and_names_what_it_was_about() {
    let night = busy();
    let mut desk = night.desk(80, 24);
    desk.press("v a").press("\\ /").types("worker").press("enter s enter g a");
    desk.sees(&["everything that was decided", "alice", "billing_8", "shop/Deployment/worker", "in shop-k8s"]);
}

#[test]
fn a_range_is_marked_snoozed_and_brought_back() {
    let night = busy();
    let mut desk = night.desk(120, 36);
    desk.sees(&["1/12"]).press("M j j j M").sees(&["4 drifts marked"]);
    desk.press("s").types("tomorrow").press("enter").sees(&["snooze: 4 drifts", "2026-11-25 09:00"]);
    desk.press("enter").sees(&["saved: snooze 4 drifts", "/8"]);
    desk.press("u").sees(&["undo snooze: 4 drifts"]).press("enter").sees(&["/12"]);
}

#[test]
fn this_hunk_is_reverted_that_one_accepted_and_the_third_stays_open() {
    let night = busy();
    let mut desk = night.desk(120, 36);
    desk.press("/").types("worker").press("enter").sees(&["image", "spec.replicas"]);
    desk.press("d tab").types("rolled back").press("enter").sees(&["as      auto_revert"]).press("enter");
    desk.press("n d down down tab").types("sale").press("tab").types("friday").press("enter enter");
    desk.sees(&["1/1", "auto_revert by alice", "accepted by alice"]);
    let screen = desk.screen();
    let rows: Vec<&str> = screen.lines().filter(|line| line.contains("spec.") && line.contains('~')).collect();
    assert!(rows.iter().any(|row| row.contains("r~")), "{screen}");
    assert!(rows.iter().any(|row| row.contains("accepted by alice until Fri")), "{screen}");
    assert!(rows.iter().any(|row| row.contains("\"info\" -> \"debug\"")), "{screen}");
}

#[test]
fn a_mistake_is_taken_back_with_one_key_while_it_is_offered() {
    let night = busy();
    let mut desk = night.desk(80, 24);
    desk.press("a").sees(&["saved: acknowledge", "u takes it back"]);
    desk.press("u").sees(&["saved: undo acknowledge"]);
    assert_eq!(desk.pressed, 2);
}

#[test]
fn the_same_again_is_one_key_and_what_settles_is_shown_first() {
    let night = busy();
    let mut desk = night.desk(120, 36);
    desk.press("/").types("http_tokens").press("enter").sees(&["1/5"]);
    desk.press("e").types("1w").press("tab").types("old agents").press("enter enter").sees(&["1/4"]);
    desk.press(".").sees(&["accept", "old agents", "accepted until Tue 2026-12-01"]).press("enter").sees(&["1/3"]);
}

#[test]
fn protect_hides_revert_and_says_why() {
    let mut night = busy();
    night.protected = vec![driftguard::drift::Slug::new("prod-eu").unwrap()];
    let mut desk = night.desk(120, 36);
    desk.press("v").misses(&["D resolve"]);
    for key in ["D", "e", "I", "d"] {
        desk.press(key).sees(&["prod-eu is protected by its configuration"]);
    }
    // Elsewhere it works, and so does what settles nothing.
    desk.press("a").sees(&["saved: acknowledge"]);
    desk.press("\\ /").types("worker").press("enter").press("D").sees(&["resolve: shop/Deployment/worker"]);
}

#[test]
fn a_reason_is_asked_for_where_the_configuration_wants_one() {
    let night = busy();
    let options = Options { require_reason: RequireReason::parse("true").unwrap(), ..Options::default() };
    let mut desk = night.desk_with(80, 24, options);
    desk.press("s enter").sees(&["needs a reason"]).types("asked kim").press("enter").sees(&["saved: snooze"]);
}

#[test]
fn of_two_who_decide_at_once_the_second_sees_what_the_first_did() {
    let night = busy();
    let (mut alice, mut bob) = (night.desk(120, 36), night.desk_with(120, 36, bob()));
    bob.press("v");
    alice.press("v a").sees(&["saved: acknowledge"]);
    bob.press("D tab").types("reverting").press("enter enter");
    bob.sees(&["it has changed since it was shown, nothing was decided"]);
    bob.press("f5 W").sees(&["acknowledge", "alice"]);
}

#[test]
fn forgotten_text_is_not_lost_when_the_form_is_left_by_mistake() {
    let night = busy();
    let mut desk = night.desk(80, 24);
    desk.press("c").types("asked jsmith: he opened it").press("esc").sees(&["enter saves it, esc discards it"]);
    desk.press("enter").sees(&["saved: note"]);
}

fn bob() -> Options {
    Options { actor: "bob".into(), ..Options::default() }
}
