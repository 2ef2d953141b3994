//! Decisions on their way: each is on this machine's disk before it is sent, and until it is answered. So none is lost when the
//! server, the network or this process goes, and under its key none is made twice.

mod asked;
mod entry;
mod journal;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::{Notify, broadcast, oneshot};
use ulid::Ulid;

pub use asked::{Asked, EndMark};
pub use entry::{Entry, Record, next, rebased};
pub use journal::{Journal, Sending, count};

use crate::drift::{DriftEvent, OperationalContext};
use crate::service::waiting::{Newer, Settle, Sight, Standing, Waiting};
use crate::service::{ServiceError, ServiceEvent};
use crate::store::Receipt;

/// What the server made of one of them.
#[derive(Clone, Debug)]
pub enum Made {
    Decision(Receipt),
    Mark(Box<OperationalContext>),
}

impl Made {
    /// The drifts it has changed.
    pub fn drifts(&self) -> &[DriftEvent] {
        if let Self::Decision(receipt) = self { &receipt.drifts } else { &[] }
    }
}

/// What the server said to each part of an entry.
pub type Answers = Vec<Result<Made, ServiceError>>;

/// The queue of one principal at one server.
pub struct Queue {
    journal: Journal,
    /// Who is there to hear the answer, by key; what nobody waits for is shown as waiting.
    asking: Mutex<HashMap<Ulid, oneshot::Sender<Answers>>>,
    told: Mutex<Vec<Waiting>>,
    events: broadcast::Sender<ServiceEvent>,
    /// Something is to be sent.
    pub wake: Notify,
}

