//! Live AWS, read through AWS Config.
//!
//! What the declared side needs is listed (`listing`), fetched a hundred at a time meanwhile (`items`) and given its tags (`select`,
//! `tags`); where an environment is scanned again and again, only what has changed is (`changed`, `memory`). The answers become one
//! recording in memory, read by the same reader as recordings on disk. A type whose listing was denied,
//! throttled or half-finished is unverified and never missing; declared resources of types that are not recorded are asked of Cloud
//! Control one by one (`control`). Only types that are [`Wanted`] are asked for.

mod aggregate;
mod changed;
mod control;
mod counts;
pub mod estimate;
mod full;
mod history;
mod items;
mod listing;
mod memory;
pub mod policy;
mod proof;
mod reader;
mod recorder;
pub mod rights;
mod seal;
mod select;
mod source;
mod tagging;
mod tags;
mod target;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;

use self::control::Answers;
pub use self::control::Asks;
pub use self::memory::Keeping;
use self::source::Live;
use self::target::Reading;
use super::aws_config::{self, AwsConfig, Listed, ListedType, ListingFault};
use super::{LiveSource, Lookup};
use crate::aws::{Access, Session, Usage, block_on};
use crate::declared::DeclaredResource;
use crate::drift::{Environment, UnverifiedReason};
use crate::live::Recording;
use crate::stacks::Owned;

/// Missing resources that are asked for once more. Where more are missing, that is news whoever is asked.
const DOUBTFUL: usize = 100;

/// AWS Config types to read, and the declared types that made them wanted.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Wanted {
    pub config_types: BTreeSet<String>,
    /// Types that AWS Config cannot record.
    pub unrecorded: BTreeSet<String>,
    /// Those of `config_types` that are wanted whole, to find what nobody declares.
    pub discovered: BTreeSet<String>,
    /// Those of `config_types` of which something is declared that has tags.
    pub tagged: BTreeSet<String>,
    /// What is declared by others than the state: not unmanaged.
    pub owned: Vec<Owned>,
}

impl Wanted {
    /// Tags are declared of resources of these types.
    pub fn with_tags<'a>(mut self, declared: impl IntoIterator<Item = &'a str>) -> Self {
        let known = declared.into_iter().filter_map(aws_config::config_type);
        self.tagged = known.filter(|(_, recorded)| *recorded).map(|(name, _)| name.to_owned()).collect();
        self
    }

    /// What declared resources of these types need, and what the filter adds. Types nobody can map are left out.
    pub fn of<'a>(declared: impl IntoIterator<Item = &'a str>, access: &Access) -> Self {
        let (recorded, unrecorded): (Vec<_>, Vec<_>) =
            declared.into_iter().filter_map(aws_config::config_type).partition(|(_, recorded)| *recorded);
        let names = |types: Vec<(&str, bool)>| types.into_iter().map(|(name, _)| name.to_owned()).collect();
        let discovered: BTreeSet<String> =
            aws_config::config_types().filter(|t| is_discovered(access, t)).map(str::to_owned).collect();
        let mut config_types: BTreeSet<String> = names(recorded);
        config_types.extend(discovered.iter().cloned());
        Self { config_types, unrecorded: names(unrecorded), discovered, ..Self::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.config_types.is_empty() && self.unrecorded.is_empty()
    }
}

/// Whether the filter asks for the type; a pattern that is no glob matches nothing, and `config check` says so.
fn is_discovered(access: &Access, config_type: &str) -> bool {
    let glob = |pattern: &String| globset::GlobBuilder::new(pattern).case_insensitive(true).build().ok();
    access.discover.iter().filter_map(glob).any(|g| g.compile_matcher().is_match(config_type))
}

/// A notice for each pattern of `discover` that no known type fits.
fn unmatched(access: &Access) -> Vec<String> {
    let one = |pattern: &String| Access { discover: vec![pattern.clone()], ..Access::default() };
    let fits = |access: &Access| aws_config::config_types().any(|t| is_discovered(access, t));
    let lost = access.discover.iter().filter(|pattern| !fits(&one(pattern)));
    lost.map(|pattern| {
        format!("`{pattern}` of discover fits no type that is understood; `driftguard aws types` names them")
    })
    .collect()
}

