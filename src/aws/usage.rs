//! What was asked of AWS: calls, retries and waiting, by service, account, region and action.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Where a call went.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key {
    account: String,
    region: String,
    action: &'static str,
}

/// Counts of one action in one account and region.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
struct Count {
    calls: u64,
    attempts: u64,
    failed: u64,
    /// From asking to answer, waiting for leave to call included.
    waited: Duration,
}

/// The book of one scan; shared by everything that calls for it.
#[derive(Default, Debug)]
pub struct Usage(Mutex<BTreeMap<Key, Count>>);

/// One row of the book.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsageLine {
    pub account: String,
    pub region: String,
    /// As IAM spells it.
    pub action: &'static str,
    pub calls: u64,
    /// Requests beyond one a call.
    pub retries: u64,
    pub failed: u64,
    pub waited: Duration,
}

impl Usage {
    pub(super) fn add(&self, account: &str, region: &str, action: &'static str, call: Call) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Key { account: account.to_owned(), region: region.to_owned(), action };
        let count = book.entry(key).or_default();
        count.calls += 1;
        count.attempts += call.attempts;
        count.failed += u64::from(call.failed);
        count.waited += call.waited;
    }

    /// All rows, by account, region and action.
    pub fn lines(&self) -> Vec<UsageLine> {
        let book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = |(key, count): (&Key, &Count)| UsageLine {
            account: key.account.clone(),
            region: key.region.clone(),
            action: key.action,
            calls: count.calls,
            retries: count.attempts.saturating_sub(count.calls),
            failed: count.failed,
            waited: count.waited,
        };
        book.iter().map(line).collect()
    }

    /// Calls of all kinds.
    pub fn calls(&self) -> u64 {
        self.lines().iter().map(|line| line.calls).sum()
    }
}

/// How one call went.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub attempts: u64,
    pub failed: bool,
    pub waited: Duration,
}
