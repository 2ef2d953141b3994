//! Columns of a row, read from the record that is written with them: what SQL says and what the store says cannot differ.

use sqlx::Arguments;
use sqlx::postgres::PgArguments;

use super::tables::{Kind, Table};
use crate::drift::{Advised, Environment, ScanSummary};
use crate::store::objects::Objects;
use crate::store::record::EventRecord;
use crate::store::trees::engine::Tree;
use crate::store::trees::keys;
use crate::store::{Observation, StoreError, codec};

/// One value of a column.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Cell {
    Text(Option<String>),
    Big(Option<i64>),
    Bytes(Vec<u8>),
    Truth(bool),
}

/// The cells of a row, in the order of its table's columns.
pub(super) fn cells(tree: Tree, key: &[u8], value: &[u8]) -> Result<Vec<Cell>, StoreError> {
    let objects = Objects::inline();
    Ok(match tree {
        Tree::Events => drift(&codec::decode(tree.name(), value, &objects)?),
        Tree::Observations => {
            let seen: Observation = codec::decode(tree.name(), value.get(16..).unwrap_or_default(), &objects)?;
            let slug = key.split(|byte| *byte == 0).next().unwrap_or_default();
            vec![
                text(&String::from_utf8_lossy(slug)),
                text(seen.resource_type.raw()),
                text(seen.resource_id.raw()),
                // As the key has it: no two of a resource have the same.
                Cell::Big(key.last_chunk::<8>().and_then(|at| keys::time_of(at)).map(|at| at.as_microsecond())),
                Cell::Truth(seen.accepted),
            ]
        }
        Tree::Scans => {
            let scan: ScanSummary = codec::decode(tree.name(), value, &objects)?;
            vec![
                text(scan.environment.as_str()),
                Cell::Bytes(scan.id.0.to_bytes().to_vec()),
                Cell::Big(Some(scan.started_at.as_microsecond())),
                Cell::Big(Some(scan.finished_at.as_microsecond())),
                text(&word(&scan.stage)),
            ]
        }
        Tree::Environments => {
            let environment: Environment = codec::decode(tree.name(), value, &objects)?;
            vec![
                text(environment.slug.as_str()),
                Cell::Truth(environment.is_active),
                text(environment.cloud_provider.as_str()),
                text(environment.region.raw()),
                text(environment.account_id.raw()),
            ]
        }
        _ => Vec::new(),
    })
}

fn drift(record: &EventRecord) -> Vec<Cell> {
    let event = &record.event;
    let version = i64::try_from(event.version).unwrap_or(i64::MAX);
    vec![
        Cell::Big(Some(keys::rounded(event.detected_at))),
        Cell::Bytes(event.id.0.to_bytes().to_vec()),
        text(event.environment.as_str()),
        // As it is shown: one whose snooze is over is open.
        text(&word(&record.shown_state())),
        text(&word(&event.severity_class())),
        text(&word(&event.drift_type)),
        text(event.resource.resource_type.raw()),
        text(event.resource.resource_id.raw()),
        Cell::Bytes(event.fingerprint.0.to_vec()),
        Cell::Big(Some(version)),
        Cell::Big(Some(event.last_seen.as_microsecond())),
        Cell::Big(event.resolved_at.map(|at| at.as_microsecond())),
        Cell::Text(event.closure.map(|closure| word(&closure))),
        text(event.analysis.cause.cause_category.as_str()),
        text(&word(&Advised::of(event))),
    ]
}

/// How it is written in JSON.
pub(super) fn word(of: &impl serde::Serialize) -> String {
    match serde_json::to_value(of) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Object(tagged)) => tagged.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

/// PostgreSQL's text has no NUL.
pub(super) fn text(text: &str) -> Cell {
    Cell::Text(Some(text.replace('\0', "\u{fffd}")))
}

/// Binds an array for each column.
pub(super) fn bind(arguments: &mut PgArguments, table: &Table, rows: Vec<Vec<Cell>>) -> Result<(), sqlx::Error> {
    let mut columns: Vec<Vec<Cell>> = table.columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        columns.iter_mut().zip(row).for_each(|(column, cell)| column.push(cell));
    }
    for ((_, kind), column) in table.columns.iter().zip(columns) {
        let outcome = match kind {
            Kind::Text => arguments.add(column.into_iter().map(Cell::into_text).collect::<Vec<_>>()),
            Kind::Big | Kind::Time => arguments.add(column.into_iter().map(Cell::into_big).collect::<Vec<_>>()),
            Kind::Id | Kind::Bytes => arguments.add(column.into_iter().map(Cell::into_bytes).collect::<Vec<_>>()),
            Kind::Truth => arguments.add(column.into_iter().map(Cell::into_truth).collect::<Vec<_>>()),
        };
        outcome.map_err(sqlx::Error::Encode)?;
    }
    Ok(())
}

impl Cell {
    pub(super) fn into_text(self) -> Option<String> {
        if let Self::Text(text) = self { text } else { None }
    }

    pub(super) fn into_big(self) -> Option<i64> {
        if let Self::Big(number) = self { number } else { None }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        if let Self::Bytes(bytes) = self { bytes } else { Vec::new() }
    }

    pub(super) fn into_truth(self) -> bool {
        matches!(self, Self::Truth(true))
    }
}
