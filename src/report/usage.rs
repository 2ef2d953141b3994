//! What was asked of a cloud, for machines.

use serde::Serialize;

use crate::aws::Used;

/// All calls of one environment's scan.
#[derive(Serialize)]
pub(super) struct UsageRow<'a> {
    calls: u64,
    /// Requests beyond one a call.
    retries: u64,
    failed: u64,
    /// Resources that were known from an earlier scan and not asked for again.
    reused: u64,
    by_action: Vec<ActionRow<'a>>,
}

#[derive(Serialize)]
struct ActionRow<'a> {
    account: &'a str,
    region: &'a str,
    /// As IAM spells it.
    action: &'a str,
    calls: u64,
    retries: u64,
    failed: u64,
    /// From asking to answer, over all calls, waiting for leave to call included.
    waited_ms: u64,
}

impl<'a> UsageRow<'a> {
    /// `None`: nothing was asked.
    pub fn of(used: &'a Used) -> Option<Self> {
        let by_action: Vec<ActionRow<'_>> = used
            .lines
            .iter()
            .map(|line| ActionRow {
                account: &line.account,
                region: &line.region,
                action: line.action,
                calls: line.calls,
                retries: line.retries,
                failed: line.failed,
                waited_ms: u64::try_from(line.waited.as_millis()).unwrap_or(u64::MAX),
            })
            .collect();
        let (calls, retries, failed) = (used.calls(), used.retries(), used.failed());
        (!by_action.is_empty()).then_some(Self { calls, retries, failed, reused: used.reused, by_action })
    }
}
