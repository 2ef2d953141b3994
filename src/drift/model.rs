//! Learned models, as the registry knows them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Cause;
use crate::safety::{Tainted, sanitise};

/// The evidence around a drift as numbers. Which is which: the documented columns of its version.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct FeatureVector {
    pub version: u16,
    pub values: Vec<f64>,
}

impl FeatureVector {
    /// Longer ones are none of ours.
    pub const MOST: usize = 1_000;

    /// What cannot be learned from: too long, or no numbers.
    pub fn is_sane(&self) -> bool {
        self.values.len() <= Self::MOST && self.values.iter().all(|value| value.is_finite())
    }
}

/// What a model tells.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelType {
    Classification,
    Regression,
    Clustering,
}

/// One version of a model. The artefact itself is kept beside it. There is no scaler: forests ask whether a column is below a number,
/// so they take the columns as they are, and a scaled column would be asked the same question.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct MlModel {
    pub name: String,
    /// Counts from 1 for each name.
    pub version: u32,
    pub model_type: ModelType,
    /// What it was made with.
    pub framework: String,
    /// Where the artefact is in the store.
    pub artifact_path: String,
    /// BLAKE3 of the artefact: what does not have it is not used.
    pub artifact_hash: String,
    /// Columns, in order.
    pub features: Vec<String>,
    pub features_version: u16,
    pub target_classes: Vec<Cause>,
    /// Measured when it was trained, on what it had not seen.
    pub metrics: ModelMetrics,
    /// Later evaluations, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evaluations: Vec<ModelMetrics>,
    /// At most one version of a name is.
    pub is_active: bool,
    pub trained_at: Timestamp,
    /// When it was last made active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed_at: Option<Timestamp>,
    /// Who made it active; `system`: it became so by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed_by: Option<Tainted>,
    /// Labels it was trained on.
    pub labels: u32,
    /// Below this probability it names nothing; above 1: it never names anything.
    pub threshold: f64,
    /// Above 1 it is less sure than its votes.
    pub temperature: f64,
    /// The same of what it says together with the rules: that is what is told. `None`: the rules do as well without it, and judge
    /// alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixed_temperature: Option<f64>,
    /// How it was grown, and from labels of which days.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl MlModel {
    /// So many versions of each name are kept, among them the active one and the one that was in use before.
    pub const KEPT: usize = 5;

    /// How much it counts beside the rules: more with more labels, and never alone.
    pub fn weight(&self) -> f64 {
        Self::weight_of(self.labels)
    }

    /// As [`weight`](Self::weight), of one that is trained on so many labels.
    pub fn weight_of(labels: u32) -> f64 {
        let labels = f64::from(labels);
        (labels / (labels + 50.0)).min(0.9)
    }
}

impl MlModel {
    /// Of all versions of one name, the one that was in use before the active one.
    pub fn before<'a>(versions: impl IntoIterator<Item = &'a Self>) -> Option<&'a Self> {
        let was_used = versions.into_iter().filter(|one| !one.is_active && one.deployed_at.is_some());
        was_used.max_by_key(|one| one.deployed_at)
    }

    /// The figures that were measured last.
    pub fn last_measured(&self) -> &ModelMetrics {
        self.evaluations.last().unwrap_or(&self.metrics)
    }

    /// From when on it says something, in words.
    pub fn says(&self) -> String {
        match self.mixed_temperature {
            None => "tells less than how frequent each cause is: the rules judge alone".into(),
            Some(_) if self.threshold > 1.0 => {
                "never right often enough to name a cause by itself; says how likely those of the rules are".into()
            }
            Some(_) => format!(
                "names a cause by itself from {:.2} on; counts {:.0} % beside the rules",
                self.threshold,
                self.weight() * 100.0
            ),
        }
    }
}

/// Which version is taken into use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModelStep {
    To(u32),
    /// The one that was in use before.
    Back,
}

impl ModelMetrics {
    /// The causes of its confusion matrix, in their order.
    pub fn classes<'a>(&'a self, model: &'a MlModel) -> &'a [Cause] {
        if self.classes.is_empty() { &model.target_classes } else { &self.classes }
    }
}

