//! Tags by the Resource Groups Tagging API: a hundred resources of any types a call, named by ARN. It knows only what has tags, or
//! had some: what it does not name may have none, or be of a type it does not know.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};

use super::items::BATCHES_AT_ONCE;
use crate::aws::{Fault, Service, Session};

/// ARNs a call may name ([API reference, GetResources]).
///
/// [API reference, GetResources]: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
pub(super) const ARNS: usize = 100;

/// Tags as JSON, by ARN; and the first fault, if some could not be asked for.
pub(super) async fn tags(session: &Session, arns: Vec<String>) -> (HashMap<String, String>, Option<Fault>) {
    let batches: Vec<Vec<String>> = arns.chunks(ARNS).map(<[String]>::to_vec).collect();
    let asked = stream::iter(batches).map(|batch| page(session, batch));
    let mut answers = std::pin::pin!(asked.buffer_unordered(BATCHES_AT_ONCE));
    let (mut known, mut fault) = (HashMap::new(), None);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(found) => known.extend(found),
            Err(error) => drop(fault.get_or_insert(error)),
        }
    }
    (known, fault)
}

async fn page(session: &Session, arns: Vec<String>) -> Result<Vec<(String, String)>, Fault> {
    let request = session.tagging().get_resources().set_resource_arn_list(Some(arns));
    let page = session.call(Service::Tagging, "tag:GetResources", || request.clone().send()).await?;
    let one = |found: &aws_sdk_resourcegroupstagging::types::ResourceTagMapping| {
        let tags: Map<String, Value> =
            found.tags().iter().map(|tag| (tag.key().to_owned(), Value::from(tag.value()))).collect();
        Some((found.resource_arn()?.to_owned(), Value::Object(tags).to_string()))
    };
    Ok(page.resource_tag_mapping_list().iter().filter_map(one).collect())
}
