//! An organisation through its AWS Config aggregator: all accounts and regions by the calls of one. What is asked of the recording of
//! an account is asked of the aggregator in the same places; here is how it spells that.

use std::sync::Arc;

use aws_sdk_config::types::{
    AggregateResourceIdentifier, AggregatedSourceStatusType, BaseConfigurationItem, ResourceCountGroupKey, ResourceType,
};

use super::counts::Counts;
use super::listing::PAGE;
use super::target::Key;
use crate::aws::{Fault, Service, Session};

/// Accounts and regions whose data arrived, sorted.
pub(super) async fn sources(session: &Session, aggregator: &str) -> Result<Vec<(String, String)>, Fault> {
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
            None => break,
        }
    }
    scopes.sort();
    Ok(scopes)
}

/// A page of what there is, and where the next one begins.
pub(super) async fn list(
    session: &Session,
    aggregator: &str,
    config_type: &Arc<str>,
    token: Option<String>,
) -> Result<(Vec<Key>, Option<String>), Fault> {
    let request = session
        .config()
        .list_aggregate_discovered_resources()
        .configuration_aggregator_name(aggregator)
        .resource_type(ResourceType::from(&**config_type))
        .limit(PAGE)
        .set_next_token(token);
    let action = "config:ListAggregateDiscoveredResources";
    let page = session.call(Service::Config, action, || request.clone().send()).await?;
    let key = |found: &AggregateResourceIdentifier| Key { config_type: Arc::clone(config_type), ..key(found) };
    Ok((page.resource_identifiers().iter().map(key).collect(), page.next_token.filter(|t| !t.is_empty())))
}

/// Items, and what was left for later.
pub(super) async fn batch_get(
    session: &Session,
    aggregator: &str,
    batch: &[Key],
) -> Result<(Vec<BaseConfigurationItem>, Vec<Key>), Fault> {
    let request = session
        .config()
        .batch_get_aggregate_resource_config()
        .configuration_aggregator_name(aggregator)
        .set_resource_identifiers(Some(batch.iter().filter_map(identifier).collect()));
    let action = "config:BatchGetAggregateResourceConfig";
    let answer = session.call(Service::Config, action, || request.clone().send()).await?;
    let left = answer.unprocessed_resource_identifiers().iter().map(key).collect();
    Ok((answer.base_configuration_items.unwrap_or_default(), left))
}

/// A page of rows.
pub(super) async fn select(
    session: &Session,
    aggregator: &str,
    expression: &str,
    token: Option<String>,
) -> Result<(Vec<String>, Option<String>), Fault> {
    let request = session
        .config()
        .select_aggregate_resource_config()
        .configuration_aggregator_name(aggregator)
        .expression(expression)
        .limit(PAGE)
        .set_next_token(token);
    let page = session.call(Service::Config, "config:SelectAggregateResourceConfig", || request.clone().send()).await?;
    Ok((page.results.unwrap_or_default(), page.next_token.filter(|t| !t.is_empty())))
}

/// A page of how much there is of each type.
pub(super) async fn counts(
    session: &Session,
    aggregator: &str,
    token: Option<String>,
) -> Result<(Counts, Option<String>), Fault> {
    let request = session
        .config()
        .get_aggregate_discovered_resource_counts()
        .configuration_aggregator_name(aggregator)
        .group_by_key(ResourceCountGroupKey::ResourceType)
        .limit(PAGE)
        .set_next_token(token);
    let action = "config:GetAggregateDiscoveredResourceCounts";
    let page = session.call(Service::Config, action, || request.clone().send()).await?;
    let counts = page.grouped_resource_counts().iter();
    let counts = counts.map(|group| (group.group_name().to_owned(), group.resource_count().max(0) as u64));
    Ok((counts.collect(), page.next_token().filter(|t| !t.is_empty()).map(str::to_owned)))
}

/// Tags as they were last recorded, as JSON.
pub(super) async fn newest_tags(session: &Session, aggregator: &str, key: &Key) -> Result<Option<String>, Fault> {
    let request = session
        .config()
        .get_aggregate_resource_config()
        .configuration_aggregator_name(aggregator)
        .set_resource_identifier(identifier(key));
    let action = "config:GetAggregateResourceConfig";
    let answer = session.call(Service::Config, action, || request.clone().send()).await?;
    Ok(answer.configuration_item().and_then(|item| item.tags()).and_then(super::tags::as_json))
}

fn identifier(key: &Key) -> Option<AggregateResourceIdentifier> {
    AggregateResourceIdentifier::builder()
        .source_account_id(&key.account)
        .source_region(&key.region)
        .resource_id(&key.id)
        .resource_type(ResourceType::from(&*key.config_type))
        .build()
        .ok()
}

fn key(found: &AggregateResourceIdentifier) -> Key {
    Key {
        config_type: found.resource_type().as_str().into(),
        id: found.resource_id().to_owned(),
        account: found.source_account_id().to_owned(),
        region: found.source_region().to_owned(),
    }
}
