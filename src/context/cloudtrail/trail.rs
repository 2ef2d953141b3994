//! Asks CloudTrail who it was, and remembers the answers.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::event::Event;
use super::lookup::lookup;
use super::matching::rank;
use super::names::{is_at_home, names_of, place_of};
use super::taken_back::{Episode, before};
use crate::aws::{Access, Fault, Session, Usage, block_on};
use crate::drift::{DriftDetail, Environment, TakenBack, Who};
use crate::safety::Tainted;

/// AWS Config and CloudTrail are some minutes behind: what the scan before saw may have been older, and events come late.
const SLACK: SignedDuration = SignedDuration::from_mins(15);
/// Management events are kept for so long.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// What was there before is looked into as far back.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(24);
/// Accounts and regions asked when nothing says where the resource is.
const PLACES: usize = 4;
/// Writes that are shown.
const LISTED: usize = 8;
/// An answer whose span is not over for long may yet grow.
const FRESH: Duration = Duration::from_secs(60);
/// Answers remembered.
const REMEMBERED: usize = 500;

/// Why nobody can be named.
#[derive(Debug, thiserror::Error)]
pub enum WhoError {
    #[error("CloudTrail knows resources of AWS only, and {} is none", .0.line())]
    NotOfAws(Tainted),
    #[error("neither an id nor a name of it is known, so that CloudTrail cannot be asked for it")]
    Nameless,
    #[error("it is in account {}, and nothing says how that is reached: name a role into it in `accounts`", .0.line())]
    Elsewhere(Tainted),
    #[error("{0}; {help}", help = .0.help())]
    Fault(#[from] Fault),
    #[error("cancelled")]
    Cancelled,
}

/// One question.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub environment: &'a Environment,
    pub detail: &'a DriftDetail,
    /// From when until when it may have been; see [`window`].
    pub span: (Timestamp, Timestamp),
    /// When it was there before, oldest first.
    pub episodes: &'a [Episode],
}

impl Question<'_> {
    /// From when on writes are read: whoever tries things has changed it, and changed it back, shortly before.
    fn since(&self) -> Timestamp {
        let [from, until] = [self.span.0, self.span.1];
        let back = |at: Timestamp, by: SignedDuration| at.checked_sub(by).unwrap_or(at);
        let oldest = back(until, LOOKED_BACK);
        // A scan saw it first, so it was made before.
        let first = self.episodes.iter().map(|(begun, _)| back(*begun, TakenBack::SOON)).find(|at| *at >= oldest);
        from.min(back(until, TakenBack::SOON)).min(first.unwrap_or(from))
    }
}

/// The span a change that a scan found lies in: since the scan before saw the resource, as long as events are kept.
pub fn window(appeared: Timestamp, scan_before: Option<Timestamp>) -> (Timestamp, Timestamp) {
    let oldest = appeared.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    let from = scan_before.and_then(|at| at.checked_sub(SLACK).ok()).unwrap_or(oldest).max(oldest);
    (from, appeared.checked_add(SLACK).unwrap_or(Timestamp::MAX))
}

/// The trail of one environment: its sessions, and the answers so far.
pub struct Trail {
    access: Arc<Access>,
    /// By region; empty: the SDK's own.
    sessions: Mutex<HashMap<Vec<String>, Vec<Session>>>,
    answers: Mutex<HashMap<Key, (Instant, Arc<Answer>)>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    place: (String, String),
    names: Vec<String>,
    /// From when on writes are read, until when.
    span: (Timestamp, Timestamp),
    /// From when on a write may have made the drift.
    from: Timestamp,
}

#[derive(Default)]
struct Answer {
    events: Vec<Event>,
    asked: Vec<String>,
    /// Events of before this were not all read.
    cut_at: Option<Timestamp>,
}

impl Trail {
    pub fn new(access: Arc<Access>) -> Self {
        Self { access, sessions: Mutex::default(), answers: Mutex::default() }
    }

    /// Asks, and waits. At most two requests a second go out for each account and region, so this takes seconds.
    pub fn who(&self, question: Question<'_>, cancel: &AtomicBool) -> Result<Who, WhoError> {
        let Question { detail, span, .. } = question;
        let kind = &detail.event.resource.resource_type;
        if !(kind.raw().starts_with("aws_") || kind.raw().starts_with("AWS::")) {
            return Err(WhoError::NotOfAws(kind.clone()));
        }
        let names = names_of(detail);
        if names.is_empty() {
            return Err(WhoError::Nameless);
        }
        let key = Key { place: place_of(detail), names, span: (question.since(), span.1), from: span.0 };
        let answer = match self.remembered(&key) {
            Some(answer) => answer,
            None => {
                let asked = block_on(cancel, self.ask(question.environment, kind.raw(), &key));
                let answer = Arc::new(asked.map_err(|_| WhoError::Cancelled)??);
                self.remember(key, &answer);
                answer
            }
        };
        Ok(told(&answer, question))
    }

