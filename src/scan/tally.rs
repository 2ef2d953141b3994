//! The books of one scan: counts, batches on their way to the sink, what failed, and what that leaves unsaid.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::listing::Listing;
use super::outcome::{Observed, Outcome, Whole};
use super::pipeline::Note;
use super::{Seen, Sink};
use crate::drift::{Completeness, Counts, Coverage, Finding, ResourceRef, SourceError, Unverified, UnverifiedReason};
use crate::safety::Tainted;
use crate::store::{Observation, StoreError};

/// Findings and observations per call of the sink.
const BATCH: usize = 500;
/// Unverified resources, errors and notes that are kept in full.
pub(super) const SAMPLE: usize = 1000;

pub(super) struct Tally<'a> {
    sink: &'a mut dyn Sink,
    seen: Option<&'a Seen>,
    pub counts: Counts,
    pub unverified: Vec<(ResourceRef, Unverified)>,
    pub errors: Vec<SourceError>,
    pub notes: Vec<Note>,
    pub untold: Listing,
    /// Nothing may be concluded from what was not seen.
    pub blind: bool,
    /// The same, because a part of the declared side could not be read; then nothing counts as unmanaged either.
    pub blind_declared: bool,
    /// Nothing may be concluded about these types.
    pub blind_types: BTreeSet<String>,
    pub store_time: Duration,
    /// What the sink said; the scan stops.
    pub refused: Option<StoreError>,
    now: Timestamp,
    findings: Vec<Finding>,
    observations: Vec<Observation>,
    newly_seen: Vec<(u64, u64)>,
}

impl<'a> Tally<'a> {
    pub fn new(sink: &'a mut dyn Sink, seen: Option<&'a Seen>, now: Timestamp) -> Self {
        Self {
            sink,
            seen,
            now,
            counts: Counts::default(),
            unverified: vec![],
            errors: vec![],
            notes: vec![],
            untold: Listing::default(),
            blind: false,
            blind_declared: false,
            blind_types: BTreeSet::new(),
            store_time: Duration::ZERO,
            refused: None,
            findings: vec![],
            observations: vec![],
            newly_seen: vec![],
        }
    }

    /// Books one resource. Breaks when the sink refuses.
    pub fn take(&mut self, outcome: Outcome) -> ControlFlow<()> {
        self.counts.resources += 1;
        match outcome {
            Outcome::InSync { answers, observed, untold } => {
                self.untold.add(untold);
                self.counts.in_sync += 1;
                self.counts.hidden_changes += answers.hidden;
                self.counts.unverified_properties += answers.unverified;
                self.counts.coverage += answers.coverage;
                observed.into_iter().for_each(|o| self.observed(*o));
            }
            Outcome::Drifted(finding, coverage) => {
                self.counts.drifted += 1;
                self.counts.coverage += coverage;
                self.counts.hidden_changes += finding.hidden.len() as u64;
                self.counts.unverified_properties += finding.unverified.len() as u64;
                self.untold.add_of(&finding);
                self.observed_drifted(&finding);
                self.findings.push(*finding);
            }
            Outcome::Unverified(whole) => self.unverified(*whole),
            Outcome::StateOnly => self.counts.state_only += 1,
            Outcome::Ignored => self.counts.ignored += 1,
            Outcome::Broken(resource, properties) => self.broken(*resource, properties),
        }
        if self.findings.len().max(self.newly_seen.len()) < BATCH { ControlFlow::Continue(()) } else { self.flush() }
    }

    /// A part of the declared side could not be read: what is missing is unknown.
    pub fn declared_error(&mut self, error: SourceError) {
        self.blind_declared = true;
        self.error(error);
    }

    /// Declared resources that could not be read back: how many, and why.
    pub fn lost(&mut self, count: u64, error: SourceError) {
        self.counts.resources += count;
        self.counts.unverified += count;
        self.declared_error(error);
    }

    fn error(&mut self, error: SourceError) {
        if self.errors.len() < SAMPLE {
            self.errors.push(error);
        }
    }

