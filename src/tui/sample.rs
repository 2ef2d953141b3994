//! A made-up world for screenshots and tests: three environments, the same drifts every time, some text meant to do harm.
//! [`Sample`] serves it as a store would; [`Synthetic`] serves any number of drifts without holding them.

mod approving;
mod around;
mod changes;
mod deciding;
pub(crate) mod drifts;
mod found;
mod hidden;
mod incident;
mod levers;
mod rules;
mod service;
mod shots;
mod synthetic;
mod who;

pub use service::Sample;
pub use shots::{SHOTS, Shot, draw, screenshot};
pub use synthetic::Synthetic;

use jiff::{SignedDuration, Timestamp};

use crate::drift::{
    CloudProvider, Counts, Coverage, Environment, Forecast, Pulse, ScanId, ScanStage, ScanSummary, Slug, SourceError,
    SourceState, Trend, UnverifiedReason,
};
use crate::service::{EnvironmentSummary, ScanProgress};
use crate::store::OpenCounts;

/// What time it is in the sample world: a Saturday morning.
pub fn now() -> Timestamp {
    Timestamp::from_second(1_795_255_200).unwrap_or_default()
}

/// So many minutes before [`now`].
pub fn ago(minutes: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_mins(minutes)).unwrap_or_default()
}

/// An id that is the same every time and grows with `at`.
fn id(at: Timestamp, number: u64) -> ulid::Ulid {
    ulid::Ulid::from_parts(u64::try_from(at.as_millisecond()).unwrap_or(0), number.into())
}

/// The three environments: an AWS account in production, a cluster, a host one of whose sources cannot be read.
pub(crate) fn environments() -> Vec<EnvironmentSummary> {
    let mut shop = environment("shop-k8s", "Shop cluster", CloudProvider::Kubernetes, 7);
    shop.running = Some(ScanProgress {
        environment: shop.environment.slug.clone(),
        stage: ScanStage::Compare,
        resources: 1_234,
        drifted: 2,
        started_at: ago(0),
    });
    let mut bastion = environment("bastion", "Bastion host", CloudProvider::Host, 61);
    bastion.sources = vec![SourceState {
        source: "/srv/state/bastion.tfstate".into(),
        last_good: Some(ago(61)),
        error: Some(SourceError {
            source: "/srv/state/bastion.tfstate".into(),
            message: "ends in the middle of a resource (byte 48211)".into(),
            help: "write it again with `terraform state pull`".into(),
        }),
        version: None,
        written_at: None,
        notices: vec![],
    }];
    let mut production = environment("prod-eu", "Production, Frankfurt", CloudProvider::Aws, 2);
    production.pulse = Some(pulse());
    shop.pulse = Some(Pulse {
        says: "learning what is usual: 9 of 14 days, 4 incidents".into(),
        is_unusual: false,
        trend: vec![0, 1, 0, 0, 2, 0, 0, 0, 1, 1],
        types: vec![],
        forecast: None,
    });
    vec![production, shop, bastion]
}

/// As of an environment that is known for weeks.
fn pulse() -> Pulse {
    let days = |last: &[u32]| [vec![0; 28 - last.len()], last.to_vec()].concat();
    let groups = days(&[1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    let buckets = days(&[1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0]);
    let trend = groups.iter().zip(&buckets).map(|(a, b)| a + b).collect();
    Pulse {
        says: "1 today, usual 0\u{2013}2 a day".into(),
        is_unusual: false,
        trend,
        types: vec![
            Trend { of: "aws_security_group".into(), days: groups },
            Trend { of: "aws_s3_bucket".into(), days: buckets },
        ],
        forecast: Some(Forecast { days: 7, from: 1, to: 5, likely: 3 }),
    }
}

fn environment(slug: &str, name: &str, cloud_provider: CloudProvider, minutes: i64) -> EnvironmentSummary {
    let slug = Slug::from_text(slug);
    let environment = Environment {
        organization: Slug::from_text("local"),
        slug: slug.clone(),
        name: name.into(),
        cloud_provider,
        region: if cloud_provider == CloudProvider::Aws { "eu-central-1".into() } else { "".into() },
        account_id: "".into(),
        tags: Default::default(),
        is_active: true,
        created_at: ago(100_000),
        updated_at: ago(100_000),
    };
    EnvironmentSummary {
        is_removed: false,
        is_detection_off: false,
        is_production: environment.is_production(),
        environment,
        open: OpenCounts::default(),
        last_scan: Some(scan(slug, ago(minutes))),
        next_scan: None,
        interval: None,
        schedule: None,
        running: None,
        sources: vec![],
        contexts: vec![],
        pulse: None,
    }
}

fn coverage() -> Coverage {
    use UnverifiedReason::{Denied, NotObservable, Unsupported, WriteOnly};
    Coverage::all_but(31_240, [(Denied, 620), (WriteOnly, 940), (NotObservable, 20), (Unsupported, 600)])
}

fn scan(environment: Slug, finished_at: Timestamp) -> ScanSummary {
    ScanSummary {
        counts: Counts {
            resources: 1_420,
            in_sync: 1_414,
            drifted: 5,
            unverified: 1,
            hidden_changes: 37,
            coverage: coverage(),
            ..Counts::default()
        },
        new: 1,
        ..ScanSummary::of_nothing(ScanId(id(finished_at, 0)), environment, finished_at)
    }
}
