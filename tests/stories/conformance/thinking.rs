//! A drift is thought about anew, and a scan is called off.

use driftguard::drift::{
    Cause, ContextData, ContextId, ContextSource, ContextType, DriftEvent, DriftId, OperationalContext, Score,
    TimeWindow,
};
use driftguard::service::{DriftService, ServiceError};
use jiff::{SignedDuration, Timestamp};

use super::{Bench, open_drifts, scan};

pub(super) async fn conforms(bench: &dyn Bench) {
    bench.disturb(3, true);
    scan(bench).await;
    a_drift_is_thought_about_anew_with_what_somebody_says_of_it(bench).await;
    a_scan_that_is_called_off_leaves_everything_as_it_was(bench).await;
    bench.disturb(3, false);
    scan(bench).await;
    what_appears_during_an_incident_says_so_and_names_nobody_for_it(bench).await;
    bench.disturb(7, false);
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
    assert_eq!(again.analysis.cause.cause_category, Cause::EmergencyFix, "what was said holds until something else is");
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

async fn what_appears_during_an_incident_says_so_and_names_nobody_for_it(bench: &dyn Bench) {
    let service = bench.service();
    let from = Timestamp::now() - SignedDuration::from_mins(5);
    let incident = OperationalContext {
        id: ContextId::of(from, &["checkout is down"]),
        context_type: ContextType::Incident,
        context_data: ContextData { title: "checkout is down".into(), ..ContextData::default() },
        incident_impact: None,
        time_window: TimeWindow { from, to: None },
        environments: vec![bench.environment()],
        source: ContextSource::Person,
    };
    service.put_context(incident.clone(), "alice".into()).await.unwrap();
    let known: Vec<DriftId> = open_drifts(service.as_ref()).await.iter().map(|drift| drift.id).collect();
    bench.disturb(7, true);
    scan(bench).await;
    let cause = |drift: &DriftEvent| drift.analysis.cause.clone();
    let first = cause(&only_new(service.as_ref(), &known).await);
    assert!(first.contributing_factors.iter().any(|one| one.raw().contains("checkout is down")), "{first:?}");
    let likely = first.probabilities.expect("they are kept");
    assert!((likely.all().iter().sum::<f64>() - 1.0).abs() < 1e-6 && likely.confidence() == first.confidence_score);
    assert_eq!(first.cause_category, Cause::Unknown, "nobody knows whose hand it was");
    let detail = service.drift(only_new(service.as_ref(), &known).await.id).await.unwrap();
    let record = detail.cause_analysis.expect("it is told with the drift");
    let [near] = &record.temporal_context.near[..] else { panic!("{record:?}") };
    assert_eq!((near.title.raw(), near.temporal_offset), ("checkout is down", 0), "it was open then");
    assert!(record.temporal_words.raw().contains("while the incident \"checkout is down\" went on"), "{record:?}");
    assert_eq!((record.user_attribution, record.analyzed_at), (None, detail.event.analysis.analyzed_at));
    let risk = detail.risk.expect("so is this");
    assert!(risk.score > Score::ZERO && risk.not_known.iter().any(|one| one == "how much it is used"), "{risk:?}");
    service.end_context(incident.id, Timestamp::now(), "alice".into()).await.unwrap();
    scan(bench).await;
    assert_eq!(cause(&only_new(service.as_ref(), &known).await), first, "it went on then, whatever goes on now");
}

async fn only_new(service: &dyn DriftService, known: &[DriftId]) -> DriftEvent {
    let mut open = open_drifts(service).await;
    open.retain(|drift| !known.contains(&drift.id));
    assert_eq!(open.len(), 1, "{open:?}");
    open.remove(0)
}
