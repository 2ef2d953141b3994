//! Which schema a store has, and which one this driftguard works with.

use std::path::Path;

use super::identity::SCHEMA_VERSION;
use super::{StoreError, postgres, trees, url_of};

/// What there is and what is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schema {
    /// `None`: nothing is there yet.
    pub found: Option<u32>,
    pub wanted: u32,
    /// What bringing it up to date does, step by step; empty when it is.
    pub steps: Vec<String>,
}

/// Looks, and changes nothing.
///
/// # Errors
/// [`StoreError::Newer`] when a newer driftguard made it, else as [`open`](super::open).
pub fn schema(place: &Path) -> Result<Schema, StoreError> {
    if let Some(url) = url_of(place) {
        return postgres::schema(url);
    }
    let found = trees::schema_of(place)?;
    let steps = match found {
        Some(found) if found < SCHEMA_VERSION => {
            vec![format!(
                "an export of it as it is, into backups/; then records are written as schema {SCHEMA_VERSION} has them"
            )]
        }
        Some(_) => vec![],
        None => vec!["a new store is made".to_owned()],
    };
    Ok(Schema { found, wanted: SCHEMA_VERSION, steps })
}

/// Brings the schema of a database up to date, whoever's parts are in it. A directory is brought up to date by opening it.
///
/// # Errors
/// As [`schema`]; [`StoreError::Unavailable`] when the role may not change it.
pub fn migrate_database(url: &str) -> Result<(), StoreError> {
    postgres::migrate_now(url)
}
