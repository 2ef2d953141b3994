//! When a server is asked again that did not answer: after a pause that grows and that no two clients share, and out of a budget. A
//! server that comes up again is met by its clients one after another, and one that cannot answer anybody gets hardly more to do
//! because of it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Tries after the first.
pub const AGAIN: usize = 2;
/// The longest first pause; each is four times the one before.
const FIRST: Duration = Duration::from_millis(250);
/// Tries that may be made at once, whatever was asked before.
const SAVED: u32 = 10;
/// Questions for which one may be asked again.
const FOR_ONE: u32 = 10;

/// Before the try after `tries` others: between half of the step and all of it, as `dice` in [0, 1) falls.
pub fn pause(tries: usize, dice: f64) -> Duration {
    let step = FIRST.saturating_mul(4_u32.saturating_pow(u32::try_from(tries.min(AGAIN)).unwrap_or(0)));
    step.mul_f64(0.5 + 0.5 * dice.clamp(0.0, 1.0))
}

/// At most a tenth more than was asked for is asked again, beyond what was saved.
pub struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(SAVED * FOR_ONE))
    }
}

impl Budget {
    /// Something is asked for the first time.
    pub fn earn(&self) {
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| (saved < SAVED * FOR_ONE).then(|| saved + 1));
    }

    /// Whether something may be asked again.
    pub fn spend(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| saved.checked_sub(FOR_ONE)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_no_two_clients_share_one() {
        let millis = |tries, dice| pause(tries, dice).as_millis();
        assert_eq!((millis(0, 0.0), millis(0, 1.0)), (125, 250));
        assert_eq!((millis(1, 0.0), millis(1, 1.0)), (500, 1000));
        assert!(pause(0, 0.3) < pause(0, 0.4));
        assert_eq!(pause(1_000, 1.0), pause(AGAIN, 1.0), "never longer than the last one");
    }

    #[test]
    fn a_server_that_never_answers_is_asked_a_tenth_more_and_what_was_saved() {
        let budget = Budget::default();
        let again = (0..1_000).filter(|_| {
            budget.earn();
            budget.spend()
        });
        let again = again.count();
        assert!((100..=111).contains(&again), "{again}");
        let idle = Budget::default();
        (0..1_000).for_each(|_| idle.earn());
        assert_eq!((0..100).filter(|_| idle.spend()).count(), 10, "silence saves no more than that");
    }
}
