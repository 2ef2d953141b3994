//! Everything the store knows as JSON lines: a header, then one record a line, always in the same order.
//!
//! The header carries the redaction key: masked secrets are compared by hashes made with it, and would all seem changed without.
//! So an export is as private as the store itself.

use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::engine::Tree;
use super::notices::{self, Kept, Mark};
use super::{TreeStore, keys};
use crate::drift::{
    Environment, MlModel, NeverHideRule, Notification, OperationalContext, Remediation, ScanSummary, Slug,
};
use crate::store::files::io_at;
use crate::store::record::{AuditRecord, BodyRecord, EventRecord, Placed};
use crate::store::rules::RuleRecord;
use crate::store::{Observation, Store, StoreError, codec, identity};

/// The version of the format. 1 had no `settled` and no last line.
pub(super) const VERSION: u32 = 2;

/// The first line.
#[derive(Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) driftguard_export: u32,
    #[serde(with = "identity::hex")]
    pub(super) redaction_key: [u8; 32],
    /// Deeds up to this number are in every record; later ones happened while the export was made and may be in some.
    #[serde(default)]
    pub(super) settled: Option<u64>,
}

/// The last line.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub(super) struct Seal {
    pub(super) records: u64,
    /// BLAKE3 of all lines before, line ends included.
    pub(super) blake3: String,
}

/// Every other line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Environment(Environment),
    Audit(Box<AuditRecord>),
    Rule(RuleRecord),
    NeverHide(NeverHideRule),
    Drift {
        record: Box<EventRecord>,
        body: BodyRecord,
    },
    Lost(Box<Placed>),
    Context(Box<OperationalContext>),
    Notification(Box<Notification>),
    /// Up to where somebody has read all of them.
    Read(Mark),
    Remediation(Box<Remediation>),
    Model {
        model: Box<MlModel>,
        artifact: String,
    },
    Observation {
        environment: Slug,
        at: Timestamp,
        observation: Box<Observation>,
    },
    Scan(Box<ScanSummary>),
    End(Seal),
}

impl TreeStore {
    /// Returns the number of records. Damaged ones are left out, and said so in the log: better most of it than nothing.
    ///
    /// Decisions go on meanwhile: what is large is written in slices, and the deeds of that time with it, to be done again by
    /// whoever reads it.
    pub(super) fn export_impl(&self, out: &mut dyn Write) -> Result<u64, StoreError> {
        self.wake_due();
        let settled = self.applied_seq()?;
        let mut lines = Lines { out, count: 0, hasher: blake3::Hasher::new() };
        let redaction_key = self.redaction_key();
        lines.write(&Header { driftguard_export: VERSION, redaction_key, settled: Some(settled) })?;
        self.each_entry(Tree::Audit, |key, value| {
            let is_settled = *key <= settled.to_be_bytes()[..];
            if is_settled { lines.put(self.plain(Tree::Audit, value).map(Line::Audit)) } else { Ok(()) }
        })?;
        self.each_entry(Tree::Events, |_, value| lines.put(self.drift_line(value)))?;
        self.each_entry(Tree::Observations, |key, value| lines.put(self.observation_line(key, value)))?;
        self.export_rest(settled, &mut lines)?;
        let records = lines.count;
        let blake3 = lines.hasher.finalize().to_hex().to_string();
        lines.write(&Line::End(Seal { records, blake3 }))?;
        lines.out.flush().map_err(io_at(Path::new("export")))?;
        Ok(records)
    }

