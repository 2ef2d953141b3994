//! Tags where neither the item nor SELECT says them: by the Resource Groups Tagging API, a hundred a call, and for the few that are
//! left by a history call each. What then has none known leaves its tags unverified, and a notice says what would change that.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_config::types::ResourceType;
use futures_util::{StreamExt, stream};
use serde::Deserialize;

use super::aggregate;
use super::items::{BATCHES_AT_ONCE, Item};
use super::reader::Reader;
use super::tagging;
use super::target::Key;
use crate::aws::{Fault, Service, Session};

/// Resources worth a call each.
const FEW: usize = 200;
/// More than so many are first asked for together.
const ONE_BY_ONE: usize = 3;

/// Calls that so many resources without tags may take.
pub(super) fn calls(bare: u64) -> u64 {
    let together = if bare > ONE_BY_ONE as u64 { bare.div_ceil(tagging::ARNS as u64) } else { 0 };
    together + bare.min(FEW as u64)
}

/// Types whose tags came from elsewhere than AWS Config, which does not tell when those change; and what stood in the way.
#[derive(Default)]
pub(super) struct Filled {
    pub elsewhere: BTreeSet<String>,
    pub notice: Option<String>,
}

/// Gives tags to items of these types that have none.
pub(super) async fn fill(reader: Reader<'_>, items: &mut [Item], types: &BTreeSet<String>) -> Filled {
    let mut filled = Filled::default();
    let is_bare = |item: &Item| !item.has_tags && types.contains(&*item.key.config_type);
    let mut fault = None;
    // It knows the resources of its own account and region.
    if reader.aggregator.is_none() && items.iter().filter(|i| is_bare(i)).count() > ONE_BY_ONE {
        let arns = items.iter().filter(|i| is_bare(i)).filter_map(arn).collect();
        let (known, failed) = tagging::tags(reader.session, arns).await;
        fault = failed;
        for item in items.iter_mut().filter(|i| is_bare(i)) {
            if let Some(tags) = arn(item).and_then(|arn| known.get(&arn).cloned()) {
                item.give_tags(&tags);
                filled.elsewhere.insert(item.key.config_type.to_string());
            }
        }
    }
    let left: Vec<Key> = items.iter().filter(|i| is_bare(i)).map(|i| i.key.clone()).collect();
    if left.len() <= FEW {
        let asked = stream::iter(left).map(|key| async move {
            let answer = match reader.aggregator {
                Some(aggregator) => aggregate::newest_tags(reader.session, aggregator, &key).await,
                None => newest_tags(reader.session, &key).await,
            };
            (key, answer)
        });
        let answers: Vec<_> = asked.buffer_unordered(BATCHES_AT_ONCE).collect().await;
        let mut known = BTreeMap::new();
        for (key, answer) in answers {
            match answer {
                Ok(tags) => known.extend(tags.map(|tags| (key, tags))),
                Err(error) => drop(fault.get_or_insert(error)),
            }
        }
        for item in items.iter_mut().filter(|i| is_bare(i)) {
            known.get(&item.key).into_iter().for_each(|tags| item.give_tags(tags));
        }
    }
    let bare: Vec<&str> = items.iter().filter(|i| is_bare(i)).map(|i| &*i.key.config_type).collect();
    filled.notice = notice(&bare, fault.as_ref());
    filled
}

/// What is not known, and the way out.
fn notice(bare: &[&str], fault: Option<&Fault>) -> Option<String> {
    if bare.is_empty() {
        return None;
    }
    let types: BTreeSet<&str> = bare.iter().copied().collect();
    let types: Vec<&str> = types.into_iter().collect();
    let why = match fault {
        Some(fault) => format!("{fault}; {}", fault.help()),
        None if bare.len() > FEW => format!(
            "neither AWS Config nor the Resource Groups Tagging API tells them, and no more than {FEW} are asked for one by one; \
             scan fewer of them in one environment"
        ),
        None => "neither AWS Config, nor its history, nor the Resource Groups Tagging API tells them; look at these where they \
                 are, or ignore their tags"
            .to_owned(),
    };
    Some(format!("the tags of {} resources ({}) were not compared: {why}", bare.len(), types.join(", ")))
}

fn arn(item: &Item) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        arn: Option<String>,
    }
    serde_json::from_str::<Named>(&item.text).ok()?.arn.filter(|arn| arn.starts_with("arn:"))
}

async fn newest_tags(session: &Session, key: &Key) -> Result<Option<String>, Fault> {
    let request = session
        .config()
        .get_resource_config_history()
        .resource_type(ResourceType::from(&*key.config_type))
        .resource_id(&key.id)
        .limit(1);
    let page = session.call(Service::Config, "config:GetResourceConfigHistory", || request.clone().send()).await?;
    Ok(page.configuration_items().first().and_then(|item| item.tags()).and_then(as_json))
}

pub(super) fn as_json(tags: &HashMap<String, String>) -> Option<String> {
    serde_json::to_string(&tags.iter().collect::<BTreeMap<_, _>>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::FaultKind;

    #[test]
    fn tags_that_nobody_tells_are_named_with_or_without_a_fault() {
        assert_eq!(notice(&[], None), None);
        let many = vec!["AWS::S3::Bucket"; FEW + 1];
        let text = notice(&many, None).unwrap();
        assert!(text.starts_with("the tags of 201 resources (AWS::S3::Bucket) were not compared: neither"), "{text}");
        assert!(text.contains("no more than 200 are asked for one by one"), "{text}");
        assert!(notice(&many[..5], None).unwrap().contains("nor its history"));
        let (code, message) = ("AccessDenied".to_owned(), String::new());
        let fault = Fault { kind: FaultKind::Denied, action: "tag:GetResources", code, message };
        assert!(notice(&many, Some(&fault)).unwrap().contains("tag:GetResources was denied"));
    }
}
