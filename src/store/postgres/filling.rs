//! Rows for keys that are not there yet, as PostgreSQL's binary COPY has them: nothing is looked for before it is written.
//! (Layout: "Binary Format" under COPY in PostgreSQL's manual.)

use std::sync::atomic::Ordering;

use sqlx::postgres::PgConnection;

use super::columns::Cell;
use super::engine::PgEngine;
use super::tables::{Kind, Table};
use super::time::EPOCH;

/// Signature, flags, and no extension.
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Bytes handed over at once.
const PIECE: usize = 1 << 20;

impl PgEngine {
    /// From now on, or no longer, every key that is written is a new one, but those of the store's own notes.
    pub(in crate::store) fn fill(&self, on: bool) {
        self.inner.is_filling.store(on, Ordering::SeqCst);
    }
}

/// Writes the rows.
pub(super) async fn copy(
    connection: &mut PgConnection,
    organization: i64,
    table: &Table,
    rows: impl Iterator<Item = (&Vec<u8>, &Vec<u8>, &Vec<Cell>)>,
) -> sqlx::Result<()> {
    let columns: String = table.columns.iter().map(|(name, _)| format!(", {name}")).collect();
    let sql = format!("COPY {} (organization_id, key, value{columns}) FROM STDIN BINARY", table.name);
    let mut copy = connection.copy_in_raw(&sql).await?;
    let fields = i16::try_from(table.columns.len() + 3).unwrap_or(i16::MAX);
    let mut piece = HEAD.to_vec();
    for (key, value, cells) in rows {
        piece.extend_from_slice(&fields.to_be_bytes());
        field(&mut piece, Some(&organization.to_be_bytes()));
        field(&mut piece, Some(key));
        field(&mut piece, Some(value));
        table.columns.iter().zip(cells).for_each(|((_, kind), cell)| column(&mut piece, *kind, cell));
        if piece.len() >= PIECE {
            copy.send(std::mem::take(&mut piece)).await?;
        }
    }
    piece.extend_from_slice(&(-1_i16).to_be_bytes());
    copy.send(piece).await?;
    copy.finish().await.map(|_| ())
}

fn column(piece: &mut Vec<u8>, kind: Kind, cell: &Cell) {
    match (kind, cell) {
        (Kind::Time, Cell::Big(Some(at))) => field(piece, Some(&(at - EPOCH).to_be_bytes())),
        (_, Cell::Big(Some(number))) => field(piece, Some(&number.to_be_bytes())),
        (_, Cell::Text(Some(text))) => field(piece, Some(text.as_bytes())),
        (_, Cell::Bytes(bytes)) => field(piece, Some(bytes)),
        (_, Cell::Truth(truth)) => field(piece, Some(&[u8::from(*truth)])),
        (_, Cell::Big(None) | Cell::Text(None)) => field(piece, None),
    }
}

/// Its length before it; nothing has the length -1.
fn field(piece: &mut Vec<u8>, bytes: Option<&[u8]>) {
    let length = bytes.map_or(-1, |bytes| i32::try_from(bytes.len()).unwrap_or(i32::MAX));
    piece.extend_from_slice(&length.to_be_bytes());
    piece.extend_from_slice(bytes.unwrap_or_default());
}
