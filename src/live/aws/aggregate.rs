//! An organisation through its AWS Config aggregator: all accounts and regions by the calls of one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_config::types::{AggregateResourceIdentifier, AggregatedSourceStatusType, ResourceType};
use futures_util::StreamExt;
use futures_util::stream;

use super::Wanted;
use super::items::{BATCH, BATCHES_AT_ONCE, Item, item};
use super::listing::PAGE;
use super::target::{Book, Key, Progress, TypeFault};
use crate::aws::{Fault, Service, Session};
use crate::drift::UnverifiedReason;

/// Reads every wanted type through the aggregator. An account or region it does not cover is never said to lack anything.
pub(super) async fn read(
    session: &Session,
    aggregator: &str,
    wanted: &Wanted,
    progress: &Progress<'_>,
    book: &mut Book,
) {
    let mut scopes = match sources(session, aggregator).await {
        Ok(scopes) => scopes,
        Err(fault) => {
            book.faults.extend(wanted.config_types.iter().map(|t| TypeFault::of(t, &fault)));
            return;
        }
    };
    let types = stream::iter(&wanted.config_types).map(|t| async move { (t, list(session, aggregator, t).await) });
    let listings: Vec<_> = types.buffer_unordered(8).collect().await;
    let mut keys = vec![];
    let mut complete = BTreeSet::new();
    for (config_type, (found, fault)) in listings {
        progress.listed(found.len());
        keys.extend(found);
        match fault {
            None => drop(complete.insert(config_type.clone())),
            Some(fault) => book.faults.push(TypeFault::of(config_type, &fault)),
        }
    }
    let batches = stream::iter(keys.chunks(BATCH))
        .map(|batch| async move { (batch, batch_get(session, aggregator, batch).await) });
    let mut answers = batches.buffer_unordered(BATCHES_AT_ONCE);
    let mut failed: BTreeMap<String, TypeFault> = BTreeMap::new();
    while let Some((batch, answer)) = answers.next().await {
        match answer {
            Ok((items, unprocessed)) => {
                progress.fetched(items.len());
                book.items.extend(items);
                for (config_type, message) in unprocessed {
                    let fault = TypeFault {
                        config_type: config_type.clone(),
                        reason: UnverifiedReason::SourceFailed,
                        message,
                        help: "scan again".to_owned(),
                    };
                    failed.insert(config_type, fault);
                }
            }
            Err(fault) => {
                let types: BTreeSet<&str> = batch.iter().map(|key| &*key.config_type).collect();
                failed.extend(types.into_iter().map(|t| (t.to_owned(), TypeFault::of(t, &fault))));
            }
        }
    }
    complete.retain(|t| !failed.contains_key(t));
    book.faults.extend(failed.into_values());
    scopes.sort();
    let covered = scopes
        .iter()
        .flat_map(|(account, region)| complete.iter().map(move |t| (t.clone(), account.clone(), region.clone())));
    book.covered = covered.collect();
}

/// Accounts and regions whose data arrived.
async fn sources(session: &Session, aggregator: &str) -> Result<Vec<(String, String)>, Fault> {
    let client = session.config();
    let (mut scopes, mut token): (Vec<(String, String)>, Option<String>) = (vec![], None);
    loop {
        let request = client
            .describe_configuration_aggregator_sources_status()
            .configuration_aggregator_name(aggregator)
            .limit(100)
            .set_next_token(token.take());
        let action = "config:DescribeConfigurationAggregatorSourcesStatus";
        let page = session.call(Service::Config, action, || request.clone().send()).await?;
        let arrived = page
            .aggregated_source_status_list()
            .iter()
            .filter(|s| s.last_update_status() == Some(&AggregatedSourceStatusType::Succeeded));
        scopes.extend(arrived.filter_map(|s| Some((s.source_id()?.to_owned(), s.aws_region()?.to_owned()))));
        match page.next_token().filter(|t| !t.is_empty()) {
            Some(next) => token = Some(next.to_owned()),
            None => return Ok(scopes),
        }
    }
}

async fn list(session: &Session, aggregator: &str, config_type: &str) -> (Vec<Key>, Option<Fault>) {
    let client = session.config();
    let name: Arc<str> = config_type.into();
    let (mut keys, mut token): (Vec<Key>, Option<String>) = (vec![], None);
    loop {
        let request = client
            .list_aggregate_discovered_resources()
            .configuration_aggregator_name(aggregator)
            .resource_type(ResourceType::from(config_type))
            .limit(PAGE)
            .set_next_token(token.take());
        let action = "config:ListAggregateDiscoveredResources";
        let page = match session.call(Service::Config, action, || request.clone().send()).await {
            Ok(page) => page,
            Err(fault) => return (keys, Some(fault)),
        };
        keys.extend(page.resource_identifiers().iter().map(|found| Key {
            config_type: Arc::clone(&name),
            id: found.resource_id().to_owned(),
            account: found.source_account_id().to_owned(),
            region: found.source_region().to_owned(),
        }));
        match page.next_token().filter(|t| !t.is_empty()) {
            Some(next) => token = Some(next.to_owned()),
            None => return (keys, None),
        }
    }
}

type Answer = (Vec<Item>, Vec<(String, String)>);

/// Items, and the types something was not processed of.
async fn batch_get(session: &Session, aggregator: &str, batch: &[Key]) -> Result<Answer, Fault> {
    let identifier = |key: &Key| {
        AggregateResourceIdentifier::builder()
            .source_account_id(&key.account)
            .source_region(&key.region)
            .resource_id(&key.id)
            .resource_type(ResourceType::from(&*key.config_type))
            .build()
            .ok()
    };
    let request = session
        .config()
        .batch_get_aggregate_resource_config()
        .configuration_aggregator_name(aggregator)
        .set_resource_identifiers(Some(batch.iter().filter_map(identifier).collect()));
    let action = "config:BatchGetAggregateResourceConfig";
    let answer = session.call(Service::Config, action, || request.clone().send()).await?;
    let items = answer.base_configuration_items().iter().map(item).collect();
    let unprocessed = answer.unprocessed_resource_identifiers().iter().map(|left| {
        let config_type = left.resource_type().as_str().to_owned();
        (config_type, "the aggregator left resources unprocessed".to_owned())
    });
    Ok((items, unprocessed.collect()))
}