    pub fn note(&mut self, note: Note) {
        if self.notes.len() < SAMPLE {
            self.notes.push(note);
        }
    }

    /// Live resources of a type that nobody can map: neither drift nor clean. No drift of it can be open.
    pub fn unsupported(&mut self, kind: Tainted, count: u64, source: &Tainted) {
        self.counts.resources += count;
        self.counts.unverified += count;
        if self.unverified.len() < SAMPLE {
            let resource = ResourceRef {
                resource_type: kind,
                resource_id: Tainted::from(format!("{count} in {}", source.raw())),
                previous_address: None,
                provider_id: None,
                declared_in: None,
            };
            let detail = Tainted::from("no reader maps this type yet");
            self.unverified.push((resource, Unverified { path: None, reason: UnverifiedReason::Unsupported, detail }));
        }
    }

    /// Hands what has gathered to the sink.
    pub fn flush(&mut self) -> ControlFlow<()> {
        let start = Instant::now();
        let result = self.send();
        self.store_time += start.elapsed();
        match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.refused = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn send(&mut self) -> Result<(), StoreError> {
        if !self.findings.is_empty() {
            self.sink.findings(std::mem::take(&mut self.findings))?;
        }
        if !self.observations.is_empty() {
            self.sink.observations(std::mem::take(&mut self.observations))?;
        }
        if let Some(seen) = self.seen {
            self.newly_seen.drain(..).for_each(|(resource, live)| seen.remember(resource, live));
        }
        Ok(())
    }

    /// How far drift that was not seen may be closed.
    pub fn completeness(&self) -> Completeness {
        if self.blind {
            return Completeness::Partial { unverified_types: vec![] };
        }
        if self.blind_types.is_empty() {
            return Completeness::Complete;
        }
        Completeness::Partial { unverified_types: self.blind_types.iter().map(|t| Tainted::from(t.as_str())).collect() }
    }

    /// The sink, for the end of the scan.
    pub fn into_sink(self) -> &'a mut dyn Sink {
        self.sink
    }

    fn observed(&mut self, observed: Observed) {
        self.observations.extend(observed.observation);
        self.newly_seen.push(observed.seen);
    }

    /// What differs belongs to the resource's history as well.
    fn observed_drifted(&mut self, finding: &Finding) {
        if let (Some(_), Some(value)) = (self.seen, &finding.actual_state) {
            self.observations.push(Observation {
                resource_type: finding.resource.resource_type.clone(),
                resource_id: finding.resource.resource_id.clone(),
                observed_at: self.now,
                value: value.clone(),
                accepted: false,
                followed: false,
            });
        }
    }

    /// Books a whole resource that could not be compared, when enough others are named.
    pub fn unnamed(&mut self, resource_type: &Tainted, coverage: Coverage) {
        self.counts.resources += 1;
        self.not_compared(resource_type, coverage);
    }

    fn not_compared(&mut self, resource_type: &Tainted, coverage: Coverage) {
        self.counts.unverified += 1;
        self.counts.coverage += coverage;
        // Drift this resource had before is neither there nor gone now.
        if !self.blind_types.contains(resource_type.raw()) {
            self.blind_types.insert(resource_type.raw().to_owned());
        }
    }

    fn unverified(&mut self, whole: Whole) {
        self.not_compared(&whole.resource.resource_type, whole.coverage());
        if self.unverified.len() < SAMPLE {
            self.unverified.push((whole.resource, whole.why));
        }
    }

    fn broken(&mut self, resource: ResourceRef, properties: u64) {
        let (kind, id) = (resource.resource_type.raw(), resource.resource_id.raw());
        self.error(SourceError {
            source: resource.declared_in.clone().unwrap_or_default(),
            message: format!("comparing {kind} {id} failed unexpectedly").into(),
            help: "please report it; every other resource was compared".into(),
        });
        let detail = Tainted::from("comparing it failed unexpectedly");
        let why = Unverified { path: None, reason: UnverifiedReason::SourceFailed, detail };
        self.unverified(Whole { resource, why, properties });
    }
}
