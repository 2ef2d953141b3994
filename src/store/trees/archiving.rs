//! Records on their way into the [archive](crate::store::archive), and out of it again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::TreeStore;
use super::export::Line;
use super::tx::Tx;
use crate::drift::{DriftId, Slug};
use crate::store::archive::{self, Archive, Archiving};
use crate::store::record::EventRecord;
use crate::store::{Archived, StoreError};

/// What the records of one step were before they are thrown away.
#[derive(Default)]
pub(super) struct Leaving(Vec<u8>);

impl Leaving {
    pub(super) fn drift(&mut self, tx: &Tx<'_>, record: &EventRecord) -> Result<(), StoreError> {
        // A body that does not read is no reason to keep for ever what does.
        let body = tx.body(record.event.id).unwrap_or_default();
        self.line(&Line::Drift { record: Box::new(record.clone()), body })
    }

    pub(super) fn observation(&mut self, store: &TreeStore, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        match store.observation_line(key, value) {
            Ok(line) => self.line(&line),
            Err(error) => {
                tracing::warn!(%error, "an observed value was left out of the archive");
                Ok(())
            }
        }
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), StoreError> {
        serde_json::to_writer(&mut self.0, line)
            .map_err(|e| StoreError::Invalid(format!("cannot be archived: {e}")))?;
        self.0.push(b'\n');
        Ok(())
    }

    /// On the disk when this returns; then they may go.
    pub(super) fn put(self, archive: Option<&mut Archive>, now: Timestamp) -> Result<(), StoreError> {
        archive.map_or(Ok(()), |archive| archive.append(now, &self.0))
    }
}

impl TreeStore {
    /// Where what is thrown away goes, if anywhere.
    pub(super) fn archive_dir(&self) -> Option<PathBuf> {
        match &self.options.archive {
            Archiving::Off => None,
            Archiving::At(dir) => Some(dir.join(self.options.organization.as_str())),
            Archiving::Auto => self.root.as_ref().map(|root| root.join("archive")),
        }
    }

    pub(super) fn archive(&self) -> Option<Archive> {
        self.archive_dir().map(|dir| Archive::new(dir, self.probe.clone()))
    }
}

/// What is the same record, however often it was archived.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Drift(DriftId),
    Value(Slug, String, String, Timestamp),
}

fn key_of(line: &Line) -> Option<Key> {
    match line {
        Line::Drift { record, .. } => Some(Key::Drift(record.event.id)),
        Line::Observation { environment, at, observation: one } => {
            let (kind, id) = (one.resource_type.raw().to_owned(), one.resource_id.raw().to_owned());
            Some(Key::Value(environment.clone(), kind, id, *at))
        }
        _ => None,
    }
}

/// Gives each record of an archive as it was last archived, in the order in which they were; returns how many there are.
pub(in crate::store) fn archived(
    dir: &Path,
    each: &mut dyn FnMut(Archived) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let (mut last, mut number) = (HashMap::new(), 0_u64);
    lines(dir, &mut |line| {
        number += 1;
        last.extend(key_of(&line).map(|key| (key, number)));
        Ok(())
    })?;
    let (mut number, mut told) = (0_u64, 0);
    lines(dir, &mut |line| {
        number += 1;
        if key_of(&line).is_none_or(|key| last.get(&key) != Some(&number)) {
            return Ok(());
        }
        told += 1;
        match line {
            Line::Drift { record, .. } => each(Archived::Drift(Box::new(record.event))),
            Line::Observation { environment, observation, .. } => each(Archived::Value { environment, observation }),
            _ => Ok(()),
        }
    })?;
    Ok(told)
}

fn lines(dir: &Path, each: &mut dyn FnMut(Line) -> Result<(), StoreError>) -> Result<(), StoreError> {
    for path in archive::files(dir)? {
        archive::frames(&path, &mut |text| {
            for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let damaged = |error: serde_json::Error| StoreError::Damaged {
                    tree: path.display().to_string(),
                    detail: format!("a line of the archive does not read: {error}"),
                };
                each(serde_json::from_slice(line).map_err(damaged)?)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}
