//! Stops calling what does not answer, and tries again after a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures in a row after which no more calls are made,
const TRIP_AFTER: u32 = 5;
/// for this long; then one call may try.
const COOL_DOWN: Duration = Duration::from_secs(30);

/// One service in one account and region.
#[derive(Default, Debug)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Default, Debug)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether a call may be made. After the cool-down one caller is let through; its success closes the breaker.
    pub fn admits(&self, now: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.open_until {
            Some(until) if now < until => false,
            Some(_) => {
                state.open_until = Some(now + COOL_DOWN);
                true
            }
            None => true,
        }
    }

    /// `failed`: the endpoint did not answer or kept throttling. A refusal is an answer.
    pub fn record(&self, failed: bool, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !failed {
            *state = State::default();
            return;
        }
        state.failures += 1;
        if state.failures >= TRIP_AFTER {
            state.open_until = Some(now + COOL_DOWN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_five_failures_in_a_row_nobody_calls_until_it_has_cooled_down_and_then_one_tries() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        for _ in 0..TRIP_AFTER {
            assert!(breaker.admits(start));
            breaker.record(true, start);
        }
        assert!(!breaker.admits(start + Duration::from_secs(1)));
        let later = start + COOL_DOWN;
        assert!(breaker.admits(later), "one may try");
        assert!(!breaker.admits(later), "and only one");
        breaker.record(false, later);
        assert!(breaker.admits(later));
    }

    #[test]
    fn failures_with_successes_between_them_do_not_trip_it() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..20 {
            breaker.record(true, now);
            breaker.record(true, now);
            breaker.record(false, now);
        }
        assert!(breaker.admits(now));
    }
}
