//! Finding what matters, and when it happened.

use super::night::Night;

/// Twelve things happened between two and three.
pub fn busy() -> Night {
    let mut night = Night::new(40, 8);
    night.at("02:20");
    night.cloud.open_ssh(2);
    night.scan();
    night.at("02:55");
    night.cloud.loosen_tokens(3, 5);
    night.cloud.resize(0, "m6i.4xlarge");
    night.scan();
    night.at("03:05");
    night.cluster.scale(1, 1);
    night.cluster.patch_image(1, "4.2.0-kim2");
    night.cluster.debug(1);
    night.cloud.trust_everybody(1);
    night.cloud.suspend_versioning(3);
    night.cloud.tag(9, "Team", "team-x");
    night.cloud.stray(1);
    night.scan();
    night.at("03:07");
    night
}

#[test]
fn at_three_in_the_morning_the_newest_critical_drift_is_one_key_away() {
    let night = busy();
    let mut desk = night.desk(80, 24);
    desk.sees(&["C2", "1/12"]).press("v").sees(&["CRITICAL only", "1/2", "aws_iam_role.billing_8"]);
    assert_eq!(desk.pressed, 1);
    // Who may take on the role now stands beside who should, without another key.
    desk.sees(&["assume_role_policy", "[\"*\"]", "[\"ec2.amazonaws.com\"]"]);
}

#[test]
fn the_worst_stands_first_when_that_is_asked_for() {
    let night = busy();
    let mut desk = night.desk(120, 36);
    desk.press("o o g g").sees(&["sort: worst first", "1/12"]);
    let screen = desk.screen();
    let row =
        |text: &str| screen.lines().position(|line| line.contains(text)).unwrap_or_else(|| panic!("{text}: {screen}"));
    assert!(row("aws_iam_role.billing_8") < row("group.mail_11"), "of two equals the newer:\n{screen}");
    assert!(row("group.mail_11") < row("ledger_17"), "{screen}");
}

#[test]
fn forty_equal_changes_are_one_row_and_one_decision() {
    let mut night = Night::new(160, 0);
    night.at("02:30");
    night.cloud.loosen_tokens(0, 40);
    night.scan();
    night.at("03:00");
    let mut desk = night.desk(120, 36);
    desk.sees(&["1/40"]).press("b b b").sees(&["40 in 1 group", "×40", "http_tokens"]);
    desk.press("e").types("friday").press("tab").types("old agents, INFRA-912").press("enter");
    desk.sees(&["accept: 40 drifts", "Fri 2026-11-27 09:00", "INFRA-912"]);
    desk.press("enter").sees(&["saved: accept 40 drifts"]).misses(&["×40"]);
    assert!(desk.pressed < 40, "{} keys", desk.pressed);
}

#[test]
fn a_mistyped_query_says_what_it_does_not_know_and_the_list_stays() {
    let night = busy();
    let mut desk = night.desk(120, 36);
    desk.press("/").types("env:prod-eu sev:>=hihg");
    desk.sees(&["^^^", "aws_iam_role.billing_8"]);
    desk.press("backspace backspace backspace").types("igh").press("enter").sees(&["/env:prod-eu sev:>=high", "1/7"]);
    desk.press("\\").sees(&["/12"]);
}

#[test]
fn any_resource_is_found_by_a_few_of_its_letters() {
    let night = busy();
    let mut desk = night.desk(120, 36);
    desk.press(":").types("ledger_17").press("enter");
    desk.sees(&["module.ledger.aws_s3_bucket.ledger_17", "versioning"]);
}

#[test]
fn what_changed_between_0240_and_0410_is_one_list_and_time_can_be_turned_back() {
    let night = busy();
    night.at("04:30");
    let mut desk = night.desk(120, 36);
    desk.press("@").types("02:40..04:10").press("enter");
    desk.sees(&["02:40", "04:10", "aws_iam_role.billing_8", "shop/Deployment/worker", "search_30"]);
    desk.misses(&["mail_11"]);
    desk.press("G left").sees(&["by then 0 of"]);
    desk.press("esc G").sees(&["mail_11"]);
}
