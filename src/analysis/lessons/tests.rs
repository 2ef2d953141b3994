//! What is learned from labels, and when nothing is.

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
    let mut old = labels(300);
    old.iter_mut().for_each(|label| (label.features.version, _) = (1, label.features.values.truncate(58)));
    assert_eq!(lessons(&old).missing, None, "what was kept when there were fewer columns still teaches");
}

#[test]
fn what_is_learned_is_measured_on_what_was_not_seen_and_beats_the_most_frequent() {
    let learned = learn(&labels(300), Timestamp::UNIX_EPOCH).unwrap();
    let metrics = &learned.metrics;
    println!("{metrics:?}, says something from {}", learned.threshold);
    assert!(metrics.accuracy > metrics.baseline_accuracy + 0.2 && metrics.accuracy < 0.95, "every tenth is wrong");
    // 0.05 is promised; of so few labels chance alone adds what a calibrated one is off by in each of ten steps.
    let chance = 0.5 * (10.0 / f64::from(metrics.evaluated_on)).sqrt();
    assert!(metrics.expected_calibration_error < 0.05 + chance, "{}", metrics.expected_calibration_error);
    let said = metrics.coverage_accuracy.iter().rfind(|point| point.threshold <= learned.threshold).unwrap();
    assert!(learned.threshold > 1.0 || said.accuracy > 0.85, "{said:?}");
    assert_eq!(metrics.cross_validation_scores.len(), FOLDS);
    assert_eq!(metrics.confusion_matrix.iter().flatten().sum::<u32>(), metrics.evaluated_on);
    let most = metrics.feature_importance.iter().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
    assert!([NAMES[34], NAMES[47]].contains(&most.as_str()), "{most}");
    assert_eq!(learn(&labels(300), Timestamp::UNIX_EPOCH).unwrap().forest.hash(), learned.forest.hash());
    let [(_, first), (_, growth), (_, last)] = &Vec::from_iter(learned.metadata)[..] else { panic!("three") };
    assert_eq!((first.as_str(), last.as_str()), ("1970-01-01T00:00:00Z", "1970-01-01T00:04:59Z"));
    assert!(growth.contains("depth 8"), "{growth}");
}

#[test]
fn what_says_nothing_true_says_nothing() {
    let mut random = labels(300);
    let mut rng = fastrand::Rng::with_seed(3);
    random.iter_mut().for_each(|label| label.cause = Cause::ALL[rng.usize(..5)]);
    let learned = learn(&random, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!((learned.threshold, learned.mixed_temperature), (NEVER, None), "the rules judge alone");
}

#[test]
fn a_model_from_before_the_last_columns_goes_on_judging_by_its_own() {
    let mut learned = learn(&labels(300), Timestamp::UNIX_EPOCH).unwrap();
    let Sorted { rows, targets, classes } = Sorted::of(&labels(300)).unwrap();
    let (names, rows): (Vec<&str>, Vec<Vec<f64>>) =
        (classes.iter().map(|cause| cause.as_str()).collect(), rows.iter().map(|row| row[..62].to_vec()).collect());
    learned.forest = train(&NAMES[..62], &names, &rows, &targets, &GROWTH).unwrap().forest;
    learned.features_version = 2;
    let (model, artifact) = learned.into_model("cause");
    let later = MlModel { features_version: VERSION + 1, ..model.clone() };
    let why = LearnedCause::read(later, &artifact).err().unwrap().to_string();
    assert!(why.contains("train it anew"), "{why}");
    let learned = LearnedCause::read(model, &artifact).unwrap();
    let measured = evaluate(&learned, &labels(600)[300..], Timestamp::UNIX_EPOCH).unwrap();
    assert!(measured.accuracy > 0.6 && measured.evaluated_on == 300, "{measured:?}");
}

#[test]
fn a_cause_that_a_model_does_not_know_it_gets_wrong() {
    let (known, new): (Vec<CauseLabel>, Vec<CauseLabel>) =
        labels(400).into_iter().partition(|label| label.cause != Cause::AutomatedResponse);
    let (model, artifact) = learn(&known, Timestamp::UNIX_EPOCH).unwrap().into_model("cause");
    assert!(!model.target_classes.contains(&Cause::AutomatedResponse));
    let learned = LearnedCause::read(model.clone(), &artifact).unwrap();
    let all = [&known[..100], &new[..100]].concat();
    let metrics = evaluate(&learned, &all, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!((metrics.evaluated_on, metrics.classes.last()), (200, Some(&Cause::AutomatedResponse)));
    assert!(metrics.accuracy <= 0.5, "none of the hundred is told: {}", metrics.accuracy);
    assert_eq!(metrics.confusion_matrix.last().unwrap().iter().sum::<u32>(), 100);
    let alone = evaluate(&learned, &known[..100], Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(alone.classes, model.target_classes, "what nobody labelled is not asked for");
}

#[test]
fn a_few_lucky_answers_are_no_threshold() {
    let told = |right: usize, wrong: usize| -> Vec<Told> {
        let one = |is_right| Told { sure: 0.8, is_right, is_cause: true, is_seconded: false };
        (0..right).map(|_| one(true)).chain((0..wrong).map(|_| one(false))).collect()
    };
    // Nine of nine may be a coin that is right in four of five; 25 of 25 hardly.
    assert_eq!(threshold(&told(9, 0)), NEVER);
    assert_eq!(threshold(&told(25, 0)), 0.50);
    // Nine in ten of thirty is 0.79 at the lower end; of a thousand it takes 0.92.
    assert_eq!((threshold(&told(27, 3)), threshold(&told(900, 100))), (NEVER, NEVER));
    assert_eq!(threshold(&told(920, 80)), 0.50);
}
