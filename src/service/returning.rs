//! What ends by time is told at its time: one task sleeps until the next snooze, exception or rule is over. While nothing waits
//! for its time it has no timer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;

use super::ServiceEvent;
use crate::drift::{Slug, State};
use crate::safety::Tainted;
use crate::store::{Returned, Store};

/// Nobody wakes a sleeper when the clock is set, or the machine was asleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// The task; it ends with this.
pub(super) struct Returning {
    changed: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Returning {
    pub fn start(
        handle: &Handle,
        store: &Arc<dyn Store>,
        changed: Arc<Notify>,
        events: broadcast::Sender<ServiceEvent>,
    ) -> Self {
        let task = handle.spawn(drive(Arc::downgrade(store), Arc::clone(&changed), events));
        Self { changed, task: Mutex::new(Some(task)) }
    }

    /// To be told when what waits for its time may be another.
    pub fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// Ends it, and waits for that.
    pub async fn stop(&self) {
        if let Some(task) = self.take() {
            task.abort();
            let _ = task.await;
        }
    }

    fn take(&self) -> Option<JoinHandle<()>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Returning {
    fn drop(&mut self) {
        self.take().into_iter().for_each(|task| task.abort());
    }
}

async fn drive(store: Weak<dyn Store>, changed: Arc<Notify>, events: broadcast::Sender<ServiceEvent>) {
    loop {
        let Some(asked) = store.upgrade() else { return };
        let answer = tokio::task::spawn_blocking(move || (asked.returns(), asked.settle_remediations())).await;
        let (answer, settled) = match answer {
            Ok((returns, settled)) => (Ok(returns), settled),
            Err(error) => (Err(error), Ok((vec![], None))),
        };
        let expires = match settled {
            Ok((over, next)) => {
                for one in over {
                    let _ = events.send(ServiceEvent::Remediation(Box::new(one)));
                }
                next
            }
            Err(error) => {
                tracing::warn!(%error, "what nobody approved in time could not be written down");
                None
            }
        };
        let next = match answer {
            Ok(Ok(returns)) => {
                let said = words(&returns.returned).map(|text| ServiceEvent::Notice { error: false, text });
                let back = returns.returned.into_iter().map(|one| ServiceEvent::Updated(Box::new(one.event)));
                for event in back.chain(said) {
                    // Nobody listening is no fault.
                    let _ = events.send(event);
                }
                returns.next
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "what is over could not be read");
                None
            }
            Err(_) => return,
        };
        match next.into_iter().chain(expires).min().map(until) {
            None => changed.notified().await,
            Some(left) => tokio::select! {
                () = changed.notified() => {}
                () = tokio::time::sleep(left) => {}
            },
        }
    }
}

/// What is over and yet there cannot be written: no reason to ask without a pause.
fn until(next: Timestamp) -> Duration {
    let left = Duration::try_from(next.duration_since(Timestamp::now())).unwrap_or(LONGEST_SLEEP);
    // The store counts what is over from the moment after.
    (left + Duration::from_millis(1)).min(LONGEST_SLEEP)
}

/// Which drift is back and why; of several, how many there are and where.
pub(super) fn words(returned: &[Returned]) -> Option<Tainted> {
    let text = match returned {
        [] => return None,
        [Returned { event, was }] => {
            let why = match was {
                State::Snoozed => "is back, its snooze is over",
                State::Resolved => "is back, it was accepted until now",
                State::Ignored => "is back, the rule that ignored it has expired",
                _ => "has more to look at, what was set aside of it was so until now",
            };
            format!("{} {why}: {}", event.resource.resource_id.raw(), event.environment)
        }
        several => {
            let mut counts: BTreeMap<&Slug, usize> = BTreeMap::new();
            several.iter().for_each(|one| *counts.entry(&one.event.environment).or_default() += 1);
            let of: Vec<String> = counts.iter().map(|(slug, count)| format!("{count} in {slug}")).collect();
            format!("{} drifts are back, their time is over: {}", several.len(), of.join(", "))
        }
    };
    Some(text.into())
}
