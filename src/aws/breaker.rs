//! Stops calling what does not answer, and tries again after a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Fault, FaultKind};

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
    /// Of the failures in a row.
    first: Option<Fault>,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether a call may be made, or why not. After the cool-down one caller is let through; its success closes the breaker.
    pub fn admits(&self, action: &'static str, now: Instant) -> Result<(), Fault> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.open_until {
            Some(until) if now < until => Err(state.refusal(action)),
            Some(_) => {
                state.open_until = Some(now + COOL_DOWN);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// `failed`: the endpoint did not answer or kept throttling. A refusal is an answer.
    pub fn record(&self, failed: Option<&Fault>, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(fault) = failed else {
            *state = State::default();
            return;
        };
        state.failures += 1;
        state.first.get_or_insert_with(|| fault.clone());
        if state.failures >= TRIP_AFTER {
            state.open_until = Some(now + COOL_DOWN);
        }
    }
}

impl State {
    /// What is not tried fails as what was tried did.
    fn refusal(&self, action: &'static str) -> Fault {
        let throttled = self.first.as_ref().is_some_and(|fault| fault.kind == FaultKind::Throttled);
        let first = self.first.as_ref().map(|fault| format!(", the first of them so: {fault}")).unwrap_or_default();
        let message = format!("{} calls to the service failed in a row{first}", self.failures);
        Fault { kind: FaultKind::Tripped { throttled }, action, code: String::new(), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::UnverifiedReason;

    fn fault(kind: FaultKind) -> Fault {
        let (action, code) = ("config:ListDiscoveredResources", "ThrottlingException".to_owned());
        Fault { kind, action, code, message: "Rate exceeded".to_owned() }
    }

    fn may(breaker: &Breaker, now: Instant) -> bool {
        breaker.admits("config:SelectResourceConfig", now).is_ok()
    }

    #[test]
    fn what_is_not_tried_because_the_rest_was_throttled_is_throttled_and_quotes_the_first_of_it() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        (0..TRIP_AFTER).for_each(|_| breaker.record(Some(&fault(FaultKind::Throttled)), now));
        let refused = breaker.admits("config:SelectResourceConfig", now).unwrap_err();
        assert_eq!(refused.reason(), UnverifiedReason::Throttled);
        assert_eq!(
            refused.to_string(),
            "config:SelectResourceConfig was not tried: 5 calls to the service failed in a row, the first of them so: \
             config:ListDiscoveredResources was throttled until the retries ran out: ThrottlingException: Rate exceeded"
        );
        let breaker = Breaker::default();
        (0..TRIP_AFTER).for_each(|_| breaker.record(Some(&fault(FaultKind::Unreachable)), now));
        assert_eq!(breaker.admits("x", now).unwrap_err().reason(), UnverifiedReason::SourceFailed);
    }

    #[test]
    fn after_five_failures_in_a_row_nobody_calls_until_it_has_cooled_down_and_then_one_tries() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        for _ in 0..TRIP_AFTER {
            assert!(may(&breaker, start));
            breaker.record(Some(&fault(FaultKind::Unreachable)), start);
        }
        assert!(!may(&breaker, start + Duration::from_secs(1)));
        let later = start + COOL_DOWN;
        assert!(may(&breaker, later), "one may try");
        assert!(!may(&breaker, later), "and only one");
        breaker.record(None, later);
        assert!(may(&breaker, later));
    }

    #[test]
    fn failures_with_successes_between_them_do_not_trip_it() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..20 {
            breaker.record(Some(&fault(FaultKind::Unreachable)), now);
            breaker.record(Some(&fault(FaultKind::Unreachable)), now);
            breaker.record(None, now);
        }
        assert!(may(&breaker, now));
    }
}