/// How far a reading is: resources fetched, of how many.
pub type Told<'a> = dyn Fn(u64, u64) + Sync + 'a;

/// Live state that was read, and what that took.
pub struct Opened {
    pub source: Box<dyn LiveSource>,
    pub usage: Arc<Usage>,
}

/// Finds the declared resources of these AWS Config types that pass.
pub type Declared<'a> = dyn Fn(&BTreeSet<String>, &dyn Fn(&DeclaredResource) -> bool) -> Asks + 'a;

/// What a reading goes by.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    pub access: &'a Access,
    pub environment: &'a Environment,
    pub wanted: &'a Wanted,
    /// `None`: everything is read, and nothing of it is kept.
    pub keeping: Option<&'a Keeping>,
}

/// Reads everything wanted, in all accounts and regions at once. `declared` is asked when something is not recorded. Blocks; ends
/// early when `cancel` is set, and what was not read by then is unverified.
pub fn open(plan: Plan<'_>, declared: &Declared<'_>, cancel: &AtomicBool, told: &Told<'_>) -> Opened {
    let usage = Arc::new(Usage::default());
    let Plan { access, wanted, .. } = plan;
    let (sessions, mut readings) = block_on(cancel, read(plan, &usage, told))
        .unwrap_or_else(|_| (vec![], vec![Reading::failed(wanted, "the scan was cancelled")]));
    let mut control = read_unrecorded(access, wanted, &sessions, &readings, declared, cancel);
    readings.iter_mut().for_each(|reading| reading.settle(&control.settled));
    let notices = readings.iter().flat_map(|reading| reading.notices.clone()).chain(unmatched(access));
    let notices = notices.map(Into::into).collect();
    let unfinished = readings.iter().filter_map(|reading| reading.unfinished.clone()).collect();
    let config = assemble(access, readings);
    control.add(second_opinion(plan, &sessions, &config, declared, cancel));
    Opened { source: Box::new(Live { config, control, owned: wanted.owned.clone(), unfinished, notices }), usage }
}

async fn read(plan: Plan<'_>, usage: &Arc<Usage>, told: &Told<'_>) -> (Vec<Session>, Vec<Reading>) {
    let Plan { access, environment, wanted, keeping } = plan;
    let (sessions, faults) = Session::open_all(access, &access.regions_of(environment), usage).await;
    let mut readings: Vec<Reading> = faults.iter().map(|(role, fault)| Reading::closed(wanted, role, fault)).collect();
    let progress = target::Progress::new(told);
    let each = sessions.iter().map(|session| async {
        let place = keeping.map(|keeping| keeping.place(&environment.slug, access, &session.target));
        target::read(session, access, wanted, place.as_ref(), &progress).await
    });
    readings.extend(futures_util::future::join_all(each).await);
    (sessions, readings)
}

/// What is declared of the types nobody records; of the past Cloud Control knows nothing.
fn read_unrecorded(
    access: &Access,
    wanted: &Wanted,
    sessions: &[Session],
    readings: &[Reading],
    declared: &Declared<'_>,
    cancel: &AtomicBool,
) -> Answers {
    let refused = readings.iter().flat_map(|reading| reading.refused.iter().map(|fault| &fault.config_type));
    let types: BTreeSet<String> = wanted.unrecorded.iter().chain(refused).cloned().collect();
    if types.is_empty() || sessions.is_empty() || access.as_of.is_some() {
        return Answers::default();
    }
    let asks = declared(&types, &|_| true);
    let mut answers = if asks.is_empty() {
        Answers::default()
    } else {
        block_on(cancel, control::read(sessions, asks)).unwrap_or_default()
    };
    answers.settled.retain(|t| !wanted.discovered.contains(*t));
    answers
}

