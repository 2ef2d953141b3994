//! Guessing gets slower with each wrong guess: by user, whether there is one of that name or not, and by address.
//!
//! Counted in the database where there is one, by all servers together; else in memory: a restart forgives, but it cannot be brought
//! about by guessing. Who floods the memory with names pushes out only what is oldest, and is slowed down by address meanwhile.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::Result;
use super::user::unique_name;
use crate::drift::Slug;

/// Wrong guesses that cost nothing.
const FREE_BY_USER: u32 = 4;
/// More: many people may come from one address.
const FREE_BY_ADDRESS: u32 = 19;
/// Seconds, doubled with each further wrong guess.
const FIRST: u64 = 2;
const LONGEST: u64 = 900;
/// After so long without a wrong guess all is forgotten.
const FORGET: SignedDuration = SignedDuration::from_hours(24);
/// Entries, of some 60 bytes.
const MOST: usize = 20_000;

/// Wrong guesses of one user, or from one address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failures {
    pub count: u32,
    pub last: Timestamp,
    /// Before then nothing is tried.
    pub until: Timestamp,
}

/// One more wrong guess.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guess {
    /// By what it is counted: a hash, so that it takes no more room however long the name.
    pub key: [u8; 16],
    /// So many cost nothing.
    free: u32,
    now: Timestamp,
}

impl Guess {
    /// What is known with it.
    pub fn after(&self, known: Option<Failures>) -> Failures {
        let now = self.now;
        let known = known.filter(|known| now.duration_since(known.last) <= FORGET);
        let (count, until) = known.map_or((1, now), |known| (known.count.saturating_add(1), known.until));
        let until = match count.checked_sub(self.free + 1) {
            Some(over) => now.saturating_add(SignedDuration::from_secs(wait(over) as i64)).unwrap_or(Timestamp::MAX),
            None => until,
        };
        Failures { count, last: now, until }
    }
}

/// Seconds, after so many guesses that were not free.
fn wait(over: u32) -> u64 {
    FIRST.checked_shl(over).filter(|_| over < 10).unwrap_or(LONGEST).min(LONGEST)
}

/// Where they are counted.
pub trait Guesses: Send + Sync {
    fn failures(&self, key: &[u8; 16]) -> Result<Option<Failures>>;
    /// What is known with this one.
    fn failed(&self, guess: Guess) -> Result<Failures>;
    fn forgive(&self, key: &[u8; 16]) -> Result<()>;
    /// Those from before then.
    fn forget(&self, before: Timestamp) -> Result<()>;
}

/// Who has to wait.
pub(super) struct Lockout<'a>(pub(super) &'a dyn Guesses);

