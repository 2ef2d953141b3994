//! What the database said, in the store's words.

use sqlx::Error;

use crate::store::StoreError;

/// Whether it may go well on another connection, a moment later.
pub(super) fn is_passing(error: &Error) -> bool {
    match error {
        _ if is_about_tls(error) => false,
        Error::Io(_) | Error::PoolTimedOut | Error::WorkerCrashed => true,
        // Shutdown, crash, starting up, connection trouble, too many connections.
        Error::Database(error) => error
            .code()
            .is_some_and(|code| ["57P01", "57P02", "57P03", "53300"].contains(&&*code) || code.starts_with("08")),
        _ => false,
    }
}

/// Trying again changes nothing about certificates.
pub(super) fn is_about_tls(error: &Error) -> bool {
    match error {
        Error::Tls(_) => true,
        Error::Io(error) => error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()),
        _ => false,
    }
}

/// For people: what happened, and what to do.
pub(super) fn told(error: Error) -> StoreError {
    let words = error.as_database_error().map_or_else(|| error.to_string(), |e| e.message().to_owned());
    let code = error.as_database_error().and_then(|e| e.code()).map(|code| code.into_owned()).unwrap_or_default();
    match code.as_str() {
        "25006" => StoreError::ReadOnly("the database takes no writes (a standby?); connect to the primary".into()),
        "53100" => StoreError::ReadOnly("the database's disk is full; make room there".into()),
        "28P01" | "28000" => {
            StoreError::Unavailable(format!("{words}; set PGUSER and PGPASSWORD, or write a ~/.pgpass"))
        }
        "42501" => StoreError::Unavailable(format!("{words}; the role needs to own the store's tables")),
        "57014" => StoreError::Unavailable("the database took too long; nothing was changed, try again".into()),
        _ if is_about_tls(&error) => StoreError::Unavailable(format!(
            "the database cannot be reached over TLS: {words}; name its CA with ?sslrootcert=/path/ca.pem (or PGSSLROOTCERT), and the \
             host as its certificate does; ?sslmode= is disable, prefer, require, verify-ca or verify-full"
        )),
        _ if is_passing(&error) => {
            StoreError::Unavailable(format!("the database cannot be reached: {words}; try again when it is back"))
        }
        _ => StoreError::Unavailable(format!("the database refused: {words}")),
    }
}
