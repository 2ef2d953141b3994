//! A drift and what went on around it, told in sentences. Made of what every service gives, so a server need not know of it.

use jiff::Timestamp;

use super::{DriftService, ServiceError};
use crate::analysis::narrative::{Narrative, around, narrate};
use crate::drift::DriftId;

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
