//! Live AWS, read through AWS Config.
//!
//! What the declared side needs is listed (`listing`), fetched a hundred at a time (`items`) and given its tags (`tags`); the
//! answers become one recording in memory, read by the same reader as recordings on disk. A type whose listing was denied,
//! throttled or half-finished is unverified and never missing. Only types that are [`Wanted`] are asked for.

mod aggregate;
pub mod estimate;
mod history;
mod items;
mod listing;
pub mod policy;
mod recorder;
mod tags;
mod target;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;

use self::target::Reading;
use super::LiveSource;
use super::aws_config::{self, AwsConfig, Listed, ListedType, ListingFault};
use crate::aws::{Access, Session, Usage, block_on};
use crate::drift::{Environment, UnverifiedReason};
use crate::live::Recording;

/// AWS Config types to read, and the declared types that made them wanted.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Wanted {
    pub config_types: BTreeSet<String>,
}

impl Wanted {
    /// What declared resources of these types need, and what the filter adds. Types nobody can map are left out.
    pub fn of<'a>(declared: impl IntoIterator<Item = &'a str>, access: &Access) -> Self {
        let mut config_types: BTreeSet<String> =
            declared.into_iter().filter_map(aws_config::config_type).map(str::to_owned).collect();
        config_types.extend(aws_config::config_types().filter(|t| is_discovered(access, t)).map(str::to_owned));
        Self { config_types }
    }
}

/// Whether the filter asks for the type; a pattern that is no glob matches nothing, and `config check` says so.
fn is_discovered(access: &Access, config_type: &str) -> bool {
    let glob = |pattern: &String| globset::GlobBuilder::new(pattern).case_insensitive(true).build().ok();
    access.discover.iter().filter_map(glob).any(|g| g.compile_matcher().is_match(config_type))
}

/// How far a reading is: resources fetched, of how many.
pub type Told<'a> = dyn Fn(u64, u64) + Sync + 'a;

/// Live state that was read, and what that took.
pub struct Opened {
    pub source: Box<dyn LiveSource>,
    pub usage: Arc<Usage>,
}

/// Reads everything wanted, in all accounts and regions at once. Blocks; ends early when `cancel` is set, and what was not
/// read by then is unverified.
pub fn open(
    access: &Access,
    environment: &Environment,
    wanted: &Wanted,
    cancel: &AtomicBool,
    told: &Told<'_>,
) -> Opened {
    let usage = Arc::new(Usage::default());
    let work = read(access, environment, wanted, &usage, told);
    let readings = block_on(cancel, work).unwrap_or_else(|_| vec![Reading::failed(wanted, "the scan was cancelled")]);
    Opened { source: Box::new(assemble(access, readings)), usage }
}

async fn read(
    access: &Access,
    environment: &Environment,
    wanted: &Wanted,
    usage: &Arc<Usage>,
    told: &Told<'_>,
) -> Vec<Reading> {
    let (sessions, faults) = Session::open_all(access, &access.regions_of(environment), usage).await;
    let mut readings: Vec<Reading> = faults.iter().map(|(role, fault)| Reading::closed(wanted, role, fault)).collect();
    let progress = target::Progress::new(told);
    let each = sessions.iter().map(|session| target::read(session, access, wanted, &progress));
    readings.extend(futures_util::future::join_all(each).await);
    readings
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
