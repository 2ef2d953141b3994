//! A drift is thought about anew, and a scan is called off.

use driftguard::drift::{Cause, DriftId};
use driftguard::service::ServiceError;

use super::{Bench, open_drifts, scan};

pub(super) async fn conforms(bench: &dyn Bench) {
    bench.disturb(3, true);
    scan(bench).await;
    a_drift_is_thought_about_anew_with_what_somebody_says_of_it(bench).await;
    a_scan_that_is_called_off_leaves_everything_as_it_was(bench).await;
    bench.disturb(3, false);
    scan(bench).await;
}

async fn a_drift_is_thought_about_anew_with_what_somebody_says_of_it(bench: &dyn Bench) {
    let service = bench.service();
    let drift = open_drifts(service.as_ref()).await.remove(0);
    let told = service.analyse(drift.id, Some("emergency, INC-4711".into())).await.unwrap();
    assert_eq!((told.id, told.analysis.cause.cause_category), (drift.id, Cause::EmergencyFix));
    let kept = service.drift(drift.id).await.unwrap().event;
    assert_eq!(kept.analysis.cause.cause_category, Cause::EmergencyFix, "it is kept with the drift");
    let again = service.analyse(drift.id, None).await.unwrap();
    assert!(again.analysis.analyzed_at >= told.analysis.analyzed_at);
    let nobody = service.analyse(DriftId::generate(), None).await;
    assert!(matches!(nobody, Err(ServiceError::NotFound(_))), "{nobody:?}");
}

async fn a_scan_that_is_called_off_leaves_everything_as_it_was(bench: &dyn Bench) {
    let service = bench.service();
    let before = open_drifts(service.as_ref()).await.len();
    service.scan(Some(bench.environment())).await.unwrap();
    service.cancel_scan(Some(bench.environment())).await.unwrap();
    super::settle(bench).await;
    // With nothing under way there is nothing to call off, and that is no mistake.
    service.cancel_scan(Some(bench.environment())).await.unwrap();
    assert_eq!(open_drifts(service.as_ref()).await.len(), before);
}
