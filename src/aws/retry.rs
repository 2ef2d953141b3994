//! When a call is tried again, and after how long. The SDK's own retries are off: they know neither the limits nor the pace the
//! calls of one account share.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;

use super::{Fault, FaultKind};

/// Requests a call may make.
pub(super) const ATTEMPTS: u32 = 4;
/// The wait before the second attempt is somewhere below this; each further one may take twice as long,
const FIRST: Duration = Duration::from_millis(500);
/// and none longer than this, whatever the server asks for.
const LONGEST: Duration = Duration::from_secs(20);
/// Retries to begin with, and at most, over those that successes earn.
const BURST: f64 = 20.0;
/// What one success earns of a retry: in the long run one call in ten is a retry.
const EARNED: f64 = 0.1;

/// Retries of one service in one account and region: when most calls fail, trying each of them again makes it worse.
#[derive(Debug)]
pub(super) struct Budget(Mutex<f64>);

impl Default for Budget {
    fn default() -> Self {
        Self(Mutex::new(BURST))
    }
}

impl Budget {
    pub fn earn(&self) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *left = (*left + EARNED).min(BURST);
    }

    /// Takes one retry, if there is one left.
    pub fn spend(&self) -> bool {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let may = *left >= 1.0;
        *left -= f64::from(u8::from(may));
        may
    }
}

/// How long to wait before trying again; `None`: it would fail again.
pub(super) fn wait<E>(fault: &Fault, error: &SdkError<E, Response>, attempts: u32) -> Option<Duration> {
    let passes = match fault.kind {
        FaultKind::Throttled | FaultKind::Unreachable => true,
        FaultKind::Other | FaultKind::Foreign => is_transient(error, &fault.code),
        _ => false,
    };
    (passes && attempts < ATTEMPTS).then(|| backoff(attempts, fastrand::f64()).max(asked(error)).min(LONGEST))
}

/// The server failed, or its answer did not arrive whole.
fn is_transient<E>(error: &SdkError<E, Response>, code: &str) -> bool {
    let status = error.raw_response().map_or(0, |answer| answer.status().as_u16());
    matches!(status, 500 | 502 | 503 | 504)
        || matches!(error, SdkError::ResponseError(_))
        || matches!(code, "RequestTimeout" | "RequestTimeoutException")
}

/// Full jitter: anything from nothing to the whole step.
fn backoff(attempts: u32, dice: f64) -> Duration {
    FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(10)).min(LONGEST).mul_f64(dice)
}

/// What the server asks for: seconds, or milliseconds in AWS's own header.
fn asked<E>(error: &SdkError<E, Response>) -> Duration {
    let header = |name: &str| error.raw_response()?.headers().get(name)?.trim().parse::<u64>().ok();
    let seconds = header("retry-after").map(Duration::from_secs);
    seconds.or_else(|| header("x-amz-retry-after").map(Duration::from_millis)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_twofold_and_end_at_the_longest() {
        let most: Vec<u128> = (1..9).map(|n| backoff(n, 1.0).as_millis()).collect();
        assert_eq!(most, [500, 1000, 2000, 4000, 8000, 16000, 20000, 20000]);
        assert_eq!(backoff(3, 0.0), Duration::ZERO);
    }

    #[test]
    fn retries_run_out_and_successes_earn_them_back() {
        let budget = Budget::default();
        assert_eq!((0..100).filter(|_| budget.spend()).count(), BURST as usize);
        (0..9).for_each(|_| budget.earn());
        assert!(!budget.spend());
        (0..2).for_each(|_| budget.earn());
        assert!(budget.spend() && !budget.spend());
    }
}
