//! Learned models: what the registry knows of them, and their artefacts.
//!
//! Keys begin with what they are: `0 | name | 0 | version u32` → `MlModel`; `1 | name | 0 | version u32` → the artefact, a text.
//! What became of one is told in the trail; the models themselves can be trained again, so they are not for the journal.

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, Writer, apply, scan};
use crate::drift::{AuditEntry, MlModel, ModelMetrics, Origin};
use crate::safety::Tainted;
use crate::store::record::Deed;
use crate::store::{StoreError, codec};

const MODEL: u8 = 0;
const ARTIFACT: u8 = 1;
/// Evaluations that are kept of each.
const EVALUATIONS: usize = 20;
const NAME_MAX: usize = 100;

fn key(kind: u8, name: &str, version: u32) -> Vec<u8> {
    [&[kind][..], name.as_bytes(), &[0], &version.to_be_bytes()].concat()
}

fn key_of(kind: u8, model: &MlModel) -> Vec<u8> {
    key(kind, &model.name, model.version)
}

/// Where the artefact is, in words.
fn path_of(model: &MlModel) -> String {
    format!("store:models/{}/{}", model.name, model.version)
}

/// In place of what is there.
pub(super) fn put(tx: &mut Tx<'_>, model: &MlModel, artifact: &str) -> Result<(), StoreError> {
    tx.write(Tree::Models, key_of(ARTIFACT, model), &artifact)?;
    tx.write(Tree::Models, key_of(MODEL, model), model)
}

fn erase(tx: &mut Tx<'_>, model: &MlModel) {
    for kind in [MODEL, ARTIFACT] {
        tx.delete(Tree::Models, key_of(kind, model));
    }
}

/// What is wrong with an entry.
pub(super) fn fault(store: &TreeStore, key: &[u8], value: &[u8]) -> Option<String> {
    let decoded = |value: &[u8]| codec::decode::<MlModel>(Tree::Models.name(), value, &store.objects);
    match key.first() {
        Some(&MODEL) => match decoded(value) {
            Err(error) => Some(error.to_string()),
            Ok(model) if key_of(MODEL, &model) != key => {
                Some(format!("model {} version {} lies under another one's key", model.name, model.version))
            }
            Ok(model) => match store.artifact_impl(&model.name, model.version) {
                Ok(Some(text)) if blake3::hash(text.as_bytes()).to_hex().as_str() == model.artifact_hash => None,
                _ => Some(format!(
                    "the artefact of model {} version {} is not what was trained",
                    model.name, model.version
                )),
            },
        },
        Some(&ARTIFACT) => {
            let of = [&[MODEL][..], key.get(1..).unwrap_or_default()].concat();
            let is_there = matches!(store.engine.get(Tree::Models, &of), Ok(Some(_)));
            (!is_there).then(|| "an artefact belongs to no model".into())
        }
        _ => Some("an entry of models makes no sense".into()),
    }
}

impl TreeStore {
    /// By name, the newest version first.
    pub(super) fn models_impl(&self) -> Result<Vec<MlModel>, StoreError> {
        let values = self.engine.tree(Tree::Models).scan_prefix([MODEL]).values();
        let models = values.map(|value| codec::decode(Tree::Models.name(), &value?, &self.objects));
        let mut models: Vec<MlModel> = models.collect::<Result<_, _>>()?;
        models.sort_by(|a, b| (&a.name, b.version).cmp(&(&b.name, a.version)));
        Ok(models)
    }

    pub(super) fn artifact_impl(&self, name: &str, version: u32) -> Result<Option<String>, StoreError> {
        let value = self.engine.get(Tree::Models, &key(ARTIFACT, name, version))?;
        value.map(|value| codec::decode(Tree::Models.name(), &value, &self.objects)).transpose()
    }