/// How well a model does.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct ModelMetrics {
    #[schema(value_type = String)]
    pub evaluation_date: Timestamp,
    pub training_data_size: u32,
    /// Labels it was measured on.
    pub evaluated_on: u32,
    /// How they stood to the training: `out_of_bag`, or `after_training`.
    pub on: String,
    pub accuracy: f64,
    pub precision_macro: f64,
    pub recall_macro: f64,
    pub f1_score_macro: f64,
    /// Rows are what was labelled, columns what was said, in the order of `classes`.
    pub confusion_matrix: Vec<Vec<u32>>,
    /// The causes the model knows, then those that it was measured on besides. Empty: those it knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<Cause>,
    /// Share of the questions that are about a column.
    pub feature_importance: BTreeMap<String, f64>,
    /// Accuracy of each of five parts, told by a forest that was grown from the other four.
    pub cross_validation_scores: Vec<f64>,
    /// How far confidence and accuracy are apart, on average over ten steps of confidence; of what is told: model and rules together.
    pub expected_calibration_error: f64,
    /// Always saying the most frequent class is right so often.
    pub baseline_accuracy: f64,
    /// Of model and rules together.
    pub coverage_accuracy: Vec<CoveragePoint>,
}

/// Of the labels of which it would name a cause from a threshold on.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct CoveragePoint {
    pub threshold: f64,
    /// Share of all.
    pub coverage: f64,
    /// Share of those that are right.
    pub accuracy: f64,
}

/// What a learned model said of one drift.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct MlPrediction {
    pub model: String,
    pub version: u32,
    /// The likeliest cause, by the model beside the rules; the next is how likely both say it is.
    pub prediction_result: Cause,
    pub confidence_score: f64,
    /// Not sure enough to name a cause; it still says how likely what the rules name is.
    pub abstained: bool,
    /// How much it counted beside the rules.
    pub weight: f64,
    /// The columns it asks about most, with their share.
    pub feature_importance: BTreeMap<String, f64>,
    pub predicted_at: Timestamp,
}

impl MlPrediction {
    /// Columns that are named.
    const NAMED: usize = 3;

    /// One sentence without a full stop: what it says, how sure it is, how much that counted, what it looked at, and when.
    pub fn words(&self, clock: &dyn Fn(Timestamp) -> String) -> String {
        let name = sanitise::cell(&self.model, 40);
        let (cause, sure) = (self.prediction_result.words(), self.confidence_score);
        let says = match self.abstained {
            false => format!("says {cause} ({sure:.2})"),
            true => format!("is not sure enough to name a cause (likeliest: {cause}, {sure:.2})"),
        };
        let counts = match self.weight {
            0.0 => "did not count: the rules judge alone".to_owned(),
            weight => format!("counted {:.0} % of both", weight * 100.0),
        };
        // What is told of it is what both say.
        let says = if self.weight > 0.0 { format!("{says} together with the rules,") } else { says };
        let mut columns: Vec<(&String, &f64)> = self.feature_importance.iter().collect();
        columns.sort_by(|a, b| b.1.total_cmp(a.1));
        let column = |(name, share): &(&String, &f64)| format!("{} {:.0} %", sanitise::cell(name, 40), *share * 100.0);
        let columns: Vec<String> = columns.iter().take(Self::NAMED).map(column).collect();
        let asks =
            if columns.is_empty() { String::new() } else { format!("; it asks most about {}", columns.join(", ")) };
        format!("{name} version {} {says} and {counts}{asks}; said {}", self.version, clock(self.predicted_at))
    }
}

/// A person's word on the cause of a drift, with the evidence as it was then.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct CauseLabel {
    pub cause: Cause,
    pub features: FeatureVector,
    pub at: Timestamp,
}

/// What the learning knows, for people.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct Lessons {
    /// Labels with evidence, by cause.
    pub labels: BTreeMap<String, u32>,
    /// What is missing before a model can be trained; `None`: enough.
    pub missing: Option<String>,
}
