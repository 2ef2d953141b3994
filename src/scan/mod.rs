//! Schedule, pipeline, limits, progress.
//!
//! [`pipeline::run`] scans one environment once and blocks; [`scheduler`] decides when it runs; [`watch`] tells the
//! scheduler that a file changed. What a scan finds goes into a [`sink::Sink`]: the store, or the report of one command.

mod dependants;
pub(crate) mod deploys;
mod examine;
mod families;
mod found;
pub mod inventory;
mod judging;
mod kin;
mod leaves;
mod listing;
mod moves;
mod ordered;
mod outcome;
mod pairs;
pub mod pipeline;
mod reading;
mod recency;
mod relatives;
mod review;
mod schedule;
pub mod scheduler;
mod seen;
mod sightings;
pub mod sink;
pub mod sources;
mod spec;
mod spool;
mod state_only;
mod survey;
mod tally;
mod wanted;
pub mod watch;

#[cfg(test)]
mod doubles;
#[cfg(test)]
mod tests;

pub use listing::Limits;
pub use pairs::Pair;
pub use pipeline::{Note, Progress, Remembered, ScanContext, ScanReport, StandingDrift, run};
pub use schedule::Schedule;
pub use seen::Seen;
pub use sightings::Sightings;
pub use sink::{CollectSink, Sink, StoreSink};
pub use sources::Sources;
pub use spec::EnvironmentSpec;

#[cfg(test)]
pub(crate) use doubles::{a_finding, spec as a_spec};
