//! Scanned again and again: only what has changed is read, and nothing stays hidden because of that.

use std::sync::Arc;

use serde_json::Value;

use crate::lab;
use crate::lab::account::{Account, Select};
use crate::lab::fake::{Fake, state_of_buckets};
use crate::support::{driftguard, run};

const BUCKET: &str = "AWS::S3::Bucket";
const COUNT: usize = 1000;
/// Calls that list them all.
const PAGES: u64 = 10;

/// An account of buckets, and an environment that remembers it.
struct Stand {
    stand: lab::stand::Stand,
    account: Arc<Account>,
    fake: Fake,
}

/// What one scan took and found.
#[derive(Debug)]
struct Seen {
    calls: u64,
    reused: u64,
    /// `modified aws_s3_bucket.x`, sorted.
    drifts: Vec<String>,
    report: Value,
}

impl Stand {
    fn new() -> Self {
        Self::of(Account::of_buckets(COUNT))
    }

    fn of(account: Arc<Account>) -> Self {
        Self::with(account, "")
    }

    /// `more`: further keys of the `aws` table.
    fn with(account: Arc<Account>, more: &str) -> Self {
        let fake = account.start();
        let ids: Vec<String> = account.world().keys().map(|(_, id)| id.clone()).collect();
        let state = state_of_buckets(&ids.iter().map(String::as_str).collect::<Vec<_>>());
        Self { stand: lab::stand::Stand::new(&fake.url, &state, more), account, fake }
    }

    fn scan(&self, arguments: &[&str]) -> Seen {
        let (_, report) = self.stand.scan(arguments);
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        let drifts = report["drifts"].as_array().unwrap().iter();
        let mut drifts: Vec<String> =
            drifts.map(|d| format!("{} {}", text(&d["drift_type"]), text(&d["resource_id"]))).collect();
        drifts.sort();
        let usage = &report["environments"][0]["usage"];
        let number = |key: &str| usage[key].as_u64().unwrap();
        Seen { calls: number("calls"), reused: number("reused"), drifts, report }
    }
}

#[test]
fn an_account_in_which_nothing_happened_is_listed_and_nothing_of_it_is_fetched() {
    let stand = Stand::new();
    let first = stand.scan(&[]);
    assert_eq!((first.drifts, first.reused), (vec![], 0));
    // Listing, items and rows; who we are, what is recorded (two calls) and how much.
    assert_eq!(first.calls, 3 * COUNT as u64 / 100 + 4, "{:#}", first.report["environments"]);
    let second = stand.scan(&[]);
    assert_eq!((second.drifts, second.reused), (vec![], COUNT as u64));
    assert_eq!(second.calls, 5 + PAGES, "{:#}", second.report["environments"]);
    assert_eq!(second.report["environments"][0]["counts"]["in_sync"], COUNT);
    assert_eq!(stand.scan(&["--full"]).calls, first.calls, "on demand all is read anew");
}

#[test]
fn what_changed_came_and_went_since_is_found_by_what_is_read_of_it() {
    let stand = Stand::new();
    stand.scan(&[]);
    stand.account.put(BUCKET, "bucket-7", "ops");
    let seen = stand.scan(&[]);
    assert_eq!(seen.drifts, ["modified aws_s3_bucket.bucket-7"]);
    assert_eq!((seen.calls, seen.reused), (6 + PAGES, COUNT as u64 - 1), "one more call for the one that changed");

    stand.account.put(BUCKET, "nobodys", "ops");
    let seen = stand.scan(&[]);
    assert_eq!(seen.drifts, ["added arn:aws:s3:::nobodys", "modified aws_s3_bucket.bucket-7"]);
    assert_eq!((seen.calls, seen.reused), (7 + PAGES, COUNT as u64), "and one to list the thousand and first");

    stand.account.delete(BUCKET, "bucket-8");
    let seen = stand.scan(&[]);
    let gone = "deleted aws_s3_bucket.bucket-8";
    assert_eq!(seen.drifts, ["added arn:aws:s3:::nobodys", gone, "modified aws_s3_bucket.bucket-7"]);
    assert_eq!((seen.calls, seen.reused), (6 + PAGES, COUNT as u64), "the listing says so, and Cloud Control is asked");

    stand.account.put(BUCKET, "bucket-7", "pay");
    stand.account.delete(BUCKET, "nobodys");
    stand.account.put(BUCKET, "bucket-8", "pay");
    assert_eq!(stand.scan(&[]).drifts, Vec::<String>::new(), "one came for one that went");
}

