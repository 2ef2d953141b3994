//! An export becomes a store again.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::PoisonError;

use jiff::Timestamp;

use super::engine::Tree;
use super::export::{Header, Line, Seal, VERSION};
use super::tx::Tx;
use super::{TreeStore, Writer, apply, contexts, keys, models, notices, remediations, scan};
use crate::drift::Slug;
use crate::store::files::io_at;
use crate::store::record::{AuditRecord, Deed};
use crate::store::rules::{self, Rule};
use crate::store::{Observation, StoreError, codec};

const BATCH: usize = 1000;
/// What a zstd stream begins with (RFC 8878, 3.1.1).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The lines of an export, and what has been read of them.
pub(super) struct Reader<'a> {
    input: Box<dyn BufRead + 'a>,
    hasher: blake3::Hasher,
    number: u64,
    pub(super) header: Header,
    seal: Option<Seal>,
}

impl<'a> Reader<'a> {
    /// Compressed or not; reads the header.
    pub(super) fn new(input: &'a mut dyn BufRead) -> Result<Self, StoreError> {
        let failed = io_at(Path::new("import"));
        let is_packed = input.fill_buf().is_ok_and(|start| start.starts_with(&ZSTD_MAGIC));
        let input: Box<dyn BufRead> = if is_packed {
            Box::new(BufReader::new(zstd::stream::read::Decoder::with_buffer(input).map_err(failed)?))
        } else {
            Box::new(input)
        };
        let header = Header { driftguard_export: 0, redaction_key: [0; 32], settled: None };
        let mut reader = Self { input, hasher: blake3::Hasher::new(), number: 0, header, seal: None };
        let line = reader.line()?.unwrap_or_default();
        let header: Header = serde_json::from_slice(&line)
            .map_err(|_| bad_line(1, "this is no driftguard export; make one with `driftguard export`"))?;
        if header.driftguard_export > VERSION {
            let found = header.driftguard_export;
            return Err(bad_line(1, &format!("the export has version {found}, this driftguard reads up to {VERSION}")));
        }
        reader.hasher.update(&line);
        reader.header = header;
        Ok(reader)
    }

    fn line(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let mut line = Vec::new();
        self.number += 1;
        let length = self.input.read_until(b'\n', &mut line).map_err(io_at(Path::new("import")))?;
        Ok((length > 0).then_some(line))
    }

    pub(super) fn batch(&mut self) -> Result<Vec<Line>, StoreError> {
        let mut batch = Vec::new();
        while batch.len() < BATCH
            && let Some(text) = self.line()?
        {
            if self.seal.is_some() {
                return Err(bad_line(self.number, "there is something after the end"));
            }
            match serde_json::from_slice(&text).map_err(|e| bad_line(self.number, &e.to_string()))? {
                Line::End(seal) => self.check(seal)?,
                line => batch.push(line),
            }
            self.hasher.update(&text);
        }
        Ok(batch)
    }

    /// The end must say what was read.
    fn check(&mut self, seal: Seal) -> Result<(), StoreError> {
        let read = Seal { records: self.number - 2, blake3: self.hasher.finalize().to_hex().to_string() };
        if seal != read {
            return Err(bad_line(self.number, "the export is not what was written: its checksum does not match"));
        }
        self.seal = Some(seal);
        Ok(())
    }

    /// An export that was cut short has no end.
    pub(super) fn finish(&self) -> Result<(), StoreError> {
        if self.header.driftguard_export > 1 && self.seal.is_none() {
            return Err(bad_line(self.number, "the export was cut short"));
        }
        Ok(())
    }
}

