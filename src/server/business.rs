//! The figures of [`Business`] as gauges. They are counted from the trail, which takes a while: whoever asks gets those of a moment ago.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::facts::{Number, PATIENCE};
use crate::drift::{Business, Figure, Slug, Unit};
use crate::service::{DriftService, ServiceError};

/// Days that are looked back, today the last of them.
const DAYS: u32 = 30;
/// They are not counted again before they are so old, and not for longer than one part in twenty of the time.
const FRESH: Duration = Duration::from_secs(60);
const SHARE: u32 = 20;

/// What was counted last, of one organisation.
#[derive(Default)]
pub(super) struct Counted(Mutex<Last>);

#[derive(Default)]
struct Last {
    figures: Option<Business>,
    is_counting: bool,
    /// When it ended, and how long it took.
    ended: Option<(Instant, Duration)>,
}

impl Counted {
    /// `None`: they have not been counted yet, or cannot be.
    pub(super) async fn now(self: &Arc<Self>, service: &Arc<dyn DriftService>) -> Option<Business> {
        if self.begins(Instant::now()) {
            let counting = tokio::spawn(Arc::clone(self).count(Arc::clone(service)));
            // What takes longer is for whoever asks next.
            let _ = tokio::time::timeout(PATIENCE, counting).await;
        }
        self.last().figures.clone()
    }

    async fn count(self: Arc<Self>, service: Arc<dyn DriftService>) {
        let begun = Instant::now();
        // On a task of its own: if that breaks down, they are counted again all the same.
        let counting = tokio::spawn(async move { service.business(vec![], DAYS).await });
        let counted = counting.await.unwrap_or_else(|broken| Err(ServiceError::Unavailable(broken.to_string())));
        let mut last = self.last();
        last.is_counting = false;
        last.ended = Some((Instant::now(), begun.elapsed()));
        // Old ones say nothing of now.
        last.figures = counted.inspect_err(|error| tracing::warn!(%error, "business figures are not counted")).ok();
    }

    /// Whether somebody is to count them now: whoever asks.
    fn begins(&self, now: Instant) -> bool {
        let mut last = self.last();
        let is_due = last.ended.is_none_or(|(at, took)| now.duration_since(at) >= FRESH.max(took * SHARE));
        let begins = is_due && !last.is_counting;
        last.is_counting |= begins;
        begins
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Of {
    organization: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OfFramework {
    organization: String,
    framework: String,
}

/// The gauges: one for each figure, and none of what there is no data for.
#[derive(Default)]
pub(super) struct Gauges {
    plain: Vec<(Figure, Family<Of, Number>)>,
    by_framework: Vec<(Figure, Family<OfFramework, Number>)>,
}

impl Gauges {
    pub(super) fn add(&mut self, organization: &Slug, business: &Business) {
        for figure in business.figures() {
            let Some(value) = figure.value else { continue };
            let organization = organization.to_string();
            match figure.framework.clone() {
                Some(framework) => {
                    family(&mut self.by_framework, figure)
                        .get_or_create(&OfFramework { organization, framework })
                        .set(value);
                }
                None => {
                    family(&mut self.plain, figure).get_or_create(&Of { organization }).set(value);
                }
            }
        }
    }

    pub(super) fn register(self, registry: &mut Registry) {
        for (figure, family) in self.plain {
            registry.register(name(&figure), help(&figure), family);
        }
        for (figure, family) in self.by_framework {
            registry.register(name(&figure), help(&figure), family);
        }
    }
}

/// The one of the figure's name, whichever organisation or framework it is about.
fn family<L: Clone + std::hash::Hash + Eq>(
    families: &mut Vec<(Figure, Family<L, Number>)>,
    figure: Figure,
) -> &Family<L, Number> {
    let at = families.iter().position(|(one, _)| one.key == figure.key).unwrap_or(families.len());
    if at == families.len() {
        families.push((figure, Family::default()));
    }
    &families[at].1
}

fn name(figure: &Figure) -> String {
    let unit = match figure.unit {
        Unit::Share => "_ratio",
        Unit::Seconds => "_seconds",
        Unit::PerDay => "_per_day",
        Unit::Number => "",
    };
    format!("{}{unit}", figure.key)
}

fn help(figure: &Figure) -> String {
    format!("Of the last {DAYS} days: {}", figure.definition)
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;
    use crate::drift::Ratio;

    fn told(all: &[(&str, Business)]) -> String {
        let (mut gauges, mut registry, mut text) = (Gauges::default(), Registry::default(), String::new());
        all.iter().for_each(|(slug, business)| gauges.add(&Slug::from_text(slug), business));
        gauges.register(registry.sub_registry_with_prefix("driftguard"));
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn each_organisation_has_its_gauges_and_what_has_no_data_has_none() {
        let ratio = |part| Ratio { part, of: 4 };
        let of = |part| Business {
            days: DAYS,
            causes_right: ratio(part),
            compliance: [("cis".to_owned(), ratio(part)), ("soc2".to_owned(), ratio(4))].into(),
            ..Business::default()
        };
        let text = told(&[("acme", of(3)), ("other", of(1)), ("new", Business::default())]);
        for line in [
            "driftguard_detection_accuracy_ratio{organization=\"acme\"} 0.75",
            "driftguard_detection_accuracy_ratio{organization=\"other\"} 0.25",
            "driftguard_compliance_score_ratio{organization=\"acme\",framework=\"cis\"} 0.75",
            "driftguard_compliance_score_ratio{organization=\"other\",framework=\"soc2\"} 1.0",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}: {text}");
        }
        assert_eq!(text.matches("# TYPE").count(), 2, "{text}");
        assert!(!text.contains("\"new\"") && !text.contains("user_adoption"), "{text}");
    }

    #[test]
    fn they_are_counted_by_one_at_a_time_and_the_longer_it_takes_the_less_often() {
        let (counted, now) = (Counted::default(), Instant::now());
        assert!(counted.begins(now) && !counted.begins(now));
        let ended = |took: u64| {
            let mut last = counted.last();
            last.is_counting = false;
            last.ended = Some((now, Duration::from_secs(took)));
        };
        ended(1);
        assert!(!counted.begins(now + Duration::from_secs(59)));
        assert!(counted.begins(now + Duration::from_secs(60)));
        ended(10);
        assert!(!counted.begins(now + Duration::from_secs(199)) && counted.begins(now + Duration::from_secs(200)));
    }
}