    async fn ask(&self, environment: &Environment, kind: &str, key: &Key) -> Result<Answer, WhoError> {
        let regions = self.regions(environment, kind, &key.place.1).await?;
        let mut sessions = self.open(&regions).await?;
        let (account, _) = &key.place;
        if !account.is_empty() {
            sessions.retain(|session| session.target.account == *account);
        }
        if sessions.is_empty() {
            return Err(WhoError::Elsewhere(account.as_str().into()));
        }
        let mut answer = Answer { asked: key.names.clone(), ..Answer::default() };
        for name in &key.names {
            for session in sessions.iter().take(PLACES) {
                let looked = lookup(session, name, key.span).await?;
                answer.events.extend(looked.events);
                answer.cut_at = answer.cut_at.max(looked.cut_at);
            }
            if has_write(&answer.events, key.from) {
                break;
            }
        }
        let mut known = std::collections::HashSet::new();
        answer.events.retain(|event| event.id.is_empty() || known.insert(event.id.clone()));
        Ok(answer)
    }

    /// Where the events are. Empty: where the SDK says one is.
    async fn regions(&self, environment: &Environment, kind: &str, region: &str) -> Result<Vec<String>, Fault> {
        let configured = self.access.regions_of(environment);
        if is_at_home(kind) {
            let known = self.open(configured.get(..1).unwrap_or_default()).await?;
            let partition = known.first().map_or("aws", |session| session.target.partition.as_str());
            let home = match partition {
                "aws-cn" => "cn-north-1",
                "aws-us-gov" => "us-gov-west-1",
                _ => "us-east-1",
            };
            return Ok(vec![home.to_owned()]);
        }
        Ok(if region.is_empty() { configured } else { vec![region.to_owned()] })
    }

    async fn open(&self, regions: &[String]) -> Result<Vec<Session>, Fault> {
        let lock = || self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(regions) {
            return Ok(known.clone());
        }
        let (sessions, mut faults) = Session::open_all(&self.access, regions, &Arc::<Usage>::default()).await;
        match (sessions.is_empty(), faults.pop()) {
            (true, Some((_, fault))) => Err(fault),
            _ => {
                lock().insert(regions.to_vec(), sessions.clone());
                Ok(sessions)
            }
        }
    }

    fn remembered(&self, key: &Key) -> Option<Arc<Answer>> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, answer) = answers.get(key)?;
        let is_final = key.span.1.checked_add(SLACK).is_ok_and(|over| over < Timestamp::now());
        (is_final || at.elapsed() < FRESH).then(|| Arc::clone(answer))
    }

    fn remember(&self, key: Key, answer: &Arc<Answer>) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= REMEMBERED {
            let oldest = answers.iter().min_by_key(|(_, (at, _))| *at).map(|(key, _)| key.clone());
            oldest.and_then(|key| answers.remove(&key));
        }
        answers.insert(key, (Instant::now(), Arc::clone(answer)));
    }
}

/// Neither reads under one name nor writes of before mean that what is looked for is under that name too.
pub(super) fn has_write(events: &[Event], from: Timestamp) -> bool {
    events.iter().any(|event| event.is_write() && event.time >= from)
}

fn told(answer: &Answer, question: Question<'_>) -> Who {
    let (event, (from, until)) = (&question.detail.event, question.span);
    let within: Vec<Event> = answer.events.iter().filter(|one| (from..=until).contains(&one.time)).cloned().collect();
    let mut found = rank(&within, &event.changes, event.drift_type);
    // Among those that were not read somebody may have written the same.
    let is_cut = answer.cut_at.is_some_and(|at| at >= from);
    found.iter_mut().for_each(|one| one.is_likely |= is_cut);
    if let Some(first) = found.first_mut() {
        let told = before(&answer.events, (&event.changes, event.drift_type), first, question.episodes);
        (first.taken_back, first.ended_otherwise) = (told.taken_back, told.ended_otherwise);
    }
    let more = found.len().saturating_sub(LISTED);
    found.truncate(LISTED);
    let failed = within.iter().filter(|one| one.is_write() && one.has_failed()).count();
    Who {
        from,
        until,
        asked: answer.asked.iter().map(|name| Tainted::from(name.as_str())).collect(),
        found,
        more: u32::try_from(more).unwrap_or(u32::MAX),
        failed: u32::try_from(failed).unwrap_or(u32::MAX),
        is_cut,
    }
}
