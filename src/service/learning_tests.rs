//! A model is read once and asked often; what it is asked about is what was measured.

use std::cell::Cell;

use serde_json::json;

use super::*;
use crate::analysis::{Facts, Surroundings};
use crate::drift::{Cause, DriftType, Environment, FeatureVector, ResourceRef};

/// Number of properties that differ, as a logarithm.
const CHANGES: usize = 10;

fn environment() -> Environment {
    serde_json::from_value(json!({
        "organization": "local", "slug": "lab", "name": "Lab", "cloud_provider": "aws", "is_active": true,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
    }))
    .unwrap()
}

fn about<T>(asked: impl FnOnce(&Facts<'_>) -> T) -> T {
    let resource: ResourceRef =
        serde_json::from_value(json!({"resource_type": "aws_vpc", "resource_id": "aws_vpc.main"})).unwrap();
    let (environment, now) = (environment(), Timestamp::UNIX_EPOCH);
    asked(&Facts { environment: &environment, resource: &resource, drift_type: DriftType::Modified, changes: &[], now })
}

fn features() -> FeatureVector {
    about(|facts| analysis::cause_features(facts, &Surroundings::default()))
}

/// Whatever differs in thousands of properties is the work of a machine. The column is far from what a scaler would make of it.
fn trained() -> (MlModel, String) {
    let label = |at: i64| {
        let mut features = features();
        let is_many = at % 2 == 0;
        features.values[CHANGES] = if is_many { 5_000.0 + at as f64 } else { at as f64 / 100.0 };
        let cause = if is_many { Cause::AutomatedResponse } else { Cause::ManualTroubleshooting };
        CauseLabel { cause, features, at: Timestamp::from_second(at).unwrap() }
    };
    let (model, artifact) = grow(&(0..80).map(label).collect::<Vec<_>>()).unwrap();
    (MlModel { version: 1, ..model }, artifact)
}

#[test]
fn a_second_prediction_does_not_read_the_artefact_again_and_another_version_is_read() {
    let (model, artifact) = trained();
    let (read, reads) = (ReadOnce::default(), Cell::new(0));
    let load = |model: MlModel| {
        reads.set(reads.get() + 1);
        Ok(Arc::new(LearnedCause::read(model, &artifact)?))
    };
    let asked = |model: &MlModel| {
        let learned = read.get(model.clone(), load).expect("it is used");
        let around = Surroundings { learned: Some(&learned), ..Surroundings::default() };
        about(|facts| analysis::analyse_within(facts, &around)).cause.prediction.expect("it was asked").version
    };
    assert_eq!((asked(&model), asked(&model), reads.get()), (1, 1, 1));
    let second = MlModel { version: 2, ..model.clone() };
    assert_eq!((asked(&second), asked(&second), asked(&model), reads.get()), (2, 2, 1, 2));

    // What is not what was trained is looked at once too, and not used.
    let forged = MlModel { artifact_hash: "0".repeat(64), version: 3, ..model };
    assert!(read.get(forged.clone(), load).is_none() && read.get(forged, load).is_none());
    assert_eq!(reads.get(), 3);
}

#[test]
fn without_a_scaler_a_model_takes_the_features_as_they_are() {
    let (model, artifact) = trained();
    // By itself, without the rules.
    let model = MlModel { mixed_temperature: None, threshold: 0.0, ..model };
    let learned = LearnedCause::read(model.clone(), &artifact).unwrap();
    let few = features();
    let mut many = few.clone();
    many.values[CHANGES] = 5_040.0;
    let likeliest = |features: &FeatureVector| {
        let shares = learned.forest().predict(&features.values);
        let at = (0..shares.len()).max_by(|a, b| shares[*a].total_cmp(&shares[*b])).unwrap();
        (model.target_classes[at], shares[at])
    };
    assert_eq!(likeliest(&many).0, Cause::AutomatedResponse);
    let (cause, share) = likeliest(&few);
    assert_eq!(cause, Cause::ManualTroubleshooting);
    let around = Surroundings { learned: Some(&learned), ..Surroundings::default() };
    let said = about(|facts| analysis::analyse_within(facts, &around)).cause.prediction.unwrap();
    assert_eq!(said.prediction_result, cause);
    assert!((said.confidence_score - share).abs() < 1e-3, "{said:?} {share}");
}
