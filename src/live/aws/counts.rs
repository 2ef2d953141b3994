//! How many resources of each type AWS Config has discovered: one call for a hundred types.

use std::collections::BTreeMap;

use aws_sdk_config::types::ResourceCount;

use super::listing::PAGE;
use crate::aws::{Fault, Service, Session};

/// By type; types without resources are not in it.
pub(super) type Counts = BTreeMap<String, u64>;

pub(super) async fn counts(session: &Session) -> Result<Counts, Fault> {
    let client = session.config();
    let (mut counts, mut token) = (Counts::new(), None);
    loop {
        let request = client.get_discovered_resource_counts().limit(PAGE).set_next_token(token.take());
        let action = "config:GetDiscoveredResourceCounts";
        let page = session.call(Service::Config, action, || request.clone().send()).await?;
        let count = |c: &ResourceCount| Some((c.resource_type()?.as_str().to_owned(), c.count().max(0) as u64));
        counts.extend(page.resource_counts().iter().filter_map(count));
        match page.next_token().filter(|t| !t.is_empty()) {
            Some(next) => token = Some(next.to_owned()),
            None => return Ok(counts),
        }
    }
}
