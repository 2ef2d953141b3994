//! What a scan will ask of AWS, before it asks: the counts AWS Config keeps of what it discovered, turned into calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures_util::future;

use super::Declared;
use super::Wanted;
use super::counts::{Counts, counts};
use super::items::BATCH;
use super::listing::PAGE;
use super::reader::Reader;
use super::recorder::Recorded;
use super::{recorder, select, tags};
use crate::aws::{Access, Fault, Session, Target, Usage, block_on};
use crate::drift::Environment;

/// Calls that are made whatever is there: who we are, what is recorded, how much there is.
const FIXED: u64 = 4;

/// One account and region.
pub struct Estimate {
    pub target: Arc<Target>,
    /// Recorded types that are wanted, and how many resources of each AWS Config has discovered; those it has none of are listed all
    /// the same.
    pub types: BTreeMap<String, u64>,
    /// Why it is not known how many there are; then none are counted.
    pub uncounted: Option<Fault>,
    /// Resources of types that tags are declared of and whose items do not hold them.
    pub tagged: u64,
    /// Declared resources of types nobody records: a call to Cloud Control each.
    pub unrecorded: u64,
}

impl Estimate {
    pub fn resources(&self) -> u64 {
        self.types.values().sum()
    }

    /// For tags at most, where SELECT tells none of them: a hundred a call, and of those that are left a few by a call each.
    pub fn calls_for_tags(&self) -> u64 {
        tags::calls(self.tagged)
    }

    /// To AWS Config: a listing of each type, its pages; batches of a hundred; pages of tags.
    pub fn calls(&self) -> u64 {
        let page = PAGE as u64;
        let lists: u64 = self.types.values().map(|n| n.div_ceil(page).max(1)).sum();
        let resources = self.resources();
        FIXED + lists + resources.div_ceil(BATCH as u64) + resources.div_ceil(page)
    }
}

/// Asks every account and region what it records and how much there is. Faults stand beside the name of who could not be asked.
pub fn estimate(
    access: &Access,
    environment: &Environment,
    wanted: &Wanted,
    declared: &Declared<'_>,
    cancel: &AtomicBool,
) -> (Vec<Estimate>, Vec<(String, Fault)>) {
    let usage = Arc::new(Usage::default());
    let work = async {
        let (sessions, faults) = Session::open_all(access, &access.regions_of(environment), &usage).await;
        let mut found = vec![];
        for session in &sessions {
            let reader = Reader { session, aggregator: access.aggregator.as_deref() };
            // What an aggregator was sent is all it has.
            let recorded = async {
                match reader.aggregator {
                    Some(_) => Ok((Recorded::Everything, None)),
                    None => recorder::recorded(session).await,
                }
            };
            let (recorded, counts) = future::join(recorded, counts(reader)).await;
            let (counts, uncounted) = counts.map_or_else(|fault| (Counts::new(), Some(fault)), |counts| (counts, None));
            let is_recorded = |t: &&String| recorded.as_ref().map_or(true, |(recorded, _)| recorded.has(t));
            let (types, refused): (Vec<&String>, Vec<&String>) = wanted.config_types.iter().partition(is_recorded);
            let types: BTreeMap<String, u64> =
                types.into_iter().map(|t| (t.clone(), counts.get(t).copied().unwrap_or(0))).collect();
            let refused: BTreeSet<String> = refused.into_iter().chain(&wanted.unrecorded).cloned().collect();
            let is_tagged = |t: &&String| wanted.tagged.contains(*t) && !select::holds_tags(t);
            let tagged = types.keys().filter(is_tagged).filter_map(|t| types.get(t)).sum();
            let target = Arc::clone(&session.target);
            found.push((Estimate { target, types, uncounted, tagged, unrecorded: 0 }, refused));
        }
        (found, faults)
    };
    let (found, faults) = block_on(cancel, work).unwrap_or_default();
    let estimate = |(mut one, refused): (Estimate, BTreeSet<String>)| {
        one.unrecorded = if refused.is_empty() { 0 } else { declared(&refused, &|_| true).calls(&one.target) };
        one
    };
    (found.into_iter().map(estimate).collect(), faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_resources_of_one_type_take_thirty_calls_and_four_to_begin_with() {
        let target = Target { partition: "aws".into(), account: "1".into(), region: "r".into() };
        let types = BTreeMap::from([("AWS::S3::Bucket".to_owned(), 1000)]);
        let target = Arc::new(target);
        let estimate = Estimate { target, types, uncounted: None, tagged: 1000, unrecorded: 0 };
        assert_eq!(estimate.calls(), 34);
        assert_eq!(estimate.calls_for_tags(), 10 + 200, "the last of them are asked for one by one");
        assert_eq!(Estimate { tagged: 3, ..estimate }.calls_for_tags(), 3);
    }
}
