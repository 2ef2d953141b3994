//! Learning causes from what operators say, and the models that come of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::broadcast;

use super::keeping::told;
use super::{ServiceError, ServiceEvent};
use crate::analysis::{self, ArtifactError, LearnedCause, LessonError};
use crate::drift::{CauseLabel, DriftId, Lessons, MlModel, ModelStep, TriageVerb};
use crate::safety::Tainted;
use crate::store::{AuditRequest, Direction, Store, StoreError};

/// The model that tells causes.
pub const CAUSE: &str = "cause";
/// Who makes a model active when nobody does.
const SYSTEM: &str = "system";
/// Labels are looked at so many at a time, the newest first, and no more than these.
const PAGE: usize = 1_000;
const MOST: usize = 20_000;
/// So many decisions about causes later it is looked whether there is something to learn.
const AGAIN: usize = 10;
/// Models that stay read: one for each store in this process.
const READ: usize = 16;

/// The model in use, read and checked once; `None`: there is none, or its artefact is not what was trained.
pub(super) fn in_use(store: &dyn Store) -> Option<Arc<LearnedCause>> {
    static READ_ONCE: LazyLock<ReadOnce> = LazyLock::new(ReadOnce::default);
    let models = store.models().inspect_err(|error| tracing::warn!(%error, "models cannot be read")).ok()?;
    let active = models.into_iter().find(|model| model.name == CAUSE && model.is_active)?;
    READ_ONCE.get(active, |model| load(store, model))
}

/// Models that stay read, those that could not be used among them.
#[derive(Default)]
struct ReadOnce(Mutex<HashMap<String, Option<Arc<LearnedCause>>>>);

impl ReadOnce {
    /// `load` is asked only for an artefact that was not read before.
    fn get(
        &self,
        model: MlModel,
        load: impl FnOnce(MlModel) -> Result<Arc<LearnedCause>, LoadError>,
    ) -> Option<Arc<LearnedCause>> {
        let key = format!("{} {}", model.artifact_hash, model.version);
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(&key) {
            return known.clone();
        }
        if read.len() >= READ {
            read.clear();
        }
        let found = load(model).inspect_err(|error| tracing::warn!(%error, "the model is not used")).ok();
        read.insert(key, found.clone());
        found
    }
}

#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("its artefact is gone")]
    Gone,
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

fn load(store: &dyn Store, model: MlModel) -> Result<Arc<LearnedCause>, LoadError> {
    let text = store.artifact(&model.name, model.version)?.ok_or(LoadError::Gone)?;
    Ok(Arc::new(LearnedCause::read(model, &text)?))
}

/// What operators said, as the trail has it: of each drift the last word that was not taken back. Oldest first.
pub fn labels(store: &dyn Store) -> Result<Vec<CauseLabel>, StoreError> {
    let mut request = AuditRequest::newest(PAGE);
    let (mut said, mut labels) = (HashMap::<DriftId, ()>::new(), vec![]);
    loop {
        let entries = store.audit_between(&request)?;
        let Some(last) = entries.last() else { break };
        (request.cursor, request.direction) = (Some(last.seq), Direction::Older);
        for entry in entries {
            let (Some(drift), Some(TriageVerb::JudgeCause { cause, features })) = (entry.drift, entry.verb) else {
                continue;
            };
            if entry.undone_by.is_some() || !entry.success || said.insert(drift, ()).is_some() {
                continue;
            }
            labels.extend(features.map(|features| CauseLabel { cause, features, at: entry.timestamp }));
        }
        if labels.len() >= MOST {
            break;
        }
    }
    labels.reverse();
    Ok(labels)
}

pub fn lessons(store: &dyn Store) -> Result<Lessons, ServiceError> {
    Ok(analysis::lessons(&labels(store).map_err(told)?))
}

/// Trains the next version from what is known by now. `by` makes it active at once. Takes seconds.
pub fn train(store: &dyn Store, name: &str, by: Option<&Tainted>) -> Result<MlModel, ServiceError> {
    if name != CAUSE {
        return Err(ServiceError::NotFound(format!("there is no model {name} to train; there is `{CAUSE}`")));
    }
    let labels = labels(store).map_err(told)?;
    let (model, artifact) = grow(&labels)?;
    store.register_model(&model, &artifact, by).map_err(told)
}

/// The model, and its artefact.
fn grow(labels: &[CauseLabel]) -> Result<(MlModel, String), ServiceError> {
    let now = Timestamp::now();
    let learned = analysis::learn(labels, now).map_err(|error| match error {
        LessonError::TooFew(why) => ServiceError::Invalid(why),
        LessonError::Train(error) => ServiceError::Unavailable(error.to_string()),
    })?;
    Ok(learned.into_model(CAUSE))
}

