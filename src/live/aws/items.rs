//! The configuration of listed resources, a hundred a call, asked for while more of them are being listed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::pin::pin;
use std::sync::Arc;

use aws_sdk_config::types::{BaseConfigurationItem, ResourceKey, ResourceType};
use aws_smithy_types::DateTime;
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Map, Value, json};

use super::aggregate;
use super::reader::Reader;
use super::target::{Key, Progress, TypeFault};
use crate::aws::{Fault, Service};
use crate::drift::UnverifiedReason;

/// Keys a call may name ([API reference, BatchGetResourceConfig]).
///
/// [API reference, BatchGetResourceConfig]: https://docs.aws.amazon.com/config/latest/APIReference/API_BatchGetResourceConfig.html
pub(super) const BATCH: usize = 100;
/// Batches asked for at the same time, if the limiter lets them.
pub(super) const BATCHES_AT_ONCE: usize = 16;
/// Rounds in which what AWS did not process is asked for again.
const ROUNDS: usize = 3;

/// As `aws configservice batch-get-resource-config` prints an item, whichever call gave it: the SDK has two types for one shape.
macro_rules! body {
    ($found:expr) => {{
        let found = $found;
        let mut body = serde_json::Map::new();
        let mut put = |name: &str, value: Option<Value>| drop(value.map(|value| body.insert(name.to_owned(), value)));
        put("accountId", found.account_id().map(Value::from));
        put("awsRegion", found.aws_region().map(Value::from));
        put("arn", found.arn().map(Value::from));
        put("resourceType", Some(json!(found.resource_type().map(|t| t.as_str()).unwrap_or_default())));
        put("resourceId", Some(json!(found.resource_id().unwrap_or_default())));
        put("resourceName", found.resource_name().map(Value::from));
        put(
            "configurationItemCaptureTime",
            found.configuration_item_capture_time().map($crate::live::aws::items::seconds),
        );
        put("configurationItemStatus", found.configuration_item_status().map(|s| json!(s.as_str())));
        put("configurationStateId", found.configuration_state_id().map(Value::from));
        put("configuration", found.configuration().map(Value::from));
        put("supplementaryConfiguration", found.supplementary_configuration().map(|map| json!(map)));
        body
    }};
}
pub(super) use body;

/// One resource as AWS Config recorded it. It is kept as text: parsed it takes ten times the room.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Item {
    pub key: Key,
    /// Milliseconds since 1970; 0: AWS did not say.
    pub captured: i64,
    pub state_id: String,
    /// The item in the spelling recordings have.
    pub text: String,
    /// Tags stand where the item keeps them: with EC2 in its configuration.
    pub has_tags: bool,
    /// It was read by an earlier scan.
    pub is_remembered: bool,
    /// Tags of an item whose text was not kept.
    pub spare_tags: Option<String>,
}

impl Item {
    pub fn new(key: Key, body: &Map<String, Value>) -> Self {
        let configuration = match body.get("configuration") {
            Some(Value::String(text)) => text.into(),
            Some(other) => std::borrow::Cow::Owned(other.to_string()),
            None => "".into(),
        };
        let has_tags = body.contains_key("tags")
            || ["\"tags\":", "\"tagSet\":", "\"Tags\":"].iter().any(|key| configuration.contains(key));
        let captured = body.get("configurationItemCaptureTime").and_then(Value::as_f64).unwrap_or_default();
        let state_id = body.get("configurationStateId").and_then(Value::as_str).unwrap_or_default().to_owned();
        let text = serde_json::to_string(body).unwrap_or_default();
        let captured = (captured * 1000.0).round() as i64;
        Self { key, captured, state_id, text, has_tags, is_remembered: false, spare_tags: None }
    }

    /// Adds tags to an item that has none.
    pub fn give_tags(&mut self, tags: &str) {
        if self.text.pop() == Some('}') {
            self.text.push_str(",\"tags\":");
            self.text.push_str(tags);
        }
        self.text.push('}');
        self.has_tags = true;
    }
}

/// Items and what could not be had of them.
#[derive(Default)]
pub(super) struct Fetched {
    pub items: Vec<Item>,
    pub faults: Vec<TypeFault>,
    /// What AWS did not process.
    left: Vec<Key>,
    /// Listed, and neither answered nor left for later: how many of each type.
    silent: BTreeMap<Arc<str>, usize>,
}

/// Fetches all batches as they come. What AWS leaves unprocessed is asked for again; what then still is, is a fault of its type.
pub(super) async fn fetch(
    reader: Reader<'_>,
    batches: impl Stream<Item = Vec<Key>>,
    progress: &Progress<'_>,
) -> Fetched {
    let mut fetched = Fetched::default();
    round(reader, batches, progress, &mut fetched).await;
    for _ in 1..ROUNDS {
        let left = std::mem::take(&mut fetched.left);
        if left.is_empty() {
            break;
        }
        round(reader, in_batches(&left), progress, &mut fetched).await;
    }
    fetched.close();
    fetched
}

pub(super) fn in_batches(keys: &[Key]) -> impl Stream<Item = Vec<Key>> {
    stream::iter(keys.chunks(BATCH).map(<[Key]>::to_vec).collect::<Vec<_>>())
}