impl TreeStore {
    /// Returns the number of records. The store must be empty; after an error it holds a part and should be thrown away.
    pub(super) fn import_impl(&self, input: &mut dyn BufRead) -> Result<u64, StoreError> {
        self.writable()?;
        let mut writer = self.writer();
        self.refuse_unless_empty()?;
        let mut reader = Reader::new(input)?;
        self.take_key(reader.header.redaction_key)?;
        let (mut unsettled, mut count) = (Vec::new(), 0);
        loop {
            let batch = reader.batch()?;
            if batch.is_empty() {
                break;
            }
            count += batch.len() as u64;
            self.take_batch(&mut writer, batch, reader.header.settled, &mut unsettled)?;
        }
        reader.finish()?;
        drop(writer);
        self.replay(&unsettled)?;
        self.barrier()?;
        Ok(count)
    }

    pub(super) fn refuse_unless_empty(&self) -> Result<(), StoreError> {
        for tree in [Tree::Events, Tree::Audit, Tree::Environments, Tree::Observations] {
            if !self.engine.tree(tree).is_empty()? {
                let why = "the store is not empty; import into a new one (set another store path)";
                return Err(StoreError::Invalid(why.into()));
            }
        }
        Ok(())
    }

    pub(super) fn take_key(&self, key: [u8; 32]) -> Result<(), StoreError> {
        let mut identity = self.identity.write().unwrap_or_else(PoisonError::into_inner);
        identity.redaction_key = key;
        match (&self.root, self.engine.as_postgres()) {
            (Some(root), _) => identity.write(root),
            (None, Some(engine)) => engine.keep_key(key),
            (None, None) => Ok(()),
        }
    }

    fn take_batch(
        &self,
        writer: &mut Writer,
        batch: Vec<Line>,
        settled: Option<u64>,
        unsettled: &mut Vec<Deed>,
    ) -> Result<(), StoreError> {
        let mut tx = Tx::new(self, self.now());
        let mut deeds = Vec::new();
        for line in batch {
            match line {
                Line::Audit(record) => {
                    let next = scan::next_seq(writer)? + deeds.len() as u64;
                    take_audit(&mut tx, &record, next)?;
                    if settled.is_some_and(|settled| next > settled) {
                        unsettled.push(record.deed.clone());
                    }
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
            Line::Audit(_) | Line::End(_) => Ok(()),
            Line::Environment(e) => tx.write(Tree::Environments, e.slug.as_str().as_bytes().to_vec(), &e),
            Line::Rule(record) => {
                writer.rules.push(Rule::compile(record.clone())?);
                rules::in_order(&mut writer.rules);
                tx.write(Tree::Rules, record.rule.id.0.to_bytes().to_vec(), &record)
            }
            Line::NeverHide(rule) => tx.write(Tree::NeverHide, rule.id.0.to_bytes().to_vec(), &rule),
            Line::Drift { mut record, body } => {
                writer.last_detected.insert(record.event.environment.clone(), record.event.detected_at);
                tx.save_body(record.event.id, &body)?;
                tx.save(None, &mut record)
            }
            Line::Context(context) => contexts::put(tx, &context),
            Line::Notification(one) => notices::save(tx, None, &one),
            Line::Read(mark) => notices::save_mark(tx, &mark),
            Line::Model { model, artifact } => models::put(tx, &model, &artifact),
            Line::Remediation(one) => remediations::put(tx, &one),
            Line::Lost(placed) => tx.write(Tree::Lost, placed.fingerprint.0.to_vec(), &placed),
            Line::Observation { environment, at, observation } => take_observation(tx, &environment, at, &observation),
            Line::Scan(summary) => tx.write(Tree::Scans, scan::summary_key(&summary), &summary),
        }
    }
}

pub(super) fn take_observation(
    tx: &mut Tx<'_>,
    environment: &Slug,
    at: Timestamp,
    one: &Observation,
) -> Result<(), StoreError> {
    let prefix = keys::resource(environment, one.resource_type.raw(), one.resource_id.raw());
    let value = [&scan::observation_hash(one)[..], &codec::encode(one, &tx.store.objects)?].concat();
    tx.put(Tree::Observations, [&prefix[..], &keys::micros(at)].concat(), value);
    Ok(())
}

pub(super) fn take_audit(tx: &mut Tx<'_>, record: &AuditRecord, next: u64) -> Result<(), StoreError> {
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