/// The directory of a principal's queue at a server: readable, and no two share one.
pub fn name(server: &str, organisation: &str, principal: &str) -> String {
    let whole = blake3::hash(format!("{server}\n{organisation}\n{principal}").as_bytes()).to_hex();
    let host = server.split("//").nth(1).unwrap_or(server);
    let host: String =
        host.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).take(40).collect();
    format!("{host}-{}", &whole[..16])
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    /// # Errors
    /// When there is no place for it, or what is there cannot be read.
    pub fn open(dir: PathBuf, events: broadcast::Sender<ServiceEvent>) -> io::Result<Arc<Self>> {
        let journal = Journal::open(dir)?;
        let before = journal.read()?;
        if before.damaged > 0 {
            let path = journal.path();
            let text = format!("{}: {} lines of decisions that wait cannot be read", path.display(), before.damaged);
            tracing::warn!("{text}");
            let _ = events.send(ServiceEvent::Notice { error: true, text: text.into() });
        }
        let told = Mutex::new(entry::listed(&before.entries));
        Ok(Arc::new(Self { journal, asking: Mutex::default(), told, events, wake: Notify::new() }))
    }

    /// What waits, in the order it is sent.
    pub fn waiting(&self) -> Vec<Waiting> {
        held(&self.told).clone()
    }

    /// Durable when it returns; the answer comes later.
    ///
    /// # Errors
    /// When it cannot be written: then nothing is decided.
    pub async fn put(
        self: &Arc<Self>,
        requests: Vec<(Asked, Option<Sight>)>,
    ) -> io::Result<oneshot::Receiver<Answers>> {
        let entry = Entry::new(Timestamp::now(), requests);
        let (key, (answer, answered)) = (entry.key, oneshot::channel());
        held(&self.asking).insert(key, answer);
        if let Err(error) = self.change(move |_| vec![Record::Put(entry)]).await {
            held(&self.asking).remove(&key);
            return Err(error);
        }
        self.wake.notify_one();
        Ok(answered)
    }

    /// A person's word about some that wait, as one change.
    ///
    /// # Errors
    /// When none of them is there any more, or the disk does not take the change.
    pub async fn settle(self: &Arc<Self>, ids: Vec<Ulid>, how: Settle) -> Result<(), ServiceError> {
        // Not while it is on its way: then nobody could say whether it was taken back.
        let journal = self.journal.clone();
        let sending = tokio::task::spawn_blocking(move || journal.sending());
        if !matches!(sending.await, Ok(Ok(Some(_)))) {
            return Err(ServiceError::Unavailable("decisions are being sent just now: try again in a moment".into()));
        }
        let (found, is_found) = oneshot::channel();
        let changed = self.change(move |entries| {
            let records = entry::all_settled(entries, &ids, how);
            let _ = found.send(records.is_some());
            records.unwrap_or_default()
        });
        changed.await.map_err(|error| unwritable(&error))?;
        self.wake.notify_one();
        match is_found.await {
            Ok(true) => Ok(()),
            _ => Err(ServiceError::NotFound("it does not wait any more: it was sent, or taken back elsewhere".into())),
        }
    }

    /// The right to send; `None` as long as another driftguard has it.
    pub async fn sending(&self) -> io::Result<Option<Sending>> {
        let journal = self.journal.clone();
        tokio::task::spawn_blocking(move || journal.sending()).await.map_err(io::Error::other)?
    }

    /// Changes what waits, and tells who shows it.
    pub async fn change(
        self: &Arc<Self>,
        decide: impl FnOnce(&[Entry]) -> Vec<Record> + Send + 'static,
    ) -> io::Result<Vec<Entry>> {
        let journal = self.journal.clone();
        let entries = tokio::task::spawn_blocking(move || journal.change(decide)).await.map_err(io::Error::other)??;
        self.tell(&entries);
        Ok(entries)
    }

    /// The server has answered: what is settled goes, what it had objections to stays for the person.
    pub async fn answered(self: &Arc<Self>, entry: Entry, answers: Answers) -> io::Result<()> {
        let asking = held(&self.asking).remove(&entry.key);
        let (is_heard, said) = (asking.is_some(), answers.clone());
        let done = entry.clone();
        let made = self.change(move |entries| outcome(entries, &done, said, is_heard)).await;
        match asking {
            // Whoever asked shows it; whatever nobody asked for is told to all.
            Some(asking) => drop(asking.send(answers)),
            None => {
                let made: Vec<Made> = answers.into_iter().flatten().collect();
                let drifts = made.iter().flat_map(Made::drifts).cloned();
                drifts.for_each(|drift| drop(self.events.send(ServiceEvent::Updated(Box::new(drift)))));
            }
        }
        made.map(drop)
    }

    /// Nobody waits for an answer any more: `why` it may take a while.
    pub async fn park(self: &Arc<Self>, why: &str) {
        let asking = std::mem::take(&mut *held(&self.asking));
        if asking.is_empty() {
            return;
        }
        // Before the answers, so that whoever hears one finds it among those that wait.
        let _ = self.change(|_| vec![]).await;
        for (_, answer) in asking {
            // As many as there are decisions: whoever asked knows how many, and takes this one for all.
            let _ = answer.send(vec![Err(ServiceError::Kept(why.to_owned()))]);
        }
    }

    fn tell(&self, entries: &[Entry]) {
        let asking = held(&self.asking);
        let parked: Vec<Entry> = entries.iter().filter(|one| !asking.contains_key(&one.key)).cloned().collect();
        drop(asking);
        let now = entry::listed(&parked);
        let mut told = held(&self.told);
        if *told != now {
            told.clone_from(&now);
            // Nobody listening is no fault.
            let _ = self.events.send(ServiceEvent::Waiting(now));
        }
    }
}

/// What an answer changes. `is_heard`: a person is told of refusals at once.
fn outcome(entries: &[Entry], done: &Entry, answers: Answers, is_heard: bool) -> Vec<Record> {
    let mut records = vec![Record::Gone { key: done.key }];
    for (part, answer) in done.parts.iter().zip(answers) {
        match answer {
            Ok(made) => {
                let Some(request) = part.asked.triage() else { continue };
                let now = made.drifts().iter().find(|drift| drift.id == request.drift);
                records.extend(now.into_iter().flat_map(|now| rebased(entries, request, now.version)));
            }
            Err(ServiceError::Conflict(current)) => {
                let asks = Standing::Asks(Box::new(Newer::from(current.as_ref())));
                records.push(Record::Put(Entry::of(part.clone(), done.at, asks)));
            }
            Err(_) if is_heard => {}
            Err(why) => records.push(Record::Put(Entry::of(part.clone(), done.at, Standing::Refused(why.to_string())))),
        }
    }
    records
}

/// Why nothing was decided.
pub fn unwritable(error: &io::Error) -> ServiceError {
    let why = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".to_owned(),
        _ => error.to_string(),
    };
    ServiceError::Unavailable(format!(
        "it cannot be kept on this machine until the server is back: {why}; nothing was decided"
    ))
}