/// AWS Config is minutes late: what is declared and missing there may just have been made. Cloud Control knows what is there now.
fn second_opinion(
    plan: Plan<'_>,
    sessions: &[Session],
    config: &AwsConfig,
    declared: &Declared<'_>,
    cancel: &AtomicBool,
) -> Answers {
    let Plan { access, wanted, .. } = plan;
    // An aggregator has resources of accounts that we are not in.
    if access.as_of.is_some() || access.aggregator.is_some() || sessions.is_empty() {
        return Answers::default();
    }
    let doubtful = Cell::new(0);
    let is_missing = |resource: &DeclaredResource| {
        let is_missing = doubtful.get() < DOUBTFUL
            && config.handles(&resource.resource_type)
            && matches!(config.lookup(resource, &[]), Lookup::Missing);
        doubtful.set(doubtful.get() + usize::from(is_missing));
        is_missing
    };
    let asks = declared(&wanted.config_types, &is_missing);
    if asks.is_empty() {
        Answers::default()
    } else {
        block_on(cancel, control::read(sessions, asks)).unwrap_or_default()
    }
}

/// One source of everything that was read.
fn assemble(access: &Access, readings: Vec<Reading>) -> AwsConfig {
    let mut listed = Listed { as_of: access.as_of.or(Some(Timestamp::now())), covered: vec![], faults: vec![] };
    let mut recordings = vec![];
    for reading in readings {
        let file = recordings.len();
        listed.covered.extend(reading.covered.into_iter().map(|(config_type, account, region)| ListedType {
            config_type,
            account,
            region,
            recording: file,
        }));
        listed.faults.extend(reading.faults);
        recordings.push(Recording { path: reading.name.into(), text: reading.text, modified: None, broken: None });
    }
    let name = match recordings.as_slice() {
        [one] => one.path.display().to_string(),
        many => format!("AWS Config of {} accounts and regions", many.len()),
    };
    AwsConfig::live(name, recordings, listed)
}

/// Faults of several types for the same reason are told once.
fn merged(faults: BTreeMap<(String, String), (UnverifiedReason, Vec<String>)>, source: &str) -> Vec<ListingFault> {
    let fault =
        |((message, help), (reason, types))| ListingFault { source: source.to_owned(), message, help, types, reason };
    faults.into_iter().map(fault).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::declared::InstanceStatus;
    use crate::drift::{CloudProvider, Slug};
    use crate::live::Lookup;

    #[test]
    fn a_pattern_that_fits_no_type_is_named_and_one_that_does_is_not() {
        let discover = ["AWS::Nope::*", "aws::s3::*", "AWS::EC2::VPC"].map(str::to_owned).to_vec();
        let notices = unmatched(&Access { discover, ..Access::default() });
        assert_eq!(notices.len(), 1);
        assert!(notices[0].starts_with("`AWS::Nope::*` of discover fits no type"), "{notices:?}");
    }

    #[test]
    fn a_cancelled_reading_leaves_everything_unverified() {
        let now = Timestamp::now();
        let environment = Environment {
            organization: Slug::from_text("local"),
            slug: Slug::from_text("lab"),
            name: "lab".into(),
            cloud_provider: CloudProvider::Aws,
            region: "eu-west-1".into(),
            account_id: Default::default(),
            tags: Default::default(),
            is_active: true,
            created_at: now,
            updated_at: now,
        };
        let access = Access::default();
        let wanted = Wanted::of(["aws_s3_bucket"], &access);
        let cancel = AtomicBool::new(true);
        let plan = Plan { access: &access, environment: &environment, wanted: &wanted, keeping: None };
        let opened = open(plan, &|_, _| Asks::default(), &cancel, &|_, _| {});
        let bucket = DeclaredResource {
            address: "aws_s3_bucket.a".into(),
            resource_type: "aws_s3_bucket".into(),
            provider: Default::default(),
            values: json!({"id": "a", "bucket": "a"}),
            sensitive: vec![],
            dependencies: vec![],
            status: InstanceStatus::Normal,
            source: Arc::new("terraform.tfstate".into()),
        };
        match opened.source.lookup(&bucket, &[]) {
            Lookup::Unknown(UnverifiedReason::SourceFailed, why) => assert!(why.raw().contains("cancelled"), "{why:?}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(opened.source.errors().len(), 1);
    }
}