impl Lockout<'_> {
    /// Seconds until this may be tried again, if it may not be now.
    pub(super) fn wait(
        &self,
        organization: &Slug,
        username: &str,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Option<u64>> {
        let mut longest = None;
        for (key, _) in counted(organization, username, from) {
            longest = longest.max(self.0.failures(&key)?.map(|known| known.until));
        }
        Ok(longest.and_then(|until| seconds(until, now)))
    }

    /// Seconds to wait now, if any.
    pub(super) fn failed(
        &self,
        organization: &Slug,
        username: &str,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Option<u64>> {
        let mut longest = None;
        for (key, free) in counted(organization, username, from) {
            longest = longest.max(seconds(self.0.failed(Guess { key, free, now })?.until, now));
        }
        Ok(longest)
    }

    /// The user is forgiven; the address is not, or one good password would buy guesses at all others.
    pub(super) fn succeeded(&self, organization: &Slug, username: &str) -> Result<()> {
        self.0.forgive(&user(organization, username))
    }

    /// Throws away what is forgotten.
    pub(super) fn tidy(&self, now: Timestamp) -> Result<()> {
        self.0.forget(now.saturating_sub(FORGET).unwrap_or(Timestamp::MIN))
    }
}

/// Rounded up: who waits exactly as long as he is told gets through.
fn seconds(until: Timestamp, now: Timestamp) -> Option<u64> {
    let left = until.duration_since(now);
    left.is_positive().then(|| u64::try_from(left.as_millis()).unwrap_or(0).div_ceil(1_000).max(1))
}

/// Keys, and how many wrong guesses cost nothing.
fn counted(organization: &Slug, username: &str, from: Option<IpAddr>) -> impl Iterator<Item = ([u8; 16], u32)> {
    // Of IPv6 the network: its owner has all its addresses.
    let address = from.map(|address| (short(&["address", &network(address).to_string()]), FREE_BY_ADDRESS));
    std::iter::once((user(organization, username), FREE_BY_USER)).chain(address)
}

fn user(organization: &Slug, username: &str) -> [u8; 16] {
    short(&["user", organization.as_str(), &unique_name(username)])
}

fn short(words: &[&str]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for word in words {
        hasher.update(word.as_bytes()).update(b"/");
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

/// In this process alone.
#[derive(Default)]
pub(super) struct Memory(Mutex<HashMap<[u8; 16], Failures>>);

impl Memory {
    fn all(&self) -> MutexGuard<'_, HashMap<[u8; 16], Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guesses for Memory {
    fn failures(&self, key: &[u8; 16]) -> Result<Option<Failures>> {
        Ok(self.all().get(key).copied())
    }

    fn failed(&self, guess: Guess) -> Result<Failures> {
        let mut all = self.all();
        if all.len() >= MOST && !all.contains_key(&guess.key) {
            make_room(&mut all, guess.now);
        }
        let failures = guess.after(all.get(&guess.key).copied());
        all.insert(guess.key, failures);
        Ok(failures)
    }

    fn forgive(&self, key: &[u8; 16]) -> Result<()> {
        self.all().remove(key);
        Ok(())
    }

    fn forget(&self, before: Timestamp) -> Result<()> {
        self.all().retain(|_, known| known.last >= before);
        Ok(())
    }
}

/// First what is forgotten anyway, then the older half.
fn make_room(failures: &mut HashMap<[u8; 16], Failures>, now: Timestamp) {
    failures.retain(|_, entry| now.duration_since(entry.last) <= FORGET);
    if failures.len() < MOST {
        return;
    }
    let mut ages: Vec<Timestamp> = failures.values().map(|entry| entry.last.max(entry.until)).collect();
    let half = ages.len() / 2;
    let (_, middle, _) = ages.select_nth_unstable(half);
    let middle = *middle;
    failures.retain(|_, entry| entry.last.max(entry.until) > middle);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn acme() -> Slug {
        Slug::from_text("acme")
    }

    #[test]
    fn each_wrong_guess_after_the_free_ones_doubles_the_wait_up_to_a_quarter_of_an_hour() {
        let memory = Memory::default();
        let lockout = Lockout(&memory);
        let waits: Vec<_> =
            (0..16).map(|_| lockout.failed(&acme(), "erin", None, at(0)).unwrap().unwrap_or(0)).collect();
        assert_eq!(waits, [0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(lockout.wait(&acme(), "ERIN", None, at(0)).unwrap(), Some(900), "whatever the case");
        assert_eq!(lockout.wait(&acme(), "erin", None, at(900)).unwrap(), None);
        assert_eq!(lockout.wait(&acme(), "vic", None, at(0)).unwrap(), None);
        assert_eq!(lockout.wait(&Slug::from_text("other"), "erin", None, at(0)).unwrap(), None);
        lockout.succeeded(&acme(), "erin").unwrap();
        assert_eq!(lockout.failed(&acme(), "erin", None, at(1)).unwrap(), None);
    }

    #[test]
    fn an_address_that_tries_many_names_is_slowed_down_and_one_success_does_not_help_it() {
        let memory = Memory::default();
        let lockout = Lockout(&memory);
        let from = Some("2001:db8::1".parse().unwrap());
        for n in 0..20 {
            lockout.failed(&acme(), &format!("user{n}"), from, at(0)).unwrap();
        }
        lockout.succeeded(&acme(), "user0").unwrap();
        let neighbour = Some("2001:db8::ffff".parse().unwrap());
        assert_eq!(lockout.wait(&acme(), "another", neighbour, at(0)).unwrap(), Some(2));
        assert_eq!(lockout.wait(&acme(), "another", Some("2001:db8:1::1".parse().unwrap()), at(0)).unwrap(), None);
    }

    #[test]
    fn memory_is_bounded_and_who_waits_now_is_not_pushed_out_by_a_flood() {
        let memory = Memory::default();
        let lockout = Lockout(&memory);
        for _ in 0..20 {
            lockout.failed(&acme(), "erin", None, at(0)).unwrap();
        }
        for n in 0..(MOST + 500) {
            lockout.failed(&acme(), &format!("flood{n}"), None, at(1)).unwrap();
        }
        assert!(memory.all().len() <= MOST);
        assert!(lockout.wait(&acme(), "erin", None, at(2)).unwrap().is_some());
    }
}
