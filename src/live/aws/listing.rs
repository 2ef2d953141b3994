//! Which resources of a type there are. Listings know nothing of when a resource changed: what is read again and what is not is
//! decided elsewhere (`changed`), but in every scan a listing decides alone what is there.

use std::sync::Arc;

use aws_sdk_config::types::{ResourceIdentifier, ResourceType};
use futures_util::Stream;
use futures_util::stream;

use super::aggregate;
use super::reader::Reader;
use super::target::Key;
use crate::aws::{Fault, Service};

/// A page holds at most a hundred, of an aggregator too ([API reference, ListDiscoveredResources]).
///
/// [API reference, ListDiscoveredResources]: https://docs.aws.amazon.com/config/latest/APIReference/API_ListDiscoveredResources.html
pub(super) const PAGE: i32 = 100;

/// A page of one type, or the fault that stands in its place.
pub(super) struct Page {
    pub config_type: Arc<str>,
    pub keys: Vec<Key>,
    /// What came of the listing, with its last page.
    pub end: Option<Result<(), Fault>>,
}

/// All pages of a type, each asked for when the one before it is there. `deleted_too`: also what AWS Config remembers to have been
/// deleted.
pub(super) fn pages(reader: Reader<'_>, config_type: Arc<str>, deleted_too: bool) -> impl Stream<Item = Page> {
    // Where to go on; nothing to go on with ends it.
    stream::unfold(Some(None), move |next: Option<Option<String>>| {
        let config_type = Arc::clone(&config_type);
        async move {
            let answer = match reader.aggregator {
                Some(aggregator) => aggregate::list(reader.session, aggregator, &config_type, next?).await,
                None => page(reader, &config_type, deleted_too, next?).await,
            };
            Some(match answer {
                Ok((keys, next)) => (Page { config_type, keys, end: next.is_none().then_some(Ok(())) }, next.map(Some)),
                Err(fault) => (Page { config_type, keys: vec![], end: Some(Err(fault)) }, None),
            })
        }
    })
}

async fn page(
    reader: Reader<'_>,
    config_type: &Arc<str>,
    deleted_too: bool,
    token: Option<String>,
) -> Result<(Vec<Key>, Option<String>), Fault> {
    let request = reader
        .session
        .config()
        .list_discovered_resources()
        .resource_type(ResourceType::from(&**config_type))
        .limit(PAGE)
        .include_deleted_resources(deleted_too)
        .set_next_token(token);
    let action = "config:ListDiscoveredResources";
    let answer = reader.session.call(Service::Config, action, || request.clone().send()).await?;
    let is_there = |r: &&ResourceIdentifier| deleted_too || r.resource_deletion_time().is_none();
    let found = answer.resource_identifiers().iter().filter(is_there).filter_map(|r| r.resource_id());
    let keys = found.map(|id| Key::here(config_type, id)).collect();
    Ok((keys, answer.next_token().filter(|t| !t.is_empty()).map(str::to_owned)))
}