/// Measures a version on what was said after it was trained, and keeps the figures with it. `None`: the active one.
pub fn evaluate(store: &dyn Store, name: &str, version: Option<u32>) -> Result<MlModel, ServiceError> {
    let models = store.models().map_err(told)?;
    let wanted = |model: &&MlModel| version.map_or(model.is_active, |version| model.version == version);
    let found = models.iter().filter(|model| model.name == name).find(wanted);
    let model = found.ok_or_else(|| match version {
        Some(version) => ServiceError::NotFound(format!("there is no model {name} version {version}")),
        None => ServiceError::NotFound(format!("no version of {name} is active")),
    })?;
    let artifact = store.artifact(name, model.version).map_err(told)?;
    let artifact = artifact.ok_or_else(|| ServiceError::NotFound("its artefact is gone".into()))?;
    let read = LearnedCause::read(model.clone(), &artifact);
    let read = read.map_err(|error| ServiceError::Unavailable(error.to_string()))?;
    let mut later = labels(store).map_err(told)?;
    later.retain(|label| label.at > model.trained_at);
    let measured = analysis::evaluate(&read, &later, Timestamp::now());
    let metrics = measured.ok_or_else(|| {
        let when = model.trained_at;
        ServiceError::Invalid(format!(
            "no cause was confirmed or corrected since {name} version {} was trained ({when}): on what it has seen, nothing is \
             measured",
            model.version
        ))
    })?;
    store.evaluated_model(name, model.version, &metrics).map_err(told)
}

/// Takes another version into use: one that is named, or the one that was in use before.
pub fn activate(store: &dyn Store, name: &str, to: ModelStep, by: &Tainted) -> Result<MlModel, ServiceError> {
    let version = match to {
        ModelStep::To(version) => version,
        ModelStep::Back => {
            let models = store.models().map_err(told)?;
            let last = MlModel::before(models.iter().filter(|model| model.name == name));
            let why = || format!("no version of {name} that is kept was in use before; `activate` names one");
            last.ok_or_else(|| ServiceError::NotFound(why()))?.version
        }
    };
    store.activate_model(name, version, by).map_err(told)
}

/// Learns beside everything else: one at a time, and only when there is something new.
#[derive(Default)]
pub(super) struct School {
    judged: AtomicUsize,
    is_learning: AtomicBool,
}

impl School {
    /// So many causes were confirmed or corrected. Returns at once.
    pub fn judged(self: &Arc<Self>, store: &Arc<dyn Store>, events: &broadcast::Sender<ServiceEvent>, number: usize) {
        let new = self.judged.fetch_add(number, Ordering::AcqRel) + number;
        if number == 0 || new < AGAIN || self.is_learning.swap(true, Ordering::AcqRel) {
            return;
        }
        let (school, store, events) = (Arc::clone(self), Arc::downgrade(store), events.clone());
        let learn = move || {
            // What was said meanwhile is learned from, too.
            let enough = |number: usize| (number >= AGAIN).then_some(0);
            while school.judged.fetch_update(Ordering::AcqRel, Ordering::Acquire, enough).is_ok() {
                tell(&events, learn_again(|| store.upgrade()));
            }
            school.is_learning.store(false, Ordering::Release);
        };
        if let Err(error) = std::thread::Builder::new().name("learn".into()).spawn(learn) {
            tracing::warn!(%error, "nothing can be learned");
            self.is_learning.store(false, Ordering::Release);
        }
    }
}

fn tell(events: &broadcast::Sender<ServiceEvent>, learned: Result<Option<MlModel>, ServiceError>) {
    match learned {
        Ok(Some(model)) => {
            let of = if model.is_active { "is in use" } else { "waits to be activated" };
            let text = format!(
                "version {} of the model for causes was trained on {} confirmed causes and {of}",
                model.version, model.labels
            );
            // Nobody listening is no fault.
            let _ = events.send(ServiceEvent::Notice { error: false, text: text.into() });
        }
        Ok(None) => {}
        Err(error) => tracing::debug!(%error, "nothing was learned"),
    }
}

/// The store is not held while the forest grows: whoever closes it need not wait. `None`: too few labels, or too few new ones.
fn learn_again(open: impl Fn() -> Option<Arc<dyn Store>>) -> Result<Option<MlModel>, ServiceError> {
    let Some(store) = open() else { return Ok(None) };
    let (labels, models) = (labels(store.as_ref()).map_err(told)?, store.models().map_err(told)?);
    drop(store);
    let newest = models.iter().find(|model| model.name == CAUSE);
    let due = newest.map_or(0, |model| model.labels as usize + AGAIN.max(model.labels as usize / 10));
    if labels.len() < due || analysis::lessons(&labels).missing.is_some() {
        return Ok(None);
    }
    let (model, artifact) = grow(&labels)?;
    // What a person has chosen is not put aside by itself.
    let active = models.iter().find(|model| model.name == CAUSE && model.is_active);
    let by_itself = active.is_none_or(|model| model.deployed_by.as_ref().is_some_and(|by| by.raw() == SYSTEM));
    let Some(store) = open().filter(|store| store.read_only().is_none()) else { return Ok(None) };
    let by = Tainted::from(SYSTEM);
    store.register_model(&model, &artifact, by_itself.then_some(&by)).map(Some).map_err(told)
}

#[cfg(test)]
#[path = "learning_tests.rs"]
mod tests;
