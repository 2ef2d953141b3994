//! How it stands with the server: what the feed and the calls have seen, put together, and told when it changes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{broadcast, watch};

use crate::service::{Contact, ServiceEvent};

/// One server's, or that of several which are one.
pub struct Link {
    seen: Mutex<Seen>,
    shown: watch::Sender<Contact>,
    events: broadcast::Sender<ServiceEvent>,
}

struct Seen {
    /// Open, or when it is tried again.
    feed: Contact,
    /// A call was turned away since the last that was answered.
    denied: Option<String>,
    /// It is asked no sooner.
    busy: Option<Timestamp>,
    /// Who answered last.
    server: String,
    /// Who we are there.
    name: String,
}

impl Seen {
    /// `erin (editor) at https://…`
    fn at(&self) -> String {
        format!("{} at {}", self.name, self.server)
    }
}

impl Link {
    pub fn new(server: String, events: broadcast::Sender<ServiceEvent>) -> Self {
        let seen = Seen { feed: Contact::Live, denied: None, busy: None, server, name: String::new() };
        Self { seen: Mutex::new(seen), shown: watch::Sender::new(Contact::Live), events }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn contact(&self) -> Contact {
        self.shown.borrow().clone()
    }

    pub fn watch(&self) -> watch::Receiver<Contact> {
        self.shown.subscribe()
    }

    /// Who we are, and at which server.
    pub fn at(&self) -> String {
        self.seen().at()
    }

    /// Who we are there.
    pub fn greeted(&self, name: String) {
        self.seen().name = name;
    }

    /// Why nothing should be sent now. What a call alone was told is tried again.
    pub fn away(&self) -> Option<String> {
        match &self.seen().feed {
            Contact::Live | Contact::Busy { .. } => None,
            Contact::Lost { .. } => Some("the server cannot be reached".into()),
            Contact::Denied { why } => Some(why.clone()),
        }
    }

    /// What the feed says.
    pub fn feed(&self, contact: Contact) {
        let mut seen = self.seen();
        if contact == Contact::Live {
            (seen.denied, seen.busy) = (None, None);
        }
        seen.feed = contact;
        self.tell(&seen);
    }

    /// A call was answered, by this server.
    pub fn answered(&self, server: &str) {
        let mut seen = self.seen();
        (seen.denied, seen.busy) = (None, None);
        if seen.server != server {
            server.clone_into(&mut seen.server);
            // Nobody listening is no fault.
            let _ = self.events.send(ServiceEvent::Server(seen.at()));
        }
        self.tell(&seen);
    }

    /// A call was turned away.
    pub fn denied(&self, why: &str) {
        let mut seen = self.seen();
        seen.denied = Some(why.to_owned());
        self.tell(&seen);
    }

    /// It is asked again after this.
    pub fn busy(&self, pause: Duration) {
        let mut seen = self.seen();
        seen.busy = Timestamp::now().checked_add(pause).ok();
        self.tell(&seen);
    }

    fn tell(&self, seen: &Seen) {
        let now = match (&seen.feed, &seen.denied, seen.busy) {
            (_, Some(why), _) => Contact::Denied { why: why.clone() },
            (Contact::Live, None, Some(again_at)) => Contact::Busy { again_at },
            (feed, None, _) => feed.clone(),
        };
        let is_new = self.shown.send_if_modified(|shown| {
            let is_new = *shown != now;
            shown.clone_from(&now);
            is_new
        });
        if is_new {
            let _ = self.events.send(ServiceEvent::Contact(now));
        }
    }
}