#[test]
fn an_organisation_is_listed_and_fetched_side_by_side_and_the_next_time_only_what_changed_is() {
    let stand = Stand::with(Account::of_buckets(250), ", aggregator = \"everybody\"");
    let first = stand.scan(&[]);
    assert_eq!((first.drifts, first.reused), (vec![], 0), "their tags too: {:#}", first.report);
    // Listing, items and rows; who we are, whose data arrived, and how much.
    assert_eq!(first.calls, 3 * 3 + 3, "{:#}", first.report["environments"]);
    stand.account.put(BUCKET, "bucket-7", "ops");
    stand.account.delete(BUCKET, "bucket-8");
    let second = stand.scan(&[]);
    assert_eq!(second.drifts, ["deleted aws_s3_bucket.bucket-8", "modified aws_s3_bucket.bucket-7"]);
    assert_eq!((second.reused, second.calls), (248, 3 + 3 + 2), "the pages of the listing, the rows, one batch");
    assert_eq!(stand.fake.asked("ListDiscoveredResources") + stand.fake.asked("BatchGetResourceConfig"), 0);
}

#[test]
fn a_deletion_is_found_at_once_while_the_count_and_select_lag_behind() {
    let stand = Stand::of(Account::of_buckets(150));
    stand.scan(&[]);
    let before = stand.account.world();
    *stand.account.counted.lock().unwrap() = Some(before.clone());
    *stand.account.select.lock().unwrap() = Select::Stale(before);
    stand.account.delete(BUCKET, "bucket-4");
    let gone = "deleted aws_s3_bucket.bucket-4";
    let seen = stand.scan(&[]);
    assert_eq!((seen.drifts, seen.reused), (vec![gone.to_owned()], 149));
    stand.account.put(BUCKET, "nobodys", "ops");
    assert_eq!(stand.scan(&[]).drifts, ["added arn:aws:s3:::nobodys", gone], "nor when one came for one that went");
    *stand.account.no_counts.lock().unwrap() = true;
    *stand.account.select.lock().unwrap() = Select::Works;
    let seen = stand.scan(&[]);
    assert_eq!((seen.drifts.len(), seen.reused), (2, 150), "the count is not needed for it");
}

#[test]
fn where_select_is_of_no_use_everything_is_read_each_time() {
    for select in [Select::Empty, Select::Denied, Select::Unordered] {
        let stand = Stand::of(Account::of_buckets(150));
        stand.scan(&[]);
        *stand.account.select.lock().unwrap() = select;
        stand.account.put(BUCKET, "bucket-3", "ops");
        stand.account.delete(BUCKET, "bucket-4");
        let seen = stand.scan(&[]);
        assert_eq!(seen.reused, 0);
        assert_eq!(seen.drifts, ["deleted aws_s3_bucket.bucket-4", "modified aws_s3_bucket.bucket-3"]);
    }
}

