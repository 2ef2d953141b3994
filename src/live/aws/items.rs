//! The configuration of listed resources, a hundred a call.

use std::collections::BTreeMap;

use aws_sdk_config::types::{BaseConfigurationItem, ResourceKey, ResourceType};
use aws_smithy_types::DateTime;
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::{Map, Value, json};

use super::target::{Key, Progress, TypeFault};
use crate::aws::{Service, Session};

/// Keys a call may name ([API reference, BatchGetResourceConfig]).
///
/// [API reference, BatchGetResourceConfig]: https://docs.aws.amazon.com/config/latest/APIReference/API_BatchGetResourceConfig.html
pub(super) const BATCH: usize = 100;
/// Batches asked for at the same time, if the limiter lets them.
pub(super) const BATCHES_AT_ONCE: usize = 16;
/// Rounds in which what AWS did not process is asked for again.
const ROUNDS: usize = 3;

/// Items and what could not be had of them.
#[derive(Default)]
pub(super) struct Fetched {
    pub items: Vec<FetchedItem>,
    pub faults: Vec<TypeFault>,
}

/// One item in the spelling recordings have.
pub(super) struct FetchedItem {
    pub key: Key,
    pub body: Map<String, Value>,
}

impl FetchedItem {
    pub fn into_text(self) -> String {
        Value::Object(self.body).to_string()
    }

    /// Tags stand where the item keeps them: with EC2 in its configuration.
    pub fn has_tags(&self) -> bool {
        let configuration = self.body.get("configuration").and_then(Value::as_str).unwrap_or_default();
        self.body.contains_key("tags")
            || ["\"tags\":", "\"tagSet\":", "\"Tags\":"].iter().any(|key| configuration.contains(key))
    }
}

/// Fetches all of them. What AWS leaves unprocessed is asked for again; what then still is, is a fault of its type.
pub(super) async fn fetch(session: &Session, keys: &[Key], progress: &Progress<'_>) -> Fetched {
    let mut fetched = Fetched::default();
    let mut left: Vec<Key> = keys.to_vec();
    let mut silent: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..ROUNDS {
        if left.is_empty() {
            break;
        }
        let batches =
            stream::iter(left.chunks(BATCH)).map(|batch| async move { (batch, batch_get(session, batch).await) });
        let mut answers = batches.buffer_unordered(BATCHES_AT_ONCE);
        let mut again = vec![];
        while let Some((batch, answer)) = answers.next().await {
            match answer {
                Ok((items, unprocessed)) => {
                    progress.fetched(items.len());
                    unanswered(batch, &items, &unprocessed).for_each(|t| *silent.entry(t).or_default() += 1);
                    fetched.items.extend(items);
                    again.extend(unprocessed);
                }
                Err(fault) => fetched.faults.extend(types_of(batch).into_keys().map(|t| TypeFault::of(t, &fault))),
            }
        }
        drop(answers);
        left = again;
    }
    for (config_type, count) in silent {
        fetched.faults.push(TypeFault {
            config_type,
            reason: crate::drift::UnverifiedReason::SourceFailed,
            message: format!("AWS Config lists {count} resources and gave no item of them"),
            help: "scan again: what was deleted a moment ago is not listed any more then".to_owned(),
        });
    }
    for (config_type, count) in types_of(&left) {
        fetched.faults.push(TypeFault {
            config_type: config_type.to_owned(),
            reason: crate::drift::UnverifiedReason::Throttled,
            message: format!("AWS Config gave no answer for {count} resources, asked {ROUNDS} times"),
            help: "scan again".to_owned(),
        });
    }
    fetched
}

/// Types of the keys that are neither among the items nor said to be left for later.
fn unanswered<'a>(batch: &'a [Key], items: &[FetchedItem], unprocessed: &[Key]) -> impl Iterator<Item = String> + 'a {
    let keys = items.iter().map(|item| &item.key).chain(unprocessed);
    let answered: std::collections::HashSet<(String, String)> =
        keys.map(|key| (key.config_type.clone(), key.id.clone())).collect();
    let is_silent = move |key: &&Key| !answered.contains(&(key.config_type.clone(), key.id.clone()));
    batch.iter().filter(is_silent).map(|key| key.config_type.clone())
}

fn types_of(keys: &[Key]) -> BTreeMap<&str, usize> {
    let mut types = BTreeMap::new();
    keys.iter().for_each(|key| *types.entry(key.config_type.as_str()).or_default() += 1);
    types
}

async fn batch_get(session: &Session, batch: &[Key]) -> Result<(Vec<FetchedItem>, Vec<Key>), crate::aws::Fault> {
    let key = |key: &Key| {
        ResourceKey::builder()
            .resource_type(ResourceType::from(key.config_type.as_str()))
            .resource_id(&key.id)
            .build()
            .ok()
    };
    let keys: Vec<ResourceKey> = batch.iter().filter_map(key).collect();
    let request = session.config().batch_get_resource_config().set_resource_keys(Some(keys));
    let answer = session.call(Service::Config, "config:BatchGetResourceConfig", || request.send()).await?;
    let unprocessed = answer.unprocessed_resource_keys().iter().map(|key| Key {
        config_type: key.resource_type().as_str().to_owned(),
        id: key.resource_id().to_owned(),
        account: String::new(),
        region: String::new(),
    });
    Ok((answer.base_configuration_items().iter().map(item).collect(), unprocessed.collect()))
}

/// As `aws configservice batch-get-resource-config` prints it.
pub(super) fn item(base: &BaseConfigurationItem) -> FetchedItem {
    let key = Key {
        config_type: base.resource_type().map(|t| t.as_str().to_owned()).unwrap_or_default(),
        id: base.resource_id().unwrap_or_default().to_owned(),
        account: base.account_id().unwrap_or_default().to_owned(),
        region: base.aws_region().unwrap_or_default().to_owned(),
    };
    let mut body = Map::new();
    let mut put = |name: &str, value: Option<Value>| drop(value.map(|value| body.insert(name.to_owned(), value)));
    put("accountId", base.account_id().map(Value::from));
    put("awsRegion", base.aws_region().map(Value::from));
    put("arn", base.arn().map(Value::from));
    put("resourceType", Some(json!(key.config_type)));
    put("resourceId", Some(json!(key.id)));
    put("resourceName", base.resource_name().map(Value::from));
    put("configurationItemCaptureTime", base.configuration_item_capture_time().map(seconds));
    put("configurationItemStatus", base.configuration_item_status().map(|s| json!(s.as_str())));
    put("configurationStateId", base.configuration_state_id().map(Value::from));
    put("configuration", base.configuration().map(Value::from));
    put("supplementaryConfiguration", base.supplementary_configuration().map(|map| json!(map)));
    FetchedItem { key, body }
}

/// Seconds since 1970, as the wire has them.
pub(super) fn seconds(time: &DateTime) -> Value {
    json!(time.as_secs_f64())
}
