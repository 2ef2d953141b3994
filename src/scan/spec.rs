//! What is scanned, as configuration or the command line says it.

use std::sync::Arc;
use std::time::Duration;

use super::Schedule;
use crate::aws::Access;
use crate::compare::Knowledge;
use crate::drift::{DriftIgnore, Environment, Maintenance, OnCall};
use crate::recommend::Policies;

/// One environment with its sources. Paths may be files, directories, globs or workspace trees; they are looked at anew at
/// each scan.
#[derive(Clone, PartialEq, Debug)]
pub struct EnvironmentSpec {
    pub environment: Environment,
    /// Declared state.
    pub state: Vec<String>,
    /// Recorded live state; files on this machine need none.
    pub live: Vec<String>,
    /// How its AWS account is read; `None`: recordings only.
    pub aws: Option<Arc<Access>>,
    /// Between scheduled scans; `None`: only by hand and when a watched file changes.
    pub interval: Option<Duration>,
    /// By the calendar, in place of an interval.
    pub schedule: Option<Schedule>,
    /// Scan within a second when a source file changes.
    pub watch: bool,
    /// Dangerous actions are off.
    pub protect: bool,
    /// Report live resources that no state declares. Off for single-purpose scans.
    pub unmanaged: bool,
    /// What its comparisons go by.
    pub knowledge: Knowledge,
    /// `.driftignore` patterns, from a file or for one run.
    pub ignore: Arc<DriftIgnore>,
    /// What is announced, for whichever environment.
    pub maintenance: Arc<Vec<Maintenance>>,
    /// Rules about advice.
    pub policies: Arc<Policies>,
    /// When whoever changes something by hand is on call.
    pub on_call: Arc<OnCall>,
}
