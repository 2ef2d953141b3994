//! How many resources of each type AWS Config has discovered: one call for a hundred types.

use std::collections::BTreeMap;

use aws_sdk_config::types::ResourceCount;

use super::aggregate;
use super::listing::PAGE;
use super::reader::Reader;
use crate::aws::{Fault, Service};

/// By type; types without resources are not in it.
pub(super) type Counts = BTreeMap<String, u64>;

pub(super) async fn counts(reader: Reader<'_>) -> Result<Counts, Fault> {
    let (mut counts, mut token) = (Counts::new(), None);
    loop {
        let (found, next) = match reader.aggregator {
            Some(aggregator) => aggregate::counts(reader.session, aggregator, token.take()).await?,
            None => page(reader, token.take()).await?,
        };
        counts.extend(found);
        match next {
            Some(next) => token = Some(next),
            None => return Ok(counts),
        }
    }
}

async fn page(reader: Reader<'_>, token: Option<String>) -> Result<(Counts, Option<String>), Fault> {
    let request = reader.session.config().get_discovered_resource_counts().limit(PAGE).set_next_token(token);
    let action = "config:GetDiscoveredResourceCounts";
    let page = reader.session.call(Service::Config, action, || request.clone().send()).await?;
    let count = |c: &ResourceCount| Some((c.resource_type()?.as_str().to_owned(), c.count().max(0) as u64));
    let counts = page.resource_counts().iter().filter_map(count).collect();
    Ok((counts, page.next_token().filter(|t| !t.is_empty()).map(str::to_owned)))
}