async fn round(
    reader: Reader<'_>,
    batches: impl Stream<Item = Vec<Key>>,
    progress: &Progress<'_>,
    fetched: &mut Fetched,
) {
    let asked = batches.map(|batch| async move {
        let answer = get(reader, &batch).await;
        (batch, answer)
    });
    let mut answers = pin!(asked.buffer_unordered(BATCHES_AT_ONCE));
    while let Some((batch, answer)) = answers.next().await {
        match answer {
            Ok((items, unprocessed)) => {
                progress.fetched(items.len());
                unanswered(&batch, &items, &unprocessed).for_each(|t| *fetched.silent.entry(t).or_default() += 1);
                fetched.items.extend(items);
                fetched.left.extend(unprocessed);
            }
            Err(fault) => fetched.faults.extend(types_of(&batch).into_keys().map(|t| TypeFault::of(&t, &fault))),
        }
    }
}

impl Fetched {
    /// What is still missing becomes faults of its types.
    fn close(&mut self) {
        let fault = |config_type: Arc<str>, reason, message, help: &str| TypeFault {
            config_type: config_type.to_string(),
            reason,
            message,
            help: help.to_owned(),
        };
        for (config_type, count) in std::mem::take(&mut self.silent) {
            let message = format!("AWS Config lists {count} resources and gave no item of them");
            let help = "scan again: what was deleted a moment ago is not listed any more then";
            self.faults.push(fault(config_type, UnverifiedReason::SourceFailed, message, help));
        }
        for (config_type, count) in types_of(&std::mem::take(&mut self.left)) {
            let message = format!("AWS Config gave no answer for {count} resources, asked {ROUNDS} times");
            self.faults.push(fault(config_type, UnverifiedReason::Throttled, message, "scan again"));
        }
    }
}

/// Types of the keys that are neither among the items nor said to be left for later.
fn unanswered<'a>(batch: &'a [Key], items: &[Item], unprocessed: &[Key]) -> impl Iterator<Item = Arc<str>> + 'a {
    let keys = items.iter().map(|item| &item.key).chain(unprocessed);
    let answered: HashSet<Key> = keys.cloned().collect();
    batch.iter().filter(move |key| !answered.contains(key)).map(|key| Arc::clone(&key.config_type))
}

fn types_of(keys: &[Key]) -> BTreeMap<Arc<str>, usize> {
    let mut types = BTreeMap::new();
    keys.iter().for_each(|key| *types.entry(Arc::clone(&key.config_type)).or_default() += 1);
    types
}

/// Items under the keys they were asked by, and what was left for later.
async fn get(reader: Reader<'_>, batch: &[Key]) -> Result<(Vec<Item>, Vec<Key>), Fault> {
    let (found, left) = match reader.aggregator {
        Some(aggregator) => aggregate::batch_get(reader.session, aggregator, batch).await?,
        None => batch_get(reader, batch).await?,
    };
    // One name for each type, and not one for each item.
    let types: BTreeSet<&Arc<str>> = batch.iter().map(|key| &key.config_type).collect();
    let key = |base: &BaseConfigurationItem| {
        let name = base.resource_type().map(|t| t.as_str()).unwrap_or_default();
        let config_type = types.get(&Arc::<str>::from(name)).map_or_else(|| name.into(), |known| Arc::clone(known));
        let here = Key::here(&config_type, base.resource_id().unwrap_or_default());
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        match reader.aggregator {
            Some(_) => Key { account: text(base.account_id()), region: text(base.aws_region()), ..here },
            None => here,
        }
    };
    Ok((found.iter().map(|base| Item::new(key(base), &body!(base))).collect(), left))
}

async fn batch_get(reader: Reader<'_>, batch: &[Key]) -> Result<(Vec<BaseConfigurationItem>, Vec<Key>), Fault> {
    let key = |key: &Key| {
        ResourceKey::builder().resource_type(ResourceType::from(&*key.config_type)).resource_id(&key.id).build().ok()
    };
    let keys: Vec<ResourceKey> = batch.iter().filter_map(key).collect();
    let request = reader.session.config().batch_get_resource_config().set_resource_keys(Some(keys));
    let action = "config:BatchGetResourceConfig";
    let answer = reader.session.call(Service::Config, action, || request.clone().send()).await?;
    let left = answer.unprocessed_resource_keys().iter();
    let left = left.map(|key| Key::here(&Arc::from(key.resource_type().as_str()), key.resource_id())).collect();
    Ok((answer.base_configuration_items.unwrap_or_default(), left))
}

/// Seconds since 1970, as the wire has them.
pub(super) fn seconds(time: &DateTime) -> Value {
    json!(time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_text_that_can_be_given_tags() {
        let base = BaseConfigurationItem::builder().resource_id("a").configuration("{\"name\":\"a\"}");
        let base = base.configuration_item_capture_time(DateTime::from_secs_f64(1_795_244_222.6)).build();
        let mut item = Item::new(Key::here(&"T".into(), "a"), &body!(&base));
        assert_eq!((item.captured, item.has_tags), (1_795_244_222_600, false));
        item.give_tags(r#"{"team":"pay"}"#);
        let read: Value = serde_json::from_str(&item.text).unwrap();
        assert_eq!((&read["tags"]["team"], &read["resourceId"], item.has_tags), (&json!("pay"), &json!("a"), true));
    }
}
