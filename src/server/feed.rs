//! The events of an organisation, numbered, the last of them kept for those who were away.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::sse::Event;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::broadcast::{self, error::RecvError};
use ulid::Ulid;

use crate::accounts::Limited;
use crate::api::FeedEvent;
use crate::service::{DriftService, ServiceEvent};

/// Events kept for those who come back.
const KEPT: usize = 4096;

/// The events of one organisation.
pub(super) struct Feed {
    /// Another one after each start: numbers from before say nothing.
    stream: String,
    recent: Mutex<Recent>,
    told: broadcast::Sender<Arc<FeedEvent>>,
}

#[derive(Default)]
struct Recent {
    last: u64,
    events: VecDeque<Arc<FeedEvent>>,
}

/// What somebody missed, and hears from now on.
struct Listening {
    /// `None`: what came is not known any more.
    missed: Vec<Option<Arc<FeedEvent>>>,
    told: broadcast::Receiver<Arc<FeedEvent>>,
    /// The number of the last event so far.
    last: u64,
}

impl Feed {
    /// Numbers what the service tells, from now until it is gone.
    pub(super) fn listen(service: &dyn DriftService) -> Arc<Self> {
        let feed = Arc::new(Self {
            stream: Ulid::generate().to_string(),
            recent: Mutex::default(),
            told: broadcast::channel(KEPT).0,
        });
        let (mut events, writer) = (service.subscribe(), Arc::downgrade(&feed));
        tokio::spawn(async move {
            loop {
                let event = events.recv().await;
                let Some(feed) = writer.upgrade() else { return };
                match event {
                    Ok(event) => feed.tell(event),
                    // What was lost is unknown: everybody loads again.
                    Err(RecvError::Lagged(_)) => feed.forget(),
                    Err(RecvError::Closed) => return,
                }
            }
        });
        feed
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: ServiceEvent) {
        let mut recent = self.recent();
        // What holds for a minute is not kept for those who come later: they ask.
        if matches!(event, ServiceEvent::Looking(_)) {
            let _ = self.told.send(Arc::new(FeedEvent { id: recent.last, event }));
            return;
        }
        recent.last += 1;
        let event = Arc::new(FeedEvent { id: recent.last, event });
        if recent.events.len() == KEPT {
            recent.events.pop_front();
        }
        recent.events.push_back(Arc::clone(&event));
        // Under the lock, so that nobody misses one between what is kept and what is told.
        let _ = self.told.send(event);
    }

    fn forget(&self) {
        let mut recent = self.recent();
        recent.last += 1;
        recent.events.clear();
    }

    /// What came after `seen`, and everything from now on. `None` first: that is not known any more, so load again.
    fn after(&self, seen: Option<&str>) -> Listening {
        let recent = self.recent();
        let told = self.told.subscribe();
        let Some(seen) = seen else { return Listening { missed: vec![], told, last: recent.last } };
        let number = FeedEvent::number(&self.stream, seen);
        let oldest = recent.events.front().map_or(recent.last + 1, |event| event.id);
        let missed = match number {
            Some(number) if number + 1 >= oldest && number <= recent.last => {
                recent.events.iter().filter(|event| event.id > number).cloned().map(Some).collect()
            }
            _ => vec![None],
        };
        Listening { missed, told, last: recent.last }
    }

    fn written(&self, event: &FeedEvent) -> Event {
        let mark = FeedEvent::mark(&self.stream, event.id);
        // An event always can be written: it is plain data.
        let data = serde_json::to_string(&event.event).unwrap_or_default();
        Event::default().event("event").id(mark).data(data)
    }

    fn reset(&self, at: u64) -> Event {
        Event::default().event("reset").id(FeedEvent::mark(&self.stream, at)).data("{}")
    }

    /// Says to load everything again, up to now.
    pub(super) fn now(&self) -> Event {
        let last = self.recent().last;
        self.reset(last)
    }

    /// What a follower is sent, as far as `limited` lets him see it: what came after `seen`, and everything from now on. `reset` says:
    /// load everything again; who reads more slowly than things happen is told so too.
    pub(super) fn events(
        self: Arc<Self>,
        seen: Option<&str>,
        limited: Option<Arc<Limited>>,
    ) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
        let Listening { missed, told, last } = self.after(seen);
        let hello = Event::default().event("hello").id(FeedEvent::mark(&self.stream, last)).data("{}");
        let (first, mine) = (Arc::clone(&self), limited.clone());
        let missed = stream::iter(missed).filter_map(move |event| {
            let (first, limited) = (Arc::clone(&first), mine.clone());
            async move {
                match event {
                    Some(event) => may_see(limited.as_deref(), event).await.map(|event| first.written(&event)),
                    None => Some(first.reset(last)),
                }
            }
        });
        let hello = stream::iter(seen.is_none().then_some(hello));
        let now = stream::unfold((self, told, limited), |(feed, mut told, limited)| async move {
            let event = loop {
                match told.recv().await {
                    Ok(event) => match may_see(limited.as_deref(), event).await {
                        Some(event) => break feed.written(&event),
                        None => continue,
                    },
                    Err(RecvError::Lagged(_)) => break feed.now(),
                    Err(RecvError::Closed) => return None,
                }
            };
            Some((event, (feed, told, limited)))
        });
        hello.chain(missed).chain(now).map(Ok)
    }
}

/// The event as whoever has grants may have it.
async fn may_see(limited: Option<&Limited>, event: Arc<FeedEvent>) -> Option<Arc<FeedEvent>> {
    let Some(limited) = limited else { return Some(event) };
    let id = event.id;
    limited.told(event.event.clone()).await.map(|event| Arc::new(FeedEvent { id, event }))
}
