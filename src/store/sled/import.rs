//! An export becomes a store again.

use std::io::BufRead;
use std::path::Path;
use std::sync::PoisonError;

use super::engine::Tree;
use super::export::{Header, Line, VERSION};
use super::tx::Tx;
use super::{SledStore, Writer, apply, keys, scan};
use crate::store::files::io_at;
use crate::store::record::AuditRecord;
use crate::store::rules::Rule;
use crate::store::{StoreError, codec};

const BATCH: usize = 1000;

impl SledStore {
    /// Returns the number of records. The store must be empty; after an error it holds a part and should be thrown away.
    pub(super) fn import_impl(&self, input: &mut dyn BufRead) -> Result<u64, StoreError> {
        self.writable()?;
        let mut writer = self.writer();
        let is_empty = |tree| self.engine.tree(tree).is_empty();
        if ![Tree::Events, Tree::Audit, Tree::Environments, Tree::Observations].into_iter().all(is_empty) {
            let why = "the store is not empty; import into a new one (set another store path)";
            return Err(StoreError::Invalid(why.into()));
        }
        let mut lines = input.lines();
        self.take_header(lines.next())?;
        let mut number = 1;
        loop {
            let mut batch = Vec::new();
            for line in lines.by_ref().take(BATCH) {
                number += 1;
                let line = line.map_err(io_at(Path::new("import")))?;
                batch.push(serde_json::from_str::<Line>(&line).map_err(|e| bad_line(number, &e.to_string()))?);
            }
            if batch.is_empty() {
                self.engine.barrier().map_err(|e| self.writes_failed(e))?;
                return Ok(number - 1);
            }
            self.take_batch(&mut writer, batch)?;
        }
    }

    fn take_header(&self, line: Option<std::io::Result<String>>) -> Result<(), StoreError> {
        let line = line.transpose().map_err(io_at(Path::new("import")))?.unwrap_or_default();
        let header: Header = serde_json::from_str(&line)
            .map_err(|_| bad_line(1, "this is no driftguard export; make one with `driftguard export`"))?;
        if header.driftguard_export > VERSION {
            let found = header.driftguard_export;
            return Err(bad_line(1, &format!("the export has version {found}, this driftguard reads up to {VERSION}")));
        }
        let mut identity = self.identity.write().unwrap_or_else(PoisonError::into_inner);
        identity.redaction_key = header.redaction_key;
        identity.write(&self.root)
    }

    fn take_batch(&self, writer: &mut Writer, batch: Vec<Line>) -> Result<(), StoreError> {
        let mut tx = Tx::new(self, self.now());
        let mut deeds = Vec::new();
        for line in batch {
            match line {
                Line::Audit(record) => {
                    let next = scan::next_seq(writer)? + deeds.len() as u64;
                    take_audit(&mut tx, &record, next)?;
                    deeds.push(record.deed);
                }
                line => self.take(&mut tx, writer, line)?,
            }
        }
        if let Some(last) = deeds.last() {
            writer.last_time = last.audit.timestamp;
        }
        self.keep(writer, &deeds, tx, false)
    }

    fn take(&self, tx: &mut Tx<'_>, writer: &mut Writer, line: Line) -> Result<(), StoreError> {
        match line {
            Line::Audit(_) => Ok(()),
            Line::Environment(e) => tx.write(Tree::Environments, e.slug.as_str().as_bytes().to_vec(), &e),
            Line::Rule(record) => {
                writer.rules.push(Rule::compile(record.clone())?);
                tx.write(Tree::Rules, record.rule.id.0.to_bytes().to_vec(), &record)
            }
            Line::Drift { mut record, body } => {
                writer.last_detected.insert(record.event.environment.clone(), record.event.detected_at);
                tx.save_body(record.event.id, &body)?;
                tx.save(None, &mut record)
            }
            Line::Lost(placed) => tx.write(Tree::Lost, placed.fingerprint.0.to_vec(), &placed),
            Line::Observation { environment, at, observation: one } => {
                let prefix = keys::resource(&environment, one.resource_type.raw(), one.resource_id.raw());
                let value = [&scan::observation_hash(&one)[..], &codec::encode(&one, &self.objects)?].concat();
                tx.put(Tree::Observations, [&prefix[..], &keys::micros(at)].concat(), value);
                Ok(())
            }
            Line::Scan(scan) => {
                let prefix = keys::environment(&scan.environment);
                let key = [&prefix[..], &keys::micros(scan.finished_at), &scan.id.0.to_bytes()].concat();
                tx.write(Tree::Scans, key, &scan)
            }
        }
    }
}

fn take_audit(tx: &mut Tx<'_>, record: &AuditRecord, next: u64) -> Result<(), StoreError> {
    let seq = record.deed.audit.seq;
    if seq != next {
        return Err(StoreError::Invalid(format!("the export has audit entry {seq} where {next} must stand")));
    }
    tx.write(Tree::Audit, seq.to_be_bytes().to_vec(), record)?;
    tx.put(Tree::Meta, b"seq".to_vec(), seq.to_be_bytes().to_vec());
    for id in record.deed.after.iter().map(|p| p.id).chain(record.deed.audit.drift) {
        tx.put(Tree::ByDrift, apply::by_drift_key(id, seq), Vec::new());
    }
    Ok(())
}

fn bad_line(number: u64, what: &str) -> StoreError {
    StoreError::Invalid(format!("import, line {number}: {what}"))
}
