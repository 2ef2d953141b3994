//! What is no news, by rule; and what comes and goes by itself.

use super::finding::busy;

#[test]
fn a_false_alarm_is_ignored_by_rule_which_says_beforehand_what_it_hides() {
    let night = busy();
    let mut desk = night.desk(120, 36);
    desk.press("/").types("path:tags").press("enter").sees(&["1/1"]);
    desk.press("I").sees(&["tags.Team"]).types("teams are renamed this week").press("enter");
    desk.sees(&["1 drift"]).press("enter").sees(&["saved: ignore"]);
    desk.press("L").sees(&["teams are renamed this week"]);
}

#[test]
fn what_is_put_right_leaves_the_list_by_itself() {
    let mut night = busy();
    let mut desk = night.desk(120, 36);
    desk.sees(&["1/12"]);
    night.cloud.heal();
    night.cluster.heal();
    night.at("03:20");
    night.scan();
    desk.wait(0).press("f5").sees(&["in sync"]).misses(&["aws_iam_role.billing_8"]);
    desk.press("f f").sees(&["ended", "1/12", "aws_iam_role.billing_8"]);
}

#[test]
fn what_comes_back_is_told_from_what_is_new() {
    let mut night = busy();
    night.at("03:10");
    night.cloud.heal();
    night.scan();
    night.at("03:20");
    night.cloud.open_ssh(2);
    night.cloud.open_ssh(4);
    night.scan();
    let mut desk = night.desk(120, 36);
    desk.press("/").types("is:regressed").press("enter").sees(&["1/1", "aws_security_group.mail_11"]);
}
