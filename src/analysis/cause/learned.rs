//! A model that was trained on what operators said, beside the rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::features::VERSION;
use super::vote::humble;
use crate::drift::{Cause, FeatureVector, MlModel, MlPrediction, Probabilities};
use crate::learned::{Forest, ForestError};

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
        if model.features_version != VERSION {
            return Err(ArtifactError::Features(name, version, model.features_version));
        }
        let forest: Forest = artifact.parse().map_err(|error| ArtifactError::Text(name, version, error))?;
        let importance = importance(&forest).into_iter().take(IMPORTANT).collect();
        Ok(Self { model: Arc::new(model), forest: Arc::new(forest), importance })
    }

    pub fn model(&self) -> &MlModel {
        &self.model
    }

    /// What it says of a drift; nothing of features that are not its own.
    pub(super) fn predict(&self, features: &FeatureVector) -> Option<Probabilities> {
        if features.version != self.model.features_version || features.values.len() != self.forest.features.len() {
            return None;
        }
        let mut weights = [0.0; 6];
        for (cause, share) in self.model.target_classes.iter().zip(self.forest.predict(&features.values)) {
            weights[cause.index()] += share;
        }
        Some(Probabilities::of(weights))
    }

    /// Both together: the rules alone where it is not sure enough. `backed`: see [`humble`].
    pub(super) fn beside(
        &self,
        rules: Probabilities,
        features: &FeatureVector,
        backed: impl Fn(Cause) -> bool,
        now: Timestamp,
    ) -> Option<(Probabilities, MlPrediction)> {
        let said = self.predict(features)?;
        let (likeliest, sure) = (said.likeliest(), said.get(said.likeliest()));
        let abstained = sure < self.model.threshold;
        let weight = if abstained { 0.0 } else { self.model.weight() };
        let (a, b) = (rules.all(), said.all());
        let mixed = std::array::from_fn(|at| (1.0 - weight) * a[at] + weight * b[at]);
        let prediction = MlPrediction {
            model: self.model.name.clone(),
            version: self.model.version,
            prediction_result: likeliest,
            confidence_score: sure,
            abstained,
            weight,
            feature_importance: self.importance.clone(),
            predicted_at: now,
        };
        let both = if abstained { rules } else { humble(mixed, backed) };
        Some((both, prediction))
    }
}

/// Share of the questions that are about each column, the most frequent first.
pub(in crate::analysis) fn importance(forest: &Forest) -> Vec<(String, f64)> {
    let asked = forest.asked();
    let all: usize = asked.iter().map(|(_, count)| count).sum();
    let share = |count: usize| ((count as f64 / all.max(1) as f64) * 1e4).round() / 1e4;
    asked.into_iter().map(|(name, count)| (name.to_owned(), share(count))).collect()
}
