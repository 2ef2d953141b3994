//! How many calls may be under way at once: more while all goes well, half as many when AWS says slow down.
//!
//! Additive increase, multiplicative decrease, as TCP does. For how long nothing is sent at all after that is the lane's affair.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// Calls at once to begin with,
const START: usize = 4;
/// and at most.
const MOST: usize = 16;

/// One service in one account and region.
#[derive(Debug)]
pub(super) struct Limiter {
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug)]
struct State {
    limit: usize,
    under_way: usize,
    /// Successes since the limit last grew.
    streak: usize,
}

/// Leave to make one call; told how it went when it is given back.
pub(super) struct Permit<'a> {
    limiter: &'a Limiter,
}

impl Default for Limiter {
    fn default() -> Self {
        Self { state: Mutex::new(State { limit: START, under_way: 0, streak: 0 }), freed: Notify::new() }
    }
}

impl Limiter {
    pub async fn acquire(&self) -> Permit<'_> {
        loop {
            let freed = self.freed.notified();
            if self.try_enter() {
                return Permit { limiter: self };
            }
            freed.await;
        }
    }

    fn try_enter(&self) -> bool {
        let mut state = self.lock();
        let free = state.under_way < state.limit;
        state.under_way += usize::from(free);
        free
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many calls may be under way now.
    #[cfg(test)]
    fn limit(&self) -> usize {
        self.lock().limit
    }
}

impl Permit<'_> {
    /// `slowed`: AWS throttled the attempt.
    pub fn done(self, slowed: bool) {
        let mut state = self.limiter.lock();
        if slowed {
            state.limit = (state.limit / 2).max(1);
            state.streak = 0;
            return;
        }
        state.streak += 1;
        if state.streak >= state.limit && state.limit < MOST {
            state.limit += 1;
            state.streak = 0;
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.limiter.lock().under_way -= 1;
        // One was freed, and the limit may have grown by one.
        self.limiter.freed.notify_one();
        self.limiter.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap()
    }

    #[test]
    fn throttling_halves_what_is_allowed_at_once_and_success_wins_it_back_one_by_one() {
        runtime().block_on(async {
            let limiter = Limiter::default();
            for _ in 0..200 {
                limiter.acquire().await.done(false);
            }
            assert_eq!(limiter.limit(), MOST);
            limiter.acquire().await.done(true);
            assert_eq!(limiter.limit(), MOST / 2);
            for _ in 0..8 {
                limiter.acquire().await.done(false);
            }
            assert_eq!(limiter.limit(), MOST / 2 + 1);
            for _ in 0..10 {
                limiter.acquire().await.done(true);
            }
            assert_eq!(limiter.limit(), 1, "never none");
        });
    }

    #[test]
    fn everybody_gets_through_and_never_more_at_once_than_allowed() {
        runtime().block_on(async {
            let limiter = Arc::new(Limiter::default());
            let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let calls: Vec<_> = (0..100)
                .map(|n| {
                    let (limiter, now, most) = (limiter.clone(), now.clone(), most.clone());
                    tokio::spawn(async move {
                        let permit = limiter.acquire().await;
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        now.fetch_sub(1, Ordering::SeqCst);
                        permit.done(n % 7 == 0);
                    })
                })
                .collect();
            for call in calls {
                call.await.unwrap();
            }
            assert!(most.load(Ordering::SeqCst) <= MOST);
        });
    }
}
