//! Resources as they were at a moment, from AWS Config's history: one call each.

use aws_sdk_config::types::{ChronologicalOrder, ConfigurationItem, ResourceType};
use aws_smithy_types::DateTime;
use futures_util::StreamExt;
use futures_util::stream;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::items::{BATCHES_AT_ONCE, Fetched, Item, body};
use super::target::{Key, Progress, TypeFault};
use crate::aws::{Fault, FaultKind, Service, Session};
use crate::drift::UnverifiedReason;

/// The newest item of each that is no younger than the moment; what did not exist yet has none.
pub(super) async fn fetch(session: &Session, keys: &[Key], moment: Timestamp, progress: &Progress<'_>) -> Fetched {
    let mut fetched = Fetched::default();
    let asked = stream::iter(keys).map(|key| async move { (key, as_of(session, key, moment).await) });
    let mut answers = asked.buffer_unordered(BATCHES_AT_ONCE);
    while let Some((key, answer)) = answers.next().await {
        progress.fetched(1);
        match answer {
            Ok(Past::There(item)) => fetched.items.push(*item),
            Ok(Past::NotYet) => {}
            Ok(Past::Unrecorded) => fetched.faults.push(unrecorded(key, moment)),
            // What AWS Config has no history of did not exist.
            Err(fault) if fault.kind == FaultKind::NotFound || fault.code == "ResourceNotDiscoveredException" => {}
            Err(fault) => fetched.faults.push(TypeFault::of(&key.config_type, &fault)),
        }
    }
    fetched
}

/// What is known of a resource at a moment.
enum Past {
    There(Box<Item>),
    /// It was created later.
    NotYet,
    /// The record begins later, and does not say when the resource was created.
    Unrecorded,
}

async fn as_of(session: &Session, key: &Key, moment: Timestamp) -> Result<Past, Fault> {
    let later = DateTime::from_nanos(moment.as_nanosecond()).unwrap_or(DateTime::from_secs(moment.as_second()));
    let before = |time: &DateTime| time.as_nanos() <= moment.as_nanosecond();
    // A server that ignores `laterTime` must not show the present as the past.
    let found = one(session, key, Some(later), ChronologicalOrder::Reverse).await?;
    if let Some(found) = found.filter(|i| i.configuration_item_capture_time().is_none_or(before)) {
        return Ok(Past::There(Box::new(item(key, &found))));
    }
    let oldest = one(session, key, None, ChronologicalOrder::Forward).await?;
    let created = oldest.and_then(|item| item.resource_creation_time().map(before));
    Ok(if created == Some(false) { Past::NotYet } else { Past::Unrecorded })
}

/// The first item in this order.
async fn one(
    session: &Session,
    key: &Key,
    later: Option<DateTime>,
    order: ChronologicalOrder,
) -> Result<Option<ConfigurationItem>, Fault> {
    let request = session
        .config()
        .get_resource_config_history()
        .resource_type(ResourceType::from(&*key.config_type))
        .resource_id(&key.id)
        .set_later_time(later)
        .chronological_order(order)
        .limit(1);
    let page = session.call(Service::Config, "config:GetResourceConfigHistory", || request.clone().send()).await?;
    Ok(page.configuration_items.unwrap_or_default().into_iter().next())
}

fn unrecorded(key: &Key, moment: Timestamp) -> TypeFault {
    TypeFault {
        config_type: key.config_type.to_string(),
        reason: UnverifiedReason::NotObservable,
        message: format!("AWS Config has no record from before {moment} of some of these"),
        help: "name a later moment: AWS Config began to record them after this one".to_owned(),
    }
}

fn item(key: &Key, found: &ConfigurationItem) -> Item {
    let mut body = body!(found);
    body.extend(found.tags().map(|tags| ("tags".to_owned(), json!(tags))));
    Item::new(key.clone(), &body)
}
