//! Guessing gets slower with each wrong guess: by user, whether there is one of that name or not, and by address.
//!
//! In memory and per process: a restart forgives, but it cannot be brought about by guessing. Who floods it with names pushes out
//! only what is oldest, and is slowed down by address meanwhile.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

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

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Counted {
    /// A hash: however long the name, it takes no more room.
    User([u8; 16]),
    /// Of IPv6 the network: its owner has all its addresses.
    Address(IpAddr),
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
    until: Timestamp,
}

/// Who has to wait.
#[derive(Default)]
pub(super) struct Lockout(Mutex<HashMap<Counted, Failures>>);

impl Lockout {
    /// Seconds until this may be tried again, if it may not be now.
    pub(super) fn wait(
        &self,
        organization: &Slug,
        username: &str,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Option<u64> {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until =
            counted(organization, username, from).filter_map(|(one, _)| failures.get(&one)).map(|f| f.until).max()?;
        let left = until.duration_since(now);
        // Rounded up: who waits exactly as long as he is told gets through.
        left.is_positive().then(|| u64::try_from(left.as_millis()).unwrap_or(0).div_ceil(1_000).max(1))
    }

    /// Seconds to wait now, if any.
    pub(super) fn failed(
        &self,
        organization: &Slug,
        username: &str,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Option<u64> {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut longest = None;
        for (one, free) in counted(organization, username, from) {
            if failures.len() >= MOST && !failures.contains_key(&one) {
                make_room(&mut failures, now);
            }
            let entry = failures.entry(one).or_insert(Failures { count: 0, last: now, until: now });
            if now.duration_since(entry.last) > FORGET {
                entry.count = 0;
            }
            entry.count = entry.count.saturating_add(1);
            entry.last = now;
            if let Some(over) = entry.count.checked_sub(free + 1) {
                let wait = FIRST.checked_shl(over).filter(|_| over < 10).unwrap_or(LONGEST).min(LONGEST);
                entry.until = now.saturating_add(SignedDuration::from_secs(wait as i64)).unwrap_or(Timestamp::MAX);
                longest = longest.max(Some(wait));
            }
        }
        longest
    }

    /// The user is forgiven; the address is not, or one good password would buy guesses at all others.
    pub(super) fn succeeded(&self, organization: &Slug, username: &str) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&user(organization, username));
    }
}

fn counted(organization: &Slug, username: &str, from: Option<IpAddr>) -> impl Iterator<Item = (Counted, u32)> {
    let address = from.map(|address| (Counted::Address(network(address)), FREE_BY_ADDRESS));
    std::iter::once((user(organization, username), FREE_BY_USER)).chain(address)
}

fn user(organization: &Slug, username: &str) -> Counted {
    let mut hasher = blake3::Hasher::new();
    hasher.update(organization.as_str().as_bytes()).update(b"/").update(unique_name(username).as_bytes());
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Counted::User(short)
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

/// First what is forgotten anyway, then the older half.
fn make_room(failures: &mut HashMap<Counted, Failures>, now: Timestamp) {
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
        let lockout = Lockout::default();
        let waits: Vec<_> = (0..16).map(|_| lockout.failed(&acme(), "erin", None, at(0)).unwrap_or(0)).collect();
        assert_eq!(waits, [0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(lockout.wait(&acme(), "ERIN", None, at(0)), Some(900), "whatever the case");
        assert_eq!(lockout.wait(&acme(), "erin", None, at(900)), None);
        assert_eq!(lockout.wait(&acme(), "vic", None, at(0)), None);
        assert_eq!(lockout.wait(&Slug::from_text("other"), "erin", None, at(0)), None);
        lockout.succeeded(&acme(), "erin");
        assert_eq!(lockout.failed(&acme(), "erin", None, at(1)), None);
    }

    #[test]
    fn an_address_that_tries_many_names_is_slowed_down_and_one_success_does_not_help_it() {
        let lockout = Lockout::default();
        let from = Some("2001:db8::1".parse().unwrap());
        for n in 0..20 {
            lockout.failed(&acme(), &format!("user{n}"), from, at(0));
        }
        lockout.succeeded(&acme(), "user0");
        let neighbour = Some("2001:db8::ffff".parse().unwrap());
        assert_eq!(lockout.wait(&acme(), "another", neighbour, at(0)), Some(2));
        assert_eq!(lockout.wait(&acme(), "another", Some("2001:db8:1::1".parse().unwrap()), at(0)), None);
    }

    #[test]
    fn memory_is_bounded_and_who_waits_now_is_not_pushed_out_by_a_flood() {
        let lockout = Lockout::default();
        for _ in 0..20 {
            lockout.failed(&acme(), "erin", None, at(0));
        }
        for n in 0..(MOST + 500) {
            lockout.failed(&acme(), &format!("flood{n}"), None, at(1));
        }
        assert!(lockout.0.lock().unwrap().len() <= MOST);
        assert!(lockout.wait(&acme(), "erin", None, at(2)).is_some());
    }
}
