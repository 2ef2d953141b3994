//! What the service and one-off scans ask of the store alike.

use super::ServiceError;
use crate::drift::Environment;
use crate::store::{Store, StoreError};

/// Writes the environment only when it is new or differs, and keeps the time it was first seen.
pub(super) fn register(store: &dyn Store, environment: &Environment) -> Result<(), StoreError> {
    let known = store.environments()?.into_iter().find(|e| e.slug == environment.slug);
    let mut wanted = environment.clone();
    if let Some(known) = &known {
        wanted.created_at = known.created_at;
        wanted.updated_at = known.updated_at;
    }
    if known.as_ref() == Some(&wanted) {
        return Ok(());
    }
    wanted.updated_at = jiff::Timestamp::now();
    store.put_environment(&wanted)
}

pub(crate) fn told(error: StoreError) -> ServiceError {
    let text = error.to_string();
    match error {
        StoreError::NotFound(_) => ServiceError::NotFound(text),
        StoreError::Invalid(_) => ServiceError::Invalid(text),
        StoreError::Reused => ServiceError::Reused(text),
        StoreError::Overtaken(overtaken) => ServiceError::Overtaken(overtaken),
        StoreError::ReadOnly(why) => ServiceError::ReadOnly(why),
        // A full disk among them: it may be made room on.
        _ => ServiceError::Unavailable(text),
    }
}
