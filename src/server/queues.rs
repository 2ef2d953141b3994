//! How much waits for its turn, and what came of what was sent to others.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::House;
use super::facts::{Number, PATIENCE};
use crate::drift::Slug;
use crate::service::Backlog;

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Of {
    organization: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct To {
    organization: String,
    channel: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Came {
    organization: String,
    channel: String,
    outcome: &'static str,
}

#[derive(Default)]
pub(super) struct Queues {
    scans: Family<Of, Number>,
    deliveries: Family<To, Number>,
    delivered: Family<Came, Counter>,
}

/// `None` when the store does not say soon.
pub(super) async fn of(house: &House) -> Option<Backlog> {
    let service = Arc::clone(&house.service);
    let asked = tokio::task::spawn_blocking(move || service.backlog());
    tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()
}

impl Queues {
    pub(super) fn add(&self, organization: &Slug, backlog: &Backlog) {
        let organization = organization.to_string();
        if let Some(scans) = backlog.scans {
            self.scans.get_or_create(&Of { organization: organization.clone() }).set(scans as f64);
        }
        for (channel, waiting) in &backlog.deliveries {
            let to = To { organization: organization.clone(), channel: channel.to_string() };
            self.deliveries.get_or_create(&to).set(*waiting as f64);
        }
        for ((channel, outcome), count) in &backlog.delivered {
            let (channel, outcome) = (channel.to_string(), outcome.as_str());
            let came = Came { organization: organization.clone(), channel, outcome };
            self.delivered.get_or_create(&came).inc_by(*count);
        }
    }

    pub(super) fn register(self, registry: &mut Registry, analyses: usize) {
        let waiting = Number::default();
        waiting.set(analyses as f64);
        registry.register("scans_waiting", "Scans that nobody has begun yet", self.scans);
        registry.register("analyses_waiting", "Analyses that wait for a place on this server", waiting);
        registry.register("webhook_deliveries_pending", "Notifications that are still to be sent", self.deliveries);
        registry.register("webhook_deliveries", "Tries to send a notification, by what came of them", self.delivered);
    }
}
