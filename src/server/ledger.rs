//! Writes that are not in the store's trail, by the name they came under: asked for again, they are not done again. The names are
//! remembered by this server for as long as it runs, at most seven days and so many; decisions are remembered by the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::api::Problem;
use crate::drift::Once;
use crate::service::ServiceError;

/// How long a name is known.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3_600);
/// Names that are remembered; beyond them the oldest are forgotten.
const MOST: usize = 20_000;

#[derive(Default)]
pub(super) struct Ledger(Mutex<HashMap<String, Entry>>);

struct Entry {
    request: String,
    at: Instant,
}

/// What a name stands for.
pub(super) enum Claim {
    /// Nothing yet: it is done now.
    New(Claimed),
    /// This request, which was done.
    Again,
}

/// Forgotten again, unless it is done.
pub(super) struct Claimed {
    ledger: Arc<Ledger>,
    key: Option<String>,
}

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Errors
    /// The name stands for another request.
    pub(super) fn claim(self: &Arc<Self>, once: Option<Once>) -> Result<Claim, Problem> {
        let Some(once) = once else { return Ok(Claim::New(Claimed { ledger: Arc::clone(self), key: None })) };
        let (mut entries, now) = (self.entries(), Instant::now());
        if let Some(known) = entries.get(&once.key).filter(|known| now.duration_since(known.at) < KEPT) {
            let other = "this key was used for another request: make a new one for each";
            return match known.request == once.request {
                true => Ok(Claim::Again),
                false => Err(ServiceError::Reused(other.to_owned()).into()),
            };
        }
        if entries.len() >= MOST {
            forget_half(&mut entries);
        }
        entries.insert(once.key.clone(), Entry { request: once.request, at: now });
        Ok(Claim::New(Claimed { ledger: Arc::clone(self), key: Some(once.key) }))
    }
}

fn forget_half(entries: &mut HashMap<String, Entry>) {
    let mut times: Vec<Instant> = entries.values().map(|entry| entry.at).collect();
    times.sort_unstable();
    if let Some(middle) = times.get(times.len() / 2).copied() {
        entries.retain(|_, entry| entry.at > middle);
    }
}

impl Claimed {
    pub(super) fn done(mut self) {
        self.key = None;
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.ledger.entries().remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_done_once_under_a_name_and_again_when_it_failed() {
        let ledger = Arc::new(Ledger::default());
        let once = |request: &str| Some(Once::new("erin\nk", request));
        let Ok(Claim::New(failed)) = ledger.claim(once("a")) else { panic!("it is new") };
        drop(failed);
        let Ok(Claim::New(claimed)) = ledger.claim(once("a")) else { panic!("nothing was done under it") };
        claimed.done();
        assert!(matches!(ledger.claim(once("a")), Ok(Claim::Again)));
        assert_eq!(ledger.claim(once("b")).err().map(|problem| problem.status()), Some(422));
        assert!(matches!(ledger.claim(None), Ok(Claim::New(_))));
    }

    #[test]
    fn the_oldest_names_are_forgotten_first() {
        let ledger = Arc::new(Ledger::default());
        for n in 0..=MOST {
            if let Ok(Claim::New(claimed)) = ledger.claim(Some(Once::new(n.to_string(), ""))) {
                claimed.done();
            }
        }
        assert!(ledger.entries().len() < MOST);
        assert!(matches!(ledger.claim(Some(Once::new(MOST.to_string(), ""))), Ok(Claim::Again)));
    }
}
