//! Everything the store knows as JSON lines: a header, then one record a line, always in the same order.
//!
//! The header carries the redaction key: masked secrets are compared by hashes made with it, and would all seem changed without.
//! So an export is as private as the store itself.

use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::engine::Tree;
use super::{SledStore, keys};
use crate::drift::{Environment, ScanSummary, Slug};
use crate::store::files::io_at;
use crate::store::record::{AuditRecord, BodyRecord, EventRecord, Placed};
use crate::store::rules::RuleRecord;
use crate::store::{Observation, Store, StoreError, codec, identity};

/// The version of the format.
pub(super) const VERSION: u32 = 1;

/// The first line.
#[derive(Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) driftguard_export: u32,
    #[serde(with = "identity::hex")]
    pub(super) redaction_key: [u8; 32],
}

/// Every other line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Environment(Environment),
    Audit(Box<AuditRecord>),
    Rule(RuleRecord),
    Drift { record: Box<EventRecord>, body: BodyRecord },
    Lost(Box<Placed>),
    Observation { environment: Slug, at: Timestamp, observation: Box<Observation> },
    Scan(Box<ScanSummary>),
}

impl SledStore {
    /// Returns the number of records. Damaged ones are left out, and said so in the log: better most of it than nothing.
    pub(super) fn export_impl(&self, out: &mut dyn Write) -> Result<u64, StoreError> {
        self.wake_due();
        let _writer = self.writer();
        let mut lines = Lines { out, count: 0 };
        lines.put(&Header { driftguard_export: VERSION, redaction_key: self.redaction_key() })?;
        lines.count = 0;
        self.export_tree(Tree::Environments, &mut lines, |_, value| {
            self.plain(Tree::Environments, value).map(Line::Environment)
        })?;
        self.export_tree(Tree::Audit, &mut lines, |_, value| self.plain(Tree::Audit, value).map(Line::Audit))?;
        self.export_tree(Tree::Rules, &mut lines, |_, value| self.plain(Tree::Rules, value).map(Line::Rule))?;
        self.export_tree(Tree::Events, &mut lines, |_, value| {
            let record: Box<EventRecord> = self.plain(Tree::Events, value)?;
            let body = self.read(Tree::Bodies, &record.event.id.0.to_bytes())?.unwrap_or_default();
            Ok(Line::Drift { record, body })
        })?;
        self.export_tree(Tree::Lost, &mut lines, |_, value| self.plain(Tree::Lost, value).map(Line::Lost))?;
        self.export_tree(Tree::Observations, &mut lines, |key, value| self.observation_line(key, value))?;
        self.export_tree(Tree::Scans, &mut lines, |_, value| self.plain(Tree::Scans, value).map(Line::Scan))?;
        lines.out.flush().map_err(io_at(Path::new("export")))?;
        Ok(lines.count)
    }

    fn export_tree(
        &self,
        tree: Tree,
        lines: &mut Lines<'_>,
        line: impl Fn(&[u8], &[u8]) -> Result<Line, StoreError>,
    ) -> Result<(), StoreError> {
        for entry in self.engine.tree(tree).iter() {
            let (key, value) = entry.map_err(|e| self.engine.error(e))?;
            match line(&key, &value) {
                Ok(line) => lines.put(&line)?,
                Err(error) => tracing::warn!(%error, "a record was left out of the export"),
            }
        }
        Ok(())
    }

    fn plain<T: serde::de::DeserializeOwned>(&self, tree: Tree, value: &[u8]) -> Result<T, StoreError> {
        codec::decode(tree.name(), value, &self.objects)
    }

    fn observation_line(&self, key: &[u8], value: &[u8]) -> Result<Line, StoreError> {
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
}

impl Lines<'_> {
    fn put<T: Serialize>(&mut self, line: &T) -> Result<(), StoreError> {
        self.count += 1;
        let at = Path::new("export");
        let mut text = serde_json::to_vec(line).map_err(std::io::Error::from).map_err(io_at(at))?;
        text.push(b'\n');
        self.out.write_all(&text).map_err(io_at(at))
    }
}
