//! Learning causes from what operators say: from 50 labels on, of at least two causes with 8 each.
//!
//! What a model is worth is measured on what it has not seen: its trees out of bag, and five-fold cross-validation. From the local
//! coverage-accuracy curve comes the probability below which it says nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::cause::features::{NAMES, VERSION};
use super::cause::learned::importance;
use crate::drift::{Cause, CauseLabel, CoveragePoint, Lessons, ModelMetrics};
use crate::learned::{Forest, Growth, TrainError, train};

/// Fewer labels teach nothing.
const LEAST: usize = 50;
/// Of each cause that is told.
const OF_EACH: usize = 8;
/// What it says must be right so often.
const RIGHT: f64 = 0.90;
/// A step of the curve with fewer labels says nothing.
const STEP: usize = 10;
/// Never sure enough.
const NEVER: f64 = 1.01;
const FOLDS: usize = 5;
const GROWTH: Growth = Growth { trees: 40, depth: 8, leaf: 3, looked_at: Some(16), seed: 1 };
/// For each part of the cross-validation.
const QUICK: Growth = Growth { trees: 15, ..GROWTH };

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
    for label in usable(labels) {
        *counted.entry(label.cause.as_str().to_owned()).or_default() += 1;
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
    let mut metrics = measure(&trained.out_of_bag, &targets, classes.len());
    metrics.evaluation_date = now;
    metrics.training_data_size = size;
    metrics.on = "out_of_bag".into();
    metrics.feature_importance = importance(&trained.forest).into_iter().collect();
    metrics.cross_validation_scores = cross_validated(&names, &rows, &targets)?;
    Ok(Learned {
        forest: trained.forest,
        features: NAMES.map(str::to_owned).to_vec(),
        features_version: VERSION,
        classes,
        threshold: threshold(&metrics.coverage_accuracy, rows.len()),
        metrics,
        labels: size,
    })
}

/// How a forest does on labels it was not trained on; `None` when there are none of its classes.
pub fn evaluate(forest: &Forest, classes: &[Cause], labels: &[CauseLabel], now: Timestamp) -> Option<ModelMetrics> {
    let rows = usable(labels).filter(|label| label.features.values.len() == forest.features.len());
    let known = rows.filter_map(|label| Some((classes.iter().position(|one| *one == label.cause)?, label)));
    let (targets, said): (Vec<usize>, Vec<Vec<f64>>) =
        known.map(|(target, label)| (target, forest.predict(&label.features.values))).unzip();
    if targets.is_empty() {
        return None;
    }
    let mut metrics = measure(&said, &targets, classes.len());
    metrics.evaluation_date = now;
    metrics.on = "after_training".into();
    metrics.feature_importance = importance(forest).into_iter().collect();
    Some(metrics)
}

fn usable(labels: &[CauseLabel]) -> impl Iterator<Item = &CauseLabel> {
    labels.iter().filter(|label| {
        label.features.version == VERSION && label.features.values.len() == NAMES.len() && label.features.is_sane()
    })
}

/// Labels as a forest takes them. Causes with too few are left out.
struct Sorted {
    rows: Vec<Vec<f64>>,
    targets: Vec<usize>,
    classes: Vec<Cause>,
}

impl Sorted {
    fn of(labels: &[CauseLabel]) -> Result<Self, LessonError> {
        let count = |cause: Cause| usable(labels).filter(|label| label.cause == cause).count();
        let classes: Vec<Cause> = Cause::ALL.into_iter().filter(|cause| count(*cause) >= OF_EACH).collect();
        let mut sorted = Self { rows: vec![], targets: vec![], classes };
        for label in usable(labels) {
            if let Some(target) = sorted.classes.iter().position(|one| *one == label.cause) {
                sorted.targets.push(target);
                sorted.rows.push(label.features.values.clone());
            }
        }
        let (there, classes) = (sorted.rows.len(), sorted.classes.len());
        if there < LEAST || classes < 2 {
            let all = usable(labels).count();
            return Err(LessonError::TooFew(format!(
                "{all} causes were confirmed or corrected so far, {there} of them of a cause with at least {OF_EACH}; a model is \
                 learned from {LEAST} on, of two causes or more"
            )));
        }
        Ok(sorted)
    }
}

