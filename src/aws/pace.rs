//! CloudTrail answers two lookups a second for each account and region ([quotas]); whoever asks faster is throttled, other tools
//! of the same account included. Every request takes its turn, a retry as much as a first try.
//!
//! [quotas]: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Target;

/// Between two requests.
const STEP: Duration = Duration::from_millis(500);

/// When the next request may go out. All environments of this process share it, for they may share an account.
#[derive(Default)]
pub(super) struct Pace(Mutex<HashMap<(String, String), Instant>>);

pub(super) static PACE: LazyLock<Pace> = LazyLock::new(Pace::default);

impl Pace {
    /// Takes the next free moment, and waits for it.
    pub async fn turn(&self, target: &Target) {
        let wait = self.reserve(target, Instant::now());
        tokio::time::sleep(wait).await;
    }

    /// How long the next request has to wait.
    fn reserve(&self, target: &Target, now: Instant) -> Duration {
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = next.entry((target.account.clone(), target.region.clone())).or_insert(now);
        let at = (*slot).max(now);
        *slot = at + STEP;
        at.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(account: &str, region: &str) -> Target {
        Target { partition: "aws".into(), account: account.into(), region: region.into() }
    }

    #[test]
    fn no_second_holds_more_than_two_requests_to_an_account_and_region() {
        let (pace, start) = (Pace::default(), Instant::now());
        let here = target("1", "eu-west-1");
        let waits: Vec<Duration> = (0..6).map(|_| pace.reserve(&here, start)).collect();
        assert!(waits.windows(2).all(|two| two[1] - two[0] >= STEP), "{waits:?}");
        assert_eq!(pace.reserve(&target("1", "us-east-1"), start), Duration::ZERO, "another region has its own");
        assert_eq!(pace.reserve(&here, start + Duration::from_secs(60)), Duration::ZERO, "after a pause nobody waits");
        assert_eq!(pace.reserve(&here, start + Duration::from_secs(60)), STEP, "and pauses are not saved up");
    }
}
