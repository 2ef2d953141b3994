//! What the services on one store tell each other beside what they write: scans, and what came of them.

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::{self, error::RecvError};

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::{Looking, ScanProgress, ServiceEvent};
use crate::drift::{DriftId, Slug};
use crate::safety::Tainted;
use crate::store::{ScanJobs, Store};

/// Told together.
const GATHER: Duration = Duration::from_millis(100);
/// Bytes of one message.
const MESSAGE: usize = 6_000;
/// News of one message; beyond this everybody loads again.
const MOST: usize = 1_000;

/// One piece of news. Of what is in the store only the name: whoever hears it reads it there.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Bulletin {
    Progress(ScanProgress),
    Scanned(Slug),
    Drift(DriftId),
    Updated(DriftId),
    Environments,
    Lost,
    Notice {
        error: bool,
        text: Tainted,
    },
    Looking(Box<Looking>),
    /// A scan waits for somebody.
    Wanted,
    Cancel(Slug),
    /// Somebody does not scan it any more.
    Unplanned(Slug),
}

impl Bulletin {
    fn of(event: &ServiceEvent) -> Option<Self> {
        Some(match event {
            ServiceEvent::Progress(progress) => Self::Progress(progress.clone()),
            ServiceEvent::Scanned(summary) => Self::Scanned(summary.environment.clone()),
            ServiceEvent::Drift(drift) => Self::Drift(drift.id),
            ServiceEvent::Updated(drift) => Self::Updated(drift.id),
            ServiceEvent::Environments => Self::Environments,
            ServiceEvent::Lost => Self::Lost,
            ServiceEvent::Notice { error, text } => Self::Notice { error: *error, text: text.clone() },
            ServiceEvent::Looking(looking) => Self::Looking(looking.clone()),
            // Of rules, and of what waits for approval, the entries tell.
            ServiceEvent::Rules | ServiceEvent::Remediation(_) => return None,
            ServiceEvent::Contact(_) | ServiceEvent::Server(_) | ServiceEvent::Waiting(_) => return None,
        })
    }

    /// As an event, from what the store has. `None`: it is not there any more, or is none.
    pub(super) fn event(self, store: &dyn Store) -> Option<ServiceEvent> {
        let drift = |id| store.drift(id).ok().map(|detail| Box::new(detail.event));
        Some(match self {
            Self::Progress(progress) => ServiceEvent::Progress(progress),
            Self::Scanned(slug) => ServiceEvent::Scanned(Box::new(store.last_scan(&slug).ok()??)),
            Self::Drift(id) => ServiceEvent::Drift(drift(id)?),
            Self::Updated(id) => ServiceEvent::Updated(drift(id)?),
            Self::Environments => ServiceEvent::Environments,
            Self::Lost => ServiceEvent::Lost,
            Self::Notice { error, text } => ServiceEvent::Notice { error, text },
            Self::Looking(looking) => ServiceEvent::Looking(looking),
            Self::Wanted | Self::Cancel(_) | Self::Unplanned(_) => return None,
        })
    }

    pub(super) fn read(text: &str) -> Vec<Self> {
        // Of a newer driftguard some may be unknown: nothing is lost by looking anew.
        serde_json::from_str(text).unwrap_or_else(|_| vec![Self::Lost])
    }
}

/// Tells the other processes; best effort.
pub(super) fn say(jobs: &dyn ScanJobs, bulletins: &[Bulletin]) {
    let mut texts: Vec<String> = bulletins.iter().filter_map(|one| serde_json::to_string(one).ok()).collect();
    if texts.len() > MOST || texts.iter().any(|text| text.len() > MESSAGE) {
        texts = vec!["\"lost\"".to_owned()];
    }
    let mut message = String::new();
    let send = |message: &mut String| {
        if !message.is_empty() {
            if let Err(error) = jobs.say(&format!("[{message}]")) {
                tracing::debug!(%error, "other processes could not be told");
            }
            message.clear();
        }
    };
    for text in texts {
        if message.len() + text.len() > MESSAGE {
            send(&mut message);
        }
        if !message.is_empty() {
            message.push(',');
        }
        message.push_str(&text);
    }
    send(&mut message);
}

