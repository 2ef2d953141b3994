//! A model that was trained on what operators said, beside the rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::features::{VERSION, as_now, columns};
use super::vote::{humble, unnamed};
use crate::drift::{Cause, FeatureVector, MlModel, MlPrediction, Probabilities};
use crate::learned::{Forest, ForestError, cool};

/// Columns that are named as important.
const IMPORTANT: usize = 5;

/// A model that is in use: read once, asked often.
#[derive(Clone)]
pub struct LearnedCause {
    model: Arc<MlModel>,
    forest: Arc<Forest>,
    importance: BTreeMap<String, f64>,
}

/// Why an artefact is not used.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    #[error("the artefact of {0} version {1} is not what was trained: its hash is another one")]
    Hash(String, u32),
    #[error("the artefact of {0} version {1} does not read: {2}")]
    Text(String, u32, ForestError),
    #[error(
        "{0} version {1} was trained on version {2} of the features, this driftguard makes version {VERSION}: train it anew"
    )]
    Features(String, u32, u16),
}

impl LearnedCause {
    /// Checks the artefact against its hash.
    pub fn read(model: MlModel, artifact: &str) -> Result<Self, ArtifactError> {
        let (name, version) = (model.name.clone(), model.version);
        if blake3::hash(artifact.as_bytes()).to_hex().as_str() != model.artifact_hash {
            return Err(ArtifactError::Hash(name, version));
        }
        let unread = |error| ArtifactError::Text(name.clone(), version, error);
        let forest: Forest = artifact.parse().map_err(unread)?;
        // One that was trained before there were some of the columns asks about the others only.
        if columns(model.features_version) != Some(forest.features.len()) {
            return Err(ArtifactError::Features(name, version, model.features_version));
        }
        let importance = importance(&forest).into_iter().take(IMPORTANT).collect();
        Ok(Self { model: Arc::new(model), forest: Arc::new(forest), importance })
    }

    pub fn model(&self) -> &MlModel {
        &self.model
    }

    pub fn forest(&self) -> &Forest {
        &self.forest
    }

    /// What it says of a drift; nothing of features that it cannot read.
    pub(super) fn predict(&self, features: &FeatureVector) -> Option<Probabilities> {
        let values = as_now(features)?;
        let own = values.get(..self.forest.features.len())?;
        let mut weights = [0.0; 6];
        for (cause, share) in self.model.target_classes.iter().zip(self.forest.predict(own)) {
            weights[cause.index()] += share;
        }
        Some(Probabilities::of(weights))
    }

    /// Both together. Where the model is not sure enough it names nothing: a cause that the rules name stays, as likely as causes that
    /// were told so turned out to be. `backed`: see [`humble`].
    pub(super) fn beside(
        &self,
        rules: Probabilities,
        features: &FeatureVector,
        backed: impl Fn(Cause) -> bool,
        now: Timestamp,
    ) -> Option<(Probabilities, MlPrediction)> {
        let (said, weight) = (self.predict(features)?.all(), self.model.weight());
        let mixed = self.model.mixed_temperature.map(|temperature| mix(rules.all(), said, weight, temperature));
        let told = Probabilities::of(mixed.unwrap_or(said));
        let (likeliest, sure) = (told.likeliest(), told.get(told.likeliest()));
        let abstained = likeliest == Cause::Unknown || sure < self.model.threshold;
        let both = match mixed {
            None => rules,
            // From the threshold on it was right often enough here: the labels back it.
            Some(mixed) if !abstained => humble(mixed, |cause| cause == likeliest || backed(cause)),
            Some(mixed) if likeliest == rules.likeliest() => humble(mixed, backed),
            Some(mixed) => unnamed(mixed),
        };
        let prediction = MlPrediction {
            model: self.model.name.clone(),
            version: self.model.version,
            prediction_result: likeliest,
            confidence_score: sure,
            abstained,
            weight: if mixed.is_some() { weight } else { 0.0 },
            feature_importance: self.importance.clone(),
            predicted_at: now,
        };
        Some((both, prediction))
    }
}

/// Rules and model together, at the temperature at which they were right as often as they were sure.
pub(in crate::analysis) fn mix(rules: [f64; 6], said: [f64; 6], weight: f64, temperature: f64) -> [f64; 6] {
    let both: [f64; 6] = std::array::from_fn(|at| (1.0 - weight) * rules[at] + weight * said[at]);
    let cooled = cool(&both, temperature);
    std::array::from_fn(|at| cooled.get(at).copied().unwrap_or(0.0))
}

/// Share of the questions that are about each column, the most frequent first.
pub(in crate::analysis) fn importance(forest: &Forest) -> Vec<(String, f64)> {
    let asked = forest.asked();
    let all: usize = asked.iter().map(|(_, count)| count).sum();
    let share = |count: usize| ((count as f64 / all.max(1) as f64) * 1e4).round() / 1e4;
    asked.into_iter().map(|(name, count)| (name.to_owned(), share(count))).collect()
}
