//! Learning causes from what operators say: from 50 labels on, of at least two causes with 8 each.
//!
//! What a model is worth is measured on what it has not seen: its trees out of bag, and five-fold cross-validation. What is told is
//! model and rules together, so that is what is calibrated, and from its local coverage-accuracy curve comes the probability below
//! which the model says nothing: what is surer must be right in nine of ten even at the lower end of its interval.

mod curve;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::cause::LearnedCause;
use super::cause::features::{NAMES, VERSION, as_now};
use super::cause::learned::{importance, mix};
use crate::drift::{Cause, CauseLabel, Lessons, MlModel, ModelMetrics, ModelType};
use crate::learned::{Forest, Growth, TrainError, temperature, train};
use curve::{NEVER, Told, curve, error_of_named, threshold};

/// Fewer labels teach nothing.
const LEAST: usize = 50;
/// Of each cause that is told.
const OF_EACH: usize = 8;
/// Standard errors above nothing.
const SURELY: f64 = 2.0;
/// Fewer labels calibrate nothing by themselves.
const CALIBRATES: usize = 30;
const FOLDS: usize = 5;
const VALIDATED: usize = 1_500;
const FRAMEWORK: &str = "smartcore 0.7, random forest of regression trees per class";
const GROWTH: Growth = Growth { trees: 40, depth: 8, leaf: 3, looked_at: Some(16), seed: 1 };
/// For each part of the cross-validation.
const QUICK: Growth = Growth { trees: 8, ..GROWTH };

/// A model that was just trained.
#[derive(Debug)]
pub struct Learned {
    pub forest: Forest,
    pub features: Vec<String>,
    pub features_version: u16,
    pub classes: Vec<Cause>,
    pub metrics: ModelMetrics,
    pub labels: u32,
    pub threshold: f64,
    /// Of model and rules together; `None`: what was learned adds nothing to the rules.
    pub mixed_temperature: Option<f64>,
    pub metadata: BTreeMap<String, String>,
}

impl Learned {
    /// As the registry takes it, and its artefact.
    pub fn into_model(self, name: &str) -> (MlModel, String) {
        let model = MlModel {
            name: name.into(),
            version: 0,
            model_type: ModelType::Classification,
            framework: FRAMEWORK.into(),
            artifact_path: String::new(),
            artifact_hash: self.forest.hash(),
            features: self.features,
            features_version: self.features_version,
            target_classes: self.classes,
            trained_at: self.metrics.evaluation_date,
            metrics: self.metrics,
            evaluations: vec![],
            is_active: false,
            deployed_at: None,
            deployed_by: None,
            labels: self.labels,
            threshold: self.threshold,
            temperature: self.forest.temperature,
            mixed_temperature: self.mixed_temperature,
            metadata: self.metadata,
        };
        (model, self.forest.to_string())
    }
}

