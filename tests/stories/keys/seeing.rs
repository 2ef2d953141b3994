//! Looking closely: the diff, who did it, what is hidden and why, how it was before; on any screen.

use super::finding::busy;
use super::night::Night;

#[test]
fn a_secret_that_differs_shows_that_it_does_and_nothing_more() {
    let mut night = Night::new(0, 3);
    night.at("02:30");
    night.cluster.change_password(1, "live-Zk9");
    night.scan();
    let mut desk = night.desk(160, 45);
    desk.sees(&["shop/Deployment/worker"]).misses(&["Xq7", "Zk9"]);
    desk.press("=").misses(&["Xq7", "Zk9"]).press("y v");
    assert!(desk.copied().is_some_and(|text| !text.contains("Zk9")), "{:?}", desk.copied());
}

#[test]
fn what_was_hidden_is_a_key_away_with_the_name_of_its_rule() {
    let night = busy();
    let mut desk = night.desk(120, 40);
    desk.press("v").sees(&["2 hidden", "H shows why"]).press("H").sees(&["max_session_duration", "known-default"]);
}

#[test]
fn who_changed_it_stands_beside_it_where_that_is_known() {
    let night = busy();
    let mut desk = night.desk(120, 36);
    desk.press("/").types("actor:kubectl-edit").press("enter").sees(&["1/1", "shop/Deployment/worker", "kubectl-edit"]);
}

#[test]
fn what_happened_is_told_in_sentences_that_name_what_they_rest_on() {
    let night = busy();
    let mut desk = night.desk(120, 40);
    desk.press("/").types("actor:kubectl-edit").press("enter t");
    desk.sees(&["what happened to shop/Deployment/worker", "is not what its code says", "[1] change: "]);
    desk.press("esc").misses(&["what happened to"]);
    // From the resource, too, and back to it.
    desk.press("i t").sees(&["what happened to shop/Deployment/worker"]).press("esc").sees(&["shop.json"]);
}

#[test]
fn a_resource_tells_where_it_is_declared_and_what_it_was_before() {
    let night = busy();
    let mut desk = night.desk(120, 40);
    desk.press("/").types("worker").press("enter i");
    desk.sees(&["shop/Deployment/worker", "shop.json", "01:00", "03:05"]);
}

#[test]
fn one_key_gives_the_diff_the_whole_screen_and_another_only_the_changes() {
    let night = busy();
    let mut desk = night.desk(80, 24);
    desk.press("v 3 z").sees(&["assume_role_policy", "\"AWS\": \"*\""]).misses(&["recommendations"]);
    desk.press("=").sees(&["only what changed"]).press("z").sees(&["recommendations"]);
}

#[test]
fn on_sixty_columns_a_drift_is_found_read_and_settled() {
    let night = busy();
    let mut desk = night.desk(60, 20);
    desk.press("v").sees(&["billing_8"]).press("enter").sees(&["assume_role_policy", "[\"*\"]"]);
    desk.press("D tab").types("reverting now").press("enter").sees(&["auto_revert"]).press("enter");
    desk.sees(&["saved: resolve"]);
}

#[test]
fn the_command_to_revert_is_copied_ready_for_a_shell() {
    let night = busy();
    let mut desk = night.desk(120, 36);
    desk.press("v y r");
    assert_eq!(desk.copied(), Some("terraform apply -target='module.billing.aws_iam_role.billing_8'"));
    desk.press("\\ /").types("is:added").press("enter y m");
    let block = desk.copied().unwrap_or_default();
    assert!(block.starts_with("import {\n  to = aws_instance."), "{block}");
    desk.press("y r").sees(&["no code declares it"]);
}
