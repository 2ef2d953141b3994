//! What is true at the moment it is asked for: drifts and scans of every environment, the stores, the process.

use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::queues::{self, Queues};
use super::{Houses, business};
use crate::service::EnvironmentSummary;

/// A store that does not answer must not keep the numbers of the others, and of the process, away. One that is known not to is not
/// asked.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// Of the clock in which Linux tells times of processes: USER_HZ, which is this everywhere.
const TICKS: f64 = 100.0;

pub(super) type Number = Gauge<f64, AtomicU64>;

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Place {
    organization: String,
    environment: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Class {
    organization: String,
    environment: String,
    severity: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Organization {
    organization: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Pool {
    organization: String,
    state: &'static str,
}

#[derive(Default)]
struct Facts {
    open: Family<Class, Number>,
    running: Family<Place, Number>,
    last: Family<Place, Number>,
    up: Family<Organization, Number>,
    bytes: Family<Organization, Number>,
    pool: Family<Pool, Number>,
}

/// All of it, now.
pub(super) async fn gather(houses: &Houses, analyses: usize) -> Registry {
    let mut registry = Registry::default();
    let facts = Facts::default();
    let all = houses.named().into_iter().map(|(slug, house)| async move {
        let store = house.service.store_gauges();
        let found = match store.trouble {
            Some(_) => None,
            None => tokio::time::timeout(PATIENCE, house.service.environments()).await.ok().and_then(Result::ok),
        };
        let backlog = match found.is_some() {
            true => queues::of(&house).await,
            false => None,
        };
        let counted = match found.is_some() {
            true => house.counted.now(&house.service).await,
            false => None,
        };
        (slug, store, found, backlog, counted)
    });
    let queues = Queues::default();
    let mut business = business::Gauges::default();
    for (slug, store, found, backlog, counted) in join_all(all).await {
        backlog.iter().for_each(|backlog| queues.add(&slug, backlog));
        counted.iter().for_each(|counted| business.add(&slug, counted));
        let organization = slug.as_str();
        let of_house = Organization { organization: organization.to_owned() };
        facts.up.get_or_create(&of_house).set(f64::from(u8::from(found.is_some())));
        found.iter().flatten().for_each(|one| facts.environment(organization, one));
        if let Some(bytes) = store.bytes {
            facts.bytes.get_or_create(&of_house).set(bytes as f64);
        }
        let (used, idle) = store.pool.unwrap_or_default();
        for (state, count) in [("used", used), ("idle", idle)] {
            let pool = Pool { organization: organization.to_owned(), state };
            facts.pool.get_or_create(&pool).set(f64::from(count));
        }
    }
    let ours = registry.sub_registry_with_prefix("driftguard");
    facts.register(ours);
    queues.register(ours, analyses);
    business.register(ours);
    process(registry.sub_registry_with_prefix("process"));
    registry
}

impl Facts {
    fn environment(&self, organization: &str, one: &EnvironmentSummary) {
        let environment = one.environment.slug.as_str().to_owned();
        let organization = organization.to_owned();
        let classes = [
            ("critical", one.open.critical),
            ("high", one.open.high),
            ("medium", one.open.medium),
            ("low", one.open.low),
        ];
        for (severity, count) in classes {
            let class = Class { organization: organization.clone(), environment: environment.clone(), severity };
            self.open.get_or_create(&class).set(count as f64);
        }
        let place = Place { organization, environment };
        self.running.get_or_create(&place).set(f64::from(u8::from(one.running.is_some())));
        if let Some(scan) = &one.last_scan {
            self.last.get_or_create(&place).set(scan.finished_at.as_millisecond() as f64 / 1000.0);
        }
    }

    fn register(self, registry: &mut Registry) {
        registry.register("open_drifts", "Drifts that wait for somebody", self.open);
        registry.register("scans_running", "Whether the environment is being scanned", self.running);
        registry.register("last_scan_timestamp_seconds", "When the last scan ended", self.last);
        registry.register("store_up", "Whether the store answers", self.up);
        registry.register("store_bytes", "Room the store's trees take on the disk", self.bytes);
        registry.register("store_pool_connections", "Connections to the store's database", self.pool);
    }
}

/// Of this process, as Linux tells it; elsewhere nothing.
fn process(registry: &mut Registry) {
    let mut add = |name: &str, help: &str, value: Option<f64>| {
        if let Some(value) = value {
            let number = Number::default();
            number.set(value);
            registry.register(name, help, number);
        }
    };
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // What stands in brackets is the program's name, spaces and all.
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let field = |n: usize| fields.get(n)?.parse::<f64>().ok();
    add("threads", "Threads", field(17));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|text| text.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    add("resident_memory_bytes", "Memory in use", resident.map(|kilo| kilo * 1024.0));
    let files = std::fs::read_dir("/proc/self/fd").map(|files| files.count() as f64).ok();
    add("open_fds", "Files and connections that are open", files);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|now| now.as_secs_f64()).ok();
    let uptime = std::fs::read_to_string("/proc/uptime").ok();
    let uptime = uptime.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    let started = now.zip(uptime).zip(field(19)).map(|((now, up), start)| now - up + start / TICKS);
    add("start_time_seconds", "When the process began", started);
    if let Some((user, kernel)) = field(11).zip(field(12)) {
        let spent = Counter::<f64, AtomicU64>::default();
        spent.inc_by((user + kernel) / TICKS);
        registry.register("cpu_seconds", "Time on a processor", spent);
    }
}