    /// The next version of its name; the oldest make room that are neither active nor what was before. `by` makes it active at once.
    pub(super) fn register_model_impl(
        &self,
        model: &MlModel,
        artifact: &str,
        by: Option<&Tainted>,
    ) -> Result<MlModel, StoreError> {
        self.writable()?;
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if model.name.is_empty() || model.name.len() > NAME_MAX || !model.name.chars().all(is_name) {
            let why = "a model's name holds lower case letters, digits, '-' and '_', at most 100";
            return Err(StoreError::Invalid(why.into()));
        }
        if blake3::hash(artifact.as_bytes()).to_hex().as_str() != model.artifact_hash {
            return Err(StoreError::Invalid("the artefact does not have the hash that is said of it".into()));
        }
        let mut guard = self.writer();
        let writer = &mut *guard;
        let mut tx = Tx::new(self, self.now());
        let mut known = self.models_impl()?;
        known.retain(|one| one.name == model.name);
        let version = known.first().map_or(1, |newest| newest.version + 1);
        let mut new = MlModel { version, is_active: false, deployed_at: None, deployed_by: None, ..model.clone() };
        new.artifact_path = path_of(&new);
        if let Some(by) = by {
            self.switch(&mut tx, &mut known, &mut new, by)?;
        }
        put(&mut tx, &new, artifact)?;
        // Newest first: the oldest that nobody uses, or goes back to, make room.
        let before = MlModel::before(&known).map(|one| one.version);
        let (spared, unused): (Vec<_>, Vec<_>) =
            known.iter().partition(|one| one.is_active || Some(one.version) == before);
        unused.into_iter().skip(MlModel::KEPT - 1 - spared.len()).for_each(|one| erase(&mut tx, one));
        let action = if new.is_active { "model_trained_and_activated" } else { "model_trained" };
        self.keep_model(writer, tx, action, by.unwrap_or(&"system".into()), &new)?;
        Ok(new)
    }

    pub(super) fn activate_model_impl(&self, name: &str, version: u32, by: &Tainted) -> Result<MlModel, StoreError> {
        self.writable()?;
        let mut guard = self.writer();
        let writer = &mut *guard;
        let mut tx = Tx::new(self, self.now());
        let mut known = self.models_impl()?;
        known.retain(|one| one.name == name);
        let at = known.iter().position(|one| one.version == version);
        let mut new = known.remove(at.ok_or_else(|| no_such(name, version))?);
        if new.is_active {
            return Ok(new);
        }
        self.switch(&mut tx, &mut known, &mut new, by)?;
        tx.write(Tree::Models, key_of(MODEL, &new), &new)?;
        self.keep_model(writer, tx, "model_activated", by, &new)?;
        Ok(new)
    }

    pub(super) fn evaluated_model_impl(
        &self,
        name: &str,
        version: u32,
        metrics: &ModelMetrics,
    ) -> Result<MlModel, StoreError> {
        self.writable()?;
        let mut writer = self.writer();
        let mut tx = Tx::new(self, self.now());
        let known: Option<MlModel> = tx.read(Tree::Models, &key(MODEL, name, version))?;
        let mut model = known.ok_or_else(|| no_such(name, version))?;
        model.evaluations.push(metrics.clone());
        let over = model.evaluations.len().saturating_sub(EVALUATIONS);
        model.evaluations.drain(..over);
        tx.write(Tree::Models, key_of(MODEL, &model), &model)?;
        writer.commits += 1;
        tx.commit(true)?;
        Ok(model)
    }

    /// One is active from now on, and none of the others.
    fn switch(
        &self,
        tx: &mut Tx<'_>,
        others: &mut [MlModel],
        new: &mut MlModel,
        by: &Tainted,
    ) -> Result<(), StoreError> {
        for one in others.iter_mut().filter(|one| one.is_active) {
            one.is_active = false;
            tx.write(Tree::Models, key_of(MODEL, one), one)?;
        }
        (new.is_active, new.deployed_at, new.deployed_by) = (true, Some(tx.now), Some(by.clone()));
        Ok(())
    }

    /// With the entry of the trail that tells of it.
    fn keep_model(
        &self,
        writer: &mut Writer,
        mut tx: Tx<'_>,
        action: &str,
        by: &Tainted,
        model: &MlModel,
    ) -> Result<(), StoreError> {
        let audit = AuditEntry {
            seq: scan::next_seq(writer)?,
            timestamp: writer.tick(&self.clock),
            actor: by.clone(),
            action: action.into(),
            environment: None,
            drift: None,
            reason: Some(format!("{} version {}", model.name, model.version).into()),
            old_state: None,
            new_state: None,
            verb: None,
            undone_by: None,
            rule: None,
            never_hide: None,
            remediation: None,
            batch: None,
            origin: Origin::now().map(Box::new),
            success: true,
            error_message: None,
        };
        let deed = Deed { audit, before: Vec::new(), after: Vec::new(), environment: None, context: None, once: None };
        let mut rules = writer.rules.clone();
        apply::apply(&mut tx, &mut rules, &deed)?;
        self.keep(writer, &[deed], tx, true)
    }

    /// Every one with its artefact.
    pub(super) fn all_models(&self) -> Result<Vec<(MlModel, String)>, StoreError> {
        let mut all = vec![];
        for model in self.models_impl()? {
            let artifact = self.artifact_impl(&model.name, model.version)?;
            all.extend(artifact.map(|artifact| (model, artifact)));
        }
        Ok(all)
    }
}

fn no_such(name: &str, version: u32) -> StoreError {
    StoreError::NotFound(format!("there is no model {name} version {version}; the last {} are kept", MlModel::KEPT))
}