    /// What is small, and what happened meanwhile, at one moment.
    fn export_rest(&self, settled: u64, lines: &mut Lines<'_>) -> Result<(), StoreError> {
        let _writer = self.writer_last();
        for entry in self.engine.tree(Tree::Audit).range((settled + 1).to_be_bytes()..) {
            let (_, value) = entry?;
            lines.put(self.plain(Tree::Audit, &value).map(Line::Audit))?;
        }
        self.export_tree(Tree::Environments, lines, |value| {
            self.plain(Tree::Environments, value).map(Line::Environment)
        })?;
        self.export_tree(Tree::Rules, lines, |value| self.plain(Tree::Rules, value).map(Line::Rule))?;
        self.export_tree(Tree::NeverHide, lines, |value| self.plain(Tree::NeverHide, value).map(Line::NeverHide))?;
        for context in self.all_contexts() {
            lines.put(context.map(|one| Line::Context(Box::new(one))))?;
        }
        for entry in self.engine.tree(Tree::Notifications).iter() {
            let (key, value) = entry?;
            match notices::kept(self, &key, &value).transpose() {
                None => {}
                Some(kept) => lines.put(kept.map(|kept| match kept {
                    Kept::Notification(one) => Line::Notification(one),
                    Kept::Mark(mark) => Line::Read(mark),
                }))?,
            }
        }
        for one in self.all_remediations() {
            lines.put(one.map(|one| Line::Remediation(Box::new(one))))?;
        }
        match self.all_models() {
            Ok(models) => models
                .into_iter()
                .try_for_each(|(model, artifact)| lines.put(Ok(Line::Model { model: Box::new(model), artifact })))?,
            Err(error) => lines.put(Err(error))?,
        }
        self.export_tree(Tree::Lost, lines, |value| self.plain(Tree::Lost, value).map(Line::Lost))?;
        self.export_tree(Tree::Scans, lines, |value| self.plain(Tree::Scans, value).map(Line::Scan))
    }

    fn export_tree(
        &self,
        tree: Tree,
        lines: &mut Lines<'_>,
        line: impl Fn(&[u8]) -> Result<Line, StoreError>,
    ) -> Result<(), StoreError> {
        for value in self.engine.tree(tree).iter().values() {
            lines.put(line(&value?))?;
        }
        Ok(())
    }

    fn drift_line(&self, value: &[u8]) -> Result<Line, StoreError> {
        let record: Box<EventRecord> = self.plain(Tree::Events, value)?;
        let body = self.read(Tree::Bodies, &record.event.id.0.to_bytes())?.unwrap_or_default();
        Ok(Line::Drift { record, body })
    }

    fn plain<T: serde::de::DeserializeOwned>(&self, tree: Tree, value: &[u8]) -> Result<T, StoreError> {
        codec::decode(tree.name(), value, &self.objects)
    }

    pub(super) fn observation_line(&self, key: &[u8], value: &[u8]) -> Result<Line, StoreError> {
        let observation = self.plain(Tree::Observations, value.get(16..).unwrap_or_default())?;
        let slug = key.split(|b| *b == 0).next().and_then(|s| std::str::from_utf8(s).ok()).map(Slug::new);
        let at = key.last_chunk::<8>().and_then(|at| keys::time_of(at));
        match (slug, at) {
            (Some(Ok(environment)), Some(at)) => Ok(Line::Observation { environment, at, observation }),
            _ => Err(StoreError::Damaged { tree: "observations".into(), detail: "the key makes no sense".into() }),
        }
    }
}

struct Lines<'a> {
    out: &'a mut dyn Write,
    count: u64,
    hasher: blake3::Hasher,
}

impl Lines<'_> {
    fn put(&mut self, line: Result<Line, StoreError>) -> Result<(), StoreError> {
        match line {
            Ok(line) => {
                self.count += 1;
                self.write(&line)
            }
            Err(error) => {
                tracing::warn!(%error, "a record was left out of the export");
                Ok(())
            }
        }
    }

    fn write<T: Serialize>(&mut self, line: &T) -> Result<(), StoreError> {
        let at = Path::new("export");
        let mut text = serde_json::to_vec(line).map_err(std::io::Error::from).map_err(io_at(at))?;
        text.push(b'\n');
        self.hasher.update(&text);
        self.out.write_all(&text).map_err(io_at(at))
    }
}