/// Why nothing was learned.
#[derive(Debug, thiserror::Error)]
pub enum LessonError {
    #[error("{0}")]
    TooFew(String),
    #[error(transparent)]
    Train(#[from] TrainError),
}

/// How many labels there are, and what is missing.
pub fn lessons(labels: &[CauseLabel]) -> Lessons {
    let mut counted: BTreeMap<String, u32> = BTreeMap::new();
    for (cause, _) in usable(labels) {
        *counted.entry(cause.as_str().to_owned()).or_default() += 1;
    }
    let missing = Sorted::of(labels).err().map(|error| error.to_string());
    Lessons { labels: counted, missing }
}

/// Grows a model from the labels. Takes seconds: not for a thread that others wait for.
///
/// # Errors
/// [`LessonError::TooFew`] says how many labels are missing.
pub fn learn(labels: &[CauseLabel], now: Timestamp) -> Result<Learned, LessonError> {
    let Sorted { rows, targets, classes } = Sorted::of(labels)?;
    let names: Vec<&str> = classes.iter().map(|cause| cause.as_str()).collect();
    let trained = train(&NAMES, &names, &rows, &targets, &GROWTH)?;
    let size = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let together = Together { weight: MlModel::weight_of(size), temperature: 1.0, classes: &classes };
    let together = Together { temperature: together.calibrated(&rows, &trained.out_of_bag, &targets), ..together };
    let told = together.told(&rows, &trained.out_of_bag, &targets);
    let is_of_use = together.beats_frequencies(&rows, &trained.out_of_bag, &targets);
    let threshold = if is_of_use { threshold(&told) } else { NEVER };
    let mut metrics = measure(&trained.out_of_bag, &targets, classes.len());
    (metrics.expected_calibration_error, metrics.coverage_accuracy) = (error_of_named(&told, threshold), curve(&told));
    metrics.evaluation_date = now;
    metrics.training_data_size = size;
    metrics.on = "out_of_bag".into();
    metrics.feature_importance = importance(&trained.forest).into_iter().collect();
    metrics.classes = classes.clone();
    metrics.cross_validation_scores = cross_validated(&names, &rows, &targets)?;
    Ok(Learned {
        forest: trained.forest,
        features: NAMES.map(str::to_owned).to_vec(),
        features_version: VERSION,
        threshold,
        mixed_temperature: is_of_use.then_some(together.temperature),
        classes,
        metrics,
        labels: size,
        metadata: metadata(labels),
    })
}

/// How it was grown, and the moments of the first and the last label.
fn metadata(labels: &[CauseLabel]) -> BTreeMap<String, String> {
    let Growth { trees, depth, leaf, seed, .. } = GROWTH;
    let times = || labels.iter().map(|label| label.at);
    let mut all = vec![("growth", format!("{trees} trees a cause, depth {depth}, leaf {leaf}, seed {seed}"))];
    all.extend(times().min().map(|at| ("first_label_at", at.to_string())));
    all.extend(times().max().map(|at| ("last_label_at", at.to_string())));
    all.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

/// How a model does on labels it was not trained on; a cause that it does not know it gets wrong. `None` when there are none.
pub fn evaluate(learned: &LearnedCause, labels: &[CauseLabel], now: Timestamp) -> Option<ModelMetrics> {
    let (model, forest) = (learned.model(), learned.forest());
    let labels: Vec<(Cause, Vec<f64>)> = usable(labels).collect();
    let own = forest.features.len();
    if labels.is_empty() || own > NAMES.len() {
        return None;
    }
    // Those it knows, then those that operators named besides.
    let mut classes = model.target_classes.clone();
    classes.extend(
        Cause::ALL
            .into_iter()
            .filter(|cause| !model.target_classes.contains(cause) && labels.iter().any(|(said, _)| said == cause)),
    );
    let place = |cause: &Cause| classes.iter().position(|one| one == cause);
    let (targets, rows): (Vec<usize>, Vec<Vec<f64>>) =
        labels.into_iter().filter_map(|(cause, row)| Some((place(&cause)?, row))).unzip();
    let said = rows.iter().map(|row| {
        let mut said = forest.predict(&row[..own]);
        said.resize(classes.len(), 0.0);
        said
    });
    let said: Vec<Vec<f64>> = said.collect();
    let temperature = model.mixed_temperature.unwrap_or(1.0);
    let together = Together { weight: model.weight(), temperature, classes: &classes };
    let told = together.told(&rows, &said, &targets);
    let mut metrics = measure(&said, &targets, classes.len());
    metrics.expected_calibration_error = error_of_named(&told, model.threshold);
    metrics.coverage_accuracy = curve(&told);
    metrics.training_data_size = model.labels;
    metrics.evaluation_date = now;
    metrics.on = "after_training".into();
    metrics.feature_importance = importance(forest).into_iter().collect();
    metrics.classes = classes;
    Some(metrics)
}

/// Labels whose evidence is still understood, as it is written now.
fn usable(labels: &[CauseLabel]) -> impl Iterator<Item = (Cause, Vec<f64>)> {
    labels.iter().filter_map(|label| Some((label.cause, as_now(&label.features)?)))
}

/// Labels as a forest takes them. Causes with too few are left out.
struct Sorted {
    rows: Vec<Vec<f64>>,
    targets: Vec<usize>,
    classes: Vec<Cause>,
}

impl Sorted {
    fn of(labels: &[CauseLabel]) -> Result<Self, LessonError> {
        let all: Vec<(Cause, Vec<f64>)> = usable(labels).collect();
        let count = |cause: Cause| all.iter().filter(|(one, _)| *one == cause).count();
        let classes: Vec<Cause> = Cause::ALL.into_iter().filter(|cause| count(*cause) >= OF_EACH).collect();
        let (said, mut sorted) = (all.len(), Self { rows: vec![], targets: vec![], classes });
        for (cause, row) in all {
            if let Some(target) = sorted.classes.iter().position(|one| *one == cause) {
                sorted.targets.push(target);
                sorted.rows.push(row);
            }
        }
        let (there, classes) = (sorted.rows.len(), sorted.classes.len());
        if there < LEAST || classes < 2 {
            return Err(LessonError::TooFew(format!(
                "{said} causes were confirmed or corrected so far, {there} of them of a cause with at least {OF_EACH}; a model is \
                 learned from {LEAST} on, of two causes or more"
            )));
        }
        Ok(sorted)
    }
}

/// What is told: rules and model together.
#[derive(Clone, Copy)]
struct Together<'a> {
    weight: f64,
    temperature: f64,
    classes: &'a [Cause],
}

impl Together<'_> {
    /// Of one row: the rules are its first columns.
    fn of(&self, row: &[f64], said: &[f64]) -> [f64; 6] {
        let rules = std::array::from_fn(|at| row.get(at).copied().unwrap_or(0.0));
        let mut model = [0.0; 6];
        self.classes.iter().zip(said).for_each(|(cause, share)| model[cause.index()] += share);
        mix(rules, model, self.weight, self.temperature)
    }

    fn each(&self, rows: &[Vec<f64>], said: &[Vec<f64>]) -> impl Iterator<Item = [f64; 6]> {
        rows.iter().zip(said).map(|(row, said)| self.of(row, said))
    }

