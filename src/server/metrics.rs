//! What the server counts, in the words of OpenMetrics.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Seconds: from what is answered out of memory to what takes as long as it may.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// One route and how it went. Routes are templates, so that there are only so many.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) route: String,
    pub(super) status: u16,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Route {
    route: String,
}

type Latency = Family<Route, Histogram, fn() -> Histogram>;

/// How many there are now.
#[derive(Clone, Default, Debug)]
pub(super) struct Gauge(gauge::Gauge<i64, AtomicI64>);

/// One that is counted for as long as this lives.
pub(super) struct Counted(Gauge);

impl Gauge {
    pub(super) fn one_more(&self) -> Counted {
        self.0.inc();
        Counted(self.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.dec();
    }
}

/// The counters; clones count together.
#[derive(Clone)]
pub(super) struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Asked, Counter>,
    latency: Latency,
    limited: Counter,
    pub(super) in_flight: Gauge,
    pub(super) connections: Gauge,
    pub(super) feeds: Gauge,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("driftguard");
        let requests = Family::<Asked, Counter>::default();
        let latency: Latency = Family::new_with_constructor(|| Histogram::new(BUCKETS));
        let limited = Counter::default();
        let [in_flight, connections, feeds]: [Gauge; 3] = Default::default();
        registry.register("http_requests", "Requests that were answered", requests.clone());
        registry.register("http_request_duration_seconds", "Time until an answer began", latency.clone());
        registry.register("http_rate_limited", "Requests refused because there were too many", limited.clone());
        registry.register("http_requests_in_flight", "Requests not answered yet", in_flight.0.clone());
        registry.register("http_connections", "Connections that are open", connections.0.clone());
        registry.register("feeds_connected", "Clients that follow the live feed", feeds.0.clone());
        Self { registry: Arc::new(registry), requests, latency, limited, in_flight, connections, feeds }
    }

    pub(super) fn answered(&self, asked: Asked, took: Duration) {
        if asked.status == 429 {
            self.limited.inc();
        }
        self.latency.get_or_create(&Route { route: asked.route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&asked).inc();
    }

    /// With what was found out just now.
    ///
    /// # Errors
    /// When it cannot be written, which text always can.
    pub(super) fn text(&self, facts: &Registry) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode_registry(&mut text, &self.registry)?;
        encode(&mut text, facts)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told_by_route_and_status() {
        let metrics = Metrics::new();
        let asked = |status| Asked { method: "GET".into(), route: "/api/v1/drifts/{id}".into(), status };
        [200, 200, 429].into_iter().for_each(|status| metrics.answered(asked(status), Duration::from_millis(3)));
        let waiting = metrics.in_flight.one_more();
        let text = metrics.text(&Registry::default()).unwrap();
        for line in [
            r#"driftguard_http_requests_total{method="GET",route="/api/v1/drifts/{id}",status="200"} 2"#,
            r#"driftguard_http_request_duration_seconds_bucket{le="0.005",route="/api/v1/drifts/{id}"} 3"#,
            "driftguard_http_rate_limited_total 1",
            "driftguard_http_requests_in_flight 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}: {text}");
        }
        drop(waiting);
        assert!(metrics.text(&Registry::default()).unwrap().contains("driftguard_http_requests_in_flight 0"));
    }
}
