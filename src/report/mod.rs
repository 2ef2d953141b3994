//! Text, JSON, NDJSON and Markdown from the same data.

mod actor;
pub mod book;
pub mod figures;
mod import;
pub mod incident;
mod json;
mod markdown;
pub mod marks;
pub mod models;
pub mod rules;
pub mod stats;
mod text;
pub mod trail;
pub mod trends;
mod usage;
pub mod who;

use std::collections::HashMap;
use std::io::{self, Write};

use crate::aws::Used;
use crate::cli::Format;
use crate::drift::{
    Attribution, Completeness, Counts, DriftId, Environment, RuleStatus, ScanSummary, Sighting, SourceError, Untold,
};
use crate::safety::Tainted;
use crate::scan::Sightings;

/// What a scan of one environment gave.
pub struct EnvironmentReport {
    pub environment: Environment,
    pub summary: ScanSummary,
    pub drifts: Sightings,
    /// Sources, and parts of them, that could not be read.
    pub errors: Vec<SourceError>,
    /// What was hidden and unverified; at most [`Untold::KEPT`] of each.
    pub untold: Vec<Untold>,
    pub store: StoreUse,
    /// What reading a cloud took; empty for recordings.
    pub usage: Used,
    /// Whom drifts are put down to.
    pub actors: HashMap<DriftId, Attribution>,
}

/// What a scan did with the store.
#[derive(Clone, Copy, PartialEq, Eq, serde::Serialize, Debug)]
#[serde(rename_all = "lowercase")]
pub enum StoreUse {
    /// Nothing: nothing is remembered.
    None,
    /// Compared with what it remembers, and wrote nothing.
    Read,
    /// Compared with what it remembers, and wrote what was seen.
    Written,
}

impl EnvironmentReport {
    /// Whom the drift is put down to.
    fn actor(&self, drift: &Sighting) -> Option<&Attribution> {
        self.actors.get(&drift.known.as_ref()?.id?)
    }

    /// Drifts that somebody ignored, snoozed or accepted.
    pub fn settled(&self) -> u64 {
        self.drifts.settled()
    }

    /// What is worth knowing of a source and no fault, beside its name.
    fn notices(&self) -> impl Iterator<Item = (&Tainted, &Tainted)> {
        self.summary.sources.iter().flat_map(|one| one.notices.iter().map(|words| (&one.source, words)))
    }
}

/// Drifts that are written out where people read; the rest is counted. The JSON formats list all.
const SHOWN: usize = 1000;

/// A whole run, ready to be written: environments by slug, drifts worst first, the settled ones last.
pub struct Report {
    pub environments: Vec<EnvironmentReport>,
    /// Ignore rules that have expired, or match nothing any more; `None` without a store.
    pub rules_unused: Option<Vec<RuleStatus>>,
    /// The JSON formats list what was hidden of every resource.
    pub show_hidden: bool,
}

impl Report {
    /// Brings everything into the order in which it is written.
    pub fn new(mut environments: Vec<EnvironmentReport>) -> Self {
        environments.sort_by(|a, b| a.environment.slug.cmp(&b.environment.slug));
        Self { environments, rules_unused: None, show_hidden: false }
    }

    /// Writes it in one of the formats.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Text => text::write(self, out),
            Format::Json => json::write(self, out),
            Format::Ndjson => json::write_lines(self, out),
            Format::Markdown => markdown::write(self, out),
        }
    }

    /// Over all environments.
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for environment in &self.environments {
            sum += environment.summary.counts;
        }
        sum
    }

    /// 0 in sync, 1 nothing could be read, 2 drift, 3 incomplete. What somebody settled is no news for whoever is woken by this.
    /// With `strict` it is drift all the same, and a single unverified property is incomplete.
    pub fn exit_code(&self, strict: bool) -> u8 {
        let counts = self.counts();
        let failed = self.environments.iter().any(|e| !e.errors.is_empty());
        let partial = self.environments.iter().any(|e| e.summary.completeness != Completeness::Complete);
        let settled: u64 = if strict { 0 } else { self.environments.iter().map(EnvironmentReport::settled).sum() };
        match () {
            () if counts.drifted > settled => 2,
            () if failed && counts.resources == 0 => 1,
            () if failed || partial || counts.unverified > 0 => 3,
            () if strict && counts.unverified_properties > 0 => 3,
            () => 0,
        }
    }
}

/// What is said in place of the drifts that are not shown; `None` when all are.
fn not_shown(drifts: u64) -> Option<String> {
    let rest = drifts.checked_sub(SHOWN as u64).filter(|rest| *rest > 0)?;
    Some(format!("… and {rest} more drifts, none of them worse: --format json or ndjson lists all"))
}

/// "12 resources: 9 in sync, 2 drifted (1 of them settled), 1 unverified; 3 changes hidden; 1 new"
fn sentence(e: &EnvironmentReport) -> String {
    let counts = &e.summary.counts;
    let plural = |n: u64, one: &str| if n == 1 { format!("{n} {one}") } else { format!("{n} {one}s") };
    let settled = match e.settled() {
        0 => String::new(),
        n => format!(" ({n} of them settled)"),
    };
    let mut text = format!(
        "{}: {} in sync, {} drifted{settled}, {} unverified",
        plural(counts.resources, "resource"),
        counts.in_sync,
        counts.drifted,
        counts.unverified
    );
    if counts.state_only > 0 {
        text.push_str(&format!(", {} in the state only", counts.state_only));
    }
    if counts.ignored > 0 {
        text.push_str(&format!(", {} ignored", counts.ignored));
    }
    if counts.hidden_changes > 0 {
        text.push_str(&format!("; {} hidden", plural(counts.hidden_changes, "change")));
    }
    if counts.unverified_properties > 0 {
        text.push_str(&format!(
            "; {} not comparable",
            plural(counts.unverified_properties, "property").replace("propertys", "properties")
        ));
    }
    let s = &e.summary;
    for (n, what) in [(s.new, "new"), (s.regressed, "come back"), (s.closed, "closed")] {
        if n > 0 {
            text.push_str(&format!("; {n} {what}"));
        }
    }
    text
}

#[cfg(test)]
mod tests;
