//! A store that several processes have open at once, because it lies in a database.

use std::path::Path;

use super::{OpenMode, Opened, Options, StoreError, postgres, trees};
use crate::drift::Slug;

/// Another process wrote to the same store, or said something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Elsewhere {
    /// Grows with every commit; below zero when some may have gone by unheard.
    pub generation: i64,
    /// First and last number of the audit entries that tell of it; `None` when a scan wrote what it found, or it is unknown.
    pub entries: Option<(u64, u64)>,
    /// What was said with [`ScanJobs::say`](super::ScanJobs::say); then nothing was written.
    pub said: Option<String>,
}

/// Whether a place is a database, not a directory.
pub fn is_url(place: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| place.starts_with(scheme))
}

/// The address of the database, if a place is one.
pub fn url_of(place: &Path) -> Option<&str> {
    place.to_str().filter(|place| is_url(place))
}

/// The address for people to read: without its password.
pub fn shown_url(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => match parsed.set_password(Some("***")) {
            Ok(()) => parsed.to_string(),
            Err(()) => "postgres://…".to_owned(),
        },
        // `?password=…` is one too.
        Ok(parsed) if parsed.query().is_none_or(|query| !query.contains("password")) => parsed.to_string(),
        _ => "postgres://…".to_owned(),
    }
}

/// Who has, or may have, a store in the database at `url`; by slug. Makes the schema where there is none.
///
/// # Errors
/// As [`open_url`].
pub fn organizations(url: &str) -> Result<Vec<Slug>, StoreError> {
    let names = postgres::Link::open(url)?.texts("SELECT slug FROM organizations ORDER BY slug COLLATE \"C\"")?;
    Ok(names.iter().map(|name| Slug::from_text(name)).collect())
}

/// Opens the store of one organisation in the PostgreSQL database at `url`; makes the schema and the organisation's part when they
/// are not there. Any number of processes may have it open. `PG*` variables and `.pgpass` count.
///
/// # Errors
/// [`StoreError::Newer`] when a newer driftguard made the schema, [`StoreError::Unavailable`] when the database cannot be reached,
/// [`StoreError::Invalid`] when the address does not read.
pub fn open_url(url: &str, organization: &Slug, mode: OpenMode, options: Options) -> Result<Opened, StoreError> {
    let database = postgres::Database { url: url.to_owned(), organization: organization.clone() };
    let (engine, identity) = postgres::connect(&database)?;
    let doors = trees::Doors { options, ..trees::Doors::default() };
    trees::open_shared(engine, identity, mode, doors).map(Opened::from)
}
