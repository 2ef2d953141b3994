//! An analysis is kept whole or not at all: cause, severity and advice, wherever it is cut off.

use std::io;

use super::*;
use crate::analysis::Facts;
use crate::recommend::recommend;

/// Another cause, another severity, and the advice that follows.
fn thought(event: &DriftEvent) -> (Analysis, Vec<Recommendation>) {
    let mut analysis = event.analysis.clone();
    analysis.cause.cause_category = Cause::EmergencyFix;
    analysis.cause.confidence_score = Score::percent(92);
    analysis.cause.contributing_factors = vec!["somebody said so".into()];
    analysis.severity.security = Score::percent(95);
    let environment = home();
    let facts = Facts {
        environment: &environment,
        resource: &event.resource,
        drift_type: event.drift_type,
        changes: &event.changes,
        now: at(START),
    };
    let advice = recommend(&facts, &analysis);
    assert!(advice.iter().any(|one| one.recommendation_type == RecommendationType::CodifyIac), "{advice:?}");
    (analysis, advice)
}

#[test]
fn an_analysis_that_is_cut_off_anywhere_is_there_whole_or_not_at_all() {
    for stop in 0_i64..100 {
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let counted = Arc::clone(&left);
        let w = World::with_probe(Probe::new(move |_| match counted.fetch_sub(1, Ordering::SeqCst) > 0 {
            true => Ok(()),
            false => Err(io::ErrorKind::Other.into()),
        }));
        let before = w.one(&finding("web", &["x"]));
        let (analysis, advice) = thought(&before);
        left.store(stop, Ordering::SeqCst);
        let outcome = w.store.advise(before.id, before.version, &analysis, &advice);
        // The process dies here.
        let w = w.reopen();
        let now = w.get(before.id);
        let is_old = (&now.analysis, &now.recommendations, now.version)
            == (&before.analysis, &before.recommendations, before.version);
        let is_new = (&now.analysis, &now.recommendations, now.version) == (&analysis, &advice, before.version + 1);
        assert!(is_old || is_new, "half of it after {stop} steps: {now:?}");
        w.assert_sound();
        let worst = DriftFilter { severities: vec![SeverityClass::Critical], ..DriftFilter::default() };
        assert_eq!(w.page(worst).len(), usize::from(is_new), "it is found by what is kept, after {stop} steps");
        if outcome.is_ok() {
            assert!(is_new && stop >= 3, "{stop} steps were enough");
            return;
        }
    }
    panic!("it never succeeds");
}