/// A sender whose events are told here and to the other processes. Ends with the last clone of it.
pub(super) fn relay(
    handle: &Handle,
    jobs: Arc<dyn ScanJobs>,
    events: broadcast::Sender<ServiceEvent>,
    capacity: usize,
) -> broadcast::Sender<ServiceEvent> {
    let (outward, mut heard) = broadcast::channel(capacity);
    handle.spawn(async move {
        loop {
            let (mut bulletins, mut is_over) = (Vec::new(), false);
            let mut next = heard.recv().await;
            let until = tokio::time::Instant::now() + GATHER;
            loop {
                let event = match next {
                    Ok(event) => event,
                    Err(RecvError::Lagged(_)) => ServiceEvent::Lost,
                    Err(RecvError::Closed) => {
                        is_over = true;
                        break;
                    }
                };
                bulletins.extend(Bulletin::of(&event));
                // Nobody listening is no fault.
                let _ = events.send(event);
                next = match tokio::time::timeout_at(until, heard.recv()).await {
                    Ok(next) => next,
                    Err(_) => break,
                };
            }
            let jobs = Arc::clone(&jobs);
            let said = tokio::task::spawn_blocking(move || say(jobs.as_ref(), &bulletins)).await;
            if is_over || said.is_err() {
                return;
            }
        }
    });
    outward
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::store::{Claim, Kept, Rhythm, ScanJob, StoreError};

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl ScanJobs for Heard {
        fn plan(&self, _: &Slug, _: Rhythm, _: Option<jiff::Timestamp>) -> Result<(), StoreError> {
            Ok(())
        }
        fn want(&self, _: Option<&Slug>) -> Result<Vec<Slug>, StoreError> {
            Ok(vec![])
        }
        fn cancel(&self, _: Option<&Slug>) -> Result<Vec<Slug>, StoreError> {
            Ok(vec![])
        }
        fn waiting(&self) -> Result<Vec<Slug>, StoreError> {
            Ok(vec![])
        }
        fn claim(&self, _: &Slug, _: Option<jiff::Timestamp>) -> Result<Option<Claim>, StoreError> {
            Ok(None)
        }
        fn keep(&self, _: &Claim) -> Result<Kept, StoreError> {
            Ok(Kept::Yes)
        }
        fn release(&self, _: &Claim) -> Result<(), StoreError> {
            Ok(())
        }
        fn lease(&self) -> Duration {
            Duration::from_secs(1)
        }
        fn all(&self) -> Result<Vec<ScanJob>, StoreError> {
            Ok(vec![])
        }
        fn say(&self, text: &str) -> Result<(), StoreError> {
            self.0.lock().unwrap().push(text.to_owned());
            Ok(())
        }
    }

    #[test]
    fn news_comes_back_as_it_was_said_in_messages_that_fit() {
        let heard = Heard::default();
        let news: Vec<Bulletin> = (0..900).map(|_| Bulletin::Drift(DriftId::generate())).collect();
        say(&heard, &news);
        let said = heard.0.into_inner().unwrap();
        assert!(said.len() > 1 && said.iter().all(|text| text.len() < 7_000));
        let back: Vec<Bulletin> = said.iter().flat_map(|text| Bulletin::read(text)).collect();
        assert_eq!(back, news);
    }

    #[test]
    fn too_much_news_and_what_nobody_understands_says_to_look_anew() {
        let heard = Heard::default();
        say(&heard, &vec![Bulletin::Drift(DriftId::generate()); MOST + 1]);
        assert_eq!(Bulletin::read(&heard.0.into_inner().unwrap().remove(0)), [Bulletin::Lost]);
        assert_eq!(Bulletin::read("[{\"of_the_future\":1}]"), [Bulletin::Lost]);
    }

    #[tokio::test]
    async fn what_is_told_outward_is_heard_here_and_elsewhere() {
        let (events, mut here) = broadcast::channel(16);
        let heard = Arc::new(Heard::default());
        let outward = relay(&Handle::current(), Arc::clone(&heard) as _, events, 16);
        outward.send(ServiceEvent::Environments).unwrap();
        assert!(matches!(here.recv().await.unwrap(), ServiceEvent::Environments));
        drop(outward);
        for _ in 0..200 {
            if !heard.0.lock().unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(*heard.0.lock().unwrap(), ["[\"environments\"]"]);
    }
}
