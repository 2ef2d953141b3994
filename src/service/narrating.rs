//! A drift and what went on around it, told in sentences. Made of what every service gives, so a server need not know of it.

use jiff::Timestamp;

use super::{DriftService, ServiceError};
use crate::analysis::narrative::{Narrative, around, narrate};
use crate::drift::DriftId;
use crate::gemini::Question;
use crate::safety::Redactor;

/// `clock`: a time for people.
pub async fn narrative(
    service: &dyn DriftService,
    id: DriftId,
    clock: &(dyn Fn(Timestamp) -> String + Sync),
) -> Result<Narrative, ServiceError> {
    let detail = service.drift(id).await?;
    let contexts = service.contexts(around(&detail.event)).await?;
    Ok(narrate(&detail, &contexts, service.as_of().unwrap_or_else(Timestamp::now), clock))
}

/// A question about a drift as it would be sent to Gemini, by this process and nobody else.
///
/// # Errors
/// [`ServiceError::Invalid`] when there is nothing to ask, or nothing to answer it from.
pub async fn question(
    service: &dyn DriftService,
    id: DriftId,
    text: &str,
    clock: &(dyn Fn(Timestamp) -> String + Sync),
) -> Result<Question, ServiceError> {
    let narrative = narrative(service, id, clock).await?;
    // What a store has is masked already; this masks what was typed.
    Question::new(narrative, Some(text), &Redactor::once()).map_err(ServiceError::Invalid)
}
