//! Who made a drift: asked of the cloud's audit trail, kept with the drift.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::broadcast;

use super::evidence::{Beforehand, appeared, episodes};
use super::keeping::told;
use super::{ServiceError, ServiceEvent, thinking};
use crate::aws::Fault;
use crate::context::cloudtrail::{Question, Trail, WhoError, window};
use crate::drift::{Attribution, DriftEvent, DriftId, Environment, UnverifiedReason, Who};
use crate::safety::Redactor;
use crate::scan::EnvironmentSpec;
use crate::store::Store;

/// New drifts of one scan that are asked about by themselves: at two requests a second that takes some ten seconds.
pub const BY_ITSELF: usize = 20;
/// A report does not wait longer than this for the answers.
pub const LONGEST: Duration = Duration::from_secs(15);

/// Asks for one environment.
pub struct Witness {
    environment: Environment,
    trail: Option<Trail>,
    before: Beforehand,
    /// Asks by itself about new severe drift.
    is_eager: bool,
    stopped: AtomicBool,
    is_asking: AtomicBool,
}

impl Witness {
    pub fn of(spec: &EnvironmentSpec) -> Self {
        Self {
            environment: spec.environment.clone(),
            trail: spec.aws.clone().map(Trail::new),
            before: Beforehand::of(spec),
            is_eager: spec.aws.as_ref().is_some_and(|access| access.blame),
            stopped: AtomicBool::new(false),
            is_asking: AtomicBool::new(false),
        }
    }

    /// Asks who made a drift, and keeps the answer with it where the store can be written; then the drift comes back too. Waits
    /// for the network: not for a thread that others wait for.
    pub fn who(
        &self,
        store: &dyn Store,
        redactor: &Redactor,
        id: DriftId,
    ) -> Result<(Who, Option<DriftEvent>), ServiceError> {
        self.ask(store, redactor, id).map_err(|error| match error {
            AskError::Service(error) => error,
            AskError::Who(error) => words(&error),
        })
    }

    fn ask(&self, store: &dyn Store, redactor: &Redactor, id: DriftId) -> Result<(Who, Option<DriftEvent>), AskError> {
        let slug = &self.environment.slug;
        let trail = self.trail.as_ref().ok_or_else(|| {
            ServiceError::Invalid(format!(
                "{slug} is read without AWS, so there is no audit trail to ask; `aws` in the configuration of the \
                 environment says how its account is reached"
            ))
        })?;
        let detail = store.drift(id).map_err(told)?;
        let appeared = appeared(&detail);
        let before = store.scan_before(slug, appeared).map_err(told)?.map(|scan| scan.started_at);
        let (span, episodes) = (window(appeared, before), episodes(&detail));
        let question = Question { environment: &self.environment, detail: &detail, span, episodes: &episodes };
        let who = masked(redactor, trail.who(question, &self.stopped)?);
        let kept = match who.culprit() {
            Some(culprit) if store.read_only().is_none() => {
                let attributed = store.attribute(id, culprit).map_err(told)?;
                // Who it was may say why.
                Some(thinking::rethink(store, &self.before, id)?.unwrap_or(attributed))
            }
            _ => None,
        };
        Ok((who, kept))
    }

    /// Asks about drifts that nobody asked about, before a report is written, and tells each that was put down to somebody; says why
    /// when it is of no use. Waits for the network.
    pub(super) fn by_itself(
        &self,
        store: &dyn Store,
        drifts: &[DriftId],
        mut told: impl FnMut(DriftEvent),
    ) -> Option<String> {
        if !self.is_eager || drifts.is_empty() {
            return None;
        }
        let redactor = Redactor::new(store.redaction_key());
        let mut asked = 0;
        let fault = within(LONGEST, &self.stopped, || {
            for id in drifts.iter().take(BY_ITSELF) {
                match self.ask(store, &redactor, *id) {
                    Ok((_, kept)) => kept.into_iter().for_each(&mut told),
                    Err(AskError::Who(WhoError::Fault(fault))) => return Some(fault),
                    Err(AskError::Who(WhoError::Cancelled)) => return None,
                    Err(error) => tracing::debug!(%error, "nobody was asked"),
                }
                asked += 1;
            }
            None
        });
        let slug = &self.environment.slug;
        fault.map(|fault| self.unasked(&fault)).or_else(|| left(slug.as_str(), asked, drifts.len()))
    }

    fn unasked(&self, fault: &Fault) -> String {
        format!("who changed {} was not asked: {fault}; {}", self.environment.slug, fault.help())
    }