/// By what was said of rows that were not trained on.
fn measure(said: &[Vec<f64>], targets: &[usize], classes: usize) -> ModelMetrics {
    let told: Vec<(usize, f64)> = said.iter().map(|row| best(row)).collect();
    let mut confusion = vec![vec![0_u32; classes]; classes];
    for ((guess, _), target) in told.iter().zip(targets) {
        confusion[*target][*guess] += 1;
    }
    let row = |at: usize| confusion[at].iter().sum::<u32>();
    let column = |at: usize| confusion.iter().map(|row| row[at]).sum::<u32>();
    let mean = |of: &dyn Fn(usize) -> f64| rounded((0..classes).map(of).sum::<f64>() / classes.max(1) as f64);
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
        expected_calibration_error: rounded(calibration_error(&told, targets)),
        coverage_accuracy: curve(&told, targets),
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

fn calibration_error(told: &[(usize, f64)], targets: &[usize]) -> f64 {
    // How much surer than right, by step of confidence.
    let mut steps = [0.0; 10];
    for ((guess, sure), target) in told.iter().zip(targets) {
        steps[((sure * 10.0) as usize).min(9)] += sure - f64::from(u8::from(guess == target));
    }
    steps.iter().map(|apart: &f64| apart.abs()).sum::<f64>() / told.len().max(1) as f64
}

fn curve(told: &[(usize, f64)], targets: &[usize]) -> Vec<CoveragePoint> {
    let at = |threshold: f64| {
        let sure = || told.iter().zip(targets).filter(|((_, sure), _)| *sure >= threshold);
        let (count, right) = (sure().count(), sure().filter(|((guess, _), target)| guess == *target).count());
        CoveragePoint {
            threshold,
            coverage: rounded(count as f64 / told.len().max(1) as f64),
            accuracy: if count == 0 { 0.0 } else { rounded(right as f64 / count as f64) },
        }
    };
    (4..=19).map(|step| at(f64::from(step) / 20.0)).collect()
}

/// The lowest from which on it is right often enough; all that is surer must be, too.
fn threshold(curve: &[CoveragePoint], labels: usize) -> f64 {
    let says = |point: &&CoveragePoint| (point.coverage * labels as f64).round() as usize >= STEP;
    let good = curve.iter().rev().filter(says).take_while(|point| point.accuracy >= RIGHT);
    good.last().map_or(NEVER, |point| point.threshold)
}

/// Every fifth row stands aside, five times. The order of the labels is that of time, so the parts are alike.
fn cross_validated(names: &[&str], rows: &[Vec<f64>], targets: &[usize]) -> Result<Vec<f64>, LessonError> {
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
mod tests {
    use super::*;
    use crate::drift::FeatureVector;

    /// Labels of drifts whose cause hangs on two columns; every tenth is a mistake.
    pub(super) fn labels(number: usize) -> Vec<CauseLabel> {
        let mut rng = fastrand::Rng::with_seed(11);
        (0..number)
            .map(|at| {
                let mut values: Vec<f64> = (0..NAMES.len()).map(|_| rng.f64()).collect();
                let truth = match (values[34] > 0.5, values[47] > 0.5) {
                    (true, true) => Cause::EmergencyFix,
                    (true, false) => Cause::ManualTroubleshooting,
                    (false, _) => Cause::AutomatedResponse,
                };
                values.iter_mut().for_each(|value| *value = (*value * 1e4).round() / 1e4);
                let cause = if rng.u8(..10) == 0 { Cause::Unknown } else { truth };
                let at = Timestamp::from_second(at as i64).unwrap();
                CauseLabel { cause, features: FeatureVector { version: VERSION, values }, at }
            })
            .collect()
    }

    #[test]
    fn too_few_labels_teach_nothing_and_it_is_said_what_is_missing() {
        let error = learn(&labels(49), Timestamp::UNIX_EPOCH).err().unwrap().to_string();
        assert!(error.starts_with("49 causes were confirmed or corrected so far"), "{error}");
        let one_kind: Vec<CauseLabel> =
            labels(200).into_iter().filter(|label| label.cause == Cause::EmergencyFix).collect();
        assert!(learn(&one_kind, Timestamp::UNIX_EPOCH).is_err());
        assert!(lessons(&labels(300)).missing.is_none());
        let mut foreign = labels(300);
        foreign.iter_mut().for_each(|label| label.features.version = VERSION + 1);
        assert!(lessons(&foreign).missing.is_some(), "labels of other columns teach nothing");
    }

    #[test]
    fn what_is_learned_is_measured_on_what_was_not_seen_and_beats_the_most_frequent() {
        let learned = learn(&labels(300), Timestamp::UNIX_EPOCH).unwrap();
        let metrics = &learned.metrics;
        println!("{metrics:?}, says something from {}", learned.threshold);
        assert!(metrics.accuracy > metrics.baseline_accuracy + 0.2 && metrics.accuracy < 0.95, "every tenth is wrong");
        assert!(metrics.expected_calibration_error < 0.12, "{}", metrics.expected_calibration_error);
        assert_eq!(metrics.cross_validation_scores.len(), FOLDS);
        assert_eq!(metrics.confusion_matrix.iter().flatten().sum::<u32>(), metrics.evaluated_on);
        let most = metrics.feature_importance.iter().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
        assert!([NAMES[34], NAMES[47]].contains(&most.as_str()), "{most}");
        assert_eq!(learn(&labels(300), Timestamp::UNIX_EPOCH).unwrap().forest.hash(), learned.forest.hash());
    }

    #[test]
    fn what_says_nothing_true_says_nothing() {
        let mut random = labels(300);
        let mut rng = fastrand::Rng::with_seed(3);
        random.iter_mut().for_each(|label| label.cause = Cause::ALL[rng.usize(..5)]);
        assert_eq!(learn(&random, Timestamp::UNIX_EPOCH).unwrap().threshold, NEVER);
    }
}
