//! The way to one service in one account and region: every attempt of every call passes here.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::breaker::Breaker;
use super::limiter::{Limiter, Permit};
use super::pace::PACE;
use super::retry::Budget;
use super::{Service, Target};

#[derive(Default, Debug)]
pub(super) struct Lane {
    limiter: Limiter,
    pub breaker: Breaker,
    pub budget: Budget,
    /// Told to slow down: nobody sends anything before this.
    held_until: Mutex<Option<Instant>>,
}

impl Lane {
    /// Waits until one request may go out.
    pub async fn enter(&self, service: Service, target: &Target) -> Permit<'_> {
        let permit = loop {
            let permit = self.limiter.acquire().await;
            let Some(wait) = self.held() else { break permit };
            drop(permit);
            tokio::time::sleep(wait).await;
        };
        if service == Service::CloudTrail {
            PACE.turn(target).await;
        }
        permit
    }

    /// Lets nobody send for a while.
    pub fn hold(&self, wait: Duration) {
        let mut held = self.held_until.lock().unwrap_or_else(PoisonError::into_inner);
        *held = (*held).max(Some(Instant::now() + wait));
    }

    fn held(&self) -> Option<Duration> {
        let held = *self.held_until.lock().unwrap_or_else(PoisonError::into_inner);
        held?.checked_duration_since(Instant::now()).filter(|wait| !wait.is_zero())
    }
}
