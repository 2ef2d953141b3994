//! What a scan will ask of AWS, before it asks: the counts AWS Config keeps of what it discovered, turned into calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use aws_sdk_config::types::ResourceCount;

use super::Wanted;
use super::items::BATCH;
use super::listing::PAGE;
use crate::aws::{Access, Fault, Service, Session, Target, Usage, block_on};
use crate::drift::Environment;

/// Calls that are made whatever is there: who we are, what is recorded.
const FIXED: u64 = 3;

/// One account and region.
pub struct Estimate {
    pub target: Arc<Target>,
    /// Wanted types and how many resources of each AWS Config has discovered; those it has none of are listed all the same.
    pub types: BTreeMap<String, u64>,
}

impl Estimate {
    pub fn resources(&self) -> u64 {
        self.types.values().sum()
    }

    /// A listing of each type, its pages; batches of a hundred; pages of tags.
    pub fn calls(&self) -> u64 {
        let page = PAGE as u64;
        let lists: u64 = self.types.values().map(|n| n.div_ceil(page).max(1)).sum();
        let resources = self.resources();
        FIXED + lists + resources.div_ceil(BATCH as u64) + resources.div_ceil(page)
    }
}

/// Asks every account and region for its counts. Faults stand beside the name of who could not be asked.
pub fn estimate(
    access: &Access,
    environment: &Environment,
    wanted: &Wanted,
    cancel: &AtomicBool,
) -> (Vec<Estimate>, Vec<(String, Fault)>) {
    let usage = Arc::new(Usage::default());
    let work = async {
        let (sessions, mut faults) = Session::open_all(access, &access.regions_of(environment), &usage).await;
        let mut estimates = vec![];
        for session in &sessions {
            match counts(session).await {
                Ok(counts) => {
                    let of = |t: &String| (t.clone(), counts.get(t).copied().unwrap_or(0));
                    let types = wanted.config_types.iter().map(of).collect();
                    estimates.push(Estimate { target: Arc::clone(&session.target), types });
                }
                Err(fault) => faults.push((format!("{} {}", session.target.account, session.target.region), fault)),
            }
        }
        (estimates, faults)
    };
    block_on(cancel, work).unwrap_or_default()
}

async fn counts(session: &Session) -> Result<BTreeMap<String, u64>, Fault> {
    let client = session.config();
    let (mut counts, mut token): (BTreeMap<String, u64>, Option<String>) = (BTreeMap::new(), None);
    loop {
        let request = client.get_discovered_resource_counts().limit(PAGE).set_next_token(token.take());
        let page = session.call(Service::Config, "config:GetDiscoveredResourceCounts", || request.send()).await?;
        let count = |c: &ResourceCount| Some((c.resource_type()?.as_str().to_owned(), c.count().max(0) as u64));
        counts.extend(page.resource_counts().iter().filter_map(count));
        match page.next_token().filter(|t| !t.is_empty()) {
            Some(next) => token = Some(next.to_owned()),
            None => return Ok(counts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_resources_of_one_type_take_thirty_calls_and_three_to_begin_with() {
        let target = Target { partition: "aws".into(), account: "1".into(), region: "r".into() };
        let types = BTreeMap::from([("AWS::S3::Bucket".to_owned(), 1000)]);
        assert_eq!(Estimate { target: Arc::new(target), types }.calls(), 33);
    }
}
