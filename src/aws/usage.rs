//! What was asked of AWS: calls, retries and waiting, by service, account, region and action.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
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
pub struct Usage {
    book: Mutex<BTreeMap<Key, Count>>,
    reused: AtomicU64,
}

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
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Key { account: account.to_owned(), region: region.to_owned(), action };
        let count = book.entry(key).or_default();
        count.calls += 1;
        count.attempts += call.attempts;
        count.failed += u64::from(call.failed);
        count.waited += call.waited;
    }

    /// All rows, by account, region and action.
    pub fn lines(&self) -> Vec<UsageLine> {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// Resources that were known from an earlier scan and not asked for again.
    pub fn reused(&self) -> u64 {
        self.reused.load(Ordering::Relaxed)
    }

    pub(super) fn reuse(&self, more: u64) {
        self.reused.fetch_add(more, Ordering::Relaxed);
    }

    /// Calls of all kinds.
    pub fn calls(&self) -> u64 {
        self.lines().iter().map(|line| line.calls).sum()
    }
}

/// What a scan took, of all that called for it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Used {
    pub lines: Vec<UsageLine>,
    /// Resources that were known from an earlier scan and not asked for again.
    pub reused: u64,
}

impl Used {
    pub fn of<'a>(books: impl Iterator<Item = &'a Usage> + Clone) -> Self {
        Self { lines: books.clone().flat_map(Usage::lines).collect(), reused: books.map(Usage::reused).sum() }
    }

    /// Accounts that were asked; who asked before it knew which is none.
    pub fn accounts(&self) -> BTreeSet<&str> {
        self.in_accounts().map(|line| line.account.as_str()).collect()
    }

    /// Regions of accounts that were asked.
    pub fn regions(&self) -> BTreeSet<&str> {
        self.in_accounts().map(|line| line.region.as_str()).collect()
    }

    fn in_accounts(&self) -> impl Iterator<Item = &UsageLine> {
        self.lines.iter().filter(|line| !line.account.is_empty())
    }

    pub fn calls(&self) -> u64 {
        self.lines.iter().map(|line| line.calls).sum()
    }

    pub fn retries(&self) -> u64 {
        self.lines.iter().map(|line| line.retries).sum()
    }

    pub fn failed(&self) -> u64 {
        self.lines.iter().map(|line| line.failed).sum()
    }
}

/// How one call went.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub attempts: u64,
    pub failed: bool,
    pub waited: Duration,
}