#[test]
fn what_select_learns_late_is_found_late_and_what_is_gone_never_comes_back() {
    let stand = Stand::of(Account::of_buckets(150));
    stand.scan(&[]);
    *stand.account.select.lock().unwrap() = Select::Stale(stand.account.world());
    stand.account.put(BUCKET, "bucket-3", "ops");
    assert_eq!(stand.scan(&[]).drifts, Vec::<String>::new(), "nobody can know yet");
    stand.account.delete(BUCKET, "bucket-4");
    let seen = stand.scan(&[]);
    assert_eq!(seen.drifts, ["deleted aws_s3_bucket.bucket-4"], "though SELECT still has it");
    stand.account.put(BUCKET, "bucket-5", "ops");
    *stand.account.select.lock().unwrap() = Select::Works;
    let all = ["deleted aws_s3_bucket.bucket-4", "modified aws_s3_bucket.bucket-3", "modified aws_s3_bucket.bucket-5"];
    assert_eq!(stand.scan(&[]).drifts, all);
}

#[test]
fn tags_that_lag_behind_their_resource_are_read_again_until_they_do_not() {
    let stand = Stand::of(Account::of_buckets(150));
    stand.scan(&[]);
    stand.account.put(BUCKET, "bucket-3", "ops");
    *stand.account.select.lock().unwrap() = Select::Stale(stand.account.world());
    stand.account.put(BUCKET, "bucket-3", "pay");
    assert_eq!(
        stand.scan(&[]).drifts,
        ["modified aws_s3_bucket.bucket-3"],
        "the item is newer than what is known of its tags"
    );
    *stand.account.select.lock().unwrap() = Select::Works;
    let seen = stand.scan(&[]);
    assert_eq!((seen.drifts, seen.reused), (vec![], 149));
}

#[test]
fn rows_that_were_proved_to_be_whole_items_save_a_third_of_the_calls_and_go_on_being_checked() {
    let stand = Stand::new();
    // When the newest is gone, SELECT cannot be held to it, and everything is read.
    stand.account.put(BUCKET, "a-guest", "ops");
    *stand.account.select.lock().unwrap() = Select::Whole;
    let asked = |stand: &Stand| stand.fake.asked("BatchGetResourceConfig");
    stand.scan(&[]);
    assert_eq!(asked(&stand), COUNT / 100 + 1);
    stand.account.delete(BUCKET, "a-guest");
    stand.account.put(BUCKET, "bucket-7", "ops");
    stand.account.put(BUCKET, "a-guest-too", "ops");
    let seen = stand.scan(&[]);
    assert_eq!(seen.drifts, ["added arn:aws:s3:::a-guest-too", "modified aws_s3_bucket.bucket-7"]);
    assert_eq!(asked(&stand), COUNT / 100 + 2, "a sample");

    stand.account.delete(BUCKET, "a-guest-too");
    stand.account.delete(BUCKET, "bucket-8");
    *stand.account.select.lock().unwrap() = Select::Half;
    let seen = stand.scan(&[]);
    assert_eq!(seen.drifts, ["deleted aws_s3_bucket.bucket-8", "modified aws_s3_bucket.bucket-7"]);
    assert_eq!(asked(&stand), 2 * COUNT / 100 + 2, "the sample shows that the rows are not whole any more");
}

#[test]
fn what_is_kept_between_scans_says_nothing_to_whoever_finds_the_file_and_goes_with_its_environment() {
    let stand = Stand::of(Account::of_buckets(20));
    stand.scan(&[]);
    let kept = || -> Vec<std::path::PathBuf> {
        let mut found = vec![];
        let mut left = vec![stand.stand.path().to_owned()];
        while let Some(directory) = left.pop() {
            for entry in std::fs::read_dir(directory).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() { left.push(path) } else { found.push(path) }
            }
        }
        found.retain(|path| path.parent().unwrap().ends_with("aws/lab"));
        found
    };
    let files = kept();
    assert_eq!(files.len(), 1, "{files:?}");
    let bytes = std::fs::read(&files[0]).unwrap();
    assert!(!bytes.windows(7).any(|w| w == b"bucket-"));
    let (code, out, err) = run(driftguard(stand.stand.path()).args(["store", "forget", "lab", "--yes"]));
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(kept(), Vec::<std::path::PathBuf>::new());
}