    /// Asks about drifts that nobody asked about, beside everything else; tells whoever listens. One round at a time: what a scan
    /// finds while the last round is under way can be asked about by hand.
    pub(super) fn look_into(
        self: &Arc<Self>,
        store: &Arc<dyn Store>,
        events: &broadcast::Sender<ServiceEvent>,
        mut drifts: Vec<DriftId>,
    ) {
        drifts.truncate(BY_ITSELF);
        if !self.is_eager || drifts.is_empty() || self.is_asking.swap(true, Ordering::AcqRel) {
            return;
        }
        let (witness, store, events) = (Arc::clone(self), Arc::downgrade(store), events.clone());
        let round = move || {
            witness.round(&store, &events, &drifts);
            witness.is_asking.store(false, Ordering::Release);
        };
        if let Err(error) = std::thread::Builder::new().name("who".into()).spawn(round) {
            tracing::warn!(%error, "nobody can be asked who it was");
            self.is_asking.store(false, Ordering::Release);
        }
    }

    fn round(&self, store: &Weak<dyn Store>, events: &broadcast::Sender<ServiceEvent>, drifts: &[DriftId]) {
        for id in drifts {
            let Some(store) = store.upgrade().filter(|_| !self.stopped.load(Ordering::Relaxed)) else { return };
            let redactor = Redactor::new(store.redaction_key());
            match self.ask(store.as_ref(), &redactor, *id) {
                Ok((_, Some(event))) => _ = events.send(ServiceEvent::Updated(Box::new(event))),
                Ok((_, None)) => {}
                Err(AskError::Who(WhoError::Fault(fault))) => {
                    // The next one would fare no better.
                    let text = self.unasked(&fault);
                    let is_error = fault.reason() != UnverifiedReason::Throttled;
                    let _ = events.send(ServiceEvent::Notice { error: is_error, text: text.into() });
                    return;
                }
                Err(AskError::Who(WhoError::Cancelled)) => return,
                Err(AskError::Who(error)) => tracing::debug!(%error, "nobody was asked"),
                Err(AskError::Service(error)) => tracing::debug!(%error, "nobody was asked"),
            }
        }
    }

    /// Ends every question.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// Works until it is done, and is told to stop when the time is over.
fn within<T>(limit: Duration, stopped: &AtomicBool, work: impl FnOnce() -> T) -> T {
    let (done, is_done) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                stopped.store(true, Ordering::Relaxed);
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// What was not asked about, and why.
fn left(slug: &str, asked: usize, drifts: usize) -> Option<String> {
    let more = drifts.checked_sub(asked).filter(|more| *more > 0)?;
    let why = if asked < drifts.min(BY_ITSELF) {
        format!(": CloudTrail did not answer for all of them within {} s", LONGEST.as_secs())
    } else {
        String::new()
    };
    Some(format!("{slug}: who made {more} of {drifts} new drifts was not asked{why}; `driftguard who` asks about one"))
}

#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error(transparent)]
    Who(#[from] WhoError),
}

fn words(error: &WhoError) -> ServiceError {
    match error {
        WhoError::Fault(_) | WhoError::Cancelled => ServiceError::Unavailable(error.to_string()),
        WhoError::NotOfAws(_) | WhoError::Nameless | WhoError::Elsewhere(_) => ServiceError::Invalid(error.to_string()),
    }
}

/// A session's name or a user agent can hold anything.
fn masked(redactor: &Redactor, mut who: Who) -> Who {
    for one in &mut who.found {
        let Attribution { actor, identity, event, source, event_id, address, user_agent, reason, .. } = one;
        for text in [actor, identity, event, source, event_id, address, user_agent, reason] {
            *text = redactor.mask_text(text.raw());
        }
        for text in one.taken_back.iter_mut().flat_map(|back| [&mut back.event, &mut back.event_id]) {
            *text = redactor.mask_text(text.raw());
        }
    }
    who
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_waits_no_longer_than_it_may_and_says_what_was_not_asked() {
        let stopped = AtomicBool::new(false);
        let rounds = within(Duration::from_millis(20), &stopped, || {
            (0..).take_while(|_| !stopped.load(Ordering::Relaxed)).inspect(|_| std::thread::yield_now()).count()
        });
        assert!(rounds > 0 && stopped.load(Ordering::Relaxed));
        let stopped = AtomicBool::new(false);
        assert_eq!(within(LONGEST, &stopped, || 7), 7);
        assert!(!stopped.load(Ordering::Relaxed), "done in time");

        assert_eq!(left("lab", 5, 5), None);
        let late = left("lab", 3, 5).unwrap();
        assert!(late.starts_with("lab: who made 2 of 5 new drifts was not asked: CloudTrail did not answer"), "{late}");
        let many = left("lab", BY_ITSELF, BY_ITSELF + 4).unwrap();
        assert!(many.starts_with("lab: who made 4 of 24 new drifts was not asked; "), "{many}");
    }
}