    /// What it takes each for, how sure it is, and whether it is right.
    fn told(&self, rows: &[Vec<f64>], said: &[Vec<f64>], targets: &[usize]) -> Vec<Told> {
        let unknown = Cause::Unknown.index();
        let told = self.each(rows, said).zip(rows).zip(targets).map(|((all, row), target)| {
            let (guess, sure) = best(&all);
            let is_right = guess == self.classes[*target].index();
            Told { sure, is_right, is_cause: guess != unknown, is_seconded: guess == best(&row[..=unknown]).0 }
        });
        told.collect()
    }

    /// The temperature at which causes that rules and model agree on, which are named in any case, are as sure as they are right.
    fn calibrated(&self, rows: &[Vec<f64>], said: &[Vec<f64>], targets: &[usize]) -> f64 {
        let (mut seconded, mut all) = ((vec![], vec![]), (vec![], vec![]));
        let told = self.told(rows, said, targets);
        for ((mixed, target), told) in self.each(rows, said).zip(targets).zip(&told) {
            let truth = self.classes[*target].index();
            if told.is_cause && told.is_seconded {
                seconded.0.push(mixed.to_vec());
                seconded.1.push(truth);
            }
            all.0.push(mixed.to_vec());
            all.1.push(truth);
        }
        let (mixed, truth) = if seconded.1.len() < CALIBRATES { all } else { seconded };
        (temperature(&mixed, &truth) * 100.0).round() / 100.0
    }

    /// It is surely less surprised by the labels than one who only knows how frequent each is.
    fn beats_frequencies(&self, rows: &[Vec<f64>], said: &[Vec<f64>], targets: &[usize]) -> bool {
        let labels = targets.len() as f64;
        let frequent = |target: usize| targets.iter().filter(|one| **one == target).count() as f64 / labels;
        let gains: Vec<f64> = self
            .each(rows, said)
            .zip(targets)
            .map(|(all, target)| (all[self.classes[*target].index()].max(1e-6) / frequent(*target)).ln())
            .collect();
        let mean = gains.iter().sum::<f64>() / labels;
        let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / labels;
        mean > SURELY * (variance / labels).sqrt()
    }
}

/// By what the model alone said of rows that were not trained on.
fn measure(said: &[Vec<f64>], targets: &[usize], classes: usize) -> ModelMetrics {
    let told: Vec<(usize, f64)> = said.iter().map(|row| best(row)).collect();
    let mut confusion = vec![vec![0_u32; classes]; classes];
    for ((guess, _), target) in told.iter().zip(targets) {
        confusion[*target][*guess] += 1;
    }
    let row = |at: usize| confusion[at].iter().sum::<u32>();
    let column = |at: usize| confusion.iter().map(|row| row[at]).sum::<u32>();
    // What nobody labelled is neither found nor missed.
    let there: Vec<usize> = (0..classes).filter(|at| row(*at) > 0).collect();
    let mean =
        |of: &dyn Fn(usize) -> f64| rounded(there.iter().map(|at| of(*at)).sum::<f64>() / there.len().max(1) as f64);
    let hit = |at: usize| confusion[at][at];
    let f1 = |at: usize| share(2 * hit(at), row(at) + column(at));
    let right: u32 = (0..classes).map(hit).sum();
    let all = u32::try_from(targets.len()).unwrap_or(u32::MAX);
    ModelMetrics {
        evaluated_on: all,
        accuracy: rounded(share(right, all)),
        precision_macro: mean(&|at| share(hit(at), column(at))),
        recall_macro: mean(&|at| share(hit(at), row(at))),
        f1_score_macro: mean(&f1),
        baseline_accuracy: rounded(share((0..classes).map(row).max().unwrap_or(0), all)),
        confusion_matrix: confusion,
        ..ModelMetrics::default()
    }
}

fn best(row: &[f64]) -> (usize, f64) {
    let all = row.iter().copied().enumerate();
    all.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) }
}

fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Every fifth row stands aside, five times; of the newest labels, for it takes as long as the training. The order of the labels is
/// that of time, so the parts are alike.
fn cross_validated(names: &[&str], rows: &[Vec<f64>], targets: &[usize]) -> Result<Vec<f64>, LessonError> {
    let from = rows.len().saturating_sub(VALIDATED);
    let (rows, targets) = (&rows[from..], &targets[from..]);
    (0..FOLDS)
        .map(|fold| {
            let aside = |at: &usize| at % FOLDS == fold;
            let all = || 0..rows.len();
            let kept: Vec<Vec<f64>> = all().filter(|at| !aside(at)).map(|at| rows[at].clone()).collect();
            let known: Vec<usize> = all().filter(|at| !aside(at)).map(|at| targets[at]).collect();
            let forest = train(&NAMES, names, &kept, &known, &QUICK)?.forest;
            let (mut right, mut count) = (0_u32, 0_u32);
            for at in all().filter(aside) {
                right += u32::from(best(&forest.predict(&rows[at])).0 == targets[at]);
                count += 1;
            }
            Ok(rounded(share(right, count)))
        })
        .collect()
}

#[cfg(test)]
mod tests;
